//! How many trials to run, and how precise their figures must be.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Metric, Share};

/// How many trials to run, and how precise their figures must be.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Largest half-width of the 95 % interval of each figure in `precision_of`, relative to the figure (`"2%"`); for a
    /// share, such as the success rate, in absolute terms (2 points). Each point is replicated until its figures are
    /// that precise: at least ten and at least `replications` times, at most `max_replications` times. Points that do
    /// not get there are reported. Without it: `replications` of each point.
    pub precision: Option<Share>,
    /// The figures that `precision` is about. Without it: throughput, success rate and mean response time. Figures that
    /// a point does not have, such as the response time where nothing succeeds, are ignored.
    pub precision_of: Option<Vec<Metric>>,
    /// Each point is replicated until at most this share of runs (`"1%"`) can lose capacity for good (a worker, a
    /// connection, a thread) without any replication showing it, at 95 % confidence: 299 replications for 1 %. A point
    /// that has shown a loss needs no more replications, and none has more than `max_replications`.
    pub exclude_loss: Option<Share>,
    /// Replications of a point at most, under `precision`, `best_within` or `exclude_loss`. Without it: 1000, and as many
    /// as `exclude_loss` needs.
    pub max_replications: Option<u32>,
    /// The metric by which the best of several variants is selected. Without it: throughput.
    pub best_by: Option<Metric>,
    /// At each place of the axes, variants are replicated until one is selected as the best by `best_by`. The selection
    /// is correct with a probability of at least 95 % if that variant is better than every other one by at least this
    /// share of the other's figure (`"2%"`); for a share, such as the success rate, in absolute terms (2 points).
    /// Variants that are worse are not replicated further. At least ten and at least `replications` times, at most
    /// `max_replications` times; places without a selection are reported. Without it, with more than two variants, the
    /// report names those that may be the best after `replications`.
    pub best_within: Option<Share>,
    /// How the significance level is adjusted for the number of hypotheses, so that all verdicts of an experiment
    /// together are correct in 95 of 100 experiments.
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
