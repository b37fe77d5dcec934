//! Two bits a weight: the codes of ternary tensors.
//!
//! A code is weight + 1, so 0, 1 and 2 stand for -1, 0 and +1. Four codes share a byte, the first
//! in the lowest bits, row-major over the whole tensor; unused bits of the last byte are zero.

use std::ops::Range;

/// Codes, four to a byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes(Vec<u8>);

impl From<Vec<u8>> for Codes {
    fn from(bytes: Vec<u8>) -> Self {
        Codes(bytes)
    }
}

impl Codes {
    /// Bytes that `len` codes take.
    pub fn packed_len(len: usize) -> usize {
        len.div_ceil(4)
    }

    /// Room for `len` codes, all 0.
    pub fn zeros(len: usize) -> Self {
        Codes(vec![0; Self::packed_len(len)])
    }

    /// Packs ternary weights; any value above 0 counts as +1, any below as -1.
    pub fn pack(weights: &[i8]) -> Self {
        let mut codes = Codes::zeros(weights.len());
        for (i, weight) in weights.iter().enumerate() {
            codes.set(i, (weight.signum() + 1) as u8);
        }
        codes
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Code number `i`: 0 to 3.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)] // in loops over all weights, which the wasm build would leave as calls
    pub fn get(&self, i: usize) -> u8 {
        self.0[i / 4] >> (2 * (i % 4)) & 3
    }

    /// Makes `code`, 0 to 3, code number `i`.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline(always)]
    pub fn set(&mut self, i: usize, code: u8) {
        let shift = 2 * (i % 4);
        let byte = &mut self.0[i / 4];
        *byte = *byte & !(3 << shift) | code << shift;
    }

    /// A copy of some of the codes.
    pub fn slice(&self, range: Range<usize>) -> Self {
        let mut slice = Codes::zeros(range.len());
        for (to, from) in range.enumerate() {
            slice.set(to, self.get(from));
        }
        slice
    }

    /// The first `len` weights, each -1, 0 or +1.
    ///
    /// # Panics
    /// When there are fewer.
    pub fn weights(&self, len: usize) -> impl Iterator<Item = i8> {
        let bytes = self.0.len();
        assert!(
            bytes >= Self::packed_len(len),
            "{len} weights in {bytes} bytes"
        );
        (0..len).map(|i| self.get(i) as i8 - 1)
    }

    /// How many of the first `len` weights are 0, whose code is 1.
    pub fn count_zeros(&self, len: usize) -> usize {
        let (words, rest) = self.0[..len / 4].as_chunks::<8>();
        let whole: u32 = words
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .chain(rest.iter().map(|&byte| u64::from(byte)))
            .map(|codes| (codes & !(codes >> 1) & 0x5555_5555_5555_5555).count_ones())
            .sum();
        let last = (len / 4 * 4..len).filter(|&i| self.get(i) == 1);
        whole as usize + last.count()
    }

    /// Position of the first of `len` codes that is 3, and so no weight.
    pub(super) fn first_invalid(&self, len: usize) -> Option<usize> {
        let suspect = self
            .0
            .iter()
            .position(|byte| byte & byte >> 1 & 0x55 != 0)?;
        // The bits after the last code may be anything.
        (4 * suspect..len).find(|&i| self.get(i) == 3)
    }

    /// Makes the bits behind the first `len` codes zero.
    pub(super) fn clear_rest(&mut self, len: usize) {
        (len..4 * self.0.len()).for_each(|i| self.set(i, 0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_is_undone_at_every_length_and_in_every_part() {
        for len in 0..90_usize {
            let weights: Vec<i8> = (0..len).map(|i| (i * i % 3) as i8 - 1).collect();
            let codes = Codes::pack(&weights);
            assert_eq!(codes.bytes().len(), Codes::packed_len(len));
            assert_eq!(codes.weights(len).collect::<Vec<_>>(), weights);
            let part = len / 3..len - len / 5;
            assert_eq!(codes.slice(part.clone()), Codes::pack(&weights[part]));
            let zeros = weights.iter().filter(|&&weight| weight == 0);
            assert_eq!(codes.count_zeros(len), zeros.count(), "{len}");
            assert_eq!(codes.first_invalid(len), None);
        }
    }

    #[test]
    fn the_first_code_is_in_the_lowest_bits() {
        let mut codes = Codes::pack(&[1, 0, -1, 0, 1]);
        assert_eq!(codes.bytes(), [0b01_00_01_10, 0b10]);
        codes.set(1, 2);
        codes.clear_rest(4);
        assert_eq!(codes.bytes(), [0b01_00_10_10, 0]);
    }

    #[test]
    fn code_3_is_found_where_it_is_and_ignored_behind_the_end() {
        let first = |bytes: &[u8], len| Codes(bytes.into()).first_invalid(len);
        assert_eq!(first(&[0b00_10_01_00, 0b00_11_00_10], 8), Some(6));
        assert_eq!(first(&[0b00_10_01_00, 0b11_11_00_10], 6), None);
        // Bits 10 01 have a 11 in their middle, but not as a code.
        assert_eq!(first(&[0b10_01_10_01], 4), None);
    }
}
