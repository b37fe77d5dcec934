//! Tokens that are looked for in a text as a whole, before it is cut into pieces.

use super::error::Error;
use super::letters::is_word;
use crate::model::Symbol;

/// A token that is no part of the vocabulary that was learnt, such as `<mask>`.
#[derive(Debug)]
pub(super) struct Added {
    pub(super) content: Box<str>,
    pub(super) id: Symbol,
    /// Not found within a word.
    pub(super) single_word: bool,
    /// White space before it, and after it, belongs to it.
    pub(super) lstrip: bool,
    pub(super) rstrip: bool,
}

/// What takes a piece of a text, and the token behind it.
type Take<'a> = dyn FnMut(&str, Option<Symbol>) -> Result<(), Error> + 'a;

/// Hands over a text as what is before each token, with the token, and at last what is left, with
/// none. The first of `added` that fits at a place is taken.
pub(super) fn find(added: &[Added], text: &str, take: &mut Take) -> Result<(), Error> {
    // Where the text begins that is not handed over yet, where the search is, and up to where
    // there is known to be white space: it is looked at once, however many tokens are in it.
    let (mut from, mut at, mut blank) = (0, 0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let Some(token) = added.iter().find(|token| rest.starts_with(&*token.content)) else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let start = at;
        at += token.content.len();
        let after = &text[at..];
        if token.single_word && (text[..start].ends_with(is_word) || after.starts_with(is_word)) {
            continue;
        }
        // The token before may have taken this place with its white space.
        let mut between = text.get(from..start).unwrap_or_default();
        if token.lstrip {
            between = between.trim_end();
        }
        from = at;
        if token.rstrip {
            if blank < at {
                blank = text.len() - after.trim_start().len();
            }
            from = blank;
        }
        take(between, Some(token.id))?;
    }
    take(&text[from..], None)
}
