//! Narrow side paths around a layer: FPResidual beside the mixer, PFNet beside the feed-forward.

use super::linear::Linear;
use super::scratch::Scratch;
use crate::math::{add, silu};
use crate::parallel::Crew;

/// `W_up · act(W_down n)`, added to the output of the layer it runs beside.
#[derive(Clone, Debug)]
pub struct LowRank {
    /// A or W_p1, `[rank, d]`.
    pub down: Linear,
    /// B or W_p2, `[d, rank]`.
    pub up: Linear,
    /// PFNet has a SiLU in the middle, FPResidual nothing.
    pub activated: bool,
}

impl LowRank {
    /// Reads `scratch.normed`, adds to `out` `[positions, d]`.
    pub fn add_to(&self, out: &mut [f32], scratch: &mut Scratch, crew: &Crew) {
        let (count, rank) = (scratch.normed.count(), self.down.outputs());
        let narrow = &mut scratch.narrow[..count * rank];
        self.down.apply(&scratch.normed, crew, narrow);
        if self.activated {
            silu(narrow);
        }
        scratch.inner.set_normed(narrow, rank, None, crew);
        let wide = &mut scratch.wide[..out.len()];
        self.up.apply(&scratch.inner, crew, wide);
        add(out, wide);
    }
}
