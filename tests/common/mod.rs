//! What the native tests and the browser tests share: a text is the same on both, to the byte.
// Each test file is a crate of its own and uses its part of this one.
#![allow(dead_code)]

#[cfg(not(target_arch = "wasm32"))]
pub mod golden;

use cpu1::generate::{Generation, from_bytes, to_bytes};
use cpu1::model::{Model, Symbol};
use cpu1::parallel::Team;
use cpu1::sample::Settings;
use cpu1::weights::Loader;
use std::sync::Arc;

/// Reads a model from memory.
pub fn load(file: &[u8]) -> Arc<Model> {
    let loader = Loader::read(file).expect("a file that can be read");
    Arc::new(loader.finish().expect("a whole file").model)
}

/// Continues a prompt of bytes.
pub fn generate(model: &Arc<Model>, team: Team, prompt: &[u8], settings: Settings) -> Vec<u8> {
    to_bytes(&continuation(model, team, &from_bytes(prompt), settings))
}

/// Continues a prompt of bytes or tokens.
pub fn continuation(
    model: &Arc<Model>,
    team: Team,
    prompt: &[Symbol],
    settings: Settings,
) -> Vec<Symbol> {
    let mut generation =
        Generation::new(Arc::clone(model), team, prompt, settings).expect("good settings");
    let mut symbols = Vec::new();
    while !generation.is_done() {
        generation.advance(3, &mut symbols);
    }
    symbols
}

/// Settings that always take the likeliest symbol.
pub fn greedy(max_bytes: usize) -> Settings {
    Settings { max_bytes, temperature: 0.0, ..Settings::default() }
}

/// What a model reads or writes as bytes: those of a token are its number.
pub fn bytes_of(model: &Model, symbols: &[Symbol]) -> Vec<u8> {
    match model.config.is_bpe() {
        true => symbols.iter().flat_map(|token| token.to_le_bytes()).collect(),
        false => to_bytes(symbols),
    }
}

/// FNV-1a over texts, to hold them against a constant.
pub fn digest(texts: &[Vec<u8>]) -> u64 {
    texts.iter().flatten().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
