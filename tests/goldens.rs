//! Rust equals PyTorch: every fixture that `tests/reference/write_goldens.py` wrote, scored and continued.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::{continuation, digest, generate, load, seeded_texts};
use cpu1::generate::{Error, Generation, to_bytes};
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::runs::RUNS;
use cpu1::sample::Settings;
use cpu1::score::Scoring;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Bytes, or tokens.
fn symbols(value: &Value) -> Vec<Symbol> {
    let list = value.as_array().expect("a list of symbols");
    list.iter().map(|s| s.as_u64().unwrap() as Symbol).collect()
}

fn floats(value: &Value) -> Vec<f64> {
    let list = value.as_array().expect("a list of numbers");
    list.iter().map(|x| x.as_f64().unwrap()).collect()
}

fn score(model: &Arc<Model>, text: &[Symbol]) -> Scoring {
    let mut scoring = Scoring::new(Arc::clone(model), Team::new(1), text.to_vec()).unwrap();
    while !scoring.is_done() {
        scoring.advance(7);
    }
    scoring
}

fn greedy(max_bytes: usize) -> Settings {
    Settings {
        max_bytes,
        temperature: 0.0,
        ..Settings::default()
    }
}

/// What PyTorch says about `text` and Rust does too, to 1e-3 bits for each byte.
fn check_score(name: &str, model: &Arc<Model>, text: &[Symbol], per_byte: &Value) -> Scoring {
    let scoring = score(model, text);
    let want = floats(per_byte);
    assert_eq!(scoring.bits().len(), want.len(), "{name}");
    for (i, (&got, want)) in scoring.bits().iter().zip(&want).enumerate() {
        let difference = (f64::from(got) - want).abs();
        assert!(difference < 1e-3, "{name}, byte {i}: {got} is not {want}");
    }
    scoring
}

/// PyTorch's greedy continuation of a prompt, and Rust's.
fn check_greedy(name: &str, model: &Arc<Model>, case: &Value) {
    let prompt = symbols(&case["prompt"]);
    let want = symbols(&case["bytes"]);
    let got = continuation(model, Team::new(1), &prompt, greedy(want.len()));
    assert_eq!(got, want, "{name}, greedy after {prompt:?}");
}

#[test]
fn every_run_equals_pytorch_in_every_flavour() {
    for run in RUNS.iter().map(|run| run.name) {
        let golden = json(&fixtures().join(format!("{run}.json")));
        let text = symbols(&golden["text"]);
        let flavours = golden["flavours"].as_object().expect("flavours");
        assert_eq!(flavours.len(), 3, "{run}");
        for (flavour, expected) in flavours {
            let name = format!("{run}.{flavour}");
            let file = fs::read(fixtures().join(format!("{name}.pt"))).expect(&name);
            let model = load(&file);
            let scoring = check_score(&name, &model, &text, &expected["per_byte"]);
            let deleted = &expected["scored_patches_deleted"];
            assert_eq!(*deleted, scoring.deleted_patches(), "{name}");
            check_greedy(&name, &model, &expected["greedy"]);
            // Tokens have no forced bytes, and so no short prompt.
            if !model.config.is_bpe() {
                check_greedy(&name, &model, &expected["greedy_short"]);
            }
        }
    }
}

fn embedded() -> Arc<Model> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("www/models/cpu1-rust-docs.pt");
    load(&fs::read(path).unwrap())
}

#[test]
fn the_embedded_model_equals_pytorch() {
    let golden = json(&fixtures().join("embedded.json"));
    let model = embedded();
    assert_eq!(golden["parameters"], model.parameters);
    // Stretches of text on which no rounding is close: the same to the byte.
    for piece in golden["texts"].as_array().unwrap() {
        let text = symbols(&piece["text"]);
        let name = format!("embedded, {:?}", String::from_utf8_lossy(&to_bytes(&text)));
        let scoring = check_score(&name, &model, &text, &piece["per_byte"]);
        assert_eq!(
            piece["scored_patches_deleted"],
            scoring.deleted_patches(),
            "{name}"
        );
    }
    // In a long text some activation or gate lies so near its boundary that float32 sums in another
    // order turn it, in PyTorch too: so the mean is compared with that of PyTorch's float64.
    let long = score(&model, &symbols(&golden["long"]["text"]));
    let want = golden["long"]["bits_per_byte_in_float64"].as_f64().unwrap();
    let got = long.mean_bits();
    assert!((got - want).abs() < 3e-3, "{got} is not {want}");
    for case in golden["greedy"].as_array().unwrap() {
        check_greedy("embedded", &model, case);
    }
}

