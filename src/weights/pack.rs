//! Tensors as the model holds them: ternary codes with their γ, or floats, in bf16 where that loses
//! nothing ([spec](crate::spec) §2, BitLinear).

use super::roles::Role;
use crate::checkpoint::codes::Codes;
use crate::checkpoint::{Data, Tensor};
use crate::dialect::{Dialect, WeightRounding, WeightScale, WeightsBy};
use half::bf16;

/// The rows of a tensor that play a role, or a copy of all of it, in the role's shape.
///
/// A fused tensor is cut before it is packed, so that each part has its own γ as if it had been
/// stored apart.
pub fn cut(tensor: &Tensor, role: &Role) -> Tensor {
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

/// Packs a tensor, as ternary weights under a dialect if `ternary` names one. `None` when a value is not finite.
pub fn pack(tensor: Tensor, ternary: Option<&Dialect>) -> Option<Tensor> {
    if ternary.is_some() && matches!(tensor.data, Data::Ternary { .. }) {
        return Some(tensor);
    }
    let values = tensor.to_f32();
    let shape = tensor.shape;
    if !values.iter().all(|x| x.is_finite()) {
        return None;
    }
    let data = if let Some(dialect) = ternary {
        ternarise(&values, shape.last().copied().unwrap_or(1), dialect)
    } else if values.iter().all(|x| x.to_bits() & 0xffff == 0) {
        Data::Bf16(values.iter().map(|&x| bf16::from_f32(x)).collect())
    } else {
        Data::F32(values)
    };
    Some(Tensor { shape, data })
}

/// How packed data are held, in a word.
pub fn held(data: &Data) -> &'static str {
    match data {
        Data::Ternary { .. } => "ternary",
        Data::Bf16(_) => "bf16",
        _ => "f32",
    }
}

/// Share of weights that are zero.
pub fn zeros(tensor: &Tensor) -> f64 {
    let count = tensor.numel();
    let zeros = match &tensor.data {
        Data::Ternary { codes, .. } => codes.count_zeros(count),
        Data::Bf16(values) => values.iter().filter(|x| x.to_f32() == 0.0).count(),
        Data::F32(values) => values.iter().filter(|&&x| x == 0.0).count(),
        // Nothing is packed as these.
        Data::F16(_) | Data::Int(_) => 0,
    };
    zeros as f64 / count.max(1) as f64
}

/// Packed data with every float rounded to bf16, γ too: what the archive's compact files keep.
pub fn rounded(data: Data) -> Data {
    match data {
        Data::Ternary { codes, scales } => {
            let round = |scale: f32| bf16::from_f32(scale).to_f32();
            let scales = scales.into_iter().map(round).collect();
            Data::Ternary { codes, scales }
        }
        Data::F32(values) => Data::Bf16(values.into_iter().map(bf16::from_f32).collect()),
        data => data,
    }
}

/// `γ = max(mean|W|, 1e-5)`, `T = clamp(round(W/γ), −1, 1)`, or what another dialect has; weights that are 0 and
/// ±α already, in all or in each row, keep their signs and γ = α, which the mean would shrink by the share of non-zeros.
fn ternarise(values: &[f32], columns: usize, dialect: &Dialect) -> Data {
    let mut codes = Codes::zeros(values.len());
    let mut set = |first: usize, values: &[f32], divisor: f32| {
        for (i, &x) in values.iter().enumerate() {
            // Beyond ±1 all values round to ±1; inside, the rounding is exact.
            let t = crate::math::round_ties_even((x / divisor).clamp(-1.0, 1.0));
            codes.set(first + i, (t + 1.0) as u8);
        }
    };
    if let Some(alpha) = already_ternary(values) {
        set(0, values, alpha);
        return Data::Ternary { codes, scales: vec![alpha] };
    }
    // A scale for each row. Of one value alone nothing could be told.
    let rows = values.chunks(columns.max(1));
    if columns > 1 && rows.len() > 1 {
        let scale = |row: &[f32]| match row.iter().all(|&x| x == 0.0) {
            true => Some(LEAST_GAMMA as f32),
            false => already_ternary(row),
        };
        if let Some(scales) = rows.clone().map(scale).collect::<Option<Vec<f32>>>() {
            rows.zip(&scales)
                .enumerate()
                .for_each(|(i, (row, &alpha))| set(i * columns, row, alpha));
            return Data::Ternary { codes, scales };
        }
    }
    let part = match dialect.weights {
        WeightsBy::Tensor => values.len(),
        WeightsBy::Row => columns,
    };
    let mut scales = Vec::new();
    for (number, part_values) in values.chunks(part.max(1)).enumerate() {
        let magnitudes = || part_values.iter().map(|x| x.abs());
        let mean = |sum: f64, count: usize| (sum / count.max(1) as f64).max(LEAST_GAMMA) as f32;
        let absmean = mean(magnitudes().map(f64::from).sum(), part_values.len());
        let gamma = match dialect.weight_scale {
            WeightScale::Mean => absmean,
            WeightScale::Max => magnitudes().fold(LEAST_GAMMA as f32, f32::max),
        };
        // What is rounded to ±1 lies beyond half of the divisor.
        let threshold = 0.7 * absmean;
        let (divisor, gamma) = match dialect.weight_rounding {
            WeightRounding::Nearest => (gamma, gamma),
            WeightRounding::Threshold => (2.0 * threshold, gamma),
            WeightRounding::Twn => {
                let kept = || magnitudes().filter(|&x| x > threshold);
                (2.0 * threshold, mean(kept().map(f64::from).sum(), kept().count()))
            }
        };
        set(number * part, part_values, divisor);
        scales.push(gamma);
    }
    if scales.is_empty() {
        scales.push(LEAST_GAMMA as f32);
    }
    Data::Ternary { codes, scales }
}

