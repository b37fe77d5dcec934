//! The local byte decoder (MegaByte, arXiv 2305.07185, [spec](crate::spec) §2): four bytes out of one patch state.

use super::block::{Block, Memory};
use super::linear::{Activations, Linear, Matrix, RmsNorm};
use super::scratch::Scratch;
use crate::config::Symbol;
use crate::dialect::{Dialect, LocalBytes, LocalSplit};
use crate::math::add;
use crate::parallel::Crew;

/// The weights of the decoder, of width w.
#[derive(Clone, Debug)]
pub struct LocalDecoder {
    /// W_in `[4w, d]`: the patch state becomes one vector for each byte position.
    pub input: Linear,
    /// E_loc `[256, w]`.
    pub bytes: Matrix,
    /// `[4, w]`, where the file has it.
    pub positions: Option<Vec<f32>>,
    /// Pre-norm attention blocks, causal over the patch.
    pub blocks: Vec<Block>,
    /// The norm before the head.
    pub norm: RmsNorm,
    /// W_head `[256, w]`.
    pub head: Linear,
    /// How it is read.
    pub dialect: Dialect,
}

/// What the decoder remembers within one patch; nothing for models without one.
#[derive(Clone, Debug, Default)]
pub struct LocalState {
    /// v₀..v₃, `[4, w]`.
    pub(super) inputs: Vec<f32>,
    /// The vector on its way through the blocks, `[w]`.
    x: Vec<f32>,
    memories: Vec<Memory>,
}

impl LocalDecoder {
    /// Width w of the decoder.
    pub fn width(&self) -> usize {
        self.norm.weight.len()
    }

    /// A state for [`begin`](Self::begin).
    pub fn state(&self) -> LocalState {
        LocalState {
            inputs: vec![0.0; self.input.outputs()],
            x: vec![0.0; self.width()],
            memories: self.blocks.iter().map(|block| block.memory(None)).collect(),
        }
    }

    /// Starts a patch from the backbone's state z `[1, d]`.
    pub fn begin(&self, z: &Activations, state: &mut LocalState, crew: &Crew) {
        self.input.apply(z, crew, &mut state.inputs);
        if self.dialect.local_split == LocalSplit::Columns {
            let (columns, width) = (state.inputs.clone(), self.width());
            let count = columns.len() / width;
            for (i, input) in state.inputs.iter_mut().enumerate() {
                *input = columns[i % width * count + i / width];
            }
        }
        state.memories.iter_mut().for_each(Memory::clear);
    }

    /// Logits `[256]` of the byte at `position`, given the byte before it in the patch.
    pub fn logits(
        &self,
        position: usize,
        previous: Option<Symbol>,
        state: &mut LocalState,
        scratch: &mut Scratch,
        crew: &Crew,
        logits: &mut [f32],
    ) {
        let width = self.width();
        let x = &mut state.x;
        x.copy_from_slice(&state.inputs[position * width..][..width]);
        if let Some(positions) = &self.positions {
            add(x, &positions[position * width..][..width]);
        }
        if let (Some(byte), LocalBytes::Before) = (previous, self.dialect.local_bytes) {
            let embedded = &mut scratch.wide[..width];
            self.bytes.row(byte as usize, embedded);
            add(x, embedded);
        }
        for (block, memory) in self.blocks.iter().zip(&mut state.memories) {
            block.forward(x, &[position], memory, scratch, crew);
        }
        scratch.normed.set_normed(x, width, Some(&self.norm), crew);
        self.head.apply(&scratch.normed, crew, logits);
    }
}
