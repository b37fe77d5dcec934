//! What is around the blocks: embedding, gate, final norm and head, as names and shapes say best.

use super::phrases::*;
use super::pool::Pool;
use super::scope::{Need, Scope, Solution, Want, want};
use crate::weights::file_config::Hints;

/// Bytes of a patch.
pub const PATCH: usize = 4;

/// What stands around the blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outer {
    pub vocab_size: usize,
    /// Width of the byte vectors; 0 for tokens.
    byte_width: usize,
    /// Hidden width of the DeleteGate; 0 for none.
    gate: usize,
    bolmo: Bolmo,
    /// The heads are one tensor: of two sides, or of three.
    heads: Option<usize>,
    pub local_width: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bolmo {
    Absent,
    Apart,
    Fused,
}

impl Outer {
    pub fn bytes(&self) -> bool {
        self.byte_width > 0
    }

    pub fn bolmo(&self) -> bool {
        self.bolmo != Bolmo::Absent
    }

    pub fn delete_gate(&self) -> bool {
        self.gate > 0
    }
}

/// A reading of what is around the blocks.
pub struct Around {
    pub outer: Outer,
    pub solution: Solution,
    /// Another reading is as good.
    pub tied: bool,
}

/// The best reading, for a backbone and a local decoder of these widths.
pub fn plan(
    pool: &Pool,
    scope: &Scope,
    d: usize,
    local_width: Option<usize>,
    hints: &Hints,
) -> Around {
    let mut best: Option<(i32, Around)> = None;
    for outer in outers(scope, d, local_width) {
        let solution = scope.solve(pool, wants(&outer, d));
        let tokens = !outer.bytes() && hints.vocab_size == Some(outer.vocab_size);
        let score = solution.score + if tokens { 8 } else { 0 };
        match &mut best {
            Some((most, _)) if score < *most => {}
            Some((most, around)) if score == *most => around.tied = true,
            _ => best = Some((score, Around { outer, solution, tied: false })),
        }
    }
    // There is always a reading, if none that fits.
    best.expect("a reading").1
}

/// What could be around the blocks.
fn outers(scope: &Scope, d: usize, local_width: Option<usize>) -> Vec<Outer> {
    let given = |part: &Part, side: usize| scope.given(part)?.get(side).copied();
    let sizes = |given: Option<usize>, of: &dyn Fn(&[usize]) -> Option<usize>| {
        let mut sizes: Vec<usize> = match given {
            Some(size) => vec![size],
            None => scope.shapes().filter_map(of).take(8).collect(),
        };
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    };
    let byte_widths = sizes(given(&BYTES, 1), &|shape| match shape {
        [256, w] => Some(*w).filter(|w| scope.has(&[d, PATCH * w])),
        _ => None,
    });
    let mut tables: Vec<(usize, usize)> = byte_widths.into_iter().map(|w| (256, w)).collect();
    if local_width.is_none() {
        let vocabularies = sizes(given(&TOKENS, 0), &|shape| match shape {
            [v, cols] => Some(*v).filter(|_| *cols == d),
            _ => None,
        });
        tables.extend(vocabularies.into_iter().map(|v| (v, 0)));
    }
    if tables.is_empty() {
        // Of a table that is there its projection may be missing.
        let table = scope.shapes().filter(|shape| shape.len() == 2 && shape[0] == 256);
        tables.push((256, table.map(|shape| shape[1]).min().unwrap_or(1)));
    }
    let mut gates = sizes(given(&GATE_HIDDEN, 0), &|shape| match shape {
        [hidden, cols] => Some(*hidden).filter(|h| *cols == d && scope.has(&[*h])),
        _ => None,
    });
    if given(&GATE_HIDDEN, 0).is_none() {
        gates.push(0);
    }
    let fused_heads = [2, 3].into_iter().find(|&sides| scope.has(&fused(sides, d)));
    let mut outers = Vec::new();
    for (vocab_size, byte_width) in tables {
        for &gate in &gates {
            for bolmo in [Bolmo::Absent, Bolmo::Apart, Bolmo::Fused] {
                let w = byte_width;
                let is = match bolmo {
                    Bolmo::Absent => true,
                    Bolmo::Apart => scope.has(&[w, w]),
                    Bolmo::Fused => scope.has(&[3 * w, w]),
                };
                for heads in [None, fused_heads] {
                    let has_heads = local_width.is_none() && w > 0;
                    if !is || bolmo != Bolmo::Absent && w == 0 || heads.is_some() && !has_heads {
                        continue;
                    }
                    outers.push(Outer { vocab_size, byte_width, gate, bolmo, heads, local_width });
                }
            }
        }
    }
    outers
}

/// The shape of all heads in one tensor.
fn fused(sides: usize, d: usize) -> Vec<usize> {
    match sides {
        2 => vec![PATCH * 256, d],
        _ => vec![PATCH, 256, d],
    }
}

/// The parts around the blocks.
fn wants(outer: &Outer, d: usize) -> Vec<Want> {
    use Need::{Optional, Required, Tied};
    let Outer { vocab_size: v, byte_width: b, gate, .. } = *outer;
    let mut wants = Vec::new();
    if outer.bytes() {
        wants.push(want(&BYTES, &[256, b], Required));
        wants.push(want(&PATCH_PROJECTION, &[d, PATCH * b], Required));
    } else {
        wants.push(want(&TOKENS, &[v, d], Required));
        wants.push(want(&HEAD, &[v, d], Tied));
    }
    if outer.bolmo() {
        match outer.bolmo {
            Bolmo::Fused => wants.push(want(&BOLMO_QKV, &[3 * b, b], Required)),
            _ => wants.extend(
                [&BOLMO_QUERY, &BOLMO_KEY, &BOLMO_VALUE].map(|part| want(part, &[b, b], Required)),
            ),
        }
        wants.push(want(&BOLMO_OUT, &[b, b], Required));
        wants.push(want(&BOUNDARY, &[1, b], Required));
    }
    if gate > 0 {
        wants.push(want(&GATE_HIDDEN, &[gate, d], Required));
        wants.push(want(&GATE_SCORE, &[1, gate], Required));
    }
    wants.push(want(&NORM, &[d], Required));
    match (outer.local_width, outer.heads) {
        (Some(w), _) => {
            wants.push(want(&DECODER_INPUT, &[PATCH * w, d], Required));
            wants.push(want(&POSITIONS, &[PATCH, w], Optional));
            wants.push(want(&DECODER_BYTES, &[256, w], Required));
            wants.push(want(&DECODER_NORM, &[w], Required));
            wants.push(want(&DECODER_HEAD, &[256, w], Tied));
        }
        (None, Some(sides)) => wants.push(want(&HEADS_FUSED, &fused(sides, d), Required)),
        (None, None) if outer.bytes() => {
            wants.extend(HEADS.iter().map(|part| want(part, &[256, d], Required)));
        }
        (None, None) => {}
    }
    wants
}
