//! `trials.csv`: a row per replication.

use super::metric::METRICS;
use super::number::exact;
use super::results::{key_names, keys, lines, yes_or_no};
use crate::experiment::archive::OfPoint;
use crate::experiment::design::Plan;
use crate::experiment::trial::{FailedTrial, Trial};

/// Columns after the metrics.
const OTHERS: [&str; 11] = [
    "window_s",
    "sent",
    "ended",
    "succeeded",
    "hung",
    "events",
    "ending",
    "stuck",
    "saturated_resource",
    "deadlock",
    "violations",
];

/// The first row.
pub fn replications_header(plan: &Plan) -> String {
    let mut header = key_names(plan);
    header.push("replication".into());
    header.extend(METRICS.iter().map(|(name, _)| (*name).to_owned()));
    header.extend(OTHERS.map(String::from));
    lines([header].into_iter())
}

/// The rows of a point, in the order of replications.
pub fn replications(plan: &Plan, of_point: &OfPoint) -> String {
    let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
    rows.extend(of_point.trials.iter().map(|trial| (trial.replication, row(plan, trial))));
    rows.extend(of_point.failed.iter().map(|failed| (failed.replication, failed_row(plan, failed))));
    rows.sort_by_key(|&(replication, _)| replication);
    lines(rows.into_iter().map(|(_, row)| row))
}

fn row(plan: &Plan, trial: &Trial) -> Vec<String> {
    let mut row = keys(plan, trial.point);
    row.push(trial.replication.to_string());
    row.extend(METRICS.iter().map(|&(_, metric)| {
        let value = trial.metric(metric).filter(|_| trial.outlasts || !metric.is_of_completion());
        match value {
            // Never, which other programs read as a number too.
            Some(f64::INFINITY) => "inf".into(),
            value => value.map_or_else(String::new, exact),
        }
    }));
    row.push(exact(trial.window_s));
    row.extend([trial.sent, trial.ended, trial.succeeded, trial.hung, trial.events].map(|count| count.to_string()));
    row.push(trial.ending.to_string());
    row.push(yes_or_no(trial.stuck).into());
    row.push(trial.saturated.clone().unwrap_or_default());
    row.push(trial.deadlock.as_ref().map_or_else(String::new, |deadlock| deadlock.resource.clone()));
    row.push(trial.violations.join("; "));
    row
}

fn failed_row(plan: &Plan, failed: &FailedTrial) -> Vec<String> {
    let mut row = keys(plan, failed.point);
    row.push(failed.replication.to_string());
    row.resize(row.len() + METRICS.len() + OTHERS.len(), String::new());
    let ending = row.len() - 5;
    row[ending] = format!("failed: {}", failed.what);
    row
}
