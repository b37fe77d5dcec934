//! The roles around the blocks: embedding, gate, final norm and head.

use super::error::Result;
use super::names::fit;
use super::phrases::*;
use super::pool::{Pool, Scope, Want, maybe, squeeze, want};
use super::role::Why;
use std::collections::HashMap;

/// What stands around the blocks.
pub(super) struct Outer {
    pub(super) vocab_size: usize,
    pub(super) bytes: bool,
    pub(super) local_decoder: bool,
    pub(super) bolmo: bool,
    pub(super) delete_gate: bool,
}

/// Bytes of a patch.
pub(super) const PATCH: usize = 4;

const DECODER_NORM: Want = want("decoder.norm.weight", LOCAL_NORM);

/// The shapes of the weights around the blocks, without sides of length 1.
struct Shapes {
    /// Each once, in the order of the file.
    all: Vec<Vec<usize>>,
    counts: HashMap<Vec<usize>, usize>,
}

impl Shapes {
    fn of(pool: &Pool, scope: Scope) -> Self {
        let (mut all, mut counts) = (Vec::new(), HashMap::new());
        for index in pool.weights(scope) {
            let shape = squeeze(&pool.tensors[index].shape);
            let count: &mut usize = counts.entry(shape.clone()).or_default();
            *count += 1;
            if *count == 1 {
                all.push(shape);
            }
        }
        Shapes { all, counts }
    }

    fn count(&self, shape: &[usize]) -> usize {
        self.counts.get(shape).copied().unwrap_or(0)
    }

    fn has(&self, shape: &[usize]) -> bool {
        self.count(shape) > 0
    }

    /// The width of the byte vectors: a patch projection reads four of them, and a table of 256 has
    /// them. Where d = 4 · local width, the decoder's entrance has the shape that a projection of its
    /// own byte vectors would have, so the other widths come first.
    fn byte_width(&self, d: usize, local_width: Option<usize>) -> Option<usize> {
        let ambiguous = |w: usize| Some(w) == local_width && PATCH * w == d;
        let width = |ambiguously: bool, least: usize| {
            let mut widths = self.all.iter().filter_map(|shape| match shape[..] {
                [256, w] => Some(w),
                _ => None,
            });
            widths.find(|&w| ambiguous(w) == ambiguously && self.count(&[d, PATCH * w]) >= least)
        };
        width(false, 1).or_else(|| width(true, 2))
    }
}

