//! Ternary matrix times quantised vector, exact in integers.
//!
//! [`scalar`] is the meaning; every other file computes the same sums with one instruction set and
//! must equal it bit for bit, on any size. All of them read one packed layout, [`TernaryMatrix`].

use std::ops::Range;

pub mod scalar;
#[cfg(target_feature = "simd128")]
pub mod simd128;

/// Columns of a block of the packed layout: eight 16-bit lanes of eight 2-bit codes.
pub const BLOCK: usize = 64;
/// 16-bit lanes of a block.
pub const LANES: usize = 8;
/// 2-bit codes of a lane.
pub const FIELDS: usize = 8;

/// Columns beyond which a sum of 8-bit activations could leave an `i32`: |code · q| ≤ 256.
const MAX_COLS: usize = (i32::MAX as usize) / 256;

/// A matrix of weights −1, 0, 1 as 2-bit codes (weight + 1), rows padded to whole blocks.
///
/// Within a block, field `k` of lane `j` (bits 2k and 2k+1) holds column `8k + j`: masking a block
/// shifted by 2k leaves eight neighbouring columns in eight 16-bit lanes, ready to multiply.
/// Padding holds code 1, weight 0.
#[derive(Clone, Debug, PartialEq)]
pub struct TernaryMatrix {
    rows: usize,
    cols: usize,
    /// `[rows, blocks, LANES]`.
    codes: Vec<[u16; LANES]>,
}

/// A block whose weights are all zero.
const ZERO_BLOCK: [u16; LANES] = [0x5555; LANES];

impl TernaryMatrix {
    /// A matrix of zeros.
    ///
    /// # Panics
    /// When `cols` exceeds the eight million that exact sums allow; callers check sizes from files.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        assert!(cols <= MAX_COLS, "a row of {cols} weights could overflow");
        let codes = vec![ZERO_BLOCK; rows * cols.div_ceil(BLOCK)];
        TernaryMatrix { rows, cols, codes }
    }

    /// Number of rows (outputs).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns (inputs).
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Bytes the packed codes take.
    pub fn packed_bytes(&self) -> usize {
        size_of_val(self.codes.as_slice())
    }

    fn blocks(&self) -> usize {
        self.cols.div_ceil(BLOCK)
    }

    /// The packed blocks of one row.
    pub fn row(&self, row: usize) -> &[[u16; LANES]] {
        &self.codes[row * self.blocks()..][..self.blocks()]
    }

    /// Sets a row from its weights −1, 0, 1, one for each column.
    pub fn set_row(&mut self, row: usize, weights: impl Iterator<Item = i8>) {
        let blocks = self.blocks();
        let packed = &mut self.codes[row * blocks..][..blocks];
        packed.fill(ZERO_BLOCK);
        for (col, weight) in weights.take(self.cols).enumerate() {
            let (field, lane) = (col % BLOCK / LANES, col % LANES);
            let code = (weight.clamp(-1, 1) + 1) as u16;
            let lane = &mut packed[col / BLOCK][lane];
            *lane = *lane & !(3 << (2 * field)) | code << (2 * field);
        }
    }

    /// The weight at a place, as −1, 0 or 1.
    pub fn weight(&self, row: usize, col: usize) -> i8 {
        let (field, lane) = (col % BLOCK / LANES, col % LANES);
        (self.row(row)[col / BLOCK][lane] >> (2 * field) & 3) as i8 - 1
    }
}

/// A vector quantised to 8 bits for a BitLinear (SPEC §2), held in 16-bit lanes.
#[derive(Clone, Debug, Default)]
pub struct QuantizedVector {
    /// q, padded with zeros to whole blocks.
    values: Vec<[i16; LANES]>,
    /// Σ q: what to take off a sum over codes, since a code is its weight + 1.
    sum: i32,
    /// s, with x ≈ q / s.
    scale: f32,
}

impl QuantizedVector {
    /// Room for vectors of up to `cols` elements without another allocation.
    pub fn with_capacity(cols: usize) -> Self {
        QuantizedVector {
            values: Vec::with_capacity(cols.div_ceil(BLOCK) * FIELDS),
            sum: 0,
            scale: 1.0,
        }
    }

    /// s, with x ≈ q / s.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// Quantises `x`: `s = 127 / max(max|x|, 1e-5)`, `q = clamp(round(x · s), −128, 127)`.
    /// A NaN counts as 0.
    pub fn set(&mut self, x: &[f32]) {
        let top = x.iter().fold(1e-5f32, |top, &x| top.max(x.abs()));
        self.scale = 127.0 / top;
        self.values.clear();
        self.values
            .resize(x.len().div_ceil(BLOCK) * FIELDS, [0; LANES]);
        self.sum = 0;
        for (q, &x) in self.values.as_flattened_mut().iter_mut().zip(x) {
            // |x · s| ≤ 127 up to rounding, well inside what the rounding trick takes.
            *q = crate::math::round_ties_even(x * self.scale) as i16;
            self.sum += i32::from(*q);
        }
    }

