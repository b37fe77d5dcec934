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
fn first_invalid(codes: &[u8], len: usize) -> Option<usize> {
    let suspect = codes.iter().position(|byte| byte & byte >> 1 & 0x55 != 0)?;
    // The bits after the last code may be anything.
    (4 * suspect..len).find(|&i| code(codes, i) == 3)
}

/// What the codes 0 to 3 stand for.
pub(super) const WEIGHTS: [Option<i8>; 4] = [Some(-1), Some(0), Some(1), None];

/// How the codes of a matrix are arranged. A line is a row, or a column where those come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Line after line without a gap.
    Joined,
    /// Each line begins with a byte of its own.
    Lines,
    /// Four lines share a byte: byte `[l / 4][i]` holds code `i` of line `l`.
    Across,
}

/// How a file packs a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packing {
    pub(super) layout: Layout,
    /// Columns are packed as others pack rows.
    pub(super) columns_first: bool,
    /// A byte's first code is in its highest bits.
    pub(super) high_first: bool,
    /// What each code stands for.
    pub(super) weights: [Option<i8>; 4],
}

/// A matrix of `rows` × `columns` in the documented packing: row-major without gaps, the first code
/// lowest, code = weight + 1, unused bits zero.
///
/// # Errors
/// The row-major position of a weight and its code, which stands for none.
pub(super) fn repack(
    mut codes: Vec<u8>,
    packing: &Packing,
    rows: usize,
    columns: usize,
) -> Result<Vec<u8>, (usize, u8)> {
    let len = rows * columns;
    let gapless = match packing.layout {
        Layout::Joined => true,
        Layout::Lines => columns.is_multiple_of(4) || rows <= 1,
        Layout::Across => false,
    };
    let documented = !packing.columns_first && !packing.high_first && packing.weights == WEIGHTS;
    if documented && gapless {
        if let Some(index) = first_invalid(&codes, len) {
            return Err((index, 3));
        }
        if let Some(last) = codes.last_mut() {
            let used = len - 4 * (packed_len(len) - 1);
            *last &= 0xff >> (8 - 2 * used);
        }
        return Ok(codes);
    }
    let mut repacked = vec![0; packed_len(len)];
    let line_len = if packing.columns_first { rows } else { columns };
    for row in 0..rows {
        for column in 0..columns {
            let (line, i) = match packing.columns_first {
                true => (column, row),
                false => (row, column),
            };
            let (byte, nth) = match packing.layout {
                Layout::Joined => ((line * line_len + i) / 4, (line * line_len + i) % 4),
                Layout::Lines => (line * packed_len(line_len) + i / 4, i % 4),
                Layout::Across => (line / 4 * line_len + i, line % 4),
            };
            let nth = if packing.high_first { 3 - nth } else { nth };
            let code = codes[byte] >> (2 * nth) & 3;
            let to = row * columns + column;
            let weight = packing.weights[usize::from(code)].ok_or((to, code))?;
            repacked[to / 4] |= ((weight + 1) as u8) << (2 * (to % 4));
        }
    }
    Ok(repacked)
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

    const DOCUMENTED: Packing = Packing {
        layout: Layout::Joined,
        columns_first: false,
        high_first: false,
        weights: WEIGHTS,
    };

    #[test]
    fn every_packing_is_undone() {
        for (rows, columns) in [
            (1, 5),
            (3, 4),
            (3, 5),
            (4, 1),
            (2, 7),
            (0, 5),
            (5, 0),
            (9, 8),
        ] {
            let weights: Vec<i8> = (0..rows * columns).map(|i| (i * i % 3) as i8 - 1).collect();
            let turned: Vec<i8> = (0..columns)
                .flat_map(|column| (0..rows).map(move |row| row * columns + column))
                .map(|i| weights[i])
                .collect();
            for columns_first in [false, true] {
                let (lines, len) = match columns_first {
                    true => (&turned, rows),
                    false => (&weights, columns),
                };
                let count = lines.len() / len.max(1);
                let across = (0..count.div_ceil(4)).flat_map(|four| {
                    (0..len).flat_map(move |i| {
                        let lines = (4 * four..count.min(4 * four + 4)).map(|l| lines[l * len + i]);
                        pack(&lines.collect::<Vec<_>>())
                    })
                });
                for (layout, codes) in [
                    (Layout::Joined, pack(lines)),
                    (
                        Layout::Lines,
                        lines.chunks(len.max(1)).flat_map(pack).collect(),
                    ),
                    (Layout::Across, across.collect()),
                ] {
                    let packing = Packing {
                        layout,
                        columns_first,
                        ..DOCUMENTED
                    };
                    let repacked = repack(codes, &packing, rows, columns);
                    assert_eq!(
                        repacked,
                        Ok(pack(&weights)),
                        "{rows} × {columns}, {packing:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn bits_and_codes_mean_what_is_declared() {
        let high_first = Packing {
            high_first: true,
            ..DOCUMENTED
        };
        assert_eq!(
            repack(vec![0b10_01_00_01, 0b10_00_00_00], &high_first, 1, 5),
            Ok(vec![0b01_00_01_10, 0b10])
        );
        let signed = Packing {
            weights: [Some(0), Some(1), None, Some(-1)],
            ..DOCUMENTED
        };
        assert_eq!(
            repack(vec![0b11_01_00], &signed, 1, 3),
            Ok(vec![0b00_10_01])
        );
        assert_eq!(repack(vec![0b10_01_00], &signed, 3, 1), Err((2, 2)));
    }

    #[test]
    fn unused_bits_are_cleared() {
        assert_eq!(
            repack(vec![0b11_11_11_10], &DOCUMENTED, 1, 1),
            Ok(vec![0b10])
        );
        let whole = vec![0b01_10_01_10];
        assert_eq!(repack(whole.clone(), &DOCUMENTED, 1, 4), Ok(whole));
    }
}
