//! The matvec in plain WebAssembly SIMD, in two ways that give the same sums.
//!
//! [`one`] reads a vector's way through the tiles: a tile masked to one field is eight codes in
//! 16-bit lanes, those of even columns as they are and those of odd columns after a shift by a
//! byte; `i32x4.dot_i16x8` multiplies them by two activations and adds the pairs. Fields are not
//! shifted down: the sums of field f come out 4ᶠ times too large, exactly, and are shifted once at
//! the end. 28 instructions for 64 weights.
//!
//! [`many`] unpacks some tiles once for all vectors, two rows to a 16-bit lane: w + 2¹⁴ w′. One dot
//! product then serves both, and the sums come apart as long as the lower one fits 14 bits. 12
//! instructions for 64 weights.
#![allow(unsafe_code)] // loads and stores of vectors

use super::group::ROWS;
use super::quantize::QuantizedVector;
use super::scalar::CHAINS;
use super::ternary::{FIELDS, Tile};
use std::arch::wasm32::*;

/// Vectors from which on unpacking pays.
const MANY: usize = 4;

/// One bit mask for each field, in every 16-bit lane. In memory, and read through a `black_box`, as
/// engines build constants anew inside a loop: that costs a tenth of the speed.
static MASKS: [[u16; 8]; FIELDS] = [[0x03; 8], [0x0c; 8], [0x30; 8], [0xc0; 8]];

/// As [`scalar::sums`](super::scalar::sums), bit for bit.
pub fn sums(tiles: &[Tile], x: &[QuantizedVector], sums: &mut [[i32; ROWS]]) {
    let masks = std::hint::black_box(&MASKS);
    // SAFETY: each reference covers 16 readable bytes, and v128.load needs no alignment.
    let masks = masks.each_ref().map(|m| unsafe { v128_load(m.as_ptr().cast()) });
    let groups = sums.len() / x.len();
    let tiles = tiles.chunks_exact(tiles.len() / groups);
    if x.len() < MANY {
        for (x, sums) in x.iter().zip(sums.chunks_exact_mut(groups)) {
            for (tiles, sums) in tiles.clone().zip(sums) {
                one(tiles, x, masks, sums);
            }
        }
    } else {
        for (group, tiles) in tiles.enumerate() {
            many(tiles, x, masks, sums.iter_mut().skip(group).step_by(groups));
        }
    }
}

/// Two activations, in every lane.
#[inline(always)]
fn splat(halves: &[i16; 4], half: usize) -> v128 {
    // SAFETY: two of the four 16-bit numbers of a quad.
    unsafe { v128_load32_splat(halves[2 * half..][..2].as_ptr().cast()) }
}

/// The codes of even columns in the low bytes of 16-bit lanes, and those of odd ones.
#[inline(always)]
fn halves(tile: &Tile) -> [v128; 2] {
    // SAFETY: a tile has 16 bytes.
    let even = unsafe { v128_load(tile.0.as_ptr().cast()) };
    [even, u16x8_shr(even, 8)]
}

#[inline(always)]
fn one(tiles: &[Tile], x: &QuantizedVector, masks: [v128; FIELDS], sums: &mut [i32; ROWS]) {
    // A lane gains at most 64 · 2 · 128 a column; what wraps on the way wraps back, as MAX_COLS
    // keeps the whole sum within an i32.
    let mut fields: [_; FIELDS] = std::array::from_fn(|f| i32x4_splat(x.start << (2 * f)));
    let x = &x.halves()[..tiles.len()];
    for (tile, x) in tiles.iter().zip(x) {
        for (half, codes) in halves(tile).into_iter().enumerate() {
            let x = splat(x, half);
            for (field, mask) in fields.iter_mut().zip(masks) {
                *field = i32x4_add(*field, i32x4_dot_i16x8(v128_and(codes, mask), x));
            }
        }
    }
    for (f, (&field, sums)) in fields.iter().zip(sums.as_chunks_mut::<4>().0).enumerate() {
        // SAFETY: the reference covers 16 writable bytes.
        unsafe { v128_store(sums.as_mut_ptr().cast(), i32x4_shr(field, 2 * f as u32)) };
    }
}

/// Tiles that are unpacked at a time: their lower sums stay within 15 · 4 · 128 < 2¹³.
const TILES: usize = 15;

