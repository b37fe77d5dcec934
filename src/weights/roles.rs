//! Which tensor of a file is which part of the model (SPEC §3).
//!
//! The authors' names are unpublished, so nothing here depends on one. Blocks are found by the
//! numbers in their tensors' names; within a block a tensor's **shape** says which roles it could
//! play, and only where several tensors have that shape do the **words** of its name decide. What is
//! still open is no guess but an [`Error`] that lists the candidates, and a [`NameMap`] settles it.

use super::header::Hints;
use super::names::{self, Stack, fit, plain, words};
use crate::checkpoint::{Encoding, TensorInfo};
use crate::config::{Config, Decay, Mixer, RUNS, Run};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Range;

/// What a person says about roles: canonical role → tensor name, or `name[a:b]` for rows of one.
pub type NameMap = HashMap<String, String>;

/// A role, and the tensor (or rows of it) that plays it.
#[derive(Debug, Clone, PartialEq)]
pub struct Role {
    /// Canonical name.
    pub name: String,
    /// Index of the tensor.
    pub tensor: usize,
    /// Rows of a fused tensor; all of them otherwise.
    pub rows: Option<Range<usize>>,
    /// Whether ternary runs hold it as T·γ.
    pub ternary: bool,
}

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

/// A tensor as an error shows it.
pub type Listed = (String, Vec<usize>);

/// Why the tensors do not make a model.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// No tensor, or more than one, fits a role.
    Unsettled {
        /// The role.
        role: String,
        /// The shape it must have; 0 where any size would do.
        expected: Vec<usize>,
        /// Tensors that fit, none or several.
        candidates: Vec<Listed>,
        /// Tensors that no role has taken so far.
        unused: Vec<Listed>,
    },
    /// A block has tensors that no known part of a model explains.
    Unexplained {
        /// Where.
        block: String,
        /// The tensors.
        tensors: Vec<Listed>,
    },
    /// No numbered blocks were found among the names.
    NoBlocks {
        /// All tensors.
        tensors: Vec<Listed>,
    },
    /// The numbers of the blocks have a gap.
    MissingBlock {
        /// The first that is missing.
        block: String,
    },
    /// The width of an attention layer is not a multiple of its heads.
    Heads {
        /// Where.
        at: &'static str,
        /// Its width.
        width: usize,
        /// The number of heads.
        heads: usize,
    },
    /// The name map names a tensor that is not there.
    UnknownTensor {
        /// The role.
        role: String,
        /// The tensor it was given.
        tensor: String,
    },
    /// The name map gives a role a tensor of the wrong shape.
    Shape {
        /// The role.
        role: String,
        /// Its tensor.
        tensor: Listed,
        /// The shape the role must have.
        expected: Vec<usize>,
    },
    /// The name map has roles that this model has not.
    UnknownRoles(Vec<String>),
}

/// Lists at most this many tensors in an error.
const LISTED: usize = 12;

fn list(tensors: &[Listed]) -> String {
    if tensors.is_empty() {
        return "none".into();
    }
    let shown = tensors.iter().take(LISTED);
    let mut text: Vec<String> = shown
        .map(|(name, shape)| format!("{name} {shape:?}"))
        .collect();
    if tensors.len() > LISTED {
        text.push(format!("and {} more", tensors.len() - LISTED));
    }
    text.join(", ")
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Unsettled {
                role,
                expected,
                candidates,
                unused,
            } => {
                let what = match candidates.len() {
                    0 => "No tensor",
                    _ => "More than one tensor",
                };
                write!(
                    f,
                    "{what} of the file fits the role {role}, shape {expected:?}; candidates: {}; \
                     not used so far: {}. Give a name map with \"{role}\": \"the tensor's name\".",
                    list(candidates),
                    list(unused),
                )
            }
            Error::Unexplained { block, tensors } => write!(
                f,
                "The block {block} has tensors that no known part of a model explains: {}. Give \
                 a name map that says which roles they play.",
                list(tensors)
            ),
            Error::NoBlocks { tensors } => write!(
                f,
                "The file's tensors are not numbered in blocks, as a model's layers are; it has {}.",
                list(tensors)
            ),
            Error::MissingBlock { block } => write!(
                f,
                "The file has later blocks, but no {block}; it is incomplete."
            ),
            Error::Heads { at, width, heads } => write!(
                f,
                "The {at} is {width} wide, which {heads} attention heads do not divide into even parts."
            ),
            Error::UnknownTensor { role, tensor } => write!(
                f,
                "The name map gives {role} the tensor {tensor}, which the file does not have."
            ),
            Error::Shape {
                role,
                tensor: (name, shape),
                expected,
            } => write!(
                f,
                "The name map gives {role} the tensor {name} of shape {shape:?}; it must have {expected:?}."
            ),
            Error::UnknownRoles(roles) => write!(
                f,
                "The name map has roles that this model does not: {}.",
                roles.join(", ")
            ),
        }
    }
}

impl std::error::Error for Error {}

/// Heads of the local decoder's attention, at any width (SPEC §2).
pub const LOCAL_HEADS: usize = 4;
/// Heads of the backbone's attention where the file does not tell (SPEC §1).
const HEADS: usize = 8;

