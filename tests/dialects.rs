//! Models read under other dialects (`src/spec.md` §5): each reading means the same in Rust as in PyTorch.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{fixture, json, score, symbols};
use cpu1::config::Config;
use cpu1::dialect::{Dialect, FEATURES};
use cpu1::weights::{Loader, Options};
use std::sync::Arc;

fn loader(file: &[u8], dialect: Option<Dialect>) -> Loader {
    Loader::read_with(file, Options { dialect, ..Options::default() }).unwrap()
}

fn bits(file: &[u8], dialect: Option<Dialect>, text: &serde_json::Value) -> f64 {
    let model = loader(file, dialect).finish().unwrap().model;
    score(&Arc::new(model), &symbols(text)).mean_bits()
}

#[test]
fn every_reading_equals_pytorch() {
    let cases = json("dialects/readings.json");
    let cases = cases.as_array().unwrap();
    let dialect =
        |case: &serde_json::Value| Dialect::read(case["dialect"].to_string().as_bytes()).unwrap();
    for case in cases {
        let run = case["run"].as_str().unwrap();
        let file = fixture(&format!("{run}.unpacked.pt"));
        let golden = json(&format!("{run}.json"));
        let bytes = case["bytes"].as_u64().unwrap() as usize;
        let text = golden["text"].as_array().unwrap()[..bytes].to_vec().into();
        let got = bits(&file, Some(dialect(case)), &text);
        let want = case["bits_per_byte"].as_f64().unwrap();
        assert!((got - want).abs() < 3e-4, "{case}: {got}");
    }
    for (place, feature) in FEATURES.iter().enumerate() {
        for (reading, name) in feature.readings.iter().enumerate().skip(1) {
            let alone = Dialect::default().with(place, reading);
            assert!(cases.iter().any(|case| dialect(case) == alone), "{} {name}", feature.name);
        }
    }
}

#[test]
fn a_file_that_we_write_keeps_its_dialect() {
    let text = json("run_09.json")["text"].clone();
    let file = fixture("run_09.unpacked.pt");
    let readings =
        br#"{"candidate": "tanh", "activations": "float", "norm_eps": "1e-5", "weights": "row"}"#;
    let dialect = Dialect::read(readings).unwrap();
    let packed = loader(&file, Some(dialect)).packed().unwrap();
    let mut writer = packed.writer().unwrap();
    let mut written = Vec::new();
    while let Some(piece) = packed.piece(&mut writer) {
        written.extend(piece);
    }
    let Config { dialect: kept, norm_eps, .. } =
        loader(&written, None).finish().unwrap().model.config;
    assert_eq!((kept, norm_eps), (dialect, 1e-5));
    assert_eq!(bits(&written, None, &text), bits(&file, Some(dialect), &text));
    // What a person says overrules the file.
    let ours = Some(Dialect::default());
    assert_ne!(bits(&written, ours, &text), bits(&written, None, &text));
}
