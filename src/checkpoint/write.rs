//! Writes `compact_2bit` checkpoints that `torch.load(weights_only=True)` opens.
//!
//! The archive is laid out as torch lays it out: stored entries whose data begin on 64-byte
//! boundaries, `data.pkl` first, storages named by number.

use super::compact::packed_len;
use super::pickle::Dtype;
use super::zip::crc32;
use super::{Data, Tensor, Value};
use half::bf16;

/// Storages begin on multiples of this, so that a reader may map them into memory.
const ALIGNMENT: usize = 64;
/// The archive's folder.
const FOLDER: &str = "model";
/// The greatest length of a list in one pickle instruction, as Python's pickler has it.
const BATCH: usize = 1000;

/// Writes `{"format": "compact_2bit", "config": …, "state": …}` (SPEC §3).
///
/// Ternary tensors become `{"packed", "scale", "shape"}` with their scale rounded to bfloat16; all
/// others keep the type of their data. An opaque value of the config becomes its name.
///
/// # Panics
/// When the file would have 4 GiB or more, or a tensor's data do not fit its shape.
pub fn compact(config: &Value, tensors: &[(String, Tensor)]) -> Vec<u8> {
    let mut pickle = Pickle::new();
    pickle.dict(|pickle| {
        pickle.text("format");
        pickle.text("compact_2bit");
        pickle.text("config");
        pickle.value(config);
        pickle.text("state");
        pickle.batches(b'}', b'u', tensors.iter(), |pickle, (name, tensor)| {
            pickle.text(name);
            let shape = &tensor.shape;
            match &tensor.data {
                Data::F32(values) => pickle.tensor(Dtype::F32, shape, values, |v| v.to_le_bytes()),
                Data::F16(values) => pickle.tensor(Dtype::F16, shape, values, |v| v.to_le_bytes()),
                Data::Bf16(values) => {
                    pickle.tensor(Dtype::Bf16, shape, values, |v| v.to_le_bytes());
                }
                Data::Int(values) => pickle.tensor(Dtype::I64, shape, values, |v| v.to_le_bytes()),
                Data::Ternary { codes, scale } => pickle.dict(|pickle| {
                    pickle.text("packed");
                    let bytes = packed_len(tensor.len());
                    pickle.tensor(Dtype::U8, &[bytes], codes, |code| [code]);
                    pickle.text("scale");
                    let scale = bf16::from_f32(*scale);
                    pickle.tensor(Dtype::Bf16, &[], &[scale], bf16::to_le_bytes);
                    pickle.text("shape");
                    pickle.sizes(shape);
                }),
            }
        });
    });

    let (pickle, storages) = pickle.finish();
    let mut archive = Archive::default();
    archive.entry("data.pkl", &pickle);
    archive.entry("byteorder", b"little");
    for (key, bytes) in storages.iter().enumerate() {
        archive.entry(&format!("data/{key}"), bytes);
    }
    archive.entry("version", b"3\n");
    archive.finish()
}

/// A pickle of protocol 2 in the making.
struct Pickle {
    out: Vec<u8>,
    /// Classes and functions that were named before: their memo index is their place here.
    named: Vec<String>,
    /// The bytes of the tensors written so far; a storage's key is its place here.
    storages: Vec<Vec<u8>>,
}

impl Pickle {
    fn new() -> Self {
        Self {
            out: vec![0x80, 2],
            named: Vec::new(),
            storages: Vec::new(),
        }
    }