type Phrases = &'static [&'static str];

const QUERY: Phrases = &["q", "query", "wq", "queries"];
const KEY: Phrases = &["k", "key", "wk", "keys"];
const VALUE: Phrases = &["v", "value", "wv", "values"];
const OUT: Phrases = &["o", "out", "output", "wo", "c proj", "dense"];
const FORGET: Phrases = &["f", "forget", "wf", "forget gate"];
const CANDIDATE: Phrases = &["c", "candidate", "cand", "wc", "i", "wi", "cell"];
const OUTPUT_GATE: Phrases = &["g", "gate", "wg", "output gate", "out gate"];
const FFN_GATE: Phrases = &["gate", "w 1", "wg", "g"];
const FFN_UP: Phrases = &["up", "w 3", "w 2", "wu", "u"];
const NORM_1: Phrases = &[
    "norm 1",
    "ln 1",
    "rms 1",
    "rmsnorm 1",
    "input layernorm",
    "input norm",
    "attn norm",
    "attention norm",
    "mixer norm",
    "norm mixer",
    "norm attn",
    "norm attention",
    "ln attn",
    "ln mixer",
    "attn ln",
    "pre mixer norm",
    "temporal norm",
];
const NORM_2: Phrases = &[
    "norm 2",
    "ln 2",
    "rms 2",
    "rmsnorm 2",
    "post attention layernorm",
    "post attention norm",
    "ffn norm",
    "mlp norm",
    "norm ffn",
    "norm mlp",
    "ln ffn",
    "ln mlp",
    "ffn ln",
    "mlp ln",
    "pre ffn norm",
    "pre mlp norm",
    "feed forward norm",
    "channel norm",
];
const OUT_NORM: Phrases = &[
    "out norm",
    "subln",
    "sub ln",
    "sub norm",
    "inner norm",
    "attn sub norm",
    "inner attn ln",
    "o norm",
    "g norm",
    "norm o",
    "norm out",
    "output norm",
    "mixer . norm",
    "attn . norm",
];
const DECAY: Phrases = &["decay", "lambda", "lam", "floor", "lower bound"];
const FP_RESIDUAL: Phrases = &[
    "fp",
    "fpres",
    "fpresidual",
    "residual",
    "res",
    "bypass",
    "lora",
    "low rank",
];
const PFNET: Phrases = &["pfnet", "pf net", "pf", "pfn"];
const EMBEDDING: Phrases = &[
    "embed",
    "embedding",
    "emb",
    "embeddings",
    "bytes",
    "byte",
    "tok",
    "tokens",
    "wte",
];
const HEAD: Phrases = &[
    "head",
    "logits",
    "lm head",
    "unembed",
    "classifier",
    "out",
    "output",
    "proj",
    "byte head",
];
const BOUNDARY: Phrases = &["boundary", "bound"];
const ALIGNER: Phrases = &["aligner", "align", "alignment"];

/// Words of buffers that hold no weights.
const BUFFERS: Phrases = &[
    "inv freq", "rotary", "rope", "mask", "causal", "cos", "sin", "cached",
];

/// One role of several that have the same shape.
struct Want {
    role: String,
    phrases: Phrases,
    /// A model can do without it: it is then settled by words alone.
    optional: bool,
}

fn want(role: impl Into<String>, phrases: Phrases) -> Want {
    Want {
        role: role.into(),
        phrases,
        optional: false,
    }
}

fn maybe(role: impl Into<String>, phrases: Phrases) -> Want {
    Want {
        optional: true,
        ..want(role, phrases)
    }
}

/// A tensor's shape without the sides of length 1.
fn squeeze(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&n| n != 1).collect()
}

/// The tensors that are not settled yet.
struct Pool<'a> {
    tensors: &'a [TensorInfo],
    free: Vec<bool>,
    /// What the name map says and no role has claimed yet.
    map: BTreeMap<String, (usize, Option<Range<usize>>)>,
    roles: Vec<Role>,
}

/// A part of the tensors in which a role is looked for: a block's, or the loose ones.
#[derive(Clone, Copy)]
struct Scope<'s> {
    /// Indexes of the tensors.
    members: &'s [usize],
    /// How many words of a name to leave out: those of the way to the block.
    skip: usize,
}

impl<'a> Pool<'a> {
    fn new(tensors: &'a [TensorInfo], map: &NameMap) -> Result<Self, Error> {
        // Counters and masks of integers are never weights.
        let is_weight =
            |t: &TensorInfo| !matches!(t.encoding, Encoding::Int(_) | Encoding::Other(_));
        let mut free: Vec<bool> = tensors.iter().map(is_weight).collect();
        let mut given = BTreeMap::new();
        for (role, target) in map {
            let (name, rows) = split_rows(target);
            let found = tensors
                .iter()
                .position(|t| t.name == name || plain(&t.name) == name);
            let tensor = found.ok_or_else(|| Error::UnknownTensor {
                role: role.clone(),
                tensor: target.clone(),
            })?;
            free[tensor] = false;
            given.insert(role.clone(), (tensor, rows));
        }
        Ok(Pool {
            tensors,
            free,
            map: given,
            roles: Vec::new(),
        })
    }

