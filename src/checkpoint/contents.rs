//! What a checkpoint holds: which of its values are the model's tensors, the settings, the step.
//!
//! The authors' key names are unpublished, so the state dict is found by what it is: the dict (of
//! dicts) that holds the weight tensors. Starting at the top, the search walks down as long as a
//! dict has no weights of its own and one of its values clearly is the model; what an optimizer,
//! a scheduler or a random generator left beside it is counted and not read.

use super::dtype::{Dtype, Element};
use super::error::{Error, Result, shown};
use super::packing::Declared;
use super::pickle::{DEEPEST, Graph, Id, Node, RawTensor, Value};
use super::tensor::{Scale, Source, View};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A step file with its optimizer has some hundreds.
const MOST_TENSORS: usize = 1 << 14;
const LONGEST_NAME: usize = 512;
/// More than all weights of the largest run in float32; keeps one storage in a browser's reach.
const LARGEST_STORAGE: u64 = 256 << 20;

/// Keys under which trainers keep the model, best first.
const MODEL_KEYS: [&str; 11] = [
    "state_dict",
    "model_state_dict",
    "state",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "parameters",
];
/// Keys under which trainers keep the settings, best first.
const CONFIG_KEYS: [&str; 7] = [
    "config",
    "cfg",
    "model_config",
    "hparams",
    "hyper_parameters",
    "model_args",
    "args",
];
const STEP_KEYS: [&str; 4] = ["step", "global_step", "iteration", "iter"];

const PACKED_KEYS: [&str; 6] = [
    "packed",
    "packed_weight",
    "packed_weights",
    "weight_packed",
    "codes",
    "qweight",
];
const SCALE_KEYS: [&str; 8] = [
    "scale",
    "scales",
    "gamma",
    "gammas",
    "alpha",
    "alphas",
    "weight_scale",
    "weight_scales",
];
const SHAPE_KEYS: [&str; 8] = [
    "shape",
    "shapes",
    "size",
    "original_shape",
    "orig_shape",
    "weight_shape",
    "weight_shapes",
    "dims",
];
/// Keys under which a file says how its codes are packed, apart from their tensors.
const PACKING_KEYS: [&str; 7] = [
    "packing",
    "pack",
    "pack_config",
    "quantization",
    "quantization_config",
    "quant_config",
    "compact",
];

/// A packed tensor is a dict of three items and an optimizer's state one of two; both may have a
/// few more, and larger dicts are not looked through for it.
const MOST_GROUP_ITEMS: usize = 16;

/// The flavours of [spec](crate::spec) §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Plain tensors, most often float32, and a config.
    Unpacked,
    /// Ternary tensors packed at two bits a weight.
    Compact2Bit,
    /// A stage of training: plain tensors, and perhaps an optimizer's state.
    Step,
}

/// How a tensor's values are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Encoding {
    /// 32-bit floats.
    F32,
    /// IEEE 16-bit floats.
    F16,
    /// bfloat16.
    Bf16,
    /// 64-bit floats, which are rounded to 32 bits when read.
    F64,
    /// Two bits a weight and one scale.
    Ternary,
    /// Integers or booleans, by torch's name of the type.
    Int(&'static str),
    /// Something that cannot be read, by torch's name; selecting it is an error.
    Other(String),
}

/// A tensor of the model, before its values are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Keys on the way from the state dict to the tensor, joined by dots.
    pub name: String,
    /// Sizes of its dimensions; empty for a single number.
    pub shape: Vec<usize>,
    /// How its values are stored.
    pub encoding: Encoding,
}

/// What a checkpoint holds besides the tensors' values.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// Which kind of file it is.
    pub flavour: Flavour,
    /// The settings the model was built with, most often a [`Value::Dict`].
    pub config: Option<Value>,
    /// The training step it was written at.
    pub step: Option<u64>,
    /// The model's tensors, in the order of the state dict.
    pub tensors: Vec<TensorInfo>,
    /// Tensors that are not the model's: an optimizer's state and the like.
    pub skipped_tensors: usize,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::F64 => "float64",
            Self::Ternary => "ternary",
            Self::Int(name) => name,
            Self::Other(name) => name,
        })
    }
}

