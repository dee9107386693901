//! Draws from a posterior: sequential Monte Carlo, from the prior to the posterior in steps of the likelihood's power that keep
//! half of the draws effective, with Metropolis moves between them (Del Moral, Doucet and Jasra, *Sequential Monte Carlo
//! samplers*, Journal of the Royal Statistical Society B 68, 2006). It finds several peaks and narrow ridges, where a single
//! chain would stay at one.

use rayon::prelude::*;

use crate::kernel::random::{Stream, unit, unit_open};
use crate::statistics::linear::Cholesky;

/// Draws until the last step, from which as many as are wanted are taken.
const FEW: usize = 300;

/// Moves after each step.
const MOVES: u64 = 4;

/// Moves at the end.
const LAST_MOVES: u64 = 8;

/// Steps at most; a likelihood that needs more is of next to no parameters.
const MOST_STEPS: usize = 60;

/// Draws of parameters from 0 to 1 with this logarithm of their likelihood, under a uniform prior. `wave` names the random
/// numbers, beside the seed.
pub fn draws(
    count: usize,
    inputs: usize,
    seed: u64,
    wave: u64,
    likelihood: impl Fn(&[f64]) -> f64 + Sync,
) -> Vec<Vec<f64>> {
    let stream = |purpose: &str, index: usize| Stream::named(seed, wave, purpose, index as u64);
    let few = count.min(FEW);
    let mut points: Vec<Vec<f64>> = (0..few)
        .map(|index| {
            let mut stream = stream("calibrate: prior", index);
            (0..inputs).map(|_| unit(stream.next_bits())).collect()
        })
        .collect();
    let mut logs: Vec<f64> = points.par_iter().map(|point| likelihood(point)).collect();
    let (mut power, mut stretch) = (0.0, 1.0);
    for step in 0..MOST_STEPS {
        let is_out_of_steps = step + 1 == MOST_STEPS;
        let next = if is_out_of_steps { 1.0 } else { next_power(&logs, power) };
        let weights = weights(&logs, next - power);
        let is_last = next >= 1.0;
        let mut shift = stream("calibrate: resample", step);
        let chosen = systematic(&weights, if is_last { count } else { few }, unit(shift.next_bits()));
        (points, logs) = chosen.into_iter().map(|index| (points[index].clone(), logs[index])).unzip();
        power = next;
        let Some(factor) = spread(&points) else { return points };
        let moves = if is_last { LAST_MOVES } else { MOVES };
        let length = stretch * 2.38 / (inputs as f64).sqrt();
        let moved: Vec<(Vec<f64>, f64, u64)> = points
            .into_par_iter()
            .zip(logs)
            .enumerate()
            .map(|(index, (mut point, mut log))| {
                let mut stream = stream(&format!("calibrate: move {step}"), index);
                let mut accepted = 0;
                for _ in 0..moves {
                    let normals: Vec<f64> = (0..inputs).map(|_| normal(&mut stream)).collect();
                    let jump = factor.times(&normals);
                    let other: Vec<f64> =
                        point.iter().zip(jump).map(|(x, jump)| reflected(x + length * jump)).collect();
                    let of_other = likelihood(&other);
                    if libm::log(unit_open(stream.next_bits())) < power * (of_other - log) {
                        (point, log, accepted) = (other, of_other, accepted + 1);
                    }
                }
                (point, log, accepted)
            })
            .collect();
        let accepted: u64 = moved.iter().map(|(.., accepted)| accepted).sum();
        let share = accepted as f64 / (moves * moved.len() as u64) as f64;
        stretch *= if share < 0.15 {
            0.6
        } else if share > 0.4 {
            1.4
        } else {
            1.0
        };
        (points, logs) = moved.into_iter().map(|(point, log, _)| (point, log)).unzip();
        if is_last {
            break;
        }
    }
    points
}

/// The next power of the likelihood: that at which half of the draws are effective, found by halving.
fn next_power(logs: &[f64], power: f64) -> f64 {
    let effective = |next: f64| {
        let weights = weights(logs, next - power);
        1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>()
    };
    let wanted = 0.5 * logs.len() as f64;
    if effective(1.0) >= wanted {
        return 1.0;
    }
    let (mut low, mut high) = (power, 1.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        if effective(middle) >= wanted { low = middle } else { high = middle }
    }
    // A likelihood of a few draws alone has no power at which half of them count.
    low.max(power + 1e-9).min(1.0)
}

