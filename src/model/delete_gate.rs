//! DeleteGate: which patches skip the upper half of the backbone (MrT5, arXiv 2410.20771, SPEC §2).

use super::block::Scratch;
use super::linear::Linear;
use crate::math::{dot, sigmoid, silu};
use crate::parallel::Crew;

/// The weights of the gate; all in f32.
#[derive(Clone, Debug)]
pub struct DeleteGate {
    /// W₁ `[hidden, d]` with b₁.
    pub hidden: Linear,
    /// w₂ `[hidden]`.
    pub score: Vec<f32>,
    /// b₂.
    pub score_bias: f32,
    /// A patch goes when its probability exceeds this.
    pub threshold: f32,
}

impl DeleteGate {
    /// σ(w₂·silu(W₁ x + b₁) + b₂): the probability that a patch is not needed further up.
    pub fn probability(&self, x: &[f32], scratch: &mut Scratch, crew: &Crew) -> f32 {
        scratch.normed.set(x.len(), |n| n.copy_from_slice(x));
        let hidden = &mut scratch.narrow[..self.score.len()];
        self.hidden.apply(&scratch.normed, crew, hidden);
        hidden.iter_mut().for_each(|h| *h = silu(*h));
        sigmoid(dot(&self.score, hidden) + self.score_bias)
    }
}
