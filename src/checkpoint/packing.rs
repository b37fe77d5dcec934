//! How a file lays out its ternary codes: what it declares, what the shapes of the codes say, and what the codes and
//! scales themselves say.
//!
//! The keys are unpublished ([spec](crate::spec) §3), so several are understood. All that is declared, for one
//! tensor or for the file, has to agree, and has to fit the shapes. What then is still open is settled for all tensors
//! together, once their codes are there ([`Evidence`]): by what the bits behind the last weights hold, how often
//! each code occurs, and how large the scales are. What nothing tells is taken as [spec](crate::spec) §3 documents it.

use super::codes::Codes;
use super::error::shown;
use super::pickle::{Graph, Id, Node};
use crate::decimal;

/// Longer texts are no keys of ours.
const LONGEST_KEY: usize = 32;

/// What the codes 0 to 3 stand for.
const WEIGHTS: [Option<i8>; 4] = [Some(-1), Some(0), Some(1), None];

/// How the codes of a matrix are arranged. A line is a row, or a column where those come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Line after line without a gap.
    Joined,
    /// Each line begins with a byte of its own.
    Lines,
    /// Four lines that are neighbours share a byte: byte `[l / 4][i]` holds code `i` of line `l`.
    Across,
    /// A line of each quarter shares a byte, as Hugging Face's BitNet has it: of q quarters, byte `[l % q][i]`.
    Quarters,
}

/// How a file packs a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Packing {
    layout: Layout,
    /// Columns are packed as others pack rows.
    columns_first: bool,
    /// A byte's first code is in its highest bits.
    high_first: bool,
    /// What each code stands for.
    weights: [Option<i8>; 4],
}

impl Layout {
    /// Where code `i` of a line is, counted in codes from the first.
    fn place(self, line: usize, i: usize, (lines, line_len): (usize, usize)) -> usize {
        let quarter = Codes::packed_len(lines);
        match self {
            Layout::Joined => line * line_len + i,
            Layout::Lines => 4 * line * Codes::packed_len(line_len) + i,
            Layout::Across => 4 * (line / 4 * line_len + i) + line % 4,
            Layout::Quarters => 4 * (line % quarter * line_len + i) + line / quarter,
        }
    }

    /// The places behind the last weights, which hold none.
    fn unused(self, size @ (lines, line_len): (usize, usize)) -> Vec<usize> {
        let padded = |len: usize| 4 * Codes::packed_len(len);
        match self {
            Layout::Joined => (lines * line_len..padded(lines * line_len)).collect(),
            Layout::Lines => {
                let rests = (0..lines).map(|line| self.place(line, 0, size));
                rests.flat_map(|at| at + line_len..at + padded(line_len)).collect()
            }
            Layout::Across | Layout::Quarters => {
                let rest = lines..padded(lines);
                rest.flat_map(|line| (0..line_len).map(move |i| self.place(line, i, size)))
                    .collect()
            }
        }
    }
}

/// A matrix of `rows` × `columns` in the documented packing: row-major without gaps, the first code
/// lowest, code = weight + 1, unused bits zero.
///
/// # Errors
/// The row-major position of a weight and its code, which stands for none.
fn repack(
    mut codes: Codes,
    packing: &Packing,
    rows: usize,
    columns: usize,
) -> Result<Codes, (usize, u8)> {
    let len = rows * columns;
    let gapless = match packing.layout {
        Layout::Joined => true,
        Layout::Lines => columns.is_multiple_of(4) || rows <= 1,
        Layout::Across | Layout::Quarters => false,
    };
    let documented = !packing.columns_first && !packing.high_first && packing.weights == WEIGHTS;
    if documented && gapless {
        if let Some(index) = codes.first_invalid(len) {
            return Err((index, 3));
        }
        codes.clear_rest(len);
        return Ok(codes);
    }
    let mut repacked = Codes::zeros(len);
    let size = if packing.columns_first { (columns, rows) } else { (rows, columns) };
    for row in 0..rows {
        for column in 0..columns {
            let (line, i) = match packing.columns_first {
                true => (column, row),
                false => (row, column),
            };
            let place = packing.layout.place(line, i, size);
            // The last two bits tell which code of its byte it is.
            let code = codes.get(if packing.high_first { place ^ 3 } else { place });
            let to = row * columns + column;
            let weight = packing.weights[usize::from(code)].ok_or((to, code))?;
            repacked.set(to, (weight + 1) as u8);
        }
    }
    Ok(repacked)
}