    fn listed(&self, indexes: impl IntoIterator<Item = usize>) -> Vec<Listed> {
        let one = |i: usize| (self.tensors[i].name.clone(), self.tensors[i].shape.clone());
        indexes.into_iter().map(one).collect()
    }

    fn words(&self, index: usize, scope: Scope) -> Vec<String> {
        words(plain(&self.tensors[index].name)).split_off(scope.skip)
    }

    /// Weights of a scope that are still free. Biases come with their weights (see `claim`).
    fn weights<'s>(&'s self, scope: Scope<'s>) -> impl Iterator<Item = usize> + 's {
        let is_weight =
            |&i: &usize| self.free[i] && !plain(&self.tensors[i].name).ends_with("bias");
        scope.members.iter().copied().filter(is_weight)
    }

    /// Free weights of one shape.
    fn shaped(&self, scope: Scope, shape: &[usize]) -> Vec<usize> {
        let shape = squeeze(shape);
        let fits = |&i: &usize| squeeze(&self.tensors[i].shape) == shape;
        self.weights(scope).filter(fits).collect()
    }

    /// Gives a role to a tensor, and the role's bias to the bias beside it.
    fn claim(&mut self, role: &str, tensor: usize, rows: Option<Range<usize>>, ternary: bool) {
        self.free[tensor] = false;
        let name = &self.tensors[tensor].name;
        let bias = match name.strip_suffix("weight") {
            Some(stem) => format!("{stem}bias"),
            None => format!("{name}.bias"),
        };
        let length = match &rows {
            Some(_) => self.tensors[tensor].shape[0],
            None => squeeze(&self.tensors[tensor].shape)
                .first()
                .copied()
                .unwrap_or(1),
        };
        let beside = self.tensors.iter().position(|t| t.name == bias);
        if let Some(index) = beside
            && let Some(stem) = role.strip_suffix("weight")
            && self.tensors[index].shape.iter().product::<usize>()
                == bias_length(&self.tensors[tensor], length)
        {
            self.free[index] = false;
            self.roles.push(Role {
                name: format!("{stem}bias"),
                tensor: index,
                rows: rows.clone(),
                ternary: false,
            });
        }
        self.roles.push(Role {
            name: role.into(),
            tensor,
            rows,
            ternary,
        });
    }

    /// Claims what the name map says of a role; false when it says nothing.
    fn claim_mapped(&mut self, role: &str, shape: &[usize], ternary: bool) -> Result<bool, Error> {
        let Some((tensor, rows)) = self.map.remove(role) else {
            return Ok(false);
        };
        let mut found = self.tensors[tensor].shape.clone();
        if let (Some(rows), Some(first)) = (&rows, found.first_mut()) {
            *first = if rows.end <= *first { rows.len() } else { 0 };
        }
        if squeeze(&found) != squeeze(shape) {
            return Err(Error::Shape {
                role: role.into(),
                tensor: self.listed([tensor]).remove(0),
                expected: shape.into(),
            });
        }
        self.claim(role, tensor, rows, ternary);
        Ok(true)
    }

    /// Settles roles of one shape: by the name map, by being the only one, by the words.
    fn settle(
        &mut self,
        scope: Scope,
        shape: &[usize],
        wants: Vec<Want>,
        ternary: bool,
    ) -> Result<(), Error> {
        let mut open = Vec::new();
        for want in wants {
            if !self.claim_mapped(&want.role, shape, ternary)? {
                open.push(want);
            }
        }
        let mut candidates = self.shaped(scope, shape);
        // What a candidate's words say it is: the want with the best fit, if one is best.
        let choose = |pool: &Self, open: &[Want], candidate: usize| {
            let words = pool.words(candidate, scope);
            let fits = open.iter().map(|want| fit(&words, want.phrases));
            let best = fits.clone().max()??;
            let mut chosen = (0..).zip(fits).filter(|(_, f)| *f == Some(best));
            let first = chosen.next()?.0;
            chosen.next().is_none().then_some(first)
        };
        let choices: Vec<Option<usize>> =
            candidates.iter().map(|&c| choose(self, &open, c)).collect();
        let mut taken = Vec::new();
        for (number, want) in open.iter().enumerate() {
            let chosen: Vec<usize> = (0..candidates.len())
                .filter(|&c| choices[c] == Some(number))
                .collect();
            if let [only] = chosen[..] {
                self.claim(&want.role, candidates[only], None, ternary);
                taken.push((number, candidates[only]));
            }
        }
        candidates.retain(|c| taken.iter().all(|(_, t)| t != c));
        let mut number = 0;
        open.retain(|_| {
            number += 1;
            taken.iter().all(|(n, _)| *n != number - 1)
        });
        // One needed role and one tensor left: its shape is reason enough.
        let needed: Vec<&Want> = open.iter().filter(|want| !want.optional).collect();
        match (&needed[..], &candidates[..]) {
            ([], _) => Ok(()),
            ([want], [only]) => {
                let (role, only) = (want.role.clone(), *only);
                self.claim(&role, only, None, ternary);
                Ok(())
            }
            ([want, ..], _) => Err(self.unsettled(&want.role, shape, &candidates)),
        }
    }

