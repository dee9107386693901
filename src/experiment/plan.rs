//! The design of an experiment: what a sweep runs. Variants x axes become points, each with a system and a load of its
//! own; measurements, hypotheses and effects are resolved to the points that they are about.
//!
//! Nothing runs before everything is checked: [`Plan::read`] returns a plan or every mistake of its files.

mod axis;
mod checked;
mod claim;
mod claimed;
mod controls;
mod dial;
mod direction;
mod effort;
mod excerpt;
mod extends;
mod knee;
mod objective;
mod optimize;
mod origin;
mod point;
mod quantity;
mod ranged;
mod reading;
mod rehearsal;
pub(crate) mod standstill;
mod stops;
mod warm_up;
mod workbench;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::language::form::Form;
use crate::language::{Assumption, Metric, Mistake, Mistakes, MultipleHypotheses, Objective, Scale, Source};
use crate::model::{Load, System};

pub use checked::Checked;
pub use claimed::{Ablated, Ablation, ChangeEffect, Expectation, Hypothesis, Measurement};
pub use controls::{Control, Scope, Stop};
pub use dial::Dial;
pub use direction::Direction;
pub(super) use effort::{FEWEST, MOST_REPLICATIONS};
pub use excerpt::Side;
pub use knee::{Grid, KneeSearch, KneeWishes};
pub use objective::{success_bound, success_objective};
pub use optimize::{Choice, Optimize};
pub use origin::Origin;
pub use ranged::Ranged;
pub use warm_up::WarmUp;
pub use workbench::{Study, Workbench};

/// What is to be run: variants at all values of the axes, each with a system and a load, and what is claimed of them.
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
    /// The losses of capacity that are to be excluded; none: `replications` of each point.
    #[doc(hidden)]
    pub exclude_loss: Option<Exclusion>,
    /// The figure by which the best variant is selected.
    #[doc(hidden)]
    pub best_by: Metric,
    /// By how much the best variant is better at least, where it is to be selected; none: what the replications say.
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
    /// Changes whose effect is asked for, in the order of the file.
    #[doc(hidden)]
    pub effects: Vec<ChangeEffect>,
    /// Variants of several changes of which it is asked which change brings what.
    #[doc(hidden)]
    pub ablations: Vec<Ablation>,
    cautions: Vec<String>,
    assumptions: Vec<Assumption>,
    inputs: Vec<PathBuf>,
    origin: Origin,
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
    /// The difference from the best that is to be told: relative, of a share absolute.
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
    /// Its warm-up where that is to be found, once it has been.
    pub warm_up: Arc<OnceLock<WarmUp>>,
}

/// What is changed of a file before it is run, as `--set`, `--seed` and `--replications` do.
///
/// ```
/// let adjustments = sim::Adjustments::default().set("load.rate", "0.5/s").seed(7).replications(20);
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Adjustments {
    /// Overrides, `path` and `value`, in order. One that names the path of an axis makes this its only value.
    pub set: Vec<(String, String)>,
    /// Another seed.
    pub seed: Option<u64>,
    /// Another number of replications.
    pub replications: Option<u32>,
}

impl Adjustments {
    /// Sets the value at a path, after those that are set already: `"load.rate"` to `"80/s"`,
    /// `"stations.counter.servers"` to `"3"`. The value is written as TOML; the quotes of a text may be left out.
    /// A path that names nothing is a mistake when the plan is read.
    #[must_use]
    pub fn set(mut self, path: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.push((path.into(), value.into()));
        self
    }

    /// Sets several values, in order.
    #[must_use]
    pub fn set_all<P: Into<String>, V: Into<String>>(self, values: impl IntoIterator<Item = (P, V)>) -> Self {
        values.into_iter().fold(self, |adjusted, (path, value)| adjusted.set(path, value))
    }

    /// Another seed of all random numbers. With a different seed the same plan meets different requests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Another number of independent replications of each point.
    #[must_use]
    pub fn replications(mut self, replications: u32) -> Self {
        self.replications = Some(replications);
        self
    }
}

impl Axis {
    /// The index of the value that the command line names: by its text, its number, or the same in another unit.
    pub fn index(&self, text: &str) -> Result<usize, Mistake> {
        axis::chosen(self, text)
    }
}

impl Plan {
    /// Reads an experiment, or a model that has a load of its own, which is then the only point.
    ///
    /// # Errors
    /// Every mistake of the file and of the model that it names, each with its place: the file cannot be read, a key or a
    /// value is wrong, a path of an axis or an adjustment names nothing, a hypothesis is about nothing.
    pub fn read(path: &Path, adjustments: &Adjustments) -> Result<Self, Mistakes> {
        Self::of(&Source::read(path)?, adjustments)
    }

    /// Reads a text as if it were the content of this file, which need not exist: messages give it this name, the plan is
    /// named after it, and paths in the text are relative to it.
    ///
    /// # Errors
    /// As those of [`read`](Self::read).
    pub fn from_text(path: &Path, text: &str, adjustments: &Adjustments) -> Result<Self, Mistakes> {
        Self::of(&Source::text(path, text), adjustments)
    }

    /// Reads a source: a file, or a text as if it stood in one ([`Source::text`]).
    ///
    /// # Errors
    /// Every mistake of it and of the model that it names.
    #[doc(hidden)]
    pub fn of(source: &Arc<Source>, adjustments: &Adjustments) -> Result<Self, Mistakes> {
        reading::read(source, adjustments)
    }

    /// Reads it with axes at these values. A value that an axis does not list becomes its only one, as one of `--set`
    /// does.
    #[doc(hidden)]
    pub fn read_at(path: &Path, adjustments: &Adjustments, at: &[(String, String)]) -> Result<Self, Mistakes> {
        Workbench::read_at(path, adjustments, at).map(|bench| bench.plan().clone())
    }

    /// Of values of axes those that their axes do not list, as overrides of the axes' paths; none where all are listed.
    fn beyond(&self, at: &[(String, String)]) -> Option<Vec<(String, String)>> {
        let off = |(name, value): &(String, String)| {
            let axis = self.axes.iter().find(|axis| axis.name == *name)?;
            axis::chosen(axis, value).is_err().then(|| (axis.path.clone(), value.clone()))
        };
        let set: Vec<_> = at.iter().filter_map(off).collect();
        (!set.is_empty()).then_some(set)
    }

    /// Checks an experiment or a model, which needs no load then, and says what it would run.
    #[doc(hidden)]
    pub fn check(path: &Path, adjustments: &Adjustments) -> Result<Checked, Mistakes> {
        reading::check(&Source::read(path)?, adjustments)
    }

    /// What the model assumes: values without a measurement or a document behind them.
    #[doc(hidden)]
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
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

    /// Replications of a point at most, where the trials that there are decide how many more there are to be.
    #[doc(hidden)]
    pub fn most(&self) -> Option<u32> {
        let (precision, zone) = (self.precision.as_ref(), self.best_within);
        let exclusion = self.exclude_loss.map(|exclusion| exclusion.most);
        precision.map(|precision| precision.most).max(zone.map(|zone| zone.most)).max(exclusion)
    }

    /// Whether the trials that there are decide how many more there are to be.
    #[doc(hidden)]
    pub fn is_sequential(&self) -> bool {
        self.most().is_some()
    }

    /// Where a point lies, in words: "concurrency = 50, cpu = 500m"; empty without axes.
    #[doc(hidden)]
    pub fn place(&self, point: &Point) -> String {
        axis::place(&self.axes, &point.at)
    }
}
