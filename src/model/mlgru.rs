//! MLGRU, the recurrent mixer of MatMul-free language models (arXiv 2406.02528, SPEC §2).

use super::block::Scratch;
use super::linear::{Linear, RmsNorm};
use crate::math::{sigmoid, silu};
use crate::parallel::Crew;

/// The weights of one MLGRU.
#[derive(Clone, Debug)]
pub struct Mlgru {
    /// W_f, W_c, W_g stacked: forget gate, candidate, output gate, `[3d, d]`.
    pub gates: Linear,
    /// λ = σ(decay), the floor under the forget gate, `[d]`.
    pub floor: Vec<f32>,
    /// SubLN on the input of `W_o`.
    pub out_norm: Option<RmsNorm>,
    /// W_o `[d, d]`; absent in run_05b.
    pub out: Option<Linear>,
}

impl Mlgru {
    /// Some steps: reads `scratch.normed`, advances the state `h` `[d]`, writes the outputs
    /// `[positions, d]`.
    pub fn forward(&self, h: &mut [f32], scratch: &mut Scratch, crew: &Crew, out: &mut [f32]) {
        let d = h.len();
        let count = scratch.normed.count();
        let gates = &mut scratch.wide[..count * 3 * d];
        self.gates.apply(&scratch.normed, crew, gates);
        for (gates, out) in gates.chunks_exact(3 * d).zip(out.chunks_exact_mut(d)) {
            let (forget, rest) = gates.split_at(d);
            let (candidate, gate) = rest.split_at(d);
            // h = f̂ ⊙ h + (1 − f̂) ⊙ c, then y = g ⊙ h.
            let gates = self.floor.iter().zip(forget).zip(candidate).zip(gate);
            for ((h, out), (((&floor, &f), &c), &g)) in h.iter_mut().zip(out).zip(gates) {
                let f = floor + (1.0 - floor) * sigmoid(f);
                *h = f * *h + (1.0 - f) * silu(c);
                *out = sigmoid(g) * *h;
            }
        }

        if let Some(project) = &self.out {
            scratch.inner.set_normed(out, d, self.out_norm.as_ref());
            project.apply(&scratch.inner, crew, out);
        }
    }
}
