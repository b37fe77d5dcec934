//! Rust equals PyTorch: every fixture that `tests/reference/write_goldens.py` wrote, scored and continued.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{check_greedy, check_score, fixture, json, path, score, symbols};
use common::{generate, greedy, load};
use cpu1::generate::{Error, Generation, to_bytes};
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::runs::RUNS;
use std::sync::Arc;

#[test]
fn every_run_equals_pytorch_in_every_flavour() {
    // The model laid out by words is ours, and comes as it is shipped.
    for (run, count) in RUNS.iter().map(|run| (run.name, 3)).chain([("tales", 1)]) {
        let golden = json(&format!("{run}.json"));
        let flavours = golden["flavours"].as_object().expect("flavours");
        assert_eq!(flavours.len(), count, "{run}");
        for (flavour, expected) in flavours {
            let name = format!("{run}.{flavour}");
            let model = load(&fixture(&format!("{name}.pt")));
            let scoring = check_score(&name, &model, &golden["text"], &expected["per_byte"]);
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
    load(&std::fs::read(path("www/models/cpu1-rust-docs.pt")).unwrap())
}

#[test]
fn the_embedded_model_equals_pytorch() {
    let golden = json("embedded.json");
    let model = embedded();
    assert_eq!(golden["parameters"], model.parameters);
    // Stretches of text on which no rounding is close: the same to the byte.
    for piece in golden["texts"].as_array().unwrap() {
        let text = to_bytes(&symbols(&piece["text"]));
        let name = format!("embedded, {:?}", String::from_utf8_lossy(&text));
        let scoring = check_score(&name, &model, &piece["text"], &piece["per_byte"]);
        assert_eq!(piece["scored_patches_deleted"], scoring.deleted_patches(), "{name}");
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

/// Patches that are read together, and by a team, come out as one by one.
#[test]
fn bursts_of_any_size_give_the_same_text() {
    for run in &RUNS {
        let model = load(&fixture(&format!("{}.compact.pt", run.name)));
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
    let model = load(&fixture("run_14.compact.pt"));
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
    let model = load(&fixture("run_13.compact.pt"));
    let refusal = |prompt: &[Symbol]| {
        let team = Team::new(1);
        Generation::new(Arc::clone(&model), team, prompt, greedy(1)).err().expect("a refusal")
    };
    let vocabulary = model.config.vocab_size;
    assert_eq!(refusal(&[]), Error::EmptyPrompt);
    assert_eq!(refusal(&[5, 96]), Error::UnknownToken { token: 96, vocabulary });
}

#[test]
fn attention_without_a_window_has_a_longest_text() {
    let mut model = Arc::unwrap_or_clone(load(&fixture("run_02.compact.pt")));
    // A model as wide as run_01, as far as the room it needs is concerned.
    model.config.d_model = 512;
    model.config.n_layers = 12;
    let model = Arc::new(model);
    let most = model.max_units() * 4;
    let refusal = |model: &Arc<Model>| {
        Generation::new(Arc::clone(model), Team::new(1), &[7; 3], greedy(999_997)).err()
    };
    let symbols = 1_000_000;
    assert_eq!(refusal(&model), Some(Error::ContextTooLong { symbols, most }));
    let recurrent = load(&fixture("run_03.compact.pt"));
    assert_eq!(refusal(&recurrent), None);
}
