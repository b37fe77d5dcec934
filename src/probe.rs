//! Which dialect a model was trained in, found from its weights alone ([spec](crate::spec) §5): a text costs fewest bits
//! when a model is read as it was trained.
//!
//! One reading is changed at a time. A sweep tries each of them against the best so far, on as much of the text as it
//! takes to tell; what was better is then tried on all of the text, best first, and kept where it still is. Sweeps go on until one
//! finds nothing. Two wrong readings can hide each other, so pairs are tried then: of those that touch the same
//! numbers, and of the most likely where the model is still bad. At the end every reading that is not ours has to prove itself once more.

use crate::config::Config;
use crate::dialect::{Dialect, FEATURES, Forget, Input, Part, Rope, Target, WeightRounding};
use crate::model::block::MixerLayer;
use crate::model::{Model, Symbol};
use crate::parallel::Team;
use crate::runs::Run;
use crate::score::{self, Scoring};
use crate::weights::{self, Packed};
use std::collections::VecDeque;
use std::sync::Arc;

/// The text that is scored unless a person gives one: paragraphs of several kinds.
pub const TEXT: &str = include_str!("probe.txt");

/// Bytes (or tokens) of a piece of the text; each is read from the beginning of a sequence.
const PIECE: usize = 256;
/// Pieces that are scored at most.
const PIECES: usize = 16;
/// Bits per byte above which pairs are tried.
const BAD: f64 = 6.0;
/// Bits per byte above which a model knows nothing of the text.
pub const HOPELESS: f64 = 7.5;
/// Readings that pairs are made of.
const PAIRED: usize = 10;
/// Features of which two wrong readings can hide each other even in a model that is not bad.
const HIDING: [[&str; 2]; 9] = [
    ["floor", "forget"],
    ["forget", "input"],
    ["candidate", "gate"],
    ["gate", "mixer_norm"],
    ["weights", "weight_scale"],
    ["weights", "weight_rounding"],
    ["weight_scale", "weight_rounding"],
    ["delete", "deleted"],
    ["delete", "delete_place"],
];
/// Bytes that are compared as one: neighbours depend on each other, stretches do so less.
const STRETCH: usize = 16;
/// Sweeps, at most.
const SWEEPS: usize = 6;

/// Why a model cannot be probed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// It is no model.
    #[error(transparent)]
    Weights(#[from] weights::Error),
    /// The text cannot be scored.
    #[error(transparent)]
    Score(#[from] score::Error),
}

/// One changed reading, by places in [`FEATURES`].
type Change = (usize, usize);

/// A reading, or a pair of them, that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The dialect as a whole.
    pub dialect: Dialect,
    /// What was changed: features and their readings.
    pub changes: Vec<(&'static str, &'static str)>,
    /// Bits per byte, over as much of the text as was scored.
    pub bits_per_byte: f64,
    /// How many bits per byte more than the best dialect had then, over the same text.
    pub difference: f64,
    /// One standard error of that difference.
    pub noise: f64,
    /// Whether it is the best dialect from here on.
    pub kept: bool,
}

impl Tried {
    /// What was changed, as a line says it.
    pub fn changed(&self) -> String {
        let changes = self.changes.iter().map(|(feature, reading)| format!("{feature}: {reading}"));
        let changes: Vec<_> = changes.collect();
        if changes.is_empty() { "as usual".into() } else { changes.join(", ") }
    }

    /// Whether it is better than a best that has so many readings of others: with more of them, by more than noise.
    fn is_better(&self, others: usize) -> bool {
        match self.dialect.differences().count() > others {
            true => -self.difference > 3.0 * self.noise + 0.002,
            false => -self.difference > 0.5 * self.noise,
        }
    }

    /// Whether it is worse by more than noise.
    fn is_worse(&self) -> bool {
        self.difference > 3.0 * self.noise + 0.002
    }
}

/// What a probe found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The best dialect.
    pub dialect: Dialect,
    /// Bits per byte of the text under it.
    pub bits_per_byte: f64,
    /// The same under ours.
    pub bits_per_byte_as_ours: f64,
    /// All that was tried, in order.
    pub tried: Vec<Tried>,
    /// Whether it is a ternary run of the study.
    pub is_ternary_run: bool,
}

