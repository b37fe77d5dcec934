//! What a checkpoint holds: the model's tensors, each checked against its storage, the settings, the
//! step. What an optimizer, a scheduler or a random generator left beside them is counted and not read.

use super::dtype::{Dtype, Element};
use super::error::{Error, Result, shown};
use super::packed_groups::{Group, LONGEST_NAME, Member, SHAPE_KEYS, Tables, members};
use super::packing::Declared;
use super::pickle::{DEEPEST, Graph, Id, Node, RawTensor, Value};
use super::state_dict::{self, is_foreign_tensor, is_training_state};
use super::tensor::{Scale, Source, View};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A step file with its optimizer has some hundreds.
const MOST_TENSORS: usize = 1 << 14;
/// More than all weights of the largest run in float32; keeps one storage in a browser's reach.
const LARGEST_STORAGE: u64 = 256 << 20;

/// Keys under which trainers keep the settings, best first.
#[rustfmt::skip]
pub(super) const CONFIG_KEYS: [&str; 8] = [
    "config", "cfg", "model_config", "hparams", "hyper_parameters", "model_args", "architecture",
    "args",
];
/// What whole numbers lack that are to be weights.
const INT8_ALONE: &str = "int8 without the scales that belong to it (weight_scale, scale or SCB)";

const STEP_KEYS: [&str; 4] = ["step", "global_step", "iteration", "iter"];

/// Keys under which a file says how its codes are packed, apart from their tensors.
#[rustfmt::skip]
const PACKING_KEYS: [&str; 7] = [
    "packing", "pack", "pack_config", "quantization", "quantization_config", "quant_config",
    "compact",
];

