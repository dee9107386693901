//! Emulators: they predict from a few runs what a model that takes long to run would give.
//!
//! An [`Emulator`] is a Gaussian process over inputs from 0 to 1: a plane (least squares), and departures from it with the
//! Matérn covariance of 5/2, a length for each input (Rasmussen and Williams, *Gaussian Processes for Machine Learning*, 2006,
//! chapters 2, 4 and 5; Sacks, Welch, Mitchell and Wynn, *Design and analysis of computer experiments*, Statistical Science 4,
//! 1989). Lengths and noise maximise the marginal likelihood times a prior of the lengths, in a search along the axes.

use super::linear::{Cholesky, dot, least_squares};

/// The median of the lengths' prior, and where the search starts: about the range of an input. An assumption.
const LENGTH: f64 = 0.8;

/// Most trials of the search.
const STEPS: usize = 160;

/// The smallest share of the variance that is noise: it keeps the matrix invertible.
const LEAST_NOISE: f64 = 1e-6;

/// The least standard deviation beside the largest value: what is below comes from rounding.
const LEAST_SPREAD: f64 = 1e-9;

/// A fitted Gaussian process.
#[derive(Clone, Debug)]
pub struct Emulator {
    /// The points, one after the other, in lengths.
    points: Vec<f64>,
    /// A constant, then a slope for each input.
    plane: Vec<f64>,
    lengths: Vec<f64>,
    /// The variance of the noise over that of the departures.
    share: f64,
    /// Variance of the departures from the plane.
    signal: f64,
    factor: Cholesky,
    /// The inverse covariance times the departures.
    weights: Vec<f64>,
}

impl Emulator {
    /// Fits it to values at points; `noise` is the least variance of a value about the model's. None without points, if a value
    /// is not finite, and if a plane meets all values exactly.
    #[must_use]
    pub fn fit(points: &[Vec<f64>], values: &[f64], noise: f64) -> Option<Self> {
        Self::fitted(None, points, values, noise)
    }

    /// The same process with more points: its search starts where that of this one ended, in smaller steps.
    #[must_use]
    pub fn refit(&self, points: &[Vec<f64>], values: &[f64], noise: f64) -> Option<Self> {
        Self::fitted(Some(self), points, values, noise)
    }

    fn fitted(earlier: Option<&Self>, points: &[Vec<f64>], values: &[f64], noise: f64) -> Option<Self> {
        let inputs = points.first()?.len();
        let rows: Vec<Vec<f64>> =
            points.iter().map(|point| std::iter::once(1.0).chain(point.iter().copied()).collect()).collect();
        let plane = least_squares(&rows, values, 1e-9)?;
        let departures: Vec<f64> = rows.iter().zip(values).map(|(row, value)| value - dot(row, &plane)).collect();
        let count = departures.len() as f64;
        let variance = departures.iter().map(|value| value * value).sum::<f64>() / count;
        let largest = values.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()));
        if !(variance.is_finite() && variance > (LEAST_SPREAD * largest).powi(2)) {
            return None;
        }
        let least = (noise / variance).clamp(LEAST_NOISE, 1.0);
        // Logarithms of the lengths, then of the noise over the signal.
        let mut at: Vec<f64> = match earlier {
            Some(earlier) => earlier.lengths.iter().map(|length| libm::log(*length)).collect(),
            None => vec![libm::log(LENGTH); inputs],
        };
        at.push(libm::log(least.max(earlier.map_or(1e-3, |earlier| earlier.share))));
        let trial = |at: &[f64]| {
            let lengths: Vec<f64> = at[..inputs].iter().map(|length| libm::exp(*length)).collect();
            let share = libm::exp(at[inputs]).clamp(least, 10.0);
            let factor = Cholesky::of(&covariances(&in_lengths(points, &lengths), inputs, share), points.len())?;
            let half = factor.half(&departures);
            let signal = half.iter().map(|value| value * value).sum::<f64>() / count;
            // The lognormal prior keeps the length of an input without effect finite.
            let prior: f64 = at[..inputs].iter().map(|length| (length - libm::log(LENGTH)) / 1.5).map(|z| z * z).sum();
            let score = -0.5 * (count * libm::log(signal) + factor.log_determinant() + prior);
            score.is_finite().then_some((score, factor, signal, lengths, share))
        };
        let mut best = trial(&at)?;
        let (mut step, mut left) = (if earlier.is_some() { 0.5 } else { 1.0 }, STEPS);
        while step > 0.15 && left > 0 {
            let before = best.0;
            for index in 0..at.len() {
                for change in [step, -step] {
                    let mut moved = at.clone();
                    moved[index] += change;
                    left = left.saturating_sub(1);
                    if let Some(found) = trial(&moved).filter(|found| found.0 > best.0) {
                        (best, at) = (found, moved);
                        break;
                    }
                }
            }
            if best.0 - before < 0.1 {
                step /= 2.0;
            }
        }
        let (_, factor, signal, lengths, share) = best;
        let weights = factor.solve(&departures);
        Some(Self { points: in_lengths(points, &lengths), plane, lengths, share, signal, factor, weights })
    }

    /// The mean and the variance of what the model would give at a point, without the noise of a run.
    #[must_use]
    pub fn predict(&self, point: &[f64]) -> (f64, f64) {
        let at: Vec<f64> = point.iter().zip(&self.lengths).map(|(x, length)| x / length).collect();
        let near: Vec<f64> = self.points.chunks_exact(at.len()).map(|known| matern(known, &at)).collect();
        let plane = self.plane[0] + dot(point, &self.plane[1..]);
        let half = self.factor.half(&near);
        let known = dot(&half, &half);
        (plane + dot(&near, &self.weights), self.signal * (1.0 - known).max(0.0))
    }
}

