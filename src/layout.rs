//! Text laid out by words ([spec](crate::spec) §2): every word begins at offset 1 of a patch, so that a word is the same
//! patches wherever it stands.
//!
//! The byte before a word (a space, a quote) stands at offset 0, and fill bytes take what is left of the
//! patch before. Fill bytes are no part of a text: [`Writer`] puts them in, and whoever shows a text leaves
//! them out ([`Layout::is_fill`]).

use crate::config::Layout;
use crate::model::Symbol;
use crate::trace::Place;

/// Bytes of a patch of a model that reads text laid out.
const PATCH: usize = 4;

/// Whether a byte belongs to a word by itself: letters, digits, and all of a character beyond ASCII.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 128
}

/// The latest byte of a text, as long as the next decides where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    byte: u8,
    /// The byte before it; none at the beginning of the text.
    before: Option<u8>,
}

/// Lays out a text, byte after byte.
#[derive(Clone, Debug)]
pub struct Writer {
    fill: u8,
    /// Bytes written so far, fill bytes included.
    written: usize,
    /// The byte of the text that was written last.
    last: Option<u8>,
    held: Option<Held>,
}

impl Writer {
    /// At the beginning of a text.
    pub fn new(fill: u8) -> Self {
        Writer { fill, written: 0, last: None, held: None }
    }

    /// Takes the next byte of the text, and hands on what is settled.
    pub fn push(&mut self, byte: u8, mut out: impl FnMut(u8)) {
        match (self.held.take(), is_word(byte)) {
            (None, true) => {
                if self.last.is_none() {
                    self.put_fill(&mut out);
                }
                self.put(byte, &mut out);
            }
            (Some(held), true) => {
                let within = held.byte == b'\'' && held.before.is_some_and(is_word);
                if !within {
                    self.fill_patch(&mut out);
                }
                self.put(held.byte, &mut out);
                self.put(byte, &mut out);
            }
            (held, false) => {
                if let Some(held) = held {
                    self.put(held.byte, &mut out);
                }
                let before = self.last;
                self.held = Some(Held { byte, before });
            }
        }
    }

    /// Ends the text.
    pub fn finish(mut self, mut out: impl FnMut(u8)) {
        if let Some(held) = self.held.take() {
            self.put(held.byte, &mut out);
        }
    }

    /// Stops within a text that goes on: after white space, and after what follows white space, a word is
    /// expected.
    pub fn pause(mut self, mut out: impl FnMut(u8)) {
        if let Some(held) = self.held.take() {
            let opens = |byte: u8| byte.is_ascii_whitespace();
            if opens(held.byte) || held.before.is_none_or(opens) {
                self.fill_patch(&mut out);
            }
            self.put(held.byte, &mut out);
        }
    }

    fn put(&mut self, byte: u8, out: &mut impl FnMut(u8)) {
        out(byte);
        self.written += 1;
        self.last = Some(byte);
    }

    fn put_fill(&mut self, out: &mut impl FnMut(u8)) {
        out(self.fill);
        self.written += 1;
    }

    fn fill_patch(&mut self, out: &mut impl FnMut(u8)) {
        while !self.written.is_multiple_of(PATCH) {
            self.put_fill(out);
        }
    }
}

/// Whether a text is all there, or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It ends here.
    Whole,
    /// Somebody is to go on from here.
    Open,
}

impl Layout {
    /// Whether a symbol fills a patch and is no part of the text.
    pub fn is_fill(self, symbol: Symbol) -> bool {
        self == Layout::Words { fill: symbol as u8 } && symbol < 256
    }

    /// Which symbols of the text a unit holds whose first is at `start`.
    pub fn place(self, unit: &[Symbol], start: isize) -> Place {
        let filled = (0..unit.len()).filter(|&i| self.is_fill(unit[i]));
        let fills = filled.fold(0u8, |fills, i| fills | 1 << i);
        Place { start, length: unit.len() - fills.count_ones() as usize, fills }
    }

    /// A text as a model reads it.
    ///
    /// # Errors
    /// With the place of the first byte that cannot stand in such a text: a fill byte.
    pub fn lay(self, text: &[Symbol], end: End) -> Result<Vec<Symbol>, usize> {
        let Layout::Words { fill } = self else {
            return Ok(text.to_vec());
        };
        if let Some(at) = text.iter().position(|&symbol| self.is_fill(symbol)) {
            return Err(at);
        }
        let mut laid = Vec::with_capacity(text.len() + text.len() / 2);
        let mut out = |byte| laid.push(Symbol::from(byte));
        let mut writer = Writer::new(fill);
        text.iter().for_each(|&symbol| writer.push(symbol as u8, &mut out));
        match end {
            End::Whole => writer.finish(&mut out),
            End::Open => writer.pause(&mut out),
        }
        Ok(laid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Layout = Layout::Words { fill: b'_' };

    #[test]
    fn a_text_with_fill_bytes_is_refused() {
        let text = [7, u32::from(b'_')];
        assert_eq!(WORDS.lay(&text, End::Whole), Err(1));
        assert_eq!(Layout::Plain.lay(&text, End::Whole), Ok(text.to_vec()));
    }

    #[test]
    fn any_bytes_come_back() {
        let mut seed = 1u32;
        for length in 0..300 {
            let text: Vec<Symbol> = (0..length)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let common = b" a'Z0\"\n\xc3";
                    match seed >> 31 {
                        0 => Symbol::from(common[(seed >> 20) as usize % common.len()]),
                        _ => (seed >> 20) % 255 + 1,
                    }
                })
                .collect();
            let layout = Layout::Words { fill: 0 };
            for end in [End::Whole, End::Open] {
                let mut laid = layout.lay(&text, end).unwrap();
                let starts = |at: usize| is_word(laid[at] as u8);
                for at in 0..laid.len() {
                    let after_word = at > 0 && (starts(at - 1) || laid[at - 1] == u32::from(b'\''));
                    assert!(!starts(at) || after_word || at % PATCH == 1, "{laid:?}");
                }
                laid.retain(|&symbol| !layout.is_fill(symbol));
                assert_eq!(laid, text);
            }
        }
    }
}
