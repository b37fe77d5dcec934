//! Safetensors files: those of Python's package, written by `tests/reference/write_safetensors.py`, are read, and ours
//! are read by the crate that the package is made of.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{check_greedy, check_score, fixture, json};
use cpu1::checkpoint::{self, Encoding, Flavour, Reader, Value, write};
use cpu1::weights::{Loaded, Loader, Options};
use std::sync::Arc;

fn load(name: &str, config_beside: Option<&str>) -> Loaded {
    let config_beside = config_beside.map(Into::into);
    let options = Options { config_beside, ..Options::default() };
    let file = fixture(&format!("safetensors/{name}.safetensors"));
    let loader = Loader::read_with(&file, options);
    loader.and_then(Loader::finish).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn config_of_run_02() -> String {
    String::from_utf8(fixture("safetensors/run_02/config.json")).unwrap()
}

#[test]
fn a_model_says_what_it_says_in_a_torch_file() {
    let beside = config_of_run_02();
    for (name, beside, run, flavour) in [
        ("run_14", None, "run_14", "unpacked"),
        ("run_14.packed", None, "run_14", "compact"),
        ("run_02/model", Some(&*beside), "run_02", "step"),
        // What lies beside a file counts only where it has no config.
        ("run_14", Some(r#"{"n_heads": 1, "run": "run_13"}"#), "run_14", "unpacked"),
    ] {
        let golden = json(&format!("{run}.json"));
        let expected = &golden["flavours"][flavour];
        let Loaded { model, report } = load(name, beside);
        let model = Arc::new(model);
        check_score(name, &model, &golden["text"], &expected["per_byte"]);
        check_greedy(name, &model, &expected["greedy"]);
        assert_eq!((report.flavour, &*model.config.run), (Flavour::Safetensors, run), "{name}");
        assert!(report.unused.is_empty(), "{name}: {:?}", report.unused);
        let beside = report.notes.iter().any(|note| note.contains("config.json beside it is used"));
        assert_eq!(beside, run == "run_02", "{name}");
    }
}

#[test]
fn a_given_config_is_used_instead_of_the_own() {
    let file = fixture("safetensors/run_14.safetensors");
    let read = |config: &str| {
        let options = Options { config: Some(config.into()), ..Options::default() };
        Loader::read_with(&file, options).and_then(Loader::finish)
    };
    let Loaded { model, report } = read(r#"{"norm_eps": 1e-5, "n_heads": 2}"#).unwrap();
    assert_eq!((model.config.norm_eps, model.config.n_heads), (1e-5, 2));
    assert!(report.notes.iter().any(|note| note.starts_with("The config that was given is used")));
    let refused = |config| read(config).err().expect("a refusal").to_string();
    assert_eq!(
        refused("{norm_eps: 1}"),
        "The config is not a JSON object: at byte 1, a key in quotes was expected."
    );
    assert_eq!(
        refused("[]"),
        "The config is not a JSON object: at byte 0, an object was expected."
    );
}

#[test]
fn what_lies_beside_and_is_no_config_is_noted() {
    let (_, tensors) = checkpoint::read(&fixture("safetensors/run_14.safetensors")).unwrap();
    let file = write::compact(&Value::None, &tensors);
    let options = Options { config_beside: Some("<!doctype html>".into()), ..Options::default() };
    let loaded = Loader::read_with(&file, options).unwrap().finish().unwrap();
    let note = "The config.json beside the file is not used. The config is not a JSON object: at byte 0, a value was expected.";
    assert!(loaded.report.notes.iter().any(|found| found == note), "{:?}", loaded.report.notes);
}

#[test]
fn every_type_is_read_or_named() {
    let (contents, tensors) = checkpoint::read(&fixture("safetensors/dtypes.safetensors")).unwrap();
    for info in &contents.tensors {
        let values = tensors.iter().find(|(name, _)| *name == info.name);
        let values = values.map(|(_, tensor)| tensor.to_f32());
        let expected = match &*info.name {
            "scalar" => Some(vec![2.5]),
            "empty" => Some(Vec::new()),
            "bool" => Some(vec![0.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
            "uint16" => {
                assert_eq!(info.encoding, Encoding::Other("U16".into()));
                None
            }
            name => {
                assert_eq!(info.encoding.to_string(), name);
                Some(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
            }
        };
        assert_eq!(values, expected, "{}", info.name);
    }
    assert_eq!(contents.tensors.len(), 13);
}

/// What each request is for costs a journey to a server: the tail, the head, and what is wanted of the data.
#[test]
fn a_file_is_read_in_few_requests() {
    for (name, description) in [("run_14", 2), ("run_14.packed", 2), ("run_02/model", 2)] {
        let file = fixture(&format!("safetensors/{name}.safetensors"));
        let mut reader = Reader::new(file.len() as u64).unwrap();
        let mut requests = 0;
        while let Some(range) = reader.wants() {
            reader.feed(&file[range.start as usize..range.end as usize]).unwrap();
            requests += 1;
        }
        assert_eq!(requests, description, "{name}");
    }
}
