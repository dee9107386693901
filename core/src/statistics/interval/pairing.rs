//! Comparison of two systems under common random numbers.

use super::{Interval, Moments, admissible, product, two_sided};

/// What pairing replications by common random numbers has gained.
///
/// Replication `i` of both systems is driven by the same random numbers, so
/// that both meet the same good or bad luck and the luck cancels in the
/// difference (Law, *Simulation Modeling and Analysis*, ch. 11.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairing {
    first: f64,
    second: f64,
    difference: f64,
    covariance: f64,
}

impl Pairing {
    /// Compares the paired replications `a[i]` and `b[i]`. `None` for fewer
    /// than two pairs, slices of different length, or values not finite.
    #[must_use]
    pub fn of(a: &[f64], b: &[f64]) -> Option<Self> {
        let (first, second) = moments(a, b)?;
        let difference: Moments = a.iter().zip(b).map(|(a, b)| a - b).collect();
        Some(Self {
            first: first.variance()?,
            second: second.variance()?,
            difference: difference.variance()?,
            covariance: covariance(a, b)?,
        })
    }

    /// Factor by which pairing has cut the variance of the difference:
    /// `(Var a + Var b) / Var(a - b)`. It is the factor by which the number of
    /// replications would have to grow to reach the same precision with
    /// independent random numbers; below 1 pairing has done harm. Infinite if
    /// the differences do not vary at all, 1 if nothing varies.
    #[must_use]
    pub fn variance_reduction(&self) -> f64 {
        let independent = self.first + self.second;
        if independent == self.difference { 1.0 } else { independent / self.difference }
    }

    /// Pearson's correlation of the pairs, in `[-1, 1]`; `None` if either side
    /// does not vary.
    #[must_use]
    pub fn correlation(&self) -> Option<f64> {
        let scale = self.first.sqrt() * self.second.sqrt();
        (scale > 0.0).then(|| (self.covariance / scale).clamp(-1.0, 1.0))
    }
}

impl Interval {
    /// Mean of `a - b` over paired replications (common random numbers), by
    /// Student's t on the differences. The interval excludes zero exactly if
    /// the two systems differ significantly at this level.
    ///
    /// [`Pairing::of`] tells what the pairing has gained. One pair gives the
    /// bounds ±∞, as in [`mean_of`](Self::mean_of). `None` for no pair, slices
    /// of different length, values not finite, or a level outside (0, 1).
    #[must_use]
    pub fn paired_difference(a: &[f64], b: &[f64], level: f64) -> Option<Self> {
        moments(a, b)?;
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        Self::mean_of(&differences, level)
    }

    /// Ratio of the means `E a / E b` over paired replications, by Fieller's
    /// theorem (JRSS B 16, 1954) with the covariance of the pairs;
    /// dimensionless if both have one unit.
    ///
    /// The interval is in general not symmetric about the estimate `ā / b̄`.
    /// Its bounds are ±∞ if the mean of `b` does not differ significantly from
    /// zero at this level, for then no ratio is excluded with certainty, and
    /// for one pair. `None` for no pair, slices of different length, values
    /// not finite, a mean of `b` of zero, or a level outside (0, 1).
    #[must_use]
    pub fn ratio_of_means(a: &[f64], b: &[f64], level: f64) -> Option<Self> {
        match fieller(a, b, level)? {
            (estimate, Ratios::Between(low, high)) => Some(Self { estimate, low, high }),
            (estimate, Ratios::Beyond(..) | Ratios::Any) => Self::around(estimate, f64::INFINITY),
        }
    }

    /// How much the mean of `a` differs from that of `b`, relative to the
    /// latter: `E a / E b - 1`, where neither is ever negative. By Fieller's
    /// theorem, as [`ratio_of_means`](Self::ratio_of_means); never below -1.
    ///
    /// Where the mean of `b` does not differ significantly from zero, there is
    /// no upper bound, but there may be a lower one: beside next to nothing a
    /// mean may surely be several times as large.
    #[must_use]
    pub fn relative_difference(a: &[f64], b: &[f64], level: f64) -> Option<Self> {
        let (ratio, set) = fieller(a, b, level)?;
        let (low, high) = match set {
            Ratios::Between(low, high) => (low, high),
            // What lies below cannot be, as no ratio is negative.
            Ratios::Beyond(down, up) if down <= 0.0 && up <= ratio => (up, f64::INFINITY),
            Ratios::Beyond(..) | Ratios::Any => (0.0, f64::INFINITY),
        };
        Some(Self { estimate: ratio - 1.0, low: low.max(0.0) - 1.0, high: high - 1.0 })
    }
}

