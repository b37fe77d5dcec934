//! What a person says about names.

use crate::checkpoint::shown;
use crate::json::{self, Json};
use std::collections::BTreeMap;

/// What a person says about roles, as JSON ([spec](crate::spec) §3): `"role": "tensor"`, or `"tensor[a:b]"` for rows
/// of one; `"role": null` for one that is not there; `"ro.": "ten."` for all whose names begin so; and
/// `"ignore": ["pattern", …]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameMap {
    /// Role → tensor. One that ends with a dot is the beginning of roles.
    roles: BTreeMap<String, Option<String>>,
    ignored: Vec<String>,
}

/// Why a text is no name map.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MapError {
    /// It is no JSON.
    #[error("The name map is not JSON: at byte {at} there should be {expected}.")]
    Json {
        /// Where.
        at: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// It is no object.
    #[error("The name map is not a JSON object, {{\"role\": \"tensor\"}}.")]
    NoObject,
    /// A role has neither a tensor nor null.
    #[error("In the name map the value of {} is no text; a role has a tensor's name, or null where the \
        model does not have it.", shown(.0))]
    NoText(String),
    /// What is to be ignored is no list of texts.
    #[error("In the name map \"ignore\" is not a list of names.")]
    NoList,
}

impl NameMap {
    /// A map that says nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a map's JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &[u8]) -> Result<Self, MapError> {
        let json = Json::read(text)
            .map_err(|json::Error { at, expected }| MapError::Json { at, expected })?;
        let Json::Object(entries) = &json else {
            return Err(MapError::NoObject);
        };
        let mut map = NameMap::new();
        for (key, value) in entries {
            match value {
                Json::List(patterns) if key == "ignore" => {
                    for pattern in patterns {
                        map.ignored.push(pattern.text().ok_or(MapError::NoList)?.into());
                    }
                }
                _ if key == "ignore" => return Err(MapError::NoList),
                Json::Text(tensor) => map.insert(key.to_string(), tensor.to_string()),
                Json::Null => _ = map.roles.insert(key.to_string(), None),
                _ => return Err(MapError::NoText(key.to_string())),
            }
        }
        Ok(map)
    }

    /// Gives a role a tensor.
    pub fn insert(&mut self, role: String, tensor: String) {
        self.roles.insert(role, Some(tensor));
    }

    /// Roles with their tensors.
    pub(super) fn given(&self) -> impl Iterator<Item = (&String, &String)> {
        let given = self.roles.iter().filter(|(role, _)| !role.ends_with('.'));
        given.filter_map(|(role, tensor)| Some((role, tensor.as_ref()?)))
    }

    /// Whether it says that the model does not have a role.
    pub(super) fn denies(&self, role: &str) -> bool {
        let said = |at: &str| self.roles.get(at).map(Option::is_none);
        said(role).unwrap_or_else(|| {
            let ends = (0..role.len()).rev().filter(|&at| role.as_bytes()[at] == b'.');
            ends.map(|at| &role[..=at]).find_map(said).unwrap_or(false)
        })
    }

    /// A tensor's name with its beginning replaced by that of the role.
    pub(super) fn renamed(&self, name: &str) -> Option<String> {
        let rules = self.roles.iter().filter(|(role, _)| role.ends_with('.'));
        let rest = |(role, tensor): (&String, &Option<String>)| {
            let rest = name.strip_prefix(tensor.as_ref()?)?;
            Some((rest.len(), [role, rest].concat()))
        };
        rules.filter_map(rest).min().map(|(_, name)| name)
    }

    /// Whether a tensor is to be left alone.
    pub(super) fn ignores(&self, name: &str) -> bool {
        self.ignored.iter().any(|pattern| matches(pattern.as_bytes(), name.as_bytes()))
    }
}

impl FromIterator<(String, String)> for NameMap {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(entries: T) -> Self {
        let roles = entries.into_iter().map(|(role, tensor)| (role, Some(tensor))).collect();
        NameMap { roles, ignored: Vec::new() }
    }
}

/// Whether a name is as a pattern has it, in which `*` stands for anything.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // The last star, and what it stands for so far.
    let mut star = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p) == Some(&name[n]) {
            (p, n) = (p + 1, n + 1);
        } else if let Some((at, end)) = star {
            star = Some((at, end + 1));
            (p, n) = (at + 1, end + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_from_json() {
        let text = br#"{"a.b": "x", "c": null, "d.": "e.f.", "d.g.": "e.", "h.": null, "ignore": ["ema*", "z"]}"#;
        let map = NameMap::read(text).unwrap();
        assert_eq!(map.given().collect::<Vec<_>>(), [(&"a.b".into(), &"x".into())]);
        assert!(map.denies("c") && map.denies("h.i.j") && !map.denies("a.b") && !map.denies("d.c"));
        assert_eq!(map.renamed("e.f.1").unwrap(), "d.1");
        assert_eq!(map.renamed("e.2").unwrap(), "d.g.2");
        assert_eq!(map.renamed("x"), None);
        assert!(map.ignores("ema_model.a") && map.ignores("z") && !map.ignores("zz"));
    }

    #[test]
    fn what_is_no_map_gets_a_sentence() {
        for (text, said) in [
            ("{", "at byte 1"),
            ("[]", "not a JSON object"),
            (r#"{"a": 1}"#, "value of a"),
            (r#"{"ignore": "x"}"#, "not a list"),
            (r#"{"ignore": [1]}"#, "not a list"),
        ] {
            let error = NameMap::read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, name, want) in [
            ("*", "", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("*.k_cache", "blocks.0.k_cache", true),
            ("*a*b*", "xxaxxbxx", true),
            ("a", "ab", false),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), want, "{pattern} {name}");
        }
    }
}
