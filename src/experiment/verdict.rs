//! Verdicts: whether what a hypothesis expects was seen.
//!
//! An expectation on a metric holds at a point when its whole 95 % interval is on the right side of the bound, fails when
//! the whole interval is on the wrong side, and is undecided in between. It holds for a range of points when it holds at
//! each, and fails as soon as it fails at one. Two variants are compared by the interval of the paired difference:
//! both met the same requests.

use super::design::{Expectation, Hypothesis, Measurement, Plan};
use super::summary::{LEVEL, Summary};
use crate::spec::Metric;
use crate::statistics::Interval;

/// Whether what was expected was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was.
    Holds,
    /// The opposite was.
    Fails,
    /// The intervals are too wide to tell, or there are no figures.
    Undecided,
}

/// A hypothesis and what became of it.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The claim, in words.
    pub claim: String,
    /// Whether the author expected its refutation.
    pub refuted: bool,
    /// Whether the hypothesis holds: the expectation, or its refutation where that is expected.
    pub verdict: Verdict,
    /// What was seen, with figures.
    pub evidence: String,
    /// About how many replications would decide, where they would.
    pub replications_needed: Option<u64>,
}

/// What was seen at one point.
struct Finding {
    verdict: Verdict,
    evidence: String,
    /// Distance from the bound in half-widths: how far from decided.
    decided: f64,
}

/// Judges all hypotheses of a plan.
pub fn judge(plan: &Plan, summaries: &[Summary]) -> Vec<Judgement> {
    plan.hypotheses.iter().map(|hypothesis| judge_one(plan, hypothesis, summaries)).collect()
}

fn judge_one(plan: &Plan, hypothesis: &Hypothesis, summaries: &[Summary]) -> Judgement {
    let findings = findings(plan, hypothesis, summaries);
    let worst = |verdict| findings.iter().filter(move |finding| finding.verdict == verdict);
    let seen = if worst(Verdict::Fails).next().is_some() {
        Verdict::Fails
    } else if findings.is_empty() || worst(Verdict::Undecided).next().is_some() {
        Verdict::Undecided
    } else {
        Verdict::Holds
    };
    // The point that says most: the clearest failure, the least decided, or the tightest success.
    let telling = match seen {
        Verdict::Fails => worst(seen).max_by(|a, b| a.decided.total_cmp(&b.decided)),
        _ => worst(seen).min_by(|a, b| a.decided.total_cmp(&b.decided)),
    };
    let evidence = telling.map_or_else(|| "no figures".into(), |finding| finding.evidence.clone());
    let verdict = match seen {
        Verdict::Holds if hypothesis.refuted => Verdict::Fails,
        Verdict::Fails if hypothesis.refuted => Verdict::Holds,
        other => other,
    };
    let replications_needed =
        telling.filter(|finding| seen == Verdict::Undecided && finding.decided > 0.0).map(|finding| {
            let factor = (1.0 / finding.decided).powi(2) * 1.1;
            (f64::from(plan.replications) * factor).ceil().min(1e9) as u64
        });
    Judgement { claim: hypothesis.claim.clone(), refuted: hypothesis.refuted, verdict, evidence, replications_needed }
}

