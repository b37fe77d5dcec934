//! Bytes as the `data.pkl` of a sound archive.
#![no_main]

use cpu1_fuzz::{attack, wrap};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|pickle: &[u8]| {
    let _ = attack::read(&wrap(pickle));
});
