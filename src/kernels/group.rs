//! Groups of rows: what a kernel computes at a time, of ternary and of dense matrices.

use std::ops::Range;

/// Rows of a group: 16, which the layout of a tile fixes; not to be changed alone.
pub const ROWS: usize = 16;

/// The groups of rows that some rows lie in.
pub fn groups(rows: &Range<usize>) -> Range<usize> {
    rows.start / ROWS..rows.end.div_ceil(ROWS)
}

/// Where a group of rows and some rows overlap: the places in the group, and among the rows.
pub fn overlap(group: usize, rows: &Range<usize>) -> (Range<usize>, Range<usize>) {
    let first = group * ROWS;
    let start = rows.start.max(first);
    let end = rows.end.min(first + ROWS);
    (start - first..end - first, start - rows.start..end - rows.start)
}
