//! What the modelled system is made of, and the interpreter that requests run in.
//!
//! A request is a token. Each part is a state in a file of its own, which knows no other part: what computes (`compute`),
//! what is held (`held`), the way to a process (`network`), what outlasts an answer (`messaging`), guards (`guards`), and
//! trouble (`trouble`). The `interpreter` holds every token and every part of one run, the [`World`], and says what
//! becomes of a token at each part. [`outcome`] is all that remains of a run.

pub mod course;
pub mod outcome;
pub mod phase;
pub mod timeline;

pub(crate) mod compute;
pub(crate) mod guards;
pub(crate) mod held;
pub(crate) mod interpreter;
pub(crate) mod ledger;
pub(crate) mod loss;
pub(crate) mod messaging;
pub(crate) mod network;
pub(crate) mod part;
pub(crate) mod resource;
pub(crate) mod tally;
pub(crate) mod trouble;
pub(crate) mod usage;

mod blame;

#[cfg(debug_assertions)]
pub use crate::engine::draws;
pub use crate::engine::token::Failure;
pub use blame::{Blame, FailedAt, Group, Holding, Place, PlaceKind, Spent, Times, Units};
pub use course::{Batch, Course, Mark};
pub use interpreter::observe::{Window, limit_names};
pub use interpreter::world::{Ended, Limits, Source, World};
pub use loss::Loss;
pub use network::ROUND_TRIP;
pub use outcome::{ClassOutcome, Completion, Deadlock, Ending, LostWork, Outcome, Users};
pub use phase::{OF_TEST, Phase, PhaseUse};
pub use resource::{ResourceKind, ResourceUse};
pub use timeline::{Calm, Slice, Timeline};

// As `blame` names them.
use crate::engine::token;
use held::slots;
use interpreter::{deadlock, world};
use network::process;
