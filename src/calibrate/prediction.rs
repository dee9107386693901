//! What a model with parameters that are only known as draws of a posterior predicts: a band that has all that is not known.

use super::discrepancy::{ELSEWHERE, factors, weight};
use super::quantile::quantile;
use crate::metric::Metric;
use crate::statistics::{Interval, Moments};

/// The share of the band, as of the intervals of a calibration.
pub const BAND: f64 = 0.9;

/// Halvings in the search for an end of the band.
const HALVINGS: usize = 60;

/// A figure by draw of the parameters.
pub struct Prediction<'a> {
    /// What it is.
    pub metric: Metric,
    /// The values of each replication, by draw; empty where a draw gave none.
    pub draws: &'a [&'a [f64]],
    /// The size of the discrepancy, by draw: relative, of shares in points.
    pub discrepancies: &'a [f64],
}

/// One draw on the scale on which bands are made.
struct Drawn {
    place: f64,
    discrepancy: f64,
}

impl Prediction<'_> {
    /// The mean over draws of the figure that is expected, with where [`BAND`] of the draws are. None of fewer than two draws that
    /// have it.
    pub fn expected(&self) -> Option<Interval> {
        let mut means: Vec<f64> = self.draws.iter().filter_map(|values| moments(values).mean()).collect();
        means.sort_by(f64::total_cmp);
        let all: Moments = means.iter().copied().collect();
        let (estimate, tail) = (all.mean().filter(|_| means.len() > 1)?, (1.0 - BAND) / 2.0);
        Some(Interval {
            estimate,
            low: quantile(&means, tail).min(estimate),
            high: quantile(&means, 1.0 - tail).max(estimate),
        })
    }

    /// Where [`BAND`] of tests lie that are as long as a replication and repeated this often: parameters, noise and discrepancy
    /// together. None of fewer than two draws that have the figure.
    pub fn band(&self, repetitions: usize) -> Option<Interval> {
        let expected = self.expected()?;
        // Relative where nothing is 0 or below.
        let is_log =
            !self.metric.is_rate() && self.draws.iter().all(|values| moments(values).mean().is_none_or(|it| it > 0.0));
        let to = |value: f64| if is_log { libm::log(value) } else { value };
        let unit = if is_log || self.metric.is_rate() { 1.0 } else { expected.estimate.abs() };
        let (mut noise, mut drawn) = (Moments::default(), Vec::new());
        for (values, discrepancy) in self.draws.iter().zip(self.discrepancies) {
            let moments = moments(values);
            let Some(mean) = moments.mean() else { continue };
            let scale = if is_log { mean } else { 1.0 };
            // The mean over replications has noise too.
            let share = 1.0 / repetitions as f64 + 1.0 / values.len() as f64;
            noise.record(share * moments.variance().unwrap_or(0.0) / (scale * scale));
            drawn.push(Drawn { place: to(mean), discrepancy: discrepancy * ELSEWHERE * weight(self.metric) * unit });
        }
        let noise = noise.mean().unwrap_or(0.0);
        let tail = (1.0 - BAND) / 2.0;
        let ends = [tail, 1.0 - tail].map(|share| of_mixture(&drawn, noise, share));
        let back = |place: f64| if is_log { libm::exp(place) } else { place };
        let [low, high] = ends.map(|end| back(end).max(0.0));
        let most = if self.metric.is_rate() { 1.0 } else { f64::INFINITY };
        Some(Interval {
            estimate: expected.estimate,
            low: low.min(expected.estimate),
            high: high.max(expected.estimate).min(most),
        })
    }
}

fn moments(values: &[f64]) -> Moments {
    values.iter().copied().collect()
}

