//! The rows of k6: `k6 run --out csv=FILE` and `--out json=FILE`, one for each metric of each request. Those of
//! `http_req_duration` are read: milliseconds, at the time when the request ended.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Request;
use super::clock;
use super::figure::Content;
use super::k6_summary::NO_CONNECT;
use super::requests::{Answered, Requests};
use super::rows::Rows;
use super::text::{Text, short};
use crate::language::{Mistake, visible};

const DURATION: &str = "http_req_duration";

/// The first status that k6 expects no response to have (`http.expectedStatuses`).
const FIRST_FAILURE: u32 = 400;

/// Reads the table.
pub(super) fn read_csv(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let [metric, time, value] = [rows.column("metric_name")?, rows.column("timestamp")?, rows.column("metric_value")?];
    let optional = ["status", "error_code", "error", "expected_response", "name"].map(|name| rows.find(name));
    let mut requests = begun();
    while let Some(row) = rows.next()? {
        if row.text(metric) != DURATION {
            continue;
        }
        let elapsed = row.amount(value)? / 1000.0;
        let written = row.text(time);
        let stamp = clock::unix(written)
            .or_else(|| clock::rfc3339(written))
            .ok_or_else(|| row.wrong(time, "is no time", "K6_CSV_TIME_FORMAT is unix, unix_milli or rfc3339"))?;
        requests.timed(stamp.step);
        let [status, code, error, expected, name] = optional.map(|column| column.map_or("", |column| row.text(column)));
        let tags = Tags { status, code, error, expected, name };
        tags.add(&mut requests, stamp.ns, elapsed);
    }
    Ok(Content::Requests(requests))
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "type")]
    kind: String,
    metric: Option<String>,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Point {
    time: String,
    value: f64,
    #[serde(default)]
    tags: Map<String, Value>,
}

/// Reads the lines of JSON.
pub(super) fn read_json(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut requests = begun();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let entry: Line = text.json_of(line)?;
        if entry.kind != "Point" || entry.metric.as_deref() != Some(DURATION) {
            continue;
        }
        let point: Point = serde_json::from_value(entry.data).map_err(|error| {
            text.wrong(text.span(line), format!("the point cannot be read: {}", visible(&error.to_string())), "`data`")
        })?;
        let stamp = clock::rfc3339(&point.time).ok_or_else(|| {
            let title = format!("`{}` is no time", visible(short(&point.time)));
            text.wrong(text.span(line), title, "`time` is written as 2026-11-30T06:27:44.123Z")
        })?;
        if point.value < 0.0 {
            return Err(text.wrong(text.span(line), "a negative duration", "in `value`"));
        }
        requests.timed(1e-6);
        let tag = |name: &str| point.tags.get(name).and_then(Value::as_str).unwrap_or("");
        let tags = Tags {
            status: tag("status"),
            code: tag("error_code"),
            error: tag("error"),
            expected: tag("expected_response"),
            name: tag("name"),
        };
        tags.add(&mut requests, stamp.ns, point.value / 1000.0);
    }
    Ok(Content::Requests(requests))
}

fn begun() -> Requests {
    Requests { note: NO_CONNECT.into(), ..Requests::default() }
}

/// What k6 says about a request.
struct Tags<'a> {
    status: &'a str,
    code: &'a str,
    error: &'a str,
    expected: &'a str,
    name: &'a str,
}

impl Tags<'_> {
    fn add(&self, requests: &mut Requests, end: i64, elapsed: f64) {
        let status: u32 = self.status.parse().unwrap_or(0);
        let has_failed = match self.expected {
            "true" => false,
            "false" => true,
            _ => !self.code.is_empty() || !self.error.is_empty() || status == 0 || status >= FIRST_FAILURE,
        };
        let failure = has_failed.then(|| {
            let cause = if status > 0 {
                format!("status {status}")
            } else if !self.error.is_empty() {
                self.error.to_owned()
            } else {
                format!("error {}", self.code)
            };
            requests.causes.number(&cause)
        });
        let class = requests.classes.number(self.name);
        requests.rows.push(Answered { end, elapsed: Some(elapsed), class, failure });
    }
}
