//! What a stack of blocks is: its widths and the parts it has, as its tensors' names and shapes say best.

use super::phrases::*;
use super::pool::Pool;
use super::scope::{Need, Scope, Solution, Want, want};
use crate::config::{Decay, Mixer};
use crate::weights::file_config::Hints;

/// What a stack's tensors told about it.
pub struct Plan {
    pub solution: Solution,
    /// With what the config says.
    pub score: i32,
    pub shape: Shape,
    /// A part that another reading, which is as good, gives another tensor.
    pub rival: Option<(usize, Option<usize>)>,
}

/// The sizes of a stack's blocks, and what they have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shape {
    pub width: usize,
    pub inner: usize,
    pub mixer: Mixer,
    pub fp_residual_rank: usize,
    pub pfnet_hidden: usize,
    /// The mixer's inputs are one tensor.
    fused_inputs: bool,
    /// So are the feed-forward layer's.
    fused_ffn: bool,
    pub decay: Decay,
}

/// Which stack it would be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Backbone,
    Decoder,
}

/// More sizes and ranks than any block has.
const MOST: usize = 8;

/// What a word of the config, or of the mixer's kind, is worth beside the names.
const SAID: i32 = 8;

impl Side {
    /// What its roles begin with.
    pub fn at(self) -> &'static str {
        match self {
            Side::Backbone => "blocks",
            Side::Decoder => "decoder.blocks",
        }
    }
}

/// The best reading of a stack.
pub fn plan(pool: &Pool, scope: &Scope, side: Side, hints: &Hints) -> Option<Plan> {
    let mut best: Option<Plan> = None;
    for shape in shapes(scope, side) {
        let solution = scope.solve(pool, wants(&shape));
        let score = solution.score + hinted(scope, &shape, side, hints);
        match &mut best {
            Some(best) if score < best.score => {}
            Some(best) if score == best.score => {
                if best.rival.is_none() {
                    best.rival = differ(&best.solution, &solution);
                }
            }
            _ => best = Some(Plan { solution, score, shape, rival: None }),
        }
    }
    best
}

/// The first part that two readings give different tensors.
fn differ(one: &Solution, other: &Solution) -> Option<(usize, Option<usize>)> {
    let mut parts = one.parts.iter().enumerate().filter_map(|(place, (want, entry))| {
        let mut same = other.parts.iter().filter(|(other, _)| other.part.name == want.part.name);
        let there = same.next().and_then(|(_, entry)| *entry);
        (there != *entry).then_some((place, there))
    });
    parts.next()
}

/// What the config says for a reading.
fn hinted(scope: &Scope, shape: &Shape, side: Side, hints: &Hints) -> i32 {
    let (width, inner) = match side {
        Side::Backbone => (hints.d_model, hints.d_ff),
        Side::Decoder => (hints.local_width, hints.local_d_ff),
    };
    let says = |hint: Option<usize>, is: usize| SAID * i32::from(hint == Some(is));
    let mut score = says(width, shape.width) + says(inner, shape.inner);
    if side == Side::Backbone {
        score += says(hints.fp_residual_rank, shape.fp_residual_rank);
        score += says(hints.pfnet_hidden, shape.pfnet_hidden);
        // A pair of matrices whose names say nothing is FPResidual, which most runs have.
        score += i32::from(shape.pfnet_hidden == 0);
        score += SAID * i32::from(hints.mixer == Some(shape.mixer));
        let words = match shape.mixer {
            Mixer::Attention => "attn|attention|mha",
            Mixer::Mlgru => "mlgru|gru|hgrn|rnn",
        };
        score += SAID / 2 * i32::from(scope.says(words));
    }
    // A gap between the numbers.
    let whole = scope.numbers.last().is_some_and(|last| last + 1 == scope.numbers.len());
    if whole { score } else { score - 50 }
}

