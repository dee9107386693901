//! How far a model is from what was measured: each figure, each metric, and how many figures the model's own noise covers.

use std::sync::Arc;

use super::laws::{Contradiction, contradictions};
use super::observation::{Observation, Observations};
use super::posterior::Posterior;
use super::prediction::{BAND, Prediction};
use super::quantile::median;
use super::trials::Trials;
use crate::experiment::analyse::summary::{LEVEL, Summary};
use crate::experiment::plan::Ranged;
use crate::language::{Metric, Mistakes};
use crate::metric::MetricScope;
use crate::model::Arrival;
use crate::statistics::{Interval, Moments};

/// The deviation that is allowed of figures that have no tolerance of their own.
const TOLERANCE: f64 = 0.1;

/// What is allowed: relative, of shares in points.
#[derive(Clone, Debug, PartialEq)]
pub struct Tolerances {
    /// Of all metrics that are not named.
    pub all: f64,
    /// Of these.
    pub own: Vec<(Metric, f64)>,
}

impl Default for Tolerances {
    fn default() -> Self {
        Self { all: TOLERANCE, own: Vec::new() }
    }
}

impl Tolerances {
    /// That of a metric.
    pub fn of(&self, metric: Metric) -> f64 {
        self.own.iter().rev().find(|(known, _)| *known == metric).map_or(self.all, |&(_, size)| size)
    }
}

/// What becomes of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The whole interval of its deviation is within the tolerance.
    Within,
    /// The whole interval is beyond it.
    Beyond,
    /// Neither, or the model has no such figure there.
    Undecided,
}

impl Agreement {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Beyond => "beyond",
            Self::Undecided => "undecided",
        }
    }
}

/// A figure that was measured beside what the model predicts.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// What was measured.
    pub observation: Observation,
    /// Mean over replications, with its 95 % interval; none where the model has no such figure there.
    pub predicted: Option<Interval>,
    /// Where tests lie that are as long as a replication, and repeated as often as this one was: 95 % of them, with draws of the
    /// parameters 90 %. None of a single replication.
    pub band: Option<Interval>,
    /// Predicted less measured: relative to measured, of shares in points.
    pub deviation: Option<f64>,
    /// Half of its 95 % interval.
    pub half_width: f64,
    /// What is allowed.
    pub tolerance: f64,
    /// The deviation, divided; none where no arrivals were replayed.
    pub split: Option<Split>,
}

/// A deviation in two parts, which sum to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// That of generated arrivals: predicted with them less predicted with those that were measured.
    pub workload: f64,
    /// That of the model with the arrivals that were measured.
    pub timing: f64,
}

impl Compared {
    /// `draws` has the values of each replication, by draw of the parameters; a single one where they are not drawn.
    fn of(observation: &Observation, draws: &[&[f64]], discrepancies: &[f64], tolerance: f64) -> Self {
        let (predicted, band) = match draws {
            [values] => of_one(observation, values),
            draws => {
                let prediction = Prediction { metric: observation.metric, draws, discrepancies };
                (prediction.expected(), prediction.band(observation.repetitions))
            }
        };
        let predicted = predicted.filter(|mean| mean.estimate.is_finite());
        let predicted = predicted.map(|mean| if mean.high.is_finite() { mean } else { Interval::exact(mean.estimate) });
        let widened = |band: Interval| Interval {
            low: (band.low - observation.rounding).max(0.0),
            high: band.high + observation.rounding,
            ..band
        };
        let band = band.map(widened);
        let unit = observation.deviation_unit(predicted.map_or(0.0, |mean| mean.estimate));
        Self {
            deviation: predicted.map(|mean| (mean.estimate - observation.value) / unit),
            half_width: predicted.map_or(0.0, |mean| mean.half_width() / unit),
            observation: observation.clone(),
            predicted,
            band,
            tolerance,
            split: None,
        }
    }

    /// Divides the deviation by what the model gives, in each replication, with the measured arrivals.
    fn divide(&mut self, replayed: &[f64]) {
        let (Some(all), Some(predicted)) = (self.deviation, self.predicted) else { return };
        let Some(mean) = Moments::from_iter(replayed.iter().copied()).mean() else { return };
        let timing = (mean - self.observation.value) / self.observation.deviation_unit(predicted.estimate);
        self.split = Some(Split { workload: all - timing, timing });
    }

