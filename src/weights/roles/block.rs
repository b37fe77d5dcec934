//! The roles of a block, and what its tensors tell of the model's shape.

use super::names::{Stack, fit, words};
use super::phrases::*;
use super::pool::{Pool, Scope, Want, maybe, want};
use super::{Error, Result, Why};
use crate::checkpoint::TensorInfo;
use crate::config::{Decay, Mixer};

/// What a block's tensors told about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) inner: usize,
    pub(super) mixer: Mixer,
    pub(super) output_projection: bool,
    pub(super) decay: Decay,
    pub(super) fp_residual_rank: usize,
    pub(super) pfnet_hidden: usize,
}

impl Pool<'_> {
    /// Settles one block, named `at` in our own scheme.
    pub(super) fn block(
        &mut self,
        at: &str,
        scope: Scope,
        width: usize,
        hint: Option<Mixer>,
    ) -> Result<Shape> {
        let first = self.roles.len();
        let sides = |i: usize| match self.tensors[i].shape[..] {
            [rows, cols] => Some((rows, cols)),
            _ => None,
        };
        let all: Vec<(usize, usize)> = self.weights(scope).filter_map(sides).collect();
        let prefix = format!("{at}.");
        let mapped: Vec<(String, Vec<usize>)> = self
            .map
            .iter()
            .filter(|(role, _)| role.starts_with(&prefix))
            .map(|(role, target)| (role.clone(), self.shape_of(target)))
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
        ranks.dedup();
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
        let squares = all.iter().filter(|side| **side == (width, width)).count();
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
            let order = if mixer == Mixer::Attention {
                FUSED_QKV
            } else {
                &[]
            };
            self.settle_stacked(scope, width, width, inputs, order)?;
            if output_projection {
                self.settle(scope, &[width, width], vec![out], true)?;
            }
            self.settle(scope, &[width, inner], vec![ffn_down], true)?;
        } else if inner == width {
            // Here words alone tell the two layers' matrices apart.
            let mut wants = inputs;
            wants.extend(output_projection.then_some(out));
            wants.push(ffn_down);
            wants.push(want(format!("{at}.ffn.gate.weight"), FFN_GATE_NAMED));
            wants.push(want(format!("{at}.ffn.up.weight"), FFN_UP_NAMED));
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
        if inner == width && !fused {
            // Settled above.
        } else if one {
            self.settle(scope, &[inner, width], vec![up], true)?;
        } else {
            self.settle_stacked(scope, inner, width, vec![gate, up], &[])?;
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
        let has_decay = |pool: &Self| pool.roles[first..].iter().any(|role| role.name == decay);
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
            }
            .into());
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
    pub(super) fn side_paths(
        &mut self,
        at: &str,
        scope: Scope,
        width: usize,
        ranks: &[usize],
    ) -> Result<(usize, usize)> {
        let path = |pool: &Self, index: usize| {
            let words = pool.words(index, scope);
            match (fit(&words, FP_RESIDUAL), fit(&words, PFNET)) {
                (Some(_), None) => Some("fp_residual"),
                (None, Some(_)) => Some("pfnet"),
                _ => None,
            }
        };
        let first = self.roles.len();
        let mut found = (0, 0);
        for role in ["fp_residual", "pfnet"] {
            let name = |side: &str| format!("{at}.{role}.{side}.weight");
            if let Some(rank) = self.mapped_rows(&name("down")) {
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
                    let name = format!("{at}.{role}.{side}.weight");
                    let settled = self.roles[first..].iter().find(|role| role.name == name);
                    if let Some(settled) = settled {
                        return Err(self.unsettled(&name, &shape, &[settled.tensor, index]));
                    }
                    self.claim(&name, index, None, &shape, role == "pfnet", Why::Name);
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
    pub(super) fn mixer_kind(
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

/// The width of a stack of blocks: what most linear layers of its first block read.
pub(super) fn width_of(stack: &Stack, tensors: &[TensorInfo]) -> usize {
    let members = stack.blocks.first().map_or(&[][..], |block| &block.members);
    let shapes = || members.iter().map(|&index| &tensors[index].shape[..]);
    let mut widths: Vec<usize> = shapes()
        .filter_map(|shape| match shape {
            [_, cols] => Some(*cols),
            _ => None,
        })
        .collect();
    widths.sort_unstable();
    // Of widths with as many votes the one that norms have, and then the widest.
    let norms = |width: usize| shapes().filter(|shape| *shape == [width]).count();
    let votes = widths.chunk_by(|one, other| one == other);
    let best = votes
        .map(|same| (norms(same[0]) >= 2, same.len(), same[0]))
        .max();
    best.map_or(0, |(_, _, width)| width)
}

pub(super) fn numel(stack: &Stack, tensors: &[TensorInfo]) -> usize {
    let all = stack.blocks.iter().flat_map(|block| &block.members);
    all.map(|&i| tensors[i].shape.iter().product::<usize>())
        .sum()
}

/// Settles a stack of blocks as `at.0`, `at.1` …, all of one shape.
pub(super) fn settle_stack(
    pool: &mut Pool,
    stack: &Stack,
    at: &str,
    width: usize,
    hint: Option<Mixer>,
) -> Result<Vec<Shape>> {
    let dot = if stack.prefix.is_empty() { "" } else { "." };
    let prefix = format!("{}{dot}", stack.prefix);
    let mut shapes = Vec::new();
    for (expected, block) in stack.blocks.iter().enumerate() {
        if block.number != expected {
            return Err(Error::MissingBlock {
                block: format!("{prefix}{expected}"),
            }
            .into());
        }
        let scope = Scope {
            members: &block.members,
            skip: words(&format!("{prefix}{expected}.")).len(),
        };
        shapes.push(pool.block(&format!("{at}.{expected}"), scope, width, hint)?);
    }
    Ok(shapes)
}
