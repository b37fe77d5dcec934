//! Which tensor of a file is which part of the model ([spec](crate::spec) §3).
//!
//! The authors' names are unpublished, so nothing here depends on one. Names speak where they can, and shapes where
//! names do not. What a stack of numbered blocks and what is around the blocks could be is tried (`block`, `outer`):
//! each reading says which parts there are and of which shapes. Within a reading the tensors are shared out among the
//! parts of their shape so that the words of all names fit best (`scope`, `matching`). The best reading counts.
//! Where two are as good, or a part has no tensor, there is an [`Error`] that says so, and a [`NameMap`] settles it.

mod block;
mod copies;
mod error;
mod map;
mod matching;
mod names;
mod outer;
#[rustfmt::skip] // Lists of words read best as paragraphs.
mod phrases;
mod pool;
mod role;
mod scope;
mod whole;

use super::file_config::Hints;
use crate::checkpoint::{Encoding, TensorInfo, shown};
use crate::config::{Config, Decay, FILL, LOCAL_HEADS, Layout, Mixer};
use crate::dialect::Dialect;
use crate::runs::{RUNS, Run};
pub use copies::Copy;
pub(super) use error::Result;
pub use error::{Error, Listed, Refusal};
pub use map::{MapError, NameMap};
use outer::PATCH;
use phrases::{DECODER_BYTES, DECODER_HEAD, HEAD, Part, TOKENS};
use pool::Pool;
pub use role::{Role, Why};
use whole::Whole;

/// A file's tensors, settled.
#[derive(Debug)]
pub struct Assignment {
    /// The shape of the model that they make.
    pub config: Config,
    /// Every role that is played, in the order of the tensors.
    pub roles: Vec<Role>,
    /// Tensors that play none.
    pub unused: Vec<usize>,
    /// The copies of the model that can be chosen from, where there are several.
    pub copies: Vec<Copy>,
    /// What a person should know, each a sentence.
    pub notes: Vec<String>,
}

/// Heads of the backbone's attention where the file does not tell ([spec](crate::spec) §1).
const HEADS: usize = 8;

/// Settles the roles of a file's tensors. `hints` is what its config says, which the tensors overrule; `map` is what
/// a person says, which overrules both; `copy` is which of the file's weights.
///
/// # Errors
/// Whenever a role is open or two tensors fit it.
pub fn assign(
    hints: &Hints,
    tensors: &[TensorInfo],
    map: &NameMap,
    copy: Copy,
) -> Result<Assignment, Box<Refusal>> {
    let refuse = |error: Box<Error>| Box::new(Refusal::from(error));
    let mut pool = Pool::new(tensors, map).map_err(refuse)?;
    pool.complete = !pool.given.is_empty() && is_complete(hints, tensors, map);
    let whole = Whole::best(&pool, hints).map_err(refuse)?;
    whole.settle(&mut pool);
    let mut notes = Vec::from_iter(tie_head(&mut pool, &whole));
    whole.check(&mut pool);
    let config = config(hints, tensors, &pool, &whole);
    pool.problems.extend(odd_heads(&config, &whole));
    if copy == Copy::Ema && pool.average.is_empty() {
        pool.problems.push(Error::NoAverage);
    }
    if !pool.problems.is_empty() {
        return Err(Box::new(refusal(pool)));
    }
    notes.extend(notes_of(&pool, &whole));

    let Pool { mut roles, average, .. } = pool;
    let mut copies = Vec::new();
    if !average.is_empty() {
        copies.extend([Copy::Live, Copy::Ema]);
        let which = match copy {
            Copy::Live => "the weights of the last step were read",
            Copy::Ema => "the averaged weights were read",
        };
        notes.push(format!(
            "The file holds the model twice, as of the last step and averaged (EMA); {which}."
        ));
    }
    if copy == Copy::Ema {
        for role in &mut roles {
            role.tensor = average.get(&role.tensor).copied().unwrap_or(role.tensor);
        }
    }
    roles.sort_by_key(|role| role.tensor);
    let mut used = vec![false; tensors.len()];
    for role in &roles {
        used[role.tensor] = true;
    }
    // The other copy is no surprise.
    for (live, average) in average {
        let either = used[live] || used[average];
        (used[live], used[average]) = (either, either);
    }
    let unused = (0..tensors.len()).filter(|i| !used[*i]).collect();
    Ok(Assignment { config, roles, unused, copies, notes })
}

