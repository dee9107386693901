//! Against an earlier sweep: which points, conditions and verdicts have changed since its `summary.json` was written.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::document::Document;
use super::paragraph::{count, paragraph};
use super::whole::Report;
use crate::experiment::analyse::comparison::TIE;
use crate::experiment::analyse::words::amount;
use crate::language::Metric;
use crate::model::RateUnit;
use crate::statistics::Interval;

/// The file that has what a sweep found.
const SUMMARY: &str = "summary.json";

/// Points that are named one by one.
const MOST: usize = 20;

/// Figures that are compared, beside those of the objectives.
const COMPARED: [Metric; 3] = [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::P95S];

/// What an earlier sweep found.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// What it is called: its file, or the last run.
    name: String,
    summary: Value,
}

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub enum NoEarlier {
    /// The folder has no summary.
    #[error(
        "`{0}` has no summary.json to compare with, and no folder `{1}` with one: name the folder that an earlier sweep wrote"
    )]
    NoSummary(PathBuf, String),
    /// The summary cannot be read.
    #[error("cannot read {0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is no summary of a sweep.
    #[error("{0} is no summary of a sweep: {1}")]
    NoSweep(PathBuf, String),
}

impl Earlier {
    /// Reads what a sweep of this name wrote: into this folder, or into the folder of that name in it.
    ///
    /// # Errors
    /// Where there is no summary, and where it cannot be read.
    pub fn read(folder: &Path, name: &str) -> Result<Self, NoEarlier> {
        let file = [folder.join(SUMMARY), folder.join(name).join(SUMMARY)].into_iter().find(|file| file.exists());
        let file = file.ok_or_else(|| NoEarlier::NoSummary(folder.to_owned(), name.to_owned()))?;
        let text = std::fs::read_to_string(&file).map_err(|error| NoEarlier::Unreadable(file.clone(), error))?;
        let summary: Value =
            serde_json::from_str(&text).map_err(|error| NoEarlier::NoSweep(file.clone(), error.to_string()))?;
        match summary["points"].is_array() {
            true => Ok(Self { name: file.display().to_string(), summary }),
            false => Err(NoEarlier::NoSweep(file, "it has no `points`".into())),
        }
    }

    /// What the last run of this sweep found, if it has left its results in this folder.
    pub fn of_last_run(folder: &Path, name: &str) -> Option<Self> {
        let earlier = Self::read(folder, name).ok()?;
        Some(Self { name: "the last run".into(), ..earlier })
    }
}

/// What has changed since: verdicts, then points. A figure has changed if the intervals have no value in common and the
/// difference matters ([`TIE`]); conditions and limits are compared by name. The same seed, model and version give the same
/// figures, so that any difference comes from a change of one of them.
pub fn since(report: &Report, earlier: &Earlier, width: Option<usize>) -> String {
    let Ok(now) = serde_json::to_value(Document(report)) else { return String::new() };
    let mut lines = verdicts(&earlier.summary, &now);
    let of_objectives = report.plan.objectives.iter().map(|objective| objective.metric());
    let mut metrics = COMPARED.to_vec();
    metrics.extend(of_objectives.filter(|metric| !COMPARED.contains(metric)));
    let (old, new) = (points(&earlier.summary), points(&now));
    let mut alike = 0;
    for point in new {
        match old.iter().find(|known| key(known) == key(point)) {
            None => lines.push(format!("{}: new", place(point))),
            Some(known) => match changes(known, point, &metrics, report.rates) {
                changes if changes.is_empty() => alike += 1,
                changes => lines.push(format!("{}: {}", place(point), changes.join("; "))),
            },
        }
    }
    let gone = old.iter().filter(|known| !new.iter().any(|point| key(point) == key(known)));
    lines.extend(gone.map(|known| format!("{}: no longer run", place(known))));
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    let before = &earlier.name;
    let head = match (lines.is_empty(), alike) {
        (true, _) => format!("no significant change since {before}: {} as before", count(alike, "point")),
        (false, 0) => format!("significant changes since {before}:"),
        (false, _) => format!("significant changes since {before} ({} as before):", count(alike, "point")),
    };
    let mut text = paragraph("", &head, width);
    lines.iter().for_each(|line| text += &paragraph("- ", line, width));
    text
}

