//! Which dict of a checkpoint holds the model.
//!
//! The authors' key names are unpublished, so the state dict is found by what it is: the dict (of
//! dicts) that holds the weight tensors. Starting at the top, the search walks down as long as a
//! dict has no weights of its own and one of its values clearly is the model.

use super::error::{Error, Result};
use super::packed_groups::{Group, MOST_GROUP_ITEMS, Tables};
use super::pickle::{DEEPEST, Graph, Id, Node, RawTensor};

/// Keys under which trainers keep the model, best first.
#[rustfmt::skip]
const MODEL_KEYS: [&str; 11] = [
    "state_dict", "model_state_dict", "state", "model_state", "model", "module", "net", "network",
    "weights", "params", "parameters",
];
/// The first of these are names of no part of a model, surely the first two.
const LIKELY: usize = 5;
/// Longer texts are no names; looking through them again and again would take long.
const LONGEST_KEY: usize = 64;

/// The containers from the root down to the one that holds the model's tensors.
pub(super) fn find(graph: &Graph<'_>) -> Result<Vec<Id>> {
    let weights = vec![UNSEEN; graph.values()];
    Search { graph, weights }.descend()
}

/// Whether a key says that what is under it belongs to training rather than to the model.
fn names_training_state(graph: &Graph<'_>, key: Id) -> bool {
    let Some(name) = graph.text(key).filter(|name| name.len() <= LONGEST_KEY) else {
        return false;
    };
    let name = name.to_ascii_lowercase();
    ["optim", "sched", "scaler", "rng"].iter().any(|word| name.contains(word))
}

/// What a dict holds under keys that speak of an average of the model's weights (EMA).
pub(super) fn averages<'g>(graph: &'g Graph<'_>, dict: Id) -> Vec<(&'g str, Id)> {
    let is_average = |key: &str| {
        let mut words = key.split(|c: char| !c.is_ascii_alphanumeric());
        words.any(|word| ["ema", "shadow", "averaged", "swa"].contains(&word))
    };
    let entries = graph.items(dict).iter();
    let named = entries.filter_map(|&(key, value)| Some((graph.text(key)?, value)));
    named.filter(|(key, _)| key.len() <= LONGEST_KEY && is_average(key)).collect()
}

/// Whether a value is what an optimizer saves, or is called something of the kind.
pub(super) fn is_training_state(graph: &Graph<'_>, key: Option<Id>, value: Id) -> bool {
    let has = |word| graph.find(value, &[word]).is_some();
    key.is_some_and(|key| names_training_state(graph, key))
        || (graph.items(value).len() <= MOST_GROUP_ITEMS && has("param_groups") && has("state"))
}

/// A tensor that torch rebuilds in a way that is not known here: sparse, quantized, without values.
pub(super) fn is_foreign_tensor(node: &Node<'_>) -> bool {
    matches!(node, Node::Object(object) if object.class.module == "torch._utils")
}

/// A tensor that a model computes with, as opposed to a counter or a generator's state.
fn is_weight(tensor: &RawTensor<'_>) -> bool {
    // Of types that are not read, complex numbers and floats of other kinds: a sentence then says so.
    let is_float = match tensor.dtype {
        Ok(dtype) => dtype.is_float(),
        Err(name) => name.starts_with(['C', 'c', 'f', 'b']),
    };
    is_float && tensor.shape.iter().any(|&size| size > 1)
}

/// The way from the root to the state dict.
struct Search<'g, 'a> {
    graph: &'g Graph<'a>,
    /// Number of weights below each value, where it was looked at.
    weights: Vec<u32>,
}

const UNSEEN: u32 = u32::MAX;

impl Search<'_, '_> {
    fn descend(&mut self) -> Result<Vec<Id>> {
        let graph = self.graph;
        let mut here = graph.root;
        let mut trail = Vec::new();
        loop {
            trail.push(here);
            if trail.len() > DEEPEST {
                return Err(Error::TooDeep.into());
            }
            if Tables::of(graph, here).is_some() {
                return Ok(trail);
            }
            let mut own = 0;
            let mut below = Vec::new();
            for (key, value) in graph.children(here) {
                if self.is_leaf(value) {
                    own += self.count(value);
                } else if !is_training_state(graph, key, value) && self.count(value) > 0 {
                    below.push((key.and_then(|key| graph.text(key)), value));
                }
            }
            let find = |keys: &[&str]| {
                keys.iter().find_map(|name| below.iter().find(|(key, _)| *key == Some(name)))
            };
            let mut named = find(&MODEL_KEYS);
            if own > 0 {
                // Beside the model may be a mask or a curve of losses.
                let sure = find(&MODEL_KEYS[..2]);
                let likely = find(&MODEL_KEYS[..LIKELY]);
                named = sure.or(likely.filter(|(_, model)| self.weights[*model as usize] >= own));
                if named.is_none() {
                    return Ok(trail);
                }
            }
            here = match (named, &below[..]) {
                (Some(&(_, model)), _) | (None, &[(_, model)]) => model,
                (None, []) => return Err(Error::NoTensors.into()),
                // Dicts of dicts: the parts of one model.
                (None, _) => return Ok(trail),
            };
        }
    }

    fn is_leaf(&self, id: Id) -> bool {
        let node = self.graph.node(id);
        is_foreign_tensor(node)
            || matches!(node, Node::Tensor(_))
            || Group::of(self.graph, id).is_some()
    }

    /// Number of weights at or below a value; what is reached twice counts twice. Any depth is looked through, as what
    /// is beside the model may have any.
    fn count(&mut self, id: Id) -> u32 {
        let graph = self.graph;
        // Each container is met before its children, and again after them.
        let mut open = vec![(id, false)];
        while let Some((id, summed)) = open.pop() {
            let at = id as usize;
            if !summed && self.weights[at] != UNSEEN {
                continue;
            }
            let children = graph.children(id);
            let children = children.filter(|&(key, child)| !is_training_state(graph, key, child));
            if summed {
                let own = self.weights[at];
                let below = children.map(|(_, child)| self.weights[child as usize]);
                self.weights[at] = below.fold(own, u32::saturating_add).min(UNSEEN - 1);
                continue;
            }
            // A value inside itself adds nothing to itself.
            self.weights[at] = match graph.node(id) {
                Node::Tensor(tensor) => u32::from(is_weight(tensor)),
                node if is_foreign_tensor(node) => 1,
                _ if Group::of(graph, id).is_some() => 1,
                _ => {
                    open.push((id, true));
                    open.extend(children.map(|(_, child)| (child, false)));
                    Tables::of(graph, id)
                        .map_or(0, |tables| graph.items(tables.packed).len() as u32)
                }
            };
        }
        self.weights[id as usize]
    }
}