/// The first problem, with what is used and what is not.
fn refusal(pool: Pool) -> Refusal {
    let Pool { tensors, live, roles, problems, .. } = pool;
    let mut used = vec![false; tensors.len()];
    for role in &roles {
        used[role.tensor] = true;
    }
    let target = |role: &Role| match (&role.rows, &tensors[role.tensor].name) {
        (Some(rows), name) => format!("{name}[{}:{}]", rows.start, rows.end),
        (None, name) => name.clone(),
    };
    let guess = roles.iter().map(|role| (role.name.clone(), target(role))).collect();
    let mut error = problems.into_iter().next();
    if let Some(Error::Unsettled { candidates, unused, .. }) = &mut error {
        let is_unused = |(index, tensor): &(usize, &TensorInfo)| {
            live[*index] && !used[*index] && candidates.iter().all(|(name, _)| *name != tensor.name)
        };
        let free = tensors.iter().enumerate().filter(is_unused);
        *unused = free.map(|(_, tensor)| (tensor.name.clone(), tensor.shape.clone())).collect();
    }
    // It is asked for problems alone.
    let error = error.unwrap_or(Error::UnknownRoles(Vec::new()));
    Refusal { error, guess }
}

/// Whether a map gives all that a model needs.
fn is_complete(hints: &Hints, tensors: &[TensorInfo], map: &NameMap) -> bool {
    let whole = Pool::of_map_alone(tensors, map).and_then(|mut pool| {
        let whole = Whole::best(&pool, hints)?;
        whole.settle(&mut pool);
        tie_head(&mut pool, &whole);
        Ok(pool.problems.is_empty())
    });
    whole.unwrap_or(false)
}

/// Ties the head that a model has to its table, where one of them is absent.
fn tie_head(pool: &mut Pool, whole: &Whole) -> Option<String> {
    let outer = &whole.around.outer;
    match outer.local_width {
        Some(_) => tie(pool, &DECODER_HEAD, &DECODER_BYTES),
        None if outer.bytes() => None,
        None => tie(pool, &HEAD, &TOKENS),
    }
}

/// Lets a head and a table of its shape share a tensor where one of them has none, and says so.
fn tie(pool: &mut Pool, head: &Part, table: &Part) -> Option<String> {
    let place = |name: &str| pool.roles.iter().position(|role| role.name == name);
    let (part, of, there) = match (place(head.name), place(table.name)) {
        (None, Some(there)) => (head, table, there),
        (Some(there), None) => (table, head, there),
        _ => return None,
    };
    // The table is no longer missing.
    let is_missing = |error: &Error| matches!(error, Error::Unsettled { role, candidates, .. } if role == part.name && candidates.is_empty());
    pool.problems.retain(|error| !is_missing(error));
    let Role { tensor, rows, shape, .. } = pool.roles[there].clone();
    pool.claim(part.name, part, (tensor, rows), &shape, Why::Tied);
    let (role, twin) = (part.name, of.name);
    Some(format!("The file has no {role}: it is taken to be tied to {twin}."))
}

/// Attention needs a width that is a multiple of its heads.
fn odd_heads(config: &Config, whole: &Whole) -> Option<Error> {
    let Config { d_model, n_heads, local_heads, .. } = *config;
    let local = whole.around.outer.local_width;
    if let Some(width) = local.filter(|width| !width.is_multiple_of(local_heads)) {
        return Some(Error::Heads { at: "local decoder", width, heads: local_heads });
    }
    let odd = config.mixer == Mixer::Attention && !d_model.is_multiple_of(2 * n_heads);
    odd.then_some(Error::Heads { at: "backbone", width: d_model, heads: n_heads })
}

