//! Files whose tensors are packed groups of all kinds, in every place and under every key.
#![no_main]

use arbitrary::{Result, Unstructured};
use cpu1_fuzz::attack::{Pickle, read};
use cpu1_fuzz::{one, tensor, wrap};
use libfuzzer_sys::fuzz_target;

#[rustfmt::skip]
const KEYS: [&str; 52] = [
    "state_dict", "state", "model", "config", "format", "w", "v.weight", "w.packed", "w.scale",
    "w.shape", "w.weight_packed", "w.weight_scale", "w.weight_shape", "w_packed", "w_scale",
    "packed", "scale", "scales", "shape", "shapes", "codes", "qweight", "gamma", "size",
    "weight_packed", "weight_scale", "order", "layout", "transposed", "bit_order", "msb_first",
    "code_values", "code_map", "code_offset", "signed", "axis", "pack_axis", "packing",
    "quantization", "column_major", "row_major", "packed_weights", "0", "1", "zero_point", "levels",
    "optimizer", "weight_shape", "pack_order", "mapping", "lsb_first", "memory_order",
];
#[rustfmt::skip]
const TEXTS: [&str; 12] = [
    "row", "row_major", "column_major", "col", "big", "little", "msb", "lsb_first", "compact_2bit",
    "twos_complement", "", "w",
];

fn value(u: &mut Unstructured, pickle: Pickle, depth: usize) -> Result<Pickle> {
    let deepest = if depth > 3 { 8 } else { 11 };
    Ok(match u.int_in_range(0..=deepest)? {
        0 | 1 => tensor(u, pickle)?,
        2 => pickle.text(one(u, &TEXTS)?),
        3 => pickle.int(*one(u, &[-1, 0, 1, 2, 3, 4, 5, 8, 16, 64, 1 << 40])?),
        4 => pickle.op(one(
            u,
            &[&b"\x88"[..], b"\x89", b"N", b"G\x3f\xe0\0\0\0\0\0\0"],
        )?),
        5 => {
            let mut sizes = Vec::new();
            for _ in 0..u.int_in_range(0..=3)? {
                sizes.push(*one(u, &[-1, 0, 1, 2, 3, 4, 5, 8, 16, 64, 256])?);
            }
            pickle.tuple(&sizes)
        }
        6 => group(u, pickle)?,
        7 => pickle
            .op(b"](")
            .op(&vec![b'N'; u.int_in_range(0..=4)?])
            .op(b"e"),
        _ => dict(u, pickle, depth + 1)?,
    })
}

fn dict(u: &mut Unstructured, pickle: Pickle, depth: usize) -> Result<Pickle> {
    let mut pickle = pickle.op(b"}(");
    for _ in 0..u.int_in_range(0..=6)? {
        pickle = pickle.text(one(u, &KEYS)?);
        pickle = value(u, pickle, depth)?;
    }
    Ok(pickle.op(b"u"))
}

/// A group of matching sizes, and perhaps something that contradicts them.
fn group(u: &mut Unstructured, pickle: Pickle) -> Result<Pickle> {
    let (rows, columns) = (u.int_in_range(1..=16)?, u.int_in_range(1..=16)?);
    let (a, b) = if u.arbitrary()? {
        (rows, columns)
    } else {
        (columns, rows)
    };
    let four = |n: i64| (n + 3) / 4;
    let sizes = match u.int_in_range(0..=3)? {
        0 => vec![four(rows * columns)],
        1 => vec![a, four(b)],
        2 => vec![four(a), b],
        _ => vec![four(rows * columns), 1],
    };
    let strides = [*sizes.get(1).unwrap_or(&1), 1];
    let strides = &strides[2 - sizes.len()..];
    let mut pickle = pickle.op(b"}(").text("packed");
    pickle = pickle
        .tensor_in("3", "ByteStorage", 300, 0, &sizes, strides)
        .text("scale");
    pickle = match u.int_in_range(0..=3)? {
        0 => pickle.op(b"G\x3f\xe0\0\0\0\0\0\0"),
        1 => pickle.tensor_in("2", "BFloat16Storage", 32, 0, &[rows], &[1]),
        2 => pickle.tensor_in("2", "FloatStorage", 16, 0, &[rows, 1], &[1, 1]),
        _ => tensor(u, pickle)?,
    };
    pickle = pickle.text("shape").tuple(&[rows, columns]);
    for _ in 0..u.int_in_range(0..=2)? {
        pickle = pickle.text(one(u, &KEYS)?);
        pickle = value(u, pickle, 3)?;
    }
    Ok(pickle.op(b"u"))
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.starts_with(b"PK") {
        let _ = read(bytes);
        return;
    }
    if let Ok(pickle) = dict(&mut Unstructured::new(bytes), Pickle::new(), 0) {
        let _ = read(&wrap(&pickle.op(b".").0));
    }
});
