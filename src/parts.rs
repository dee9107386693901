//! What the modelled system is made of, and the interpreter that requests run in.
//!
//! A request is a token; the [`world`] holds every token and every part of one run; each other file is one part:
//! its state, and what the world does with it. [`outcome`] is all that remains of a run.

pub mod course;
pub mod cpu;
#[cfg(debug_assertions)]
pub mod draws;
pub mod outcome;
pub mod timeline;
pub mod world;

mod backlog;
mod blame;
mod breaker;
mod broker;
mod cache;
mod database;
mod deadlock;
mod descriptors;
mod event_loop;
mod fault;
mod finish;
mod gil;
mod http_client;
mod ingress;
mod interpreter;
mod job;
mod ledger;
mod liveness;
mod loss;
mod observe;
mod parallel;
mod phase;
mod pool;
mod population;
mod ports;
mod process;
mod query;
mod resilience;
mod restart;
mod retry;
mod routing;
mod scope;
mod sending;
mod slots;
mod station;
mod tally;
mod task;
mod throttle;
mod token;
mod unwind;
mod view;
mod wait;

pub use blame::{Blame, FailedAt, Group, Holding, Place, PlaceKind, Spent, Times, Units};
pub use course::{Batch, Course, Mark};
pub use loss::Loss;
pub use observe::{Window, limit_names};
pub use outcome::{ClassOutcome, Completion, Deadlock, Ending, LostWork, Outcome, ResourceKind, ResourceUse, Users};
pub use phase::{OF_TEST, Phase, PhaseUse};
pub use timeline::{Calm, Slice, Timeline};
pub use token::Failure;
pub use world::{Ended, Limits, ROUND_TRIP, Source, World};
