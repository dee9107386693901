//! Blame: where each request's time goes, by place and by whether it waits there or is served.
//!
//! Every token has an *account*: since when it does what, and a log of what it did before. Each change of what a token
//! does closes a stretch of its log, so the stretches of a request add up to its response time, to the nanosecond.
//! While a token waits for another's answer its time is what that one's log says: on the answer, or when it gives up
//! waiting, the log of the callee becomes part of the caller's. Of branches side by side the log of the one that ended
//! the wait counts. Attempts that fail, back-offs and hedges stay in the log like everything else.
//!
//! On a CPU that jobs share, the work that was asked for is service; what it took beyond that was waiting for the CPU,
//! or lost to contention, to a quota or to a fault.
//!
//! A token that holds a unit (a connection, a slot, a thread) remembers where its log was when it got it. When it gives the
//! unit back, and somebody waited for one meanwhile, what the holder did is added to what holders of that place do:
//! from that the reports follow a chain of waits to its root.

pub(crate) mod accounts;
pub(crate) mod collect;
mod failing;
pub(crate) mod figures;
pub(crate) mod log;
pub(crate) mod place;
pub(crate) mod recorder;
pub(crate) mod sample;
pub(crate) mod scout;
pub(crate) mod sums;

pub use figures::{Blame, BlameGroup, FailedAt, Holding, Spent, Times};
pub use place::{BlamePlace, PlaceKind, Units};
pub use scout::RequestEnd;
