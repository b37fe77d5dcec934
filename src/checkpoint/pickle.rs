//! A reader of `data.pkl` that builds values and never runs anything.
//!
//! A pickle is a program for a stack machine that can name and call any Python function. This
//! machine knows the instructions that `pickle` emits for protocols 2 to 5 and the handful of
//! functions with which torch rebuilds tensors; a call of anything else becomes an
//! [`Object`](Node::Object) that only remembers what would have been called.
//!
//! Values live in one arena and refer to each other by index, as Python's do by reference: a value
//! fetched from the memo a million times is one value, and dropping a value nested a million deep
//! is dropping a `Vec`. Every instruction pushes at most one value and the number of pushes is
//! bounded, so memory is bounded too, for any program.

use super::dtype::{Dtype, Element};
use super::error::{Error, Result};
use std::collections::HashMap;

/// Pushes of a whole step file with optimizer state are some tens of thousands.
const MOST_PUSHES: usize = 1 << 20;
/// More dimensions than any tensor that is read; also bounds what one tensor costs.
pub(super) const MOST_DIMENSIONS: usize = 8;
/// How deep values may be nested.
pub(super) const DEEPEST: usize = 48;

/// Bytes that a value copied out of a pickle may have per byte of the pickle. One byte can make a
/// [`Value`] of 32; what goes far beyond that is one value repeated through the memo.
const EXPANSION: usize = 64;
/// Bytes that a value copied out of a pickle may have in all.
const LARGEST_VALUE: usize = 64 << 20;

/// A settings value: what the `config` dict of a checkpoint is made of.
///
/// Tuples, sets and `torch.Size` are lists, `OrderedDict` is a dict, and an instance of an
/// unknown class is the dict of its attributes where it has one.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Str(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list, tuple or set.
    List(Vec<Value>),
    /// A dict in its own order; a key that occurs twice is there twice, the later one counts.
    Dict(Vec<(Value, Value)>),
    /// Something without a meaning here, by its Python name, such as `torch.bfloat16`.
    Opaque(String),
}

impl Value {
    /// The value under a text key of a dict.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let Self::Dict(items) = self else { return None };
        let found = items.iter().rev().find(|(name, _)| matches!(name, Self::Str(s) if s == key));
        found.map(|(_, value)| value)
    }
}

/// Index of a value in the arena.
pub(super) type Id = u32;

/// A value of the arena. Text and bytes are borrowed from the pickle.
#[derive(Debug, Clone)]
pub(super) enum Node<'a> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    List(Vec<Id>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Global(Box<Global<'a>>),
    Storage(Box<Storage<'a>>),
    Tensor(Box<RawTensor<'a>>),
    Object(Box<Object<'a>>),
}

impl<'a> Node<'a> {
    /// A fresh instance of an unknown class.
    fn object(class: Global<'a>) -> Self {
        Node::Object(Box::new(Object { class, state: None, items: Vec::new() }))
    }
}

/// A named Python class or function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Global<'a> {
    pub(super) module: &'a str,
    pub(super) name: &'a str,
}

/// An instance of an unknown class, or the result of an unknown function.
#[derive(Debug, Clone)]
pub(super) struct Object<'a> {
    pub(super) class: Global<'a>,
    /// What `BUILD` would have set: most often the dict of attributes.
    pub(super) state: Option<Id>,
    /// What would have been set by key, where the class is a kind of dict.
    pub(super) items: Vec<(Id, Id)>,
}

/// A storage: the entry `data/<key>` of the archive.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Storage<'a> {
    pub(super) key: &'a str,
    /// Type of the elements; `None` for an untyped storage of bytes.
    pub(super) dtype: Option<Element<'a>>,
    /// Number of elements, or of bytes in an untyped storage.
    pub(super) len: u64,
}

/// A tensor as the pickle describes it: a strided view into a storage, not yet checked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RawTensor<'a> {
    pub(super) storage: Storage<'a>,
    pub(super) dtype: Element<'a>,
    /// First element, counted in elements.
    pub(super) offset: u64,
    pub(super) shape: Vec<u64>,
    /// Steps between neighbours in each dimension, in elements.
    pub(super) strides: Vec<u64>,
}

