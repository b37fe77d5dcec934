//! MLGRU, the recurrent mixer of MatMul-free language models (arXiv 2406.02528, [spec](crate::spec) §2).

use super::linear::{Linear, RmsNorm};
use super::scratch::Scratch;
use crate::dialect::{Candidate, Dialect, Floor, Forget, Gate, Input, MixerNorm};
use crate::math::{Exp, exp, ln, sigmoid, silu};
use crate::parallel::{Crew, Sheet};

/// The weights of one MLGRU.
#[derive(Clone, Debug)]
pub struct Mlgru {
    /// W_f, W_c, W_g stacked: forget gate, candidate, output gate, `[3d, d]`.
    pub gates: Linear,
    /// The decay's parameter p, `[1]` or `[d]`, where there is one.
    pub decay: Option<Vec<f32>>,
    /// λ = σ(p), the floor under the forget gate, `[d]`; 0 without a decay.
    pub floor: Vec<f32>,
    /// How it is read.
    pub dialect: Dialect,
    /// SubLN on the input of `W_o`.
    pub out_norm: Option<RmsNorm>,
    /// W_o `[d, d]`; absent in run_05b.
    pub out: Option<Linear>,
}

impl Mlgru {
    /// Reads it under a dialect from now on.
    pub fn read_under(&mut self, dialect: Dialect) {
        self.dialect = dialect;
        let Some(decay) = &self.decay else {
            return;
        };
        for (i, low) in self.floor.iter_mut().enumerate() {
            *low = floor(decay[i % decay.len()], dialect.floor);
        }
    }

    /// Whether its steps are ours.
    fn is_plain(&self) -> bool {
        let Dialect { forget, input, candidate, gate, .. } = self.dialect;
        let ours = Dialect::default();
        (forget, input, candidate, gate) == (ours.forget, ours.input, ours.candidate, ours.gate)
            && !self.norms_before_gate()
    }

    /// Whether y = g ⊙ SubLN(h).
    fn norms_before_gate(&self) -> bool {
        self.dialect.mixer_norm == MixerNorm::BeforeGate
            && self.out_norm.is_some()
            && self.out.is_some()
    }

    /// Some steps: reads `scratch.normed`, advances the state `h` `[d]`, writes the outputs
    /// `[positions, d]`.
    pub fn forward(&self, h: &mut [f32], scratch: &mut Scratch, crew: &Crew, out: &mut [f32]) {
        let d = h.len();
        let count = scratch.normed.count();
        let gates = Sheet::new(&mut scratch.wide[..count * 3 * d], 3, d);
        let sheets = [gates, Sheet::new(h, 1, d), Sheet::new(out, 1, d)];
        let (x, shared) = (&scratch.normed, self.gates.is_worth_sharing(&scratch.normed));
        let plain = self.is_plain();
        crew.for_each_strip(sheets, shared, |columns, [mut gates, mut h, mut out]| {
            self.gates.fill(x, columns.clone(), &mut gates);
            let floor = &self.floor[columns];
            let h = h.block(0, 0);
            for i in 0..count {
                match plain {
                    true => step(floor, gates.row(i), h, out.block(i, 0)),
                    false => self.step_otherwise(floor, gates.row(i), h, out.block(i, 0)),
                }
            }
        });

        if let Some(seen) = &mut scratch.seen {
            let floor = plain.then_some(&self.floor[..]);
            seen.take_forget_gates(&scratch.wide[..count * 3 * d], d, floor);
        }

        if let Some(project) = &self.out {
            match &self.out_norm {
                Some(norm) if self.norms_before_gate() => {
                    let gates = &scratch.wide;
                    scratch.inner.set(count, d, crew, |i, y| {
                        norm.apply(&out[i * d..][..d], y);
                        let gate = &gates[i * 3 * d + 2 * d..][..d];
                        y.iter_mut().zip(gate).for_each(|(y, gate)| *y *= gate);
                    });
                }
                norm => scratch.inner.set_normed(out, d, norm.as_ref(), crew),
            }
            project.apply(&scratch.inner, crew, out);
        }
    }
}

/// σ of each.
#[inline(never)]
fn sigmoids(x: &mut [f32]) {
    let exp = Exp::load();
    x.iter_mut().for_each(|x| *x = exp.sigmoid(*x));
}

/// λ out of the decay's p.
#[inline(never)]
fn floor(p: f32, floor: Floor) -> f32 {
    match floor {
        Floor::Sigmoid => sigmoid(p),
        Floor::Clamped => p.clamp(0.0, 1.0),
        Floor::ExpSoftplus => sigmoid(-p),
        Floor::ExpExp => exp(-exp(p)),
    }
}

impl Mlgru {
    /// A step as another dialect has it. The gates' inputs become f̂, what enters h, and g.
    #[inline(never)]
    fn step_otherwise(
        &self,
        floor: &[f32],
        gates: [&mut [f32]; 3],
        h: &mut [f32],
        out: &mut [f32],
    ) {
        let [forget, candidate, gate] = gates;
        match self.dialect.candidate {
            Candidate::Silu => silu(candidate),
            Candidate::Tanh => {
                candidate.iter_mut().for_each(|c| *c *= 2.0);
                sigmoids(candidate);
                candidate.iter_mut().for_each(|c| *c = 2.0 * *c - 1.0);
            }
        }
        let enter = |candidate: &mut [f32], forget: &[f32]| {
            candidate.iter_mut().zip(forget).for_each(|(c, f)| *c *= 1.0 - f);
        };
        sigmoids(forget);
        if self.dialect.input == Input::RestOfF {
            enter(candidate, forget);
        }
        let floored = forget.iter_mut().zip(floor);
        match self.dialect.forget {
            Forget::Floor => floored.for_each(|(f, low)| *f = low + (1.0 - low) * *f),
            Forget::Product => floored.for_each(|(f, low)| *f *= low),
            Forget::Power => floored.for_each(|(f, low)| *f = exp(low * ln(*f))),
            Forget::Plain => {}
        }
        if self.dialect.input == Input::Rest {
            enter(candidate, forget);
        }
        for ((h, f), c) in h.iter_mut().zip(&*forget).zip(&*candidate) {
            *h = f * *h + c;
        }
        match self.dialect.gate {
            Gate::Sigmoid => sigmoids(gate),
            Gate::Silu => silu(gate),
        }
        out.copy_from_slice(h);
        if !self.norms_before_gate() {
            out.iter_mut().zip(&*gate).for_each(|(out, gate)| *out *= gate);
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
