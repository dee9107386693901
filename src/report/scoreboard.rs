//! The scoreboard as a table.

use super::table::{Column, short};
use crate::calibrate::scoreboard::{Entry, EntryScore};
use crate::language::Metric;

/// The scoreboard: a row for each metric of each comparison.
pub fn scoreboard(entries: &[Entry]) -> String {
    let rows: Vec<(usize, &Entry, &EntryScore)> = entries
        .iter()
        .flat_map(|entry| entry.scores.iter().enumerate().map(move |(at, one)| (at, entry, one)))
        .collect();
    let metric = |one: &EntryScore| Metric::all().find(|metric| metric.name() == one.metric);
    let once = |at: usize, text: &str| if at == 0 { text.to_owned() } else { String::new() };
    let unit = |one: &EntryScore| if metric(one).is_some_and(Metric::is_rate) { "points" } else { "%" };
    let cells = |cell: &dyn Fn(&(usize, &Entry, &EntryScore)) -> String| rows.iter().map(cell).collect::<Vec<String>>();
    let columns = vec![
        Column::words("when", cells(&|(at, entry, _)| once(*at, entry.at.trim_end_matches('Z')).replace('T', " "))),
        Column::words("experiment", cells(&|(at, entry, _)| once(*at, &entry.experiment))),
        Column::words("data", cells(&|(at, entry, _)| once(*at, &entry.data))).optional(1),
        Column::words("is", cells(&|(at, entry, _)| once(*at, &entry.agreement))),
        Column::words(
            "figure",
            cells(&|(_, _, one)| metric(one).map_or(one.metric.clone(), |metric| metric.short().into())),
        ),
        Column::figures("figures", cells(&|(_, _, one)| one.figures.to_string())).optional(3),
        Column::figures("error", cells(&|(_, _, one)| format!("{:.1} {}", one.median_error * 100.0, unit(one)))),
        Column::figures("bias", cells(&|(_, _, one)| format!("{:+.1} {}", one.bias * 100.0, unit(one)))),
        Column::figures("in band", cells(&|(_, _, one)| format!("{} of {}", one.covered, one.bands))).optional(2),
    ];
    short(columns, &[], "--format json")
}