/// The flavours of [spec](crate::spec) §3: three of torch files by their content, and the other format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Plain tensors, most often float32, and a config.
    Unpacked,
    /// Ternary tensors packed at two bits a weight.
    Compact2Bit,
    /// A stage of training: plain tensors, and perhaps an optimizer's state.
    Step,
    /// A safetensors file, of whatever content.
    Safetensors,
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
    /// 8-bit floats, by torch's name of the type.
    F8(&'static str),
    /// 8-bit numbers, by torch's name of the type, with scales.
    Scaled(&'static str),
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
    /// The settings under the key where they most often are, most often a [`Value::Dict`].
    pub config: Option<Value>,
    /// Whatever else is in the file but tensors and an optimizer's state: its settings may be there.
    pub beside: Value,
    /// The training step it was written at.
    pub step: Option<u64>,
    /// The model's tensors, in the order of the state dict.
    pub tensors: Vec<TensorInfo>,
    /// Tensors that are not the model's: an optimizer's state and the like.
    pub skipped_tensors: usize,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Scaled(name) = self {
            return write!(f, "{name} with scales");
        }
        f.write_str(match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::F64 => "float64",
            Self::Ternary => "ternary",
            Self::F8(name) | Self::Scaled(name) | Self::Int(name) => name,
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
            Self::Safetensors => "safetensors",
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
            Ok(float) if float.is_float() => Self::F8(float.name()),
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
    let trail = state_dict::find(graph)?;
    let state = trail[trail.len() - 1];

    // The settings and the step are beside the model or above it.
    let beside = |keys: &[&str]| {
        keys.iter().find_map(|key| trail.iter().find_map(|&dict| graph.find(dict, &[key])))
    };
    let mut configs = CONFIG_KEYS.iter().filter_map(|key| beside(&[key]));
    let config = configs.find(|&id| !matches!(graph.node(id), Node::None));

    let format = beside(&["format"]).and_then(|id| graph.text(id));
    let documented = format == Some("compact_2bit");
    let mut declared = Declared::of_format(documented);
    let packings = trail.iter().copied().chain(config);
    let packings = packings.filter_map(|dict| graph.find(dict, &PACKING_KEYS));
    let of_config = config.iter().map(|&config| (config, false));
    let of_codes = trail.iter().copied().chain(packings).map(|dict| (dict, true));
    let declared = of_config
        .chain(of_codes)
        .try_for_each(|(dict, about_codes)| declared.read(graph, dict, about_codes))
        .map(|()| declared);

    let mut collector = Collector {
        graph,
        storages,
        declared,
        shapes: beside(&SHAPE_KEYS).map_or_else(HashMap::new, |shapes| graph.by_name(shapes)),
        visited: vec![false; graph.values()],
        names: HashSet::new(),
        used: vec![false; graph.values()],
        tensors: Vec::new(),
        sources: Vec::new(),
    };
    collector.container(state, None, 0)?;
    // A model's average beside it counts as a part under its key.
    for &dict in &trail[..trail.len() - 1] {
        for (key, average) in state_dict::averages(graph, dict) {
            collector.container(average, Some(&Path { above: None, key }), 1)?;
        }
    }
    let Collector { tensors, mut sources, used, .. } = collector;
    let open = |source: &Option<Source>| match source {
        Some(Source::Ternary { open, .. }) => open.order(),
        _ => None,
    };
    let mut orders = Vec::new();
    for order in sources.iter().filter_map(open) {
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
    for (source, tensor) in sources.iter_mut().zip(&tensors) {
        if let Some(Source::Ternary { open, .. }) = source {
            let tensor = || shown(&tensor.name);
            open.agree(&orders).map_err(|why| Error::Group { tensor: tensor(), why })?;
        }
    }
    if tensors.is_empty() {
        return Err(Error::NoTensors.into());
    }

    let (config, others) = graph.settings(config);
    let step = beside(&STEP_KEYS).and_then(|id| match graph.node(id) {
        Node::Int(step) => u64::try_from(*step).ok(),
        _ => None,
    });
    let packed = tensors.iter().any(|tensor: &TensorInfo| tensor.encoding == Encoding::Ternary);
    let trained = trail.iter().any(|&dict| {
        graph.items(dict).iter().any(|&(key, value)| is_training_state(graph, Some(key), value))
    });
    let flavour = if packed || documented {
        Flavour::Compact2Bit
    } else if step.is_some() || trained {
        Flavour::Step
    } else {
        Flavour::Unpacked
    };
    let used = used.into_iter().filter(|used| *used).count();
    let skipped_tensors = graph.count_tensors().saturating_sub(used);
    Ok((Contents { flavour, config, beside: others, step, tensors, skipped_tensors }, sources))
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
        // What is nested this deep is no part of a model.
        if depth > DEEPEST || !self.visit(id) {
            return Ok(());
        }
        let graph = self.graph;
        let tables = Tables::of(graph, id);
        // One table behind many models would be read over and over.
        if !tables.iter().flat_map(Tables::all).all(|table| self.visit(table)) {
            return Err(Error::TooMuchSharing.into());
        }
        for member in members(graph, id, tables.as_ref()) {
            let (name, key, value) = match member {
                Member::Group(name, group) => {
                    self.ternary(join(path, &name)?, group)?;
                    continue;
                }
                Member::Scaled(name, value, scale, divisor) => {
                    self.scaled(join(path, &name)?, value, scale, divisor)?;
                    continue;
                }
                Member::Value(name, key, value) => (name, key, value),
            };
            match graph.node(value) {
                Node::Tensor(tensor) => {
                    let name = join(path, &name)?;
                    self.used[value as usize] = true;
                    let mut encoding = Encoding::of(tensor.dtype);
                    // Whole numbers alone are no weights.
                    if encoding == Encoding::Int("int8")
                        && tensor.shape.len() > 1
                        && name.ends_with("weight")
                    {
                        encoding = Encoding::Other(INT8_ALONE.to_owned());
                    }
                    let source = match view(&name, tensor, self.storages) {
                        // It may be a mask that nothing needs.
                        Err(error) if matches!(*error, Error::OverlappingStrides(_)) => {
                            Some(Source::Overlapping)
                        }
                        view => view?.map(Source::Dense),
                    };
                    let source = source.filter(|_| !matches!(encoding, Encoding::Other(_)));
                    self.add(name, dimensions(&tensor.shape), encoding, source)?;
                }
                Node::Object(object) if is_foreign_tensor(graph.node(value)) => {
                    let name = join(path, &name)?;
                    let encoding = Encoding::Other(shown(object.class.name));
                    let args = graph.args(object);
                    let below =
                        args.iter().flat_map(|&arg| graph.children(arg).map(|child| child.1));
                    let shape = args.iter().copied().chain(below).find_map(|id| graph.sizes(id));
                    let shape = shape.and_then(|shape| dimensions(&shape)).unwrap_or_default();
                    self.add(name, Some(shape), encoding, None)?;
                }
                _ if is_training_state(graph, key, value) => {}
                Node::Dict(_) | Node::List(_) | Node::Tuple(_) | Node::Object(_) => {
                    // A whole module pickled: its tables are no part of its tensors' names.
                    // What is beside tables is the rest of the model under the same names.
                    let unnamed = ["_modules", "_parameters", "_buffers"].contains(&&*name);
                    let below = Path { above: path, key: &name };
                    let path = if unnamed || tables.is_some() { path } else { Some(&below) };
                    self.container(value, path, depth + 1)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Weights of eight bits with scales.
    fn scaled(&mut self, name: String, values: Id, scale: Id, divisor: f32) -> Result<()> {
        let graph = self.graph;
        let wrong = |why: String| {
            let tensor = shown(&name);
            Box::new(Error::Group { tensor, why })
        };
        let Node::Tensor(tensor) = graph.node(values) else {
            return Ok(());
        };
        self.used[values as usize] = true;
        let Some(view) = view(&name, tensor, self.storages)? else {
            return Ok(());
        };
        let shape = view.shape.clone();
        let scale = self.scale(&name, scale, &shape)?.map_err(wrong)?;
        let encoding = Encoding::Scaled(view.dtype.name());
        let source = Source::Scaled { view, scale, divisor };
        self.add(name, Some(shape), encoding, Some(source))
    }

    /// The scales of a tensor of this shape.
    fn scale(&mut self, name: &str, scale: Id, shape: &[usize]) -> Result<Result<Scale, String>> {
        Ok(match self.graph.node(scale) {
            Node::Float(scale) => Ok(Scale::Given(*scale as f32)),
            Node::Int(scale) => Ok(Scale::Given(*scale as f32)),
            Node::Tensor(tensor) => {
                self.used[scale as usize] = true;
                match view(name, tensor, self.storages)? {
                    Some(scale) if scale.dtype.is_float() && fit_rows(&scale.shape, shape) => {
                        Ok(Scale::Stored(scale))
                    }
                    _ => Err(format!(
                        "its scale is {} of shape {:?} where one float, or one for each row of \
                         {shape:?}, was expected",
                        Encoding::of(tensor.dtype),
                        tensor.shape
                    )),
                }
            }
            _ => Err("its scale is neither a number nor a tensor".to_owned()),
        })
    }

    fn ternary(&mut self, name: String, group: Result<Group, &'static str>) -> Result<()> {
        let graph = self.graph;
        let wrong = |why: String| {
            let tensor = shown(&name);
            Box::new(Error::Group { tensor, why })
        };
        let group = group.map_err(|why| wrong(why.to_owned()))?;
        let by_name = |name: &str| self.shapes.get(name).copied();
        let shape = group.shape.or_else(|| by_name(&name));
        let shape = shape.or_else(|| by_name(&format!("{name}.weight")));
        let is_shaped = shape.is_some();
        let shape = match shape {
            Some(shape) => graph.sizes(shape),
            // Four rows share one of bytes.
            None => match graph.node(group.packed) {
                Node::Tensor(codes) if codes.shape.len() == 2 => {
                    Some(vec![codes.shape[0].saturating_mul(4), codes.shape[1]])
                }
                _ => {
                    let why = "it has packed codes but no 'shape', which the codes do not tell";
                    return Err(wrong(why.to_owned()));
                }
            },
        };
        let shape = shape.and_then(|shape| dimensions(&shape));
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
        if !is_shaped {
            declared.share_rows();
        }
        if let Some(dict) = group.dict {
            declared.read(graph, dict, true).map_err(wrong)?;
        }
        let columns = shape.last().copied().unwrap_or(1);
        let rows = shape[..shape.len().max(1) - 1].iter().product();
        let open = declared.settle(&packed.shape, rows, columns).map_err(wrong)?;
        let scale = self.scale(&name, group.scale, &shape)?.map_err(wrong)?;
        let source = Source::Ternary { packed, open, scale };
        self.add(name, Some(shape), Encoding::Ternary, Some(source))
    }

    fn add(
        &mut self,
        name: String,
        shape: Option<Vec<usize>>,
        encoding: Encoding,
        source: Option<Source>,
    ) -> Result<()> {
        let shape = shape.ok_or_else(|| Error::OutsideStorage { tensor: shown(&name), have: 0 })?;
        if self.tensors.len() == MOST_TENSORS {
            let what = "The checkpoint names far more tensors than a model of this family has";
            return Err(Error::TooMuch(what.to_owned()).into());
        }
        if !self.names.insert(name.clone()) {
            return Err(Error::DuplicateTensor(shown(&name)).into());
        }
        self.tensors.push(TensorInfo { name, shape, encoding });
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
        let begin = shown(keys[0]);
        let what =
            format!("The checkpoint has a tensor with an absurdly long name that begins '{begin}'");
        return Err(Error::TooMuch(what).into());
    }
    let name = keys.join(".");
    if name.contains(char::is_control) {
        return Err(Error::NameUnprintable(shown(&name)).into());
    }
    Ok(name)
}

/// A shape in this machine's sizes; `None` when so many elements cannot exist in memory.
fn dimensions(shape: &[u64]) -> Option<Vec<usize>> {
    let shape: Vec<usize> =
        shape.iter().map(|&size| usize::try_from(size).ok()).collect::<Option<_>>()?;
    let len = shape.iter().try_fold(1_usize, |len, &size| len.checked_mul(size.max(1)))?;
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
            inline: None,
            dtype,
            offset: 0,
            strides: vec![0; shape.len()],
            shape,
        }));
    }
    let Some((entry, bytes)) = storages(storage.key) else {
        return Err(Error::MissingStorage { tensor: shown(name), key: shown(storage.key) }.into());
    };
    let unit = match storage.dtype {
        Some(Ok(dtype)) => dtype.size(),
        Some(Err(_)) | None => 1,
    };
    let need = storage.len.saturating_mul(unit);
    // Of what is in the pickle itself the length is known.
    if need > bytes && storage.inline.is_none() {
        return Err(Error::StorageShort {
            tensor: shown(name),
            key: shown(storage.key),
            have: bytes,
            need,
        }
        .into());
    }
    if bytes > LARGEST_STORAGE && storage.inline.is_none() {
        let name = shown(name);
        let what = format!(
            "The values of tensor '{name}' are in a storage of {bytes} bytes, far more than a model \
             of this family has in all"
        );
        return Err(Error::TooMuch(what).into());
    }
    let have = need / dtype.size();
    let steps = tensor.shape.iter().zip(&tensor.strides);
    let last = steps.clone().try_fold(tensor.offset, |last, (&size, &stride)| {
        last.checked_add((size - 1).checked_mul(stride)?)
    });
    if last.is_none_or(|last| last >= have) {
        return Err(outside(have));
    }
    // Seen from the smallest stride up, each dimension has to step over the whole of the last.
    let mut steps: Vec<_> = steps.filter(|step| *step.0 > 1).map(|(&n, &step)| (step, n)).collect();
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
    let strides = strides.map(|(&step, &size)| if size > 1 { step as usize } else { 0 }).collect();
    let (inline, offset) = (storage.inline, tensor.offset as usize);
    Ok(Some(View { entry: Some(entry), inline, dtype, offset, shape, strides }))
}
