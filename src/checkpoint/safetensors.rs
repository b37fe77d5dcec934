//! The header of a safetensors file: eight bytes that tell its length, JSON that tells names, types, shapes and places,
//! then the tensors' data.
//!
//! The header becomes the [`Graph`] that the pickle of `{"config": …, "state_dict": {name: tensor}}` would be, so that
//! whatever is known of checkpoints holds for these files too: where a config may be, how codes are packed.
//!
//! The crate `safetensors` does not serve here: its `read_metadata` refuses a buffer that is not the whole file. Its type
//! of the header alone needs serde and serde_json, which the browser's file does without; our reader of JSON is there.

use super::contents::{self, CONFIG_KEYS, Contents, Flavour};
use super::dtype::{Dtype, Element};
use super::error::{Error, Result, shown};
use super::packed_groups::SHAPE_KEYS;
use super::pickle::{Graph, Id, MOST_DIMENSIONS, Node, RawTensor, Storage, Value};
use super::tensor::Source;
use super::zip::Entry;
use crate::decimal;
use crate::json::{self, Json};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The key of the header that is no tensor.
const METADATA: &str = "__metadata__";
/// Names and settings take some tens of kilobytes.
const LARGEST_HEADER: u64 = 16 << 20;
/// Bytes of a header's length.
const LENGTH: u64 = 8;

fn wrong(why: String) -> Box<Error> {
    Box::new(Error::Header(why))
}

/// Where the header of a file that begins like this is; `None` where it is a file of another format.
pub(super) fn header(head: &[u8], file_len: u64) -> Result<Option<Range<u64>>> {
    let Some((len, [b'{', ..])) = head.split_first_chunk() else {
        return Ok(None);
    };
    // No file is so long, and eight letters of a text would say so.
    if len[7] != 0 {
        return Ok(None);
    }
    let len = u64::from_le_bytes(*len);
    if len > file_len - LENGTH {
        return Err(wrong(format!(
            "has {len} bytes, and the file ends before them, at {file_len}; it is cut off. Download it again"
        )));
    }
    if len > LARGEST_HEADER {
        let what = format!(
            "The header of the safetensors file has {len} bytes, far more than names and settings need"
        );
        return Err(Error::TooMuch(what).into());
    }
    Ok(Some(LENGTH..LENGTH + len))
}

fn parse(header: &[u8]) -> Result<Json<'_>> {
    let explain = |json::Error { at, expected }| {
        wrong(format!("is damaged: at byte {at}, {expected} was expected. Download the file again"))
    };
    Json::read(header).map_err(explain)
}

/// A tensor as the header describes it.
struct Described<'j> {
    name: &'j str,
    dtype: Element<'j>,
    shape: Vec<u64>,
    /// Its bytes, counted from the end of the header.
    range: Range<u64>,
}

/// The type of this name in a header.
fn element(name: &str) -> Element<'_> {
    let torch = match name {
        "F64" => "float64",
        "F32" => "float32",
        "F16" => "float16",
        "BF16" => "bfloat16",
        "F8_E4M3" => "float8_e4m3fn",
        "F8_E5M2" => "float8_e5m2",
        "I64" => "int64",
        "I32" => "int32",
        "I16" => "int16",
        "I8" => "int8",
        "U8" => "uint8",
        "BOOL" => "bool",
        other => return Err(other),
    };
    Dtype::named(torch)
}

fn tensors<'j>(header: &'j Json<'_>) -> Result<Vec<Described<'j>>> {
    let numbers = |list: &Json<'_>| match list {
        Json::List(items) if items.len() <= MOST_DIMENSIONS => items.iter().map(whole).collect(),
        _ => None,
    };
    let mut tensors = Vec::with_capacity(header.entries().len());
    let mut names = HashSet::new();
    for (name, value) in header.entries() {
        if !names.insert(&**name) {
            return Err(Error::DuplicateTensor(shown(name)).into());
        }
        if name == METADATA {
            continue;
        }
        let shape: Option<Vec<u64>> = numbers(value.get("shape"));
        let range: Option<Vec<u64>> = numbers(value.get("data_offsets"));
        let (Some(dtype), Some(shape), Some(&[start, end])) =
            (value.get("dtype").text(), shape, range.as_deref())
        else {
            return Err(wrong(format!(
                "does not give the tensor '{}' a dtype, a shape of at most {MOST_DIMENSIONS} whole numbers, \
                 and two data_offsets; it is damaged. Download the file again",
                shown(name)
            )));
        };
        tensors.push(Described { name, dtype: element(dtype), shape, range: start..end });
    }
    Ok(tensors)
}