    /// Takes q as it is, with scale 1: for tests and benchmarks.
    pub fn set_integers(&mut self, q: &[i8]) {
        self.scale = 1.0;
        self.values.clear();
        self.values
            .resize(q.len().div_ceil(BLOCK) * FIELDS, [0; LANES]);
        for (out, &q) in self.values.as_flattened_mut().iter_mut().zip(q) {
            *out = i16::from(q);
        }
        self.sum = q.iter().map(|&q| i32::from(q)).sum();
    }
}

/// Name of the kernel that [`matvec`] runs in this build.
pub const NAME: &str = if cfg!(target_feature = "simd128") {
    "simd128"
} else {
    "scalar"
};

/// `sums[i] = Σ_c matrix[rows.start + i, c] · x[c]`, exactly.
///
/// # Panics
/// When `sums` has not one place for each row of `rows`, or `x` not the matrix's width.
pub fn matvec(matrix: &TernaryMatrix, x: &QuantizedVector, rows: Range<usize>, sums: &mut [i32]) {
    assert_eq!(sums.len(), rows.len(), "one sum for each row");
    assert_eq!(
        x.values.len(),
        matrix.blocks() * FIELDS,
        "vector and matrix of one width"
    );
    let blocks = matrix.blocks();
    let codes = &matrix.codes[rows.start * blocks..rows.end * blocks];
    #[cfg(target_feature = "simd128")]
    simd128::matvec(codes, &x.values, sums);
    #[cfg(not(target_feature = "simd128"))]
    scalar::matvec(codes, &x.values, sums);
    for sum in sums {
        *sum -= x.sum;
    }
}

// In browsers tests/web.rs does the same: proptest has no source of chance there.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, from weights that were never packed.
    fn oracle(weights: &[i8], cols: usize, q: &[i8]) -> Vec<i32> {
        let product = |row: &[i8]| {
            row.iter()
                .zip(q)
                .map(|(&w, &q)| i32::from(w) * i32::from(q))
                .sum()
        };
        weights.chunks(cols).map(product).collect()
    }

    fn pack(weights: &[i8], cols: usize) -> TernaryMatrix {
        let mut matrix = TernaryMatrix::zeros(weights.len() / cols, cols);
        for (row, weights) in weights.chunks(cols).enumerate() {
            matrix.set_row(row, weights.iter().copied());
        }
        matrix
    }

    fn check(weights: &[i8], cols: usize, q: &[i8]) {
        let matrix = pack(weights, cols);
        let mut x = QuantizedVector::default();
        x.set_integers(q);
        let want = oracle(weights, cols, q);
        let mut all = vec![0; matrix.rows()];
        matvec(&matrix, &x, 0..matrix.rows(), &mut all);
        assert_eq!(all, want, "{} x {cols}", matrix.rows());
        // Any slice of the rows gives the same sums.
        let (start, end) = (matrix.rows() / 3, matrix.rows() - matrix.rows() / 4);
        let mut some = vec![0; end - start];
        matvec(&matrix, &x, start..end, &mut some);
        assert_eq!(some, want[start..end]);
    }

    fn case() -> impl Strategy<Value = (Vec<i8>, usize, Vec<i8>)> {
        (1usize..12, 1usize..300).prop_flat_map(|(rows, cols)| {
            (
                prop::collection::vec(-1i8..=1, rows * cols),
                Just(cols),
                prop::collection::vec(any::<i8>(), cols),
            )
        })
    }

    proptest! {
        #[test]
        fn matvec_equals_the_definition((weights, cols, q) in case()) {
            check(&weights, cols, &q);
        }

        #[test]
        fn packing_keeps_every_weight((weights, cols, _) in case()) {
            let matrix = pack(&weights, cols);
            for (i, &weight) in weights.iter().enumerate() {
                prop_assert_eq!(matrix.weight(i / cols, i % cols), weight);
            }
        }
    }

    #[test]
    fn the_sizes_of_the_family_are_exact_at_the_extremes() {
        for cols in [1, 8, 32, 63, 64, 65, 128, 320, 512, 853, 1376] {
            for (w, q) in [(1, -128), (-1, -128), (1, 127), (-1, 127), (0, 5)] {
                check(&vec![w; 5 * cols], cols, &vec![q; cols]);
            }
        }
    }

    #[test]
    fn quantisation_follows_the_spec() {
        let mut x = QuantizedVector::default();
        x.set(&[0.5, -1.0, 0.0, 0.25, f32::NAN]);
        assert_eq!(x.scale, 127.0);
        assert_eq!(x.values.as_flattened()[..5], [64, -127, 0, 32, 0]);
        x.set(&[0.0; 3]);
        assert_eq!((x.sum, x.scale), (0, 127.0 / 1e-5));
    }
}
