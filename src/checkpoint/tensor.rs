//! Tensors: from a storage's bytes to values in row-major order.

use super::codes::Codes;
use super::dtype::{Dtype, Number};
use super::error::{Error, Result, shown};
use super::packing::{Open, PackingChoice};
use super::pickle::Inline;
use half::{bf16, f16};
use std::borrow::Cow;
use std::iter::repeat_n;

/// A tensor with its values, row-major, with any strides in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Sizes of its dimensions; empty for a single number.
    pub shape: Vec<usize>,
    /// Its values, as many as the product of `shape`.
    pub data: Data,
}

/// The values of a tensor in the type they are stored in.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// 32-bit floats; 64-bit ones are rounded to these.
    F32(Vec<f32>),
    /// IEEE 16-bit floats.
    F16(Vec<f16>),
    /// bfloat16.
    Bf16(Vec<bf16>),
    /// Integers of any width; booleans are 0 and 1.
    Int(Vec<i64>),
    /// Weights of -1, 0 and +1, times a scale.
    Ternary {
        /// Weight + 1 in two bits, the first in the lowest, row-major over the whole tensor:
        /// ⌈n/4⌉ bytes whose unused bits are zero, none of the codes 3.
        codes: Codes,
        /// One for the whole tensor, or one for each of its rows, which are what stands along its
        /// last dimension; finite and not negative.
        scales: Vec<f32>,
    },
}

impl Tensor {
    /// Number of elements.
    pub fn numel(&self) -> usize {
        self.shape.iter().product()
    }

    /// The values as 32-bit floats, `numel()` of them.
    pub fn to_f32(&self) -> Vec<f32> {
        match &self.data {
            Data::F32(values) => values.clone(),
            Data::F16(values) => values.iter().map(|value| value.to_f32()).collect(),
            Data::Bf16(values) => values.iter().map(|value| value.to_f32()).collect(),
            Data::Int(values) => values.iter().map(|&value| value as f32).collect(),
            Data::Ternary { codes, scales } => {
                let weights = codes.weights(self.numel()).map(f32::from);
                if let [scale] = scales[..] {
                    return weights.map(|weight| weight * scale).collect();
                }
                let columns = self.shape.last().copied().unwrap_or(1);
                let scales = scales.iter().flat_map(|&scale| repeat_n(scale, columns));
                weights.zip(scales).map(|(weight, scale)| weight * scale).collect()
            }
        }
    }
}

/// A strided view into a storage, checked to lie within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// The archive's entry that holds the storage; none is needed for a tensor without elements.
    pub(super) entry: Option<usize>,
    /// The part of the entry that is the storage, where it is not all of it.
    pub(super) inline: Option<Inline>,
    pub(super) dtype: Dtype,
    /// First element, counted in elements.
    pub(super) offset: usize,
    pub(super) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
}

/// Where a tensor's values come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Dense(View),
    /// Numbers of eight bits that are to be multiplied by scales.
    Scaled {
        view: View,
        scale: Scale,
        /// What the scales are to be divided by.
        divisor: f32,
    },
    /// Strides that let elements share a place: known, but not read.
    Overlapping,
    Ternary {
        /// The codes.
        packed: View,
        /// What is known of how they are packed, as a matrix whose last dimension is that of the tensor.
        open: Open,
        scale: Scale,
    },
}

/// Where a ternary tensor's scale, or those of its rows, come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scale {
    Given(f32),
    Stored(View),
}

impl Scale {
    fn read<'b>(&self, bytes: impl Fn(&View) -> Cow<'b, [u8]>) -> Vec<f32> {
        match self {
            Scale::Given(scale) => vec![*scale],
            Scale::Stored(view) => {
                let data = view.read(&bytes(view));
                Tensor { shape: view.shape.clone(), data }.to_f32()
            }
        }
    }
}

impl Source {
    /// The views that have to be read.
    pub(super) fn views(&self) -> impl Iterator<Item = &View> {
        let (first, second) = match self {
            Self::Overlapping => (None, None),
            Self::Dense(view) => (Some(view), None),
            Self::Ternary { packed: view, scale, .. } | Self::Scaled { view, scale, .. } => {
                let Scale::Stored(scale) = scale else {
                    return Some(view).into_iter().chain(None);
                };
                (Some(view), Some(scale))
            }
        };
        first.into_iter().chain(second)
    }

