//! The answer of Prometheus to a range query, as JSON: `/api/v1/query_range`, or an instant query of a range vector. What
//! its numbers are, only the one who asked knows: `--map p95_s=value:s` says it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::figure::{CPU_CORES, Content, Figure, LEVEL};
use super::text::Text;
use super::{Request, Target};
use crate::language::{Mistake, visible};
use crate::statistics::Interval;

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    #[serde(default)]
    result: Value,
}

#[derive(Deserialize)]
struct Series {
    metric: Map<String, Value>,
    values: Vec<(f64, String)>,
}

/// The column that a mapping names.
const VALUE: &str = "value";

/// Values over which an interval is given, at least: fewer blocks of neighbours say nothing about their noise.
const BLOCKS: usize = 5;

/// Reads it.
pub(super) fn read(text: &Text, request: &Request) -> Result<Content, Mistake> {
    let answer: Answer = text.json()?;
    let Some(data) = answer.data.filter(|_| answer.status == "success") else {
        return Err(text.whole(format!("the query failed: {}", visible(&answer.error))).help("correct the query"));
    };
    if data.kind != "matrix" {
        return Err(text
            .whole(format!("the answer is a {}, which has one time", visible(&data.kind)))
            .help("ask for a range: /api/v1/query_range with start, end and step"));
    }
    let (name, service, scale) = match &request.mappings[..] {
        [mapping] if mapping.column == VALUE => match &mapping.target {
            Target::Metric(metric) => (metric.name(), None, mapping.scale),
            Target::Cpu(service) => (CPU_CORES, Some(service.clone()), mapping.scale),
            _ => return Err(unclear(text)),
        },
        _ => return Err(unclear(text)),
    };
    let series: Vec<Series> = serde_json::from_value(data.result)
        .map_err(|error| text.whole(format!("the result cannot be read: {}", visible(&error.to_string()))))?;
    let times = || series.iter().flat_map(|series| series.values.iter().map(|(time, _)| *time));
    let first = times().fold(f64::INFINITY, f64::min);
    let last = times().fold(f64::NEG_INFINITY, f64::max);
    if first > last {
        return Err(text.whole("the result has no values").help("ask for a time at which the test ran"));
    }
    let (from, to) = request.span.within(last - first, text)?;
    let mut figures = Vec::new();
    let mut dropped = 0;
    for one in &series {
        let mut values = Vec::new();
        for (time, value) in &one.values {
            let number: f64 = value.parse().map_err(|_| text.whole(format!("`{}` is no number", visible(value))))?;
            if (from..=to).contains(&(time - first)) {
                // Nothing was observed: a quantile or a mean of no requests is NaN.
                if number.is_finite() { values.push(number * scale) } else { dropped += 1 }
            }
        }
        if values.is_empty() {
            continue;
        }
        let labels = one.metric.iter().filter(|(name, _)| *name != "__name__");
        let labels = labels.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or(""))).collect::<Vec<_>>();
        let class = (series.len() > 1).then(|| visible(&labels.join(" ")).into_owned());
        let class = class.or_else(|| service.clone());
        let value = values.iter().sum::<f64>() / values.len() as f64;
        let figure = Figure { class, error: error(&values), window: Some((from, to)), ..Figure::named(name, value) };
        figures.push(figure.noted(format!("mean of {} values, each over the range of the query", values.len())));
    }
    let remarks =
        if dropped > 0 { vec![format!("left out: values that are not finite ({dropped})")] } else { Vec::new() };
    Ok(Content::Part { figures, concurrency: None, remarks })
}

/// Half of the interval of the mean, by means of blocks of neighbours, which depend on each other less than values do.
fn error(values: &[f64]) -> Option<f64> {
    let size = (values.len() / 20).max(1);
    let means: Vec<f64> =
        values.chunks_exact(size).map(|block| block.iter().sum::<f64>() / block.len() as f64).collect();
    let interval = Interval::mean_of(&means, LEVEL).filter(|_| means.len() >= BLOCKS)?;
    Some(interval.half_width())
}

fn unclear(text: &Text) -> Mistake {
    text.whole("nothing says what the query asked for")
        .help("say it and its unit once: `--map throughput_per_min=value:/s`, `--map p95_s=value:s`")
}
