//! The reader: which bytes are wanted when, and what becomes of them.

use super::contents::{self, Contents};
use super::error::shown;
use super::fetch::Fetch;
use super::tensor::{Source, Tensor};
use super::zip::{self, Entry, Location, Tail};
use super::{Error, foreign, pickle};
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

/// Names and settings of a whole step file take some hundreds of kilobytes.
const LARGEST_PICKLE: u64 = 16 << 20;
/// How often all of a file's bytes may be decoded: tied weights are two views of one storage.
const MOST_SHARING: u64 = 4;

/// Sans-IO reader of a torch `.pt` file; see the [module](super) for how it is used.
///
/// After an error from [`feed`](Self::feed) or [`take`](Self::take) nothing more is wanted and the
/// reader can only be dropped, except after [`Error::WrongLength`]: then the same range is wanted
/// again.
#[derive(Debug)]
pub struct Reader {
    file_len: u64,
    phase: Phase,
    entries: Vec<Entry>,
    /// `data.pkl`, while it is not understood yet.
    pickle: Vec<u8>,
    contents: Option<Contents>,
    /// Where the tensors of `contents` come from, in the same order.
    sources: Vec<Source>,
    /// Storages that selected tensors wait for or are to be decoded from, by entry.
    storages: HashMap<usize, Storage>,
    /// Selected tensors that are not complete: how many of their storages are missing.
    missing: HashMap<usize, usize>,
    /// Complete tensors.
    ready: VecDeque<usize>,
    progress: (u64, u64),
}

#[derive(Debug)]
enum Phase {
    /// Looking for the directory at the end of the file.
    Tail(Range<u64>),
    /// No directory was found: what is this file?
    Head(Range<u64>),
    Directory(Location),
    /// Reading `data.pkl`, which is this entry, and `byteorder`.
    Description(usize, Fetch),
    /// The contents are known; nothing was selected.
    Described,
    /// Reading storages.
    Storages(Fetch),
    Failed,
}

#[derive(Debug, Default)]
struct Storage {
    /// Its bytes, once they are there.
    bytes: Vec<u8>,
    /// Selected tensors that were not decoded from it yet.
    tensors: Vec<usize>,
    /// How many of these are still to be decoded.
    pending: usize,
}

impl Reader {
    /// A reader of a file of `file_len` bytes.
    ///
    /// # Errors
    /// [`Error::Empty`] for a length of 0.
    pub fn new(file_len: u64) -> Result<Self, Error> {
        if file_len == 0 {
            return Err(Error::Empty);
        }
        Ok(Self {
            file_len,
            phase: Phase::Tail(zip::first_tail(file_len)),
            entries: Vec::new(),
            contents: None,
            sources: Vec::new(),
            pickle: Vec::new(),
            storages: HashMap::new(),
            missing: HashMap::new(),
            ready: VecDeque::new(),
            progress: (0, 0),
        })
    }

    /// The byte range of the file that is wanted next; never empty.
    ///
    /// `None` before [`select`](Self::select) means that the contents are known, after it that all
    /// selected storages were read. The range does not depend on whether finished tensors were
    /// taken; who takes them first holds the fewest bytes in memory.
    pub fn wants(&self) -> Option<Range<u64>> {
        match &self.phase {
            Phase::Tail(range) | Phase::Head(range) => Some(range.clone()),
            Phase::Directory(location) => Some(location.range.clone()),
            Phase::Description(_, fetch) | Phase::Storages(fetch) => fetch.wants(),
            Phase::Described | Phase::Failed => None,
        }
    }

