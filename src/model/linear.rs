//! Linear layers: dense and BitLinear, and the vectors they read (SPEC §2).

use crate::kernels::dense::{DenseMatrix, Weight};
use crate::kernels::{self, QuantizedVector, TernaryMatrix};
use crate::math;
use crate::parallel::Crew;
use half::bf16;
use std::ops::Range;

/// A weight matrix, `[rows, cols]` row-major, in the form it is held in memory.
#[derive(Clone, Debug)]
pub enum Matrix {
    /// T and, for each row, γ: several tensors that read one input are stacked as rows.
    Ternary {
        /// T.
        weights: TernaryMatrix,
        /// γ of each row.
        gamma: Vec<f32>,
    },
    /// Plain f32.
    F32(DenseMatrix<f32>),
    /// bf16, widened to f32 as it is read.
    Bf16(DenseMatrix<bf16>),
}

/// Weights of a product below which a second thread costs more than it saves.
const WORTH_SHARING: usize = 1 << 15;

impl Matrix {
    /// Number of rows (outputs).
    pub fn rows(&self) -> usize {
        match self {
            Matrix::Ternary { weights, .. } => weights.rows(),
            Matrix::F32(weights) => weights.rows(),
            Matrix::Bf16(weights) => weights.rows(),
        }
    }

    /// Number of columns (inputs).
    pub fn cols(&self) -> usize {
        match self {
            Matrix::Ternary { weights, .. } => weights.cols(),
            Matrix::F32(weights) => weights.cols(),
            Matrix::Bf16(weights) => weights.cols(),
        }
    }

    /// Bytes the weights take in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Matrix::Ternary { weights, gamma } => weights.packed_bytes() + 4 * gamma.len(),
            Matrix::F32(weights) => weights.bytes(),
            Matrix::Bf16(weights) => weights.bytes(),
        }
    }

    /// Writes one row, as an embedding lookup does: `T·γ` for ternary weights.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        match self {
            Matrix::Ternary { weights, gamma } => {
                for (col, out) in out.iter_mut().enumerate() {
                    *out = f32::from(weights.weight(row, col)) * gamma[row];
                }
            }
            Matrix::F32(weights) => weights.row(row, out),
            Matrix::Bf16(weights) => weights.row(row, out),
        }
    }

    /// Rows `start..` of the product with each of some of the vectors: `[vectors, rows of the part]`.
    /// `start` is the first of a group.
    fn product(&self, x: &Activations, vectors: Range<usize>, start: usize, out: &mut [f32]) {
        match self {
            Matrix::Ternary { weights, gamma } => {
                let rows = start..start + out.len() / vectors.len();
                ternary_product(weights, &gamma[rows], &x.quantized[vectors], start, out);
            }
            Matrix::F32(weights) => dense_product(weights, x, vectors, start, out),
            Matrix::Bf16(weights) => dense_product(weights, x, vectors, start, out),
        }
    }
}

fn dense_product<T: Weight>(
    weights: &DenseMatrix<T>,
    x: &Activations,
    vectors: Range<usize>,
    start: usize,
    out: &mut [f32],
) {
    let rows = out.len() / vectors.len();
    for (vector, out) in vectors.zip(out.chunks_exact_mut(rows)) {
        weights.matvec(x.row(vector), start, out);
    }
}

/// Sums held on the stack at a time, in groups of rows.
const GROUPS: usize = 64;

/// `out[v, r] = (T x[v])[start + r] · γ[r] / s[v]`.
fn ternary_product(
    weights: &TernaryMatrix,
    gamma: &[f32],
    x: &[QuantizedVector],
    start: usize,
    out: &mut [f32],
) {
    let kernel = kernels::chosen();
    let rows = gamma.len();
    let mut sums = [[0; kernels::ROWS]; GROUPS];
    // Groups for as many vectors at a time as there is room for.
    let step = (GROUPS / x.len()).max(1);
    for (x, out) in x.chunks(GROUPS).zip(out.chunks_mut(GROUPS * rows)) {
        for first in (0..rows.div_ceil(kernels::ROWS)).step_by(step) {
            let groups = first..rows.div_ceil(kernels::ROWS).min(first + step);
            let at = groups.start * kernels::ROWS..rows.min(groups.end * kernels::ROWS);
            let sums = &mut sums[..groups.len() * x.len()];
            let offset = start / kernels::ROWS;
            let places = groups.start + offset..groups.end + offset;
            kernels::matvec(kernel, weights, x, places, sums);
            let vectors = x.iter().zip(sums.chunks_exact(groups.len()));
            for ((x, sums), out) in vectors.zip(out.chunks_exact_mut(rows)) {
                let scale = x.scale();
                let out = out[at.clone()].iter_mut().zip(&gamma[at.clone()]);
                for ((out, &gamma), &sum) in out.zip(sums.as_flattened()) {
                    *out = sum as f32 * gamma / scale;
                }
            }
        }
    }
}