fn findings(plan: &Plan, hypothesis: &Hypothesis, summaries: &[Summary]) -> Vec<Finding> {
    let summary = |point: usize| summaries.iter().find(|summary| summary.point == point);
    let class = hypothesis.class.as_deref();
    let each = |judge: &dyn Fn(&Summary, &str) -> Finding| -> Vec<Finding> {
        let of_point = |&point: &usize| {
            let place = of_class(place(plan, point), class);
            summary(point).map_or_else(|| missing(&place), |summary| judge(summary, &place))
        };
        hypothesis.points.iter().map(of_point).collect()
    };
    let compared = |other: usize, metric: Metric, judge: &dyn Fn(Interval, &str) -> Finding| -> Vec<Finding> {
        let of_point = |&point: &usize| {
            let twin = plan.beside(point, other).and_then(summary);
            let place = format!("{}, against {}", of_class(place(plan, point), class), plan.variants[other]);
            match summary(point).zip(twin).and_then(|(a, b)| relative_difference(a, b, class, metric)) {
                Some(difference) => judge(difference, &place),
                None => missing(&place),
            }
        };
        hypothesis.points.iter().map(of_point).collect()
    };
    match &hypothesis.expect {
        Expectation::AtLeast { metric, value } => {
            each(&|summary, place| bounded_of(summary.metric_of(class, *metric), *metric, *value, true, place))
        }
        Expectation::AtMost { metric, value } => {
            each(&|summary, place| bounded_of(summary.metric_of(class, *metric), *metric, *value, false, place))
        }
        Expectation::Survives => {
            each(&|summary, place| bounded(summary, Metric::SuccessRate, plan.collapse_below, true, place))
        }
        Expectation::Collapses { from, to } => collapse(plan, hypothesis, summaries, *from, *to),
        Expectation::Stuck => each(&|summary, place| stuck(summary, true, place)),
        Expectation::Recovers => each(&|summary, place| stuck(summary, false, place)),
        Expectation::HigherThan { variant, metric, by } => {
            compared(*variant, *metric, &|difference, place| beyond(difference, *by, *metric, place, 1.0))
        }
        Expectation::LowerThan { variant, metric, by } => {
            compared(*variant, *metric, &|difference, place| beyond(difference, *by, *metric, place, -1.0))
        }
        Expectation::SameAs { variant, metric, within } => compared(*variant, *metric, &|difference, place| {
            let verdict = if difference.low >= -within && difference.high <= *within {
                Verdict::Holds
            } else if difference.low > *within || difference.high < -within {
                Verdict::Fails
            } else {
                Verdict::Undecided
            };
            let distance = (within - difference.estimate.abs()).abs();
            Finding { verdict, evidence: in_words(difference, *metric, place), decided: ratio(distance, &difference) }
        }),
        Expectation::SaturatedBy { resource } => each(&|summary, place| {
            let seen = summary.saturated.as_deref().unwrap_or("nothing");
            let verdict = if seen == resource { Verdict::Holds } else { Verdict::Fails };
            Finding { verdict, evidence: format!("{place}: {seen} is saturated"), decided: 1.0 }
        }),
        Expectation::MeetsMeasurements => plan
            .measurements
            .iter()
            .filter(|measurement| measurement.variant == hypothesis.variant)
            .filter_map(|measurement| met(measurement, summary(measurement.point)))
            .collect(),
    }
}

fn missing(place: &str) -> Finding {
    Finding { verdict: Verdict::Undecided, evidence: format!("{place}: no figures"), decided: 0.0 }
}

fn ratio(distance: f64, interval: &Interval) -> f64 {
    let half = interval.half_width();
    if half > 0.0 { distance / half } else { f64::MAX }
}

fn bounded(summary: &Summary, metric: Metric, bound: f64, at_least: bool, place: &str) -> Finding {
    bounded_of(summary.metric(metric), metric, bound, at_least, place)
}

fn bounded_of(interval: Option<Interval>, metric: Metric, bound: f64, at_least: bool, place: &str) -> Finding {
    let Some(interval) = interval else { return missing(place) };
    let (above, below) = (interval.low >= bound, interval.high < bound);
    let verdict = match (at_least, above, below, interval.high <= bound, interval.low > bound) {
        (true, true, _, _, _) | (false, _, _, true, _) => Verdict::Holds,
        (true, _, true, _, _) | (false, _, _, _, true) => Verdict::Fails,
        _ => Verdict::Undecided,
    };
    let evidence = format!("{place}: {} {}", name(metric), figure(interval, metric));
    Finding { verdict, evidence, decided: ratio((interval.estimate - bound).abs(), &interval) }
}

fn stuck(summary: &Summary, expected: bool, place: &str) -> Finding {
    let (stuck, all) = (summary.stuck, summary.replications);
    let verdict = match (stuck, expected) {
        (0, false) => Verdict::Holds,
        (0, true) => Verdict::Fails,
        (n, true) if n == all => Verdict::Holds,
        (n, false) if n == all => Verdict::Fails,
        _ => Verdict::Undecided,
    };
    Finding { verdict, evidence: format!("{place}: still stuck after {stuck} of {all} tests"), decided: 1.0 }
}

/// Beyond `by` in the direction of `sign`.
fn beyond(difference: Interval, by: f64, metric: Metric, place: &str, sign: f64) -> Finding {
    let (low, high) = if sign > 0.0 { (difference.low, difference.high) } else { (-difference.high, -difference.low) };
    let verdict = if low >= by && high > 0.0 {
        Verdict::Holds
    } else if high < by || high <= 0.0 {
        Verdict::Fails
    } else {
        Verdict::Undecided
    };
    let distance = (sign * difference.estimate - by).abs();
    Finding { verdict, evidence: in_words(difference, metric, place), decided: ratio(distance, &difference) }
}

/// The paired difference of two points, relative to the mean of the second.
fn relative_difference(a: &Summary, b: &Summary, class: Option<&str>, metric: Metric) -> Option<Interval> {
    let (ours, theirs) = a.paired(b, class, metric);
    let difference = Interval::paired_difference(&ours, &theirs, LEVEL)?;
    let mean = theirs.iter().sum::<f64>() / theirs.len() as f64;
    if mean == 0.0 {
        // Nothing is relative to nothing: any difference at all is beyond every bound.
        let scaled = |x: f64| if x == 0.0 { 0.0 } else { f64::MAX.copysign(x) };
        return Some(Interval {
            estimate: scaled(difference.estimate),
            low: scaled(difference.low),
            high: scaled(difference.high),
        });
    }
    Some(Interval { estimate: difference.estimate / mean, low: difference.low / mean, high: difference.high / mean })
}