/// Points one after the other, each input in its length.
fn in_lengths(points: &[Vec<f64>], lengths: &[f64]) -> Vec<f64> {
    points.iter().flat_map(|point| point.iter().zip(lengths).map(|(x, length)| x / length)).collect()
}

/// The Matérn correlation of 5/2 of two points in lengths.
fn matern(a: &[f64], b: &[f64]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| a - b).map(|z| z * z);
    let distance = (5.0 * squares.sum::<f64>()).sqrt();
    (1.0 + distance + distance * distance / 3.0) * libm::exp(-distance)
}

fn covariances(points: &[f64], inputs: usize, noise: f64) -> Vec<f64> {
    let size = points.len() / inputs;
    let mut matrix = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..row {
            matrix[row * size + column] =
                matern(&points[row * inputs..][..inputs], &points[column * inputs..][..inputs]);
        }
        matrix[row * size + row] = 1.0 + noise;
    }
    matrix
}

#[cfg(test)]
mod tests {
    use super::super::sensitivity::hypercube;
    use super::*;

    fn uniform(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        }
    }

    /// A ridge with a bend, as a throughput that two resources limit: the mean error is below 0.015, and more than
    /// 340 of 400 errors are within two standard deviations of the prediction.
    #[test]
    fn a_function_with_a_bend_is_met_within_what_it_says() {
        let truth = |point: &[f64]| (2.0 * point[0]).min(1.0) + 0.3 * point[1] * point[1];
        let mut uniform = uniform(3);
        let points = hypercube(40, 2, &mut uniform);
        let values: Vec<f64> = points.iter().map(|point| truth(point)).collect();
        let emulator = Emulator::fit(&points, &values, 0.0).unwrap();
        let (mut inside, mut worst, mut sum) = (0, 0.0f64, 0.0);
        for _ in 0..400 {
            let point = [uniform(), uniform()];
            let (mean, variance) = emulator.predict(&point);
            let error = (mean - truth(&point)).abs();
            inside += usize::from(error < 2.0 * variance.sqrt());
            worst = worst.max(error);
            sum += error;
        }
        assert!(sum / 400.0 < 0.015 && worst < 0.12, "{sum} {worst}");
        assert!(inside > 340, "{inside}");
    }

    #[test]
    fn noise_is_smoothed() {
        let mut uniform = uniform(9);
        let points = hypercube(60, 1, &mut uniform);
        let values: Vec<f64> = points.iter().map(|point| point[0] + 0.2 * (uniform() - 0.5)).collect();
        let emulator = Emulator::fit(&points, &values, 0.2 * 0.2 / 12.0).unwrap();
        for x in [0.1, 0.5, 0.9] {
            let (mean, _) = emulator.predict(&[x]);
            assert!((mean - x).abs() < 0.04, "{x} {mean}");
        }
    }

    #[test]
    fn what_does_not_vary_has_no_emulator() {
        assert!(Emulator::fit(&[vec![0.1], vec![0.7], vec![0.4]], &[0.0, 0.0, 0.0], 0.0).is_none());
        // The least squares of equal values are off by roundings.
        let points: Vec<Vec<f64>> = (0..9).map(|x| vec![f64::from(x) / 9.0, f64::from(x * x) / 81.0]).collect();
        assert!(Emulator::fit(&points, &[1.0; 9], 0.0).is_none());
        assert!(Emulator::fit(&[], &[], 0.0).is_none());
    }
}