    /// The entries that its views lie in, each once.
    pub(super) fn entries(&self) -> impl Iterator<Item = usize> {
        let mut entries = self.views().filter_map(|view| view.entry);
        let (first, second) = (entries.next(), entries.next());
        first.into_iter().chain(second.filter(|_| second != first))
    }

    /// The codes and scales of a packed tensor as they are stored.
    pub(super) fn packed<'b>(
        &self,
        bytes: impl Fn(usize) -> &'b [u8],
    ) -> Option<(&Open, Codes, Vec<f32>)> {
        let Self::Ternary { packed, open, scale } = self else {
            return None;
        };
        let bytes = |view: &View| view.storage(view.entry.map_or(&[][..], &bytes));
        let scales = scale.read(bytes);
        let codes = packed.gather(&bytes(packed), |[byte]: [u8; 1]| byte);
        Some((open, codes.into(), scales))
    }

    /// Decodes the tensor; `bytes` are the storages by entry.
    pub(super) fn decode<'b>(
        &self,
        name: &str,
        shape: &[usize],
        settled: &PackingChoice,
        bytes: impl Fn(usize) -> &'b [u8],
    ) -> Result<Tensor> {
        let data = match self {
            Self::Overlapping => return Err(Error::OverlappingStrides(shown(name)).into()),
            Self::Dense(view) => view.read(&view.storage(view.entry.map_or(&[][..], &bytes))),
            Self::Scaled { view, scale, divisor } => {
                let bytes = |view: &View| view.storage(view.entry.map_or(&[][..], &bytes));
                let scales = scale.read(bytes);
                let data = view.read(&bytes(view));
                let mut values = Tensor { shape: view.shape.clone(), data }.to_f32();
                let row = values.len().div_ceil(scales.len().max(1)).max(1);
                for (values, scale) in values.chunks_mut(row).zip(&scales) {
                    values.iter_mut().for_each(|value| *value *= scale / divisor);
                }
                Data::F32(values)
            }
            Self::Ternary { .. } => {
                let (open, codes, mut scales) = self.packed(bytes).ok_or(Error::NotSelectable)?;
                let reciprocal = open.is_reciprocal(settled);
                let rounded = self.views().nth(1).is_some_and(|scale| scale.dtype == Dtype::Bf16);
                for scale in &mut scales {
                    let value = *scale;
                    if reciprocal {
                        *scale = value.recip();
                        // γ was bf16 where its reciprocal is.
                        if rounded {
                            *scale = bf16::from_f32(*scale).to_f32();
                        }
                    }
                    if !value.is_finite() || value < 0.0 || !scale.is_finite() {
                        return Err(Error::Scale { tensor: shown(name), value }.into());
                    }
                }
                let codes = open.unpack(codes, settled).map_err(|(index, code)| {
                    Error::TernaryCode { tensor: shown(name), index, code }
                })?;
                Data::Ternary { codes, scales }
            }
        };
        Ok(Tensor { shape: shape.to_vec(), data })
    }
}

impl View {
    pub(super) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Bytes that the values take in memory.
    pub(super) fn decoded_size(&self) -> u64 {
        let size = if self.dtype.is_float() { self.dtype.size().max(2) } else { 8 };
        (self.len() as u64).saturating_mul(size)
    }

