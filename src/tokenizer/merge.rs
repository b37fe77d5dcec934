//! Merging the bytes of a piece, pair by pair.

use crate::model::Symbol;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Which pairs of tokens become one, and in which order.
#[derive(Debug, Default)]
pub(super) struct Merges {
    /// (left, right) → (rank, what they become).
    pairs: HashMap<(Symbol, Symbol), (u32, Symbol)>,
}

/// A token of a piece in the making, one of a list that is linked both ways.
struct Link {
    token: Symbol,
    /// Whether it was merged into the one before it.
    gone: bool,
    before: usize,
    after: usize,
}

/// The end of the list.
const NONE: usize = usize::MAX;

impl Merges {
    /// Adds the next merge; one that is there already keeps its rank.
    pub(super) fn push(&mut self, left: Symbol, right: Symbol, becomes: Symbol) {
        let rank = self.pairs.len() as u32;
        self.pairs.entry((left, right)).or_insert((rank, becomes));
    }

    /// What merges can make.
    pub(super) fn results(&self) -> impl Iterator<Item = Symbol> {
        self.pairs.values().map(|&(_, becomes)| becomes)
    }

    /// Merges until no pair is left that can be: always the pair that was learnt first, of several
    /// the leftmost. Takes n log n steps for n tokens.
    pub(super) fn apply(&self, tokens: &mut Vec<Symbol>) {
        let count = tokens.len();
        let mut links: Vec<Link> = (0..count)
            .map(|i| Link {
                token: tokens[i],
                gone: false,
                before: i.checked_sub(1).unwrap_or(NONE),
                after: if i + 1 < count { i + 1 } else { NONE },
            })
            .collect();
        // Pairs by rank, then place; with the tokens that they had when they were found.
        let mut queue = BinaryHeap::new();
        let offer = |queue: &mut BinaryHeap<_>, links: &[Link], at: usize| {
            let left = &links[at];
            if left.after != NONE {
                let pair = (left.token, links[left.after].token);
                if let Some(&(rank, becomes)) = self.pairs.get(&pair) {
                    queue.push(Reverse((rank, at, pair, becomes)));
                }
            }
        };
        for at in 0..count {
            offer(&mut queue, &links, at);
        }
        while let Some(Reverse((_, at, pair, becomes))) = queue.pop() {
            let after = links[at].after;
            if links[at].gone || after == NONE || (links[at].token, links[after].token) != pair {
                continue;
            }
            let next = links[after].after;
            links[after].gone = true;
            links[at].token = becomes;
            links[at].after = next;
            if next != NONE {
                links[next].before = at;
            }
            offer(&mut queue, &links, at);
            if links[at].before != NONE {
                let before = links[at].before;
                offer(&mut queue, &links, before);
            }
        }
        tokens.clear();
        tokens.extend(links.iter().filter(|link| !link.gone).map(|link| link.token));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By definition: look for the best pair again after every merge.
    fn slowly(merges: &Merges, tokens: &mut Vec<Symbol>) {
        loop {
            let ranked = tokens.windows(2).enumerate().filter_map(|(at, pair)| {
                let (rank, becomes) = merges.pairs.get(&(pair[0], pair[1]))?;
                Some((*rank, at, *becomes))
            });
            let Some((_, at, becomes)) = ranked.min() else {
                return;
            };
            tokens.splice(at..at + 2, [becomes]);
        }
    }

    #[test]
    fn merging_is_what_the_definition_says() {
        let mut merges = Merges::default();
        for (left, right, becomes) in [(1, 1, 4), (0, 1, 3), (4, 4, 5), (3, 2, 6), (5, 0, 7)] {
            merges.push(left, right, becomes);
        }
        let mut state = 1u32;
        for len in 0..60 {
            let mut random = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state >> 30
            };
            let tokens: Vec<Symbol> = (0..len).map(|_| random().min(2)).collect();
            let (mut fast, mut slow) = (tokens.clone(), tokens);
            merges.apply(&mut fast);
            slowly(&merges, &mut slow);
            assert_eq!(fast, slow);
        }
    }
}
