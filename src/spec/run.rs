//! How many trials are run, and how well their figures must be known.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Metric, Share};

/// How many trials are run, and how well their figures must be known.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Half of the 95 % interval that each figure of `precision_of` may have, relative to the figure (`"2%"`); of a
    /// share, such as the success rate, in absolute terms (2 points). Each point is then replicated until its figures
    /// are known so well, at least ten times and at least `replications` times, at most `max_replications` times; what
    /// is not reached is said. Without it: `replications` of each point.
    pub precision: Option<Share>,
    /// The figures that `precision` is about. Without it: throughput, success rate and mean response time. Of a figure
    /// that a point does not have, such as the response time where nothing succeeds, nothing is asked.
    pub precision_of: Option<Vec<Metric>>,
    /// Each point is replicated until at most this share of runs (`"1%"`) can lose capacity for good (a worker, a
    /// connection, a thread) without any of the replications having shown it, at 95 %: 299 replications for 1 %. A point
    /// that has shown a loss needs no more.
    pub exclude_loss: Option<Share>,
    /// Replications of a point at most, under `precision` or `best_within`. Without it: 1000.
    pub max_replications: Option<u32>,
    /// The figure by which the best of several variants is selected. Without it: throughput.
    pub best_by: Option<Metric>,
    /// At each place of the axes variants are replicated until one of them is selected as the best by `best_by`: with a
    /// probability of 95 % at least, if it is better than every other one by this share of the other's figure (`"2%"`);
    /// of a share, such as the success rate, in absolute terms (2 points). Variants that are worse are replicated no
    /// more. At least ten times and at least `replications` times, at most `max_replications` times; what is not
    /// selected is said. Without it those of more than two variants are named that may be the best after
    /// `replications`.
    pub best_within: Option<Share>,
    /// How the level of the hypotheses is adjusted for their number, so that all that is said of them together is right
    /// in 95 of 100 experiments.
    #[serde(default)]
    pub multiple_hypotheses: MultipleHypotheses,
}

/// How the level of hypotheses is adjusted for their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MultipleHypotheses {
    /// By Holm's step-down method (1979).
    #[default]
    Holm,
    /// Not at all: each by itself at 95 %.
    Each,
}