/// How the packed tensors of a file are read where the file does not declare it: each field where it is settled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PackingChoice {
    /// What the codes 0 to 3 stand for: -1, 0, 1 or nothing.
    pub codes: Option<[Option<i8>; 4]>,
    /// Whether a byte's first code is in its highest bits.
    pub high_first: Option<bool>,
    /// Whether codes without a shape of their own are column after column.
    pub columns_first: Option<bool>,
    /// Where four rows share a byte: whether these are of the four quarters of the rows, and not neighbours.
    pub quarters: Option<bool>,
    /// Whether the scales are 1/γ.
    pub reciprocal: Option<bool>,
}

/// What is known of a packed tensor before its codes are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    /// What is declared.
    declared: PackingChoice,
    /// What the shape of the codes leaves: each a layout, and whether columns are packed as others pack rows. Where
    /// one stays it is the only one.
    orders: Vec<(Layout, bool)>,
    /// What it is declared by says that four rows that share a byte are of four quarters.
    quarters_likely: bool,
    /// The file bears the name of the documented format.
    documented: bool,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Open {
    /// Of several orders, keeps the one that other tensors of the file have.
    ///
    /// # Errors
    /// A part of a sentence, where it is not clear.
    pub(super) fn agree(&mut self, others: &[(Layout, bool)]) -> Result<(), String> {
        if self.orders.len() > 1 {
            let agreed = |order: &(Layout, bool)| others.contains(order);
            if self.orders.iter().filter(|order| agreed(order)).count() == 1 {
                self.orders.retain(agreed);
            }
        }
        match self.orders[..] {
            [_] => Ok(()),
            [(Layout::Lines, false), ..] => {
                self.orders.truncate(1);
                Ok(())
            }
            _ => Err(
                "its codes could be packed along either side, and the file does not declare which"
                    .to_owned(),
            ),
        }
    }

    /// The only order that its shape leaves.
    pub(super) fn order(&self) -> Option<(Layout, bool)> {
        <[_; 1]>::try_from(&self.orders[..]).ok().map(|[only]| only)
    }

    fn packing(&self, settled: &PackingChoice) -> Packing {
        let (mut layout, mut columns_first) = self.orders[0];
        let of = |field: fn(&PackingChoice) -> Option<bool>| {
            field(&self.declared).or(field(settled)).unwrap_or(false)
        };
        match layout {
            Layout::Across if of(|packed| packed.quarters) => layout = Layout::Quarters,
            Layout::Joined => columns_first = of(|packed| packed.columns_first),
            _ => {}
        }
        Packing {
            layout,
            columns_first,
            high_first: of(|packed| packed.high_first),
            weights: self.declared.codes.or(settled.codes).unwrap_or(WEIGHTS),
        }
    }

    fn size(&self, packing: &Packing) -> (usize, usize) {
        match packing.columns_first {
            true => (self.columns, self.rows),
            false => (self.rows, self.columns),
        }
    }

    /// The codes in the documented packing.
    ///
    /// # Errors
    /// As [`repack`].
    pub(super) fn unpack(
        &self,
        codes: Codes,
        settled: &PackingChoice,
    ) -> Result<Codes, (usize, u8)> {
        repack(codes, &self.packing(settled), self.rows, self.columns)
    }

    /// Whether its scales are 1/γ.
    pub(super) fn is_reciprocal(&self, settled: &PackingChoice) -> bool {
        self.declared.reciprocal.or(settled.reciprocal) == Some(true)
    }
}

