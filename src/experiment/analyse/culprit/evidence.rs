//! What is known of a point, or of one of its trials, when its culprit is looked for.

use crate::experiment::analyse::strain::StrainUse;
use crate::experiment::analyse::summary::{ResourceMean, Summary};
use crate::experiment::analyse::trial::Trial;
use crate::language::{Metric, Objective};
use crate::parts::{Blame, Deadlock, Group, LostWork, ResourceKind, ResourceUse};

/// Share of requests from which failures decide on the culprit, unless the objective allows for fewer.
const FAILING: f64 = 0.01;

/// What is known of a point's trials.
pub struct Evidence<'a> {
    /// Where the time went; none where that was not asked for.
    pub blame: Option<&'a Blame>,
    /// The first deadlock.
    pub deadlock: Option<&'a Deadlock>,
    /// Requests that wait for an answer that never comes.
    pub hung: f64,
    /// Each resource.
    pub resources: Vec<Used<'a>>,
    /// Whether requests, or work behind their answers, pile up over the whole window.
    pub grows: Growing,
    /// Mean time to completion in seconds, where work outlasts its answer.
    pub completion_s: Option<f64>,
    /// The share of the work behind the answers that completes, where that misses the success objective.
    pub work_completed: Option<f64>,
    /// What failed behind the answers.
    pub lost_work: &'a [LostWork],
    /// Whether errors that the model answers itself, by `fail`, are left aside: they are not what misses an objective.
    pub is_own_error_harmless: bool,
    /// Share of requests that fail from which the failures decide on the culprit.
    pub failing: f64,
    /// The percentile of the response time that decides, or its mean: that of the objective that is missed, or else the 95th.
    pub group: Group,
    /// The 99.9th percentile of the response time in seconds, of all trials together.
    pub p999_s: Option<f64>,
    /// Whether capacity was lost for good.
    pub is_damaged: bool,
    /// Restarts by liveness probes.
    pub restarts: f64,
    /// Whether the load is a finite test, or changes.
    pub is_uneven: bool,
}

/// How much a resource is used.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    /// Its name.
    pub name: &'a str,
    /// Share in use, 0 to 1.
    pub utilisation: f64,
    /// Whether at least 95 % of it is in use while an objective is missed, or, where none is, over the window.
    pub is_full: bool,
    /// What it is.
    pub kind: ResourceKind,
    /// Whether it has a limit, so that it can keep work waiting.
    pub is_limited: bool,
    /// Requests that it refused, mean.
    pub refused: f64,
    /// Number waiting, mean.
    pub queue: f64,
    /// Wait of a visit in seconds, mean.
    pub wait_s: f64,
}

/// What piles up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growing {
    /// Nothing, or that is not known.
    Nothing,
    /// Requests.
    Requests,
    /// Only work behind the answers.
    Work,
}

impl<'a> Evidence<'a> {
    /// What a summary knows, where the success rate is to be at least this, and other objectives are these.
    pub fn of(summary: &'a Summary, success: f64, objectives: &[Objective]) -> Self {
        let used = |(one, strain): (&'a ResourceMean, &StrainUse)| Used {
            name: &one.name,
            utilisation: one.utilisation,
            is_full: strain.is_full(),
            kind: one.kind,
            is_limited: one.capacity.is_some(),
            refused: one.refused,
            queue: one.queue,
            wait_s: one.wait_s,
        };
        let grows = match (summary.growth.requests, summary.growth.work) {
            (Some(_), _) => Growing::Requests,
            (None, Some(_)) => Growing::Work,
            (None, None) => Growing::Nothing,
        };
        let work = summary.metric(Metric::CompletionRate).filter(|_| summary.outlasts);
        let completion = || summary.metric(Metric::CompletionMeanS).map(|interval| interval.estimate);
        Self {
            blame: summary.blame.as_ref(),
            deadlock: summary.deadlock.as_ref().map(|(deadlock, _)| deadlock),
            hung: summary.hung,
            resources: summary.resources.iter().zip(&summary.strain.uses).map(used).collect(),
            grows,
            completion_s: summary.outlasts.then(completion).flatten(),
            work_completed: work.map(|rate| rate.estimate).filter(|&rate| rate < success),
            lost_work: &summary.lost_work,
            is_own_error_harmless: summary.success_rate.estimate >= success || grows != Growing::Nothing,
            failing: FAILING.min(1.0 - success),
            group: missed(summary, objectives).unwrap_or(Group::P95),
            p999_s: summary.metric(Metric::P999S).map(|interval| interval.estimate),
            is_damaged: summary.capacity.damaged > 0,
            restarts: summary.metric(Metric::Restarts).map_or(0.0, |interval| interval.estimate),
            is_uneven: summary.is_uneven,
        }
    }

    /// What a trial knows.
    pub fn of_trial(trial: &'a Trial) -> Self {
        let used = |(one, strain): (&'a ResourceUse, &StrainUse)| Used {
            name: &one.name,
            utilisation: one.utilisation,
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
            lost_work: &trial.lost_work,
            is_own_error_harmless: false,
            failing: FAILING,
            group: Group::P95,
            p999_s: None,
            is_damaged: trial.is_damaged(),
            restarts: trial.restarts as f64,
            is_uneven: trial.is_uneven(),
        }
    }
}

/// What the first objective on response times that is missed bounds.
fn missed(summary: &Summary, objectives: &[Objective]) -> Option<Group> {
    objectives.iter().find_map(|objective| {
        let group = match objective.metric() {
            Metric::MeanS => Group::Mean,
            Metric::P50S => Group::P50,
            Metric::P90S => Group::P90,
            Metric::P95S => Group::P95,
            Metric::P99S => Group::P99,
            Metric::P999S => Group::P999,
            _ => return None,
        };
        let figure = summary.metric(objective.metric())?.estimate;
        let is_missed = !objective.is_at_least() && figure > objective.bound();
        is_missed.then_some(group)
    })
}
