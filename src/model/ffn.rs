//! The feed-forward layer ([spec](crate::spec) §2): `W_down · SubLN(silu(W_gate n) ⊙ (W_up n))`, or without a gate
//! `W_down · SubLN(silu(W_up n))` ([spec](crate::spec) §3).

use super::linear::{Linear, RmsNorm};
use super::scratch::Scratch;
use crate::dialect::{Dialect, FfnNorm};
use crate::math;
use crate::parallel::{Crew, Sheet};

/// The weights of one feed-forward layer.
#[derive(Clone, Debug)]
pub struct FeedForward {
    /// W_gate and W_up stacked, `[2F, d]`; W_up alone, `[F, d]`, where there is no gate.
    pub gate_up: Linear,
    /// SubLN on the input of `W_down`.
    pub down_norm: Option<RmsNorm>,
    /// W_down `[d, F]`.
    pub down: Linear,
    /// How it is read.
    pub dialect: Dialect,
}

impl FeedForward {
    /// Reads `scratch.normed`, writes the outputs `[positions, d]`.
    pub fn forward(&self, scratch: &mut Scratch, crew: &Crew, out: &mut [f32]) {
        let inner = self.down.matrix.cols();
        let (count, wide) = (scratch.normed.count(), self.gate_up.outputs());
        let gate_up = &mut scratch.wide[..count * wide];
        let (x, shared) = (&scratch.normed, self.gate_up.is_worth_sharing(&scratch.normed));
        let sheet = Sheet::new(gate_up, wide / inner, inner);
        let apart = self.dialect.ffn_norm == FfnNorm::BeforeGate
            && self.down_norm.is_some()
            && wide > inner;
        crew.for_each_strip([sheet], shared, |columns, [mut strip]| {
            self.gate_up.fill(x, columns, &mut strip);
            for i in 0..count {
                if apart || strip.blocks() == 1 {
                    math::silu(strip.block(i, 0));
                } else {
                    let [hidden, up] = strip.row(i);
                    math::silu_times(hidden, up);
                }
            }
        });
        let gate_up = &*gate_up;
        scratch.inner.set(count, inner, crew, |i, y| {
            let hidden = &gate_up[i * wide..][..inner];
            match &self.down_norm {
                Some(norm) if apart => {
                    norm.apply(&gate_up[i * wide + inner..][..inner], y);
                    y.iter_mut().zip(hidden).for_each(|(y, gate)| *y *= gate);
                }
                Some(norm) => norm.apply(hidden, y),
                None => y.copy_from_slice(hidden),
            }
        });
        self.down.apply(&scratch.inner, crew, out);
    }
}