/// What the codes and scales of a file's packed tensors say of how they are packed.
pub(super) struct Evidence {
    given: PackingChoice,
    /// For each [`HYPOTHESES`], the codes that would be behind the last weights.
    unused: [[usize; 4]; 4],
    /// How often each code occurs.
    count: [usize; 4],
    /// The sum of the logarithms of scales, and their number.
    scales: (f64, f64),
    across: bool,
    open_order: bool,
    quarters_likely: bool,
    documented: bool,
}

/// Highest bits first, quarters: the documented ones come first.
const HYPOTHESES: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

/// By how much one χ² has to be below another to say something.
const PLAIN: f64 = 10.0;

impl Evidence {
    pub(super) fn new(given: PackingChoice) -> Self {
        Evidence {
            given,
            unused: [[0; 4]; 4],
            count: [0; 4],
            scales: (0.0, 0.0),
            across: false,
            open_order: false,
            quarters_likely: false,
            documented: true,
        }
    }

    /// Looks at a tensor.
    pub(super) fn add(&mut self, open: &Open, codes: &Codes, scales: &[f32]) {
        self.quarters_likely |= open.quarters_likely;
        self.documented &= open.documented;
        let layout = open.orders[0].0;
        self.across |= layout == Layout::Across && open.declared.quarters.is_none();
        self.open_order |= open.declared.high_first.is_none()
            || (layout == Layout::Joined && open.declared.columns_first.is_none());
        let mut bytes = [0_usize; 256];
        codes.bytes().iter().for_each(|&byte| bytes[usize::from(byte)] += 1);
        let mut count = [0_usize; 4];
        for (byte, &times) in bytes.iter().enumerate() {
            (0..4).for_each(|i| count[byte >> (2 * i) & 3] += times);
        }
        for (at, (high, quarters)) in HYPOTHESES.into_iter().enumerate() {
            let (high_first, quarters) = (Some(high), Some(quarters));
            let packing = open.packing(&PackingChoice { high_first, quarters, ..self.given });
            let places = packing.layout.unused(open.size(&packing));
            for place in places {
                let code = codes.get(if packing.high_first { place ^ 3 } else { place });
                self.unused[at][usize::from(code)] += 1;
                // Any of the hypotheses is near enough for how many codes are weights.
                if at == 0 {
                    count[usize::from(code)] = count[usize::from(code)].saturating_sub(1);
                }
            }
        }
        if open.declared.codes.is_none() {
            (0..4).for_each(|code| self.count[code] += count[code]);
        }
        if open.declared.reciprocal.is_none() {
            let log = |&s: &f32| libm::log(f64::from(s.clamp(1e-9, 1e9)));
            let mean = scales.iter().map(log).sum::<f64>();
            self.scales.0 += mean / scales.len().max(1) as f64;
            self.scales.1 += 1.0;
        }
    }

