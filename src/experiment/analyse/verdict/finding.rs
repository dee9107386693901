//! What was seen at one point: a figure against a bound, or against that of another variant.

use super::Verdict;
use crate::experiment::analyse::comparison::Difference;
use crate::experiment::analyse::summary::{Doubt, Summary, in_groups};
use crate::experiment::analyse::words::{amount, figure, recovery, slow_rate};
use crate::language::Metric;
use crate::metric::MetricScope;
use crate::model::RateUnit;
use crate::statistics::Interval;

/// What was seen at one point.
pub struct Finding {
    pub verdict: Verdict,
    pub evidence: String,
    /// Distance from the bound in half-widths: how far from decided.
    pub decided: f64,
}

pub fn missing(place: &str) -> Finding {
    Finding { verdict: Verdict::Undecided, evidence: format!("{place}: no figures"), decided: 0.0 }
}

/// A point that has figures, but no condition.
pub fn doubtful(doubt: &Doubt, place: &str) -> Finding {
    let evidence = format!("{place}: no verdict: {}", doubt.reason());
    Finding { verdict: Verdict::Undecided, evidence, decided: 0.0 }
}

/// Why there is no figure: a time has no mean where work piles up.
pub fn unknown(summaries: &[&Summary], metric: Metric, place: &str) -> Finding {
    let spoilt = summaries.iter().find(|summary| summary.growth.spoils(metric));
    match spoilt.and_then(|summary| summary.growth.any()) {
        Some(growth) => {
            let (name, (growth, unit)) = (metric.words(), slow_rate(growth.estimate));
            let evidence = format!("{place}: not stationary, the queue still grows at {growth:.2}/{unit}: no {name}");
            Finding { verdict: Verdict::Undecided, evidence, decided: 0.0 }
        }
        None if metric == Metric::ThroughputPerMin && summaries.iter().any(|it| it.throughput_per_min.is_none()) => {
            let evidence = format!("{place}: no throughput, because the test takes no time");
            Finding { verdict: Verdict::Undecided, evidence, decided: 0.0 }
        }
        None => match summaries.iter().find_map(|summary| summary.doubt.as_ref()) {
            Some(doubt) => doubtful(doubt, place),
            None => missing(place),
        },
    }
}

/// The distance of a bound from the estimate in lengths of that arm of the interval that points to it: above 1 beyond
/// the interval, below 1 inside it. An interval of a share is often much longer on one side.
pub fn ratio(interval: &Interval, bound: f64) -> f64 {
    let end = if bound < interval.estimate { interval.low } else { interval.high };
    let (distance, arm) = ((interval.estimate - bound).abs(), (interval.estimate - end).abs());
    if arm > 0.0 {
        distance / arm
    } else if distance == 0.0 && interval.low < interval.high {
        // The bound is an end that no number of replications moves: a success rate of at least 100 %.
        0.0
    } else {
        f64::MAX
    }
}

/// The success rate against a bound.
pub fn bounded(summary: &Summary, level: f64, bound: f64, at_least: bool, place: &str) -> Finding {
    bounded_of(summary, (&MetricScope::Whole, level), Metric::SuccessRate, (bound, RateUnit::Minute), at_least, place)
}

pub fn bounded_of(
    summary: &Summary,
    (scope, level): (&MetricScope, f64),
    metric: Metric,
    (bound, rates): (f64, RateUnit),
    at_least: bool,
    place: &str,
) -> Finding {
    if metric == Metric::RecoveryS && summary.is_undisturbed {
        let evidence = format!("{place}: success and response times stay in their usual range");
        return Finding { decided: f64::INFINITY, ..decided(!at_least, evidence) };
    }
    let Some(interval) = summary.metric_at(scope, metric, level) else { return unknown(&[summary], metric, place) };
    let (above, below) = (interval.low >= bound, interval.high < bound);
    let verdict = match (at_least, above, below, interval.high <= bound, interval.low > bound) {
        (true, true, _, _, _) | (false, _, _, true, _) => Verdict::Holds,
        (true, _, true, _, _) | (false, _, _, _, true) => Verdict::Fails,
        _ => Verdict::Undecided,
    };
    let figure = match metric {
        Metric::RecoveryS if interval.high == f64::INFINITY => {
            let times: Vec<f64> = summary.by_trial(scope, metric).into_iter().map(|(_, time)| time).collect();
            recovery(&times)
        }
        _ => figure(interval, metric, rates),
    };
    let groups = groups(summary, metric, rates).filter(|_| *scope == MetricScope::Whole).unwrap_or_default();
    let evidence = format!("{place}: {} {figure}{groups}", metric.words());
    Finding { verdict, evidence, decided: ratio(&interval, bound) }
}

/// The means of two groups of runs, where the runs fall into two: `, in two groups: 98.9 % in 1 run, 9.4 % in 4`.
pub fn groups(summary: &Summary, metric: Metric, rates: RateUnit) -> Option<String> {
    let words = in_groups(summary.group_means(metric)?, |mean| amount(mean, metric, rates))?;
    Some(format!(", in two groups: {words}"))
}

