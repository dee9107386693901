//! What keeps the figures of a point from showing how good it is.

use super::{ResourceMean, Summary};
use crate::experiment::analyse::culprit::agree;
use crate::experiment::analyse::trial::Trial;
use crate::experiment::plan::Point;
use crate::model::{Balance, FaultPlan, Pattern, ServicePlan, System};
use crate::parts::Ending;

/// Utilisation from which on chance alone cannot tell a resource that is nearly overloaded from one that is.
pub const BRIM: f64 = 0.98;

/// Why the figures of a point do not show how good it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// No request has ended, and none is known never to end.
    NoRequests,
    /// No request had ended when replications were stopped, all of them for this reason or for others.
    Stopped(Ending),
    /// Work behind the answers is under way, and none of it has ended in the window.
    LongWork,
    /// More and more work is under way although none of it waits: it takes nearly as long as the window.
    StillRising,
    /// A limit ended replications before their window closed.
    EndedEarly,
    /// A resource under a steady open load is so busy that it may be overloaded, though no growth is certain.
    MayBeOverloaded {
        /// Its name.
        resource: String,
        /// Its utilisation, over all its instances.
        utilisation: f64,
        /// The utilisation of the instance with the highest.
        busiest: f64,
    },
    /// Queues that have a limit are still filling: what becomes of requests when they are full is not seen yet.
    Filling,
    /// The interval of a figure that meets its objective contains the bound: it may as well miss it.
    TooFewRuns {
        /// The figure with its interval, and what it must be: `success rate 93.6 % (71.1 to 100.0 %), must be at least 90 %`.
        figure: String,
        /// About how many replications would tell; none where that cannot be known from those that there are.
        needed: Option<u64>,
    },
}

impl Doubt {
    /// Of the trials that are used.
    pub(super) fn of(used: &[&Trial]) -> Option<Self> {
        if used.iter().all(|trial| trial.ended == 0) {
            let stopped = used.iter().find(|trial| !trial.is_whole());
            return Some(stopped.map_or(Self::NoRequests, |trial| Self::Stopped(trial.ending)));
        }
        if used.iter().any(|trial| !trial.is_whole()) {
            return Some(Self::EndedEarly);
        }
        let ends_nothing = |trial: &&Trial| trial.succeeded > 0 && trial.work.is_some_and(|(_, settled)| settled == 0);
        used.iter().all(ends_nothing).then_some(Self::LongWork)
    }

    /// Of a point.
    fn of_steady(summary: &Summary, point: &Point) -> Option<Self> {
        if summary.growth.lengthens.is_some() {
            return Some(Self::StillRising);
        }
        if summary.growth.filling.is_some() {
            return Some(Self::Filling);
        }
        let busiest = summary.at_brim(point)?;
        Some(Self::MayBeOverloaded {
            resource: busiest.name.clone(),
            utilisation: busiest.utilisation,
            busiest: busiest.peak_utilisation,
        })
    }

    /// As tables name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoRequests | Self::Stopped(_) => "no request ended",
            Self::LongWork | Self::StillRising => "run too short",
            Self::EndedEarly => "ended early",
            Self::MayBeOverloaded { .. } => "may be overloaded",
            Self::Filling => "queue filling",
            Self::TooFewRuns { .. } => "too few runs",
        }
    }

    /// The same in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::NoRequests => "no request ended in the window; run longer than a request takes".into(),
            Self::Stopped(ending) => format!("no request had ended when runs were stopped: {ending}"),
            Self::LongWork => "no work behind the answers ended in the window; run longer than it takes".into(),
            Self::StillRising => {
                "more and more work is under way, though none of it waits: it takes nearly as long as the window; run longer"
                    .into()
            }
            Self::EndedEarly => "a limit ended replications early".into(),
            Self::MayBeOverloaded { resource, utilisation, busiest } => {
                let [all, busiest] = [utilisation, busiest].map(|share| format!("{:.1} %", share * 100.0));
                let which = if all == busiest { "" } else { " at its busiest instance" };
                let used = agree(resource, "is in use", "are in use");
                format!("{used} {busiest} of the time{which} and may be overloaded; run longer")
            }
            Self::Filling => "a queue with a limit is still filling; run longer".into(),
            Self::TooFewRuns { figure, .. } => format!("{figure}; run more replications"),
        }
    }

    /// Whether it casts doubt only on a point that looks healthy: a longer run, or more runs, would resolve it.
    pub fn is_of_health(&self) -> bool {
        self.needs_longer_run() || self.needs_more_runs()
    }

    /// Whether a longer run resolves it.
    pub fn needs_longer_run(&self) -> bool {
        matches!(self, Self::LongWork | Self::StillRising | Self::MayBeOverloaded { .. } | Self::Filling)
    }

    /// Whether more replications would resolve it.
    pub fn needs_more_runs(&self) -> bool {
        matches!(self, Self::TooFewRuns { .. })
    }
}

impl Summary {
    /// The summary of a point with the doubt that its load leaves, where it has none yet.
    pub(super) fn doubted(mut self, point: &Point) -> Self {
        self.doubt = self.doubt.take().or_else(|| Doubt::of_steady(&self, point));
        self
    }

    /// Whether a longer run would show whether the point is as good as it looks.
    pub fn needs_longer_run(&self) -> bool {
        self.doubt.as_ref().is_some_and(Doubt::needs_longer_run)
    }

    /// The busiest resource that may be overloaded, under a steady open load: all requests succeed, and no growth is
    /// certain. Where requests are refused or messages dropped, what is too much has no queue without an end.
    pub fn at_brim(&self, point: &Point) -> Option<&ResourceMean> {
        let is_open = matches!(point.load.pattern, Pattern::Open { .. });
        let drops = self.lost_work.iter().any(|lost| lost.is_dropped());
        let may_grow = is_open && !drops && self.growth.any().is_none() && self.success_rate.estimate == 1.0;
        let is_it = |one: &&ResourceMean| may_grow && one.kind.works() && is_at_brim(one, &point.system);
        let busy = self.resources.iter().filter(is_it);
        busy.max_by(|a, b| a.peak_utilisation.total_cmp(&b.peak_utilisation))
    }
}

/// Whether a resource may have more to do than it can: all of it is in use nearly all the time, or an instance is while as
/// many wait as are served. One of many that is busy while hardly anybody waits is only the first to be chosen, and one of
/// those that are drawn at random is the busiest by chance: in the long run each is in use as much as all are.
fn is_at_brim(one: &ResourceMean, system: &System) -> bool {
    let is_one = || one.peak_utilisation >= BRIM && one.queue >= one.in_use && !are_drawn(one, system);
    one.utilisation >= BRIM || is_one()
}

/// Whether the instances of a resource are those of replicas that are drawn at random and are all alike.
fn are_drawn(one: &ResourceMean, system: &System) -> bool {
    let owner = |service: &ServicePlan| one.name.strip_prefix(&service.name).is_some_and(|rest| rest.starts_with(' '));
    let Some(at) = system.services.iter().position(owner) else { return false };
    let is_other = |fault: &FaultPlan| fault.service as usize == at && fault.replica.is_some();
    let (service, are_alike) = (&system.services[at], !system.faults.iter().any(is_other));
    service.balance == Balance::Random && service.workers == 1 && are_alike
}
