//! Tensor names, taken apart: words to recognise a role by, and the stacks of blocks they number.

use crate::checkpoint::TensorInfo;
use std::collections::BTreeMap;

/// What wrappers put before a tensor's name.
const PREFIXES: [&str; 3] = ["module.", "_orig_mod.", "model."];

/// A name without the prefixes of wrappers.
pub fn plain(mut name: &str) -> &str {
    while let Some(rest) = PREFIXES.iter().find_map(|p| name.strip_prefix(p)) {
        name = rest;
    }
    name
}

/// The words of a name, in lower case, with a `.` between components: `mixer.W_f` and `mixer.q2`
/// become `mixer . w f` and `mixer . q 2`. A last `weight` is left out.
pub fn words(name: &str) -> Vec<String> {
    let name = name.strip_suffix(".weight").unwrap_or(name);
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in name.chars() {
        let joins = last.is_alphanumeric()
            && c.is_alphanumeric()
            && last.is_numeric() == c.is_numeric()
            && !(last.is_lowercase() && c.is_uppercase());
        if c == '.' {
            words.push(".".into());
        } else if c.is_alphanumeric() {
            let lower = c.to_lowercase();
            match words.last_mut() {
                Some(word) if joins => word.extend(lower),
                _ => words.push(lower.collect()),
            }
        }
        last = c;
    }
    words
}

/// How well a name fits a role's phrases: the length of the longest phrase that stands in it, then how
/// late it stands. A phrase is words with spaces between.
pub fn fit(words: &[String], phrases: &[&str]) -> Option<(usize, usize)> {
    let place = |phrase: &&str| {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        let at = words.windows(phrase.len()).rposition(|w| w == phrase)?;
        Some((phrase.len(), at + phrase.len()))
    };
    phrases.iter().filter_map(place).max()
}

/// Tensors of a file that share a prefix and differ in the first number of their names.
#[derive(Debug)]
pub struct Stack {
    /// The part of the name before the number.
    pub prefix: String,
    /// For each number, the tensors by the rest of their names.
    pub blocks: BTreeMap<usize, BTreeMap<String, usize>>,
}

/// Fewer tensors than this for a number make no block: heads, or the layers of a small network.
const LEAST_TENSORS: usize = 6;

/// Takes a file's tensors apart into stacks of blocks and the rest.
pub fn stacks(tensors: &[TensorInfo]) -> (Vec<Stack>, Vec<usize>) {
    let mut by_prefix: BTreeMap<&str, Stack> = BTreeMap::new();
    for (index, tensor) in tensors.iter().enumerate() {
        let Some((prefix, number, rest)) = numbered(plain(&tensor.name)) else {
            continue;
        };
        let stack = by_prefix.entry(prefix).or_insert_with(|| Stack {
            prefix: prefix.into(),
            blocks: BTreeMap::new(),
        });
        let block = stack.blocks.entry(number).or_default();
        block.insert(rest.into(), index);
    }
    let (stacks, _): (Vec<Stack>, Vec<Stack>) = by_prefix
        .into_values()
        .partition(|stack| stack.blocks.values().all(|b| b.len() >= LEAST_TENSORS));
    let mut stacked = vec![false; tensors.len()];
    let members = stacks.iter().flat_map(|s| s.blocks.values());
    for &index in members.flat_map(BTreeMap::values) {
        stacked[index] = true;
    }
    let loose = (0..tensors.len()).filter(|&i| !stacked[i]).collect();
    (stacks, loose)
}

/// Splits a name at its first component that is a number: `layers.3.norm` is `layers`, 3, `norm`.
fn numbered(name: &str) -> Option<(&str, usize, &str)> {
    let mut start = 0;
    for component in name.split('.') {
        let end = start + component.len();
        // Four digits number every block there can be.
        if component.len() <= 4
            && let Ok(number) = component.parse()
        {
            let prefix = name[..start].trim_end_matches('.');
            return Some((prefix, number, name.get(end + 1..)?));
        }
        start = end + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fall_into_words() {
        for (name, want) in [
            ("attn.q_proj.weight", "attn . q proj"),
            ("mixer.W_f", "mixer . w f"),
            ("mlp.w1.weight", "mlp . w 1"),
            ("tokenMixer.Wo.weight", "token mixer . wo"),
            ("ln_2.bias", "ln 2 . bias"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), want);
        }
    }

    #[test]
    fn the_longest_phrase_wins_and_then_the_last() {
        let words = words("post_attention_layernorm");
        assert_eq!(fit(&words, &["attention"]), Some((1, 2)));
        assert_eq!(fit(&words, &["post attention", "norm"]), Some((2, 2)));
        assert_eq!(fit(&words, &["mixer"]), None);
    }

    #[test]
    fn blocks_are_found_by_their_numbers() {
        assert_eq!(numbered("h.3.attn.w"), Some(("h", 3, "attn.w")));
        assert_eq!(numbered("a.b.12.c"), Some(("a.b", 12, "c")));
        assert_eq!(numbered("heads.0"), None);
        assert_eq!(numbered("norm.weight"), None);
    }
}