    fn unsettled(&self, role: &str, shape: &[usize], candidates: &[usize]) -> Error {
        let unused = (0..self.tensors.len()).filter(|i| self.free[*i] && !candidates.contains(i));
        Error::Unsettled {
            role: role.into(),
            expected: shape.into(),
            candidates: self.listed(candidates.iter().copied()),
            unused: self.listed(unused),
        }
    }

    /// Settles linear layers that read one input: apart, or as equal parts of one fused tensor, in
    /// the order that SPEC §2 names them.
    fn settle_stacked(
        &mut self,
        scope: Scope,
        rows: usize,
        cols: usize,
        wants: Vec<Want>,
        ordered: bool,
    ) -> Result<(), Error> {
        let count = wants.len();
        let fused = self.shaped(scope, &[count * rows, cols]);
        let mapped = wants.iter().any(|want| self.map.contains_key(&want.role));
        let apart = self.shaped(scope, &[rows, cols]).len() >= count;
        match fused[..] {
            [tensor]
                if !mapped && !apart && (ordered || self.names_order(tensor, scope, &wants)) =>
            {
                for (i, want) in wants.iter().enumerate() {
                    let rows = i * rows..(i + 1) * rows;
                    self.claim(&want.role, tensor, Some(rows), true);
                }
                Ok(())
            }
            [_] if !mapped && !apart => Err(self.unsettled(&wants[0].role, &[rows, cols], &fused)),
            _ => self.settle(scope, &[rows, cols], wants, true),
        }
    }

    /// Whether a fused tensor's name gives its parts in our order, as `fcg_proj` or `gate_up` do.
    fn names_order(&self, tensor: usize, scope: Scope, wants: &[Want]) -> bool {
        let words = self.words(tensor, scope);
        let initials: String = wants
            .iter()
            .filter_map(|want| want.role.split('.').rev().nth(1)?.chars().next())
            .collect();
        if words.contains(&initials) {
            return true;
        }
        let at: Vec<Option<(usize, usize)>> =
            wants.iter().map(|want| fit(&words, want.phrases)).collect();
        at.iter().all(Option::is_some)
            && at
                .windows(2)
                .all(|pair| pair[0].map(|f| f.1) < pair[1].map(|f| f.1))
    }
}

/// How long the bias beside a tensor is: one for each output.
fn bias_length(tensor: &TensorInfo, squeezed: usize) -> usize {
    match tensor.shape.len() {
        0 | 1 => squeezed,
        _ => tensor.shape[0],
    }
}

/// `name[a:b]` as name and rows.
fn split_rows(target: &str) -> (&str, Option<Range<usize>>) {
    let parsed = target.strip_suffix(']').and_then(|rest| {
        let (name, rows) = rest.rsplit_once('[')?;
        let (start, end) = rows.split_once(':')?;
        let (start, end) = (start.parse().ok()?, end.parse().ok()?);
        (start < end).then_some((name, start..end))
    });
    match parsed {
        Some((name, rows)) => (name, Some(rows)),
        None => (target, None),
    }
}

/// What a block's tensors told about it.
#[derive(Clone, Debug, PartialEq)]
struct Shape {
    width: usize,
    inner: usize,
    mixer: Mixer,
    output_projection: bool,
    decay: Decay,
    fp_residual_rank: usize,
    pfnet_hidden: usize,
}

