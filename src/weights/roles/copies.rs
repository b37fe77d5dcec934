//! A file can hold a model twice: its weights as they were last, and their average over the training (EMA).

use super::names::{fit, split, words};
use super::phrases::AVERAGES;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// Which of a file's weights.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Copy {
    /// Those of the last step.
    #[default]
    Live,
    /// Their average over the training.
    Ema,
}

impl fmt::Display for Copy {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Copy::Live => "live",
            Copy::Ema => "ema",
        })
    }
}

impl FromStr for Copy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "live" => Ok(Copy::Live),
            "ema" => Ok(Copy::Ema),
            _ => Err("The weights of a file are its \"live\" or its \"ema\" ones."),
        }
    }
}

/// What is told apart by words of averages alone.
pub struct Copies {
    /// The average of each tensor that has one.
    pub average: HashMap<usize, usize>,
    /// Averages, with a tensor of the model or without.
    pub aside: Vec<usize>,
}

/// Words of wrappers, which differ between a model and its average.
const WRAPPERS: &str = "model|module|orig|mod|params|state|dict|weights|average|avg";

/// Finds the averages among a file's tensors, given by name and shape.
pub fn find(tensors: &[(usize, &str, &[usize])]) -> Copies {
    let words: Vec<String> = tensors.iter().map(|(_, name, _)| words(name)).collect();
    let is_average: Vec<bool> = words.iter().map(|words| fit(words, AVERAGES) > 0).collect();
    let mut copies = Copies { average: HashMap::new(), aside: Vec::new() };
    if !is_average.contains(&true) {
        return copies;
    }
    // Some write the names of averages without any dots.
    let key = |words: &str| {
        let kept = split(words, b' ')
            .into_iter()
            .filter(|word| *word != "." && fit(word, WRAPPERS) == 0 && fit(word, AVERAGES) == 0);
        let key: String = kept.collect();
        key.strip_suffix("weight").map_or(key.clone(), String::from)
    };
    let mut live = HashMap::new();
    for (place, words) in words.iter().enumerate().filter(|(place, _)| !is_average[*place]) {
        live.insert((key(words), tensors[place].2), tensors[place].0);
    }
    for (place, words) in words.iter().enumerate().filter(|(place, _)| is_average[*place]) {
        let (index, _, shape) = tensors[place];
        copies.aside.push(index);
        if let Some(of) = live.get(&(key(words), shape)) {
            copies.average.insert(*of, index);
        }
    }
    if copies.average.is_empty() && copies.aside.len() > live.len() {
        // The average alone: then it is the model.
        copies.aside.clear();
    }
    copies
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_are_told_by_their_words_and_go_with_what_they_are_of() {
        let names = [
            "model.blocks.0.norm1.weight",
            "model.norm.weight",
            "ema_model.module.blocks.0.norm1.weight",
            "model_ema.blocks0norm1weight",
            "ema.shadow.norm.weight",
            "ema.other",
        ];
        let tensors: Vec<_> = (0..).zip(names).map(|(i, name)| (i, name, &[24][..])).collect();
        let copies = find(&tensors);
        assert_eq!(copies.aside, [2, 3, 4, 5]);
        assert_eq!(copies.average, HashMap::from([(0, 3), (1, 4)]));
        assert!(find(&tensors[..2]).aside.is_empty());
        assert!(find(&tensors[2..]).aside.is_empty());
    }
}
