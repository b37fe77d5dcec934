//! Matrix times vector: ternary ones by quantised vectors, exact in integers, and [`dense`] ones.
//!
//! [`scalar`] defines the ternary product; every other file computes the same sums with one
//! instruction set and must equal it bit for bit, on any size. All of them read one packed layout, [`TernaryMatrix`].
//! Where a build has more than one kernel, [`choose`] says which of [`KERNELS`] runs.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

pub mod dense;
mod group;
pub mod quantize;
#[cfg(all(target_feature = "simd128", feature = "relaxed-simd"))]
pub mod relaxed;
pub mod scalar;
#[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
pub mod simd128;
mod ternary;

pub use group::{ROWS, groups, overlap};
pub use quantize::QuantizedVector;
use scalar::CHAINS;
use ternary::Tile;
pub use ternary::{PackedRow, TernaryMatrix};

/// One way to compute the sums over groups of rows: from their tiles and some vectors to
/// `[vectors, groups]`.
pub struct Kernel {
    /// Its name, as front ends show it.
    pub name: &'static str,
    sums: fn(&[Tile], &[QuantizedVector], &mut [[i32; ROWS]]),
    peak: fn(usize),
}

impl Kernel {
    /// Multiplies and adds pairs of numbers with the kernel's own instruction, in registers: what it
    /// could do if nothing had to be loaded or unpacked. Returns how many pairs.
    pub fn peak(&self, times: usize) -> usize {
        (self.peak)(times);
        16 * CHAINS * times
    }
}

/// The kernels of this build. All give the same sums.
pub static KERNELS: &[Kernel] = &[
    #[cfg(all(target_feature = "simd128", feature = "relaxed-simd"))]
    Kernel {
        name: "relaxed SIMD, pairs",
        sums: |tiles, x, sums| relaxed::pairs(tiles, x, sums),
        peak: |times| relaxed::pairs_peak(times),
    },
    #[cfg(all(target_feature = "simd128", feature = "relaxed-simd"))]
    Kernel {
        name: "relaxed SIMD, dot",
        sums: |tiles, x, sums| relaxed::dot(tiles, x, sums),
        peak: |times| relaxed::dot_peak(times),
    },
    #[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
    Kernel { name: "simd128", sums: simd128::sums, peak: simd128::peak },
    #[cfg(not(target_feature = "simd128"))]
    Kernel { name: "scalar", sums: scalar::sums, peak: scalar::peak },
];

/// Place in [`KERNELS`] of the one that runs.
static CHOSEN: AtomicUsize = AtomicUsize::new(0);

/// The kernel that [`matvec`] runs.
pub fn chosen() -> &'static Kernel {
    // Nothing else hangs on this number, and every kernel gives the same sums.
    &KERNELS[CHOSEN.load(Ordering::Relaxed)]
}

/// Makes [`matvec`] run the kernel of this place in [`KERNELS`], from now on and on every thread.
///
/// # Panics
/// When there is none.
pub fn choose(kernel: usize) {
    assert!(kernel < KERNELS.len(), "there is no kernel {kernel}");
    CHOSEN.store(kernel, Ordering::Relaxed);
}

/// `sums[v, g] = matrix · x[v]`, exactly, of the rows of some groups: `[vectors, groups]`. The sum of
/// a row that is padding is 0.
///
/// # Panics
/// When `sums` has not one place for each group and vector, or a vector not the matrix's width.
pub fn matvec(
    kernel: &Kernel,
    matrix: &TernaryMatrix,
    x: &[QuantizedVector],
    groups: Range<usize>,
    sums: &mut [[i32; ROWS]],
) {
    assert_eq!(sums.len(), groups.len() * x.len(), "one place for each group and vector");
    let quads = matrix.quads();
    let fits = x.iter().all(|x| x.quads().len() == quads);
    assert!(fits, "vectors and matrix of one width");
    if quads == 0 || sums.is_empty() {
        return sums.fill([0; ROWS]);
    }
    let tiles = &matrix.tiles[groups.start * quads..groups.end * quads];
    (kernel.sums)(tiles, x, sums);
}

// In browsers tests/web.rs does the same: proptest has no source of chance there.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::checkpoint::codes::Codes;
    use proptest::prelude::*;

    /// The definition, from weights that were never packed.
    fn oracle(weights: &[i8], cols: usize, q: &[i8]) -> Vec<i32> {
        let product =
            |row: &[i8]| row.iter().zip(q).map(|(&w, &q)| i32::from(w) * i32::from(q)).sum();
        weights.chunks(cols).map(product).collect()
    }

    fn pack(weights: &[i8], cols: usize) -> TernaryMatrix {
        let codes = Codes::pack(weights);
        let rows = (0..weights.len() / cols).map(|row| (codes.bytes(), row * cols));
        TernaryMatrix::from_rows(&rows.collect::<Vec<_>>(), cols)
    }

    /// `q` are vectors of `cols` elements.
    fn check(weights: &[i8], cols: usize, q: &[i8]) {
        let matrix = pack(weights, cols);
        let groups = matrix.rows().div_ceil(ROWS);
        let x: Vec<_> = q.chunks(cols).map(QuantizedVector::from_integers).collect();
        for kernel in KERNELS {
            // Any range of the groups gives the same sums.
            for range in [0..groups, groups / 3..groups - groups / 4] {
                let mut sums = vec![[-1; ROWS]; range.len() * x.len()];
                matvec(kernel, &matrix, &x, range.clone(), &mut sums);
                for (q, sums) in q.chunks(cols).zip(sums.chunks(range.len().max(1))) {
                    let mut want = oracle(weights, cols, q);
                    want.resize(groups * ROWS, 0);
                    let want = &want[range.start * ROWS..range.end * ROWS];
                    assert_eq!(sums.as_flattened(), want, "{} x {cols}", matrix.rows());
                }
            }
        }
    }

    fn case() -> impl Strategy<Value = (Vec<i8>, usize, Vec<i8>)> {
        (1usize..70, 1usize..300, 1usize..40).prop_flat_map(|(rows, cols, vectors)| {
            (
                prop::collection::vec(-1i8..=1, rows * cols),
                Just(cols),
                prop::collection::vec(any::<i8>(), vectors * cols),
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
                check(&vec![w; 21 * cols], cols, &vec![q; cols]);
            }
        }
    }
}
