//! A reader of JSON (RFC 8259): tokenizers, configs, headers, name maps. It keeps what these need and is a tenth of the
//! size, in a browser's download, of a reader for every type.

use std::borrow::Cow;

/// How deep lists and objects may be nested.
const DEEPEST: usize = 128;

/// Where a text is no JSON, and what was expected there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Error {
    /// The byte where it is not.
    pub(crate) at: usize,
    /// What was expected there.
    pub(crate) expected: &'static str,
}

/// A value. Texts without escapes, and numbers, are borrowed from the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    /// As it is written.
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    /// In its own order; of a key that occurs twice, the later value counts.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// The value of a whole file.
    ///
    /// # Errors
    /// Where it is none.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, Error> {
        let input = str::from_utf8(file)
            .map_err(|error| Error { at: error.valid_up_to(), expected: "UTF-8 text" })?;
        let mut parser = Parser { input, at: 0 };
        let value = parser.value(0)?;
        match parser.peek() {
            None => Ok(value),
            Some(_) => parser.refuse("nothing more"),
        }
    }

    /// The value under a key, null where there is none.
    pub(crate) fn get(&self, key: &str) -> &Json<'a> {
        let entries = self.entries().iter().rev();
        let mut found = entries.filter(|(name, _)| name == key);
        found.next().map_or(&Json::Null, |(_, value)| value)
    }

    /// The keys and values of an object, none of anything else.
    pub(crate) fn entries(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Json::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The values of a list, none of anything else.
    pub(crate) fn items(&self) -> &[Json<'a>] {
        match self {
            Json::List(items) => items,
            _ => &[],
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Whether it is this truth value.
    pub(crate) fn is(&self, value: bool) -> bool {
        *self == Json::Bool(value)
    }
}

struct Parser<'a> {
    input: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn refuse<T>(&self, expected: &'static str) -> Result<T, Error> {
        let at = self.at;
        Err(Error { at, expected })
    }

    fn byte(&self) -> Option<u8> {
        self.input.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
        self.byte()
    }

    /// Skips bytes, and returns how many.
    fn skip(&mut self, is: fn(u8) -> bool) -> usize {
        let rest = &self.input.as_bytes()[self.at..];
        let count = rest.iter().position(|&byte| !is(byte));
        let count = count.unwrap_or(rest.len());
        self.at += count;
        count
    }

    /// Takes a byte if it is the next one.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, Error> {
        if depth > DEEPEST {
            return self.refuse("less nesting");
        }
        match self.peek() {
            Some(b'{') => {
                let mut entries = Vec::new();
                self.list(b'}', |parser| {
                    if parser.peek() != Some(b'"') {
                        return parser.refuse("a key in quotes");
                    }
                    let key = parser.text()?;
                    if parser.peek() != Some(b':') {
                        return parser.refuse("a colon");
                    }
                    parser.at += 1;
                    entries.push((key, parser.value(depth + 1)?));
                    Ok(())
                })?;
                // Room for four, which one of one has, would be many times the text that it stands for.
                entries.shrink_to_fit();
                Ok(Json::Object(entries))
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.list(b']', |parser| {
                    items.push(parser.value(depth + 1)?);
                    Ok(())
                })?;
                items.shrink_to_fit();
                Ok(Json::List(items))
            }
            Some(b'"') => self.text().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Json::Number),
            _ => {
                let words = [
                    ("null", Json::Null),
                    ("true", Json::Bool(true)),
                    ("false", Json::Bool(false)),
                ];
                let rest = &self.input[self.at..];
                let mut found = words.into_iter().filter(|(word, _)| rest.starts_with(word));
                let Some((word, value)) = found.next() else {
                    return self.refuse("a value");
                };
                self.at += word.len();
                Ok(value)
            }
        }
    }

    /// What stands between brackets, with commas between.
    fn list(
        &mut self,
        end: u8,
        mut one: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.at += 1;
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            one(self)?;
            self.peek();
            if self.take(end) {
                return Ok(());
            }
            if !self.take(b',') {
                return self.refuse("a comma or a closing bracket");
            }
        }
    }

    fn number(&mut self) -> Result<&'a str, Error> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(&self.input[start..self.at])
    }

    fn digits(&mut self) -> Result<(), Error> {
        match self.skip(|byte| byte.is_ascii_digit()) {
            0 => self.refuse("a digit"),
            _ => Ok(()),
        }
    }

    fn text(&mut self) -> Result<Cow<'a, str>, Error> {
        self.at += 1;
        let mut text = Cow::Borrowed("");
        loop {
            let start = self.at;
            self.skip(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20));
            text += &self.input[start..self.at];
            if self.take(b'"') {
                return Ok(text);
            }
            if !self.take(b'\\') {
                return self.refuse("the end of a text");
            }
            text.to_mut().push(self.escaped()?);
        }
    }

    /// The character that an escape behind its backslash stands for.
    fn escaped(&mut self) -> Result<char, Error> {
        let c = match self.byte() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.refuse("an escape"),
        };
        self.at += 1;
        Ok(c)
    }

    /// `uXXXX`, or two of them for a character that UTF-16 writes in two.
    fn unicode(&mut self) -> Result<char, Error> {
        let mut code = self.unit()?;
        if (0xd800..0xdc00).contains(&code) && self.take(b'\\') {
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x1_0000 + ((code - 0xd800) << 10 | (low - 0xdc00));
            }
        }
        char::from_u32(code).map_or_else(|| self.refuse("a whole character"), Ok)
    }

    fn unit(&mut self) -> Result<u32, Error> {
        let digits = self.input.get(self.at + 1..self.at + 5);
        let is_hex = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let unit = digits.filter(is_hex).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match unit.filter(|_| self.byte() == Some(b'u')) {
            Some(unit) => {
                self.at += 5;
                Ok(unit)
            }
            None => self.refuse("an escape"),
        }
    }
}

