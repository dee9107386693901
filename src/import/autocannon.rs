//! What `autocannon --json` prints. Latencies are whole milliseconds of all responses, in an HDR histogram.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Request;
use super::figure::{Content, Totals, independent};
use super::text::Text;
use crate::language::Mistake;
use crate::metric::Metric;

#[derive(Deserialize)]
struct Document {
    connections: f64,
    duration: f64,
    #[serde(rename = "sampleInt")]
    sample_ms: Option<f64>,
    errors: u64,
    timeouts: u64,
    #[serde(default)]
    mismatches: u64,
    #[serde(rename = "statusCodeStats", default)]
    statuses: BTreeMap<u16, Count>,
    latency: Latency,
}

#[derive(Deserialize)]
struct Count {
    count: u64,
}

#[derive(Deserialize)]
struct Latency {
    mean: f64,
    stddev: f64,
    p50: f64,
    p90: f64,
    p99: f64,
    p99_9: f64,
    #[serde(rename = "totalCount")]
    count: f64,
}

/// Half a millisecond, in seconds.
const ROUNDING: Option<f64> = Some(0.0005);

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let document: Document = text.json()?;
    let bad = document.statuses.iter().filter(|(status, _)| **status >= 400);
    let mut causes: Vec<(String, f64)> =
        bad.map(|(status, count)| (format!("status {status}"), count.count as f64)).collect();
    let answered_badly: f64 = causes.iter().map(|(_, count)| count).sum();
    let answered: u64 = document.statuses.values().map(|count| count.count).sum();
    // `errors` includes time-outs.
    let broken = document.errors.saturating_sub(document.timeouts);
    let others =
        [("timeout", document.timeouts), ("connection error", broken), ("unexpected body", document.mismatches)];
    causes.extend(others.iter().filter(|(_, count)| *count > 0).map(|(cause, count)| ((*cause).into(), *count as f64)));
    let failed = causes.iter().map(|(_, count)| count).sum();
    let sample = document.sample_ms.unwrap_or(1000.0) / 1000.0;
    let totals = Totals {
        requests: answered as f64 + document.errors as f64,
        failed,
        causes,
        length: Some(document.duration),
        length_rounding: sample,
        length_note: format!("autocannon may count up to {sample} s after the last answer (with -a)"),
        ..Totals::default()
    };
    let mut figures = totals.figures();
    if document.latency.count > 0.0 {
        let note = totals.of_responses(answered_badly);
        let latency = &document.latency;
        let mut mean = totals.time(Metric::MeanS, latency.mean / 1000.0, ROUNDING, &note);
        mean.error = independent(latency.stddev / 1000.0, latency.count);
        figures.push(mean);
        let times = [
            (Metric::P50S, latency.p50),
            (Metric::P90S, latency.p90),
            (Metric::P99S, latency.p99),
            (Metric::P999S, latency.p99_9),
        ];
        figures.extend(times.map(|(metric, ms)| totals.time(metric, ms / 1000.0, ROUNDING, &note)));
    }
    let remarks = vec!["autocannon gives no 95th percentile".into()];
    Ok(Content::Totals { figures, concurrency: Some(document.connections), remarks })
}
