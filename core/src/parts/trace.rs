//! One request's life: what a request and all that it causes do, from its client's first try on, span by span.
//!
//! A run is a function of its seed, so requests that one run has shown to be of interest are recorded in a second,
//! identical one. Only those have accounts there (see [`crate::parts::blame`]). Each stretch that is added to such an
//! account is passed to the [recorder](crate::parts::blame::recorder), from the branch that compacts long logs, so that
//! adding a stretch needs no test of its own. Runs that record nothing test for the recorder where an account begins or
//! ends, where a token fails, calls or branches, where a message is published or handled, and where the limits are
//! checked.
//!
//! Which step a stretch belongs to follows from the place in the program ([`outline`]); [`assemble`] makes spans of both.

pub(crate) mod assemble;
pub(crate) mod outline;
pub(crate) mod span;

pub use span::{Doing, Held, Trace, TraceSpan};
