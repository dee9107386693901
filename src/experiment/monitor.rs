//! What a monitoring system sees of a run, and what alerting rules make of it.

pub mod families;
mod goodput;
mod samples;
pub mod watch;