/// All values of a pickle, and which of them it is about.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    nodes: Vec<Node<'a>>,
    pub(super) root: Id,
    /// Length of the pickle in bytes: what it may become is measured against it.
    len: usize,
}

impl<'a> Graph<'a> {
    /// Values that come from elsewhere, made of so many bytes.
    pub(super) fn new(nodes: Vec<Node<'a>>, root: Id, len: usize) -> Self {
        Graph { nodes, root, len }
    }

    pub(super) fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id as usize]
    }

    /// Number of values; their ids are below it.
    pub(super) fn values(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn text(&self, id: Id) -> Option<&'a str> {
        if let Node::Str(text) = self.node(id) { Some(text) } else { None }
    }

    /// The key-value pairs of a dict, of an instance of a kind of dict, or the attributes of any
    /// other instance.
    pub(super) fn items(&self, id: Id) -> &[(Id, Id)] {
        match self.node(id) {
            Node::Dict(items) => items,
            Node::Object(object) if !object.items.is_empty() => &object.items,
            Node::Object(object) => match object.state.map(|state| self.node(state)) {
                Some(Node::Dict(items)) => items,
                _ => &[],
            },
            _ => &[],
        }
    }

    /// The integers of a list or tuple.
    pub(super) fn sizes(&self, id: Id) -> Option<Vec<u64>> {
        sizes(&self.nodes, id)
    }

    /// The value under the first of `keys` that a dict has; of equal keys the last counts.
    pub(super) fn find(&self, dict: Id, keys: &[&str]) -> Option<Id> {
        let named = |key| move |item: &&(Id, Id)| self.text(item.0) == Some(key);
        let mut found =
            keys.iter().filter_map(|key| self.items(dict).iter().rev().find(named(*key)));
        found.next().map(|item| item.1)
    }

    /// The items of a dict by their text keys; of equal keys the last counts.
    pub(super) fn by_name(&self, dict: Id) -> HashMap<&'a str, Id> {
        let items = self.items(dict).iter();
        items.filter_map(|&(key, value)| Some((self.text(key)?, value))).collect()
    }

    /// The values inside a container with the keys that lead to them: the items of a dict, the
    /// elements of a list without a key.
    pub(super) fn children(&self, id: Id) -> impl Iterator<Item = (Option<Id>, Id)> {
        let elements: &[Id] = match self.node(id) {
            Node::List(ids) | Node::Tuple(ids) => ids,
            _ => &[],
        };
        let items = self.items(id).iter();
        let items = items.map(|&(key, value)| (Some(key), value));
        items.chain(elements.iter().map(|&value| (None, value)))
    }

    /// Number of all tensors that can be reached from the root.
    pub(super) fn count_tensors(&self) -> usize {
        let mut seen = vec![false; self.values()];
        let mut open = vec![self.root];
        let mut tensors = 0;
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut seen[id as usize], true) {
                continue;
            }
            tensors += usize::from(matches!(self.node(id), Node::Tensor(_)));
            open.extend(self.children(id).map(|(_, child)| child));
        }
        tensors
    }

    /// Copies a value out of the arena.
    ///
    /// # Errors
    /// [`Error::TooDeep`] and [`Error::TooMuchSharing`] for values that contain themselves or
    /// that would be larger as a tree than any settings are.
    pub(super) fn value(&self, id: Id) -> Result<Value> {
        self.copy(id, 0, &mut (self.len.saturating_mul(EXPANSION).min(LARGEST_VALUE)))
    }

    fn copy(&self, id: Id, depth: usize, budget: &mut usize) -> Result<Value> {
        if depth > DEEPEST {
            return Err(Error::TooDeep.into());
        }
        let node = self.node(id);
        let cost = size_of::<Value>()
            + match node {
                Node::Str(text) => text.len(),
                Node::Bytes(bytes) => bytes.len(),
                Node::Global(global) => global.module.len() + global.name.len(),
                Node::Object(object) => object.class.module.len() + object.class.name.len(),
                _ => 0,
            };
        *budget = budget.checked_sub(cost).ok_or(Error::TooMuchSharing)?;
        let mut copy = |id| self.copy(id, depth + 1, budget);
        Ok(match node {
            Node::None => Value::None,
            Node::Bool(value) => Value::Bool(*value),
            Node::Int(value) => Value::Int(*value),
            Node::Float(value) => Value::Float(*value),
            Node::Str(text) => Value::Str((*text).to_owned()),
            Node::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Node::List(ids) | Node::Tuple(ids) => {
                Value::List(ids.iter().map(|&id| copy(id)).collect::<Result<_>>()?)
            }
            Node::Global(global) => Value::Opaque(global.path()),
            Node::Storage(_) => Value::Opaque("torch.storage".to_owned()),
            Node::Tensor(_) => Value::Opaque("torch.Tensor".to_owned()),
            Node::Object(object) if self.items(id).is_empty() => Value::Opaque(object.class.path()),
            Node::Dict(_) | Node::Object(_) => {
                let items = self.items(id).iter();
                Value::Dict(
                    items
                        .map(|&(key, value)| Ok((copy(key)?, copy(value)?)))
                        .collect::<Result<_>>()?,
                )
            }
        })
    }
}

