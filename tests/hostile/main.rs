//! Files made to break the reader. Each has to end in a sentence or in tensors: never in a panic,
//! never in a hang, and never in more memory than the file's size allows. `tests/fuzz` looks for more
//! of them; what it finds belongs here, in the file of the layer that it attacks.
#![cfg(not(target_arch = "wasm32"))]

mod archives;
#[path = "../common/attack.rs"]
mod attack;
mod damage;
mod fetched;
mod headers;
mod models;
mod pickles;
mod tensors;

use attack::{Pickle, archive, read};
use cpu1::checkpoint::{Error, Value};

/// Holds that a file is refused with this error.
#[track_caller]
fn refuses(file: &[u8], error: Error) {
    assert_eq!(read(file).unwrap_err(), error);
}

/// Holds that a file is refused in a sentence with these words.
#[track_caller]
fn says(file: &[u8], words: &str) {
    let error = read(file).unwrap_err().to_string();
    assert!(error.contains(words), "{error}");
}

/// Holds that a file is refused with an error of this pattern.
macro_rules! refused {
    ($file:expr, $pattern:pat) => {
        refused!($file, $pattern, "")
    };
    ($file:expr, $pattern:pat, $what:expr) => {
        let error = read($file).unwrap_err();
        assert!(matches!(error, $pattern), "{error} {:?}", $what);
    };
}
use refused;

/// A checkpoint of this pickle and a storage "0" of 64 bytes.
fn checkpoint(pickle: &Pickle) -> Vec<u8> {
    let mut bytes = pickle.0.clone();
    bytes.push(b'.');
    archive(&[("m/data.pkl", &bytes), ("m/data/0", &[0; 64])])
}

/// `{"state_dict": {"w": tensor}}`
fn one_tensor(class: &str, len: i64, offset: i64, shape: &[i64], strides: &[i64]) -> Vec<u8> {
    let pickle = Pickle::new().op(b"}").text("state_dict").op(b"}").text("w");
    checkpoint(&pickle.tensor(class, len, offset, shape, strides).op(b"ss"))
}

/// `{"state_dict": {"w": tensor}, "config": …}` with the pickled config.
fn with_config(config: &Pickle) -> Vec<u8> {
    let pickle = Pickle::new().op(b"}").text("state_dict");
    let pickle = pickle.op(&Pickle::one_vector().0[2..]).op(b"s");
    checkpoint(&pickle.text("config").op(&config.0[2..]).op(b"s"))
}

fn config_of(file: &[u8]) -> Result<Value, Error> {
    Ok(read(file)?.0.config.expect("there is a config"))
}

/// Where the directory has the header of an entry.
fn header(file: &[u8], name: &str) -> usize {
    let is_header = |at: &usize| {
        file[*at..].starts_with(b"PK\x01\x02") && file[at + 46..].starts_with(name.as_bytes())
    };
    (0..file.len() - 46).find(is_header).expect("the archive has the entry")
}

/// Where the entry's own header is, in front of its data.
fn local_header(file: &[u8], name: &str) -> usize {
    let at = header(file, name) + 42;
    u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize
}

fn end_record(file: &[u8]) -> usize {
    file.len() - 22
}

fn fixture(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/checkpoint");
    std::fs::read(format!("{folder}/{name}.pt")).unwrap()
}
