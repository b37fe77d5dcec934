//! The tensors that are still to be settled, and how roles of one shape share them out.

use super::error::{Error, Listed, Result};
use super::names::{fit, places, plain, split, words};
use super::phrases::Phrases;
use super::role::{NameMap, Role, Why};
use crate::checkpoint::{Encoding, TensorInfo};
use std::collections::HashMap;
use std::ops::Range;

/// One role of several that have the same shape.
#[derive(Clone, Copy)]
pub(super) struct Want {
    /// Its name within the scope, as `mixer.query.weight`.
    pub(super) name: &'static str,
    pub(super) phrases: Phrases,
    /// A model can do without it: it is then settled by words alone.
    pub(super) optional: bool,
}

pub(super) const fn want(name: &'static str, phrases: Phrases) -> Want {
    Want { name, phrases, optional: false }
}

pub(super) const fn maybe(name: &'static str, phrases: Phrases) -> Want {
    Want { optional: true, ..want(name, phrases) }
}

/// A tensor's shape without the sides of length 1.
pub(super) fn squeeze(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&n| n != 1).collect()
}

impl Scope<'_> {
    /// The canonical name of a role of this part.
    pub(super) fn role(&self, name: &str) -> String {
        [self.at, name].concat()
    }
}

/// The tensors that are not settled yet.
pub(super) struct Pool<'a> {
    pub(super) tensors: &'a [TensorInfo],
    by_name: HashMap<&'a str, usize>,
    pub(super) free: Vec<bool>,
    /// What the name map says and no role has claimed yet, in the order of the roles.
    pub(super) map: Vec<(String, Target)>,
    pub(super) roles: Vec<Role>,
}

/// What the name map gives a role: a tensor, or rows of one.
type Target = (usize, Option<Range<usize>>);

/// A part of the tensors in which a role is looked for: a block's, or the loose ones.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s> {
    /// What its roles' names begin with: nothing, or a block's name and a dot.
    pub(super) at: &'s str,
    /// Indexes of the tensors.
    pub(super) members: &'s [usize],
    /// How many words of a name to leave out: those of the way to the block.
    pub(super) skip: usize,
}

impl<'a> Pool<'a> {
    pub(super) fn new(tensors: &'a [TensorInfo], map: &NameMap) -> Result<Self> {
        // Counters and masks of integers are never weights, nor is nothing at all.
        let is_weight = |t: &TensorInfo| {
            !matches!(t.encoding, Encoding::Int(_) | Encoding::Other(_)) && !t.shape.contains(&0)
        };
        let mut free: Vec<bool> = tensors.iter().map(is_weight).collect();
        let mut by_either = HashMap::new();
        for (index, tensor) in tensors.iter().enumerate() {
            by_either.entry(tensor.name.as_str()).or_insert(index);
            by_either.entry(plain(&tensor.name)).or_insert(index);
        }
        let mut given = Vec::new();
        for (role, target) in map {
            let (name, rows) = split_rows(target);
            let has_rows = |&i: &usize| match (&rows, tensors[i].shape.first()) {
                (Some(rows), first) => first.is_some_and(|first| rows.end <= *first),
                (None, _) => true,
            };
            let found = by_either.get(name).copied();
            let found = found.filter(|i| free[*i]).filter(has_rows);
            let tensor = found.ok_or_else(|| Error::UnknownTensor {
                role: role.clone(),
                tensor: target.clone(),
            })?;
            given.push((role.clone(), (tensor, rows)));
        }
        given.sort_unstable_by(|(one, _): &(String, Target), (other, _)| one.cmp(other));
        // Only now: several roles may share the rows of one tensor.
        for (_, (tensor, _)) in &given {
            free[*tensor] = false;
        }
        let mut names = tensors.iter().map(|t| t.name.as_str());
        Ok(Pool { tensors, by_name: places(&mut names), free, map: given, roles: Vec::new() })
    }

    pub(super) fn listed(&self, indexes: impl IntoIterator<Item = usize>) -> Vec<Listed> {
        let one = |i: usize| (self.tensors[i].name.clone(), self.tensors[i].shape.clone());
        indexes.into_iter().map(one).collect()
    }

