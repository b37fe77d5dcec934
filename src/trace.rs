//! What a model expected and how it got there: collected by a
//! [`Generation`](crate::generate::Generation) or a [`Scoring`](crate::score::Scoring) that is watched.

use crate::math::{likeliest, softmax, surprisal};
pub use crate::model::passage::Passage;
use crate::model::{State, Symbol};

/// How many of the likeliest symbols are told.
pub const ALTERNATIVES: usize = 5;

/// What a burst of work recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// One for each symbol that was generated or scored.
    pub foresights: Vec<Foresight>,
    /// One for each unit that the backbone read.
    pub passages: Vec<Passage>,
    /// Where each of these units stands in the text.
    pub places: Vec<Place>,
}

/// Which symbols of a text a unit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first; below 0 stands what comes before a prompt that is too short.
    pub start: isize,
    /// How many.
    pub length: usize,
    /// Which places of the unit are filled instead (see [`crate::layout`]): bit i for the one at i.
    pub fills: u8,
}

/// What a model expected where a symbol came to stand, by its own probabilities: before temperature,
/// filters and penalty.
#[derive(Clone, Debug, PartialEq)]
pub struct Foresight {
    /// The symbol.
    pub symbol: Symbol,
    /// Its surprisal, −log₂ p.
    pub bits: f32,
    /// The likeliest symbols with their probabilities, [`ALTERNATIVES`] of them or all there are; the
    /// lower symbol first where two are as likely.
    pub alternatives: Vec<(Symbol, f32)>,
}

impl Foresight {
    /// Of `symbol`, by the logits of its place.
    pub fn new(logits: &[f32], symbol: Symbol) -> Self {
        let mut probabilities = logits.to_vec();
        softmax(&mut probabilities);
        let count = ALTERNATIVES.min(probabilities.len());
        let alternatives = (0..count).map(|_| take_likeliest(&mut probabilities)).collect();
        Foresight { symbol, bits: surprisal(logits, symbol as usize), alternatives }
    }
}

/// Collects the traces of one text, once it is watched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder {
    /// Of the latest symbols.
    foresights: Option<Vec<Foresight>>,
    /// Of the latest units.
    places: Vec<Place>,
}

impl Recorder {
    /// Begins to collect, in the text's state as well.
    pub(crate) fn watch(&mut self, state: &mut State) {
        state.watch();
        self.foresights = Some(Vec::new());
    }

    /// A copy of logits that sampling may change, if the text is watched.
    pub(crate) fn keep(&self, logits: &[f32]) -> Option<Vec<f32>> {
        self.foresights.is_some().then(|| logits.to_vec())
    }

    /// Takes note of a symbol, by the logits of its place.
    pub(crate) fn note(&mut self, logits: &[f32], symbol: Symbol) {
        if let Some(foresights) = &mut self.foresights {
            foresights.push(Foresight::new(logits, symbol));
        }
    }

    /// Adds what a fill takes to the symbol after which it stands.
    pub(crate) fn note_fill(&mut self, bits: f32) {
        if let Some(foresight) = self.foresights.as_mut().and_then(|all| all.last_mut()) {
            foresight.bits += bits;
        }
    }

    /// Takes note of a unit that is read.
    pub(crate) fn note_unit(&mut self, place: Place) {
        if self.foresights.is_some() {
            self.places.push(place);
        }
    }

    /// What was recorded since the last call, if the text is watched.
    pub(crate) fn take(&mut self, state: &mut State) -> Option<Trace> {
        Some(Trace {
            foresights: std::mem::take(self.foresights.as_mut()?),
            passages: state.take_passages(),
            places: std::mem::take(&mut self.places),
        })
    }
}

/// The first of the largest, which counts as −1 from then on.
fn take_likeliest(probabilities: &mut [f32]) -> (Symbol, f32) {
    let best = likeliest(probabilities);
    (best as Symbol, std::mem::replace(&mut probabilities[best], -1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_likeliest_come_first_and_ties_in_order() {
        let logits: Vec<f32> =
            [1.0_f32, 4.0, 2.0, 4.0, 8.0, 1.0, 1.0].iter().map(|p| libm::logf(p / 21.0)).collect();
        let foresight = Foresight::new(&logits, 2);
        let symbols: Vec<Symbol> =
            foresight.alternatives.iter().map(|&(symbol, _)| symbol).collect();
        assert_eq!(symbols, [4, 1, 3, 2, 0]);
        for (&(_, p), weight) in foresight.alternatives.iter().zip([8.0, 4.0, 4.0, 2.0, 1.0]) {
            assert!((p - weight / 21.0).abs() < 1e-6);
        }
        assert!((foresight.bits - libm::log2f(21.0 / 2.0)).abs() < 1e-5);
    }

    #[test]
    fn few_symbols_are_all_told() {
        let foresight = Foresight::new(&[f32::NEG_INFINITY, 0.0], 0);
        assert_eq!(foresight.alternatives, [(1, 1.0), (0, 0.0)]);
        assert_eq!(foresight.bits, f32::INFINITY);
    }
}