    /// Whether the deviation is within its tolerance.
    pub fn agreement(&self) -> Agreement {
        match self.deviation.map(f64::abs) {
            Some(size) if size + self.half_width <= self.tolerance => Agreement::Within,
            Some(size) if size - self.half_width > self.tolerance => Agreement::Beyond,
            _ => Agreement::Undecided,
        }
    }

    /// Whether the band has the measured value.
    pub fn is_covered(&self) -> Option<bool> {
        self.band.map(|band| band.contains(self.observation.value))
    }
}

/// The mean over replications, and where tests lie.
fn of_one(observation: &Observation, values: &[f64]) -> (Option<Interval>, Option<Interval>) {
    (Interval::mean_of(values, LEVEL), Interval::prediction(values, observation.repetitions, LEVEL))
}

/// How good the predictions of a metric are.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The metric.
    pub metric: Metric,
    /// Figures that were measured and are predicted.
    pub count: usize,
    /// The median of the sizes of the deviations.
    pub median_error: f64,
    /// The mean of the deviations.
    pub bias: f64,
    /// The largest size of a deviation.
    pub worst: f64,
    /// Figures that lie in their bands, and figures that have one.
    pub covered: (usize, usize),
}

impl Score {
    fn of(metric: Metric, rows: &[Compared]) -> Option<Self> {
        let rows: Vec<&Compared> = rows.iter().filter(|row| row.observation.metric == metric).collect();
        let all: Vec<f64> = rows.iter().filter_map(|row| row.deviation).collect();
        let mut sizes: Vec<f64> = all.iter().map(|deviation| deviation.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let covered: Vec<bool> = rows.iter().filter_map(|row| row.is_covered()).collect();
        Some(Self {
            metric,
            count: sizes.len(),
            median_error: median(&sizes)?,
            bias: all.iter().sum::<f64>() / all.len() as f64,
            worst: *sizes.last()?,
            covered: (covered.iter().filter(|covered| **covered).count(), covered.len()),
        })
    }
}

/// A model beside what was measured.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What was measured.
    pub data: Observations,
    /// By site, in the order of metrics.
    pub rows: Vec<Compared>,
    /// By metric.
    pub scores: Vec<Score>,
    /// What contradicts in the data.
    pub contradictions: Vec<Contradiction>,
    /// The share of tests that the bands hold, by the model.
    pub band: f64,
    /// What casts doubt on the predictions.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended it early.
    pub is_interrupted: bool,
}

impl Comparison {
    /// The gravest of the rows: beyond, undecided, within.
    pub fn agreement(&self) -> Agreement {
        let has = |wanted: Agreement| self.rows.iter().any(|row| row.agreement() == wanted);
        match (has(Agreement::Beyond), has(Agreement::Undecided)) {
            (true, _) => Agreement::Beyond,
            (_, true) => Agreement::Undecided,
            _ => Agreement::Within,
        }
    }
}

