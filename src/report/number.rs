//! Numbers as text: exact for programs, short for people.

use crate::experiment::analyse::words::{self, share_decimals};
use crate::language::Metric;
use crate::model::RateUnit;
pub(super) use crate::model::grouped;
use crate::statistics::Interval;

/// A number for a file: seven significant digits without trailing zeros; empty where there is none.
pub(super) fn exact(value: f64) -> String {
    if !value.is_finite() {
        return String::new();
    }
    if value == 0.0 {
        return "0".into();
    }
    let digits = value.abs().log10().floor() as i32;
    let text = format!("{value:.*}", (6 - digits).clamp(0, 17) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// A number rounded to this many significant digits.
pub fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.max(1) - 1).parse().unwrap_or(value)
}

/// A number for a sentence: about three digits, thousands set apart.
pub(super) fn short(value: f64) -> String {
    let size = value.abs();
    let decimals = match size {
        0.0 => 0,
        size if size >= 99.5 => 0,
        size if size >= 9.95 => usize::from(size.fract() >= 0.05 && size.fract() < 0.95 && size < 20.0),
        size if size >= 0.995 => 1,
        size if size >= 0.0995 => 2,
        size => (1 - size.log10().floor() as i32).clamp(2, 12) as usize,
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    grouped(text)
}

/// Seconds in the unit that fits.
pub(super) fn seconds(value: f64) -> String {
    match value.abs() {
        0.0 => "0 s".into(),
        size if size < 0.000_999_5 => format!("{} us", short(value * 1e6)),
        size if size < 0.999_5 => format!("{} ms", short(value * 1e3)),
        _ => format!("{} s", short(value)),
    }
}

/// The unit that fits most of some times: its name, and how many of it a second is.
pub(super) fn time_unit(times: impl Iterator<Item = f64>) -> (&'static str, f64) {
    let mut times: Vec<f64> = times.filter(|&time| time > 0.0 && time.is_finite()).collect();
    times.sort_by(f64::total_cmp);
    match times.get(times.len() / 2) {
        Some(&middle) if middle < 0.000_099_95 => ("us", 1e6),
        Some(&middle) if middle < 0.099_95 => ("ms", 1e3),
        _ => ("s", 1.0),
    }
}

/// A column of times with its heading, in the unit that fits: `mean ms`.
pub(super) fn time_column(name: &str, times: &[Option<Interval>]) -> (String, Vec<String>) {
    let (unit, scale) = time_unit(times.iter().flatten().map(|time| time.estimate));
    let scaled =
        |time: &Interval| Interval { estimate: time.estimate * scale, low: time.low * scale, high: time.high * scale };
    let scaled: Vec<Option<Interval>> = times.iter().map(|time| time.as_ref().map(scaled)).collect();
    (format!("{name} {unit}"), column(&scaled, 6))
}

/// A column of throughputs, which are given a minute, with its heading, in the unit of the report: `throughput/s`.
pub(super) fn rate_column(name: &str, unit: RateUnit, rates: &[Figure]) -> (String, Vec<String>) {
    let scaled: Vec<Figure> = rates
        .iter()
        .map(|rate| Figure {
            interval: rate.interval.map(|it| unit.interval(it)),
            groups: rate.groups.map(|means| means.map(|mean| unit.of_minute(mean))),
        })
        .collect();
    (format!("{name}/{}", unit.name()), figures(&scaled, 2))
}

/// A figure of a point: its interval, and the means of two groups of runs where the runs fall into two.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figure {
    /// None where there is no such figure.
    pub interval: Option<Interval>,
    /// The higher throughput's first.
    pub groups: Option<[f64; 2]>,
}

/// A difference of a metric with its unit: of a share in points.
pub(super) fn difference(value: f64, metric: Metric, rates: RateUnit) -> String {
    if metric.is_rate() { format!("{:.1} points", value * 100.0) } else { words::amount(value, metric, rates) }
}

/// How a chart shows a metric of about this size: what a value is multiplied with, and the unit. Times below a second
/// are in milliseconds.
pub(super) fn chart_unit(metric: Metric, rates: RateUnit, size: f64) -> (f64, String) {
    if metric.is_time() && size < 1.0 {
        return (1e3, "ms".into());
    }
    let unit = words::unit(metric, rates);
    (words::shown(1.0, metric, rates), unit.trim().replace('/', "per "))
}

