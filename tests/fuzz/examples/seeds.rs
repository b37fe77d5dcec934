//! Fills the corpus folders with the fixtures, without their checksums, which no mutation would pass,
//! and with the attacks that `CPU1_CORPUS=folder cargo test --test hostile` left in a folder:
//!
//!     cargo run --manifest-path tests/fuzz/Cargo.toml --example seeds -- folder

use cpu1_fuzz::attack::drop_checksums;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Larger files make the fuzzer slow.
const LARGEST: usize = 64 << 10;

fn main() -> io::Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixtures = here.join("../fixtures");
    let mut folders =
        ["checkpoint/packed", "checkpoint", "safetensors", "."].map(|name| fixtures.join(name)).to_vec();
    folders.extend(env::args_os().skip(1).map(PathBuf::from));
    let targets = ["zip", "pickle", "compact", "roles", "safetensors"].map(|name| here.join("corpus").join(name));
    for folder in &targets {
        fs::create_dir_all(folder)?;
    }
    let [zip, pickle, compact, roles, safetensors] = &targets;
    let mut seeds = 0;
    for path in folders.iter().flat_map(fs::read_dir).flatten() {
        let path = path?.path();
        let (Some(name), true) = (path.file_name(), path.is_file()) else {
            continue;
        };
        let mut file = fs::read(&path)?;
        if file.len() > LARGEST {
            continue;
        }
        drop_checksums(&mut file);
        for folder in [zip, compact, roles, safetensors] {
            fs::write(folder.join(name), &file)?;
        }
        if let Some(data) = data_pkl(&file) {
            fs::write(pickle.join(name), data)?;
        }
        seeds += 1;
    }
    println!("{seeds} seeds in {}", here.join("corpus").display());
    Ok(())
}

/// The pickle, from behind the first local header that names it.
fn data_pkl(file: &[u8]) -> Option<&[u8]> {
    let number = |at: usize, len: usize| {
        let bytes = file.get(at..at + len)?;
        Some(bytes.iter().rev().fold(0_usize, |n, &byte| n << 8 | usize::from(byte)))
    };
    let entry =
        (0..file.len()).filter(|&at| file[at..].starts_with(b"PK\x01\x02")).find(|&at| {
            let name = number(at + 28, 2).and_then(|len| file.get(at + 46..at + 46 + len));
            name.is_some_and(|name| name.ends_with(b"data.pkl"))
        })?;
    let (size, local) = (number(entry + 24, 4)?, number(entry + 42, 4)?);
    let start = local + 30 + number(local + 26, 2)? + number(local + 28, 2)?;
    file.get(start..start.checked_add(size)?)
}
