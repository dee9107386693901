//! The subtitle of a figure: how its numbers came to be.

use crate::experiment::plan::Plan;
use crate::model::{Arrivals, Pattern, RateUnit};
use crate::report::number::{seconds, short};
use crate::report::whole::Report;

/// `Simulated, 5 replications a point, finite closed test of 2 x concurrency users, 30 s client time-out`.
pub(super) fn subtitle(report: &Report, points: &[usize], place: &str) -> String {
    let plan = report.plan;
    let mut parts = vec!["Simulated".to_owned()];
    let load = load(plan, report.rates, points);
    // A rate that the load names is not said twice.
    let value = place.split_once(" = ").map_or(place, |(_, value)| value);
    let is_said =
        load.iter().any(|part| part.ends_with(&format!(" at {value}")) || *part == format!("{value} concurrent"));
    if !place.is_empty() && !is_said {
        parts.push(format!("at {place}"));
    }
    parts.push(report.effort().replace("run", "replication"));
    parts.extend(load);
    if common(points, |point| plan.points[point].load.auto_warm_up) == Some(true) {
        parts.push("after a warm-up by MSER-5".into());
    }
    match common(points, |point| plan.points[point].load.timeout) {
        Some(Some(timeout)) => parts.push(format!("{} client time-out", seconds(timeout.seconds()))),
        Some(None) => {}
        None => parts.push("various client time-outs".into()),
    }
    if report.is_partial() {
        parts.push("interrupted".into());
    }
    parts.join(", ")
}

/// Runs of a point from which on its intervals are drawn: those of two runs say next to nothing, by a spread that has one
/// degree of freedom.
pub(super) const FEWEST_RUNS: usize = 3;

/// What the bands (or `Whiskers`) are, and where there are none.
pub(super) fn intervals(report: &Report, what: &str) -> String {
    let runs = || report.summaries.iter().map(|summary| summary.replications);
    let (fewest, most) = (runs().min().unwrap_or(0), runs().max().unwrap_or(0));
    let confidence = match (fewest, most) {
        (_, ..2) => String::new(),
        (_, 2) => "No intervals are drawn: there are two runs a point.".into(),
        (FEWEST_RUNS.., _) => format!("{what}: 95 % confidence intervals."),
        _ => format!("{what}: 95 % confidence intervals, of points with three runs or more."),
    };
    let Some(propagation) = report.uncertain.as_ref().filter(|_| what == "Bands") else { return confidence };
    let pale = format!("Pale bands: where 90 % of tests fall, with {} draws of the parameters.", propagation.draws);
    [confidence, pale].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What a property is at all points; none where it differs.
pub(super) fn common<T: PartialEq>(points: &[usize], property: impl Fn(usize) -> T) -> Option<T> {
    let mut values = points.iter().map(|&point| property(point));
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

/// The kind of load, and what of it is the same at all points.
pub(in crate::report) fn load(plan: &Plan, rates: RateUnit, points: &[usize]) -> Vec<String> {
    let pattern = |point: usize| &plan.points[point].load.pattern;
    let Some(&first) = points.first() else { return Vec::new() };
    let same = |other: usize| std::mem::discriminant(pattern(other)) == std::mem::discriminant(pattern(first));
    if !points.iter().all(|&point| same(point)) {
        return vec!["various loads".into()];
    }
    let concurrent = common(points, |point| match pattern(point) {
        Pattern::Test { concurrency, .. } | Pattern::Endless { concurrency, .. } => Some(*concurrency),
        _ => None,
    });
    let concurrent = concurrent.flatten().map(|concurrency| format!("{} concurrent", short(f64::from(concurrency))));
    match pattern(first) {
        Pattern::Test { .. } => concurrent.into_iter().chain(std::iter::once(test(plan, points))).collect(),
        Pattern::Endless { .. } => {
            let window = common(points, |point| match pattern(point) {
                Pattern::Endless { warm_up, duration, .. } => Some((*warm_up, *duration)),
                _ => None,
            });
            let measured = window.flatten().map(|(warm_up, duration)| measured(warm_up.seconds(), duration.seconds()));
            concurrent.into_iter().chain(["endless closed load".into()]).chain(measured).collect()
        }
        Pattern::Staged { .. } => vec!["closed load in stages".into()],
        Pattern::Mixed { .. } => vec!["classes with clients or a rate of their own".into()],
        Pattern::Varying { .. } => vec!["arrivals at a changing rate".into()],
        Pattern::Trace { .. } => vec!["recorded arrivals".into()],
        Pattern::Open { arrivals, .. } => {
            let gap = common(points, |point| match pattern(point) {
                Pattern::Open { gap, .. } => gap.to_bits(),
                _ => 0,
            });
            let window = common(points, |point| match pattern(point) {
                Pattern::Open { warm_up, duration, .. } => Some((*warm_up, *duration)),
                _ => None,
            });
            let kind = match arrivals {
                Arrivals::Poisson => "Poisson arrivals",
                Arrivals::Constant => "evenly spaced arrivals",
            };
            let rate = gap.map(|bits| format!(" at {}", rates.words(60e9 / f64::from_bits(bits)))).unwrap_or_default();
            let measured = window.flatten().map(|(warm_up, duration)| measured(warm_up.seconds(), duration.seconds()));
            std::iter::once(format!("{kind}{rate}")).chain(measured).collect()
        }
    }
}

fn measured(warm_up: f64, duration: f64) -> String {
    if warm_up > 0.0 {
        format!("{} measured after {} of warm-up", seconds(duration), seconds(warm_up))
    } else {
        format!("{} measured", seconds(duration))
    }
}

/// A finite test: its number of users, or that for each concurrent one.
fn test(plan: &Plan, points: &[usize]) -> String {
    let both = |point: usize| match plan.points[point].load.pattern {
        Pattern::Test { users, concurrency, .. } => (users, concurrency),
        _ => (0, 1),
    };
    if let Some(users) = common(points, |point| both(point).0) {
        return format!("finite closed test of {} users", short(f64::from(users)));
    }
    let each = common(points, |point| {
        let (users, concurrency) = both(point);
        users.is_multiple_of(concurrency.max(1)).then(|| users / concurrency.max(1))
    });
    match each.flatten() {
        Some(each) => format!("finite closed test of {each} × concurrency users"),
        None => "finite closed test".into(),
    }
}
