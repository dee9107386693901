//! Experiments: a question becomes a plan, the plan's trials are run in parallel, their outcomes are summarised with
//! intervals, and the summaries are judged.
//!
//! Imports run downwards: search > run > store > analyse > plan.

pub mod account;
pub mod analyse;
pub mod monitor;
pub mod plan;
pub mod run;
pub mod search;
pub mod store;
