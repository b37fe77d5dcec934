//! What a browser keeps of a model: the packed file loads to the same model, and a file is fetched in
//! few stretches.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{path, score};
use common::{continuation, load};
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::sample::Settings;
use cpu1::weights::{Loader, Packed};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

/// The files of all runs that torch wrote, every flavour.
fn checkpoints() -> Vec<PathBuf> {
    let files = fs::read_dir(path("tests/fixtures"))
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("run_") && name.ends_with(".pt")
        })
        .collect();
    files.sort();
    assert!(files.len() >= 48);
    files
}

fn packed(file: &[u8]) -> Packed {
    Loader::read(file).unwrap().packed().unwrap()
}

fn written(packed: &Packed) -> Vec<u8> {
    let mut writer = packed.writer().unwrap();
    let mut file = Vec::new();
    while let Some(piece) = packed.piece(&mut writer) {
        file.extend(piece);
    }
    assert_eq!(file.len(), writer.file_len());
    file
}

/// The bits of every symbol of a text, and a continuation: what tells two models apart.
fn behaviour(model: &Arc<Model>) -> (Vec<u32>, Vec<Symbol>) {
    // Small numbers are tokens of any vocabulary.
    let text: Vec<Symbol> = (0..40).map(|i| i * i % 91).collect();
    let scoring = score(model, &text);
    let bits = scoring.bits().iter().map(|bits| bits.to_bits()).collect();
    let settings = Settings {
        max_bytes: 60,
        temperature: 0.9,
        seed: 5,
        ..Settings::default()
    };
    (bits, continuation(model, Team::new(1), &text, settings))
}

#[test]
fn a_packed_model_is_the_same_model() {
    for path in checkpoints() {
        let name = path.display();
        let file = fs::read(&path).unwrap();
        let first = packed(&file);
        let again = written(&first);
        let second = packed(&again);
        assert_eq!(first.config, second.config, "{name}");
        assert!(second.report.unused.is_empty(), "{name}");
        let held = |packed: &Packed| {
            let decisions = packed.report.decisions.iter();
            let mut held: Vec<_> = decisions.map(|d| (d.role.clone(), d.held)).collect();
            held.sort();
            held
        };
        assert_eq!(held(&first), held(&second), "{name}");
        assert_eq!(behaviour(&load(&file)), behaviour(&load(&again)), "{name}");
        // Packing what was packed changes nothing.
        assert_eq!(written(&second).len(), again.len(), "{name}");
    }
}

#[test]
fn a_file_is_fetched_in_few_stretches() {
    for path in checkpoints() {
        let file = fs::read(&path).unwrap();
        let mut loader = Loader::new(file.len() as u64).unwrap();
        let (mut stretches, mut at, mut end, mut fetched) = (0, 0, 0, 0);
        while let Some(range) = loader.wants() {
            // A stretch goes on where the last range ended, until all that was announced is read.
            if range.start != at || at == end {
                stretches += 1;
                end = loader.ahead().expect("a stretch");
                fetched += end - range.start;
            }
            assert!(
                range.end <= end && end <= file.len() as u64,
                "{}",
                path.display()
            );
            at = range.end;
            let bytes = &file[range.start as usize..range.end as usize];
            loader.feed(bytes).unwrap();
        }
        // The tail, perhaps the description, and the tensors with a gap or two.
        assert!(stretches <= 6, "{}: {stretches} stretches", path.display());
        assert!(
            fetched <= 2 * file.len() as u64,
            "{}: {fetched} bytes",
            path.display()
        );
    }
}
