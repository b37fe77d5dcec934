//! The reader: which bytes are wanted when, and what becomes of them.

use super::contents::{self, Contents};
use super::error::{Error, Foreign, Result, shown};
use super::packing::{Evidence, PackingChoice};
use super::ranges::Ranges;
use super::tensor::{Source, Tensor};
use super::zip::{self, Entry, Location};
use super::{foreign, legacy, pickle, safetensors};
use std::collections::{HashMap, VecDeque};
use std::mem::{replace, take};
use std::ops::Range;

/// Names and settings of a whole step file take some hundreds of kilobytes, but a model of numpy arrays lies in the
/// pickle: the largest run takes 330 MB there by protocol 2, which writes bytes as text.
const LARGEST_PICKLE: u64 = 512 << 20;
/// Bytes that all selected tensors may have in memory per byte of the file. Tied weights are two
/// views of one storage, and a byte becomes an integer of eight.
const EXPANSION: u64 = 8;

/// Sans-IO reader of a torch `.pt` or a safetensors file; see the [module](super) for how it is used.
///
/// After an error from [`feed`](Self::feed) or [`take`](Self::take) nothing more is wanted and the
/// reader can only be dropped, except after [`Error::WrongLength`]: then the same range is wanted
/// again.
#[derive(Debug)]
pub struct Reader {
    file_len: u64,
    phase: Phase,
    entries: Vec<Entry>,
    /// `data.pkl`, or the header of a safetensors file, while it is not understood yet; a pickle longer where tensors
    /// lie in it.
    description: Vec<u8>,
    /// Which entry the pickle is then.
    pickle_entry: Option<usize>,
    /// The bytes of small entries that belong to the description, as far as they are there.
    small: HashMap<usize, Vec<u8>>,
    contents: Option<Contents>,
    /// Where the tensors of `contents` come from, in the same order; `None` for what is not read.
    sources: Vec<Option<Source>>,
    /// What selected tensors wait for or will be decoded from, a place for each entry.
    storages: Vec<Awaited>,
    /// For each tensor that is selected, how many of its storages are missing.
    missing: Vec<Option<usize>>,
    /// Complete tensors.
    ready: VecDeque<usize>,
    /// Complete tensors that are packed: how, all of them say together.
    held: Vec<usize>,
    /// How packed tensors are read, where the file does not declare it.
    packing: PackingChoice,
    notes: Vec<String>,
    progress: (u64, u64),
}

#[derive(Debug)]
enum Phase {
    /// Looking for an archive's directory at the end of the file.
    Tail(Range<u64>),
    /// No directory was found: what is this file?
    Head(Range<u64>),
    Directory(Location),
    /// Reading a torch file of the old format from its beginning, as far as it takes.
    Legacy(Range<u64>),
    /// Reading what the head lacks of the header of a safetensors file.
    Header(Range<u64>),
    /// Reading tensors of a safetensors file that are part of its description.
    Small(Ranges),
    /// Reading `data.pkl`, which is this entry, and `byteorder`.
    Description(usize, Ranges),
    /// The contents are known; nothing was selected.
    Described,
    /// Reading storages.
    Storages(Ranges),
    Failed,
}

