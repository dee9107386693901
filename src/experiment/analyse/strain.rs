//! How much each resource is used while an objective is missed: over the phases of the window that miss one, not over
//! all of it. Two minutes of full threads in ten are not 21 %.

use serde::{Deserialize, Serialize};

use crate::experiment::plan;
use crate::kernel::Time;
use crate::kernel::wire::Number;
use crate::language::{Metric, Objective};
use crate::parts::{Outcome, Phase, PhaseUse};

/// From which share of use on a resource is full.
pub const FULL: f64 = 0.95;

/// The use of the resources over the phases that miss an objective; where none does, over the whole window, of a finite
/// test up to its last request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Strain {
    /// Whether some phase misses an objective.
    pub is_missed: bool,
    /// Of each resource, in the order of the trial's resources.
    pub uses: Vec<StrainUse>,
}

/// The use of a resource, summed over phases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "[Number; 2]", from = "[Number; 2]")]
pub struct StrainUse {
    /// Units in use, times seconds.
    pub in_use: f64,
    /// Units that there were, times seconds; infinite: unlimited.
    pub capacity: f64,
}

impl From<StrainUse> for [Number; 2] {
    fn from(of: StrainUse) -> Self {
        [of.in_use, of.capacity].map(Number)
    }
}

impl From<[Number; 2]> for StrainUse {
    fn from([in_use, capacity]: [Number; 2]) -> Self {
        Self { in_use: in_use.0, capacity: capacity.0 }
    }
}

impl StrainUse {
    fn add(&mut self, other: Self) {
        self.in_use += other.in_use;
        self.capacity += other.capacity;
    }

    fn of(phase: &PhaseUse) -> Self {
        Self { in_use: phase.in_use / 1e9, capacity: phase.capacity.map_or(f64::INFINITY, |capacity| capacity / 1e9) }
    }

    /// Whether at least 95 % of it is in use.
    pub fn is_full(self) -> bool {
        self.utilisation().is_some_and(|utilisation| utilisation >= FULL)
    }

    /// The share in use, 0 to 1; none where there is no limit, or nothing.
    pub fn utilisation(self) -> Option<f64> {
        (self.capacity > 0.0 && self.capacity.is_finite()).then(|| (self.in_use / self.capacity).min(1.0))
    }
}

impl Strain {
    /// Of a trial's outcome.
    pub(in crate::experiment) fn of(outcome: &Outcome, collapse_below: f64, objectives: &[Objective]) -> Self {
        let phases = &outcome.phases;
        let misses = |phase: &&Phase| is_missed(phase, collapse_below, objectives);
        // With fewer clients at the end of a finite test less is in use, however many objectives it misses.
        let body = || phases.iter().filter(|phase| !phase.is_tail);
        let missed: Vec<&Phase> = body().filter(misses).collect();
        let missed = if missed.is_empty() { phases.iter().filter(misses).collect() } else { missed };
        let is_missed = !missed.is_empty();
        let chosen = match is_missed {
            true => missed,
            false if body().next().is_some() => body().collect(),
            false => phases.iter().collect(),
        };
        let mut uses = vec![StrainUse::default(); outcome.resources.len()];
        for phase in chosen {
            uses.iter_mut().zip(&phase.uses).for_each(|(sum, one)| sum.add(StrainUse::of(one)));
        }
        Self { is_missed, uses }
    }

    /// Of all trials of a point, those that miss an objective in some phase if there are any.
    pub(in crate::experiment) fn pooled<'a>(trials: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let is_missed = trials.clone().any(|one| one.is_missed);
        let mut uses: Vec<StrainUse> = Vec::new();
        for one in trials.filter(|one| one.is_missed == is_missed) {
            uses.resize(uses.len().max(one.uses.len()), StrainUse::default());
            uses.iter_mut().zip(&one.uses).for_each(|(sum, one)| sum.add(*one));
        }
        Self { is_missed, uses }
    }
}

/// The response times that objectives bound by a quantile, with the share of responses that may be above.
fn bounds(objectives: &[Objective]) -> impl Iterator<Item = (f64, Time)> + '_ {
    objectives.iter().filter_map(|objective| {
        let Objective::AtMost { metric, value } = *objective else { return None };
        Some((1.0 - metric.quantile()?, Time((value.max(0.0) * 1e9).round() as u64)))
    })
}

/// The response times of which each phase must count how many are above.
pub(in crate::experiment) fn watched(objectives: &[Objective]) -> Vec<Time> {
    bounds(objectives).map(|(_, bound)| bound).collect()
}

/// Whether a phase misses an objective on success, on response times or on throughput, as if it were a window of its own.
/// Where nothing ends, requests that are under way miss it.
pub(super) fn is_missed(phase: &Phase, collapse_below: f64, objectives: &[Objective]) -> bool {
    let (succeeded, ended) = (phase.succeeded as f64, phase.ended as f64);
    if phase.ended == 0 {
        return phase.under_way > 0;
    }
    let is_slow = bounds(objectives).zip(&phase.slower).any(|((share, _), &slower)| slower as f64 > share * succeeded);
    is_slow
        || succeeded < plan::success_bound(objectives, collapse_below) * ended
        || objectives.iter().any(|objective| match *objective {
            Objective::AtMost { metric: Metric::MeanS, value } => phase.response_ns as f64 / 1e9 > value * succeeded,
            Objective::AtLeast { metric: Metric::ThroughputPerMin, value } => {
                succeeded * 60.0 < value * phase.length.seconds()
            }
            _ => false,
        })
}