impl Global<'_> {
    fn path(&self) -> String {
        format!("{}.{}", self.module, self.name)
    }
}

fn within_bounds(objects: usize) -> Result<()> {
    if objects > MOST_PUSHES {
        let what = "The checkpoint's data.pkl builds far more values than a model has";
        return Err(Error::TooMuch(what.to_owned()).into());
    }
    Ok(())
}

fn sizes(nodes: &[Node<'_>], id: Id) -> Option<Vec<u64>> {
    let (Node::Tuple(ids) | Node::List(ids)) = &nodes[id as usize] else {
        return None;
    };
    if ids.len() > MOST_DIMENSIONS {
        return None;
    }
    ids.iter().map(|&id| int(nodes, id).and_then(|n| u64::try_from(n).ok())).collect()
}

fn int(nodes: &[Node<'_>], id: Id) -> Option<i64> {
    if let Node::Int(value) = nodes[id as usize] { Some(value) } else { None }
}

/// Reads a pickle.
///
/// # Errors
/// [`Error::Pickle`] or [`Error::TooMuch`].
pub(super) fn parse(pickle: &[u8]) -> Result<Graph<'_>> {
    let mut machine = Machine {
        input: pickle,
        at: 0,
        opcode_at: 0,
        // These four never change, so that one of each is enough.
        nodes: vec![Node::None, Node::Bool(false), Node::Bool(true), Node::Tuple(Vec::new())],
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        pushes: 0,
    };
    while machine.step()? {}
    let root = machine.pop()?;
    Ok(Graph { nodes: machine.nodes, root, len: pickle.len() })
}

const NONE: Id = 0;
const FALSE: Id = 1;
const TRUE: Id = 2;
const EMPTY_TUPLE: Id = 3;

struct Machine<'a> {
    input: &'a [u8],
    at: usize,
    /// Where the current instruction began, for error messages.
    opcode_at: usize,
    nodes: Vec<Node<'a>>,
    stack: Vec<Id>,
    /// Heights of the stack at the open marks.
    marks: Vec<usize>,
    memo: HashMap<u64, Id>,
    pushes: usize,
}

