//! The passes of one text: who runs them, and what they leave.

use crate::config::Config;
use crate::model::{Model, State};
use crate::parallel::Team;
use crate::trace::{Recorder, Trace};
use std::sync::Arc;

/// What generating a text and scoring one have in common.
pub struct Passes {
    pub(crate) model: Arc<Model>,
    pub(crate) team: Team,
    pub(crate) state: State,
    pub(crate) recorder: Recorder,
}

impl Passes {
    /// At the start of a text.
    pub(crate) fn new(model: Arc<Model>, team: Team) -> Self {
        Passes {
            state: model.state(),
            model,
            team,
            recorder: Recorder::default(),
        }
    }

    /// The shape of the model.
    pub fn config(&self) -> &Config {
        &self.model.config
    }

    /// Takes another team for the passes to come, which changes no bit of them.
    pub fn set_team(&mut self, team: Team) {
        self.team = team;
    }

    /// Collects a trace from now on, which changes no bit of the passes.
    pub fn watch(&mut self) {
        self.recorder.watch(&mut self.state);
    }

    /// What was recorded since the last call, if the text is [watched](Self::watch).
    pub fn take_trace(&mut self) -> Option<Trace> {
        self.recorder.take(&mut self.state)
    }
}
