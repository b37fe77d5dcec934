//! From logits to the next byte: repetition penalty, temperature, top-k, top-p, min-p, in that order.

use crate::decimal;
use crate::math::{self, likeliest};

/// How to choose bytes. [`Settings::check`] says whether the values make sense.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Bytes to generate at most.
    pub max_bytes: usize,
    /// Divides the logits; 0 always takes the likeliest byte, the lowest of several.
    pub temperature: f32,
    /// Keeps the k likeliest; 0 keeps all.
    pub top_k: usize,
    /// Keeps the fewest bytes whose probabilities reach this sum; 1 keeps all.
    pub top_p: f32,
    /// Keeps bytes with at least this share of the likeliest one's probability; 0 keeps all.
    pub min_p: f32,
    /// Divides positive and multiplies negative logits of the last [`HISTORY`] bytes; 1 does nothing.
    pub repetition_penalty: f32,
    /// The same seed gives the same bytes, on every machine.
    pub seed: u64,
}

/// Bytes that the repetition penalty looks back on.
pub const HISTORY: usize = 64;

/// Most bytes of one generation.
pub const MAX_BYTES: usize = 1_000_000;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            max_bytes: 256,
            temperature: 0.7,
            top_k: 0,
            top_p: 0.95,
            min_p: 0.0,
            repetition_penalty: 1.0,
            seed: 0,
        }
    }
}

/// A setting outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("The {name} is {found}; it must be {expected}.")]
pub struct SettingsError {
    name: &'static str,
    found: String,
    expected: &'static str,
}

impl Settings {
    /// Whether every value is in its range.
    ///
    /// # Errors
    /// The first value that is not.
    pub fn check(&self) -> Result<(), SettingsError> {
        let number = |name, found: f32, fits: bool, expected| match fits {
            true => Ok(()),
            false => {
                Err(SettingsError { name, found: decimal::text(decimal::nearest(found)), expected })
            }
        };
        let t = self.temperature;
        number("temperature", t, (0.0..=10.0).contains(&t), "a number from 0 to 10")?;
        let p = self.top_p;
        number("top-p", p, p > 0.0 && p <= 1.0, "a number above 0 and at most 1")?;
        let p = self.min_p;
        number("min-p", p, (0.0..=1.0).contains(&p), "a number from 0 to 1")?;
        let r = self.repetition_penalty;
        number("repetition penalty", r, (0.1..=10.0).contains(&r), "a number from 0.1 to 10")?;
        if !(1..=MAX_BYTES).contains(&self.max_bytes) {
            return Err(SettingsError {
                name: "length",
                found: format!("{} bytes", self.max_bytes),
                expected: "from 1 to 1,000,000 bytes",
            });
        }
        Ok(())
    }
}

/// The one source of chance: SplitMix64 (Steele, Lea and Flood, 2014), 64 bits of state.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    /// A number in [0, 1) with 24 random bits, which an f32 holds exactly.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 40) as f32 / (1u32 << 24) as f32
    }
}

/// A symbol and its probability, as one integer that is the smaller the likelier the symbol is:
/// integers sort faster than pairs. Ties go to the lower symbol; a NaN counts as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate(u64);

impl Candidate {
    fn new(probability: f32, symbol: u32) -> Self {
        // The bits of floats that are not negative ascend with them.
        let bits = if probability > 0.0 { probability.to_bits() } else { 0 };
        Candidate(u64::from(!bits) << 32 | u64::from(symbol))
    }

    fn probability(self) -> f32 {
        f32::from_bits(!((self.0 >> 32) as u32))
    }

    fn symbol(self) -> usize {
        self.0 as u32 as usize
    }
}

/// Sorts candidates that stand in the order of their symbols: a radix sort by the four bytes of their
/// probabilities, which for these few hundred numbers beats comparing them.
fn sort(candidates: &mut Vec<Candidate>, spare: &mut Vec<Candidate>) {
    spare.resize(candidates.len(), Candidate(0));
    for shift in [32, 40, 48, 56] {
        let digit = |candidate: &Candidate| usize::from((candidate.0 >> shift) as u8);
        let mut places = [0; 256];
        for candidate in &*candidates {
            places[digit(candidate)] += 1;
        }
        let mut next = 0;
        for place in &mut places {
            next += std::mem::replace(place, next);
        }
        for candidate in &*candidates {
            let place = &mut places[digit(candidate)];
            spare[*place] = *candidate;
            *place += 1;
        }
        std::mem::swap(candidates, spare);
    }
}

/// Chooses bytes (or tokens) by [`Settings`], remembering what it needs to.
#[derive(Clone, Debug)]
pub struct Sampler {
    settings: Settings,
    random: Random,
    /// The last symbols, a ring.
    history: Vec<usize>,
    observed: usize,
    /// Likeliest first once sorted.
    candidates: Vec<Candidate>,
    /// What sorting moves them to and from.
    spare: Vec<Candidate>,
    probabilities: Vec<f32>,
}