impl Found {
    /// What came closest to the best dialect and can be told from it.
    pub fn second(&self) -> Option<&Tried> {
        // Before something was kept, others were the best.
        let begin = self.tried.iter().rposition(|tried| tried.kept).map_or(0, |last| last + 1);
        let others = self.tried[begin..].iter().filter(|tried| tried.is_worse());
        others.min_by(|a, b| a.difference.total_cmp(&b.difference))
    }

    /// What it comes to, in a sentence or two.
    pub fn sentence(&self) -> String {
        let bits = |x: f64| crate::decimal::text((x * 1000.0).round() / 1000.0);
        let (best, ours) = (bits(self.bits_per_byte), bits(self.bits_per_byte_as_ours));
        if self.bits_per_byte > HOPELESS {
            let known = match self.is_ternary_run {
                true => " The study says so of its ternary runs: none of them learned.",
                false => "",
            };
            return format!(
                "No reading helps: the text takes {best} bits per byte, where bytes at random take 8. This model \
                knows nothing of the text.{known}"
            );
        }
        match self.dialect == Dialect::default() {
            true => format!("The usual reading is the best: {best} bits per byte."),
            false => format!("Read so, the text takes {best} bits per byte instead of {ours}."),
        }
    }
}

/// What is being tried.
struct Trial {
    changes: Vec<Change>,
    dialect: Dialect,
    /// Bits of each piece that is scored.
    bits: Vec<Vec<f32>>,
    scoring: Scoring,
}

/// A trial that has ended.
struct Ended {
    changes: Vec<Change>,
    difference: f64,
    better: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Ours is scored.
    Ours,
    /// Each reading is tried.
    Sweep,
    /// What was better is tried together, on all of the text.
    Together,
    /// Pairs are tried.
    Pairs,
    /// What is kept has to prove itself.
    Back,
    Done,
}

/// A search for the dialect of a model, in steps.
pub struct Probe {
    /// What the model is made of, where it may have to be made again.
    packed: Option<Packed>,
    /// The model's under our dialect.
    config: Config,
    model: Arc<Model>,
    team: Team,
    pieces: Vec<Vec<Symbol>>,
    /// Symbols by bytes: what a symbol's bits are multiplied by.
    symbols_per_byte: f64,
    stage: Stage,
    best: Dialect,
    best_bits: Vec<Vec<f32>>,
    ours: f64,
    trial: Option<Trial>,
    queue: VecDeque<Vec<Change>>,
    /// Trials of this stage, the best first.
    ended: Vec<Ended>,
    /// Where in `tried` the stage began.
    begun: usize,
    tried: Vec<Tried>,
    sweeps: usize,
    fraction: f64,
}

impl Probe {
    /// Prepares to probe a model with a text of so many bytes, given as the symbols that the model reads. `packed` should
    /// have its [latent weights](weights::Options::latent).
    ///
    /// # Errors
    /// When a part of the model is missing, or the text cannot be scored.
    pub fn new(packed: Packed, team: Team, text: &[Symbol], bytes: usize) -> Result<Self, Error> {
        let config = packed.config.under(Dialect::default());
        let (model, packed) = match config.ternary {
            true => (packed.build(config.clone())?, Some(packed)),
            // What `start` sets is all that a dialect changes there.
            false => (packed.model()?.model, None),
        };
        let model = Arc::new(model);
        let mut probe = Probe {
            packed,
            config,
            model,
            team,
            pieces: pieces(text),
            symbols_per_byte: text.len() as f64 / bytes.max(1) as f64,
            stage: Stage::Ours,
            best: Dialect::default(),
            best_bits: Vec::new(),
            ours: f64::NAN,
            trial: None,
            queue: VecDeque::new(),
            ended: Vec::new(),
            begun: 0,
            tried: Vec::new(),
            sweeps: 0,
            fraction: 0.0,
        };
        // Whether each piece can be scored shows before any work.
        for piece in &probe.pieces {
            Scoring::new(Arc::clone(&probe.model), team, piece.clone())?;
        }
        probe.start(Vec::new());
        Ok(probe)
    }

