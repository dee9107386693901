//! Places and figures in words.

use crate::experiment::plan::Plan;
use crate::language::{Metric, visible};
use crate::metric::MetricKind;
use crate::model::{RateUnit, decimals as rate_decimals, grouped};
use crate::statistics::Interval;

/// Where a point lies, with its variant, as a label: `per-request at concurrency = 150`.
pub fn place(plan: &Plan, point: usize) -> String {
    named_place(plan, point, plan.variants[plan.points[point].variant].clone())
}

/// Where a point lies, with its variant, in a sentence: `“per-request” at concurrency = 150`.
pub fn quoted_place(plan: &Plan, point: usize) -> String {
    named_place(plan, point, format!("“{}”", plan.variants[plan.points[point].variant]))
}

fn named_place(plan: &Plan, point: usize, variant: String) -> String {
    let at = plan.place(&plan.points[point]);
    let place = match (plan.variants.len(), at.is_empty()) {
        (1, false) => format!("at {at}"),
        (_, true) => variant,
        _ => format!("{variant} at {at}"),
    };
    visible(&place).into_owned()
}

/// A metric's interval with its unit; `unit` is that of throughputs.
pub fn figure(interval: Interval, metric: Metric, unit: RateUnit) -> String {
    let Interval { estimate, low, high } = interval;
    match metric.kind() {
        MetricKind::Time | MetricKind::Quantile(_) if estimate == f64::INFINITY && metric != Metric::RecoveryS => {
            UNBOUNDED.into()
        }
        MetricKind::PerMinute => unit.figure(interval),
        MetricKind::Share => {
            let decimals = interval_decimals(estimate, low);
            let [estimate, low, high] = [estimate, low, high].map(|share| format!("{:.decimals$}", share * 100.0));
            format!("{estimate} % ({low} to {high})")
        }
        MetricKind::PerSecond | MetricKind::Hours | MetricKind::Price => {
            let (decimals, unit) = (rate_decimals(estimate), plain_unit(metric));
            let [estimate, low, high] = [estimate, low, high].map(|x| grouped(&format!("{x:.decimals$}")));
            format!("{estimate}{unit} ({low} to {high})")
        }
        MetricKind::Count(_) => format!("{estimate:.1} ({low:.1} to {high:.1})"),
        MetricKind::Ratio(_) => format!("{estimate:.2} ({low:.2} to {high:.2})"),
        _ if metric == Metric::RecoveryS && low == f64::INFINITY => "never: no recovery before the run ends".into(),
        _ if metric == Metric::RecoveryS && high == f64::INFINITY => {
            format!("{low:.1} s or more; some runs do not recover before they end")
        }
        MetricKind::Time | MetricKind::Quantile(_) => {
            // An estimate of 0 does not tell the digits of its interval.
            let (scale, unit, decimals) = time_scale(if estimate == 0.0 { high } else { estimate });
            let [estimate, low, to] = [estimate, low, high].map(|time| format!("{:.decimals$}", time * scale));
            match high {
                f64::INFINITY => format!("{estimate} {unit} ({low} or more)"),
                _ => format!("{estimate} {unit} ({low} to {to})"),
            }
        }
    }
}

/// Times to recover, one of each run, of which some are infinite: `5.0 to 9.0 s in 4 runs, never in 1 of 5`.
pub fn recovery(times: &[f64]) -> String {
    let recovered: Vec<f64> = times.iter().copied().filter(|time| time.is_finite()).collect();
    let (some, all) = (recovered.len(), times.len());
    let least = recovered.iter().copied().fold(f64::INFINITY, f64::min);
    let most = recovered.iter().copied().fold(0.0, f64::max);
    let [from, to] = [least, most].map(|time| format!("{time:.1}"));
    let range = if from == to { from } else { format!("{from} to {to}") };
    let runs = if some == 1 { "run" } else { "runs" };
    match some {
        0 => "never: no recovery before the run ends".into(),
        _ => format!("{range} s in {some} {runs}, never in {} of {all}", all - some),
    }
}

