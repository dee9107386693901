//! Measurements of the real system beside a model: does the model meet them, and which values of its numbers do?
//!
//! [`Observations`] are figures that were measured, each at a site of the experiment. [`laws`] finds figures that contradict
//! each other or the load, whatever the model is. [`compare`](mod@compare) says how far a model is off, and [`scoreboard`] keeps
//! that. [`calibration`] fits the numbers of a model: `likelihood` says how well values fit, `sampler` draws from their
//! posterior.

mod calibrate_words;
pub mod calibration;
pub mod compare;
mod compare_words;
pub mod laws;
mod likelihood;
mod observation;
mod outputs;
mod posterior;
mod sampler;
pub mod scoreboard;
mod trials;

pub use calibrate_words::{
    chart as calibration_chart, document as calibration_document, fits as calibration_fits,
    method as calibration_method, parameters as calibration_parameters, posterior_csv, sentences as calibration_words,
};
pub use compare_words::{
    contradictions as contradiction_words, csv as comparison_csv, document as comparison_document, parity,
    scoreboard_table, sentences as comparison_words, significant, table as comparison_table,
};
pub use observation::{CpuReading, MeasuredSite, Observation, Observations};
pub use posterior::Posterior;
pub use trials::Trials;
