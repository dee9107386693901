//! Runs trials on all cores, with pilots and rounds, and records them as they end; traces single requests.

pub(crate) mod pilot;
pub mod record;
pub(crate) mod round;
pub mod runner;
pub mod trace;