/// A verdict on a state, which no interval stands behind.
pub fn decided(holds: bool, evidence: String) -> Finding {
    Finding { verdict: if holds { Verdict::Holds } else { Verdict::Fails }, evidence, decided: 1.0 }
}

/// Beyond `by` in the direction of `sign`.
pub fn beyond(difference: Interval, by: f64, evidence: String, sign: f64) -> Finding {
    let (low, high) = if sign > 0.0 { (difference.low, difference.high) } else { (-difference.high, -difference.low) };
    let verdict = if low >= by && high > 0.0 {
        Verdict::Holds
    } else if high < by || high <= 0.0 {
        Verdict::Fails
    } else {
        Verdict::Undecided
    };
    Finding { verdict, evidence, decided: ratio(&difference, sign * by) }
}

/// What a bound is compared with: the difference relative to the other variant's figure; of shares the difference itself.
/// None where the figures have no ratio, as those of runs that never recover.
pub fn comparable(found: &Difference) -> Option<Interval> {
    if found.metric.is_rate() {
        return Some(found.difference);
    }
    if found.relative.is_some() || found.theirs != 0.0 {
        return found.relative;
    }
    // Relative to nothing any difference at all is beyond every bound.
    let scaled = |x: f64| if x == 0.0 { 0.0 } else { f64::MAX.copysign(x) };
    let Interval { estimate, low, high } = found.difference;
    Some(Interval { estimate: scaled(estimate), low: scaled(low), high: scaled(high) })
}

/// `“a” at rate = 800/min: throughput 650/min instead of 500/min with “b”, +30.0 % (+26.1 to +32.8)`.
pub fn beside(found: &Difference, place: &str, other: &str, rates: RateUnit) -> String {
    let [ours, theirs] = found.figures(rates);
    format!("{place}: {} {ours} instead of {theirs} with “{other}”, {}", found.metric.words(), found.words(rates))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::analyse::comparison::Groups;

    /// 100 % (99 to 100 %) and a bound of 99.5 %: half of the interval is as long as the distance, but it is the lower arm
    /// that must become half as long, which takes four times as many replications.
    #[test]
    fn a_bound_is_measured_by_the_arm_that_points_to_it() {
        let full = Interval { estimate: 1.0, low: 0.99, high: 1.0 };
        assert!((ratio(&full, 0.995) - 0.5).abs() < 1e-12);
        assert_eq!((ratio(&full, 1.0), ratio(&Interval::exact(1.0), 1.0)), (0.0, f64::MAX));
        let open = Interval { estimate: 2.0, low: 1.0, high: f64::INFINITY };
        assert_eq!((ratio(&open, 1.5), ratio(&open, 3.0), ratio(&open, 0.5)), (0.5, 0.0, 1.5));
    }

    fn found(
        metric: Metric,
        (ours, theirs): (f64, f64),
        difference: Interval,
        relative: Option<Interval>,
    ) -> Difference {
        let groups = Groups::default();
        Difference { metric, pairs: 5, unpaired: 0, ours, theirs, difference, relative, saved: None, groups }
    }

    /// No verb has to agree with a metric's name, nothing is `-0.0 %`, nothing falls by more than all of it.
    #[test]
    fn a_difference_gives_both_figures() {
        let words = |found: &Difference| beside(found, "“a”", "b", RateUnit::Minute);
        let times = Interval { estimate: -0.99, low: -1.05, high: -0.93 };
        let faster =
            found(Metric::MeanS, (0.02, 2.0), Interval { estimate: -1.98, low: -2.1, high: -1.86 }, Some(times));
        assert_eq!(
            words(&faster),
            "“a”: mean response time 20.0 ms instead of 2.00 s with “b”, -99.0 % (-100.0 to -93.0)"
        );
        let little = Interval { estimate: -0.000_2, low: -0.000_4, high: 0.0 };
        let same = found(Metric::WastedRequests, (30.0, 30.0), Interval { estimate: -0.006, ..little }, Some(little));
        assert_eq!(words(&same), "“a”: wasted requests 30.0 instead of 30.0 with “b”, 0 % (0 to 0)");
    }

    /// 97.6 % instead of 16.6 % are 81 points more, not 488 %; from 0 on a share grows by points as well, and what is
    /// judged is what is shown.
    #[test]
    fn shares_differ_by_points() {
        let points = Interval { estimate: 0.81, low: 0.7, high: 0.92 };
        let rates = found(Metric::SuccessRate, (0.976, 0.166), points, None);
        assert_eq!(comparable(&rates), Some(points));
        let words = beside(&rates, "“a”", "b", RateUnit::Minute);
        assert_eq!(words, "“a”: success rate 97.6 % instead of 16.6 % with “b”, +81.0 points (+70.0 to +92.0)");
        let from_nothing = found(Metric::Restarts, (2.0, 0.0), Interval { estimate: 2.0, low: 1.0, high: 3.0 }, None);
        assert_eq!(comparable(&from_nothing).map(|it| it.low), Some(f64::MAX));
        let words = beside(&from_nothing, "“a”", "b", RateUnit::Minute);
        assert_eq!(words, "“a”: restarts 2.0 instead of 0.0 with “b”, +2.0 (+1.0 to +3.0)");
    }
}
