//! Bytes as the header of a safetensors file, or as the whole of one.
#![no_main]

use cpu1_fuzz::attack;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let file = match bytes.first() {
        // Every byte of the data holds four codes that are weights.
        Some(b'{') => {
            let len = (bytes.len() as u64).to_le_bytes();
            [&len[..], bytes, &[0b01_10_00_01; 300]].concat()
        }
        _ => bytes.to_vec(),
    };
    let _ = attack::read(&file);
});
