//! The float arithmetic of the models, defined once.
//!
//! Native code and every browser must give the same bytes for the same seed, so nothing here is
//! left to the platform: sums run in eight fixed lanes that are then added in a fixed order,
//! nothing is fused or relaxed, and the exponential is our own. Compilers may vectorise these
//! loops, and do, but may not change a result.

/// Lanes of every float sum. Element `i` belongs to lane `i % LANES`.
const LANES: usize = 8;

/// Adds the lanes as a tree: halves onto halves.
#[inline(always)]
fn add_lanes(lanes: [f32; LANES]) -> f32 {
    let four = [lanes[0] + lanes[4], lanes[1] + lanes[5], lanes[2] + lanes[6], lanes[3] + lanes[7]];
    (four[0] + four[2]) + (four[1] + four[3])
}

/// The inner product of two vectors of one length.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    debug_assert_eq!(a.len(), b.len());
    let mut lanes = [0.0f32; LANES];
    let (a_whole, a_rest) = a.as_chunks::<LANES>();
    let (b_whole, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for lane in 0..LANES {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
        lanes[lane] += a * b;
    }
    add_lanes(lanes)
}

/// The greatest |x|; a NaN counts as nothing.
pub fn max_abs(x: &[f32]) -> f32 {
    let (whole, rest) = x.as_chunks::<LANES>();
    let mut lanes = [0.0f32; LANES];
    // A comparison, unlike `f32::max`, is one instruction in every lane.
    let greater = |top: f32, x: f32| if x.abs() > top { x.abs() } else { top };
    for x in whole {
        for lane in 0..LANES {
            lanes[lane] = greater(lanes[lane], x[lane]);
        }
    }
    let top = rest.iter().fold(0.0, |top, &x| greater(top, x));
    lanes.into_iter().fold(top, greater)
}

/// Adds 1.5 · 2²³ and takes it off again: rounds |x| < 2²² to the nearest integer, ties to even.
/// One addition that every machine does alike, where a call to `rint` may not vectorise.
const ROUNDER: f32 = 12_582_912.0;

/// Rounds to the nearest integer, ties to even, for |x| < 2²².
#[inline(always)]
pub fn round_ties_even(x: f32) -> f32 {
    (x + ROUNDER) - ROUNDER
}

/// The exponential, and the gates that are made of it.
///
/// Its constants are loaded once before a loop, by way of memory: engines build those that stand in
/// the code again for every turn, which takes as long as the rest.
#[derive(Clone, Copy)]
pub struct Exp {
    /// Bounds of x, between which eˣ and e⁻ˣ are normal numbers.
    least: f32,
    most: f32,
    log2_e: f32,
    rounder: f32,
    /// ln 2 in two parts, the first with so few bits that n times it is exact.
    ln2_high: f32,
    ln2_low: f32,
    /// P, highest power first: the Chebyshev fit of degree 5 to (eʳ − 1 − r) / r².
    p: [f32; 6],
    one: f32,
    /// The bits of 1.
    bias: u32,
}

static EXP: Exp = Exp {
    least: -87.3,
    most: 87.3,
    log2_e: std::f32::consts::LOG2_E,
    rounder: ROUNDER,
    ln2_high: 0.693_359_4,
    ln2_low: -2.121_944_4e-4,
    p: [1.989_939_2e-4, 1.393_373_4e-3, 8.333_298e-3, 4.166_646_3e-2, 1.666_666_7e-1, 0.5],
    one: 1.0,
    bias: 127 << 23,
};

impl Exp {
    /// Loads the constants.
    #[inline(always)]
    pub fn load() -> Exp {
        *std::hint::black_box(&EXP)
    }

    /// eˣ to within one unit in the last place; 0 below −87.3 and capped at e⁸⁷·³ ≈ 8·10³⁷.
    #[inline(always)]
    pub fn of(&self, x: f32) -> f32 {
        if x < self.least { 0.0 } else { self.normal(x) }
    }

