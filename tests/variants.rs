//! Models that differ from the published runs in what their tensors tell: widths, ranks, numbers of
//! local blocks, biases, optional norms (`src/spec.md` §3). Rust equals PyTorch on each
//! (`tests/reference/write_variants.py`), whether the file's config is there, half there or missing.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{check_greedy, check_score, path};
use cpu1::checkpoint::{self, Flavour, Value, write};
use cpu1::model::Model;
use cpu1::weights::Loader;
use serde_json::Value as Json;
use std::fs;
use std::sync::Arc;

/// Every variant: its name, its file and what PyTorch says of it.
fn variants() -> Vec<(String, Vec<u8>, Json)> {
    let mut paths: Vec<_> = fs::read_dir(path("tests/fixtures/variants"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 18);
    let variant = |path: &std::path::PathBuf| {
        let golden: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let name = golden["variant"].as_str().unwrap().to_owned();
        (name, fs::read(path.with_extension("pt")).unwrap(), golden)
    };
    paths.iter().map(variant).collect()
}

fn check(name: &str, model: Arc<Model>, golden: &Json) {
    check_score(name, &model, &golden["text"], &golden["per_byte"]);
    for key in ["greedy", "greedy_short"] {
        if let Some(case) = golden.get(key) {
            check_greedy(name, &model, case);
        }
    }
}

fn load(name: &str, file: &[u8]) -> Arc<Model> {
    let model = Loader::read(file).and_then(Loader::finish);
    Arc::new(
        model
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .model,
    )
}

/// The file with another config, its tensors as they are.
fn with_config(file: &[u8], config: &Value) -> (Flavour, Vec<u8>) {
    let (contents, tensors) = checkpoint::read(file).unwrap();
    (contents.flavour, write::compact(config, &tensors))
}

#[test]
fn every_variant_equals_pytorch() {
    for (name, file, golden) in variants() {
        check(&name, load(&name, &file), &golden);
    }
}

#[test]
fn a_variant_needs_of_its_config_what_tensors_cannot_tell() {
    let entry = |key: &str, value| (Value::Str(key.into()), value);
    for (name, file, golden) in variants() {
        let run = golden["run"].as_str().unwrap();
        // Floats may be latent weights, and heads and windows leave no trace in a shape.
        let ternary = !run.starts_with("run_02");
        let mut half = vec![
            entry("ternary", Value::Bool(ternary)),
            entry("n_heads", Value::Int(4)),
        ];
        if run == "run_08" {
            half.push(entry("window", Value::Int(16)));
        }
        let (flavour, file) = with_config(&file, &Value::Dict(half));
        check(&name, load(&name, &file), &golden);
        let recurrent = !matches!(run, "run_02" | "run_02a_byte_only_heads" | "run_08");
        if flavour == Flavour::Compact2Bit && recurrent {
            let (_, file) = with_config(&file, &Value::None);
            check(&name, load(&name, &file), &golden);
        }
    }
}
