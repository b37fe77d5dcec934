//! Writes checkpoints that `torch.load(weights_only=True)` opens.
//!
//! The archive is laid out as torch lays it out: stored entries whose data begin on 64-byte
//! boundaries, `data.pkl` first, storages named by number.

#[cfg(not(target_arch = "wasm32"))]
pub mod safetensors;

use super::codes::Codes;
use super::dtype::Dtype;
use super::pickle::Value;
use super::tensor::{Data, Tensor};
use super::zip::crc32;
use half::{bf16, f16};
use std::borrow::Borrow;

/// Storages begin on multiples of this, so that a reader may map them into memory.
const ALIGNMENT: usize = 64;
/// The archive's folder.
const FOLDER: &str = "model";
const BYTE_ORDER: &[u8] = b"little";
const VERSION: &[u8] = b"3\n";
/// The greatest length of a list in one pickle instruction, as Python's pickler has it.
const BATCH: usize = 1000;

/// Writes `{"format": "compact_2bit", "config": …, "state": …}` ([spec](crate::spec) §3).
///
/// # Panics
/// When the file is larger than [`Writer`] can write, or a tensor's data do not fit its shape.
pub fn compact(config: &Value, tensors: &[(String, Tensor)]) -> Vec<u8> {
    let named = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    let mut writer = Writer::compact(config, named).expect("a file of less than 4 GiB");
    let mut file = Vec::with_capacity(writer.file_len());
    while let Some(mut piece) = writer.piece(|index| &tensors[index].1) {
        file.append(&mut piece);
    }
    file
}

/// A file in the making, handed out a piece at a time: to write it to a disk needs memory
/// for one tensor.
///
/// Ternary tensors become `{"packed", "scale", "shape"}`, their scales bfloat16 where that holds
/// them and f32 where not; all others keep the type of their data. An opaque value of the config becomes
/// its name.
#[derive(Debug)]
pub struct Writer {
    archive: Archive,
    pickle: Vec<u8>,
    /// Number of tensors.
    tensors: usize,
    /// Pieces handed out so far: the description, the tensors, the end.
    pieces: usize,
    /// Storages written so far; a storage's key is its place.
    storages: usize,
    len: usize,
}

impl Writer {
    /// Plans a `compact_2bit` file, as [`new`](Self::new) does.
    pub fn compact<'a, T: Borrow<Tensor>>(
        config: &Value,
        tensors: impl ExactSizeIterator<Item = (&'a str, T)>,
    ) -> Option<Self> {
        let format = Value::Str("compact_2bit".into());
        Self::new(&[("format", &format), ("config", config)], "state", tensors)
    }

    /// Plans a file of some values and, under the key `state`, tensors, of which only types and shapes are looked at.
    /// `None` when it would be more than a plain ZIP holds: 65,535 entries, 4 GiB.
    pub fn new<'a, T: Borrow<Tensor>>(
        values: &[(&str, &Value)],
        state: &str,
        tensors: impl ExactSizeIterator<Item = (&'a str, T)>,
    ) -> Option<Self> {
        let count = tensors.len();
        let mut pickle = Pickle::new();
        pickle.dict(|pickle| {
            for (key, value) in values {
                pickle.text(key);
                pickle.value(value);
            }
            pickle.text(state);
            pickle.batches(b'}', b'u', tensors, |pickle, (name, tensor)| {
                pickle.text(name);
                pickle.state(tensor.borrow());
            });
        });
        let (pickle, sizes) = pickle.finish();
        let described = [("data.pkl".into(), pickle.len()), ("byteorder".into(), BYTE_ORDER.len())];
        let stored = sizes.into_iter().enumerate().map(|(key, size)| (format!("data/{key}"), size));
        let entries = described.into_iter().chain(stored);
        let entries = entries.chain([("version".into(), VERSION.len())]);
        Some(Writer {
            archive: Archive::default(),
            pickle,
            tensors: count,
            pieces: 0,
            storages: 0,
            len: archive_len(entries)?,
        })
    }

    /// Bytes of the whole file.
    pub fn file_len(&self) -> usize {
        self.len
    }

