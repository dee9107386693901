//! Effects: what a change does to a figure, by the paired difference of two points that met the same requests (Law,
//! *Simulation Modeling and Analysis*, ch. 11.2). It helps or harms when the whole 95 % interval of the difference lies
//! on one side of zero and is not too small to matter, it does nothing when the whole interval is too small to matter,
//! and is undecided in between.

use super::throughput;
use crate::experiment::analyse::comparison::Difference;
use crate::experiment::analyse::summary::{Summary, of_point};
use crate::experiment::plan::{ChangeEffect, Plan};
use crate::language::Metric;
use crate::metric::MetricScope;
use crate::model::RateUnit;

/// What a change is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// The figure is better with the change.
    Helps,
    /// The figure is the same with the change.
    Nothing,
    /// The figure is worse with the change.
    Harms,
    /// The interval is too wide to tell, or there are no figures.
    Undecided,
}

/// A change and what it did.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The change, in words.
    pub change: String,
    /// The point with the change.
    pub point: usize,
    /// Where: the values of the axes in words; empty without axes.
    pub place: String,
    /// The variants' names: with the change and without it.
    pub variants: (String, String),
    /// Which metric.
    pub metric: Metric,
    /// The unit of throughputs.
    pub rates: RateUnit,
    /// What it is worth.
    pub worth: Worth,
    /// The point's figure less that of the one without the change; none where one of them has no figure.
    pub figures: Option<Difference>,
}

/// Observes all effects that a plan asks for.
pub fn observe(plan: &Plan, summaries: &[Summary]) -> Vec<Observation> {
    plan.effects.iter().map(|effect| observe_one(plan, effect, summaries)).collect()
}

/// Observes one.
pub(in crate::experiment) fn observe_one(plan: &Plan, effect: &ChangeEffect, summaries: &[Summary]) -> Observation {
    let pair = of_point(summaries, effect.point).zip(of_point(summaries, effect.against));
    let figures = pair.and_then(|(with, without)| Difference::of(with, without, &MetricScope::Whole, effect.metric));
    let name = |point: usize| plan.variants[plan.points[point].variant].clone();
    Observation {
        change: effect.change.clone(),
        point: effect.point,
        place: plan.place(&plan.points[effect.point]),
        variants: (name(effect.point), name(effect.against)),
        metric: effect.metric,
        rates: throughput::unit(plan, summaries),
        worth: figures.map_or(Worth::Undecided, |found| worth(&found, effect.matters)),
        figures,
    }
}

/// What a difference is worth, of which less than `matters` is nothing.
fn worth(found: &Difference, matters: f64) -> Worth {
    let metric = found.metric;
    // Relative to nothing any difference is beyond every bound.
    let bound = if metric.is_rate() || found.relative.is_some() { matters } else { 0.0 };
    let change = found.relative.unwrap_or(found.difference);
    if change.low >= -bound && change.high <= bound {
        return Worth::Nothing;
    }
    match (change.is_above(0.0), change.is_below(0.0)) {
        (false, false) => Worth::Undecided,
        (is_more, _) if is_more == metric.is_better_higher() => Worth::Helps,
        _ => Worth::Harms,
    }
}

impl Worth {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Helps => "helps",
            Self::Nothing => "does nothing",
            Self::Harms => "harms",
            Self::Undecided => "undecided",
        }
    }
}

impl Observation {
    /// The difference with its interval: `+8.5 % (+4.3 to +12.6)`, `-41.0 points (-52.1 to -29.9)`; empty without
    /// figures.
    pub fn difference(&self) -> String {
        self.figures.map_or_else(String::new, |found| found.words(self.rates))
    }

    /// The figure with the change: `throughput 526/min`.
    pub fn with(&self) -> String {
        let name = self.metric.words();
        match self.figures {
            Some(figures) => format!("{name} {}", figures.figures(self.rates)[0]),
            None => format!("{name}: no figures to compare"),
        }
    }

    /// The figure without the change: `480/min`; empty where there is none.
    pub fn without(&self) -> String {
        self.figures.map_or_else(String::new, |figures| figures.figures(self.rates)[1].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::analyse::comparison::Groups;
    use crate::statistics::Interval;

    /// The worth of a difference from a mean.
    fn worth_of(metric: Metric, low: f64, high: f64, theirs: f64, matters: f64) -> Worth {
        let difference = Interval { estimate: (low + high) / 2.0, low, high };
        let share = |value: f64| value / theirs;
        let relative = (!metric.is_rate() && theirs > 0.0).then(|| Interval {
            estimate: share(difference.estimate),
            low: share(low).max(-1.0),
            high: share(high),
        });
        let ours = theirs + difference.estimate;
        let groups = Groups::default();
        let found =
            Difference { metric, pairs: 5, unpaired: 0, ours, theirs, difference, relative, saved: None, groups };
        worth(&found, matters)
    }

    #[test]
    fn more_throughput_helps_and_more_time_harms() {
        assert_eq!(worth_of(Metric::ThroughputPerMin, 40.0, 60.0, 500.0, 0.02), Worth::Helps);
        assert_eq!(worth_of(Metric::P95S, 40.0, 60.0, 500.0, 0.02), Worth::Harms);
        assert_eq!(worth_of(Metric::ThroughputPerMin, -60.0, -40.0, 500.0, 0.02), Worth::Harms);
        assert_eq!(worth_of(Metric::MeanS, -60.0, -40.0, 500.0, 0.02), Worth::Helps);
    }

    #[test]
    fn what_is_too_small_to_matter_is_nothing() {
        assert_eq!(worth_of(Metric::ThroughputPerMin, 5.0, 9.0, 500.0, 0.02), Worth::Nothing);
        assert_eq!(worth_of(Metric::ThroughputPerMin, 5.0, 9.0, 500.0, 0.01), Worth::Helps);
        assert_eq!(worth_of(Metric::ThroughputPerMin, 0.0, 0.0, 0.0, 0.0), Worth::Nothing);
        assert_eq!(worth_of(Metric::SuccessRate, -0.01, 0.01, 0.5, 0.02), Worth::Nothing);
    }

    #[test]
    fn a_wide_interval_decides_nothing() {
        assert_eq!(worth_of(Metric::ThroughputPerMin, -60.0, 40.0, 500.0, 0.02), Worth::Undecided);
    }

    #[test]
    fn from_nothing_anything_is_more() {
        assert_eq!(worth_of(Metric::ThroughputPerMin, 0.5, 1.5, 0.0, 0.5), Worth::Helps);
    }
}
