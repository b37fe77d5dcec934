//! A backbone block, which is a local decoder block too ([spec](crate::spec) §2).

use super::attention::{Attention, KvCache};
use super::ffn::FeedForward;
use super::linear::RmsNorm;
use super::low_rank::LowRank;
use super::mlgru::Mlgru;
use super::scratch::Scratch;
use crate::dialect::{Dialect, PfnetInput, Residual};
use crate::math::add;
use crate::parallel::Crew;

/// What mixes the positions of a sequence in a block: its weights.
#[derive(Clone, Debug)]
pub enum MixerLayer {
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
    pub mixer: MixerLayer,
    /// FPResidual beside the mixer.
    pub fp_residual: Option<LowRank>,
    /// RMSNorm before the feed-forward layer.
    pub norm2: RmsNorm,
    /// The feed-forward layer.
    pub ffn: FeedForward,
    /// PFNet beside the feed-forward layer.
    pub pfnet: Option<LowRank>,
    /// How it is read.
    pub dialect: Dialect,
}

/// What a block remembers of the sequence: a state for every kind of mixer; each mixer uses its own.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The recurrent state h `[d]` of an MLGRU.
    recurrent: Vec<f32>,
    /// The keys and values of attention.
    cache: KvCache,
}

impl Memory {
    /// Back to the start of a sequence.
    pub fn clear(&mut self) {
        self.recurrent.fill(0.0);
        self.cache.clear();
    }
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

        let residual = self.dialect.residual;
        // What stands beside the whole block is added at its end.
        let mut beside = Vec::new();
        if let (Some(path), Residual::Block | Residual::BlockNorm) = (&self.fp_residual, residual) {
            beside.resize(x.len(), 0.0);
            let norm = (residual == Residual::BlockNorm).then_some(&self.norm1);
            scratch.normed.set_normed(x, d, norm, crew);
            path.add_to(&mut beside, scratch, crew);
        }

        scratch.normed.set_normed(x, d, Some(&self.norm1), crew);
        match &self.mixer {
            MixerLayer::Mlgru(mixer) => mixer.forward(&mut memory.recurrent, scratch, crew, y),
            MixerLayer::Attention(mixer) => {
                mixer.forward(positions, &mut memory.cache, scratch, crew, y);
            }
        }
        if let (Some(path), Residual::Norm | Residual::X) = (&self.fp_residual, residual) {
            if residual == Residual::X {
                scratch.normed.set_normed(x, d, None, crew);
            }
            path.add_to(y, scratch, crew);
        }
        add(x, y);

        scratch.normed.set_normed(x, d, Some(&self.norm2), crew);
        self.ffn.forward(scratch, crew, y);
        if let Some(path) = &self.pfnet {
            if self.dialect.pfnet_input == PfnetInput::X {
                scratch.normed.set_normed(x, d, None, crew);
            }
            path.add_to(y, scratch, crew);
        }
        add(x, y);
        add(x, &beside);

        scratch.out = out;
    }

    /// The memory of this block at the start of a sequence.
    pub fn memory(&self, window: Option<usize>) -> Memory {
        let recurrent = match &self.mixer {
            MixerLayer::Mlgru(mixer) => vec![0.0; mixer.floor.len()],
            MixerLayer::Attention(_) => Vec::new(),
        };
        Memory { recurrent, cache: KvCache::new(window) }
    }

    /// Width of the widest stacked projection.
    pub(super) fn widest(&self) -> usize {
        let mixer = match &self.mixer {
            MixerLayer::Mlgru(mixer) => mixer.gates.outputs(),
            MixerLayer::Attention(mixer) => mixer.qkv.outputs(),
        };
        mixer.max(self.ffn.gate_up.outputs())
    }

    /// Width of the widest low-rank path.
    pub(super) fn widest_rank(&self) -> usize {
        let rank = |path: &Option<LowRank>| path.as_ref().map_or(0, |path| path.down.outputs());
        rank(&self.fp_residual).max(rank(&self.pfnet))
    }
}
