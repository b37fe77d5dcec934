//! Which tensor of a file is which part of the model ([spec](crate::spec) §3).
//!
//! The authors' names are unpublished, so nothing here depends on one. Blocks are found by the
//! numbers in their tensors' names; within a block a tensor's **shape** says which roles it could
//! play, and only where several tensors have that shape do the **words** of its name decide. What is
//! still open is no guess but an [`Error`] that lists the candidates, and a [`NameMap`] settles it.

mod block;
mod error;
mod names;
mod outer;
#[rustfmt::skip] // Lists of words read best as paragraphs.
mod phrases;
mod pool;
mod role;

use super::file_config::Hints;
use crate::checkpoint::{Encoding, TensorInfo};
use crate::config::{Config, FILL, Layout, Mixer};
use crate::dialect::Dialect;
use crate::runs::{RUNS, Run};
use block::{Shape, numel, settle_stack, width_of};
pub(super) use error::Result;
use error::WIDEST;
pub use error::{Error, Listed};
use names::fit;
use outer::{Outer, PATCH};
use phrases::ALIGNER;
use pool::{Pool, Scope};
pub use role::{NameMap, Role, Why};

/// A file's tensors, settled.
#[derive(Debug)]
pub struct Assignment {
    /// The shape of the model that they make.
    pub config: Config,
    /// Every role that is played, in the order of the tensors.
    pub roles: Vec<Role>,
    /// Tensors that play none.
    pub unused: Vec<usize>,
}

/// Heads of the local decoder's attention, at any width ([spec](crate::spec) §2).
pub const LOCAL_HEADS: usize = 4;
/// Heads of the backbone's attention where the file does not tell ([spec](crate::spec) §1).
const HEADS: usize = 8;

/// Settles the roles of a file's tensors. `hints` is what its config says, which widths in the
/// tensors overrule; `map` is what a person says, which overrules both.
///
/// # Errors
/// Whenever a role is open or two tensors fit it.
pub fn assign(hints: &Hints, tensors: &[TensorInfo], map: &NameMap) -> Result<Assignment> {
    let mut pool = Pool::new(tensors, map)?;
    let rows = tensors.iter().filter(|t| t.shape.len() == 2);
    if let Some(width) = rows.map(|t| t.shape[1]).find(|&width| width > WIDEST) {
        return Err(Error::TooWide { width }.into());
    }
    let (mut stacks, loose) = names::stacks(tensors);
    stacks.sort_by_key(|stack| std::cmp::Reverse(numel(stack, tensors)));
    let mut stacks = stacks.into_iter();
    let Some(backbone) = stacks.next() else {
        return Err(Error::NoBlocks { tensors: pool.listed(0..tensors.len()) }.into());
    };
    let width = width_of(&backbone, tensors);
    let shapes = settle_stack(&mut pool, &backbone, "blocks", width, hints.mixer)?;
    let shape = &shapes[0];
    let local = stacks.next();
    let local_width = local.as_ref().map(|stack| width_of(stack, tensors));
    if let (Some(stack), Some(width)) = (&local, local_width) {
        if !width.is_multiple_of(LOCAL_HEADS) {
            let (at, heads) = ("local decoder", LOCAL_HEADS);
            return Err(Error::Heads { at, width, heads }.into());
        }
        settle_stack(&mut pool, stack, "decoder.blocks", width, Some(Mixer::Attention))?;
    }
    let scope = Scope { at: "", members: &loose, skip: 0 };
    let outer = pool.outer(scope, width, local_width)?;
    // A bias that found no place would be missing from the sums.
    let biases =
        loose.iter().copied().filter(|&i| pool.free[i] && tensors[i].name.ends_with("bias"));
    let biases: Vec<usize> =
        biases.filter(|&i| fit(&pool.words(i, scope), ALIGNER).is_none()).collect();
    if !biases.is_empty() {
        return Err(Error::Unexplained {
            block: "outside the blocks".into(),
            tensors: pool.listed(biases),
        }
        .into());
    }

    if !pool.map.is_empty() {
        let roles = pool.map.into_iter().map(|(role, _)| role);
        return Err(Error::UnknownRoles(roles.collect()).into());
    }
    let config = config(hints, tensors, &pool, shape, shapes.len(), &outer);
    if config.mixer == Mixer::Attention && !config.d_model.is_multiple_of(2 * config.n_heads) {
        return Err(
            Error::Heads { at: "backbone", width: config.d_model, heads: config.n_heads }.into()
        );
    }
    let mut roles = pool.roles;
    roles.sort_by_key(|role| role.tensor);
    let mut used = vec![false; tensors.len()];
    for role in &roles {
        used[role.tensor] = true;
    }
    let unused = (0..tensors.len()).filter(|i| !used[*i]).collect();
    Ok(Assignment { config, roles, unused })
}

/// The model's config: widths from the tensors, the rest from the file's config or, where that is
/// silent, from the published run whose parts these are.
fn config(
    hints: &Hints,
    tensors: &[TensorInfo],
    pool: &Pool,
    shape: &Shape,
    n_layers: usize,
    outer: &Outer,
) -> Config {
    let sub_norms = pool.roles.iter().any(|role| role.name.ends_with("_norm.weight"));
    let packed = pool.roles.iter().any(|role| tensors[role.tensor].encoding == Encoding::Ternary);
    let named = hints.run.as_deref().and_then(Run::named);
    let said = hints.ternary.or(named.map(|run| run.config().ternary));
    let ternary = packed || said.unwrap_or(sub_norms);
    let parts = |config: &Config| {
        (config.mixer, config.ternary, config.is_bpe(), config.local_decoder, config.bolmo)
            == (shape.mixer, ternary, !outer.bytes, outer.local_decoder, outer.bolmo)
            && config.delete_gate == outer.delete_gate
            && config.output_projection == shape.output_projection
            && config.decay == shape.decay
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
        patch_size: if outer.bytes { PATCH } else { 1 },
        vocab_size: outer.vocab_size,
        mixer: shape.mixer,
        window: match shape.mixer {
            Mixer::Attention => hints.window.unwrap_or(known.and_then(|c| c.window)),
            Mixer::Mlgru => None,
        },
        ternary,
        local_decoder: outer.local_decoder,
        fp_residual_rank: shape.fp_residual_rank,
        bolmo: outer.bolmo,
        delete_gate: outer.delete_gate,
        pfnet_hidden: shape.pfnet_hidden,
        decay: shape.decay,
        output_projection: shape.output_projection,
        norm_eps: hints.norm_eps.unwrap_or(1e-6),
        rope_base: hints.rope_base.unwrap_or(10_000.0),
        activation_bits: hints.activation_bits.unwrap_or(if ternary { 8 } else { 0 }),
        delete_threshold: hints.delete_threshold.unwrap_or(0.5),
        layout: match hints.words {
            Some(true) if outer.bytes => Layout::Words { fill: hints.fill_byte.unwrap_or(FILL) },
            _ => Layout::Plain,
        },
        end_byte: hints.end_byte.filter(|_| outer.bytes),
        dialect: Dialect::default(),
    }
}
