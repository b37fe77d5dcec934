//! A name map's JSON, and a model read with it.
#![no_main]

use cpu1::weights::roles::NameMap;
use cpu1_fuzz::{attack, load};
use libfuzzer_sys::fuzz_target;

const FILE: &[u8] = include_bytes!("../../fixtures/run_14.compact.pt");

fuzz_target!(|bytes: &[u8]| {
    match NameMap::read(bytes) {
        Ok(names) => _ = load(FILE, names),
        Err(error) => attack::is_sentence(&error),
    }
});
