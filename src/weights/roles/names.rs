//! Tensor names, taken apart: words to recognise a part by, and the stacks of blocks they number.

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

/// The words of a name with spaces between, in lower case, and a `.` between components: `mixer.W_f` and
/// `mixer.q2` become `mixer . w f` and `mixer . q 2`. A last `weight` is left out.
pub fn words(name: &str) -> String {
    let name = name.strip_suffix("weight").map_or(name, |rest| rest.trim_end_matches('.'));
    let mut words = String::new();
    let mut last = ' ';
    // Parts are told in English: characters beyond ASCII are letters like any other.
    let stands = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    for c in name.chars() {
        let joins = c != '.'
            && stands(last)
            && last.is_ascii_digit() == c.is_ascii_digit()
            && !(last.is_ascii_lowercase() && c.is_ascii_uppercase());
        if stands(c) || c == '.' {
            if !joins && !words.is_empty() {
                words.push(' ');
            }
            words.push(c.to_ascii_lowercase());
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

/// Where a phrase stands in the words of a name, at last.
fn place(words: &str, phrase: &str) -> Option<usize> {
    let (words, phrase) = (words.as_bytes(), phrase.as_bytes());
    let ends = |at: usize| words.get(at).is_none_or(|&byte| byte == b' ');
    let stands = |&at: &usize| {
        words[at..].starts_with(phrase)
            && ends(at + phrase.len())
            && at.checked_sub(1).is_none_or(ends)
    };
    (0..words.len()).rev().find(stands)
}

/// How well a name says a part: 0 where it has none of its phrases, and the more, the longer the phrase.
pub fn fit(words: &str, phrases: &str) -> i32 {
    let mut best = 0;
    for phrase in split(phrases, b'|').into_iter().filter(|phrase| !phrase.is_empty()) {
        if let Some(at) = place(words, phrase) {
            let more = phrase.bytes().filter(|&byte| byte == b' ').count().min(3) as i32;
            // What stands last says what a thing is, and what stands before says which.
            let is_last = at + phrase.len() == words.len();
            best = best.max(10 + 3 * more + i32::from(is_last));
        }
    }
    best
}

/// The order in which a name lists parts: `gate_up` by the places of their phrases, `fcg` by their initials.
pub fn order(words: &str, parts: &[&str]) -> Option<Vec<usize>> {
    let sorted = |places: Vec<usize>| {
        let mut order: Vec<usize> = (0..parts.len()).collect();
        order.sort_unstable_by_key(|&part| places[part]);
        let differ = order.windows(2).all(|pair| places[pair[0]] != places[pair[1]]);
        differ.then_some(order)
    };
    let of_phrases = |phrases: &&str| {
        let phrases = split(phrases, b'|').into_iter();
        phrases.filter_map(|phrase| place(words, phrase)).max()
    };
    let by_phrases = parts.iter().map(of_phrases).collect::<Option<Vec<_>>>();
    by_phrases.and_then(sorted).or_else(|| {
        let letters = split(words, b' ').into_iter().filter(|word| word.len() == parts.len());
        let place = |word: &str, phrases: &str| {
            let mut letters = (0..word.len()).filter(|&at| word.is_char_boundary(at));
            letters.find(|&at| {
                let letter = word.get(at..at + 1).unwrap_or("..");
                split(phrases, b'|').contains(&letter)
            })
        };
        letters
            .filter_map(|word| {
                let places = parts.iter().map(|phrases| place(word, phrases));
                places.collect::<Option<Vec<_>>>().and_then(sorted)
            })
            .next()
    })
}

/// A name's last number, and what is left of the name without it; whether the number is a component of its own.
pub fn last_number(words: &str) -> Option<(String, usize, bool)> {
    let mut words = split(words, b' ');
    let at = words.iter().rposition(|word| word.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number = words[at].parse().ok()?;
    let alone = |at: Option<&&str>| at.is_none_or(|word| *word == ".");
    let alone = alone(at.checked_sub(1).and_then(|at| words.get(at))) && alone(words.get(at + 1));
    words.remove(at);
    Some((words.join(" "), number, alone))
}

/// The place of each name in a list; of equal ones the last.
pub fn places<'a>(names: &mut dyn Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    let mut places = HashMap::new();
    for (place, name) in names.enumerate() {
        places.insert(name, place);
    }
    places
}

/// Tensors of a file that share a prefix and differ in the first number of their names.
#[derive(Debug)]
pub struct Stack<'a> {
    /// The part of the name before the number.
    pub prefix: &'a str,
    /// Its tensors by the numbers of their blocks, each with what its name is within the block.
    pub blocks: Vec<(usize, Vec<(usize, &'a str)>)>,
}

/// Fewer tensors than this for a number make no block: heads, or the layers of a small network.
const LEAST_TENSORS: usize = 5;

/// Finds the stacks of blocks among tensors by their names.
pub fn stacks<'a>(names: &[(usize, &'a str)]) -> Vec<Stack<'a>> {
    let mut of_prefix: HashMap<&str, usize> = HashMap::new();
    let mut stacks: Vec<Stack> = Vec::new();
    for &(index, name) in names {
        let Some((prefix, number, rest)) = numbered(name) else {
            continue;
        };
        let place = *of_prefix.entry(prefix).or_insert(stacks.len());
        if place == stacks.len() {
            stacks.push(Stack { prefix, blocks: Vec::new() });
        }
        let blocks = &mut stacks[place].blocks;
        // Most often the last one.
        match blocks.iter_mut().rev().find(|block| block.0 == number) {
            Some((_, members)) => members.push((index, rest)),
            None => blocks.push((number, vec![(index, rest)])),
        }
    }
    stacks.retain_mut(|stack| {
        stack.blocks.sort_unstable_by_key(|block| block.0);
        stack.blocks.iter().all(|(_, members)| members.len() >= LEAST_TENSORS)
    });
    stacks
}