impl Pool<'_> {
    /// Settles one block, named `at` in our own scheme.
    fn block(
        &mut self,
        at: &str,
        scope: Scope,
        width: usize,
        hint: Option<Mixer>,
    ) -> Result<Shape, Error> {
        let sides = |pool: &Self| -> Vec<(usize, usize)> {
            let side = |i: usize| match pool.tensors[i].shape[..] {
                [rows, cols] => Some((rows, cols)),
                _ => None,
            };
            pool.weights(scope).filter_map(side).collect()
        };
        let all = sides(self);
        let mapped = self
            .map
            .iter()
            .filter(|(role, _)| role.starts_with(&format!("{at}.")));
        let mapped: Vec<(String, Vec<usize>)> = mapped
            .map(|(role, (tensor, rows))| {
                let mut shape = self.tensors[*tensor].shape.clone();
                if let (Some(rows), Some(first)) = (rows, shape.first_mut()) {
                    *first = rows.len();
                }
                (role.clone(), shape)
            })
            .collect();
        let given = |name: &str| {
            mapped
                .iter()
                .find(|(role, _)| *role == format!("{at}.{name}.weight"))
        };

        // F is the longest input of a tensor that gives d: nothing else in a block is as wide.
        let inner = match given("ffn.down") {
            Some((_, shape)) => shape.last().copied(),
            None => all
                .iter()
                .filter(|(rows, _)| *rows == width)
                .map(|(_, cols)| *cols)
                .max(),
        };
        let Some(inner) = inner else {
            return Err(self.unsettled(&format!("{at}.ffn.down.weight"), &[width, 0], &[]));
        };

        // Low-rank paths: [r, d] and [d, r], narrower than both.
        let narrow = |n: usize| n < width.min(inner);
        let mut ranks: Vec<usize> = all
            .iter()
            .filter(|(r, c)| *c == width && narrow(*r))
            .map(|(r, _)| *r)
            .collect();
        ranks.sort_unstable();
        let (fp_residual_rank, pfnet_hidden) = self.side_paths(at, scope, width, &ranks)?;

        let mixer = self.mixer_kind(scope, hint, &mapped, at);
        let square = |name: &str, phrases| want(format!("{at}.mixer.{name}.weight"), phrases);
        let inputs = match mixer {
            Mixer::Attention => vec![
                square("query", QUERY),
                square("key", KEY),
                square("value", VALUE),
            ],
            Mixer::Mlgru => {
                vec![
                    square("forget", FORGET),
                    square("candidate", CANDIDATE),
                    square("gate", OUTPUT_GATE),
                ]
            }
        };
        // Apart there are three squares and W_o, fused there is W_o alone; F = d adds to them.
        let squares = all.iter().filter(|sides| **sides == (width, width)).count();
        let of_ffn = if inner == width { squares.min(3) } else { 0 };
        let fused = all.contains(&(3 * width, width));
        let in_map = mapped
            .iter()
            .filter(|(role, _)| role.contains(".mixer.") && !role.contains("norm"))
            .count();
        let output_projection =
            squares + in_map - of_ffn > if fused { 0 } else { 3 } || given("mixer.out").is_some();
        let out = want(format!("{at}.mixer.out.weight"), OUT);
        let ffn_down = want(
            format!("{at}.ffn.down.weight"),
            &["down", "fc 2", "w 2", "c proj", "ffn . out", "mlp . out"],
        );
        if fused {
            self.settle_stacked(scope, width, width, inputs, mixer == Mixer::Attention)?;
            if output_projection {
                self.settle(scope, &[width, width], vec![out], true)?;
            }
            self.settle(scope, &[width, inner], vec![ffn_down], true)?;
        } else if inner == width {
            let mut wants = inputs;
            wants.extend(output_projection.then_some(out));
            wants.push(ffn_down);
            self.settle(scope, &[width, width], wants, true)?;
        } else {
            let mut wants = inputs;
            wants.extend(output_projection.then_some(out));
            self.settle(scope, &[width, width], wants, true)?;
            self.settle(scope, &[width, inner], vec![ffn_down], true)?;
        }

        // Two matrices with a gate, one without (SPEC §3).
        let gate = want(format!("{at}.ffn.gate.weight"), FFN_GATE);
        let up = want(format!("{at}.ffn.up.weight"), FFN_UP);
        let one = self.shaped(scope, &[inner, width]).len() == 1
            && given("ffn.gate").is_none()
            && given("ffn.up").is_none();
        if one {
            self.settle(scope, &[inner, width], vec![up], true)?;
        } else {
            self.settle_stacked(scope, inner, width, vec![gate, up], false)?;
        }

        let norms = [("norm1", NORM_1), ("norm2", NORM_2)];
        let mut wants: Vec<Want> = norms
            .map(|(name, phrases)| want(format!("{at}.{name}.weight"), phrases))
            .into();
        let decay = format!("{at}.mixer.decay");
        if output_projection {
            wants.push(maybe(format!("{at}.mixer.out_norm.weight"), OUT_NORM));
        }
        let mut down_norm = Vec::new();
        if inner == width {
            wants.push(maybe(
                format!("{at}.ffn.down_norm.weight"),
                &[
                    "down norm",
                    "ffn . norm",
                    "ffn sub norm",
                    "ffn subln",
                    "inner ffn ln",
                ],
            ));
        } else if !self.shaped(scope, &[inner]).is_empty() || given("ffn.down_norm").is_some() {
            down_norm.push(want(format!("{at}.ffn.down_norm.weight"), &["norm"]));
        }
        if mixer == Mixer::Mlgru {
            wants.push(maybe(decay.clone(), DECAY));
        }
        self.settle(scope, &[width], wants, false)?;
        if !down_norm.is_empty() {
            self.settle(scope, &[inner], down_norm, false)?;
        }
        let has_decay = |pool: &Self| pool.roles.iter().any(|role| role.name == decay);
        let channel = has_decay(self);
        if mixer == Mixer::Mlgru && !channel {
            self.settle(scope, &[1], vec![maybe(decay.clone(), DECAY)], false)?;
        }
        let decay = match (channel, has_decay(self)) {
            (true, _) => Decay::Channel,
            (false, true) => Decay::Scalar,
            (false, false) => Decay::None,
        };

        // What is left in a block would change what it computes: it is not to be passed over.
        let left: Vec<usize> = scope
            .members
            .iter()
            .copied()
            .filter(|&i| self.free[i])
            .collect();
        let left: Vec<usize> = left
            .into_iter()
            .filter(|&i| fit(&self.words(i, scope), BUFFERS).is_none())
            .collect();
        if !left.is_empty() {
            return Err(Error::Unexplained {
                block: at.into(),
                tensors: self.listed(left),
            });
        }
        Ok(Shape {
            width,
            inner,
            mixer,
            output_projection,
            decay,
            fp_residual_rank,
            pfnet_hidden,
        })
    }

    /// FPResidual and PFNet, by the ranks that are there; the words tell them apart.
    fn side_paths(
        &mut self,
        at: &str,
        scope: Scope,
        width: usize,
        ranks: &[usize],
    ) -> Result<(usize, usize), Error> {
        let path = |pool: &Self, index: usize| {
            let words = pool.words(index, scope);
            match (fit(&words, FP_RESIDUAL), fit(&words, PFNET)) {
                (Some(_), None) => Some("fp_residual"),
                (None, Some(_)) => Some("pfnet"),
                _ => None,
            }
        };
        let mut found = (0, 0);
        for role in ["fp_residual", "pfnet"] {
            let name = |side: &str| format!("{at}.{role}.{side}.weight");
            if let Some((tensor, _)) = self.map.get(&name("down")) {
                let rank = self.tensors[*tensor].shape.first().copied().unwrap_or(0);
                self.claim_mapped(&name("down"), &[rank, width], role == "pfnet")?;
                self.claim_mapped(&name("up"), &[width, rank], role == "pfnet")?;
                *(if role == "pfnet" {
                    &mut found.1
                } else {
                    &mut found.0
                }) = rank;
            }
        }
        for &rank in ranks {
            for shape in [[rank, width], [width, rank]] {
                let side = if shape[0] == rank { "down" } else { "up" };
                for index in self.shaped(scope, &shape) {
                    let Some(role) = path(self, index) else {
                        let role = format!("{at}.fp_residual.{side}.weight");
                        return Err(self.unsettled(&role, &shape, &[index]));
                    };
                    self.claim(
                        &format!("{at}.{role}.{side}.weight"),
                        index,
                        None,
                        role == "pfnet",
                    );
                    *(if role == "pfnet" {
                        &mut found.1
                    } else {
                        &mut found.0
                    }) = rank;
                }
            }
        }
        Ok(found)
    }

    /// Attention where a name speaks of queries or fused `qkv`, MLGRU where one speaks of forgetting.
    fn mixer_kind(
        &self,
        scope: Scope,
        hint: Option<Mixer>,
        mapped: &[(String, Vec<usize>)],
        at: &str,
    ) -> Mixer {
        let says = |phrases: Phrases| {
            self.weights(scope)
                .any(|i| fit(&self.words(i, scope), phrases).is_some())
        };
        let given = |name: &str| {
            mapped
                .iter()
                .any(|(role, _)| *role == format!("{at}.mixer.{name}.weight"))
        };
        if given("query")
            || says(QUERY)
            || says(&["qkv", "attn", "attention", "c attn"]) && !says(FORGET)
        {
            Mixer::Attention
        } else if given("forget") || says(FORGET) {
            Mixer::Mlgru
        } else {
            hint.unwrap_or(Mixer::Mlgru)
        }
    }
}

