//! What a disturbance did to a point, and how long that lasted.

use super::whole::Report;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words;
use crate::metric::Metric;

/// Whether a text gives a time to recover.
pub(super) fn is_about(text: &str) -> bool {
    text.contains(Metric::RecoveryS.words())
}

/// What a time to recover is.
pub(super) fn definition(report: &Report) -> String {
    format!(
        "{}: from the end of the disturbance until success rate and mean response time are in their usual range; a \
         success rate of {} is enough{}",
        Metric::RecoveryS.words(),
        words::percent(report.plan.collapse_below),
        if report.summaries.iter().any(|summary| summary.outlasts) {
            "; the work behind the answers is not looked at"
        } else {
            ""
        }
    )
}

/// What becomes of a point that is disturbed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PointRecovery {
    /// Nothing disturbs it: a variant without the fault that others have.
    Undisturbed,
    /// Success and response times stay in their usual range, during the disturbance and after it: there is nothing to
    /// recover from.
    Withstood,
    /// The same of the answers. Recovery is not judged by the work behind them, of which this share is lost, and which
    /// takes these seconds to its completion (95th percentile); none where too much has not ended for a percentile.
    Answers { lost: f64, p95_s: Option<f64> },
    /// It recovers this many seconds after the end of the disturbance, mean over the runs.
    After(f64),
    /// Some runs do not recover before they end: how many, and of how many.
    Partly { never: usize, of: usize },
    /// No run recovers before it ends.
    Never,
}

impl PointRecovery {
    /// What becomes of a point; none where recovery is not timed.
    pub(super) fn of(report: &Report, summary: &Summary) -> Option<Self> {
        let load = &report.plan.points[summary.point].load;
        // What breaks down without a disturbance has nothing to recover from.
        if summary.recovery_s.is_some() && !load.is_disturbed() {
            return Some(Self::Undisturbed);
        }
        if summary.is_undisturbed {
            let is_calm = load.disturbances.is_empty() || load.is_calm;
            return Some(match summary.outlasts {
                _ if is_calm => Self::Undisturbed,
                true => Self::Answers {
                    lost: summary.work_failed,
                    p95_s: summary.metric(Metric::CompletionP95S).map(|interval| interval.estimate),
                },
                false => Self::Withstood,
            });
        }
        let time = summary.recovery_s?;
        Some(match summary.never_recovered {
            0 => Self::After(time.estimate),
            never if never == summary.replications => Self::Never,
            never => Self::Partly { never, of: summary.replications },
        })
    }

    /// Whether there is, or was, something to recover from.
    pub(super) fn is_broken(&self) -> bool {
        !matches!(self, Self::Undisturbed | Self::Withstood | Self::Answers { .. })
    }

    /// Whether the answers are as before, but work behind them is lost.
    pub(super) fn loses_work(&self) -> bool {
        matches!(self, Self::Answers { lost, .. } if *lost > 0.0)
    }

    /// Whether some run does not recover.
    pub(super) fn lasts(&self) -> bool {
        matches!(self, Self::Partly { .. } | Self::Never)
    }
}
