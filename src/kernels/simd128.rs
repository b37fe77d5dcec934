//! The matvec in plain WebAssembly SIMD.
//!
//! A tile masked to one field is eight codes in 16-bit lanes, those of even columns as they are and
//! those of odd columns after a shift by a byte; `i32x4.dot_i16x8` multiplies them by two
//! activations and adds the pairs. Fields are not shifted down: the sums of field f come out 4ᶠ
//! times too large, exactly, and are shifted once at the end. 27 instructions for 64 weights.

use super::{FIELDS, QuantizedVector, ROWS, Tile};
use std::arch::wasm32::*;

/// One bit mask for each field, in every 16-bit lane. In memory, and read through a `black_box`, as
/// engines build constants anew inside a loop: that costs a fifth of the speed.
static MASKS: [[u16; 8]; FIELDS] = [[0x03; 8], [0x0c; 8], [0x30; 8], [0xc0; 8]];

/// As [`scalar::sums`](super::scalar::sums), bit for bit.
pub fn sums(tiles: &[Tile], x: &QuantizedVector, sums: &mut [[i32; ROWS]]) {
    let quads = x.quads().len();
    let masks = std::hint::black_box(&MASKS);
    // SAFETY: each reference covers 16 readable bytes, and v128.load needs no alignment.
    let masks = masks
        .each_ref()
        .map(|m| unsafe { v128_load(m.as_ptr().cast()) });
    for (sums, tiles) in sums.iter_mut().zip(tiles.chunks_exact(quads)) {
        // A lane gains at most 64 · 2 · 128 a column; MAX_COLS keeps the whole sum within an i32.
        let mut fields = [i32x4_splat(0); FIELDS];
        for (tile, x) in tiles.iter().zip(x.halves()) {
            // SAFETY: a tile has 16 bytes and a quad of halves 8.
            let (even, x_even, x_odd) = unsafe {
                let x = x.as_ptr();
                (
                    v128_load(tile.as_ptr().cast()),
                    v128_load32_splat(x.cast()),
                    v128_load32_splat(x.add(2).cast()),
                )
            };
            let odd = u16x8_shr(even, 8);
            for ((field, &mask), codes) in fields.iter_mut().zip(&masks).zip([even; FIELDS]) {
                *field = i32x4_add(*field, i32x4_dot_i16x8(v128_and(codes, mask), x_even));
            }
            for ((field, &mask), codes) in fields.iter_mut().zip(&masks).zip([odd; FIELDS]) {
                *field = i32x4_add(*field, i32x4_dot_i16x8(v128_and(codes, mask), x_odd));
            }
        }
        for (f, (&field, sums)) in fields.iter().zip(sums.as_chunks_mut::<4>().0).enumerate() {
            // SAFETY: the reference covers 16 writable bytes.
            unsafe { v128_store(sums.as_mut_ptr().cast(), i32x4_shr(field, 2 * f as u32)) };
        }
    }
}