impl fmt::Display for Flavour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unpacked => "unpacked",
            Self::Compact2Bit => "compact_2bit",
            Self::Step => "step",
        })
    }
}

impl Encoding {
    fn of(element: Element<'_>) -> Self {
        match element {
            Ok(Dtype::F32) => Self::F32,
            Ok(Dtype::F16) => Self::F16,
            Ok(Dtype::Bf16) => Self::Bf16,
            Ok(Dtype::F64) => Self::F64,
            Ok(integer) => Self::Int(integer.name()),
            Err(name) => Self::Other(shown(name)),
        }
    }
}

/// Where the archive keeps a storage: the index of its entry and its size in bytes, by key.
pub(super) type Storages<'s> = dyn Fn(&str) -> Option<(usize, u64)> + 's;

/// Finds the model in the values of a pickle, and checks every tensor against its storage.
pub(super) fn describe(
    graph: &Graph<'_>,
    storages: &Storages<'_>,
) -> Result<(Contents, Vec<Option<Source>>)> {
    let mut search = Search {
        graph,
        weights: vec![None; graph.values()],
    };
    let trail = search.descend()?;
    let state = trail[trail.len() - 1];

    // The settings and the step are beside the model or above it.
    let beside = |keys: &[&str]| {
        keys.iter()
            .find_map(|key| trail.iter().find_map(|&dict| find(graph, dict, &[key])))
    };
    let config = beside(&CONFIG_KEYS).filter(|&id| !matches!(graph.node(id), Node::None));

    let mut declared = Declared::default();
    let packings = trail.iter().copied().chain(config);
    let packings = packings.filter_map(|dict| find(graph, dict, &PACKING_KEYS));
    let of_config = config.iter().map(|&config| (config, false));
    let of_codes = trail
        .iter()
        .copied()
        .chain(packings)
        .map(|dict| (dict, true));
    let declared = of_config
        .chain(of_codes)
        .try_for_each(|(dict, about_codes)| declared.read(graph, dict, about_codes))
        .map(|()| declared);

    let mut collector = Collector {
        graph,
        storages,
        declared,
        shapes: beside(&SHAPE_KEYS).map_or_else(HashMap::new, |shapes| by_name(graph, shapes)),
        visited: vec![false; graph.values()],
        names: HashSet::new(),
        used: vec![false; graph.values()],
        tensors: Vec::new(),
        sources: Vec::new(),
    };
    collector.container(state, None, 0)?;
    let Collector {
        tensors,
        sources,
        used,
        ..
    } = collector;
    if tensors.is_empty() {
        return Err(Error::NoTensors.into());
    }

    let config = config.map(|id| graph.value(id)).transpose()?;
    let step = beside(&STEP_KEYS).and_then(|id| match graph.node(id) {
        Node::Int(step) => u64::try_from(*step).ok(),
        _ => None,
    });
    let format = beside(&["format"]).and_then(|id| graph.text(id));
    let packed = tensors
        .iter()
        .any(|tensor: &TensorInfo| tensor.encoding == Encoding::Ternary);
    let trained = trail.iter().any(|&dict| {
        graph
            .items(dict)
            .iter()
            .any(|&(key, value)| is_training_state(graph, Some(key), value))
    });
    let flavour = if packed || format == Some("compact_2bit") {
        Flavour::Compact2Bit
    } else if step.is_some() || trained {
        Flavour::Step
    } else {
        Flavour::Unpacked
    };
    let used = used.into_iter().filter(|used| *used).count();
    let skipped_tensors = count_tensors(graph).saturating_sub(used);
    Ok((
        Contents {
            flavour,
            config,
            step,
            tensors,
            skipped_tensors,
        },
        sources,
    ))
}

