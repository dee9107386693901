//! `trials`: a row per replication.

use super::results::keys;
use super::sheet::{Cell, Row};
use crate::experiment::analyse::summary::by_trial;
use crate::experiment::analyse::trial::{FailedTrial, Trial};
use crate::experiment::plan::Plan;
use crate::experiment::store::archive::OfPoint;
use crate::metric::Metric;

/// The rows of a point, in the order of replications.
pub fn replications(plan: &Plan, of_point: &OfPoint) -> impl Iterator<Item = Row> {
    let mut all: Vec<(u64, Result<&Trial, &FailedTrial>)> = Vec::new();
    all.extend(of_point.trials.iter().map(|trial| (trial.replication, Ok(trial))));
    all.extend(of_point.failed.iter().map(|failed| (failed.replication, Err(failed))));
    all.sort_by_key(|&(replication, _)| replication);
    // Where requests pile up those that are still inside count as well, which the trials of the point tell together.
    let success = by_trial(&of_point.trials.iter().collect::<Vec<_>>(), Metric::SuccessRate);
    all.into_iter().map(move |(replication, trial)| match trial {
        Ok(trial) => row(plan, trial, success.iter().find(|(known, _)| *known == replication).map(|&(_, rate)| rate)),
        Err(failed) => failed_row(plan, failed),
    })
}

fn row(plan: &Plan, trial: &Trial, success: Option<f64>) -> Row {
    let mut row = keys(plan, trial.point);
    row.push(Cell::Count(trial.replication));
    let value = |metric: Metric| match metric {
        Metric::SuccessRate => success.or_else(|| trial.metric(metric)),
        _ => trial.metric(metric).filter(|_| trial.outlasts || !metric.is_of_completion()),
    };
    row.extend(Metric::ALL.iter().map(|&metric| Cell::number(value(metric))));
    row.push(Cell::Number(trial.window_s));
    row.extend([trial.sent, trial.ended, trial.succeeded, trial.hung, trial.events].map(Cell::Count));
    row.push(Cell::text(trial.ending.to_string()));
    row.push(Cell::Flag(trial.stuck));
    row.push(Cell::text(trial.saturated.clone().unwrap_or_default()));
    row.push(Cell::text(trial.deadlock.as_ref().map_or("", |deadlock| deadlock.resource.as_str())));
    row.push(Cell::text(trial.violations.join("; ")));
    row.push(Cell::Flag(trial.recovery_s == Some(f64::INFINITY)));
    row.push(trial.dead.map_or(Cell::Missing, |(dead, _)| Cell::Count(dead.into())));
    let lost: Vec<String> = trial.losses.iter().map(|loss| format!("{} of {}", loss.lost, loss.resource)).collect();
    row.push(Cell::text(lost.join("; ")));
    row
}

fn failed_row(plan: &Plan, failed: &FailedTrial) -> Row {
    let mut row = keys(plan, failed.point);
    row.push(Cell::Count(failed.replication));
    // Metrics, the window and the counts.
    row.resize(row.len() + Metric::ALL.len() + 6, Cell::Missing);
    row.push(Cell::text(format!("failed: {}", failed.what)));
    row.extend([Cell::Missing, Cell::text(""), Cell::text(""), Cell::text(""), Cell::Missing]);
    row.extend([Cell::Missing, Cell::text("")]);
    row
}
