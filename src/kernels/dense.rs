//! Dense matrix times vector, in floats.
//!
//! Every output is the sum over the columns in their order, each product rounded and then added:
//! nothing is fused, so every machine gives the same bits. Rows lie side by side in groups of 16,
//! which makes vectors of this loop without changing the order of any sum.

use super::group::ROWS;
use half::bf16;

/// A number as a dense matrix holds it.
pub trait Weight: Copy {
    /// Zero, for rows that are padding.
    const ZERO: Self;

    /// The same number in f32.
    fn widen(self) -> f32;
}

impl Weight for f32 {
    const ZERO: f32 = 0.0;

    #[inline(always)]
    fn widen(self) -> f32 {
        self
    }
}

impl Weight for bf16 {
    const ZERO: bf16 = bf16::ZERO;

    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

/// A matrix `[rows, cols]` in groups of 16 rows, column by column.
#[derive(Clone, Debug)]
pub struct DenseMatrix<T> {
    rows: usize,
    cols: usize,
    /// `[groups, cols]`.
    tiles: Vec<[T; ROWS]>,
}

impl<T: Weight> DenseMatrix<T> {
    /// A matrix of zeros.
    pub fn zeros(rows: usize, cols: usize) -> Self {
        DenseMatrix {
            rows,
            cols,
            tiles: vec![[T::ZERO; ROWS]; rows.div_ceil(ROWS) * cols],
        }
    }

    /// Number of rows (outputs).
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns (inputs).
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        size_of_val(self.tiles.as_slice())
    }

    /// Sets a row, from one weight for each column.
    pub fn set_row(&mut self, row: usize, weights: &[T]) {
        let tiles = &mut self.tiles[row / ROWS * self.cols..][..self.cols];
        for (tile, &weight) in tiles.iter_mut().zip(weights) {
            tile[row % ROWS] = weight;
        }
    }

    /// Copies a row out, in f32.
    pub fn row(&self, row: usize, out: &mut [f32]) {
        let tiles = &self.tiles[row / ROWS * self.cols..][..self.cols];
        for (out, tile) in out.iter_mut().zip(tiles) {
            *out = tile[row % ROWS].widen();
        }
    }

    /// The product of a group of rows with `x`; 0 for rows that are padding.
    ///
    /// # Panics
    /// When `x` is not as long as a row, or there is no such group.
    pub fn group(&self, group: usize, x: &[f32]) -> [f32; ROWS] {
        assert_eq!(x.len(), self.cols, "vector and matrix of one width");
        let tiles = &self.tiles[group * self.cols..][..self.cols];
        let mut sums = [0.0; ROWS];
        for (tile, &x) in tiles.iter().zip(x) {
            for (sum, &weight) in sums.iter_mut().zip(tile) {
                *sum += weight.widen() * x;
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_summed_in_the_order_of_its_columns() {
        for (rows, cols) in [(1, 1), (12, 512), (16, 3), (17, 5), (40, 12), (5, 0)] {
            let weight = |row: usize, col: usize| ((row * 7 + col * 3) % 11) as f32 / 3.0 - 1.5;
            let mut matrix = DenseMatrix::zeros(rows, cols);
            let mut short = DenseMatrix::zeros(rows, cols);
            for row in 0..rows {
                let weights: Vec<f32> = (0..cols).map(|col| weight(row, col)).collect();
                matrix.set_row(row, &weights);
                let weights: Vec<bf16> = weights.into_iter().map(bf16::from_f32).collect();
                short.set_row(row, &weights);
            }
            let x: Vec<f32> = (0..cols).map(|col| libm::sinf(col as f32 * 0.7)).collect();
            let groups = 0..rows.div_ceil(ROWS);
            let got: Vec<_> = groups.clone().map(|g| matrix.group(g, &x)).collect();
            let got_short: Vec<_> = groups.map(|g| short.group(g, &x)).collect();
            let (got, got_short) = (got.as_flattened(), got_short.as_flattened());
            for row in 0..rows {
                let in_order = |of: &dyn Fn(f32) -> f32| {
                    (0..cols).fold(0.0, |sum, col| sum + of(weight(row, col)) * x[col])
                };
                assert_eq!(got[row], in_order(&|w| w), "{rows} x {cols}");
                assert_eq!(got_short[row], in_order(&|w| bf16::from_f32(w).to_f32()));
            }
        }
    }
}
