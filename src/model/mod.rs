//! One forward pass over one patch, a file per layer of [spec](crate::spec) §2.
//!
//! A [`Model`] is weights and never changes; a [`State`] is everything that does, allocated once.
//! [`Model::read`] takes units, patches of bytes or BPE tokens, through the backbone, several at a
//! time where there are several, after which [`Model::logits`] scores the symbols of the next unit
//! one after another.

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
pub mod passage;
pub mod scratch;

pub use crate::config::Symbol;
use crate::config::{Config, Mixer};
use crate::dialect::{self, DeletePlace, Deleted, InnerNorm, LocalRope, Rope};
use crate::parallel::Crew;
use block::{Block, Memory, MixerLayer};
use delete_gate::DeleteGate;
use embedding::Embedding;
use linear::{Activations, Linear, RmsNorm, Top};
use local_decoder::{LocalDecoder, LocalState};
use passage::{Passage, Passages, Seen};
use scratch::Scratch;
use std::ops::Range;

/// Values a byte can take, and logits of a byte model.
pub const BYTES: usize = 256;

/// Units that go through the layers together: enough that unpacking weights is shared and threads
/// have whole vectors to work on, few enough that their vectors stay in the cache.
const BATCH: usize = 16;

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
    /// The residual streams of the units of one pass, `[BATCH, d]`.
    x: Vec<f32>,
    /// Their places in the sequence; above the DeleteGate only those that stay.
    positions: Vec<usize>,
    /// z of the latest patch, `[1, d]`.
    z: Activations,
    memories: Vec<Memory>,
    local: LocalState,
    scratch: Scratch,
    /// Logits of the next byte (or token), `[256]` or `[V]`.
    logits: Vec<f32>,
    /// How units went through, while the state is watched.
    passages: Option<Passages>,
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

    /// Records passes from now on. This changes nothing but the time that a pass takes.
    pub fn watch(&mut self) {
        self.passages = Some(Passages::new(self.position));
        self.scratch.seen = Some(Seen::default());
    }

    /// How the units read since the last call went through; empty unless the state is
    /// [watched](Self::watch).
    pub fn take_passages(&mut self) -> Vec<Passage> {
        self.passages.as_mut().map_or_else(Vec::new, Passages::take)
    }
}