    /// Hands over exactly the bytes of [`wants`](Self::wants).
    ///
    /// # Errors
    /// Whatever is found to be wrong with the file; [`Error::WrongLength`] and
    /// [`Error::NothingWanted`] when called wrongly.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let wanted = self.wants().ok_or(Error::NothingWanted)?;
        let (wanted, got) = (wanted.end - wanted.start, bytes.len() as u64);
        if wanted != got {
            return Err(Error::WrongLength { wanted, got });
        }
        let phase = std::mem::replace(&mut self.phase, Phase::Failed);
        self.phase = match phase {
            Phase::Tail(range) => self.tail(range, bytes)?,
            Phase::Head(_) => return Err(foreign::recognise(bytes, self.file_len)),
            Phase::Directory(location) => self.directory(&location, bytes)?,
            Phase::Description(pickle, fetch) => self.description(pickle, fetch, bytes)?,
            Phase::Storages(fetch) => self.storages(fetch, bytes)?,
            Phase::Described | Phase::Failed => return Err(Error::NothingWanted),
        };
        Ok(())
    }

    /// What the checkpoint holds, once that is known.
    pub fn contents(&self) -> Option<&Contents> {
        self.contents.as_ref()
    }

    /// Chooses the tensors to read, by their places in [`Contents::tensors`]; possible once.
    ///
    /// # Errors
    /// [`Error::NotSelectable`] at the wrong time; [`Error::NoSuchTensor`], [`Error::Unreadable`]
    /// and [`Error::SharedTooOften`] for a selection that cannot be read, after which another one
    /// can be made.
    pub fn select(&mut self, tensors: &[usize]) -> Result<(), Error> {
        let (Phase::Described, Some(contents)) = (&self.phase, &self.contents) else {
            return Err(Error::NotSelectable);
        };
        let mut storages: HashMap<usize, Storage> = HashMap::new();
        let mut missing = HashMap::with_capacity(tensors.len());
        let mut ready = VecDeque::new();
        let mut decoded = 0_u64;
        for &tensor in tensors {
            let info = contents
                .tensors
                .get(tensor)
                .ok_or(Error::NoSuchTensor(tensor))?;
            let source = &self.sources[tensor];
            if matches!(source, Source::Unreadable) {
                let encoding = info.encoding.to_string();
                return Err(Error::Unreadable {
                    tensor: shown(&info.name),
                    encoding,
                });
            }
            let entries: HashSet<usize> = source.views().filter_map(|view| view.entry).collect();
            if missing.insert(tensor, entries.len()).is_some() {
                return Err(Error::NoSuchTensor(tensor));
            }
            if entries.is_empty() {
                missing.remove(&tensor);
                ready.push_back(tensor);
            }
            for entry in entries {
                let storage = storages.entry(entry).or_default();
                storage.tensors.push(tensor);
                storage.pending += 1;
            }
            for view in source.views() {
                decoded = decoded.saturating_add(view.len() as u64 * view.dtype.size());
            }
        }
        if decoded > self.file_len.saturating_mul(MOST_SHARING) {
            return Err(Error::SharedTooOften);
        }
        let mut order: Vec<usize> = storages.keys().copied().collect();
        order.sort_unstable();
        let fetch = Fetch::new(&self.entries, &order);
        self.progress = (0, fetch.remaining());
        (self.storages, self.missing, self.ready) = (storages, missing, ready);
        self.phase = Phase::Storages(fetch);
        Ok(())
    }

    /// A selected tensor whose bytes are complete, with its place in [`Contents::tensors`]; `None`
    /// when more bytes have to come first. Tensors come in the order in which the file completes
    /// them, and a storage is dropped with the last tensor that is decoded from it.
    ///
    /// # Errors
    /// [`Error::Scale`] and [`Error::TernaryCode`].
    pub fn take(&mut self) -> Result<Option<(usize, Tensor)>, Error> {
        let (Some(tensor), Some(contents)) = (self.ready.pop_front(), &self.contents) else {
            return Ok(None);
        };
        let (info, source) = (&contents.tensors[tensor], &self.sources[tensor]);
        let storages = &self.storages;
        let bytes = |entry| {
            storages
                .get(&entry)
                .map_or(&[][..], |storage| &storage.bytes)
        };
        let decoded = source
            .decode(&info.name, &info.shape, bytes)
            .inspect_err(|_| {
                self.phase = Phase::Failed;
            })?;
        let entries: HashSet<usize> = source.views().filter_map(|view| view.entry).collect();
        for entry in entries {
            if let Some(storage) = self.storages.get_mut(&entry) {
                storage.pending -= 1;
                if storage.pending == 0 {
                    self.storages.remove(&entry);
                }
            }
        }
        Ok(Some((tensor, decoded)))
    }

    /// Whether every selected tensor was taken.
    pub fn done(&self) -> bool {
        matches!(self.phase, Phase::Storages(_)) && self.missing.is_empty() && self.ready.is_empty()
    }

    /// Bytes fed since the selection, and bytes that it takes in all.
    pub fn progress(&self) -> (u64, u64) {
        self.progress
    }

    fn tail(&mut self, range: Range<u64>, bytes: &[u8]) -> Result<Phase, Error> {
        match zip::locate(bytes, self.file_len)? {
            Tail::More(range) => Ok(Phase::Tail(range)),
            Tail::Absent if range.start == 0 => Err(foreign::recognise(bytes, self.file_len)),
            Tail::Absent => Ok(Phase::Head(0..foreign::HEAD.min(self.file_len))),
            Tail::Found(location) => {
                let (start, end) = (location.range.start, location.range.end);
                if start == end {
                    return Err(Error::NoPickle);
                }
                if start < range.start {
                    return Ok(Phase::Directory(location));
                }
                let [start, end] = [start, end].map(|at| (at - range.start) as usize);
                self.directory(&location, &bytes[start..end])
            }
        }
    }

    fn directory(&mut self, location: &Location, bytes: &[u8]) -> Result<Phase, Error> {
        self.entries = zip::directory(bytes, location)?;
        let mut pickles = (0..self.entries.len()).filter(|&index| {
            let name = &self.entries[index].name;
            // Directly in the archive's one folder.
            name.strip_suffix("data.pkl").is_some_and(|folder| {
                folder.is_empty() || folder.find('/') == Some(folder.len() - 1)
            })
        });
        let pickle = pickles.next().ok_or(Error::NoPickle)?;
        if pickles.next().is_some() {
            return Err(Error::TwoPickles);
        }
        if self.find(pickle, "constants.pkl").is_some() {
            return Err(Error::TorchScript);
        }
        self.entries.iter().try_for_each(Entry::check_readable)?;
        let size = self.entries[pickle].size;
        if size > LARGEST_PICKLE {
            return Err(Error::PickleTooLarge { bytes: size });
        }
        let mut wanted = vec![pickle];
        // Absent from files of early versions, which knew little-endian machines only.
        if let Some(order) = self.find(pickle, "byteorder") {
            if self.entries[order].size > foreign::HEAD {
                return Err(Error::ByteOrder("…".to_owned()));
            }
            wanted.push(order);
        }
        wanted.sort_unstable();
        Ok(Phase::Description(
            pickle,
            Fetch::new(&self.entries, &wanted),
        ))
    }

    /// The entry of this name in the folder that holds `data.pkl`.
    fn find(&self, pickle: usize, name: &str) -> Option<usize> {
        let folder = self.entries[pickle].name.strip_suffix("data.pkl")?;
        self.entries
            .iter()
            .position(|entry| entry.name.strip_prefix(folder) == Some(name))
    }

    fn description(
        &mut self,
        pickle: usize,
        mut fetch: Fetch,
        bytes: &[u8],
    ) -> Result<Phase, Error> {
        for (index, data) in fetch.feed(&self.entries, bytes)? {
            if index == pickle {
                self.pickle = data;
                continue;
            }
            match data.trim_ascii() {
                b"little" => {}
                b"big" => return Err(Error::BigEndian),
                other => return Err(Error::ByteOrder(shown(&String::from_utf8_lossy(other)))),
            }
        }
        if fetch.wants().is_some() {
            return Ok(Phase::Description(pickle, fetch));
        }
        let folder = self.entries[pickle]
            .name
            .strip_suffix("data.pkl")
            .unwrap_or_default();
        let prefix = format!("{folder}data/");
        let keys: HashMap<&str, usize> = (0..self.entries.len())
            .filter_map(|index| Some((self.entries[index].name.strip_prefix(&prefix)?, index)))
            .collect();
        let storage = |key: &str| {
            keys.get(key)
                .map(|&index| (index, self.entries[index].size))
        };
        let bytes = std::mem::take(&mut self.pickle);
        let (contents, sources) = contents::describe(&pickle::parse(&bytes)?, &storage)?;
        (self.contents, self.sources) = (Some(contents), sources);
        Ok(Phase::Described)
    }

    fn storages(&mut self, mut fetch: Fetch, bytes: &[u8]) -> Result<Phase, Error> {
        self.progress.0 += bytes.len() as u64;
        for (index, data) in fetch.feed(&self.entries, bytes)? {
            let Some(storage) = self.storages.get_mut(&index) else {
                continue;
            };
            storage.bytes = data;
            for &tensor in &storage.tensors {
                if let Some(missing) = self.missing.get_mut(&tensor) {
                    *missing -= 1;
                    if *missing == 0 {
                        self.missing.remove(&tensor);
                        self.ready.push_back(tensor);
                    }
                }
            }
        }
        Ok(Phase::Storages(fetch))
    }
}
