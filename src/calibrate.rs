//! Measurements of the real system beside a model: does the model meet them, and which values of its numbers do?
//!
//! [`Observations`] are figures that were measured, each at a site of the experiment. [`laws`] finds figures that contradict
//! each other or the load, whatever the model is. [`compare`](mod@compare) says how far a model is off, and [`scoreboard`] keeps
//! that. [`calibration`] fits the numbers of a model: `likelihood` says how well values fit, `sampler` draws from their
//! posterior. Which test to run next: [`discriminate`](mod@discriminate) tells hypotheses apart, [`narrowing`] makes the answer
//! of one model more certain.

pub mod calibration;
mod candidates;
pub mod compare;
mod date;
mod discrepancy;
pub mod discriminate;
pub mod laws;
mod likelihood;
pub mod narrowing;
mod observation;
mod outputs;
mod posterior;
mod prediction;
mod prior;
pub mod propagation;
mod quantile;
pub mod replay;
mod sampler;
pub mod scoreboard;
mod separation;
mod trials;

pub use candidates::{Candidate, Laboratory, Observed, Rival};
pub use date::today;
pub use observation::{CpuReading, MeasuredSite, Observation, Observations};
pub use posterior::{DISCREPANCY, Posterior};
pub use trials::Trials;
