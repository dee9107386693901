//! Mean and spread of a stream of numbers.

/// Count, mean, variance and range of numbers seen once each.
///
/// Updates follow Welford (Technometrics 4, 1962), merging follows Chan, Golub
/// & LeVeque (1979): neither subtracts two large sums of squares, so the
/// variance is right even where the mean is many times the spread. The unit is
/// that of the recorded numbers.
///
/// A number that is not finite is not taken in (one would turn every measure
/// into NaN for good) but counted in [`skipped`](Self::skipped).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    count: u64,
    skipped: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
    min: f64,
    max: f64,
}

impl Moments {
    /// An accumulator that has seen nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { count: 0, skipped: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }

    /// Takes in one number; skips (and counts) one that is not finite.
    #[inline]
    pub fn record(&mut self, value: f64) {
        if !value.is_finite() {
            self.skipped += 1;
            return;
        }
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Adds what `other` has seen, as if recorded here.
    pub fn merge(&mut self, other: &Self) {
        self.skipped += other.skipped;
        if other.count == 0 {
            return;
        }
        let count = self.count + other.count;
        let share = other.count as f64 / count as f64;
        let apart = other.mean - self.mean;
        self.squares += other.squares + apart * apart * share * self.count as f64;
        self.mean += apart * share;
        self.count = count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many numbers were taken in.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// How many numbers were refused because they were not finite.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Arithmetic mean; `None` if empty.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Unbiased sample variance (divisor `count - 1`), in squared units;
    /// `None` for fewer than two numbers.
    #[must_use]
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// Square root of the variance; `None` for fewer than two numbers.
    #[must_use]
    pub fn std_dev(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// Coefficient of variation: standard deviation over the absolute value of
    /// the mean, dimensionless. `None` for fewer than two numbers or a mean of
    /// zero. An exponential distribution has 1, a constant 0.
    #[must_use]
    pub fn cv(&self) -> Option<f64> {
        let deviation = self.std_dev()?;
        (self.mean != 0.0).then(|| deviation / self.mean.abs())
    }

    /// Smallest number; `None` if empty.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// Largest number; `None` if empty.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }
}

impl Default for Moments {
    fn default() -> Self {
        Self::new()
    }
}

impl Extend<f64> for Moments {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, values: I) {
        values.into_iter().for_each(|value| self.record(value));
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut moments = Self::new();
        moments.extend(values);
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_worked_sample() {
        let moments: Moments = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().collect();
        assert_eq!(moments.count(), 8);
        assert_eq!(moments.mean(), Some(5.0));
        assert!((moments.variance().unwrap() - 32.0 / 7.0).abs() < 1e-14);
        assert!((moments.cv().unwrap() - (32.0_f64 / 7.0).sqrt() / 5.0).abs() < 1e-14);
        assert_eq!((moments.min(), moments.max()), (Some(2.0), Some(9.0)));
    }

    #[test]
    fn too_few_values_have_no_spread() {
        let mut moments = Moments::new();
        assert_eq!((moments.mean(), moments.min(), moments.max()), (None, None, None));
        moments.record(3.0);
        assert_eq!((moments.mean(), moments.variance()), (Some(3.0), None));
        let zeros: Moments = [0.0, 0.0].into_iter().collect();
        assert_eq!((zeros.variance(), zeros.cv()), (Some(0.0), None));
    }

    #[test]
    fn a_large_offset_does_not_hurt() {
        let moments: Moments = [4.0, 7.0, 13.0, 16.0].map(|x| x + 1e9).into_iter().collect();
        assert_eq!(moments.variance(), Some(30.0));
    }

    #[test]
    fn merging_equals_recording_everything_in_one() {
        let values: Vec<f64> = (0..500).map(|i| libm::sin(f64::from(i)) + 100.0).collect();
        let whole: Moments = values.iter().copied().collect();
        let mut merged = Moments::new();
        for part in values.chunks(37) {
            merged.merge(&part.iter().copied().collect());
        }
        merged.merge(&Moments::new());
        assert_eq!(merged.count(), whole.count());
        assert!((merged.mean().unwrap() - whole.mean().unwrap()).abs() < 1e-12);
        assert!((merged.variance().unwrap() - whole.variance().unwrap()).abs() < 1e-12);
        assert_eq!((merged.min(), merged.max()), (whole.min(), whole.max()));
    }

    #[test]
    fn numbers_that_are_none_are_counted_apart() {
        let moments: Moments = [1.0, f64::NAN, 3.0, f64::INFINITY].into_iter().collect();
        assert_eq!((moments.count(), moments.skipped()), (2, 2));
        assert_eq!(moments.mean(), Some(2.0));
    }
}
