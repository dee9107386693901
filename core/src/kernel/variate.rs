//! Random variates, as a function of a key.
//!
//! A draw is not taken from a sequence but computed from a 64-bit key that names it (the request, the step, the part),
//! so a variant of a design that adds or leaves out a step leaves every other draw as it was: common random numbers
//! without bookkeeping. Where the inverse of the distribution function is at hand it is used (one uniform a variate);
//! the sums and mixtures derive further uniforms from the same key.

use std::sync::Arc;

use super::exponential::exp;
use super::logarithm::ln;
use super::random::{mix, unit, unit_open};
use super::time::Time;

/// A distribution of durations; parameters are in nanoseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum Variate {
    /// Always this.
    Constant(Time),
    /// Exponential with this mean.
    Exponential(f64),
    /// Uniform from `min` over `width`.
    Uniform {
        /// Smallest value.
        min: f64,
        /// Largest less smallest.
        width: f64,
    },
    /// `exp(mu + sigma z)` for a standard normal `z`.
    Lognormal {
        /// Logarithm of the median.
        mu: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// Sum of `phases` exponentials of mean `phase_mean`.
    Erlang {
        /// Number of exponentials.
        phases: u32,
        /// Mean of each.
        phase_mean: f64,
    },
    /// Gamma of any shape (Marsaglia and Tsang 2000, "A simple method for generating gamma variables").
    Gamma {
        /// Shape.
        shape: f64,
        /// Scale.
        scale: f64,
    },
    /// Weibull by inversion.
    Weibull {
        /// One over the shape.
        inverse_shape: f64,
        /// Scale.
        scale: f64,
    },
    /// Pareto cut off at `max`, by inversion.
    BoundedPareto {
        /// Smallest value.
        min: f64,
        /// `1 - (min / max)^alpha`: the mass below the cut.
        mass: f64,
        /// One over the tail index.
        inverse_alpha: f64,
    },
    /// One of several, by cumulated weight (the last is 1).
    Mixture(Vec<(f64, Variate)>),
    /// One of these values, each as likely as the others; sorted, so that it too is an inversion.
    Empirical(Arc<[Time]>),
}

impl Variate {
    /// A lognormal with this mean (ns) and coefficient of variation.
    pub fn lognormal(mean: f64, cv: f64) -> Self {
        let variance = libm::log1p(cv * cv);
        Self::Lognormal { mu: ln(mean) - variance / 2.0, sigma: variance.sqrt() }
    }

    /// The variate that this key names.
    #[inline]
    pub fn draw(&self, key: u64) -> Time {
        match self {
            Self::Constant(value) => *value,
            other => other.draw_apart(key),
        }
    }

    /// The same with an exponential variate in line.
    #[inline(always)]
    pub fn draw_in_line(&self, key: u64) -> Time {
        match self {
            Self::Exponential(mean) => exponential(*mean, key),
            other => other.draw(key),
        }
    }

    #[inline(never)]
    fn draw_apart(&self, key: u64) -> Time {
        match self {
            Self::Constant(value) => *value,
            Self::Exponential(mean) => exponential(*mean, key),
            Self::Lognormal { mu, sigma } => nanoseconds(exp(mu + sigma * normal_quantile(unit_open(mix(key))))),
            Self::Uniform { min, width } => nanoseconds(min + width * unit(mix(key))),
            Self::Erlang { phases, phase_mean } => {
                let sum: f64 = (0..u64::from(*phases)).map(|i| -ln(unit_open(mix(derived(key, i))))).sum();
                nanoseconds(phase_mean * sum)
            }
            Self::Gamma { shape, scale } => nanoseconds(scale * gamma(*shape, key)),
            Self::Weibull { inverse_shape, scale } => {
                nanoseconds(scale * libm::pow(-ln(unit_open(mix(key))), *inverse_shape))
            }
            Self::BoundedPareto { min, mass, inverse_alpha } => {
                nanoseconds(min * libm::pow(1.0 - mass * unit(mix(key)), -inverse_alpha))
            }
            Self::Mixture(parts) => {
                let u = unit(mix(key));
                let part = parts.iter().find(|(cumulated, _)| u < *cumulated).or(parts.last());
                part.map_or(Time::ZERO, |(_, variate)| variate.draw(derived(key, 1)))
            }
            Self::Empirical(values) => {
                let index = (unit(mix(key)) * values.len() as f64) as usize;
                values.get(index).or(values.last()).copied().unwrap_or(Time::ZERO)
            }
        }
    }

    /// The mean, in nanoseconds.
    pub fn mean(&self) -> f64 {
        match self {
            Self::Constant(value) => value.0 as f64,
            Self::Exponential(mean) => *mean,
            Self::Uniform { min, width } => min + width / 2.0,
            Self::Lognormal { mu, sigma } => libm::exp(mu + sigma * sigma / 2.0),
            Self::Erlang { phases, phase_mean } => f64::from(*phases) * phase_mean,
            Self::Gamma { shape, scale } => shape * scale,
            Self::Weibull { inverse_shape, scale } => scale * libm::tgamma(1.0 + inverse_shape),
            Self::BoundedPareto { min, mass, inverse_alpha } => {
                let alpha = 1.0 / inverse_alpha;
                if (alpha - 1.0).abs() < 1e-9 {
                    min * -libm::log1p(-mass) / mass
                } else {
                    min * alpha / (alpha - 1.0) * (1.0 - libm::pow(1.0 - mass, 1.0 - inverse_alpha)) / mass
                }
            }
            Self::Mixture(parts) => {
                let mut below = 0.0;
                let mut mean = 0.0;
                for (cumulated, variate) in parts {
                    mean += (cumulated - below) * variate.mean();
                    below = *cumulated;
                }
                mean
            }
            Self::Empirical(values) => values.iter().map(|v| v.0 as f64).sum::<f64>() / values.len().max(1) as f64,
        }
    }
}

