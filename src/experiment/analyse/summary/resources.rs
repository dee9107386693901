//! Resources, over the trials of a point.

use super::LEVEL;
use crate::experiment::analyse::trial::Trial;
use crate::parts::{ResourceKind, ResourceUse};
use crate::statistics::Interval;

/// A resource, over the trials of a point.
#[derive(Clone, Debug)]
pub struct ResourceMean {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Units, mean over the window and the trials: less where a fault takes some away or a replica is down. None:
    /// unlimited.
    pub capacity: Option<f64>,
    /// Mean units in use.
    pub in_use: f64,
    /// Mean utilisation.
    pub utilisation: f64,
    /// Utilisation of the busiest instance, mean over the trials.
    pub peak_utilisation: f64,
    /// Visits, mean.
    pub visits: f64,
    /// Requests refused, mean.
    pub refused: f64,
    /// Of a circuit breaker, how often it opened, mean.
    pub opened: Option<f64>,
    /// Number waiting, mean.
    pub queue: f64,
    /// Highest number waiting at one instance in any trial.
    pub longest_queue: u32,
    /// Wait of all visits in seconds, mean over the visits of all trials: the queue is this times the visits a second.
    pub wait_s: f64,
    /// Share of the visits that waited for any time; none where no visit can be said to, or there was none.
    pub waited: Option<f64>,
    /// Of a cache, the share of lookups that were hits, mean over the trials that had any.
    pub hit_ratio: Option<f64>,
    /// The 95 % intervals of `utilisation`, `queue` and `wait_s`; none with a single trial.
    pub spread: Option<ResourceSpread>,
}

/// The 95 % intervals of a resource's figures over the trials (Student's t; that of the wait, which is a ratio, by
/// linearisation: Cochran, *Sampling Techniques*, 1977, chapter 6).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResourceSpread {
    /// Of the utilisation.
    pub utilisation: Interval,
    /// Of the number waiting.
    pub queue: Interval,
    /// Of the wait of all visits, in seconds; none without visits.
    pub wait_s: Option<Interval>,
}

impl ResourceSpread {
    /// Of a resource's figures by trial; `wait_s` is their mean wait.
    fn of(uses: &[&ResourceUse], wait_s: f64) -> Option<Self> {
        if uses.len() < 2 {
            return None;
        }
        let interval = |figure: &dyn Fn(&ResourceUse) -> f64| {
            let values: Vec<f64> = uses.iter().map(|one| figure(one)).collect();
            Interval::mean_of(&values, LEVEL)
        };
        let visits = uses.iter().map(|one| one.visits as f64).sum::<f64>() / uses.len() as f64;
        // What the ratio of two means owes to each trial.
        let wait = |one: &ResourceUse| wait_s + one.visits as f64 * (one.wait_s - wait_s) / visits;
        Some(Self {
            utilisation: interval(&|one| one.utilisation)?,
            queue: interval(&|one| one.queue)?,
            wait_s: if visits > 0.0 { interval(&wait) } else { None },
        })
    }
}

/// The resources, over the trials that have any: one in which the measured test never began, because the test before it
/// waits without an end, has none.
pub(super) fn resource_means(trials: &[&Trial]) -> Vec<ResourceMean> {
    let uses: Vec<&[ResourceUse]> =
        trials.iter().map(|trial| trial.resources.as_slice()).filter(|uses| !uses.is_empty()).collect();
    (0..uses.first().map_or(0, |uses| uses.len())).map(|index| resource_mean(&uses, index)).collect()
}

fn resource_mean(trials: &[&[ResourceUse]], index: usize) -> ResourceMean {
    let uses = || trials.iter().map(|uses| &uses[index]);
    let mean = |figure: fn(&ResourceUse) -> f64| uses().map(figure).sum::<f64>() / trials.len() as f64;
    let first = &trials[0][index];
    let visits: u64 = uses().map(|one| one.visits).sum();
    let over_visits = |sum: f64| (visits > 0).then(|| sum / visits as f64);
    let wait_s = over_visits(uses().map(|one| one.wait_s * one.visits as f64).sum()).unwrap_or(0.0);
    ResourceMean {
        name: first.name.clone(),
        kind: first.kind,
        capacity: match uses().all(|one| one.capacity == first.capacity) {
            true => first.capacity,
            false => uses().map(|one| one.capacity).sum::<Option<f64>>().map(|sum| sum / trials.len() as f64),
        },
        in_use: mean(|one| one.in_use),
        utilisation: mean(|one| one.utilisation),
        peak_utilisation: mean(|one| one.peak_utilisation),
        visits: mean(|one| one.visits as f64),
        refused: mean(|one| one.refused as f64),
        opened: uses().map(|one| one.opened).sum::<Option<u64>>().map(|sum| sum as f64 / trials.len() as f64),
        queue: mean(|one| one.queue),
        longest_queue: uses().map(|one| one.longest_queue).max().unwrap_or(0),
        wait_s,
        spread: ResourceSpread::of(&uses().collect::<Vec<_>>(), wait_s),
        waited: uses().map(|one| one.waited).sum::<Option<u64>>().and_then(|waited| over_visits(waited as f64)),
        hit_ratio: {
            let ratios: Vec<f64> = uses().filter_map(|one| one.hit_ratio).collect();
            (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64)
        },
    }
}
