//! Bytes as a file: what the reader makes of an archive.
#![no_main]

use cpu1_fuzz::attack;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let _ = attack::read(file);
});