/// The place below which this share of the mixture of all draws lies: each is normal, with each factor of its discrepancy.
fn of_mixture(drawn: &[Drawn], noise: f64, share: f64) -> f64 {
    let factors = factors();
    let parts: Vec<(f64, f64)> = drawn
        .iter()
        .flat_map(|one| factors.map(|factor| (one.place, (noise + factor * one.discrepancy * one.discrepancy).sqrt())))
        .collect();
    let below = |place: f64| {
        let of = |&(middle, width): &(f64, f64)| match width > 0.0 {
            true => 0.5 * libm::erfc((middle - place) / (width * std::f64::consts::SQRT_2)),
            false => f64::from(u8::from(middle <= place)),
        };
        parts.iter().map(of).sum::<f64>() / parts.len() as f64
    };
    let ends = |pick: fn(f64, f64) -> f64, sign: f64| {
        parts.iter().map(|(middle, width)| middle + sign * 8.0 * width).reduce(pick).unwrap_or(0.0)
    };
    let (mut low, mut high) = (ends(f64::min, -1.0), ends(f64::max, 1.0));
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if below(middle) < share { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction<'a>(metric: Metric, draws: &'a [&'a [f64]], discrepancies: &'a [f64]) -> Prediction<'a> {
        Prediction { metric, draws, discrepancies }
    }

    /// 40 draws from 80 to 119 without noise: 90 % of them lie from 82 to 117.
    #[test]
    fn the_expected_figure_has_the_spread_of_the_parameters_only() {
        let values: Vec<[f64; 2]> = (80..120).map(|mean| [f64::from(mean) - 5.0, f64::from(mean) + 5.0]).collect();
        let draws: Vec<&[f64]> = values.iter().map(|it| &it[..]).collect();
        let none = vec![0.0; draws.len()];
        let expected = prediction(Metric::MeanS, &draws, &none).expected().unwrap();
        assert!((expected.estimate - 99.5).abs() < 1e-9, "{expected:?}");
        assert!((expected.low - 81.95).abs() < 1e-9 && (expected.high - 117.05).abs() < 1e-9, "{expected:?}");
        let band = prediction(Metric::MeanS, &draws, &none).band(1).unwrap();
        assert!(band.low < expected.low && band.high > expected.high, "{band:?}");
    }

    /// Of noise alone, 5 % of the logarithm, the band is 1.645 standard deviations to either side; one repetition and ten
    /// replications have 1.1 times its variance.
    #[test]
    fn the_band_of_noise_alone_is_that_of_a_normal_distribution() {
        let values: Vec<f64> = (0..10).map(|index| if index % 2 == 0 { 95.0 } else { 105.0 }).collect();
        let draws = [&values[..], &values[..]];
        let band = prediction(Metric::MeanS, &draws, &[0.0, 0.0]).band(1).unwrap();
        let width = 1.6449 * (1.1 * 250.0 / 9.0f64).sqrt() / 100.0;
        assert!((band.high - 100.0 * width.exp()).abs() < 0.01, "{band:?}");
        assert!((band.low - 100.0 * (-width).exp()).abs() < 0.01, "{band:?}");
    }

    #[test]
    fn the_discrepancy_widens_the_band_of_tails_more_and_shares_stay_shares() {
        let draws: [&[f64]; 2] = [&[0.97, 0.97], &[0.97, 0.97]];
        let width = |metric| {
            let band = prediction(metric, &draws, &[0.05, 0.05]).band(3).unwrap();
            (band.high, band.half_width())
        };
        let (high, of_shares) = width(Metric::SuccessRate);
        assert_eq!(high, 1.0);
        let (_, of_means) = width(Metric::MeanS);
        let (_, of_tails) = width(Metric::P95S);
        assert!(of_tails > 1.4 * of_means && of_means > of_shares && of_means > 0.07, "{of_tails} {of_means}");
    }

    #[test]
    fn figures_that_no_draw_has_have_no_band() {
        let draws: [&[f64]; 2] = [&[], &[1.0, 1.2]];
        assert_eq!(prediction(Metric::MeanS, &draws, &[0.1, 0.1]).band(1), None);
    }
}
