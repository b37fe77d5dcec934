//! A backbone block, which is a local decoder block too (SPEC §2).

use super::attention::{Attention, KvCache};
use super::ffn::FeedForward;
use super::linear::{Activations, RmsNorm};
use super::low_rank::LowRank;
use super::mlgru::Mlgru;
use super::passage::Seen;
use crate::math::add;
use crate::parallel::Crew;

/// The sequence mixer of a block.
#[derive(Clone, Debug)]
pub enum Mixer {
    /// Recurrent.
    Mlgru(Mlgru),
    /// Attention.
    Attention(Attention),
}

/// The weights of one block.
#[derive(Clone, Debug)]
pub struct Block {
    /// RMSNorm before the mixer.
    pub norm1: RmsNorm,
    /// The mixer.
    pub mixer: Mixer,
    /// FPResidual beside the mixer.
    pub fp_residual: Option<LowRank>,
    /// RMSNorm before the feed-forward layer.
    pub norm2: RmsNorm,
    /// The feed-forward layer.
    pub ffn: FeedForward,
    /// PFNet beside the feed-forward layer.
    pub pfnet: Option<LowRank>,
}

/// What a block remembers of the sequence.
#[derive(Clone, Debug)]
pub enum Memory {
    /// The recurrent state h `[d]` of an MLGRU.
    Recurrent(Vec<f32>),
    /// The keys and values of attention.
    Attention(KvCache),
}

impl Memory {
    /// Back to the start of a sequence.
    pub fn clear(&mut self) {
        match self {
            Memory::Recurrent(h) => h.fill(0.0),
            Memory::Attention(cache) => cache.clear(),
        }
    }
}

/// Buffers that the layers of a pass share, each for the positions of one pass; nothing in them
/// outlives a layer.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// The block's normed input, read by all its linear layers.
    pub normed: Activations,
    /// The input of an output projection.
    pub inner: Activations,
    /// Outputs of stacked projections, `[positions, max(3d, 2F)]`.
    pub wide: Vec<f32>,
    /// Inner vectors of low-rank paths and gates.
    pub narrow: Vec<f32>,
    /// Attention scores of one head.
    pub scores: Vec<f32>,
    /// A layer's outputs, `[positions, d]`.
    pub out: Vec<f32>,
    /// What the layers let see, where somebody looks.
    pub seen: Option<Seen>,
}

impl Block {
    /// Advances `x` `[positions, d]` through the block; each position sees those before it.
    pub fn forward(
        &self,
        x: &mut [f32],
        positions: &[usize],
        memory: &mut Memory,
        scratch: &mut Scratch,
        crew: &Crew,
    ) {
        let count = positions.len();
        let d = x.len() / count;
        // The output buffer leaves the scratch while layers borrow the rest of it.
        let mut out = std::mem::take(&mut scratch.out);
        let y = &mut out[..count * d];

        scratch.normed.set_normed(x, d, Some(&self.norm1), crew);
        match (&self.mixer, memory) {
            (Mixer::Mlgru(mixer), Memory::Recurrent(h)) => mixer.forward(h, scratch, crew, y),
            (Mixer::Attention(mixer), Memory::Attention(cache)) => {
                mixer.forward(positions, cache, scratch, crew, y);
            }
            _ => unreachable!("a block's memory is made by its own mixer"),
        }
        if let Some(path) = &self.fp_residual {
            path.add_to(y, scratch, crew);
        }
        add(x, y);

        scratch.normed.set_normed(x, d, Some(&self.norm2), crew);
        self.ffn.forward(scratch, crew, y);
        if let Some(path) = &self.pfnet {
            path.add_to(y, scratch, crew);
        }
        add(x, y);

        scratch.out = out;
    }

    /// The memory of this block at the start of a sequence.
    pub fn memory(&self, window: Option<usize>) -> Memory {
        match &self.mixer {
            Mixer::Mlgru(mixer) => Memory::Recurrent(vec![0.0; mixer.floor.len()]),
            Mixer::Attention(_) => Memory::Attention(KvCache::new(window)),
        }
    }

    /// Width of the widest stacked projection.
    pub(super) fn widest(&self) -> usize {
        let mixer = match &self.mixer {
            Mixer::Mlgru(mixer) => mixer.gates.outputs(),
            Mixer::Attention(mixer) => mixer.qkv.outputs(),
        };
        mixer.max(self.ffn.gate_up.outputs())
    }

    /// Width of the widest low-rank path.
    pub(super) fn widest_rank(&self) -> usize {
        let rank = |path: &Option<LowRank>| path.as_ref().map_or(0, |path| path.down.outputs());
        rank(&self.fp_residual).max(rank(&self.pfnet))
    }
}
