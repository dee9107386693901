//! Places and figures in words.

use crate::experiment::design::Plan;
use crate::model::RateUnit;
use crate::spec::{Metric, visible};
use crate::statistics::Interval;

/// Where a point lies, with its variant: `per-request at concurrency = 150`.
pub fn place(plan: &Plan, point: usize) -> String {
    let planned = &plan.points[point];
    let at = plan.place(planned);
    let place = match (plan.variants.len(), at.is_empty()) {
        (1, false) => format!("at {at}"),
        (_, true) => plan.variants[planned.variant].clone(),
        _ => format!("{} at {at}", plan.variants[planned.variant]),
    };
    visible(&place).into_owned()
}

/// A metric in words.
pub fn name(metric: Metric) -> &'static str {
    match metric {
        Metric::ThroughputPerMin => "throughput",
        Metric::SuccessRate => "success rate",
        Metric::MeanS => "mean response time",
        Metric::P50S => "median response time",
        Metric::P90S => "90th percentile of the response time",
        Metric::P95S => "95th percentile of the response time",
        Metric::P99S => "99th percentile of the response time",
        Metric::P999S => "99.9th percentile of the response time",
        Metric::WastedRequests => "wasted requests",
        Metric::CompletionMeanS => "mean time to completion",
        Metric::CompletionP95S => "95th percentile of the time to completion",
        Metric::CompletedPerMin => "completed requests",
        Metric::DeadLetters => "dead letters",
        Metric::Restarts => "restarts",
        Metric::AttemptsPerRequest => "attempts per request",
        Metric::RecoveryS => "time to recover",
        Metric::StalenessMeanS => "mean staleness",
        Metric::StalenessP95S => "95th percentile of the staleness",
        Metric::CacheHitRatio => "cache hit ratio",
    }
}

/// A metric's interval with its unit; `unit` is that of throughputs.
pub fn figure(interval: Interval, metric: Metric, unit: RateUnit) -> String {
    let Interval { estimate, low, high } = interval;
    match metric {
        Metric::ThroughputPerMin | Metric::CompletedPerMin => unit.figure(interval),
        Metric::SuccessRate | Metric::CacheHitRatio => {
            let decimals =
                [estimate, low, high].map(|share| share_decimals(share).max(1)).into_iter().max().unwrap_or(1);
            let [estimate, low, high] = [estimate, low, high].map(|share| format!("{:.decimals$}", share * 100.0));
            format!("{estimate} % ({low} to {high})")
        }
        Metric::WastedRequests | Metric::DeadLetters | Metric::Restarts => {
            format!("{estimate:.1} ({low:.1} to {high:.1})")
        }
        Metric::AttemptsPerRequest => format!("{estimate:.2} ({low:.2} to {high:.2})"),
        Metric::RecoveryS if low == f64::INFINITY => "never: it does not recover before the run ends".into(),
        Metric::RecoveryS if high == f64::INFINITY && low.is_finite() => {
            format!("{low:.1} s in the fastest run, never in others")
        }
        _ => {
            let (scale, unit, decimals) = time_scale(estimate);
            let [estimate, low, to] = [estimate, low, high].map(|time| format!("{:.decimals$}", time * scale));
            match high {
                f64::INFINITY => format!("{estimate} {unit} ({low} or more)"),
                _ => format!("{estimate} {unit} ({low} to {to})"),
            }
        }
    }
}

/// Decimals with which a share is written in percent: none, but as many as it takes to tell it from all where it is
/// nearly all. 0.9995 is 99.95 %, not 100.
pub fn share_decimals(share: f64) -> usize {
    let missing = (1.0 - share) * 100.0;
    // Of 0.999 the rest is a little more than 0.1 in binary.
    if missing > 1e-7 && missing < 0.501 { ((-missing.log10() - 1e-6).ceil() as usize).clamp(1, 6) } else { 0 }
}

/// A share in percent: `98 %`, `99.95 %`.
pub fn percent(share: f64) -> String {
    format!("{:.*} %", share_decimals(share), share * 100.0)
}

/// A time in the unit that fits: `13.4 ms`, `1.27 s`.
pub fn time(seconds: f64) -> String {
    let (scale, unit, decimals) = time_scale(seconds);
    format!("{:.decimals$} {unit}", seconds * scale)
}

/// How a time is written: the factor to its unit, the unit, and the decimals. From a tenth of a second on in seconds
/// with two decimals, below that with three digits in the unit that fits.
fn time_scale(seconds: f64) -> (f64, &'static str, usize) {
    let decimals = |size: f64| if size < 9.995 { 2 } else { usize::from(size < 99.95) };
    match seconds.abs() {
        size if size == 0.0 || size >= 0.099_95 => (1.0, "s", 2),
        size if size >= 0.000_099_95 => (1e3, "ms", decimals(size * 1e3)),
        size => (1e6, "us", decimals(size * 1e6)),
    }
}

/// A metric's value with its unit; `unit` is that of throughputs.
pub fn amount(value: f64, metric: Metric, unit: RateUnit) -> String {
    match metric {
        metric if metric.is_rate() => format!("{:.*} %", share_decimals(value).max(1), value * 100.0),
        Metric::ThroughputPerMin | Metric::CompletedPerMin => unit.words(value),
        Metric::WastedRequests | Metric::DeadLetters | Metric::Restarts => format!("{value:.1}"),
        Metric::AttemptsPerRequest => format!("{value:.2}"),
        _ => {
            let (scale, unit, decimals) = time_scale(value);
            format!("{:.decimals$} {unit}", value * scale)
        }
    }
}

/// A metric's unit, as it follows its value; `rates` is that of throughputs.
pub fn unit(metric: Metric, rates: RateUnit) -> String {
    match metric {
        metric if metric.is_rate() => " %".into(),
        Metric::ThroughputPerMin | Metric::CompletedPerMin => format!("/{}", rates.name()),
        Metric::WastedRequests | Metric::DeadLetters | Metric::Restarts | Metric::AttemptsPerRequest => String::new(),
        _ => " s".into(),
    }
}

/// Whether a metric is a time.
pub fn is_time(metric: Metric) -> bool {
    unit(metric, RateUnit::Second) == " s"
}

/// A metric's value in the unit that it is shown in, where `rates` is that of throughputs; of a share in percent.
pub fn shown(value: f64, metric: Metric, rates: RateUnit) -> f64 {
    match metric {
        metric if metric.is_rate() => value * 100.0,
        Metric::ThroughputPerMin | Metric::CompletedPerMin => rates.of_minute(value),
        _ => value,
    }
}
