//! MLGRU, the recurrent mixer of MatMul-free language models (arXiv 2406.02528, [spec](crate::spec) §2).

use super::linear::{Linear, RmsNorm};
use super::scratch::Scratch;
use crate::math::Exp;
use crate::parallel::{Crew, Sheet};

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
        let gates = Sheet::new(&mut scratch.wide[..count * 3 * d], 3, d);
        let sheets = [gates, Sheet::new(h, 1, d), Sheet::new(out, 1, d)];
        let (x, shared) = (
            &scratch.normed,
            self.gates.is_worth_sharing(&scratch.normed),
        );
        crew.for_each_strip(sheets, shared, |columns, [mut gates, mut h, mut out]| {
            self.gates.fill(x, columns.clone(), &mut gates);
            let floor = &self.floor[columns];
            let h = h.block(0, 0);
            for i in 0..count {
                step(floor, gates.row(i), h, out.block(i, 0));
            }
        });

        if let Some(seen) = &mut scratch.seen {
            seen.take_forget_gates(&scratch.wide[..count * 3 * d], &self.floor);
        }

        if let Some(project) = &self.out {
            scratch
                .inner
                .set_normed(out, d, self.out_norm.as_ref(), crew);
            project.apply(&scratch.inner, crew, out);
        }
    }
}

/// `f̂ = λ + (1 − λ) σ(f)`, `h = f̂ ⊙ h + (1 − f̂) ⊙ silu(c)`, `out = σ(g) ⊙ h`. Not inlined: that the
/// slices do not overlap, which lets the loop become vectors, is only certain where they are
/// parameters.
#[inline(never)]
fn step(floor: &[f32], gates: [&mut [f32]; 3], h: &mut [f32], out: &mut [f32]) {
    let exp = Exp::load();
    let [forget, candidate, gate] = gates;
    let gates = floor.iter().zip(&*forget).zip(&*candidate).zip(&*gate);
    for ((h, out), (((&floor, &f), &c), &g)) in h.iter_mut().zip(out).zip(gates) {
        let f = floor + (1.0 - floor) * exp.sigmoid(f);
        *h = f * *h + (1.0 - f) * exp.silu(c);
        *out = exp.sigmoid(g) * *h;
    }
}
