//! What the figures of a run are worth: [`Interval`], and the exact results of queueing [`theory`] that the simulator is
//! judged by.
//!
//! Nothing here knows of events, clocks or random numbers: every function is
//! a pure function of its arguments, and the transcendental functions come
//! from `libm` and `statrs`, so that the same input gives the same bits on
//! every platform.

pub mod autocorrelation;
#[doc(hidden)]
pub mod emulator;
#[doc(hidden)]
pub mod fall;
#[doc(hidden)]
pub mod fit;
pub mod growth;
pub mod histogram;
pub(crate) mod interval;
#[doc(hidden)]
pub mod linear;
#[cfg(test)]
mod noise;
mod pooled;
#[doc(hidden)]
pub mod rare;
#[doc(hidden)]
pub mod selection;
pub mod sensitivity;
pub(crate) mod summary;
pub mod theory;
pub mod vlq;

#[doc(hidden)]
pub use histogram::Histogram;
#[doc(inline)]
pub use interval::Interval;
#[doc(hidden)]
pub use interval::Pairing;
pub use interval::chi_squared;
#[doc(hidden)]
pub use pooled::Pooled;
#[doc(hidden)]
pub use summary::Moments;
