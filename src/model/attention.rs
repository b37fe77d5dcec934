//! Causal multi-head attention with a key/value cache ([spec](crate::spec) §2): the mixer of the Transformer runs
//! and of the local byte decoder.

use super::linear::{Linear, RmsNorm};
use super::scratch::Scratch;
use crate::dialect::Rope;
use crate::math;
use crate::parallel::Crew;

/// The weights of one attention layer.
#[derive(Clone, Debug)]
pub struct Attention {
    /// W_q, W_k, W_v stacked, `[3d, d]`.
    pub qkv: Linear,
    /// SubLN on the input of `W_o`.
    pub out_norm: Option<RmsNorm>,
    /// W_o `[d, d]`.
    pub out: Option<Linear>,
    /// Number of heads; divides d.
    pub heads: usize,
    /// Base of the rotary frequencies.
    pub rope_base: f32,
    /// How positions turn queries and keys; not at all in the local decoder, unless a dialect has it.
    pub rope: Rope,
}

/// Keys and values of the positions seen so far, in a ring where a window bounds them.
#[derive(Clone, Debug)]
pub struct KvCache {
    /// `[positions held, d]`.
    keys: Vec<f32>,
    /// `[positions held, d]`.
    values: Vec<f32>,
    /// Where each stood in the sequence; what a DeleteGate deleted is missing between them.
    positions: Vec<usize>,
    window: Option<usize>,
    /// Positions seen in all.
    seen: usize,
}

impl KvCache {
    /// An empty cache that keeps `window` positions, or all of them.
    pub fn new(window: Option<usize>) -> Self {
        KvCache { keys: Vec::new(), values: Vec::new(), positions: Vec::new(), window, seen: 0 }
    }

    /// Forgets every position, keeps the memory.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.values.clear();
        self.positions.clear();
        self.seen = 0;
    }

    fn push(&mut self, position: usize, key: &[f32], value: &[f32]) {
        match self.window {
            Some(window) if self.seen >= window => {
                let slot = self.seen % window;
                self.positions[slot] = position;
                let slot = slot * key.len();
                self.keys[slot..][..key.len()].copy_from_slice(key);
                self.values[slot..][..key.len()].copy_from_slice(value);
            }
            _ => {
                self.positions.push(position);
                self.keys.extend_from_slice(key);
                self.values.extend_from_slice(value);
            }
        }
        self.seen += 1;
    }

    /// Slots that the latest position sees, oldest first, so that sums run in one order.
    fn slots(&self) -> impl Iterator<Item = usize> + Clone {
        let held = self.positions.len();
        let slots = (self.seen - held..self.seen).map(move |nth| nth % held);
        let latest = slots.clone().next_back().map_or(0, |slot| self.positions[slot]);
        let window = self.window.unwrap_or(usize::MAX);
        // The window counts what was deleted, too.
        slots.skip_while(move |&slot| latest - self.positions[slot] >= window)
    }
}

impl Attention {
    /// Some positions: reads `scratch.normed`, extends the cache, writes the outputs
    /// `[positions, d]`. `positions` count patches (or tokens) from the start of the sequence.
    pub fn forward(
        &self,
        positions: &[usize],
        cache: &mut KvCache,
        scratch: &mut Scratch,
        crew: &Crew,
        out: &mut [f32],
    ) {
        let count = positions.len();
        let d = out.len() / count;
        let qkv = &mut scratch.wide[..count * 3 * d];
        self.qkv.apply(&scratch.normed, crew, qkv);
        let steps = positions.iter().zip(qkv.chunks_exact_mut(3 * d));
        for ((&position, qkv), out) in steps.zip(out.chunks_exact_mut(d)) {
            let (query, rest) = qkv.split_at_mut(d);
            let (key, value) = rest.split_at_mut(d);
            if self.rope != Rope::None {
                let halves = self.rope == Rope::Halves;
                rotate(query, key, d / self.heads, position, self.rope_base, halves);
            }
            cache.push(position, key, value);
            self.attend(query, cache, &mut scratch.scores, out);
        }

        if let Some(project) = &self.out {
            scratch.inner.set_normed(out, d, self.out_norm.as_ref(), crew);
            project.apply(&scratch.inner, crew, out);
        }
    }

    /// What one query `[d]` finds in the cache, before `W_o`.
    fn attend(&self, query: &[f32], cache: &KvCache, scores: &mut Vec<f32>, out: &mut [f32]) {
        let d = query.len();
        let head_size = d / self.heads;
        let scale = 1.0 / (head_size as f32).sqrt();
        for head in 0..self.heads {
            let part = head * head_size..(head + 1) * head_size;
            let query = &query[part.clone()];
            scores.clear();
            scores.extend(
                cache
                    .slots()
                    .map(|slot| math::dot(query, &cache.keys[slot * d..][part.clone()]) * scale),
            );
            math::softmax(scores);
            let out = &mut out[part.clone()];
            out.fill(0.0);
            for (slot, &weight) in cache.slots().zip(&*scores) {
                let value = &cache.values[slot * d..][part.clone()];
                for (out, &value) in out.iter_mut().zip(value) {
                    *out += weight * value;
                }
            }
        }
    }
}

/// RoPE: turns each pair (2i, 2i + 1), or (i, i + half) by `halves`, of each head by
/// `position · base^(−2i / head_size)`.
fn rotate(
    query: &mut [f32],
    key: &mut [f32],
    head_size: usize,
    position: usize,
    base: f32,
    halves: bool,
) {
    for i in 0..head_size / 2 {
        let share = 2.0 * i as f64 / head_size as f64;
        let frequency = libm::exp(-share * libm::log(f64::from(base)));
        let (sin, cos) = math::sin_cos(position as f64 * frequency);
        let (first, second) = if halves { (i, i + head_size / 2) } else { (2 * i, 2 * i + 1) };
        for vector in [&mut *query, &mut *key] {
            for head in vector.chunks_exact_mut(head_size) {
                let (a, b) = (head[first], head[second]);
                head[first] = a * cos - b * sin;
                head[second] = a * sin + b * cos;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_keeps_the_latest_positions_in_order() {
        let mut cache = KvCache::new(Some(3));
        let held =
            |cache: &KvCache| -> Vec<f32> { cache.slots().map(|slot| cache.keys[slot]).collect() };
        for i in 0..8 {
            cache.push(i, &[i as f32], &[-(i as f32)]);
        }
        assert_eq!(held(&cache), [5.0, 6.0, 7.0]);
        // 8 was deleted and still counts: 9 sees 7, and 6 no longer.
        cache.push(9, &[9.0], &[-9.0]);
        assert_eq!(held(&cache), [7.0, 9.0]);
    }

    #[test]
    fn rotation_keeps_lengths_and_turns_by_the_distance() {
        let turned = |position, halves| {
            let (mut q, mut k) = ([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0]);
            rotate(&mut q, &mut k, 4, position, 10_000.0, halves);
            (q, k)
        };
        for halves in [false, true] {
            let (q5, k5) = turned(5, halves);
            let (q9, k9) = turned(9, halves);
            assert!((math::dot(&q5, &q5) - 30.0).abs() < 1e-4);
            // Scores depend on the distance alone.
            let (_, k2) = turned(2, halves);
            let (_, k6) = turned(6, halves);
            assert!((math::dot(&q5, &k2) - math::dot(&q9, &k6)).abs() < 1e-4);
            assert!((math::dot(&q5, &k5) - math::dot(&q9, &k9)).abs() < 1e-4);
        }
        assert_ne!(turned(5, false), turned(5, true));
    }
}
