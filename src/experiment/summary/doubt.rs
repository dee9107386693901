//! What keeps the figures of a point from showing how good it is.

use super::{ResourceMean, Summary};
use crate::experiment::trial::Trial;
use crate::model::Pattern;

/// Utilisation from which on chance alone cannot tell a resource that is nearly overloaded from one that is.
pub const BRIM: f64 = 0.98;

/// Why the figures of a point do not show how good it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
    /// No request has ended, and none is known never to end.
    NoRequests,
    /// A limit ended replications before their window closed.
    EndedEarly,
    /// A resource under a steady open load is so busy that it may be overloaded, though no growth is certain.
    MayBeOverloaded {
        /// Its name.
        resource: String,
        /// The utilisation of its busiest instance.
        utilisation: f64,
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
            return Some(Self::NoRequests);
        }
        used.iter().any(|trial| !trial.is_whole()).then_some(Self::EndedEarly)
    }

    /// Of a point under a load of this kind.
    fn of_steady(summary: &Summary, pattern: &Pattern) -> Option<Self> {
        if summary.growth.filling.is_some() {
            return Some(Self::Filling);
        }
        let busiest = summary.busiest(pattern)?;
        (busiest.peak_utilisation >= BRIM)
            .then(|| Self::MayBeOverloaded { resource: busiest.name.clone(), utilisation: busiest.peak_utilisation })
    }

    /// As tables name it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NoRequests => "no request ended",
            Self::EndedEarly => "ended early",
            Self::MayBeOverloaded { .. } => "may be overloaded",
            Self::Filling => "queue filling",
            Self::TooFewRuns { .. } => "too few runs",
        }
    }

    /// The same in a sentence.
    pub fn reason(&self) -> String {
        match self {
            Self::NoRequests => "no request ended".into(),
            Self::EndedEarly => "a limit ended replications early".into(),
            Self::MayBeOverloaded { resource, utilisation } => {
                format!(
                    "{resource} is in use {:.1} % of the time and may be overloaded; run longer",
                    utilisation * 100.0
                )
            }
            Self::Filling => "a queue with a limit is still filling; run longer".into(),
            Self::TooFewRuns { figure, .. } => format!("{figure}; run more replications"),
        }
    }

    /// Whether it casts doubt only on a point that looks healthy: a longer run, or more runs, would resolve it.
    pub fn is_of_health(&self) -> bool {
        matches!(self, Self::MayBeOverloaded { .. } | Self::Filling | Self::TooFewRuns { .. })
    }

    /// Whether a longer run resolves it.
    pub fn needs_longer_run(&self) -> bool {
        matches!(self, Self::MayBeOverloaded { .. } | Self::Filling)
    }

    /// Whether more replications would resolve it.
    pub fn needs_more_runs(&self) -> bool {
        matches!(self, Self::TooFewRuns { .. })
    }
}

impl Summary {
    /// The summary with the doubt that a load of this kind leaves, where it has none yet.
    pub(in crate::experiment) fn doubted(mut self, pattern: &Pattern) -> Self {
        self.doubt = self.doubt.take().or_else(|| Doubt::of_steady(&self, pattern));
        self
    }

    /// Whether a longer run would show whether the point is as good as it looks.
    pub fn needs_longer_run(&self) -> bool {
        self.doubt.as_ref().is_some_and(Doubt::needs_longer_run)
    }

    /// The busiest resource under a steady open load whose requests all succeed while no growth is certain. Where
    /// requests are refused or messages dropped, what is too much has no queue without an end.
    pub fn busiest(&self, pattern: &Pattern) -> Option<&ResourceMean> {
        let is_open = matches!(pattern, Pattern::Open { .. });
        let drops = self.lost_work.iter().any(|lost| lost.is_dropped());
        let may_grow = is_open && !drops && self.growth.any().is_none() && self.success_rate.estimate == 1.0;
        let busy = self.resources.iter().filter(|resource| may_grow && resource.kind.works());
        busy.max_by(|a, b| a.peak_utilisation.total_cmp(&b.peak_utilisation))
    }
}