/// What a person should know of how the roles were settled.
fn notes_of(pool: &Pool, whole: &Whole) -> Vec<String> {
    let mut notes = Vec::new();
    let numbers = pool.roles.iter().find(|role| {
        role.why == Why::Number && !role.name.starts_with("heads.") && !role.name.contains("norm")
    });
    if let Some(role) = numbers {
        let tensor = shown(&pool.tensors[role.tensor].name);
        notes.push(format!(
            "Some names tell nothing but numbers, and the parts are taken in their usual order: {tensor} as {}.",
            role.name
        ));
    }
    for prefix in &whole.left {
        let prefix = shown(prefix);
        notes.push(format!(
            "The blocks under {prefix} are no part of the model and were left alone."
        ));
    }
    notes
}

/// The model's config: widths from the tensors, the rest from the file's config or, where that is
/// silent, from the published run whose parts these are.
fn config(hints: &Hints, tensors: &[TensorInfo], pool: &Pool, whole: &Whole) -> Config {
    let (shape, outer) = (&whole.backbone.plan.shape, &whole.around.outer);
    let n_layers = whole.backbone.scope.numbers.len();
    let has = |role: &str| pool.roles.iter().any(|there| there.name == role);
    let output_projection = has("blocks.0.mixer.out.weight");
    let decay = if has("blocks.0.mixer.decay") { shape.decay } else { Decay::None };
    let local_decoder = outer.local_width.is_some();
    let sub_norms = pool.roles.iter().any(|role| role.name.ends_with("_norm.weight"));
    let packed = pool.roles.iter().any(|role| tensors[role.tensor].encoding == Encoding::Ternary);
    let named = hints.run.as_deref().and_then(Run::named);
    let said = hints.ternary.or(named.map(|run| run.config().ternary));
    let ternary = packed || said.unwrap_or(sub_norms);
    let parts = |config: &Config| {
        (config.mixer, config.ternary, config.is_bpe(), config.local_decoder, config.bolmo)
            == (shape.mixer, ternary, !outer.bytes(), local_decoder, outer.bolmo())
            && config.delete_gate == outer.delete_gate()
            && config.output_projection == output_projection
            && config.decay == decay
            && (config.fp_residual_rank > 0) == (shape.fp_residual_rank > 0)
            && (config.pfnet_hidden > 0) == (shape.pfnet_hidden > 0)
    };
    // run_07 and run_14 have the same parts at two scales: the nearer width tells.
    let alike = RUNS.iter().filter(|run| parts(&run.config()));
    let derived =
        named.or_else(|| alike.min_by_key(|run| run.config().d_model.abs_diff(shape.width)));
    let known = derived.map(Run::config);
    let known = known.as_ref();
    Config {
        run: hints.run.clone().or(known.map(|c| c.run.clone())).unwrap_or_default(),
        internal_name: hints
            .internal_name
            .clone()
            .or(known.map(|c| c.internal_name.clone()))
            .unwrap_or_default(),
        d_model: shape.width,
        n_layers,
        d_ff: shape.inner,
        n_heads: hints.heads(shape.width).unwrap_or(HEADS),
        patch_size: if outer.bytes() { PATCH } else { 1 },
        vocab_size: outer.vocab_size,
        local_heads: hints.local_heads.unwrap_or(LOCAL_HEADS),
        mixer: shape.mixer,
        window: match shape.mixer {
            Mixer::Attention => hints.window.unwrap_or(known.and_then(|c| c.window)),
            Mixer::Mlgru => None,
        },
        ternary,
        local_decoder,
        fp_residual_rank: shape.fp_residual_rank,
        bolmo: outer.bolmo(),
        delete_gate: outer.delete_gate(),
        pfnet_hidden: shape.pfnet_hidden,
        decay,
        output_projection,
        norm_eps: hints.norm_eps.unwrap_or(1e-6),
        rope_base: hints.rope_base.unwrap_or(10_000.0),
        activation_bits: hints.activation_bits.unwrap_or(if ternary { 8 } else { 0 }),
        delete_threshold: hints.delete_threshold.unwrap_or(0.5),
        layout: match hints.words {
            Some(true) if outer.bytes() => Layout::Words { fill: hints.fill_byte.unwrap_or(FILL) },
            _ => Layout::Plain,
        },
        end_byte: hints.end_byte.filter(|_| outer.bytes()),
        dialect: Dialect::default(),
    }
}
