//! The buffers of one pass.

use super::linear::Activations;
use super::passage::Seen;

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
    /// What the layers record, while the state is watched.
    pub seen: Option<Seen>,
}
