//! Searches a report for what to warn of.

use std::cmp::Ordering;

use super::Warning;
use crate::experiment::analyse::comparison::{self};
use crate::experiment::analyse::precision;
use crate::experiment::analyse::summary::{Growth, ResourceMean, Summary};
use crate::experiment::analyse::words;
use crate::language::Metric;
use crate::model::Pattern;
use crate::report::comparisons::names;
use crate::report::whole::Report;
use crate::statistics::Interval;

/// Half-width, relative to the throughput, from which it is called wide.
const WIDE: f64 = 0.15;

/// Share of the requests of a finite test that may be refused before the test is too short to mean much.
const USED_UP: f64 = 0.1;

/// Attempts right after a refusal, for each success, from which clients are said to hammer.
const HAMMERING: f64 = 10.0;

/// All doubts about a report.
pub fn warnings(report: &Report) -> Vec<Warning> {
    let plan = report.plan;
    let place = |point: usize| words::place(plan, point);
    let mut warnings = Vec::new();
    let tally = &report.tally;
    if report.is_partial() {
        warnings.push(Warning::Partial { done: tally.done, planned: tally.planned });
    }
    warnings.extend(tally.failed.iter().map(|failed| Warning::Failed {
        place: place(failed.point),
        replication: failed.replication,
        what: failed.what.clone(),
    }));
    warnings.extend(tally.violated.iter().map(|trial| Warning::Violated {
        place: place(trial.point),
        replication: trial.replication,
        laws: trial.laws.clone(),
    }));
    let wrong = report.checks.iter().filter(|check| !check.holds());
    warnings.extend(wrong.map(|&check| Warning::Inexact { place: place(check.point), check, rates: report.rates }));
    warnings.extend(tally.limited.iter().map(|point| Warning::Limited {
        place: place(point.point),
        trials: point.trials,
        without_window: point.without_window,
        of: point.of,
        ending: point.ending,
    }));
    let unsettled: Vec<_> = report.warm_ups.iter().filter(|(_, found)| !found.is_settled).collect();
    warnings.extend(unsettled.first().map(|(point, found)| Warning::Unsettled {
        place: place(*point),
        seconds: 2.0 * found.length.seconds(),
        others: unsettled.len() - 1,
    }));
    warnings.extend(used_up(report));
    warnings.extend(hammering(report));
    warnings.extend(growing_points(report));
    warnings.extend(brim(report));
    if plan.replications == 1 && !plan.is_sequential() {
        if report.summaries.iter().any(|summary| summary.batches.is_none()) {
            warnings.push(Warning::NoIntervals);
        }
        warnings.extend(correlated(report));
    } else {
        warnings.extend(if plan.precision.is_some() { imprecision(report) } else { wide(report) });
        warnings.extend(unselected(report));
        warnings.extend(few_values(report));
    }
    warnings
}

/// Where refusals use up most of the users of a finite test.
fn used_up(report: &Report) -> Option<Warning> {
    let of = |summary: &Summary| {
        let load = &report.plan.points[summary.point].load;
        let is_finite = matches!(load.pattern, Pattern::Test { .. }) && load.retry.is_none();
        let refused = summary.refused();
        (is_finite && refused > 0.0 && refused >= USED_UP * summary.sent).then_some((
            summary.point,
            refused,
            summary.sent,
        ))
    };
    let all: Vec<_> = report.summaries.iter().filter_map(of).collect();
    let &(point, refused, of) = all.iter().max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)))?;
    Some(Warning::UsedUp { place: words::place(report.plan, point), refused, of, others: all.len() - 1 })
}

/// Where most of what clients send follows a refusal sooner than a real client can connect.
fn hammering(report: &Report) -> Option<Warning> {
    let hammer = |summary: &&Summary| summary.instant_resends > HAMMERING * summary.succeeded.max(1.0);
    let all: Vec<&Summary> = report.summaries.iter().filter(hammer).collect();
    let most = all.iter().max_by(|a, b| a.instant_resends.total_cmp(&b.instant_resends))?;
    let load = &report.plan.points[most.point].load;
    let setting = if load.retry.is_some() { "load.retry.backoff" } else { "load.think_time" };
    let place = words::place(report.plan, most.point);
    Some(Warning::Hammering { place, refused: most.instant_resends, setting, others: all.len() - 1 })
}