    /// Whether the search is over.
    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Roughly what share of the work is done, from 0 to 1.
    pub fn progress(&self) -> f64 {
        self.fraction
    }

    /// What was found so far.
    pub fn result(&self) -> Found {
        let bits_per_byte = self.symbols_per_byte * mean(&self.best_bits);
        Found {
            // Of a model that knows nothing, what looks better only guesses more evenly.
            dialect: if bits_per_byte > HOPELESS { Dialect::default() } else { self.best },
            bits_per_byte,
            bits_per_byte_as_ours: self.symbols_per_byte * self.ours,
            tried: self.tried.clone(),
            is_ternary_run: self.config.ternary && Run::named(&self.config.run).is_some(),
        }
    }

    /// Works through at most so many patches.
    pub fn advance(&mut self, patches: usize) {
        let Some(mut trial) = self.trial.take() else {
            return;
        };
        trial.scoring.advance(patches);
        let bits = trial.scoring.bits();
        if !trial.scoring.is_done() {
            // Whole stretches, to be compared with the same of the best.
            let whole = bits.len() / STRETCH * STRETCH;
            trial.bits.push(bits[..whole].to_vec());
            if self.is_lost(&trial) {
                self.finish(trial);
            } else {
                trial.bits.pop();
                self.trial = Some(trial);
            }
            return;
        }
        trial.bits.push(bits.to_vec());
        let next = self.pieces.get(trial.bits.len()).filter(|_| self.wants_more(&trial));
        let next = next.and_then(|piece| self.scoring(piece));
        match next {
            Some(scoring) => self.trial = Some(Trial { scoring, ..trial }),
            None => self.finish(trial),
        }
    }

    fn scoring(&self, piece: &[Symbol]) -> Option<Scoring> {
        Scoring::new(Arc::clone(&self.model), self.team, piece.to_vec()).ok()
    }

    /// Begins to try some changes of the best dialect.
    fn start(&mut self, changes: Vec<Change>) {
        let mut dialect = self.best;
        for &(feature, reading) in &changes {
            dialect = dialect.with(feature, reading);
        }
        self.read_under(dialect);
        let scoring = self.scoring(&self.pieces[0]);
        self.trial = scoring.map(|scoring| Trial { changes, dialect, bits: Vec::new(), scoring });
    }

    /// Makes the model one that is read under a dialect: anew only where weights are held otherwise.
    fn read_under(&mut self, dialect: Dialect) {
        let config = self.config.under(dialect);
        let held = |config: &Config| {
            let Dialect { weights, weight_scale, weight_rounding, .. } = config.dialect;
            (weights, weight_scale, weight_rounding, config.activation_bits == 0)
        };
        if let Some(packed) = &self.packed
            && held(&config) != held(&self.model.config)
            && let Ok(model) = packed.build(config.clone())
        {
            self.model = Arc::new(model);
        }
        // Between trials nobody else holds the model.
        if let Some(model) = Arc::get_mut(&mut self.model) {
            model.read_under(config);
        }
    }

    /// The difference of a trial to the best so far, over the text that was scored, and its standard error.
    fn compare(&self, bits: &[Vec<f32>]) -> (f64, f64) {
        let mut stretches = Vec::new();
        for (ours, best) in bits.iter().zip(&self.best_bits) {
            for (ours, best) in ours.chunks(STRETCH).zip(best.chunks(STRETCH)) {
                let sum = |bits: &[f32]| bits.iter().map(|&bits| f64::from(bits)).sum::<f64>();
                stretches.push((sum(ours) - sum(best)) / ours.len() as f64);
            }
        }
        let count = stretches.len().max(2) as f64;
        let mean = stretches.iter().sum::<f64>() / count;
        let spread = stretches.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
        let error = (spread / (count * (count - 1.0))).sqrt();
        (self.symbols_per_byte * mean, self.symbols_per_byte * error)
    }

    /// Whether a trial is so much worse that the piece need not be scored to its end.
    fn is_lost(&self, trial: &Trial) -> bool {
        let scored: usize = trial.bits.iter().map(Vec::len).sum();
        let (difference, noise) = self.compare(&trial.bits);
        self.stage != Stage::Ours && scored >= 6 * STRETCH && difference > 5.0 * noise + 0.1
    }

