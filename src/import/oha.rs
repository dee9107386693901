//! What `oha --output-format json` prints. Times are in seconds, percentiles in order statistics of all responses (of
//! those below 400 with `--stats-success-breakdown`), and `successRate` is the share of requests with any response.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Request;
use super::figure::{Content, Totals};
use super::text::Text;
use crate::language::Mistake;
use crate::metric::Metric;

/// What oha counts for requests that it cut off at the end of a test by time (`ClientError::Deadline`).
const CUT_OFF: &str = "aborted due to deadline";

#[derive(Deserialize)]
struct Document {
    summary: Summary,
    #[serde(rename = "latencyPercentiles")]
    percentiles: BTreeMap<String, Option<f64>>,
    #[serde(rename = "latencyPercentilesSuccessful")]
    successful: Option<BTreeMap<String, Option<f64>>>,
    #[serde(rename = "statusCodeDistribution")]
    statuses: BTreeMap<u16, u64>,
    #[serde(rename = "errorDistribution")]
    errors: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Summary {
    total: f64,
    average: Option<f64>,
}

const PERCENTILES: [(&str, Metric); 5] = [
    ("p50", Metric::P50S),
    ("p90", Metric::P90S),
    ("p95", Metric::P95S),
    ("p99", Metric::P99S),
    ("p99.9", Metric::P999S),
];

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let document: Document = text.json()?;
    let mut causes: Vec<(String, f64)> = Vec::new();
    let bad = document.statuses.iter().filter(|(status, _)| **status >= 400);
    causes.extend(bad.map(|(status, count)| (format!("status {status}"), *count as f64)));
    let answered_badly: f64 = causes.iter().map(|(_, count)| count).sum();
    let errors = document.errors.iter().filter(|(error, _)| *error != CUT_OFF);
    causes.extend(errors.map(|(error, count)| (error.clone(), *count as f64)));
    let failed: f64 = causes.iter().map(|(_, count)| count).sum();
    let answered_well: u64 =
        document.statuses.iter().filter(|(status, _)| **status < 400).map(|(_, count)| count).sum();
    let totals = Totals {
        requests: answered_well as f64 + failed,
        failed,
        causes,
        length: Some(document.summary.total),
        ..Totals::default()
    };
    let mut figures = totals.figures();
    let note = totals.of_responses(answered_badly);
    if let Some(mean) = document.summary.average {
        figures.push(totals.time(Metric::MeanS, mean, None, &note));
    }
    let (percentiles, note) = match &document.successful {
        Some(successful) => (successful, ""),
        None => (&document.percentiles, note.as_str()),
    };
    for (key, metric) in PERCENTILES {
        if let Some(seconds) = percentiles.get(key).copied().flatten() {
            figures.push(totals.time(metric, seconds, None, note));
        }
    }
    let cut_off = document.errors.get(CUT_OFF).copied().unwrap_or(0);
    let remarks = if cut_off > 0 {
        vec![format!("not counted: requests that oha cut off at the end ({cut_off})")]
    } else {
        Vec::new()
    };
    Ok(Content::Totals { figures, concurrency: None, remarks })
}