#[derive(Debug, Default)]
struct Awaited {
    /// Its bytes, once they are there.
    bytes: Vec<u8>,
    /// Selected tensors that were not decoded from it yet.
    tensors: Vec<usize>,
    /// How many of these are not decoded yet.
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
            phase: Phase::Tail(zip::tail(file_len)),
            entries: Vec::new(),
            contents: None,
            sources: Vec::new(),
            description: Vec::new(),
            pickle_entry: None,
            small: HashMap::new(),
            storages: Vec::new(),
            missing: Vec::new(),
            ready: VecDeque::new(),
            held: Vec::new(),
            packing: PackingChoice::default(),
            notes: Vec::new(),
            progress: (0, 0),
        })
    }

    /// The byte range of the file that is wanted next; never empty.
    ///
    /// `None` before [`select`](Self::select) means that the contents are known, after it that all
    /// selected storages were read. The range does not depend on whether finished tensors were
    /// taken; taking them first keeps the fewest bytes in memory.
    pub fn wants(&self) -> Option<Range<u64>> {
        match &self.phase {
            Phase::Tail(range)
            | Phase::Head(range)
            | Phase::Header(range)
            | Phase::Legacy(range) => Some(range.clone()),
            Phase::Directory(location) => Some(location.range.clone()),
            Phase::Description(_, ranges) | Phase::Small(ranges) | Phase::Storages(ranges) => {
                ranges.wants()
            }
            Phase::Described | Phase::Failed => None,
        }
    }

    /// Where the bytes end that will be wanted one after another, without a gap, from
    /// [`wants`](Self::wants) on: they can all be fetched at once.
    pub fn ahead(&self) -> Option<u64> {
        match &self.phase {
            Phase::Description(_, ranges) | Phase::Storages(ranges) => ranges.ahead(),
            _ => self.wants().map(|range| range.end),
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
        let phase = replace(&mut self.phase, Phase::Failed);
        self.phase = match phase {
            Phase::Tail(range) => self.tail(range, bytes)?,
            Phase::Head(_) => self.head(bytes)?,
            Phase::Legacy(range) => self.legacy(range, bytes)?,
            Phase::Directory(location) => self.directory(&location, bytes)?,
            Phase::Description(pickle, ranges) => self.description(pickle, ranges, bytes)?,
            Phase::Header(_) => {
                self.description.extend_from_slice(bytes);
                self.header()?
            }
            Phase::Small(ranges) => self.small(ranges, bytes)?,
            Phase::Storages(ranges) => self.storages(ranges, bytes)?,
            Phase::Described | Phase::Failed => return Err(Error::NothingWanted),
        };
        Ok(())
    }

    /// Hands over all that is wanted from a whole file in memory: up to the contents, and after a
    /// selection up to the last of its tensors.
    ///
    /// # Errors
    /// As [`feed`](Self::feed).
    pub fn feed_all(&mut self, file: &[u8]) -> Result<(), Error> {
        while let Some(range) = self.wants() {
            self.feed(&file[range.start as usize..range.end as usize])?;
        }
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
        let mut storages = Vec::new();
        storages.resize_with(self.entries.len(), Awaited::default);
        let mut missing = vec![None; contents.tensors.len()];
        let (mut ready, mut held) = (VecDeque::new(), Vec::new());
        let mut decoded = 0_u64;
        for &tensor in tensors {
            let info = contents.tensors.get(tensor).ok_or(Error::NoSuchTensor(tensor))?;
            let source = self.sources[tensor].as_ref().ok_or_else(|| Error::Unreadable {
                tensor: shown(&info.name),
                encoding: info.encoding.to_string(),
            })?;
            if missing[tensor].replace(source.entries().count()).is_some() {
                return Err(Error::NoSuchTensor(tensor));
            }
            if source.entries().next().is_none() {
                match source {
                    Source::Ternary { .. } => held.push(tensor),
                    _ => ready.push_back(tensor),
                }
            }
            if *source == Source::Overlapping {
                return Err(Error::OverlappingStrides(shown(&info.name)));
            }
            for entry in source.entries() {
                let storage: &mut Awaited = &mut storages[entry];
                storage.tensors.push(tensor);
                storage.pending += 1;
            }
            for view in source.views() {
                decoded = decoded.saturating_add(view.decoded_size());
            }
        }
        if decoded > self.file_len.saturating_mul(EXPANSION) {
            return Err(Error::SharedTooOften);
        }
        let inline = self.pickle_entry.filter(|&entry| storages[entry].pending > 0);
        let is_awaited = |&entry: &usize| storages[entry].pending > 0 && Some(entry) != inline;
        let order: Vec<usize> = (0..storages.len()).filter(is_awaited).collect();
        let ranges = Ranges::new(&self.entries, &order);
        self.progress = (0, ranges.remaining());
        (self.storages, self.missing) = (storages, missing);
        (self.ready, self.held) = (ready, held);
        self.phase = Phase::Storages(ranges);
        let pickle = take(&mut self.description);
        if let Some(entry) = inline {
            self.arrived(entry, pickle);
        }
        self.settle();
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
        let (info, Some(source)) = (&contents.tensors[tensor], &self.sources[tensor]) else {
            return Ok(None);
        };
        let storages = &self.storages;
        let bytes = |entry: usize| &storages[entry].bytes[..];
        let decoded =
            source.decode(&info.name, &info.shape, &self.packing, bytes).inspect_err(|_| {
                self.phase = Phase::Failed;
            })?;
        for entry in source.entries() {
            let storage = &mut self.storages[entry];
            storage.pending -= 1;
            if storage.pending == 0 {
                *storage = Awaited::default();
            }
        }
        Ok(Some((tensor, decoded)))
    }

    /// Whether every selected tensor was taken.
    pub fn done(&self) -> bool {
        let complete = |missing: &Option<usize>| missing.is_none_or(|count| count == 0);
        matches!(self.phase, Phase::Storages(_))
            && self.missing.iter().all(complete)
            && self.ready.is_empty()
    }

    /// Says how packed tensors are to be read, where the file does not declare it; before
    /// [`select`](Self::select).
    pub fn choose_packing(&mut self, packing: PackingChoice) {
        self.packing = packing;
    }

    /// How packed tensors are read, as far as it is settled.
    pub fn packing(&self) -> PackingChoice {
        self.packing
    }

    /// What a person should know of how the file was read, each a sentence; complete when it is
    /// [`done`](Self::done).
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Bytes fed since the selection, and bytes that it takes in all.
    pub fn progress(&self) -> (u64, u64) {
        self.progress
    }

    fn tail(&mut self, range: Range<u64>, bytes: &[u8]) -> Result<Phase> {
        let Some(location) = zip::locate(bytes, self.file_len)? else {
            return match range.start {
                0 => self.head(bytes),
                _ => Ok(Phase::Head(0..foreign::HEAD)),
            };
        };
        let (start, end) = (location.range.start, location.range.end);
        if start == end {
            return Err(Error::NoPickle.into());
        }
        if start < range.start {
            return Ok(Phase::Directory(location));
        }
        let [start, end] = [start, end].map(|at| (at - range.start) as usize);
        self.directory(&location, &bytes[start..end])
    }

    /// The beginning of a file that is no archive.
    fn head(&mut self, bytes: &[u8]) -> Result<Phase> {
        let Some(header) = safetensors::header(bytes, self.file_len)? else {
            return match foreign::recognise(bytes, self.file_len) {
                Error::Foreign(Foreign::LegacyTorch) => {
                    Ok(Phase::Legacy(0..legacy::BEGINNING.min(self.file_len)))
                }
                error => Err(error.into()),
            };
        };
        let have = header.end.min(bytes.len() as u64);
        self.description = bytes[header.start as usize..have as usize].to_vec();
        match have < header.end {
            true => Ok(Phase::Header(have..header.end)),
            false => self.header(),
        }
    }

    fn header(&mut self) -> Result<Phase> {
        let small;
        (self.entries, small) = safetensors::entries(&self.description, self.file_len)?;
        self.small(Ranges::new(&self.entries, &small), &[])
    }

    fn small(&mut self, mut ranges: Ranges, bytes: &[u8]) -> Result<Phase> {
        if !bytes.is_empty() {
            self.small.extend(ranges.feed(&self.entries, bytes)?);
        }
        if ranges.wants().is_some() {
            return Ok(Phase::Small(ranges));
        }
        let (header, small) = (take(&mut self.description), take(&mut self.small));
        let (contents, sources) = safetensors::describe(&header, &self.entries, &small)?;
        (self.contents, self.sources) = (Some(contents), sources);
        Ok(Phase::Described)
    }

    fn legacy(&mut self, range: Range<u64>, bytes: &[u8]) -> Result<Phase> {
        self.description.extend_from_slice(bytes);
        if let Some(entries) = legacy::read(&self.description, self.file_len)? {
            let [start, end] = [entries[0].offset, entries[0].offset + entries[0].size];
            self.description.truncate(end as usize);
            self.description.drain(..start as usize);
            self.entries = entries;
            return self.describe(0);
        }
        if range.end == self.file_len || range.end >= LARGEST_PICKLE {
            return Err(Error::CutOff { len: self.file_len }.into());
        }
        Ok(Phase::Legacy(range.end..self.file_len.min(2 * range.end)))
    }

    fn directory(&mut self, location: &Location, bytes: &[u8]) -> Result<Phase> {
        self.entries = zip::directory(bytes, location)?;
        let mut pickles = (0..self.entries.len()).filter(|&index| {
            let name = &self.entries[index].name;
            // Directly in the archive's one folder.
            name.strip_suffix("data.pkl").is_some_and(|folder| {
                folder.is_empty() || folder.find('/') == Some(folder.len() - 1)
            })
        });
        let names = self.entries.iter().map(|entry| &*entry.name);
        let pickle = pickles.next().ok_or_else(|| foreign::archive(names))?;
        if pickles.next().is_some() {
            return Err(Error::TwoPickles.into());
        }
        if self.find(pickle, "constants.pkl").is_some() {
            return Err(Error::TorchScript.into());
        }
        self.entries.iter().try_for_each(Entry::check_readable)?;
        let size = self.entries[pickle].size;
        if size > LARGEST_PICKLE {
            let what = format!(
                "The checkpoint's data.pkl has {size} bytes, far more than names and settings need"
            );
            return Err(Error::TooMuch(what).into());
        }
        let mut wanted = vec![pickle];
        // Absent from files of early versions, which knew little-endian machines only.
        if let Some(order) = self.find(pickle, "byteorder") {
            if self.entries[order].size > foreign::HEAD {
                return Err(Error::ByteOrder("…".to_owned()).into());
            }
            wanted.push(order);
        }
        wanted.sort_unstable();
        Ok(Phase::Description(pickle, Ranges::new(&self.entries, &wanted)))
    }

    /// The entry of this name in the folder that holds `data.pkl`.
    fn find(&self, pickle: usize, name: &str) -> Option<usize> {
        let folder = self.entries[pickle].name.strip_suffix("data.pkl")?;
        self.entries.iter().position(|entry| entry.name.strip_prefix(folder) == Some(name))
    }

    fn description(&mut self, pickle: usize, mut ranges: Ranges, bytes: &[u8]) -> Result<Phase> {
        for (index, data) in ranges.feed(&self.entries, bytes)? {
            if index == pickle {
                self.description = data;
                continue;
            }
            match data.trim_ascii() {
                b"little" => {}
                b"big" => return Err(Error::BigEndian.into()),
                other => {
                    return Err(Error::ByteOrder(shown(&String::from_utf8_lossy(other))).into());
                }
            }
        }
        if ranges.wants().is_some() {
            return Ok(Phase::Description(pickle, ranges));
        }
        self.describe(pickle)
    }

    /// Finds the contents in `data.pkl`, which is this entry.
    fn describe(&mut self, pickle: usize) -> Result<Phase> {
        let folder = self.entries[pickle].name.strip_suffix("data.pkl").unwrap_or_default();
        let prefix = format!("{folder}data/");
        let keys: HashMap<&str, usize> = (0..self.entries.len())
            .filter_map(|index| Some((self.entries[index].name.strip_prefix(&prefix)?, index)))
            .collect();
        let storage = |key: &str| keys.get(key).map(|&index| (index, self.entries[index].size));
        let storage = |key: &str| match key {
            // Arrays that lie in the pickle itself.
            pickle::INLINE => Some((pickle, self.entries[pickle].size)),
            key => storage(key),
        };
        let (contents, sources) = contents::describe(&pickle::parse(&self.description)?, &storage)?;
        if sources.iter().flatten().flat_map(Source::views).any(|view| view.inline.is_some()) {
            self.pickle_entry = Some(pickle);
        } else {
            self.description = Vec::new();
        }
        (self.contents, self.sources) = (Some(contents), sources);
        Ok(Phase::Described)
    }

    fn storages(&mut self, mut ranges: Ranges, bytes: &[u8]) -> Result<Phase> {
        self.progress.0 += bytes.len() as u64;
        for (index, data) in ranges.feed(&self.entries, bytes)? {
            self.arrived(index, data);
        }
        self.settle();
        Ok(Phase::Storages(ranges))
    }

    /// Takes a storage that is complete.
    fn arrived(&mut self, entry: usize, bytes: Vec<u8>) {
        let storage = &mut self.storages[entry];
        storage.bytes = bytes;
        for &tensor in &storage.tensors {
            if let Some(missing) = &mut self.missing[tensor] {
                *missing -= 1;
                if *missing == 0 {
                    match &self.sources[tensor] {
                        Some(Source::Ternary { .. }) => self.held.push(tensor),
                        _ => self.ready.push_back(tensor),
                    }
                }
            }
        }
    }

    /// Settles how packed tensors are read, once the last of them is there.
    fn settle(&mut self) {
        if self.held.is_empty() || self.missing.iter().any(|missing| missing.is_some_and(|n| n > 0))
        {
            return;
        }
        let mut evidence = Evidence::new(self.packing);
        for &tensor in &self.held {
            let bytes = |entry: usize| &self.storages[entry].bytes[..];
            let packed = self.sources[tensor].as_ref().and_then(|source| source.packed(bytes));
            if let Some((open, codes, scales)) = packed {
                evidence.add(open, &codes, &scales);
            }
        }
        let notes;
        (self.packing, notes) = evidence.settle();
        self.notes.extend(notes);
        self.ready.extend(self.held.drain(..));
    }
}

