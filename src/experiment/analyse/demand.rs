//! Service demands, and the bounds that follow from them whatever the queues are (Denning and Buzen, "The operational
//! analysis of queueing network models", ACM Computing Surveys 10(3), 1978; Lazowska et al., *Quantitative System
//! Performance*, 1984, chapter 5).

use crate::experiment::analyse::blame::shares;
use crate::experiment::analyse::culprit::is_wait;
use crate::experiment::analyse::summary::Summary;
use crate::model::{Load, Pattern};
use crate::parts::BlameGroup;

/// What a completed request takes of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// The resource.
    pub resource: String,
    /// Units of it.
    pub capacity: f64,
    /// Units in use, mean.
    pub in_use: f64,
    /// Units in use over capacity.
    pub utilisation: f64,
    /// Seconds for which a completed request takes a unit, by the utilisation law: the units in use over the completions a
    /// second. What failed requests take is shared among those that complete.
    pub seconds: f64,
    /// Completions a minute at which all units are in use, if each request takes as much as here.
    pub most_per_min: f64,
}

/// The demands on all limited resources that do work, the one that is full first comes first; empty where nothing completes.
pub fn demands(summary: &Summary) -> Vec<Demand> {
    let completed = summary.throughput_per_min.map_or(0.0, |rate| rate.estimate);
    let demand = |one: &super::summary::ResourceMean| {
        let capacity = one.capacity.filter(|&capacity| capacity > 0.0 && one.kind.works() && one.in_use > 0.0)?;
        Some(Demand {
            resource: one.name.clone(),
            capacity,
            in_use: one.in_use,
            utilisation: one.utilisation,
            seconds: one.in_use * 60.0 / completed,
            most_per_min: completed / one.utilisation,
        })
    };
    let known = completed > 0.0 && completed.is_finite();
    let mut all: Vec<Demand> = summary.resources.iter().filter(|_| known).filter_map(demand).collect();
    all.sort_by(|a, b| a.most_per_min.total_cmp(&b.most_per_min));
    all
}

/// Completions a minute of so many clients if no request ever waited: the number of clients over the time of a request
/// without its waits plus the think time. None for a load that is not closed, and where no accounts are kept.
pub fn without_waiting(summary: &Summary, load: &Load) -> Option<f64> {
    let (clients, think) = match &load.pattern {
        Pattern::Test { concurrency, think, .. } | Pattern::Endless { concurrency, think, .. } => (*concurrency, think),
        Pattern::Staged { .. } | Pattern::Varying { .. } | Pattern::Trace { .. } | Pattern::Open { .. } => return None,
    };
    let think = think.as_ref().map_or(0.0, |think| think.mean() / 1e9);
    let own: f64 = shares(summary.blame.as_ref()?, BlameGroup::Mean)
        .iter()
        .filter(|share| !is_wait(share))
        .map(|share| share.seconds)
        .sum();
    (own + think > 0.0).then(|| f64::from(clients) * 60.0 / (own + think))
}
