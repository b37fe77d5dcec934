//! What can be seen of a pass equals what hooks see in PyTorch (`tests/reference/write_traces.py`), and
//! watching changes nothing.
#![cfg(not(target_arch = "wasm32"))]

mod common;

use common::golden::{fixture, json, numbers, symbols};
use common::{continuation, greedy, load};
use cpu1::generate::{Generation, from_bytes};
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::sample::Settings;
use cpu1::score::Scoring;
use cpu1::trace::Trace;
use std::sync::Arc;

fn model(run: &str) -> Arc<Model> {
    load(&fixture(&format!("{run}.unpacked.pt")))
}

fn assert_close(what: &str, got: &[f32], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (&got, want) in got.iter().zip(want) {
        assert!((f64::from(got) - want).abs() < 2e-4, "{what}: {got} is not {want}");
    }
}

/// The trace of a scored text, taken in bursts of `burst` patches.
fn scored(model: &Arc<Model>, text: &[Symbol], burst: usize) -> Trace {
    let mut scoring = Scoring::new(Arc::clone(model), Team::new(2), text.to_vec()).unwrap();
    scoring.passes.watch();
    let mut whole = Trace::default();
    while !scoring.is_done() {
        scoring.advance(burst);
        let Trace { foresights, passages, .. } = scoring.passes.take_trace().unwrap();
        whole.foresights.extend(foresights);
        whole.passages.extend(passages);
    }
    whole
}

#[test]
fn what_is_seen_equals_pytorch() {
    for (run, golden) in json("traces.json").as_object().unwrap() {
        let text = symbols(&golden["text"]);
        let trace = scored(&model(run), &text, 3);

        let want = golden["foresights"].as_array().unwrap();
        assert_eq!(trace.foresights.len(), want.len(), "{run}");
        for (i, (got, want)) in trace.foresights.iter().zip(want).enumerate() {
            let what = format!("{run}, symbol {i}");
            assert_close(&what, &[got.bits / 10.0], &[want["bits"].as_f64().unwrap() / 10.0]);
            let alternatives = want["alternatives"].as_array().unwrap();
            let probabilities: Vec<f64> =
                alternatives.iter().map(|pair| pair[1].as_f64().unwrap()).collect();
            let got_probabilities: Vec<f32> = got.alternatives.iter().map(|&(_, p)| p).collect();
            assert_close(&what, &got_probabilities, &probabilities);
            // The first is the same wherever it leads clearly.
            if probabilities[0] - probabilities[1] > 1e-3 {
                assert_eq!(alternatives[0][0], got.alternatives[0].0, "{what}");
            }
        }

        let want = golden["passages"].as_array().unwrap();
        assert_eq!(trace.passages.len(), want.len(), "{run}");
        for (i, (got, want)) in trace.passages.iter().zip(want).enumerate() {
            let what = format!("{run}, unit {i}");
            assert_eq!(got.position, i, "{what}");
            assert_eq!(got.deleted, want["deleted"].as_bool().unwrap(), "{what}");
            assert_eq!(got.deletion.is_some(), want["deletion"].is_number(), "{what}");
            if let Some(deletion) = got.deletion {
                assert_close(&what, &[deletion], &[want["deletion"].as_f64().unwrap()]);
            }
            assert_eq!(got.boundaries.is_some(), want["boundaries"].is_object(), "{what}");
            if let Some(boundaries) = got.boundaries {
                let want = &want["boundaries"];
                assert_close(&what, &boundaries.boundary, &numbers(&want["boundary"]));
                assert_close(&what, &boundaries.attention, &numbers(&want["attention"]));
            }
            assert_close(&what, &got.forget, &numbers(&want["forget"]));
        }
    }
}

#[test]
fn a_watched_text_is_the_same_text_and_traced_as_if_it_were_scored() {
    for run in ["run_03", "run_06", "run_13", "run_14"] {
        let model = model(run);
        let prompt = symbols(&json("traces.json")[run]["text"])[..9].to_vec();
        let settings =
            Settings { max_bytes: 41, seed: 5, repetition_penalty: 1.2, ..Settings::default() };
        let unwatched = continuation(&model, Team::new(1), &prompt, settings.clone());

        let mut generation =
            Generation::new(Arc::clone(&model), Team::new(1), &prompt, settings).unwrap();
        assert_eq!(generation.passes.take_trace(), None);
        generation.passes.watch();
        let (mut text, mut foresights, mut passages) = (prompt.clone(), Vec::new(), Vec::new());
        while !generation.is_done() {
            generation.advance(4, &mut text);
            let trace = generation.passes.take_trace().unwrap();
            foresights.extend(trace.foresights);
            passages.extend(trace.passages);
            assert_eq!(generation.passes.take_trace(), Some(Trace::default()), "taken twice");
        }
        assert_eq!(text[prompt.len()..], unwatched, "{run}");

        let scored = scored(&model, &text, 4);
        let new = scored.foresights.len() - foresights.len();
        assert_eq!(foresights.len(), 41, "{run}");
        assert_eq!(foresights, scored.foresights[new..], "{run}");
        // Of a patch that was not finished there is no passage in either, nor of the last that was.
        assert_eq!(passages, scored.passages[..passages.len()], "{run}");
        assert!(scored.passages.len() - passages.len() <= 1, "{run}");
    }
}

#[test]
fn patches_end_in_a_text_where_they_were_read() {
    for file in ["run_14.unpacked.pt", "tales.compact.pt"] {
        let model = load(&fixture(file));
        let prompt = from_bytes(b"A fox who");
        let mut generation = Generation::new(model, Team::new(1), &prompt, greedy(41)).unwrap();
        generation.passes.watch();
        let (mut text, mut ends, mut read) = (prompt.clone(), Vec::new(), Vec::new());
        while !generation.is_done() {
            let before = text.len();
            generation.advance(3, &mut text);
            ends.extend(generation.ends().iter().map(|end| before + end));
            let places = generation.passes.take_trace().unwrap().places;
            read.extend(places.iter().map(|place| (place.start + place.length as isize) as usize));
        }
        read.retain(|&end| end > prompt.len());
        assert!(ends.len() > 9, "{file}: {ends:?}");
        assert_eq!(ends, read, "{file}");
    }
}
