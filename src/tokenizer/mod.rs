//! Byte-level BPE, as Hugging Face's `tokenizer.json` describes it: text to tokens for the runs whose
//! symbols are tokens (run_01, run_13), and back.
//!
//! A text is cut at added tokens, then into pieces such as words; the bytes of a piece are
//! merged pair by pair, the pair that was learnt first before the others. Every byte has a token in
//! such a vocabulary, so any text can be said and every token is some bytes. What a file asks for
//! beyond that ends in a sentence that names it, see [`Error`].
//!
//! A leading special token that the file's template sets, such as `<s>`, is set here too; a closing
//! one is not, as a prompt will be continued.

mod encode;
mod error;
mod file;
mod letters;
mod merge;
mod split;

pub use encode::Tokenizer;
pub use error::Error;
