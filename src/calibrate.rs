//! Measurements of the real system beside a model: does the model meet them, and which values of its numbers do?
//!
//! [`Observations`] are figures that were measured, each at a site of the experiment. [`laws`] finds figures that contradict
//! each other or the load, whatever the model is. [`compare`](mod@compare) says how far a model is off, and [`scoreboard`] keeps
//! that. [`calibration`] fits the numbers of a model: `likelihood` says how well values fit, `sampler` draws from their
//! posterior.

pub mod calibration;
pub mod compare;
mod date;
pub mod laws;
mod likelihood;
mod observation;
mod outputs;
mod posterior;
mod sampler;
pub mod scoreboard;
mod trials;

pub use date::today;
pub use observation::{CpuReading, MeasuredSite, Observation, Observations};
pub use posterior::{DISCREPANCY, Posterior};
pub use trials::Trials;