    /// How the file is packed, and what a person should know of that.
    pub(super) fn settle(self) -> (PackingChoice, Vec<String>) {
        let mut packed = self.given;
        let mut notes = Vec::new();
        // Whatever fills unused places is the same everywhere.
        let odd = self
            .unused
            .map(|codes| codes.iter().sum::<usize>() - codes.iter().max().copied().unwrap_or(0));
        let likely = |&at: &usize| (odd[at], HYPOTHESES[at].1 != self.quarters_likely, at);
        let best = (0..4).min_by_key(likely).unwrap_or(0);
        let (high_first, quarters) = HYPOTHESES[best];
        let told = |field: fn(&(bool, bool)) -> bool| {
            (0..4)
                .all(|at| field(&HYPOTHESES[at]) == field(&HYPOTHESES[best]) || odd[at] > odd[best])
        };
        let (high_told, quarters_told) = (told(|h| h.0), told(|h| h.1));
        if packed.high_first.is_none() {
            packed.high_first = Some(high_first);
            if high_first {
                notes.push(
                    "The file does not say in which order its codes lie; what is behind the last weights \
                     shows that a byte's first code is in its highest bits."
                        .to_owned(),
                );
            } else if self.open_order && !high_told && !self.documented {
                notes.push(
                    "The file does not say in which order its codes lie; row by row, the lowest bits \
                     first, was taken."
                        .to_owned(),
                );
            }
        }
        if packed.quarters.is_none() && self.across {
            packed.quarters = Some(quarters);
            if !quarters_told {
                notes.push(format!(
                    "The file does not say which four rows share a byte of codes; {} was taken.",
                    if quarters { "one of each quarter" } else { "four neighbours" }
                ));
            }
        }
        if packed.codes.is_none() {
            let [zero, one, two, three] = self.count.map(|n| n > 0);
            // By how far the codes of -1 and +1 differ in number, if they are 2 and another; as χ².
            let uneven = |code: usize| {
                let [a, b] = [code, 2].map(|code| self.count[code] as f64);
                (a - b) * (a - b) / (a + b).max(1.0)
            };
            // Two's complement, and an offset of two, have another code that is none.
            packed.codes = if three && !two && zero && one {
                Some([Some(0), Some(1), None, Some(-1)])
            } else if three && !zero && one && two {
                Some([None, Some(-1), Some(0), Some(1)])
            } else if uneven(1) * 2.0 + PLAIN < uneven(0) {
                // As many are +1 as are -1; of zeros there are more or fewer.
                Some([Some(0), Some(1), Some(-1), None])
            } else {
                None
            };
            if let Some(codes) = packed.codes {
                let code =
                    |weight| codes.iter().position(|&code| code == Some(weight)).unwrap_or(0);
                notes.push(format!(
                    "The file does not say what its codes stand for; by how often each occurs, -1, 0 and +1 \
                     are {}, {} and {}.",
                    code(-1),
                    code(0),
                    code(1)
                ));
            }
        }
        let (sum, scales) = self.scales;
        if packed.reciprocal.is_none() && scales > 0.0 {
            let typical = sum / scales;
            // γ is below 1 and 1/γ above: γ is 0.8 over the root of a layer's inputs where training begins.
            packed.reciprocal = Some(typical > 0.4);
            if typical > 0.4 {
                notes.push(format!(
                    "The scales of the packed tensors, {} as a rule, are too large for weights; they were \
                     taken as 1/γ.",
                    decimal::text((libm::exp(typical) * 10.0).round() / 10.0)
                ));
            }
        }
        (packed, notes)
    }
}

/// What is declared of the codes; nothing by default.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    choice: PackingChoice,
    /// Whether the four codes of a byte are of one column, and not of one row.
    along_rows: Option<bool>,
    quarters_likely: bool,
    /// The file bears the name of the documented format.
    documented: bool,
}

impl Declared {
    /// Adds what is so where the shape of codes tells that of their weights: four rows share a byte, as Hugging Face
    /// has it.
    pub(super) fn share_rows(&mut self) {
        self.along_rows.get_or_insert(true);
        self.quarters_likely = true;
    }

    /// Nothing but whether the file bears the name of the documented format.
    pub(super) fn of_format(documented: bool) -> Self {
        Declared { documented, ..Declared::default() }
    }

