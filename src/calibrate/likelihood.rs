//! How well parameters fit: the synthetic likelihood of what was measured, with emulators in the place of the model.
//!
//! What was measured is the model, and noise of the test, and of the runs behind the emulators, and what the emulators do not
//! know, and the [discrepancy](super::discrepancy) (Wood, *Statistical inference for noisy nonlinear ecological dynamic systems*,
//! Nature 466, 2010). The size of the discrepancy is a parameter too: a model that is wrong has wide intervals. Different places
//! have nothing in common but the parameters and that size: their runs meet different requests.

use rayon::prelude::*;

use super::discrepancy::{factors, weight};
use super::observation::Observations;
use super::outputs::{Noise, Output, Scale, is_unbounded};
use super::quantile::median;
use crate::metric::Metric;
use crate::statistics::emulator::Emulator;
use crate::statistics::linear::{Cholesky, log_normal};

/// The scale of the discrepancy's prior beside the median noise of the figures.
const LIKELY: f64 = 0.25;

/// The least scale of the discrepancy's prior.
const LEAST_DISCREPANCY: f64 = 0.005;

/// How far beyond the largest value of all settings a time is where a run has none, on the logarithmic scale.
const BEYOND: f64 = 0.7;

/// How far a figure that the load determines may be from what was measured, in standard deviations.
const PINNED: f64 = 3.0;

/// A setting that was run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The parameters, from 0 to 1.
    pub point: Vec<f64>,
    /// By observation.
    pub outputs: Vec<Option<Output>>,
}

/// The figures of one place.
struct Block {
    /// Observations that say something: of the parameters, or of how right the model is whatever they are.
    rows: Vec<usize>,
    /// Their covariance, but for what the emulators do not know: noise of the test and of the runs.
    noise: Vec<f64>,
    /// The covariance of a discrepancy of size 1.
    discrepancy: Vec<f64>,
}

/// The likelihood of parameters and of the size of the discrepancy.
pub struct Likelihood {
    /// By observation; none where no setting makes a difference.
    emulators: Vec<Option<Emulator>>,
    /// By observation: the output where there is no emulator.
    constants: Vec<Option<f64>>,
    /// By observation: what was measured, on its scale.
    targets: Vec<f64>,
    blocks: Vec<Block>,
    noise: Noise,
    /// Squares of factors of a place's discrepancy.
    factors: Vec<f64>,
    /// The scale of the discrepancy's prior: half of a t distribution with two degrees of freedom (Gelman, *Prior distributions
    /// for variance parameters in hierarchical models*, Bayesian Analysis 1, 2006). Its heavy tail lets data overrule it.
    discrepancy: f64,
}

