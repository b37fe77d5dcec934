//! Twenty texts under greedy and seeded settings, by models of every kind. Their digests stand in
//! `tests/fixtures/digests.json`: native code equals them here, and every browser engine in
//! `tests/e2e/engines/`, with every kernel and any number of threads. After a change of a model
//! or of what is computed, `WRITE_DIGESTS=1 cargo test --test digests` writes them again.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::path;
use cpu1::generate::from_bytes;
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::sample::Settings;
use serde_json::Value as Json;
use std::env;
use std::fs;
use std::sync::Arc;

const LIST: &str = "tests/fixtures/digests.json";

fn list() -> Vec<Json> {
    serde_json::from_str(&fs::read_to_string(path(LIST)).unwrap()).unwrap()
}

/// A prompt is a text, or an array of what the model reads: bytes or tokens.
fn symbols(prompt: &Json) -> Vec<Symbol> {
    match prompt.as_str() {
        Some(text) => from_bytes(text.as_bytes()),
        None => common::golden::symbols(prompt),
    }
}

/// Options by the names that they have in JavaScript.
fn settings(options: &Json) -> Settings {
    let mut settings = Settings::default();
    for (name, value) in options.as_object().unwrap() {
        let number = value.as_f64().unwrap_or_default();
        match &name[..] {
            "maxBytes" => settings.max_bytes = number as usize,
            "temperature" => settings.temperature = number as f32,
            "topK" => settings.top_k = number as usize,
            "topP" => settings.top_p = number as f32,
            "minP" => settings.min_p = number as f32,
            "repetitionPenalty" => settings.repetition_penalty = number as f32,
            "seed" => settings.seed = value.as_str().unwrap().parse().unwrap(),
            _ => panic!("{name} is no option"),
        }
    }
    settings
}

#[test]
fn the_list_has_twenty_texts_by_models_of_every_kind() {
    let list = list();
    let text = |entry: &Json, key: &str| entry[key].as_str().unwrap().to_owned();
    let mut digests: Vec<_> = list.iter().map(|entry| text(entry, "digest")).collect();
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 20);
    let greedy = list
        .iter()
        .filter(|entry| entry["options"]["temperature"] == 0)
        .count();
    assert!((5..=15).contains(&greedy), "{greedy}");
    let mut models: Vec<_> = list.iter().map(|entry| text(entry, "model")).collect();
    models.sort();
    models.dedup();
    assert!(models.len() >= 10, "{models:?}");
}

/// The digest of what a model writes.
fn digest(entry: &Json, model: &Arc<Model>, members: usize) -> String {
    let (prompt, options) = (symbols(&entry["prompt"]), settings(&entry["options"]));
    let text = common::continuation(model, Team::new(members), &prompt, options);
    format!("{:016x}", common::digest(&[common::bytes_of(model, &text)]))
}

#[test]
fn native_code_writes_every_text_of_the_list() {
    let write = env::var_os("WRITE_DIGESTS").is_some();
    let mut text = fs::read_to_string(path(LIST)).unwrap();
    for entry in list() {
        let model = common::load(&fs::read(path(entry["model"].as_str().unwrap())).unwrap());
        let known = entry["digest"].as_str().unwrap();
        if write {
            text = text.replace(known, &digest(&entry, &model, 1));
            continue;
        }
        for members in [1, 2, 3] {
            let found = digest(&entry, &model, members);
            assert_eq!(found, known, "{members} threads, {entry}");
        }
    }
    if write {
        fs::write(path(LIST), text).unwrap();
    }
}
