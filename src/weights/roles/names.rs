//! Tensor names, taken apart: words to recognise a role by, and the stacks of blocks they number.

use crate::checkpoint::TensorInfo;
use std::collections::HashMap;

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
    // Roles are told in English: characters beyond ASCII are letters like any other.
    let stands = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    for c in name.chars() {
        let joins = stands(last)
            && last.is_ascii_digit() == c.is_ascii_digit()
            && !(last.is_ascii_lowercase() && c.is_ascii_uppercase());
        if c == '.' {
            words.push(".".into());
        } else if stands(c) {
            let lower = c.to_ascii_lowercase();
            match words.last_mut() {
                Some(word) if joins => word.push(lower),
                _ => words.push(lower.into()),
            }
        }
        last = c;
    }
    words
}

/// The parts of a text between separators. Not inlined: std's way of splitting is large.
#[inline(never)]
pub fn split(text: &str, separator: u8) -> Vec<&str> {
    text.split(char::from(separator)).collect()
}

/// How well a name fits a role's phrases: the length of the longest phrase that stands in it, then how
/// late it stands. A phrase is words with spaces between.
pub fn fit(words: &[String], phrases: &[&str]) -> Option<(usize, usize)> {
    let place = |phrase: &&str| {
        let phrase = split(phrase, b' ');
        let at = words.windows(phrase.len()).rposition(|w| w == phrase)?;
        Some((phrase.len(), at + phrase.len()))
    };
    phrases.iter().filter_map(place).max()
}

/// Tensors of a file that share a prefix and differ in the first number of their names.
#[derive(Debug)]
pub struct Stack<'a> {
    /// The part of the name before the number.
    pub prefix: &'a str,
    /// Its blocks, by their numbers.
    pub blocks: Vec<NumberedBlock>,
}

/// The tensors that have one number.
#[derive(Debug)]
pub struct NumberedBlock {
    /// The number.
    pub number: usize,
    /// The tensors, in the order of the file.
    pub members: Vec<usize>,
}

/// Fewer tensors than this for a number make no block: heads, or the layers of a small network.
const LEAST_TENSORS: usize = 6;

/// The place of each name in a list; of equal ones the last.
pub fn places<'a>(names: &mut dyn Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    let mut places = HashMap::new();
    for (place, name) in names.enumerate() {
        places.insert(name, place);
    }
    places
}

/// Takes a file's tensors apart into stacks of blocks and the rest.
pub fn stacks(tensors: &[TensorInfo]) -> (Vec<Stack<'_>>, Vec<usize>) {
    let names = tensors.iter().map(|tensor| plain(&tensor.name));
    // Of two names that wrappers alone tell apart, the later counts.
    let last = places(&mut names.clone());
    let mut of_prefix: HashMap<&str, usize> = HashMap::new();
    let mut stacks: Vec<Stack> = Vec::new();
    for (index, name) in names
        .enumerate()
        .filter(|(index, name)| last[name] == *index)
    {
        let Some((prefix, number)) = numbered(name) else {
            continue;
        };
        let place = *of_prefix.entry(prefix).or_insert(stacks.len());
        if place == stacks.len() {
            let blocks = Vec::new();
            stacks.push(Stack { prefix, blocks });
        }
        let blocks = &mut stacks[place].blocks;
        // Most often the last one.
        match blocks.iter_mut().rev().find(|block| block.number == number) {
            Some(block) => block.members.push(index),
            None => blocks.push(NumberedBlock {
                number,
                members: vec![index],
            }),
        }
    }
    stacks.retain(|stack| {
        let mut blocks = stack.blocks.iter();
        blocks.all(|block| block.members.len() >= LEAST_TENSORS)
    });
    let mut stacked = vec![false; tensors.len()];
    for stack in &mut stacks {
        stack.blocks.sort_unstable_by_key(|block| block.number);
        for &index in stack.blocks.iter().flat_map(|block| &block.members) {
            stacked[index] = true;
        }
    }
    let loose = (0..tensors.len()).filter(|&i| !stacked[i]).collect();
    (stacks, loose)
}

/// What stands before a name's first component that is a number, and the number: `layers.3.norm` has
/// `layers` and 3.
fn numbered(name: &str) -> Option<(&str, usize)> {
    let mut start = 0;
    for component in split(name, b'.') {
        let end = start + component.len();
        // Four digits number every block there can be.
        if component.len() <= 4
            && let Ok(number) = component.parse()
        {
            // A number at the end numbers no tensors of a block.
            let prefix = name[..start].trim_end_matches('.');
            return (end < name.len()).then_some((prefix, number));
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
        assert_eq!(numbered("h.3.attn.w"), Some(("h", 3)));
        assert_eq!(numbered("a.b.12.c"), Some(("a.b", 12)));
        assert_eq!(numbered("heads.0"), None);
        assert_eq!(numbered("norm.weight"), None);
    }
}
