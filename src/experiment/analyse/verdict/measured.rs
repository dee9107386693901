//! What was measured against what is predicted: every figure that a measurement has, each with its own tolerance.

use super::Verdict;
use super::finding::Finding;
use crate::experiment::analyse::summary::{GroupMean, LEVEL, Summary, in_groups};
use crate::experiment::analyse::words::{amount, amount_beside};
use crate::experiment::plan::Measurement;
use crate::language::{Metric, Tolerance};
use crate::metric::MetricScope;
use crate::model::RateUnit;
use crate::statistics::Interval;

/// What a throughput is relative to where none was measured, a minute.
const NO_THROUGHPUT: f64 = 100.0;

/// How far a predicted figure is from the measured one.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// Which figure.
    pub metric: Metric,
    /// What was measured.
    pub measured: f64,
    /// What is predicted.
    pub predicted: f64,
    /// Predicted less measured, relative to the measured; of a success rate, and where the tolerance is absolute, in the
    /// unit of the figure.
    pub size: f64,
    /// Half of the prediction's 95 % interval, in the same terms; of one without an upper bound the part below the
    /// estimate, and 0 of a success rate.
    pub half_width: f64,
    /// Whether they are relative.
    pub is_relative: bool,
    /// How far it may be, in the same terms; none where that is not said.
    pub tolerance: Option<f64>,
    /// What each group predicts where the runs fall into two: then each is judged by itself, and the mean over both is not.
    pub groups: Option<[GroupMean; 2]>,
    /// What `size` is relative to; 1 where it is absolute.
    scale: f64,
    /// The unit of throughputs.
    pub rates: RateUnit,
}

impl Deviation {
    /// Whether it is within its tolerance, of two groups of runs in both; none without one.
    pub fn is_within(&self) -> Option<bool> {
        self.runs_within().map(|(within, all)| within == all)
    }

    /// In how many of how many runs it is within its tolerance, where each of two groups of runs is judged by its mean;
    /// of one group in 1 of 1 or in none. None without a tolerance.
    pub fn runs_within(&self) -> Option<(usize, usize)> {
        let tolerance = self.tolerance?;
        let groups = self.sizes();
        let within = groups.iter().filter(|group| group.mean.abs() <= tolerance).map(|group| group.runs).sum();
        Some((within, groups.iter().map(|group| group.runs).sum()))
    }

    /// The largest size, of two groups of runs that of the one that is farther off; never negative.
    pub fn largest(&self) -> f64 {
        self.sizes().iter().map(|group| group.mean.abs()).fold(0.0, f64::max)
    }

    /// The size of each group; one where the runs are one group.
    fn sizes(&self) -> Vec<GroupMean> {
        match self.groups {
            None => vec![GroupMean { runs: 1, mean: self.size }],
            Some(groups) => groups.map(|it| GroupMean { mean: (it.mean - self.measured) / self.scale, ..it }).into(),
        }
    }

    /// The predicted figure, in words: `454/min`, or `495/min or 289/min` of two groups of runs.
    pub fn predicted_words(&self) -> String {
        let words = |value: f64| amount_beside(value, self.measured, self.metric, self.rates);
        match self.groups.map(|groups| groups.map(|group| words(group.mean))) {
            Some([one, other]) if one != other => format!("{one} or {other}"),
            Some([one, _]) => one,
            None => words(self.predicted),
        }
    }

    /// The size, in words: `-20.5 %`, `-1.0 points`, `+0.21 s`, or `-4.3 % or -44.1 %` of two groups of runs.
    pub fn words(&self) -> String {
        let mut all: Vec<String> = self.sizes().iter().map(|group| self.size_words(group.mean)).collect();
        all.dedup();
        all.join(" or ")
    }

    fn size_words(&self, size: f64) -> String {
        let sign = if size < 0.0 { '-' } else { '+' };
        let is_share = self.metric.is_rate();
        match (self.is_relative, is_share) {
            (true, _) if (size * 100.0).abs() < 0.05 => "0 %".into(),
            (false, true) if (size * 100.0).abs() < 0.05 => "0 points".into(),
            (true, _) => format!("{:+.1} %", size * 100.0),
            (false, true) => format!("{:+.1} points", size * 100.0),
            (false, false) => format!("{sign}{}", amount(size.abs(), self.metric, self.rates)),
        }
    }

    /// The tolerance, in words: `± 10 %`, `± 2 points`, `± 200 ms`.
    pub fn allowed(&self) -> Option<String> {
        let tolerance = self.tolerance?;
        let percent = format!("{:.4}", tolerance * 100.0);
        let percent = percent.trim_end_matches('0').trim_end_matches('.');
        Some(match (self.is_relative, self.metric.is_rate()) {
            (true, _) => format!("± {percent} %"),
            (false, true) => format!("± {percent} points"),
            (false, false) => format!("± {}", amount(tolerance, self.metric, self.rates)),
        })
    }
}

