//! The types of tensors' elements, by torch's names.

/// The type of a storage's or tensor's elements, or the name of one that is not read.
pub(super) type Element<'a> = Result<Dtype, &'a str>;

/// Element types that are read, in the order of [`ALL`](Self::ALL).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dtype {
    F32,
    F16,
    Bf16,
    F64,
    U8,
    I8,
    I16,
    I32,
    I64,
    Bool,
}

impl Dtype {
    /// Each with the names of its `torch.dtype` and of its storage class, and the bytes of one element.
    const ALL: [(Self, &str, &str, u64); 10] = [
        (Self::F32, "float32", "FloatStorage", 4),
        (Self::F16, "float16", "HalfStorage", 2),
        (Self::Bf16, "bfloat16", "BFloat16Storage", 2),
        (Self::F64, "float64", "DoubleStorage", 8),
        (Self::U8, "uint8", "ByteStorage", 1),
        (Self::I8, "int8", "CharStorage", 1),
        (Self::I16, "int16", "ShortStorage", 2),
        (Self::I32, "int32", "IntStorage", 4),
        (Self::I64, "int64", "LongStorage", 8),
        (Self::Bool, "bool", "BoolStorage", 1),
    ];

    /// The type that `torch.<name>` is.
    pub(super) fn named(name: &str) -> Element<'_> {
        Self::ALL.into_iter().find(|one| one.1 == name).map(|one| one.0).ok_or(name)
    }

    /// The type of the elements of a storage of this class.
    pub(super) fn of_storage(class: &str) -> Element<'_> {
        Self::ALL.into_iter().find(|one| one.2 == class).map(|one| one.0).ok_or(class)
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
        Self::ALL[self as usize].3
    }

    pub(super) fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16 | Self::F64)
    }
}
