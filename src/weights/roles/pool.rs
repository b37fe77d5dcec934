//! The tensors of a file, and what a name map says of them.

use super::copies;
use super::error::{Error, Listed, Result};
use super::map::NameMap;
use super::names::{fit, places, plain};
use super::phrases::{Kind, Part, UNUSED};
use super::role::{Role, Why};
use crate::checkpoint::{Encoding, TensorInfo};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// A tensor's shape without the sides of length 1.
pub fn squeeze(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&n| n != 1).collect()
}

/// What the name map gives a role: a tensor, or rows of one.
pub struct Given {
    pub tensor: usize,
    pub rows: Option<Range<usize>>,
    pub shape: Vec<usize>,
}

/// The tensors that are not settled yet, and the roles that are.
pub struct Pool<'a> {
    pub tensors: &'a [TensorInfo],
    /// Their names without wrappers, and as the name map's rules have them.
    pub names: Vec<String>,
    /// The place of each name.
    by_name: HashMap<&'a str, usize>,
    /// What can still get a role.
    pub free: Vec<bool>,
    /// Tensors that are in blocks or beside them: no averages, no integers, nothing ignored.
    pub live: Vec<bool>,
    pub map: &'a NameMap,
    pub given: BTreeMap<&'a str, Given>,
    /// The average of each tensor that has one.
    pub average: HashMap<usize, usize>,
    pub roles: Vec<Role>,
    /// The map gives all that a model needs: nothing more is told by its shape.
    pub complete: bool,
    /// What is wrong; the first is told.
    pub problems: Vec<Error>,
}

impl<'a> Pool<'a> {
    pub fn new(tensors: &'a [TensorInfo], map: &'a NameMap) -> Result<Self> {
        let as_named = |tensor: &TensorInfo| {
            let name = plain(&tensor.name);
            let renamed = map.renamed(&tensor.name).or_else(|| map.renamed(name));
            renamed.unwrap_or_else(|| name.to_owned())
        };
        let names: Vec<String> = tensors.iter().map(as_named).collect();
        // Counters and masks of integers are never weights, nor is nothing at all.
        let is_weight = |t: &TensorInfo| {
            !matches!(t.encoding, Encoding::Int(_) | Encoding::Other(_)) && !t.shape.contains(&0)
        };
        let is_ignored = |t: &TensorInfo| map.ignores(&t.name) || map.ignores(plain(&t.name));
        let weights: Vec<bool> = tensors.iter().map(is_weight).collect();
        // Of two names that wrappers alone tell apart, the later counts.
        let last: HashMap<&str, usize> = places(&mut names.iter().map(String::as_str));
        let mut live: Vec<bool> = (0..tensors.len())
            .map(|i| weights[i] && last[names[i].as_str()] == i && !is_ignored(&tensors[i]))
            .collect();
        let known = (0..tensors.len()).filter(|&i| live[i]);
        let known: Vec<_> =
            known.map(|i| (i, tensors[i].name.as_str(), &tensors[i].shape[..])).collect();
        let copies = copies::find(&known);
        for index in copies.aside {
            live[index] = false;
        }
        let mut free = live.clone();
        let mut by_either = places(&mut tensors.iter().map(|tensor| plain(&tensor.name)));
        by_either.extend(places(&mut tensors.iter().map(|tensor| tensor.name.as_str())));
        let mut given = BTreeMap::new();
        for (role, target) in map.given() {
            let (name, rows) = split_rows(target);
            let tensor = by_either.get(name).copied().filter(|i| weights[*i]);
            let found = tensor.and_then(|tensor| {
                let mut shape = tensors[tensor].shape.clone();
                if let Some(rows) = &rows {
                    let cols = if shape.len() > 1 { shape.pop() } else { None };
                    let all = shape.iter().product::<usize>();
                    shape = [Some(rows.len()), cols].into_iter().flatten().collect();
                    if rows.end > all {
                        return None;
                    }
                }
                Some(Given { tensor, rows, shape })
            });
            let found = found.ok_or_else(|| Error::UnknownTensor {
                role: role.clone(),
                tensor: target.clone(),
            })?;
            free[found.tensor] = false;
            given.insert(role.as_str(), found);
        }
        Ok(Pool {
            tensors,
            names,
            by_name: places(&mut tensors.iter().map(|tensor| tensor.name.as_str())),
            free,
            live,
            map,
            given,
            average: copies.average,
            roles: Vec::new(),
            complete: false,
            problems: Vec::new(),
        })
    }

