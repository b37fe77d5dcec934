//! Normal forms of Unicode, which some tokenizers bring a text into first.

use std::borrow::Cow;

/// A normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Composed.
    Nfc,
    /// Decomposed.
    Nfd,
    /// Composed, with compatibility characters replaced.
    Nfkc,
    /// Decomposed, with compatibility characters replaced.
    Nfkd,
}

impl Form {
    const ALL: [Form; 4] = [Form::Nfc, Form::Nfd, Form::Nfkc, Form::Nfkd];

    /// The form of a name, as files write it.
    pub(super) fn named(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Its name, which is also JavaScript's.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Nfc => "NFC",
            Form::Nfd => "NFD",
            Form::Nfkc => "NFKC",
            Form::Nfkd => "NFKD",
        }
    }
}

/// What brings a text into a normal form. It comes from outside, because browsers have one of
/// their own, and its tables are large.
pub type Normalize = fn(&str, Form) -> String;

/// [`Normalize`] outside of browsers.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn normalize(text: &str, form: Form) -> String {
    use unicode_normalization::UnicodeNormalization;
    match form {
        Form::Nfc => text.nfc().collect(),
        Form::Nfd => text.nfd().collect(),
        Form::Nfkc => text.nfkc().collect(),
        Form::Nfkd => text.nfkd().collect(),
    }
}

/// The forms that a text is brought into, one after another.
#[derive(Debug)]
pub(super) struct Normalizer {
    pub(super) forms: Vec<Form>,
    pub(super) normalize: Normalize,
}

impl Normalizer {
    pub(super) fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for &form in &self.forms {
            // ASCII is in every normal form.
            if !text.is_ascii() {
                text = Cow::Owned((self.normalize)(&text, form));
            }
        }
        text
    }
}
