//! What the numbers of a run are worth.
//!
//! A simulator measures; this room says how far the measurement may be
//! trusted. It holds the recorders a run writes to ([`Histogram`],
//! [`Moments`]), the confidence statements made of several runs
//! ([`Interval`], [`Pairing`], [`Pooled`]), the diagnosis of one long run
//! ([`autocorrelation`]), and the closed queueing formulas against which the
//! simulator itself is judged ([`theory`]).
//!
//! Nothing here knows of events, clocks or random numbers: every function is
//! a pure function of its arguments, and the transcendental functions come
//! from `libm` and `statrs`, so that the same input gives the same bits on
//! every platform.

pub mod autocorrelation;
pub mod growth;
pub mod histogram;
pub mod interval;
#[cfg(test)]
mod noise;
mod pooled;
pub mod rare;
pub mod selection;
pub mod sensitivity;
pub mod summary;
pub mod theory;
pub mod vlq;

pub use histogram::Histogram;
pub use interval::{Interval, Pairing};
pub use pooled::Pooled;
pub use summary::Moments;
