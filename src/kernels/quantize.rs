//! Rounding to 8 bits, as BitLinears read their input ([spec](crate::spec) §2).
//!
//! Adding 1.5 · 2²³ leaves the integer nearest to a float, ties to even, in the lowest bits of the
//! sum: one addition that every machine does alike, and the bits need no conversion.
#![allow(unsafe_code)] // loads and stores of vectors

use super::ternary::COLS;

/// A vector quantised to 8 bits for a BitLinear ([spec](crate::spec) §2).
#[derive(Clone, Debug, Default)]
pub struct QuantizedVector {
    /// q, padded with zeros to whole quads.
    quads: Vec<[i8; COLS]>,
    /// The same as 16-bit numbers, each quad as its even columns and then its odd ones.
    #[cfg(all(target_feature = "simd128", not(feature = "relaxed-simd")))]
    halves: Vec<[i16; COLS]>,
    /// −Σ q: where a sum over codes starts, since a code is its weight + 1.
    pub(super) start: i32,
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
        self.start = -quantize(x, self.scale, &mut self.quads);
        self.set_halves();
    }

    /// Quantises `x` as a dialect has it: `s = 128 / max(max|x|, 1e-5)`.
    pub fn set_to_128(&mut self, x: &[f32]) {
        let top = crate::math::max_abs(x).max(1e-5);
        // What would round to 128 is clamped before.
        let most = top * (127.0 / 128.0);
        let clamped: Vec<f32> = x.iter().map(|&x| if x > most { most } else { x }).collect();
        self.scale = 128.0 / top;
        self.resize(x.len());
        self.start = -quantize(&clamped, self.scale, &mut self.quads);
        self.set_halves();
    }

    /// q as it is, with scale 1: for tests and benchmarks.
    pub fn from_integers(q: &[i8]) -> Self {
        let mut vector = Self::with_capacity(q.len());
        vector.resize(q.len());
        vector.quads.as_flattened_mut()[..q.len()].copy_from_slice(q);
        vector.start = -q.iter().map(|&q| i32::from(q)).sum::<i32>();
        vector.set_halves();
        vector
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

/// 1.5 · 2²³.
const ROUNDER: f32 = 12_582_912.0;

/// Writes `q = round(x · scale)`, 0 for a NaN, and returns Σ q. Expects −128.5 < x · scale < 127.5; what is
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
        sums = i32x4_add(sums, i32x4_extadd_pairwise_i16x8(i16x8_extadd_pairwise_i8x16(q)));
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
                .map(|i| if i % 13 == 5 { f32::NAN } else { (i * 7 % 41) as f32 * 0.5 - 10.0 })
                .collect();
            let mut quads = vec![[7; COLS]; usize::div_ceil(len, COLS)];
            let sum = quantize(&x, 0.5, &mut quads);
            let mut want: Vec<i8> = x
                .iter()
                .map(|x| if x.is_nan() { 0 } else { (x * 0.5).round_ties_even() as i8 })
                .collect();
            want.resize(quads.len() * COLS, 0);
            assert_eq!(quads.as_flattened(), want);
            assert_eq!(sum, want.iter().map(|&q| i32::from(q)).sum::<i32>());
        }
    }

    #[test]
    fn quantisation_follows_the_spec() {
        let mut x = QuantizedVector::default();
        x.set(&[0.5, -1.0, 0.0, 0.25, f32::NAN]);
        assert_eq!(x.scale, 127.0);
        assert_eq!(x.quads().as_flattened(), [64, -127, 0, 32, 0, 0, 0, 0]);
        x.set_to_128(&[0.5, -1.0, 0.0, 0.25, f32::NAN, 1.0, 0.994]);
        assert_eq!(x.quads().as_flattened(), [64, -128, 0, 32, 0, 127, 127, 0]);
        x.set(&[0.0; 3]);
        assert_eq!((x.start, x.scale), (0, 127.0 / 1e-5));
    }
}
