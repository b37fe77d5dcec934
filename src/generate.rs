//! From a prompt to what follows it ([spec](crate::spec) §2).
//!
//! Whole patches of the prompt run through the backbone; the bytes left over are forced as the
//! first of the next patch, so that no padding ever enters the context. For models of BPE tokens a
//! patch is one token and nothing is left over. Work is done in bursts, so that
//! a front end can show what there is, and stop.

use crate::config::{Config, Layout};
use crate::layout::End;
use crate::math::surprisal;
use crate::model::{Model, Symbol};
use crate::parallel::{Crew, Team};
use crate::passes::Passes;
use crate::sample::{Sampler, Settings, SettingsError};
use std::sync::Arc;

/// Most bytes (or tokens) of a prompt.
pub const MAX_PROMPT: usize = 1 << 16;

/// Bytes as the symbols of a byte model.
pub fn from_bytes(bytes: &[u8]) -> Vec<Symbol> {
    bytes.iter().map(|&byte| Symbol::from(byte)).collect()
}

/// The symbols of a byte model as bytes.
pub fn to_bytes(symbols: &[Symbol]) -> Vec<u8> {
    symbols.iter().map(|&symbol| symbol as u8).collect()
}

/// Why a generation cannot start.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// The prompt is longer than [`MAX_PROMPT`].
    #[error("The prompt has {symbols} bytes and may have at most {MAX_PROMPT}; shorten it.")]
    PromptTooLong {
        /// Its bytes (or tokens).
        symbols: usize,
    },
    /// Prompt and text are longer together than the model's attention can look back on.
    #[error(
        "Prompt and text would have {symbols} bytes; this model looks back on all of them, for \
        which there is room up to {most}. Shorten the prompt or the length."
    )]
    ContextTooLong {
        /// Bytes (or tokens) of both.
        symbols: usize,
        /// How many there may be.
        most: usize,
    },
    /// The prompt is empty, and a model of tokens needs one token to begin with.
    #[error("The prompt is empty; a model of BPE tokens needs one token to go on from.")]
    EmptyPrompt,
    /// A token that the model does not have.
    #[error("The prompt has the token {token}; this model's are 0 to {}.", .vocabulary - 1)]
    UnknownToken {
        /// The token.
        token: Symbol,
        /// How many tokens it has.
        vocabulary: usize,
    },
    /// The prompt has the byte with which this model's text is laid out.
    #[error(
        "Byte {at} of the prompt is {fill}, which only fills patches in this model's texts; \
        leave it out."
    )]
    FillByte {
        /// The byte.
        fill: Symbol,
        /// Its place in the prompt.
        at: usize,
    },
    /// A sampling value is outside its range.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