    /// Adds what a dict declares. Words that could be about anything count only where `about_codes`.
    ///
    /// # Errors
    /// A part of a sentence that says what is not understood or contradicts what was declared before.
    pub(super) fn read(
        &mut self,
        graph: &Graph<'_>,
        dict: Id,
        about_codes: bool,
    ) -> Result<(), String> {
        for &(key, value) in graph.items(dict) {
            let Some(key) = graph.text(key).filter(|key| key.len() <= LONGEST_KEY) else {
                continue;
            };
            // A tensor declares nothing, under any name.
            let is_tensor = |id| matches!(graph.node(id), Node::Tensor(_));
            let node = graph.node(value);
            let first = graph.items(value).first();
            if is_tensor(value)
                || first.is_some_and(|item| is_tensor(item.1))
                || matches!(node, Node::None)
            {
                continue;
            }
            let text = graph.text(value).map(plain);
            let text = text.as_deref();
            let flag = match node {
                Node::Bool(flag) => Some(*flag),
                _ => None,
            };
            let unknown = || format!("what it declares as '{}' is not understood", shown(key));
            let agrees = match (key, about_codes) {
                (
                    "pack_order" | "packing_order" | "pack_layout" | "packing_layout"
                    | "memory_order",
                    _,
                )
                | ("order" | "layout", true) => {
                    let columns = match text {
                        Some("row" | "rows" | "rowmajor" | "c") => false,
                        Some("col" | "cols" | "column" | "columns") => true,
                        Some("colmajor" | "columnmajor" | "f" | "fortran") => true,
                        _ => return Err(unknown()),
                    };
                    set(&mut self.choice.columns_first, columns)
                }
                ("packed_transposed" | "column_major" | "col_major", _)
                | ("transposed" | "transpose" | "is_transposed", true) => {
                    set(&mut self.choice.columns_first, flag.ok_or_else(unknown)?)
                }
                ("row_major", _) => set(&mut self.choice.columns_first, !flag.ok_or_else(unknown)?),
                ("pack_axis" | "packed_axis" | "pack_dim" | "packed_dim" | "packing_dim", _)
                | ("axis", true) => {
                    let rows = match node {
                        Node::Int(0 | -2) => true,
                        Node::Int(1 | -1) => false,
                        _ => return Err(unknown()),
                    };
                    // The word of Hugging Face, whose BitNet has quarters.
                    self.quarters_likely |= key.ends_with("dim");
                    set(&mut self.along_rows, rows)
                }
                ("bit_order" | "bitorder" | "code_order" | "pack_bit_order", _) => {
                    let high = match text {
                        Some("little" | "littleendian" | "lsb" | "lsbfirst") => false,
                        Some("low" | "lowfirst" | "lowestfirst") => false,
                        Some("big" | "bigendian" | "msb" | "msbfirst") => true,
                        Some("high" | "highfirst" | "highestfirst") => true,
                        _ => return Err(unknown()),
                    };
                    set(&mut self.choice.high_first, high)
                }
                ("msb_first" | "high_first", _) => {
                    set(&mut self.choice.high_first, flag.ok_or_else(unknown)?)
                }
                ("lsb_first" | "low_first", _) => {
                    set(&mut self.choice.high_first, !flag.ok_or_else(unknown)?)
                }
                ("code_values" | "code_map" | "codebook", _)
                | ("codes" | "values" | "mapping" | "levels", true) => {
                    let weights = weights(graph, value).ok_or_else(unknown)?;
                    set(&mut self.choice.codes, weights)
                }
                ("code_offset", _) | ("offset" | "zero_point", true) => {
                    let weights = match node {
                        Node::Int(1) => WEIGHTS,
                        Node::Int(2) => [None, Some(-1), Some(0), Some(1)],
                        _ => return Err(unknown()),
                    };
                    set(&mut self.choice.codes, weights)
                }
                ("twos_complement", _) | ("signed", true) => match flag.ok_or_else(unknown)? {
                    true => set(&mut self.choice.codes, [Some(0), Some(1), None, Some(-1)]),
                    false => true,
                },
                (
                    "scale_reciprocal" | "reciprocal_scale" | "inverse_scale" | "scale_is_inverse",
                    _,
                ) => set(&mut self.choice.reciprocal, flag.ok_or_else(unknown)?),
                _ => true,
            };
            if !agrees {
                return Err(format!(
                    "what is declared as '{}' contradicts another declaration",
                    shown(key)
                ));
            }
        }
        Ok(())
    }

