//! The format of `torch.save` before torch 1.6, which it still writes when told to: pickles of a magic number, a
//! version, the machine, the values and the keys of the storages; then the storages, each after its length.

use super::error::{Error, Foreign, Result, shown};
use super::pickle::{self, Graph};
use super::zip::Entry;
use std::collections::HashMap;
use std::ops::Range;

/// How much of the file is read at first.
pub(super) const BEGINNING: u64 = 256 << 10;

/// Finds the values and the storages, as entries of an archive, from the beginning of a file. `None` when it takes
/// more of the file.
///
/// # Errors
/// When it is not as torch writes it.
pub(super) fn read(beginning: &[u8], file_len: u64) -> Result<Option<Vec<Entry>>> {
    let mut at = 0;
    let mut next = || -> Result<Option<(Graph<'_>, Range<u64>)>> {
        match pickle::parse(&beginning[at..]) {
            Err(error) if pickle::is_cut_off(&error) => Ok(None),
            Err(error) => Err(error),
            Ok(graph) => {
                let start = at as u64;
                at += graph.len;
                Ok(Some((graph, start..at as u64)))
            }
        }
    };
    let [Some(_), Some(_), Some((machine, _)), Some((values, place)), Some((keys, end))] =
        [next()?, next()?, next()?, next()?, next()?]
    else {
        return Ok(None);
    };
    if machine.find(machine.root, &["little_endian"]).is_some_and(|id| machine.is_false(id)) {
        return Err(Error::BigEndian.into());
    }
    let sizes: HashMap<&str, Option<u64>> = values.storages().collect();
    let mut entries = vec![Entry::bare("data.pkl".to_owned(), place)];
    let mut at = end.end;
    for (_, key) in keys.children(keys.root) {
        let key = keys.text(key).unwrap_or_default();
        let missing = || {
            let why = format!("is damaged: no tensor has its storage '{}'", shown(key));
            Error::Pickle { at: 0, why }
        };
        // Types that are not known have no known size.
        let size =
            sizes.get(key).ok_or_else(missing)?.ok_or(Error::Foreign(Foreign::LegacyTorch))?;
        // After eight bytes of the number of elements.
        let data = at.saturating_add(8);
        at = data.saturating_add(size);
        if at > file_len {
            return Err(Error::CutOff { len: file_len }.into());
        }
        entries.push(Entry::bare(format!("data/{key}"), data..at));
    }
    Ok(Some(entries))
}
