//! From a prompt to what follows it ([spec](crate::spec) §2).
//!
//! Whole patches of the prompt run through the backbone; the bytes left over are forced as the
//! first of the next patch, so that no padding ever enters the context. For models of BPE tokens a
//! patch is one token and nothing is left over. Work is done in bursts, so that
//! a front end can show what there is, and stop.

use crate::model::{Model, Symbol};
use crate::parallel::{Crew, Team};
use crate::passes::Passes;
use crate::sample::{Sampler, Settings, SettingsError};
use std::fmt;
use std::sync::Arc;

/// Most bytes (or tokens) of a prompt.
pub const MAX_PROMPT: usize = 1 << 16;

/// The byte that stands, four times, before a prompt of less than one patch.
const OPENING: Symbol = b'\n' as Symbol;

/// Bytes as the symbols of a byte model.
pub fn from_bytes(bytes: &[u8]) -> Vec<Symbol> {
    bytes.iter().map(|&byte| Symbol::from(byte)).collect()
}

/// The symbols of a byte model as bytes.
pub fn to_bytes(symbols: &[Symbol]) -> Vec<u8> {
    symbols.iter().map(|&symbol| symbol as u8).collect()
}

/// Why a generation cannot start.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The prompt is longer than [`MAX_PROMPT`].
    PromptTooLong {
        /// Its bytes (or tokens).
        symbols: usize,
    },
    /// Prompt and text are longer together than the model's attention can look back on.
    ContextTooLong {
        /// Bytes (or tokens) of both.
        symbols: usize,
        /// How many there may be.
        most: usize,
    },
    /// The prompt is empty, and a model of tokens needs one token to begin with.
    EmptyPrompt,
    /// A token that the model does not have.
    UnknownToken {
        /// The token.
        token: Symbol,
        /// How many tokens it has.
        vocabulary: usize,
    },
    /// A sampling value is outside its range.
    Settings(SettingsError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::PromptTooLong { symbols } => write!(
                f,
                "The prompt has {symbols} bytes and may have at most {MAX_PROMPT}; shorten it."
            ),
            Error::ContextTooLong { symbols, most } => write!(
                f,
                "Prompt and text would have {symbols} bytes; this model looks back on all of them, \
                 for which there is room up to {most}. Shorten the prompt or the length."
            ),
            Error::EmptyPrompt => write!(
                f,
                "The prompt is empty; a model of BPE tokens needs one token to go on from."
            ),
            Error::UnknownToken { token, vocabulary } => write!(
                f,
                "The prompt has the token {token}; this model's are 0 to {}.",
                vocabulary - 1
            ),
            Error::Settings(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Error::Settings(error)
    }
}

/// A text being generated.
pub struct Generation {
    /// Its passes.
    pub passes: Passes,
    sampler: Sampler,
    /// Whole patches that the backbone has yet to read, and how many it has read.
    prompt: Vec<Symbol>,
    read: usize,
    /// Symbols that stand before the prompt, so that there is a patch to begin with.
    opening: usize,
    /// Symbols of the next patch that the prompt settles.
    forced: Vec<Symbol>,
    patch: Vec<Symbol>,
    generated: usize,
}

/// How far a generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Patches of the prompt.
    pub prompt_patches: usize,
    /// Of these, how many are read.
    pub read_patches: usize,
    /// Patches the backbone has seen in all.
    pub patches: usize,
    /// Of these, how many the DeleteGate deleted.
    pub deleted_patches: usize,
    /// Bytes (or tokens) generated.
    pub symbols: usize,
}