/// Shares in percent with their intervals, for [`aligned`]: `100 %`, or with the digits that tell it from all.
pub(super) fn shares(all: &[Figure]) -> Vec<(String, String)> {
    let percent =
        |rate: Interval| Interval { estimate: rate.estimate * 100.0, low: rate.low * 100.0, high: rate.high * 100.0 };
    let digits = |rate: Interval| share_decimals(rate.estimate).max(1);
    let is_between = |rate: &Interval| rate.estimate > 0.0 && rate.estimate < 1.0;
    let alone = all.iter().filter(|figure| figure.groups.is_none()).filter_map(|figure| figure.interval);
    let form = Form::of(alone.filter(is_between).map(|rate| (percent(rate), digits(rate))));
    let part = |figure: &Figure| match (figure.interval, figure.groups) {
        (None, _) => ("–".into(), String::new()),
        (Some(_), Some(means)) => shares_of_groups(means),
        (Some(rate), None) if is_between(&rate) => {
            let decimals = digits(rate);
            (format!("{:.decimals$} %", rate.estimate * 100.0), form.written(&percent(rate), decimals))
        }
        (Some(rate), None) => (format!("{:.0} %", rate.estimate * 100.0), String::new()),
    };
    all.iter().map(part).collect()
}

/// The same of two groups of runs: `98.9 %`, `or 9.4 %`.
pub(super) fn shares_of_groups(means: [f64; 2]) -> (String, String) {
    let [one, other] = means.map(|mean| {
        let decimals = if mean == 0.0 || mean == 1.0 { 0 } else { share_decimals(mean).max(1) };
        format!("{:.decimals$} %", mean * 100.0)
    });
    (one, format!("or {other}"))
}

/// Decimals of a rate at most: one request in ten years, the longest run, is 3e-9 a second.
pub(super) const MOST_DECIMALS: usize = 12;

/// Decimals with which three digits of a value are seen.
pub(super) fn decimals(value: f64, most: usize) -> usize {
    if value.is_finite() && value > 0.0 { (2 - value.log10().floor() as i32).clamp(0, most as i32) as usize } else { 0 }
}

/// A column of intervals, the estimates and the intervals each under another: `  517 ±8`. All have as many decimals
/// as the middle one needs.
pub(super) fn column(intervals: &[Option<Interval>], most_decimals: usize) -> Vec<String> {
    let all: Vec<Figure> = intervals.iter().map(|&interval| Figure { interval, groups: None }).collect();
    figures(&all, most_decimals)
}

/// The same of figures that may have two groups of runs: `  390 or 31`.
pub(super) fn figures(all: &[Figure], most_decimals: usize) -> Vec<String> {
    let estimates = all.iter().filter_map(|figure| figure.interval).map(|interval| interval.estimate);
    let mut estimates: Vec<f64> = estimates.filter(|&estimate| estimate > 0.0).collect();
    estimates.sort_by(f64::total_cmp);
    let decimals = decimals(estimates.get(estimates.len() / 2).copied().unwrap_or(0.0), most_decimals);
    // What is small beside the others has more decimals, and two digits where those would show it as 0.
    let own = |estimate: f64| {
        let last = |decimals: usize| estimate * libm::exp10(decimals as f64);
        let more = self::decimals(estimate, most_decimals.max(2));
        match estimate {
            _ if last(decimals) >= 9.5 || estimate <= 0.0 || estimate >= 9.5 => decimals,
            _ if last(more) < 0.5 => self::decimals(estimate, MOST_DECIMALS) - 1,
            _ => more,
        }
    };
    let alone = all.iter().filter(|figure| figure.groups.is_none()).filter_map(|figure| figure.interval);
    let form = Form::of(alone.map(|interval| (interval, own(interval.estimate))));
    let parts: Vec<(String, String)> = all
        .iter()
        .map(|figure| match (figure.interval, figure.groups) {
            (None, _) => ("–".into(), String::new()),
            (Some(_), Some(means)) => {
                let [one, other] = means.map(|mean| grouped(&format!("{mean:.decimals$}")));
                (one, format!("or {other}"))
            }
            (Some(interval), None) => {
                let own = own(interval.estimate);
                (grouped(&format!("{:.own$}", interval.estimate)), form.written(&interval, own))
            }
        })
        .collect();
    aligned(&parts)
}

/// How the intervals of a column are written, all in one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `±8`, where that is right for all of them.
    Even,
    /// `(29.9–45.3)`.
    Ends,
}

