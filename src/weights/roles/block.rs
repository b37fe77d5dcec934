//! The roles of a block, and what its tensors tell of the model's shape.

use super::error::{Error, Result};
use super::names::{Stack, fit, words};
use super::phrases::*;
use super::pool::{Pool, Scope, Want, maybe, want};
use super::role::Why;
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
    /// Settles one block.
    pub(super) fn block(
        &mut self,
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
        let of_block = |role: &String| Some(role.strip_prefix(scope.at)?.to_string());
        let mapped: Vec<(String, Vec<usize>)> = self
            .map
            .iter()
            .filter_map(|(role, target)| Some((of_block(role)?, self.shape_of(target))))
            .collect();
        let given = |name: &str| mapped.iter().find(|(role, _)| role == name);

        // F is the longest input of a tensor that gives d: nothing else in a block is as wide.
        let inner = match given("ffn.down.weight") {
            Some((_, shape)) => shape.last().copied(),
            None => all
                .iter()
                .filter(|(rows, _)| *rows == width)
                .map(|(_, cols)| *cols)
                .max(),
        };
        let Some(inner) = inner else {
            return Err(self.unsettled(&scope.role("ffn.down.weight"), &[width, 0], &[]));
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
        let (fp_residual_rank, pfnet_hidden) = self.side_paths(scope, width, &ranks)?;

        let mixer = self.mixer_kind(scope, hint, &mapped);
        let inputs = match mixer {
            Mixer::Attention => [
                want("mixer.query.weight", QUERY),
                want("mixer.key.weight", KEY),
                want("mixer.value.weight", VALUE),
            ],
            Mixer::Mlgru => [
                want("mixer.forget.weight", FORGET),
                want("mixer.candidate.weight", CANDIDATE),
                want("mixer.gate.weight", OUTPUT_GATE),
            ],
        };
        // Apart there are three squares and W_o, fused there is W_o alone; F = d adds to them.
        let squares = all.iter().filter(|side| **side == (width, width)).count();
        let of_ffn = if inner == width { squares.min(3) } else { 0 };
        let fused = all.contains(&(3 * width, width));
        let in_map = mapped
            .iter()
            .filter(|(role, _)| role.starts_with("mixer.") && !role.contains("norm"))
            .count();
        let output_projection = squares + in_map - of_ffn > if fused { 0 } else { 3 }
            || given("mixer.out.weight").is_some();
        let out = output_projection.then_some(want("mixer.out.weight", OUT));
        let ffn_down = want("ffn.down.weight", FFN_DOWN);
        if fused {
            let order = if mixer == Mixer::Attention {
                FUSED_QKV
            } else {
                &[]
            };
            self.settle_stacked(scope, width, width, &inputs, order)?;
            self.settle(scope, &[width, width], out.as_slice(), true)?;
            self.settle(scope, &[width, inner], &[ffn_down], true)?;
        } else {
            let mut wants: Vec<Want> = inputs.into_iter().chain(out).collect();
            if inner == width {
                // Here words alone tell the two layers' matrices apart.
                wants.push(ffn_down);
                wants.push(want("ffn.gate.weight", FFN_GATE_NAMED));
                wants.push(want("ffn.up.weight", FFN_UP_NAMED));
            }
            self.settle(scope, &[width, width], &wants, true)?;
            if inner != width {
                self.settle(scope, &[width, inner], &[ffn_down], true)?;
            }
        }

        // Two matrices with a gate, one without (src/spec.md §3).
        let gate = want("ffn.gate.weight", FFN_GATE);
        let up = want("ffn.up.weight", FFN_UP);
        let one = self.shaped(scope, &[inner, width]).len() == 1
            && given("ffn.gate.weight").is_none()
            && given("ffn.up.weight").is_none();
        if inner == width && !fused {
            // Settled above.
        } else if one {
            self.settle(scope, &[inner, width], &[up], true)?;
        } else {
            self.settle_stacked(scope, inner, width, &[gate, up], &[])?;
        }

        let mut wants = vec![want("norm1.weight", NORM_1), want("norm2.weight", NORM_2)];
        if output_projection {
            wants.push(maybe("mixer.out_norm.weight", OUT_NORM));
        }
        if inner == width {
            wants.push(maybe("ffn.down_norm.weight", DOWN_NORM_NAMED));
        }
        let decay = maybe("mixer.decay", DECAY);
        if mixer == Mixer::Mlgru {
            wants.push(decay);
        }
        let has_down_norm = inner != width
            && (!self.shaped(scope, &[inner]).is_empty()
                || given("ffn.down_norm.weight").is_some());
        self.settle(scope, &[width], &wants, false)?;
        if has_down_norm {
            let down_norm = want("ffn.down_norm.weight", &["norm"]);
            self.settle(scope, &[inner], &[down_norm], false)?;
        }
        let role = scope.role(decay.name);
        let has_decay = |pool: &Self| {
            pool.roles[first..]
                .iter()
                .any(|settled| settled.name == role)
        };
        let channel = has_decay(self);
        if mixer == Mixer::Mlgru && !channel {
            self.settle(scope, &[1], &[decay], false)?;
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
                block: scope.at.trim_end_matches('.').into(),
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
            let name = |side: &str| scope.role(&format!("{role}.{side}.weight"));
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
                        let role = scope.role(&format!("fp_residual.{side}.weight"));
                        return Err(self.unsettled(&role, &shape, &[index]));
                    };
                    let name = scope.role(&format!("{role}.{side}.weight"));
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
    ) -> Mixer {
        let says = |phrases: Phrases| {
            self.weights(scope)
                .any(|i| fit(&self.words(i, scope), phrases).is_some())
        };
        let given = |name: &str| mapped.iter().any(|(role, _)| role == name);
        if given("mixer.query.weight")
            || says(QUERY)
            || says(&["qkv", "attn", "attention", "c attn"]) && !says(FORGET)
        {
            Mixer::Attention
        } else if given("mixer.forget.weight") || says(FORGET) {
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
            at: &format!("{at}.{expected}."),
            members: &block.members,
            skip: words(&format!("{prefix}{expected}.")).len(),
        };
        shapes.push(pool.block(scope, width, hint)?);
    }
    Ok(shapes)
}
