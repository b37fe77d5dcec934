//! How surprising a text is: bits per byte, by forced decoding ([spec](crate::spec) §2).

use crate::layout::End;
use crate::math::surprisal;
use crate::model::{Model, Symbol};
use crate::parallel::Team;
use crate::passes::Passes;
use std::sync::Arc;

/// Why a text cannot be scored.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// Nothing stands after the first patch.
    #[error("The text has {bytes} bytes; the first {patch} are only read, so a score takes at \
        least {}.", .patch + 1)]
    TooShort {
        /// Bytes of the text.
        bytes: usize,
        /// Bytes of the first patch, which is read and not scored.
        patch: usize,
    },
    /// The text has the byte with which this model's text is laid out.
    #[error(
        "Byte {at} of the text is {fill}, which only fills patches in this model's texts; \
        leave it out."
    )]
    FillByte {
        /// The byte.
        fill: Symbol,
        /// Its place in the text.
        at: usize,
    },
    /// The text is longer than the model's attention can look back on.
    #[error(
        "The text has {symbols} bytes; this model looks back on all of them, for which there \
        is room up to {most}. Score a part of it."
    )]
    TooLong {
        /// Its bytes (or tokens).
        symbols: usize,
        /// How many there may be.
        most: usize,
    },
    /// A token that the model does not have.
    #[error("The text has the token {token}; this model's are 0 to {}.", .vocabulary - 1)]
    UnknownToken {
        /// The token.
        token: Symbol,
        /// How many tokens it has.
        vocabulary: usize,
    },
}

/// A text being scored.
pub struct Scoring {
    /// Its passes.
    pub passes: Passes,
    /// The text as the model reads it: laid out, fills included.
    laid: Vec<Symbol>,
    /// Symbols of it read so far; all of them once done.
    read: usize,
    /// How many of these are part of the text.
    at: usize,
    bits: Vec<f32>,
}

impl Scoring {
    /// Prepares to score `text`, any bytes (or tokens).
    ///
    /// # Errors
    /// When the text is too short to have a score.
    pub fn new(model: Arc<Model>, team: Team, text: Vec<Symbol>) -> Result<Self, Error> {
        let patch = model.config.patch_size;
        let bytes = text.len();
        let laid = model.config.layout.lay(&text, End::Whole).map_err(|at| {
            let fill = text[at];
            Error::FillByte { fill, at }
        })?;
        if laid.len() <= patch {
            return Err(Error::TooShort { bytes, patch });
        }
        let most = model.max_units().saturating_mul(patch);
        if laid.len() > most {
            let symbols = laid.len();
            return Err(Error::TooLong { symbols, most });
        }
        let vocabulary = model.config.vocab_size;
        if let Some(&token) = text.iter().find(|&&symbol| symbol as usize >= vocabulary) {
            return Err(Error::UnknownToken { token, vocabulary });
        }
        Ok(Scoring {
            passes: Passes::new(model, team),
            bits: Vec::with_capacity(bytes.saturating_sub(patch)),
            laid,
            read: 0,
            at: 0,
        })
    }

    /// Whether every byte is scored.
    pub fn is_done(&self) -> bool {
        self.read == self.laid.len()
    }

    /// Share of the text that is scored, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        self.read as f64 / self.laid.len() as f64
    }

    /// Patches that the DeleteGate deleted so far.
    pub fn deleted_patches(&self) -> usize {
        self.passes.state.deleted()
    }

    /// Works through at most `patches` patches.
    pub fn advance(&mut self, patches: usize) {
        let Scoring { passes, bits, .. } = self;
        let Passes { model, team, state, recorder, .. } = passes;
        let size = model.config.patch_size;
        let layout = model.config.layout;
        team.enter(|crew| {
            for _ in 0..patches {
                let patch = &self.laid[self.read..self.laid.len().min(self.read + size)];
                if patch.is_empty() {
                    break;
                }
                let place = layout.place(patch, self.at as isize);
                if self.read > 0 {
                    model.begin_unit(state, crew);
                    let mut previous = None;
                    for (position, &symbol) in patch.iter().enumerate() {
                        let filled = previous.is_some_and(|last| layout.is_fill(last));
                        if filled && layout.is_fill(symbol) {
                            continue; // nothing else can follow
                        }
                        let logits = model.logits(position, previous, state, crew);
                        let surprisal = surprisal(logits, symbol as usize);
                        match bits.last_mut().filter(|_| layout.is_fill(symbol)) {
                            Some(bits) => {
                                *bits += surprisal;
                                recorder.note_fill(surprisal);
                            }
                            None => {
                                bits.push(surprisal);
                                recorder.note(logits, symbol);
                            }
                        }
                        previous = Some(symbol);
                    }
                }
                if patch.len() == size {
                    recorder.note_unit(place);
                    model.read(patch, state, crew);
                }
                self.at += place.length;
                self.read += patch.len();
            }
        });
    }

    /// −log₂ p of each byte (or token) after the first patch, as far as scored.
    pub fn bits(&self) -> &[f32] {
        &self.bits
    }

    /// What a scored text comes to. `bytes_of` tells what a token says, for models of tokens, and
    /// `bytes` how long the text is.
    pub fn result(&self, bytes: usize, bytes_of: Option<impl Fn(Symbol) -> usize>) -> Score {
        let Some(bytes_of) = bytes_of else {
            return Score {
                bits_per_byte: self.mean_bits(),
                bytes: self.bits.len(),
                per_byte: self.bits.clone(),
            };
        };
        let total: f64 = self.bits.iter().map(|&bits| f64::from(bits)).sum();
        let unscored = self.passes.config().patch_size;
        let lens = self.laid[unscored..].iter().map(|&token| bytes_of(token));
        let spread = self.bits.iter().zip(lens);
        Score {
            bits_per_byte: total / bytes as f64,
            bytes,
            per_byte: spread
                .flat_map(|(&bits, len)| std::iter::repeat_n(bits / len as f32, len))
                .collect(),
        }
    }

    /// Their mean, over what is scored; NaN before the first.
    pub fn mean_bits(&self) -> f64 {
        let total: f64 = self.bits.iter().map(|&bits| f64::from(bits)).sum();
        total / self.bits.len() as f64
    }
}

/// How well a model foresees a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// Mean over all bytes after the first patch; for models of tokens the bits of all tokens but
    /// the first, over the bytes of the whole text ([spec](crate::spec) §2).
    pub bits_per_byte: f64,
    /// How many bytes that mean is over.
    pub bytes: usize,
    /// Bits of each byte after the first patch, or after the first token; a token's bits are spread
    /// evenly over its bytes.
    pub per_byte: Vec<f32>,
}
