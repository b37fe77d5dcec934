//! What can be wrong with a tokenizer or a text, each as a sentence.

use crate::model::Symbol;

/// Why a tokenizer cannot be used, or a text not be told in tokens.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Error {
    /// The file is not JSON.
    #[error(
        "The tokenizer file is not JSON: at byte {at}, {expected} was expected. Give the \
        model's tokenizer.json."
    )]
    Json {
        /// The byte where it is not.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// Something that has to be in the file is missing, or is not what it has to be.
    #[error("The tokenizer file has no {expected} at {at}; give the model's tokenizer.json.")]
    Field {
        /// Where, as a path of keys.
        at: String,
        /// What was expected there.
        expected: &'static str,
    },
    /// The file asks for something that is not supported.
    #[error("The tokenizer's {part} is {found}, which is not supported; supported is {supported}.")]
    Unsupported {
        /// Which part of the tokenizer.
        part: &'static str,
        /// What it is, as the file calls it.
        found: String,
        /// What is supported in its place.
        supported: &'static str,
    },
    /// A merge of something that is no token.
    #[error("Merge {number} of the tokenizer file joins what are not tokens; the file is damaged.")]
    Merge {
        /// Its number, from 0.
        number: usize,
    },
    /// Two tokens have one id.
    #[error("The tokenizer file gives two tokens the id {0}; the file is damaged.")]
    DuplicateId(Symbol),
    /// The tokenizer has other tokens than the model.
    #[error("The tokenizer's ids go up to {highest}, the model's to {}: it belongs to another \
        model.", .model - 1)]
    Vocabulary {
        /// The tokenizer's highest id.
        highest: Symbol,
        /// How many the model has.
        model: usize,
    },
    /// No token says this byte.
    #[error("The text has the byte {0:#04x}, for which the tokenizer has no token; leave it out.")]
    NoToken(u8),
}
