//! From the outcomes of trials to conditions, culprits and verdicts.

pub(crate) mod ablation;
pub(crate) mod blame;
pub mod bounds;
pub mod comparison;
pub mod condition;
pub mod culprit;
pub(crate) mod demand;
pub(crate) mod effect;
pub(crate) mod exact;
pub(crate) mod finding;
pub(crate) mod hidden;
pub mod precision;
pub(crate) mod ranking;
pub(crate) mod recovery;
pub(crate) mod strain;
pub mod summary;
pub(crate) mod throughput;
pub mod trial;
pub mod verdict;
pub(crate) mod words;
