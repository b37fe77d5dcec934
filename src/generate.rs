//! From a prompt to bytes (SPEC §2).
//!
//! Whole patches of the prompt run through the backbone; the bytes left over are forced as the
//! first of the next patch, so that no padding ever enters the context. Work is done in bursts, so that
//! a front end can show what there is, and stop.

use crate::model::{Model, State};
use crate::parallel::Team;
use crate::sample::{Sampler, Settings, SettingsError};
use std::fmt;
use std::sync::Arc;

/// Most bytes of a prompt.
pub const MAX_PROMPT: usize = 1 << 16;

/// What stands before a prompt of less than one patch.
const OPENING: u8 = b'\n';

/// Why a generation cannot start.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The prompt is longer than [`MAX_PROMPT`].
    PromptTooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// A sampling value is outside its range.
    Settings(SettingsError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Error::PromptTooLong { bytes } => write!(
                f,
                "The prompt has {bytes} bytes and may have at most {MAX_PROMPT}; shorten it."
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
    model: Arc<Model>,
    team: Team,
    state: State,
    sampler: Sampler,
    /// Whole patches that the backbone has yet to read, and how many it has read.
    prompt: Vec<u8>,
    read: usize,
    /// Bytes of the next patch that the prompt settles.
    forced: Vec<u8>,
    patch: Vec<u8>,
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
    /// Bytes generated.
    pub bytes: usize,
}

impl Generation {
    /// Prepares to continue `prompt`, which may be any bytes, and none.
    ///
    /// # Errors
    /// When the prompt is too long or a setting is out of range.
    pub fn new(
        model: Arc<Model>,
        team: Team,
        prompt: &[u8],
        settings: Settings,
    ) -> Result<Self, Error> {
        if prompt.len() > MAX_PROMPT {
            return Err(Error::PromptTooLong {
                bytes: prompt.len(),
            });
        }
        let mut sampler = Sampler::new(settings)?;
        prompt
            .iter()
            .for_each(|&byte| sampler.observe(usize::from(byte)));
        let size = model.config.patch_size;
        let (whole, forced) = prompt.split_at(prompt.len() / size * size);
        let (mut patches, forced) = (whole.to_vec(), forced.to_vec());
        if patches.is_empty() {
            patches = vec![OPENING; size];
        }
        Ok(Generation {
            state: model.state(),
            patch: Vec::with_capacity(size),
            model,
            team,
            sampler,
            prompt: patches,
            read: 0,
            forced,
            generated: 0,
        })
    }

    /// Whether every byte asked for is there.
    pub fn is_done(&self) -> bool {
        self.generated >= self.sampler.settings().max_bytes
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        let size = self.model.config.patch_size;
        Progress {
            prompt_patches: self.prompt.len() / size,
            read_patches: self.read / size,
            patches: self.state.position(),
            deleted_patches: self.state.deleted(),
            bytes: self.generated,
        }
    }

    /// Works through at most `patches` patches, the prompt's first, and appends new bytes to `out`.
    pub fn advance(&mut self, patches: usize, out: &mut Vec<u8>) {
        for _ in 0..patches {
            if self.is_done() {
                break;
            }
            let size = self.model.config.patch_size;
            if self.read < self.prompt.len() {
                let patch = &self.prompt[self.read..][..size];
                self.team
                    .enter(|crew| self.model.read(patch, &mut self.state, crew));
                self.read += size;
            } else {
                self.next_patch(out);
            }
        }
    }

    /// Decodes one patch and, unless it was the last, reads it.
    fn next_patch(&mut self, out: &mut Vec<u8>) {
        let Generation {
            model,
            state,
            sampler,
            forced,
            patch,
            ..
        } = self;
        let size = model.config.patch_size;
        let left = sampler.settings().max_bytes - self.generated;
        let end = size.min(forced.len() + left);
        patch.clear();
        self.team.enter(|crew| {
            model.begin_patch(state, crew);
            for position in 0..end {
                let logits = model.logits(position, patch.last().copied(), state, crew);
                patch.push(match forced.get(position) {
                    Some(&byte) => byte,
                    None => {
                        let byte = sampler.sample(logits);
                        sampler.observe(byte);
                        byte as u8
                    }
                });
            }
            if end == size {
                model.read(patch, state, crew);
            }
        });
        out.extend_from_slice(&patch[forced.len()..]);
        self.generated += patch.len() - forced.len();
        forced.clear();
    }
}
