//! A tensor as the model holds it: ternary codes with their γ, or floats ([spec](crate::spec) §2, BitLinear).

use super::roles::Role;
use crate::checkpoint::codes::Codes;
use crate::checkpoint::{Data, Tensor};
use half::bf16;

/// A packed tensor, row-major.
#[derive(Debug, Clone)]
pub enum Part {
    /// Codes (weight + 1), four to a byte, lowest bits first, over the whole tensor; and γ.
    Ternary {
        /// Code of each weight.
        codes: Codes,
        /// γ: one for the whole tensor, or one for each of its rows.
        gamma: Vec<f32>,
        /// Shape of the tensor.
        shape: Vec<usize>,
    },
    /// Floats that are exactly bf16.
    Bf16 {
        /// Row-major values.
        values: Vec<bf16>,
        /// Shape of the tensor.
        shape: Vec<usize>,
    },
    /// Floats.
    F32 {
        /// Row-major values.
        values: Vec<f32>,
        /// Shape of the tensor.
        shape: Vec<usize>,
    },
}

/// The rows of a tensor that play a role, or a copy of all of it, in the role's shape.
///
/// A fused tensor is cut before it is packed, so that each part has its own γ as if it had been
/// stored apart.
pub fn part(tensor: &Tensor, role: &Role) -> Tensor {
    let shape = role.shape.clone();
    let Some(rows) = &role.rows else {
        let data = tensor.data.clone();
        return Tensor { shape, data };
    };
    // Heads fused as [4, 256, d] are cut by 256 rows of d, or by one of 256 · d.
    let len: usize = shape.iter().product();
    let start = len / rows.len() * rows.start;
    let range = start..start + len;
    let data = match &tensor.data {
        Data::F32(values) => Data::F32(values[range].into()),
        Data::F16(values) => Data::F16(values[range].into()),
        Data::Bf16(values) => Data::Bf16(values[range].into()),
        Data::Int(values) => Data::Int(values[range].into()),
        Data::Ternary { codes, scales } => {
            let scales = match scales.len() {
                1 => scales.clone(),
                count => {
                    let columns = tensor.numel() / count;
                    scales[range.start / columns..range.end / columns].into()
                }
            };
            let codes = codes.slice(range);
            Data::Ternary { codes, scales }
        }
    };
    Tensor { shape, data }
}

/// The least γ: `γ = max(mean|W|, 1e-5)`.
const LEAST_GAMMA: f64 = 1e-5;

impl Part {
    /// Packs a tensor, as ternary weights if `ternary`. `None` when a value is not finite.
    pub fn new(tensor: Tensor, ternary: bool) -> Option<Part> {
        let Tensor { shape, data } = tensor;
        match data {
            Data::Ternary { codes, scales } if ternary => Some(Part::Ternary {
                codes,
                gamma: scales,
                shape,
            }),
            data => {
                let tensor = Tensor { shape, data };
                let values = tensor.to_f32();
                let shape = tensor.shape;
                if !values.iter().all(|x| x.is_finite()) {
                    return None;
                }
                Some(if ternary {
                    ternarise(&values, shape)
                } else if values.iter().all(|x| x.to_bits() & 0xffff == 0) {
                    let values = values.iter().map(|&x| bf16::from_f32(x)).collect();
                    Part::Bf16 { values, shape }
                } else {
                    Part::F32 { values, shape }
                })
            }
        }
    }

    /// Shape of the tensor.
    pub fn shape(&self) -> &[usize] {
        match self {
            Part::Ternary { shape, .. } | Part::Bf16 { shape, .. } | Part::F32 { shape, .. } => {
                shape
            }
        }
    }

    /// Number of weights.
    pub fn numel(&self) -> usize {
        self.shape().iter().product()
    }

