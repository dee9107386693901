//! Confidence intervals.

mod critical;
mod pairing;
mod proportion;

pub use pairing::Pairing;

use super::Moments;
use serde::Serialize;

pub use critical::chi_squared;
pub(super) use critical::two_sided;

/// An estimate and the range that holds the true value at a stated confidence.
///
/// The level is a probability in (0, 1), such as 0.95; every interval is two
/// sided and splits the remaining risk evenly between its ends. All three
/// fields have the unit of the estimated quantity. `low <= estimate <= high`
/// always holds and none of the three is NaN, but the bounds are infinite when
/// the data say nothing about the spread (one replication). JSON has no
/// infinity: `serde_json` writes such a bound as `null`.
///
/// A constructor gives `None` rather than a wrong interval: for a level outside
/// (0, 1), for too few data, and for data that contain NaN or an infinity. A
/// replication that produced no value must therefore be left out by the caller,
/// who alone knows whether leaving it out biases the answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The point estimate.
    pub estimate: f64,
    /// Lower end of the confidence interval.
    pub low: f64,
    /// Upper end of the confidence interval.
    pub high: f64,
}

impl Interval {
    /// A quantity known without error, such as a computed one: an interval of
    /// no width. The value is taken as it is and should not be NaN.
    #[must_use]
    pub const fn exact(value: f64) -> Self {
        Self { estimate: value, low: value, high: value }
    }

    /// `centre ± half`; `None` if the centre is not finite.
    pub(super) fn around(centre: f64, half: f64) -> Option<Self> {
        (centre.is_finite() && !half.is_nan()).then_some(Self {
            estimate: centre,
            low: centre - half,
            high: centre + half,
        })
    }

    /// Mean of independent replications, by Student's t with `n - 1` degrees of
    /// freedom: `x̄ ± t·s/√n` (Law, *Simulation Modeling and Analysis*, ch. 4).
    ///
    /// Every value must be one independent replication's result, or the mean of
    /// a batch of a long run that is nearly so. One value alone
    /// has no visible spread and gives the bounds ±∞: true, and useless in a
    /// way no reader can overlook. Equal values give a width of zero. `None`
    /// for no value, a value that is not finite, or a level outside (0, 1).
    #[must_use]
    pub fn mean_of(values: &[f64], level: f64) -> Option<Self> {
        let moments: Moments = values.iter().copied().collect();
        let mean = moments.mean()?;
        if moments.skipped() > 0 || !admissible(level) {
            return None;
        }
        let Some(variance) = moments.variance() else {
            return Self::around(mean, f64::INFINITY);
        };
        let count = moments.count() as f64;
        let error = (variance / count).sqrt();
        Self::around(mean, product(two_sided(level, count - 1.0), error))
    }

    /// Where the mean of so many more values lies that are drawn as these independent ones were, by Student's t with
    /// `n - 1` degrees of freedom: `x̄ ± t·s·√(1/m + 1/n)` (Hahn and Meeker, *Statistical Intervals*, ch. 4). `None` for
    /// the mean of no values, for fewer than two values, a value that is not finite, or a level outside (0, 1).
    #[must_use]
    pub fn prediction(values: &[f64], more: usize, level: f64) -> Option<Self> {
        let moments: Moments = values.iter().copied().collect();
        let (mean, variance) = (moments.mean()?, moments.variance()?);
        if moments.skipped() > 0 || more == 0 || !admissible(level) {
            return None;
        }
        let count = moments.count() as f64;
        let error = (variance * (1.0 / more as f64 + 1.0 / count)).sqrt();
        Self::around(mean, product(two_sided(level, count - 1.0), error))
    }

    /// The interval at another level, as if it were Student's with so many degrees of freedom: both arms are stretched
    /// by the ratio of the quantiles. Exact for means; for shares and quantiles as good as their arms are straight.
    /// `None` for a level outside (0, 1), or less than one degree of freedom.
    #[must_use]
    pub fn at_level(&self, freedom: f64, from: f64, to: f64) -> Option<Self> {
        if !admissible(from) || !admissible(to) || freedom.is_nan() || freedom < 1.0 {
            return None;
        }
        Some(self.stretched(two_sided(to, freedom) / two_sided(from, freedom)))
    }

    /// The interval with both arms so many times as long.
    #[must_use]
    pub fn stretched(&self, factor: f64) -> Self {
        let arm =
            |bound: f64| if bound == self.estimate { bound } else { self.estimate + factor * (bound - self.estimate) };
        Self { estimate: self.estimate, low: arm(self.low), high: arm(self.high) }
    }

    /// Half the distance between the bounds; for an interval that is not
    /// symmetric, the mean of the two arms.
    #[must_use]
    pub fn half_width(&self) -> f64 {
        if self.low == self.high { 0.0 } else { 0.5 * (self.high - self.low) }
    }

