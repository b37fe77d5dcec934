//! Linear layers: dense and BitLinear, and the vectors they read (SPEC §2).

use crate::kernels::dense::DenseMatrix;
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
    F32(DenseMatrix<f32>),
    /// bf16, widened to f32 as it is read.
    Bf16(DenseMatrix<bf16>),
}

/// Weights of a product below which a second thread costs more than it saves.
const WORTH_SHARING: usize = 1 << 15;

/// Groups of rows whose ternary sums are held on the stack at a time.
const GROUPS: usize = 16;

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

    /// Rows `start..start + out.len()` of the product with `x`; `start` is the first of a group.
    fn product(&self, x: &Activation, start: usize, out: &mut [f32]) {
        match self {
            Matrix::Ternary { weights, gamma } => {
                let kernel = kernels::chosen();
                let mut sums = [[0; kernels::ROWS]; GROUPS];
                let scale = x.quantized.scale();
                let at = start..start + out.len();
                let gamma = &gamma[at];
                let chunks = out.chunks_mut(GROUPS * kernels::ROWS);
                for (i, (out, gamma)) in
                    chunks.zip(gamma.chunks(GROUPS * kernels::ROWS)).enumerate()
                {
                    let first = start / kernels::ROWS + i * GROUPS;
                    let groups = first..first + out.len().div_ceil(kernels::ROWS);
                    let sums = &mut sums[..groups.len()];
                    kernels::matvec(kernel, weights, &x.quantized, groups, sums);
                    for ((out, &sum), &gamma) in out.iter_mut().zip(sums.as_flattened()).zip(gamma)
                    {
                        *out = sum as f32 * gamma / scale;
                    }
                }
            }
            Matrix::F32(weights) => weights.matvec(&x.values, start, out),
            Matrix::Bf16(weights) => weights.matvec(&x.values, start, out),
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
        let part_len = out.len().div_ceil(parts).next_multiple_of(kernels::ROWS);
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
