//! Cutting a text into the pieces within which tokens are merged.
//!
//! The patterns are those that byte-level tokenizers share, written as code: a regular expression
//! engine with its tables would be several times the size of everything else here.

use super::letters::is_letter;

/// How a text is cut, one step after another.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    pub(super) steps: Vec<Step>,
}

/// One way to cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// GPT-2's pattern.
    Words,
    /// The pattern of cl100k, Llama 3 and Qwen: numbers in groups of at most so many digits.
    WordsAndLines { digits: usize },
    /// Numbers on their own, or every digit.
    Digits { single: bool },
    /// A space before every piece that has none.
    PrefixSpace,
}

/// GPT-2's pattern, as files write it.
pub(super) const WORDS: &str =
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
/// What the patterns of cl100k and its like begin and end with; numbers stand between.
pub(super) const LINES: (&str, &str) = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|",
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
);

impl Splitter {
    /// Hands over the pieces of a text in order.
    pub(super) fn split(&self, text: &str, take: &mut dyn FnMut(&str)) {
        if !text.is_empty() {
            run(&self.steps, text, take);
        }
    }
}

fn run(steps: &[Step], text: &str, take: &mut dyn FnMut(&str)) {
    let Some((step, rest)) = steps.split_first() else {
        return take(text);
    };
    if *step == Step::PrefixSpace {
        return match text.starts_with(' ') {
            true => run(rest, text, take),
            false => run(rest, &format!(" {text}"), take),
        };
    }
    let mut left = text;
    while !left.is_empty() {
        let len = match step {
            Step::Words => words(left),
            Step::WordsAndLines { digits } => words_and_lines(left, *digits),
            Step::Digits { single } => digits(left, *single),
            Step::PrefixSpace => left.len(),
        };
        let (piece, after) = left.split_at(len);
        run(rest, piece, take);
        left = after;
    }
}

/// Bytes of the characters that `is` holds for, from the start of a text.
fn span(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is(c)).unwrap_or(text.len())
}

fn first(text: &str) -> Option<char> {
    text.chars().next()
}

fn is_other(c: char) -> bool {
    !c.is_whitespace() && !is_letter(c) && !c.is_numeric()
}

/// Length of a contraction such as `'re`, in any case if `any_case`.
fn contraction(text: &str, any_case: bool) -> Option<usize> {
    let after = text.strip_prefix('\'')?;
    let tail = ["s", "t", "re", "ve", "m", "ll", "d"].into_iter().find(|tail| {
        after.get(..tail.len()).is_some_and(|start| match any_case {
            true => start.eq_ignore_ascii_case(tail),
            false => start == *tail,
        })
    });
    // Of the letters beyond ASCII, the long s alone folds to one of these.
    let long_s = any_case && after.starts_with('ſ');
    tail.map(|tail| 1 + tail.len()).or(long_s.then_some(1 + 'ſ'.len_utf8()))
}

/// `\s+(?!\S)|\s+`: white space up to the character before the next word.
fn space(text: &str) -> usize {
    let all = span(text, char::is_whitespace);
    let last = text[..all].chars().next_back().map_or(0, char::len_utf8);
    match all == text.len() || all == last {
        true => all,
        false => all - last,
    }
}

/// Length of the piece that a text begins with, by [`WORDS`].
fn words(text: &str) -> usize {
    if let Some(len) = contraction(text, false) {
        return len;
    }
    let gap = usize::from(text.starts_with(' '));
    let word = &text[gap..];
    for is in [is_letter, char::is_numeric as fn(char) -> bool, is_other] {
        if first(word).is_some_and(is) {
            return gap + span(word, is);
        }
    }
    space(text)
}

/// Length of the piece that a text begins with, by [`LINES`] with numbers of so many digits.
fn words_and_lines(text: &str, digits: usize) -> usize {
    if let Some(len) = contraction(text, true) {
        return len;
    }
    let Some(c) = first(text) else { return 0 };
    // A word, perhaps behind one character that is none.
    let lead = match is_letter(c) || c.is_numeric() || c == '\r' || c == '\n' {
        true => 0,
        false => c.len_utf8(),
    };
    if first(&text[lead..]).is_some_and(is_letter) {
        return lead + span(&text[lead..], is_letter);
    }
    if c.is_numeric() {
        let number = text.char_indices().take_while(|(_, c)| c.is_numeric());
        let last = number.take(digits).last();
        return last.map_or(0, |(at, c)| at + c.len_utf8());
    }
    let gap = usize::from(c == ' ');
    let is_break = |c| c == '\r' || c == '\n';
    let others = span(&text[gap..], is_other);
    if others > 0 {
        let end = gap + others;
        return end + span(&text[end..], is_break);
    }
    // White space up to its last line break, if it has one.
    let all = span(text, char::is_whitespace);
    match text[..all].rfind(is_break) {
        Some(at) => at + 1,
        None => space(text),
    }
}

/// Length of the number, or of what is none, that a text begins with.
fn digits(text: &str, single: bool) -> usize {
    match first(text) {
        Some(c) if c.is_numeric() && single => c.len_utf8(),
        Some(c) if c.is_numeric() => span(text, char::is_numeric),
        _ => span(text, |c| !c.is_numeric()),
    }
}