impl<'a> Machine<'a> {
    /// Executes one instruction; false after `STOP`.
    fn step(&mut self) -> Result<bool> {
        self.opcode_at = self.at;
        let [opcode] = self.array()?;
        // What a new value is; instructions that make none end within.
        let node = match opcode {
            b'J' => Node::Int(i32::from_le_bytes(self.array()?).into()),
            b'K' => Node::Int(self.number(1)? as i64),
            b'M' => Node::Int(self.number(2)? as i64),
            0x8a => self.long(1)?,
            0x8b => self.long(4)?,
            b'G' => Node::Float(f64::from_be_bytes(self.array()?)),
            // Python 2 wrote its byte strings, which are text here, with U and T.
            0x8c | b'U' => self.string(1)?,
            b'X' | b'T' => self.string(4)?,
            0x8d => self.string(8)?,
            b'C' => Node::Bytes(self.counted(1)?),
            b'B' => Node::Bytes(self.counted(4)?),
            // BINBYTES8 and BYTEARRAY8.
            0x8e | 0x96 => Node::Bytes(self.counted(8)?),

            // Sets are lists here; they grow by ADDITEMS as lists do by APPENDS.
            b']' | 0x8f => Node::List(Vec::new()),
            0x91 => Node::List(self.pop_mark()?),
            b'}' => Node::Dict(Vec::new()),
            b't' => Node::Tuple(self.pop_mark()?),
            0x85..=0x87 => {
                let base = self.floor(usize::from(opcode - 0x84))?;
                Node::Tuple(self.stack.drain(base..).collect())
            }

            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                Node::Global(Box::new(Global { module, name }))
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (Node::Str(module), Node::Str(name)) = (self.get(module), self.get(name))
                else {
                    return Err(self.expected("the name of a class"));
                };
                Node::Global(Box::new(Global { module, name }))
            }
            b'Q' => {
                let id = self.pop()?;
                let storage = self.storage(id).ok_or_else(|| self.expected("a storage"))?;
                Node::Storage(Box::new(storage))
            }
            b'.' => return Ok(false),
            _ => {
                self.act(opcode)?;
                return Ok(true);
            }
        };
        self.push_new(node)?;
        Ok(true)
    }

    /// Executes an instruction that works on values that are there.
    fn act(&mut self, opcode: u8) -> Result<()> {
        match opcode {
            // PROTO and FRAME say nothing about values.
            0x80 => match self.array()? {
                [..=5] => Ok(()),
                [version] => Err(self.wrong(format!(
                    "uses pickle protocol {version}; protocols up to 5 are read. Save it with \
                     torch.save's default"
                ))),
            },
            0x95 => self.array::<8>().map(drop),

            b'N' => self.push(NONE),
            0x89 => self.push(FALSE),
            0x88 => self.push(TRUE),
            b')' => self.push(EMPTY_TUPLE),

            b'(' => {
                self.count_pushes(1)?;
                self.marks.push(self.stack.len());
                Ok(())
            }
            b'0' => self.pop().map(drop),
            b'1' => self.pop_mark().map(drop),
            b'a' => {
                let value = self.pop()?;
                self.append(&[value])
            }
            b'e' | 0x90 => {
                let values = self.pop_mark()?;
                self.append(&values)
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.set_items(&[key, value])
            }
            b'u' => {
                let pairs = self.pop_mark()?;
                self.set_items(&pairs)
            }

            b'q' | b'r' | 0x94 => {
                let index = match opcode {
                    b'q' => self.number(1)?,
                    b'r' => self.number(4)?,
                    _ => self.memo.len() as u64,
                };
                self.memoize(index)
            }
            b'h' | b'j' => {
                let index = self.number(if opcode == b'h' { 1 } else { 4 })?;
                self.recall(index)
            }

            // REDUCE and NEWOBJ: a call.
            b'R' | 0x81 => {
                let (args, callee) = (self.pop()?, self.pop()?);
                self.call(callee, args)
            }
            // NEWOBJ_EX, with keyword arguments.
            0x92 => {
                let (_, args, callee) = (self.pop()?, self.pop()?, self.pop()?);
                self.call(callee, args)
            }
            b'b' => {
                let mut state = self.pop()?;
                let target = self.top()?;
                // Classes with slots give a pair: their dict, or None, and the dict of slots.
                if let Node::Tuple(parts) = self.get(state)
                    && let [_, slots] = parts[..]
                    && matches!(self.get(slots), Node::Dict(_))
                {
                    state = slots;
                }
                // Attributes of dicts and tensors (such as `_metadata`) say nothing about values.
                if let Node::Object(object) = &mut self.nodes[target as usize] {
                    object.state = Some(state);
                }
                Ok(())
            }
            _ => {
                let at = self.opcode_at;
                Err(self.wrong(format!(
                    "has the instruction 0x{opcode:02x} at byte {at}, which torch.save does not \
                     write; the file is damaged or was written by another program"
                )))
            }
        }
    }

    fn get(&self, id: Id) -> &Node<'a> {
        &self.nodes[id as usize]
    }

    fn wrong(&self, why: String) -> Box<Error> {
        let at = self.opcode_at;
        Box::new(Error::Pickle { at, why })
    }

    fn cut_off(&self) -> Box<Error> {
        self.wrong("ends in the middle of a value. Download the file again".to_owned())
    }

    fn expected(&self, expected: &str) -> Box<Error> {
        let at = self.opcode_at;
        self.wrong(format!("is damaged: at byte {at}, {expected} was expected"))
    }

    fn too_few_values(&self) -> Box<Error> {
        let at = self.opcode_at;
        self.wrong(format!(
            "is damaged: the instruction at byte {at} finds too few values to work on"
        ))
    }

    // Input.

    fn bytes(&mut self, len: u64) -> Result<&'a [u8]> {
        let rest = &self.input[self.at..];
        let len = usize::try_from(len).ok();
        let bytes = len.and_then(|len| rest.get(..len));
        let bytes = bytes.ok_or_else(|| self.cut_off())?;
        self.at += bytes.len();
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let rest = &self.input[self.at..];
        let bytes = rest.first_chunk().ok_or_else(|| self.cut_off())?;
        self.at += N;
        Ok(*bytes)
    }

    /// A little-endian number of so many bytes, 8 at most.
    fn number(&mut self, width: u64) -> Result<u64> {
        let bytes = self.bytes(width)?.iter().rev();
        Ok(bytes.fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// Bytes after their count, a number of so many bytes.
    fn counted(&mut self, width: u64) -> Result<&'a [u8]> {
        let len = self.number(width)?;
        self.bytes(len)
    }

    /// Text up to the end of the line.
    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.input[self.at..];
        let len = rest.iter().position(|&byte| byte == b'\n');
        let len = len.ok_or_else(|| self.cut_off())?;
        self.at += len + 1;
        self.utf8(&rest[..len])
    }

    fn utf8(&self, bytes: &'a [u8]) -> Result<&'a str> {
        let at = self.opcode_at;
        std::str::from_utf8(bytes)
            .map_err(|_| self.wrong(format!("is damaged: the text at byte {at} is not UTF-8")))
    }

    fn string(&mut self, width: u64) -> Result<Node<'a>> {
        let bytes = self.counted(width)?;
        Ok(Node::Str(self.utf8(bytes)?))
    }

    /// A little-endian two's complement integer of any length; beyond 64 bits it is opaque.
    fn long(&mut self, width: u64) -> Result<Node<'a>> {
        let bytes = self.counted(width)?;
        if bytes.len() > 8 {
            return Ok(Node::object(Global { module: "builtins", name: "int" }));
        }
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut wide = [if negative { 0xff } else { 0 }; 8];
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(Node::Int(i64::from_le_bytes(wide)))
    }

    // Stack and memo.

    fn count_pushes(&mut self, count: usize) -> Result<()> {
        self.pushes += count;
        within_bounds(self.pushes)
    }

    fn push(&mut self, id: Id) -> Result<()> {
        self.count_pushes(1)?;
        self.stack.push(id);
        Ok(())
    }

    fn push_new(&mut self, node: Node<'a>) -> Result<()> {
        // The bound on pushes keeps this far below 2³².
        let id = self.nodes.len() as Id;
        self.nodes.push(node);
        self.push(id)
    }

    /// The stack height `len` values below the top, which must not lie below the last mark.
    fn floor(&self, len: usize) -> Result<usize> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let height = self.stack.len().checked_sub(len).filter(|&height| height >= floor);
        height.ok_or_else(|| self.too_few_values())
    }

    fn pop(&mut self) -> Result<Id> {
        let id = self.top()?;
        self.stack.pop();
        Ok(id)
    }

    fn top(&self) -> Result<Id> {
        Ok(self.stack[self.floor(1)?])
    }

    /// Removes everything above the last mark, and the mark.
    fn pop_mark(&mut self) -> Result<Vec<Id>> {
        let mark = self.marks.pop();
        let mark = mark.ok_or_else(|| self.too_few_values())?;
        Ok(self.stack.drain(mark..).collect())
    }

    fn memoize(&mut self, index: u64) -> Result<()> {
        let id = self.top()?;
        self.memo.insert(index, id);
        within_bounds(self.memo.len())
    }

    fn recall(&mut self, index: u64) -> Result<()> {
        let Some(&id) = self.memo.get(&index) else {
            let at = self.opcode_at;
            return Err(self.wrong(format!(
                "is damaged: the instruction at byte {at} refers to a value that was never stored"
            )));
        };
        self.push(id)
    }

    // Containers.

    fn append(&mut self, values: &[Id]) -> Result<()> {
        let target = self.top()?;
        match &mut self.nodes[target as usize] {
            Node::List(ids) => ids.extend_from_slice(values),
            // A kind of list that is not known.
            Node::Object(_) => {}
            _ => return Err(self.expected("a list")),
        }
        Ok(())
    }

    fn set_items(&mut self, pairs: &[Id]) -> Result<()> {
        let target = self.top()?;
        if !pairs.len().is_multiple_of(2) {
            return Err(self.too_few_values());
        }
        let items = match &mut self.nodes[target as usize] {
            Node::Dict(items) => items,
            Node::Object(object) => &mut object.items,
            _ => return Err(self.expected("a dict")),
        };
        items.extend(pairs.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Ok(())
    }

    // Calls.

    /// What a persistent id stands for: `("storage", class, key, device, length)`.
    fn storage(&self, id: Id) -> Option<Storage<'a>> {
        let Node::Tuple(parts) = self.get(id) else {
            return None;
        };
        let [kind, class, key, _, len, ..] = parts[..] else {
            return None;
        };
        let (Node::Str("storage"), Node::Global(class), Node::Str(key)) =
            (self.get(kind), self.get(class), self.get(key))
        else {
            return None;
        };
        if class.module.split('.').next() != Some("torch") {
            return None;
        }
        let dtype = match class.name {
            "UntypedStorage" => None,
            name if !name.ends_with("Storage") => return None,
            class => Some(Dtype::of_storage(class)),
        };
        let len = u64::try_from(int(&self.nodes, len)?).ok()?;
        Some(Storage { key, dtype, len })
    }

    /// Pushes the result of calling `callee` with `args`.
    fn call(&mut self, callee: Id, args: Id) -> Result<()> {
        let Node::Global(callee) = self.get(callee) else {
            return Err(self.expected("the name of a function"));
        };
        let callee = **callee;
        let (Node::Tuple(args) | Node::List(args)) = self.get(args) else {
            return Err(self.expected("a tuple of arguments"));
        };
        match (callee.module, callee.name) {
            ("collections", "OrderedDict") => {
                let pairs = self.elements(args);
                let pair = |&id: &Id| match self.get(id) {
                    Node::Tuple(ids) | Node::List(ids) => <[Id; 2]>::try_from(&ids[..]).ok(),
                    _ => None,
                };
                // Python 2 fills a new dict with a list of pairs.
                let items: Vec<_> = pairs.iter().filter_map(pair).map(|[k, v]| (k, v)).collect();
                self.count_pushes(items.len())?;
                self.push_new(Node::Dict(items))
            }
            ("torch", "Size") | ("builtins" | "__builtin__", "list" | "tuple" | "set") => {
                let ids = self.elements(args).to_vec();
                self.count_pushes(ids.len())?;
                self.push_new(Node::List(ids))
            }
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3") => {
                let dtype = if callee.name == "_rebuild_tensor_v3" { args.get(6) } else { None };
                let tensor = self.tensor(args, dtype.copied());
                let tensor = tensor.ok_or_else(|| {
                    self.expected("a tensor's storage, offset, shape and strides")
                })?;
                self.push_new(Node::Tensor(Box::new(tensor)))
            }
            // A parameter is its tensor.
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                let data = *args.first().ok_or_else(|| self.expected("a tensor"))?;
                self.push(data)
            }
            // A subclass of Tensor: (function, class, arguments, state).
            ("torch._tensor", "_rebuild_from_type_v2") => {
                let [function, _, args, ..] = args[..] else {
                    return Err(self.expected("the function that rebuilds a tensor"));
                };
                let plain = |global: &Global<'_>| global.module == "torch._utils";
                match self.get(function) {
                    Node::Global(function) if plain(function) => {}
                    _ => return Err(self.expected("the function that rebuilds a tensor")),
                }
                self.call(function, args)
            }
            _ => self.push_new(Node::object(callee)),
        }
    }

    /// The elements of the list or tuple that is the first argument.
    fn elements(&self, args: &[Id]) -> &[Id] {
        match args.first().map(|&id| self.get(id)) {
            Some(Node::Tuple(ids) | Node::List(ids)) => ids,
            _ => &[],
        }
    }

    /// A tensor from `(storage, offset, shape, strides, …)` and, for an untyped storage, its type.
    fn tensor(&self, args: &[Id], dtype: Option<Id>) -> Option<RawTensor<'a>> {
        let [storage, offset, shape, strides, ..] = args[..] else {
            return None;
        };
        let Node::Storage(storage) = self.get(storage) else {
            return None;
        };
        let dtype = match dtype.map(|id| self.get(id)) {
            Some(Node::Global(global)) if global.module == "torch" => Dtype::named(global.name),
            Some(_) => return None,
            None => storage.dtype.unwrap_or(Ok(Dtype::U8)),
        };
        let offset = u64::try_from(int(&self.nodes, offset)?).ok()?;
        let shape = sizes(&self.nodes, shape)?;
        let strides = sizes(&self.nodes, strides)?;
        (shape.len() == strides.len()).then(|| RawTensor {
            storage: (**storage).clone(),
            dtype,
            offset,
            shape,
            strides,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(pickle: &[u8]) -> Result<Value, Error> {
        let graph = parse(pickle)?;
        Ok(graph.value(graph.root)?)
    }

    fn ints<const N: usize>(ints: [i64; N]) -> Value {
        Value::List(ints.map(Value::Int).to_vec())
    }

    #[test]
    fn every_instruction_means_what_python_means() {
        let text = |text: &str| Value::Str(text.to_owned());
        let opaque = |name: &str| Value::Opaque(name.to_owned());
        let dict = |key: &str, value| Value::Dict(vec![(text(key), value)]);
        let cases: [(&[u8], Value); 48] = [
            (b"N.", Value::None),
            (b"\x80\x02\x88.", Value::Bool(true)),
            (b"\x80\x05\x95\x02\0\0\0\0\0\0\0\x89.", Value::Bool(false)),
            (b"K\xff.", Value::Int(255)),
            (b"M\xff\xff.", Value::Int(65_535)),
            (b"J\xfe\xff\xff\xff.", Value::Int(-2)),
            (b"\x8a\x00.", Value::Int(0)),
            (b"\x8a\x02\x00\xff.", Value::Int(-256)),
            (b"\x8a\x08\0\0\0\0\0\0\0\x80.", Value::Int(i64::MIN)),
            (b"\x8a\x09\0\0\0\0\0\0\0\0\x01.", opaque("builtins.int")),
            (b"\x8b\x01\0\0\0\x07.", Value::Int(7)),
            (b"G\xbf\xf8\0\0\0\0\0\0.", Value::Float(-1.5)),
            (b"X\x03\0\0\0\xe2\x82\xac.", text("€")),
            (b"T\x02\0\0\0ab.", text("ab")),
            (b"U\x01a.", text("a")),
            (b"\x8c\x00.", text("")),
            (b"\x8d\x01\0\0\0\0\0\0\0a.", text("a")),
            (b"C\x02\0\xff.", Value::Bytes(vec![0, 255])),
            (b"B\x01\0\0\0a.", Value::Bytes(vec![97])),
            (b"\x8e\x01\0\0\0\0\0\0\0a.", Value::Bytes(vec![97])),
            (b"\x96\x01\0\0\0\0\0\0\0a.", Value::Bytes(vec![97])),
            (b").", ints([])),
            (b"K\x01\x85.", ints([1])),
            (b"K\x01K\x02\x86.", ints([1, 2])),
            (b"K\x01K\x02K\x03\x87.", ints([1, 2, 3])),
            (b"(K\x01K\x02t.", ints([1, 2])),
            (b"]K\x01a.", ints([1])),
            (b"](K\x01K\x02e.", ints([1, 2])),
            (b"\x8f(K\x01\x90.", ints([1])),
            (b"(K\x01\x91.", ints([1])),
            (b"}.", Value::Dict(Vec::new())),
            (b"}U\x01aK\x01s.", dict("a", Value::Int(1))),
            (b"}(U\x01aK\x01u.", dict("a", Value::Int(1))),
            (b"K\x01(NN1.", Value::Int(1)),
            (b"K\x01N0.", Value::Int(1)),
            (b"K\x01q\x00K\x020h\x00\x86.", ints([1, 1])),
            (b"K\x01r\0\0\x01\x00j\0\0\x01\x00\x86.", ints([1, 1])),
            (b"K\x01\x94K\x02\x940h\x00\x86.", ints([1, 1])),
            (b"ctorch\nfloat16\n.", opaque("torch.float16")),
            (b"U\x05torchU\x07float16\x93.", opaque("torch.float16")),
            (b"cos\nsystem\nU\x02ls\x85R.", opaque("os.system")),
            (b"cm\nC\n)\x81}U\x01aK\x01sb.", dict("a", Value::Int(1))),
            (b"cm\nC\n)\x81N}U\x01aK\x01s\x86b.", dict("a", Value::Int(1))),
            (b"cm\nC\n)}\x92.", opaque("m.C")),
            (b"cm\nD\n)RU\x01aK\x01s.", dict("a", Value::Int(1))),
            (b"ccollections\nOrderedDict\n)RU\x01aNs}b.", dict("a", Value::None)),
            (b"ccollections\nOrderedDict\n]]U\x01aaK\x01aa\x85R.", dict("a", Value::Int(1))),
            (b"ctorch\nSize\nK\x01K\x02\x86\x85R.", ints([1, 2])),
        ];
        for (pickle, expected) in cases {
            assert_eq!(value(pickle), Ok(expected), "{}", pickle.escape_ascii());
        }
    }

    #[test]
    fn a_value_fetched_twice_is_one_value() {
        // A list that is stored, put into a tuple with itself, and filled afterwards.
        assert_eq!(value(b"]q\x00h\x00K\x01a\x86."), Ok(Value::List(vec![ints([1]), ints([1])])));
    }

    #[test]
    fn of_equal_keys_the_later_counts() {
        let dict = value(b"}(U\x01aK\x01U\x01aK\x02u.").unwrap();
        assert_eq!(dict.get("a"), Some(&Value::Int(2)));
    }

    #[test]
    fn marks_protect_what_is_below_them() {
        for pickle in [&b"N(0."[..], b"NN(\x86.", b"](a.", b"N1.", b"t.", b"(.", b"."] {
            let error = value(pickle).unwrap_err();
            assert!(error.to_string().contains("too few values"), "{error}");
        }
    }
}
