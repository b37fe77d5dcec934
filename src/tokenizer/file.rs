//! What a `tokenizer.json` says.

use super::added::Added;
use super::encode::Tokenizer;
use super::error::Error;
use super::merge::Merges;
use super::normal::{Form, Normalize, Normalizer};
use super::split::{LINES, Splitter, Step, WORDS};
use crate::json::{self, Json};
use crate::model::Symbol;
use std::collections::HashMap;

/// Ids end here: far above any vocabulary, and a table of them fits into memory.
const MOST_TOKENS: Symbol = 1 << 20;
/// Most added tokens: each is looked for at every place of a text.
const MOST_ADDED: usize = 4096;

impl Tokenizer {
    /// Reads a `tokenizer.json`.
    ///
    /// # Errors
    /// When it is not one, or asks for something that is not supported.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        Self::read_with(json, super::normal::normalize)
    }

    /// Reads a `tokenizer.json`; if it asks for normal forms of texts, these are had by `normalize`.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_with(json: &[u8], normalize: Normalize) -> Result<Self, Error> {
        let file = Json::read(json)
            .map_err(|json::Error { at, expected }| Error::Json { at, expected })?;
        let model = file.get("model");
        let kind = model.get("type").text().unwrap_or("BPE");
        if kind != "BPE" {
            return Err(unsupported("model", kind, "BPE"));
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix", "dropout"] {
            let value = model.get(key);
            let nothing = match value {
                Json::Null => true,
                Json::Text(text) => text.is_empty(),
                Json::Number(digits) => is_zero(digits),
                _ => false,
            };
            if !nothing {
                let found = format!("one with a {key} of {}", short(value));
                return Err(unsupported("model", &found, "none of that"));
            }
        }

        for key in ["byte_fallback", "fuse_unk"] {
            if model.get(key).is(true) {
                let found = format!("one with {key}");
                return Err(unsupported("model", &found, "none of that"));
            }
        }

        let alphabet = Alphabet::new();
        let mut tokens = Tokens::default();
        let mut vocabulary: HashMap<&str, Symbol> = HashMap::new();
        let entries = model.get("vocab").entries();
        if entries.is_empty() {
            return Err(missing("model.vocab", "object of tokens and ids"));
        }
        for (text, value) in entries {
            let id = id(value, "model.vocab")?;
            if place(&mut tokens, id).replace(alphabet.bytes(text)).is_some() {
                return Err(Error::DuplicateId(id));
            }
            vocabulary.insert(text, id);
        }
        let whole = model.get("ignore_merges").is(true).then(|| {
            let all = vocabulary.iter();
            all.map(|(text, &id)| (alphabet.bytes(text), id)).collect()
        });
        let unknown = model.get("unk_token").text();
        let merges = merges(model.get("merges"), &vocabulary)?;
        let of_byte =
            alphabet.letters.map(|c| vocabulary.get(&*c.encode_utf8(&mut [0; 4])).copied());
        let mut forms = Vec::new();
        normalizer(file.get("normalizer"), &mut forms)?;
        let normalizer = Normalizer { forms, normalize };
        let [added, added_normal] = added(file.get("added_tokens"), &mut tokens, &normalizer)?;
        let (opening, closing) = special(file.get("post_processor"))?;
        let unknown = unknown.and_then(|text| vocabulary.get(text).copied());
        // What a text can need: all but the tokens that are there only because they were added.
        let mut is_added = vec![false; tokens.len()];
        for token in added.iter().chain(&added_normal) {
            is_added[token.id as usize] = true;
        }
        let learnt = vocabulary.values().copied().filter(|&id| !is_added[id as usize]);
        let bytes = of_byte.iter().flatten().copied();
        let needed = learnt.chain(bytes).chain(merges.results()).chain(unknown);
        let highest = needed.chain(opening.iter().copied()).max().unwrap_or_default();
        Ok(Tokenizer {
            of_byte,
            merges,
            whole,
            added,
            added_normal,
            splitter: Splitter { steps: steps(file.get("pre_tokenizer"))? },
            opening,
            closing,
            unknown,
            normalizer,
            highest,
            beyond: Vec::new(),
            bytes: tokens.into_iter().map(Option::unwrap_or_default).collect(),
        })
    }
}

/// The letters by which files write bytes: printable ones of Latin-1 as they are, the others in
/// their order from U+0100 on.
struct Alphabet {
    letters: [char; 256],
    /// The byte of each letter.
    bytes: [Option<u8>; LETTERS_END],
}

/// Letters are below: U+0100 and the 68 bytes of Latin-1 that are not printable.
const LETTERS_END: usize = 0x100 + 68;

