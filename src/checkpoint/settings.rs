//! Settings out of a pickle, as plain values, whatever classes held them.
//!
//! What a person keeps beside the weights can be anything. A value that is nested inside itself, too deep or too large is
//! cut there and stays a [`Value::Opaque`]: settings never end the reading of a file.

use super::pickle::{DEEPEST, Graph, Id, Node, Object, Value, latin1};
use super::state_dict::is_training_state;

/// Bytes that the copy of a value may have per byte of the pickle. One byte can make a [`Value`] of 32; what goes far
/// beyond that is one value repeated through the memo.
const EXPANSION: usize = 64;
/// Bytes that the copy of a value may have in all; settings have some thousands.
const LARGEST: usize = 4 << 20;
/// Elements that are copied of a list beside the settings: lists say nothing of a model, logs are long.
const MOST_ELEMENTS: usize = 64;
/// Entries of a dict that is copied.
const MOST_ENTRIES: usize = 1 << 14;

/// Where instances of some classes keep the value that they stand for: `OmegaConf`'s containers and nodes, pydantic's
/// models, `ml_collections`' dicts and references.
const INNER: [&str; 5] = ["_content", "_val", "__dict__", "_fields", "_value"];

impl<'a> Graph<'a> {
    /// Copies the settings out of the arena, and all that is beside them but tensors and the state of an optimizer.
    pub(super) fn settings(&self, settings: Option<Id>) -> (Option<Value>, Value) {
        let budget = self.len.saturating_mul(EXPANSION).min(LARGEST);
        let mut copier = Copier { graph: self, budget, above: Vec::new(), apart: None };
        let copied = settings.map(|id| copier.copy(id));
        copier.apart = Some(settings.unwrap_or(Id::MAX));
        (copied, copier.copy(self.root))
    }

    /// The one value that an instance without attributes was made of, as members of an enum are of their value or name.
    fn made_of(&self, object: &Object<'a>) -> Option<Id> {
        let &[arg] = self.args(object) else {
            return None;
        };
        let plain = match self.node(arg) {
            Node::Dict(_) => true,
            // Names of classes begin so. A function's argument is not its result.
            Node::Str(_) | Node::Int(_) | Node::Float(_) | Node::Bool(_) => {
                object.class.name.starts_with(|c: char| c.is_ascii_uppercase())
            }
            _ => false,
        };
        plain.then_some(arg)
    }
}

struct Copier<'g, 'a> {
    graph: &'g Graph<'a>,
    /// Bytes that may still be copied.
    budget: usize,
    /// The containers around the value.
    above: Vec<Id>,
    /// What is left out, with all tensors, where these are.
    apart: Option<Id>,
}

impl Copier<'_, '_> {
    fn copy(&mut self, id: Id) -> Value {
        let graph = self.graph;
        let node = graph.node(id);
        let cost = size_of::<Value>()
            + match node {
                Node::Str(text) => text.len(),
                Node::Bytes(bytes) => bytes.len(),
                Node::Latin1(text) => text.len(),
                Node::Global(global) => global.module.len() + global.name.len(),
                Node::Object(object) => object.class.module.len() + object.class.name.len(),
                _ => 0,
            };
        let cut = |why: &str| Value::Opaque(why.to_owned());
        let items = graph.items(id);
        // Entries that are looked at and left out cost time.
        let Some(left) = self.budget.checked_sub(cost + items.len()) else {
            self.budget = 0;
            return cut("a very large value");
        };
        self.budget = left;
        if self.above.len() > DEEPEST || self.above.contains(&id) {
            return cut("a value inside itself");
        }
        self.above.push(id);
        let value = match node {
            Node::None => Value::None,
            Node::Bool(value) => Value::Bool(*value),
            Node::Int(value) => Value::Int(*value),
            Node::Float(value) => Value::Float(*value),
            Node::Str(text) => Value::Str((*text).to_owned()),
            Node::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
            Node::Latin1(text) => Value::Bytes(latin1(text)),
            Node::List(ids) | Node::Tuple(ids) => {
                let most = if self.apart.is_some() { MOST_ELEMENTS } else { ids.len() };
                let mut list = Vec::with_capacity(self.room(ids.len().min(most)));
                for &id in ids.iter().take(most) {
                    if self.budget == 0 {
                        break;
                    }
                    list.push(self.copy(id));
                }
                Value::List(list)
            }
            Node::Global(global) => Value::Opaque(global.path()),
            Node::Storage(_) => cut("torch.storage"),
            Node::Tensor(_) => cut("torch.Tensor"),
            Node::Object(object) => {
                let inner = match items.len() {
                    0 => graph.made_of(object),
                    1..=16 => graph.find(id, &INNER),
                    _ => None,
                };
                match inner {
                    Some(inner) => self.copy(inner),
                    None if items.is_empty() => Value::Opaque(object.class.path()),
                    None => self.dict(items),
                }
            }
            Node::Dict(_) => self.dict(items),
        };
        self.above.pop();
        value
    }

    /// How many of so many values there is room for.
    fn room(&self, values: usize) -> usize {
        values.min(self.budget / size_of::<Value>())
    }

    fn dict(&mut self, items: &[(Id, Id)]) -> Value {
        let graph = self.graph;
        if items.len() > MOST_ENTRIES {
            return Value::Opaque("a very large dict".to_owned());
        }
        let mut entries = Vec::with_capacity(self.room(items.len()));
        for &(key, value) in items {
            if self.budget == 0 {
                break;
            }
            let left_out = |apart| {
                value == apart
                    || matches!(graph.node(value), Node::Tensor(tensor) if !tensor.shape.is_empty())
                    || is_training_state(graph, Some(key), value)
            };
            if !self.apart.is_some_and(left_out) {
                entries.push((self.copy(key), self.copy(value)));
            }
        }
        Value::Dict(entries)
    }
}
