//! What a summary knows when its culprit is looked for.

use super::{Doubt, ResourceMean, Summary};
use crate::experiment::analyse::blame::shares;
use crate::experiment::analyse::culprit::{Evidence, FAILING, Growing, Used};
use crate::experiment::analyse::strain::StrainUse;
use crate::language::{Metric, Objective};
use crate::parts::{BlameGroup, PlaceKind};

impl<'a> Evidence<'a> {
    /// What a summary knows under this required success rate and these other objectives.
    pub fn of(summary: &'a Summary, success: f64, objectives: &[Objective]) -> Self {
        let used = |(one, strain): (&'a ResourceMean, &StrainUse)| Used {
            name: &one.name,
            utilisation: one.utilisation,
            capacity: one.capacity,
            in_use: one.in_use,
            visits: one.visits,
            is_full: strain.is_full(),
            kind: one.kind,
            is_limited: one.capacity.is_some(),
            refused: one.refused,
            queue: one.queue,
            wait_s: one.wait_s,
        };
        let holds_clients = summary.growth.holds_clients(success);
        let grows = match (summary.growth.requests, summary.growth.work) {
            (Some(_), _) => Growing::Requests,
            (None, Some(_)) => Growing::Work,
            (None, None) if summary.growth.leaves_unanswered || holds_clients => Growing::Requests,
            (None, None) if summary.outlasts && summary.growth.leaves_unfinished => Growing::Work,
            (None, None) => Growing::Nothing,
        };
        // Where the interval contains the bound, the failures may be what misses it.
        let may_miss = summary.success_rate.low < success;
        let missed = missed(summary, objectives);
        let work = summary.metric(Metric::CompletionRate).filter(|_| summary.outlasts);
        let are_between_attempts = are_between_attempts(summary);
        let completion = || summary.metric(Metric::CompletionMeanS).map(|interval| interval.estimate);
        Self {
            blame: summary.blame.as_ref(),
            deadlock: summary.deadlock.as_ref().map(|(deadlock, _)| deadlock),
            hung: summary.hung,
            resources: summary.resources.iter().zip(&summary.strain.uses).map(used).collect(),
            grows,
            completion_s: summary.outlasts.then(completion).flatten(),
            work_completed: work.map(|rate| rate.estimate).filter(|&rate| rate < success),
            work_left: summary.work_left,
            lost_work: &summary.lost_work,
            is_own_error_harmless: !may_miss
                || grows != Growing::Nothing && !(grows == Growing::Requests && are_between_attempts),
            are_between_attempts,
            sheds: may_miss && summary.is_met_without_refusals(success),
            failing: if may_miss { 0.0 } else { FAILING.min(1.0 - success) },
            group: missed.map_or(BlameGroup::P95, |missed| missed.0),
            bound_s: missed.map(|missed| missed.1),
            p999_s: summary.metric(Metric::P999S).map(|interval| interval.estimate),
            is_damaged: summary.capacity.damaged > 0,
            faults_at_end: &summary.faults_at_end,
            halted_at_end: &summary.halted_at_end,
            ends_nothing: summary.doubt == Some(Doubt::NoRequests),
            restarts: summary.metric(Metric::Restarts).map_or(0.0, |interval| interval.estimate),
            attempts: summary.metric(Metric::AttemptsPerRequest).map_or(1.0, |interval| interval.estimate),
            sent_a_second: summary.sent_a_second,
            trials: summary.replications as f64,
            reactions: &summary.reactions,
            late_scaling: summary.late_scaling.clone(),
            is_uneven: summary.is_uneven,
        }
    }
}

/// Whether the users who pile up spend most of their time between their attempts: then they do so because of what fails
/// these.
fn are_between_attempts(summary: &Summary) -> bool {
    let shares = summary.blame.as_ref().map(|blame| shares(blame, BlameGroup::Mean)).unwrap_or_default();
    shares.iter().any(|share| share.place.kind == PlaceKind::ClientBackOff && share.share >= 0.5)
}

/// What the first objective on response times that is missed bounds, and the bound in seconds.
fn missed(summary: &Summary, objectives: &[Objective]) -> Option<(BlameGroup, f64)> {
    objectives.iter().find_map(|objective| {
        let group = match objective.metric() {
            Metric::MeanS => BlameGroup::Mean,
            Metric::P50S => BlameGroup::P50,
            Metric::P90S => BlameGroup::P90,
            Metric::P95S => BlameGroup::P95,
            Metric::P99S => BlameGroup::P99,
            Metric::P999S => BlameGroup::P999,
            _ => return None,
        };
        let figure = summary.metric(objective.metric())?.estimate;
        let is_missed = !objective.is_at_least() && figure > objective.bound();
        is_missed.then_some((group, objective.bound()))
    })
}
