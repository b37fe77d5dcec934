//! Packed ternary tensors: codes, a scale and a shape, in the three forms that files give them.
//!
//! - A dict for each tensor: `{"packed", "scale", "shape"}`.
//! - Side by side: `<name>.packed`, `<name>.scale` and `<name>.shape`, or with `_` instead of the dot.
//! - Tables: all codes in one dict by the tensors' names, all scales in another, all shapes in a third.
//! - `<name>.weight` of bytes beside a `weight_scale`, as Hugging Face has them: its shape tells that of the weights.
//!
//! Weights of eight bits that have scales beside them are met here too.
//! [`members`] walks through a container and gives groups of every form alike.

use super::dtype::Dtype;
use super::pickle::{Graph, Id, Node};
use std::borrow::Cow;
use std::collections::HashMap;

#[rustfmt::skip]
const PACKED_KEYS: [&str; 6] = [
    "packed", "packed_weight", "packed_weights", "weight_packed", "codes", "qweight",
];
#[rustfmt::skip]
const SCALE_KEYS: [&str; 8] = [
    "scale", "scales", "gamma", "gammas", "alpha", "alphas", "weight_scale", "weight_scales",
];
/// What stands beside a `weight` of eight bits.
#[rustfmt::skip]
const WEIGHT_SCALES: [&str; 6] = [
    "weight_scale", "weight.scale", "scale", "scales", "weight_scales", "weight_scale_inv",
];
#[rustfmt::skip]
pub(super) const SHAPE_KEYS: [&str; 8] = [
    "shape", "shapes", "size", "original_shape", "orig_shape", "weight_shape", "weight_shapes",
    "dims",
];

/// A packed tensor is a dict of three items and an optimizer's state one of two; both may have a
/// few more, and larger dicts are not looked through for it.
pub(super) const MOST_GROUP_ITEMS: usize = 16;

/// Longest name of a tensor.
pub(super) const LONGEST_NAME: usize = 512;

/// What stands for a packed tensor.
pub(super) struct Group {
    pub(super) packed: Id,
    pub(super) scale: Id,
    /// Looked up by the tensor's name where it is not beside the others.
    pub(super) shape: Option<Id>,
    /// The dict of its own, where it has one, which may declare how it is packed.
    pub(super) dict: Option<Id>,
}

/// What stands in a container, under its key or place.
pub(super) enum Member<'g> {
    /// A packed tensor, or what it lacks.
    Group(Cow<'g, str>, Result<Group, &'static str>),
    /// A tensor and its scales, and what these are to be divided by.
    Scaled(Cow<'g, str>, Id, Id, f32),
    /// Anything else, with its key where it has one.
    Value(Cow<'g, str>, Option<Id>, Id),
}

/// Everything in a container; first what its tables hold.
pub(super) fn members<'g>(
    graph: &'g Graph<'_>,
    id: Id,
    tables: Option<&Tables>,
) -> impl Iterator<Item = Member<'g>> {
    let mut beside = side_by_side(graph, id);
    let skipped: Vec<Id> = tables.iter().flat_map(|tables| tables.all()).collect();
    let of_tables = tables.map_or_else(Vec::new, |tables| tables.groups(graph));
    let others = graph.children(id).enumerate();
    let others = others.filter_map(move |(place, (key, value))| {
        let name = match key.map(|key| graph.node(key)) {
            Some(Node::Str(text)) => Cow::Borrowed(*text),
            Some(Node::Int(number)) => number.to_string().into(),
            Some(_) => return None,
            None => place.to_string().into(),
        };
        if skipped.contains(&value) {
            return None;
        }
        match beside.remove(&place) {
            Some(Part::Codes(name, group)) => return Some(Member::Group(name.into(), Ok(group))),
            Some(Part::Scaled(scale, divisor)) => {
                return Some(Member::Scaled(name, value, scale, divisor));
            }
            Some(Part::Other) => return None,
            None => {}
        }
        Some(match Group::of(graph, value) {
            Some(group) => Member::Group(name, group),
            None => Member::Value(name, key, value),
        })
    });
    of_tables.into_iter().chain(others)
}

