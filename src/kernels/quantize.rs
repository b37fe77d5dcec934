//! Rounding to 8 bits, as BitLinears read their input (SPEC §2).
//!
//! Adding 1.5 · 2²³ leaves the integer nearest to a float, ties to even, in the lowest bits of the
//! sum: one addition that every machine does alike, and the bits need no conversion.
#![allow(unsafe_code)] // loads and stores of vectors

use super::COLS;

/// 1.5 · 2²³.
const ROUNDER: f32 = 12_582_912.0;

/// Writes `q = round(x · scale)`, 0 for a NaN, and returns Σ q. Expects |x · scale| < 127.5; what is
/// left of the last quad is 0.
pub fn quantize(x: &[f32], scale: f32, quads: &mut [[i8; COLS]]) -> i32 {
    let whole = x.len() / WIDTH * WIDTH;
    let (wide, rest) = quads.split_at_mut(whole / COLS);
    let sum = quantize_wide(&x[..whole], scale, wide);
    let rest = rest.as_flattened_mut();
    rest.fill(0);
    for (q, &x) in rest.iter_mut().zip(&x[whole..]) {
        *q = round(x, scale);
    }
    rest.iter().fold(sum, |sum, &q| sum + i32::from(q))
}

fn round(x: f32, scale: f32) -> i8 {
    let bits = (x * scale + ROUNDER).to_bits() as i8;
    if x.is_nan() { 0 } else { bits }
}

/// Elements that are rounded at a time.
const WIDTH: usize = 16;

#[cfg(not(target_feature = "simd128"))]
fn quantize_wide(x: &[f32], scale: f32, quads: &mut [[i8; COLS]]) -> i32 {
    let mut sum = 0;
    for (q, &x) in quads.as_flattened_mut().iter_mut().zip(x) {
        *q = round(x, scale);
        sum += i32::from(*q);
    }
    sum
}

/// The same in vectors: compilers find the rounding, but not that it narrows without a shuffle.
#[cfg(target_feature = "simd128")]
fn quantize_wide(x: &[f32], scale: f32, quads: &mut [[i8; COLS]]) -> i32 {
    use std::arch::wasm32::*;
    use std::hint::black_box;
    // Through a `black_box`, as engines build constants anew inside a loop.
    let rounder = f32x4_splat(black_box(ROUNDER));
    let scale = f32x4_splat(scale);
    let mut sums = i32x4_splat(0);
    let (vectors, _) = x.as_chunks::<4>();
    let (places, _) = quads.as_chunks_mut::<4>();
    for (vectors, place) in vectors.as_chunks::<4>().0.iter().zip(places) {
        let [a, b, c, d] = vectors.each_ref().map(|x| {
            // SAFETY: four floats are 16 readable bytes.
            let x = unsafe { v128_load(x.as_ptr().cast()) };
            let rounded = i32x4_sub(f32x4_add(f32x4_mul(x, scale), rounder), rounder);
            // All bits set where x equals itself, as all but a NaN do.
            v128_and(rounded, f32x4_eq(x, x))
        });
        let q = i8x16_narrow_i16x8(i16x8_narrow_i32x4(a, b), i16x8_narrow_i32x4(c, d));
        sums = i32x4_add(
            sums,
            i32x4_extadd_pairwise_i16x8(i16x8_extadd_pairwise_i8x16(q)),
        );
        // SAFETY: four quads are 16 writable bytes.
        unsafe { v128_store(place.as_mut_ptr().cast(), q) };
    }
    let [a, b] = [i32x4_extract_lane::<0>(sums), i32x4_extract_lane::<1>(sums)];
    let [c, d] = [i32x4_extract_lane::<2>(sums), i32x4_extract_lane::<3>(sums)];
    a + b + c + d
}

// In browsers tests/web.rs does the same.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_rounded_to_even_and_padded() {
        for len in 0..70 {
            let x: Vec<f32> = (0..len)
                .map(|i| {
                    if i % 13 == 5 {
                        f32::NAN
                    } else {
                        (i * 7 % 41) as f32 * 0.5 - 10.0
                    }
                })
                .collect();
            let mut quads = vec![[7; COLS]; usize::div_ceil(len, COLS)];
            let sum = quantize(&x, 0.5, &mut quads);
            let mut want: Vec<i8> = x
                .iter()
                .map(|x| {
                    if x.is_nan() {
                        0
                    } else {
                        (x * 0.5).round_ties_even() as i8
                    }
                })
                .collect();
            want.resize(quads.len() * COLS, 0);
            assert_eq!(quads.as_flattened(), want);
            assert_eq!(sum, want.iter().map(|&q| i32::from(q)).sum::<i32>());
        }
    }
}
