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

/// The number that a text of digits is, with a point and an exponent if it likes. Exact where it has 15 digits and 22
/// powers of ten at most, as any setting has, and near enough for an f32 beyond that.
pub fn parse(text: &str) -> Option<f64> {
    let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().ok()?;
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    if whole.is_empty() && rest.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.bytes().chain(rest.bytes()) {
        value = 10.0 * value + f64::from(digit.is_ascii_digit().then_some(digit - b'0')?);
    }
    // No text is so long that this is not its number of decimals.
    let exponent = exponent.saturating_sub(rest.len() as i32);
    // More powers than any float has.
    for _ in 0..(exponent.unsigned_abs() / 22).min(40) {
        value = if exponent < 0 { value / 1e22 } else { value * 1e22 };
    }
    let unit = (0..exponent.unsigned_abs() % 22).fold(1.0, |unit, _| 10.0 * unit);
    let value = if exponent < 0 { value / unit } else { value * unit };
    Some(if digits.len() > unsigned.len() { -value } else { value })
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

    #[test]
    fn digits_are_read_as_std_reads_them() {
        for text in [
            "0",
            "-0.0",
            "1",
            "10000.0",
            "1e-6",
            "1E-05",
            "0.5",
            ".5",
            "5.",
            "1.25e+2",
            "-3e5",
            "0.1",
            "9007199254740991",
            "1e22",
            "1e400",
            "1e-400",
        ] {
            assert_eq!(parse(text), text.parse().ok(), "{text}");
        }
        let long = parse("3.14159265358979323846264338327950288").unwrap();
        assert_eq!(long as f32, std::f32::consts::PI);
        for text in ["", "-", ".", "e5", "1e", "0x10", "1_000", "one", "nan", "1e5000000000"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