    pub(super) fn words(&self, index: usize, scope: Scope) -> Vec<String> {
        let mut words = words(plain(&self.tensors[index].name));
        // Of `blocks.0.weight` no word is left: `weight` is none, and neither is the `.` before it.
        words.split_off(scope.skip.min(words.len()))
    }

    /// Weights of a scope that are still free. Biases come with their weights (see `claim`).
    pub(super) fn weights<'s>(&'s self, scope: Scope<'s>) -> impl Iterator<Item = usize> + 's {
        let is_weight =
            |&i: &usize| self.free[i] && !plain(&self.tensors[i].name).ends_with("bias");
        scope.members.iter().copied().filter(is_weight)
    }

    /// Free weights of one shape.
    pub(super) fn shaped(&self, scope: Scope, shape: &[usize]) -> Vec<usize> {
        let shape = squeeze(shape);
        let fits = |&i: &usize| squeeze(&self.tensors[i].shape) == shape;
        self.weights(scope).filter(fits).collect()
    }

    /// Gives a role to a tensor, and the role's bias to the bias beside it.
    pub(super) fn claim(
        &mut self,
        role: &str,
        tensor: usize,
        rows: Option<Range<usize>>,
        shape: &[usize],
        ternary: bool,
        why: Why,
    ) {
        self.free[tensor] = false;
        // A weight has as many outputs as numbers in its bias, a fused one more than this role.
        let outputs = shape.first().copied().unwrap_or(1);
        let inputs = shape.iter().product::<usize>() / outputs.max(1);
        let numel = |index: usize| self.tensors[index].shape.iter().product::<usize>();
        let name = &self.tensors[tensor].name;
        let bias = match name.strip_suffix("weight") {
            Some(stem) => format!("{stem}bias"),
            None => format!("{name}.bias"),
        };
        let beside = self.by_name.get(bias.as_str()).copied();
        if let Some(index) = beside
            && let Some(stem) = role.strip_suffix("weight")
            && numel(index).checked_mul(inputs) == Some(numel(tensor))
        {
            self.free[index] = false;
            self.roles.push(Role {
                name: format!("{stem}bias"),
                tensor: index,
                rows: rows.clone(),
                shape: vec![outputs],
                ternary: false,
                why: Why::Beside,
            });
        }
        self.roles.push(Role {
            name: role.into(),
            tensor,
            rows,
            shape: shape.into(),
            ternary,
            why,
        });
    }

    /// The shape of what the name map gives a role.
    pub(super) fn shape_of(&self, (tensor, rows): &Target) -> Vec<usize> {
        let mut shape = self.tensors[*tensor].shape.clone();
        if let (Some(rows), Some(first)) = (rows, shape.first_mut()) {
            *first = rows.len();
        }
        shape
    }

    /// The rows of what the name map gives a role; `None` where it gives nothing.
    pub(super) fn mapped_rows(&self, role: &str) -> Option<usize> {
        let (_, target) = self.map.iter().find(|(name, _)| name == role)?;
        Some(self.shape_of(target).first().copied().unwrap_or(0))
    }

    /// Claims what the name map says of a role; false when it says nothing.
    pub(super) fn claim_mapped(
        &mut self,
        role: &str,
        shape: &[usize],
        ternary: bool,
    ) -> Result<bool> {
        let Some(at) = self.map.iter().position(|(name, _)| name == role) else {
            return Ok(false);
        };
        let (_, target) = self.map.remove(at);
        let found = self.shape_of(&target);
        let (tensor, rows) = target;
        if squeeze(&found) != squeeze(shape) {
            return Err(Error::Shape {
                role: role.into(),
                tensor: self.listed([tensor]).remove(0),
                expected: shape.into(),
            }
            .into());
        }
        self.claim(role, tensor, rows, shape, ternary, Why::Mapped);
        Ok(true)
    }