fn in_words(difference: Interval, metric: Metric, place: &str) -> String {
    let percent = |x: f64| if x > 1e6 { "∞".to_owned() } else { format!("{:+.1}", x * 100.0) };
    format!(
        "{place}: {} differs by {} % ({} to {} %)",
        name(metric),
        percent(difference.estimate),
        // No figure here is ever negative, so that none falls by more than all of it.
        percent(difference.low.max(-1.0)),
        percent(difference.high)
    )
}

/// Success falls below the bound for the first time between two values of the first axis: every point up to `from` is
/// safe, the first from `to` on is collapsed. What lies between is not looked at, nor what comes after.
fn collapse(plan: &Plan, hypothesis: &Hypothesis, summaries: &[Summary], from: f64, to: f64) -> Vec<Finding> {
    let number = |&point: &usize| plan.points[point].at.first().and_then(|&value| plan.axes[0].values[value].number);
    let judge = |point: usize, safe: bool| {
        let place = place(plan, point);
        let summary = summaries.iter().find(|summary| summary.point == point);
        summary.map_or_else(
            || missing(&place),
            |summary| bounded(summary, Metric::SuccessRate, plan.collapse_below, safe, &place),
        )
    };
    let safe = hypothesis.points.iter().filter(|point| number(point).is_some_and(|at| at <= from));
    let last_safe = safe.clone().max_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
    let beyond = hypothesis.points.iter().filter(|point| number(point).is_some_and(|at| at >= to));
    let first_beyond = beyond.min_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
    let mut findings: Vec<Finding> = safe.map(|&point| judge(point, true)).collect();
    findings.extend(first_beyond.map(|&point| judge(point, false)));
    if findings.iter().all(|finding| finding.verdict == Verdict::Holds)
        && let (Some(&safe), Some(&beyond)) = (last_safe, first_beyond)
    {
        let evidence = format!("{}; {}", judge(safe, true).evidence, judge(beyond, false).evidence);
        return vec![Finding { verdict: Verdict::Holds, evidence, decided: 1.0 }];
    }
    findings
}

/// Whether a measurement with a tolerance is met: by the whole interval of the throughput, and by the success rate.
fn met(measurement: &Measurement, summary: Option<&Summary>) -> Option<Finding> {
    let tolerance = measurement.tolerance?;
    let summary = summary?;
    let deviation = deviation(measurement, summary)?;
    let half = match measurement.measured.throughput_per_min {
        Some(measured) => summary.throughput_per_min.half_width() / scale(measured),
        None => 0.0,
    };
    let of_throughput = deviation.throughput.map_or(0.0, f64::abs);
    let of_success = deviation.success.map_or(0.0, f64::abs);
    let verdict = if of_success > tolerance || of_throughput - half > tolerance {
        Verdict::Fails
    } else if of_throughput + half <= tolerance {
        Verdict::Holds
    } else {
        Verdict::Undecided
    };
    let evidence = format!("{}: {}", measurement.name, deviation.words);
    let decided = if half > 0.0 { (tolerance - of_throughput).abs() / half } else { f64::MAX };
    Some(Finding { verdict, evidence, decided })
}

/// What a deviation of the throughput is relative to: the measured, or 100 a minute where nothing came through.
fn scale(measured: f64) -> f64 {
    if measured == 0.0 { 100.0 } else { measured }
}

/// How far a prediction is from its measurement.
#[derive(Clone, Debug)]
pub struct Deviation {
    /// The largest deviation: throughput relative, success in absolute terms.
    pub worst: f64,
    /// Deviation of the throughput, relative to the measured.
    pub throughput: Option<f64>,
    /// Deviation of the success rate, absolute.
    pub success: Option<f64>,
    /// In words.
    pub words: String,
}

/// How far a point is from a measurement: the throughput relative to the measured (absolute where that is zero, as a
/// share of 100 a minute), the success rate in absolute terms.
pub fn deviation(measurement: &Measurement, summary: &Summary) -> Option<Deviation> {
    let (mut worst, mut words) = (0f64, Vec::new());
    let throughput = measurement.measured.throughput_per_min.map(|measured| {
        let seen = summary.throughput_per_min.estimate;
        let deviation = (seen - measured) / scale(measured);
        worst = worst.max(deviation.abs());
        words.push(format!("{seen:.0}/min for {measured:.0}"));
        deviation
    });
    let success = measurement.measured.success_rate.map(|measured| {
        let seen = summary.success_rate.estimate;
        worst = worst.max((seen - measured).abs());
        words.push(format!("{:.0} % success for {:.0} %", seen * 100.0, measured * 100.0));
        seen - measured
    });
    (!words.is_empty()).then(|| Deviation { worst, throughput, success, words: words.join(", ") })
}

