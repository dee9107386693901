//! `trials.csv`: a row per replication.

use super::Report;
use super::metric::metrics_of;
use super::number::exact;
use super::results::{csv, key_names, keys, yes_or_no};

/// The file's text.
pub fn replications(report: &Report) -> String {
    let mut header = key_names(report.plan);
    header.push("replication".into());
    let metrics = metrics_of(report);
    header.extend(metrics.iter().map(|(name, _)| (*name).to_owned()));
    header.extend(
        [
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
        ]
        .map(String::from),
    );
    let done = report.trials.done.iter().map(|trial| {
        let mut row = keys(report.plan, trial.point);
        row.push(trial.replication.to_string());
        row.extend(metrics.iter().map(|(_, metric)| match trial.metric(*metric) {
            // Never, which other programs read as a number too.
            Some(f64::INFINITY) => "inf".into(),
            value => value.map_or_else(String::new, exact),
        }));
        row.push(exact(trial.window_s));
        row.extend([trial.sent, trial.ended, trial.succeeded, trial.hung, trial.events].map(|count| count.to_string()));
        row.push(trial.ending.to_string());
        row.push(yes_or_no(trial.stuck).into());
        row.push(trial.saturated.clone().unwrap_or_default());
        row.push(trial.deadlock.as_ref().map_or_else(String::new, |deadlock| deadlock.resource.clone()));
        row.push(trial.violations.join("; "));
        row
    });
    let width = header.len();
    let ending = width - 5;
    let failed = report.trials.failed.iter().map(|trial| {
        let mut row = keys(report.plan, trial.point);
        row.push(trial.replication.to_string());
        row.resize(width, String::new());
        row[ending] = format!("failed: {}", trial.what);
        row
    });
    csv(header, done.chain(failed))
}
