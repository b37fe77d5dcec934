//! Narrow side paths around a layer: FPResidual beside the mixer, PFNet beside the feed-forward.

use super::linear::Linear;
use super::scratch::Scratch;
use crate::dialect::PfnetActivation;
use crate::math::{add, sigmoid, silu};
use crate::parallel::Crew;

/// `W_up · act(W_down n)`, added to the output of the layer it runs beside.
#[derive(Clone, Debug)]
pub struct LowRank {
    /// A or W_p1, `[rank, d]`.
    pub down: Linear,
    /// B or W_p2, `[d, rank]`.
    pub up: Linear,
    /// PFNet has an activation in the middle, FPResidual nothing.
    pub activation: Option<PfnetActivation>,
}

impl LowRank {
    /// Reads `scratch.normed`, adds to `out` `[positions, d]`.
    pub fn add_to(&self, out: &mut [f32], scratch: &mut Scratch, crew: &Crew) {
        let (count, rank) = (scratch.normed.count(), self.down.outputs());
        let narrow = &mut scratch.narrow[..count * rank];
        self.down.apply(&scratch.normed, crew, narrow);
        match self.activation {
            None => {}
            Some(PfnetActivation::Silu) => silu(narrow),
            Some(PfnetActivation::Relu2) => {
                narrow.iter_mut().for_each(|x| *x = x.max(0.0) * x.max(0.0));
            }
            Some(PfnetActivation::Gelu) => narrow.iter_mut().for_each(|x| *x = gelu(*x)),
        }
        scratch.inner.set_normed(narrow, rank, None, crew);
        let wide = &mut scratch.wide[..out.len()];
        self.up.apply(&scratch.inner, crew, wide);
        add(out, wide);
    }
}

/// GELU by its tanh form: `x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³)))`.
fn gelu(x: f32) -> f32 {
    x * sigmoid(1.595_769 * (x + 0.044_715 * x * x * x))
}
