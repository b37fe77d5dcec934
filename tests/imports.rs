//! Who may import whom: the files of `src/` have no circles, a module imports only those that stand
//! before it in [`ORDER`], and of browsers only `web` knows. Tests within files are left out.
#![cfg(not(target_arch = "wasm32"))]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules of the crate, each behind all that it may import.
const ORDER: [&str; 19] = [
    "decimal",
    "json",
    "dialect",
    "config",
    "runs",
    "math",
    "parallel",
    "kernels",
    "checkpoint",
    "model",
    "weights",
    "trace",
    "layout",
    "passes",
    "sample",
    "generate",
    "score",
    "probe",
    "tokenizer",
];

/// Files by their modules' paths, each with its code: no comments, no tests.
type Files = BTreeMap<String, String>;
/// What each file imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn code(text: &str) -> String {
    let text = text.split("mod tests {").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next());
    lines.flatten().collect::<Vec<_>>().join("\n")
}

fn files(folder: &Path, at: &str, files: &mut Files) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let module = format!("{at}::{name}");
        if path.is_dir() {
            self::files(&path, &module, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let module = match name {
                "lib" | "mod" => at.to_owned(),
                _ => module,
            };
            files.insert(module, code(&fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The crate's files; its programs import it as others do.
fn source() -> Files {
    let mut all = Files::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "crate", &mut all);
    all.retain(|module, _| !module.starts_with("crate::bin"));
    all
}

/// All paths of a text, as `a::{b, c::d}` has `a::b` and `a::c::d`.
fn paths(text: &str) -> Vec<String> {
    let (mut paths, mut word, mut open) = (Vec::new(), String::new(), Vec::<String>::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ':' if chars.peek() == Some(&':') => {
                chars.next();
                word += "::";
            }
            '{' if word.ends_with("::") || !open.is_empty() => {
                let outer = open.last().cloned().unwrap_or_default();
                open.push(outer + &std::mem::take(&mut word));
            }
            c if c.is_alphanumeric() || c == '_' => word.push(c),
            _ => {
                let outer = open.last().map_or("", |outer| outer);
                if !word.is_empty() {
                    paths.push(format!("{outer}{}", std::mem::take(&mut word)));
                }
                if c == '}' {
                    open.pop();
                }
            }
        }
    }
    paths.push(word);
    paths
}

/// The file that a path within a module leads to, if it is one of the crate's.
fn target(path: &str, module: &str, files: &Files) -> Option<String> {
    // Alone, as in `pub(super)`, a word is no path.
    path.contains("::").then_some(())?;
    let mut at = module.to_owned();
    let mut rest = path.split("::").peekable();
    match *rest.peek()? {
        "crate" => at = rest.next()?.to_owned(),
        "self" => _ = rest.next(),
        "super" => {}
        // A module of this one.
        child if files.contains_key(&format!("{at}::{child}")) => {}
        _ => return None,
    }
    while rest.next_if_eq(&"super").is_some() {
        at.truncate(at.rfind("::")?);
    }
    for name in rest {
        let below = format!("{at}::{name}");
        if !files.contains_key(&below) {
            break;
        }
        at = below;
    }
    (at != module).then_some(at)
}

fn imports(files: &Files) -> Imports {
    let of = |(module, code): (&String, &String)| {
        let paths = paths(code);
        let targets = paths.iter().filter_map(|path| target(path, module, files));
        (module.clone(), targets.collect())
    };
    files.iter().map(of).collect()
}

/// The files on circles, and between two circles: what is left when those that import nothing that is left
/// are taken away, and those that nothing that is left imports.
fn circles(imports: &Imports) -> Vec<&str> {
    let mut left: BTreeSet<&String> = imports.keys().collect();
    let is_end = |module: &String, left: &BTreeSet<&String>| {
        let imports_left = imports[module].iter().any(|other| left.contains(other));
        !imports_left || !left.iter().any(|other| imports[*other].contains(module))
    };
    while let Some(end) = left.iter().copied().find(|module| is_end(module, &left)) {
        left.remove(end);
    }
    left.into_iter().map(String::as_str).collect()
}

/// An import of a module that stands later in the order, or of one that has no place in it.
fn backwards(imports: &Imports, order: &[&str]) -> Option<String> {
    let module = |path: &str| path.split("::").nth(1).unwrap_or_default().to_owned();
    let place = |path: &str| order.iter().position(|name| *name == module(path));
    let all = imports.iter().filter(|(from, _)| *from != "crate" && module(from) != "web");
    let mut pairs = all.flat_map(|(from, to)| to.iter().map(move |to| (from, to)));
    let found = pairs.find(|(from, to)| place(to).is_none() || place(to) > place(from));
    found.map(|(from, to)| format!("{from} imports {to}"))
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    let imports = imports(&source());
    assert!(imports.values().map(BTreeSet::len).sum::<usize>() > 150);
    assert!(circles(&imports).is_empty(), "{:?}", circles(&imports));
}

#[test]
fn modules_import_only_those_before_them() {
    assert_eq!(backwards(&imports(&source()), &ORDER), None);
}

#[test]
fn only_web_knows_of_browsers() {
    for (module, code) in source() {
        let knows = ["js_sys", "web_sys", "wasm_bindgen::"].map(|name| code.contains(name));
        assert!(module == "crate::web" || !knows.contains(&true), "{module}");
    }
}

/// Files as [`source`] gives them, from modules and their text.
fn small(files: &[(&str, &str)]) -> Files {
    let file = |(module, text): &(&str, &str)| (module.to_string(), code(text));
    files.iter().map(file).collect()
}

#[test]
fn imports_of_every_form_are_found() {
    let files = small(&[
        ("crate::a", "use crate::{b, c::{self, C}};\nuse std::fmt;\nmod tests { use super::x; }"),
        ("crate::b", "// crate::d\nfn f() -> crate::c::C { one::two() }"),
        ("crate::b::one", "use super::super::d::D;"),
        ("crate::c", ""),
        ("crate::d", "fn f() {}\n#[cfg(test)]\nmod tests { use crate::a; }"),
    ]);
    let imports = imports(&files);
    let of = |module: &str| imports[module].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(of("crate::a"), ["crate::b", "crate::c"]);
    assert_eq!(of("crate::b"), ["crate::b::one", "crate::c"]);
    assert_eq!(of("crate::b::one"), ["crate::d"]);
    assert!(of("crate::c").is_empty() && of("crate::d").is_empty());
    assert!(circles(&imports).is_empty(), "{:?}", circles(&imports));
    assert_eq!(backwards(&imports, &["d", "c", "b", "a"]), None);
}

#[test]
fn circles_and_backward_imports_are_found() {
    let files = small(&[
        ("crate::a", "use crate::b::B;"),
        ("crate::b", "pub use one::B;"),
        ("crate::b::one", "use super::two;"),
        ("crate::b::two", "use super::B;"),
    ]);
    let imports = imports(&files);
    assert_eq!(circles(&imports), ["crate::b", "crate::b::one", "crate::b::two"]);
    let found = backwards(&imports, &["a", "b"]);
    assert_eq!(found.as_deref(), Some("crate::a imports crate::b"));
    assert!(backwards(&imports, &["a"]).is_some());
}
