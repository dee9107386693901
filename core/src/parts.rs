//! What the modelled system is made of.
//!
//! Each part is a state in a file of its own, which knows no other part: what computes (`compute`), what is held
//! (`held`), the way to a process (`network`), what outlasts an answer (`messaging`), guards (`guards`), and trouble
//! (`trouble`). A part can be asked what every part is asked (`part`): to count afresh, for its row in the reports, for
//! the laws that it has broken. `outcome` is all that remains of a run.

pub mod course;
pub(crate) mod mark;
pub(crate) mod outcome;
pub(crate) mod overdue;
pub(crate) mod phase;
pub(crate) mod reaction;
pub(crate) mod recording;
pub(crate) mod timeline;

pub(crate) mod blame;
pub(crate) mod compute;
pub(crate) mod guards;
pub(crate) mod held;
pub(crate) mod ledger;
pub(crate) mod limits;
pub(crate) mod loss;
pub(crate) mod messaging;
pub(crate) mod meter;
pub(crate) mod network;
pub(crate) mod part;
pub(crate) mod resource;
pub(crate) mod scaling;
pub(crate) mod tally;
pub(crate) mod trace;
pub(crate) mod trouble;
pub(crate) mod usage;
pub(crate) mod waits;

#[cfg(debug_assertions)]
pub use crate::engine::draws;
pub use crate::engine::token::Failure;
pub use blame::{Blame, BlameGroup, BlamePlace, FailedAt, Holding, PlaceKind, RequestEnd, Spent, Times, Units};
pub use course::{Batch, Course, CourseMark, Pace};
pub(crate) use ledger::key_of_try;
pub use limits::Limits;
pub use loss::Loss;
pub use mark::{Mark, MarkKind, Marks};
pub use meter::{Buckets, ClientCount, MOST_SCRAPES, Reading, Scrape, Scrapes};
pub use network::ROUND_TRIP;
pub use outcome::{CallCount, ClassOutcome, Completion, Deadlock, Ending, LostWork, Outcome, ServiceOutcome, Users};
pub use overdue::Overdue;
pub use phase::{OF_TEST, Phase, PhaseUse};
pub use reaction::{Reaction, ReactionKind};
pub use recording::{Areas, Level, Recording};
pub use resource::{ResourceKind, ResourceUse};
pub use scaling::Scaled;
pub use timeline::{Slice, Timeline};
pub use trace::{Doing, Held, Trace, TraceSpan};
pub use waits::{Glance, Levels, Seen, WaitGraph, WaitGroup, WaitNode, Witness};
