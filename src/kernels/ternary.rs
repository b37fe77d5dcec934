//! The layout of ternary matrices that every kernel reads.

use super::group::ROWS;

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
    pub(super) tiles: Vec<Tile>,
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

    pub(super) fn quads(&self) -> usize {
        self.cols.div_ceil(COLS)
    }

    /// The weight at a place, as −1, 0 or 1.
    pub fn weight(&self, row: usize, col: usize) -> i8 {
        let (lane, shift) = (row % ROWS % 4, row % ROWS / 4 * 2);
        let tile = &self.tiles[row / ROWS * self.quads() + col / COLS];
        (tile.0[COLS * lane + col % COLS] >> shift & 3) as i8 - 1
    }
}
