//! Byte-level BPE, as Hugging Face's `tokenizer.json` describes it: text to tokens for the runs whose
//! symbols are tokens (run_01, run_13), and back.
//!
//! A text is cut at added tokens, then into pieces such as words; the bytes of a piece are
//! merged pair by pair, the pair that was learnt first before the others. Every byte has a token in
//! such a vocabulary, so any text can be said and every token is some bytes. What a file asks for
//! beyond that ends in a sentence that names it, see [`Error`].
//!
//! A leading special token that the file's template sets, such as `<s>`, is set here too; a closing
//! one is not, as a prompt is there to be continued.

mod file;
mod json;
mod letters;
mod merge;
mod split;

use crate::model::Symbol;
use merge::Merges;
use split::Splitter;
use std::collections::HashMap;
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

/// A vocabulary and the rules by which text becomes its tokens.
#[derive(Debug)]
pub struct Tokenizer {
    /// What each token says, by id; empty where there is no such token.
    bytes: Vec<Box<[u8]>>,
    /// The token of each single byte.
    of_byte: [Option<Symbol>; 256],
    merges: Merges,
    /// Whole pieces that are tokens, where the file lets these go before merges.
    whole: Option<HashMap<Box<[u8]>, Symbol>>,
    /// What is found in a text before anything else, longest first.
    added: Vec<(Box<str>, Symbol)>,
    splitter: Splitter,
    /// Tokens that every text begins with.
    opening: Vec<Symbol>,
    /// What stands for a byte without a token.
    unknown: Option<Symbol>,
    nfc: bool,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// When it is not one, or asks for something that is not supported.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        file::read(json)
    }

    /// Whether a model of so many tokens can have been trained with it.
    ///
    /// # Errors
    /// When there are ids that the model does not have.
    pub fn check(&self, vocab_size: usize) -> Result<(), Error> {
        let opening = self.opening.iter().map(|&token| token as usize);
        let highest = opening.fold(self.bytes.len().saturating_sub(1), usize::max);
        match highest < vocab_size {
            true => Ok(()),
            false => Err(Error::Vocabulary {
                highest: highest as Symbol,
                model: vocab_size,
            }),
        }
    }

    /// What a token says; nothing where there is no such token.
    pub fn bytes(&self, token: Symbol) -> &[u8] {
        self.bytes.get(token as usize).map_or(&[], |bytes| bytes)
    }

    /// What tokens say, one after another.
    pub fn decode(&self, tokens: &[Symbol]) -> Vec<u8> {
        let bytes = tokens.iter().flat_map(|&token| self.bytes(token));
        bytes.copied().collect()
    }

    /// A text as tokens. Bytes that are no UTF-8 are pieces of their own.
    ///
    /// # Errors
    /// When it has what the tokenizer cannot say.
    pub fn encode(&self, text: &[u8]) -> Result<Vec<Symbol>, Error> {
        let mut tokens = self.opening.clone();
        for chunk in text.utf8_chunks() {
            self.encode_text(chunk.valid(), &mut tokens)?;
            self.encode_piece(chunk.invalid(), &mut tokens)?;
        }
        Ok(tokens)
    }

    fn encode_text(&self, text: &str, tokens: &mut Vec<Symbol>) -> Result<(), Error> {
        if let Some(c) = text.chars().find(|&c| self.nfc && c >= '\u{300}') {
            return Err(Error::NotNormal(c));
        }
        let mut start = 0;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            let found = self
                .added
                .iter()
                .find(|(content, _)| rest.starts_with(&**content));
            if let Some((content, token)) = found {
                self.encode_pieces(&text[start..at], tokens)?;
                tokens.push(*token);
                at += content.len();
                start = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        self.encode_pieces(&text[start..], tokens)
    }

    fn encode_pieces(&self, text: &str, tokens: &mut Vec<Symbol>) -> Result<(), Error> {
        let mut result = Ok(());
        self.splitter.split(text, &mut |piece| {
            if result.is_ok() {
                result = self.encode_piece(piece.as_bytes(), tokens);
            }
        });
        result
    }

    fn encode_piece(&self, piece: &[u8], tokens: &mut Vec<Symbol>) -> Result<(), Error> {
        if let Some(&token) = self.whole.as_ref().and_then(|whole| whole.get(piece)) {
            tokens.push(token);
            return Ok(());
        }
        let mut symbols = Vec::with_capacity(piece.len());
        for &byte in piece {
            let token = self.of_byte[usize::from(byte)].or(self.unknown);
            symbols.push(token.ok_or(Error::NoToken(byte))?);
        }
        self.merges.apply(&mut symbols);
        tokens.append(&mut symbols);
        Ok(())
    }
}
