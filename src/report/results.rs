//! `results`: a row per variant and point, each figure with its 95 % bounds.

use super::metric::says_something;
use super::sheet::{Cell, Row};
use super::uncertain;
use super::whole::Report;
use crate::experiment::analyse::summary::{GroupMean, Summary};
use crate::experiment::plan::Plan;
use crate::language::Metric;
use crate::statistics::Interval;

/// A point's row.
pub fn results_row(report: &Report, summary: &Summary) -> Row {
    let plan = report.plan;
    let mut row = keys(plan, summary.point);
    row.push(Cell::Count(summary.replications as u64));
    for metric in Metric::ALL {
        let interval = summary.metric(metric).filter(|_| says_something(summary, metric));
        let never = metric == Metric::RecoveryS && summary.never_recovered > 0;
        row.extend(if never { never_bounds(interval) } else { bounds(interval) });
    }
    row.push(Cell::text(summary.saturated.clone().unwrap_or_default()));
    row.push(Cell::text(summary.deadlock.as_ref().map_or("", |(deadlock, _)| deadlock.resource.as_str())));
    row.push(Cell::Flag(summary.is_stuck()));
    row.push(Cell::text(summary.unsound.join("; ")));
    row.push(Cell::Count(summary.never_recovered as u64));
    row.push(Cell::bound(summary.growth.any().map(|growth| growth.estimate)));
    let state = report.state(summary.point);
    row.push(Cell::text(state.map_or("", |state| state.condition.word())));
    row.push(state.map_or(Cell::Missing, |state| Cell::Count(state.runs as u64)));
    row.push(Cell::bound(state.map(|state| state.share.low)));
    row.push(Cell::bound(state.map(|state| state.share.high)));
    row.push(Cell::Count(summary.capacity.dead as u64));
    row.push(Cell::Count(summary.capacity.damaged as u64));
    row.extend(groups([Metric::ThroughputPerMin, Metric::SuccessRate].map(|metric| summary.group_means(metric))));
    row.extend(uncertain::cells(report, summary));
    row
}

/// Of each of two groups of runs how many it has, then its mean of each figure; missing where the runs are one group.
pub(super) fn groups<const N: usize>(figures: [Option<[GroupMean; 2]>; N]) -> Row {
    let of = |group: usize| {
        let known: [Option<GroupMean>; N] = figures.map(|means| means.map(|means| means[group]));
        let runs = known.iter().flatten().next().map_or(Cell::Missing, |mean| Cell::Count(mean.runs as u64));
        std::iter::once(runs).chain(known.map(|mean| Cell::number(mean.map(|mean| mean.mean))))
    };
    (0..2).flat_map(of).collect()
}

/// The cells that name a point's row: the variant, then the value of each axis.
pub(super) fn keys(plan: &Plan, point: usize) -> Row {
    let planned = &plan.points[point];
    let values = plan.axes.iter().zip(&planned.at).map(|(axis, &value)| axis.values[value].text.as_str());
    std::iter::once(plan.variants[planned.variant].as_str()).chain(values).map(Cell::text).collect()
}

/// An interval as three cells. A bound that is infinite is not known.
pub(super) fn bounds(interval: Option<Interval>) -> [Cell; 3] {
    let of = |part: fn(Interval) -> f64| Cell::bound(interval.map(part));
    [of(|it| it.estimate), of(|it| it.low), of(|it| it.high)]
}

/// The same of a time that may be never.
fn never_bounds(interval: Option<Interval>) -> [Cell; 3] {
    let of = |part: fn(Interval) -> f64| Cell::number(interval.map(part));
    [of(|it| it.estimate), of(|it| it.low), of(|it| it.high)]
}