/// The deviation of each figure that a measurement has, as far as the point has it.
pub fn deviations(measurement: &Measurement, summary: &Summary, rates: RateUnit) -> Vec<Deviation> {
    at_level(measurement, summary, LEVEL, rates)
}

/// The figures that a measurement has and the point does not, with what was measured: no response time has a mean where
/// the queue grows.
pub fn unpredicted(measurement: &Measurement, summary: &Summary) -> Vec<(Metric, f64)> {
    let missing =
        |(metric, measured, _): (Metric, f64, _)| Some((metric, measured)).filter(|_| summary.metric(metric).is_none());
    figures(measurement).filter_map(missing).collect()
}

/// What was measured, each with the tolerance of its own.
fn figures(measurement: &Measurement) -> impl Iterator<Item = (Metric, f64, Option<Tolerance>)> {
    let (measured, own) = (&measurement.measured, &measurement.tolerances);
    let figures = [
        (Metric::ThroughputPerMin, measured.throughput_per_min, own.throughput_per_min),
        (Metric::SuccessRate, measured.success_rate, own.success_rate),
        (Metric::MeanS, measured.mean_s, own.mean_s),
        (Metric::P95S, measured.p95_s, own.p95_s),
    ];
    figures.into_iter().filter_map(|(metric, measured, own)| Some((metric, measured?, own)))
}

fn at_level(measurement: &Measurement, summary: &Summary, level: f64, rates: RateUnit) -> Vec<Deviation> {
    let deviation = |(metric, measured, own): (Metric, f64, Option<Tolerance>)| {
        let seen = summary.metric_at(&MetricScope::Whole, metric, level)?;
        let groups = summary.group_means(metric);
        Some(Deviation { rates, groups, ..of(metric, measured, seen, own, measurement.tolerance) })
    };
    figures(measurement).filter_map(deviation).collect()
}

fn of(metric: Metric, measured: f64, seen: Interval, own: Option<Tolerance>, all: Option<f64>) -> Deviation {
    let is_share = metric.is_rate();
    let is_relative = match own {
        Some(Tolerance::Absolute(_)) => false,
        Some(Tolerance::Relative(_)) => true,
        None => !is_share,
    };
    let scale = match (is_relative, metric) {
        (false, _) => 1.0,
        (true, Metric::ThroughputPerMin) if measured == 0.0 => NO_THROUGHPUT,
        (true, _) => measured.max(f64::MIN_POSITIVE),
    };
    Deviation {
        metric,
        measured,
        predicted: seen.estimate,
        size: (seen.estimate - measured) / scale,
        half_width: if is_share { 0.0 } else { half_width(seen) / scale },
        is_relative,
        tolerance: own.map(Tolerance::size).or(all),
        groups: None,
        scale,
        rates: RateUnit::Minute,
    }
}

fn half_width(seen: Interval) -> f64 {
    if seen.high.is_finite() { seen.half_width() } else { seen.estimate - seen.low }
}

/// Whether a measurement is met: each figure that has a tolerance, by its whole interval. None where none has.
pub(super) fn met(
    measurement: &Measurement,
    summary: Option<&Summary>,
    level: f64,
    rates: RateUnit,
) -> Option<Finding> {
    let summary = summary?;
    let all = at_level(measurement, summary, level, rates);
    let has_tolerance =
        |&(metric, ..): &(Metric, f64)| figures(measurement).any(|(it, _, own)| it == metric && own.is_some());
    let missing: Vec<(Metric, f64)> = unpredicted(measurement, summary)
        .into_iter()
        .filter(|it| measurement.tolerance.is_some() || has_tolerance(it))
        .collect();
    let judged: Vec<(&Deviation, f64)> = all.iter().filter_map(|it| Some((it, it.tolerance?))).collect();
    let fails = |&&(it, tolerance): &&(&Deviation, f64)| match (it.groups, it.runs_within()) {
        (Some(_), Some((within, _))) => within == 0,
        _ => it.size.abs() - it.half_width > tolerance,
    };
    let holds = |(it, tolerance): &(&Deviation, f64)| match it.groups {
        Some(_) => it.is_within() == Some(true),
        None => it.size.abs() + it.half_width <= *tolerance,
    };
    let distance = |judged: &(&Deviation, f64)| {
        let (it, tolerance) = judged;
        // Two groups remain two, however many runs there are.
        if it.groups.is_some() {
            return if fails(&judged) || holds(judged) { f64::MAX } else { 0.0 };
        }
        let distance = (tolerance - it.size.abs()).abs();
        if it.half_width > 0.0 { distance / it.half_width } else { f64::MAX }
    };
    if judged.is_empty() && missing.is_empty() {
        return None;
    }
    let failing: Vec<&(&Deviation, f64)> = judged.iter().filter(fails).collect();
    let (verdict, decided) = if !failing.is_empty() {
        (Verdict::Fails, failing.into_iter().map(distance).fold(0.0, f64::max))
    } else if !missing.is_empty() {
        (Verdict::Undecided, 0.0)
    } else if judged.iter().all(holds) {
        (Verdict::Holds, judged.iter().map(distance).fold(f64::MAX, f64::min))
    } else {
        let open = judged.iter().filter(|it| !holds(it)).map(distance);
        (Verdict::Undecided, open.fold(f64::MAX, f64::min))
    };
    let mut seen = words(&all);
    for (metric, measured) in missing {
        let gap = if seen.is_empty() { "" } else { ", " };
        seen += &format!("{gap}no {} for {}", metric.words(), amount(measured, metric, rates));
    }
    Some(Finding { verdict, evidence: format!("{}: {seen}", measurement.name), decided })
}