fn whole(json: &Json<'_>) -> Option<u64> {
    match json {
        Json::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// The bytes of each tensor, in the order of the file, and which of them belong to the description: the shapes of
/// packed tensors are tensors here.
pub(super) fn entries(header: &[u8], file_len: u64) -> Result<(Vec<Entry>, Vec<usize>)> {
    let json = parse(header)?;
    let mut tensors = tensors(&json)?;
    tensors.sort_by_key(|tensor| (tensor.range.start, tensor.range.end));
    let start = LENGTH + header.len() as u64;
    let data = file_len - start;
    let mut next = 0;
    for Described { name, dtype, shape, range } in &tensors {
        let name = || shown(name);
        if range.end > data {
            return Err(wrong(format!(
                "says that the tensor '{}' ends at byte {} of the data, and the file has {data}; it is cut off. \
                 Download it again",
                name(),
                range.end,
            )));
        }
        // The format has neither: this is the only sign of damage that it gives.
        if range.start != next || range.end < range.start {
            return Err(wrong(format!(
                "has the tensor '{}' at bytes {} to {} of the data, and the tensors before it end at {next}; \
                 it is damaged or made to mislead",
                name(),
                range.start,
                range.end,
            )));
        }
        next = range.end;
        let Ok(dtype) = dtype else {
            continue;
        };
        let need = shape.iter().try_fold(dtype.size(), |size, &side| size.checked_mul(side));
        let have = range.end - range.start;
        if need != Some(have) {
            return Err(wrong(format!(
                "gives the tensor '{}' {have} bytes, which {shape:?} values of {} do not fill; it is damaged or \
                 made to mislead",
                name(),
                dtype.name(),
            )));
        }
    }
    if next != data {
        return Err(wrong(format!(
            "describes {next} bytes of data, and the file has {data}; it is damaged. Download it again"
        )));
    }
    let small = (0..).zip(&tensors).filter(|(_, tensor)| is_shape(tensor)).map(|(index, _)| index);
    let small = small.collect();
    let entry = |Described { name, range, .. }: Described<'_>| {
        Entry::bare(name.to_owned(), start + range.start..start + range.end)
    };
    Ok((tensors.into_iter().map(entry).collect(), small))
}

/// Whether a tensor may be the shape of another, whose packed codes do not tell it.
fn is_shape(tensor: &Described<'_>) -> bool {
    let named = SHAPE_KEYS.iter().filter_map(|word| tensor.name.strip_suffix(word));
    let of_another = named.into_iter().any(|stem| stem.ends_with(['.', '_']));
    let sizes = 1..=MOST_DIMENSIONS as u64;
    of_another
        && tensor.dtype.is_ok_and(|dtype| !dtype.is_float())
        && matches!(tensor.shape[..], [len] if sizes.contains(&len))
}

/// Finds the model in a header, given the entries that it has and the bytes of those that belong to it.
pub(super) fn describe(
    header: &[u8],
    entries: &[Entry],
    small: &HashMap<usize, Vec<u8>>,
) -> Result<(Contents, Vec<Option<Source>>)> {
    let json = parse(header)?;
    let metadata = json.get(METADATA).entries();
    let metadata: Vec<(&str, Cow<'_, Json<'_>>)> =
        metadata.iter().map(|(key, value)| (&**key, meant(value))).collect();
    let places: HashMap<&str, usize> =
        entries.iter().enumerate().map(|(index, entry)| (&*entry.name, index)).collect();

    let mut nodes = Nodes(Vec::new());
    let mut root: Vec<(Id, Id)> = Vec::new();
    for (key, value) in &metadata {
        root.push((nodes.add(Node::Str(key)), nodes.json(value)));
    }
    if !metadata.iter().any(|(key, _)| CONFIG_KEYS.contains(key)) {
        // Its settings may be the metadata themselves, each as a text.
        let config = Node::Dict(root.clone());
        root.push((nodes.add(Node::Str("config")), nodes.add(config)));
    }
    let mut state = Vec::new();
    for tensor in tensors(&json)? {
        let bytes = places.get(tensor.name).and_then(|place| small.get(place));
        let key = nodes.add(Node::Str(tensor.name));
        state.push((key, nodes.tensor(tensor, bytes)));
    }
    root.push((nodes.add(Node::Str("state_dict")), nodes.add(Node::Dict(state))));
    let graph = nodes.graph(Node::Dict(root), header.len());
    let storage = |name: &str| places.get(name).map(|&index| (index, entries[index].size));
    let (contents, sources) = contents::describe(&graph, &storage)?;
    Ok((Contents { flavour: Flavour::Safetensors, ..contents }, sources))
}

/// What a value of the metadata says: they are texts, so a number is the text of one, in JSON or as Python's `str` writes
/// it.
fn meant<'j>(value: &'j Json<'j>) -> Cow<'j, Json<'j>> {
    let Some(text) = value.text() else {
        return Cow::Borrowed(value);
    };
    Cow::Owned(match text {
        "None" => Json::Null,
        "True" => Json::Bool(true),
        "False" => Json::Bool(false),
        text => Json::read(text.as_bytes()).unwrap_or(Json::Text(text.into())),
    })
}

