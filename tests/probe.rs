//! Models that were trained under other dialects (`tests/reference/train_dialects.py`): what they score under theirs, and
//! that the probe finds it. Their files say nothing of it.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{fixture, json, path, score};
use cpu1::dialect::Dialect;
use cpu1::generate::from_bytes;
use cpu1::parallel::Team;
use cpu1::probe::{Found, HOPELESS, Probe, TEXT};
use cpu1::weights::{Loader, Options, Packed};
use std::sync::Arc;

fn packed(file: &[u8]) -> Packed {
    let options = Options { latent: true, ..Options::default() };
    Loader::read_with(file, options).and_then(Loader::packed).unwrap()
}

fn probed(file: &[u8], text: &str) -> Found {
    let text = from_bytes(text.as_bytes());
    let mut probe = Probe::new(packed(file), Team::new(1), &text, text.len()).unwrap();
    let mut last = 0.0;
    while !probe.is_done() {
        probe.advance(64);
        assert!(last <= probe.progress() && probe.progress() <= 1.0);
        last = probe.progress();
    }
    probe.result()
}

/// The dialect that a model was trained in, its text, and PyTorch's bits per byte of it.
fn golden(name: &str) -> (Dialect, String, f64) {
    let golden = json(&format!("dialects/{name}.json"));
    let dialect = Dialect::read(golden["dialect"].to_string().as_bytes()).unwrap();
    let bits = golden["bits_per_byte"].as_f64().unwrap();
    (dialect, golden["text"].as_str().unwrap().into(), bits)
}

#[test]
fn every_trained_model_scores_as_in_pytorch() {
    let folder = std::fs::read_dir(path("tests/fixtures/dialects")).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    let files: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "pt")).collect();
    assert!(files.len() >= 12);
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (dialect, text, want) = golden(name);
        let options = Options { dialect: Some(dialect), ..Options::default() };
        let loader = Loader::read_with(&fixture(&format!("dialects/{name}.pt")), options);
        let model = Arc::new(loader.and_then(Loader::finish).unwrap().model);
        let got = score(&model, &from_bytes(text.as_bytes())).mean_bits();
        assert!((got - want).abs() < 3e-3, "{name}: {got} is not {want}");
    }
}

/// The script `tests/reference/train_dialects.py` has a table of all of them.
#[test]
fn the_dialect_is_found() {
    for name in ["halves", "rows", "residual", "below"] {
        let (dialect, text, _) = golden(name);
        let found = probed(&fixture(&format!("dialects/{name}.pt")), &text);
        assert_eq!(found.dialect, dialect, "{name}: {}", found.dialect.json());
        assert!(found.bits_per_byte < found.bits_per_byte_as_ours);
        assert!(found.second().is_some_and(|second| second.difference > 0.0));
    }
}

#[test]
fn a_model_that_knows_nothing_keeps_our_dialect() {
    let found = probed(&fixture("run_05.compact.pt"), &TEXT[..256]);
    assert!(found.bits_per_byte > HOPELESS);
    assert!(found.sentence().starts_with("No reading helps"));
}
