//! One request's life: what a request and all that it causes do, from its client's first try on, span by span.
//!
//! A run is a function of its seed, so requests that one run has shown to be of interest are recorded in a second,
//! identical one. Only those have accounts there (see [`crate::parts::blame`]), and a [recorder](crate::parts::blame::recorder) hears of each
//! stretch that is added to one: from the branch that shortens long logs, so that other runs test for it only where an
//! account begins and ends.
//! Which step a stretch belongs to follows from the place in the program ([`outline`]); [`assemble`] makes spans of both.

pub(crate) mod assemble;
pub(crate) mod outline;
pub(crate) mod span;

pub use span::{Doing, Held, Trace, TraceSpan};
