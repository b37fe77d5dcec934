//! Which ranges of the file to ask for to get some of its entries, and their data back out of them.

use super::error::{Error, Result};
use super::zip::Entry;
use std::collections::VecDeque;
use std::ops::Range;

/// Entries this near to each other are asked for together; what is between them is wasted.
const WIDEST_GAP: u64 = 4 << 10;
/// Entries are asked for together up to this many bytes.
const LARGEST_REQUEST: u64 = 1 << 20;
/// Larger entries are asked for in pieces of this size, so that only one of them is in memory.
const PIECE: u64 = 8 << 20;

/// Entries that are being read, in file order.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    requests: VecDeque<Request>,
    /// What has arrived of an entry that comes in pieces.
    open: Vec<u8>,
}

#[derive(Debug)]
struct Request {
    range: Range<u64>,
    /// Entries that lie in the range; before them perhaps the one that it is a piece of.
    entries: Vec<usize>,
}

impl Ranges {
    /// Plans to read these entries, which are indexes in ascending order.
    pub(super) fn new(entries: &[Entry], wanted: &[usize]) -> Self {
        let mut requests: VecDeque<Request> = VecDeque::new();
        for &index in wanted {
            let span = entries[index].span();
            match requests.back_mut() {
                Some(last)
                    if span.start <= last.range.end.saturating_add(WIDEST_GAP)
                        && span.end - last.range.start <= LARGEST_REQUEST =>
                {
                    last.range.end = span.end;
                    last.entries.push(index);
                }
                _ => {
                    let mut start = span.start;
                    while start < span.end {
                        let range = start..span.end.min(start + PIECE);
                        start = range.end;
                        requests.push_back(Request {
                            range,
                            entries: vec![index],
                        });
                    }
                }
            }
        }
        Self {
            requests,
            open: Vec::new(),
        }
    }

    /// The range to ask for next.
    pub(super) fn wants(&self) -> Option<Range<u64>> {
        self.requests.front().map(|request| request.range.clone())
    }

    /// The end of the stretch without gaps that begins with [`wants`](Self::wants).
    pub(super) fn ahead(&self) -> Option<u64> {
        let mut ranges = self.requests.iter().map(|request| &request.range);
        let first = ranges.next()?.end;
        let end = ranges.try_fold(first, |end, range| match range.start == end {
            true => Ok(range.end),
            false => Err(end),
        });
        Some(end.unwrap_or_else(|end| end))
    }

    /// Bytes to ask for from here on.
    pub(super) fn remaining(&self) -> u64 {
        self.requests
            .iter()
            .map(|request| request.range.end - request.range.start)
            .sum()
    }

    /// Takes the bytes of [`wants`](Self::wants) and hands back the data of each entry that they
    /// complete.
    pub(super) fn feed(
        &mut self,
        entries: &[Entry],
        bytes: &[u8],
    ) -> Result<Vec<(usize, Vec<u8>)>> {
        let Some(Request {
            range,
            entries: indexes,
        }) = self.requests.pop_front()
        else {
            return Err(Error::NothingWanted.into());
        };
        let mut complete = Vec::with_capacity(indexes.len());
        for index in indexes {
            let (entry, span) = (&entries[index], entries[index].span());
            if range.start <= span.start && span.end <= range.end {
                let [start, end] = [span.start, span.end].map(|at| (at - range.start) as usize);
                let span = &bytes[start..end];
                complete.push((index, span[entry.data(span)?].to_vec()));
                continue;
            }
            if range.start == span.start {
                self.open = Vec::with_capacity((span.end - span.start) as usize);
            }
            // Behind the last piece, smaller entries may have been asked for with it.
            let piece = span.end.min(range.end) - range.start;
            self.open.extend_from_slice(&bytes[..piece as usize]);
            if span.end <= range.end {
                let mut whole = std::mem::take(&mut self.open);
                let data = entry.data(&whole)?;
                whole.truncate(data.end);
                whole.drain(..data.start);
                complete.push((index, whole));
            }
        }
        Ok(complete)
    }
}
