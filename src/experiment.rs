//! Experiments: a question becomes a plan, the plan's trials are run in parallel, their outcomes are summarised with
//! intervals, and the summaries are judged.

pub mod ablation;
pub mod account;
pub mod archive;
pub mod blame;
pub mod comparison;
pub mod condition;
pub mod culprit;
pub mod design;
pub mod effect;
pub mod exact;
pub mod finding;
pub mod journal;
pub mod merge;
pub mod precision;
pub mod ranking;
pub mod record;
pub mod recovery;
pub mod round;
pub mod runner;
pub mod search;
pub mod sensitivity;
pub mod shard;
pub mod standstill;
pub mod strain;
pub mod summary;
pub mod throughput;
pub mod trial;
pub mod verdict;
pub mod warm_up;