/// Vectors of one length as linear layers read them: their floats and, in ternary models, their
/// 8-bit forms.
#[derive(Clone, Debug)]
pub struct Activations {
    /// `[vectors, len]`.
    values: Vec<f32>,
    len: usize,
    quantized: Vec<QuantizedVector>,
    quantize: bool,
}

impl Activations {
    /// Room for so many vectors of up to `capacity` elements. `quantize` says whether BitLinears
    /// read them.
    pub fn with_capacity(vectors: usize, capacity: usize, quantize: bool) -> Self {
        let quantized = if quantize { vectors } else { 0 };
        Activations {
            values: Vec::with_capacity(vectors * capacity),
            len: 0,
            quantized: (0..quantized)
                .map(|_| QuantizedVector::with_capacity(capacity))
                .collect(),
            quantize,
        }
    }

    /// Replaces the vectors by `count` of `len` elements: `write` fills in each by its number. Then
    /// they are quantised.
    ///
    /// # Panics
    /// When there is no room for so many.
    pub fn set(&mut self, count: usize, len: usize, mut write: impl FnMut(usize, &mut [f32])) {
        self.len = len;
        self.values.resize(count * len, 0.0);
        for (i, values) in self.values.chunks_exact_mut(len).enumerate() {
            write(i, values);
            if self.quantize {
                self.quantized[i].set(values);
            }
        }
    }

    /// Replaces the vectors by those of `x` `[vectors, len]`, each through the norm where there is one.
    pub fn set_normed(&mut self, x: &[f32], len: usize, norm: Option<&RmsNorm>) {
        self.set(x.len() / len, len, |i, out| {
            let x = &x[i * len..][..len];
            match norm {
                Some(norm) => norm.apply(x, out),
                None => out.copy_from_slice(x),
            }
        });
    }

    /// Number of vectors.
    pub fn count(&self) -> usize {
        self.values.len() / self.len
    }

    /// The floats of one vector, before quantisation.
    pub fn row(&self, vector: usize) -> &[f32] {
        &self.values[vector * self.len..][..self.len]
    }
}

/// `y = W x (+ b)`, with W dense or a BitLinear's.
#[derive(Clone, Debug)]
pub struct Linear {
    /// W, `[out, in]`.
    pub matrix: Matrix,
    /// b, `[out]`, where a file has one.
    pub bias: Option<Vec<f32>>,
}

impl Linear {
    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.matrix.rows()
    }

    /// Writes the products `[vectors, outputs]`, shared among the crew where that pays: a single
    /// vector by rows, several by vectors.
    pub fn apply(&self, x: &Activations, crew: &Crew, out: &mut [f32]) {
        let (rows, vectors) = (self.outputs(), x.count());
        debug_assert_eq!(out.len(), vectors * rows);
        let shared = rows * self.matrix.cols() * vectors >= WORTH_SHARING;
        let parts = if shared { 2 * crew.members() } else { 1 };
        if vectors == 1 {
            let part_len = rows.div_ceil(parts).next_multiple_of(kernels::ROWS);
            crew.for_each_part(out, part_len, |start, part| {
                self.matrix.product(x, 0..1, start, part);
                if let Some(bias) = &self.bias {
                    math::add(part, &bias[start..][..part.len()]);
                }
            });
        } else {
            // Even numbers of vectors share their unpacking.
            let part_vectors = vectors.div_ceil(parts).next_multiple_of(2);
            crew.for_each_part(out, part_vectors * rows, |start, part| {
                let first = start / rows;
                self.matrix
                    .product(x, first..first + part.len() / rows, 0, part);
                if let Some(bias) = &self.bias {
                    part.chunks_exact_mut(rows)
                        .for_each(|out| math::add(out, bias));
                }
            });
        }
    }
}

/// RMSNorm with its own weight.
#[derive(Clone, Debug)]
pub struct RmsNorm {
    /// w.
    pub weight: Vec<f32>,
    /// Added after, where a file has it.
    pub bias: Option<Vec<f32>>,
    /// ε.
    pub eps: f32,
}

impl RmsNorm {
    /// `out = x / sqrt(mean(x²) + ε) · w (+ b)`.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        math::rms_norm(x, &self.weight, self.eps, out);
        if let Some(bias) = &self.bias {
            math::add(out, bias);
        }
    }
}