/// The width of a stack of blocks: what most of its linear layers read.
fn width_of(stack: &Stack, tensors: &[TensorInfo]) -> usize {
    let mut votes: BTreeMap<usize, usize> = BTreeMap::new();
    for &index in stack
        .blocks
        .values()
        .next()
        .into_iter()
        .flat_map(BTreeMap::values)
    {
        if let [_, cols] = tensors[index].shape[..] {
            *votes.entry(cols).or_default() += 1;
        }
    }
    // Of widths with as many votes, the one that norms have.
    let norm = |width: usize| {
        stack.blocks.values().next().is_some_and(|block| {
            block
                .values()
                .filter(|&&i| tensors[i].shape == [width])
                .count()
                >= 2
        })
    };
    votes
        .into_iter()
        .max_by_key(|(width, votes)| (norm(*width), *votes))
        .map_or(0, |(width, _)| width)
}

fn numel(stack: &Stack, tensors: &[TensorInfo]) -> usize {
    let all = stack.blocks.values().flat_map(BTreeMap::values);
    all.map(|&i| tensors[i].shape.iter().product::<usize>())
        .sum()
}

/// Settles a stack of blocks as `at.0`, `at.1` …, all of one shape.
fn settle_stack(
    pool: &mut Pool,
    stack: &Stack,
    at: &str,
    width: usize,
    hint: Option<Mixer>,
) -> Result<Vec<Shape>, Error> {
    let mut shapes = Vec::new();
    for (expected, (number, block)) in stack.blocks.iter().enumerate() {
        let prefix = if stack.prefix.is_empty() {
            String::new()
        } else {
            format!("{}.", stack.prefix)
        };
        if *number != expected {
            return Err(Error::MissingBlock {
                block: format!("{prefix}{expected}"),
            });
        }
        let members: Vec<usize> = block.values().copied().collect();
        let skip = words(&format!("{prefix}{number}.")).len();
        let scope = Scope {
            members: &members,
            skip,
        };
        shapes.push(pool.block(&format!("{at}.{expected}"), scope, width, hint)?);
    }
    Ok(shapes)
}

