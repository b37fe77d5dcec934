//! Byte-level BPE, as Hugging Face's `tokenizer.json` describes it: text to tokens for the runs whose
//! symbols are tokens (run_01, run_13), and back.
//!
//! A text is cut at added tokens, brought into a normal form if the file asks for one (NFC, NFD,
//! NFKC, NFKD), cut at the added tokens of that form, then into pieces such as words; the bytes of a piece are
//! merged pair by pair, the pair that was learnt first before the others. Every byte has a token in
//! such a vocabulary, so any text can be said and every token is some bytes. What a file asks for
//! beyond that ends in a sentence that names it, see [`Error`].
//!
//! A leading special token that the file's template sets, such as `<s>`, is set here too; a closing
//! one is not, as a prompt will be continued. So the ids are neither those that Hugging Face's
//! `tokenizers` gives with special tokens nor those without: both can be had from
//! [`Tokenizer::opening`] and [`Tokenizer::closing`].
//!
//! An added token beyond the model's vocabulary, such as one for padding that was never trained, is
//! never set, see [`Tokenizer::for_model`].

mod added;
mod encode;
mod error;
mod file;
mod letters;
mod merge;
mod normal;
mod split;

pub use encode::Tokenizer;
pub use error::Error;
pub use normal::{Form, Normalize};
