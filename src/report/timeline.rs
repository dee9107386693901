//! `timeline`: a row for each interval of each point, means over the replications with 95 % bounds.

use super::results::{bounds, keys};
use super::sheet::{Cell, Row};
use super::whole::Report;
use crate::experiment::analyse::summary::Moment;
use crate::statistics::Interval;

/// The figures, in the order of the columns.
const FIGURES: [fn(&Moment) -> Option<Interval>; 8] = [
    |moment| Some(moment.sent_per_s),
    |moment| Some(moment.first_tries_per_s),
    |moment| Some(moment.succeeded_per_s),
    |moment| Some(moment.failed_per_s),
    |moment| Some(moment.given_up_per_s),
    |moment| moment.success_share,
    |moment| Some(moment.in_flight),
    |moment| moment.mean_s,
];

/// The rows of `timeline`; none where no point has a timeline.
pub fn timeline(report: &Report) -> impl Iterator<Item = Row> {
    report.summaries.iter().flat_map(|summary| {
        let moments = summary.timeline.iter().flat_map(|timeline| &timeline.moments);
        moments.map(|moment| {
            let mut row = keys(report.plan, summary.point);
            row.extend([Cell::Number(moment.from_s), Cell::Number(moment.to_s)]);
            row.extend(FIGURES.iter().flat_map(|figure| bounds(figure(moment))));
            row
        })
    })
}
