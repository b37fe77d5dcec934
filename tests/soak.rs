//! Long runs: memory that stands still after the first moments, and the same bits again. A short
//! version by default; `./build.sh soak` sets `CPU1_SOAK` for the whole.
#![cfg(not(target_arch = "wasm32"))]

#[path = "common/attack.rs"]
mod attack;
mod common;

use attack::live;
use common::{digest, load};
use cpu1::generate::{Generation, from_bytes, to_bytes};
use cpu1::model::Model;
use cpu1::parallel::Team;
use cpu1::sample::Settings;
use cpu1::score::Scoring;
use std::sync::Arc;

/// One of these, by how long it may take.
fn long_or(short: usize, long: usize) -> usize {
    if std::env::var_os("CPU1_SOAK").is_some() {
        long
    } else {
        short
    }
}

fn fixture(name: &str) -> Vec<u8> {
    common::golden::fixture(&format!("{name}.compact.pt"))
}

/// Runs whose memory of a text has a bound: recurrent ones, and attention with a window.
const BOUNDED: [&str; 4] = ["run_03", "run_07", "run_08", "run_14"];

#[test]
fn writing_takes_no_byte_more_after_the_first_moments() {
    const WARM_UP: usize = 1024;
    let max_bytes = long_or(4_000, 100_000);
    for name in BOUNDED {
        let model = load(&fixture(name));
        let write = || {
            let settings = Settings {
                max_bytes,
                temperature: 1.0,
                top_p: 1.0,
                seed: 7,
                ..Settings::default()
            };
            let prompt = from_bytes(b"For ever and ");
            let team = Team::new(1);
            let mut generation =
                Generation::new(Arc::clone(&model), team, &prompt, settings).unwrap();
            let mut symbols = Vec::with_capacity(max_bytes);
            let mut warm = None;
            while !generation.is_done() {
                generation.advance(16, &mut symbols);
                if symbols.len() >= WARM_UP {
                    assert_eq!(*warm.get_or_insert_with(live), live(), "{name}");
                }
            }
            assert_eq!(symbols.len(), max_bytes);
            digest(&[to_bytes(&symbols)])
        };
        let before = live();
        let first = write();
        assert_eq!(live(), before, "{name}: all is given back");
        assert_eq!(write(), first, "{name}");
    }
}

#[test]
fn scoring_takes_no_byte_more_after_the_first_moments() {
    let text: Vec<u8> = (0..long_or(100_000, 10_000_000))
        .map(|i| (i.wrapping_mul(i) >> 7) as u8 % 97)
        .collect();
    let model = load(&fixture("run_14"));
    let score = || {
        let mut scoring =
            Scoring::new(Arc::clone(&model), Team::new(1), from_bytes(&text)).unwrap();
        scoring.advance(64);
        let warm = live();
        while !scoring.is_done() {
            scoring.advance(64);
            assert_eq!(live(), warm);
        }
        let bits = scoring.bits().iter().flat_map(|bits| bits.to_le_bytes());
        digest(&[bits.collect()])
    };
    let before = live();
    let first = score();
    assert_eq!(live(), before, "all is given back");
    assert_eq!(score(), first);
}

#[test]
fn models_that_are_given_up_leave_nothing() {
    let files = BOUNDED.map(fixture);
    let cycle = |file: &[u8]| {
        let model: Arc<Model> = load(file);
        common::generate(&model, Team::new(1), b"x", Settings::default())
    };
    // Tables that are worked out when first needed stay.
    let texts = files.each_ref().map(|file| cycle(file));
    let warm = live();
    for _ in 0..long_or(3, 50) {
        for (file, text) in files.iter().zip(&texts) {
            assert_eq!(cycle(file), *text);
            assert_eq!(live(), warm);
        }
    }
}