    fn wants_more(&self, trial: &Trial) -> bool {
        if self.stage == Stage::Ours {
            return true;
        }
        let (difference, noise) = self.compare(&trial.bits);
        match self.stage {
            // Much worse is soon told, much better is tried again, and what changes next to nothing is left.
            Stage::Sweep | Stage::Pairs => {
                let open = difference.abs() <= 4.0 * noise + 0.02;
                open && (trial.bits.len() < 2 || noise > 0.004 || difference < -0.5 * noise)
            }
            _ => difference <= 5.0 * noise + 0.05,
        }
    }

    /// Notes what a trial came to, and begins the next.
    fn finish(&mut self, trial: Trial) {
        let Trial { changes, dialect, bits, scoring } = trial;
        drop(scoring);
        let (difference, noise) = self.compare(&bits);
        let mut tried = Tried {
            dialect,
            changes: changes.iter().map(|&change| named(change)).collect(),
            bits_per_byte: self.symbols_per_byte * mean(&bits),
            difference,
            noise,
            kept: false,
        };
        let whole = bits.len() == self.pieces.len();
        let better = tried.is_better(self.best.differences().count());
        tried.kept = match self.stage {
            Stage::Ours => true,
            Stage::Together => whole && better,
            // Ours is kept where the other is not better by more than noise.
            Stage::Back => whole && !tried.is_worse(),
            _ => false,
        };
        if tried.kept {
            (self.best, self.best_bits) = (dialect, bits);
        }
        if self.stage == Stage::Ours {
            self.ours = mean(&self.best_bits);
            tried.difference = 0.0;
        }
        let place = self.ended.iter().position(|ended| difference < ended.difference);
        let place = place.unwrap_or(self.ended.len());
        self.ended.insert(place, Ended { changes, difference, better });
        self.tried.push(tried);
        self.next();
    }

    /// Begins the next trial, of this stage or of one after it.
    fn next(&mut self) {
        while self.queue.is_empty() && self.stage != Stage::Done {
            self.next_stage();
        }
        let left = self.queue.len() as f64
            + match self.stage {
                Stage::Done => 0.0,
                Stage::Back => 1.0,
                _ => 20.0,
            };
        let done = self.tried.len() as f64;
        self.fraction = self.fraction.max(done / (done + left));
        if let Some(changes) = self.queue.pop_front() {
            self.start(changes);
        }
    }

    fn next_stage(&mut self) {
        let ended = std::mem::take(&mut self.ended);
        let better = ended.iter().any(|ended| ended.better);
        let kept = self.tried[self.begun..].iter().any(|tried| tried.kept);
        (self.stage, self.queue) = match self.stage {
            Stage::Sweep | Stage::Pairs if better => {
                let better = ended.into_iter().filter(|ended| ended.better);
                (Stage::Together, better.map(|ended| ended.changes).collect())
            }
            Stage::Ours => (Stage::Sweep, self.singles()),
            Stage::Together if kept && self.sweeps < SWEEPS => (Stage::Sweep, self.singles()),
            Stage::Sweep => (Stage::Pairs, self.pairs(&ended)),
            Stage::Back | Stage::Done => (Stage::Done, VecDeque::new()),
            _ => {
                let changes = self.changes(Dialect::default());
                (Stage::Back, changes.into_iter().map(|change| vec![change]).collect())
            }
        };
        self.sweeps += usize::from(self.stage == Stage::Sweep);
        self.begun = self.tried.len();
    }

    /// Pairs of what a sweep tried, where two wrong readings may hide each other.
    fn pairs(&self, ended: &[Ended]) -> VecDeque<Vec<Change>> {
        let bad = self.symbols_per_byte * mean(&self.best_bits) > BAD;
        let mut pairs = VecDeque::new();
        for (j, other) in ended.iter().enumerate() {
            for one in &ended[..j] {
                let places = [one.changes[0].0, other.changes[0].0];
                let [a, b] = places.map(|place| FEATURES[place].name);
                let hide = HIDING.contains(&[a, b]) || HIDING.contains(&[b, a]);
                if a != b && (hide || (bad && j < PAIRED)) {
                    pairs.push_back([&one.changes[..], &other.changes].concat());
                }
            }
        }
        pairs
    }