    /// Half width as a share of the estimate's absolute value: the usual
    /// stopping criterion for the number of replications. Zero for an interval
    /// of no width, infinite for an estimate of zero with some width.
    #[must_use]
    pub fn relative_half_width(&self) -> f64 {
        let half = self.half_width();
        if half == 0.0 { 0.0 } else { half / self.estimate.abs() }
    }

    /// Whether `x` lies between the bounds, ends included.
    #[must_use]
    pub fn contains(&self, x: f64) -> bool {
        self.low <= x && x <= self.high
    }

    /// Whether `x` lies outside the bounds, i.e. is rejected by the data at this
    /// level. Not the negation of [`contains`](Self::contains) for NaN: both are
    /// false.
    #[must_use]
    pub fn excludes(&self, x: f64) -> bool {
        self.is_above(x) || self.is_below(x)
    }

    /// Whether the whole interval is greater than `x`.
    #[must_use]
    pub fn is_above(&self, x: f64) -> bool {
        self.low > x
    }

    /// Whether the whole interval is less than `x`.
    #[must_use]
    pub fn is_below(&self, x: f64) -> bool {
        self.high < x
    }

    /// Whether two intervals have a value in common. Intervals apart show a
    /// difference; overlapping ones show nothing, and two systems run under
    /// common random numbers want
    /// [`paired_difference`](Self::paired_difference) instead.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.low <= other.high && other.low <= self.high
    }
}

/// Whether a confidence level is a probability strictly between 0 and 1.
pub(super) fn admissible(level: f64) -> bool {
    level > 0.0 && level < 1.0
}

/// Quantile times standard error, where no error means no width even if the
/// quantile overflowed.
fn product(quantile: f64, error: f64) -> f64 {
    if error == 0.0 { 0.0 } else { quantile * error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_of_a_hand_worked_sample() {
        // Mean 6, s² = 10, t(0.975, 4) = 2.776445105.
        let interval = Interval::mean_of(&[2.0, 4.0, 6.0, 8.0, 10.0], 0.95).unwrap();
        assert_eq!(interval.estimate, 6.0);
        assert!((interval.half_width() - 2.776_445_105 * 2.0_f64.sqrt()).abs() < 1e-8);
        assert!((interval.relative_half_width() - interval.half_width() / 6.0).abs() < 1e-15);
    }

    #[test]
    fn a_mean_at_another_level_is_that_of_the_sample() {
        let values = [2.0, 4.0, 6.0, 8.0, 11.0];
        let stretched = Interval::mean_of(&values, 0.95).unwrap().at_level(4.0, 0.95, 0.995).unwrap();
        let direct = Interval::mean_of(&values, 0.995).unwrap();
        assert!((stretched.low - direct.low).abs() < 1e-9 && (stretched.high - direct.high).abs() < 1e-9);
        let open = Interval { estimate: 2.0, low: 1.0, high: f64::INFINITY };
        assert_eq!(open.at_level(4.0, 0.95, 0.99).unwrap().high, f64::INFINITY);
        assert_eq!(Interval::exact(3.0).at_level(4.0, 0.95, 0.99), Some(Interval::exact(3.0)));
        assert_eq!(open.at_level(0.0, 0.95, 0.99), None);
    }

    #[test]
    fn one_replication_is_unbounded_and_equal_ones_are_exact() {
        let single = Interval::mean_of(&[3.0], 0.9).unwrap();
        assert_eq!(single.estimate, 3.0);
        assert!(single.low == f64::NEG_INFINITY && single.high == f64::INFINITY);
        assert_eq!(single.relative_half_width(), f64::INFINITY);
        assert_eq!(Interval::mean_of(&[0.1; 7], 0.999), Some(Interval::exact(0.1)));
    }

    #[test]
    fn unusable_input_gives_no_interval() {
        assert_eq!(Interval::mean_of(&[], 0.95), None);
        assert_eq!(Interval::mean_of(&[1.0, f64::NAN], 0.95), None);
        assert_eq!(Interval::mean_of(&[1.0, f64::INFINITY], 0.95), None);
        for level in [0.0, 1.0, -0.5, 95.0, f64::NAN] {
            assert_eq!(Interval::mean_of(&[1.0, 2.0], level), None);
        }
    }

    #[test]
    fn comparisons() {
        let interval = Interval { estimate: 2.0, low: 1.0, high: 4.0 };
        assert!(interval.contains(1.0) && interval.contains(4.0) && !interval.contains(4.1));
        assert!(interval.is_above(0.9) && interval.is_below(4.1));
        assert!(interval.excludes(0.0) && !interval.excludes(1.0));
        assert!(!interval.excludes(f64::NAN) && !interval.contains(f64::NAN));
        assert!(interval.overlaps(&Interval::exact(4.0)));
        assert!(!interval.overlaps(&Interval::exact(5.0)));
        assert_eq!(Interval::exact(0.0).relative_half_width(), 0.0);
    }

    #[test]
    fn can_be_serialised() {
        fn serializable<T: Serialize>() {}
        serializable::<Interval>();
    }
}
