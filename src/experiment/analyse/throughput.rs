//! The unit that a report shows throughputs in: the one that the load's rate is written in.

use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::Plan;
use crate::model::RateUnit;

/// Successes a minute from which on those of a load without a rate are shown a second.
const LARGE: f64 = 10_000.0;

/// The unit of a report on these points.
pub fn unit(plan: &Plan, summaries: &[Summary]) -> RateUnit {
    unit_of(plan, summaries.iter().filter_map(|summary| summary.throughput_per_min).map(|rate| rate.estimate))
}

/// The unit of a report with these throughputs, given a minute: that of the first load that has a rate. A closed load
/// has none; then it is a minute, or a second where they are large.
pub fn unit_of(plan: &Plan, per_minute: impl Iterator<Item = f64>) -> RateUnit {
    let written = plan.points.iter().find_map(|point| point.load.rate_unit);
    written.unwrap_or_else(|| unwritten(per_minute))
}

fn unwritten(per_minute: impl Iterator<Item = f64>) -> RateUnit {
    let most = per_minute.filter(|rate| rate.is_finite()).fold(0.0, f64::max);
    if most >= LARGE { RateUnit::Second } else { RateUnit::Minute }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_rates_without_a_unit_are_a_second() {
        assert_eq!(unwritten([970.0, f64::INFINITY].into_iter()), RateUnit::Minute);
        assert_eq!(unwritten([970.0, 10_000.0].into_iter()), RateUnit::Second);
        assert_eq!(unwritten(std::iter::empty()), RateUnit::Minute);
    }
}
