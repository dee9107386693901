//! The classes of requests of each point: a table for the terminal and the rows of `classes`.

use super::Report;
use super::number::{aligned, rate_column, share, short, time_column};
use super::results::{bounds, keys};
use super::sheet::{Cell, Row};
use super::table::{Column, table};
use crate::experiment::summary::ClassSummary;
use crate::experiment::verdict;
use crate::statistics::Interval;

/// Rows beyond which the table is left to `classes.csv`.
const MOST_ROWS: usize = 60;

/// Each class of each point, with the point's index.
fn all<'a>(report: &'a Report) -> Vec<(usize, &'a ClassSummary)> {
    let of = |summary: &'a crate::experiment::summary::Summary| {
        summary.classes.iter().map(move |class| (summary.point, class))
    };
    report.summaries.iter().flat_map(of).collect()
}

/// The table; empty where no point has several classes.
pub fn classes(report: &Report) -> String {
    let all = all(report);
    let rows = &all[..all.len().min(MOST_ROWS)];
    if rows.is_empty() {
        return String::new();
    }
    let words = |word: &dyn Fn(&ClassSummary) -> String| rows.iter().map(|(_, class)| word(class)).collect();
    let rates: Vec<Option<Interval>> = rows.iter().map(|(_, class)| class.throughput_per_min).collect();
    let rate = rate_column("throughput", report.rates, &rates);
    let times = |name: &str, figure: &dyn Fn(&ClassSummary) -> Option<Interval>| {
        let (heading, cells) = time_column(name, &rows.iter().map(|(_, class)| figure(class)).collect::<Vec<_>>());
        Column::figures(heading, cells)
    };
    let mut columns = vec![Column::words("class", words(&|class| class.name.clone()))];
    if report.plan.points.len() > 1 {
        // A point is named at its first class.
        let place = |index: usize| match index.checked_sub(1).map(|before| rows[before].0) {
            Some(before) if before == rows[index].0 => String::new(),
            _ => verdict::place(report.plan, rows[index].0),
        };
        columns.insert(0, Column::words("point", (0..rows.len()).map(place).collect()));
    }
    columns.extend([
        Column::figures("sent", words(&|class| short(class.sent))),
        Column::figures(rate.0, rate.1),
        Column::figures(
            "success",
            aligned(&rows.iter().map(|(_, class)| share(class.success_rate)).collect::<Vec<_>>()),
        ),
        times("mean", &|class| class.mean_s),
        times("p50", &|class| class.p50_s),
        times("p95", &|class| class.p95_s),
        times("p99", &|class| class.p99_s),
    ]);
    let mut text = table(columns, &[]);
    if rows.len() < all.len() {
        text.push_str(&format!(
            "\nthe first {} of {} classes and points; classes.csv has all\n",
            rows.len(),
            all.len()
        ));
    }
    text
}

/// The rows of `classes`; none where no point has several classes.
pub fn classes_rows(report: &Report) -> impl Iterator<Item = Row> {
    all(report).into_iter().map(|(point, class)| {
        let mut row = keys(report.plan, point);
        row.extend([Cell::text(class.name.as_str()), Cell::Number(class.sent), Cell::Number(class.succeeded)]);
        let (throughput, success) = (class.throughput_per_min, Some(class.success_rate));
        let times = [class.mean_s, class.p50_s, class.p90_s, class.p95_s, class.p99_s, class.p999_s];
        row.extend([throughput, success].into_iter().chain(times).flat_map(bounds));
        row
    })
}
