//! The design of an experiment: what a sweep runs. Variants x axes become points, each with a system and a load of its
//! own; measurements, hypotheses and effects are resolved to the points that they are about.
//!
//! Nothing runs before everything is checked: [`Plan::read`] returns a plan or every mistake of its files.

mod adjustments;
mod axis;
mod checked;
mod claim;
mod claimed;
mod controls;
mod design;
mod dial;
mod direction;
mod effort;
mod excerpt;
mod extends;
mod knee;
mod lever;
mod measure;
mod metastable;
mod objective;
mod optimize;
mod origin;
mod patience;
mod point;
mod quantity;
mod ranged;
mod reading;
mod rehearsal;
mod rewrite;
mod site;
pub(crate) mod standstill;
mod stops;
mod under;
mod warm_up;
mod workbench;

use std::path::Path;
use std::sync::Arc;

use crate::language::{Mistakes, Source};

pub use adjustments::Adjustments;
pub use checked::Checked;
pub use claimed::{Ablated, Ablation, ChangeEffect, Expectation, Hypothesis, Measurement};
pub use controls::{Control, Scope, Stop};
pub use design::{Axis, AxisValue, Exclusion, Plan, Point, Precision, Zone};
pub use dial::Dial;
pub use direction::Direction;
pub(in crate::experiment) use direction::is_load;
pub(super) use effort::{FEWEST, MOST_REPLICATIONS};
pub use excerpt::Side;
pub use knee::{Grid, KneeSearch, KneeWishes, RangeOptions};
pub use lever::Lever;
pub use measure::Measuring;
pub use metastable::{MetastableSearch, MetastableWishes};
pub use objective::{percentile, success_bound, success_objective};
pub use optimize::{Choice, Optimize};
pub use origin::Origin;
pub use ranged::Ranged;
pub use rewrite::Renewed;
pub use site::Site;
pub use warm_up::WarmUp;
pub use workbench::{Study, Workbench};

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

    /// Checks an experiment or a model, which needs no load then, and says what it would run.
    #[doc(hidden)]
    pub fn check(path: &Path, adjustments: &Adjustments) -> Result<Checked, Mistakes> {
        reading::check(&Source::read(path)?, adjustments)
    }
}
