//! Comparisons: at each place of the axes every variant against the first one, by the paired difference of replications
//! that met the same requests (Law, *Simulation Modeling and Analysis*, ch. 11.2), and of several variants a selection
//! of the best.

mod groups;

pub use groups::Groups;

use crate::experiment::analyse::ranking;
use crate::experiment::analyse::summary::{self, LEVEL, Summary, in_common, in_groups};
use crate::experiment::analyse::words;
use crate::experiment::plan::Plan;
use crate::language::Metric;
use crate::metric::MetricScope;
use crate::model::RateUnit;
use crate::statistics::selection::{self, SelectionOutcome, SelectionStep};
use crate::statistics::{Interval, Pairing};
use groups::Pairs;

/// The figures that are compared; completed requests only where work outlasts its answer.
pub const COMPARED: [Metric; 4] =
    [Metric::ThroughputPerMin, Metric::CompletedPerMin, Metric::SuccessRate, Metric::MeanS];

/// A difference from the best that does not matter: relative, of shares absolute. [`Plan::best_within`] may say otherwise.
pub const TIE: f64 = 0.02;

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
#[non_exhaustive]
pub struct Difference {
    /// Of which figure.
    pub metric: Metric,
    /// Replications that both have, on which everything here rests.
    pub pairs: usize,
    /// Replications that one of them has, and the other one has not.
    pub unpaired: usize,
    /// Mean of the one.
    pub ours: f64,
    /// Mean of the other.
    pub theirs: f64,
    /// The one's less the other's, in the metric's unit.
    pub difference: Interval,
    /// The same relative to the other's mean; none where that is zero, and for shares, which differ by points.
    pub relative: Option<Interval>,
    /// The share of the difference's variance that the pairing saved against independent replications; negative where
    /// it made it larger, none where neither varies.
    pub saved: Option<f64>,
    /// The means of each group where the runs of a point fall into two.
    pub groups: Groups,
}

/// The best of several variants at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The points that were compared, one of each variant that is run there.
    pub points: Vec<usize>,
    /// By which figure.
    pub metric: Metric,
    /// Those of them among which is the best, with a probability of [`LEVEL`], and where it is replicated on until the
    /// best is selected, if that is better by [`Plan::best_within`] at least; a single one is selected.
    pub best: Vec<usize>,
    /// Those that are so little worse than the best by their means that it does not matter, the best with them; none where
    /// nothing else is.
    pub ties: Vec<usize>,
    /// How far the replications went to select it; none where what there is was screened.
    pub outcome: Option<SelectionOutcome>,
}

/// A place where the selection of the best has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Unselected {
    /// The points that are left.
    pub left: Vec<usize>,
    /// Replications of each of these; none where a point lacks the figure.
    pub replications: Option<usize>,
    /// How many do for certain; none where that cannot be told.
    pub needed: Option<u64>,
}

impl Difference {
    /// The paired difference of two points in a metric; none without two common replications.
    ///
    /// Where both have the same replications, the figures are those of the points themselves: a success rate or a mean
    /// response time over the requests of all runs differs a little from the mean of the figures of each run. The interval of
    /// the paired values is moved by the same amount.
    #[doc(hidden)]
    pub fn of(ours: &Summary, theirs: &Summary, scope: &MetricScope, metric: Metric) -> Option<Self> {
        Self::at(LEVEL, ours, theirs, scope, metric)
    }

    /// The same with intervals of a confidence level.
    #[doc(hidden)]
    pub fn at(level: f64, ours: &Summary, theirs: &Summary, scope: &MetricScope, metric: Metric) -> Option<Self> {
        let all = ours.replications.max(theirs.replications);
        let paired = Pairs::of([ours, theirs], scope, metric);
        let (our_values, their_values) = paired.unzipped();
        let (pairs, unpaired) = (our_values.len(), all.saturating_sub(our_values.len()));
        let difference = Interval::paired_difference(&our_values, &their_values, level)?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let figure = |summary: &Summary| {
            let figure = summary.metric_of(scope, metric).filter(|_| unpaired == 0)?.estimate;
            Some(figure).filter(|figure| figure.is_finite())
        };
        let (ours, theirs) = figure(ours).zip(figure(theirs)).unwrap_or((mean(&our_values), mean(&their_values)));
        let mut difference = moved(difference, ours - theirs);
        if metric.is_rate() {
            // No two shares differ by more than one.
            (difference.low, difference.high) = (difference.low.max(-1.0), difference.high.min(1.0));
        }
        let relative = (!metric.is_rate() && theirs > 0.0)
            .then(|| Interval::relative_difference(&our_values, &their_values, level))
            .flatten()
            .map(|relative| moved(relative, ours / theirs - 1.0));
        let saved = saved(&our_values, &their_values);
        let groups = match scope {
            MetricScope::Whole => paired.groups(metric, relative.is_some()),
            _ => Groups::default(),
        };
        Some(Self { metric, pairs, unpaired, ours, theirs, difference, relative, saved, groups })
    }

