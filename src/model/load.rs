//! The load as meant.

use super::queue::Notice;
use crate::kernel::{Time, Variate};

/// Who sends requests, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// Index of the endpoint that is called.
    pub target: u32,
    /// How long a client waits before it gives up; none: for ever.
    pub timeout: Option<Time>,
    /// What becomes of the handler then.
    pub abandon: Abandon,
    /// How requests follow each other.
    pub pattern: Pattern,
    /// How clients learn of the completion of what outlasts its answer; none: they do not wait for it.
    pub completion: Option<Notice>,
}

/// What becomes of a handler whose client gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandon {
    /// It works on for nobody.
    Continue,
    /// It is cancelled.
    Cancel,
}

/// How requests follow each other.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// A finite closed test: so many requests in all, by so many clients.
    Test {
        /// Clients.
        concurrency: u32,
        /// Requests in all.
        users: u32,
        /// Time between answer and next request.
        think: Option<Variate>,
        /// Time between the starts of two clients.
        spacing: Time,
        /// Time between the end of the test and the probes.
        cool_down: Time,
        /// A test before it, whose traces it meets.
        before: Option<Earlier>,
    },
    /// An endless closed load, measured in a window.
    Endless {
        /// Clients.
        concurrency: u32,
        /// Time between answer and next request.
        think: Option<Variate>,
        /// Time between the starts of two clients.
        spacing: Time,
        /// Time before the window.
        warm_up: Time,
        /// Length of the window.
        duration: Time,
    },
    /// An open load, measured in a window.
    Open {
        /// Mean time between two arrivals, in nanoseconds.
        gap: f64,
        /// How the gaps vary.
        arrivals: Arrivals,
        /// Time before the window.
        warm_up: Time,
        /// Length of the window.
        duration: Time,
    },
}

/// How the gaps of an open load vary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Exponential.
    Poisson,
    /// Not at all.
    Constant,
}

/// A finite closed test before the one that is measured.
#[derive(Clone, Copy, Debug)]
pub struct Earlier {
    /// Clients.
    pub concurrency: u32,
    /// Requests in all.
    pub users: u32,
    /// Time between its end and the start of the measured one.
    pub pause: Time,
}
