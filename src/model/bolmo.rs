//! Bolmo: the bytes of a patch look at one another, weighted by where words seem to end ([spec](crate::spec) §2).

use crate::dialect::{BolmoBoundary, BolmoResidual, Dialect};
use crate::math::{add, dot, ln, sigmoid, softmax};

/// Bytes of a patch.
const PATCH: usize = 4;

/// What the four bytes of a patch look like to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Boundaries {
    /// b_i: how much each looks like a boundary, from 0 to 1.
    pub boundary: [f32; PATCH],
    /// a_i: its share of what all of them take on.
    pub attention: [f32; PATCH],
}

/// The weights of the boundary attention over byte vectors of width w; all in f32.
#[derive(Clone, Debug)]
pub struct Bolmo {
    /// W_q.
    pub query: Square,
    /// W_k.
    pub key: Square,
    /// W_v.
    pub value: Square,
    /// W_bo.
    pub out: Square,
    /// w_b `[w]`.
    pub boundary: Vec<f32>,
    /// β_b.
    pub boundary_bias: f32,
    /// How it is read.
    pub dialect: Dialect,
}

/// A linear layer from w to w, too small for kernels.
#[derive(Clone, Debug)]
pub struct Square {
    /// `[w, w]`, row-major.
    pub weight: Vec<f32>,
    /// `[w]`, where a file has one.
    pub bias: Option<Vec<f32>>,
}

impl Square {
    fn apply(&self, x: &[f32], out: &mut [f32]) {
        for (out, row) in out.iter_mut().zip(self.weight.chunks_exact(x.len())) {
            *out = dot(row, x);
        }
        if let Some(bias) = &self.bias {
            add(out, bias);
        }
    }
}

impl Bolmo {
    /// Updates the four byte vectors `[4, w]` in place:
    /// `b_i = σ(w_b·e_i + β_b)`, `a = softmax_i(q·(W_k e_i)/√w + ln(b_i + 1e-6))` with
    /// `q = W_q mean(e)`, then `e_i += W_bo Σ_j a_j W_v e_j`. `scratch` has room for 3w.
    pub fn forward(&self, vectors: &mut [f32], scratch: &mut [f32]) -> Boundaries {
        let width = self.boundary.len();
        let (mixed, rest) = scratch.split_at_mut(width);
        let (query, rest) = rest.split_at_mut(width);
        let projected = &mut rest[..width];

        mean_of(vectors, mixed);
        self.query.apply(mixed, query);

        let (mut boundary, mut attention) = ([0.0; PATCH], [0.0; PATCH]);
        for (i, vector) in vectors.chunks_exact(width).enumerate() {
            boundary[i] = sigmoid(dot(&self.boundary, vector) + self.boundary_bias);
            self.key.apply(vector, projected);
            let nearness = match self.dialect.bolmo {
                BolmoBoundary::Log => ln(boundary[i] + 1e-6),
                BolmoBoundary::Plain => boundary[i],
            };
            attention[i] = dot(query, projected) / (width as f32).sqrt() + nearness;
        }
        softmax(&mut attention);

        mixed.fill(0.0);
        for (&weight, vector) in attention.iter().zip(vectors.chunks_exact(width)) {
            self.value.apply(vector, projected);
            for (mixed, &value) in mixed.iter_mut().zip(&*projected) {
                *mixed += weight * value;
            }
        }
        self.out.apply(mixed, projected);
        if self.dialect.bolmo_residual == BolmoResidual::Mean {
            mean_of(vectors, mixed);
            vectors.chunks_exact_mut(width).for_each(|vector| vector.copy_from_slice(mixed));
        }
        for vector in vectors.chunks_exact_mut(width) {
            add(vector, projected);
        }
        Boundaries { boundary, attention }
    }
}

/// The mean of the four vectors.
fn mean_of(vectors: &[f32], mean: &mut [f32]) {
    mean.fill(0.0);
    for vector in vectors.chunks_exact(mean.len()) {
        add(mean, vector);
    }
    mean.iter_mut().for_each(|m| *m /= PATCH as f32);
}
