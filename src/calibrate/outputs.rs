//! What runs give beside what was measured, on the scale on which the two are compared: the logarithm, so that differences are
//! relative; of shares the share itself.

use super::observation::{NORMAL, Observation, Observations};
use crate::experiment::analyse::summary::Summary;
use crate::metric::{Metric, MetricScope};

/// What two figures may differ by in any case, on this scale: 0.2 %, or 0.2 points. No load test is measured better.
const FLOOR: f64 = 0.002;

/// How much of the correlations of few replications is believed.
const BELIEF: f64 = 0.9;

/// A figure of one setting of the parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its mean over the replications.
    pub mean: f64,
    /// The variance of one replication.
    pub variance: f64,
    /// By replication, how far it is from the mean.
    pub departures: Vec<(u64, f64)>,
}

/// The scale of an observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    is_log: bool,
    /// What stands for 0 on a logarithmic scale.
    least: f64,
}

impl Scale {
    /// That of an observation.
    pub fn of(observation: &Observation) -> Self {
        let is_log = !observation.metric.is_rate() && observation.value > 0.0;
        Self { is_log, least: observation.value * 1e-3 }
    }

    /// A value on this scale.
    pub fn to(self, value: f64) -> f64 {
        if self.is_log { libm::log(value.max(self.least)) } else { value }
    }

    /// The value of a place on this scale.
    pub fn back(self, place: f64) -> f64 {
        if self.is_log { libm::exp(place) } else { place }
    }

    /// A small width around a value on this scale.
    fn width(self, width: f64, value: f64) -> f64 {
        if self.is_log { width / value.max(self.least) } else { width }
    }
}

/// What one site gave: the outputs of its observations, in their order.
pub fn read(data: &Observations, site: usize, summary: &Summary) -> Vec<Option<Output>> {
    let of_site = data.all.iter().filter(|observation| observation.site == site);
    of_site.map(|observation| output(observation, summary)).collect()
}

fn output(observation: &Observation, summary: &Summary) -> Option<Output> {
    let scale = Scale::of(observation);
    let values = summary.by_trial(&MetricScope::Whole, observation.metric);
    let values: Vec<(u64, f64)> = values.into_iter().filter(|(_, value)| value.is_finite()).collect();
    // A mean of the few replications that had a figure is that of lucky ones.
    if values.len() < 2 || values.len() * 2 < summary.run as usize {
        return None;
    }
    let count = values.len() as f64;
    let mean = values.iter().map(|(_, value)| value).sum::<f64>() / count;
    let departures: Vec<(u64, f64)> =
        values.iter().map(|&(replication, value)| (replication, scale.width(value - mean, mean))).collect();
    let variance = departures.iter().map(|(_, it)| it * it).sum::<f64>() / (count - 1.0);
    Some(Output { mean: scale.to(mean), variance, departures })
}

/// How much figures vary from one test to the next, and how they vary together.
#[derive(Clone, Debug)]
pub struct Noise {
    /// By observation: the standard deviation of one replication.
    pub single: Vec<f64>,
    /// The correlations between replications of the same number.
    pub correlations: Vec<Vec<f64>>,
    /// By observation: the standard deviation of what was measured.
    pub measured: Vec<f64>,
}

impl Noise {
    /// The noise of these settings together. A measured figure without an error has that of a replication: its test is taken to
    /// be as long as one.
    pub fn of(data: &Observations, runs: &[Vec<Option<Output>>]) -> Self {
        let count = data.all.len();
        let mut single = Vec::new();
        for index in 0..count {
            let known: Vec<f64> = runs.iter().filter_map(|run| run[index].as_ref()).map(|it| it.variance).collect();
            single.push((known.iter().sum::<f64>() / known.len().max(1) as f64).sqrt());
        }
        let mut correlations = vec![vec![0.0; count]; count];
        for a in 0..count {
            correlations[a][a] = 1.0;
            for b in 0..a {
                let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
                for run in runs {
                    let (Some(x), Some(y)) = (&run[a], &run[b]) else { continue };
                    let common = x.departures.iter().filter_map(|(replication, x)| {
                        let found = y.departures.binary_search_by_key(replication, |(other, _)| *other).ok()?;
                        Some((*x, y.departures[found].1))
                    });
                    for (x, y) in common {
                        both += x * y;
                        of_a += x * x;
                        of_b += y * y;
                    }
                }
                let size = (of_a * of_b).sqrt();
                let correlation = if size > 0.0 { BELIEF * (both / size).clamp(-1.0, 1.0) } else { 0.0 };
                (correlations[a][b], correlations[b][a]) = (correlation, correlation);
            }
        }
        let measured = data.all.iter().zip(&single).map(|(observation, single)| {
            let scale = Scale::of(observation);
            let modelled = single / (observation.repetitions as f64).sqrt();
            let own = match observation.error.map(|error| scale.width(error / NORMAL, observation.value)) {
                // The spread of a few tests is small or large by chance. What is more than the model's noise in it is discrepancy.
                Some(own) if !observation.is_spread_of_few() => own,
                _ => modelled,
            };
            // A value that was rounded is anywhere within: the variance of a uniform one.
            let rounding = scale.width(observation.rounding, observation.value);
            (own * own + rounding * rounding / 3.0 + FLOOR * FLOOR).sqrt()
        });
        Self { measured: measured.collect(), single, correlations }
    }
}

/// Whether an observation is a time: where a run has no such figure, requests pile up or none succeeds.
pub fn is_unbounded(metric: Metric) -> bool {
    metric.is_time()
}
