//! What a disturbance did to a point, and how long that lasted.

use super::Report;
use crate::experiment::summary::{Moment, Summary};

/// What becomes of a point that is disturbed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Recovery {
    /// Nothing disturbs it: a variant without the fault that others have.
    Undisturbed,
    /// The share of successes stays where it has to be in and after the disturbance, and response times are as before
    /// when that ends: there is nothing to recover from.
    Withstood,
    /// It is as before so many seconds after the end of the disturbance, as a mean over the runs.
    After(f64),
    /// So many runs do not recover before they end.
    Partly { never: usize, of: usize },
    /// No run recovers before it ends.
    Never,
}

impl Recovery {
    /// What becomes of a point; none where recovery is not timed.
    pub(super) fn of(report: &Report, summary: &Summary) -> Option<Self> {
        let time = summary.recovery_s?;
        let load = &report.plan.points[summary.point].load;
        let bound = report.plan.collapse_below;
        let from = load.disturbances.iter().map(|(from, ..)| from.seconds()).reduce(f64::min).unwrap_or(0.0);
        let to = load.recovered_after?.seconds();
        let is_bad = |moment: &Moment| {
            let during = moment.to_s > from && moment.from_s < to;
            during && moment.success_share.is_some_and(|share| share.estimate < bound)
        };
        Some(match summary.never_recovered {
            0 if time.high > 0.0 => Self::After(time.estimate),
            0 if summary.timeline.iter().flat_map(|it| &it.moments).any(is_bad) => Self::After(time.estimate),
            0 if load.disturbances.is_empty() => Self::Undisturbed,
            0 => Self::Withstood,
            never if never == summary.replications => Self::Never,
            never => Self::Partly { never, of: summary.replications },
        })
    }

    /// Whether there is, or was, something to recover from.
    pub(super) fn is_broken(&self) -> bool {
        !matches!(self, Self::Undisturbed | Self::Withstood)
    }

    /// Whether some run does not recover.
    pub(super) fn lasts(&self) -> bool {
        matches!(self, Self::Partly { .. } | Self::Never)
    }
}
