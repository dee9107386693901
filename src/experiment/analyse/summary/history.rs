//! What a recorded timeline shows beside its counts, over the replications of a point.

use super::LEVEL;
use crate::experiment::analyse::trial::{FINE, History, LevelHistory, Series, Trial};
use crate::parts::{Mark, ResourceKind};
use crate::statistics::Interval;

/// Failures by cause, resources and marks, over the replications. All lists but the marks have a place for each interval
/// of the timeline.
#[derive(Clone, Debug)]
pub struct HistorySummary {
    /// Failures a second, by cause.
    pub failures: Vec<(String, Vec<Interval>)>,
    /// The resources, in the order of the reports.
    pub levels: Vec<LevelSummary>,
    /// What happened to replicas and breakers: in which replication, and what.
    pub marks: Vec<(u64, Mark)>,
    /// Marks that were not kept.
    pub more_marks: u64,
}

/// A resource over time: means over each interval, sums over all its instances.
#[derive(Clone, Debug)]
pub struct LevelSummary {
    /// As reports name it.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Units in use.
    pub in_use: Vec<Interval>,
    /// Units that there are; none: unlimited.
    pub capacity: Option<Vec<Interval>>,
    /// Who waits for it.
    pub queue: Vec<Interval>,
}

/// The mean of figures none of which is below zero.
pub(super) fn interval(values: &[f64]) -> Option<Interval> {
    Interval::mean_of(values, LEVEL).map(|interval| Interval { low: interval.low.max(0.0), ..interval })
}

impl HistorySummary {
    /// Of trials with their histories, which have intervals of this length in seconds, and at least this number of them.
    pub(super) fn of(trials: &[&Trial], histories: &[History], length: f64, count: usize) -> Option<Self> {
        let first = histories.first()?;
        let series = |of: &dyn Fn(&History) -> Option<&Series>, scale: f64| -> Vec<Interval> {
            let all: Vec<Option<&Series>> = histories.iter().map(of).collect();
            let at = |index: usize| {
                let value =
                    |series: &Option<&Series>| series.and_then(|it| it.0.get(index)).map_or(0.0, |&it| it as f64);
                let values: Vec<f64> = all.iter().map(|series| value(series) * scale).collect();
                interval(&values)
            };
            (0..count).filter_map(at).collect()
        };
        let mut causes: Vec<&str> = Vec::new();
        for (cause, _) in histories.iter().flat_map(|history| &history.failures) {
            if !causes.contains(&cause.as_str()) {
                causes.push(cause);
            }
        }
        let failures = causes.into_iter().map(|cause| {
            let known = |history: &'_ History| history.failures.iter().position(|(it, _)| it == cause);
            let of = series(&|history| Some(&history.failures[known(history)?].1), 1.0 / length);
            (cause.to_owned(), of)
        });
        let level = |(index, level): (usize, &LevelHistory)| {
            let part = |figure: fn(&LevelHistory) -> Option<&Series>| {
                series(&|history| history.levels.get(index).and_then(figure), 1.0 / FINE)
            };
            LevelSummary {
                name: level.name.clone(),
                kind: level.kind,
                in_use: part(|level| Some(&level.in_use)),
                capacity: level.capacity.as_ref().map(|_| part(|level| level.capacity.as_ref())),
                queue: part(|level| Some(&level.queue)),
            }
        };
        let marks = trials
            .iter()
            .zip(histories)
            .flat_map(|(trial, history)| history.marks.kept.iter().map(|mark| (trial.replication, mark.clone())));
        Some(Self {
            failures: failures.collect(),
            levels: first.levels.iter().enumerate().map(level).collect(),
            marks: marks.collect(),
            more_marks: histories.iter().map(|history| history.marks.more).sum(),
        })
    }
}