/// The values of a graph in the making.
struct Nodes<'a>(Vec<Node<'a>>);

impl<'a> Nodes<'a> {
    fn add(&mut self, node: Node<'a>) -> Id {
        self.0.push(node);
        // A header has fewer bytes than there are ids.
        self.0.len() as Id - 1
    }

    fn json(&mut self, json: &'a Json<'_>) -> Id {
        let node = match json {
            Json::Null => Node::None,
            Json::Bool(value) => Node::Bool(*value),
            Json::Number(digits) => match (digits.parse(), decimal::parse(digits)) {
                (Ok(whole), _) => Node::Int(whole),
                (_, Some(number)) => Node::Float(number),
                (_, None) => Node::None,
            },
            Json::Text(text) => Node::Str(text),
            Json::List(items) => Node::List(items.iter().map(|item| self.json(item)).collect()),
            Json::Object(entries) => {
                let entries = entries.iter();
                Node::Dict(entries.map(|(k, v)| (self.add(Node::Str(k)), self.json(v))).collect())
            }
        };
        self.add(node)
    }

    /// A tensor; or a list of its values, where its bytes are given.
    fn tensor(&mut self, tensor: Described<'a>, bytes: Option<&Vec<u8>>) -> Id {
        let Described { name, dtype, shape, range } = tensor;
        let size = dtype.map_or(1, Dtype::size);
        if let Some(bytes) = bytes {
            let number = |value: &[u8]| {
                let number = value.iter().rev().fold(0, |n, &byte| n << 8 | i64::from(byte));
                Node::Int(number)
            };
            let values = bytes.chunks_exact(size as usize).map(|value| self.add(number(value)));
            let values = Node::List(values.collect());
            return self.add(values);
        }
        let mut strides = vec![1_u64; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
        }
        let len = (range.end - range.start) / size;
        let storage = Storage { key: name, inline: None, dtype: Some(dtype), len };
        let tensor = RawTensor { storage, dtype, offset: 0, shape, strides };
        self.add(Node::Tensor(Box::new(tensor)))
    }

    fn graph(mut self, root: Node<'a>, len: usize) -> Graph<'a> {
        let root = self.add(root);
        Graph::new(self.0, root, len)
    }
}

/// The settings that a JSON object is, as they would stand in a checkpoint.
///
/// # Errors
/// [`Error::Config`] where it is none.
pub fn config(text: &str) -> Result<Value, Error> {
    let explain = |json::Error { at, expected }| Error::Config { at, expected };
    let json = Json::read(text.as_bytes()).map_err(explain)?;
    if !matches!(json, Json::Object(_)) {
        return Err(Error::Config { at: 0, expected: "an object" });
    }
    let mut nodes = Nodes(Vec::new());
    let root = nodes.json(&json);
    let graph = Graph::new(nodes.0, root, text.len());
    Ok(graph.settings(Some(root)).0.unwrap_or(Value::None))
}
