//! How a file lays out its ternary codes: what it declares, and what the shape of the codes says.
//!
//! The keys are unpublished ([spec](crate::spec) §3), so several are understood. All that is declared, for one
//! tensor or for the file, has to agree, and has to fit the shapes; what then is still open is taken
//! as [spec](crate::spec) §3 documents it where that fits, and is an error where it does not.

use super::codes::Codes;
use super::error::shown;
use super::pickle::{Graph, Id, Node};

/// Longer texts are no keys of ours.
const LONGEST_KEY: usize = 32;

/// What the codes 0 to 3 stand for.
const WEIGHTS: [Option<i8>; 4] = [Some(-1), Some(0), Some(1), None];

/// How the codes of a matrix are arranged. A line is a row, or a column where those come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Line after line without a gap.
    Joined,
    /// Each line begins with a byte of its own.
    Lines,
    /// Four lines share a byte: byte `[l / 4][i]` holds code `i` of line `l`.
    Across,
}

/// How a file packs a matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packing {
    layout: Layout,
    /// Columns are packed as others pack rows.
    columns_first: bool,
    /// A byte's first code is in its highest bits.
    high_first: bool,
    /// What each code stands for.
    weights: [Option<i8>; 4],
}

/// A matrix of `rows` × `columns` in the documented packing: row-major without gaps, the first code
/// lowest, code = weight + 1, unused bits zero.
///
/// # Errors
/// The row-major position of a weight and its code, which stands for none.
pub(super) fn repack(
    mut codes: Codes,
    packing: &Packing,
    rows: usize,
    columns: usize,
) -> Result<Codes, (usize, u8)> {
    let len = rows * columns;
    let gapless = match packing.layout {
        Layout::Joined => true,
        Layout::Lines => columns.is_multiple_of(4) || rows <= 1,
        Layout::Across => false,
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
    let line_len = if packing.columns_first { rows } else { columns };
    for row in 0..rows {
        for column in 0..columns {
            let (line, i) = match packing.columns_first {
                true => (column, row),
                false => (row, column),
            };
            let place = match packing.layout {
                Layout::Joined => line * line_len + i,
                Layout::Lines => 4 * line * Codes::packed_len(line_len) + i,
                Layout::Across => 4 * (line / 4 * line_len + i) + line % 4,
            };
            // The last two bits tell which code of its byte it is.
            let code = codes.get(if packing.high_first { place ^ 3 } else { place });
            let to = row * columns + column;
            let weight = packing.weights[usize::from(code)].ok_or((to, code))?;
            repacked.set(to, (weight + 1) as u8);
        }
    }
    Ok(repacked)
}

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
            ((lines, false), [rows, Codes::packed_len(columns)]),
            ((across, false), [Codes::packed_len(rows), columns]),
            ((lines, true), [columns, Codes::packed_len(rows)]),
            ((across, true), [Codes::packed_len(columns), rows]),
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
        if found.is_empty() && flat && bytes == Codes::packed_len(len) && allowed(&joined) {
            found.push(joined);
        }
        match found[..] {
            [only] => Ok(packing(only)),
            [(Layout::Lines, false), ..] => Ok(packing(found[0])),
            [] if bytes != Codes::packed_len(len) && flat => Err(format!(
                "its shape of {rows} × {columns} needs {} bytes of codes and there are {bytes}",
                Codes::packed_len(len)
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
        for (rows, columns) in [
            (1, 5),
            (3, 4),
            (3, 5),
            (4, 1),
            (2, 7),
            (0, 5),
            (5, 0),
            (9, 8),
        ] {
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
                for (layout, codes) in [
                    (Layout::Joined, bytes(lines)),
                    (
                        Layout::Lines,
                        lines.chunks(len.max(1)).flat_map(bytes).collect(),
                    ),
                    (Layout::Across, across.collect()),
                ] {
                    let packing = Packing {
                        layout,
                        columns_first,
                        ..DOCUMENTED
                    };
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
        let high_first = Packing {
            high_first: true,
            ..DOCUMENTED
        };
        assert_eq!(
            repacked(vec![0b10_01_00_01, 0b10_00_00_00], &high_first, 1, 5),
            Ok(vec![0b01_00_01_10, 0b10])
        );
        let signed = Packing {
            weights: [Some(0), Some(1), None, Some(-1)],
            ..DOCUMENTED
        };
        assert_eq!(
            repacked(vec![0b11_01_00], &signed, 1, 3),
            Ok(vec![0b00_10_01])
        );
        assert_eq!(repacked(vec![0b10_01_00], &signed, 3, 1), Err((2, 2)));
    }

    #[test]
    fn unused_bits_are_cleared() {
        assert_eq!(
            repacked(vec![0b11_11_11_10], &DOCUMENTED, 1, 1),
            Ok(vec![0b10])
        );
        let whole = vec![0b01_10_01_10];
        assert_eq!(repacked(whole.clone(), &DOCUMENTED, 1, 4), Ok(whole));
    }
}
