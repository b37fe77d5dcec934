//! CPU-1: 1.58-bit, byte-level recurrent language models, small enough to answer inside a browser tab.
//!
//! ```
//! use cpu1::generate::{Generation, from_bytes, to_bytes};
//! use cpu1::parallel::Team;
//! use cpu1::sample::Settings;
//! use cpu1::weights::Loader;
//! use std::sync::Arc;
//!
//! let file = std::fs::read("tests/fixtures/run_14.compact.pt")?;
//! let model = Arc::new(Loader::read(&file)?.finish()?.model);
//! let settings = Settings { max_bytes: 32, seed: 7, ..Settings::default() };
//! let prompt = from_bytes(b"Ownership is ");
//! let mut generation = Generation::new(model, Team::new(1), &prompt, settings)?;
//! let mut text = Vec::new();
//! while !generation.is_done() {
//!     generation.advance(8, &mut text); // patches, a few at a time
//! }
//! assert_eq!(to_bytes(&text).len(), 32);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A prompt travels one road through this crate, and every module is a stop on it:
//!
//! ```text
//! file bytes ─▶ checkpoint ─▶ weights ─▶ model ─▶ generate, score ─▶ web (or the command line)
//!               zip, pickle   roles,     one      bytes, bits        wasm-bindgen
//!                             packing    patch
//!                                 └── kernels, parallel, math ──┘
//! ```
//!
//! - [`checkpoint`] reads torch files without doing any I/O and knows nothing of models;
//! - [`weights`] finds out which tensor plays which role, packs it as it arrives, and builds the model;
//! - [`model`] is one forward pass over one patch, a file per layer, and knows nothing of files;
//! - [`generate`](mod@generate), [`sample`] and [`score`] turn passes into text and text into bits,
//!   with [`tokenizer`] for the runs that read tokens, [`layout`] for texts laid out by words, [`mod@trace`] for views of the inside, and
//!   [`probe`] for how a model has to be read, and [`passes`] for what they have in common;
//! - [`kernels`] and [`math`] define the arithmetic, once, so that a seed means the same bytes on
//!   every machine; [`parallel`] shares a pass between threads without changing a bit of it;
//! - [`config`] is a model's shape, [`dialect`] how it is read where nobody wrote it down, [`runs`] the published models, [`mod@spec`] what is computed;
//! - `web` is the JavaScript surface, and the only module that knows of browsers.
//!
//! Files import each other without circles. `tests/imports.rs` has the order of the modules and holds it.
#![deny(missing_docs)]

pub mod checkpoint;
pub mod config;
mod decimal;
pub mod dialect;
pub mod generate;
mod json;
pub mod kernels;
pub mod layout;
pub mod math;
pub mod model;
pub mod parallel;
pub mod passes;
pub mod probe;
pub mod runs;
pub mod sample;
pub mod score;
#[doc = include_str!("spec.md")]
#[allow(rustdoc::broken_intra_doc_links)] // [D], [S] and [C] mark where a statement is from.
pub mod spec {}
pub mod tokenizer;
pub mod trace;
#[cfg(target_arch = "wasm32")]
pub mod web;
pub mod weights;
