//! What the fuzz targets share: how a file is read and held to its bounds, and how pickles and files
//! are built from the fuzzer's bytes.

#[path = "../../common/attack.rs"]
pub mod attack;

use arbitrary::{Result, Unstructured};
use attack::{Pickle, archive};
use cpu1::weights::{Error, Loaded, Loader, Options, roles::NameMap};

/// The sizes of the storages "0", "1" … that wrapped pickles find.
pub const STORAGES: [usize; 4] = [0, 16, 64, 300];

/// A checkpoint with this `data.pkl`.
pub fn wrap(pickle: &[u8]) -> Vec<u8> {
    // Every byte holds four codes that are weights, and floats of it are finite.
    let storages = STORAGES.map(|size| vec![0b01_10_00_01; size]);
    let [a, b, c, d] = &storages;
    archive(&[
        ("m/data.pkl", pickle),
        ("m/data/0", a),
        ("m/data/1", b),
        ("m/data/2", c),
        ("m/data/3", d),
    ])
}

/// Loads a model within the bounds.
pub fn load(file: &[u8], names: NameMap) -> Option<Loaded> {
    attack::load(file, || Loader::read_with(file, Options { names, ..Options::default() })?.finish()).ok()
}

/// Loads a model and writes it as a compact file, which has to be the same model.
pub fn round_trip(file: &[u8], names: NameMap) {
    let read = |file: &[u8], names| Loader::read_with(file, Options { names, ..Options::default() })?.packed();
    let Ok(packed) = read(file, names) else {
        return;
    };
    let write = |packed: &cpu1::weights::Packed| {
        let mut writer = packed.writer().expect("a small model");
        let mut out = Vec::new();
        while let Some(piece) = packed.piece(&mut writer) {
            out.extend(piece);
        }
        assert_eq!(out.len(), writer.file_len());
        out
    };
    let written = write(&packed);
    let again = read(&written, NameMap::new()).map_err(|error: Error| error.to_string());
    let again = again.unwrap_or_else(|error| panic!("a packed model is not read again: {error}"));
    assert_eq!(packed.config, again.config);
    assert_eq!(written, write(&again));
}

/// One of a few.
pub fn one<'a, T>(u: &mut Unstructured, of: &'a [T]) -> Result<&'a T> {
    u.choose(of)
}

#[rustfmt::skip]
const CLASSES: [&str; 9] = [
    "ByteStorage", "ByteStorage", "ByteStorage", "BFloat16Storage", "FloatStorage", "HalfStorage",
    "CharStorage", "LongStorage", "UntypedStorage",
];

/// A tensor that most often lies within one of the [`STORAGES`].
pub fn tensor(u: &mut Unstructured, pickle: Pickle) -> Result<Pickle> {
    let key = u.int_in_range(0..=STORAGES.len() - 1)?;
    let class = one(u, &CLASSES)?;
    let size = match *class {
        "FloatStorage" => 4,
        "BFloat16Storage" | "HalfStorage" => 2,
        "LongStorage" => 8,
        _ => 1,
    };
    let len = (STORAGES[key] / size) as i64;
    let mut shape = Vec::new();
    for _ in 0..u.int_in_range(0..=3)? {
        shape.push(*one(u, &[0, 1, 2, 3, 4, 5, 8, 16, 64, 75])?);
    }
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis].max(1);
    }
    if u.ratio(1, 8)? {
        strides.reverse();
    }
    let offset = *one(u, &[0, 0, 0, 1, 16])?;
    Ok(pickle.tensor_in(&key.to_string(), class, len, offset, &shape, &strides))
}