/// Decimals with which a share is written in percent: none, but as many as it takes to tell it from all where it is
/// nearly all, and from nothing where it is nearly nothing. 0.9995 is 99.95 %, not 100, and 0.000021 is 0.002 %.
pub fn share_decimals(share: f64) -> usize {
    decimals_beside_all(share).max(decimals_beside_all(1.0 - share))
}

/// Decimals that tell a share in percent from 100.
fn decimals_beside_all(share: f64) -> usize {
    let missing = (1.0 - share) * 100.0;
    // Of 0.999 the rest is a little more than 0.1 in binary.
    if missing > 1e-7 && missing < 0.501 { ((-missing.log10() - 1e-6).ceil() as usize).clamp(1, 6) } else { 0 }
}

/// Decimals of the percents of an estimated share and of its interval: those that the estimate needs, and a lower end near
/// 100 %. An upper end that is nearer to 100 % tells nothing of the digits of the estimate, nor does a lower end near 0.
pub fn interval_decimals(estimate: f64, low: f64) -> usize {
    share_decimals(estimate).max(decimals_beside_all(low)).max(1)
}

/// A share in percent: `98 %`, `99.95 %`.
pub fn percent(share: f64) -> String {
    format!("{:.*} %", share_decimals(share), share * 100.0)
}

/// A time of requests that are never answered, or of a queue that grows for as long as the load lasts.
const UNBOUNDED: &str = "without bound";

/// A time in the unit that fits: `13.4 ms`, `1.27 s`.
pub fn time(seconds: f64) -> String {
    if seconds == f64::INFINITY {
        return UNBOUNDED.into();
    }
    let (scale, unit, decimals) = time_scale(seconds);
    format!("{:.decimals$} {unit}", seconds * scale)
}

/// How a time is written: the factor to its unit, the unit, and the decimals. From a tenth of a second on in seconds
/// with two decimals, below that with three digits in the unit that fits.
fn time_scale(seconds: f64) -> (f64, &'static str, usize) {
    let decimals = |size: f64| if size < 9.995 { 2 } else { usize::from(size < 99.95) };
    match seconds.abs() {
        0.0 => (1.0, "s", 0),
        size if size >= 0.099_95 => (1.0, "s", 2),
        size if size >= 0.000_099_95 => (1e3, "ms", decimals(size * 1e3)),
        size => (1e6, "us", decimals(size * 1e6)),
    }
}

/// A metric's value with its unit; `unit` is that of throughputs.
pub fn amount(value: f64, metric: Metric, unit: RateUnit) -> String {
    match metric.kind() {
        MetricKind::Time | MetricKind::Quantile(_) if value == f64::INFINITY => UNBOUNDED.into(),
        MetricKind::Share => format!("{:.*} %", share_decimals(value).max(1), value * 100.0),
        MetricKind::PerMinute => unit.words(value),
        MetricKind::PerSecond | MetricKind::Hours | MetricKind::Price => {
            format!("{}{}", grouped(&format!("{value:.*}", rate_decimals(value))), plain_unit(metric))
        }
        MetricKind::Count(_) => format!("{value:.1}"),
        MetricKind::Ratio(_) => format!("{value:.2}"),
        MetricKind::Time | MetricKind::Quantile(_) => {
            let (scale, unit, decimals) = time_scale(value);
            format!("{:.decimals$} {unit}", value * scale)
        }
    }
}

/// A metric's value with its unit, beside one that was measured: with three digits at least, and with as many decimals as
/// the measured one has. Both are shown alike.
pub fn amount_beside(value: f64, measured: f64, metric: Metric, rates: RateUnit) -> String {
    let (scale, unit, least) = match metric.kind() {
        MetricKind::Share => (100.0, " %".into(), share_decimals(measured).max(share_decimals(value)).max(1)),
        MetricKind::PerMinute => {
            (rates.of_minute(1.0), format!("/{}", rates.name()), rate_decimals(rates.of_minute(measured)))
        }
        MetricKind::Time | MetricKind::Quantile(_) => {
            let (scale, unit, decimals) = time_scale(measured);
            (scale, format!(" {unit}"), decimals.max(rate_decimals(measured * scale)))
        }
        MetricKind::PerSecond | MetricKind::Hours | MetricKind::Price | MetricKind::Count(_) | MetricKind::Ratio(_) => {
            return amount(value, metric, rates);
        }
    };
    let decimals = least.max(decimals_of(measured * scale));
    let text = format!("{:.decimals$}", value * scale);
    format!("{}{unit}", if scale == 100.0 { text } else { grouped(&text) })
}

