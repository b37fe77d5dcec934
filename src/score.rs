//! How surprising a text is: bits per byte, by forced decoding (SPEC §2).

use crate::math;
use crate::model::{Model, State};
use crate::parallel::Team;
use std::fmt;
use std::sync::Arc;

/// Why a text cannot be scored.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// Nothing stands after the first patch.
    TooShort {
        /// Bytes of the text.
        bytes: usize,
        /// Bytes of the first patch, which is read and not scored.
        patch: usize,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Error::TooShort { bytes, patch } = self;
        write!(
            f,
            "The text has {bytes} bytes; the first {patch} are only read, so a score takes at \
             least {}.",
            patch + 1
        )
    }
}

impl std::error::Error for Error {}

/// A text being scored.
pub struct Scoring {
    model: Arc<Model>,
    team: Team,
    state: State,
    text: Vec<u8>,
    /// Bytes read so far; all of them once done.
    read: usize,
    per_byte: Vec<f32>,
}

impl Scoring {
    /// Prepares to score `text`, any bytes.
    ///
    /// # Errors
    /// When the text is too short to have a score.
    pub fn new(model: Arc<Model>, team: Team, text: Vec<u8>) -> Result<Self, Error> {
        let patch = model.config.patch_size;
        if text.len() <= patch {
            let bytes = text.len();
            return Err(Error::TooShort { bytes, patch });
        }
        Ok(Scoring {
            state: model.state(),
            per_byte: Vec::with_capacity(text.len() - patch),
            model,
            team,
            text,
            read: 0,
        })
    }

    /// Whether every byte is scored.
    pub fn is_done(&self) -> bool {
        self.read == self.text.len()
    }

    /// Share of the text that is scored, from 0 to 1.
    pub fn fraction(&self) -> f64 {
        self.read as f64 / self.text.len() as f64
    }

    /// Patches that the DeleteGate deleted so far.
    pub fn deleted_patches(&self) -> usize {
        self.state.deleted()
    }

    /// Works through at most `patches` patches.
    pub fn advance(&mut self, patches: usize) {
        let size = self.model.config.patch_size;
        let Scoring {
            model,
            state,
            per_byte,
            ..
        } = self;
        for _ in 0..patches {
            let patch = &self.text[self.read..self.text.len().min(self.read + size)];
            if patch.is_empty() {
                break;
            }
            self.team.enter(|crew| {
                if self.read > 0 {
                    model.begin_patch(state, crew);
                    let mut previous = None;
                    for (position, &byte) in patch.iter().enumerate() {
                        let logits = model.logits(position, previous, state, crew);
                        per_byte.push(surprisal(logits, usize::from(byte)));
                        previous = Some(byte);
                    }
                }
                if patch.len() == size {
                    model.read(patch, state, crew);
                }
            });
            self.read += patch.len();
        }
    }

    /// −log₂ p of each byte after the first patch, as far as scored.
    pub fn per_byte(&self) -> &[f32] {
        &self.per_byte
    }

    /// Their mean, over what is scored; NaN before the first.
    pub fn bits_per_byte(&self) -> f64 {
        let total: f64 = self.per_byte.iter().map(|&bits| f64::from(bits)).sum();
        total / self.per_byte.len() as f64
    }
}

/// −log₂ of the probability that `logits` give to `symbol`.
pub fn surprisal(logits: &[f32], symbol: usize) -> f32 {
    let top = logits.iter().fold(f32::NEG_INFINITY, |top, &l| top.max(l));
    let total: f64 = logits.iter().map(|&l| f64::from(math::exp(l - top))).sum();
    let nats = libm::log(total) - f64::from(logits[symbol] - top);
    (nats * std::f64::consts::LOG2_E) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uniform_byte_is_eight_bits() {
        assert_eq!(surprisal(&[0.25; 256], 77), 8.0);
        assert!(surprisal(&[100.0, 0.0], 0) < 1e-6);
        assert!((surprisal(&[100.0, 0.0], 1) - 144.2695).abs() < 1e-3);
    }
}
