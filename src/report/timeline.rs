//! `timeline.csv`: a row for each interval of each point, means over the replications with 95 % bounds.

use super::Report;
use super::classes::bounds;
use super::number::exact;
use super::results::{csv, key_names, keys};
use crate::experiment::summary::Moment;
use crate::statistics::Interval;

/// A column's name and its figure.
type Figure = (&'static str, fn(&Moment) -> Option<Interval>);

const FIGURES: [Figure; 8] = [
    ("sent_per_s", |moment| Some(moment.sent_per_s)),
    ("first_tries_per_s", |moment| Some(moment.first_tries_per_s)),
    ("succeeded_per_s", |moment| Some(moment.succeeded_per_s)),
    ("failed_per_s", |moment| Some(moment.failed_per_s)),
    ("given_up_per_s", |moment| Some(moment.given_up_per_s)),
    ("success_share", |moment| moment.success_share),
    ("in_flight_at_end", |moment| Some(moment.in_flight)),
    ("mean_s", |moment| moment.mean_s),
];

/// The file's text; none where no point has a timeline.
pub fn timeline(report: &Report) -> Option<String> {
    if report.summaries.iter().all(|summary| summary.timeline.is_none()) {
        return None;
    }
    let mut header = key_names(report.plan);
    header.extend(["from_s", "to_s"].map(String::from));
    for (name, _) in FIGURES {
        header.extend([name.into(), format!("{name}_lo"), format!("{name}_hi")]);
    }
    let rows = report.summaries.iter().flat_map(|summary| {
        let moments = summary.timeline.iter().flat_map(|timeline| &timeline.moments);
        moments.map(|moment| {
            let mut row = keys(report.plan, summary.point);
            row.extend([exact(moment.from_s), exact(moment.to_s)]);
            row.extend(FIGURES.iter().flat_map(|(_, figure)| bounds(figure(moment))));
            row
        })
    });
    Some(csv(header, rows))
}