/// Decimals that a number has when it is written in full, four at most.
fn decimals_of(number: f64) -> usize {
    (0..4).find(|&decimals| is_near(number, decimals)).unwrap_or(4)
}

/// Whether a number is one with this many decimals but for rounding.
fn is_near(number: f64, decimals: usize) -> bool {
    let rounded: f64 = format!("{number:.decimals$}").parse().unwrap_or(number);
    (rounded - number).abs() <= 1e-9 * number.abs()
}

/// A metric's unit, as it follows its value; `rates` is that of throughputs.
pub fn unit(metric: Metric, rates: RateUnit) -> String {
    match metric.kind() {
        MetricKind::PerMinute => format!("/{}", rates.name()),
        _ => plain_unit(metric).into(),
    }
}

/// The unit of a metric that is always shown in the same one.
fn plain_unit(metric: Metric) -> &'static str {
    match metric.kind() {
        MetricKind::Share => " %",
        MetricKind::PerMinute => "/min",
        MetricKind::PerSecond => "/s",
        MetricKind::Hours => " h",
        MetricKind::Time | MetricKind::Quantile(_) => " s",
        MetricKind::Count(_) | MetricKind::Ratio(_) | MetricKind::Price => "",
    }
}

/// A metric's value in the unit that it is shown in, where `rates` is that of throughputs; of a share in percent.
pub fn shown(value: f64, metric: Metric, rates: RateUnit) -> f64 {
    match metric.kind() {
        MetricKind::Share => value * 100.0,
        MetricKind::PerMinute => rates.of_minute(value),
        MetricKind::PerSecond | MetricKind::Hours | MetricKind::Price | MetricKind::Time | MetricKind::Quantile(_) => {
            value
        }
        MetricKind::Count(_) | MetricKind::Ratio(_) => value,
    }
}

