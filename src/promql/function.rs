//! Functions (`promql/functions.go`, `promql/quantile.go`).

use std::collections::BTreeMap;

use super::aggregate::{highest, lowest, sum};
use super::evaluate::{Evaluation, InRange, Value, evaluate, unnamed};
use super::series::Labels;
use super::syntax::{Expression, Function, Kind, Selector, Test};
use super::{Fault, Release};

/// Differences between buckets that are taken for errors of rounding (`smallDeltaTolerance`), relative to their sum.
const ROUNDING: f64 = 1e-12;

/// A function of arguments that have the right types.
pub(super) fn call(function: Function, arguments: &[Expression], evaluation: Evaluation<'_>) -> Result<Value, Fault> {
    if let [Expression { kind: Kind::Range(selector, length), .. }] = arguments {
        return Ok(Value::Vector(of_range(function, selector, *length, evaluation)));
    }
    let values: Result<Vec<Value>, Fault> = arguments.iter().map(|argument| evaluate(argument, evaluation)).collect();
    let values = values?;
    let number = |index: usize| match values.get(index) {
        Some(Value::Scalar(number)) => *number,
        _ => f64::NAN,
    };
    let vector = |index: usize| values.get(index).cloned().map(Value::vector).unwrap_or_default();
    let each = |change: &dyn Fn(f64) -> f64| {
        vector(0).into_iter().map(|(labels, value)| (unnamed(labels), change(value))).collect()
    };
    Ok(match function {
        Function::Time => Value::Scalar(evaluation.at as f64 / 1000.0),
        Function::Vector => Value::Vector(vec![(Labels::new(), number(0))]),
        Function::Scalar => match vector(0).as_slice() {
            [(_, only)] => Value::Scalar(*only),
            _ => Value::Scalar(f64::NAN),
        },
        Function::Absolute => Value::Vector(each(&f64::abs)),
        // A comparison with what is no number keeps neither side in Go's math.Max.
        Function::ClampMinimum => Value::Vector(each(&|it| if it.is_nan() { it } else { it.max(number(1)) })),
        Function::ClampMaximum => Value::Vector(each(&|it| if it.is_nan() { it } else { it.min(number(1)) })),
        Function::Absent => Value::Vector(match vector(0).is_empty() {
            true => vec![(absent_labels(&arguments[0]), 1.0)],
            false => Vec::new(),
        }),
        Function::HistogramQuantile => Value::Vector(quantiles(number(0), vector(1))),
        // The parser gives these a range, which is handled above.
        Function::Rate
        | Function::Increase
        | Function::Delta
        | Function::InstantRate
        | Function::AverageOverTime
        | Function::MinimumOverTime
        | Function::MaximumOverTime
        | Function::SumOverTime
        | Function::CountOverTime
        | Function::LastOverTime
        | Function::Changes
        | Function::Resets
        | Function::AbsentOverTime => Value::Vector(Vec::new()),
    })
}

fn of_range(function: Function, selector: &Selector, length: i64, evaluation: Evaluation<'_>) -> Vec<(Labels, f64)> {
    let all = evaluation.range(selector, length);
    if function == Function::AbsentOverTime {
        return if all.is_empty() { vec![(selector_labels(selector), 1.0)] } else { Vec::new() };
    }
    let range = Span { from: evaluation.at - selector.offset - length, to: evaluation.at - selector.offset };
    let element = |of: InRange<'_>| {
        let value = of_samples(function, &of.samples, range, evaluation.release)?;
        // The last sample stays the sample of its metric.
        let labels = of.labels.clone();
        Some((if function == Function::LastOverTime { labels } else { unnamed(labels) }, value))
    };
    all.into_iter().filter_map(element).collect()
}

/// A range in milliseconds.
#[derive(Clone, Copy)]
struct Span {
    from: i64,
    to: i64,
}

fn of_samples(function: Function, samples: &[(i64, f64)], span: Span, release: Release) -> Option<f64> {
    let values: Vec<f64> = samples.iter().map(|&(_, value)| value).collect();
    let pairs = || values.windows(2).map(|pair| (pair[0], pair[1]));
    let seconds = (span.to - span.from) as f64 / 1000.0;
    match function {
        Function::Rate => extrapolated(samples, span, true, release).map(|increase| increase / seconds),
        Function::Increase => extrapolated(samples, span, true, release),
        Function::Delta => extrapolated(samples, span, false, release),
        Function::InstantRate => {
            let [.., (before, first), (at, last)] = *samples else { return None };
            let difference = if last < first { last } else { last - first };
            (at > before).then(|| difference / ((at - before) as f64 / 1000.0))
        }
        Function::AverageOverTime => Some(sum(&values) / values.len() as f64),
        Function::MinimumOverTime => Some(lowest(&values)),
        Function::MaximumOverTime => Some(highest(&values)),
        Function::SumOverTime => Some(sum(&values)),
        Function::CountOverTime => Some(values.len() as f64),
        Function::LastOverTime => values.last().copied(),
        Function::Changes => Some(pairs().filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count() as f64),
        Function::Resets => Some(pairs().filter(|(a, b)| b < a).count() as f64),
        // `absent_over_time` is about all series together, and the parser gives the others no range.
        Function::AbsentOverTime
        | Function::Absent
        | Function::HistogramQuantile
        | Function::Absolute
        | Function::ClampMinimum
        | Function::ClampMaximum
        | Function::Vector
        | Function::Scalar
        | Function::Time => None,
    }
}

