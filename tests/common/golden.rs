//! Fixtures, and models held against what PyTorch says of them.

use super::{continuation, greedy};
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::score::Scoring;
use serde_json::Value as Json;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a file of the repository is.
pub fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), name].iter().collect()
}

/// A file of `tests/fixtures`.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = path("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON file of `tests/fixtures`.
pub fn json(name: &str) -> Json {
    serde_json::from_slice(&fixture(name)).unwrap()
}

/// Bytes, or tokens.
pub fn symbols(list: &Json) -> Vec<Symbol> {
    serde_json::from_value(list.clone()).expect("a list of symbols")
}

/// A list of numbers.
pub fn numbers(list: &Json) -> Vec<f64> {
    serde_json::from_value(list.clone()).expect("a list of numbers")
}

/// Scores a text.
pub fn score(model: &Arc<Model>, text: &[Symbol]) -> Scoring {
    let mut scoring = Scoring::new(Arc::clone(model), Team::new(1), text.to_vec()).unwrap();
    while !scoring.is_done() {
        scoring.advance(7);
    }
    scoring
}

/// What PyTorch says about `text` and Rust does too, to 1e-3 bits for each byte.
pub fn check_score(name: &str, model: &Arc<Model>, text: &Json, per_byte: &Json) -> Scoring {
    let scoring = score(model, &symbols(text));
    let want = numbers(per_byte);
    assert_eq!(scoring.bits().len(), want.len(), "{name}");
    for (i, (&got, want)) in scoring.bits().iter().zip(&want).enumerate() {
        let difference = (f64::from(got) - want).abs();
        assert!(difference < 1e-3, "{name}, byte {i}: {got} is not {want}");
    }
    scoring
}

/// PyTorch's greedy continuation of a prompt, and Rust's.
pub fn check_greedy(name: &str, model: &Arc<Model>, case: &Json) {
    let (prompt, want) = (symbols(&case["prompt"]), symbols(&case["bytes"]));
    let got = continuation(model, Team::new(1), &prompt, greedy(want.len()));
    assert_eq!(got, want, "{name}, greedy after {prompt:?}");
}
