//! The feed-forward layer (SPEC §2): `W_down · SubLN(silu(W_gate n) ⊙ (W_up n))`.

use super::block::Scratch;
use super::linear::{Linear, RmsNorm};
use crate::math::silu;
use crate::parallel::Crew;

/// The weights of one feed-forward layer.
#[derive(Clone, Debug)]
pub struct FeedForward {
    /// W_gate and W_up stacked, `[2F, d]`.
    pub gate_up: Linear,
    /// SubLN on the input of `W_down`.
    pub down_norm: Option<RmsNorm>,
    /// W_down `[d, F]`.
    pub down: Linear,
}

impl FeedForward {
    /// Reads `scratch.normed`, writes the output `[d]`.
    pub fn forward(&self, scratch: &mut Scratch, crew: &Crew, out: &mut [f32]) {
        let inner = self.gate_up.outputs() / 2;
        let gate_up = &mut scratch.wide[..2 * inner];
        self.gate_up.apply(&scratch.normed, crew, gate_up);
        let (gate, up) = gate_up.split_at_mut(inner);
        for (gate, &up) in gate.iter_mut().zip(&*up) {
            *gate = silu(*gate) * up;
        }
        scratch.inner.set(inner, |y| match &self.down_norm {
            Some(norm) => norm.apply(gate, y),
            None => y.copy_from_slice(gate),
        });
        self.down.apply(&scratch.inner, crew, out);
    }
}
