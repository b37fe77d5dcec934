//! The feed-forward layer (SPEC §2): `W_down · SubLN(silu(W_gate n) ⊙ (W_up n))`, or without a gate
//! `W_down · SubLN(silu(W_up n))` (SPEC §3).

use super::block::Scratch;
use super::linear::{Linear, RmsNorm};
use crate::math::silu;
use crate::parallel::Crew;

/// The weights of one feed-forward layer.
#[derive(Clone, Debug)]
pub struct FeedForward {
    /// W_gate and W_up stacked, `[2F, d]`; W_up alone, `[F, d]`, where there is no gate.
    pub gate_up: Linear,
    /// SubLN on the input of `W_down`.
    pub down_norm: Option<RmsNorm>,
    /// W_down `[d, F]`.
    pub down: Linear,
}

impl FeedForward {
    /// Reads `scratch.normed`, writes the outputs `[positions, d]`.
    pub fn forward(&self, scratch: &mut Scratch, crew: &Crew, out: &mut [f32]) {
        let inner = self.down.matrix.cols();
        let (count, wide) = (scratch.normed.count(), self.gate_up.outputs());
        let gate_up = &mut scratch.wide[..count * wide];
        self.gate_up.apply(&scratch.normed, crew, gate_up);
        scratch.inner.set(count, inner, |i, y| {
            let (hidden, up) = gate_up[i * wide..][..wide].split_at_mut(inner);
            hidden.iter_mut().for_each(|h| *h = silu(*h));
            // Without a gate `up` is empty and this leaves `hidden` as it is.
            for (hidden, &up) in hidden.iter_mut().zip(&*up) {
                *hidden *= up;
            }
            match &self.down_norm {
                Some(norm) => norm.apply(hidden, y),
                None => y.copy_from_slice(hidden),
            }
        });
        self.down.apply(&scratch.inner, crew, out);
    }
}
