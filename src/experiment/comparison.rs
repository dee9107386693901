//! Comparisons: at each place of the axes every variant against the first one, by the paired difference of replications
//! that met the same requests (Law, *Simulation Modeling and Analysis*, ch. 11.2), and of more than two variants a
//! selection of the best.

use super::design::Plan;
use super::summary::{LEVEL, Summary};
use crate::spec::Metric;
use crate::statistics::{Interval, Pairing, selection};

/// The figures that are compared.
pub const COMPARED: [Metric; 3] = [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::MeanS];

/// A variant against the first one at one place.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Index of the point.
    pub point: usize,
    /// Index of the first variant's point at the same place.
    pub against: usize,
    /// The figures that both have.
    pub differences: Vec<Difference>,
}

/// A paired difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Of which figure.
    pub metric: Metric,
    /// The point's less the other's, in the metric's unit.
    pub difference: Interval,
    /// The same relative to the other's mean; none where that is zero.
    pub relative: Option<Interval>,
    /// The share of the difference's variance that the pairing saved against independent replications; negative where it
    /// made it larger, none where neither varies.
    pub saved: Option<f64>,
}

/// The best of several variants at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The points that were compared, one of each variant that is run there.
    pub points: Vec<usize>,
    /// By which figure.
    pub metric: Metric,
    /// Those of them among which is the best, with a probability of [`LEVEL`]; a single one is selected.
    pub best: Vec<usize>,
}

impl Difference {
    /// The paired difference of two points in a metric; none without two common replications.
    pub fn of(ours: &Summary, theirs: &Summary, class: Option<&str>, metric: Metric) -> Option<Self> {
        let (ours, theirs) = ours.paired(theirs, class, metric);
        let mut difference = Interval::paired_difference(&ours, &theirs, LEVEL)?;
        if metric.is_rate() {
            // No two shares differ by more than one.
            (difference.low, difference.high) = (difference.low.max(-1.0), difference.high.min(1.0));
        }
        let base = theirs.iter().sum::<f64>() / theirs.len() as f64;
        let relative = (base != 0.0).then(|| Interval {
            estimate: difference.estimate / base,
            low: difference.low / base,
            high: difference.high / base,
        });
        Some(Self { metric, difference, relative, saved: saved(&ours, &theirs) })
    }
}

/// The share of variance that a pairing saved; none where there is none to save.
pub fn saved(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    let pairing = Pairing::of(ours, theirs)?;
    // Without a correlation one of them does not vary, and there is nothing to pair.
    pairing.correlation()?;
    Some(1.0 - 1.0 / pairing.variance_reduction())
}

/// All comparisons with the first variant, in the order of the plan.
pub fn compare(plan: &Plan, summaries: &[Summary]) -> Vec<Comparison> {
    let summary = |point: usize| summaries.iter().find(|summary| summary.point == point);
    let compared = |point: usize| {
        if plan.points[point].variant == 0 {
            return None;
        }
        let against = plan.beside(point, 0)?;
        let (ours, theirs) = summary(point).zip(summary(against))?;
        let differences: Vec<Difference> =
            COMPARED.iter().filter_map(|&metric| Difference::of(ours, theirs, None, metric)).collect();
        (!differences.is_empty()).then_some(Comparison { point, against, differences })
    };
    (0..plan.points.len()).filter_map(compared).collect()
}

/// The best variant at each place where more than two are run.
pub fn select(plan: &Plan, summaries: &[Summary]) -> Vec<Selection> {
    let mut selections = Vec::new();
    for (index, point) in plan.points.iter().enumerate() {
        let points: Vec<usize> =
            (0..plan.variants.len()).filter_map(|variant| plan.point(variant, &point.at)).collect();
        if points.len() > 2 && points[0] == index {
            selections.extend(best(plan, summaries, points));
        }
    }
    selections
}

fn best(plan: &Plan, summaries: &[Summary], points: Vec<usize>) -> Option<Selection> {
    let metric = plan.best_by;
    let summary = |point: &usize| summaries.iter().find(|summary| summary.point == *point);
    let values: Vec<Vec<(u64, f64)>> =
        points.iter().map(|point| Some(summary(point)?.by_trial(None, metric))).collect::<Option<_>>()?;
    let first = values.first()?;
    let is_common = |replication: u64| values.iter().all(|system| system.iter().any(|(r, _)| *r == replication));
    let common: Vec<u64> = first.iter().map(|(replication, _)| *replication).filter(|&r| is_common(r)).collect();
    let sign = if metric.is_better_higher() { 1.0 } else { -1.0 };
    let of_common = |system: &Vec<(u64, f64)>| -> Vec<f64> {
        let value = |wanted: &u64| system.iter().find(|(r, _)| r == wanted).map(|(_, value)| sign * value);
        common.iter().filter_map(value).collect()
    };
    let values: Vec<Vec<f64>> = values.iter().map(of_common).collect();
    let contenders = selection::contenders(&values, LEVEL)?;
    let best = contenders.into_iter().map(|index| points[index]).collect();
    Some(Selection { points, metric, best })
}
