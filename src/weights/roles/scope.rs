//! A place in which parts are looked for, a stack of blocks or what is around them, and the best way to give
//! its tensors the parts.

use super::matching::{self, NEVER};
use super::names::{Stack, fit, last_number, order, words};
use super::phrases::{IN_BLOCKS, OUTSIDE, Part, Place, Places};
use super::pool::{Pool, squeeze};
use super::role::Why;
use std::collections::{BTreeSet, HashMap};

/// Tensors that are one in each block: of one name and one shape.
pub struct Entry {
    /// The name within a block.
    name: String,
    words: String,
    /// Without sides of length 1.
    pub shape: Vec<usize>,
    /// Places of blocks in the stack, and the tensors there.
    members: Vec<(usize, usize)>,
    /// Where its words say that it stands.
    places: Vec<Place>,
    number: Option<(String, usize, bool)>,
    /// It is a buffer, or something of the kind.
    pub unused: bool,
    /// What the map says that it is, in another block.
    mapped: Option<String>,
}

/// How much a part is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
    /// Optional, and told by words alone.
    Named,
    /// Optional, and told by words, or by being a parameter of the place itself and of no layer there.
    Parameter,
    /// Where it is absent, another part's tensor is taken.
    Tied,
}

/// A part that a scope is thought to have.
pub struct Want {
    pub part: &'static Part,
    pub shape: Vec<usize>,
    pub need: Need,
}

pub fn want(part: &'static Part, shape: &[usize], need: Need) -> Want {
    Want { part, shape: shape.into(), need }
}

/// Which entries play which parts, and how well that fits.
pub struct Solution {
    pub score: i32,
    /// Each part with its entry, where it has one.
    pub parts: Vec<(Want, Option<usize>)>,
    /// A part that could be one of several entries just as well.
    pub tie: Option<(usize, Vec<usize>)>,
}

/// More tensors of one shape than any block has.
const MOST: usize = 64;

/// What it costs to do without a part.
const MISSING: i32 = -200;
/// What it costs to take another part's tensor.
const TIED: i32 = -20;
/// What it costs to contradict the map.
const CONTRADICTION: i32 = -10_000;

pub struct Scope {
    /// What the roles' names begin with: nothing, or the name of a stack.
    pub at: &'static str,
    /// The numbers of the blocks; one, and not shown, outside.
    pub numbers: Vec<usize>,
    pub entries: Vec<Entry>,
    /// Shapes that the map gives, of one block.
    pub given: Vec<(String, Vec<usize>)>,
    /// What it is worth to explain a tensor.
    worth: i32,
    /// Names that are ours mean what we mean by them. `decoder.norm` of others can be the backbone's.
    ours: bool,
}

impl Scope {
    /// A stack of blocks, as roles `at.0.…`, with what the map gives these; or these alone.
    pub fn of_stack(pool: &Pool, stack: Option<&Stack>, at: &'static str) -> Option<Self> {
        let mut given: HashMap<&str, &str> = HashMap::new();
        let (mut numbers, mut first) = (BTreeSet::new(), None);
        let mut shapes = Vec::new();
        for (role, target) in &pool.given {
            if let Some((number, name)) = within(role, at) {
                given.insert(pool.names[target.tensor].as_str(), name);
                numbers.insert(number);
                if *first.get_or_insert(number) == number {
                    shapes.push((name.to_owned(), squeeze(&target.shape)));
                }
            }
        }
        let blocks = stack.map_or(&[][..], |stack| &stack.blocks);
        let is_free = |index: &usize| pool.free[*index] && !pool.is_bias(*index);
        for (number, members) in blocks {
            if members.iter().any(|(index, _)| is_free(index)) {
                numbers.insert(*number);
            }
        }
        let mut numbers: Vec<usize> = numbers.into_iter().collect();
        // Of what the map says behind a gap there is nothing in the file.
        let gap = (0..numbers.len()).find(|&place| numbers[place] != place);
        let is_there = |number: usize| blocks.iter().any(|block| block.0 >= number);
        if let Some(gap) = gap.filter(|&gap| gap > 0 && !is_there(gap)) {
            numbers.truncate(gap);
        }
        let mut scope =
            Scope { at, numbers, entries: Vec::new(), given: shapes, worth: 40, ours: true };
        let mut places: HashMap<(&str, Vec<usize>), usize> = HashMap::new();
        for (number, members) in blocks {
            let Ok(block) = scope.numbers.binary_search(number) else {
                continue;
            };
            for (index, name) in members.iter().filter(|(index, _)| is_free(index)) {
                let key = (*name, squeeze(&pool.tensors[*index].shape));
                let next = scope.entries.len();
                match places.get(&key) {
                    // A second one in a block is left, and told.
                    Some(&place) => {
                        let members = &mut scope.entries[place].members;
                        if members.iter().all(|member| member.0 != block) {
                            members.push((block, *index));
                        }
                    }
                    None if next < MOST => {
                        scope.entries.push(Entry::new(pool, *index, name, block, IN_BLOCKS));
                        places.insert(key, next);
                    }
                    None => {}
                }
            }
        }
        // What the map says of one block holds for the others, as far as it says nothing of them.
        for (index, name) in blocks.iter().flat_map(|(_, members)| members) {
            if let Some(role) = given.get(pool.names[*index].as_str()) {
                let same = scope.entries.iter_mut().filter(|entry| entry.name == *name);
                same.for_each(|entry| entry.mapped = Some((*role).to_owned()));
            }
        }
        (!scope.numbers.is_empty()).then_some(scope)
    }