impl Pool<'_> {
    /// Settles embedding, gate, final norm and head.
    pub(super) fn outer(
        &mut self,
        scope: Scope,
        d: usize,
        local_width: Option<usize>,
    ) -> Result<Outer> {
        // The aligner serves training only: it stays unused, and reported.
        let is_used = |&i: &usize| fit(&self.words(i, scope), ALIGNER).is_none();
        let members: Vec<usize> = scope.members.iter().copied().filter(is_used).collect();
        let scope = Scope { members: &members, ..scope };
        let shapes = Shapes::of(self, scope);
        let byte_width = shapes.byte_width(d, local_width);
        let mut vocab_size = 256;
        match byte_width {
            Some(w) => {
                let project = want("embed.patch.weight", &["patch", "proj"]);
                self.settle(scope, &[d, PATCH * w], &[project], true)?;
            }
            None => vocab_size = self.tokens(scope, d, &shapes)?,
        }
        let delete_gate = self.gate(scope, d, &shapes)?;
        let bolmo = match byte_width {
            Some(w) => self.bolmo(scope, w, &shapes)?,
            None => self.mapped_rows("embed.bolmo.query.weight").is_some(),
        };
        if let Some(w) = byte_width.filter(|w| Some(*w) != local_width) {
            let table = want("embed.bytes.weight", EMBEDDING);
            self.settle(scope, &[256, w], &[table], true)?;
        }
        let mut norms = vec![want("norm.weight", FINAL_NORM)];
        norms.extend((local_width == Some(d)).then_some(DECODER_NORM));
        self.settle(scope, &[d], &norms, false)?;
        match (local_width, byte_width) {
            (Some(w), _) => self.local_decoder(scope, d, w, byte_width)?,
            (None, Some(_)) => self.byte_heads(scope, d)?,
            (None, None) => {}
        }
        Ok(Outer {
            vocab_size,
            bytes: byte_width.is_some(),
            local_decoder: local_width.is_some(),
            bolmo,
            delete_gate,
        })
    }

    /// The table of tokens and the head, which has its shape; returns how many tokens.
    fn tokens(&mut self, scope: Scope, d: usize, shapes: &Shapes) -> Result<usize> {
        let table = shapes.all.iter().find_map(|shape| match shape[..] {
            [v, cols] if cols == d && shapes.count(shape) >= 2 => Some(v),
            _ => None,
        });
        let table = table.or_else(|| self.mapped_rows("embed.tokens.weight"));
        let missing = || self.unsettled("embed.patch.weight", &[d, 0], &[]);
        let vocab_size = table.ok_or_else(missing)?;
        let wants = [want("embed.tokens.weight", EMBEDDING), want("head.weight", HEAD)];
        self.settle(scope, &[vocab_size, d], &wants, true)?;
        Ok(vocab_size)
    }

    /// The gate is the one network that ends in a single row. A head of 256 bytes, or the decoder's
    /// entrance beside a norm of its height, look like one: there it takes words.
    fn gate(&mut self, scope: Scope, d: usize, shapes: &Shapes) -> Result<bool> {
        let says_gate = |hidden: usize| {
            let candidates = self.shaped(scope, &[hidden, d]);
            let mut words = candidates.into_iter().map(|i| self.words(i, scope));
            words.any(|words| fit(&words, DELETE_GATE).is_some())
        };
        let given = self.mapped_rows("delete_gate.hidden.weight");
        let hidden = given.or_else(|| {
            shapes.all.iter().find_map(|shape| match shape[..] {
                [hidden, cols] if cols == d && shapes.has(&[hidden]) => {
                    let shared = hidden == 256 || hidden == d;
                    (!shared || says_gate(hidden)).then_some(hidden)
                }
                _ => None,
            })
        });
        let Some(hidden) = hidden else {
            return Ok(false);
        };
        let [inner, score] = ["delete_gate.hidden.weight", "delete_gate.score.weight"];
        self.settle(scope, &[hidden, d], &[want(inner, DELETE_GATE)], false)?;
        self.settle(scope, &[1, hidden], &[want(score, DELETE_GATE)], false)?;
        Ok(true)
    }

    /// Bolmo's squares over byte vectors of width `w`, where they are there.
    fn bolmo(&mut self, scope: Scope, w: usize, shapes: &Shapes) -> Result<bool> {
        if !shapes.has(&[w, w]) && self.mapped_rows("embed.bolmo.query.weight").is_none() {
            return Ok(false);
        }
        let squares = [
            want("embed.bolmo.query.weight", QUERY),
            want("embed.bolmo.key.weight", KEY),
            want("embed.bolmo.value.weight", VALUE),
            want("embed.bolmo.out.weight", OUT),
        ];
        self.settle(scope, &[w, w], &squares, false)?;
        let boundary = want("embed.bolmo.boundary.weight", BOUNDARY);
        self.settle(scope, &[1, w], &[boundary], false)?;
        Ok(true)
    }

    /// What the local decoder of width `w` has around its blocks.
    fn local_decoder(
        &mut self,
        scope: Scope,
        d: usize,
        w: usize,
        byte_width: Option<usize>,
    ) -> Result<()> {
        let input = want("decoder.input.weight", &["in", "input", "proj"]);
        self.settle(scope, &[PATCH * w, d], &[input], true)?;
        let positions = maybe("decoder.positions", POSITIONS);
        self.settle(scope, &[PATCH, w], &[positions], false)?;
        let mut tables =
            vec![want("decoder.bytes.weight", LOCAL_EMBEDDING), want("decoder.head.weight", HEAD)];
        if byte_width == Some(w) {
            tables.push(want("embed.bytes.weight", PATCH_EMBEDDING));
        }
        self.settle(scope, &[256, w], &tables, true)?;
        if w != d {
            self.settle(scope, &[w], &[DECODER_NORM], false)?;
        }
        Ok(())
    }

    /// Four heads `[256, d]` in the order of their numbers, or one of `[1024, d]`.
    fn byte_heads(&mut self, scope: Scope, d: usize) -> Result<()> {
        let role = |p: usize| format!("heads.{p}.weight");
        let fused = self.weights(scope).find(|&i| {
            let shape = &self.tensors[i].shape;
            shape.last() == Some(&d) && shape.iter().product::<usize>() == PATCH * 256 * d
        });
        if let Some(tensor) = fused {
            for p in 0..PATCH {
                let rows = 256 * p..256 * (p + 1);
                self.claim(&role(p), tensor, Some(rows), &[256, d], true, Why::Fused);
            }
            return Ok(());
        }
        let mut mapped = 0;
        for p in 0..PATCH {
            mapped += usize::from(self.claim_mapped(&role(p), &[256, d], true)?);
        }
        let mut heads = self.shaped(scope, &[256, d]);
        heads.sort_by_key(|&i| {
            let digits =
                self.words(i, scope).into_iter().rev().find_map(|word| word.parse::<usize>().ok());
            digits.unwrap_or(usize::MAX)
        });
        if mapped == 0 && heads.len() == PATCH {
            for (p, head) in heads.into_iter().enumerate() {
                self.claim(&role(p), head, None, &[256, d], true, Why::Number);
            }
            return Ok(());
        }
        match mapped {
            PATCH => Ok(()),
            _ => Err(self.unsettled(&role(0), &[256, d], &heads)),
        }
    }
}