impl Group {
    /// The group that a dict is, if it holds packed codes: by its keys, or under keys that are not known
    /// by what it is made of.
    pub(super) fn of(graph: &Graph<'_>, dict: Id) -> Option<Result<Self, &'static str>> {
        if graph.items(dict).len() > MOST_GROUP_ITEMS {
            return None;
        }
        let only = |fits: &dyn Fn(Id) -> bool| {
            let mut fitting = graph.items(dict).iter().map(|item| item.1).filter(|&id| fits(id));
            fitting.next().filter(|_| fitting.next().is_none())
        };
        let is_scale = |id| match graph.node(id) {
            Node::Float(_) => true,
            Node::Tensor(tensor) => tensor.dtype.is_ok_and(Dtype::is_float),
            _ => false,
        };
        let named = graph.find(dict, &PACKED_KEYS).filter(|&id| is_bytes(graph, id));
        let packed = named.or_else(|| only(&|id| is_bytes(graph, id)))?;
        let scale = graph.find(dict, &SCALE_KEYS).or_else(|| only(&is_scale));
        let shape = graph.find(dict, &SHAPE_KEYS).or_else(|| only(&|id| graph.sizes(id).is_some()));
        if named.is_none() && !looks_packed(graph, packed, scale?, shape?) {
            return None;
        }
        let Some(scale) = scale else {
            return Some(Err("it has packed codes but no 'scale'"));
        };
        Some(Ok(Group { packed, scale, shape, dict: Some(dict) }))
    }
}

/// Whether bytes could be the codes of a tensor of this shape, at four weights a byte and few scales.
fn looks_packed(graph: &Graph<'_>, packed: Id, scale: Id, shape: Id) -> bool {
    let numel = |sizes: &[u64]| sizes.iter().fold(1_u64, |n, &size| n.saturating_mul(size));
    let tensor_len = |id| match graph.node(id) {
        Node::Tensor(tensor) => numel(&tensor.shape),
        _ => 1,
    };
    let len = graph.sizes(shape).map_or(0, |sizes| numel(&sizes));
    let bytes = tensor_len(packed);
    bytes < len && bytes >= len.div_ceil(4) && tensor_len(scale) <= len / 2
}

/// The dicts of a model whose codes, scales and shapes are each kept by the tensors' names.
pub(super) struct Tables {
    pub(super) packed: Id,
    scales: Id,
    shapes: Option<Id>,
}

impl Tables {
    /// The tables that a dict holds, if it holds a table of packed codes.
    pub(super) fn of(graph: &Graph<'_>, dict: Id) -> Option<Self> {
        if graph.items(dict).len() > MOST_GROUP_ITEMS {
            return None;
        }
        // The first item tells: looking at all, wherever a large table is referred to, would take long.
        let packed = graph.find(dict, &PACKED_KEYS)?;
        let first = graph.items(packed).first()?;
        is_bytes(graph, first.1).then_some(Tables {
            packed,
            scales: graph.find(dict, &SCALE_KEYS)?,
            shapes: graph.find(dict, &SHAPE_KEYS),
        })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Id> {
        [self.packed, self.scales].into_iter().chain(self.shapes)
    }

    fn groups<'g>(&self, graph: &'g Graph<'_>) -> Vec<Member<'g>> {
        let mut scales = graph.by_name(self.scales);
        let shapes = self.shapes.map(|shapes| graph.by_name(shapes));
        let shape = |name: &str| shapes.as_ref()?.get(name).copied();
        let mut groups = Vec::new();
        for &(key, packed) in graph.items(self.packed) {
            let Some(name) = graph.text(key) else {
                continue;
            };
            let group = |scale| Group { packed, scale, shape: shape(name), dict: None };
            let group = scales.remove(name).map(group);
            let group = group.ok_or("it has packed codes but no scale");
            groups.push(Member::Group(name.into(), group));
        }
        if let Some(&name) = scales.keys().min() {
            groups.push(Member::Group(name.into(), Err("it has a scale but no packed codes")));
        }
        groups
    }
}

/// What an item of a dict is in a group whose parts stand side by side.
enum Part<'g> {
    /// The codes, and what they belong to, by its name.
    Codes(&'g str, Group),
    /// Weights with scales, and what these are to be divided by.
    Scaled(Id, f32),
    /// Nothing of its own.
    Other,
}

/// The places of a dict's items that belong to groups side by side.
fn side_by_side<'g>(graph: &'g Graph<'_>, dict: Id) -> HashMap<usize, Part<'g>> {
    let items = graph.items(dict);
    let name = |key| graph.text(key).filter(|name| name.len() < LONGEST_NAME);
    // The longest word leaves the shortest stem.
    let stem = |name: &'g str| {
        let stems = PACKED_KEYS.iter().filter_map(|word| name.strip_suffix(word));
        let stems = stems.filter(|stem| stem.ends_with(['.', '_']));
        let stem = stems.min_by_key(|stem| stem.len());
        stem.filter(|stem| stem.len() > 1)
    };
    // Weights of eight bits in a matrix.
    let is_narrow = |id| match graph.node(id) {
        Node::Tensor(tensor) => {
            tensor.shape.len() > 1 && tensor.dtype.is_ok_and(|dtype| dtype.size() == 1)
        }
        _ => false,
    };
    let narrow: Vec<(usize, &str)> = (0..)
        .zip(items)
        .filter(|(_, (_, value))| is_narrow(*value))
        .filter_map(|(place, (key, _))| Some((place, name(*key)?.strip_suffix("weight")?)))
        .collect();
    let packed: Vec<(usize, &str)> = (0..)
        .zip(items)
        .filter(|(_, (_, value))| is_bytes(graph, *value))
        .filter_map(|(place, (key, _))| Some((place, stem(name(*key)?)?)))
        .collect();
    let mut members = HashMap::new();
    if packed.is_empty() && narrow.is_empty() {
        return members;
    }
    let keys = (0..).zip(items);
    let places: HashMap<&str, usize> =
        keys.filter_map(|(place, (key, _))| Some((name(*key)?, place))).collect();
    let sibling = |stem: &str, words: &[&str]| {
        let mut names = words.iter().map(|word| format!("{stem}{word}"));
        names.find_map(|name| places.get(&*name).copied())
    };
    for (place, stem) in narrow {
        // By bitsandbytes, the scales are the greatest of each row, of 127.
        let (scale, divisor) = match (sibling(stem, &WEIGHT_SCALES), sibling(stem, &["SCB"])) {
            (Some(scale), _) => (scale, 1.0),
            (None, Some(scale)) => (scale, 127.0),
            (None, None) => continue,
        };
        let (packed, of) = (items[place].1, items[scale].1);
        let part = match is_bytes(graph, packed) {
            true => {
                let group = Group { packed, scale: of, shape: None, dict: None };
                Part::Codes(name(items[place].0).unwrap_or(stem), group)
            }
            false => Part::Scaled(of, divisor),
        };
        members.insert(scale, Part::Other);
        members.insert(place, part);
    }
    for (place, stem) in packed {
        let Some(scale) = sibling(stem, &SCALE_KEYS) else {
            continue;
        };
        let shape = sibling(stem, &SHAPE_KEYS);
        members.insert(scale, Part::Other);
        members.extend(shape.map(|shape| (shape, Part::Other)));
        let group = Group {
            packed: items[place].1,
            scale: items[scale].1,
            shape: shape.map(|shape| items[shape].1),
            dict: None,
        };
        members.insert(place, Part::Codes(&stem[..stem.len() - 1], group));
    }
    members
}

fn is_bytes(graph: &Graph<'_>, id: Id) -> bool {
    matches!(graph.node(id), Node::Tensor(tensor) if tensor.dtype == Ok(Dtype::U8))
}