/// The ratios that Fieller's theorem does not exclude.
enum Ratios {
    /// Those between these two.
    Between(f64, f64),
    /// Those up to the first, and those from the second on.
    Beyond(f64, f64),
    /// All.
    Any,
}

/// The ratio of two means and the set of those that are not excluded; `None` as
/// [`Interval::ratio_of_means`].
fn fieller(a: &[f64], b: &[f64], level: f64) -> Option<(f64, Ratios)> {
    let (first, second) = moments(a, b)?;
    let below = second.mean()?;
    let ratio = first.mean()? / below;
    if !ratio.is_finite() || !admissible(level) {
        return None;
    }
    // With θ = ratio + δ and the residuals e = a - ratio·b, whose mean is
    // zero, Fieller's condition (ā - θb̄)² <= g·Var(a - θb), g = t²/n, reads
    // (b̄² - g·Var b)·δ² + 2g·Cov(e, b)·δ - g·Var e <= 0. Unlike the usual
    // form its discriminant has no difference of large numbers.
    let residuals: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - ratio * b).collect();
    let residual: Moments = residuals.iter().copied().collect();
    let (Some(spread), Some(residual), Some(joint)) =
        (second.variance(), residual.variance(), covariance(&residuals, b))
    else {
        return Some((ratio, Ratios::Any));
    };
    let count = second.count() as f64;
    let error = two_sided(level, count - 1.0) / count.sqrt();
    let g = error * error;
    let leading = below * below - product(g, spread);
    let linear = product(g, joint);
    let root = (linear * linear + leading * product(g, residual)).sqrt();
    let (down, up) = ((-linear - root) / leading, (-linear + root) / leading);
    // NaN, from an overflow or where there is no root, excludes nothing.
    let set = if down.is_nan() || up.is_nan() || leading == 0.0 {
        Ratios::Any
    } else if leading > 0.0 {
        Ratios::Between(ratio + down.min(0.0), ratio + up.max(0.0))
    } else {
        Ratios::Beyond(ratio + up, ratio + down)
    };
    Some((ratio, set))
}

/// The moments of both sides of a pairing; `None` unless both have the same
/// number, at least one, of finite values.
fn moments(a: &[f64], b: &[f64]) -> Option<(Moments, Moments)> {
    let first: Moments = a.iter().copied().collect();
    let second: Moments = b.iter().copied().collect();
    let usable = a.len() == b.len() && first.skipped() == 0 && second.skipped() == 0;
    (usable && !a.is_empty()).then_some((first, second))
}

/// Unbiased sample covariance, in two passes; `None` for fewer than two pairs.
fn covariance(a: &[f64], b: &[f64]) -> Option<f64> {
    let count = a.len().min(b.len());
    if count < 2 {
        return None;
    }
    let (mean_a, mean_b) = (mean(a), mean(b));
    let products = a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b));
    Some(products.sum::<f64>() / (count - 1) as f64)
}