    /// What is around the blocks.
    pub fn outside(pool: &Pool, loose: &[usize]) -> Self {
        let mut count: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut entries = Vec::new();
        for &index in loose.iter().filter(|&&index| pool.free[index] && !pool.is_bias(index)) {
            let entry = Entry::new(pool, index, &pool.names[index], 0, OUTSIDE);
            let count = count.entry(entry.shape.clone()).or_default();
            *count += 1;
            if *count <= MOST {
                entries.push(entry);
            }
        }
        let given = pool.given.iter().filter(|(role, _)| !role.contains("blocks."));
        let given = given.map(|(role, target)| ((*role).to_owned(), squeeze(&target.shape)));
        Scope { at: "", numbers: vec![0], entries, given: given.collect(), worth: 3, ours: true }
    }

    /// Whether one of the entries or what the map gives has a shape.
    pub fn has(&self, shape: &[usize]) -> bool {
        self.shapes().any(|other| other == shape)
    }

    /// Shapes without sides of length 1.
    pub fn shapes(&self) -> impl Iterator<Item = &[usize]> {
        let used = self.entries.iter().filter(|entry| !entry.unused);
        let given = self.given.iter().map(|(_, shape)| &shape[..]);
        used.map(|entry| &entry.shape[..]).chain(given)
    }

    /// The shape of what the map gives a part.
    pub fn given(&self, part: &Part) -> Option<&[usize]> {
        let mut given = self.given.iter().filter(|(name, _)| name == part.name);
        given.next().map(|(_, shape)| &shape[..])
    }

    /// Whether an entry's words have one of some phrases.
    pub fn says(&self, phrases: &str) -> bool {
        self.entries.iter().any(|entry| fit(&entry.words, phrases) > 0)
    }

    /// The first tensor of an entry.
    pub fn tensor(&self, entry: usize) -> usize {
        self.entries[entry].members[0].1
    }

    /// The name of a part's role in a block.
    pub fn role(&self, part: &Part, block: usize) -> String {
        match self.at {
            "" => part.name.into(),
            at => format!("{at}.{}.{}", self.numbers[block], part.name),
        }
    }

    /// Tells entries around the blocks by the stack whose path they share.
    pub fn place(&mut self, backbone: &str, decoder: Option<&str>) {
        self.ours = backbone == "blocks";
        for entry in &mut self.entries {
            entry.places = places(&entry.words, OUTSIDE);
            let under = |prefix: &str| {
                let path = prefix.rfind('.').map_or("", |dot| &prefix[..=dot]);
                if entry.name.starts_with(path) { path.len() } else { 0 }
            };
            let (main, local) = (under(backbone), decoder.map_or(0, under));
            if local > main {
                entry.places = vec![Place::Decoder];
            } else if main > local {
                entry.places.retain(|place| *place != Place::Decoder);
            }
        }
    }