impl Form {
    /// The form for these intervals, each with its decimals. No figure that is shown so is ever negative.
    pub(super) fn of(intervals: impl IntoIterator<Item = (Interval, usize)>) -> Self {
        let is_even =
            |(interval, decimals): (Interval, usize)| is_narrow(&interval, decimals) || is_even(&interval, decimals);
        if intervals.into_iter().all(is_even) { Self::Even } else { Self::Ends }
    }

    /// The interval, `(29.9–?)` for one with a lower bound only; nothing for one that is narrower than the digits show or
    /// has no bounds.
    pub(super) fn written(self, interval: &Interval, decimals: usize) -> String {
        let text = |value: f64| grouped(&format!("{value:.decimals$}"));
        if interval.high == f64::INFINITY && interval.low > 0.0 {
            return format!("({}–?)", text(interval.low));
        }
        match self {
            _ if is_narrow(interval, decimals) => String::new(),
            Self::Even => format!("±{}", text(interval.half_width())),
            Self::Ends => format!("({}–{})", text(interval.low.max(0.0)), text(interval.high)),
        }
    }
}

/// Whether an interval has no width, less than the digits show, or no bounds.
fn is_narrow(interval: &Interval, decimals: usize) -> bool {
    let half = interval.half_width();
    !half.is_finite() && interval.low <= 0.0 || format!("{half:.decimals$}").parse() == Ok(0.0)
}

/// Whether the estimate plus and minus the half-width gives the ends of the interval, to one in the last digit shown, and
/// none is beyond zero.
fn is_even(interval: &Interval, decimals: usize) -> bool {
    let half = interval.half_width();
    let last = libm::exp10(-(decimals as f64));
    let off = (interval.estimate + half - interval.high).abs();
    half.is_finite() && off <= last && half <= interval.estimate
}