/// A name's first component that is a number, with what stands before and behind it: `layers.3.norm` has
/// `layers`, 3 and `norm`. In `layer_3.norm` the number is 3 as well.
fn numbered(name: &str) -> Option<(&str, usize, &str)> {
    let mut start = 0;
    for component in split(name, b'.') {
        let end = start + component.len();
        let stem = component.trim_end_matches(|c: char| c.is_ascii_digit());
        let word = stem.trim_end_matches('_');
        let is_stem = word == "h" || word.ends_with("layer") || word.ends_with("block");
        let digits = if is_stem { &component[stem.len()..] } else { component };
        // Four digits number every block there can be.
        if digits.len() <= 4
            && let Ok(number) = digits.parse()
        {
            // A number at the end numbers no tensors of a block.
            let prefix = name[..end - digits.len()].trim_end_matches('.');
            return (end < name.len()).then(|| (prefix, number, &name[end + 1..]));
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
            ("attn.in_proj_weight", "attn . in proj"),
            ("tokenMixer.Wo.weight", "token mixer . wo"),
            ("ln_2.bias", "ln 2 . bias"),
            ("weight", ""),
            ("", ""),
        ] {
            assert_eq!(words(name), want);
        }
    }

    #[test]
    fn the_longest_phrase_counts_and_whole_words_only() {
        let words = words("post_attention_layernorm");
        assert!(fit(&words, "norm|post attention") > fit(&words, "attention"));
        assert!(fit(&words, "attention") > 0);
        assert_eq!(fit(&words, "norm|post layernorm|tention"), 0);
    }

    #[test]
    fn a_name_can_give_the_order_of_its_parts() {
        for (name, parts, want) in [
            ("mlp.gate_up_proj", &["gate", "up|u"][..], Some(vec![0, 1])),
            ("mlp.up_gate", &["gate", "up|u"], Some(vec![1, 0])),
            ("mixer.fgc_proj", &["f", "c|i", "g"], Some(vec![0, 2, 1])),
            ("mixer.ifg", &["f", "c|i", "g"], Some(vec![1, 0, 2])),
            ("mixer.in_proj", &["f", "c|i", "g"], None),
        ] {
            assert_eq!(order(&words(name), parts), want, "{name}");
        }
    }

    #[test]
    fn blocks_are_found_by_their_numbers() {
        assert_eq!(numbered("h.3.attn.w"), Some(("h", 3, "attn.w")));
        assert_eq!(numbered("a.b.12.c"), Some(("a.b", 12, "c")));
        assert_eq!(numbered("layer_0.c.1.d"), Some(("layer_", 0, "c.1.d")));
        assert_eq!(numbered("heads.0"), None);
        assert_eq!(numbered("norm1.weight"), None);
    }
}