// In browsers there is nothing to compare with.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    /// Ours as serde_json has it, numbers by their own reading of the same digits.
    fn value(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(b) => (*b).into(),
            Json::Number(digits) => serde_json::from_str(digits).unwrap(),
            Json::Text(text) => text.as_ref().into(),
            Json::List(items) => items.iter().map(value).collect(),
            Json::Object(entries) => {
                let entries = entries.iter();
                entries.map(|(k, v)| (k.to_string(), value(v))).collect()
            }
        }
    }

    fn compare(text: &[u8]) {
        let want = serde_json::from_slice::<Value>(text);
        match (Json::read(text), want) {
            (Ok(got), Ok(want)) => assert_eq!(value(&got), want),
            (Err(_), Err(_)) => {}
            // Numbers that no f64 holds are none of our business here: nothing reads them as one.
            (Ok(_), Err(error)) if error.to_string().starts_with("number out of range") => {}
            (got, want) => panic!("{}: {got:?}, {want:?}", String::from_utf8_lossy(text)),
        }
    }

    #[test]
    fn every_kind_of_value_is_read_as_serde_json_reads_it() {
        for text in [
            "null",
            " [true, false ,null]\r\n\t",
            r#"{"a": {"b": []}, "c": {}, "a": 2}"#,
            "-0.25e-3",
            "1E+9",
            r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00 é😀""#,
        ] {
            assert!(Json::read(text.as_bytes()).is_ok(), "{text}");
            compare(text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_json_is_refused_where_it_is_wrong() {
        for (text, at) in [
            ("", 0),
            ("<html>", 0),
            ("[1,]", 3),
            (r#"{"a" 1}"#, 5),
            ("{a: 1}", 1),
            ("01", 1),
            ("-", 1),
            ("1.", 2),
            ("nul", 0),
            ("[] x", 3),
            ("\"\n\"", 1),
            (r#""\x""#, 2),
            (r#""\ud83d""#, 7),
            (r#""\ud83d\u0041""#, 13),
            (r#""\u+123""#, 2),
            ("\"\u{e9}", 3),
        ] {
            compare(text.as_bytes());
            match Json::read(text.as_bytes()) {
                Err(Error { at: found, .. }) => assert_eq!(found, at, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
        compare(b"\"\xff\"");
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::read(deep(100).as_bytes()).is_ok());
        assert!(Json::read(deep(100_000).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_judged_as_serde_json_judges_it(
            text in r#"([\[\]{}:,"\\ u01d8eE.+-]|null|true|\\u[dD][89cC][0-9a-f]{2}|"a")*"#,
        ) {
            compare(text.as_bytes());
        }

        #[test]
        fn what_serde_json_writes_is_read_again(
            texts in prop::collection::vec(any::<String>(), 0..8),
            numbers in prop::collection::vec(any::<i64>(), 0..8),
        ) {
            compare(serde_json::json!({"texts": texts, "numbers": numbers}).to_string().as_bytes());
        }
    }
}
