//! What draws of a posterior do to the points of a plan: where their figures lie, and how many draws each hypothesis holds in.

use std::fmt;

use super::posterior::Posterior;
use super::prediction::Prediction;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::verdict::{self, Verdict};
use crate::experiment::plan::{Ranged, Workbench, success_objective};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::experiment::search::batch::Batch;
use crate::language::Mistakes;
use crate::metric::{Metric, MetricScope};
use crate::statistics::Interval;

/// Figures that have bands.
pub const FIGURES: [Metric; 6] =
    [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::MeanS, Metric::P50S, Metric::P95S, Metric::P99S];

/// A figure of a point under all draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertain {
    /// The mean over draws of what is expected, and where 90 % of the draws are.
    pub expected: Interval,
    /// Where 90 % of tests fall that are as long as a replication: parameters, noise and discrepancy.
    pub band: Interval,
}

/// In how many draws a hypothesis holds, fails, and is undecided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// It holds.
    pub holds: usize,
    /// It fails.
    pub fails: usize,
    /// The replications do not decide it.
    pub undecided: usize,
}

impl fmt::Display for Share {
    /// `holds in 93 % of the parameters that fit (28 of 30 draws, fails in 1, undecided in 1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.holds + self.fails + self.undecided;
        let percent = 100.0 * self.holds as f64 / all.max(1) as f64;
        write!(f, "holds in {percent:.0} % of the parameters that fit ({} of {all} draws", self.holds)?;
        for (what, number) in [("fails", self.fails), ("undecided", self.undecided)] {
            if number > 0 {
                write!(f, ", {what} in {number}")?;
            }
        }
        f.write_str(")")
    }
}

/// All points and hypotheses of a plan under draws of a posterior.
#[derive(Clone, Debug)]
pub struct Propagation {
    /// The parameters, by their paths.
    pub parameters: Vec<String>,
    /// Draws that were run.
    pub draws: usize,
    /// Replications of each point with each draw.
    pub replications: u32,
    /// By point of the plan, in the order of [`FIGURES`].
    points: Vec<[Option<Uncertain>; FIGURES.len()]>,
    /// By hypothesis.
    pub hypotheses: Vec<Share>,
    /// Trials that failed, violated a law or were ended by a limit.
    pub doubts: Vec<String>,
    /// Whether an interrupt left trials out; nothing is known then.
    pub is_interrupted: bool,
}

impl Propagation {
    /// A figure of a point; none where it has no bands.
    pub fn of(&self, point: usize, metric: Metric) -> Option<Uncertain> {
        let figure = FIGURES.iter().position(|known| *known == metric)?;
        self.points.get(point)?[figure]
    }
}

/// Runs all points of a plan, or one of them, with each draw of a posterior. All draws meet the same requests.
///
/// # Errors
/// Where the model would be mistaken with a draw.
pub fn propagate(
    bench: &mut Workbench,
    only: Option<usize>,
    posterior: &Posterior,
    record: &Record,
    progress: &Progress,
) -> Result<Propagation, Mistakes> {
    let mut plan = bench.plan().clone();
    let success = success_objective(&plan).bound();
    let objectives = plan.objectives.clone();
    let mut found = Propagation {
        parameters: posterior.parameters.iter().map(|it| it.dial.path.clone()).collect(),
        draws: posterior.draws.len(),
        replications: plan.replications,
        points: Vec::new(),
        hypotheses: vec![Share::default(); if only.is_some() { 0 } else { plan.hypotheses.len() }],
        doubts: Vec::new(),
        is_interrupted: false,
    };
    // By point, figure and draw: the values of each replication.
    let mut values: Vec<[Vec<Vec<f64>>; FIGURES.len()]> = Vec::new();
    for (number, draw) in posterior.draws.iter().enumerate() {
        let settings: Vec<(&Ranged, f64)> = posterior.parameters.iter().zip(draw.iter().copied()).collect();
        plan.points = bench.points_under(&settings, only)?;
        let count = plan.points.len();
        let batch = Batch::run(&plan, 0..count, number * count, record, progress);
        found.doubts.extend(batch.doubts);
        if batch.is_interrupted {
            found.is_interrupted = true;
            return Ok(found);
        }
        values.resize_with(count, Default::default);
        let summaries: Vec<Summary> = (0..count)
            .filter_map(|point| Summary::of_plan(&plan, point, &batch.trials[point], success, &objectives))
            .collect();
        for (point, of_point) in values.iter_mut().enumerate() {
            let summary = summaries.iter().find(|summary| summary.point == point);
            for (metric, of_draws) in FIGURES.into_iter().zip(of_point) {
                let known = summary.map(|summary| summary.by_trial(&MetricScope::Whole, metric)).unwrap_or_default();
                of_draws.push(known.into_iter().map(|(_, value)| value).filter(|value| value.is_finite()).collect());
            }
        }
        if only.is_none() {
            for (share, judgement) in found.hypotheses.iter_mut().zip(verdict::judge(&plan, &summaries)) {
                match judgement.verdict {
                    Verdict::Holds => share.holds += 1,
                    Verdict::Fails => share.fails += 1,
                    Verdict::Undecided => share.undecided += 1,
                }
            }
        }
    }
    let uncertain = |metric: Metric, draws: &Vec<Vec<f64>>| {
        let draws: Vec<&[f64]> = draws.iter().map(Vec::as_slice).collect();
        let prediction = Prediction { metric, draws: &draws, discrepancies: &posterior.discrepancies };
        Some(Uncertain { expected: prediction.expected()?, band: prediction.band(1)? })
    };
    let of_point = |of_point: &[Vec<Vec<f64>>; FIGURES.len()]| {
        std::array::from_fn(|figure| uncertain(FIGURES[figure], &of_point[figure]))
    };
    found.points = values.iter().map(of_point).collect();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_parameters_is_said_with_its_draws() {
        let words = |holds, fails, undecided| Share { holds, fails, undecided }.to_string();
        assert_eq!(words(20, 0, 0), "holds in 100 % of the parameters that fit (20 of 20 draws)");
        assert_eq!(
            words(28, 1, 1),
            "holds in 93 % of the parameters that fit (28 of 30 draws, fails in 1, undecided in 1)"
        );
    }
}