    /// What is known of a matrix whose codes are an array of the shape `packed`.
    ///
    /// # Errors
    /// A part of a sentence that says why no packing fits.
    pub(super) fn settle(
        &self,
        packed: &[usize],
        rows: usize,
        columns: usize,
    ) -> Result<Open, String> {
        let len = rows * columns;
        let bytes: usize = packed.iter().product();
        // The layouts of a matrix of bytes, the documented one first.
        let (across, lines) = (Layout::Across, Layout::Lines);
        let layouts = [
            ((lines, false), [rows, Codes::packed_len(columns)]),
            ((across, false), [Codes::packed_len(rows), columns]),
            ((lines, true), [columns, Codes::packed_len(rows)]),
            ((across, true), [Codes::packed_len(columns), rows]),
        ];
        let declared = self.choice.columns_first;
        let joined = (Layout::Joined, declared == Some(true));
        let allowed = |&(layout, columns_first): &(Layout, bool)| {
            let along_rows = (layout == Layout::Across) != columns_first;
            self.along_rows.is_none_or(|declared| declared == along_rows)
                && match declared {
                    None => true,
                    Some(false) => !columns_first,
                    Some(true) => along_rows || columns_first,
                }
        };
        let mut orders = Vec::new();
        if let Some((last, first @ [_, ..])) = packed.split_last() {
            let sides = [first.iter().product(), *last];
            orders.extend(layouts.iter().filter(|(_, size)| *size == sides).map(|(l, _)| *l));
            orders.retain(allowed);
            if self.quarters_likely && orders.contains(&(across, false)) {
                orders = vec![(across, false)];
            }
        }
        let flat = packed.iter().filter(|&&side| side > 1).count() <= 1;
        if orders.is_empty() && flat && bytes == Codes::packed_len(len) && allowed(&joined) {
            orders.push(joined);
        }
        if orders.is_empty() {
            return Err(match bytes != Codes::packed_len(len) && flat {
                true => format!(
                    "its shape of {rows} × {columns} needs {} bytes of codes and there are {bytes}",
                    Codes::packed_len(len)
                ),
                false => format!(
                    "its codes of shape {packed:?} are no known packing of {rows} × {columns} weights, \
                     or not the one that is declared"
                ),
            });
        }
        let Declared { choice: declared, quarters_likely, documented, .. } = *self;
        Ok(Open { declared, orders, quarters_likely, documented, rows, columns })
    }
}

/// Whether a declaration agrees with those before it.
fn set<T: PartialEq>(slot: &mut Option<T>, declared: T) -> bool {
    match slot {
        Some(before) => *before == declared,
        None => {
            *slot = Some(declared);
            true
        }
    }
}

