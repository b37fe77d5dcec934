//! How a file lays out its ternary codes: what it declares, and what the shape of the codes says.
//!
//! The keys are unpublished ([spec](crate::spec) §3), so several are understood. All that is declared, for one
//! tensor or for the file, has to agree, and has to fit the shapes; what then is still open is taken
//! as [spec](crate::spec) §3 documents it where that fits, and is an error where it does not.

use super::codes::{Layout, Packing, WEIGHTS, packed_len};
use super::error::shown;
use super::pickle::{Graph, Id, Node};

/// Longer texts are no keys of ours.
const LONGEST_KEY: usize = 32;

/// What is declared of the codes; nothing by default.
#[derive(Debug, Clone, Default)]
pub(super) struct Declared {
    /// Column after column instead of row after row.
    columns_first: Option<bool>,
    /// Whether the four codes of a byte are of one column, and not of one row.
    along_rows: Option<bool>,
    high_first: Option<bool>,
    weights: Option<[Option<i8>; 4]>,
}

impl Declared {
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
            // Tensors are no declaration, whatever their name.
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
                    set(&mut self.columns_first, columns)
                }
                ("packed_transposed" | "column_major" | "col_major", _)
                | ("transposed" | "transpose" | "is_transposed", true) => {
                    set(&mut self.columns_first, flag.ok_or_else(unknown)?)
                }
                ("row_major", _) => set(&mut self.columns_first, !flag.ok_or_else(unknown)?),
                ("pack_axis" | "packed_axis" | "pack_dim" | "packed_dim" | "packing_dim", _)
                | ("axis", true) => {
                    let rows = match node {
                        Node::Int(0 | -2) => true,
                        Node::Int(1 | -1) => false,
                        _ => return Err(unknown()),
                    };
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
                    set(&mut self.high_first, high)
                }
                ("msb_first" | "high_first", _) => {
                    set(&mut self.high_first, flag.ok_or_else(unknown)?)
                }
                ("lsb_first" | "low_first", _) => {
                    set(&mut self.high_first, !flag.ok_or_else(unknown)?)
                }
                ("code_values" | "code_map" | "codebook", _)
                | ("codes" | "values" | "mapping" | "levels", true) => {
                    let weights = weights(graph, value).ok_or_else(unknown)?;
                    set(&mut self.weights, weights)
                }
                ("code_offset", _) | ("offset" | "zero_point", true) => {
                    let weights = match node {
                        Node::Int(1) => WEIGHTS,
                        Node::Int(2) => [None, Some(-1), Some(0), Some(1)],
                        _ => return Err(unknown()),
                    };
                    set(&mut self.weights, weights)
                }
                ("twos_complement", _) | ("signed", true) => match flag.ok_or_else(unknown)? {
                    true => set(&mut self.weights, [Some(0), Some(1), None, Some(-1)]),
                    false => true,
                },
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

    /// The packing of a matrix whose codes are an array of the shape `packed`.
    ///
    /// # Errors
    /// A part of a sentence that says why no packing fits, or more than one.
    pub(super) fn settle(
        &self,
        packed: &[usize],
        rows: usize,
        columns: usize,
    ) -> Result<Packing, String> {
        let len = rows * columns;
        let bytes: usize = packed.iter().product();
        let packing = |(layout, columns_first)| Packing {
            layout,
            columns_first,
            high_first: self.high_first.unwrap_or(false),
            weights: self.weights.unwrap_or(WEIGHTS),
        };
        // The layouts of a matrix of bytes, the documented one first.
        let (across, lines) = (Layout::Across, Layout::Lines);
        let layouts = [
            ((lines, false), [rows, packed_len(columns)]),
            ((across, false), [packed_len(rows), columns]),
            ((lines, true), [columns, packed_len(rows)]),
            ((across, true), [packed_len(columns), rows]),
        ];
        let joined = (Layout::Joined, self.columns_first == Some(true));
        let allowed = |&(layout, columns_first): &(Layout, bool)| {
            let along_rows = (layout == Layout::Across) != columns_first;
            self.along_rows
                .is_none_or(|declared| declared == along_rows)
                && match self.columns_first {
                    None => true,
                    Some(false) => !columns_first,
                    Some(true) => along_rows || columns_first,
                }
        };
        let mut found = Vec::new();
        if let Some((last, first @ [_, ..])) = packed.split_last() {
            let sides = [first.iter().product(), *last];
            found.extend(
                layouts
                    .iter()
                    .filter(|(_, size)| *size == sides)
                    .map(|(l, _)| *l),
            );
            found.retain(allowed);
        }
        let flat = packed.iter().filter(|&&side| side > 1).count() <= 1;
        if found.is_empty() && flat && bytes == packed_len(len) && allowed(&joined) {
            found.push(joined);
        }
        match found[..] {
            [only] => Ok(packing(only)),
            [(Layout::Lines, false), ..] => Ok(packing(found[0])),
            [] if bytes != packed_len(len) && flat => Err(format!(
                "its shape of {rows} × {columns} needs {} bytes of codes and there are {bytes}",
                packed_len(len)
            )),
            [] => Err(format!(
                "its codes of shape {packed:?} are no known packing of {rows} × {columns} weights, \
                 or not the one that is declared"
            )),
            _ => Err(format!(
                "its codes of shape {packed:?} could be packed along either side, and the file does \
                 not declare which"
            )),
        }
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
    let letters = text
        .chars()
        .take(LONGEST_KEY)
        .filter(char::is_ascii_alphabetic);
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
                let (from, to) = if by_weight {
                    (value, key)
                } else {
                    (key, value)
                };
                weights[code(from)?] = Some(weight(to)?);
            }
        }
        _ => return None,
    }
    let mut all: Vec<i8> = weights.iter().flatten().copied().collect();
    all.sort_unstable();
    (all == [-1, 0, 1]).then_some(weights)
}