/// Bits below the upper of two sums.
const UPPER: u32 = 14;

/// A tile as w + 2¹⁴ w′: for each half of its columns, fields 0 and 1, then 2 and 3.
type Pairs = [[v128; 2]; 2];

/// Most vectors whose sums [`many`] holds at a time, on the stack; any number gives the same sums.
const MOST: usize = 16;

fn many<'s>(
    tiles: &[Tile],
    x: &[QuantizedVector],
    masks: [v128; FIELDS],
    mut out: impl Iterator<Item = &'s mut [i32; ROWS]>,
) {
    let mut pairs: [Pairs; TILES] = [[[i32x4_splat(0); 2]; 2]; TILES];
    for x in x.chunks(MOST) {
        let mut sums = [[0; ROWS]; MOST];
        let sums = &mut sums[..x.len()];
        let (fours, rest) = x.as_chunks::<4>();
        let (four_sums, rest_sums) = sums.as_chunks_mut::<4>();
        for (i, tiles) in tiles.chunks(TILES).enumerate() {
            for (pairs, tile) in pairs.iter_mut().zip(tiles) {
                *pairs = unpack(tile, masks);
            }
            let pairs = &pairs[..tiles.len()];
            for (x, sums) in fours.iter().zip(&mut *four_sums) {
                add(pairs, x, i * TILES, sums);
            }
            for (x, sums) in rest.iter().zip(&mut *rest_sums) {
                let (x, sums) = (std::array::from_ref(x), std::array::from_mut(sums));
                add(pairs, x, i * TILES, sums);
            }
        }
        for (sums, out) in sums.iter().zip(out.by_ref()) {
            *out = *sums;
        }
    }
}

#[inline(always)]
fn unpack(tile: &Tile, masks: [v128; FIELDS]) -> Pairs {
    // Codes are weights + 1, in either part of a lane; code 2 of the upper part wraps, and back.
    let ones = i16x8_splat(1 + (1 << UPPER));
    halves(tile).map(|codes| {
        let [a, b, c, d] = masks.map(|mask| v128_and(codes, mask));
        let low = v128_or(a, i16x8_shl(b, UPPER - 2));
        let high = v128_or(u16x8_shr(c, 4), i16x8_shl(d, UPPER - 6));
        [i16x8_sub(low, ones), i16x8_sub(high, ones)]
    })
}

/// Adds the products of some tiles with the quads of each vector from `first` on.
#[inline(always)]
fn add<const N: usize>(
    pairs: &[Pairs],
    x: &[QuantizedVector; N],
    first: usize,
    sums: &mut [[i32; ROWS]; N],
) {
    let x = x.each_ref().map(|x| &x.halves()[first..][..pairs.len()]);
    let mut both = [[i32x4_splat(0); 2]; N];
    for (quad, pairs) in pairs.iter().enumerate() {
        for (half, &pairs) in pairs.iter().enumerate() {
            for (both, x) in both.iter_mut().zip(x) {
                let x = splat(&x[quad], half);
                for (both, pair) in both.iter_mut().zip(pairs) {
                    *both = i32x4_add(*both, i32x4_dot_i16x8(pair, x));
                }
            }
        }
    }
    for (both, sums) in both.into_iter().zip(sums) {
        let fields = both.into_iter().flat_map(|both| {
            let lower = i32x4_shr(i32x4_shl(both, 32 - UPPER), 32 - UPPER);
            [lower, i32x4_shr(i32x4_sub(both, lower), UPPER)]
        });
        for (field, sums) in fields.zip(sums.as_chunks_mut::<4>().0) {
            let place = sums.as_mut_ptr().cast();
            // SAFETY: the reference covers 16 readable and writable bytes.
            unsafe { v128_store(place, i32x4_add(v128_load(place), field)) };
        }
    }
}

/// The instructions of [`one`] alone. Twice the times, as one of them multiplies eight pairs.
pub fn peak(times: usize) {
    let codes = i16x8_splat(std::hint::black_box(1));
    let mut sums = [codes; CHAINS];
    for _ in 0..2 * times {
        for sum in &mut sums {
            *sum = i32x4_add(*sum, i32x4_dot_i16x8(*sum, codes));
        }
    }
    std::hint::black_box(sums);
}
