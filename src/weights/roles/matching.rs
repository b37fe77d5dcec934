//! The best way to share out tensors among parts of one shape.

/// What a tensor counts for a part that it cannot be.
pub const NEVER: i32 = i32::MIN / 2;

/// More parts of one shape than any scope has.
const MOST: usize = 12;

/// A best way.
#[derive(Debug, PartialEq)]
pub struct Matching {
    pub score: i32,
    /// The tensor of each part.
    pub taken: Vec<Option<usize>>,
    /// Another way is as good.
    pub tied: bool,
}

/// Gives each part at most one tensor and each tensor at most one part, so that the sum of `scores` (of each tensor
/// for each part) and of `absent` (of each part without a tensor) is largest.
pub fn best(scores: &[Vec<i32>], absent: &[i32]) -> Matching {
    let parts = absent.len().min(MOST);
    let sets = 1 << parts;
    // Of each set of parts: the best score of the tensors so far that play just these, in how many ways.
    let mut reached = vec![(NEVER, 0_u8); sets];
    reached[0] = (0, 1);
    // What each tensor plays on the best way to each set: a part, or none.
    let mut steps = Vec::new();
    for of in scores {
        let mut next = reached.clone();
        let mut step = vec![parts as u8; sets];
        for set in 0..sets {
            for part in (0..parts).filter(|part| set >> part & 1 == 1 && of[*part] > NEVER) {
                let (before, ways) = reached[set & !(1 << part)];
                if ways == 0 {
                    continue;
                }
                let score = before + of[part];
                let now = &mut next[set];
                if now.1 == 0 || score > now.0 {
                    (*now, step[set]) = ((score, ways), part as u8);
                } else if score == now.0 {
                    now.1 = now.1.saturating_add(ways);
                }
            }
        }
        reached = next;
        steps.push(step);
    }
    let whole = |set: usize| {
        let missing = (0..parts).filter(|part| set >> part & 1 == 0);
        reached[set].0 + missing.map(|part| absent[part]).sum::<i32>()
    };
    let possible = || (0..sets).filter(|&set| reached[set].1 > 0);
    // Nothing played is always possible.
    let mut set = possible().max_by_key(|&set| whole(set)).unwrap_or(0);
    let score = whole(set);
    let best = possible().filter(|&set| whole(set) == score);
    let tied = best.map(|set| usize::from(reached[set].1)).sum::<usize>() > 1;
    let mut taken = vec![None; absent.len()];
    for (tensor, step) in steps.iter().enumerate().rev() {
        let part = usize::from(step[set]);
        if part < parts {
            taken[part] = Some(tensor);
            set &= !(1 << part);
        }
    }
    Matching { score, taken, tied }
}

/// The tensors that have a part in one of the best ways.
pub fn choices(scores: &[Vec<i32>], absent: &[i32], part: usize) -> Vec<usize> {
    let score = best(scores, absent).score;
    let with = |tensor: &usize| {
        let mut scores = scores.to_vec();
        for (other, of) in scores.iter_mut().enumerate() {
            for (place, score) in of.iter_mut().enumerate() {
                if (other == *tensor) != (place == part) {
                    *score = NEVER;
                }
            }
        }
        best(&scores, absent).score == score
    };
    let can = (0..scores.len()).filter(|&tensor| scores[tensor][part] > NEVER);
    can.filter(|tensor| with(tensor)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_decides() {
        // The first says more of both parts; the second says something of one alone.
        let scores = [vec![13, 10], vec![11, NEVER]];
        let found = best(&scores, &[-9, -9]);
        assert_eq!(found, Matching { score: 21, taken: vec![Some(1), Some(0)], tied: false });
        assert_eq!(best(&[vec![1, 1]], &[-9, 0]).taken, [Some(0), None]);
        assert_eq!(best(&[vec![-5]], &[0]).taken, [None]);
        assert_eq!(best(&[], &[-3]).score, -3);
    }

    #[test]
    fn equal_wholes_are_told() {
        let scores = [vec![0, 0, 9], vec![0, 0, NEVER], vec![0, 0, 0]];
        let absent = [-9; 3];
        assert!(best(&scores, &absent).tied);
        assert_eq!(choices(&scores, &absent, 0), [1, 2]);
        assert_eq!(choices(&scores, &absent, 2), [0]);
    }
}
