//! How many replicas a measurement asks for: the arithmetic of Kubernetes' `replica_calculator.go`, in whole thousandths
//! and whole percents as there.

use crate::model::ScalingMetric;

/// What is known of a replica when a decision is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measured {
    /// It is starting, or its value does not count yet.
    Ignored,
    /// It runs, and has no value.
    Missing,
    /// Thousandths of a core, or of a request.
    Value(u64),
}

/// The number of replicas that brings the metric to its target. None if there is no value, so that nothing is changed.
///
/// Kubernetes 1.33, `GetResourceReplicas` and `calcPlainMetricReplicas`: before replicas are removed, a missing value counts as
/// the whole request (or as the target); before some are added, missing and ignored ones count as 0. If that turns growth
/// into shrinking, or the other way round, the number stays.
pub(crate) fn wanted(metric: ScalingMetric, current: u32, replicas: &[Measured], tolerance: f64) -> Option<u32> {
    let mut values: Vec<u64> = replicas.iter().filter_map(|replica| replica.value()).collect();
    let count = |which: Measured| replicas.iter().filter(|&&replica| replica == which).count();
    let (ignored, missing) = (count(Measured::Ignored), count(Measured::Missing));
    if values.is_empty() {
        return None;
    }
    let before = ratio(metric, &values);
    let counts_ignored = ignored > 0 && before > 1.0;
    if !counts_ignored && missing == 0 {
        return Some(if is_near(before, tolerance) { current } else { replicas_for(before, values.len()) });
    }
    if before < 1.0 {
        values.extend(std::iter::repeat_n(stand_in(metric), missing));
    } else if before > 1.0 {
        values.extend(std::iter::repeat_n(0, missing));
    }
    if counts_ignored {
        values.extend(std::iter::repeat_n(0, ignored));
    }
    let after = ratio(metric, &values);
    let turns = before < 1.0 && after > 1.0 || before > 1.0 && after < 1.0;
    if is_near(after, tolerance) || turns {
        return Some(current);
    }
    let wanted = replicas_for(after, values.len());
    let turns = after < 1.0 && wanted > current || after > 1.0 && wanted < current;
    Some(if turns { current } else { wanted })
}

/// The number of replicas for this number of messages, at a target of `each` for a replica (`GetExternalPerPodMetricReplicas`).
pub(crate) fn wanted_for(messages: u64, each: f64, current: u32, tolerance: f64) -> u32 {
    let ratio = messages as f64 / (each * f64::from(current));
    if is_near(ratio, tolerance) { current } else { (messages as f64 / each).ceil() as u32 }
}

impl Measured {
    fn value(self) -> Option<u64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Ignored | Self::Missing => None,
        }
    }
}

/// The mean of these values over the target. The mean is cut to whole percents of the request
/// (`GetResourceUtilizationRatio`) or to whole thousandths (`GetMetricUsageRatio`).
fn ratio(metric: ScalingMetric, values: &[u64]) -> f64 {
    let sum: u64 = values.iter().sum();
    let count = values.len() as u64;
    match metric {
        ScalingMetric::Cpu { request, percent } => (sum * 100 / (request * count)) as f64 / percent,
        ScalingMetric::InFlight { milli } => (sum / count) as f64 / milli,
        ScalingMetric::Messages { each, .. } => sum as f64 / (each * count as f64),
    }
}

/// The value that stands for a missing one before replicas are removed.
fn stand_in(metric: ScalingMetric) -> u64 {
    match metric {
        ScalingMetric::Cpu { request, percent } => (request as f64 * percent.max(100.0) / 100.0) as u64,
        ScalingMetric::InFlight { milli } => milli as u64,
        ScalingMetric::Messages { each, .. } => each as u64,
    }
}

fn is_near(ratio: f64, tolerance: f64) -> bool {
    1.0 - tolerance <= ratio && ratio <= 1.0 + tolerance
}

fn replicas_for(ratio: f64, count: usize) -> u32 {
    (ratio * count as f64).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::Measured::{Ignored, Missing, Value};
    use super::*;

    /// A core each, with a target of 70 % in use.
    const CPU: ScalingMetric = ScalingMetric::Cpu { request: 1000, percent: 70.0 };

    fn of(replicas: &[Measured]) -> Option<u32> {
        wanted(CPU, replicas.len() as u32, replicas, 0.1)
    }

    #[test]
    fn the_ratio_is_rounded_up() {
        // 84 / 70 = 1.2: 3.6 of 3.
        assert_eq!(of(&[Value(840); 3]), Some(4));
        assert_eq!(of(&[Value(300); 4]), Some(2));
        assert_eq!(of(&[Value(0); 4]), Some(0));
    }

    /// 77 / 70 is 1.1, which is still near; 779 thousandths are 77 %.
    #[test]
    fn what_is_within_the_tolerance_changes_nothing() {
        assert_eq!(of(&[Value(779); 3]), Some(3));
        assert_eq!(of(&[Value(780); 3]), Some(4));
        assert_eq!(of(&[Value(630); 3]), Some(3));
        assert_eq!(of(&[Value(629); 30]), Some(27), "62 / 70 of 30 is 26.6");
    }

    /// Two at 140 % alone would be four; with the two that begin as idle there are four at 70 %.
    #[test]
    fn replicas_that_begin_count_as_idle_before_a_growth() {
        assert_eq!(of(&[Value(1400); 2]), Some(4));
        assert_eq!(of(&[Value(1400), Value(1400), Ignored, Ignored]), Some(4));
        assert_eq!(of(&[Value(1400), Value(1400), Ignored]), Some(4), "93 / 70 of 3");
        // One at 100 % and two idle: 33 % would be fewer.
        assert_eq!(of(&[Value(1000), Ignored, Ignored]), Some(3));
        // Before a shrinking they do not count at all.
        assert_eq!(of(&[Value(350), Value(350), Ignored, Ignored]), Some(1));
    }

    /// 35 % and a value that is missing, which counts as all of the request: 67 %.
    #[test]
    fn what_is_missing_holds_a_shrinking_up() {
        assert_eq!(of(&[Value(350), Missing]), Some(2));
        assert_eq!(of(&[Value(100), Value(100), Value(100), Missing]), Some(2), "32 / 70 of 4");
        assert_eq!(of(&[Value(1400), Missing]), Some(2), "70 % of two");
        assert_eq!(of(&[Missing, Ignored]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn requests_in_flight_are_averaged() {
        let metric = ScalingMetric::InFlight { milli: 10_000.0 };
        assert_eq!(wanted(metric, 2, &[Value(25_000), Value(20_000)], 0.1), Some(5), "2.25 of 2");
        assert_eq!(wanted(metric, 2, &[Value(11_000), Value(11_000)], 0.1), Some(2));
    }

    #[test]
    fn messages_are_spread() {
        assert_eq!(wanted_for(100, 20.0, 1, 0.1), 5);
        assert_eq!(wanted_for(105, 20.0, 5, 0.1), 5, "within the tolerance");
        assert_eq!(wanted_for(0, 20.0, 5, 0.1), 0);
    }
}
