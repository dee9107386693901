//! Runs trials on all cores, with pilots and rounds, and records them as they end.

pub(crate) mod pilot;
pub mod record;
pub(crate) mod round;
pub mod runner;
