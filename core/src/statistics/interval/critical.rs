//! Critical values: two-sided of the normal and Student's t distribution, one-sided of the chi-squared one.

use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};
use statrs::function::erf::erfc_inv;

/// Degrees of freedom above which the expansion about the normal quantile is
/// used: there its error is below 10⁻⁹ while the incomplete beta function,
/// whose inverse sits within rounding of 1, loses digits.
const EXPANSION: f64 = 1000.0;

/// The `z` with `P(|Z| <= z) = level` for a standard normal `Z`.
pub(super) fn normal(level: f64) -> f64 {
    std::f64::consts::SQRT_2 * erfc_inv(1.0 - level)
}

/// The `t` with `P(|T| <= t) = level` for Student's t with `freedom` (at least
/// one) degrees of freedom.
///
/// Abramowitz & Stegun (1964), 26.7.5, for many degrees of freedom; the inverse
/// of the incomplete beta function otherwise.
pub(in crate::statistics) fn two_sided(level: f64, freedom: f64) -> f64 {
    if freedom > EXPANSION {
        let z = normal(level);
        let s = z * z;
        let first = (s + 1.0) / 4.0;
        let second = ((5.0 * s + 16.0) * s + 3.0) / 96.0;
        let third = (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
        return z * (1.0 + (first + (second + third / freedom) / freedom) / freedom);
    }
    let tail = 0.5 * (1.0 - level);
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |student| -student.inverse_cdf(tail))
}

/// The value that a chi-squared variable of `freedom` degrees of freedom (at least one) exceeds with this probability.
pub fn chi_squared(exceeded: f64, freedom: f64) -> f64 {
    ChiSquared::new(freedom).map_or(f64::INFINITY, |squares| squares.inverse_cdf(1.0 - exceeded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::{FRAC_PI_2, SQRT_2};

    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found} {expected}");
    }

    #[test]
    fn agrees_with_the_closed_forms_for_one_and_two_degrees() {
        for level in [0.01, 0.1, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999] {
            close(two_sided(level, 1.0), (FRAC_PI_2 * level).tan(), 1e-9);
            let two = level * SQRT_2 / (1.0 - level * level).sqrt();
            close(two_sided(level, 2.0), two, 1e-9);
        }
    }

    /// Abramowitz & Stegun, table 26.8.
    #[test]
    fn chi_squared_agrees_with_the_tables() {
        for (freedom, exact) in [(1.0, 10.828), (10.0, 29.588), (30.0, 59.703)] {
            close(chi_squared(0.001, freedom), exact, 1e-4);
        }
    }

    #[test]
    fn agrees_with_the_tables() {
        // From the trigonometric series for whole degrees of freedom,
        // Abramowitz & Stegun 26.7.3 and 26.7.4.
        close(two_sided(0.95, 3.0), 3.182_446_305_284, 1e-12);
        close(two_sided(0.95, 4.0), 2.776_445_105_198, 1e-12);
        close(two_sided(0.95, 9.0), 2.262_157_162_798, 1e-12);
        close(two_sided(0.99, 29.0), 2.756_385_903_671, 1e-12);
        close(two_sided(0.95, 100.0), 1.983_971_518_524, 1e-12);
        close(two_sided(0.95, 1000.0), 1.962_339_080_826, 1e-12);
        close(normal(0.95), 1.959_963_984_540_054, 1e-14);
    }

    #[test]
    fn the_two_methods_meet_where_they_change_over() {
        for level in [0.5, 0.9, 0.95, 0.99, 0.9999] {
            let below = two_sided(level, 1000.0);
            let above = two_sided(level, 1_000.000_001);
            close(below, above, 1e-8);
        }
        close(two_sided(0.95, 1e12), normal(0.95), 1e-11);
    }
}
