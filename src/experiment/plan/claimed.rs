//! What is claimed of a plan's points, and what was measured there.

use crate::language::{Answer, Measured, Metric, Tolerances};
use crate::metric::MetricScope;

/// A row measured on the real system.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Its name in the report.
    pub name: String,
    /// Index of the variant that it measured.
    pub variant: usize,
    /// Index of the point.
    pub point: usize,
    /// What was measured.
    pub measured: Measured,
    /// The tolerance of each figure that has none of its own: relative, of the success rate absolute.
    pub tolerance: Option<f64>,
    /// Tolerances of single figures.
    pub tolerances: Tolerances,
}

impl Measurement {
    /// Whether a figure of it has a tolerance.
    pub fn has_tolerance(&self) -> bool {
        let Tolerances { throughput_per_min, success_rate, mean_s, p95_s } = self.tolerances;
        self.tolerance.is_some() || [throughput_per_min, success_rate, mean_s, p95_s].iter().any(Option::is_some)
    }
}

/// A claim and what would show it.
#[derive(Clone, Debug)]
pub struct Hypothesis {
    /// The claim, in words.
    pub claim: String,
    /// Index of the variant that it is about.
    pub variant: usize,
    /// Indices of the points that it is about, in order; at least one.
    pub points: Vec<usize>,
    /// What of the points it is about.
    pub scope: MetricScope,
    /// What must be seen.
    pub expect: Expectation,
    /// The author expects the claim to be refuted.
    pub refuted: bool,
    /// What the claim answers to the question of the experiment if it is true.
    pub answers: Option<Answer>,
    /// The line of the experiment file on which it begins, from 1; none where there is no file.
    pub line: Option<usize>,
}

/// A change, and the figure that is to show what it does.
#[derive(Clone, Debug)]
pub struct ChangeEffect {
    /// The change, in words.
    pub change: String,
    /// Index of the point that has it.
    pub point: usize,
    /// Index of the point that does not, of another variant at the same values.
    pub against: usize,
    /// Which metric.
    pub metric: Metric,
    /// Smallest difference that counts: relative, for a rate absolute.
    pub matters: f64,
}

/// A variant of several changes, with each change alone and each left out.
#[derive(Clone, Debug)]
pub struct Ablation {
    /// All changes against none.
    pub whole: ChangeEffect,
    /// Each change.
    pub changes: Vec<Ablated>,
}

/// A change of an ablation.
#[derive(Clone, Debug)]
pub struct Ablated {
    /// The variant that is this change.
    pub name: String,
    /// It alone against nothing.
    pub alone: ChangeEffect,
    /// All changes against all but it.
    pub last: ChangeEffect,
}

/// What must be seen. See [`crate::language::Expectation`]; a `variant` is an index here, and has a point beside each
/// point of the hypothesis ([`Plan::beside`](super::Plan::beside)).
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// The metric is at least this at every point.
    AtLeast {
        /// Which metric.
        metric: Metric,
        /// The bound.
        value: f64,
    },
    /// The metric is at most this at every point.
    AtMost {
        /// Which metric.
        metric: Metric,
        /// The bound.
        value: f64,
    },
    /// The condition turns from acceptable to worse for the first time between these values of the first axis.
    Collapses {
        /// Still safe.
        from: f64,
        /// Collapsed.
        to: f64,
    },
    /// No point is dead, damaged, unstable, collapsed or overloaded.
    Survives,
    /// After the load ends, most processes of the target do not respond, in every replication.
    Stuck,
    /// After the load ends, all capacity is there again, in every replication, and each has recovered from its disturbance.
    Recovers,
    /// Some replication loses capacity for good.
    LosesCapacity,
    /// The success objective is missed because load is refused on purpose, while goodput holds.
    Sheds,
    /// Every objective is met, and no replication loses capacity.
    Healthy,
    /// Higher than the other variant by at least `by`.
    HigherThan {
        /// Index of the other variant.
        variant: usize,
        /// Which metric.
        metric: Metric,
        /// Relative difference at least.
        by: f64,
    },
    /// Lower than the other variant by at least `by`.
    LowerThan {
        /// Index of the other variant.
        variant: usize,
        /// Which metric.
        metric: Metric,
        /// Relative difference at least.
        by: f64,
    },
    /// Like the other variant.
    SameAs {
        /// Index of the other variant.
        variant: usize,
        /// Which metric.
        metric: Metric,
        /// Relative difference at most.
        within: f64,
    },
    /// The saturated resource is this one.
    SaturatedBy {
        /// The resource, as the reports name it.
        resource: String,
    },
    /// Every measurement of the variant that has a tolerance is met.
    MeetsMeasurements,
}

impl Expectation {
    /// Whether it is judged by intervals, and not by a state that is seen or not.
    pub fn rests_on_intervals(&self) -> bool {
        self.metric().is_some() || matches!(self, Self::MeetsMeasurements)
    }

    /// The metric that it is about; none where it is about no single one.
    pub fn metric(&self) -> Option<Metric> {
        match self {
            Self::AtLeast { metric, .. }
            | Self::AtMost { metric, .. }
            | Self::HigherThan { metric, .. }
            | Self::LowerThan { metric, .. }
            | Self::SameAs { metric, .. } => Some(*metric),
            Self::Survives | Self::Collapses { .. } => Some(Metric::SuccessRate),
            Self::Stuck | Self::Recovers | Self::LosesCapacity | Self::Sheds | Self::Healthy => None,
            Self::SaturatedBy { .. } | Self::MeetsMeasurements => None,
        }
    }
}