    /// The next piece of the file; `None` at its end. `tensor` hands over the tensor of a place,
    /// with the type and the shape that it was planned with.
    pub fn piece<T: Borrow<Tensor>>(&mut self, tensor: impl FnOnce(usize) -> T) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        match self.pieces {
            0 => {
                let pickle = std::mem::take(&mut self.pickle);
                self.archive.entry(&mut out, "data.pkl", &pickle);
                self.archive.entry(&mut out, "byteorder", BYTE_ORDER);
            }
            n if n <= self.tensors => {
                for (_, _, bytes) in storages(tensor(n - 1).borrow()) {
                    let name = format!("data/{}", self.storages);
                    self.archive.entry(&mut out, &name, &bytes());
                    self.storages += 1;
                }
            }
            n if n == self.tensors + 1 => {
                self.archive.entry(&mut out, "version", VERSION);
                self.archive.finish(&mut out);
            }
            _ => return None,
        }
        self.pieces += 1;
        Some(out)
    }
}

/// The storages of a tensor: type, shape, and a way to its bytes.
type Stored<'a> = (Dtype, Vec<usize>, Box<dyn Fn() -> Vec<u8> + 'a>);

fn storages(tensor: &Tensor) -> Vec<Stored<'_>> {
    fn bytes<T: Copy, const N: usize>(values: &[T], to_bytes: fn(T) -> [u8; N]) -> Vec<u8> {
        values.iter().flat_map(|&value| to_bytes(value)).collect()
    }
    let shape = tensor.shape.clone();
    match &tensor.data {
        Data::F32(v) => vec![(Dtype::F32, shape, Box::new(|| bytes(v, f32::to_le_bytes)))],
        Data::F16(v) => vec![(Dtype::F16, shape, Box::new(|| bytes(v, f16::to_le_bytes)))],
        Data::Bf16(v) => vec![(Dtype::Bf16, shape, Box::new(|| bytes(v, bf16::to_le_bytes)))],
        Data::Int(v) => vec![(Dtype::I64, shape, Box::new(|| bytes(v, i64::to_le_bytes)))],
        Data::Ternary { codes, scales } => {
            // One for each row has the shape of the rows.
            let shape = match scales.len() {
                1 => Vec::new(),
                _ => shape[..shape.len().saturating_sub(1)].into(),
            };
            let scales: Stored = match scales.iter().all(|&s| bf16::from_f32(s).to_f32() == s) {
                true => (
                    Dtype::Bf16,
                    shape,
                    Box::new(|| bytes(scales, |s| bf16::from_f32(s).to_le_bytes())),
                ),
                false => (Dtype::F32, shape, Box::new(|| bytes(scales, f32::to_le_bytes))),
            };
            let codes: Stored =
                (Dtype::U8, vec![codes.bytes().len()], Box::new(|| codes.bytes().into()));
            vec![codes, scales]
        }
    }
}

/// A pickle of protocol 2 in the making.
struct Pickle {
    out: Vec<u8>,
    /// Classes and functions that were named before: their memo index is their place here.
    named: Vec<String>,
    /// Bytes of each storage named so far; its key is its place here.
    storages: Vec<usize>,
}

impl Pickle {
    fn new() -> Self {
        Self { out: vec![0x80, 2], named: Vec::new(), storages: Vec::new() }
    }

    /// The pickle, and the sizes of the storages that it names.
    fn finish(mut self) -> (Vec<u8>, Vec<usize>) {
        self.out.push(b'.');
        (self.out, self.storages)
    }

    fn number(&mut self, opcode: u8, bytes: &[u8]) {
        self.out.push(opcode);
        self.out.extend_from_slice(bytes);
    }

    fn int(&mut self, value: i64) {
        match (u8::try_from(value), i32::try_from(value)) {
            (Ok(value), _) => self.number(b'K', &[value]),
            (_, Ok(value)) => self.number(b'J', &value.to_le_bytes()),
            _ => {
                self.number(0x8a, &[8]);
                self.out.extend_from_slice(&value.to_le_bytes());
            }
        }
    }

    fn text(&mut self, text: &str) {
        let len = u32::try_from(text.len()).expect("a text in a checkpoint is shorter than 4 GiB");
        self.number(b'X', &len.to_le_bytes());
        self.out.extend_from_slice(text.as_bytes());
    }