/// Settles the roles of a file's tensors. `hints` is what its config says, which widths in the
/// tensors overrule; `map` is what a person says, which overrules both.
///
/// # Errors
/// Whenever a role is open or two tensors fit it.
pub fn assign(hints: &Hints, tensors: &[TensorInfo], map: &NameMap) -> Result<Assignment, Error> {
    let mut pool = Pool::new(tensors, map)?;
    let (mut stacks, loose) = names::stacks(tensors);
    stacks.sort_by_key(|stack| std::cmp::Reverse(numel(stack, tensors)));
    let mut stacks = stacks.into_iter();
    let Some(backbone) = stacks.next() else {
        return Err(Error::NoBlocks {
            tensors: pool.listed(0..tensors.len()),
        });
    };
    let width = width_of(&backbone, tensors);
    let shapes = settle_stack(&mut pool, &backbone, "blocks", width, hints.mixer)?;
    let shape = &shapes[0];
    let local = stacks.next();
    let local_width = match &local {
        Some(stack) => {
            let local_width = width_of(stack, tensors);
            if !local_width.is_multiple_of(LOCAL_HEADS) {
                return Err(Error::Heads {
                    at: "local decoder",
                    width: local_width,
                    heads: LOCAL_HEADS,
                });
            }
            settle_stack(
                &mut pool,
                stack,
                "decoder.blocks",
                local_width,
                Some(Mixer::Attention),
            )?;
            Some(local_width)
        }
        None => None,
    };
    let scope = Scope {
        members: &loose,
        skip: 0,
    };
    let outer = pool.outer(scope, width, local_width)?;

    if !pool.map.is_empty() {
        return Err(Error::UnknownRoles(pool.map.into_keys().collect()));
    }
    let config = config(hints, tensors, &pool, shape, shapes.len(), &outer);
    if config.mixer == Mixer::Attention && !config.d_model.is_multiple_of(2 * config.n_heads) {
        return Err(Error::Heads {
            at: "backbone",
            width: config.d_model,
            heads: config.n_heads,
        });
    }
    let mut roles = pool.roles;
    roles.sort_by_key(|role| role.tensor);
    let unused = (0..tensors.len())
        .filter(|i| roles.iter().all(|role| role.tensor != *i))
        .collect();
    Ok(Assignment {
        config,
        roles,
        unused,
    })
}

/// What stands around the blocks.
struct Outer {
    vocab_size: usize,
    bytes: bool,
    local_decoder: bool,
    bolmo: bool,
    delete_gate: bool,
}

/// Bytes of a patch.
const PATCH: usize = 4;