/// `throughput 4,790/min for 4,800/min (-0.2 %), ...`, those beyond their tolerance with it.
fn words(all: &[Deviation]) -> String {
    let one = |it: &Deviation| {
        let amount = |value: f64| amount_beside(value, it.measured, it.metric, it.rates);
        let words = |size: f64| it.size_words(size);
        let in_words = |means: &[GroupMean], words: &dyn Fn(f64) -> String| in_groups(means.iter().copied(), words);
        let predicted = it.groups.and_then(|groups| in_words(&groups, &amount)).unwrap_or_else(|| amount(it.predicted));
        let size = in_words(&it.sizes(), &words).unwrap_or_else(|| it.words());
        let beyond = match (it.is_within(), it.runs_within()) {
            (Some(false), Some((within, all))) => it.allowed().map(|allowed| match within {
                0 => format!(", beyond {allowed}"),
                _ => format!(", beyond {allowed} in {} of {all} runs", all - within),
            }),
            _ => None,
        };
        let (measured, beyond) = (amount(it.measured), beyond.unwrap_or_default());
        format!("{} {predicted} for {measured} ({size}{beyond})", it.metric.words())
    };
    all.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviation(metric: Metric, measured: f64, seen: f64, own: Option<Tolerance>) -> Deviation {
        let seen = Interval { estimate: seen, low: seen - 0.1, high: seen + 0.1 };
        of(metric, measured, seen, own, Some(0.1))
    }

    /// 1.27 s is 20.6 % below 1.6 s; two success rates are compared in points.
    #[test]
    fn every_figure_has_a_tolerance_of_its_kind() {
        let p95 = deviation(Metric::P95S, 1.6, 1.27, None);
        assert_eq!((p95.words().as_str(), p95.is_within()), ("-20.6 %", Some(false)));
        assert!((p95.half_width - 0.1 / 1.6).abs() < 1e-12);
        let p95 = deviation(Metric::P95S, 1.6, 1.27, Some(Tolerance::Absolute(0.4)));
        assert_eq!((p95.words().as_str(), p95.is_within()), ("-0.33 s", Some(true)));
        let rate = deviation(Metric::SuccessRate, 0.95, 0.9, None);
        assert_eq!((rate.words().as_str(), rate.is_within(), rate.half_width), ("-5.0 points", Some(true), 0.0));
        let rate = deviation(Metric::SuccessRate, 0.5, 0.6, Some(Tolerance::Relative(0.1)));
        assert_eq!((rate.words().as_str(), rate.is_within()), ("+20.0 %", Some(false)));
        let none = deviation(Metric::ThroughputPerMin, 0.0, 5.0, None);
        assert_eq!(none.is_within(), Some(true));
    }

    /// 480 and 240 for 400 are 20 % above and 40 % below; their mean is 10 % below.
    #[test]
    fn two_groups_are_as_far_off_as_the_farther_one() {
        let groups = [480.0, 240.0].map(|mean| GroupMean { runs: 2, mean });
        let of_groups = Deviation { groups: Some(groups), ..deviation(Metric::ThroughputPerMin, 400.0, 360.0, None) };
        assert!((of_groups.largest() - 0.4).abs() < 1e-12, "{of_groups:?}");
        assert_eq!(of_groups.words(), "+20.0 % or -40.0 %");
    }
}