    /// The same without what the map does not give, but for biases of that.
    pub fn of_map_alone(tensors: &'a [TensorInfo], map: &'a NameMap) -> Result<Self> {
        let mut pool = Pool::new(tensors, map)?;
        pool.free.fill(false);
        let biases = pool.given.values().filter_map(|given| pool.bias_of(given.tensor));
        for bias in biases.collect::<Vec<_>>() {
            pool.free[bias] = true;
        }
        Ok(pool)
    }

    /// Whether what the map gives a role has its shape.
    pub fn fits(&self, given: &Given, shape: &[usize]) -> bool {
        squeeze(&given.shape) == squeeze(shape)
    }

    /// Takes what the map gives a role, if it does and the shape is right.
    pub fn take_given(&mut self, role: &str, shape: &[usize]) -> Option<Given> {
        let given = self.given.remove(role)?;
        if self.fits(&given, shape) {
            return Some(given);
        }
        self.problems.push(Error::Shape {
            role: role.into(),
            tensor: self.listed([given.tensor]).remove(0),
            expected: shape.into(),
        });
        None
    }

    /// No tensor fits a role, or several do.
    pub fn open(&mut self, role: String, expected: &[usize], candidates: &[usize]) {
        let candidates = self.listed(candidates.iter().copied());
        self.problems.push(Error::Unsettled {
            role,
            expected: expected.into(),
            candidates,
            unused: Vec::new(),
        });
    }

    pub fn listed(&self, indexes: impl IntoIterator<Item = usize>) -> Vec<Listed> {
        let one = |i: usize| (self.tensors[i].name.clone(), self.tensors[i].shape.clone());
        indexes.into_iter().map(one).collect()
    }

    pub fn is_bias(&self, index: usize) -> bool {
        self.names[index].ends_with("bias")
    }

    /// Whether a tensor is a buffer or what training left: by its words, or a causal mask, which many
    /// call `bias`.
    pub fn is_unused(&self, index: usize, words: &str) -> bool {
        let is_mask = || match squeeze(&self.tensors[index].shape)[..] {
            [rows, cols] => rows == cols && self.is_bias(index),
            _ => false,
        };
        fit(words, UNUSED) > 0 || is_mask()
    }

    /// The bias beside a weight.
    pub fn bias_of(&self, tensor: usize) -> Option<usize> {
        let name = &self.tensors[tensor].name;
        let bias = match name.strip_suffix("weight") {
            Some(stem) => format!("{stem}bias"),
            None => format!("{name}.bias"),
        };
        self.by_name.get(bias.as_str()).copied().filter(|&index| self.live[index])
    }

    /// Gives a role to a tensor, and the role's bias to the bias beside it.
    pub fn claim(
        &mut self,
        role: &str,
        part: &Part,
        (tensor, rows): (usize, Option<Range<usize>>),
        shape: &[usize],
        why: Why,
    ) {
        self.free[tensor] = false;
        // A weight has as many outputs as numbers in its bias, a fused one more than this role.
        let outputs = shape.first().copied().unwrap_or(1);
        let inputs = shape.iter().product::<usize>() / outputs.max(1);
        let numel = |index: usize| self.tensors[index].shape.iter().product::<usize>();
        if let Some(stem) = role.strip_suffix("weight")
            && matches!(part.kind, Kind::Linear | Kind::Floats)
        {
            let name = format!("{stem}bias");
            let beside = self.bias_of(tensor).filter(|&index| {
                numel(index).checked_mul(inputs) == Some(numel(tensor))
                    && (self.free[index] || self.roles.iter().any(|role| role.tensor == index))
            });
            let denied = self.map.denies(&name);
            let found = match self.take_given(&name, &[outputs]) {
                Some(given) => Some((given.tensor, given.rows, Why::Mapped)),
                None => beside.map(|index| (index, rows.clone(), Why::Beside)),
            };
            if let Some((tensor, rows, why)) = found {
                self.free[tensor] = false;
                if !denied {
                    let shape = vec![outputs];
                    self.roles.push(Role { name, tensor, rows, shape, ternary: false, why });
                }
            }
        }
        self.roles.push(Role {
            name: role.into(),
            tensor,
            rows,
            shape: shape.into(),
            ternary: matches!(part.kind, Kind::Linear | Kind::Table),
            why,
        });
    }
}

/// `name[a:b]` as name and rows.
fn split_rows(target: &str) -> (&str, Option<Range<usize>>) {
    let parsed = target.strip_suffix(']').and_then(|rest| {
        let (name, rows) = rest.rsplit_once('[')?;
        let (start, end) = rows.split_once(':')?;
        let (start, end) = (start.parse().ok()?, end.parse().ok()?);
        (start < end).then_some((name, start..end))
    });
    match parsed {
        Some((name, rows)) => (name, Some(rows)),
        None => (target, None),
    }
}