    fn global(&mut self, module: &str, name: &str) {
        let line = format!("c{module}\n{name}\n");
        if let Some(index) = self.named.iter().position(|named| *named == line) {
            // There are far fewer than 256 of them.
            self.number(b'h', &[index as u8]);
        } else {
            self.out.extend_from_slice(line.as_bytes());
            self.number(b'q', &[self.named.len() as u8]);
            self.named.push(line);
        }
    }

    /// A dict of the few keys and values that `items` writes.
    fn dict(&mut self, items: impl FnOnce(&mut Self)) {
        self.out.extend_from_slice(b"}(");
        items(self);
        self.out.push(b'u');
    }

    /// A container made by `empty` and filled by `fill`, a batch at a time.
    fn batches<T>(
        &mut self,
        empty: u8,
        fill: u8,
        mut items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.out.push(empty);
        while items.len() > 0 {
            self.out.push(b'(');
            for item in items.by_ref().take(BATCH) {
                write(self, item);
            }
            self.out.push(fill);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::None => self.out.push(b'N'),
            Value::Bool(value) => self.out.push(if *value { 0x88 } else { 0x89 }),
            Value::Int(value) => self.int(*value),
            Value::Float(value) => self.number(b'G', &value.to_be_bytes()),
            Value::Str(text) | Value::Opaque(text) => self.text(text),
            // Protocol 2 has no bytes; a list of their values is what every reader can take.
            Value::Bytes(bytes) => {
                self.batches(b']', b'e', bytes.iter(), |pickle, &byte| pickle.int(byte.into()));
            }
            Value::List(values) => {
                self.batches(b']', b'e', values.iter(), |pickle, value| pickle.value(value));
            }
            Value::Dict(items) => {
                self.batches(b'}', b'u', items.iter(), |pickle, (key, value)| {
                    pickle.key(key);
                    pickle.value(value);
                });
            }
        }
    }

    /// A key of a dict. Python's keys cannot be lists, so what is a list here was a tuple.
    fn key(&mut self, key: &Value) {
        let Value::List(parts) = key else {
            return self.value(key);
        };
        self.out.push(b'(');
        for part in parts {
            self.key(part);
        }
        self.out.push(b't');
    }

    fn sizes(&mut self, sizes: &[usize]) {
        self.out.push(b'(');
        for &size in sizes {
            // A size is at most the number of elements in memory.
            self.int(size as i64);
        }
        self.out.push(b't');
    }

    /// A tensor of the state.
    fn state(&mut self, tensor: &Tensor) {
        let mut storages = storages(tensor).into_iter();
        let mut next = |pickle: &mut Self| {
            if let Some((dtype, shape, _)) = storages.next() {
                pickle.tensor(dtype, &shape);
            }
        };
        let values = match &tensor.data {
            Data::F32(values) => values.len(),
            Data::F16(values) => values.len(),
            Data::Bf16(values) => values.len(),
            Data::Int(values) => values.len(),
            Data::Ternary { codes, .. } => {
                let packed = Codes::packed_len(tensor.numel());
                assert_eq!(codes.bytes().len(), packed, "as many codes as the shape has");
                return self.dict(|pickle| {
                    pickle.text("packed");
                    next(pickle);
                    pickle.text("scale");
                    next(pickle);
                    pickle.text("shape");
                    pickle.sizes(&tensor.shape);
                });
            }
        };
        assert_eq!(values, tensor.numel(), "as many values as the shape has");
        next(self);
    }

    /// A contiguous tensor that is the whole of its storage.
    fn tensor(&mut self, dtype: Dtype, shape: &[usize]) {
        let (len, key) = (shape.iter().product::<usize>(), self.storages.len());
        self.storages.push(len * dtype.size() as usize);
        self.global("torch._utils", "_rebuild_tensor_v2");
        self.out.push(b'(');
        self.out.push(b'(');
        self.text("storage");
        self.global("torch", dtype.storage());
        self.text(&key.to_string());
        self.text("cpu");
        self.int(len as i64);
        self.out.extend_from_slice(b"tQ");
        self.int(0);
        self.sizes(shape);
        let mut strides = vec![1; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis] * shape[axis].max(1);
        }
        self.sizes(&strides);
        // requires_grad, and no hooks.
        self.out.push(0x89);
        self.global("collections", "OrderedDict");
        self.out.extend_from_slice(b")RtR");
    }
}

