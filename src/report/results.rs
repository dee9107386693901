//! `results.csv`: a row per variant and point, each figure with its 95 % bounds.

use super::Report;
use super::metric::{METRICS, says_something};
use super::number::exact;
use crate::experiment::design::{Axis, Plan};
use crate::spec::Metric;

/// The file's text.
pub fn results(report: &Report) -> String {
    let mut header = key_names(report.plan);
    header.push("replications".into());
    for (name, _) in METRICS {
        header.extend([name.into(), format!("{name}_lo"), format!("{name}_hi")]);
    }
    header.extend(["saturated_resource", "deadlock", "stuck", "unsound"].map(String::from));
    let rows = report.summaries.iter().map(|summary| {
        let mut row = keys(report.plan, summary.point);
        row.push(summary.replications.to_string());
        for (_, metric) in METRICS {
            let interval = summary.metric(metric).filter(|_| says_something(summary, metric));
            let never = metric == Metric::RecoveryS && summary.never_recovered > 0;
            let bound = |value: Option<f64>| match value {
                // Never, as `trials.csv` has it.
                Some(f64::INFINITY) if never => "inf".into(),
                value => value.map_or_else(String::new, exact),
            };
            row.push(bound(interval.map(|interval| interval.estimate)));
            row.push(bound(interval.map(|interval| interval.low)));
            row.push(bound(interval.map(|interval| interval.high)));
        }
        row.push(summary.saturated.clone().unwrap_or_default());
        row.push(summary.deadlock.as_ref().map_or_else(String::new, |(deadlock, _)| deadlock.resource.clone()));
        row.push(yes_or_no(summary.is_stuck()).into());
        row.push(summary.unsound.join("; "));
        row
    });
    csv(header, rows)
}

/// What names a row: the variant, then each axis.
pub(super) fn key_names(plan: &Plan) -> Vec<String> {
    let axes = plan.axes.iter().map(|axis: &Axis| axis.name.clone());
    std::iter::once("variant".to_owned()).chain(axes).collect()
}

/// The values that name a point's row.
pub(super) fn keys(plan: &Plan, point: usize) -> Vec<String> {
    let planned = &plan.points[point];
    let values = plan.axes.iter().zip(&planned.at).map(|(axis, &value)| axis.values[value].text.clone());
    std::iter::once(plan.variants[planned.variant].clone()).chain(values).collect()
}

pub(super) fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// A header and rows as CSV.
pub(super) fn csv(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    lines(std::iter::once(header).chain(rows))
}

/// Rows as CSV. Writing to memory cannot fail.
pub(super) fn lines(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap_or_default();
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}