impl Alphabet {
    fn new() -> Self {
        let mut next = 0x100;
        let letters = std::array::from_fn(|byte| {
            let printable = matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
            let code = if printable { byte as u32 } else { next };
            next += u32::from(!printable);
            char::from_u32(code).unwrap_or_default()
        });
        let mut bytes = [None; LETTERS_END];
        for (letter, byte) in letters.into_iter().zip(0..=255) {
            bytes[letter as usize] = Some(byte);
        }
        Alphabet { letters, bytes }
    }

    /// What a token says; one that is not written in these letters says its own text.
    fn bytes(&self, text: &str) -> Box<[u8]> {
        let byte = |c: char| self.bytes.get(c as usize).copied().flatten();
        let bytes: Option<Box<[u8]>> = text.chars().map(byte).collect();
        bytes.unwrap_or_else(|| text.as_bytes().into())
    }
}

/// What tokens say, by id.
type Tokens = Vec<Option<Box<[u8]>>>;

/// Where it stands what a token says.
fn place(tokens: &mut Tokens, id: Symbol) -> &mut Option<Box<[u8]>> {
    let index = id as usize;
    tokens.resize(tokens.len().max(index + 1), None);
    &mut tokens[index]
}

/// Merges, each `"left right"` or `["left", "right"]`.
fn merges(value: &Json, vocabulary: &HashMap<&str, Symbol>) -> Result<Merges, Error> {
    let Json::List(list) = value else {
        return Err(missing("model.merges", "list of merges"));
    };
    let mut merges = Merges::default();
    for (number, merge) in list.iter().enumerate() {
        let pair = match merge {
            Json::Text(text) => text.split_once(' '),
            Json::List(pair) => match &pair[..] {
                [left, right] => left.text().zip(right.text()),
                _ => None,
            },
            _ => None,
        };
        let known = pair.and_then(|(left, right)| {
            let becomes = vocabulary.get(&*format!("{left}{right}"))?;
            Some((*vocabulary.get(left)?, *vocabulary.get(right)?, *becomes))
        });
        let (left, right, becomes) = known.ok_or(Error::Merge { number })?;
        merges.push(left, right, becomes);
    }
    Ok(merges)
}

/// The tokens that are looked for in a text as it is, and those in its normal form; of both the
/// longest first, and of several with one content a special one. One that the vocabulary has
/// already keeps its id.
fn added(
    value: &Json,
    tokens: &mut Tokens,
    normalizer: &Normalizer,
) -> Result<[Vec<Added>; 2], Error> {
    let list = value.items();
    if list.len() > MOST_ADDED {
        let found = format!("{} in number", list.len());
        return Err(unsupported("list of added tokens", &found, "up to 4096"));
    }
    let mut added = [Vec::new(), Vec::new()];
    for is_special in [true, false] {
        for token in list.iter().filter(|token| token.get("special").is(true) == is_special) {
            let at = "added_tokens";
            let content = token.get("content").text();
            let content = content.filter(|content| !content.is_empty());
            let content = content.ok_or_else(|| missing(at, "token with a content"))?;
            let id = id(token.get("id"), at)?;
            *place(tokens, id) = Some(content.as_bytes().into());
            let is_normal = token.get("normalized").is(true);
            let content = if is_normal { normalizer.apply(content) } else { content.into() };
            added[usize::from(is_normal)].push(Added {
                content: content.into(),
                id,
                single_word: token.get("single_word").is(true),
                lstrip: token.get("lstrip").is(true),
                rstrip: token.get("rstrip").is(true),
            });
        }
    }
    for added in &mut added {
        added.sort_by_key(|added: &Added| std::cmp::Reverse(added.content.len()));
    }
    Ok(added)
}

/// The normal forms that texts are brought into.
fn normalizer(value: &Json, forms: &mut Vec<Form>) -> Result<(), Error> {
    let kind = value.get("type").text();
    match kind {
        None if *value == Json::Null => {}
        Some("Sequence") => {
            for part in value.get("normalizers").items() {
                normalizer(part, forms)?;
            }
        }
        _ => {
            let form = kind.and_then(Form::named);
            let supported = "NFC, NFD, NFKC, NFKD or none";
            let refuse = || unsupported("normalizer", kind.unwrap_or("unnamed"), supported);
            forms.push(form.ok_or_else(refuse)?);
        }
    }
    Ok(())
}

const PRE_TOKENIZERS: &str = "ByteLevel, alone or in a Sequence after Split and Digits";

