//! What can be seen of a pass. Only a watched state pays for it.
//!
//! [`State::watch`](super::State::watch) begins it. The layers leave what they see in [`Seen`], and
//! the forward pass collects it, unit by unit, into [`Passage`]s.

use super::bolmo::Boundaries;
use crate::math::sigmoid;

/// How one unit, a patch or a token, went through the backbone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passage {
    /// Its place in the sequence.
    pub position: usize,
    /// What Bolmo saw in its bytes, where there is a Bolmo.
    pub boundaries: Option<Boundaries>,
    /// The DeleteGate's probability that it is not needed further up, where there is a gate.
    pub deletion: Option<f32>,
    /// Whether the gate deleted it.
    pub deleted: bool,
    /// The forget gate f̂ of each MLGRU that it went through, from below, as the mean over its
    /// channels: 1 keeps all of the memory, 0 overwrites it. None above the gate that deleted it.
    pub forget: Vec<f32>,
}

/// What the layers of one pass leave to be collected.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Of each patch of the pass.
    pub boundaries: Vec<Boundaries>,
    /// Mean forget gate of each position, of the latest MLGRU.
    pub forget: Vec<f32>,
}

impl Seen {
    /// Takes the means of an MLGRU's forget gates: `stacked` `[positions, 3d]` begins with their
    /// inputs, which have the floor `floor` `[d]`, or where that is missing with the gates themselves.
    pub fn take_forget_gates(&mut self, stacked: &[f32], d: usize, floor: Option<&[f32]>) {
        let mean = |inputs: &[f32]| {
            let sum: f32 = match floor {
                Some(floor) => {
                    let gates = floor.iter().zip(inputs);
                    gates.map(|(&low, &f)| low + (1.0 - low) * sigmoid(f)).sum()
                }
                None => inputs.iter().sum(),
            };
            sum / d as f32
        };
        self.forget.clear();
        self.forget.extend(stacked.chunks_exact(3 * d).map(|inputs| mean(&inputs[..d])));
    }
}

/// The passages since they were last taken.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    passages: Vec<Passage>,
    /// Position of the first of them.
    first: usize,
}

impl Passages {
    /// None so far, before position `first`.
    pub fn new(first: usize) -> Self {
        Passages { passages: Vec::new(), first }
    }

    /// Begins the passage of the next unit.
    pub fn begin(&mut self, boundaries: Option<Boundaries>) {
        let position = self.first + self.passages.len();
        self.passages.push(Passage { position, boundaries, ..Passage::default() });
    }

    /// The unit at a position that has begun and was not taken.
    pub fn at(&mut self, position: usize) -> &mut Passage {
        &mut self.passages[position - self.first]
    }

    /// Hands them over.
    pub fn take(&mut self) -> Vec<Passage> {
        self.first += self.passages.len();
        std::mem::take(&mut self.passages)
    }
}
