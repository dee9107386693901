//! Parity: a model of parts that were measured in isolation against the repetitions of a whole Node.js testbed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use sim::experiment::account::Account;
use sim::experiment::analyse::trial::Trial;
use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::runner::{self, Progress};

/// The page with the table of rows.
const PAGE: &str = "docs/parts/node-testbed.md";

/// Of the repetitions of a row: what was measured, and what is predicted.
#[derive(Default)]
struct Figure {
    measured: Vec<f64>,
    predicted: Vec<f64>,
}

impl Figure {
    fn add(&mut self, measured: Option<f64>, predicted: Option<f64>) {
        let Some(measured) = measured else { return };
        self.measured.push(measured);
        self.predicted.extend(predicted);
    }

    /// The means over the repetitions, if each has both.
    fn means(&self) -> Option<(f64, f64)> {
        let count = self.measured.len();
        let is_whole = count > 0 && self.predicted.len() == count;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / count as f64;
        is_whole.then(|| (mean(&self.measured), mean(&self.predicted)))
    }

    /// How far the prediction is off, relative to what was measured.
    fn off(&self) -> Option<f64> {
        self.means().filter(|(measured, _)| *measured > 0.0).map(|(measured, predicted)| predicted / measured - 1.0)
    }

    fn cells(&self, decimals: usize) -> String {
        let Some((measured, predicted)) = self.means() else { return "- | - | ".into() };
        let off = self.off().map_or_else(String::new, |off| format!("{:+.1} %", (1000.0 * off).round() / 10.0 + 0.0));
        format!("{measured:.decimals$} | {predicted:.decimals$} | {off}")
    }
}

#[derive(Default)]
struct Row {
    throughput: Figure,
    mean: Figure,
    p95: Figure,
    success: Figure,
    stuck: Figure,
}

fn rows() -> BTreeMap<String, Row> {
    let plan =
        Plan::read("experiments/node-testbed.toml".as_ref(), &Adjustments::default()).expect("a sound experiment");
    let trials = runner::run(&plan, &Progress::default());
    assert!(trials.failed.is_empty() && trials.done.iter().all(Trial::is_sound));
    let summaries = Account::of_trials(&plan, trials).summaries;
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for one in &plan.measurements {
        let summary = &summaries[one.point];
        let name = one.name.split(' ').next().unwrap_or_default();
        let row = rows.entry(name.into()).or_default();
        let estimate = |of: Option<sim::statistics::Interval>| of.map(|it| it.estimate);
        row.throughput.add(one.measured.throughput_per_min, estimate(summary.throughput_per_min));
        row.mean.add(one.measured.mean_s, estimate(summary.mean_s));
        row.p95.add(one.measured.p95_s, estimate(summary.p95_s));
        row.success.add(one.measured.success_rate, Some(summary.success_rate.estimate));
        let gets_stuck = f64::from(u8::from(one.measured.throughput_per_min == Some(0.0)));
        row.stuck.add(Some(gets_stuck), Some(summary.stuck as f64 / summary.replications as f64));
    }
    rows
}

fn median(rows: &BTreeMap<String, Row>, figure: impl Fn(&Row) -> &Figure) -> f64 {
    let mut off: Vec<f64> = rows.values().filter_map(|row| figure(row).off()).map(f64::abs).collect();
    off.sort_by(f64::total_cmp);
    let middle = off.len() / 2;
    if off.len() % 2 == 1 { off[middle] } else { (off[middle - 1] + off[middle]) / 2.0 }
}

fn table(rows: &BTreeMap<String, Row>) -> String {
    let mut text =
        "| row | orders/min: measured | predicted | off | mean (s): measured | predicted | off | p95 (s): measured \
                    | predicted | off | success: measured | predicted |\n\
                    | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_string();
    for (name, row) in rows {
        let success = row.success.means().unwrap_or_default();
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {:.0} % | {:.0} % |",
            row.throughput.cells(0),
            row.mean.cells(3),
            row.p95.cells(3),
            100.0 * success.0,
            100.0 * success.1
        );
    }
    let _ = writeln!(
        text,
        "| median error | | | {:.1} % | | | {:.1} % | | | {:.1} % | | |",
        100.0 * median(rows, |row| &row.throughput),
        100.0 * median(rows, |row| &row.mean),
        100.0 * median(rows, |row| &row.p95)
    );
    text
}

/// The page holds the table of the whole, misses included; `UPDATE_GOLDEN=1` writes it anew. Systems that get stuck are
/// predicted to, and no other.
#[test]
fn isolated_parts_predict_the_rows_of_the_node_testbed() {
    let rows = rows();
    for (name, row) in &rows {
        let (measured, predicted) = row.stuck.means().expect("each repetition has a prediction");
        assert!((measured - predicted).abs() < 0.05, "{name}: {predicted} of the runs get stuck");
    }
    let table = table(&rows);
    let page = fs::read_to_string(PAGE).expect("the page of the testbed");
    let start = page.find("| row |").expect("a table");
    let end = start + page[start..].find("\n\n").expect("an end of the table") + 1;
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(PAGE, format!("{}{table}{}", &page[..start], &page[end..])).expect("a page");
        return;
    }
    assert_eq!(&page[start..end], table, "UPDATE_GOLDEN=1 writes the table anew");
}