/// The steps by which a text is cut; the bytes of what they leave are merged.
fn steps(value: &Json) -> Result<Vec<Step>, Error> {
    let parts = parts(value, "pretokenizers");
    let refuse = |found: &str| Err(unsupported("pre-tokenizer", found, PRE_TOKENIZERS));
    let mut steps = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let is_last = number + 1 == parts.len();
        match part.get("type").text() {
            Some("ByteLevel") if is_last => {
                if part.get("add_prefix_space").is(true) {
                    steps.push(Step::PrefixSpace);
                }
                if !part.get("use_regex").is(false) {
                    steps.push(Step::Words);
                }
            }
            Some("Digits") if !is_last => {
                steps.push(Step::Digits { single: part.get("individual_digits").is(true) })
            }
            Some("Split") if !is_last => steps.push(pattern(part)?),
            Some(other) => return refuse(other),
            None => return refuse("missing"),
        }
    }
    match parts.is_empty() {
        true => refuse("empty"),
        false => Ok(steps),
    }
}

/// The pattern of a `Split`; known are those that byte-level tokenizers share.
fn pattern(split: &Json) -> Result<Step, Error> {
    const SUPPORTED: &str = "that of GPT-2, cl100k, Llama 3 or Qwen 2, isolated";
    let regex = split.get("pattern").get("Regex");
    let isolated =
        split.get("behavior").text() == Some("Isolated") && !split.get("invert").is(true);
    let shown = short(regex);
    let regex = regex.text().unwrap_or_default();
    let numbers = regex.strip_prefix(LINES.0).and_then(|rest| rest.strip_suffix(LINES.1));
    match (isolated, regex, numbers) {
        (true, WORDS, _) => Ok(Step::Words),
        (true, _, Some(r"\p{N}{1,3}")) => Ok(Step::WordsAndLines { digits: 3 }),
        (true, _, Some(r"\p{N}")) => Ok(Step::WordsAndLines { digits: 1 }),
        _ => Err(unsupported("splitting pattern", &shown, SUPPORTED)),
    }
}

/// The special tokens that are put before a text, and those behind it.
fn special(value: &Json) -> Result<(Vec<Symbol>, Vec<Symbol>), Error> {
    let (mut opening, mut closing) = (Vec::new(), Vec::new());
    for part in parts(value, "processors") {
        match part.get("type").text() {
            None if *part == Json::Null => {}
            Some("ByteLevel") => {}
            Some("RobertaProcessing") => {
                for (key, ids) in [("cls", &mut opening), ("sep", &mut closing)] {
                    let of_pair = part.get(key).items().get(1).unwrap_or(&Json::Null);
                    ids.push(id(of_pair, "post_processor")?);
                }
            }
            Some("TemplateProcessing") => {
                let mut ids = &mut opening;
                for item in part.get("single").items() {
                    let Some(name) = item.get("SpecialToken").get("id").text() else {
                        ids = &mut closing;
                        continue;
                    };
                    let values = part.get("special_tokens").get(name).get("ids");
                    for value in values.items() {
                        ids.push(id(value, "post_processor.special_tokens")?);
                    }
                }
            }
            other => {
                let found = other.unwrap_or("unnamed");
                let supported = "ByteLevel, TemplateProcessing, RobertaProcessing or none";
                return Err(unsupported("post-processor", found, supported));
            }
        }
    }
    Ok((opening, closing))
}

/// The parts of a `Sequence`, which it has under `key`; anything else is one part.
fn parts<'v, 'a>(value: &'v Json<'a>, key: &str) -> &'v [Json<'a>] {
    match value.get("type").text() {
        Some("Sequence") => value.get(key).items(),
        _ => std::slice::from_ref(value),
    }
}

fn id(value: &Json, at: &str) -> Result<Symbol, Error> {
    let id = match value {
        Json::Number(digits) => digits.parse().ok().filter(|&id| id < MOST_TOKENS),
        _ => None,
    };
    id.ok_or_else(|| missing(at, "id below 1,048,576 for every token"))
}

/// Whether a number is 0, however it is written.
fn is_zero(digits: &str) -> bool {
    let exponent = digits.find(['e', 'E']).unwrap_or(digits.len());
    !digits[..exponent].contains(|c| matches!(c, '1'..='9'))
}

fn missing(at: &str, expected: &'static str) -> Error {
    Error::Field { at: at.into(), expected }
}

fn unsupported(part: &'static str, found: &str, supported: &'static str) -> Error {
    Error::Unsupported { part, found: found.chars().take(100).collect(), supported }
}

/// A value as an error shows it.
fn short(value: &Json) -> String {
    let text = match value {
        Json::Text(text) => text,
        Json::Number(digits) => *digits,
        _ => "something else",
    };
    text.chars().take(80).collect()
}