/// Where the data of an entry begin, when its header is written at `position`.
fn data_start(position: usize, name: &str) -> usize {
    // The extra field is at least its own header.
    (position + 30 + FOLDER.len() + 1 + name.len() + 4).next_multiple_of(ALIGNMENT)
}

/// The length of an archive of entries of these names and sizes; `None` where a plain ZIP cannot hold them.
fn archive_len(entries: impl Iterator<Item = (String, usize)>) -> Option<usize> {
    let (mut position, mut directory, mut count) = (0, 0, 0);
    for (name, size) in entries {
        position = data_start(position, &name).saturating_add(size);
        directory += 46 + FOLDER.len() + 1 + name.len();
        count += 1;
    }
    let len = position.checked_add(directory + 22)?;
    (count < 0xffff && u32::try_from(len).is_ok()).then_some(len)
}

/// A ZIP archive of stored entries in the making; [`archive_len`] made sure that its numbers fit.
#[derive(Debug, Default)]
struct Archive {
    position: usize,
    directory: Vec<u8>,
    entries: u16,
}

impl Archive {
    /// Writes an entry behind what was written so far.
    fn entry(&mut self, out: &mut Vec<u8>, name: &str, data: &[u8]) {
        let offset = (self.position as u32).to_le_bytes();
        let start = data_start(self.position, name);
        let name = format!("{FOLDER}/{name}");
        let size = (data.len() as u32).to_le_bytes();
        let crc = crc32(data).to_le_bytes();
        // An extra field of nothing but padding, as torch writes it: "FB", its length, and Zs.
        let padding = start - (self.position + 30 + name.len() + 4);
        let name_len = (name.len() as u16).to_le_bytes();
        let extra_len = (4 + padding as u16).to_le_bytes();
        // Version 2.0, names in UTF-8, stored, no time; then checksum and sizes.
        let common = |out: &mut Vec<u8>, extra_len: [u8; 2]| {
            out.extend_from_slice(&[20, 0, 0, 8, 0, 0, 0, 0, 0, 0]);
            for field in [&crc[..], &size, &size, &name_len, &extra_len] {
                out.extend_from_slice(field);
            }
        };
        out.extend_from_slice(b"PK\x03\x04");
        common(out, extra_len);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"FB");
        out.extend_from_slice(&(padding as u16).to_le_bytes());
        out.resize(out.len() + padding, b'Z');
        out.extend_from_slice(data);

