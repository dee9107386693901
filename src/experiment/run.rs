//! Runs trials on all cores, with pilots and rounds, and records them as they end; traces single requests and
//! looks at the moment at which a point tips.

pub mod dossier;
pub mod metered;
pub(crate) mod pilot;
pub mod record;
pub(crate) mod round;
pub mod runner;
pub mod trace;
