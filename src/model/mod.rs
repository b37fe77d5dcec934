//! One forward pass over one patch, a file per layer of SPEC §2.
//!
//! A [`Model`] is weights and never changes; a [`State`] is everything that does, allocated once.
//! [`Model::read`] takes one unit, a patch of bytes or a BPE token, through the backbone, after
//! which [`Model::logits`] scores the symbols of the next unit one after another.

pub mod attention;
pub mod block;
pub mod bolmo;
pub mod delete_gate;
pub mod embedding;
pub mod ffn;
pub mod linear;
pub mod local_decoder;
pub mod low_rank;
pub mod mlgru;

use crate::config::{Config, Mixer};
use crate::parallel::Crew;
use block::{Block, Memory, Scratch};
use delete_gate::DeleteGate;
use embedding::Embedding;
use linear::{Activation, Linear, RmsNorm};
use local_decoder::{LocalDecoder, LocalState};

/// What a model reads and writes one of: a byte, or a BPE token.
pub type Symbol = u32;

/// Values a byte can take, and logits of a byte model.
pub const BYTES: usize = 256;

/// Bytes that the keys and values of attention without a window may take; browsers give 512 MB in all.
const MAX_CACHE: usize = 256 << 20;

/// The exit of a model: from a patch state to logits.
#[derive(Clone, Debug)]
pub enum Head {
    /// The local byte decoder.
    Local(Box<LocalDecoder>),
    /// One head `[256, d]` for each byte of a patch, independent of one another (run_02a).
    Bytes(Vec<Linear>),
    /// Logits of the next BPE token, `[V, d]`.
    Token(Linear),
}

/// The weights of a model.
#[derive(Clone, Debug)]
pub struct Model {
    /// The shape.
    pub config: Config,
    /// Bytes to vectors.
    pub embedding: Embedding,
    /// The backbone.
    pub blocks: Vec<Block>,
    /// Stands before block L/2.
    pub delete_gate: Option<DeleteGate>,
    /// The norm that gives the patch state z.
    pub norm: RmsNorm,
    /// Vectors to bytes.
    pub head: Head,
    /// Trainable numbers the file held for this model.
    pub parameters: usize,
    /// Bytes that the weights take in memory.
    pub packed_bytes: usize,
}

/// Everything of a pass that changes.
#[derive(Clone, Debug)]
pub struct State {
    /// Patches (or tokens) read so far.
    position: usize,
    /// Of these, how many the DeleteGate sent past the upper half.
    deleted: usize,
    /// The residual stream, `[d]`.
    x: Vec<f32>,
    /// z of the latest patch, `[d]`.
    z: Activation,
    memories: Vec<Memory>,
    local: Option<LocalState>,
    scratch: Scratch,
    /// Logits of the next byte (or token), `[256]` or `[V]`.
    logits: Vec<f32>,
}

impl State {
    /// Patches (or tokens) read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// How many of them the DeleteGate deleted.
    pub fn deleted(&self) -> usize {
        self.deleted
    }

    /// Back to the start of a sequence; keeps the memory.
    pub fn clear(&mut self) {
        self.position = 0;
        self.deleted = 0;
        self.memories.iter_mut().for_each(Memory::clear);
    }
}

