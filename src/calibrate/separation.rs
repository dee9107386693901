//! How well a test tells two predictions of one figure apart, and how often it must be repeated.
//!
//! Predictions are taken as normal: what one test gives varies about the mean of the model, and the model itself may be off.
//! The first is averaged out by repetition, the second is not. The separation of two predictions is the distance of their
//! means over the sum of their standard deviations; at the value that divides this distance in the same ratio, either is
//! taken for the other with the same probability, that beyond so many standard deviations. Tests that separate most are those
//! of Hunter and Reiner (*Designs for discriminating between two rival models*, Technometrics 7, 1965), with the different
//! variances of Box and Hill (*Discrimination among mechanistic models*, Technometrics 9, 1967).

use crate::statistics::chi_squared;

/// What a model predicts of a figure of a test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of one test about the mean.
    pub single: f64,
    /// The standard deviation of what is not known of the mean: parameters, the runs behind it, what the model gets wrong.
    pub model: f64,
}

impl Prediction {
    /// The standard deviation of the mean of so many tests.
    pub fn spread(&self, tests: u32) -> f64 {
        (self.model * self.model + self.single * self.single / f64::from(tests.max(1))).sqrt()
    }
}

/// The distance of two predictions over the sum of their standard deviations.
pub fn separation(a: &Prediction, b: &Prediction, tests: u32) -> f64 {
    let distance = (a.mean - b.mean).abs();
    let spread = a.spread(tests) + b.spread(tests);
    if distance == 0.0 { 0.0 } else { distance / spread }
}

/// The value at which either is taken for the other with the same probability.
pub fn boundary(a: &Prediction, b: &Prediction, tests: u32) -> f64 {
    let (of_a, of_b) = (a.spread(tests), b.spread(tests));
    if of_a + of_b == 0.0 { (a.mean + b.mean) / 2.0 } else { (a.mean * of_b + b.mean * of_a) / (of_a + of_b) }
}

/// How many tests separate two predictions so far; none of so many at most.
pub fn repetitions(a: &Prediction, b: &Prediction, wanted: f64, most: u32) -> Option<u32> {
    (1..=most).find(|&tests| separation(a, b, tests) >= wanted)
}

/// The separation at which a truth is taken for none of its rivals with this confidence: the errors of all of them together
/// are at most the rest (Bonferroni).
pub fn wanted(confidence: f64, rivals: usize) -> f64 {
    let error = (1.0 - confidence) / rivals.max(1) as f64;
    // The square of a standard normal value exceeds its critical one on both sides.
    chi_squared((2.0 * error).min(1.0), 1.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn prediction(mean: f64, single: f64, model: f64) -> Prediction {
        Prediction { mean, single, model }
    }

    #[test]
    fn critical_values_are_those_of_the_normal_distribution() {
        assert!((wanted(0.95, 1) - 1.6449).abs() < 1e-4, "{}", wanted(0.95, 1));
        assert!((wanted(0.95, 2) - 1.95996).abs() < 1e-4);
        assert!((wanted(0.99, 1) - 2.3263).abs() < 1e-4);
    }

    /// 100 and 110 with a noise of 6 and 9 are 10 / 15 apart in one test. 1.6449 is 2.467 times that, which takes the square
    /// of it, 6.09 tests.
    #[test]
    fn repetitions_average_out_the_noise() {
        let (a, b) = (prediction(100.0, 6.0, 0.0), prediction(110.0, 9.0, 0.0));
        assert!((separation(&a, &b, 1) - 10.0 / 15.0).abs() < 1e-12);
        assert_eq!(repetitions(&a, &b, wanted(0.95, 1), 20), Some(7));
        assert_eq!(repetitions(&a, &b, wanted(0.95, 1), 6), None);
        // Each is 2/3 of its own standard deviation from the boundary.
        assert!((boundary(&a, &b, 1) - 104.0).abs() < 1e-12);
    }

    #[test]
    fn repetitions_do_not_help_against_a_model_that_is_off() {
        let (a, b) = (prediction(100.0, 1.0, 5.0), prediction(110.0, 1.0, 5.0));
        assert_eq!(repetitions(&a, &b, wanted(0.95, 1), 10_000), None);
        assert_eq!(separation(&a, &a, 1), 0.0);
        let (exact, other) = (prediction(0.0, 0.0, 0.0), prediction(1.0, 0.0, 0.0));
        assert_eq!((repetitions(&exact, &other, 1.6, 1), boundary(&exact, &other, 1)), (Some(1), 0.5));
    }
}