    /// The same, but e⁻⁸⁷·³ ≈ 1.2·10⁻³⁸ below −87.3.
    ///
    /// x = n ln 2 + r with |r| ≤ ½ ln 2, then eʳ = 1 + r + r² P(r) and an exact scaling by 2ⁿ.
    #[inline(always)]
    fn normal(&self, x: f32) -> f32 {
        let x = if x < self.least { self.least } else { x };
        let x = if self.most < x { self.most } else { x };
        let rounded = x * self.log2_e + self.rounder;
        let n = rounded - self.rounder;
        let r = (x - n * self.ln2_high) - n * self.ln2_low;
        let mut p = self.p[0];
        for coefficient in &self.p[1..] {
            p = p * r + coefficient;
        }
        let y = (p * r * r + r) + self.one;
        // n stands in the lowest bits of the rounded sum: moved up it is an exponent, less its bias.
        y * f32::from_bits((rounded.to_bits() << 23).wrapping_add(self.bias))
    }

    /// The logistic function 1 / (1 + e⁻ˣ).
    #[inline(always)]
    pub fn sigmoid(&self, x: f32) -> f32 {
        self.one / (self.one + self.normal(-x))
    }

    /// x · σ(x).
    #[inline(always)]
    pub fn silu(&self, x: f32) -> f32 {
        x * self.sigmoid(x)
    }
}

/// The natural logarithm.
pub fn ln(x: f32) -> f32 {
    libm::log(f64::from(x)) as f32
}

/// [`Exp::of`] one number.
pub fn exp(x: f32) -> f32 {
    Exp::load().of(x)
}

/// [`Exp::sigmoid`] of one number.
pub fn sigmoid(x: f32) -> f32 {
    Exp::load().sigmoid(x)
}

/// [`Exp::silu`] of every element.
pub fn silu(x: &mut [f32]) {
    let exp = Exp::load();
    x.iter_mut().for_each(|x| *x = exp.silu(*x));
}

/// `x = silu(x) ⊙ y`. Not inlined: that the slices do not overlap, which lets the loop become
/// vectors, is only certain where they are parameters.
#[inline(never)]
pub fn silu_times(x: &mut [f32], y: &[f32]) {
    let exp = Exp::load();
    for (x, &y) in x.iter_mut().zip(y) {
        *x = exp.silu(*x) * y;
    }
}

/// Sine and cosine of an angle, rounded from f64: by their Taylor series around the nearest multiple
/// of π/2. To 1 ulp for angles up to 2²⁶, which is more than RoPE has; the general functions of
/// `libm` are ten times as long.
pub fn sin_cos(angle: f64) -> (f32, f32) {
    // π/2 in two parts; the first has so few bits that its multiples are exact.
    const HALF_PI: (f64, f64) = (1.570_796_310_901_641_8, 1.589_325_477_352_819_6e-8);
    let quarters = (angle * std::f64::consts::FRAC_2_PI).round_ties_even();
    let x = (angle - quarters * HALF_PI.0) - quarters * HALF_PI.1;
    let square = x * x;
    // 1 − x²/(n(n + 1)) (1 − x²/((n + 2)(n + 3)) (…
    let series = |first: u32| {
        let factors = (first..first + 14).step_by(2).rev();
        factors.fold(1.0, |sum, n| 1.0 - square / f64::from(n * (n + 1)) * sum)
    };
    let (sin, cos) = ((x * series(2)) as f32, series(1) as f32);
    match quarters.rem_euclid(4.0) as u8 {
        0 => (sin, cos),
        1 => (cos, -sin),
        2 => (-sin, -cos),
        _ => (-cos, sin),
    }
}

/// Turns scores into probabilities in place; NaN scores count as −∞.
/// An empty slice stays empty.
pub fn softmax(scores: &mut [f32]) {
    let top = scores.iter().fold(f32::NEG_INFINITY, |top, &s| top.max(s));
    let mut total = 0.0;
    let exp = Exp::load();
    for s in scores.iter_mut() {
        let difference = *s - top;
        *s = if difference.is_nan() { 0.0 } else { exp.of(difference) };
        total += *s;
    }
    for s in scores.iter_mut() {
        *s /= total;
    }
}

/// −log₂ of the probability that `logits` give to `symbol`.
pub fn surprisal(logits: &[f32], symbol: usize) -> f32 {
    let top = logits.iter().fold(f32::NEG_INFINITY, |top, &l| top.max(l));
    let total: f64 = logits.iter().map(|&l| f64::from(exp(l - top))).sum();
    let nats = libm::log(total) - f64::from(logits[symbol] - top);
    (nats * std::f64::consts::LOG2_E) as f32
}

