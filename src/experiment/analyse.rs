//! From the outcomes of trials to conditions, culprits and verdicts.

pub mod ablation;
pub mod blame;
pub mod comparison;
pub mod condition;
pub mod culprit;
pub mod effect;
pub mod exact;
pub mod finding;
pub mod precision;
pub mod ranking;
pub mod rate;
pub mod recovery;
pub mod strain;
pub mod summary;
pub mod throughput;
pub mod trial;
pub mod verdict;
pub mod words;
