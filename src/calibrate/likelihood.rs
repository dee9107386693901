//! How well parameters fit: the synthetic likelihood of what was measured, with emulators in the place of the model.
//!
//! What was measured is the model, and noise of the test, and of the runs behind the emulators, and what the emulators do not
//! know, and a discrepancy: what the model gets wrong with the best of parameters (Kennedy and O'Hagan, *Bayesian calibration of
//! computer models*, Journal of the Royal Statistical Society B 63, 2001; Wood, *Statistical inference for noisy nonlinear
//! ecological dynamic systems*, Nature 466, 2010). The discrepancy is a share of each figure, and its size is a parameter too:
//! a model that is wrong has wide intervals.

use rayon::prelude::*;

use super::compare::median;
use super::observation::Observations;
use super::outputs::{Noise, Output, Scale, is_unbounded};
use crate::statistics::emulator::Emulator;
use crate::statistics::linear::{Cholesky, log_normal};

/// The least scale of the discrepancy's prior.
const LEAST_DISCREPANCY: f64 = 0.005;

/// How far beyond the largest value of all settings a time is where a run has none, on the logarithmic scale.
const BEYOND: f64 = 0.7;

/// A setting that was run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The parameters, from 0 to 1.
    pub point: Vec<f64>,
    /// By observation.
    pub outputs: Vec<Option<Output>>,
}

/// The likelihood of parameters and of the size of the discrepancy.
pub struct Likelihood {
    /// By observation; none where no setting makes a difference.
    emulators: Vec<Option<Emulator>>,
    /// By observation: the output where there is no emulator.
    constants: Vec<Option<f64>>,
    /// By observation: what was measured, on its scale.
    targets: Vec<f64>,
    sites: Vec<usize>,
    noise: Noise,
    replications: f64,
    /// The scale of the discrepancy's prior: half of a t distribution with two degrees of freedom (Gelman, *Prior distributions
    /// for variance parameters in hierarchical models*, Bayesian Analysis 1, 2006). Its tail gives way to data that needs more.
    discrepancy: f64,
}

impl Likelihood {
    /// That of these runs; the newest `recent` of them say how large the noise is.
    pub fn of(data: &Observations, runs: &[Run], recent: usize, replications: u32) -> Self {
        let newest: Vec<Vec<Option<Output>>> =
            runs[runs.len().saturating_sub(recent)..].iter().map(|run| run.outputs.clone()).collect();
        let noise = Noise::of(data, &newest);
        let points: Vec<Vec<f64>> = runs.iter().map(|run| run.point.clone()).collect();
        let fitted: Vec<(Option<Emulator>, Option<f64>)> = (0..data.all.len())
            .into_par_iter()
            .map(|index| {
                let known = |run: &Run| run.outputs[index].as_ref().map(|output| output.mean);
                let all: Vec<Option<f64>> = runs.iter().map(known).collect();
                let largest = all.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
                let blank = is_unbounded(data.all[index].metric).then_some(largest + BEYOND);
                let pairs = points.iter().zip(all).filter_map(|(point, value)| Some((point.clone(), value.or(blank)?)));
                let (points, values): (Vec<Vec<f64>>, Vec<f64>) = pairs.filter(|(_, it)| it.is_finite()).unzip();
                (Emulator::fit(&points, &values, 0.0), values.first().copied())
            })
            .collect();
        let (emulators, constants) = fitted.into_iter().unzip();
        let mut widths = noise.measured.clone();
        widths.sort_by(f64::total_cmp);
        let typical = median(&widths).unwrap_or(0.0);
        Self {
            emulators,
            constants,
            targets: data.all.iter().map(|it| Scale::of(it).to(it.value)).collect(),
            sites: data.all.iter().map(|it| it.site).collect(),
            noise,
            replications: f64::from(replications),
            discrepancy: (0.5 * typical).max(LEAST_DISCREPANCY),
        }
    }

    /// The size of the discrepancy at a share of its prior.
    pub fn discrepancy(&self, share: f64) -> f64 {
        let share = share.clamp(0.0, 0.9999);
        self.discrepancy * share * (2.0 / (1.0 - share * share)).sqrt()
    }

    /// The noise that it reckons with.
    pub fn noise(&self) -> &Noise {
        &self.noise
    }

    /// Observations that depend on the parameters.
    pub fn informative(&self) -> Vec<usize> {
        (0..self.emulators.len()).filter(|&index| self.emulators[index].is_some()).collect()
    }

    /// What the model would give, on the scale of each observation, and the variance of what is not known of that.
    pub fn predict(&self, point: &[f64]) -> Vec<Option<(f64, f64)>> {
        let one = |(emulator, constant): (&Option<Emulator>, &Option<f64>)| match emulator {
            Some(emulator) => Some(emulator.predict(point)),
            None => constant.map(|value| (value, 0.0)),
        };
        self.emulators.iter().zip(&self.constants).map(one).collect()
    }

    /// The logarithm of the likelihood, but for a constant.
    pub fn log(&self, point: &[f64], discrepancy: f64) -> f64 {
        let (distance, covariance) = self.distance(point, discrepancy);
        log_normal(&distance, &covariance).unwrap_or(f64::NEG_INFINITY)
    }

    /// How far the best prediction is from what was measured without any discrepancy: the square of the distance in standard
    /// deviations, of as many figures as are informative.
    pub fn chi_squared(&self, point: &[f64]) -> f64 {
        let (distance, covariance) = self.distance(point, 0.0);
        let factor = Cholesky::of(&covariance, distance.len());
        factor.map_or(f64::INFINITY, |factor| factor.half(&distance).iter().map(|it| it * it).sum())
    }

    fn distance(&self, point: &[f64], discrepancy: f64) -> (Vec<f64>, Vec<f64>) {
        let used = self.informative();
        let size = used.len();
        let (mut distance, mut covariance) = (Vec::with_capacity(size), vec![0.0; size * size]);
        let noise = &self.noise;
        for (row, &a) in used.iter().enumerate() {
            let (mean, variance) = self.emulators[a].as_ref().map_or((0.0, 0.0), |emulator| emulator.predict(point));
            distance.push(self.targets[a] - mean);
            for (column, &b) in used[..=row].iter().enumerate() {
                let together = noise.correlations[a][b];
                let of_runs = together * noise.single[a] * noise.single[b] / self.replications;
                // Tests at different places have nothing in common but the system.
                let is_same = self.sites[a] == self.sites[b];
                let of_tests = if is_same { together * noise.measured[a] * noise.measured[b] } else { 0.0 };
                let shared = if is_same { 0.5 * together } else { 0.0 } + if a == b { 0.5 } else { 0.0 };
                covariance[row * size + column] = of_runs + of_tests + shared * discrepancy * discrepancy;
            }
            covariance[row * size + row] += variance;
        }
        (distance, covariance)
    }
}