impl Pool<'_> {
    /// Settles embedding, gate, final norm and head.
    fn outer(
        &mut self,
        scope: Scope,
        d: usize,
        local_width: Option<usize>,
    ) -> Result<Outer, Error> {
        // The aligner serves training only: it stays unused, and reported.
        let members: Vec<usize> = scope
            .members
            .iter()
            .copied()
            .filter(|&i| fit(&self.words(i, scope), ALIGNER).is_none())
            .collect();
        let scope = Scope {
            members: &members,
            ..scope
        };
        let shape = |pool: &Self, i: usize| squeeze(&pool.tensors[i].shape);
        let shapes: Vec<Vec<usize>> = self.weights(scope).map(|i| shape(self, i)).collect();
        let has = |wanted: &[usize]| shapes.iter().any(|s| s == wanted);

        // A patch projection reads four byte vectors, of a width that a table of 256 has.
        let byte_width = shapes.iter().find_map(|s| match s[..] {
            [256, w] if has(&[d, PATCH * w]) => Some(w),
            _ => None,
        });
        let mut vocab_size = 256;
        if let Some(w) = byte_width {
            self.settle(
                scope,
                &[d, PATCH * w],
                vec![want("embed.patch.weight", &["patch", "proj"])],
                true,
            )?;
        } else {
            let table = shapes.iter().find_map(|s| match s[..] {
                [v, cols] if cols == d && shapes.iter().filter(|t| *t == s).count() >= 2 => Some(v),
                _ => None,
            });
            vocab_size = match (table, self.map.get("embed.tokens.weight")) {
                (Some(v), _) => v,
                (None, Some((tensor, _))) => {
                    self.tensors[*tensor].shape.first().copied().unwrap_or(0)
                }
                (None, None) => return Err(self.unsettled("embed.patch.weight", &[d, 0], &[])),
            };
            let wants = vec![
                want("embed.tokens.weight", EMBEDDING),
                want("head.weight", HEAD),
            ];
            self.settle(scope, &[vocab_size, d], wants, true)?;
        }

        // The gate is the one network that ends in a single row.
        let gate = shapes.iter().find_map(|s| match s[..] {
            [hidden, cols] if cols == d && has(&[hidden]) && hidden != 256 => Some(hidden),
            _ => None,
        });
        if let Some(hidden) = gate {
            self.settle(
                scope,
                &[hidden, d],
                vec![want("delete_gate.hidden.weight", &["gate", "hidden"])],
                false,
            )?;
            let wants = vec![want(
                "delete_gate.score.weight",
                &["gate", "delete", "score"],
            )];
            self.settle(scope, &[hidden], wants, false)?;
        }

        let bolmo = byte_width.is_some_and(|w| has(&[w, w]));
        if let Some(w) = byte_width.filter(|_| bolmo) {
            let part = |name: &str, phrases| want(format!("embed.bolmo.{name}.weight"), phrases);
            let wants = vec![
                part("query", QUERY),
                part("key", KEY),
                part("value", VALUE),
                part("out", OUT),
            ];
            self.settle(scope, &[w, w], wants, false)?;
            self.settle(
                scope,
                &[w],
                vec![want("embed.bolmo.boundary.weight", BOUNDARY)],
                false,
            )?;
        }

        let local_tables = |w: usize| {
            let table = maybe(
                "embed.bytes.weight",
                &["patch", "embed", "embedding", "bytes"],
            );
            let mut wants = vec![
                want(
                    "decoder.bytes.weight",
                    &[
                        "local embed",
                        "local byte",
                        "decoder . bytes",
                        "decoder . embed",
                        "decoder . embedding",
                        "embed",
                        "embedding",
                        "emb",
                        "bytes",
                        "byte",
                    ],
                ),
                want("decoder.head.weight", HEAD),
            ];
            if byte_width == Some(w) {
                wants.push(Want {
                    optional: false,
                    ..table
                });
            }
            wants
        };
        if let Some(w) = byte_width.filter(|w| Some(*w) != local_width) {
            self.settle(
                scope,
                &[256, w],
                vec![want("embed.bytes.weight", EMBEDDING)],
                true,
            )?;
        }
        self.settle(
            scope,
            &[d],
            vec![want(
                "norm.weight",
                &["norm", "final norm", "norm f", "ln f", "out norm"],
            )],
            false,
        )?;
        if let Some(w) = local_width {
            self.settle(
                scope,
                &[PATCH * w, d],
                vec![want("decoder.input.weight", &["in", "input", "proj"])],
                true,
            )?;
            self.settle(
                scope,
                &[PATCH, w],
                vec![maybe(
                    "decoder.positions",
                    &["pos", "position", "positions", "positional"],
                )],
                false,
            )?;
            self.settle(scope, &[256, w], local_tables(w), true)?;
            self.settle(
                scope,
                &[w],
                vec![want("decoder.norm.weight", &["norm"])],
                false,
            )?;
        } else if byte_width.is_some() {
            self.byte_heads(scope, d)?;
        }
        Ok(Outer {
            vocab_size,
            bytes: byte_width.is_some(),
            local_decoder: local_width.is_some(),
            bolmo,
            delete_gate: gate.is_some(),
        })
    }

    /// Four heads `[256, d]` in the order of their numbers, or one of `[1024, d]`.
    fn byte_heads(&mut self, scope: Scope, d: usize) -> Result<(), Error> {
        let role = |p: usize| format!("heads.{p}.weight");
        let fused = self.weights(scope).find(|&i| {
            let shape = &self.tensors[i].shape;
            shape.last() == Some(&d) && shape.iter().product::<usize>() == PATCH * 256 * d
        });
        if let Some(tensor) = fused {
            for p in 0..PATCH {
                self.claim(&role(p), tensor, Some(256 * p..256 * (p + 1)), true);
            }
            return Ok(());
        }
        let mut mapped = 0;
        for p in 0..PATCH {
            mapped += usize::from(self.claim_mapped(&role(p), &[256, d], true)?);
        }
        let mut heads = self.shaped(scope, &[256, d]);
        heads.sort_by_key(|&i| {
            let digits = self
                .words(i, scope)
                .into_iter()
                .rev()
                .find_map(|word| word.parse::<usize>().ok());
            digits.unwrap_or(usize::MAX)
        });
        if mapped == 0 && heads.len() == PATCH {
            for (p, head) in heads.into_iter().enumerate() {
                self.claim(&role(p), head, None, true);
            }
            return Ok(());
        }
        match mapped {
            PATCH => Ok(()),
            _ => Err(self.unsettled(&role(0), &[256, d], &heads)),
        }
    }
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
    let sub_norms = pool
        .roles
        .iter()
        .any(|role| role.name.ends_with("_norm.weight"));
    let packed = pool
        .roles
        .iter()
        .any(|role| tensors[role.tensor].encoding == Encoding::Ternary);
    let named = hints.run.as_deref().and_then(Run::named);
    let ternary = hints
        .ternary
        .or(named.map(|run| run.config().ternary))
        .unwrap_or(packed || sub_norms);
    let parts = |config: &Config| {
        (
            config.mixer,
            config.ternary,
            config.is_bpe(),
            config.local_decoder,
            config.bolmo,
        ) == (
            shape.mixer,
            ternary,
            !outer.bytes,
            outer.local_decoder,
            outer.bolmo,
        ) && config.delete_gate == outer.delete_gate
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
        run: hints
            .run
            .clone()
            .or(known.map(|c| c.run.clone()))
            .unwrap_or_default(),
        internal_name: hints
            .internal_name
            .clone()
            .or(known.map(|c| c.internal_name.clone()))
            .unwrap_or_default(),
        d_model: shape.width,
        n_layers,
        d_ff: shape.inner,
        n_heads: hints.n_heads.unwrap_or(HEADS),
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
    }
}
