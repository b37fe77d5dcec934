//! DeleteGate: which patches skip the upper half of the backbone (MrT5, arXiv 2410.20771, [spec](crate::spec) §2).

use super::linear::Linear;
use super::scratch::Scratch;
use crate::dialect::{Delete, Dialect};
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
    /// How it is read.
    pub dialect: Dialect,
}

impl DeleteGate {
    /// Whether a patch of this probability goes.
    pub fn deletes(&self, probability: f32) -> bool {
        match self.dialect.delete {
            Delete::Above => probability > self.threshold,
            Delete::Below => probability <= self.threshold,
        }
    }

    /// σ(w₂·silu(W₁ x + b₁) + b₂) for each of the patches `x` `[positions, d]`: the probability that
    /// it is not needed further up.
    pub fn probabilities<'s>(
        &'s self,
        x: &[f32],
        scratch: &'s mut Scratch,
        crew: &Crew,
    ) -> impl Iterator<Item = f32> + use<'s> {
        let (d, width) = (self.hidden.matrix.cols(), self.score.len());
        let count = x.len() / d;
        let normed = &mut scratch.normed;
        normed.set_normed(x, d, None, crew);
        let hidden = &mut scratch.narrow[..count * width];
        self.hidden.apply(normed, crew, hidden);
        silu(hidden);
        hidden.chunks_exact(width).map(|hidden| sigmoid(dot(&self.score, hidden) + self.score_bias))
    }
}
