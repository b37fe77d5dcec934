//! Text to tokens and back.

use super::error::Error;
use super::merge::Merges;
use super::split::Splitter;
use crate::model::Symbol;
use std::collections::HashMap;

/// A vocabulary and the rules by which text becomes its tokens.
#[derive(Debug)]
pub struct Tokenizer {
    /// What each token says, by id; empty where there is no such token.
    pub(super) bytes: Vec<Box<[u8]>>,
    /// The token of each single byte.
    pub(super) of_byte: [Option<Symbol>; 256],
    pub(super) merges: Merges,
    /// Whole pieces that are tokens, where the file lets these go before merges.
    pub(super) whole: Option<HashMap<Box<[u8]>, Symbol>>,
    /// What is found in a text before anything else, longest first.
    pub(super) added: Vec<(Box<str>, Symbol)>,
    pub(super) splitter: Splitter,
    /// Tokens that every text begins with.
    pub(super) opening: Vec<Symbol>,
    /// What stands for a byte without a token.
    pub(super) unknown: Option<Symbol>,
    pub(super) nfc: bool,
}

impl Tokenizer {
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
