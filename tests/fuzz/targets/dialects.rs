//! Bytes as a dialect, and as one reading for each feature: every model can be read under any of them.
#![no_main]

use cpu1::dialect::{Dialect, FEATURES};
use cpu1::parallel::Team;
use cpu1::score::Scoring;
use cpu1::weights::{Loader, Options};
use cpu1_fuzz::attack;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const MODELS: [&[u8]; 3] = [
    include_bytes!("../../fixtures/run_09.unpacked.pt"),
    include_bytes!("../../fixtures/run_08.compact.pt"),
    include_bytes!("../../fixtures/run_02a_byte_only_heads.unpacked.pt"),
];

fuzz_target!(|bytes: &[u8]| {
    match Dialect::read(bytes) {
        Ok(dialect) => assert_eq!(Dialect::read(dialect.json().as_bytes()), Ok(dialect)),
        Err(error) => attack::is_sentence(&error),
    }
    let Some((&model, readings)) = bytes.split_first() else {
        return;
    };
    let mut dialect = Dialect::default();
    for (place, (feature, &reading)) in FEATURES.iter().zip(readings).enumerate() {
        dialect = dialect.with(place, usize::from(reading) % feature.readings.len());
    }
    let options = Options { dialect: Some(dialect), ..Options::default() };
    let file = MODELS[usize::from(model) % MODELS.len()];
    let model = Loader::read_with(file, options).and_then(Loader::finish).unwrap().model;
    let text = (0..22).map(|i| i * i % 97).collect();
    let mut scoring = Scoring::new(Arc::new(model), Team::new(1), text).unwrap();
    scoring.advance(6);
    assert_eq!(scoring.bits().len(), 18);
});
