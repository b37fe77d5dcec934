//! The roles around the blocks: embedding, gate, final norm and head.

use super::error::Result;
use super::names::fit;
use super::phrases::*;
use super::pool::{Pool, Scope, maybe, squeeze, want};
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

impl Pool<'_> {
    /// Settles embedding, gate, final norm and head.
    pub(super) fn outer(
        &mut self,
        scope: Scope,
        d: usize,
        local_width: Option<usize>,
    ) -> Result<Outer> {
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
        let mut counts: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut shapes = Vec::new();
        for shape in self.weights(scope).map(|i| shape(self, i)) {
            let count = counts.entry(shape.clone()).or_default();
            *count += 1;
            if *count == 1 {
                shapes.push(shape);
            }
        }
        let has = |wanted: &[usize]| counts.contains_key(wanted);

        // A patch projection reads four byte vectors, of a width that a table of 256 has. Where
        // d = 4 · local width, the decoder's entrance has the shape that a projection of its own
        // byte vectors would have, so the other widths come first.
        let count = |wanted: &[usize]| counts.get(wanted).copied().unwrap_or(0);
        let byte_widths = || {
            shapes.iter().filter_map(|s| match s[..] {
                [256, w] => Some((w, count(&[d, PATCH * w]))),
                _ => None,
            })
        };
        let ambiguous = |w: usize| Some(w) == local_width && PATCH * w == d;
        let byte_width = byte_widths()
            .find(|&(w, projections)| projections > 0 && !ambiguous(w))
            .or_else(|| byte_widths().find(|&(w, projections)| projections > 1 && ambiguous(w)))
            .map(|(w, _)| w);
        let mut vocab_size = 256;
        if let Some(w) = byte_width {
            self.settle(
                scope,
                &[d, PATCH * w],
                &[want("embed.patch.weight", &["patch", "proj"])],
                true,
            )?;
        } else {
            let table = shapes.iter().find_map(|s| match s[..] {
                [v, cols] if cols == d && counts[s] >= 2 => Some(v),
                _ => None,
            });
            let table = table.or_else(|| self.mapped_rows("embed.tokens.weight"));
            let missing = || self.unsettled("embed.patch.weight", &[d, 0], &[]);
            vocab_size = table.ok_or_else(missing)?;
            let wants = [
                want("embed.tokens.weight", EMBEDDING),
                want("head.weight", HEAD),
            ];
            self.settle(scope, &[vocab_size, d], &wants, true)?;
        }

        // The gate is the one network that ends in a single row. A head of 256 bytes, or the
        // decoder's entrance beside a norm of its height, look like one: there it takes words.
        let says_gate = |hidden: usize| {
            let of_gate = |i: &usize| matches!(shape(self, *i)[..], [rows, cols] if (rows, cols) == (hidden, d));
            self.weights(scope)
                .filter(of_gate)
                .any(|i| fit(&self.words(i, scope), DELETE_GATE).is_some())
        };
        let given = self.mapped_rows("delete_gate.hidden.weight");
        let gate = given.or_else(|| {
            shapes.iter().find_map(|s| match s[..] {
                [hidden, cols] if cols == d && has(&[hidden]) => {
                    let shared = hidden == 256 || hidden == d;
                    (!shared || says_gate(hidden)).then_some(hidden)
                }
                _ => None,
            })
        });
        if let Some(hidden) = gate {
            self.settle(
                scope,
                &[hidden, d],
                &[want("delete_gate.hidden.weight", DELETE_GATE)],
                false,
            )?;
            let wants = [want("delete_gate.score.weight", DELETE_GATE)];
            self.settle(scope, &[1, hidden], &wants, false)?;
        }

        let bolmo = byte_width.is_some_and(|w| has(&[w, w]))
            || self.mapped_rows("embed.bolmo.query.weight").is_some();
        if let Some(w) = byte_width.filter(|_| bolmo) {
            let wants = [
                want("embed.bolmo.query.weight", QUERY),
                want("embed.bolmo.key.weight", KEY),
                want("embed.bolmo.value.weight", VALUE),
                want("embed.bolmo.out.weight", OUT),
            ];
            self.settle(scope, &[w, w], &wants, false)?;
            self.settle(
                scope,
                &[1, w],
                &[want("embed.bolmo.boundary.weight", BOUNDARY)],
                false,
            )?;
        }

        if let Some(w) = byte_width.filter(|w| Some(*w) != local_width) {
            self.settle(
                scope,
                &[256, w],
                &[want("embed.bytes.weight", EMBEDDING)],
                true,
            )?;
        }
        let local_norm = want("decoder.norm.weight", LOCAL_NORM);
        let mut norms = vec![want("norm.weight", FINAL_NORM)];
        norms.extend((local_width == Some(d)).then_some(local_norm));
        self.settle(scope, &[d], &norms, false)?;
        if let Some(w) = local_width {
            let input = want("decoder.input.weight", &["in", "input", "proj"]);
            self.settle(scope, &[PATCH * w, d], &[input], true)?;
            let positions = maybe("decoder.positions", POSITIONS);
            self.settle(scope, &[PATCH, w], &[positions], false)?;
            let mut tables = vec![
                want("decoder.bytes.weight", LOCAL_EMBEDDING),
                want("decoder.head.weight", HEAD),
            ];
            if byte_width == Some(w) {
                tables.push(want("embed.bytes.weight", PATCH_EMBEDDING));
            }
            self.settle(scope, &[256, w], &tables, true)?;
            if w != d {
                self.settle(scope, &[w], &[local_norm], false)?;
            }
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
    pub(super) fn byte_heads(&mut self, scope: Scope, d: usize) -> Result<()> {
        let role = |p: usize| format!("heads.{p}.weight");
        let fused = self.weights(scope).find(|&i| {
            let shape = &self.tensors[i].shape;
            shape.last() == Some(&d) && shape.iter().product::<usize>() == PATCH * 256 * d
        });
        if let Some(tensor) = fused {
            for p in 0..PATCH {
                self.claim(
                    &role(p),
                    tensor,
                    Some(256 * p..256 * (p + 1)),
                    &[256, d],
                    true,
                    Why::Fused,
                );
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