/// α, when the values are 0 and ±α for one α > 0.
fn already_ternary(values: &[f32]) -> Option<f32> {
    let alpha = values.iter().find(|&&x| x != 0.0)?.abs();
    values.iter().all(|&x| x == 0.0 || x.abs() == alpha).then_some(alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(values: &[f32], ternary: bool) -> Option<Tensor> {
        let tensor = Tensor { shape: vec![values.len()], data: Data::F32(values.into()) };
        pack(tensor, ternary.then_some(&Dialect::default()))
    }

    #[test]
    fn latent_weights_round_to_the_nearest_by_absmean() {
        // mean|W| = 1; halves round to even, so ±0.5 are zero and ±1.5 clamp.
        let values = [0.5, -0.5, 1.5, -1.5, 0.75, -1.25, 0.25, 1.75];
        let tensor = packed(&values, true).unwrap();
        assert!(matches!(&tensor.data, Data::Ternary { scales, .. } if *scales == [1.0]));
        assert_eq!(tensor.to_f32(), [0.0, -0.0, 1.0, -1.0, 1.0, -1.0, 0.0, 1.0]);
    }

    #[test]
    fn dialects_round_latent_weights_otherwise() {
        let values = [0.5, -0.5, 1.5, -1.5, 0.25, -0.75, 0.0, 3.0];
        let packed = |dialect: &str| {
            let dialect = Dialect::read(dialect.as_bytes()).unwrap();
            let tensor = Tensor { shape: vec![2, 4], data: Data::F32(values.into()) };
            pack(tensor, Some(&dialect)).unwrap().to_f32()
        };
        assert_eq!(packed(r#"{"weights": "row"}"#), [0.0, 0.0, 1.0, -1.0, 0.0, -1.0, 0.0, 1.0]);
        assert_eq!(packed(r#"{"weight_scale": "max"}"#), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3.0]);
        // mean|W| is 1, so what is above 0.7 stays.
        assert_eq!(
            packed(r#"{"weight_rounding": "threshold"}"#),
            [0.0, 0.0, 1.0, -1.0, 0.0, -1.0, 0.0, 1.0]
        );
        assert_eq!(packed(r#"{"weight_rounding": "twn"}"#)[2], 1.6875);
    }

    #[test]
    fn ternary_weights_keep_their_scale() {
        let values = [0.0, 0.03, -0.03, 0.0, 0.0, 0.0, 0.03];
        let tensor = packed(&values, true).unwrap();
        assert_eq!(tensor.to_f32(), values);
        assert!((zeros(&tensor) - 4.0 / 7.0).abs() < 1e-12);
    }

    #[test]
    fn ternary_rows_keep_their_scales() {
        let values = [0.5, 0.0, -0.5, 0.0, 0.0, 0.0, -0.03, 0.03, 0.0];
        let tensor = Tensor { shape: vec![3, 3], data: Data::F32(values.into()) };
        assert_eq!(pack(tensor, Some(&Dialect::default())).unwrap().to_f32(), values);
    }

    #[test]
    fn all_zeros_are_no_division_by_zero() {
        assert_eq!(packed(&[0.0; 5], true).unwrap().to_f32(), [0.0; 5]);
    }

    #[test]
    fn floats_are_held_in_bf16_only_where_nothing_is_lost() {
        let held = |values: &[f32]| held(&packed(values, false).unwrap().data);
        assert_eq!(held(&[1.0, -0.5]), "bf16");
        assert_eq!(held(&[1.0, 0.1]), "f32");
        assert_eq!(packed(&[1.0, 0.1], false).unwrap().to_f32(), [1.0, 0.1]);
    }

    #[test]
    fn nan_is_refused() {
        assert!(packed(&[1.0, f32::NAN], true).is_none());
    }
}