#[inline(always)]
fn exponential(mean: f64, key: u64) -> Time {
    nanoseconds(-mean * ln(unit_open(mix(key))))
}

#[inline]
fn nanoseconds(value: f64) -> Time {
    // Through i64: the conversion that processors have. A variate of more than 292 years stays at that.
    Time((value + 0.5) as i64 as u64)
}

fn derived(key: u64, part: u64) -> u64 {
    mix(key ^ 0xA076_1D64_78BD_642F).wrapping_add(part.wrapping_mul(0xE703_7ED1_A0B4_28DB))
}

/// Standard gamma variate: the squeeze of Marsaglia and Tsang, with their boost `U^(1/a)` for shapes below 1.
fn gamma(shape: f64, key: u64) -> f64 {
    if shape < 1.0 {
        let boost = libm::pow(unit_open(mix(derived(key, 0))), 1.0 / shape);
        return boost * gamma(shape + 1.0, derived(key, 1));
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    let mut attempt = 2;
    loop {
        let x = normal_quantile(unit_open(mix(derived(key, attempt))));
        let v = 1.0 + c * x;
        let u = unit_open(mix(derived(key, attempt + 1)));
        attempt += 2;
        if v > 0.0 {
            let v = v * v * v;
            if ln(u) < 0.5 * x * x + d - d * v + d * ln(v) {
                return d * v;
            }
        }
    }
}

/// Quantile of the standard normal distribution for `p` in (0, 1): Wichura 1988, algorithm AS 241 (PPND16), with a
/// relative error of about 1e-16.
pub fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180625 - q * q;
        return q * polynomial(&CENTRE_ABOVE, r) / polynomial(&CENTRE_BELOW, r);
    }
    let r = (-ln(if q < 0.0 { p } else { 1.0 - p })).sqrt();
    let z = if r <= 5.0 {
        let r = r - 1.6;
        polynomial(&MIDDLE_ABOVE, r) / polynomial(&MIDDLE_BELOW, r)
    } else {
        let r = r - 5.0;
        polynomial(&TAIL_ABOVE, r) / polynomial(&TAIL_BELOW, r)
    };
    if q < 0.0 { -z } else { z }
}

#[inline]
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    // By halves (Estrin): half as many steps wait for each other as in Horner's form.
    let [c0, c1, c2, c3, c4, c5, c6, c7] = coefficients;
    let (x2, x4) = (x * x, (x * x) * (x * x));
    ((c0 + c1 * x) + (c2 + c3 * x) * x2) + ((c4 + c5 * x) + (c6 + c7 * x) * x2) * x4
}

const CENTRE_ABOVE: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRE_BELOW: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_854e3,
];
const MIDDLE_ABOVE: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const MIDDLE_BELOW: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const TAIL_ABOVE: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const TAIL_BELOW: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(variate: &Variate) -> (f64, f64) {
        let n = 200_000;
        let (mut sum, mut squares) = (0.0, 0.0);
        for key in 0..n {
            let x = variate.draw(mix(key)).0 as f64;
            sum += x;
            squares += x * x;
        }
        let mean = sum / n as f64;
        (mean, (squares / n as f64 - mean * mean).sqrt() / mean)
    }

    /// Each shape has the mean that it says and the coefficient of variation of its formula, within five standard
    /// errors.
    #[test]
    fn shapes_have_their_moments() {
        let pareto = |alpha: f64| Variate::BoundedPareto {
            min: 1e6,
            mass: 1.0 - libm::pow(1e-3, alpha),
            inverse_alpha: 1.0 / alpha,
        };
        let cases = [
            (Variate::Constant(Time(7)), Some(0.0)),
            (Variate::Exponential(5e6), Some(1.0)),
            (Variate::Uniform { min: 1e6, width: 2e6 }, Some(1.0 / 12f64.sqrt())),
            (Variate::lognormal(1e8, 0.5), Some(0.5)),
            (Variate::Erlang { phases: 4, phase_mean: 1e6 }, Some(0.5)),
            (Variate::Gamma { shape: 4.0, scale: 1e6 }, Some(0.5)),
            (Variate::Gamma { shape: 0.25, scale: 1e7 }, Some(2.0)),
            (Variate::Weibull { inverse_shape: 1.0, scale: 3e6 }, Some(1.0)),
            (pareto(2.5), None),
            (pareto(1.0), None),
            (Variate::Mixture(vec![(0.25, Variate::Constant(Time(4_000))), (1.0, Variate::Exponential(8e3))]), None),
            (Variate::Empirical(Arc::from([Time(10), Time(20), Time(60)])), None),
        ];
        for (variate, cv) in cases {
            let (mean, seen_cv) = moments(&variate);
            let tolerance = 5.0 * seen_cv / 200_000f64.sqrt() + 1e-6;
            assert!((mean / variate.mean() - 1.0).abs() < tolerance, "{variate:?}: {mean} for {}", variate.mean());
            if let Some(cv) = cv {
                assert!((seen_cv - cv).abs() < 0.03 * (1.0 + cv), "{variate:?}: cv {seen_cv} for {cv}");
            }
        }
    }

    /// Against Abramowitz and Stegun's table of the normal distribution.
    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959963984540054), (0.01, -2.3263478740408408), (1e-10, -6.361340902404056)]
        {
            assert!((normal_quantile(p) - z).abs() < 1e-12, "{p}");
        }
    }
}
