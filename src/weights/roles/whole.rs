//! The best whole: which stack of blocks is the backbone, which the local decoder, and what is around them.

use super::block::{self, Plan, Side};
use super::error::{Error, Result, WIDEST};
use super::names::{self, Stack, fit, words};
use super::outer::{self, Around};
use super::phrases::{DECODER, GLOBAL, LOCAL, NORM_1, OTHERS};
use super::pool::{Pool, squeeze};
use super::scope::Scope;
use crate::weights::file_config::Hints;

/// More stacks than a file has with its averages and what else training left.
const STACKS: usize = 8;

/// A stack of blocks in one of its readings.
pub struct Tower {
    pub scope: Scope,
    pub plan: Plan,
    /// What stands before its numbers.
    prefix: String,
    /// Its tensors with their names within their blocks, by blocks.
    blocks: Vec<(usize, Vec<(usize, String)>)>,
}

pub struct Whole {
    pub backbone: Tower,
    pub decoder: Option<Tower>,
    outside: Scope,
    pub around: Around,
    /// Tensors outside all stacks.
    loose: Vec<usize>,
    /// Stacks that are no part of the model.
    pub left: Vec<String>,
    /// The first norm of another stack that would be the backbone just as well.
    rival: Option<usize>,
}

impl Tower {
    fn new(pool: &Pool, stack: Option<&Stack>, side: Side, hints: &Hints) -> Option<Self> {
        let scope = Scope::of_stack(pool, stack, side.at())?;
        let plan = block::plan(pool, &scope, side, hints)?;
        let blocks = stack.map_or(&[][..], |stack| &stack.blocks).iter();
        let owned = |members: &Vec<(usize, &str)>| {
            members.iter().map(|(index, name)| (*index, (*name).to_owned())).collect()
        };
        Some(Tower {
            scope,
            plan,
            prefix: stack.map_or(side.at(), |stack| stack.prefix).into(),
            blocks: blocks.map(|(number, members)| (*number, owned(members))).collect(),
        })
    }

    /// How well it is the backbone, by its name and the config, or how badly the decoder.
    fn says_backbone(&self) -> i32 {
        let words = words(&self.prefix);
        let has = |phrases| i32::from(fit(&words, phrases) > 0);
        6 * has(GLOBAL) - 12 * has(LOCAL) - 6 * has(DECODER)
    }

    fn settle(&self, pool: &mut Pool) {
        let gap = (0..).zip(&self.scope.numbers).find(|(expected, number)| expected != *number);
        if let Some((expected, _)) = gap {
            let dot = if self.prefix.is_empty() || self.prefix.ends_with('_') { "" } else { "." };
            let block = format!("{}{dot}{expected}", self.prefix);
            pool.problems.push(Error::MissingBlock { block });
        }
        if let Some((place, rival)) = self.plan.rival
            && self.plan.solution.tie.is_none()
        {
            let (want, entry) = &self.plan.solution.parts[place];
            let both: Vec<usize> =
                [*entry, rival].into_iter().flatten().map(|e| self.scope.tensor(e)).collect();
            pool.open(self.scope.role(want.part, 0), &want.shape, &both);
        }
        self.scope.settle(pool, &self.plan.solution);
    }

    /// What is left in a block would change what it computes: it must not be passed over.
    fn left(&self, pool: &Pool) -> Option<Error> {
        self.blocks.iter().find_map(|(number, members)| {
            let is_left = |(index, name): &&(usize, String)| {
                pool.free[*index] && !pool.is_unused(*index, &words(name))
            };
            let left: Vec<usize> = members.iter().filter(is_left).map(|member| member.0).collect();
            let block = format!("{}.{number}", self.scope.at);
            (!left.is_empty()).then(|| Error::Unexplained { block, tensors: pool.listed(left) })
        })
    }
}

