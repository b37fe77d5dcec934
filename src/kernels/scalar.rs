//! The meaning of a matvec, in plain Rust over the packed layout.

use super::{FIELDS, LANES};

/// `sums[r] = Σ code[r, c] · x[c]` over the rows of `codes`, each `x.len() / FIELDS` blocks long.
pub fn matvec(codes: &[[u16; LANES]], x: &[[i16; LANES]], sums: &mut [i32]) {
    let blocks = x.len() / FIELDS;
    for (sum, row) in sums.iter_mut().zip(codes.chunks_exact(blocks)) {
        let mut lanes = [0i32; LANES];
        for (block, x) in row.iter().zip(x.as_chunks::<FIELDS>().0) {
            for (field, x) in x.iter().enumerate() {
                for lane in 0..LANES {
                    let code = (block[lane] >> (2 * field)) & 3;
                    lanes[lane] += i32::from(code as i16) * i32::from(x[lane]);
                }
            }
        }
        *sum = lanes.iter().sum();
    }
}