        self.directory.extend_from_slice(b"PK\x01\x02\x14\0");
        common(&mut self.directory, [0, 0]);
        // No comment, first disk, no attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&offset);
        self.directory.extend_from_slice(name.as_bytes());
        self.entries += 1;
        self.position = start + data.len();
    }

    /// Writes the directory and the archive's end.
    fn finish(&mut self, out: &mut Vec<u8>) {
        let (offset, size) = (self.position as u32, self.directory.len() as u32);
        let entries = self.entries.to_le_bytes();
        out.append(&mut self.directory);
        out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        out.extend_from_slice(&entries);
        out.extend_from_slice(&entries);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&[0, 0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Encoding, Flavour, read};

    fn config() -> Value {
        let text = |text: &str| Value::Str(text.to_owned());
        let list = Value::List(vec![Value::Int(1), Value::None, Value::Bool(false)]);
        Value::Dict(vec![
            (text("small"), Value::Int(255)),
            (text("negative"), Value::Int(-1)),
            (text("middle"), Value::Int(-70_000)),
            (text("large"), Value::Int(i64::MIN)),
            (text("float"), Value::Float(1e-6)),
            (text("text"), text("Grüße")),
            (text("list"), list.clone()),
            (list, Value::Dict(Vec::new())),
            (text("long"), Value::List((0..2500).map(Value::Int).collect())),
        ])
    }

    fn tensor(shape: &[usize], data: Data) -> Tensor {
        Tensor { shape: shape.to_vec(), data }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let ternary = |shape: &[usize], codes: &[u8], scales: &[f32]| {
            let codes = codes.to_vec().into();
            tensor(shape, Data::Ternary { codes, scales: scales.to_vec() })
        };
        let tensors: Vec<(String, Tensor)> = [
            ("f32", tensor(&[2, 2], Data::F32(vec![1.0, f32::MIN_POSITIVE, f32::MAX, -0.0]))),
            ("f16", tensor(&[1], Data::F16(vec![f16::from_f32(1.5)]))),
            ("bf16", tensor(&[], Data::Bf16(vec![bf16::from_f32(-2.5)]))),
            ("int", tensor(&[2], Data::Int(vec![i64::MAX, -1]))),
            ("ternary", ternary(&[3, 3], &[0x24, 0x49, 2], &[0.375])),
            ("a scale a row", ternary(&[3, 3], &[0x24, 0x49, 2], &[0.375, 0.0, 2.0])),
            ("empty", tensor(&[0, 4], Data::F32(Vec::new()))),
            ("no weights", ternary(&[4, 0], &[], &[0.0])),
        ]
        .map(|(name, tensor)| (name.to_owned(), tensor))
        .into();
        let (contents, read) = read(&compact(&config(), &tensors)).unwrap();
        assert_eq!(contents.flavour, Flavour::Compact2Bit);
        assert_eq!(contents.config, Some(config()));
        assert_eq!((contents.step, contents.skipped_tensors), (None, 0));
        assert_eq!(read, tensors);
        assert_eq!(contents.tensors[5].encoding, Encoding::Ternary);
    }

    #[test]
    fn thousands_of_tensors_are_written_in_batches() {
        let two =
            |index: usize| (format!("w{index}"), tensor(&[2], Data::F32(vec![index as f32; 2])));
        let tensors: Vec<_> = (0..2 * BATCH + 1).map(two).collect();
        assert_eq!(read(&compact(&Value::None, &tensors)).unwrap().1, tensors);
    }

    #[test]
    fn scales_lose_nothing() {
        let [short, long] = [bf16::from_f32(0.1).to_f32(), 0.1].map(|scale| {
            let codes = vec![2].into();
            let weight = tensor(&[1], Data::Ternary { codes, scales: vec![scale] });
            let file = compact(&Value::None, &[("w".to_owned(), weight.clone())]);
            assert_eq!(read(&file).unwrap().1[0].1, weight);
            file.len()
        });
        assert!(short <= long);
    }

    #[test]
    fn pieces_are_as_long_as_was_told() {
        let names: Vec<String> = (0..4).map(|i| "w".repeat(i)).collect();
        let weight = |i: usize| tensor(&[100 * i], Data::F32(vec![0.5; 100 * i]));
        let named = names.iter().enumerate();
        let named = named.map(|(i, name)| (name.as_str(), weight(i)));
        let mut writer = Writer::compact(&Value::None, named).unwrap();
        let (len, mut file) = (writer.file_len(), Vec::new());
        while let Some(piece) = writer.piece(weight) {
            assert!(piece.len() < 4096);
            file.extend(piece);
        }
        assert_eq!(file.len(), len);
        assert_eq!(read(&file).unwrap().1.len(), 4);
    }

    #[test]
    fn what_a_plain_zip_cannot_hold_is_not_begun() {
        let name = |i: usize| (i.to_string(), tensor(&[0], Data::F32(Vec::new())));
        let tensors: Vec<_> = (0..65_536).map(name).collect();
        let named = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
        assert!(Writer::compact(&Value::None, named).is_none());
    }

    #[test]
    fn every_storage_is_aligned() {
        let tensors: Vec<_> = (1..40)
            .map(|len| ("w".repeat(len), tensor(&[len], Data::F32(vec![7.0; len]))))
            .collect();
        let file = compact(&Value::None, &tensors);
        let starts: Vec<usize> = (0..file.len() - 30)
            .filter(|&at| file[at..].starts_with(b"PK\x03\x04"))
            .map(|at| {
                let len = |at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
                at + 30 + len(at + 26) + len(at + 28)
            })
            .collect();
        assert_eq!(starts.len(), 39 + 3);
        assert!(starts.iter().all(|start| start % ALIGNMENT == 0));
    }
}
