//! The interpreter: the one module that knows all parts. Tokens run their programs here, and each file says what becomes
//! of a token at one part.

pub(crate) mod backlog;
pub(crate) mod blame;
pub(crate) mod blocking;
pub(crate) mod breaker;
pub(crate) mod broker;
pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod course;
pub(crate) mod database;
pub(crate) mod deadlock;
pub(crate) mod deploy;
pub(crate) mod descriptors;
#[cfg(debug_assertions)]
pub(crate) mod draws;
pub(crate) mod event_loop;
pub(crate) mod fault;
pub(crate) mod finish;
pub(crate) mod gil;
pub(crate) mod growth;
mod http_client;
pub(crate) mod ingress;
pub(crate) mod job;
pub(crate) mod liveness;
pub(crate) mod loss;
pub(crate) mod meter;
pub(crate) mod observe;
pub(crate) mod pacing;
pub(crate) mod parallel;
pub(crate) mod parts;
pub(crate) mod phase;
pub(crate) mod pool;
pub(crate) mod ports;
pub(crate) mod query;
pub(crate) mod recording;
pub(crate) mod restart;
pub(crate) mod retry;
pub(crate) mod routing;
pub(crate) mod scaling;
pub(crate) mod scope;
pub(crate) mod sending;
pub(crate) mod slots;
pub(crate) mod station;
pub(crate) mod step;
pub(crate) mod task;
pub(crate) mod thread;
pub(crate) mod trace;
pub(crate) mod turnover;
pub(crate) mod turns;
pub(crate) mod unwind;
pub(crate) mod view;
pub(crate) mod wait;
pub(crate) mod waits;
pub(crate) mod world;

pub use observe::{Window, limit_names};
pub use world::{Ended, Source, World};
