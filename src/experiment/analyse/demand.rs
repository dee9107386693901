//! Service demands, and the bounds that follow from them whatever the queues are (Denning and Buzen, "The operational
//! analysis of queueing network models", ACM Computing Surveys 10(3), 1978; Lazowska et al., *Quantitative System
//! Performance*, 1984, chapter 5).

use crate::experiment::analyse::blame::shares;
use crate::experiment::analyse::summary::Summary;
use crate::language::Metric;
use crate::model::{Load, Pattern};
use crate::parts::{BlameGroup, PlaceKind, ResourceKind};

/// Success rate from which what failed requests take is too little to matter.
const WHOLE: f64 = 0.99;

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
    /// Completions a minute at which all units are in use, if each request takes as much as here. None for what is held while
    /// its holder waits for something else (threads, connections, slots; event loops and interpreter locks for a core): how long
    /// depends on the load.
    pub most_per_min: Option<f64>,
}

/// The demands on all limited resources that work, or that are held during work, the most utilised first; empty where nothing
/// completes.
pub fn demands(summary: &Summary) -> Vec<Demand> {
    // What descends from a request takes its part as well, where it outlasts the answer.
    let metric = if summary.outlasts { Metric::CompletedPerMin } else { Metric::ThroughputPerMin };
    let completed = summary.metric(metric).map_or(0.0, |rate| rate.estimate);
    let demand = |one: &super::summary::ResourceMean| {
        let capacity = one.capacity.filter(|&capacity| capacity > 0.0 && one.kind.works() && one.in_use > 0.0)?;
        Some(Demand {
            resource: one.name.clone(),
            capacity,
            in_use: one.in_use,
            utilisation: one.utilisation,
            seconds: one.in_use * 60.0 / completed,
            most_per_min: serves(one.kind).then(|| completed / one.utilisation),
        })
    };
    let known = completed > 0.0 && completed.is_finite();
    let mut all: Vec<Demand> = summary.resources.iter().filter(|_| known).filter_map(demand).collect();
    all.sort_by(|a, b| b.utilisation.total_cmp(&a.utilisation));
    all
}

/// Whether a unit is in use only while it works: the asymptotic bounds are those of servers.
fn serves(kind: ResourceKind) -> bool {
    matches!(kind, ResourceKind::Cpu | ResourceKind::Station)
}

/// Whether nearly all requests complete, so that what the others take is too little to matter.
pub fn is_whole(summary: &Summary) -> bool {
    let completed = summary.metric(Metric::CompletionRate).filter(|_| summary.outlasts);
    summary.success_rate.estimate >= WHOLE && completed.is_none_or(|rate| rate.estimate >= WHOLE)
}

/// The server that is full first, and the completions a minute at which it is: an upper bound at any load, if each request takes
/// as much as here. None where some requests fail or are never completed, because those that complete would take less without
/// them.
pub fn most(summary: &Summary) -> Option<(String, f64)> {
    let all = if is_whole(summary) && summary.growth.any().is_none() { demands(summary) } else { Vec::new() };
    let known = all.into_iter().filter_map(|one| Some((one.resource, one.most_per_min?)));
    known.min_by(|a, b| a.1.total_cmp(&b.1))
}

/// The completions a minute if no request waited: the clients over the sum of a request's own time and the think time. None
/// for a load that is not closed, or in which the number of clients changes, and where no accounts are kept.
pub fn without_waiting(summary: &Summary, load: &Load) -> Option<f64> {
    let (clients, think) = match &load.pattern {
        Pattern::Test { concurrency, think, .. } | Pattern::Endless { concurrency, think, .. } => (*concurrency, think),
        Pattern::Staged { .. }
        | Pattern::Varying { .. }
        | Pattern::Trace { .. }
        | Pattern::Open { .. }
        | Pattern::Mixed { .. } => return None,
    };
    let think = think.as_ref().map_or(0.0, |think| think.mean() / 1e9);
    let own: f64 = shares(summary.blame.as_ref()?, BlameGroup::Mean)
        .iter()
        .filter(|share| share.served || matches!(share.place.kind, PlaceKind::Network | PlaceKind::Delay))
        .map(|share| share.seconds)
        .sum();
    (own + think > 0.0).then(|| f64::from(clients) * 60.0 / (own + think))
}