#[test]
fn a_seed_gives_the_same_bytes_as_in_a_browser() {
    let model = load(&fs::read(fixtures().join("run_14.compact.pt")).unwrap());
    let texts = seeded_texts(&model, Team::new(1));
    assert_eq!(
        digest(&texts),
        common::RUN_14_DIGEST,
        "{:#x}",
        digest(&texts)
    );
}

#[test]
fn threads_change_no_byte() {
    let model = embedded();
    let alone = seeded_texts(&model, Team::new(1));
    for members in [2, 3] {
        assert_eq!(seeded_texts(&model, Team::new(members)), alone, "{members}");
    }
}

/// Patches that are read together, and by a team, come out as one by one.
#[test]
fn bursts_of_any_size_give_the_same_text() {
    for run in &RUNS {
        let model = load(&fs::read(fixtures().join(format!("{}.compact.pt", run.name))).unwrap());
        // Longer than what goes through the layers at once, and than run_08's window.
        let prompt: Vec<Symbol> = (0..203).map(|i| i * i % 89).collect();
        let text = |burst, threads| {
            let team = Team::new(threads);
            let mut generation =
                Generation::new(Arc::clone(&model), team, &prompt, greedy(50)).unwrap();
            let mut symbols = Vec::new();
            while !generation.is_done() {
                generation.advance(burst, &mut symbols);
            }
            (symbols, generation.progress())
        };
        let one_by_one = text(1, 1);
        for (burst, threads) in [(2, 1), (5, 2), (16, 1), (300, 1), (300, 3)] {
            assert_eq!(text(burst, threads), one_by_one, "{}: {burst}", run.name);
        }
    }
}

#[test]
fn a_prompt_split_at_any_byte_means_the_same() {
    // Greedy text continued from its own prefix is itself: forced bytes equal generated ones.
    let model = load(&fs::read(fixtures().join("run_14.compact.pt")).unwrap());
    let prompt = b"Eight by";
    let text = generate(&model, Team::new(1), prompt, greedy(24));
    for cut in 1..12 {
        let longer = [prompt, &text[..cut]].concat();
        let rest = generate(&model, Team::new(1), &longer, greedy(24 - cut));
        assert_eq!(rest, text[cut..], "cut {cut}");
    }
}

#[test]
fn tokens_that_a_model_does_not_have_get_a_sentence() {
    let model = load(&fs::read(fixtures().join("run_13.compact.pt")).unwrap());
    let refusal = |prompt: &[Symbol]| {
        let team = Team::new(1);
        Generation::new(Arc::clone(&model), team, prompt, greedy(1))
            .err()
            .expect("a refusal")
    };
    let vocabulary = model.config.vocab_size;
    assert_eq!(refusal(&[]), Error::EmptyPrompt);
    assert_eq!(
        refusal(&[5, 96]),
        Error::UnknownToken {
            token: 96,
            vocabulary
        }
    );
}

#[test]
fn attention_without_a_window_has_a_longest_text() {
    let mut model = Arc::unwrap_or_clone(load(
        &fs::read(fixtures().join("run_02.compact.pt")).unwrap(),
    ));
    // A model as wide as run_01, as far as the room it needs is concerned.
    model.config.d_model = 512;
    model.config.n_layers = 12;
    let model = Arc::new(model);
    let most = model.max_units() * 4;
    let refusal = |model: &Arc<Model>| {
        Generation::new(Arc::clone(model), Team::new(1), &[7; 3], greedy(999_997)).err()
    };
    let symbols = 1_000_000;
    assert_eq!(
        refusal(&model),
        Some(Error::ContextTooLong { symbols, most })
    );
    let recurrent = load(&fs::read(fixtures().join("run_03.compact.pt")).unwrap());
    assert_eq!(refusal(&recurrent), None);
}
