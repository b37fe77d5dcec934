//! Linear layers: dense and BitLinear, and the vectors they read ([spec](crate::spec) §2).

use crate::dialect::NormRoot;
use crate::kernels::dense::{DenseMatrix, Weight};
use crate::kernels::{self, QuantizedVector, TernaryMatrix, groups, overlap};
use crate::math;
use crate::parallel::{Crew, Sheet, Strip};
use half::bf16;
use std::cell::RefCell;
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

    /// Writes some rows of the product with each vector to a block of the strip.
    fn product(&self, x: &Activations, rows: Range<usize>, strip: &mut Strip, block: usize) {
        match self {
            Matrix::Ternary { weights, gamma } => {
                ternary_product(weights, gamma, x.quantized(), rows, strip, block);
            }
            Matrix::F32(weights) => dense_product(weights, x, rows, strip, block),
            Matrix::Bf16(weights) => dense_product(weights, x, rows, strip, block),
        }
    }
}

fn dense_product<T: Weight>(
    weights: &DenseMatrix<T>,
    x: &Activations,
    rows: Range<usize>,
    strip: &mut Strip,
    block: usize,
) {
    for group in groups(&rows) {
        let (within, at) = overlap(group, &rows);
        for v in 0..x.count() {
            let sums = weights.group(group, x.row(v));
            strip.block(v, block)[at.clone()].copy_from_slice(&sums[within.clone()]);
        }
    }
}

/// Sums held at a time, in groups of rows.
const GROUPS: usize = 64;

thread_local! {
    /// Kept, as to zero them for every product takes a browser longer than to scale them.
    static SUMS: RefCell<[[i32; kernels::ROWS]; GROUPS]> =
        const { RefCell::new([[0; kernels::ROWS]; GROUPS]) };
}

/// `out[v, r] = (T x[v])[r] · γ[r] / s[v]`.
fn ternary_product(
    weights: &TernaryMatrix,
    gamma: &[f32],
    x: &[QuantizedVector],
    rows: Range<usize>,
    strip: &mut Strip,
    block: usize,
) {
    let kernel = kernels::chosen();
    let (all, vectors) = (groups(&rows), x.len());
    SUMS.with_borrow_mut(|sums| {
        for first in all.clone().step_by(GROUPS / vectors) {
            let groups = first..all.end.min(first + GROUPS / vectors);
            let sums = &mut sums[..groups.len() * vectors];
            kernels::matvec(kernel, weights, x, groups.clone(), sums);
            // Of the groups at either end some rows may belong to another part.
            let start = rows.start.max(first * kernels::ROWS);
            let end = rows.end.min(groups.end * kernels::ROWS);
            let gamma = &gamma[start..end];
            for (v, (x, sums)) in x.iter().zip(sums.chunks_exact(groups.len())).enumerate() {
                let sums = &sums.as_flattened()[start - first * kernels::ROWS..];
                let out = &mut strip.block(v, block)[start - rows.start..end - rows.start];
                scale(sums, gamma, x.scale(), out);
            }
        }
    });
}

/// `out = sums · γ / s`. Not inlined: that the slices do not overlap, which lets the loop become
/// vectors, is only certain where they are parameters.
#[inline(never)]
fn scale(sums: &[i32], gamma: &[f32], s: f32, out: &mut [f32]) {
    for ((out, &sum), &gamma) in out.iter_mut().zip(sums).zip(gamma) {
        *out = sum as f32 * gamma / s;
    }
}

/// Vectors of one length as linear layers read them: their floats and, in ternary models, their
/// 8-bit forms.
#[derive(Clone, Debug)]
pub struct Activations {
    /// `[vectors, len]`.
    values: Vec<f32>,
    len: usize,
    /// One for each vector; left alone where no BitLinear reads them.
    quantized: Vec<QuantizedVector>,
    count: usize,
    quantize: Option<Top>,
}

/// What the greatest |x| of a vector becomes in 8 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Top {
    /// 127.
    At127,
    /// 128, and then clamped.
    At128,
}

/// Floats in vectors below which a second thread costs more than it saves.
const WORTH_SHARING_VECTORS: usize = 1 << 12;

impl Activations {
    /// Room for so many vectors of up to `capacity` elements: at most 64. `quantize` says what their
    /// greatest becomes in 8 bits, where BitLinears read them.
    pub fn with_capacity(vectors: usize, capacity: usize, quantize: Option<Top>) -> Self {
        assert!(vectors <= GROUPS, "sums of {vectors} vectors");
        let capacity_quantized = quantize.map_or(0, |_| capacity);
        let quantized = || QuantizedVector::with_capacity(capacity_quantized);
        Activations {
            values: Vec::with_capacity(vectors * capacity),
            len: 0,
            quantized: std::iter::repeat_with(quantized).take(vectors).collect(),
            count: 0,
            quantize,
        }
    }