    /// What leads from the best dialect to another.
    fn changes(&self, to: Dialect) -> Vec<Change> {
        let readings = (0..FEATURES.len()).map(|feature| (feature, to.reading(feature)));
        readings.filter(|&(feature, reading)| reading != self.best.reading(feature)).collect()
    }

    /// Every single change that can make a difference.
    fn singles(&self) -> VecDeque<Vec<Change>> {
        let mut singles = VecDeque::new();
        for (feature, known) in FEATURES.iter().enumerate() {
            for reading in 0..known.readings.len() {
                let mut dialect = self.best.with(feature, reading);
                if dialect.start != self.best.start {
                    // It shows only where a start patch is read.
                    dialect.target = Target::Same;
                }
                if dialect != self.best && self.differ(&dialect) {
                    singles.push_back(self.changes(dialect));
                }
            }
        }
        singles
    }

    /// Whether another dialect than the best gives this model other results.
    fn differ(&self, to: &Dialect) -> bool {
        let from = &self.best;
        let changed = |place: &usize| from.reading(*place) != to.reading(*place);
        (0..FEATURES.len()).filter(changed).any(|place| self.has(FEATURES[place].part, to))
    }

    /// Whether the model has a part, so that a dialect matters to it.
    fn has(&self, part: Part, to: &Dialect) -> bool {
        let config = &self.config;
        let numbers = |dialect: &Dialect| {
            let config = config.under(*dialect);
            (config.rope_base, config.norm_eps)
        };
        let (before, after) = (numbers(&self.best), numbers(to));
        let Some(block) = self.model.blocks.first() else {
            return false;
        };
        let (gru, attends) = match &block.mixer {
            MixerLayer::Mlgru(mixer) => (Some(mixer), false),
            MixerLayer::Attention(_) => (None, true),
        };
        let decays = gru.is_some_and(|gru| gru.decay.is_some());
        let floored = decays && to.forget != Forget::Plain;
        let latent = self.packed.as_ref().is_some_and(Packed::has_latent_weights);
        match part {
            Part::Any => true,
            Part::Bytes => !config.is_bpe(),
            Part::Start => !config.is_bpe() && to.target == Target::Same,
            Part::ByteHeads => !config.is_bpe() && !config.local_decoder,
            Part::LocalDecoder => config.local_decoder,
            Part::Bolmo => config.bolmo,
            Part::DeleteGate => config.delete_gate,
            Part::PfNet => config.pfnet_hidden > 0,
            Part::FpResidual => config.fp_residual_rank > 0,
            Part::Mlgru => !attends,
            Part::Decay => decays,
            Part::Floor => floored,
            // Without a floor f̂ is f.
            Part::Input => floored || (!attends && to.input == Input::Whole),
            Part::MixerNorm => gru.is_some_and(|gru| gru.out.is_some() && gru.out_norm.is_some()),
            Part::FfnNorm => block.ffn.down_norm.is_some(),
            Part::Attention => attends,
            Part::RopeBase => attends && to.rope != Rope::None && before.0 != after.0,
            Part::NormEps => before.1 != after.1,
            Part::Ternary => config.ternary,
            Part::Latent => latent,
            Part::WeightScale => latent && to.weight_rounding != WeightRounding::Twn,
        }
    }
}

/// A change by its names.
fn named((feature, reading): Change) -> (&'static str, &'static str) {
    let feature = &FEATURES[feature];
    (feature.name, feature.readings[reading])
}

/// Pieces of a text, spread over all of it.
fn pieces(text: &[Symbol]) -> Vec<Vec<Symbol>> {
    let count = text.len().div_ceil(PIECE).clamp(1, PIECES);
    let length = (text.len() / count).min(PIECE);
    let last = text.len() - length;
    let starts = (0..count).map(|i| i * last / (count - 1).max(1));
    starts.map(|start| text[start..start + length].to_vec()).collect()
}

/// The mean of the bits of some pieces.
fn mean(bits: &[Vec<f32>]) -> f64 {
    let all = || bits.iter().flatten();
    all().map(|&bits| f64::from(bits)).sum::<f64>() / all().count() as f64
}
