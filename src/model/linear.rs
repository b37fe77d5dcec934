//! Linear layers: dense and BitLinear, and the vectors they read (SPEC §2).

use crate::kernels::{self, QuantizedVector, TernaryMatrix};
use crate::math;
use crate::parallel::Crew;
use half::bf16;

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
    F32 {
        /// Row-major weights.
        weights: Vec<f32>,
        /// Row length.
        cols: usize,
    },
    /// bf16, widened to f32 as it is read.
    Bf16 {
        /// Row-major weights.
        weights: Vec<bf16>,
        /// Row length.
        cols: usize,
    },
}

/// Weights of a product below which a second thread costs more than it saves.
const WORTH_SHARING: usize = 1 << 15;

/// Rows of ternary sums held on the stack at a time.
const SUMS: usize = 64;

impl Matrix {
    /// Number of rows (outputs).
    pub fn rows(&self) -> usize {
        match self {
            Matrix::Ternary { weights, .. } => weights.rows(),
            Matrix::F32 { weights, cols } => weights.len() / cols,
            Matrix::Bf16 { weights, cols } => weights.len() / cols,
        }
    }

    /// Number of columns (inputs).
    pub fn cols(&self) -> usize {
        match self {
            Matrix::Ternary { weights, .. } => weights.cols(),
            Matrix::F32 { cols, .. } | Matrix::Bf16 { cols, .. } => *cols,
        }
    }

    /// Bytes the weights take in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Matrix::Ternary { weights, gamma } => weights.packed_bytes() + 4 * gamma.len(),
            Matrix::F32 { weights, .. } => 4 * weights.len(),
            Matrix::Bf16 { weights, .. } => 2 * weights.len(),
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
            Matrix::F32 { weights, cols } => out.copy_from_slice(&weights[row * cols..][..*cols]),
            Matrix::Bf16 { weights, cols } => {
                for (out, weight) in out.iter_mut().zip(&weights[row * cols..][..*cols]) {
                    *out = weight.to_f32();
                }
            }
        }
    }

    /// Rows `start..start + out.len()` of the product with `x`.
    fn product(&self, x: &Activation, start: usize, out: &mut [f32]) {
        match self {
            Matrix::Ternary { weights, gamma } => {
                let mut sums = [0; SUMS];
                let scale = x.quantized.scale();
                for (i, out) in out.chunks_mut(SUMS).enumerate() {
                    let rows = start + i * SUMS..start + i * SUMS + out.len();
                    let sums = &mut sums[..out.len()];
                    kernels::matvec(weights, &x.quantized, rows.clone(), sums);
                    for ((out, &sum), &gamma) in out.iter_mut().zip(&*sums).zip(&gamma[rows]) {
                        *out = sum as f32 * gamma / scale;
                    }
                }
            }
            Matrix::F32 { weights, cols } => {
                for (out, row) in out.iter_mut().zip(weights[start * cols..].chunks(*cols)) {
                    *out = math::dot(row, &x.values);
                }
            }
            Matrix::Bf16 { weights, cols } => {
                for (out, row) in out.iter_mut().zip(weights[start * cols..].chunks(*cols)) {
                    *out = math::dot_bf16(row, &x.values);
                }
            }
        }
    }
}

/// A vector as linear layers read it: its floats and, in ternary models, its 8-bit form.
#[derive(Clone, Debug)]
pub struct Activation {
    values: Vec<f32>,
    quantized: QuantizedVector,
    quantize: bool,
}

impl Activation {
    /// Room for vectors of up to `capacity` elements. `quantize` says whether BitLinears read it.
    pub fn with_capacity(capacity: usize, quantize: bool) -> Self {
        Activation {
            values: Vec::with_capacity(capacity),
            quantized: QuantizedVector::with_capacity(if quantize { capacity } else { 0 }),
            quantize,
        }
    }

    /// Replaces the vector by one of `len` elements that `write` fills in, then quantises it.
    pub fn set(&mut self, len: usize, write: impl FnOnce(&mut [f32])) {
        self.values.resize(len, 0.0);
        write(&mut self.values);
        if self.quantize {
            self.quantized.set(&self.values);
        }
    }

    /// The floats, before quantisation.
    pub fn values(&self) -> &[f32] {
        &self.values
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

    /// Writes the product to `out`, shared among the crew where that pays.
    pub fn apply(&self, x: &Activation, crew: &Crew, out: &mut [f32]) {
        debug_assert_eq!(out.len(), self.outputs());
        let shared = self.matrix.rows() * self.matrix.cols() >= WORTH_SHARING;
        let parts = if shared { 2 * crew.members() } else { 1 };
        // Parts of whole groups of eight rows keep the kernels on their wide path.
        let part_len = out.len().div_ceil(parts).next_multiple_of(8);
        crew.for_each_part(out, part_len, |start, part| {
            self.matrix.product(x, start, part);
            if let Some(bias) = &self.bias {
                math::add(part, &bias[start..][..part.len()]);
            }
        });
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
