//! What is known of a parameter before the data: its range, and the value that the model has.

use crate::experiment::plan::Ranged;

/// Weight of the most likely value beside the ends of the range, as in PERT (Malcolm, Roseboom, Clark and Fazar, *Application of a
/// technique for research and development program evaluation*, Operations Research 7, 1959).
const SHAPE: f64 = 4.0;

/// The share of the prior that knows the range only: no value of it is ruled out.
const FLAT: f64 = 0.5;

/// Slices in which it is summed.
const SLICES: usize = 400;

/// The density of a parameter over its range, from 0 to 1: one half is flat, one half is that of PERT, with its mode at the value of
/// the model. All of it is flat where the model's value is beyond the range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// The exponents of the beta distribution and the logarithm of its constant.
    beta: Option<[f64; 3]>,
}

impl Prior {
    /// That of a number of the model.
    pub fn of(ranged: &Ranged) -> Self {
        let mode = (ranged.value - ranged.low) / (ranged.high - ranged.low);
        Self::around(Some(mode).filter(|mode| (0.0..=1.0).contains(mode) && !ranged.dial.whole))
    }

    /// That with its mode at a share of the range; flat without one.
    fn around(mode: Option<f64>) -> Self {
        let beta = mode.map(|mode| {
            let [rise, fall] = [SHAPE * mode, SHAPE * (1.0 - mode)];
            [rise, fall, libm::lgamma(rise + fall + 2.0) - libm::lgamma(rise + 1.0) - libm::lgamma(fall + 1.0)]
        });
        Self { beta }
    }

    fn density(self, share: f64) -> f64 {
        let Some([rise, fall, constant]) = self.beta else { return 1.0 };
        let share = share.clamp(1e-12, 1.0 - 1e-12);
        let logarithm = constant + rise * libm::log(share) + fall * libm::log(1.0 - share);
        FLAT + (1.0 - FLAT) * libm::exp(logarithm)
    }

    /// The logarithm of the density at a share of the range.
    pub fn log(self, share: f64) -> f64 {
        libm::log(self.density(share))
    }

    /// The share of the range below which this part of the prior lies.
    pub fn quantile(self, part: f64) -> f64 {
        let at = |slice: usize| self.density((slice as f64 + 0.5) / SLICES as f64) / SLICES as f64;
        let whole: f64 = (0..SLICES).map(at).sum();
        let mut below = 0.0;
        for slice in 0..SLICES {
            let within = at(slice) / whole;
            if below + within >= part {
                return (slice as f64 + (part - below) / within) / SLICES as f64;
            }
            below += within;
        }
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flat_prior_is_as_wide_as_the_range() {
        let flat = Prior::around(None);
        assert_eq!(flat.log(0.3), 0.0);
        for part in [0.05, 0.5, 0.95] {
            assert!((flat.quantile(part) - part).abs() < 1e-9, "{part}");
        }
    }

    /// PERT with its mode at 0.25 has a mean of (0 + 4 · 0.25 + 1) / 6 = 1/3; half of the prior is flat, with a mean of 1/2.
    #[test]
    fn the_value_of_the_model_is_the_most_likely_one_and_none_is_ruled_out() {
        let prior = Prior::around(Some(0.25));
        let mean = (0..1000).map(|step| prior.quantile((f64::from(step) + 0.5) / 1000.0)).sum::<f64>() / 1000.0;
        assert!((mean - 0.5 * (1.0 / 3.0 + 0.5)).abs() < 1e-3, "{mean}");
        assert!(prior.log(0.25) > prior.log(0.1) && prior.log(0.25) > prior.log(0.4));
        assert!(prior.log(1.0) > libm::log(0.49) && prior.log(0.0) > libm::log(0.49));
    }
}
