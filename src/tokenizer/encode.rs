//! Text to tokens and back.

use super::added::{self, Added};
use super::error::Error;
use super::merge::Merges;
use super::normal::Normalizer;
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
    pub(super) added: Vec<Added>,
    /// What is found after that, in the normal form of what is left.
    pub(super) added_normal: Vec<Added>,
    pub(super) splitter: Splitter,
    /// Tokens that every text begins with.
    pub(super) opening: Vec<Symbol>,
    /// Tokens that the file puts behind a text that is complete.
    pub(super) closing: Vec<Symbol>,
    /// What stands for a byte without a token.
    pub(super) unknown: Option<Symbol>,
    pub(super) normalizer: Normalizer,
    /// The highest id that any text can need; only that of an added token may be above.
    pub(super) highest: Symbol,
    /// Added tokens that the model does not have.
    pub(super) beyond: Vec<Symbol>,
}

impl Tokenizer {
    /// Whether a model of so many tokens can have been trained with it. Added tokens may be beyond
    /// the model, as padding often is: texts can do without them, see
    /// [`for_model`](Self::for_model).
    ///
    /// # Errors
    /// When there are other ids that the model does not have.
    pub fn check(&self, vocab_size: usize) -> Result<(), Error> {
        match (self.highest as usize) < vocab_size {
            true => Ok(()),
            false => Err(Error::Vocabulary { highest: self.highest, model: vocab_size }),
        }
    }

    /// The tokenizer for a model of so many tokens: added tokens that the model does not have are
    /// not looked for, so that their text is text like any other.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn for_model(mut self, vocab_size: usize) -> Result<Self, Error> {
        self.check(vocab_size)?;
        for added in [&mut self.added, &mut self.added_normal] {
            added.retain(|added| {
                let known = (added.id as usize) < vocab_size;
                self.beyond.extend((!known).then_some(added.id));
                known
            });
        }
        Ok(self)
    }

    /// The special tokens that [`encode`](Self::encode) sets before every text, as the file says.
    pub fn opening(&self) -> &[Symbol] {
        &self.opening
    }

    /// The special tokens that the file sets behind a text. [`encode`](Self::encode) leaves them
    /// out: they say that a text is complete, and a prompt will be continued.
    pub fn closing(&self) -> &[Symbol] {
        &self.closing
    }

    /// What a person should know of how it is used, each a sentence.
    pub fn notes(&self) -> Vec<String> {
        let [opening, closing, beyond] = [&self.opening, &self.closing, &self.beyond]
            .map(|tokens| String::from_utf8_lossy(&self.decode(tokens)).into_owned());
        let mut notes = Vec::new();
        if !closing.is_empty() {
            let opening = if opening.is_empty() { "nothing" } else { &opening };
            notes.push(format!(
                "The tokenizer sets {opening} before a text and {closing} behind it; the second \
                is left out here, as it ends a text."
            ));
        }
        if !beyond.is_empty() {
            notes.push(format!(
                "The tokenizer has added tokens that the model does not have ({beyond}); in a text \
                they are read as ordinary text."
            ));
        }
        notes
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

    /// A text as tokens, behind those of [`opening`](Self::opening). Bytes that are no UTF-8 are
    /// pieces of their own, and no normal form changes them: the stretches between them are
    /// normalised each on its own.
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
        added::find(&self.added, text, &mut |between, token| {
            let between = self.normalizer.apply(between);
            added::find(&self.added_normal, &between, &mut |between, token| {
                self.encode_pieces(between, tokens)?;
                tokens.extend(token);
                Ok(())
            })?;
            tokens.extend(token);
            Ok(())
        })
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
        let whole = self.whole.as_ref().and_then(|whole| whole.get(piece));
        if let Some(&token) = whole.filter(|token| !self.beyond.contains(token)) {
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