/// A word without what is a matter of taste: `Column-Major` is `columnmajor`.
fn plain(text: &str) -> String {
    let letters = text.chars().take(LONGEST_KEY).filter(char::is_ascii_alphabetic);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

/// What each code stands for: a list of weights by code, or a dict from code to weight or from weight
/// to code, which the place of -1 tells apart.
fn weights(graph: &Graph<'_>, id: Id) -> Option<[Option<i8>; 4]> {
    let weight = |id| match graph.node(id) {
        Node::Int(weight @ -1..=1) => Some(*weight as i8),
        Node::Float(weight) if [-1.0, 0.0, 1.0].contains(weight) => Some(*weight as i8),
        _ => None,
    };
    let code = |id| match graph.node(id) {
        Node::Int(code @ 0..=3) => Some(*code as usize),
        _ => None,
    };
    let mut weights = [None; 4];
    match graph.node(id) {
        Node::List(ids) | Node::Tuple(ids) if matches!(ids.len(), 3 | 4) => {
            for (slot, &id) in weights.iter_mut().zip(ids) {
                *slot = match graph.node(id) {
                    Node::None => None,
                    _ => Some(weight(id)?),
                };
            }
        }
        Node::Dict(items) if items.len() == 3 => {
            let by_weight = items.iter().any(|item| weight(item.0) == Some(-1));
            for &(key, value) in items {
                let (from, to) = if by_weight { (value, key) } else { (key, value) };
                weights[code(from)?] = Some(weight(to)?);
            }
        }
        _ => return None,
    }
    let mut all: Vec<i8> = weights.iter().flatten().copied().collect();
    all.sort_unstable();
    (all == [-1, 0, 1]).then_some(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENTED: Packing = Packing {
        layout: Layout::Joined,
        columns_first: false,
        high_first: false,
        weights: WEIGHTS,
    };

    fn bytes(weights: &[i8]) -> Vec<u8> {
        Codes::pack(weights).bytes().into()
    }

    fn repacked(
        bytes: Vec<u8>,
        packing: &Packing,
        rows: usize,
        columns: usize,
    ) -> Result<Vec<u8>, (usize, u8)> {
        let codes = repack(bytes.into(), packing, rows, columns)?;
        Ok(codes.bytes().into())
    }

    #[test]
    fn every_packing_is_undone() {
        for (rows, columns) in [(1, 5), (3, 4), (3, 5), (4, 1), (2, 7), (0, 5), (5, 0), (9, 8)] {
            let weights: Vec<i8> = (0..rows * columns).map(|i| (i * i % 3) as i8 - 1).collect();
            let turned: Vec<i8> = (0..columns)
                .flat_map(|column| (0..rows).map(move |row| row * columns + column))
                .map(|i| weights[i])
                .collect();
            for columns_first in [false, true] {
                let (lines, len) = match columns_first {
                    true => (&turned, rows),
                    false => (&weights, columns),
                };
                let count = lines.len() / len.max(1);
                let across = (0..count.div_ceil(4)).flat_map(|four| {
                    (0..len).flat_map(move |i| {
                        let lines = (4 * four..count.min(4 * four + 4)).map(|l| lines[l * len + i]);
                        bytes(&lines.collect::<Vec<_>>())
                    })
                });
                let quarter = count.div_ceil(4);
                let quarters = (0..quarter).flat_map(|first| {
                    (0..len).flat_map(move |i| {
                        let shared = (0..4).map(|part| first + part * quarter);
                        let shared = shared.filter(|&l| l < count).map(|l| lines[l * len + i]);
                        bytes(&shared.collect::<Vec<_>>())
                    })
                });
                for (layout, codes) in [
                    (Layout::Joined, bytes(lines)),
                    (Layout::Lines, lines.chunks(len.max(1)).flat_map(bytes).collect()),
                    (Layout::Across, across.collect()),
                    (Layout::Quarters, quarters.collect()),
                ] {
                    let packing = Packing { layout, columns_first, ..DOCUMENTED };
                    let repacked = repack(codes.into(), &packing, rows, columns);
                    assert_eq!(
                        repacked,
                        Ok(Codes::pack(&weights)),
                        "{rows} × {columns}, {packing:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn bits_and_codes_mean_what_is_declared() {
        let high_first = Packing { high_first: true, ..DOCUMENTED };
        assert_eq!(
            repacked(vec![0b10_01_00_01, 0b10_00_00_00], &high_first, 1, 5),
            Ok(vec![0b01_00_01_10, 0b10])
        );
        let signed = Packing { weights: [Some(0), Some(1), None, Some(-1)], ..DOCUMENTED };
        assert_eq!(repacked(vec![0b11_01_00], &signed, 1, 3), Ok(vec![0b00_10_01]));
        assert_eq!(repacked(vec![0b10_01_00], &signed, 3, 1), Err((2, 2)));
    }

    #[test]
    fn unused_bits_are_cleared() {
        assert_eq!(repacked(vec![0b11_11_11_10], &DOCUMENTED, 1, 1), Ok(vec![0b10]));
        let whole = vec![0b01_10_01_10];
        assert_eq!(repacked(whole.clone(), &DOCUMENTED, 1, 4), Ok(whole));
    }
}