    /// Both figures in words, that of the one first: `480/min`; of two groups of runs `406/min in 1 run, 46.4/min in 4`.
    pub(crate) fn figures(&self, rates: RateUnit) -> [String; 2] {
        let amount = |mean: f64| words::amount(mean, self.metric, rates);
        let both = [(self.ours, self.groups.ours), (self.theirs, self.groups.theirs)];
        both.map(|(mean, groups)| groups.and_then(|it| in_groups(it, amount)).unwrap_or_else(|| amount(mean)))
    }

    /// The differences of groups of runs in words: `+2.1 % in 2 runs, -88.0 % in 6`; none without groups.
    fn of_groups(&self, rates: RateUnit) -> Option<String> {
        let unit = self.unit(rates).1;
        in_groups(self.groups.told()?, |mean| format!("{}{unit}", self.signed(mean, rates)))
    }

    /// In a table: `+8.5 % (+4.3 to +12.6)`, and of groups of runs `+2.1 or -88.0 %`.
    pub(crate) fn cell(&self, rates: RateUnit) -> String {
        let (Some(groups), Some(_)) = (self.groups.told(), self.of_groups(rates)) else { return self.words(rates) };
        let mut all: Vec<String> = groups.map(|group| self.signed(group.mean, rates)).collect();
        let last = all.pop().unwrap_or_default();
        format!("{} or {last}{}", all.join(", "), self.unit(rates).1)
    }

    /// A difference in its unit, without the name of the unit.
    fn signed(&self, difference: f64, rates: RateUnit) -> String {
        match difference * self.unit(rates).0 {
            change if change.abs() < 0.05 => "0".into(),
            change if change.is_infinite() => "∞".into(),
            change => format!("{change:+.1}"),
        }
    }

    /// The unit of a difference, after the factor that gives it in that unit: percent where it is relative.
    fn unit(&self, rates: RateUnit) -> (f64, String) {
        match self.relative {
            Some(_) => (100.0, " %".to_owned()),
            None if self.metric.is_rate() => (100.0, " points".into()),
            None => (words::shown(1.0, self.metric, rates), words::unit(self.metric, rates)),
        }
    }

    /// `+8.5 % (+4.3 to +12.6)`, `-41.0 points (-52.1 to -29.9)`; without bounds where they are not known. Where the runs
    /// of a point fall into two groups, the difference in each.
    /// `rates` is the unit of throughputs.
    #[doc(hidden)]
    pub fn words(&self, rates: RateUnit) -> String {
        if let Some(words) = self.of_groups(rates) {
            return words;
        }
        // No figure here is ever negative, so that none falls by more than all of it.
        let relative = self.relative.map(|relative| Interval { low: relative.low.max(-1.0), ..relative });
        // What is more than a hundred times as much is given by that.
        if let Some(relative) = self.relative.filter(|relative| relative.estimate >= 99.0) {
            let times = |share: f64| times(share + 1.0);
            let bounds = match self.difference.low.is_finite() {
                true => format!(" ({} to {})", times(relative.low), times(relative.high)),
                false => String::new(),
            };
            return format!("{} times as much{bounds}", times(relative.estimate));
        }
        let (unit, signed) = (self.unit(rates).1, |x: f64| self.signed(x, rates));
        let Interval { estimate, low, high } = relative.unwrap_or(self.difference);
        match self.difference.low.is_finite() {
            true => format!("{}{unit} ({} to {})", signed(estimate), signed(low), signed(high)),
            false => format!("{}{unit}", signed(estimate)),
        }
    }
}

/// An interval that is moved so that this is its estimate.
fn moved(interval: Interval, estimate: f64) -> Interval {
    let by = estimate - interval.estimate;
    if !by.is_finite() {
        return interval;
    }
    Interval { estimate, low: interval.low + by, high: interval.high + by }
}

