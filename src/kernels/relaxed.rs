//! The matvec in relaxed SIMD, whose dot products of bytes are one instruction on every machine.
//!
//! Codes are at most 2, and at most 8 where a field is taken as it lies, so no product saturates:
//! what engines may do differently never happens, and the sums are exact and the same everywhere.
//! Two ways to add them up; which is faster depends on the processor and cannot be asked:
//!
//! - [`dot`]: into 32-bit lanes at once. One instruction where the processor has VNNI or SDOT,
//!   three where not. 11 instructions for 64 weights.
//! - [`pairs`]: pairs into 16-bit lanes, widened before they can overflow. Never more than two
//!   instructions. 15 for 64 weights.
//!
//! Two vectors that are multiplied together share the unpacking of the codes.

use super::{FIELDS, QuantizedVector, ROWS, Tile, in_pairs};
use std::arch::wasm32::*;

/// Masks of the two lower fields of every byte; the upper two are shifted down by 4. In memory, and
/// read through a `black_box`, as engines build constants anew inside a loop.
static MASKS: [[u8; 16]; 2] = [[0x03; 16], [0x0c; 16]];

/// Quads whose pair sums a 16-bit lane holds: each gains at most 8 · 128 · 2 in magnitude.
const QUADS: usize = 16;

#[inline(always)]
fn masks() -> [v128; 2] {
    let masks = std::hint::black_box(&MASKS);
    // SAFETY: each reference covers 16 readable bytes, and v128.load needs no alignment.
    masks
        .each_ref()
        .map(|m| unsafe { v128_load(m.as_ptr().cast()) })
}

/// The codes of each field, those of odd fields times 4.
#[inline(always)]
fn unpack(tile: &Tile, masks: [v128; 2]) -> [v128; FIELDS] {
    // SAFETY: a tile has 16 bytes.
    let tile = unsafe { v128_load(tile.as_ptr().cast()) };
    // What comes over from the next byte is masked away.
    let upper = u16x8_shr(tile, 4);
    [
        v128_and(tile, masks[0]),
        v128_and(tile, masks[1]),
        v128_and(upper, masks[0]),
        v128_and(upper, masks[1]),
    ]
}

/// Four activations, in every lane.
#[inline(always)]
fn splat(quad: &[i8; 4]) -> v128 {
    // SAFETY: a quad has 4 bytes.
    unsafe { v128_load32_splat(quad.as_ptr().cast()) }
}

#[inline(always)]
fn sums(fields: [v128; FIELDS]) -> [i32; ROWS] {
    let mut sums = [0; ROWS];
    for (f, (&field, sums)) in fields.iter().zip(sums.as_chunks_mut::<4>().0).enumerate() {
        let field = if f % 2 == 1 {
            i32x4_shr(field, 2)
        } else {
            field
        };
        // SAFETY: the reference covers 16 writable bytes.
        unsafe { v128_store(sums.as_mut_ptr().cast(), field) };
    }
    sums
}

/// As [`scalar::sums`](super::scalar::sums), bit for bit, added in 32-bit lanes.
#[target_feature(enable = "relaxed-simd")]
pub fn dot(tiles: &[Tile], x: &[QuantizedVector], sums: &mut [[i32; ROWS]]) {
    let masks = masks();
    in_pairs(
        tiles,
        x,
        sums,
        |tiles, x| dot_group(tiles, x, masks),
        |tiles, x| dot_group(tiles, x, masks),
    );
}

#[inline]
#[target_feature(enable = "relaxed-simd")]
fn dot_group<const N: usize>(
    tiles: &[Tile],
    x: [&QuantizedVector; N],
    masks: [v128; 2],
) -> [[i32; ROWS]; N] {
    let x = x.map(|x| &x.quads()[..tiles.len()]);
    let mut fields = [[i32x4_splat(0); FIELDS]; N];
    for (quad, tile) in tiles.iter().enumerate() {
        let codes = unpack(tile, masks);
        for (fields, x) in fields.iter_mut().zip(x) {
            let x = splat(&x[quad]);
            for (field, codes) in fields.iter_mut().zip(codes) {
                *field = i32x4_relaxed_dot_i8x16_i7x16_add(x, codes, *field);
            }
        }
    }
    fields.map(sums)
}

/// As [`scalar::sums`](super::scalar::sums), bit for bit, added as pairs in 16-bit lanes.
#[target_feature(enable = "relaxed-simd")]
pub fn pairs(tiles: &[Tile], x: &[QuantizedVector], sums: &mut [[i32; ROWS]]) {
    let masks = masks();
    in_pairs(
        tiles,
        x,
        sums,
        |tiles, x| pairs_group(tiles, x, masks),
        |tiles, x| pairs_group(tiles, x, masks),
    );
}

#[inline]
#[target_feature(enable = "relaxed-simd")]
fn pairs_group<const N: usize>(
    tiles: &[Tile],
    x: [&QuantizedVector; N],
    masks: [v128; 2],
) -> [[i32; ROWS]; N] {
    let mut fields = [[i32x4_splat(0); FIELDS]; N];
    for (i, tiles) in tiles.chunks(QUADS).enumerate() {
        let x = x.map(|x| &x.quads()[i * QUADS..][..tiles.len()]);
        let mut pairs = [[i16x8_splat(0); FIELDS]; N];
        for (quad, tile) in tiles.iter().enumerate() {
            let codes = unpack(tile, masks);
            for (pairs, x) in pairs.iter_mut().zip(x) {
                let x = splat(&x[quad]);
                for (pairs, codes) in pairs.iter_mut().zip(codes) {
                    *pairs = i16x8_add(*pairs, i16x8_relaxed_dot_i8x16_i7x16(x, codes));
                }
            }
        }
        for (fields, pairs) in fields.iter_mut().zip(pairs) {
            for (field, pairs) in fields.iter_mut().zip(pairs) {
                *field = i32x4_add(*field, i32x4_extadd_pairwise_i16x8(pairs));
            }
        }
    }
    fields.map(sums)
}