/// The symbol with the highest logit (or probability), the lowest of several; NaN counts as −∞.
pub fn likeliest(logits: &[f32]) -> usize {
    let mut best = 0;
    let mut top = f32::NEG_INFINITY;
    for (symbol, &logit) in logits.iter().enumerate() {
        if logit > top {
            (best, top) = (symbol, logit);
        }
    }
    best
}

/// RMSNorm ([spec](crate::spec) §2): `out = x / sqrt(mean(x²) + eps) · weight`.
pub fn rms_norm(x: &[f32], weight: &[f32], eps: f32, out: &mut [f32]) {
    let mean_square = dot(x, x) / x.len() as f32;
    let scale = 1.0 / (mean_square + eps).sqrt();
    for ((out, &x), &weight) in out.iter_mut().zip(x).zip(weight) {
        *out = x * scale * weight;
    }
}

/// The same with ε added to the root: `out = x / (sqrt(mean(x²)) + eps) · weight`.
pub fn rms_norm_outside(x: &[f32], weight: &[f32], eps: f32, out: &mut [f32]) {
    let scale = 1.0 / ((dot(x, x) / x.len() as f32).sqrt() + eps);
    for ((out, &x), &weight) in out.iter_mut().zip(x).zip(weight) {
        *out = x * scale * weight;
    }
}

/// `x += y`, element by element.
pub fn add(x: &mut [f32], y: &[f32]) {
    for (x, &y) in x.iter_mut().zip(y) {
        *x += y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_and_cosine_are_those_of_the_library() {
        let close = |got: f32, want: f64, angle: f64| {
            let error = (f64::from(got) - want).abs();
            assert!(error <= 6.1e-8 * want.abs() + 1e-12, "{angle}: {got} is not {want}");
        };
        let steps = (0..200_000).map(|i| f64::from(i) * 0.001_3);
        let far = (0..20_000).map(|i| f64::from(i) * 3_355.443_2);
        let quarters = (0..2000).map(|i| f64::from(i) * std::f64::consts::FRAC_PI_2);
        for angle in steps.chain(far).chain(quarters) {
            for angle in [angle, -angle] {
                let (sin, cos) = sin_cos(angle);
                close(sin, libm::sin(angle), angle);
                close(cos, libm::cos(angle), angle);
            }
        }
        assert_eq!(sin_cos(0.0), (0.0, 1.0));
    }

    #[test]
    fn exp_is_within_one_ulp_of_the_f64_library() {
        let mut worst = 0;
        for i in -870_000..=873_000 {
            let x = i as f32 * 1e-4;
            let want = libm::exp(f64::from(x)) as f32;
            worst = worst.max(exp(x).to_bits().abs_diff(want.to_bits()));
        }
        assert!(worst <= 1, "worst error {worst} ulp");
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-1e9), 0.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert!(exp(1e9).is_finite() && exp(f32::INFINITY).is_finite());
    }

    #[test]
    fn rounding_ties_go_to_even() {
        for i in -2600..=2600 {
            let x = i as f32 * 0.25;
            assert_eq!(round_ties_even(x), x.round_ties_even(), "{x}");
        }
    }

    #[test]
    fn sums_take_every_element_once() {
        for n in 0..40 {
            let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let want: f32 = x.iter().map(|x| x * x).sum();
            assert_eq!(dot(&x, &x), want, "length {n}");
        }
    }

    #[test]
    fn softmax_survives_nan_and_infinity() {
        let mut scores = [f32::NAN, 1.0, f32::NEG_INFINITY, 1.0];
        softmax(&mut scores);
        assert_eq!(scores, [0.0, 0.5, 0.0, 0.5]);
    }

    #[test]
    fn a_uniform_byte_is_eight_bits() {
        assert_eq!(surprisal(&[0.25; 256], 77), 8.0);
        assert!(surprisal(&[100.0, 0.0], 0) < 1e-6);
        assert!((surprisal(&[100.0, 0.0], 1) - 144.2695).abs() < 1e-3);
    }
}