impl Generation {
    /// Prepares to continue `prompt`: any bytes and even none, or one token and more.
    ///
    /// # Errors
    /// When the model cannot read the prompt, or a setting is out of range.
    pub fn new(
        model: Arc<Model>,
        team: Team,
        prompt: &[Symbol],
        settings: Settings,
    ) -> Result<Self, Error> {
        if prompt.len() > MAX_PROMPT {
            return Err(Error::PromptTooLong {
                symbols: prompt.len(),
            });
        }
        let vocabulary = model.config.vocab_size;
        if let Some(&token) = prompt.iter().find(|&&symbol| symbol as usize >= vocabulary) {
            return Err(Error::UnknownToken { token, vocabulary });
        }
        if prompt.is_empty() && model.config.is_bpe() {
            return Err(Error::EmptyPrompt);
        }
        let symbols = prompt.len().saturating_add(settings.max_bytes);
        let most = model.max_units().saturating_mul(model.config.patch_size);
        if symbols > most {
            return Err(Error::ContextTooLong { symbols, most });
        }
        let mut sampler = Sampler::new(settings)?;
        prompt
            .iter()
            .for_each(|&symbol| sampler.observe(symbol as usize));
        let size = model.config.patch_size;
        let (whole, forced) = prompt.split_at(prompt.len() / size * size);
        let (mut patches, forced) = (whole.to_vec(), forced.to_vec());
        let opening = if patches.is_empty() { size } else { 0 };
        patches.resize(patches.len() + opening, OPENING);
        Ok(Generation {
            passes: Passes::new(model, team),
            patch: Vec::with_capacity(size),
            sampler,
            prompt: patches,
            read: 0,
            opening,
            forced,
            generated: 0,
        })
    }

    /// Whether all that was asked for is there.
    pub fn is_done(&self) -> bool {
        self.generated >= self.sampler.settings().max_bytes
    }

    /// Symbols that stand before the prompt in the sequence that the model reads.
    pub fn opening(&self) -> usize {
        self.opening
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let size = self.passes.config().patch_size;
        Progress {
            prompt_patches: self.prompt.len() / size,
            read_patches: self.read / size,
            patches: self.passes.state.position(),
            deleted_patches: self.passes.state.deleted(),
            symbols: self.generated,
        }
    }

    /// Works through at most `patches` patches, the prompt's first, and appends what is new to `out`.
    pub fn advance(&mut self, patches: usize, out: &mut Vec<Symbol>) {
        let team = self.passes.team;
        team.enter(|crew| {
            let size = self.passes.config().patch_size;
            let unread = &self.prompt[self.read..];
            let now = &unread[..unread.len().min(patches * size)];
            let reads = now.len();
            if reads > 0 && !self.is_done() {
                let Passes { model, state, .. } = &mut self.passes;
                model.read(now, state, crew);
                self.read += reads;
            }
            for _ in reads / size..patches {
                if self.is_done() {
                    break;
                }
                self.next_patch(out, crew);
            }
        });
    }

    /// Decodes one patch and, unless it was the last, reads it.
    fn next_patch(&mut self, out: &mut Vec<Symbol>, crew: &Crew) {
        let Generation {
            passes,
            sampler,
            forced,
            patch,
            ..
        } = self;
        let Passes {
            model,
            state,
            recorder,
            ..
        } = passes;
        let size = model.config.patch_size;
        let left = sampler.settings().max_bytes - self.generated;
        let end = size.min(forced.len() + left);
        patch.clear();
        model.begin_unit(state, crew);
        for position in 0..end {
            let logits = model.logits(position, patch.last().copied(), state, crew);
            patch.push(match forced.get(position) {
                Some(&symbol) => symbol,
                None => {
                    // Sampling may change the logits.
                    let expected = recorder.keep(logits);
                    let symbol = sampler.sample(logits);
                    sampler.observe(symbol);
                    if let Some(expected) = expected {
                        recorder.note(&expected, symbol as Symbol);
                    }
                    symbol as Symbol
                }
            });
        }
        if end == size {
            model.read(patch, state, crew);
        }
        out.extend_from_slice(&patch[forced.len()..]);
        self.generated += patch.len() - forced.len();
        forced.clear();
    }
}