    /// The storage, in the bytes of its entry.
    fn storage<'b>(&self, entry: &'b [u8]) -> Cow<'b, [u8]> {
        match self.inline {
            None => entry.into(),
            Some(Inline { at, len, latin1: false }) => entry[at..][..len].into(),
            Some(Inline { at, len, latin1: true }) => {
                let text = String::from_utf8_lossy(&entry[at..][..len]);
                text.chars().map(|c| c as u8).collect::<Vec<u8>>().into()
            }
        }
    }

    /// The values in row-major order.
    fn read(&self, bytes: &[u8]) -> Data {
        match self.dtype {
            Dtype::F32 => Data::F32(self.gather(bytes, f32::from_le_bytes)),
            Dtype::F16 => Data::F16(self.gather(bytes, f16::from_le_bytes)),
            Dtype::Bf16 => Data::Bf16(self.gather(bytes, bf16::from_le_bytes)),
            Dtype::F64 => Data::F32(self.gather(bytes, |b| f64::from_le_bytes(b) as f32)),
            Dtype::F8E4M3 | Dtype::F8E5M2 => {
                Data::F16(self.gather(bytes, |[byte]: [u8; 1]| self.dtype.read_f8(byte)))
            }
            _ => Data::Int(self.integers(bytes)),
        }
    }

    /// The values of a type that is no float: these are few, and one loop for all types is enough.
    fn integers(&self, bytes: &[u8]) -> Vec<i64> {
        let size = self.dtype.size() as usize;
        let mut values = Vec::with_capacity(self.len());
        self.walk(&mut |at| {
            let mut wide = [0; 8];
            wide[..size].copy_from_slice(&bytes[at * size..][..size]);
            values.push(match self.dtype.read(wide) {
                Number::Int(value) => value,
                Number::Float(value) => value as i64,
            });
        });
        values
    }

    /// Every element of the view, in row-major order, read from its `N` bytes.
    fn gather<const N: usize, T>(&self, bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
        let (elements, _) = bytes.as_chunks::<N>();
        let len = self.len();
        if self.is_contiguous() {
            return elements[self.offset..][..len].iter().map(|&b| read(b)).collect();
        }
        let mut values = Vec::with_capacity(len);
        self.walk(&mut |at| values.push(read(elements[at])));
        values
    }

    /// Calls `visit` with the place of each element in its storage, in row-major order.
    fn walk(&self, visit: &mut dyn FnMut(usize)) {
        let mut position = vec![0; self.shape.len()];
        let mut at = self.offset;
        for _ in 0..self.len() {
            visit(at);
            // Count up like an odometer, the last dimension fastest.
            for axis in (0..position.len()).rev() {
                position[axis] += 1;
                at += self.strides[axis];
                if position[axis] < self.shape[axis] {
                    break;
                }
                at -= self.strides[axis] * self.shape[axis];
                position[axis] = 0;
            }
        }
    }

    fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&size, &stride)| {
            let fits = size == 1 || stride == expected;
            expected *= size;
            fits
        }) || self.shape.contains(&0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_view_is_read_in_row_major_order() {
        // Every order of the axes of a [4, 5, 6] storage, and of slices of it with steps.
        let bytes: Vec<u8> = (0..120_u32).flat_map(u32::to_le_bytes).collect();
        for axes in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            for (sizes, steps, offset) in [
                ([4, 5, 6], [1, 1, 1], 0),
                ([2, 5, 3], [2, 1, 2], 1),
                ([1, 2, 6], [1, 2, 1], 30),
                ([4, 1, 1], [1, 1, 1], 29),
            ] {
                let stored = [30, 6, 1];
                let shape: Vec<usize> = axes.iter().map(|&axis| sizes[axis]).collect();
                let strides: Vec<usize> =
                    axes.iter().map(|&axis| stored[axis] * steps[axis]).collect();
                let mut expected = Vec::new();
                for i in 0..shape[0] {
                    for j in 0..shape[1] {
                        for k in 0..shape[2] {
                            let at = offset + i * strides[0] + j * strides[1] + k * strides[2];
                            expected.push(at as i64);
                        }
                    }
                }
                let dtype = Dtype::I32;
                let view = View { entry: Some(0), inline: None, dtype, offset, shape, strides };
                assert_eq!(view.read(&bytes), Data::Int(expected), "{view:?}");
            }
        }
    }

    #[test]
    fn every_data_has_its_floats() {
        let tensor = |data| Tensor { shape: vec![3], data };
        let values = [-1.5, 0.0, 1.5];
        for data in [
            Data::F32(values.to_vec()),
            Data::F16(values.map(f16::from_f32).to_vec()),
            Data::Bf16(values.map(bf16::from_f32).to_vec()),
            Data::Ternary { codes: vec![0b10_01_00].into(), scales: vec![1.5] },
        ] {
            assert_eq!(tensor(data).to_f32(), values);
        }
        assert_eq!(tensor(Data::Int(vec![-2, 0, 3])).to_f32(), [-2.0, 0.0, 3.0]);
        let rows = Tensor {
            shape: vec![2, 3],
            data: Data::Ternary {
                codes: vec![0b00_10_01_00, 0b10_01].into(),
                scales: vec![1.5, 0.5],
            },
        };
        assert_eq!(rows.to_f32(), [-1.5, 0.0, 1.5, -0.5, 0.0, 0.5]);
        let scalar = Tensor { shape: vec![], data: Data::F32(vec![1.0]) };
        assert_eq!(scalar.numel(), 1);
    }
}
