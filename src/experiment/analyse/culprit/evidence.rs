//! What is known of a point, or of one of its trials, when its culprit is looked for.

use crate::experiment::analyse::trial::LateScaling;
use crate::parts::{Blame, BlameGroup, Deadlock, LostWork, Reaction, ResourceKind};

/// Share of requests from which failures decide on the culprit, unless the objective allows for fewer.
pub const FAILING: f64 = 0.01;

/// What is known of a point's trials.
#[derive(Clone)]
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
    /// The share of it that has neither completed nor failed when the window closes, where it counts as not completed.
    pub work_left: f64,
    /// What failed behind the answers.
    pub lost_work: &'a [LostWork],
    /// Whether errors that the model answers itself, by `fail`, are left aside: they are not what misses an objective.
    pub is_own_error_harmless: bool,
    /// Whether clients spend most of their time between attempts: then they pile up because of what fails these.
    pub are_between_attempts: bool,
    /// Whether the success objective is missed only because of requests that are refused on purpose.
    pub sheds: bool,
    /// Share of requests that fail from which the failures decide on the culprit.
    pub failing: f64,
    /// The percentile of the response time that decides, or its mean: that of the objective that is missed, or else the 95th.
    pub group: BlameGroup,
    /// The bound in seconds of the objective on response times that is missed.
    pub bound_s: Option<f64>,
    /// The 99.9th percentile of the response time in seconds, of all trials together.
    pub p999_s: Option<f64>,
    /// Whether capacity was lost for good.
    pub is_damaged: bool,
    /// Faults that are on when the window closes: `fault down`.
    pub faults_at_end: &'a [String],
    /// Those of them that halt a service, or kill it, with the service.
    pub halted_at_end: &'a [(String, String)],
    /// Whether no request has ended.
    pub ends_nothing: bool,
    /// Restarts by liveness probes.
    pub restarts: f64,
    /// Requests that clients send for each user; above 1 where they send failed ones again.
    pub attempts: f64,
    /// Requests sent a second; where clients send again, first tries.
    pub sent_a_second: f64,
    /// How many trials it is of.
    pub trials: f64,
    /// What the system did by itself, in all trials together.
    pub reactions: &'a [Reaction],
    /// An autoscaler that added replicas too late.
    pub late_scaling: Option<LateScaling>,
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
    /// Units that there are, mean; none: unlimited.
    pub capacity: Option<f64>,
    /// Units in use, mean.
    pub in_use: f64,
    /// Visits, mean.
    pub visits: f64,
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
