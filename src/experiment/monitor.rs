//! What a monitoring system sees of a run.

pub mod families;
