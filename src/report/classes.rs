//! The classes of requests of each point: a table for the terminal and the rows of `classes`.

use super::detail::Detail;
use super::number::{self, Figure, aligned, rate_column, time_column};
use super::results::{bounds, keys};
use super::sheet::{Cell, Row};
use super::table::{Column, short, table};
use super::whole::Report;
use crate::experiment::analyse::summary::ClassSummary;
use crate::experiment::analyse::words;
use crate::statistics::Interval;

/// Rows beyond which the table is left to `classes.csv`.
const MOST_ROWS: usize = 60;

/// Each class of each point, with the point's index.
fn all<'a>(report: &'a Report) -> Vec<(usize, &'a ClassSummary)> {
    let of = |summary: &'a crate::experiment::analyse::summary::Summary| {
        summary.classes.iter().map(move |class| (summary.point, class))
    };
    report.summaries.iter().flat_map(of).collect()
}

/// The table, of the columns that fit into a terminal unless all are wanted; empty where no point has several classes.
pub fn classes(report: &Report, detail: Detail, elsewhere: &str) -> String {
    let all = all(report);
    let rows = &all[..all.len().min(MOST_ROWS)];
    if rows.is_empty() {
        return String::new();
    }
    let words = |word: &dyn Fn(&ClassSummary) -> String| rows.iter().map(|(_, class)| word(class)).collect();
    let of = |interval: Option<Interval>| Figure { interval, groups: None };
    let rates: Vec<Figure> = rows.iter().map(|(_, class)| of(class.throughput_per_min)).collect();
    let rate = rate_column("throughput", report.rates, &rates);
    let times = |name: &str, figure: &dyn Fn(&ClassSummary) -> Option<Interval>| {
        let (heading, cells) = time_column(name, &rows.iter().map(|(_, class)| figure(class)).collect::<Vec<_>>());
        Column::figures(heading, cells)
    };
    let mut columns = vec![Column::words("class", words(&|class| class.name.clone()))];
    // A point is named before its first class.
    let is_first = |&row: &usize| row == 0 || rows[row].0 != rows[row - 1].0;
    let named = (0..rows.len()).filter(|_| report.plan.points.len() > 1).filter(is_first);
    let sections: Vec<(usize, String)> = named.map(|row| (row, words::place(report.plan, rows[row].0))).collect();
    columns.extend([
        Column::figures("sent", words(&|class| number::short(class.sent))).optional(6),
        Column::figures(rate.0, rate.1),
        Column::figures(
            "success",
            aligned(&number::shares(&rows.iter().map(|(_, class)| of(Some(class.success_rate))).collect::<Vec<_>>())),
        ),
        times("mean", &|class| class.mean_s).optional(2),
        times("p50", &|class| class.p50_s).optional(4),
        times("p95", &|class| class.p95_s).optional(1),
        times("p99", &|class| class.p99_s).optional(3),
    ]);
    let mut text = match detail {
        Detail::Full => table(columns, &sections),
        _ => short(columns, &sections, elsewhere),
    };
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