/// Reads a whole file that is in memory: what it holds, and every tensor that can be read with its
/// name, in the order of the contents.
///
/// # Errors
/// As [`Reader::feed`], [`Reader::select`] and [`Reader::take`].
pub fn read(file: &[u8]) -> Result<(Contents, Vec<(String, Tensor)>), Error> {
    let mut reader = Reader::new(file.len() as u64)?;
    reader.feed_all(file)?;
    let contents = reader.contents().ok_or(Error::NotSelectable)?.clone();
    let readable = |&tensor: &usize| reader.sources[tensor].is_some();
    let chosen: Vec<usize> = (0..contents.tensors.len()).filter(readable).collect();
    reader.select(&chosen)?;
    reader.feed_all(file)?;
    let mut tensors = Vec::with_capacity(chosen.len());
    while let Some(tensor) = reader.take()? {
        tensors.push(tensor);
    }
    tensors.sort_unstable_by_key(|(index, _)| *index);
    let named = |(index, tensor): (usize, Tensor)| (contents.tensors[index].name.clone(), tensor);
    let tensors = tensors.into_iter().map(named).collect();
    Ok((contents, tensors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::dtype::Dtype;
    use crate::checkpoint::fixture;
    use crate::checkpoint::{Data, Encoding, Flavour, Value};

    fn names(contents: &Contents) -> Vec<&str> {
        contents.tensors.iter().map(|tensor| &*tensor.name).collect()
    }

    /// 0, 0.25, 0.5, …, as `tests/reference/write_checkpoint_files.py` fills its tensors.
    fn ramp(len: usize) -> Vec<f32> {
        (0..len).map(|i| i as f32 / 4.0).collect()
    }

    fn text(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    #[test]
    fn an_unpacked_file_of_any_protocol() {
        let files: [&[u8]; 4] = [
            fixture!("unpacked"),
            fixture!("protocol_4"),
            fixture!("protocol_5"),
            fixture!("no_checksums"),
        ];
        for file in files {
            let (contents, tensors) = read(file).unwrap();
            assert_eq!(contents.flavour, Flavour::Unpacked);
            assert_eq!((contents.step, contents.skipped_tensors), (None, 0));
            assert_eq!(names(&contents), ["a.weight", "b.weight"]);
            assert_eq!(tensors[0].1, Tensor { shape: vec![3, 4], data: Data::F32(ramp(12)) });
            assert_eq!(tensors[1].1, Tensor { shape: vec![5], data: Data::F32(ramp(5)) });

            let config = contents.config.unwrap();
            assert_eq!(config.get("run"), Some(&text("run_00")));
            assert_eq!(config.get("norm_eps"), Some(&Value::Float(1e-6)));
            assert_eq!(config.get("ternary"), Some(&Value::Bool(true)));
            assert_eq!(config.get("window"), Some(&Value::None));
            assert_eq!(config.get("big"), Some(&Value::Int(1 << 40)));
            assert_eq!(config.get("negative"), Some(&Value::Int(-70_000)));
            assert_eq!(config.get("huge"), Some(&Value::Opaque("builtins.int".to_owned())));
            assert_eq!(config.get("name"), Some(&text("Grüße")));
            let sizes = [1, 2, 300].map(Value::Int).to_vec();
            assert_eq!(config.get("sizes"), Some(&Value::List(sizes)));
            let nested = config.get("nested").unwrap();
            let betas = [0.9, 0.95].map(Value::Float).to_vec();
            assert_eq!(nested.get("betas"), Some(&Value::List(betas)));
            assert_eq!(nested.get("empty"), Some(&Value::Dict(Vec::new())));
            let dtype = Value::Opaque("torch.bfloat16".to_owned());
            assert_eq!(nested.get("dtype"), Some(&dtype));
            let shape = [2, 3].map(Value::Int).to_vec();
            assert_eq!(nested.get("shape"), Some(&Value::List(shape)));
            assert_eq!(config.get("absent"), None);
        }
    }

    #[test]
    fn a_compact_file() {
        let (contents, tensors) = read(fixture!("compact")).unwrap();
        assert_eq!(contents.flavour, Flavour::Compact2Bit);
        let names = names(&contents);
        assert_eq!(names, ["odd.weight", "aligned.weight", "rows.weight", "norm.weight"]);
        let ternary = |len: usize, scale: f32| -> Vec<f32> {
            (0..len).map(|i| (i % 3) as f32 * scale - scale).collect()
        };
        let expected = [ternary(35, 0.375), ternary(24, 0.375), ternary(35, 0.5), ramp(7)];
        for ((name, tensor), expected) in tensors.iter().zip(&expected) {
            assert_eq!(tensor.to_f32(), *expected, "{name}");
        }
        // However the rows were packed, the codes are the same.
        let codes = |index: usize| match &tensors[index].1.data {
            Data::Ternary { codes, .. } => codes.clone(),
            other => panic!("ternary was expected, not {other:?}"),
        };
        assert_eq!(codes(0), codes(2));
        assert_eq!(tensors[1].1.shape, [3, 8]);
        assert!(matches!(tensors[3].1.data, Data::Bf16(_)));
    }

    #[test]
    fn small_tensors_around_one_that_comes_in_pieces() {
        let tensor = |len: usize| Tensor { shape: vec![len], data: Data::F32(ramp(len)) };
        // 8 MiB of floats and some: the second piece is small enough to share its request.
        for large in [(2 << 20) + 5, 2 << 20, (2 << 20) - 40] {
            let lens = [3, large, 4, 5, large + 1, 6];
            let tensors = lens.map(|len| (len.to_string(), tensor(len)));
            let file = crate::checkpoint::write::compact(&Value::None, &tensors);
            for ((_, read), (_, tensor)) in read(&file).unwrap().1.iter().zip(&tensors) {
                assert!(read == tensor, "{:?} among {lens:?}", tensor.shape);
            }
        }
    }

    #[test]
    fn packed_tensors_whose_parts_stand_side_by_side() {
        let (contents, tensors) = read(fixture!("suffixed")).unwrap();
        assert_eq!(names(&contents), ["norm.weight", "w"]);
        assert_eq!(contents.tensors[1].encoding, Encoding::Ternary);
        assert_eq!(contents.skipped_tensors, 0);
        assert_eq!(tensors[1].1.shape, [5, 7]);
        assert_eq!(tensors[1].1.to_f32()[..3], [-0.5, 0.0, 0.5]);
    }

    #[test]
    fn a_step_file_with_its_optimizer() {
        let (contents, tensors) = read(fixture!("step")).unwrap();
        assert_eq!((contents.flavour, contents.step), (Flavour::Step, Some(1234)));
        // Three per parameter of the optimizer, the loss and the generator's state.
        assert_eq!(contents.skipped_tensors, 6 * 3 + 2);
        let expected = ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"];
        assert_eq!(names(&contents), expected);
        for (name, tensor) in tensors {
            assert!(matches!(tensor.data, Data::Bf16(_)), "{name}");
            assert_eq!(tensor.to_f32(), ramp(tensor.numel()), "{name}");
        }
        assert!(contents.config.is_some());
    }

    #[test]
    fn views_are_resolved() {
        let (_, tensors) = read(fixture!("views")).unwrap();
        let base = |row: usize, column: usize| (6 * row + column) as f32 / 4.0;
        let grid = |rows: &[usize], columns: &[usize]| -> Vec<f32> {
            rows.iter().flat_map(|&r| columns.iter().map(move |&c| base(r, c))).collect()
        };
        let all = [0, 1, 2, 3, 4, 5];
        let transposed = all.iter().flat_map(|&c| (0..4).map(move |r| base(r, c))).collect();
        let permuted = (0..4)
            .flat_map(|k| {
                (0..2).flat_map(move |i| (0..3).map(move |j| (12 * i + 4 * j + k) as f32))
            })
            .map(|value| value / 4.0)
            .collect();
        let expected: [(&str, &[usize], Vec<f32>); 8] = [
            ("base", &[4, 6], ramp(24)),
            ("transposed", &[6, 4], transposed),
            ("rows", &[2, 6], grid(&[1, 2], &all)),
            ("columns", &[4, 2], grid(&[0, 1, 2, 3], &[2, 3])),
            ("every_second", &[2, 3], grid(&[0, 2], &[1, 3, 5])),
            ("permuted", &[4, 2, 3], permuted),
            ("one_row", &[1, 6], grid(&[2], &all)),
            ("last", &[], grid(&[3], &[5])),
        ];
        for ((name, tensor), (expected_name, shape, values)) in tensors.iter().zip(expected) {
            assert_eq!((&**name, &*tensor.shape), (expected_name, shape));
            assert_eq!(tensor.to_f32(), values, "{name}");
        }
    }

    #[test]
    fn every_element_type() {
        let file = fixture!("dtypes");
        let mut reader = Reader::new(file.len() as u64).unwrap();
        reader.feed_all(file).unwrap();
        let contents = reader.contents().unwrap().clone();
        let other = |tensor: &crate::checkpoint::TensorInfo| match &tensor.encoding {
            Encoding::Other(name) => Some(name.clone()),
            encoding => {
                assert!(tensor.name == encoding.to_string() || *encoding == Encoding::F32);
                None
            }
        };
        let unread: Vec<String> = contents.tensors.iter().filter_map(other).collect();
        assert_eq!(unread, ["uint16", "ComplexFloatStorage"]);
        let readable: Vec<usize> = (0..contents.tensors.len())
            .filter(|&i| other(&contents.tensors[i]).is_none())
            .collect();
        reader.select(&readable).unwrap();
        // What has no elements needs no bytes.
        let (index, empty) = reader.take().unwrap().unwrap();
        assert_eq!((&*contents.tensors[index].name, empty.shape), ("empty", vec![0, 3]));
        assert!(reader.take().unwrap().is_none() && !reader.done());
        reader.feed_all(file).unwrap();
        while let Some((index, tensor)) = reader.take().unwrap() {
            let info = &contents.tensors[index];
            assert_eq!(tensor.shape, info.shape);
            let expected = match (&*info.name, &info.encoding) {
                ("scalar", _) => vec![2.5],
                ("bool", _) => vec![0.0, 1.0, 1.0, 1.0, 1.0, 1.0],
                (_, Encoding::Int(_)) => vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
                _ => ramp(tensor.numel()),
            };
            assert_eq!(tensor.to_f32(), expected, "{}", info.name);
        }
        assert!(reader.done());
        let (fed, selected) = reader.progress();
        assert!(fed > 0 && fed == selected);
    }

    #[test]
    fn floats_of_eight_bits_are_what_torch_makes_of_them() {
        let read = |dtype: Dtype, byte: u8| dtype.read_f8(byte).to_f32();
        for (byte, e4m3, e5m2) in [
            (0x00, 0.0, 0.0),
            (0x01, 0.001_953_125, 0.000_015_258_789),
            (0x07, 0.013_671_875, 0.000_106_811_52),
            (0x08, 0.015_625, 0.000_122_070_31),
            (0x38, 1.0, 0.5),
            (0x7b, 352.0, 57_344.0),
            (0x7e, 448.0, f32::NAN),
            (0xc5, -3.25, -5.0),
        ] {
            assert_eq!(read(Dtype::F8E4M3, byte), e4m3, "{byte:#x}");
            let wide = read(Dtype::F8E5M2, byte);
            assert!(wide == e5m2 || wide.is_nan() && e5m2.is_nan(), "{byte:#x}: {wide}");
        }
        assert!(read(Dtype::F8E4M3, 0x7f).is_nan() && read(Dtype::F8E4M3, 0xff).is_nan());
    }

    #[test]
    fn metadata_of_any_kind_is_passed_over() {
        for file in [&fixture!("metadata")[..], fixture!("metadata_5")] {
            let (contents, tensors) = read(file).unwrap();
            assert_eq!(names(&contents), ["a.weight"]);
            assert_eq!(tensors[0].1.to_f32(), ramp(12));
            // What of a config can be understood is.
            let config = contents.config.unwrap();
            assert_eq!(config.get("heads"), Some(&Value::Int(4)));
            assert_eq!(config.get("eps"), Some(&Value::Float(0.5)));
            assert_eq!(config.get("tied"), Some(&Value::Bool(true)));
            assert_eq!(config.get("big"), Some(&Value::Float(3.0)));
            assert_eq!(config.get("mixer"), Some(&text("mlgru")));
            assert_eq!(config.get("slots").unwrap().get("size"), Some(&Value::Int(6)));
            assert_eq!(config.get("slots").unwrap().get("name"), Some(&text("slotted")));
            let below = config.get("tree").unwrap().get("children").unwrap().get("below").unwrap();
            assert_eq!(below.get("value"), Some(&Value::Int(7)));
            let inside = Value::Opaque("a value inside itself".to_owned());
            assert_eq!(below.get("parent"), Some(&inside));
        }
    }

    #[test]
    fn a_file_of_the_old_format() {
        let (_, new) = read(fixture!("unpacked")).unwrap();
        let (contents, old) = read(fixture!("legacy")).unwrap();
        assert_eq!((contents.flavour, old), (Flavour::Unpacked, new));
        assert!(contents.config.is_some());
    }

    #[test]
    fn narrow_weights_with_scales_beside_them() {
        let file = fixture!("scaled");
        let mut reader = Reader::new(file.len() as u64).unwrap();
        reader.feed_all(file).unwrap();
        let contents = reader.contents().unwrap().clone();
        let encodings = contents.tensors.iter().map(|tensor| tensor.encoding.to_string());
        let encodings: Vec<String> = encodings.collect();
        let narrow =
            ["int8 with scales", "int8 with scales", "float8_e4m3fn with scales", "ternary"];
        assert_eq!(encodings[..4], narrow);
        assert!(encodings[4].starts_with("int8 without the scales"), "{}", encodings[4]);
        assert!(matches!(reader.select(&[4]), Err(Error::Unreadable { .. })));
        reader.select(&[0, 1, 2, 3]).unwrap();
        reader.feed_all(file).unwrap();
        let mut tensors = HashMap::new();
        while let Some((index, tensor)) = reader.take().unwrap() {
            tensors.insert(&*contents.tensors[index].name, tensor);
        }
        let by_rows = [-2.0, -1.5, -1.0, -0.5, 0.0, 0.25, 0.5, 0.75];
        assert_eq!(tensors["rows.weight"].to_f32(), by_rows);
        assert_eq!(tensors["bytes.weight"].to_f32(), by_rows.map(|x| 2.0 * x));
        let whole: Vec<f32> = (0..8).map(|i| 2.0 * (i as f32 - 4.0)).collect();
        assert_eq!(tensors["floats.weight"].to_f32(), whole);
        let bits = &tensors["two_bits.weight"];
        assert_eq!(bits.shape, [8, 2]);
        // Rows 0 and 1 are in the lowest bits, rows 6 and 7 in the highest.
        let rows = [-1, 0, 1, -1, 0, -1, 0, -1, 1, 1, 0, -1, -1, 1, 0, -1];
        assert_eq!(bits.to_f32(), rows.map(|weight| weight as f32 / 2.0));
    }

    #[test]
    fn numpy_arrays_are_tensors() {
        for file in [&fixture!("numpy")[..], fixture!("numpy_4"), fixture!("numpy_5")] {
            let mut reader = Reader::new(file.len() as u64).unwrap();
            reader.feed_all(file).unwrap();
            let contents = reader.contents().unwrap().clone();
            let unread = ["big", "complex"];
            let chosen: Vec<usize> = (0..contents.tensors.len())
                .filter(|&i| !unread.contains(&&*contents.tensors[i].name))
                .collect();
            assert_eq!(chosen.len() + unread.len(), contents.tensors.len());
            reader.select(&chosen).unwrap();
            // All of their bytes came with the description.
            assert_eq!(reader.wants(), None);
            while let Some((index, tensor)) = reader.take().unwrap() {
                let (name, values) = (&*contents.tensors[index].name, tensor.to_f32());
                let (shape, expected): (&[usize], Vec<f32>) = match name {
                    "scalar" => (&[], vec![2.5]),
                    "empty" => (&[0, 3], vec![]),
                    "transposed" => {
                        (&[6, 4], (0..24).map(|i| (i % 4 * 6 + i / 4) as f32 / 4.0).collect())
                    }
                    "i1" | "u1" | "i8" => (&[4, 6], ramp(24).iter().map(|x| x.floor()).collect()),
                    "?" => (&[4, 6], (0..24).map(|i| f32::from(u8::from(i > 0))).collect()),
                    _ => (&[4, 6], ramp(24)),
                };
                assert_eq!((&tensor.shape[..], values), (shape, expected), "{name}");
            }
            assert!(reader.done());
        }
    }

    #[test]
    fn a_tensor_that_nothing_needs_may_be_of_any_kind() {
        for (file, encoding) in [
            (&fixture!("unused")[..], "float32"),
            (fixture!("sparse"), "_rebuild_sparse_tensor"),
            (fixture!("quantized"), "_rebuild_qtensor"),
        ] {
            let mut reader = Reader::new(file.len() as u64).unwrap();
            reader.feed_all(file).unwrap();
            let tensors = &reader.contents().unwrap().tensors;
            assert_eq!(tensors[1].encoding.to_string(), encoding);
            assert!(!tensors[1].shape.is_empty(), "{:?}", tensors[1]);
            assert!(reader.select(&[0, 1]).is_err());
            reader.select(&[0]).unwrap();
            reader.feed_all(file).unwrap();
            assert_eq!(reader.take().unwrap().unwrap().1.to_f32(), ramp(2));
        }
    }

    #[test]
    fn the_state_dict_is_found_where_it_is() {
        let weights = ["a.weight", "b.weight"];
        let cases: [(&[u8], &[&str]); 6] = [
            (fixture!("bare"), &weights),
            (fixture!("settings"), &weights),
            (
                fixture!("averaged"),
                &["a.weight", "b.weight", "model_ema.shadow.a.weight", "model_ema.shadow.b.weight"],
            ),
            (fixture!("nested"), &["embed.weight", "blocks.0.w", "blocks.1.w"]),
            (fixture!("tied"), &["embed.weight", "head.weight"]),
            (fixture!("module"), &["weight"]),
        ];
        for (file, expected) in cases {
            let (contents, tensors) = read(file).unwrap();
            assert_eq!(names(&contents), expected);
            for (name, tensor) in tensors {
                assert_eq!(tensor.to_f32(), ramp(tensor.numel()), "{name}");
            }
        }
        // Settings that are an object are its attributes.
        let config = read(fixture!("settings")).unwrap().0.config.unwrap();
        assert_eq!(config.get("mixer"), Some(&text("mlgru")));
    }
}