/// Where work piles up fastest; requests before what is behind their answers.
fn growing_points(report: &Report) -> Option<Warning> {
    let all =
        report.summaries.iter().filter_map(|summary| Some((summary.point, summary.growth, summary.growth.any()?)));
    let growing: Vec<(usize, Growth, Interval)> = all.collect();
    let rank = |growth: &Growth, rate: &Interval| (growth.requests.is_some(), rate.estimate);
    let fastest = growing.iter().max_by(|a, b| {
        let ((a, rate), (b, other)) = (rank(&a.1, &a.2), rank(&b.1, &b.2));
        a.cmp(&b).then(rate.total_cmp(&other))
    });
    let &(point, growth, _) = fastest?;
    Some(Warning::Growing { place: words::place(report.plan, point), growth, others: growing.len() - 1 })
}

/// Where a resource under a steady open load is busiest, of those that may be overloaded.
fn brim(report: &Report) -> Option<Warning> {
    fn of<'a>(report: &Report, summary: &'a Summary) -> Option<(usize, &'a ResourceMean)> {
        let busiest = summary.at_brim(&report.plan.points[summary.point])?;
        Some((summary.point, busiest))
    }
    let all: Vec<_> = report.summaries.iter().filter_map(|summary| of(report, summary)).collect();
    let (point, busiest) = all.iter().max_by(|a, b| a.1.peak_utilisation.total_cmp(&b.1.peak_utilisation))?;
    Some(Warning::Brim {
        place: words::place(report.plan, *point),
        resource: busiest.name.clone(),
        utilisation: busiest.utilisation,
        busiest: busiest.peak_utilisation,
        others: all.len() - 1,
    })
}

/// Where the batches of a single run are most correlated.
fn correlated(report: &Report) -> Option<Warning> {
    let of = |summary: &Summary| {
        let batches = summary.batches.as_ref().filter(|batches| batches.are_correlated())?;
        Some((summary.point, batches.p_value))
    };
    let all: Vec<(usize, f64)> = report.summaries.iter().filter_map(of).collect();
    let &(point, _) = all.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Warning::Correlated { place: words::place(report.plan, point), others: all.len() - 1 })
}

/// The least precise of the figures for which a precision was asked.
fn imprecision(report: &Report) -> Option<Warning> {
    let asked = report.plan.precision.as_ref()?.half_width;
    let all = precision::shortfalls(report.plan, &report.summaries);
    let shortfall = *all.iter().max_by(|a, b| a.half_width.total_cmp(&b.half_width))?;
    let place = words::place(report.plan, shortfall.point);
    Some(Warning::Imprecise { place, shortfall, asked, others: all.len() - 1 })
}

/// Where most variants are left in a selection of the best; where a figure is lacking comes last. What an
/// interrupt left open is not told here.
fn unselected(report: &Report) -> Option<Warning> {
    let plan = report.plan;
    if report.is_partial() {
        return None;
    }
    let zone = plan.best_within?.share;
    let all = comparison::unselected(plan, &report.selections);
    let most = all.iter().rev().max_by_key(|it| (it.replications.is_some(), it.left.len()))?;
    Some(Warning::Unselected {
        place: plan.place(&plan.points[most.left[0]]),
        metric: plan.best_by,
        left: names(plan, &most.left).into_iter().map(Into::into).collect(),
        unselected: most.clone(),
        zone,
        others: all.len() - 1,
    })
}

/// Quantiles that the table shows or a claim is about, and that have no upper bound at sound points.
fn few_values(report: &Report) -> Vec<Warning> {
    let plan = report.plan;
    let claimed = plan.hypotheses.iter().filter_map(|hypothesis| hypothesis.expect.metric());
    let mut metrics: Vec<Metric> = claimed.filter(|metric| metric.quantile().is_some()).collect();
    metrics.push(Metric::P95S);
    metrics.sort_by(|a, b| a.quantile().partial_cmp(&b.quantile()).unwrap_or(Ordering::Equal));
    metrics.dedup();
    let sound = || report.summaries.iter().filter(|summary| report.is_safe(summary.point));
    let of = |metric: Metric| {
        let open = |summary: &&Summary| summary.metric(metric).is_some_and(|interval| interval.high == f64::INFINITY);
        let fewest = sound().filter(open).min_by_key(|summary| summary.response_times)?;
        Some(Warning::FewValues {
            place: words::place(plan, fewest.point),
            metric,
            values: fewest.response_times,
            others: sound().filter(open).count() - 1,
        })
    };
    metrics.into_iter().filter_map(of).collect()
}

fn wide(report: &Report) -> Option<Warning> {
    let sound = report.summaries.iter().filter(|summary| report.is_safe(summary.point));
    let wide: Vec<(usize, f64)> = sound
        .filter_map(|summary| Some((summary.point, summary.throughput_per_min?.relative_half_width())))
        .filter(|&(_, half)| half.is_finite() && half > WIDE)
        .collect();
    let &(point, half_width) = wide.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(Warning::Wide { place: words::place(report.plan, point), half_width, others: wide.len() - 1 })
}