impl Model {
    /// A state at the start of a sequence.
    pub fn state(&self) -> State {
        let d = self.config.d_model;
        let local = match &self.head {
            Head::Local(decoder) => Some(&**decoder),
            _ => None,
        };
        let all_blocks = || {
            let local_blocks = local.map_or(&[][..], |decoder| &decoder.blocks);
            self.blocks.iter().chain(local_blocks)
        };
        let most = |of: fn(&Block) -> usize| all_blocks().map(of).max().unwrap_or(0);
        let embedded = match &self.embedding {
            Embedding::Patch(patch) => patch.project.matrix.cols(),
            Embedding::Token(_) => 0,
        };
        let widest = most(Block::widest).max(d).max(embedded);
        let narrow = most(Block::widest_rank)
            .max(self.delete_gate.as_ref().map_or(0, |gate| gate.score.len()));
        let quantize = self.config.ternary && self.config.activation_bits != 0;
        let logits = match &self.head {
            Head::Token(head) => head.outputs(),
            _ => BYTES,
        };
        State {
            position: 0,
            deleted: 0,
            x: vec![0.0; d],
            z: Activation::with_capacity(d, quantize),
            memories: self
                .blocks
                .iter()
                .map(|block| block.memory(self.config.window))
                .collect(),
            local: local.map(LocalDecoder::state),
            scratch: Scratch {
                normed: Activation::with_capacity(widest, quantize),
                inner: Activation::with_capacity(widest, quantize),
                wide: vec![0.0; widest],
                narrow: vec![0.0; narrow],
                scores: Vec::new(),
                out: vec![0.0; widest],
            },
            logits: vec![0.0; logits],
        }
    }

    /// Units of the longest sequence: attention without a window keeps the keys and values of all.
    pub fn max_units(&self) -> usize {
        let config = &self.config;
        match (config.mixer, config.window) {
            (Mixer::Attention, None) => {
                MAX_CACHE / (2 * size_of::<f32>() * config.d_model * config.n_layers)
            }
            _ => usize::MAX,
        }
    }

    /// Reads one unit, a patch of bytes or a token: the backbone's state afterwards predicts the next.
    ///
    /// # Panics
    /// When `unit` has not `config.patch_size` symbols, or one of them is not below `config.vocab_size`.
    pub fn read(&self, unit: &[Symbol], state: &mut State, crew: &Crew) {
        assert_eq!(unit.len(), self.config.patch_size, "symbols of a unit");
        match &self.embedding {
            Embedding::Patch(patch) => patch.forward(unit, &mut state.scratch, crew, &mut state.x),
            Embedding::Token(table) => table.row(unit[0] as usize, &mut state.x),
        }
        self.run_backbone(state, crew);
    }

    /// From the embedded patch in `state.x` to z, and on into the head.
    fn run_backbone(&self, state: &mut State, crew: &Crew) {
        let x = &mut state.x;
        let mut deleted = false;
        for (i, (block, memory)) in self.blocks.iter().zip(&mut state.memories).enumerate() {
            if let Some(gate) = &self.delete_gate
                && i == self.blocks.len() / 2
                // The first patch stays, so that the upper half always has something to go on.
                && state.position > 0
                && gate.probability(x, &mut state.scratch, crew) > gate.threshold
            {
                // The hard gather: the blocks above never see this patch.
                deleted = true;
                break;
            }
            block.forward(x, state.position, memory, &mut state.scratch, crew);
        }
        state.deleted += usize::from(deleted);
        state.position += 1;
        state.z.set(x.len(), |z| self.norm.apply(x, z));
    }

    /// Starts the next unit: to be called once after [`read`](Self::read) and before
    /// [`logits`](Self::logits).
    pub fn begin_unit(&self, state: &mut State, crew: &Crew) {
        if let (Head::Local(decoder), Some(local)) = (&self.head, &mut state.local) {
            decoder.begin(&state.z, local, crew);
        }
    }

    /// Logits `[V]` of symbol `position` of the next unit, given the symbol before it there.
    /// Positions come in order, from 0.
    pub fn logits<'s>(
        &self,
        position: usize,
        previous: Option<Symbol>,
        state: &'s mut State,
        crew: &Crew,
    ) -> &'s mut [f32] {
        let logits = &mut state.logits;
        match (&self.head, &mut state.local) {
            (Head::Local(decoder), Some(local)) => {
                let scratch = &mut state.scratch;
                decoder.logits(position, previous, local, scratch, crew, logits);
            }
            (Head::Bytes(heads), _) => heads[position].apply(&state.z, crew, logits),
            (Head::Token(head), _) => head.apply(&state.z, crew, logits),
            (Head::Local(_), None) => unreachable!("a state is made by its own model"),
        }
        logits
    }
}
