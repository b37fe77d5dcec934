//! Two bits a weight: the codes of ternary tensors in `compact_2bit` files.
//!
//! A code is weight + 1, so 0, 1 and 2 stand for -1, 0 and +1. Four codes share a byte, the first
//! in the lowest bits, row-major over the whole tensor; unused bits of the last byte are zero.

/// Bytes that `len` codes take.
pub fn packed_len(len: usize) -> usize {
    len.div_ceil(4)
}

/// Packs ternary weights; any value above 0 counts as +1, any below as -1.
pub fn pack(weights: &[i8]) -> Vec<u8> {
    weights
        .chunks(4)
        .map(|four| {
            let codes = four.iter().map(|weight| (weight.signum() + 1) as u8);
            codes
                .enumerate()
                .fold(0, |byte, (i, code)| byte | code << (2 * i))
        })
        .collect()
}

/// The first `len` weights of packed codes, each -1, 0 or +1.
///
/// # Panics
/// When `codes` holds fewer than `len`.
pub fn unpack(codes: &[u8], len: usize) -> impl Iterator<Item = i8> + '_ {
    assert!(
        codes.len() >= packed_len(len),
        "{len} weights in {} bytes",
        codes.len()
    );
    (0..len).map(|i| code(codes, i) as i8 - 1)
}

/// Code number `i`: 0 to 3.
fn code(codes: &[u8], i: usize) -> u8 {
    codes[i / 4] >> (2 * (i % 4)) & 3
}

/// Position of the first of `len` codes that is 3, and so no weight.
pub(super) fn first_invalid(codes: &[u8], len: usize) -> Option<usize> {
    let suspect = codes.iter().position(|byte| byte & byte >> 1 & 0x55 != 0)?;
    // The bits after the last code may be anything.
    (4 * suspect..len).find(|&i| code(codes, i) == 3)
}

/// Joins rows that were packed each into whole bytes, and clears the unused bits at the end.
///
/// `codes` are `rows` rows of `columns` codes.
pub(super) fn join_rows(codes: Vec<u8>, rows: usize, columns: usize) -> Vec<u8> {
    let len = rows * columns;
    let stride = packed_len(columns);
    let mut joined = if stride * 4 == columns || rows <= 1 {
        codes
    } else {
        let mut joined = vec![0; packed_len(len)];
        for i in 0..len {
            let (row, column) = (i / columns, i % columns);
            joined[i / 4] |= code(&codes[row * stride..], column) << (2 * (i % 4));
        }
        joined
    };
    joined.truncate(packed_len(len));
    if let Some(last) = joined.last_mut() {
        let used = len - 4 * (packed_len(len) - 1);
        *last &= 0xff >> (8 - 2 * used);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packing_is_undone_by_unpacking_at_every_length() {
        for len in 0..23_usize {
            let weights: Vec<i8> = (0..len).map(|i| (i * i % 3) as i8 - 1).collect();
            let codes = pack(&weights);
            assert_eq!(codes.len(), packed_len(len));
            assert_eq!(unpack(&codes, len).collect::<Vec<_>>(), weights);
            assert_eq!(first_invalid(&codes, len), None);
        }
    }

    #[test]
    fn the_first_code_is_in_the_lowest_bits() {
        assert_eq!(pack(&[1, 0, -1, 0, 1]), [0b01_00_01_10, 0b10]);
    }

    #[test]
    fn code_3_is_found_where_it_is_and_ignored_behind_the_end() {
        assert_eq!(first_invalid(&[0b00_10_01_00, 0b00_11_00_10], 8), Some(6));
        assert_eq!(first_invalid(&[0b00_10_01_00, 0b11_11_00_10], 6), None);
        // Bits 10 01 have a 11 in their middle, but not as a code.
        assert_eq!(first_invalid(&[0b10_01_10_01], 4), None);
    }

    #[test]
    fn rows_of_their_own_bytes_are_joined() {
        for (rows, columns) in [(1, 5), (3, 4), (3, 5), (4, 1), (2, 7), (0, 5)] {
            let weights: Vec<i8> = (0..rows * columns).map(|i| (i % 3) as i8 - 1).collect();
            let apart: Vec<u8> = weights.chunks(columns).flat_map(pack).collect();
            assert_eq!(
                join_rows(apart, rows, columns),
                pack(&weights),
                "{rows} x {columns}"
            );
        }
    }

    #[test]
    fn unused_bits_are_cleared() {
        assert_eq!(join_rows(vec![0b11_11_11_10], 1, 1), [0b10]);
        assert_eq!(join_rows(vec![0b01_10_01_10], 1, 4), [0b01_10_01_10]);
    }
}
