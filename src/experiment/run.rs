//! Runs trials on all cores, with pilots and rounds, and records them as they end.

pub mod pilot;
pub mod record;
pub mod round;
pub mod runner;
