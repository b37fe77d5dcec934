//! Roles at the published sizes, where shapes coincide that do not in the small fixtures: 512 is the
//! width of the model, four times that of the local decoder and the width of its feed-forward layer.
//! Names and shapes are PyTorch's (`tests/reference/write_full_size.py --shapes`).
#![cfg(not(target_arch = "wasm32"))]

mod common;

use cpu1::checkpoint::{Encoding, TensorInfo, Value};
use cpu1::runs::RUNS;
use cpu1::weights::file_config::Hints;
use cpu1::weights::roles::{Copy, NameMap, assign};
use serde_json::Value as Json;

/// A run's config and its tensors under canonical names.
fn published() -> Vec<(String, Json, Vec<TensorInfo>)> {
    let file = common::golden::json("full_size.json");
    let runs = file.as_object().unwrap().iter();
    let tensors = |run: &Json| {
        let layers = run["config"]["n_layers"].as_u64().unwrap();
        let mut tensors = Vec::new();
        for (name, shape) in run["tensors"].as_object().unwrap() {
            let shape: Vec<usize> = serde_json::from_value(shape.clone()).unwrap();
            let copies = if name.contains('*') { layers } else { 1 };
            tensors.extend((0..copies).map(|layer| TensorInfo {
                name: name.replace('*', &layer.to_string()),
                shape: shape.clone(),
                encoding: Encoding::F32,
            }));
        }
        tensors
    };
    let run = |(name, run): (&String, &Json)| (name.clone(), run["config"].clone(), tensors(run));
    let runs: Vec<_> = runs.map(run).collect();
    assert_eq!(runs.len(), RUNS.len());
    runs
}

/// The config as a file has it, as far as it is texts and numbers.
fn pickled(config: &Json) -> Value {
    let value = |value: &Json| match value {
        Json::String(text) => Value::Str(text.clone()),
        Json::Bool(b) => Value::Bool(*b),
        number => number.as_i64().map_or(Value::Float(number.as_f64().unwrap()), Value::Int),
    };
    let entries = config.as_object().unwrap().iter();
    Value::Dict(entries.map(|(key, v)| (Value::Str(key.clone()), value(v))).collect())
}

#[test]
fn every_run_at_its_size_is_settled_in_any_order_of_its_tensors() {
    for (run, config, tensors) in published() {
        let published = RUNS.iter().find(|r| r.name == run).unwrap();
        let numel = tensors.iter().map(|t| t.shape.iter().product::<usize>());
        assert_eq!(numel.sum::<usize>(), published.parameters, "{run}");
        let expected = published.config();
        for hints in [Some(pickled(&config)), None] {
            let known = hints.is_some();
            let hints = Hints::read(&hints.iter().collect::<Vec<_>>());
            for turn in [0, 1, 2] {
                let mut tensors = tensors.clone();
                match turn {
                    0 => {}
                    1 => tensors.reverse(),
                    // Neither forwards nor backwards: by the last letters of the names.
                    _ => tensors.sort_by_key(|t| t.name.bytes().rev().collect::<Vec<_>>()),
                }
                let settled = assign(&hints, &tensors, &NameMap::new(), Copy::Live)
                    .unwrap_or_else(|error| panic!("{run}, order {turn}: {error}"));
                for role in &settled.roles {
                    assert_eq!(role.name, tensors[role.tensor].name, "{run}, order {turn}");
                }
                let unused: Vec<&str> =
                    settled.unused.iter().map(|&i| tensors[i].name.as_str()).collect();
                let aligner = ["aligner.weight"];
                let left: &[&str] = if run == "run_15" { &aligner } else { &[] };
                assert_eq!(unused, left, "{run}, order {turn}");
                if known {
                    assert_eq!(settled.config, expected, "{run}");
                }
                assert_eq!(settled.config.d_ff, expected.d_ff, "{run}");
                assert_eq!(settled.config.delete_gate, expected.delete_gate, "{run}");
            }
        }
    }
}
