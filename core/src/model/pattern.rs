//! How requests follow each other: clients, arrivals, and both beside each other.

use std::sync::Arc;

use crate::kernel::{Time, Variate};

/// How requests follow each other.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// A finite closed test: a number of requests in all, by a number of clients.
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
    /// A closed load whose number of clients changes, measured in a window.
    Staged {
        /// Clients at the start.
        start: u32,
        /// The stages, one after the other.
        stages: Vec<Stage>,
        /// Time between answer and next request.
        think: Option<Variate>,
        /// Time before the window.
        warm_up: Time,
        /// Length of the window.
        duration: Time,
    },
    /// Open arrivals at a rate that changes, measured in a window.
    Varying {
        /// The rate.
        flow: Flow,
        /// How the gaps vary.
        arrivals: Arrivals,
        /// Time before the window.
        warm_up: Time,
        /// Length of the window.
        duration: Time,
    },
    /// Arrivals at given times, measured in a window.
    Trace {
        /// The arrivals in order: when, and the index of the class.
        arrivals: Arc<[Arrival]>,
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
    /// Classes that each have a source of requests of their own, measured in a window.
    Mixed {
        /// The sources, in the order of the classes.
        sources: Vec<ClassSource>,
        /// Time before the window.
        warm_up: Time,
        /// Length of the window.
        duration: Time,
    },
}

/// Where the requests of a class come from.
#[derive(Clone, Debug)]
pub enum ClassSource {
    /// From clients: each sends its next request after its answer.
    Clients {
        /// Their number.
        count: u32,
        /// Time between answer and next request.
        think: Option<Variate>,
    },
    /// From arrivals at a steady rate.
    Arrivals {
        /// Mean time between two arrivals, in nanoseconds.
        gap: f64,
        /// How the gaps vary.
        arrivals: Arrivals,
    },
}

impl ClassSource {
    /// The number of clients; none of arrivals.
    pub fn clients(&self) -> Option<u32> {
        match *self {
            Self::Clients { count, .. } => Some(count),
            Self::Arrivals { .. } => None,
        }
    }
}

impl Pattern {
    /// Whether clients wait for the answer before they send the next request, in each class.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Mixed { sources, .. } => sources.iter().all(|source| source.clients().is_some()),
            Self::Test { .. } | Self::Endless { .. } | Self::Staged { .. } => true,
            Self::Varying { .. } | Self::Trace { .. } | Self::Open { .. } => false,
        }
    }

    /// When the measuring window opens and closes; none of a finite test, where that depends on how fast requests are
    /// answered.
    pub fn window(&self) -> Option<(Time, Time)> {
        match *self {
            Self::Test { .. } => None,
            Self::Endless { warm_up, duration, .. }
            | Self::Staged { warm_up, duration, .. }
            | Self::Varying { warm_up, duration, .. }
            | Self::Trace { warm_up, duration, .. }
            | Self::Open { warm_up, duration, .. }
            | Self::Mixed { warm_up, duration, .. } => Some((warm_up, warm_up + duration)),
        }
    }
}

/// A stretch of time in which the number of clients goes evenly to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// How long it takes.
    pub duration: Time,
    /// Clients at its end.
    pub target: u32,
}

/// An arrival of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: Time,
    /// Index of its class; none: it is drawn.
    pub class: Option<u32>,
}

/// A rate that changes.
#[derive(Clone, Debug, PartialEq)]
pub enum Flow {
    /// In a way that is known.
    Course(RateCourse),
    /// On and off at random.
    Bursts(Bursts),
}

/// A rate over time, by pieces; the last never ends.
#[derive(Clone, Debug, PartialEq)]
pub struct RateCourse {
    /// The pieces, in order; the first begins at 0.
    pub pieces: Vec<Piece>,
    /// What pieces that wave are multiplied with.
    pub wave: Option<Wave>,
}

impl RateCourse {
    /// Whether the rate is the same at all times.
    pub fn is_constant(&self) -> bool {
        let is_flat = |piece: &Piece| piece.slope == 0.0 && !(piece.waves && self.wave.is_some());
        self.pieces.iter().all(is_flat) && self.pieces.windows(2).all(|pair| pair[0].rate == pair[1].rate)
    }
}

/// A piece of a rate over time: a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// When it begins, in seconds.
    pub from: f64,
    /// The rate there, a second.
    pub rate: f64,
    /// Growth of the rate, a second and second.
    pub slope: f64,
    /// Whether it is multiplied with the wave.
    pub waves: bool,
}

/// `1 + amplitude sin(omega t)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wave {
    /// 0 to 1.
    pub amplitude: f64,
    /// Radians a second.
    pub omega: f64,
}

/// A rate that is one of two, each for an exponential time: the Markov-modulated Poisson process of two states (Fischer
/// and Meier-Hellstern 1993, "The Markov-modulated Poisson process cookbook").
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    /// Mean time of a burst, in seconds.
    pub on: f64,
    /// Mean time between bursts, in seconds.
    pub off: f64,
    /// Rate in a burst, a second.
    pub on_rate: f64,
    /// Rate between bursts, a second.
    pub off_rate: f64,
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