/// The value under the first of `keys` that a dict has; of equal keys the last counts.
fn find(graph: &Graph<'_>, dict: Id, keys: &[&str]) -> Option<Id> {
    let items = graph.items(dict);
    keys.iter().find_map(|key| {
        items
            .iter()
            .rev()
            .find(|item| graph.text(item.0) == Some(key))
            .map(|item| item.1)
    })
}

/// The items of a dict by their text keys; of equal keys the last counts.
fn by_name<'a>(graph: &Graph<'a>, dict: Id) -> HashMap<&'a str, Id> {
    let items = graph.items(dict).iter();
    items
        .filter_map(|&(key, value)| Some((graph.text(key)?, value)))
        .collect()
}

/// The values inside a container with the keys that lead to them: the items of a dict, the
/// elements of a list by their position.
fn children<'g>(graph: &'g Graph<'_>, id: Id) -> impl Iterator<Item = (Option<Id>, Id)> + use<'g> {
    let elements: &[Id] = match graph.node(id) {
        Node::List(ids) | Node::Tuple(ids) => ids,
        _ => &[],
    };
    let items = graph
        .items(id)
        .iter()
        .map(|&(key, value)| (Some(key), value));
    items.chain(elements.iter().map(|&value| (None, value)))
}

/// All tensors that can be reached from the root.
fn count_tensors(graph: &Graph<'_>) -> usize {
    let mut seen = vec![false; graph.values()];
    let mut open = vec![graph.root];
    let mut tensors = 0;
    while let Some(id) = open.pop() {
        if std::mem::replace(&mut seen[id as usize], true) {
            continue;
        }
        tensors += usize::from(matches!(graph.node(id), Node::Tensor(_)));
        open.extend(children(graph, id).map(|(_, child)| child));
    }
    tensors
}

/// Whether a key says that what is under it belongs to training rather than to the model.
fn names_training_state(graph: &Graph<'_>, key: Id) -> bool {
    /// Longer texts are no names; looking through them again and again would take long.
    const LONGEST: usize = 64;
    let Some(name) = graph.text(key).filter(|name| name.len() <= LONGEST) else {
        return false;
    };
    let name = name.to_ascii_lowercase();
    ["optim", "sched", "scaler", "rng"]
        .iter()
        .any(|word| name.contains(word))
}

/// Whether a value is what an optimizer saves, or is called something of the kind.
fn is_training_state(graph: &Graph<'_>, key: Option<Id>, value: Id) -> bool {
    let has = |word| find(graph, value, &[word]).is_some();
    key.is_some_and(|key| names_training_state(graph, key))
        || (graph.items(value).len() <= MOST_GROUP_ITEMS && has("param_groups") && has("state"))
}

/// A tensor that a model computes with, as opposed to a counter or a generator's state.
fn is_weight(tensor: &RawTensor<'_>) -> bool {
    tensor.dtype.is_ok_and(Dtype::is_float) && tensor.shape.iter().any(|&size| size > 1)
}

/// A packed ternary tensor: two tensors (or a number) and a shape.
#[derive(Clone)]
struct Group {
    packed: Id,
    scale: Id,
    /// Looked up by the tensor's name where it is not beside the others.
    shape: Option<Id>,
    /// The dict of its own, where it has one, which may declare how it is packed.
    dict: Option<Id>,
}