impl Model {
    /// Reads the model under another dialect from now on: `config` is the same model's. Weights stay as they are
    /// packed, and floats where BitLinears multiply floats.
    pub fn read_under(&mut self, config: Config) {
        let dialect = config.dialect;
        let reorder = dialect.heads != self.config.dialect.heads;
        let epsilon = (config.norm_eps, dialect.norm_root);
        let set_norm = |norm: &mut RmsNorm| (norm.eps, norm.root) = epsilon;
        let inner_norm = (dialect.inner_norm == InnerNorm::Every).then_some(config.norm_eps);
        let set_linear = |linear: &mut Linear| {
            linear.inner_norm = inner_norm.filter(|_| linear.ternary);
        };
        let set_block = |block: &mut Block, rope: Rope| {
            block.dialect = dialect;
            block.ffn.dialect = dialect;
            let (out_norm, out) = match &mut block.mixer {
                MixerLayer::Mlgru(mixer) => {
                    mixer.read_under(dialect);
                    set_linear(&mut mixer.gates);
                    (&mut mixer.out_norm, &mut mixer.out)
                }
                MixerLayer::Attention(mixer) => {
                    (mixer.rope, mixer.rope_base) = (rope, config.rope_base);
                    set_linear(&mut mixer.qkv);
                    (&mut mixer.out_norm, &mut mixer.out)
                }
            };
            let norms = [&mut block.norm1, &mut block.norm2];
            let inner = [out_norm, &mut block.ffn.down_norm].into_iter().flatten();
            norms.into_iter().chain(inner).for_each(set_norm);
            out.as_mut().map(set_linear);
            set_linear(&mut block.ffn.gate_up);
            set_linear(&mut block.ffn.down);
            if let Some(path) = &mut block.pfnet {
                path.activation = Some(dialect.pfnet);
                set_linear(&mut path.down);
                set_linear(&mut path.up);
            }
        };
        self.blocks.iter_mut().for_each(|block| set_block(block, dialect.rope));
        set_norm(&mut self.norm);
        if let Some(gate) = &mut self.delete_gate {
            gate.dialect = dialect;
        }
        if let Embedding::Patch(patch) = &mut self.embedding {
            set_linear(&mut patch.project);
            if let Some(bolmo) = &mut patch.bolmo {
                bolmo.dialect = dialect;
            }
        }
        match &mut self.head {
            Head::Local(decoder) => {
                decoder.dialect = dialect;
                let rope = match dialect.local_rope {
                    LocalRope::None => Rope::None,
                    LocalRope::Interleaved => Rope::Interleaved,
                    LocalRope::Halves => Rope::Halves,
                };
                decoder.blocks.iter_mut().for_each(|block| set_block(block, rope));
                set_norm(&mut decoder.norm);
                set_linear(&mut decoder.input);
                set_linear(&mut decoder.head);
            }
            Head::Bytes(heads) => {
                heads.iter_mut().for_each(set_linear);
                if reorder {
                    heads.reverse();
                }
            }
            Head::Token(head) => set_linear(head),
        }
        self.config = config;
    }

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
        let quantize = (self.config.ternary && self.config.activation_bits != 0).then_some(
            match self.config.dialect.activations {
                dialect::Activations::To128 => Top::At128,
                _ => Top::At127,
            },
        );
        let logits = match &self.head {
            Head::Token(head) => head.outputs(),
            _ => BYTES,
        };
        State {
            position: 0,
            deleted: 0,
            x: vec![0.0; BATCH * d],
            positions: Vec::with_capacity(BATCH),
            z: Activations::with_capacity(1, d, quantize),
            memories: self.blocks.iter().map(|block| block.memory(self.config.window)).collect(),
            local: local.map_or_else(LocalState::default, LocalDecoder::state),
            scratch: Scratch {
                normed: Activations::with_capacity(BATCH, widest, quantize),
                inner: Activations::with_capacity(BATCH, widest, quantize),
                wide: vec![0.0; BATCH * widest],
                narrow: vec![0.0; BATCH * narrow],
                scores: Vec::new(),
                out: vec![0.0; BATCH * widest],
                seen: None,
            },
            logits: vec![0.0; logits],
            passages: None,
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

    /// Reads units, patches of bytes or tokens: the backbone's state afterwards predicts the next.
    /// Several that are read at once give what they give one by one, and sooner.
    ///
    /// # Panics
    /// When `units` are not whole ones of `config.patch_size` symbols, or a symbol is not below
    /// `config.vocab_size`.
    pub fn read(&self, units: &[Symbol], state: &mut State, crew: &Crew) {
        let size = self.config.patch_size;
        assert_eq!(units.len() % size, 0, "symbols of whole units");
        for units in units.chunks(BATCH * size) {
            self.read_batch(units, state, crew);
        }
    }

    fn read_batch(&self, units: &[Symbol], state: &mut State, crew: &Crew) {
        let (size, d) = (self.config.patch_size, self.config.d_model);
        let count = units.len() / size;
        let x = &mut state.x[..count * d];
        match &self.embedding {
            Embedding::Patch(patch) => patch.forward(units, size, &mut state.scratch, crew, x),
            Embedding::Token(table) => {
                for (&token, x) in units.iter().zip(x.chunks_exact_mut(d)) {
                    table.row(token as usize, x);
                }
            }
        }
        self.run_backbone(count, state, crew);
    }

    /// From the embedded units in `state.x` to the z of the last.
    fn run_backbone(&self, count: usize, state: &mut State, crew: &Crew) {
        let d = self.config.d_model;
        let first = state.position;
        state.position += count;
        state.positions.clear();
        state.positions.extend(first..state.position);
        if let (Some(passages), Some(seen)) = (&mut state.passages, &mut state.scratch.seen) {
            let mut boundaries = seen.boundaries.drain(..);
            (0..count).for_each(|_| passages.begin(boundaries.next()));
        }
        let mut last = count - 1;
        match &self.delete_gate {
            None => self.run_blocks(0..self.blocks.len(), state, crew),
            Some(gate) => {
                let middle = match self.config.dialect.delete_place {
                    DeletePlace::Before => self.blocks.len() / 2,
                    DeletePlace::After => (self.blocks.len() / 2 + 1).min(self.blocks.len()),
                };
                self.run_blocks(0..middle, state, crew);
                last = self.gather(gate, state, crew);
                self.run_blocks(middle..self.blocks.len(), state, crew);
            }
        }
        let last = &state.x[last * d..][..d];
        state.z.set_normed(last, d, Some(&self.norm), crew);
    }

    /// Takes the units of `state.positions` through some of the blocks.
    fn run_blocks(&self, blocks: Range<usize>, state: &mut State, crew: &Crew) {
        let State { x, positions, memories, scratch, passages, .. } = state;
        if positions.is_empty() {
            return;
        }
        let x = &mut x[..positions.len() * self.config.d_model];
        for (block, memory) in self.blocks[blocks.clone()].iter().zip(&mut memories[blocks]) {
            block.forward(x, positions, memory, scratch, crew);
            if let (Some(passages), Some(seen)) = (&mut *passages, &mut scratch.seen) {
                for (&position, forget) in positions.iter().zip(seen.forget.drain(..)) {
                    passages.at(position).forget.push(forget);
                }
            }
        }
    }

    /// The hard gather: the blocks above never see a patch that the gate deletes. Those that stay
    /// move together; behind them goes the last patch, if deleted. Returns the row where that is.
    fn gather(&self, gate: &DeleteGate, state: &mut State, crew: &Crew) -> usize {
        let (d, count) = (self.config.d_model, state.positions.len());
        let probabilities = gate.probabilities(&state.x[..count * d], &mut state.scratch, crew);
        let mut last = 0;
        let mut kept = 0;
        for (i, probability) in probabilities.enumerate() {
            state.x.copy_within(i * d..(i + 1) * d, kept * d);
            last = kept;
            // The first patch stays, so that the upper half always has something to go on.
            let goes = gate.deletes(probability) && state.positions[i] > 0;
            if goes && self.config.dialect.deleted == Deleted::Zero {
                state.x[kept * d..][..d].fill(0.0);
            }
            if let Some(passages) = &mut state.passages {
                let passage = passages.at(state.positions[i]);
                (passage.deletion, passage.deleted) = (Some(probability), goes);
            }
            if !goes {
                state.positions[kept] = state.positions[i];
                kept += 1;
            }
        }
        state.positions.truncate(kept);
        state.deleted += count - kept;
        last
    }

    /// Starts the next unit: to be called once after [`read`](Self::read) and before
    /// [`logits`](Self::logits).
    pub fn begin_unit(&self, state: &mut State, crew: &Crew) {
        if let Head::Local(decoder) = &self.head {
            decoder.begin(&state.z, &mut state.local, crew);
        }
    }

    /// Logits `[V]` of symbol `position` of the next unit, given the symbol before it there.
    /// Positions come in order, from 0.
    // Generating and scoring share this code instead of having it each.
    #[inline(never)]
    pub fn logits<'s>(
        &self,
        position: usize,
        previous: Option<Symbol>,
        state: &'s mut State,
        crew: &Crew,
    ) -> &'s mut [f32] {
        let logits = &mut state.logits;
        match &self.head {
            Head::Local(decoder) => {
                let (local, scratch) = (&mut state.local, &mut state.scratch);
                decoder.logits(position, previous, local, scratch, crew, logits);
            }
            Head::Bytes(heads) => heads[position].apply(&state.z, crew, logits),
            Head::Token(head) => head.apply(&state.z, crew, logits),
        }
        logits
    }
}