impl Likelihood {
    /// That of these runs; the newest `recent` of them say how large the noise is. The emulators of an earlier one of fewer runs are
    /// where those of this one begin.
    pub fn of(data: &Observations, runs: &[Run], recent: usize, replications: u32, earlier: Option<&Self>) -> Self {
        let newest: Vec<Vec<Option<Output>>> =
            runs[runs.len().saturating_sub(recent)..].iter().map(|run| run.outputs.clone()).collect();
        let noise = Noise::of(data, &newest);
        let points: Vec<Vec<f64>> = runs.iter().map(|run| run.point.clone()).collect();
        let fitted: Vec<(Option<Emulator>, Option<f64>)> = (0..data.all.len())
            .into_par_iter()
            .with_max_len(1)
            .map(|index| {
                let known = |run: &Run| run.outputs[index].as_ref().map(|output| output.mean);
                let all: Vec<Option<f64>> = runs.iter().map(known).collect();
                let largest = all.iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
                let blank = is_unbounded(data.all[index].metric).then_some(largest + BEYOND);
                let pairs = points.iter().zip(all).filter_map(|(point, value)| Some((point.clone(), value.or(blank)?)));
                let (points, values): (Vec<Vec<f64>>, Vec<f64>) = pairs.filter(|(_, it)| it.is_finite()).unzip();
                let emulator = match earlier.and_then(|earlier| earlier.emulators[index].as_ref()) {
                    Some(known) => known.refit(&points, &values, 0.0),
                    None => Emulator::fit(&points, &values, 0.0),
                };
                (emulator, values.first().copied())
            })
            .collect();
        let (emulators, constants): (Vec<Option<Emulator>>, Vec<Option<f64>>) = fitted.into_iter().unzip();
        let is_pinned: Vec<bool> = (0..data.all.len())
            .map(|index| {
                let outputs = newest.iter().filter_map(|run| run[index].as_ref()).map(|output| output.mean);
                is_pinned(data, index, outputs, noise.measured[index])
            })
            .collect();
        let block = |site: usize| {
            let says = |&index: &usize| {
                let is_known = emulators[index].is_some() || constants[index].is_some() && !is_pinned[index];
                data.all[index].site == site && is_known
            };
            let rows: Vec<usize> = (0..data.all.len()).filter(says).collect();
            Block::of(data, rows, &is_pinned, &noise, f64::from(replications))
        };
        let blocks = (0..data.sites.len()).map(block).filter(|block| !block.rows.is_empty()).collect();
        let mut widths = noise.measured.clone();
        widths.sort_by(f64::total_cmp);
        let typical = median(&widths).unwrap_or(0.0);
        Self {
            emulators,
            constants,
            targets: data.all.iter().map(|it| Scale::of(it).to(it.value)).collect(),
            blocks,
            noise,
            factors: factors().into(),
            discrepancy: (LIKELY * typical).max(LEAST_DISCREPANCY),
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

    /// Observations that say something of the parameters.
    pub fn informative(&self) -> Vec<usize> {
        let rows = self.blocks.iter().flat_map(|block| &block.rows).copied();
        rows.filter(|&index| self.emulators[index].is_some()).collect()
    }

    /// The number of observations that say something.
    pub fn evidence(&self) -> usize {
        self.blocks.iter().map(|block| block.rows.len()).sum()
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
        self.blocks.iter().map(|block| self.log_of(block, point, discrepancy)).sum()
    }

    /// That of one place: the mean over factors of its discrepancy.
    fn log_of(&self, block: &Block, point: &[f64], discrepancy: f64) -> f64 {
        let (distance, noise) = self.distance(block, point);
        let with = |factor: &f64| {
            let size = factor * discrepancy * discrepancy;
            let covariance: Vec<f64> = noise.iter().zip(&block.discrepancy).map(|(a, b)| a + size * b).collect();
            log_normal(&distance, &covariance).unwrap_or(f64::NEG_INFINITY)
        };
        let logs: Vec<f64> = self.factors.iter().map(with).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if largest == f64::NEG_INFINITY {
            return largest;
        }
        largest + libm::log(logs.iter().map(|log| libm::exp(log - largest)).sum::<f64>() / logs.len() as f64)
    }

    /// How far the best prediction is from what was measured without any discrepancy: the square of the distance in standard
    /// deviations, of as many figures as say something.
    pub fn chi_squared(&self, point: &[f64]) -> f64 {
        let of = |block: &Block| {
            let (distance, covariance) = self.distance(block, point);
            let factor = Cholesky::of(&covariance, distance.len());
            factor.map_or(f64::INFINITY, |factor| factor.half(&distance).iter().map(|it| it * it).sum())
        };
        self.blocks.iter().map(of).sum()
    }

    /// How far what was measured at a place is from what is predicted, and the covariance of that without a discrepancy.
    fn distance(&self, block: &Block, point: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let size = block.rows.len();
        let (mut distance, mut covariance) = (Vec::with_capacity(size), block.noise.clone());
        for (row, &index) in block.rows.iter().enumerate() {
            let constant = (self.constants[index].unwrap_or(0.0), 0.0);
            let (mean, variance) = self.emulators[index].as_ref().map_or(constant, |it| it.predict(point));
            distance.push(self.targets[index] - mean);
            covariance[row * size + row] += variance;
        }
        (distance, covariance)
    }
}

/// Whether a figure is what was measured whatever the system does, so that its fit says nothing of how right the model is: a share that is
/// 0 or 1, a throughput of nothing, and the throughput of an open load that is not overloaded.
fn is_pinned(data: &Observations, index: usize, mut outputs: impl Iterator<Item = f64>, noise: f64) -> bool {
    let observation = &data.all[index];
    let target = Scale::of(observation).to(observation.value);
    let mut is_met = || outputs.all(|output| (output - target).abs() <= PINNED * noise);
    let metric = observation.metric;
    if metric.is_rate() {
        return (observation.value <= 0.0 || observation.value >= 1.0) && is_met();
    }
    let is_open = !data.sites[observation.site].point.load.pattern.is_closed();
    observation.value <= 0.0 || is_open && metric == Metric::ThroughputPerMin && is_met()
}

impl Block {
    /// Figures that are pinned have no discrepancy: they may rule out parameters, and are no evidence that the model is right.
    fn of(data: &Observations, rows: Vec<usize>, is_pinned: &[bool], noise: &Noise, replications: f64) -> Self {
        let size = rows.len();
        let (mut of_noise, mut discrepancy) = (vec![0.0; size * size], vec![0.0; size * size]);
        for (row, &a) in rows.iter().enumerate() {
            for (column, &b) in rows[..=row].iter().enumerate() {
                let together = noise.correlations[a][b];
                let of_runs = together * noise.single[a] * noise.single[b] / replications;
                of_noise[row * size + column] = of_runs + together * noise.measured[a] * noise.measured[b];
                // Half of it moves figures as noise moves them: a slower machine, a longer test.
                let shared = match is_pinned[a] || is_pinned[b] {
                    true => 0.0,
                    false => 0.5 * together + if a == b { 0.5 } else { 0.0 },
                };
                discrepancy[row * size + column] = shared * weight(data.all[a].metric) * weight(data.all[b].metric);
            }
        }
        Self { rows, noise: of_noise, discrepancy }
    }
}
