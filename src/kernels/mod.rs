//! Matrix times vector: ternary ones by quantised vectors, exact in integers, and [`dense`] ones.
//!
//! Of the ternary product [`scalar`] is the meaning; every other file computes the same sums with one
//! instruction set and
//! must equal it bit for bit, on any size. All of them read one packed layout, [`TernaryMatrix`].
//! Where a build has more than one kernel, [`choose`] says which of [`KERNELS`] runs.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

pub mod dense;
pub mod quantize;
#[cfg(all(target_feature = "simd128", feature = "relaxed-simd"))]
pub mod relaxed;
pub mod scalar;
#[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
pub mod simd128;

/// Rows of a tile of the packed layout.
pub const ROWS: usize = 16;
/// Columns of a tile: a quad.
pub const COLS: usize = 4;
/// 2-bit codes in a byte.
pub const FIELDS: usize = 4;

/// 16 rows × 4 columns of codes: byte 4i + k holds in its field f the code of row 4f + i and column k.
///
/// So a tile masked to one field is four rows of four bytes each, ready for a dot product with four
/// activations that are the same for all rows.
///
/// Aligned, so that no load of one crosses a line of the cache.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(16))]
pub struct Tile(pub [u8; 16]);

/// Columns beyond which a sum of 8-bit activations could leave an `i32`: |code · q| ≤ 256, and
/// kernels may scale it by 64.
const MAX_COLS: usize = (i32::MAX as usize) / (64 * 256);

/// A matrix of weights −1, 0, 1 as 2-bit codes (weight + 1), in tiles: groups of 16 rows, each the
/// tiles of its quads of columns in order. Padding holds code 1, weight 0.
#[derive(Clone, Debug, PartialEq)]
pub struct TernaryMatrix {
    rows: usize,
    cols: usize,
    /// `[groups, quads]`.
    tiles: Vec<Tile>,
}

/// Four weights that are zero, as a byte of codes.
const ZERO_QUAD: u8 = 0x55;

/// Four codes of a row, from the code of number `index` on; those behind the row's last `left` are zeros.
fn packed_quad(codes: &[u8], index: usize, left: usize) -> u8 {
    let (byte, shift) = (index / 4, index % 4 * 2);
    let next = codes.get(byte + 1).copied().unwrap_or(ZERO_QUAD);
    let quad = (u16::from_le_bytes([codes[byte], next]) >> shift) as u8;
    match left {
        4.. => quad,
        _ => {
            let row = (1 << (2 * left)) - 1;
            quad & row | ZERO_QUAD & !row
        }
    }
}

/// The tile of 16 rows' quads.
fn tile(quads: &[u8; ROWS]) -> Tile {
    let mut tile = [0; 16];
    for (lane, bytes) in tile.as_chunks_mut::<COLS>().0.iter_mut().enumerate() {
        // Field k of byte f has to become field f of byte k: a 4 × 4 transposition of 2-bit fields,
        // by exchanging pairs and then pairs of pairs.
        let rows = [0, 4, 8, 12].map(|first| quads[first + lane]);
        let exchange = |x: u32, mask: u32, distance: u32| {
            let difference = (x >> distance ^ x) & mask;
            x ^ difference ^ difference << distance
        };
        let x = exchange(u32::from_le_bytes(rows), 0x00cc_00cc, 6);
        *bytes = exchange(x, 0x0000_f0f0, 12).to_le_bytes();
    }
    Tile(tile)
}

/// A row of weights as files pack it: from the code of this number on, four codes (weight + 1) to a
/// byte, the first in the lowest bits.
pub type PackedRow<'a> = (&'a [u8], usize);

impl TernaryMatrix {
    /// A matrix of these rows, each of `cols` weights.
    ///
    /// # Panics
    /// When a row ends before its last weight, or `cols` exceeds the 131,071 that exact sums allow;
    /// callers check sizes from files.
    pub fn from_rows(rows: &[PackedRow], cols: usize) -> Self {
        assert!(cols <= MAX_COLS, "a row of {cols} weights could overflow");
        let quads = cols.div_ceil(COLS);
        let mut tiles = Vec::with_capacity(rows.len().div_ceil(ROWS) * quads);
        for group in rows.chunks(ROWS) {
            for quad in 0..quads {
                let mut bytes = [ZERO_QUAD; ROWS];
                for (byte, &(codes, start)) in bytes.iter_mut().zip(group) {
                    *byte = packed_quad(codes, start + quad * COLS, cols - quad * COLS);
                }
                tiles.push(tile(&bytes));
            }
        }
        let rows = rows.len();
        TernaryMatrix { rows, cols, tiles }
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
        size_of_val(self.tiles.as_slice())
    }

    fn quads(&self) -> usize {
        self.cols.div_ceil(COLS)
    }