/// A factor with two digits: `9,600`, `120`, `3.4`.
fn times(factor: f64) -> String {
    if !factor.is_finite() {
        return "∞".into();
    }
    let step = libm::pow(10.0, libm::log10(factor.abs().max(1.0)).floor() - 1.0);
    let rounded = (factor / step).round() * step;
    if rounded < 10.0 {
        return format!("{rounded:.1}");
    }
    let digits = format!("{rounded:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// The share of variance that a pairing saved; none where there is none to save.
fn saved(ours: &[f64], theirs: &[f64]) -> Option<f64> {
    let pairing = Pairing::of(ours, theirs)?;
    // Without a correlation one of them does not vary, and there is nothing to pair.
    pairing.correlation()?;
    Some(1.0 - 1.0 / pairing.variance_reduction())
}

/// All comparisons with the first variant, in the order of the plan.
pub fn compare(plan: &Plan, summaries: &[Summary]) -> Vec<Comparison> {
    let compared = |against: usize, point: usize| {
        let (ours, theirs) = summary::of_point(summaries, point).zip(summary::of_point(summaries, against))?;
        let outlasts = ours.outlasts || theirs.outlasts;
        let told = COMPARED.into_iter().filter(|&metric| metric != Metric::CompletedPerMin || outlasts);
        let differences: Vec<Difference> =
            told.filter_map(|metric| Difference::of(ours, theirs, &MetricScope::Whole, metric)).collect();
        (!differences.is_empty()).then_some(Comparison { point, against, differences })
    };
    let mut comparisons = Vec::new();
    for points in plan.places() {
        let (first, others) = (points[0], &points[1..]);
        if plan.points[first].variant == 0 {
            comparisons.extend(others.iter().filter_map(|&point| compared(first, point)));
        }
    }
    comparisons.sort_by_key(|comparison| comparison.point);
    comparisons
}

/// Whether what two points of a place do can be compared: under the same load, and not both to reproduce a measurement of
/// their own.
pub fn are_comparable(plan: &Plan, one: usize, other: usize) -> bool {
    let strength = |point: usize| &plan.points[point].load.strength;
    let is_measured = |point: usize| plan.measurements.iter().any(|measurement| measurement.point == point);
    strength(one) == strength(other) && !(is_measured(one) && is_measured(other))
}

/// The points of a place, those together that can be compared.
fn comparable(plan: &Plan, points: Vec<usize>) -> Vec<Vec<usize>> {
    if plan.best_within.is_some() {
        // The author asks for the best of them.
        return vec![points];
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for point in points {
        match groups.iter_mut().find(|group| group.iter().all(|&known| are_comparable(plan, known, point))) {
            Some(group) => group.push(point),
            None => groups.push(vec![point]),
        }
    }
    groups
}

/// The best variant at each place where more than two are run that can be compared, or two where the experiment selects
/// the best.
pub fn select(plan: &Plan, summaries: &[Summary]) -> Vec<Selection> {
    let groups = plan.places().into_iter().flat_map(|points| comparable(plan, points));
    let places = groups.filter(|points| are_rivals(plan, points));
    places.filter_map(|points| best(plan, summaries, points)).collect()
}

/// Whether a best one of these points is asked for.
fn are_rivals(plan: &Plan, points: &[usize]) -> bool {
    points.len() > 2 || points.len() == 2 && plan.best_within.is_some()
}

/// The places where the selection of the best has not ended, of selections in the order of places.
pub fn unselected(plan: &Plan, selections: &[Selection]) -> Vec<Unselected> {
    if plan.best_within.is_none() {
        return Vec::new();
    }
    let mut selections = selections.iter().peekable();
    let at = |points: Vec<usize>| {
        let Some(selection) = selections.next_if(|selection| selection.points == points) else {
            return Some(Unselected { left: points, replications: None, needed: None });
        };
        let outcome = selection.outcome.as_ref().filter(|outcome| outcome.next != SelectionStep::Selected)?;
        Some(Unselected {
            left: selection.best.clone(),
            replications: Some(outcome.replications),
            needed: outcome.enough.is_finite().then(|| outcome.enough.ceil().min(1e9) as u64),
        })
    };
    plan.places().into_iter().filter(|points| are_rivals(plan, points)).filter_map(at).collect()
}

fn best(plan: &Plan, summaries: &[Summary], points: Vec<usize>) -> Option<Selection> {
    let metric = plan.best_by;
    let known: Vec<&Summary> =
        points.iter().map(|&point| summary::of_point(summaries, point)).collect::<Option<_>>()?;
    if plan.best_within.is_some() {
        let values: Vec<_> = known.iter().map(|summary| summary.by_trial(&MetricScope::Whole, metric)).collect();
        let outcome = ranking::rank(plan, &values, &known.iter().map(|summary| summary.run).collect::<Vec<_>>())?;
        let best = outcome.left.iter().map(|&index| points[index]).collect();
        let ties = ties(plan, &known, metric);
        return Some(Selection { points, metric, best, ties, outcome: Some(outcome) });
    }
    // Answers that promise work which is never done are no throughput.
    let metric = match metric == Metric::ThroughputPerMin && known.iter().any(|summary| summary.outlasts) {
        true => Metric::CompletedPerMin,
        false => metric,
    };
    let values = known.iter().map(|summary| summary.by_trial(&MetricScope::Whole, metric));
    // A variant without such a figure, for want of successes or because its queue grows, is not the best by it.
    let (having, values): (Vec<usize>, Vec<_>) =
        points.iter().copied().zip(values).filter(|(_, values)| !values.is_empty()).unzip();
    let mut values = in_common(&values);
    if !metric.is_better_higher() {
        values.iter_mut().flatten().for_each(|value| *value = -*value);
    }
    let contenders = selection::contenders(&values, LEVEL)?;
    let best = contenders.into_iter().map(|index| having[index]).collect();
    let ties = ties(plan, &known, metric);
    Some(Selection { points, metric, best, ties, outcome: None })
}

/// The points with a mean so near to the best one's that it does not matter.
fn ties(plan: &Plan, known: &[&Summary], metric: Metric) -> Vec<usize> {
    let mean = |summary: &Summary| summary.metric(metric).map(|figure| figure.estimate).filter(|it| it.is_finite());
    let means: Vec<(usize, f64)> = known.iter().filter_map(|summary| Some((summary.point, mean(summary)?))).collect();
    let sign = if metric.is_better_higher() { 1.0 } else { -1.0 };
    let Some(best) = means.iter().map(|(_, mean)| *mean).max_by(|a, b| (sign * a).total_cmp(&(sign * b))) else {
        return Vec::new();
    };
    let zone = plan.best_within.map_or(TIE, |zone| zone.share) * if metric.is_rate() { 1.0 } else { best.abs() };
    let near: Vec<usize> =
        means.iter().filter(|(_, mean)| (mean - best).abs() < zone).map(|(point, _)| *point).collect();
    if near.len() > 1 { near } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::plan::Adjustments;

    /// A mean of 961.7 s instead of 0.1 s is 9,617 times as long, with two digits 9,600.
    #[test]
    fn a_huge_difference_is_a_factor() {
        let words = |estimate: f64, low: f64, high: f64| {
            let relative = Some(Interval { estimate, low, high });
            let difference = Interval { estimate: 0.1 * estimate, low: 0.1 * low, high: 0.1 * high };
            let (ours, theirs) = (0.1 * (1.0 + estimate), 0.1);
            let metric = Metric::MeanS;
            let groups = Groups::default();
            let all =
                Difference { metric, pairs: 5, unpaired: 0, ours, theirs, difference, relative, saved: None, groups };
            all.words(RateUnit::Minute)
        };
        assert_eq!(words(9616.0, 8_949.0, 10_283.0), "9,600 times as much (9,000 to 10,000)");
        assert_eq!(words(100.0, -0.5, 200.0), "100 times as much (0.5 to 200)");
        assert_eq!(words(98.0, 90.0, 106.0), "+9800.0 % (+9000.0 to +10600.0)");
    }

    fn plan(file: &str) -> Plan {
        Plan::read(std::path::Path::new(file), &Adjustments::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    /// Rows of a load test are at no common point; clients that retry in different ways are under the same load.
    #[test]
    fn only_designs_under_one_load_are_rivals() {
        for file in ["experiments/seed.toml", "experiments/testbed.toml"] {
            let plan = plan(file);
            let groups = comparable(&plan, (0..plan.points.len()).collect());
            assert!(groups.iter().all(|group| group.len() == 1), "{file}: {groups:?}");
        }
        let plan = plan("experiments/retry-storm.toml");
        for points in plan.places() {
            assert_eq!(comparable(&plan, points.clone()), [points]);
        }
    }
}