/// The shapes that a stack's blocks could have.
fn shapes(scope: &Scope, side: Side) -> Vec<Shape> {
    let matrices: Vec<[usize; 2]> =
        scope.shapes().filter_map(|shape| shape.try_into().ok()).collect();
    let has = |rows, cols| matrices.contains(&[rows, cols]);
    let distinct = |sizes: &mut dyn Iterator<Item = usize>| {
        let mut all: Vec<usize> = Vec::new();
        for size in sizes {
            if all.len() < MOST && !all.contains(&size) {
                all.push(size);
            }
        }
        all
    };
    let norms = |width: usize| scope.shapes().filter(|shape| *shape == [width]).count();
    let cols = || matrices.iter().map(|[_, cols]| *cols);
    let mut widths = distinct(&mut cols().filter(|&width| norms(width) >= 2));
    if widths.is_empty() {
        widths = distinct(&mut cols());
    }
    let decays = match scope.has(&[]) {
        true => &[Decay::Scalar, Decay::Channel][..],
        false => &[Decay::Channel],
    };
    let mixers = match side {
        Side::Backbone => &[Mixer::Mlgru, Mixer::Attention][..],
        Side::Decoder => &[Mixer::Attention],
    };
    let mut shapes = Vec::new();
    for width in widths {
        let gives = |size: usize| has(width, size);
        let mut inners =
            distinct(&mut cols().filter(|&f| gives(f) && (has(f, width) || has(2 * f, width))));
        if inners.is_empty() {
            inners = distinct(&mut cols().filter(|&f| gives(f)).chain([0]));
        }
        for inner in inners {
            // The matrices of FPResidual and PFNet are [r, d] and [d, r], narrower than both.
            let narrow = |[rows, cols]: &[usize; 2]| match (*rows == width, *cols == width) {
                (true, false) => Some(*cols),
                (false, true) => Some(*rows),
                _ => None,
            };
            let narrow = matrices.iter().filter_map(narrow);
            let mut ranks = distinct(&mut narrow.filter(|&rank| rank < width.min(inner)));
            if side == Side::Decoder {
                ranks.clear();
            }
            for [fp_residual_rank, pfnet_hidden] in paths(scope, &ranks) {
                for &mixer in mixers {
                    for &decay in if mixer == Mixer::Mlgru { decays } else { &[Decay::None] } {
                        for fused in 0..4 {
                            let (fused_inputs, fused_ffn) = (fused & 1 == 1, fused & 2 == 2);
                            if fused_inputs && !has(3 * width, width)
                                || fused_ffn && !has(2 * inner, width)
                            {
                                continue;
                            }
                            shapes.push(Shape {
                                width,
                                inner,
                                mixer,
                                fp_residual_rank,
                                pfnet_hidden,
                                fused_inputs,
                                fused_ffn,
                                decay,
                            });
                        }
                    }
                }
            }
        }
    }
    shapes
}

/// The ranks that FPResidual and PFNet could have; 0 where there is none.
fn paths(scope: &Scope, ranks: &[usize]) -> Vec<[usize; 2]> {
    let [fp, pf] = [&FP_DOWN, &PF_DOWN].map(|part| match scope.given(part) {
        Some(shape) if shape.len() == 2 => vec![shape[0]],
        // A rank of 1.
        Some(_) => vec![1],
        None => [ranks, &[0]].concat(),
    });
    let pairs = fp.iter().flat_map(|&fp| pf.iter().map(move |&pf| [fp, pf]));
    pairs.collect()
}

/// The parts of a block.
fn wants(shape: &Shape) -> Vec<Want> {
    use Need::{Named, Optional, Parameter, Required};
    let Shape { width: d, inner: f, .. } = *shape;
    let square = [d, d];
    let mut wants = vec![want(&NORM_1, &[d], Required), want(&NORM_2, &[d], Required)];
    let (inputs, fused) = match shape.mixer {
        Mixer::Attention => ([&QUERY, &KEY, &VALUE], &QKV),
        Mixer::Mlgru => ([&FORGET, &CANDIDATE, &OUTPUT_GATE], &GATES),
    };
    match shape.fused_inputs {
        true => wants.push(want(fused, &[3 * d, d], Required)),
        false => wants.extend(inputs.map(|part| want(part, &square, Required))),
    }
    wants.push(want(&OUT, &square, Optional));
    wants.push(want(&OUT_NORM, &[d], Named));
    match shape.decay {
        Decay::None => {}
        Decay::Scalar => wants.push(want(&DECAY, &[1], Optional)),
        Decay::Channel => wants.push(want(&DECAY, &[d], Parameter)),
    }
    match shape.fused_ffn {
        true => wants.push(want(&GATE_UP, &[2 * f, d], Required)),
        // Two matrices with a gate, one without ([spec](crate::spec) §3).
        false => {
            wants.push(want(&FFN_GATE, &[f, d], Optional));
            wants.push(want(&FFN_UP, &[f, d], Required));
        }
    }
    wants.push(want(&FFN_DOWN, &[d, f], Required));
    // Of the length f there is nothing else.
    wants.push(want(&DOWN_NORM, &[f], if f == d { Named } else { Optional }));
    let paths =
        [(shape.fp_residual_rank, [&FP_DOWN, &FP_UP]), (shape.pfnet_hidden, [&PF_DOWN, &PF_UP])];
    for (rank, [down, up]) in paths.into_iter().filter(|(rank, _)| *rank > 0) {
        wants.push(want(down, &[rank, d], Required));
        wants.push(want(up, &[d, rank], Required));
    }
    wants
}
