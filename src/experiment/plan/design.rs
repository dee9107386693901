//! A plan as data: the points that are run, and what is claimed of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::claimed::{Ablation, ChangeEffect, Hypothesis, Measurement};
use super::origin::Origin;
use super::warm_up::WarmUp;
use crate::language::form::Form;
use crate::language::{Assumption, Metric, MultipleHypotheses, Objective, Scale, Sourced};
use crate::model::{Load, System};

/// What to run: variants at all values of the axes, each with a system and a load, and what is claimed of them.
///
/// It is read from an experiment, or from a model that has a load of its own, and everything in it has been checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The experiment's name: its file's, without extension.
    pub name: String,
    /// The question, in a sentence.
    pub title: String,
    /// What is varied, in the order of the file.
    #[doc(hidden)]
    pub axes: Vec<Axis>,
    /// The names of the designs that are compared; at least one.
    pub variants: Vec<String>,
    /// Variants x axes: all points of the first variant, then those of the second; within a variant the last axis
    /// varies fastest.
    #[doc(hidden)]
    pub points: Vec<Point>,
    /// Independent repetitions of each point; where the trials decide how many there are to be, at least.
    pub replications: u32,
    /// How well the figures must be known; none: `replications` of each point.
    #[doc(hidden)]
    pub precision: Option<Precision>,
    /// The losses of capacity to exclude; none: `replications` of each point.
    #[doc(hidden)]
    pub exclude_loss: Option<Exclusion>,
    /// The figure by which the best variant is selected.
    #[doc(hidden)]
    pub best_by: Metric,
    /// The least difference by which the best variant is better, in a selection of the best; none: what the replications say.
    #[doc(hidden)]
    pub best_within: Option<Zone>,
    /// How the level of hypotheses is adjusted for their number.
    #[doc(hidden)]
    pub multiple_hypotheses: MultipleHypotheses,
    /// The seed of every random stream.
    pub seed: u64,
    /// The least success rate that counts as success at all: the success objective where no objective is stricter.
    #[doc(hidden)]
    pub collapse_below: f64,
    /// What every point is to meet; a point that misses one of them is not healthy.
    #[doc(hidden)]
    pub objectives: Vec<Objective>,
    /// Events after which a trial is ended.
    #[doc(hidden)]
    pub max_events: Option<u64>,
    /// Time on the wall after which a trial is ended.
    #[doc(hidden)]
    pub max_wall_time: Option<Duration>,
    /// Measurements of the real system.
    #[doc(hidden)]
    pub measurements: Vec<Measurement>,
    /// Claims, in the order of the file.
    #[doc(hidden)]
    pub hypotheses: Vec<Hypothesis>,
    /// Changes of which the report gives the effect, in the order of the file.
    #[doc(hidden)]
    pub effects: Vec<ChangeEffect>,
    /// Variants of several changes of which it is asked which change brings what.
    #[doc(hidden)]
    pub ablations: Vec<Ablation>,
    pub(super) cautions: Vec<String>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) sources: Vec<Sourced>,
    pub(super) inputs: Vec<PathBuf>,
    pub(super) origin: Origin,
}

/// How well figures must be known. See [`crate::language::Run`].
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// Half of the 95 % interval that a figure may have: relative, of a share absolute.
    pub half_width: f64,
    /// The figures.
    pub of: Vec<Metric>,
    /// Replications of a point at most.
    pub most: u32,
}

/// The losses of capacity that replications without one are to exclude. See [`crate::language::Run`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exclusion {
    /// The share of runs that lose capacity.
    pub share: f64,
    /// Replications of a point that exclude it at 95 %, or the most that are allowed where those are fewer.
    pub most: u32,
}

/// The indifference zone of the selection of the best. See [`crate::language::Run`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zone {
    /// The smallest difference from the best that counts: relative, for a share absolute.
    pub share: f64,
    /// Replications of a point at most.
    pub most: u32,
}

/// What is varied.
#[derive(Clone, Debug)]
pub struct Axis {
    /// Its name in tables.
    pub name: String,
    /// Its label in charts, with its unit.
    pub label: String,
    /// The path that it sets.
    pub path: String,
    /// Spacing that a chart should use.
    pub scale: Scale,
    /// Its values, in the order of the file.
    pub values: Vec<AxisValue>,
    /// What stands at its path.
    pub(crate) form: &'static Form,
}

/// A value of an axis.
#[derive(Clone, Debug)]
pub struct AxisValue {
    /// The value that is set.
    pub value: toml::Value,
    /// As a number, where it is one: durations in seconds, cores in cores, rates per second.
    pub number: Option<f64>,
    /// As text.
    pub text: String,
}

/// A combination of a variant and a value of each axis.
#[derive(Clone, Debug)]
pub struct Point {
    /// Index of the variant.
    pub variant: usize,
    /// For each axis, the index of its value.
    pub at: Vec<usize>,
    /// The system; points that differ only in their load share it.
    pub system: Arc<System>,
    /// The load.
    pub load: Arc<Load>,
    /// Its warm-up where pilot runs find it, once they have.
    pub warm_up: Arc<OnceLock<WarmUp>>,
}

impl Plan {
    /// What the model assumes: values without a measurement or a document behind them.
    #[doc(hidden)]
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// The values of which the model says where they come from.
    #[doc(hidden)]
    pub fn sources(&self) -> &[Sourced] {
        &self.sources
    }

    /// What the input has that is allowed and probably not meant, a line each with its place.
    pub fn cautions(&self) -> &[String] {
        &self.cautions
    }

    /// Where it comes from.
    #[doc(hidden)]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The files that were read.
    pub fn inputs(&self) -> &[PathBuf] {
        &self.inputs
    }

    /// The index of the point of a variant at these values.
    #[doc(hidden)]
    pub fn point(&self, variant: usize, at: &[usize]) -> Option<usize> {
        self.points.iter().position(|point| point.variant == variant && point.at == at)
    }

    /// The index of the point of another variant at the values of this point.
    #[doc(hidden)]
    pub fn beside(&self, point: usize, variant: usize) -> Option<usize> {
        self.point(variant, &self.points.get(point)?.at)
    }

    /// The points at each place of the axes, in the order of variants; the places in the order of their first points.
    #[doc(hidden)]
    pub fn places(&self) -> Vec<Vec<usize>> {
        let mut known: HashMap<&[usize], usize> = HashMap::new();
        let mut places: Vec<Vec<usize>> = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let place = *known.entry(&point.at).or_insert(places.len());
            if place == places.len() {
                places.push(Vec::new());
            }
            places[place].push(index);
        }
        places
    }

    /// Most replications of a point where the trials so far decide how many more are needed.
    #[doc(hidden)]
    pub fn most(&self) -> Option<u32> {
        let (precision, zone) = (self.precision.as_ref(), self.best_within);
        let exclusion = self.exclude_loss.map(|exclusion| exclusion.most);
        precision.map(|precision| precision.most).max(zone.map(|zone| zone.most)).max(exclusion)
    }

    /// Whether the trials so far decide how many more are needed.
    #[doc(hidden)]
    pub fn is_sequential(&self) -> bool {
        self.most().is_some()
    }
}
