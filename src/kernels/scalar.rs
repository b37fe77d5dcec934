//! The meaning of a matvec, in plain Rust over the packed layout.

use super::group::ROWS;
use super::quantize::QuantizedVector;
use super::ternary::{COLS, FIELDS, Tile};

/// Sums that [`Kernel::peak`](super::Kernel::peak) keeps. None waits for another, and each
/// takes 16 pairs at a time.
pub(super) const CHAINS: usize = 12;

/// Quads whose products a 16-bit sum holds: |code · q| ≤ 256.
const QUADS: usize = 127;

/// `sums[v, g, r] = Σ (code[g, r, c] − 1) · x[v, c]` over the groups of rows in `tiles`, one tile for
/// each quad of a vector.
pub fn sums(tiles: &[Tile], x: &[QuantizedVector], sums: &mut [[i32; ROWS]]) {
    let groups = sums.len() / x.len();
    for (x, sums) in x.iter().zip(sums.chunks_exact_mut(groups)) {
        for (sums, tiles) in sums.iter_mut().zip(tiles.chunks_exact(x.quads().len())) {
            *sums = [x.start; ROWS];
            group(tiles, x.quads(), sums);
        }
    }
}

/// Adds `code · x` of one group of rows.
fn group(tiles: &[Tile], quads: &[[i8; COLS]], sums: &mut [i32; ROWS]) {
    for (tiles, quads) in tiles.chunks(QUADS).zip(quads.chunks(QUADS)) {
        // For each byte of a tile and each of its fields; compilers make vectors of these loops.
        let mut partial = [[0i16; 16]; FIELDS];
        for (tile, x) in tiles.iter().zip(quads) {
            for (field, partial) in partial.iter_mut().enumerate() {
                for byte in 0..16 {
                    let code = i16::from(tile.0[byte] >> (2 * field) & 3);
                    partial[byte] += code * i16::from(x[byte % COLS]);
                }
            }
        }
        let columns = partial.as_flattened().as_chunks::<COLS>().0;
        for (sum, columns) in sums.iter_mut().zip(columns) {
            *sum += columns.iter().map(|&sum| i32::from(sum)).sum::<i32>();
        }
    }
}

/// Products of codes and activations, in registers.
pub fn peak(times: usize) {
    let mut sums = [[std::hint::black_box(1i16); 16]; CHAINS];
    for _ in 0..times {
        for sum in sums.as_flattened_mut() {
            *sum = sum.wrapping_add(sum.wrapping_mul(3));
        }
    }
    std::hint::black_box(sums);
}
