//! The distribution of measured times: exponential, lognormal or gamma, and how well it fits.

use libm::log;
use statrs::function::erf::erfc;
use statrs::function::gamma::{checked_gamma_lr, digamma};

/// The fewest values of a fit.
pub const FEWEST: usize = 20;

/// The most values at which the distance is computed; of more, this number of quantiles is taken.
const MOST: usize = 10_000;

/// Times that differ by no more than this share of their mean are constant.
const CONSTANT: f64 = 0.02;

/// The greatest shape of a gamma distribution that is tried; beyond it, its cv is below 1 %, and it is close to a lognormal one.
const GREATEST_SHAPE: f64 = 1e4;

/// The form of a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One value.
    Constant,
    /// Exponential.
    Exponential,
    /// Lognormal.
    Lognormal,
    /// Gamma.
    Gamma,
}

/// A distribution that was fitted to values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// Its form.
    pub form: Form,
    /// Its mean, which is that of the values.
    pub mean: f64,
    /// Its standard deviation over its mean.
    pub cv: f64,
    /// The distance of Kolmogorov and Smirnov: the greatest difference of the two distribution functions.
    pub distance: f64,
    /// The distance beyond which the form is rejected at 5 %, given that its parameters come from the same values.
    pub critical: f64,
}

impl Fit {
    /// Fits positive values: exponential unless that is rejected at 5 %, else the one of lognormal and gamma that is nearer.
    /// None of fewer than [`FEWEST`] values, or where one is not positive.
    ///
    /// Parameters are those of the greatest likelihood; a lognormal distribution is scaled to the mean of the values, because
    /// the load of a resource is proportional to that. Its distance is the one before it is scaled, for which the critical
    /// distance holds.
    ///
    /// Critical distances: Stephens 1974, "EDF Statistics for Goodness of Fit and Some Comparisons", table 1A, for a normal
    /// distribution with unknown mean and variance (the logarithms of lognormal values) and for an exponential one with an
    /// unknown mean. That of a gamma distribution depends on its shape: the form is assumed to be the same, and its constant was
    /// simulated: 0.98, 0.93, 0.89 and 0.90 for the shapes 0.5, 1, 4 and 25 (300 samples each of 50 and 200 values).
    pub fn of(values: &[f64]) -> Option<Self> {
        if values.len() < FEWEST || !values.iter().all(|value| value.is_finite() && *value > 0.0) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len() as f64;
        let mean = sorted.iter().sum::<f64>() / count;
        let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
        if most - least <= CONSTANT * mean {
            return Some(Self { form: Form::Constant, mean, cv: 0.0, distance: 0.0, critical: 0.0 });
        }
        let root = count.sqrt();
        let exponential = Self {
            form: Form::Exponential,
            mean,
            cv: 1.0,
            distance: distance(&sorted, |value| -libm::expm1(-value / mean)),
            critical: 1.094 / (root + 0.26 + 0.5 / root) + 0.2 / count,
        };
        if exponential.fits() {
            return Some(exponential);
        }
        let logarithm = sorted.iter().map(|&value| log(value)).sum::<f64>() / count;
        let variance = sorted.iter().map(|&value| (log(value) - logarithm).powi(2)).sum::<f64>() / count;
        let sigma = variance.sqrt();
        let two_parameters = |constant: f64| constant / (root - 0.01 + 0.85 / root);
        let lognormal = Self {
            form: Form::Lognormal,
            mean,
            cv: libm::expm1(variance).sqrt(),
            distance: distance(&sorted, |value| {
                erfc((logarithm - log(value)) / (sigma * std::f64::consts::SQRT_2)) / 2.0
            }),
            critical: two_parameters(0.895),
        };
        let gamma = shape(log(mean) - logarithm).map(|shape| Self {
            form: Form::Gamma,
            mean,
            cv: 1.0 / shape.sqrt(),
            // Where a value is so far below the mean that the quotient is 0, so is the probability.
            distance: distance(&sorted, |value| checked_gamma_lr(shape, value * shape / mean).unwrap_or(0.0)),
            critical: two_parameters(0.89 + 0.045 / shape),
        });
        Some(gamma.filter(|gamma| gamma.distance < lognormal.distance).unwrap_or(lognormal))
    }

    /// Whether the form is not rejected at 5 %.
    pub fn fits(&self) -> bool {
        self.distance <= self.critical
    }
}

/// The greatest difference of the empirical distribution function from this one.
fn distance(sorted: &[f64], below: impl Fn(f64) -> f64) -> f64 {
    let count = sorted.len();
    let step = count.div_ceil(MOST);
    let difference = |index: usize| {
        let (here, before, after) = (below(sorted[index]), index as f64, (index + 1) as f64);
        (here - before / count as f64).abs().max((after / count as f64 - here).abs())
    };
    (0..count).step_by(step).map(difference).fold(0.0, f64::max)
}

