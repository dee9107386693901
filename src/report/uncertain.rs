//! What draws of a posterior do to the points of a sweep: the table of bands, the columns of `results`, a sentence.

use serde_json::{Value, json};

use super::number::significant;
use super::paragraph::{count, paragraph};
use super::sheet::{Cell, Row};
use super::table::{Column, WIDTH, short};
use super::whole::Report;
use crate::calibrate::propagation::{FIGURES, Propagation, Share, Uncertain};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words::{amount_beside, place};
use crate::language::Metric;
use crate::model::RateUnit;
use crate::statistics::Interval;

/// Rows of the table at most; results.csv has all.
const MOST_ROWS: usize = 60;

/// Figures of the table.
const SHOWN: [Metric; 4] = [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::MeanS, Metric::P95S];

/// How many draws were run, and what the bands are.
fn method(propagation: &Propagation) -> String {
    format!(
        "{} of {} from a posterior, {} each; parameters: where the expected figure is with 90 % of the draws; tests: where 90 % of \
         tests as long as a replication fall, with noise and with what the model gets wrong",
        count(propagation.draws, "draw"),
        count(propagation.parameters.len(), "parameter"),
        count(propagation.replications as usize, "replication"),
    )
}

/// The table of bands: a row for each figure of each point; empty without a posterior.
pub fn uncertain(report: &Report) -> String {
    let Some(propagation) = &report.uncertain else { return String::new() };
    let mut rows = rows(report, propagation);
    let all = rows.len();
    if all == 0 {
        return String::new();
    }
    rows.truncate(MOST_ROWS);
    let mut text = short(columns(report, &rows), &[], "results.csv");
    if all > rows.len() {
        text.push_str(&format!("\nthe first {} of {all} rows; results.csv has all\n", rows.len()));
    }
    format!("{text}\n{}", paragraph("", &method(propagation), Some(WIDTH)))
}

/// A figure of a point; the place of the point stands in its first row.
type Line = (String, Metric, Uncertain);

fn rows(report: &Report, propagation: &Propagation) -> Vec<Line> {
    let mut rows = Vec::new();
    for summary in &report.summaries {
        let mut name = place(report.plan, summary.point);
        for metric in SHOWN {
            if let Some(found) = propagation.of(summary.point, metric) {
                rows.push((std::mem::take(&mut name), metric, found));
            }
        }
    }
    rows
}

fn columns(report: &Report, rows: &[Line]) -> Vec<Column> {
    let cells = |cell: &dyn Fn(Metric, Uncertain) -> String| -> Vec<String> {
        rows.iter().map(|&(_, metric, found)| cell(metric, found)).collect()
    };
    let rates = report.rates;
    vec![
        Column::words("at", rows.iter().map(|(name, ..)| name.trim_start_matches("at ").to_owned()).collect()),
        Column::words("figure", cells(&|metric, _| metric.short().into())),
        Column::figures("expected", cells(&|metric, found| beside(found.expected.estimate, found, metric, rates))),
        Column::words("90 % of parameters", cells(&|metric, found| span(found.expected, found, metric, rates))),
        Column::words("90 % of tests", cells(&|metric, found| span(found.band, found, metric, rates))),
    ]
}

fn span(interval: Interval, found: Uncertain, metric: Metric, rates: RateUnit) -> String {
    let end = |value: f64| beside(value, found, metric, rates);
    format!("{} to {}", end(interval.low), end(interval.high))
}

/// A value with as many decimals as four digits of the expected one have.
fn beside(value: f64, found: Uncertain, metric: Metric, rates: RateUnit) -> String {
    amount_beside(value, significant(found.expected.estimate, 4), metric, rates)
}

/// The cells of a point in `results`: of each figure the ends of both bands; none without a posterior.
pub(super) fn cells(report: &Report, summary: &Summary) -> Row {
    let Some(propagation) = &report.uncertain else { return Row::new() };
    let of = |metric: Metric| {
        let found = propagation.of(summary.point, metric);
        let ends = [found.map(|it| it.expected), found.map(|it| it.band)];
        ends.into_iter().flat_map(|it| [Cell::bound(it.map(|it| it.low)), Cell::bound(it.map(|it| it.high))])
    };
    FIGURES.into_iter().flat_map(of).collect()
}

/// What they are for programs.
pub(super) fn document(propagation: &Propagation) -> Value {
    let hypothesis = |it: &Share| json!({ "holds": it.holds, "fails": it.fails, "undecided": it.undecided });
    json!({
        "parameters": propagation.parameters,
        "draws": propagation.draws,
        "replications": propagation.replications,
        "hypotheses": propagation.hypotheses.iter().map(hypothesis).collect::<Vec<_>>(),
        "doubts": propagation.doubts,
    })
}

/// The bands of a point for programs: by metric.
pub(super) fn bands(propagation: &Propagation, point: usize) -> Value {
    let of = |metric: Metric| {
        let found = propagation.of(point, metric)?;
        let (parameters, tests) = (found.expected, found.band);
        let bands = json!({
            "expected": parameters.estimate,
            "parameters_90": [parameters.low, parameters.high],
            "tests_90": [tests.low, tests.high],
        });
        Some((metric.name().to_owned(), bands))
    };
    Value::Object(FIGURES.into_iter().filter_map(of).collect())
}