    /// What an entry's name and place say for a part.
    fn evidence(&self, pool: &Pool, entry: &Entry, want: &Want) -> i32 {
        let part = want.part;
        let mut said = fit(&entry.words, part.words);
        if !part.holds.is_empty() {
            said = said.max(if in_order(entry, part).is_some() { 13 } else { 0 });
        }
        if self.ours && entry.name == part.name {
            said += 50;
        }
        if entry.mapped.as_deref() == Some(part.name) {
            said += 1000;
        }
        let is_parameter = || {
            !entry.name.ends_with("weight")
                && entry.places.contains(&part.place)
                && fit(&entry.words, "norm|ln|scale|gamma") == 0
        };
        if said == 0
            && (pool.complete
                || want.need == Need::Named
                || want.need == Need::Parameter && !is_parameter())
        {
            return NEVER;
        }
        let place = match entry.places.contains(&part.place) {
            true => 4,
            false if entry.places.is_empty() || part.place == Place::Anywhere => 0,
            false => -6,
        };
        // What is in fewer blocks than others explains less.
        let missing = (self.numbers.len() - entry.members.len()) as i32;
        let worth = if entry.unused { -25 } else { self.worth };
        worth + said + place - missing.min(10)
    }

    /// The best way to give entries the parts of a hypothesis.
    pub fn solve(&self, pool: &Pool, wants: Vec<Want>) -> Solution {
        let explained = self.entries.iter().filter(|entry| !entry.unused).count() as i32;
        let mut score = -self.worth * explained;
        let is_wanted = |name: &str| {
            let weight = name.strip_suffix("bias").map(|stem| [stem, "weight"].concat());
            let name = weight.as_deref().unwrap_or(name);
            wants.iter().any(|w| w.part.name == name && w.part.holds.is_empty())
        };
        score +=
            CONTRADICTION * self.given.iter().filter(|(name, _)| !is_wanted(name)).count() as i32;
        let mut parts: Vec<(Want, Option<usize>)> = wants.into_iter().map(|w| (w, None)).collect();
        let mut open = Vec::new();
        for (place, (want, _)) in parts.iter().enumerate() {
            let mut given = 0;
            for block in 0..if pool.given.is_empty() { 0 } else { self.numbers.len() } {
                if let Some(target) = pool.given.get(self.role(want.part, block).as_str()) {
                    given += 1;
                    score += if pool.fits(target, &want.shape) { 0 } else { CONTRADICTION };
                }
            }
            if pool.map.denies(&self.role(want.part, 0)) {
                score += if want.need == Need::Required { MISSING } else { 0 };
            } else if given < self.numbers.len() {
                open.push(place);
            }
        }
        let mut tie = None;
        while let Some(&first) = open.first() {
            let shape = squeeze(&parts[first].0.shape);
            let group: Vec<usize> =
                open.iter().copied().filter(|&p| squeeze(&parts[p].0.shape) == shape).collect();
            open.retain(|place| !group.contains(place));
            let items: Vec<usize> =
                (0..self.entries.len()).filter(|&e| self.entries[e].shape == shape).collect();
            let scores: Vec<Vec<i32>> = items
                .iter()
                .map(|&item| {
                    let one = |&place: &usize| match self.evidence(
                        pool,
                        &self.entries[item],
                        &parts[place].0,
                    ) {
                        NEVER => NEVER,
                        said => said + self.numbered(item, place, &items, &group, &parts),
                    };
                    group.iter().map(one).collect()
                })
                .collect();
            let absent = |&place: &usize| match parts[place].0.need {
                Need::Required => MISSING,
                Need::Tied => TIED,
                _ => 0,
            };
            let absent: Vec<i32> = group.iter().map(absent).collect();
            let found = matching::best(&scores, &absent);
            score += found.score;
            for (&place, item) in group.iter().zip(&found.taken) {
                parts[place].1 = item.map(|item| items[item]);
            }
            if found.tied && tie.is_none() {
                let choices = |part| matching::choices(&scores, &absent, part);
                let mut several = (0..group.len()).map(|part| (part, choices(part)));
                tie = several.find(|(_, choices)| choices.len() > 1).map(|(part, of)| {
                    (group[part], of.into_iter().map(|item| items[item]).collect())
                });
            }
        }
        Solution { score, parts, tie }
    }

    /// What numbers say where as many names as parts differ in them alone.
    fn numbered(
        &self,
        item: usize,
        place: usize,
        items: &[usize],
        group: &[usize],
        parts: &[(Want, Option<usize>)],
    ) -> i32 {
        let Some((stem, number, alone)) = &self.entries[item].number else {
            return 0;
        };
        let part = parts[place].0.part;
        let family: Vec<usize> =
            group.iter().copied().filter(|&p| parts[p].0.part.place == part.place).collect();
        let alike = items.iter().filter_map(|&item| self.entries[item].number.as_ref());
        let alike = alike.filter(|(other, ..)| other == stem);
        let rank = alike.clone().filter(|(_, other, _)| other < number).count();
        let tells = *alone || matches!(part.place, Place::Anywhere | Place::Heads);
        let is = tells && family.len() > 1 && alike.count() == family.len();
        if is && family.get(rank) == Some(&place) { 6 } else { 0 }
    }