    /// The weight at a place, as −1, 0 or 1.
    pub fn weight(&self, row: usize, col: usize) -> i8 {
        let (lane, shift) = (row % ROWS % 4, row % ROWS / 4 * 2);
        let tile = &self.tiles[row / ROWS * self.quads() + col / COLS];
        (tile.0[COLS * lane + col % COLS] >> shift & 3) as i8 - 1
    }
}

/// A vector quantised to 8 bits for a BitLinear (SPEC §2).
#[derive(Clone, Debug, Default)]
pub struct QuantizedVector {
    /// q, padded with zeros to whole quads.
    quads: Vec<[i8; COLS]>,
    /// The same as 16-bit numbers, each quad as its even columns and then its odd ones.
    #[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
    halves: Vec<[i16; COLS]>,
    /// −Σ q: where a sum over codes starts, since a code is its weight + 1.
    start: i32,
    /// s, with x ≈ q / s.
    scale: f32,
}

impl QuantizedVector {
    /// Room for vectors of up to `cols` elements without another allocation.
    pub fn with_capacity(cols: usize) -> Self {
        QuantizedVector {
            quads: Vec::with_capacity(cols.div_ceil(COLS)),
            #[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
            halves: Vec::with_capacity(cols.div_ceil(COLS)),
            start: 0,
            scale: 1.0,
        }
    }

    /// s, with x ≈ q / s.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// q in quads, the last one padded with zeros.
    pub fn quads(&self) -> &[[i8; COLS]] {
        &self.quads
    }

    /// q in quads of 16-bit numbers, in the order 0, 2, 1, 3.
    #[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
    pub fn halves(&self) -> &[[i16; COLS]] {
        &self.halves
    }

    /// Quantises `x`: `s = 127 / max(max|x|, 1e-5)`, `q = clamp(round(x · s), −128, 127)`.
    /// A NaN counts as 0.
    pub fn set(&mut self, x: &[f32]) {
        let top = crate::math::max_abs(x).max(1e-5);
        self.scale = 127.0 / top;
        // |x · s| ≤ 127 up to rounding.
        self.resize(x.len());
        self.start = -quantize::quantize(x, self.scale, &mut self.quads);
        self.set_halves();
    }

    /// Takes q as it is, with scale 1: for tests and benchmarks.
    pub fn set_integers(&mut self, q: &[i8]) {
        self.resize(q.len());
        self.quads.fill([0; COLS]);
        self.quads.as_flattened_mut()[..q.len()].copy_from_slice(q);
        self.scale = 1.0;
        self.start = -q.iter().map(|&q| i32::from(q)).sum::<i32>();
        self.set_halves();
    }

    fn resize(&mut self, cols: usize) {
        self.quads.resize(cols.div_ceil(COLS), [0; COLS]);
    }

    fn set_halves(&mut self) {
        #[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
        {
            let order = |&[a, b, c, d]: &[i8; COLS]| [a, c, b, d].map(i16::from);
            self.halves.clear();
            self.halves.extend(self.quads.iter().map(order));
        }
    }
}

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

/// Sums that [`Kernel::peak`] keeps, none of which waits for another; each takes 16 pairs a time.
const CHAINS: usize = 12;

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
    Kernel {
        name: "simd128",
        sums: simd128::sums,
        peak: simd128::peak,
    },
    #[cfg(not(target_feature = "simd128"))]
    Kernel {
        name: "scalar",
        sums: scalar::sums,
        peak: scalar::peak,
    },
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
    assert_eq!(
        sums.len(),
        groups.len() * x.len(),
        "one place for each group and vector"
    );
    let quads = matrix.quads();
    let fits = x.iter().all(|x| x.quads.len() == quads);
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
        let mut codes = vec![0; weights.len().div_ceil(4)];
        for (i, weight) in weights.iter().enumerate() {
            codes[i / 4] |= ((weight + 1) as u8) << (i % 4 * 2);
        }
        let rows = (0..weights.len() / cols).map(|row| (&codes[..], row * cols));
        TernaryMatrix::from_rows(&rows.collect::<Vec<_>>(), cols)
    }

    /// `q` are vectors of `cols` elements.
    fn check(weights: &[i8], cols: usize, q: &[i8]) {
        let matrix = pack(weights, cols);
        let groups = matrix.rows().div_ceil(ROWS);
        let vector = |q: &[i8]| {
            let mut x = QuantizedVector::default();
            x.set_integers(q);
            x
        };
        let x: Vec<_> = q.chunks(cols).map(vector).collect();
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

    #[test]
    fn quantisation_follows_the_spec() {
        let mut x = QuantizedVector::default();
        x.set(&[0.5, -1.0, 0.0, 0.25, f32::NAN]);
        assert_eq!(x.scale, 127.0);
        assert_eq!(x.quads().as_flattened(), [64, -127, 0, 32, 0, 0, 0, 0]);
        x.set(&[0.0; 3]);
        assert_eq!((x.start, x.scale), (0, 127.0 / 1e-5));
    }
}