/// A text being generated.
pub struct Generation {
    /// Its passes.
    pub passes: Passes,
    sampler: Sampler,
    /// Whole patches that the backbone has yet to read, and how many it has read.
    prompt: Vec<Symbol>,
    read: usize,
    /// Where the next unit begins in the text; below 0 is the opening of a prompt that is too short.
    at: isize,
    /// Symbols of the next patch that the prompt settles.
    forced: Vec<Symbol>,
    patch: Vec<Symbol>,
    /// Where the last burst came to the end of a patch.
    ends: Vec<usize>,
    generated: usize,
    ended: bool,
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
            return Err(Error::PromptTooLong { symbols: prompt.len() });
        }
        let vocabulary = model.config.vocab_size;
        if let Some(&token) = prompt.iter().find(|&&symbol| symbol as usize >= vocabulary) {
            return Err(Error::UnknownToken { token, vocabulary });
        }
        if prompt.is_empty() && model.config.is_bpe() {
            return Err(Error::EmptyPrompt);
        }
        let laid = model.config.layout.lay(prompt, End::Open).map_err(|at| {
            let fill = prompt[at];
            Error::FillByte { fill, at }
        })?;
        let size = model.config.patch_size;
        // Laid out by words, a patch may hold a single byte.
        let room = match model.config.layout {
            Layout::Plain => settings.max_bytes,
            Layout::Words { .. } => settings.max_bytes.saturating_mul(size),
        };
        let symbols = laid.len().saturating_add(room);
        let most = model.max_units().saturating_mul(size);
        if symbols > most {
            return Err(Error::ContextTooLong { symbols, most });
        }
        let mut sampler = Sampler::new(settings)?;
        prompt.iter().for_each(|&symbol| sampler.observe(symbol as usize));
        let (whole, forced) = laid.split_at(laid.len() / size * size);
        let (mut patches, forced) = (whole.to_vec(), forced.to_vec());
        // What a dialect reads before any text stands for it.
        let opening = if patches.is_empty() && !model.config.reads_start() { size } else { 0 };
        if opening > 0 {
            patches = model.config.start_patch();
        }
        Ok(Generation {
            passes: Passes::new(model, team),
            patch: Vec::with_capacity(size),
            sampler,
            prompt: patches,
            read: 0,
            at: -(opening as isize),
            forced,
            ends: Vec::new(),
            generated: 0,
            ended: false,
        })
    }

    /// Whether all that was asked for is there, or the text has ended.
    pub fn is_done(&self) -> bool {
        self.ended || self.generated >= self.sampler.settings().max_bytes
    }

    /// Whether the model ended the text by itself, with its end byte.
    pub fn has_ended(&self) -> bool {
        self.ended
    }

    /// Where patches end in what the last [`advance`](Self::advance) appended: after so many symbols of it.
    pub fn ends(&self) -> &[usize] {
        &self.ends
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
        let before = out.len();
        self.ends.clear();
        team.enter(|crew| {
            let size = self.passes.config().patch_size;
            let unread = &self.prompt[self.read..];
            let now = &unread[..unread.len().min(patches * size)];
            let reads = now.len();
            if reads > 0 && !self.is_done() {
                let Passes { model, state, recorder, .. } = &mut self.passes;
                model.read(now, state, crew);
                for unit in now.chunks_exact(size) {
                    let place = model.config.layout.place(unit, self.at);
                    recorder.note_unit(place);
                    self.at += place.length as isize;
                }
                self.read += reads;
            }
            for _ in reads / size..patches {
                if self.is_done() {
                    break;
                }
                self.next_patch(out, crew);
                if self.patch.len() == self.passes.config().patch_size {
                    self.ends.push(out.len() - before);
                }
            }
        });
    }

    /// Decodes one patch and, unless it was the last, reads it.
    fn next_patch(&mut self, out: &mut Vec<Symbol>, crew: &Crew) {
        let Generation { passes, sampler, forced, patch, .. } = self;
        let Passes { model, state, recorder, .. } = passes;
        let Config { patch_size, layout, end_byte, .. } = model.config;
        let left = sampler.settings().max_bytes - self.generated;
        patch.clear();
        let mut new = 0;
        model.begin_unit(state, crew);
        for position in 0..patch_size {
            if new == left {
                break;
            }
            // After a fill only fills come.
            if let Some(&fill) =
                patch.last().filter(|&&last| position > forced.len() && layout.is_fill(last))
            {
                patch.push(fill);
                continue;
            }
            let logits = model.logits(position, patch.last().copied(), state, crew);
            if let Some(&symbol) = forced.get(position) {
                patch.push(symbol);
                continue;
            }
            // Sampling may change the logits.
            let expected = recorder.keep(logits);
            if let (Layout::Words { fill }, 0) = (layout, position) {
                // Fills stand behind a word, and never in a patch of their own.
                logits[usize::from(fill)] = f32::NEG_INFINITY;
            }
            let symbol = sampler.sample(logits) as Symbol;
            patch.push(symbol);
            if end_byte.is_some_and(|end| Symbol::from(end) == symbol) {
                self.ended = true;
                break;
            }
            if layout.is_fill(symbol) {
                if let Some(expected) = expected {
                    recorder.note_fill(surprisal(&expected, symbol as usize));
                }
                continue;
            }
            sampler.observe(symbol as usize);
            if let Some(expected) = expected {
                recorder.note(&expected, symbol);
            }
            out.push(symbol);
            new += 1;
        }
        self.generated += new;
        if patch.len() == patch_size && !self.ended {
            let place = layout.place(patch, self.at);
            recorder.note_unit(place);
            self.at += place.length as isize;
            model.read(patch, state, crew);
        }
        forced.clear();
    }
}