/// Runs the model at each site, with its numbers as they are, or with draws of them; and again with these arrivals in the place of those of
/// the load.
///
/// # Errors
/// Where the model would be mistaken with a draw, or at an end of the ranges of its numbers.
pub fn compare(
    mut data: Observations,
    ranges: &[Ranged],
    posterior: Option<&Posterior>,
    arrivals: Option<Arc<[Arrival]>>,
    tolerances: &Tolerances,
    trials: &mut Trials,
) -> Result<Comparison, Mistakes> {
    let contradictions = contradictions(&mut data, ranges, trials)?;
    let wanted = &data.all;
    let read = |site: usize, summary: &Summary| {
        let of_site = wanted.iter().filter(|it| it.site == site);
        let values = |it: &Observation| summary.by_trial(&MetricScope::Whole, it.metric).into_iter().map(|(_, it)| it);
        of_site.map(|it| values(it).collect()).collect::<Vec<Vec<f64>>>()
    };
    let draws = match posterior {
        Some(posterior) => trials.run(&data.sites, &posterior.parameters, &posterior.draws, read)?,
        None => trials.run(&data.sites, &[], &[Vec::new()], read)?,
    };
    let discrepancies = posterior.map_or(&[][..], |posterior| &posterior.discrepancies);
    let mut rows = Vec::new();
    for site in 0..data.sites.len() {
        let observed = data.all.iter().filter(|it| it.site == site);
        for (index, observation) in observed.enumerate() {
            let values: Vec<&[f64]> =
                draws.iter().map(|draw| draw[site].as_ref().map_or(&[][..], |all| all[index].as_slice())).collect();
            rows.push(Compared::of(observation, &values, discrepancies, tolerances.of(observation.metric)));
        }
    }
    if let Some(arrivals) = arrivals {
        trials.replay(arrivals);
        let replayed = match posterior {
            Some(posterior) => trials.run(&data.sites, &posterior.parameters, &posterior.draws, read)?,
            None => trials.run(&data.sites, &[], &[Vec::new()], read)?,
        };
        let mut rows = rows.iter_mut();
        for site in 0..data.sites.len() {
            let figures = data.all.iter().filter(|it| it.site == site).count();
            for (index, row) in rows.by_ref().take(figures).enumerate() {
                let all = replayed.iter().filter_map(|draw| draw[site].as_ref()).flat_map(|all| all[index].iter());
                row.divide(&all.copied().collect::<Vec<f64>>());
            }
        }
    }
    let scores = Metric::all().filter_map(|metric| Score::of(metric, &rows)).collect();
    let (doubts, is_interrupted) = (trials.doubts.clone(), trials.is_interrupted);
    let band = if posterior.is_some() { BAND } else { LEVEL };
    Ok(Comparison { data, rows, scores, contradictions, band, doubts, is_interrupted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(metric: Metric, value: f64) -> Observation {
        Observation { site: 0, metric, value, error: None, rounding: 0.0, repetitions: 1 }
    }

    /// 110, 112 and 108 for 100: off by 10 %, with an interval of 5 points to either side (t of 2 degrees is 4.3, of a
    /// standard error of 1.15).
    #[test]
    fn a_figure_is_within_or_beyond_with_its_whole_interval() {
        let row =
            |tolerance| Compared::of(&observation(Metric::MeanS, 100.0), &[&[110.0, 112.0, 108.0]], &[], tolerance);
        assert!((row(0.1).deviation.unwrap() - 0.1).abs() < 1e-12 && (row(0.1).half_width - 0.0497).abs() < 1e-3);
        assert_eq!(row(0.2).agreement(), Agreement::Within);
        assert_eq!(row(0.1).agreement(), Agreement::Undecided);
        assert_eq!(row(0.04).agreement(), Agreement::Beyond);
        // One more test lies within 4.3 x 2 x sqrt(4/3) = 9.9 of 110, so that 100 is outside.
        assert_eq!(row(0.1).is_covered(), Some(false));
    }

    #[test]
    fn shares_are_compared_in_points_and_nothing_with_all() {
        let share = Compared::of(&observation(Metric::SuccessRate, 0.9), &[&[0.95, 0.95]], &[], 0.1);
        assert!((share.deviation.unwrap() - 0.05).abs() < 1e-12);
        let none = Compared::of(&observation(Metric::ThroughputPerMin, 0.0), &[&[5.0, 5.0]], &[], 0.1);
        assert_eq!((none.deviation, none.agreement()), (Some(1.0), Agreement::Beyond));
        let unknown = Compared::of(&observation(Metric::MeanS, 1.0), &[&[]], &[], 0.1);
        assert_eq!((unknown.deviation, unknown.agreement()), (None, Agreement::Undecided));
    }

    #[test]
    fn a_score_has_the_median_size_and_the_mean_deviation() {
        let rows: Vec<Compared> = [90.0, 105.0, 110.0, 101.0]
            .map(|predicted| Compared::of(&observation(Metric::P95S, 100.0), &[&[predicted, predicted]], &[], 0.1))
            .into();
        let score = Score::of(Metric::P95S, &rows).unwrap();
        assert!((score.median_error - 0.075).abs() < 1e-12 && (score.bias - 0.015).abs() < 1e-12, "{score:?}");
        assert!((score.worst - 0.1).abs() < 1e-12 && score.covered == (0, 4));
    }
}