/// Arithmetic mean of a sample that is not empty.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::noise::Noise;

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    /// Twice a mean of which one only knows that it is small.
    #[test]
    fn beside_next_to_nothing_there_is_a_lower_bound() {
        let (all, hardly) = ([1.0, 1.0, 1.0, 0.99], [0.0, 0.1, 0.0, 0.02]);
        let found = Interval::relative_difference(&all, &hardly, 0.95).unwrap();
        assert!(found.low > 2.0 && found.high == f64::INFINITY, "{found:?}");
        // As the paired test of a - θb says for the ratio at the bound.
        let at: Vec<f64> = all.iter().zip(&hardly).map(|(a, b)| a - (1.0 + found.low) * b).collect();
        close(Interval::mean_of(&at, 0.95).unwrap().low, 0.0, 1e-9);
        let reverse = Interval::relative_difference(&hardly, &all, 0.95).unwrap();
        assert!(reverse.low == -1.0 && reverse.high < -0.8, "{reverse:?}");
        let noise = Interval::relative_difference(&[0.0, 0.3, 0.0, 0.0], &hardly, 0.95).unwrap();
        assert!(noise.low == -1.0 && noise.high == f64::INFINITY, "{noise:?}");
    }

    /// What is relative to a mean that is only known roughly is known roughly.
    #[test]
    fn the_other_mean_is_no_certain_number() {
        let mut noise = Noise(99);
        let covered = (0..1_000).filter(|_| {
            // A mean of 5 with a coefficient of variation of a half, against a constant of 50: ten times as much.
            let theirs: Vec<f64> = (0..10).map(|_| 5.0 * (1.0 - 0.866 + 1.732 * noise.uniform())).collect();
            Interval::relative_difference(&[50.0; 10], &theirs, 0.95).is_some_and(|found| found.contains(9.0))
        });
        let covered = covered.count();
        assert!((920..=975).contains(&covered), "{covered}");
    }

    #[test]
    fn nothing_falls_by_more_than_all() {
        let found = Interval::relative_difference(&[0.0, 3.0, 0.0, 1.0], &[9.0, 11.0, 10.0, 10.0], 0.95).unwrap();
        assert!((found.estimate + 0.9).abs() < 1e-12 && found.low == -1.0 && found.high > -0.9, "{found:?}");
    }

    #[test]
    fn differences_of_pairs_are_sharper_than_the_samples() {
        let a = [10.0, 20.0, 30.0, 40.0];
        let b = [9.0, 18.5, 29.0, 38.5];
        let interval = Interval::paired_difference(&a, &b, 0.95).unwrap();
        // Differences 1, 1.5, 1, 1.5: mean 1.25, s² = 1/12, t(3) = 3.182446305.
        close(interval.estimate, 1.25, 1e-15);
        let half = 3.182_446_305 * (1.0_f64 / 48.0).sqrt();
        close(interval.half_width(), half, 1e-8);
        assert!(interval.excludes(0.0));
        let pairing = Pairing::of(&a, &b).unwrap();
        let (var_a, var_b) = (500.0 / 3.0, 490.25 / 3.0);
        close(pairing.variance_reduction(), (var_a + var_b) * 12.0, 1e-9);
        assert!(pairing.correlation().unwrap() > 0.999);
    }

    #[test]
    fn a_pairing_without_variance() {
        let same = Pairing::of(&[1.0, 2.0], &[0.0, 1.0]).unwrap();
        assert_eq!(same.variance_reduction(), f64::INFINITY);
        close(same.correlation().unwrap(), 1.0, 1e-15);
        let constant = Pairing::of(&[1.0; 3], &[2.0; 3]).unwrap();
        assert_eq!(constant.variance_reduction(), 1.0);
        assert_eq!(constant.correlation(), None);
    }

    #[test]
    fn fieller_bounds_satisfy_the_condition_that_defines_them() {
        let a = [12.0, 15.0, 11.0, 17.0, 14.0, 13.5];
        let b = [5.0, 6.1, 5.2, 7.0, 5.5, 5.9];
        let interval = Interval::ratio_of_means(&a, &b, 0.95).unwrap();
        close(interval.estimate, mean(&a) / mean(&b), 1e-15);
        for bound in [interval.low, interval.high] {
            // Under θ = bound the mean of a - θb is exactly t standard errors
            // from zero.
            let shifted: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - bound * b).collect();
            let test = Interval::mean_of(&shifted, 0.95).unwrap();
            close(test.low.abs().min(test.high.abs()), 0.0, 1e-12);
        }
        assert!(interval.low < interval.estimate && interval.estimate < interval.high);
    }

    #[test]
    fn proportional_samples_have_an_exact_ratio() {
        let b = [1.0, 2.0, 4.0];
        let a = b.map(|b| 2.0 * b);
        let interval = Interval::ratio_of_means(&a, &b, 0.5).unwrap();
        assert_eq!(interval, Interval::exact(2.0));
    }

    #[test]
    fn a_denominator_near_zero_leaves_the_ratio_open() {
        let interval = Interval::ratio_of_means(&[1.0, 2.0, 3.0], &[-4.0, 0.5, 4.0], 0.95);
        let interval = interval.unwrap();
        assert!(interval.low == f64::NEG_INFINITY && interval.high == f64::INFINITY);
        assert_eq!(Interval::ratio_of_means(&[1.0, 2.0], &[-1.0, 1.0], 0.9), None);
    }

    #[test]
    fn a_negative_denominator_keeps_the_bounds_in_order() {
        let interval = Interval::ratio_of_means(&[3.0, 3.2, 2.9], &[-1.0, -1.1, -1.05], 0.9).unwrap();
        assert!(interval.low < interval.estimate && interval.estimate < interval.high);
        assert!(interval.is_below(0.0));
    }

    #[test]
    fn unusable_pairs() {
        assert_eq!(Pairing::of(&[1.0], &[1.0]), None);
        assert_eq!(Interval::paired_difference(&[1.0], &[], 0.9), None);
        assert_eq!(Interval::paired_difference(&[], &[], 0.9), None);
        assert_eq!(Interval::paired_difference(&[f64::NAN], &[1.0], 0.9), None);
        assert_eq!(Interval::ratio_of_means(&[1.0, 1.0], &[1.0, 2.0], 1.0), None);
        let one = Interval::ratio_of_means(&[6.0], &[2.0], 0.9).unwrap();
        assert_eq!((one.estimate, one.high), (3.0, f64::INFINITY));
    }
}