    /// The pickle and its storages.
    fn finish(mut self) -> (Vec<u8>, Vec<Vec<u8>>) {
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

    /// A dict from the keys and values that `items` writes, of which there are few.
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
                self.batches(b']', b'e', bytes.iter(), |pickle, &byte| {
                    pickle.int(byte.into())
                });
            }
            Value::List(values) => {
                self.batches(b']', b'e', values.iter(), |pickle, value| {
                    pickle.value(value)
                });
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

    /// A contiguous tensor that is the whole of its storage.
    fn tensor<T: Copy, const N: usize>(
        &mut self,
        dtype: Dtype,
        shape: &[usize],
        values: &[T],
        to_bytes: impl Fn(T) -> [u8; N],
    ) {
        let (len, key) = (values.len(), self.storages.len());
        assert_eq!(
            len,
            shape.iter().product(),
            "as many values as the shape {shape:?} has"
        );
        self.storages
            .push(values.iter().flat_map(|&value| to_bytes(value)).collect());
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

/// A ZIP archive of stored entries in the making.
#[derive(Default)]
struct Archive {
    out: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Archive {
    fn entry(&mut self, name: &str, data: &[u8]) {
        let offset = self.position();
        let name = format!("{FOLDER}/{name}");
        let size = u32::try_from(data.len())
            .expect("an entry is smaller than 4 GiB")
            .to_le_bytes();
        let crc = crc32(data).to_le_bytes();
        // An extra field of nothing but padding, as torch writes it: "FB", its length, and Zs.
        let unpadded = self.out.len() + 30 + name.len() + 4;
        let padding = unpadded.next_multiple_of(ALIGNMENT) - unpadded;
        let name_len = (name.len() as u16).to_le_bytes();
        let extra_len = (4 + padding as u16).to_le_bytes();
        // Version 2.0, names in UTF-8, stored, no time; then checksum and sizes.
        let common = |out: &mut Vec<u8>, extra_len: [u8; 2]| {
            out.extend_from_slice(&[20, 0, 0, 8, 0, 0, 0, 0, 0, 0]);
            for field in [&crc[..], &size, &size, &name_len, &extra_len] {
                out.extend_from_slice(field);
            }
        };
        self.out.extend_from_slice(b"PK\x03\x04");
        common(&mut self.out, extra_len);
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"FB");
        self.out.extend_from_slice(&(padding as u16).to_le_bytes());
        self.out.resize(self.out.len() + padding, b'Z');
        self.out.extend_from_slice(data);

        self.directory.extend_from_slice(b"PK\x01\x02\x14\0");
        common(&mut self.directory, [0, 0]);
        // No comment, first disk, no attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&offset.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.entries = self
            .entries
            .checked_add(1)
            .expect("fewer than 65,536 entries");
    }

    fn position(&self) -> u32 {
        u32::try_from(self.out.len()).expect("a checkpoint is smaller than 4 GiB")
    }

    fn finish(mut self) -> Vec<u8> {
        let offset = self.position();
        let size = self.directory.len() as u32;
        let entries = self.entries.to_le_bytes();
        self.out.append(&mut self.directory);
        self.out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        self.out.extend_from_slice(&entries);
        self.out.extend_from_slice(&entries);
        self.out.extend_from_slice(&size.to_le_bytes());
        self.out.extend_from_slice(&offset.to_le_bytes());
        self.out.extend_from_slice(&[0, 0]);
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::super::reader::tests::read;
    use super::super::{Encoding, Flavour};
    use super::*;
    use half::f16;

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
            (
                text("long"),
                Value::List((0..2500).map(Value::Int).collect()),
            ),
        ])
    }

    fn tensor(shape: &[usize], data: Data) -> Tensor {
        Tensor {
            shape: shape.to_vec(),
            data,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let tensors: Vec<(String, Tensor)> = [
            (
                "f32",
                tensor(
                    &[2, 2],
                    Data::F32(vec![1.0, f32::MIN_POSITIVE, f32::MAX, -0.0]),
                ),
            ),
            ("f16", tensor(&[1], Data::F16(vec![f16::from_f32(1.5)]))),
            ("bf16", tensor(&[], Data::Bf16(vec![bf16::from_f32(-2.5)]))),
            ("int", tensor(&[2], Data::Int(vec![i64::MAX, -1]))),
            (
                "ternary",
                tensor(
                    &[3, 3],
                    Data::Ternary {
                        codes: vec![0x24, 0x49, 2],
                        scale: 0.375,
                    },
                ),
            ),
            ("empty", tensor(&[0, 4], Data::F32(Vec::new()))),
            (
                "no weights",
                tensor(
                    &[4, 0],
                    Data::Ternary {
                        codes: Vec::new(),
                        scale: 0.0,
                    },
                ),
            ),
        ]
        .map(|(name, tensor)| (name.to_owned(), tensor))
        .into();
        let (contents, read) = read(&compact(&config(), &tensors)).unwrap();
        assert_eq!(contents.flavour, Flavour::Compact2Bit);
        assert_eq!(contents.config, Some(config()));
        assert_eq!((contents.step, contents.skipped_tensors), (None, 0));
        assert_eq!(read, tensors);
        assert_eq!(contents.tensors[4].encoding, Encoding::Ternary);
    }

    #[test]
    fn thousands_of_tensors_are_written_in_batches() {
        let two = |index: usize| {
            (
                format!("w{index}"),
                tensor(&[2], Data::F32(vec![index as f32; 2])),
            )
        };
        let tensors: Vec<_> = (0..2 * BATCH + 1).map(two).collect();
        assert_eq!(read(&compact(&Value::None, &tensors)).unwrap().1, tensors);
    }

    #[test]
    fn scales_are_rounded_to_bfloat16() {
        let codes = Data::Ternary {
            codes: vec![2],
            scale: 0.1,
        };
        let file = compact(&Value::None, &[("w".to_owned(), tensor(&[1], codes))]);
        let scale = bf16::from_f32(0.1).to_f32();
        assert_eq!(
            read(&file).unwrap().1[0].1.data,
            Data::Ternary {
                codes: vec![2],
                scale
            }
        );
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