/// The weights of draws, which sum to 1.
fn weights(logs: &[f64], power: f64) -> Vec<f64> {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return vec![1.0 / logs.len() as f64; logs.len()];
    }
    let all: Vec<f64> = logs.iter().map(|log| libm::exp(power * (log - largest))).collect();
    let sum: f64 = all.iter().sum();
    all.into_iter().map(|weight| weight / sum).collect()
}

/// So many indices, each about as often as its weight says (systematic resampling).
fn systematic(weights: &[f64], count: usize, shift: f64) -> Vec<usize> {
    let (mut index, mut sum) = (0, weights.first().copied().unwrap_or(0.0));
    let mut chosen = Vec::with_capacity(count);
    for number in 0..count {
        let at = (number as f64 + shift) / count as f64;
        while sum < at && index + 1 < weights.len() {
            index += 1;
            sum += weights[index];
        }
        chosen.push(index);
    }
    chosen
}

/// The factor of the covariance of points, none where it has none.
fn spread(points: &[Vec<f64>]) -> Option<Cholesky> {
    let inputs = points.first()?.len();
    let count = points.len() as f64;
    let mean: Vec<f64> = (0..inputs).map(|at| points.iter().map(|point| point[at]).sum::<f64>() / count).collect();
    let mut covariance = vec![0.0; inputs * inputs];
    for point in points {
        for a in 0..inputs {
            for b in 0..=a {
                covariance[a * inputs + b] += (point[a] - mean[a]) * (point[b] - mean[b]) / count;
            }
        }
    }
    (0..inputs).for_each(|at| covariance[at * inputs + at] += 1e-9);
    Cholesky::of(&covariance, inputs)
}

/// A place from 0 to 1: what lies outside is reflected.
pub fn reflected(x: f64) -> f64 {
    let turned = x.rem_euclid(2.0);
    if turned > 1.0 { 2.0 - turned } else { turned }
}

/// A standard normal draw (Box and Muller, Annals of Mathematical Statistics 29, 1958).
pub fn normal(stream: &mut Stream) -> f64 {
    let (radius, angle) = (unit_open(stream.next_bits()), unit(stream.next_bits()));
    (-2.0 * libm::log(radius)).sqrt() * libm::cos(2.0 * std::f64::consts::PI * angle)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two peaks of the same height, at 0.2 and 0.8, with a standard deviation of 0.02.
    #[test]
    fn both_peaks_are_found_and_are_as_wide_as_they_are() {
        let log = |point: &[f64]| {
            let at = |peak: f64| -0.5 * ((point[0] - peak) / 0.02).powi(2);
            at(0.2).max(at(0.8))
        };
        let points = draws(2000, 2, 1, 0, log);
        let (low, high): (Vec<f64>, Vec<f64>) = points.iter().map(|point| point[0]).partition(|x| *x < 0.5);
        assert!((low.len() as f64 / 2000.0 - 0.5).abs() < 0.1, "{}", low.len());
        for (peak, found) in [(0.2, low), (0.8, high)] {
            let count = found.len() as f64;
            let mean = found.iter().sum::<f64>() / count;
            let deviation = (found.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count).sqrt();
            assert!((mean - peak).abs() < 0.003 && (deviation - 0.02).abs() < 0.003, "{mean} {deviation}");
        }
        // The other input does nothing.
        let second = points.iter().map(|point| point[1]).sum::<f64>() / 2000.0;
        assert!((second - 0.5).abs() < 0.04, "{second}");
    }

    #[test]
    fn a_narrow_ridge_is_followed() {
        let log = |point: &[f64]| -0.5 * ((point[0] + point[1] - 1.0) / 0.01).powi(2);
        let points = draws(1000, 2, 5, 0, log);
        let widest = points.iter().map(|point| (point[0] + point[1] - 1.0).abs()).fold(0.0, f64::max);
        let low = points.iter().filter(|point| point[0] < 0.25).count() as f64 / 1000.0;
        assert!(widest < 0.06 && (low - 0.25).abs() < 0.08, "{widest} {low}");
    }
}
