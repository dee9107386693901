//! `timeline` and its companions: what happened in each interval of each point, means over the replications with 95 %
//! bounds, and when what happened to replicas and breakers.

use super::results::{bounds, keys};
use super::sheet::{Cell, Row};
use super::whole::Report;
use crate::experiment::analyse::summary::{HistorySummary, Moment, Summary, TimelineSummary};
use crate::statistics::Interval;

/// The figures, in the order of the columns.
const FIGURES: [fn(&Moment) -> Option<Interval>; 11] = [
    |moment| Some(moment.sent_per_s),
    |moment| Some(moment.first_tries_per_s),
    |moment| Some(moment.succeeded_per_s),
    |moment| Some(moment.failed_per_s),
    |moment| Some(moment.given_up_per_s),
    |moment| moment.success_share,
    |moment| Some(moment.in_flight),
    |moment| moment.mean_s,
    |moment| moment.percentiles_s[0],
    |moment| moment.percentiles_s[1],
    |moment| moment.percentiles_s[2],
];

/// The rows of `timeline`; none where no point has a timeline.
pub fn timeline(report: &Report) -> impl Iterator<Item = Row> {
    report.summaries.iter().flat_map(|summary| {
        let moments = summary.timeline.iter().flat_map(|timeline| &timeline.moments);
        moments.map(|moment| {
            let mut row = begun(report, summary, moment);
            row.extend(FIGURES.iter().flat_map(|figure| bounds(figure(moment))));
            row
        })
    })
}

/// The rows of `timeline-failures`: a cause in an interval.
pub fn timeline_failures(report: &Report) -> impl Iterator<Item = Row> {
    recorded(report).flat_map(move |(summary, timeline, history)| {
        history.failures.iter().flat_map(move |(cause, rates)| {
            timeline.moments.iter().zip(rates).map(move |(moment, &rate)| {
                let mut row = begun(report, summary, moment);
                row.push(Cell::text(cause.as_str()));
                row.extend(bounds(Some(rate)));
                row
            })
        })
    })
}

/// The rows of `timeline-resources`: a resource in an interval.
pub fn timeline_resources(report: &Report) -> impl Iterator<Item = Row> {
    recorded(report).flat_map(move |(summary, timeline, history)| {
        history.levels.iter().flat_map(move |level| {
            timeline.moments.iter().enumerate().map(move |(index, moment)| {
                let at = |of: &[Interval]| of.get(index).copied();
                let mut row = begun(report, summary, moment);
                row.push(Cell::text(level.name.as_str()));
                row.extend(bounds(at(&level.in_use)));
                row.push(Cell::bound(level.capacity.as_deref().and_then(at).map(|it| it.estimate)));
                row.extend(bounds(at(&level.queue)));
                row
            })
        })
    })
}

/// The rows of `timeline-marks`: something that happened to a replica or a breaker in a replication.
pub fn timeline_marks(report: &Report) -> impl Iterator<Item = Row> {
    recorded(report).flat_map(move |(summary, _, history)| {
        history.marks.iter().map(move |(replication, mark)| {
            let mut row = keys(report.plan, summary.point);
            row.push(Cell::Count(*replication));
            row.push(Cell::Number(mark.at.seconds()));
            row.extend([mark.what.word(), mark.place.as_str()].map(Cell::text));
            row
        })
    })
}

/// The points of which everything was recorded.
fn recorded<'a>(
    report: &'a Report<'a>,
) -> impl Iterator<Item = (&'a Summary, &'a TimelineSummary, &'a HistorySummary)> {
    report.summaries.iter().filter_map(|summary| {
        let timeline = summary.timeline.as_ref()?;
        Some((summary, timeline, timeline.history.as_ref()?))
    })
}

/// The cells that name an interval of a point.
fn begun(report: &Report, summary: &Summary, moment: &Moment) -> Row {
    let mut row = keys(report.plan, summary.point);
    row.extend([Cell::Number(moment.from_s), Cell::Number(moment.to_s)]);
    row
}