/// The shape of the gamma distribution of the greatest likelihood, from the logarithm of the mean less the mean of the
/// logarithms (Minka 2002, "Estimating a Gamma distribution").
fn shape(difference: f64) -> Option<f64> {
    if difference <= 0.0 {
        return None;
    }
    let mut shape = (3.0 - difference + ((difference - 3.0).powi(2) + 24.0 * difference).sqrt()) / (12.0 * difference);
    for _ in 0..30 {
        let slope = shape * shape * (1.0 / shape - trigamma(shape));
        let next = 1.0 / (1.0 / shape + (log(shape) - digamma(shape) - difference) / slope);
        let is_done = (next - shape).abs() <= 1e-10 * shape;
        shape = next;
        if is_done {
            break;
        }
    }
    (shape.is_finite() && shape > 0.0 && shape < GREATEST_SHAPE).then_some(shape)
}

/// The derivative of the digamma function: by recurrence up to 6, then its asymptotic series (Abramowitz and Stegun, 6.4.12).
fn trigamma(value: f64) -> f64 {
    let (mut sum, mut value) = (0.0, value);
    while value < 6.0 {
        sum += 1.0 / (value * value);
        value += 1.0;
    }
    let square = 1.0 / (value * value);
    let series = 1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square / 30.0));
    sum + 1.0 / value + square / 2.0 + series * square / value
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_distr::{Distribution, Exp, Gamma, LogNormal, Pareto};
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn drawn(distribution: impl Distribution<f64>, count: usize, seed: u64) -> Vec<f64> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        (0..count).map(|_| distribution.sample(&mut random)).collect()
    }

    fn near(value: f64, expected: f64, share: f64) {
        assert!((value / expected - 1.0).abs() < share, "{value} is not {expected}");
    }

    #[test]
    fn each_form_is_recognised_with_its_parameters() {
        let exponential = Fit::of(&drawn(Exp::new(50.0).unwrap(), 2000, 1)).unwrap();
        assert_eq!(exponential.form, Form::Exponential);
        near(exponential.mean, 0.02, 0.1);
        let gamma = Fit::of(&drawn(Gamma::new(4.0, 0.005).unwrap(), 5000, 2)).unwrap();
        assert_eq!(gamma.form, Form::Gamma);
        near(gamma.cv, 0.5, 0.05);
        // Mean 20 ms, a coefficient of variation of 1.31.
        let lognormal = Fit::of(&drawn(LogNormal::new(-4.412, 1.0).unwrap(), 5000, 3)).unwrap();
        assert_eq!(lognormal.form, Form::Lognormal);
        near(lognormal.cv, 1.31, 0.1);
        assert!([exponential, gamma, lognormal].iter().all(Fit::fits));
        let constant = Fit::of(&[0.005; 30]).unwrap();
        assert_eq!(constant.form, Form::Constant);
        near(constant.mean, 0.005, 1e-12);
    }

    /// At 5 %, about one in twenty samples is rejected.
    #[test]
    fn critical_distances_reject_one_in_twenty() {
        let rejected = |distribution: &dyn Fn(u64) -> Vec<f64>, form: Form| {
            let fits: Vec<Fit> = (0..400).filter_map(|seed| Fit::of(&distribution(seed))).collect();
            let of_form: Vec<&Fit> = fits.iter().filter(|fit| fit.form == form).collect();
            of_form.iter().filter(|fit| !fit.fits()).count() as f64 / fits.len() as f64
        };
        let exponential = |seed| drawn(Exp::new(1.0).unwrap(), 100, seed);
        // One that is rejected is taken for another form.
        let fits = (0..400).filter(|&seed| Fit::of(&exponential(seed)).unwrap().form == Form::Exponential).count();
        assert!((368..=392).contains(&fits), "{fits}");
        let lognormal = rejected(&|seed| drawn(LogNormal::new(0.0, 0.5).unwrap(), 100, seed), Form::Lognormal);
        let gamma = rejected(&|seed| drawn(Gamma::new(4.0, 1.0).unwrap(), 100, seed), Form::Gamma);
        // Less often, because the nearer one of two forms counts.
        assert!(lognormal <= 0.07 && gamma <= 0.07, "{lognormal}, {gamma}");
    }

    /// The smallest of all numbers, far below the mean.
    #[test]
    fn a_value_next_to_zero_is_fitted() {
        let values = [&[f64::from_bits(1)][..], &drawn(Exp::new(1e-3).unwrap(), 30, 6)].concat();
        assert!(Fit::of(&values).is_some());
    }

    #[test]
    fn what_is_none_of_them_is_rejected() {
        let two = [drawn(Exp::new(1000.0).unwrap(), 500, 4), vec![1.0; 500]].concat();
        assert!(!Fit::of(&two).unwrap().fits());
        assert!(!Fit::of(&drawn(Pareto::new(1.0, 1.1).unwrap(), 2000, 5)).unwrap().fits());
        assert!(Fit::of(&[1.0; 19]).is_none() && Fit::of(&[&[0.0][..], &[1.0; 30]].concat()).is_none());
    }
}
