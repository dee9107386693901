//! Effects: what a change does to a figure, by the paired difference of two points that met the same requests (Law,
//! *Simulation Modeling and Analysis*, ch. 11.2). It helps or harms when the whole 95 % interval of the difference lies
//! on one side of zero and is not too small to matter, it does nothing when the whole interval is too small to matter,
//! and is undecided in between.

use super::comparison;
use super::design::{Effect, Plan};
use super::summary::{LEVEL, Summary};
use super::verdict;
use crate::spec::Metric;
use crate::statistics::Interval;

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
    /// Where: the values of the axes in words; empty without axes.
    pub place: String,
    /// The variants' names: with the change and without it.
    pub variants: (String, String),
    /// Which metric.
    pub metric: Metric,
    /// What it is worth.
    pub worth: Worth,
    /// The figures; none where one of the points has none.
    pub figures: Option<Figures>,
}

/// The figures behind a change's worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Mean with the change.
    pub with: f64,
    /// Mean without it.
    pub without: f64,
    /// The paired difference in the metric's unit.
    pub difference: Interval,
    /// The difference relative to the mean without the change; none where that is zero, and for rates.
    pub relative: Option<Interval>,
    /// The share of the difference's variance that the pairing saved.
    pub saved: Option<f64>,
}

/// Observes all effects that a plan asks for.
pub fn observe(plan: &Plan, summaries: &[Summary]) -> Vec<Observation> {
    plan.effects.iter().map(|effect| observe_one(plan, effect, summaries)).collect()
}

fn observe_one(plan: &Plan, effect: &Effect, summaries: &[Summary]) -> Observation {
    let summary = |point: usize| summaries.iter().find(|summary| summary.point == point);
    let pair = summary(effect.point).zip(summary(effect.against));
    let figures = pair.and_then(|(with, without)| Figures::of(with, without, effect.metric));
    let name = |point: usize| plan.variants[plan.points[point].variant].clone();
    Observation {
        change: effect.change.clone(),
        place: plan.place(&plan.points[effect.point]),
        variants: (name(effect.point), name(effect.against)),
        metric: effect.metric,
        worth: figures.map_or(Worth::Undecided, |figures| figures.worth(effect.metric, effect.matters)),
        figures,
    }
}

impl Figures {
    fn of(with: &Summary, without: &Summary, metric: Metric) -> Option<Self> {
        let (ours, theirs) = with.paired(without, None, metric);
        let mut difference = Interval::paired_difference(&ours, &theirs, LEVEL)?;
        if metric.is_rate() {
            // No two shares differ by more than one.
            (difference.low, difference.high) = (difference.low.max(-1.0), difference.high.min(1.0));
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let base = mean(&theirs);
        let relative = (!metric.is_rate() && base > 0.0).then(|| relative(difference, base));
        let saved = comparison::saved(&ours, &theirs);
        Some(Self { with: mean(&ours), without: base, difference, relative, saved })
    }

    fn worth(&self, metric: Metric, matters: f64) -> Worth {
        // Relative to nothing any difference is beyond every bound.
        let bound = if metric.is_rate() || self.relative.is_some() { matters } else { 0.0 };
        let change = self.relative.unwrap_or(self.difference);
        if change.low >= -bound && change.high <= bound {
            return Worth::Nothing;
        }
        let sign = if metric.is_better_higher() { 1.0 } else { -1.0 };
        match (change.is_above(0.0), change.is_below(0.0)) {
            (true, _) => {
                if sign > 0.0 {
                    Worth::Helps
                } else {
                    Worth::Harms
                }
            }
            (_, true) => {
                if sign > 0.0 {
                    Worth::Harms
                } else {
                    Worth::Helps
                }
            }
            _ => Worth::Undecided,
        }
    }
}

/// A difference relative to the mean without the change. No figure is ever negative, so that none falls by more than all.
fn relative(difference: Interval, base: f64) -> Interval {
    let Interval { estimate, low, high } = difference;
    Interval { estimate: estimate / base, low: (low / base).max(-1.0), high: high / base }
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
    /// The difference with its interval: `+8.5 % (+4.3 to +12.6)`, `-41.0 points (-52.1 to -29.9)`; empty without figures.
    pub fn difference(&self) -> String {
        let Some(figures) = self.figures else { return String::new() };
        let (interval, scale, unit) = match figures.relative {
            Some(relative) => (relative, 100.0, " %"),
            None if self.metric.is_rate() => (figures.difference, 100.0, " points"),
            None => (figures.difference, 1.0, verdict::unit(self.metric)),
        };
        let signed = |x: f64| if (x * scale).abs() < 0.05 { "0".to_owned() } else { format!("{:+.1}", x * scale) };
        format!("{}{unit} ({} to {})", signed(interval.estimate), signed(interval.low), signed(interval.high))
    }

    /// The figure with the change: `throughput 526/min`.
    pub fn with(&self) -> String {
        let name = verdict::name(self.metric);
        match self.figures {
            Some(figures) => format!("{name} {}", verdict::amount(figures.with, self.metric)),
            None => format!("{name}: no figures to compare"),
        }
    }

    /// The figure without the change: `480/min`; empty where there is none.
    pub fn without(&self) -> String {
        self.figures.map_or_else(String::new, |figures| verdict::amount(figures.without, self.metric))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(low: f64, high: f64, without: f64, rate: bool) -> Figures {
        let difference = Interval { estimate: (low + high) / 2.0, low, high };
        let relative = (!rate && without > 0.0).then(|| relative(difference, without));
        Figures { with: without + difference.estimate, without, difference, relative, saved: None }
    }

    #[test]
    fn more_throughput_helps_and_more_time_harms() {
        let more = figures(40.0, 60.0, 500.0, false);
        assert_eq!(more.worth(Metric::ThroughputPerMin, 0.02), Worth::Helps);
        assert_eq!(more.worth(Metric::P95S, 0.02), Worth::Harms);
        let less = figures(-60.0, -40.0, 500.0, false);
        assert_eq!(less.worth(Metric::ThroughputPerMin, 0.02), Worth::Harms);
        assert_eq!(less.worth(Metric::MeanS, 0.02), Worth::Helps);
    }

    #[test]
    fn what_is_too_small_to_matter_is_nothing() {
        assert_eq!(figures(5.0, 9.0, 500.0, false).worth(Metric::ThroughputPerMin, 0.02), Worth::Nothing);
        assert_eq!(figures(5.0, 9.0, 500.0, false).worth(Metric::ThroughputPerMin, 0.01), Worth::Helps);
        assert_eq!(figures(0.0, 0.0, 0.0, false).worth(Metric::ThroughputPerMin, 0.0), Worth::Nothing);
        assert_eq!(figures(-0.01, 0.01, 0.5, true).worth(Metric::SuccessRate, 0.02), Worth::Nothing);
    }

    #[test]
    fn a_wide_interval_decides_nothing() {
        assert_eq!(figures(-60.0, 40.0, 500.0, false).worth(Metric::ThroughputPerMin, 0.02), Worth::Undecided);
    }

    #[test]
    fn nothing_falls_by_more_than_all() {
        let fallen = Interval { estimate: -0.59, low: -0.63, high: -0.55 };
        assert_eq!(relative(fallen, 0.6).low, -1.0);
        assert_eq!(relative(fallen, 0.63).low, -1.0);
        assert_eq!(relative(fallen, 1.0), fallen);
    }

    #[test]
    fn from_nothing_anything_is_more() {
        assert_eq!(figures(0.5, 1.5, 0.0, false).worth(Metric::ThroughputPerMin, 0.5), Worth::Helps);
    }
}
