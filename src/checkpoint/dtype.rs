//! The types of tensors' elements, by torch's names.

use half::{bf16, f16};

/// The type of a storage's or tensor's elements, or the name of one that is not read.
pub(super) type Element<'a> = Result<Dtype, &'a str>;

/// One element.
pub(super) enum Number {
    Float(f32),
    Int(i64),
}

/// Element types that are read, in the order of [`ALL`](Self::ALL): the floats first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtype {
    F32,
    F16,
    Bf16,
    F64,
    F8E4M3,
    F8E5M2,
    U8,
    I8,
    I16,
    I32,
    I64,
    Bool,
}

impl Dtype {
    /// Each with the names of its `torch.dtype` and of its storage class, numpy's code, and the bytes of one
    /// element. What has no class is kept in untyped storages; numpy lacks what has no code.
    const ALL: [(Self, &str, &str, &str, u64); 12] = [
        (Self::F32, "float32", "FloatStorage", "f4", 4),
        (Self::F16, "float16", "HalfStorage", "f2", 2),
        (Self::Bf16, "bfloat16", "BFloat16Storage", "", 2),
        (Self::F64, "float64", "DoubleStorage", "f8", 8),
        (Self::F8E4M3, "float8_e4m3fn", "", "", 1),
        (Self::F8E5M2, "float8_e5m2", "", "", 1),
        (Self::U8, "uint8", "ByteStorage", "u1", 1),
        (Self::I8, "int8", "CharStorage", "i1", 1),
        (Self::I16, "int16", "ShortStorage", "i2", 2),
        (Self::I32, "int32", "IntStorage", "i4", 4),
        (Self::I64, "int64", "LongStorage", "i8", 8),
        (Self::Bool, "bool", "BoolStorage", "b1", 1),
    ];

    fn find(name: &str, is: impl Fn(&(Self, &str, &str, &str, u64)) -> bool) -> Element<'_> {
        Self::ALL.into_iter().find(is).map(|one| one.0).ok_or(name)
    }

    /// The type that `torch.<name>` is.
    pub(super) fn named(name: &str) -> Element<'_> {
        Self::find(name, |one| one.1 == name)
    }

    /// The type of the elements of a storage of this class.
    pub(super) fn of_storage(class: &str) -> Element<'_> {
        Self::find(class, |one| one.2 == class)
    }

    /// The type that `numpy.dtype(code)` is.
    pub(super) fn of_numpy(code: &str) -> Element<'_> {
        Self::find(code, |one| one.3 == code)
    }

    /// The name of the `torch.dtype`.
    pub(super) fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// The name of the storage class in the module `torch`.
    pub(super) fn storage(self) -> &'static str {
        Self::ALL[self as usize].2
    }

    /// Bytes of one element.
    pub(super) fn size(self) -> u64 {
        Self::ALL[self as usize].4
    }

    pub(super) fn is_float(self) -> bool {
        (self as usize) < Self::U8 as usize
    }

    /// The element that these bytes hold, with zeros behind its own.
    pub(super) fn read(self, bytes: [u8; 8]) -> Number {
        let value = i64::from_le_bytes(bytes);
        Number::Int(match self {
            Self::F32 => return Number::Float(f32::from_bits(value as u32)),
            Self::F16 => return Number::Float(f16::from_bits(value as u16).to_f32()),
            Self::Bf16 => return Number::Float(bf16::from_bits(value as u16).to_f32()),
            Self::F64 => return Number::Float(f64::from_bits(value as u64) as f32),
            Self::F8E4M3 | Self::F8E5M2 => return Number::Float(self.read_f8(bytes[0]).to_f32()),
            Self::Bool => i64::from(value != 0),
            Self::I8 => i64::from(value as i8),
            Self::I16 => i64::from(value as i16),
            Self::I32 => i64::from(value as i32),
            Self::U8 | Self::I64 => value,
        })
    }

    /// A float of eight bits; every one is one of 16 bits too.
    pub(super) fn read_f8(self, byte: u8) -> f16 {
        let byte = u16::from(byte);
        match self {
            Self::F8E4M3 if byte & 0x7f == 0x7f => f16::NAN,
            // One more bit of exponent, and a bias that is greater by 8.
            Self::F8E4M3 => {
                let near = f16::from_bits((byte & 0x80) << 8 | (byte & 0x7f) << 7);
                f16::from_f32(near.to_f32() * 256.0)
            }
            _ => f16::from_bits(byte << 8),
        }
    }
}