    /// Replaces the vectors by `count` of `len` elements: `write` fills in each by its number,
    /// on whichever thread is free. Then they are quantised.
    ///
    /// # Panics
    /// When there is no room for so many.
    pub fn set(
        &mut self,
        count: usize,
        len: usize,
        crew: &Crew,
        write: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        let quantize = self.quantize;
        let compute = |i: usize, values: &mut [f32], quantized: &mut QuantizedVector| {
            write(i, values);
            match quantize {
                None => {}
                Some(Top::At127) => quantized.set(values),
                Some(Top::At128) => quantized.set_to_128(values),
            }
        };
        let (values, quantized) = self.resize(count, len);
        if count * len >= WORTH_SHARING_VECTORS {
            crew.for_each_row(values, quantized, compute);
        } else {
            let rows = values.chunks_exact_mut(len).zip(quantized);
            rows.enumerate().for_each(|(i, (values, quantized))| compute(i, values, quantized));
        }
    }

    fn resize(&mut self, count: usize, len: usize) -> (&mut [f32], &mut [QuantizedVector]) {
        (self.count, self.len) = (count, len);
        self.values.resize(count * len, 0.0);
        (&mut self.values, &mut self.quantized[..count])
    }

    /// Replaces the vectors by those of `x` `[vectors, len]`, each through the norm where there is one.
    pub fn set_normed(&mut self, x: &[f32], len: usize, norm: Option<&RmsNorm>, crew: &Crew) {
        self.set(x.len() / len, len, crew, |i, out| {
            let x = &x[i * len..][..len];
            match norm {
                Some(norm) => norm.apply(x, out),
                None => out.copy_from_slice(x),
            }
        });
    }

    /// Number of vectors.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The floats of one vector, before quantisation.
    pub fn row(&self, vector: usize) -> &[f32] {
        &self.values[vector * self.len..][..self.len]
    }

    /// Their 8-bit forms.
    fn quantized(&self) -> &[QuantizedVector] {
        &self.quantized[..self.count]
    }
}

/// `y = W x (+ b)`, with W dense or a BitLinear's.
#[derive(Clone, Debug)]
pub struct Linear {
    /// W, `[out, in]`.
    pub matrix: Matrix,
    /// b, `[out]`, where a file has one.
    pub bias: Option<Vec<f32>>,
    /// Whether it is a BitLinear, in whatever form its weights are held.
    pub ternary: bool,
    /// ε of an RMSNorm without weights that its input goes through, where a dialect has it.
    pub inner_norm: Option<f32>,
}

impl Linear {
    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.matrix.rows()
    }

    /// Writes the products `[vectors, outputs]`, shared among the crew where that pays.
    pub fn apply(&self, x: &Activations, crew: &Crew, out: &mut [f32]) {
        let sheet = Sheet::new(out, 1, self.outputs());
        crew.for_each_strip([sheet], self.is_worth_sharing(x), |columns, [mut strip]| {
            self.fill(x, columns, &mut strip);
        });
    }

    /// Whether two threads are sooner done with the products than one.
    pub fn is_worth_sharing(&self, x: &Activations) -> bool {
        self.matrix.rows() * self.matrix.cols() * x.count() >= WORTH_SHARING
    }

    /// Writes some columns of the products, the strip's blocks being equal parts: the tensors
    /// that are stacked in this layer.
    pub fn fill(&self, x: &Activations, columns: Range<usize>, strip: &mut Strip) {
        let width = self.outputs() / strip.blocks();
        for block in 0..strip.blocks() {
            let rows = block * width + columns.start..block * width + columns.end;
            self.matrix.product(x, rows.clone(), strip, block);
            if let Some(eps) = self.inner_norm {
                scale_as_normed(x, eps, strip, block);
            }
            if let Some(bias) = &self.bias {
                for v in 0..x.count() {
                    math::add(strip.block(v, block), &bias[rows.clone()]);
                }
            }
        }
    }
}

/// Makes products of vectors those of normed vectors: rounding to 8 bits commutes with a scale.
#[inline(never)]
fn scale_as_normed(x: &Activations, eps: f32, strip: &mut Strip, block: usize) {
    for v in 0..x.count() {
        let row = x.row(v);
        let scale = 1.0 / (math::dot(row, row) / row.len() as f32 + eps).sqrt();
        strip.block(v, block).iter_mut().for_each(|y| *y *= scale);
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
    /// Where ε is added.
    pub root: NormRoot,
}

impl RmsNorm {
    /// `out = x / sqrt(mean(x²) + ε) · w (+ b)`.
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        match self.root {
            NormRoot::Inside => math::rms_norm(x, &self.weight, self.eps, out),
            NormRoot::Outside => math::rms_norm_outside(x, &self.weight, self.eps, out),
        }
        if let Some(bias) = &self.bias {
            math::add(out, bias);
        }
    }
}