impl Whole {
    pub fn best(pool: &Pool, hints: &Hints) -> Result<Self> {
        let live = (0..pool.tensors.len()).filter(|&index| pool.live[index]);
        let live: Vec<(usize, &str)> = live.map(|index| (index, &*pool.names[index])).collect();
        let wide =
            live.iter().filter_map(
                |&(index, name)| match squeeze(&pool.tensors[index].shape)[..] {
                    [_, width] if width > WIDEST => Some((index, name, width)),
                    _ => None,
                },
            );
        let mut wide = wide.filter(|(index, name, _)| !pool.is_unused(*index, &words(name)));
        if let Some((_, _, width)) = wide.next() {
            return Err(Error::TooWide { width }.into());
        }
        let mut stacks = names::stacks(&live);
        let mut stacked = vec![false; pool.tensors.len()];
        for (index, _) in stacks.iter().flat_map(|s| &s.blocks).flat_map(|(_, members)| members) {
            stacked[*index] = true;
        }
        let loose: Vec<usize> =
            live.iter().map(|member| member.0).filter(|&index| !stacked[index]).collect();
        // What is no stack of the model by its name is none.
        let mut left = Vec::new();
        stacks.retain(|stack| {
            let is_other = fit(&words(stack.prefix), OTHERS) > 0;
            if is_other {
                left.push(stack.prefix.to_owned());
            }
            !is_other
        });
        let size = |stack: &Stack| stack.blocks.iter().map(|block| block.1.len()).sum::<usize>();
        stacks.sort_by_key(|stack| std::cmp::Reverse(size(stack)));
        stacks.truncate(STACKS);
        let stacks: Vec<Option<&Stack>> = stacks.iter().map(Some).chain([None]).collect();
        let tower = |place: usize, side| Tower::new(pool, stacks[place], side, hints);

        let mut outside = Scope::outside(pool, &loose);
        let mut best: Option<(i32, [usize; 2], Around)> = None;
        let mut rival = None;
        let towers = |side| (0..stacks.len()).map(|place| tower(place, side)).collect::<Vec<_>>();
        let (backbones, decoders) = (towers(Side::Backbone), towers(Side::Decoder));
        for (b, backbone) in backbones.iter().enumerate() {
            let Some(backbone) = backbone else {
                continue;
            };
            // The last place is that of no stack: what the map alone gives, or no decoder.
            for d in (0..stacks.len()).filter(|&d| d != b || d + 1 == stacks.len()) {
                let decoder = decoders[d].as_ref();
                if decoder.is_none() && stacks[d].is_some() {
                    continue;
                }
                let mut score = backbone.plan.score + backbone.says_backbone();
                score += 10 * i32::from(hints.n_layers == Some(backbone.scope.numbers.len()));
                if let Some(decoder) = decoder {
                    score += decoder.plan.score - decoder.says_backbone();
                    score += 5 * i32::from(hints.local_layers == Some(decoder.scope.numbers.len()));
                    score += i32::from(backbone.first() < decoder.first());
                }
                let used = [Some(backbone), decoder].into_iter().flatten();
                let used = used.filter(|tower| !tower.blocks.is_empty()).count();
                score -= 40 * (stacks.len() - 1 - used) as i32;
                outside.place(&backbone.prefix, decoder.map(|decoder| &*decoder.prefix));
                let local_width = decoder.map(|decoder| decoder.plan.shape.width);
                let width = backbone.plan.shape.width;
                let around = outer::plan(pool, &outside, width, local_width, hints);
                score += around.solution.score;
                match &best {
                    Some((most, ..)) if score < *most => {}
                    Some((most, [other, _], _)) if score == *most => {
                        let other = backbones[*other].as_ref();
                        let other = other.filter(|other| other.prefix != backbone.prefix);
                        rival = other.and_then(|_| backbone.first_norm());
                    }
                    _ => {
                        best = Some((score, [b, d], around));
                        rival = None;
                    }
                }
            }
        }
        let Some((_, [b, d], around)) = best else {
            let tensors = pool.listed(live.iter().map(|member| member.0));
            return Err(Error::NoBlocks { tensors }.into());
        };
        let take = |mut towers: Vec<Option<Tower>>, place: usize| towers.swap_remove(place);
        let decoder = take(decoders, d);
        let backbone = take(backbones, b).expect("the best has one");
        let prefixes = [Some(&backbone), decoder.as_ref()].map(|t| t.map(|t| t.prefix.as_str()));
        let unused = stacks.iter().flatten().map(|stack| stack.prefix);
        left.extend(unused.filter(|p| !prefixes.contains(&Some(p))).map(String::from));
        Ok(Whole { backbone, decoder, outside, around, loose, left, rival })
    }

    /// Gives all tensors their roles.
    pub fn settle(&self, pool: &mut Pool) {
        if let Some(rival) = self.rival {
            let both: Vec<usize> = self.backbone.first_norm().into_iter().chain([rival]).collect();
            let shape = [self.backbone.plan.shape.width];
            pool.open(self.backbone.scope.role(&NORM_1, 0), &shape, &both);
        }
        for tower in [Some(&self.backbone), self.decoder.as_ref()].into_iter().flatten() {
            tower.settle(pool);
        }
        self.outside.settle(pool, &self.around.solution);
    }

    /// Looks for what was passed over and must not be.
    pub fn check(&self, pool: &mut Pool) {
        if !pool.given.is_empty() {
            let roles = pool.given.keys().map(|role| (*role).to_owned()).collect();
            pool.problems.push(Error::UnknownRoles(roles));
        }
        // A person who gave all weights has seen what is left.
        if pool.complete {
            return;
        }
        let towers = [Some(&self.backbone), self.decoder.as_ref()];
        let left = towers.into_iter().flatten().find_map(|tower| tower.left(pool));
        pool.problems.extend(left);
        // The bias of what is no part of the model is none either; another would be missing from the sums.
        let loose = || self.loose.iter().copied().filter(|&index| pool.free[index]);
        let beside: Vec<usize> = loose().filter_map(|index| pool.bias_of(index)).collect();
        let beside: std::collections::HashSet<usize> = beside.into_iter().collect();
        let is_missing = |&index: &usize| {
            let words = words(&pool.names[index]);
            let is_part = fit(&words, "delete|deletion|bolmo|boundary") > 0;
            (is_part || pool.is_bias(index) && !beside.contains(&index))
                && !pool.is_unused(index, &words)
        };
        let missing: Vec<usize> = loose().filter(is_missing).collect();
        if !missing.is_empty() {
            let block = "outside the blocks".into();
            let tensors = pool.listed(missing);
            pool.problems.push(Error::Unexplained { block, tensors });
        }
    }
}

impl Tower {
    /// Its first tensor's place in the file.
    fn first(&self) -> Option<usize> {
        self.blocks.iter().flat_map(|(_, members)| members).map(|member| member.0).min()
    }

    fn first_norm(&self) -> Option<usize> {
        let (_, entry) =
            self.plan.solution.parts.iter().find(|(want, _)| want.part.name == NORM_1.name)?;
        entry.map(|entry| self.scope.tensor(entry))
    }
}
