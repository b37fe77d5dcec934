//! The matvec in plain WebAssembly SIMD: four rows abreast, so that each load of `x` serves four.
//!
//! A block of codes shifted by 2k and masked is eight weights in 16-bit lanes, and
//! `i32x4.dot_i16x8` multiplies and adds them pairwise: about 31 instructions for 64 weights.

use super::{FIELDS, LANES};
use std::arch::wasm32::*;

const ROWS: usize = 4;

/// As [`scalar::matvec`](super::scalar::matvec), bit for bit.
pub fn matvec(codes: &[[u16; LANES]], x: &[[i16; LANES]], sums: &mut [i32]) {
    let blocks = x.len() / FIELDS;
    let (fours, rest) = sums.as_chunks_mut::<ROWS>();
    let (codes_of_fours, codes_of_rest) = codes.split_at(fours.len() * ROWS * blocks);
    for (sums, codes) in fours
        .iter_mut()
        .zip(codes_of_fours.chunks_exact(ROWS * blocks))
    {
        *sums = rows::<ROWS>(codes, x);
    }
    for (sum, codes) in rest.iter_mut().zip(codes_of_rest.chunks_exact(blocks)) {
        [*sum] = rows::<1>(codes, x);
    }
}

/// The sums of `N` rows.
#[inline(always)]
fn rows<const N: usize>(codes: &[[u16; LANES]], x: &[[i16; LANES]]) -> [i32; N] {
    let (blocks_of_x, _) = x.as_chunks::<FIELDS>();
    let row: [&[[u16; LANES]]; N] =
        std::array::from_fn(|r| &codes[r * blocks_of_x.len()..][..blocks_of_x.len()]);
    let mask = u16x8_splat(3);
    // A lane gains at most 2 · 256 a field; MAX_COLS keeps the whole sum within an i32.
    let mut sums = [i32x4_splat(0); N];
    for (b, x) in blocks_of_x.iter().enumerate() {
        let mut codes = row.map(|row| load_codes(&row[b]));
        for x in x {
            let x = load_values(x);
            for r in 0..N {
                let product = i32x4_dot_i16x8(v128_and(codes[r], mask), x);
                sums[r] = i32x4_add(sums[r], product);
                codes[r] = u16x8_shr(codes[r], 2);
            }
        }
    }
    sums.map(|s| {
        (i32x4_extract_lane::<0>(s) + i32x4_extract_lane::<1>(s))
            + (i32x4_extract_lane::<2>(s) + i32x4_extract_lane::<3>(s))
    })
}

#[inline(always)]
fn load_codes(lanes: &[u16; LANES]) -> v128 {
    // SAFETY: the reference covers 16 readable bytes, and v128.load needs no alignment.
    unsafe { v128_load(lanes.as_ptr().cast()) }
}

#[inline(always)]
fn load_values(lanes: &[i16; LANES]) -> v128 {
    // SAFETY: as in `load_codes`.
    unsafe { v128_load(lanes.as_ptr().cast()) }
}
