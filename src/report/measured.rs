//! The table of measurements: what the real system did, what the model does, and how far they are apart.

use super::detail::Detail;
use super::overview::laid_out;
use super::results::{bounds, groups, keys};
use super::sheet::{Cell, Row};
use super::table::Column;
use super::whole::Report;
use crate::experiment::analyse::finding;
use crate::experiment::analyse::verdict::{self, Deviation};
use crate::experiment::analyse::words;
use crate::experiment::plan::Measurement;
use crate::language::Metric;

/// The table: a row for each figure of each measurement; empty without measurements.
pub fn measured(report: &Report, detail: Detail) -> String {
    let columns = columns(report);
    if columns.is_empty() { String::new() } else { laid_out(columns, &[], detail) }
}

/// Its columns; none without measurements.
pub(super) fn columns(report: &Report) -> Vec<Column> {
    let rows = rows(report);
    if rows.is_empty() {
        return Vec::new();
    }
    let each = |cell: &dyn Fn(&Line) -> String| -> Vec<String> { rows.iter().map(cell).collect() };
    let deviation = |row: &Line| row.deviation.as_ref().map_or_else(String::new, Deviation::words);
    let metric = |row: &Line| row.metric.map_or("", |(metric, _)| finding::short_name(metric)).to_owned();
    let rates = report.rates;
    let was = |row: &Line| {
        row.metric.map_or_else(String::new, |(metric, value)| words::amount_beside(value, value, metric, rates))
    };
    let predicted = |row: &Line| match &row.deviation {
        Some(it) => it.predicted_words(),
        None => "–".into(),
    };
    let mut columns = vec![
        Column::words("name", each(&|row| row.name.clone())),
        Column::words("at", each(&|row| row.place.clone())).optional(1),
        Column::words("figure", each(&metric)),
        Column::figures("measured", each(&was)),
        Column::figures("predicted", each(&predicted)),
        Column::figures("deviation", each(&deviation)),
    ];
    if rows.iter().any(|row| row.deviation.is_some_and(|it| it.tolerance.is_some())) {
        columns.push(Column::words("within", each(&within)));
    }
    columns
}

/// What the columns are, in a sentence for those who have not seen them before.
pub(super) fn definition(columns: &[Column]) -> String {
    let within = match columns.iter().any(|column| column.heading() == "within") {
        true => "; within: whether the deviation is inside the tolerance that the experiment sets",
        false => "; the experiment sets no tolerance",
    };
    format!(
        "Measured: on the real system. Predicted: that of the simulated runs, x or y where they fall into two groups. \
         Deviation: predicted less measured, relative to measured, of shares in percentage points{within}."
    )
}

struct Line {
    /// Of the measurement's first row.
    name: String,
    place: String,
    /// What was measured; none where the point has no figures at all.
    metric: Option<(Metric, f64)>,
    /// None where it is not predicted.
    deviation: Option<Deviation>,
}

fn rows(report: &Report) -> Vec<Line> {
    let of = |measurement: &Measurement| {
        let summary = report.summary(measurement.point);
        let deviations =
            summary.map(|summary| verdict::deviations(measurement, summary, report.rates)).unwrap_or_default();
        let (name, place) = (measurement.name.clone(), words::place(report.plan, measurement.point));
        let missing = summary.map(|summary| verdict::unpredicted(measurement, summary)).unwrap_or_default();
        let known = deviations.into_iter().map(|it| (Some((it.metric, it.measured)), Some(it)));
        let all = known.chain(missing.into_iter().map(|it| (Some(it), None)));
        let line = |(metric, deviation)| Line { name: String::new(), place: String::new(), metric, deviation };
        let mut lines: Vec<Line> = all.map(line).collect();
        if lines.is_empty() {
            lines.push(line((None, None)));
        }
        (lines[0].name, lines[0].place) = (name, place);
        lines
    };
    report.plan.measurements.iter().flat_map(of).collect()
}

/// `yes (± 10 %)`.
fn within(row: &Line) -> String {
    let Some(deviation) = &row.deviation else { return "no figures".into() };
    let word = match deviation.runs_within() {
        None => return String::new(),
        Some((within, all)) if within == all => "yes".to_owned(),
        Some((0, _)) => "NO".into(),
        Some((within, all)) => format!("in {within} of {all} runs"),
    };
    format!("{word} ({})", deviation.allowed().unwrap_or_default())
}

/// The rows of `measurements`: one for each figure that was measured and is predicted.
pub fn measured_rows(report: &Report) -> impl Iterator<Item = Row> {
    report.plan.measurements.iter().flat_map(move |measurement| {
        let summary = report.summary(measurement.point);
        let deviations =
            summary.map(|summary| verdict::deviations(measurement, summary, report.rates)).unwrap_or_default();
        deviations.into_iter().map(move |it| {
            let mut row = keys(report.plan, measurement.point);
            row.extend([Cell::text(measurement.name.as_str()), Cell::text(it.metric.name())]);
            row.push(Cell::Number(it.measured));
            row.extend(bounds(summary.and_then(|summary| summary.metric(it.metric))));
            row.push(Cell::Number(it.size));
            row.push(Cell::text(if it.is_relative { "relative" } else { "absolute" }));
            row.push(Cell::number(it.tolerance));
            row.push(it.is_within().map_or(Cell::Missing, Cell::Flag));
            row.extend(groups([it.groups]));
            row
        })
    })
}