/// Two texts a row, each pair's first set flush right and its second flush left.
pub(super) fn aligned(parts: &[(String, String)]) -> Vec<String> {
    let wide = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let (first, second) = (wide(&mut parts.iter().map(|(a, _)| a)), wide(&mut parts.iter().map(|(_, b)| b)));
    let row = |(a, b): &(String, String)| match second {
        0 => format!("{a:>first$}"),
        _ => format!("{a:>first$} {b:<second$}"),
    };
    parts.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.58/s beside 1299/s is not 1/s.
    #[test]
    fn what_is_small_beside_the_others_keeps_its_digits() {
        let exact = |estimate: f64| Some(Interval::exact(estimate));
        let cells = column(&[exact(0.583), exact(1299.4), exact(1100.0)], 2);
        assert_eq!(cells, ["0.58", "1299", "1100"]);
    }

    /// One request in nine years is not none.
    #[test]
    fn a_rate_is_not_shown_as_nothing() {
        let exact = |estimate: f64| Some(Interval::exact(estimate));
        assert_eq!(column(&[exact(0.000_012_3), exact(0.0), exact(0.0123)], 2), ["0.000012", "    0.00", "    0.01"]);
        assert_eq!(decimals(0.000_000_211, MOST_DECIMALS), 9);
    }

    #[test]
    fn numbers_for_files_are_exact_enough_and_short() {
        assert_eq!(exact(517.0), "517");
        assert_eq!(exact(0.1 + 0.2), "0.3");
        assert_eq!(exact(1234567890.5), "1234567890");
        assert_eq!(exact(0.000_012_345_678), "0.00001234568");
        assert_eq!(exact(f64::INFINITY), "");
        assert_eq!(exact(f64::NAN), "");
        assert_eq!(exact(-0.0), "0");
        assert_eq!(exact(1e-300), "0");
    }

    #[test]
    fn numbers_for_sentences_have_three_digits() {
        assert_eq!(short(517.4), "517");
        assert_eq!(short(12_345.6), "12,346");
        assert_eq!(short(4.83), "4.8");
        assert_eq!(short(14.52), "14.5");
        assert_eq!(short(30.0), "30");
        assert_eq!(short(0.2534), "0.25");
        assert_eq!(seconds(0.0432), "43 ms");
        assert_eq!(seconds(30.0), "30 s");
        assert_eq!(seconds(0.0), "0 s");
    }

    #[test]
    fn times_and_shares_have_the_digits_that_they_need() {
        let exact = |time: f64| Some(Interval::exact(time));
        assert_eq!(
            time_column("p95", &[exact(0.0134), None, exact(0.25), exact(0.02)]),
            ("p95 ms".into(), vec![" 13.4".into(), "    –".into(), "250.0".into(), " 20.0".into()])
        );
        assert_eq!(time_column("mean", &[exact(5.0), exact(0.01), exact(4.0)]).0, "mean s");
        assert_eq!(time_column("mean", &[exact(0.000_02)]), ("mean us".into(), vec!["20.0".into()]));
        assert_eq!(time_column("mean", &[exact(0.0)]).0, "mean s");
        let around = |estimate: f64, half: f64| Interval { estimate, low: estimate - half, high: estimate + half };
        let share = |interval: Interval| shares(&[Figure { interval: Some(interval), groups: None }]).remove(0);
        assert_eq!(share(around(0.9995, 0.0001)), ("99.95 %".into(), "±0.01".into()));
        assert_eq!(share(around(0.756, 0.05)), ("75.6 %".into(), "±5.0".into()));
        assert_eq!(share(Interval { estimate: 1.0, low: 0.9, high: 1.0 }), ("100 %".into(), String::new()));
        // Half of it is 0.5 points, and no share is 100.4 %.
        let near = Interval { estimate: 0.999, low: 0.99, high: 1.0 };
        assert_eq!(share(near), ("99.9 %".into(), "(99.0–100.0)".into()));
    }

    #[test]
    fn charts_show_short_times_in_milliseconds_and_rates_in_the_unit_of_the_load() {
        let unit = |metric, size| chart_unit(metric, RateUnit::Second, size);
        assert_eq!(unit(Metric::P95S, 0.25), (1e3, "ms".into()));
        assert_eq!(unit(Metric::P95S, 2.0), (1.0, "s".into()));
        assert_eq!(unit(Metric::ThroughputPerMin, 0.25), (1.0 / 60.0, "per s".into()));
        assert_eq!(unit(Metric::SuccessRate, 0.99), (100.0, "%".into()));
    }

    #[test]
    fn columns_are_aligned_at_the_sign() {
        let around = |estimate: f64, half: f64| Interval { estimate, low: estimate - half, high: estimate + half };
        let column = column(&[Some(around(517.0, 8.0)), None, Some(around(1017.2, 21.0)), Some(around(99.0, 0.0))], 2);
        assert_eq!(column, [" 517 ±8 ", "   –    ", "1017 ±21", "  99    "]);
        let of = |interval: Interval, groups: Option<[f64; 2]>| Figure { interval: Some(interval), groups };
        let two = figures(&[of(around(118.0, 200.0), Some([467.0, 31.2])), of(around(396.0, 21.0), None)], 2);
        assert_eq!(two, ["467 or 31", "396 ±21  "]);
        assert_eq!(shares_of_groups([0.989, 0.094]), ("98.9 %".into(), "or 9.4 %".into()));
        assert_eq!(shares_of_groups([1.0, 0.0]), ("100 %".into(), "or 0 %".into()));
        let alone = |estimate: f64, low: f64, high: f64, decimals: usize| {
            let interval = Interval { estimate, low, high };
            Form::of([(interval, decimals)]).written(&interval, decimals)
        };
        let open = |low: f64| alone(3.0, low, f64::INFINITY, 1);
        assert_eq!((open(2.0).as_str(), open(0.0).as_str()), ("(2.0–?)", ""));
        // Of a figure that is hardly known, the ends of its interval are given.
        assert_eq!(alone(118.0, -41.0, 277.0, 0), "(0–277)");
        assert_eq!(alone(118.0, 0.0, 236.0, 0), "±118");
    }

    /// "42.7 ±7.7" would be 35.0 to 50.4: the interval goes from 29.9 to 45.3.
    #[test]
    fn an_uneven_interval_has_its_ends_and_so_has_its_column() {
        let uneven = Interval { estimate: 42.7, low: 29.9, high: 45.3 };
        let even = Interval { estimate: 40.0, low: 38.0, high: 42.0 };
        assert_eq!(column(&[Some(uneven), Some(even)], 1), ["42.7 (29.9–45.3)", "40.0 (38.0–42.0)"]);
        assert_eq!(column(&[Some(even)], 1), ["40.0 ±2.0"]);
        // One in the last digit is rounding.
        assert_eq!(column(&[Some(Interval { estimate: 40.0, low: 38.05, high: 42.1 })], 1), ["40.0 ±2.0"]);
    }
}
