//! The matvec in plain WebAssembly SIMD.
//!
//! A tile masked to one field is eight codes in 16-bit lanes, those of even columns as they are and
//! those of odd columns after a shift by a byte; `i32x4.dot_i16x8` multiplies them by two
//! activations and adds the pairs. Fields are not shifted down: the sums of field f come out 4ᶠ
//! times too large, exactly, and are shifted once at the end. 28 instructions for 64 weights, 23
//! where two vectors share them.

use super::{FIELDS, QuantizedVector, ROWS, Tile, in_pairs};
use std::arch::wasm32::*;

/// One bit mask for each field, in every 16-bit lane. In memory, and read through a `black_box`, as
/// engines build constants anew inside a loop: that costs a tenth of the speed.
static MASKS: [[u16; 8]; FIELDS] = [[0x03; 8], [0x0c; 8], [0x30; 8], [0xc0; 8]];

/// As [`scalar::sums`](super::scalar::sums), bit for bit.
pub fn sums(tiles: &[Tile], x: &[QuantizedVector], sums: &mut [[i32; ROWS]]) {
    let masks = std::hint::black_box(&MASKS);
    // SAFETY: each reference covers 16 readable bytes, and v128.load needs no alignment.
    let masks = masks
        .each_ref()
        .map(|m| unsafe { v128_load(m.as_ptr().cast()) });
    in_pairs(
        tiles,
        x,
        sums,
        |tiles, x| group(tiles, x, masks),
        |tiles, x| group(tiles, x, masks),
    );
}

/// The sums of one group of rows with each of `N` vectors.
#[inline(always)]
fn group<const N: usize>(
    tiles: &[Tile],
    x: [&QuantizedVector; N],
    masks: [v128; FIELDS],
) -> [[i32; ROWS]; N] {
    let x = x.map(|x| &x.halves()[..tiles.len()]);
    // A lane gains at most 64 · 2 · 128 a column; MAX_COLS keeps the whole sum within an i32.
    let mut fields = [[i32x4_splat(0); FIELDS]; N];
    for (quad, tile) in tiles.iter().enumerate() {
        // SAFETY: a tile has 16 bytes.
        let even = unsafe { v128_load(tile.as_ptr().cast()) };
        let odd = u16x8_shr(even, 8);
        for (half, codes) in [even, odd].into_iter().enumerate() {
            let x = x.map(|x| {
                // SAFETY: two of the four 16-bit numbers of a quad.
                unsafe { v128_load32_splat(x[quad][2 * half..].as_ptr().cast()) }
            });
            for (f, &mask) in masks.iter().enumerate() {
                let codes = v128_and(codes, mask);
                for (fields, x) in fields.iter_mut().zip(x) {
                    fields[f] = i32x4_add(fields[f], i32x4_dot_i16x8(codes, x));
                }
            }
        }
    }
    fields.map(|fields| {
        let mut sums = [0; ROWS];
        for (f, (&field, sums)) in fields.iter().zip(sums.as_chunks_mut::<4>().0).enumerate() {
            // SAFETY: the reference covers 16 writable bytes.
            unsafe { v128_store(sums.as_mut_ptr().cast(), i32x4_shr(field, 2 * f as u32)) };
        }
        sums
    })
}