/// The increase over a range, extrapolated to its ends where samples reach close to them (`extrapolatedRate`).
fn extrapolated(samples: &[(i64, f64)], span: Span, is_counter: bool, release: Release) -> Option<f64> {
    let [(first_at, first), .., (last_at, last)] = *samples else { return None };
    let mut result = last - first;
    if is_counter {
        let resets = samples.windows(2).filter(|pair| pair[1].1 < pair[0].1);
        result += resets.map(|pair| pair[0].1).sum::<f64>();
    }
    let seconds = |ms: i64| ms as f64 / 1000.0;
    let sampled = seconds(last_at - first_at);
    let average = sampled / (samples.len() - 1) as f64;
    let threshold = average * 1.1;
    let (mut to_start, mut to_end) = (seconds(first_at - span.from), seconds(span.to - last_at));
    let to_zero = (is_counter && result > 0.0 && first >= 0.0).then(|| sampled * (first / result));
    match release {
        Release::Two => {
            to_start = to_zero.map_or(to_start, |to_zero| if to_zero < to_start { to_zero } else { to_start });
            to_start = if to_start < threshold { to_start } else { average / 2.0 };
        }
        Release::Three => {
            to_start = if to_start >= threshold { average / 2.0 } else { to_start };
            to_start = to_zero.map_or(to_start, |to_zero| if to_zero < to_start { to_zero } else { to_start });
        }
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    Some(result * ((sampled + to_start + to_end) / sampled))
}

/// The labels of what is absent: those that must be equal to something (`createLabelsForAbsentFunction`).
fn absent_labels(of: &Expression) -> Labels {
    match &of.kind {
        Kind::Selector(selector) | Kind::Range(selector, _) => selector_labels(selector),
        _ => Labels::new(),
    }
}

fn selector_labels(selector: &Selector) -> Labels {
    let mut labels = Labels::new();
    for matcher in &selector.matchers {
        let is_first = selector.matchers.iter().filter(|other| other.label == matcher.label).count() == 1;
        if let (Test::Equal(value), true) = (&matcher.test, is_first) {
            labels.insert(matcher.label.clone(), value.clone());
        }
    }
    labels
}

/// A quantile of each histogram, which is the series that differ in `le` alone.
fn quantiles(q: f64, vector: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let mut histograms: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for (labels, count) in vector {
        let mut labels = unnamed(labels);
        let Some(bound) = labels.remove("le").and_then(|le| bound(&le)) else { continue };
        histograms.entry(labels).or_default().push((bound, count));
    }
    histograms.into_iter().map(|(labels, buckets)| (labels, quantile(q, buckets))).collect()
}

/// Go's `strconv.ParseFloat` as far as bounds of buckets go.
fn bound(le: &str) -> Option<f64> {
    match le {
        "+Inf" | "Inf" => Some(f64::INFINITY),
        _ => le.parse().ok(),
    }
}

/// A quantile from cumulative buckets, interpolated linearly within one (`bucketQuantile`).
fn quantile(q: f64, mut buckets: Vec<(f64, f64)>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if !(0.0..=1.0).contains(&q) {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (bound, count) in buckets {
        match merged.last_mut() {
            Some(last) if last.0 == bound => last.1 += count,
            _ => merged.push((bound, count)),
        }
    }
    if merged.last().is_none_or(|last| last.0 != f64::INFINITY) || merged.len() < 2 {
        return f64::NAN;
    }
    let mut before = merged[0].1;
    for bucket in &mut merged[1..] {
        if bucket.1 < before || (bucket.1 - before).abs() < ROUNDING * (bucket.1.abs() + before.abs()) {
            bucket.1 = before;
        }
        before = bucket.1;
    }
    let last = merged.len() - 1;
    let all = merged[last].1;
    if all == 0.0 {
        return f64::NAN;
    }
    let mut rank = q * all;
    let at = merged[..last].iter().position(|bucket| bucket.1 >= rank).unwrap_or(last);
    if at == last {
        return merged[last - 1].0;
    }
    if at == 0 && merged[0].0 <= 0.0 {
        return merged[0].0;
    }
    let (end, mut count) = merged[at];
    let mut start = 0.0;
    if at > 0 {
        start = merged[at - 1].0;
        count -= merged[at - 1].1;
        rank -= merged[at - 1].1;
    }
    start + (end - start) * (rank / count)
}
