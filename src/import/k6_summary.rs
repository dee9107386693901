//! The summary that k6 exports: `k6 run --summary-export FILE`, or what `handleSummary` is given.
//!
//! All times are in milliseconds, whatever `summaryTimeUnit` says, which is for the text only. In a summary export the
//! figures of a metric stand in the metric itself, in the data of `handleSummary` in its `values`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::figure::{Content, Totals};
use super::text::Text;
use super::{Figure, Request};
use crate::language::Mistake;
use crate::metric::Metric;

#[derive(Deserialize)]
struct Summary {
    metrics: Map<String, Value>,
    state: Option<State>,
}

#[derive(Deserialize)]
struct State {
    #[serde(rename = "testRunDurationMs")]
    duration_ms: Option<f64>,
}

/// The times of the trend, as k6 names them.
const TIMES: [(&str, Metric); 6] = [
    ("avg", Metric::MeanS),
    ("med", Metric::P50S),
    ("p(90)", Metric::P90S),
    ("p(95)", Metric::P95S),
    ("p(99)", Metric::P99S),
    ("p(99.9)", Metric::P999S),
];

/// Without this http_req_duration has no part.
pub(super) const NO_CONNECT: &str = "without name look-up, connect and TLS handshake";

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let summary: Summary = text.json()?;
    let number = |metric: &str, key: &str| number(&summary.metrics, metric, key);
    let lacking = |metric: &str| {
        text.whole(format!("the summary has no `{metric}`"))
            .note("k6 writes it where a script sends HTTP requests")
            .help("import the rows instead: k6 run --out csv=FILE")
    };
    let requests = number("http_reqs", "count").ok_or_else(|| lacking("http_reqs"))?;
    let rate = number("http_reqs", "rate").filter(|&rate| rate > 0.0);
    let length = summary.state.and_then(|state| state.duration_ms).map(|ms| ms / 1000.0);
    // Of a rate, `passes` counts what is true: here, what failed.
    let share = number("http_req_failed", "value").or_else(|| number("http_req_failed", "rate"));
    let failed = number("http_req_failed", "passes").or(share.map(|share| (share * requests).round()));
    let mut remarks = Vec::new();
    if failed.is_none() {
        remarks.push("the summary has no http_req_failed: all requests are taken as successes".into());
    }
    let failed = failed.unwrap_or(0.0);
    let totals = Totals {
        requests,
        failed,
        length: length.or(rate.map(|rate| requests / rate)),
        length_note: "the length includes set-up and tear-down of the script".into(),
        ..Totals::default()
    };
    let mut figures = totals.figures();
    let good = "http_req_duration{expected_response:true}";
    let (trend, of) = match number(good, "avg") {
        Some(_) => (good, String::new()),
        None => ("http_req_duration", totals.of_responses(failed)),
    };
    let note = if of.is_empty() { NO_CONNECT.to_owned() } else { format!("{of}, {NO_CONNECT}") };
    let times = TIMES.into_iter().filter_map(|(key, metric)| Some((metric, number(trend, key)?)));
    let times: Vec<Figure> = times.map(|(metric, ms)| totals.time(metric, ms / 1000.0, None, &note)).collect();
    if times.is_empty() && requests > 0.0 {
        return Err(lacking("http_req_duration"));
    }
    figures.extend(times);
    Ok(Content::Totals {
        figures,
        concurrency: number("vus_max", "max").or_else(|| number("vus_max", "value")),
        remarks,
    })
}

fn number(metrics: &Map<String, Value>, metric: &str, key: &str) -> Option<f64> {
    let metric = metrics.get(metric)?;
    metric.get("values").unwrap_or(metric).get(key)?.as_f64()
}