impl Sampler {
    /// A sampler at the start of a text.
    ///
    /// # Errors
    /// When a setting is outside its range.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        Ok(Sampler {
            random: Random(settings.seed),
            settings,
            history: Vec::with_capacity(HISTORY),
            observed: 0,
            candidates: Vec::new(),
            spare: Vec::new(),
            probabilities: Vec::new(),
        })
    }

    /// The settings it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Tells of a symbol that now stands in the text, given or chosen.
    pub fn observe(&mut self, symbol: usize) {
        match self.history.get_mut(self.observed % HISTORY) {
            Some(slot) => *slot = symbol,
            None => self.history.push(symbol),
        }
        self.observed += 1;
    }

    /// Chooses the next symbol by its logits, which the repetition penalty may change.
    pub fn sample(&mut self, logits: &mut [f32]) -> usize {
        self.penalise(logits);
        if self.settings.temperature == 0.0 {
            return likeliest(logits);
        }

        // Differences first: dividing by a tiny temperature then ends in −∞ and never in NaN.
        let top = logits[likeliest(logits)];
        let scores = logits.iter().map(|logit| (logit - top) / self.settings.temperature);
        self.probabilities.clear();
        self.probabilities.extend(scores);
        math::softmax(&mut self.probabilities);

        let kept = self.choose_candidates();
        let kept = &self.candidates[..kept];
        let total: f32 = kept.iter().map(|candidate| candidate.probability()).sum();
        let mut left = self.random.next() * total;
        for candidate in kept {
            left -= candidate.probability();
            if left < 0.0 {
                return candidate.symbol();
            }
        }
        // Rounding, or no finite logit at all, can leave a remainder: it goes to the likeliest.
        likeliest(logits)
    }

    /// Puts the symbols that may come in front of `self.candidates`, and says how many they are.
    fn choose_candidates(&mut self) -> usize {
        let Settings { top_k, top_p, min_p, .. } = self.settings;
        let all = self.probabilities.iter().zip(0..);
        let all = all.map(|(&p, symbol)| Candidate::new(p, symbol));
        let top = self.probabilities.iter().fold(0.0, |top: f32, &p| top.max(p));
        let likely = |candidate: &Candidate| candidate.probability() >= min_p * top;
        self.candidates.clear();
        if top_k > 0 {
            self.candidates.extend(all);
        } else {
            // Sorting takes longer than all else. Below this, all symbols together are less than
            // what top-p leaves out; the last half is a margin for rounding.
            let least = 0.5 * (1.0 - top_p) / self.probabilities.len() as f32;
            let may_come = |candidate: &Candidate| candidate.probability() >= least;
            self.candidates.extend(all.filter(likely).filter(may_come));
            if top_p == 1.0 {
                return self.candidates.len();
            }
        }
        sort(&mut self.candidates, &mut self.spare);
        if top_k > 0 {
            self.candidates.truncate(top_k);
        }
        self.nucleus().min(self.candidates.partition_point(likely))
    }

    fn penalise(&mut self, logits: &mut [f32]) {
        let penalty = self.settings.repetition_penalty;
        if penalty == 1.0 {
            return;
        }
        for (i, &symbol) in self.history.iter().enumerate() {
            // Once for each distinct symbol.
            if self.history[..i].contains(&symbol) {
                continue;
            }
            if let Some(logit) = logits.get_mut(symbol) {
                *logit = if *logit > 0.0 { *logit / penalty } else { *logit * penalty };
            }
        }
    }

    /// How many candidates top-p keeps, of what top-k has left.
    fn nucleus(&self) -> usize {
        let probabilities = || self.candidates.iter().map(|candidate| candidate.probability());
        let whole = match self.settings.top_k {
            0 => 1.0,
            _ => probabilities().sum(),
        };
        let mut sum = 0.0;
        let reached = probabilities().position(|p| {
            sum += p;
            sum >= self.settings.top_p * whole
        });
        reached.map_or(self.candidates.len(), |last| last + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampler(change: impl FnOnce(&mut Settings)) -> Sampler {
        let mut settings = Settings { temperature: 1.0, top_p: 1.0, ..Settings::default() };
        change(&mut settings);
        Sampler::new(settings).unwrap()
    }

    /// How often each symbol comes in 4000 draws.
    fn counts(mut sampler: Sampler, logits: &[f32]) -> Vec<usize> {
        let mut counts = vec![0; logits.len()];
        for _ in 0..4000 {
            counts[sampler.sample(&mut logits.to_vec())] += 1;
        }
        counts
    }

    #[test]
    fn candidates_sort_as_their_probabilities_do() {
        let probabilities = [1.0, 0.5, 1e-3, 1e-45, 0.0];
        for (i, &probability) in probabilities.iter().enumerate() {
            let candidate = Candidate::new(probability, 7);
            assert_eq!(candidate.probability(), probability);
            assert_eq!(candidate.symbol(), 7);
            for &less in &probabilities[i + 1..] {
                assert!(candidate < Candidate::new(less, 0), "{probability} before {less}");
            }
            assert!(Candidate::new(probability, 3) < Candidate::new(probability, 4));
        }
        assert_eq!(Candidate::new(f32::NAN, 1).probability(), 0.0);
    }

    #[test]
    fn sorting_equals_the_standard_librarys() {
        for len in [0, 1, 2, 255, 1000] {
            let probability = |i: usize| ((i * 7919) % 613) as f32 / 613.0;
            let mut candidates: Vec<_> =
                (0..len).map(|i| Candidate::new(probability(i), i as u32)).collect();
            let mut want = candidates.clone();
            want.sort();
            sort(&mut candidates, &mut Vec::new());
            assert_eq!(candidates, want);
        }
    }

    #[test]
    fn temperature_zero_takes_the_lowest_of_the_likeliest() {
        let mut greedy = sampler(|s| s.temperature = 0.0);
        assert_eq!(greedy.sample(&mut [0.0, 2.0, 2.0, f32::NAN]), 1);
        assert_eq!(greedy.sample(&mut [f32::NAN; 4]), 0);
    }

    #[test]
    fn draws_follow_the_probabilities() {
        // ln 1, ln 2, ln 5: shares of an eighth, a quarter, five eighths.
        let logits = [0.0, libm::logf(2.0), libm::logf(5.0)];
        let counts = counts(sampler(|_| ()), &logits);
        for (count, share) in counts.iter().zip([0.125, 0.25, 0.625]) {
            let expected = 4000.0 * share;
            assert!((*count as f64 - expected).abs() < 150.0, "{counts:?}");
        }
    }

    /// Which symbols come at all.
    fn kept(sampler: Sampler, logits: &[f32]) -> Vec<usize> {
        let counts = counts(sampler, logits);
        (0..logits.len()).filter(|&i| counts[i] > 0).collect()
    }

    #[test]
    fn each_filter_keeps_what_it_says() {
        let logits = [libm::logf(5.0), 0.0, libm::logf(3.0), libm::logf(1.5)];
        let kept = |sampler| kept(sampler, &logits);
        assert_eq!(kept(sampler(|_| ())), [0, 1, 2, 3]);
        assert_eq!(kept(sampler(|s| s.top_k = 2)), [0, 2]);
        assert_eq!(kept(sampler(|s| s.top_p = 0.7)), [0, 2]);
        assert_eq!(kept(sampler(|s| s.min_p = 0.25)), [0, 2, 3]);
        assert_eq!(kept(sampler(|s| s.temperature = 1e-3)), [0]);
    }

    #[test]
    fn a_nucleus_is_of_what_top_k_leaves() {
        // Shares of 8, 4, 2, 1 and 1 sixteenths; of the first three, 4, 2 and 1 sevenths.
        let logits = [0.0, libm::logf(2.0), libm::logf(8.0), 0.0, libm::logf(4.0)];
        assert_eq!(kept(sampler(|s| s.top_p = 0.8), &logits), [1, 2, 4]);
        let both = sampler(|s| (s.top_k, s.top_p) = (3, 0.8));
        assert_eq!(kept(both, &logits), [2, 4]);
    }

    #[test]
    fn the_penalty_counts_a_symbol_once_and_forgets() {
        let mut s = sampler(|s| {
            s.temperature = 0.0;
            s.repetition_penalty = 2.0;
        });
        s.observe(0);
        s.observe(0);
        assert_eq!(s.sample(&mut [3.0, 1.0]), 0);
        assert_eq!(s.sample(&mut [3.0, 2.0]), 1);
        assert_eq!(s.sample(&mut [-1.0, -1.5]), 1);
        for _ in 0..HISTORY {
            s.observe(2);
        }
        assert_eq!(s.sample(&mut [3.0, 2.0, 0.0]), 0);
    }

    #[test]
    fn a_seed_is_a_text() {
        let logits: Vec<f32> = (0..256).map(|i| (i % 7) as f32).collect();
        let draw = |seed| -> Vec<usize> {
            let mut sampler = sampler(|s| s.seed = seed);
            (0..20).map(|_| sampler.sample(&mut logits.clone())).collect()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn nonsense_logits_do_not_panic() {
        for nonsense in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            let mut s = sampler(|s| s.top_p = 0.5);
            assert!(s.sample(&mut [nonsense; 8]) < 8);
            assert!(s.sample(&mut [nonsense, 0.0, 1.0]) < 3);
        }
    }

    #[test]
    fn absurd_settings_get_a_sentence() {
        let says = |change: fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert_eq!(
            says(|s| s.temperature = -1.0),
            "The temperature is -1; it must be a number from 0 to 10."
        );
        assert!(says(|s| s.temperature = f32::NAN).contains("NaN"));
        assert!(says(|s| s.top_p = 0.0).contains("top-p"));
        assert!(says(|s| s.min_p = 1.5).contains("min-p"));
        assert!(says(|s| s.repetition_penalty = 0.0).contains("penalty"));
        assert!(says(|s| s.max_bytes = 0).contains("length"));
        assert!(says(|s| s.max_bytes = usize::MAX).contains("length"));
    }
}
