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
#![allow(unsafe_code)] // loads and stores of vectors

use super::group::ROWS;
use super::quantize::QuantizedVector;
use super::scalar::CHAINS;
use super::ternary::{FIELDS, Tile};
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
    let tile = unsafe { v128_load(tile.0.as_ptr().cast()) };
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

/// −Σ q where each field starts: odd ones count four times.
#[inline(always)]
fn start(x: &QuantizedVector) -> [v128; FIELDS] {
    let [even, odd] = [i32x4_splat(x.start), i32x4_splat(4 * x.start)];
    [even, odd, even, odd]
}

#[inline(always)]
fn store(fields: [v128; FIELDS], sums: &mut [i32; ROWS]) {
    for (f, (&field, sums)) in fields.iter().zip(sums.as_chunks_mut::<4>().0).enumerate() {
        let field = if f % 2 == 1 {
            i32x4_shr(field, 2)
        } else {
            field
        };
        // SAFETY: the reference covers 16 writable bytes.
        unsafe { v128_store(sums.as_mut_ptr().cast(), field) };
    }
}

/// Takes two vectors at a time, and the last alone, through the groups of rows.
#[inline(always)]
fn in_pairs(
    tiles: &[Tile],
    x: &[QuantizedVector],
    sums: &mut [[i32; ROWS]],
    two: impl Fn(&[Tile], &[QuantizedVector; 2], [&mut [i32; ROWS]; 2]),
    one: impl Fn(&[Tile], &[QuantizedVector; 1], [&mut [i32; ROWS]; 1]),
) {
    let groups = sums.len() / x.len();
    let tiles = tiles.chunks_exact(tiles.len() / groups);
    let (pairs, rest) = x.as_chunks::<2>();
    let (pair_sums, rest_sums) = sums.split_at_mut(2 * pairs.len() * groups);
    for (x, sums) in pairs.iter().zip(pair_sums.chunks_exact_mut(2 * groups)) {
        let (of_a, of_b) = sums.split_at_mut(groups);
        for ((tiles, of_a), of_b) in tiles.clone().zip(of_a).zip(of_b) {
            two(tiles, x, [of_a, of_b]);
        }
    }
    if let [last] = rest {
        for (tiles, sums) in tiles.zip(rest_sums) {
            one(tiles, std::array::from_ref(last), [sums]);
        }
    }
}

/// As [`scalar::sums`](super::scalar::sums), bit for bit, added in 32-bit lanes.
#[target_feature(enable = "relaxed-simd")]
pub fn dot(tiles: &[Tile], x: &[QuantizedVector], sums: &mut [[i32; ROWS]]) {
    let masks = masks();
    // The instruction comes as a closure, as what has a target feature cannot be `inline(always)`.
    let dot = |x, codes, sum| i32x4_relaxed_dot_i8x16_i7x16_add(x, codes, sum);
    in_pairs(
        tiles,
        x,
        sums,
        |tiles, x, sums| dot_group(tiles, x, masks, dot, sums),
        |tiles, x, sums| dot_group(tiles, x, masks, dot, sums),
    );
}

#[inline(always)]
fn dot_group<const N: usize>(
    tiles: &[Tile],
    x: &[QuantizedVector; N],
    masks: [v128; 2],
    dot: impl Fn(v128, v128, v128) -> v128,
    sums: [&mut [i32; ROWS]; N],
) {
    let mut fields = x.each_ref().map(start);
    let x = x.each_ref().map(|x| &x.quads()[..tiles.len()]);
    for (quad, tile) in tiles.iter().enumerate() {
        let codes = unpack(tile, masks);
        for (fields, x) in fields.iter_mut().zip(x) {
            let x = splat(&x[quad]);
            for (field, codes) in fields.iter_mut().zip(codes) {
                *field = dot(x, codes, *field);
            }
        }
    }
    for (fields, sums) in fields.into_iter().zip(sums) {
        store(fields, sums);
    }
}

/// As [`scalar::sums`](super::scalar::sums), bit for bit, added as pairs in 16-bit lanes.
#[target_feature(enable = "relaxed-simd")]
pub fn pairs(tiles: &[Tile], x: &[QuantizedVector], sums: &mut [[i32; ROWS]]) {
    let masks = masks();
    let dot = |x, codes| i16x8_relaxed_dot_i8x16_i7x16(x, codes);
    in_pairs(
        tiles,
        x,
        sums,
        |tiles, x, sums| pairs_group(tiles, x, masks, dot, sums),
        |tiles, x, sums| pairs_group(tiles, x, masks, dot, sums),
    );
}

#[inline(always)]
fn pairs_group<const N: usize>(
    tiles: &[Tile],
    x: &[QuantizedVector; N],
    masks: [v128; 2],
    dot: impl Fn(v128, v128) -> v128,
    sums: [&mut [i32; ROWS]; N],
) {
    let mut fields = x.each_ref().map(start);
    let x = x.each_ref().map(|x| &x.quads()[..tiles.len()]);
    // Chunks of known length, whose loop is unrolled, and what is left.
    let (chunks, rest) = tiles.as_chunks::<QUADS>();
    for (i, tiles) in chunks.iter().enumerate() {
        let x = x.map(|x| &x[i * QUADS..][..QUADS]);
        add_pairs(tiles, x, masks, &dot, &mut fields);
    }
    let x = x.map(|x| &x[chunks.len() * QUADS..]);
    add_pairs(rest, x, masks, &dot, &mut fields);
    for (fields, sums) in fields.into_iter().zip(sums) {
        store(fields, sums);
    }
}

/// Adds the products of up to 16 tiles.
#[inline(always)]
fn add_pairs<const N: usize>(
    tiles: &[Tile],
    x: [&[[i8; 4]]; N],
    masks: [v128; 2],
    dot: impl Fn(v128, v128) -> v128,
    fields: &mut [[v128; FIELDS]; N],
) {
    let mut pairs = [[i16x8_splat(0); FIELDS]; N];
    for (quad, tile) in tiles.iter().enumerate() {
        let codes = unpack(tile, masks);
        for (pairs, x) in pairs.iter_mut().zip(x) {
            let x = splat(&x[quad]);
            for (pairs, codes) in pairs.iter_mut().zip(codes) {
                *pairs = i16x8_add(*pairs, dot(x, codes));
            }
        }
    }
    for (fields, pairs) in fields.iter_mut().zip(pairs) {
        for (field, pairs) in fields.iter_mut().zip(pairs) {
            *field = i32x4_add(*field, i32x4_extadd_pairwise_i16x8(pairs));
        }
    }
}

/// The instructions of [`dot`] alone.
#[target_feature(enable = "relaxed-simd")]
pub fn dot_peak(times: usize) {
    let codes = masks()[0];
    let mut sums = [codes; CHAINS];
    for _ in 0..times {
        for sum in &mut sums {
            *sum = i32x4_relaxed_dot_i8x16_i7x16_add(*sum, codes, *sum);
        }
    }
    std::hint::black_box(sums);
}

/// The instructions of [`pairs`] alone.
#[target_feature(enable = "relaxed-simd")]
pub fn pairs_peak(times: usize) {
    let codes = masks()[0];
    let mut sums = [codes; CHAINS];
    for _ in 0..times {
        for sum in &mut sums {
            *sum = i16x8_add(*sum, i16x8_relaxed_dot_i8x16_i7x16(*sum, codes));
        }
    }
    std::hint::black_box(sums);
}
