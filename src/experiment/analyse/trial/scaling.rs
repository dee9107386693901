//! An autoscaler that adds the replicas that a load needs, but after the load has missed its objectives.

use serde::{Deserialize, Serialize};

use crate::experiment::analyse::strain::is_missed;
use crate::kernel::{Time, wire};
use crate::language::Objective;
use crate::model::Load;
use crate::parts::{Outcome, Phase, Scaled};

/// When the autoscaler of a service acted, and when objectives were missed; in seconds from the start of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LateScaling {
    /// The service.
    pub service: String,
    /// When the first phase of the window begins that misses an objective.
    #[serde(with = "wire")]
    pub missed_from_s: f64,
    /// When the last such phase ends.
    #[serde(with = "wire")]
    pub missed_to_s: f64,
    /// When the autoscaler first decided to add replicas that came after that.
    #[serde(with = "wire")]
    pub decided_s: f64,
    /// When the first of these got requests.
    #[serde(with = "wire")]
    pub first_ready_s: f64,
    /// When the last of these did that were there before the last such phase ended.
    #[serde(with = "wire")]
    pub last_ready_s: f64,
    /// Replicas before these, and with them.
    pub replicas: [u32; 2],
}

/// Share of the failures that is left when new replicas have helped, if the objectives are still missed. An assumption.
const HELPED: f64 = 0.5;

/// The share of the requests that fail in the phases that begin within this span of time; none where none ends.
fn failing(phases: &[Phase], opens: Time, (from, to): (Time, Time)) -> Option<f64> {
    let mut begins = opens;
    let (mut succeeded, mut ended) = (0, 0);
    for phase in phases {
        if begins >= from && begins < to {
            (succeeded, ended) = (succeeded + phase.succeeded, ended + phase.ended);
        }
        begins += phase.length;
    }
    (ended > 0).then(|| 1.0 - succeeded as f64 / ended as f64)
}

impl LateScaling {
    /// That of a trial: objectives are missed before new replicas begin to get requests, and when all of these do either the
    /// last phase of the window meets them again, or a much smaller share of the requests fails. None where replicas come in
    /// time, or do not help. Of several services, that of the one of which the last replica is ready latest.
    pub(super) fn of(outcome: &Outcome, load: &Load, success: f64, objectives: &[Objective]) -> Option<Self> {
        let (opens, _) = load.pattern.window().filter(|_| !outcome.scaled.is_empty())?;
        let misses = |phase: &Phase| is_missed(phase, success, objectives);
        let mut at = opens;
        let mut missed: Option<(Time, Time)> = None;
        for phase in &outcome.phases {
            let ends = at + phase.length;
            if misses(phase) {
                missed = Some((missed.map_or(at, |missed| missed.0), ends));
            }
            at = ends;
        }
        let (from, to) = missed?;
        let is_late = |ready: &&Time| **ready > from && **ready <= to;
        let decisions = || outcome.scaled.iter().filter(|decision| decision.ready.iter().any(|ready| is_late(&ready)));
        let last = decisions().max_by_key(|decision| decision.ready.iter().filter(is_late).max())?;
        let of_service = || decisions().filter(|decision| decision.service == last.service);
        let ready = || of_service().flat_map(|decision| decision.ready.iter().filter(is_late));
        let first = of_service().min_by_key(|decision| decision.at)?;
        let (first_ready, last_ready) = (ready().min()?, ready().max()?);
        let ends_well = outcome.phases.last().is_some_and(|phase| !misses(phase));
        let [before, after] =
            [(from, *first_ready), (*last_ready, at)].map(|span| failing(&outcome.phases, opens, span));
        if !ends_well && before.zip(after).is_none_or(|(before, after)| after > HELPED * before) {
            return None;
        }
        Some(Self {
            service: outcome.services.get(last.service as usize)?.name.clone(),
            missed_from_s: from.seconds(),
            missed_to_s: to.seconds(),
            decided_s: first.at.seconds(),
            first_ready_s: first_ready.seconds(),
            last_ready_s: last_ready.seconds(),
            replicas: [first.from, of_service().map(|decision: &Scaled| decision.to).max()?],
        })
    }
}
