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

/// Rows and columns of the matrices of a block.
type Sides = [(usize, usize)];

impl Pool<'_> {
    /// Settles one block.
    pub(super) fn block(
        &mut self,
        scope: Scope,
        width: usize,
        hint: Option<Mixer>,
    ) -> Result<Shape> {
        let sides = |i: usize| match self.tensors[i].shape[..] {
            [rows, cols] => Some((rows, cols)),
            _ => None,
        };
        let sides: Vec<(usize, usize)> = self.weights(scope).filter_map(sides).collect();
        let inner = self.inner_width(scope, width, &sides)?;
        let [fp_residual_rank, pfnet_hidden] = self.side_paths(scope, width, inner, &sides)?;
        let mut shape = Shape {
            width,
            inner,
            mixer: self.mixer_kind(scope, hint),
            output_projection: self.has_output_projection(scope, width, inner, &sides),
            decay: Decay::None,
            fp_residual_rank,
            pfnet_hidden,
        };
        let fused = sides.contains(&(3 * width, width));
        self.matrices(scope, &shape, fused)?;
        shape.decay = self.vectors(scope, &shape)?;
        self.refuse_the_rest(scope)?;
        Ok(shape)
    }

    /// The shape of what the name map gives a role of the block, while nothing has claimed it.
    fn given(&self, scope: Scope, name: &str) -> Option<Vec<usize>> {
        let role = scope.role(name);
        let mut given = self.map.iter().filter(|(name, _)| *name == role);
        given.next().map(|(_, target)| self.shape_of(target))
    }

    /// F is the longest input of a tensor that gives d: nothing else in a block is as wide.
    fn inner_width(&self, scope: Scope, width: usize, sides: &Sides) -> Result<usize> {
        let inner = match self.given(scope, "ffn.down.weight") {
            Some(shape) => shape.last().copied(),
            None => {
                let of_width = sides.iter().filter(|(rows, _)| *rows == width);
                of_width.map(|(_, cols)| *cols).max()
            }
        };
        let role = scope.role("ffn.down.weight");
        inner.ok_or_else(|| self.unsettled(&role, &[width, 0], &[]))
    }

    /// Apart there are three squares and W_o, fused there is W_o alone; F = d adds to them.
    fn has_output_projection(
        &self,
        scope: Scope,
        width: usize,
        inner: usize,
        sides: &Sides,
    ) -> bool {
        let squares = sides.iter().filter(|side| **side == (width, width)).count();
        let of_ffn = if inner == width { squares.min(3) } else { 0 };
        let of_inputs = if sides.contains(&(3 * width, width)) { 0 } else { 3 };
        let mixer = scope.role("mixer.");
        let in_map = self.map.iter().filter(|(role, _)| {
            let name = role.strip_prefix(&mixer);
            name.is_some_and(|name| !name.contains("norm"))
        });
        squares + in_map.count() - of_ffn > of_inputs
            || self.given(scope, "mixer.out.weight").is_some()
    }

    /// The mixer's linear layers, whose inputs may be one `fused` tensor, and those of the feed-forward
    /// layer.
    fn matrices(&mut self, scope: Scope, shape: &Shape, fused: bool) -> Result<()> {
        let Shape { width, inner, mixer, output_projection, .. } = *shape;
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
        let out = output_projection.then_some(want("mixer.out.weight", OUT));
        let down = want("ffn.down.weight", FFN_DOWN);
        if fused {
            let order = match mixer {
                Mixer::Attention => FUSED_QKV,
                Mixer::Mlgru => &[],
            };
            self.settle_stacked(scope, width, width, &inputs, order)?;
            self.settle(scope, &[width, width], out.as_slice(), true)?;
        } else {
            let mut wants: Vec<Want> = inputs.into_iter().chain(out).collect();
            if inner == width {
                // Here words alone tell the two layers' matrices apart.
                wants.push(down);
                wants.push(want("ffn.gate.weight", FFN_GATE_NAMED));
                wants.push(want("ffn.up.weight", FFN_UP_NAMED));
            }
            self.settle(scope, &[width, width], &wants, true)?;
            if inner == width {
                return Ok(());
            }
        }
        self.settle(scope, &[width, inner], &[down], true)?;

        // Two matrices with a gate, one without ([spec](crate::spec) §3).
        let [gate, up] = [want("ffn.gate.weight", FFN_GATE), want("ffn.up.weight", FFN_UP)];
        let one = self.shaped(scope, &[inner, width]).len() == 1
            && self.given(scope, gate.name).is_none()
            && self.given(scope, up.name).is_none();
        match one {
            true => self.settle(scope, &[inner, width], &[up], true),
            false => self.settle_stacked(scope, inner, width, &[gate, up], &[]),
        }
    }

    /// The norms and the decay.
    fn vectors(&mut self, scope: Scope, shape: &Shape) -> Result<Decay> {
        let Shape { width, inner, mixer, output_projection, .. } = *shape;
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
        let down_norm = want("ffn.down_norm.weight", &["norm"]);
        let has_down_norm = inner != width
            && (!self.shaped(scope, &[inner]).is_empty()
                || self.given(scope, down_norm.name).is_some());
        self.settle(scope, &[width], &wants, false)?;
        if has_down_norm {
            self.settle(scope, &[inner], &[down_norm], false)?;
        }
        let role = scope.role(decay.name);
        let is_settled = |pool: &Self| pool.roles.iter().any(|settled| settled.name == role);
        if is_settled(self) {
            return Ok(Decay::Channel);
        }
        if mixer == Mixer::Mlgru {
            self.settle(scope, &[1], &[decay], false)?;
        }
        match is_settled(self) {
            true => Ok(Decay::Scalar),
            false => Ok(Decay::None),
        }
    }

    /// What is left in a block would change what it computes: it must not be passed over.
    fn refuse_the_rest(&self, scope: Scope) -> Result<()> {
        let is_left = |&i: &usize| self.free[i] && fit(&self.words(i, scope), BUFFERS).is_none();
        let left: Vec<usize> = scope.members.iter().copied().filter(is_left).collect();
        if left.is_empty() {
            return Ok(());
        }
        Err(Error::Unexplained {
            block: scope.at.trim_end_matches('.').into(),
            tensors: self.listed(left),
        }
        .into())
    }

    /// FPResidual and PFNet, by the ranks that are there, which are returned; the words tell them apart.
    fn side_paths(
        &mut self,
        scope: Scope,
        width: usize,
        inner: usize,
        sides: &Sides,
    ) -> Result<[usize; 2]> {
        // Their matrices are [r, d] and [d, r], narrower than both.
        let narrow = |n: usize| n < width.min(inner);
        let down = sides.iter().filter(|(r, c)| *c == width && narrow(*r));
        let mut ranks: Vec<usize> = down.map(|(r, _)| *r).collect();
        ranks.sort_unstable();
        ranks.dedup();
        // PFNet alone is ternary.
        const PATHS: [(&str, Phrases, bool); 2] =
            [("fp_residual", FP_RESIDUAL, false), ("pfnet", PFNET, true)];
        let name = |path: &str, side| scope.role(&format!("{path}.{side}.weight"));
        let first = self.roles.len();
        let mut found = [0; 2];
        for ((path, _, ternary), found) in PATHS.iter().zip(&mut found) {
            if let Some(rank) = self.mapped_rows(&name(path, "down")) {
                self.claim_mapped(&name(path, "down"), &[rank, width], *ternary)?;
                self.claim_mapped(&name(path, "up"), &[width, rank], *ternary)?;
                *found = rank;
            }
        }
        for rank in ranks {
            for shape in [[rank, width], [width, rank]] {
                let side = if shape[0] == rank { "down" } else { "up" };
                for index in self.shaped(scope, &shape) {
                    let words = self.words(index, scope);
                    let mut told = (0..2).filter(|&path| fit(&words, PATHS[path].1).is_some());
                    let (Some(path), None) = (told.next(), told.next()) else {
                        return Err(self.unsettled(&name("fp_residual", side), &shape, &[index]));
                    };
                    let name = name(PATHS[path].0, side);
                    let settled = self.roles[first..].iter().find(|role| role.name == name);
                    if let Some(settled) = settled {
                        return Err(self.unsettled(&name, &shape, &[settled.tensor, index]));
                    }
                    self.claim(&name, index, None, &shape, PATHS[path].2, Why::Name);
                    found[path] = rank;
                }
            }
        }
        Ok(found)
    }

    /// Attention where a name speaks of queries or fused `qkv`, MLGRU where one speaks of forgetting.
    fn mixer_kind(&self, scope: Scope, hint: Option<Mixer>) -> Mixer {
        let says = |phrases: Phrases| {
            self.weights(scope).any(|i| fit(&self.words(i, scope), phrases).is_some())
        };
        if self.given(scope, "mixer.query.weight").is_some()
            || says(QUERY)
            || says(&["qkv", "attn", "attention", "c attn"]) && !says(FORGET)
        {
            Mixer::Attention
        } else if self.given(scope, "mixer.forget.weight").is_some() || says(FORGET) {
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
    let best = votes.map(|same| (norms(same[0]) >= 2, same.len(), same[0])).max();
    best.map_or(0, |(_, _, width)| width)
}

pub(super) fn numel(stack: &Stack, tensors: &[TensorInfo]) -> usize {
    let all = stack.blocks.iter().flat_map(|block| &block.members);
    all.map(|&i| tensors[i].shape.iter().product::<usize>()).sum()
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
            return Err(Error::MissingBlock { block: format!("{prefix}{expected}") }.into());
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