/// The group that a dict is, if it holds packed codes: by its keys, or under keys that are not known
/// by what it is made of.
fn group(graph: &Graph<'_>, dict: Id) -> Option<Result<Group, &'static str>> {
    if graph.items(dict).len() > MOST_GROUP_ITEMS {
        return None;
    }
    let only = |fits: &dyn Fn(Id) -> bool| {
        let mut fitting = graph
            .items(dict)
            .iter()
            .map(|item| item.1)
            .filter(|&id| fits(id));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    let is_scale = |id| match graph.node(id) {
        Node::Float(_) => true,
        Node::Tensor(tensor) => tensor.dtype.is_ok_and(Dtype::is_float),
        _ => false,
    };
    let named = find(graph, dict, &PACKED_KEYS).filter(|&id| is_bytes(graph, id));
    let packed = named.or_else(|| only(&|id| is_bytes(graph, id)))?;
    let scale = find(graph, dict, &SCALE_KEYS).or_else(|| only(&is_scale));
    let shape = find(graph, dict, &SHAPE_KEYS).or_else(|| only(&|id| graph.sizes(id).is_some()));
    if named.is_none() && !looks_packed(graph, packed, scale?, shape?) {
        return None;
    }
    let Some(scale) = scale else {
        return Some(Err("it has packed codes but no 'scale'"));
    };
    Some(Ok(Group {
        packed,
        scale,
        shape,
        dict: Some(dict),
    }))
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
struct Tables {
    packed: Id,
    scales: Id,
    shapes: Option<Id>,
}

impl Tables {
    fn all(&self) -> impl Iterator<Item = Id> {
        [self.packed, self.scales].into_iter().chain(self.shapes)
    }
}

/// The tables that a dict holds, if it holds a table of packed codes.
fn tables(graph: &Graph<'_>, dict: Id) -> Option<Tables> {
    if graph.items(dict).len() > MOST_GROUP_ITEMS {
        return None;
    }
    // The first item tells: looking at all, wherever a large table is referred to, would take long.
    let packed = find(graph, dict, &PACKED_KEYS)?;
    let first = graph.items(packed).first()?;
    is_bytes(graph, first.1).then_some(Tables {
        packed,
        scales: find(graph, dict, &SCALE_KEYS)?,
        shapes: find(graph, dict, &SHAPE_KEYS),
    })
}

fn is_bytes(graph: &Graph<'_>, id: Id) -> bool {
    matches!(graph.node(id), Node::Tensor(tensor) if tensor.dtype == Ok(Dtype::U8))
}

/// The way from the root to the state dict.
struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    /// Number of weights below each value that was looked at.
    weights: Vec<Option<usize>>,
}

impl Search<'_, '_> {
    /// The containers from the root down to the one that holds the model's tensors.
    fn descend(&mut self) -> Result<Vec<Id>> {
        let graph = self.graph;
        let mut here = graph.root;
        let mut trail = Vec::new();
        loop {
            trail.push(here);
            if trail.len() > DEEPEST {
                return Err(Error::TooDeep.into());
            }
            if tables(graph, here).is_some() {
                return Ok(trail);
            }
            let mut own = 0;
            let mut below = Vec::new();
            for (key, value) in children(graph, here) {
                if self.is_leaf(value) {
                    own += self.count(value, trail.len())?;
                } else if !is_training_state(graph, key, value)
                    && self.count(value, trail.len())? > 0
                {
                    below.push((key.and_then(|key| graph.text(key)), value));
                }
            }
            if own > 0 {
                return Ok(trail);
            }
            let named = MODEL_KEYS
                .iter()
                .find_map(|name| below.iter().find(|(key, _)| *key == Some(name)));
            here = match (named, &below[..]) {
                (Some(&(_, model)), _) | (None, &[(_, model)]) => model,
                (None, []) => return Err(Error::NoTensors.into()),
                // Dicts of dicts: the parts of one model.
                (None, _) => return Ok(trail),
            };
        }
    }

    fn is_leaf(&self, id: Id) -> bool {
        matches!(self.graph.node(id), Node::Tensor(_)) || group(self.graph, id).is_some()
    }

    /// Number of weights at or below a value; what is reached twice counts twice.
    fn count(&mut self, id: Id, depth: usize) -> Result<usize> {
        if let Some(known) = self.weights[id as usize] {
            return Ok(known);
        }
        if depth > DEEPEST {
            return Err(Error::TooDeep.into());
        }
        let graph = self.graph;
        // A value inside itself adds nothing to itself.
        self.weights[id as usize] = Some(0);
        let mut weights = 0_usize;
        if let Node::Tensor(tensor) = graph.node(id) {
            weights = usize::from(is_weight(tensor));
        } else if group(graph, id).is_some() {
            weights = 1;
        } else {
            if let Some(tables) = tables(graph, id) {
                weights = graph.items(tables.packed).len();
            }
            for (key, child) in children(graph, id) {
                if !is_training_state(graph, key, child) {
                    weights = weights.saturating_add(self.count(child, depth + 1)?);
                }
            }
        }
        self.weights[id as usize] = Some(weights);
        Ok(weights)
    }
}

/// The walk that gathers the tensors of the state dict.
struct Collector<'g, 'a> {
    graph: &'g Graph<'a>,
    storages: &'g Storages<'g>,
    /// How the file says that all its codes are packed, or what is wrong with that.
    declared: Result<Declared, String>,
    /// Shapes that the file keeps by the names of packed tensors.
    shapes: HashMap<&'g str, Id>,
    visited: Vec<bool>,
    names: HashSet<String>,
    /// Tensors of the pickle that belong to the model.
    used: Vec<bool>,
    tensors: Vec<TensorInfo>,
    /// Where their values are; `None` for an element type that is not read.
    sources: Vec<Option<Source>>,
}

impl<'g> Collector<'g, '_> {
    /// Marks a container as visited; false if it was before.
    fn visit(&mut self, id: Id) -> bool {
        !std::mem::replace(&mut self.visited[id as usize], true)
    }

    fn container(&mut self, id: Id, path: Option<&Path<'_>>, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Error::TooDeep.into());
        }
        if !self.visit(id) {
            return Ok(());
        }
        let graph = self.graph;
        let tables = tables(graph, id);
        if let Some(tables) = &tables {
            self.tables(tables, path)?;
        }
        let groups = self.groups_by_suffix(id);
        for (position, (key, value)) in children(graph, id).enumerate() {
            let name: Cow<'_, str> = match key.map(|key| graph.node(key)) {
                Some(Node::Str(text)) => (*text).into(),
                Some(Node::Int(number)) => number.to_string().into(),
                Some(_) => continue,
                None => position.to_string().into(),
            };
            if tables
                .as_ref()
                .is_some_and(|tables| tables.all().any(|table| table == value))
            {
                continue;
            }
            match groups.get(position) {
                Some(Member::Codes(stem, group)) => {
                    self.ternary(join(path, stem)?, group)?;
                    continue;
                }
                Some(Member::Other) => continue,
                Some(Member::No) | None => {}
            }
            match graph.node(value) {
                Node::Tensor(tensor) => {
                    let name = join(path, &name)?;
                    self.used[value as usize] = true;
                    let encoding = Encoding::of(tensor.dtype);
                    let source = view(&name, tensor, self.storages)?.map(Source::Dense);
                    self.add(name, dimensions(&tensor.shape), encoding, source)?;
                }
                // A tensor that torch rebuilds in a way that is not known here.
                Node::Object(object) if object.class.module == "torch._utils" => {
                    let name = join(path, &name)?;
                    let encoding = Encoding::Other(shown(object.class.name));
                    self.add(name, Some(Vec::new()), encoding, None)?;
                }
                Node::Dict(_) | Node::List(_) | Node::Tuple(_) | Node::Object(_) => {
                    match group(graph, value) {
                        Some(group) => {
                            let name = join(path, &name)?;
                            let group = group.map_err(|why| Error::Group {
                                tensor: shown(&name),
                                why: why.to_owned(),
                            })?;
                            self.ternary(name, &group)?;
                        }
                        None if is_training_state(graph, key, value) => {}
                        // A whole module pickled: its tables are no part of its tensors' names.
                        // What is beside tables is the rest of the model under the same names.
                        None if ["_modules", "_parameters", "_buffers"].contains(&&*name)
                            || tables.is_some() =>
                        {
                            self.container(value, path, depth + 1)?;
                        }
                        None => {
                            let path = Path {
                                above: path,
                                key: &name,
                            };
                            self.container(value, Some(&path), depth + 1)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Tensors whose codes, scales and shapes are each in a dict of their own.
    fn tables(&mut self, tables: &Tables, path: Option<&Path<'_>>) -> Result<()> {
        let graph = self.graph;
        // One table behind many models would be read over and over.
        if !tables.all().all(|table| self.visit(table)) {
            return Err(Error::TooMuchSharing.into());
        }
        let mut scales = by_name(graph, tables.scales);
        let shapes = tables
            .shapes
            .map_or_else(HashMap::new, |shapes| by_name(graph, shapes));
        for &(key, packed) in graph.items(tables.packed) {
            let Some(key) = graph.text(key) else { continue };
            let name = join(path, key)?;
            let scale = scales.remove(key).ok_or_else(|| Error::Group {
                tensor: shown(&name),
                why: "it has packed codes but no scale".to_owned(),
            })?;
            let group = Group {
                packed,
                scale,
                shape: shapes.get(key).copied(),
                dict: None,
            };
            self.ternary(name, &group)?;
        }
        match scales.keys().min() {
            None => Ok(()),
            Some(key) => Err(Error::Group {
                tensor: shown(key),
                why: "it has a scale but no packed codes".to_owned(),
            }
            .into()),
        }
    }

    /// Groups written side by side, as `<name>.packed`, `<name>.scale` and `<name>.shape`, or with
    /// `_` instead of the dot: what each item of a dict is to one; nothing where there are none.
    fn groups_by_suffix(&self, dict: Id) -> Vec<Member<'g>> {
        let graph = self.graph;
        let items = graph.items(dict);
        let name = |key| graph.text(key).filter(|name| name.len() < LONGEST_NAME);
        // The longest word leaves the shortest stem.
        let stem = |name: &'g str| {
            let stems = PACKED_KEYS
                .iter()
                .filter_map(|word| name.strip_suffix(word));
            let stems = stems.filter(|stem| stem.ends_with(['.', '_']));
            let stem = stems.min_by_key(|stem| stem.len());
            stem.filter(|stem| stem.len() > 1)
        };
        let packed: Vec<(usize, &str)> = (0..)
            .zip(items)
            .filter(|(_, (_, value))| is_bytes(graph, *value))
            .filter_map(|(place, (key, _))| Some((place, stem(name(*key)?)?)))
            .collect();
        if packed.is_empty() {
            return Vec::new();
        }
        let keys = (0..).zip(items);
        let places: HashMap<&str, usize> = keys
            .filter_map(|(place, (key, _))| Some((name(*key)?, place)))
            .collect();
        let mut members = vec![Member::No; items.len()];
        for (place, stem) in packed {
            let sibling = |words: &[&str]| {
                words
                    .iter()
                    .find_map(|word| places.get(&*format!("{stem}{word}")).copied())
            };
            let Some(scale) = sibling(&SCALE_KEYS) else {
                continue;
            };
            let shape = sibling(&SHAPE_KEYS);
            members[scale] = Member::Other;
            if let Some(shape) = shape {
                members[shape] = Member::Other;
            }
            let group = Group {
                packed: items[place].1,
                scale: items[scale].1,
                shape: shape.map(|shape| items[shape].1),
                dict: None,
            };
            members[place] = Member::Codes(&stem[..stem.len() - 1], group);
        }
        members
    }

    fn ternary(&mut self, name: String, group: &Group) -> Result<()> {
        let graph = self.graph;
        let wrong = |why: String| {
            let tensor = shown(&name);
            Box::new(Error::Group { tensor, why })
        };
        let by_name = |name: &str| self.shapes.get(name).copied();
        let shape = group.shape.or_else(|| by_name(&name));
        let shape = shape.or_else(|| by_name(&format!("{name}.weight")));
        let shape = shape.ok_or_else(|| {
            wrong("it has packed codes but no 'shape', which the codes do not tell".to_owned())
        })?;
        let shape = graph.sizes(shape).and_then(|shape| dimensions(&shape));
        let shape = shape.ok_or_else(|| {
            wrong("its shape is not a tuple of a few sizes that fit in memory".to_owned())
        })?;
        let Node::Tensor(tensor) = graph.node(group.packed) else {
            return Err(wrong("its codes are not a tensor".to_owned()));
        };
        self.used[group.packed as usize] = true;
        let Some(packed) = view(&name, tensor, self.storages)? else {
            return Err(wrong("its codes are not bytes".to_owned()));
        };
        let mut declared = self.declared.clone().map_err(wrong)?;
        if let Some(dict) = group.dict {
            declared.read(graph, dict, true).map_err(wrong)?;
        }
        let columns = shape.last().copied().unwrap_or(1);
        let rows = shape[..shape.len().max(1) - 1].iter().product();
        let packing = declared
            .settle(&packed.shape, rows, columns)
            .map_err(wrong)?;
        let scale = match graph.node(group.scale) {
            Node::Float(scale) => Scale::Given(*scale as f32),
            Node::Int(scale) => Scale::Given(*scale as f32),
            Node::Tensor(tensor) => {
                self.used[group.scale as usize] = true;
                match view(&name, tensor, self.storages)? {
                    Some(scale) if scale.dtype.is_float() && fit_rows(&scale.shape, &shape) => {
                        Scale::Stored(scale)
                    }
                    _ => {
                        return Err(wrong(format!(
                            "its scale is {} of shape {:?} where one float, or one for each row of \
                             {shape:?}, was expected",
                            Encoding::of(tensor.dtype),
                            tensor.shape
                        )));
                    }
                }
            }
            _ => {
                return Err(wrong(
                    "its scale is neither a number nor a tensor".to_owned(),
                ));
            }
        };
        let source = Source::Ternary {
            packed,
            packing,
            rows,
            columns,
            scale,
        };
        self.add(name, Some(shape), Encoding::Ternary, Some(source))
    }

    fn add(
        &mut self,
        name: String,
        shape: Option<Vec<usize>>,
        encoding: Encoding,
        source: Option<Source>,
    ) -> Result<()> {
        let shape = shape.ok_or_else(|| Error::OutsideStorage {
            tensor: shown(&name),
            have: 0,
        })?;
        if self.tensors.len() == MOST_TENSORS {
            return Err(Error::TooManyTensors.into());
        }
        if !self.names.insert(name.clone()) {
            return Err(Error::DuplicateTensor(shown(&name)).into());
        }
        self.tensors.push(TensorInfo {
            name,
            shape,
            encoding,
        });
        self.sources.push(source);
        Ok(())
    }
}

/// Whether a tensor of scales has one for the whole of a tensor of this shape, or one for each row of
/// several weights.
fn fit_rows(scales: &[usize], shape: &[usize]) -> bool {
    let Some((columns, rows)) = shape.split_last() else {
        return scales.iter().product::<usize>() == 1;
    };
    scales.iter().product::<usize>() == 1
        || (*columns > 1 && (scales == rows || scales.split_last() == Some((&1, rows))))
}

/// What an item of a dict is to a group of tensors that is written side by side.
#[derive(Clone)]
enum Member<'g> {
    No,
    /// The codes of the group of this name.
    Codes(&'g str, Group),
    /// Its scale or shape.
    Other,
}

/// The keys that lead from the state dict to a container.
struct Path<'p> {
    above: Option<&'p Path<'p>>,
    key: &'p str,
}

/// The name of a tensor: all keys on the way to it, joined by dots.
fn join(path: Option<&Path<'_>>, key: &str) -> Result<String> {
    let above = std::iter::successors(path, |path| path.above).map(|path| path.key);
    let mut keys: Vec<&str> = std::iter::once(key).chain(above).collect();
    keys.reverse();
    if keys.iter().map(|key| key.len() + 1).sum::<usize>() > LONGEST_NAME {
        return Err(Error::NameTooLong(shown(keys[0])).into());
    }
    let name = keys.join(".");
    if name.contains(char::is_control) {
        return Err(Error::NameUnprintable(shown(&name)).into());
    }
    Ok(name)
}

/// A shape in this machine's sizes; `None` when so many elements cannot exist in memory.
fn dimensions(shape: &[u64]) -> Option<Vec<usize>> {
    let shape: Vec<usize> = shape
        .iter()
        .map(|&size| usize::try_from(size).ok())
        .collect::<Option<_>>()?;
    let len = shape
        .iter()
        .try_fold(1_usize, |len, &size| len.checked_mul(size.max(1)))?;
    (len <= isize::MAX as usize / 8).then_some(shape)
}

/// Checks a tensor against its storage; `None` for an element type that is not read.
fn view(name: &str, tensor: &RawTensor<'_>, storages: &Storages<'_>) -> Result<Option<View>> {
    let Ok(dtype) = tensor.dtype else {
        return Ok(None);
    };
    let storage = &tensor.storage;
    let outside = |have| {
        let tensor = shown(name);
        Box::new(Error::OutsideStorage { tensor, have })
    };
    let shape = dimensions(&tensor.shape).ok_or_else(|| outside(storage.len))?;
    if shape.contains(&0) {
        return Ok(Some(View {
            entry: None,
            dtype,
            offset: 0,
            strides: vec![0; shape.len()],
            shape,
        }));
    }
    let Some((entry, bytes)) = storages(storage.key) else {
        return Err(Error::MissingStorage {
            tensor: shown(name),
            key: shown(storage.key),
        }
        .into());
    };
    let unit = match storage.dtype {
        Some(Ok(dtype)) => dtype.size(),
        Some(Err(_)) | None => 1,
    };
    let need = storage.len.saturating_mul(unit);
    if need > bytes {
        return Err(Error::StorageShort {
            tensor: shown(name),
            key: shown(storage.key),
            have: bytes,
            need,
        }
        .into());
    }
    if bytes > LARGEST_STORAGE {
        return Err(Error::StorageTooLarge {
            tensor: shown(name),
            bytes,
        }
        .into());
    }
    let have = need / dtype.size();
    let steps = tensor.shape.iter().zip(&tensor.strides);
    let last = steps
        .clone()
        .try_fold(tensor.offset, |last, (&size, &stride)| {
            last.checked_add((size - 1).checked_mul(stride)?)
        });
    if last.is_none_or(|last| last >= have) {
        return Err(outside(have));
    }
    // Seen from the smallest stride up, each dimension has to step over the whole of the last.
    let mut steps: Vec<_> = steps
        .filter(|step| *step.0 > 1)
        .map(|(&n, &step)| (step, n))
        .collect();
    steps.sort_unstable();
    let mut reach = 1;
    for (stride, size) in steps {
        if stride < reach {
            return Err(Error::OverlappingStrides(shown(name)).into());
        }
        // Within the storage, so within range.
        reach += stride * (size - 1);
    }
    // These are now known to lie within the storage, except for the strides of dimensions of one
    // element: those can be anything and mean nothing.
    let strides = tensor.strides.iter().zip(&shape);
    let strides = strides
        .map(|(&step, &size)| if size > 1 { step as usize } else { 0 })
        .collect();
    Ok(Some(View {
        entry: Some(entry),
        dtype,
        offset: tensor.offset as usize,
        shape,
        strides,
    }))
}
