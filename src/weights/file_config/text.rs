//! Settings that a file keeps as text: JSON, YAML, or what Python prints of an object.

use crate::checkpoint::Value;
use crate::json::Json;

/// Longer texts are no settings.
const LONGEST: usize = 1 << 18;
const DEEPEST: usize = 16;

/// Settings in a text or in the bytes of one. Only JSON counts anywhere; other texts have to be where settings are.
pub(super) fn parse(value: &Value, named: bool) -> Option<Value> {
    let text = match value {
        Value::Str(text) => text,
        Value::Bytes(bytes) => str::from_utf8(bytes).ok()?,
        _ => return None,
    };
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if text.starts_with('{')
        && let Ok(json) = Json::read(text.as_bytes())
    {
        return Some(from_json(&json));
    }
    if !named || !text.contains([':', '=']) {
        return None;
    }
    // Namespace(dim=32, heads=4), {'dim': 32}
    let printed = !text.contains('\n') && text.ends_with([')', '}']);
    let lines = match printed {
        true => text.split(['(', ')', '{', '}', ',']).map(str::trim).collect(),
        false => text.lines().collect::<Vec<_>>(),
    };
    Some(outline(&lines, &mut 0, 0, 0))
}

/// JSON as a pickle would have it.
fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::None,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(digits) => scalar(digits),
        Json::Text(text) => Value::Str(text.to_string()),
        Json::List(items) => Value::List(items.iter().map(from_json).collect()),
        Json::Object(entries) => {
            let entries = entries.iter();
            Value::Dict(entries.map(|(k, v)| (Value::Str(k.to_string()), from_json(v))).collect())
        }
    }
}

/// Lines of keys and values, nested by their indents.
fn outline(lines: &[&str], at: &mut usize, indent: usize, depth: usize) -> Value {
    let mut entries = Vec::new();
    while let Some(line) = lines.get(*at) {
        let text = line.trim_start();
        let own = line.len() - text.len();
        if own < indent && !text.is_empty() {
            break;
        }
        *at += 1;
        let split = text.find([':', '=']).filter(|_| !text.starts_with(['#', '-', '!']));
        let Some(split) = split else {
            continue;
        };
        let quotes = |text: &str| text.trim().trim_matches(['\'', '"']).to_owned();
        let key = Value::Str(quotes(&text[..split]));
        let rest = &text[split + 1..];
        let rest = rest.split(" #").next().unwrap_or("").trim().trim_end_matches(',');
        // A tag of YAML's is no value.
        let value = if rest.is_empty() || rest.starts_with('!') {
            let next = lines[*at..].iter().find(|line| !line.trim().is_empty());
            let deeper = next.map_or(0, |line| line.len() - line.trim_start().len());
            match deeper > own && depth < DEEPEST {
                true => outline(lines, at, deeper, depth + 1),
                false => Value::None,
            }
        } else {
            scalar(&quotes(rest))
        };
        entries.push((key, value));
    }
    Value::Dict(entries)
}

/// What a word stands for, in JSON, YAML and Python.
fn scalar(word: &str) -> Value {
    match word {
        "null" | "~" | "None" => return Value::None,
        "true" | "True" => return Value::Bool(true),
        "false" | "False" => return Value::Bool(false),
        _ => {}
    }
    let int = word.parse().map(Value::Int);
    int.or_else(|_| word.parse().map(Value::Float)).unwrap_or_else(|_| Value::Str(word.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_all_kinds_are_the_same_settings() {
        let text = |text: &str| Value::Str(text.into());
        let dict = |entries: &[(&str, Value)]| {
            Value::Dict(entries.iter().map(|(k, v)| (text(k), v.clone())).collect())
        };
        let inner = dict(&[("heads", Value::Int(4)), ("eps", Value::Float(1e-6))]);
        let nested =
            dict(&[("model", inner.clone()), ("name", text("a")), ("window", Value::None)]);
        for (written, want) in [
            (r#"{"model": {"heads": 4, "eps": 1e-6}, "name": "a", "window": null}"#, &nested),
            ("# ours\nmodel:\n  heads: 4  # four\n\n  eps: 1e-6\nname: 'a'\nwindow: ~\n", &nested),
            (
                "---\nmodel: !!python/object:m.C\n    heads: 4\n    eps: 1e-06\nname: a\nwindow:\n",
                &nested,
            ),
            ("heads = 4\neps = 1e-6", &inner),
            ("Namespace(heads=4, eps=1e-06)", &inner),
            ("{'heads': 4, 'eps': 1e-06}", &inner),
        ] {
            assert_eq!(parse(&text(written), true).as_ref(), Some(want), "{written}");
        }
        let bytes = Value::Bytes(br#"{"heads": 4, "eps": 1e-6}"#.to_vec());
        assert_eq!(parse(&bytes, false), Some(inner));
        assert_eq!(parse(&text("heads: 4"), false), None);
        assert_eq!(parse(&text("a small model"), true), None);
    }
}