fn points(summary: &Value) -> &[Value] {
    summary["points"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What tells a point from the others.
fn key(point: &Value) -> (&Value, &Value) {
    (&point["variant"], &point["at"])
}

/// `per-request at concurrency = 150`.
fn place(point: &Value) -> String {
    let variant = text(&point["variant"]);
    let at: Vec<String> = point["at"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(axis, value)| format!("{axis} = {}", text(value)))
        .collect();
    if at.is_empty() { variant } else { format!("{variant} at {}", at.join(", ")) }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The hypotheses with another verdict than before, those that are in both.
fn verdicts(before: &Value, now: &Value) -> Vec<String> {
    let all = |summary: &Value| -> Vec<(String, String)> {
        let list = summary["hypotheses"].as_array().into_iter().flatten();
        list.map(|one| (text(&one["claim"]), text(&one["verdict"]))).collect()
    };
    let old = all(before);
    let changed = all(now).into_iter().filter_map(|(claim, verdict)| {
        let (_, was) = old.iter().find(|(known, _)| *known == claim)?;
        (*was != verdict).then(|| format!("“{claim}”: {was} before, {verdict} now"))
    });
    changed.collect()
}

/// What has changed of a point, in words.
fn changes(before: &Value, now: &Value, metrics: &[Metric], rates: RateUnit) -> Vec<String> {
    let mut changes = Vec::new();
    let condition = |point: &Value| point["condition"]["name"].as_str().unwrap_or("no condition").to_owned();
    if condition(before) != condition(now) {
        changes.push(format!("{} → {}", condition(before), condition(now)));
    }
    changes.extend(metrics.iter().filter_map(|&metric| {
        let figure = |point: &Value| interval(&point[metric.name()]);
        let (was, is) = (figure(before)?, figure(now)?);
        let words = |figure: Interval| amount(figure.estimate, metric, rates);
        difference(was, is, metric).map(|by| format!("{} {} → {} ({by})", metric.short(), words(was), words(is)))
    }));
    let limit = |point: &Value| point["saturated_resource"].as_str().unwrap_or("nothing").to_owned();
    if limit(before) != limit(now) {
        changes.push(format!("limited by {} → {}", limit(before), limit(now)));
    }
    changes
}

/// An interval as a document has it; an end that is not known is infinite.
fn interval(value: &Value) -> Option<Interval> {
    let estimate = value["estimate"].as_f64()?;
    let low = value["low"].as_f64().unwrap_or(f64::NEG_INFINITY);
    Some(Interval { estimate, low, high: value["high"].as_f64().unwrap_or(f64::INFINITY) })
}

/// `+19 %`, `-1.2 points`; none of a difference that is not significant or does not matter.
fn difference(was: Interval, is: Interval, metric: Metric) -> Option<String> {
    let by = is.estimate - was.estimate;
    let least = TIE * if metric.is_rate() { 1.0 } else { was.estimate.abs() };
    if was.overlaps(&is) || by.abs() < least {
        return None;
    }
    Some(match metric.is_rate() {
        true => format!("{:+.1} points", by * 100.0),
        false if was.estimate == 0.0 => "from none".into(),
        false => format!("{:+.1} %", by / was.estimate * 100.0),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn point(condition: &str, throughput: [f64; 3], limit: &str) -> Value {
        let [low, estimate, high] = throughput;
        json!({
            "variant": "today",
            "at": { "rate": "5/s" },
            "condition": { "name": condition },
            "throughput_per_min": { "estimate": estimate, "low": low, "high": high },
            "success_rate": { "estimate": 1.0, "low": 0.99, "high": 1.0 },
            "p95_s": null,
            "saturated_resource": limit,
        })
    }

    #[test]
    fn what_differs_is_told_and_what_may_be_chance_is_not() {
        let changes = |now: &Value| {
            changes(&point("healthy", [290.0, 300.0, 310.0], "shop CPU"), now, &COMPARED, RateUnit::Minute)
        };
        assert_eq!(changes(&point("healthy", [295.0, 305.0, 315.0], "shop CPU")), Vec::<String>::new());
        // The intervals are apart, but by less than 2 %.
        let narrow = difference(Interval::exact(300.0), Interval::exact(303.0), Metric::ThroughputPerMin);
        assert_eq!(narrow, None);
        assert_eq!(
            changes(&point("unstable", [190.0, 200.0, 210.0], "db pool p")),
            ["healthy → unstable", "throughput 300/min → 200/min (-33.3 %)", "limited by shop CPU → db pool p"]
        );
        assert_eq!(place(&point("healthy", [0.0; 3], "")), "today at rate = 5/s");
    }

    #[test]
    fn a_verdict_that_turned_is_told() {
        let with = |verdict: &str| json!({ "hypotheses": [{ "claim": "it holds", "verdict": verdict }] });
        assert_eq!(verdicts(&with("holds"), &with("fails")), ["“it holds”: holds before, fails now"]);
        assert_eq!(verdicts(&with("holds"), &with("holds")), Vec::<String>::new());
        assert_eq!(verdicts(&json!({}), &with("holds")), Vec::<String>::new());
    }
}