    /// Claims what a solution says.
    pub fn settle(&self, pool: &mut Pool, solution: &Solution) {
        if let Some((place, entries)) = &solution.tie {
            let (Want { part, shape, .. }, _) = &solution.parts[*place];
            let tensors: Vec<usize> = entries.iter().map(|&entry| self.tensor(entry)).collect();
            pool.open(self.role(part, 0), shape, &tensors);
        }
        for (Want { part, shape, need }, entry) in &solution.parts {
            let entry = entry.map(|entry| &self.entries[entry]);
            let order = entry.and_then(|entry| in_order(entry, part));
            let alone = entry.map_or(0, |entry| {
                self.entries.iter().filter(|other| other.shape == entry.shape).count()
            });
            let why = |entry: &Entry| match () {
                () if entry.mapped.as_deref() == Some(part.name) => Why::Mapped,
                () if alone == 1 => Why::Shape,
                () if fit(&entry.words, part.words) > 0 => Why::Name,
                () if entry.number.is_some() => Why::Number,
                () => Why::Shape,
            };
            for block in 0..self.numbers.len() {
                let role = self.role(part, block);
                if pool.map.denies(&role) {
                    if *need == Need::Required {
                        pool.problems.push(super::error::Error::Denied { role });
                    }
                    continue;
                }
                if part.holds.is_empty() && pool.given.contains_key(role.as_str()) {
                    if let Some(given) = pool.take_given(&role, shape) {
                        pool.claim(&role, part, (given.tensor, given.rows), shape, Why::Mapped);
                    }
                    continue;
                }
                let member = entry.and_then(|entry| {
                    let member = entry.members.iter().find(|member| member.0 == block);
                    member.map(|member| (entry, member.1))
                });
                match member {
                    Some((entry, tensor)) if part.holds.is_empty() => {
                        pool.claim(&role, part, (tensor, None), shape, why(entry));
                    }
                    Some((_, tensor)) => {
                        let count = part.holds.len();
                        let cols = shape[shape.len() - 1];
                        let rows = shape.iter().product::<usize>() / cols / count;
                        let each = [rows, cols];
                        if order.is_none() {
                            pool.open(role, &each, &[tensor]);
                        }
                        for at in 0..count {
                            let held = order.as_ref().map_or(at, |order| order[at]);
                            let role = self.role(part.holds[held], block);
                            let range = rows * at..rows * (at + 1);
                            pool.claim(&role, part, (tensor, Some(range)), &each, Why::Fused);
                        }
                    }
                    None if *need == Need::Required || entry.is_some() => {
                        pool.open(role, shape, &[]);
                    }
                    None => {}
                }
            }
        }
    }
}

impl Entry {
    fn new(pool: &Pool, index: usize, name: &str, block: usize, at: Places) -> Self {
        let words = words(name);
        Entry {
            name: name.into(),
            shape: squeeze(&pool.tensors[index].shape),
            members: vec![(block, index)],
            places: places(&words, at),
            number: last_number(&words),
            unused: pool.is_unused(index, &words),
            mapped: None,
            words,
        }
    }
}

fn places(words: &str, of: Places) -> Vec<Place> {
    let said = of.iter().filter(|(_, phrases)| fit(words, phrases) > 0);
    said.map(|(place, _)| *place).collect()
}

/// The order in which an entry holds the parts of a fused one, where its name tells.
fn in_order(entry: &Entry, part: &Part) -> Option<Vec<usize>> {
    let count = part.holds.len();
    // Heads have no other order.
    if fit(&entry.words, part.words) > 0 || part.place == Place::Heads {
        return Some((0..count).collect());
    }
    let words: Vec<&str> = part.holds.iter().map(|part| part.words).collect();
    order(&entry.words, &words)
}

/// The block's number and the part's name in a role of a stack's.
fn within<'r>(role: &'r str, at: &str) -> Option<(usize, &'r str)> {
    let (number, name) = role.strip_prefix(at)?.strip_prefix('.')?.split_once('.')?;
    Some((number.parse().ok().filter(|&number: &usize| number < 10_000)?, name))
}