    /// Settles roles of one shape: by the name map, by being the only one, by the words.
    pub(super) fn settle(
        &mut self,
        scope: Scope,
        shape: &[usize],
        wants: &[Want],
        ternary: bool,
    ) -> Result<()> {
        let mut open = Vec::new();
        for want in wants {
            if !self.claim_mapped(&scope.role(want.name), shape, ternary)? {
                open.push(*want);
            }
        }
        let mut candidates = self.shaped(scope, shape);
        // What a candidate's words say it is: the want with the best fit, if one is best.
        let choose = |pool: &Self, open: &[Want], candidate: usize| {
            let words = pool.words(candidate, scope);
            let fits = open.iter().map(|want| fit(&words, want.phrases));
            let best = fits.clone().max()??;
            let mut chosen = (0..).zip(fits).filter(|(_, f)| *f == Some(best));
            let first = chosen.next()?.0;
            chosen.next().is_none().then_some(first)
        };
        let choices: Vec<_> = candidates.iter().map(|&c| (c, choose(self, &open, c))).collect();
        let why = if choices.len() == 1 { Why::Shape } else { Why::Name };
        let mut needed = Vec::new();
        for (number, want) in open.iter().enumerate() {
            let mut chosen = choices.iter().filter(|(_, choice)| *choice == Some(number));
            if let (Some(&(only, _)), None) = (chosen.next(), chosen.next()) {
                self.claim(&scope.role(want.name), only, None, shape, ternary, why);
                candidates.retain(|&candidate| candidate != only);
            } else if !want.optional {
                needed.push(want);
            }
        }
        // One needed role and one tensor left: its shape is reason enough.
        match (&needed[..], &candidates[..]) {
            ([], _) => Ok(()),
            ([want], [only]) => {
                self.claim(&scope.role(want.name), *only, None, shape, ternary, Why::Shape);
                Ok(())
            }
            ([want, ..], _) => Err(self.unsettled(&scope.role(want.name), shape, &candidates)),
        }
    }

    pub(super) fn unsettled(
        &self,
        role: &str,
        shape: &[usize],
        candidates: &[usize],
    ) -> Box<Error> {
        let mut unused = self.free.clone();
        for &candidate in candidates {
            unused[candidate] = false;
        }
        let unused = (0..self.tensors.len()).filter(|i| unused[*i]);
        Box::new(Error::Unsettled {
            role: role.into(),
            expected: shape.into(),
            candidates: self.listed(candidates.iter().copied()),
            unused: self.listed(unused),
        })
    }

    /// Settles linear layers that read one input: apart, or as equal parts of one fused tensor, in
    /// the order that [spec](crate::spec) §2 names them: where the fused one's name gives that order, or is one of
    /// `customary` names for it.
    pub(super) fn settle_stacked(
        &mut self,
        scope: Scope,
        rows: usize,
        cols: usize,
        wants: &[Want],
        customary: Phrases,
    ) -> Result<()> {
        let count = wants.len();
        let fused = self.shaped(scope, &[count * rows, cols]);
        let mapped = wants.iter().any(|want| self.mapped_rows(&scope.role(want.name)).is_some());
        let apart = self.shaped(scope, &[rows, cols]).len() >= count;
        match fused[..] {
            [tensor]
                if !mapped
                    && !apart
                    && (fit(&self.words(tensor, scope), customary).is_some()
                        || self.names_order(tensor, scope, wants)) =>
            {
                for (i, want) in wants.iter().enumerate() {
                    let part = i * rows..(i + 1) * rows;
                    let shape = [rows, cols];
                    let role = scope.role(want.name);
                    self.claim(&role, tensor, Some(part), &shape, true, Why::Fused);
                }
                Ok(())
            }
            [_] if !mapped && !apart => {
                Err(self.unsettled(&scope.role(wants[0].name), &[rows, cols], &fused))
            }
            _ => self.settle(scope, &[rows, cols], wants, true),
        }
    }

    /// Whether a fused tensor's name gives its parts in our order, as `fcg_proj` or `gate_up` do.
    pub(super) fn names_order(&self, tensor: usize, scope: Scope, wants: &[Want]) -> bool {
        let words = self.words(tensor, scope);
        let initials: String = wants
            .iter()
            .filter_map(|want| split(want.name, b'.').into_iter().rev().nth(1)?.chars().next())
            .collect();
        if words.contains(&initials) {
            return true;
        }
        let at: Vec<Option<(usize, usize)>> =
            wants.iter().map(|want| fit(&words, want.phrases)).collect();
        at.iter().all(Option::is_some)
            && at.windows(2).all(|pair| pair[0].map(|f| f.1) < pair[1].map(|f| f.1))
    }
}

/// `name[a:b]` as name and rows.
pub(super) fn split_rows(target: &str) -> (&str, Option<Range<usize>>) {
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
