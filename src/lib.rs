//! CPU-1: 1.58-bit, byte-level recurrent language models, small enough to answer inside a browser tab.
//!
//! A prompt travels one road through this crate, and every module is a stop on it; imports only
//! ever point left or down:
//!
//! ```text
//! file bytes ─▶ checkpoint ─▶ weights ─▶ model ─▶ generate, score ─▶ web (or the command line)
//!               zip, pickle   roles,     one      bytes, bits        wasm-bindgen
//!                             packing    patch
//!                                 └── kernels, parallel, math ──┘
//! ```
//!
//! - [`checkpoint`] reads torch files without doing any I/O and knows nothing of models;
//! - [`weights`] finds out which tensor plays which role, and packs it as it arrives;
//! - [`model`] is one forward pass over one patch, a file per layer;
//! - [`generate`](mod@generate), [`sample`] and [`score`] turn passes into text and text into bits,
//!   with [`tokenizer`] for the runs that read tokens and [`mod@trace`] for people who look on;
//! - [`kernels`] and [`math`] define the arithmetic, once, so that a seed means the same bytes on
//!   every machine; [`parallel`] shares a pass between threads without changing a bit of it;
//! - `web` is the JavaScript surface, and the only module that knows of browsers.
#![deny(missing_docs)]

pub mod checkpoint;
pub mod config;
mod decimal;
pub mod generate;
pub mod kernels;
pub mod layout;
pub mod math;
pub mod model;
pub mod parallel;
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
