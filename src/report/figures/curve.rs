//! A metric of one variant along the first axis, as a curve.

use super::method;
use super::set::Set;
use crate::experiment::analyse::finding::{Finding, Turn};
use crate::experiment::analyse::summary::{GroupMean, Summary};
use crate::experiment::plan::Direction;
use crate::language::Metric;
use crate::report::chart::{Collapse, Line, Point};
use crate::report::turn;
use crate::statistics::Interval;

/// A figure as it is drawn.
pub(super) struct Drawn {
    /// That of all runs, or the mean of the larger group where they fall into two, which has no bounds.
    pub interval: Interval,
    /// The mean of the other group.
    pub other: Option<GroupMean>,
}

/// A metric of a point as it is drawn: of two groups of runs that of the larger one, or of the one with the higher
/// throughput where both are as large.
pub(super) fn drawn(summary: &Summary, metric: Metric) -> Option<Drawn> {
    let interval = summary.metric(metric)?;
    Some(match summary.group_means(metric) {
        None => Drawn { interval, other: None },
        Some([high, low]) => {
            let (most, other) = if high.runs >= low.runs { (high, low) } else { (low, high) };
            Drawn { interval: Interval { estimate: most.mean, low: f64::NAN, high: f64::NAN }, other: Some(other) }
        }
    })
}

/// The curve; a point without a value is a gap.
pub(super) fn curve(set: &Set, finding: &Finding, metric: Metric, factor: f64) -> Line {
    let point = |&point: &usize| {
        let summary = set.report.summary(point);
        let drawn = summary.and_then(|summary| drawn(summary, metric));
        let is_known = summary.is_some_and(|summary| summary.replications >= method::FEWEST_RUNS);
        let planned = point;
        let point = plotted(set.drawn(set.x(point)), drawn.as_ref().map(|it| it.interval), factor, is_known);
        let found = set.report.uncertain.as_ref().and_then(|it| it.of(planned, metric));
        let wide = found.map(|it| (it.band.low * factor, it.band.high * factor));
        Point { wide, other: drawn.and_then(|it| it.other).map(|other| other.mean * factor), ..point }
    };
    Line {
        label: set.variant(finding).into(),
        points: finding.points.iter().map(point).collect(),
        color: finding.variant,
        of: finding.points.clone(),
        ..Line::default()
    }
}

/// A point with its interval, where that has bounds and comes from enough runs.
fn plotted(x: f64, interval: Option<Interval>, factor: f64, is_known: bool) -> Point {
    match interval {
        None => Point::new(x, f64::NAN),
        Some(Interval { estimate, low, high }) if is_known && low.is_finite() && high.is_finite() => {
            Point::with_interval(x, estimate * factor, low * factor, high * factor)
        }
        Some(interval) => Point::new(x, interval.estimate * factor),
    }
}

/// The mark where a curve stops being safe. Where several do so at one place, the first is marked for all of them, and a
/// resource is named if it is behind all.
pub(super) fn mark(set: &Set, finding: &Finding) -> Option<Collapse> {
    let found = finding.turn.as_ref()?;
    // Where no value is safe, no place on such an axis is more telling than the others.
    let is_nowhere = finding.safe_values(set.axis).is_some_and(|safe| safe.is_empty());
    if is_nowhere && set.axis.direction() == Direction::Neither {
        return None;
    }
    let is_here = |other: &&&Finding| {
        let alike = |other: &Turn| (other.from, other.to, other.condition) == (found.from, found.to, found.condition);
        other.turn.as_ref().is_some_and(alike)
    };
    let alike: Vec<&&Finding> = set.findings.iter().filter(is_here).collect();
    if alike.first().is_some_and(|first| first.variant != finding.variant) {
        return None;
    }
    let who = match alike.len() {
        1 => String::new(),
        _ if set.axis.direction() == Direction::Capacity => String::new(),
        count if count == set.findings.len() => "all ".into(),
        count => format!("{count} variants "),
    };
    let is_same = |other: &&&Finding| other.turn.as_ref().is_some_and(|turn| turn.name == found.name);
    let name = found.name.clone().filter(|_| alike.iter().all(is_same));
    let found = &Turn { name, ..found.clone() };
    let label = format!("{who}{}", turn::mark(set.axis, found, alike.len() > 1));
    let from_x = set.drawn(found.from.unwrap_or(found.to));
    Some(Collapse {
        from_x,
        to_x: set.drawn(found.to),
        label,
        others: alike.iter().skip(1).map(|finding| finding.variant).collect(),
    })
}