    /// How it is held, in a word.
    pub fn held(&self) -> &'static str {
        match self {
            Part::Ternary { .. } => "ternary",
            Part::Bf16 { .. } => "bf16",
            Part::F32 { .. } => "f32",
        }
    }

    /// Share of weights that are zero.
    pub fn zeros(&self) -> f64 {
        let zeros = match self {
            Part::Ternary { codes, .. } => codes.count_zeros(self.numel()),
            Part::Bf16 { values, .. } => values.iter().filter(|x| x.to_f32() == 0.0).count(),
            Part::F32 { values, .. } => values.iter().filter(|&&x| x == 0.0).count(),
        };
        zeros as f64 / self.numel().max(1) as f64
    }

    /// The values, T·γ for ternary parts.
    pub fn to_f32(&self) -> Vec<f32> {
        match self {
            Part::Ternary { .. } => self.to_tensor().to_f32(),
            Part::Bf16 { values, .. } => values.iter().map(|x| x.to_f32()).collect(),
            Part::F32 { values, .. } => values.clone(),
        }
    }

    /// As a tensor of a file, without loss.
    pub fn to_tensor(&self) -> Tensor {
        let data = match self {
            Part::Ternary { codes, gamma, .. } => Data::Ternary {
                codes: codes.clone(),
                scales: gamma.clone(),
            },
            Part::Bf16 { values, .. } => Data::Bf16(values.clone()),
            Part::F32 { values, .. } => Data::F32(values.clone()),
        };
        Tensor {
            shape: self.shape().into(),
            data,
        }
    }

    /// Every float rounded to bf16, γ too: what the archive's compact files keep.
    pub fn rounded(self) -> Part {
        match self {
            Part::Ternary {
                codes,
                gamma,
                shape,
            } => Part::Ternary {
                codes,
                gamma: gamma
                    .into_iter()
                    .map(|g| bf16::from_f32(g).to_f32())
                    .collect(),
                shape,
            },
            Part::F32 { values, shape } => Part::Bf16 {
                values: values.into_iter().map(bf16::from_f32).collect(),
                shape,
            },
            part => part,
        }
    }
}

/// `γ = max(mean|W|, 1e-5)`, `T = clamp(round(W/γ), −1, 1)`; weights that are 0 and ±α already
/// keep their signs and γ = α, which the mean would shrink by the share of non-zeros.
fn ternarise(values: &[f32], shape: Vec<usize>) -> Part {
    let gamma = already_ternary(values).unwrap_or_else(|| {
        let sum: f64 = values.iter().map(|&x| f64::from(x.abs())).sum();
        (sum / values.len().max(1) as f64).max(LEAST_GAMMA) as f32
    });
    let mut codes = Codes::zeros(values.len());
    for (i, &x) in values.iter().enumerate() {
        // Beyond ±1 all values round to ±1; inside, the rounding is exact.
        let t = crate::math::round_ties_even((x / gamma).clamp(-1.0, 1.0));
        codes.set(i, (t + 1.0) as u8);
    }
    Part::Ternary {
        codes,
        gamma: vec![gamma],
        shape,
    }
}

/// α, when the values are 0 and ±α for one α > 0.
fn already_ternary(values: &[f32]) -> Option<f32> {
    let alpha = values.iter().find(|&&x| x != 0.0)?.abs();
    values
        .iter()
        .all(|&x| x == 0.0 || x.abs() == alpha)
        .then_some(alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(values: &[f32], ternary: bool) -> Part {
        let tensor = Tensor {
            shape: vec![values.len()],
            data: Data::F32(values.into()),
        };
        Part::new(tensor, ternary).unwrap()
    }

    #[test]
    fn latent_weights_round_to_the_nearest_by_absmean() {
        // mean|W| = 1; halves round to even, so ±0.5 are zero and ±1.5 clamp.
        let values = [0.5, -0.5, 1.5, -1.5, 0.75, -1.25, 0.25, 1.75];
        let part = pack(&values, true);
        assert!(matches!(&part, Part::Ternary { gamma, .. } if *gamma == [1.0]));
        assert_eq!(part.to_f32(), [0.0, -0.0, 1.0, -1.0, 1.0, -1.0, 0.0, 1.0]);
    }

    #[test]
    fn ternary_weights_keep_their_scale() {
        let values = [0.0, 0.03, -0.03, 0.0, 0.0, 0.0, 0.03];
        let part = pack(&values, true);
        assert_eq!(part.to_f32(), values);
        assert!((part.zeros() - 4.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn all_zeros_are_no_division_by_zero() {
        assert_eq!(pack(&[0.0; 5], true).to_f32(), [0.0; 5]);
    }

    #[test]
    fn floats_are_held_in_bf16_only_where_nothing_is_lost() {
        assert_eq!(pack(&[1.0, -0.5], false).held(), "bf16");
        assert_eq!(pack(&[1.0, 0.1], false).held(), "f32");
        assert_eq!(pack(&[1.0, 0.1], false).to_f32(), [1.0, 0.1]);
    }

    #[test]
    fn nan_is_refused() {
        let tensor = Tensor {
            shape: vec![2],
            data: Data::F32(vec![1.0, f32::NAN]),
        };
        assert!(Part::new(tensor, true).is_none());
    }
}