/// Where a point lies, with its variant: `per-request at concurrency = 150`.
pub fn place(plan: &Plan, point: usize) -> String {
    let planned = &plan.points[point];
    let at = plan.place(planned);
    match (plan.variants.len(), at.is_empty()) {
        (1, false) => format!("at {at}"),
        (_, true) => plan.variants[planned.variant].clone(),
        _ => format!("{} at {at}", plan.variants[planned.variant]),
    }
}

/// A place, and whose requests are looked at there.
fn of_class(place: String, class: Option<&str>) -> String {
    class.map_or_else(|| place.clone(), |class| format!("{place}, class {class}"))
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

/// A metric's interval with its unit.
pub fn figure(interval: Interval, metric: Metric) -> String {
    let Interval { estimate, low, high } = interval;
    match metric {
        Metric::ThroughputPerMin | Metric::CompletedPerMin => format!("{estimate:.0}/min ({low:.0} to {high:.0})"),
        Metric::SuccessRate | Metric::CacheHitRatio => {
            format!("{:.1} % ({:.1} to {:.1})", estimate * 100.0, low * 100.0, high * 100.0)
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

/// How a time is written: the factor to its unit, the unit, and the decimals. From a tenth of a second on in seconds with two
/// decimals, below that with three digits in the unit that fits.
fn time_scale(seconds: f64) -> (f64, &'static str, usize) {
    let decimals = |size: f64| if size < 9.995 { 2 } else { usize::from(size < 99.95) };
    match seconds.abs() {
        size if size == 0.0 || size >= 0.099_95 => (1.0, "s", 2),
        size if size >= 0.000_099_95 => (1e3, "ms", decimals(size * 1e3)),
        size => (1e6, "us", decimals(size * 1e6)),
    }
}

/// A metric's value with its unit.
pub fn amount(value: f64, metric: Metric) -> String {
    let unit = unit(metric);
    match metric {
        metric if metric.is_rate() => format!("{:.1}{unit}", value * 100.0),
        Metric::ThroughputPerMin | Metric::CompletedPerMin => format!("{value:.0}{unit}"),
        Metric::WastedRequests | Metric::DeadLetters | Metric::Restarts => format!("{value:.1}{unit}"),
        Metric::AttemptsPerRequest => format!("{value:.2}{unit}"),
        _ => {
            let (scale, unit, decimals) = time_scale(value);
            format!("{:.decimals$} {unit}", value * scale)
        }
    }
}

/// A metric's unit, as it follows its value.
pub fn unit(metric: Metric) -> &'static str {
    match metric {
        metric if metric.is_rate() => " %",
        Metric::ThroughputPerMin | Metric::CompletedPerMin => "/min",
        Metric::WastedRequests | Metric::DeadLetters | Metric::Restarts | Metric::AttemptsPerRequest => "",
        _ => " s",
    }
}

/// The exit code that verdicts call for: 0 all hold, 1 one fails, 3 undecided.
pub fn exit_code(judgements: &[Judgement]) -> u8 {
    if judgements.iter().any(|judgement| judgement.verdict == Verdict::Fails) {
        1
    } else if judgements.iter().any(|judgement| judgement.verdict == Verdict::Undecided) {
        3
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_times_keep_their_digits() {
        let times = [61.2, 0.5, 0.1, 0.099_9, 0.006_334, 0.0001, 0.000_05, 0.0];
        let words = ["61.20 s", "0.50 s", "0.10 s", "99.9 ms", "6.33 ms", "0.10 ms", "50.0 us", "0.00 s"];
        assert_eq!(times.map(|time| amount(time, Metric::MeanS)), words);
        let interval = Interval { estimate: 0.0121, low: 0.0119, high: 0.0123 };
        assert_eq!(figure(interval, Metric::StalenessP95S), "12.1 ms (11.9 to 12.3)");
        assert_eq!(amount(1.25, Metric::AttemptsPerRequest), "1.25");
    }

    #[test]
    fn nothing_differs_by_less_than_minus_all() {
        let fallen = Interval { estimate: -0.99, low: -1.05, high: -0.93 };
        assert_eq!(
            in_words(fallen, Metric::MeanS, "a"),
            "a: mean response time differs by -99.0 % (-100.0 to -93.0 %)"
        );
    }
}