/// A rate a second in the unit in which it is not nearly nothing: a second, a minute or an hour.
pub fn slow_rate(per_second: f64) -> (f64, &'static str) {
    /// From which on a rate is given in a unit.
    const LEAST: f64 = 0.1;
    match per_second {
        rate if rate >= LEAST => (rate, "s"),
        rate if rate * 60.0 >= LEAST => (rate * 60.0, "min"),
        rate => (rate * 3600.0, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_rates_are_given_by_the_minute_or_the_hour() {
        let rates = [2.5, 0.05, 0.000_15].map(slow_rate).map(|(rate, unit)| format!("{rate:.2}/{unit}"));
        assert_eq!(rates, ["2.50/s", "3.00/min", "0.54/h"]);
    }

    /// The upper end is nearer to 100 % than the estimate; digits that tell it from that say nothing of the estimate.
    #[test]
    fn an_estimated_share_has_its_own_digits() {
        let words =
            |estimate, low, high| figure(Interval { estimate, low, high }, Metric::SuccessRate, RateUnit::Minute);
        assert_eq!(words(0.982_918_15, 0.9, 0.999_999_8), "98.3 % (90.0 to 100.0)");
        assert_eq!(words(1.0, 0.9998, 1.0), "100.00 % (99.98 to 100.00)");
        assert_eq!(words(0.9995, 0.999, 0.9999), "99.95 % (99.90 to 99.99)");
    }

    #[test]
    fn small_times_keep_their_digits() {
        let times = [61.2, 0.5, 0.1, 0.099_9, 0.006_334, 0.0001, 0.000_05, 0.0];
        let words = ["61.20 s", "0.50 s", "0.10 s", "99.9 ms", "6.33 ms", "0.10 ms", "50.0 us", "0 s"];
        assert_eq!(times.map(|time| amount(time, Metric::MeanS, RateUnit::Minute)), words);
        let interval = Interval { estimate: 0.0121, low: 0.0119, high: 0.0123 };
        assert_eq!(figure(interval, Metric::StalenessP95S, RateUnit::Minute), "12.1 ms (11.9 to 12.3)");
        assert_eq!(amount(1.25, Metric::AttemptsPerRequest, RateUnit::Minute), "1.25");
        assert_eq!(time(0.0134), "13.4 ms");
        let never = f64::INFINITY;
        assert_eq!(amount(never, Metric::MeanS, RateUnit::Minute), "without bound");
        let interval = Interval { estimate: never, low: never, high: never };
        assert_eq!(figure(interval, Metric::P95S, RateUnit::Minute), "without bound");
        assert!(figure(interval, Metric::RecoveryS, RateUnit::Minute).starts_with("never"));
    }

    /// Each run is counted once.
    #[test]
    fn runs_that_do_not_recover_are_counted() {
        let never = f64::INFINITY;
        assert_eq!(recovery(&[5.0, never, 9.0, 7.0, 6.0]), "5.0 to 9.0 s in 4 runs, never in 1 of 5");
        assert_eq!(recovery(&[never, 5.0, never]), "5.0 s in 1 run, never in 2 of 3");
        assert_eq!(recovery(&[5.0, 5.02, never]), "5.0 s in 2 runs, never in 1 of 3");
        assert_eq!(recovery(&[never; 4]), "never: no recovery before the run ends");
    }

    #[test]
    fn what_is_nearly_all_is_not_all() {
        let shares = [1.0, 0.999_95, 0.9995, 0.999, 0.9999, 0.995, 0.98, 0.0, 0.999_921];
        let words = ["100 %", "99.995 %", "99.95 %", "99.9 %", "99.99 %", "99.5 %", "98 %", "0 %", "99.992 %"];
        assert_eq!(shares.map(percent), words);
        let shares = [0.000_021, 0.0005, 0.001, 0.004, 0.02];
        assert_eq!(shares.map(percent), ["0.002 %", "0.05 %", "0.1 %", "0.4 %", "2 %"]);
        let interval = Interval { estimate: 0.07, low: 0.000_03, high: 0.2 };
        assert_eq!(figure(interval, Metric::SuccessRate, RateUnit::Minute), "7.0 % (0.0 to 20.0)");
        let interval = Interval { estimate: 1.0, low: 0.999_936, high: 1.0 };
        assert_eq!(figure(interval, Metric::SuccessRate, RateUnit::Minute), "100.000 % (99.994 to 100.000)");
        let interval = Interval { estimate: 0.0, low: 0.0, high: 0.001 };
        assert_eq!(figure(interval, Metric::SuccessRate, RateUnit::Minute), "0.0 % (0.0 to 0.1)");
        assert_eq!(amount(0.9995, Metric::SuccessRate, RateUnit::Minute), "99.95 %");
    }

    /// Rows of the law of 15-usl-specsdm91: 25.6833/min was measured where 25.71 is predicted.
    #[test]
    fn a_prediction_has_the_digits_of_what_was_measured() {
        let rate = |value, measured| amount_beside(value, measured, Metric::ThroughputPerMin, RateUnit::Minute);
        assert_eq!((rate(25.71, 25.6833), rate(25.6833, 25.6833)), ("25.7100/min".into(), "25.6833/min".into()));
        assert_eq!((rate(1.4961, 1.5), rate(799.63, 800.0)), ("1.50/min".into(), "800/min".into()));
        assert_eq!(rate(799.63, 799.6), "799.6/min");
        let time = |value, measured| amount_beside(value, measured, Metric::MeanS, RateUnit::Minute);
        assert_eq!((time(0.299_94, 0.2999), time(1.234, 1.2)), ("0.2999 s".into(), "1.23 s".into()));
        let share = |value, measured| amount_beside(value, measured, Metric::SuccessRate, RateUnit::Minute);
        assert_eq!((share(0.99951, 0.9995), share(0.98, 0.975)), ("99.95 %".into(), "98.0 %".into()));
    }
}
