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
    /// Threads of the team that it began with.
    most: usize,
    pub(crate) state: State,
    pub(crate) recorder: Recorder,
}

impl Passes {
    /// At the start of a text.
    pub(crate) fn new(model: Arc<Model>, team: Team) -> Self {
        let (mut state, most) = (model.state(), team.members());
        if model.config.reads_start() {
            team.enter(|crew| model.read(&model.config.start_patch(), &mut state, crew));
        }
        Passes { model, team, most, state, recorder: Recorder::default() }
    }

    /// The shape of the model.
    pub fn config(&self) -> &Config {
        &self.model.config
    }

    /// Gives the passes to come so many threads, of those there were at first; no bit changes by that.
    pub fn set_threads(&mut self, threads: usize) {
        self.team = Team::new(threads.min(self.most));
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
