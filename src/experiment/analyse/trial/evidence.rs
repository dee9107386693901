//! What a trial knows when its culprit is looked for.

use super::Trial;
use crate::experiment::analyse::culprit::{Evidence, FAILING, Growing, Used};
use crate::experiment::analyse::strain::StrainUse;
use crate::parts::{BlameGroup, ResourceUse};

impl<'a> Evidence<'a> {
    /// What a trial knows.
    pub fn of_trial(trial: &'a Trial) -> Self {
        let used = |(one, strain): (&'a ResourceUse, &StrainUse)| Used {
            name: &one.name,
            utilisation: one.utilisation,
            capacity: one.capacity,
            in_use: one.in_use,
            visits: one.visits as f64,
            is_full: strain.is_full(),
            kind: one.kind,
            is_limited: one.capacity.is_some(),
            refused: one.refused as f64,
            queue: one.queue,
            wait_s: one.wait_s,
        };
        Self {
            blame: trial.blame.as_ref(),
            deadlock: trial.deadlock.as_ref(),
            hung: trial.hung as f64,
            resources: trial.resources.iter().zip(&trial.strain.uses).map(used).collect(),
            grows: Growing::Nothing,
            completion_s: None,
            work_completed: None,
            work_left: 0.0,
            lost_work: &trial.lost_work,
            is_own_error_harmless: false,
            are_between_attempts: false,
            sheds: false,
            failing: FAILING,
            group: BlameGroup::P95,
            bound_s: None,
            p999_s: None,
            is_damaged: trial.is_damaged(),
            faults_at_end: &trial.faults_at_end,
            halted_at_end: &trial.halted_at_end,
            ends_nothing: trial.ended == 0,
            restarts: trial.restarts as f64,
            attempts: trial.attempts_per_request,
            sent_a_second: trial.sent_a_second(),
            trials: 1.0,
            reactions: &trial.reactions,
            late_scaling: trial.late_scaling.clone(),
            is_uneven: trial.is_uneven(),
        }
    }
}
