//! Floats as people write them. std tells and reads every digit of any float, with code and tables
//! of 20 KB that browsers would have to download; settings and sentences need a few digits.

/// The number with the fewest decimals that is `x` as an f32, so that 1e-6 stays 1e-6.
pub fn nearest(x: f32) -> f64 {
    // Powers of ten up to here are exact, so that the quotient is the nearest to the decimal.
    const MOST_DECIMALS: usize = 22;
    let exact = f64::from(x);
    std::iter::successors(Some(1.0), |unit| Some(10.0 * unit))
        .take(1 + MOST_DECIMALS)
        .map(|unit| (exact * unit).round() / unit)
        .find(|rounded| *rounded as f32 == x)
        .unwrap_or(exact)
}

/// A number as it stands in a sentence, to nine decimals.
pub fn text(x: f64) -> String {
    const UNIT: u64 = 1_000_000_000;
    let sign = if x < 0.0 { "-" } else { "" };
    if x.is_nan() {
        return "NaN".into();
    }
    if x.is_infinite() {
        return format!("{sign}infinity");
    }
    let units = (x.abs() * UNIT as f64).round();
    if units >= 1e19 {
        return format!("{sign}10000000000 and beyond");
    }
    let (whole, rest) = (units as u64 / UNIT, units as u64 % UNIT);
    let decimals = format!("{sign}{whole}.{rest:09}");
    decimals.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_to_nine_decimals() {
        for (x, told) in [
            (0.0, "0"),
            (-0.5, "-0.5"),
            (1e-6, "0.000001"),
            (10_000.0, "10000"),
            (1.0 / 3.0, "0.333333333"),
            (-1e300, "-10000000000 and beyond"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-infinity"),
        ] {
            assert_eq!(text(x), told);
        }
    }

    #[test]
    fn numbers_keep_the_decimals_they_were_given() {
        for x in [1e-6, 1e-5_f32, 0.5, 10_000.0, 500_000.0, 0.1, 1.5e-8, 0.3, 0.0] {
            assert_eq!(Ok(nearest(x)), x.to_string().parse::<f64>());
        }
        for x in [f32::MIN_POSITIVE, f32::MAX, 1.0 / 3.0, 1e-22] {
            assert_eq!(nearest(x) as f32, x);
        }
    }
}
