//! What can be wrong with a tokenizer or a text, each as a sentence.

use crate::model::Symbol;
use std::fmt;

/// Why a tokenizer cannot be used, or a text not be told in tokens.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The file is not JSON.
    Json {
        /// The byte where it is not.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// Something that has to be in the file is missing, or is not what it has to be.
    Field {
        /// Where, as a path of keys.
        at: String,
        /// What was expected there.
        expected: &'static str,
    },
    /// The file asks for something that is not supported.
    Unsupported {
        /// Which part of the tokenizer.
        part: &'static str,
        /// What it is, as the file calls it.
        found: String,
        /// What is supported in its place.
        supported: &'static str,
    },
    /// A merge of something that is no token.
    Merge {
        /// Its number, from 0.
        number: usize,
    },
    /// Two tokens have one id.
    DuplicateId(Symbol),
    /// The tokenizer has other tokens than the model.
    Vocabulary {
        /// The tokenizer's highest id.
        highest: Symbol,
        /// How many the model has.
        model: usize,
    },
    /// No token says this byte.
    NoToken(u8),
    /// The tokenizer normalises text to NFC, which is done only where it changes nothing.
    NotNormal(char),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::Json { at, expected } => write!(
                f,
                "The tokenizer file is not JSON: at byte {at}, {expected} was expected. Give the \
                 model's tokenizer.json."
            ),
            Error::Field { at, expected } => write!(
                f,
                "The tokenizer file has no {expected} at {at}; give the model's tokenizer.json."
            ),
            Error::Unsupported {
                part,
                found,
                supported,
            } => write!(
                f,
                "The tokenizer's {part} is {found}, which is not supported; supported is {supported}."
            ),
            Error::Merge { number } => write!(
                f,
                "Merge {number} of the tokenizer file joins what are not tokens; the file is damaged."
            ),
            Error::DuplicateId(id) => write!(
                f,
                "The tokenizer file gives two tokens the id {id}; the file is damaged."
            ),
            Error::Vocabulary { highest, model } => write!(
                f,
                "The tokenizer's ids go up to {highest}, the model's to {}: it belongs to another model.",
                model - 1
            ),
            Error::NoToken(byte) => write!(
                f,
                "The text has the byte {byte:#04x}, for which the tokenizer has no token; leave it out."
            ),
            Error::NotNormal(c) => write!(
                f,
                "The text has the character {:?}, and the tokenizer normalises text (NFC), which is \
                 supported for characters below U+0300 only.",
                c
            ),
        }
    }
}

impl std::error::Error for Error {}
