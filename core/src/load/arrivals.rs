//! When an open load sends its requests, without a simulation: for the load on a real system.

use std::sync::Arc;

use crate::kernel::random::Stream;
use crate::kernel::{Time, Variate};
use crate::model::{self, Arrival, Pattern};

use super::profile::Times;

/// The arrivals of an open load in their order, the same that a simulation of this seed and replication has.
pub struct Arrivals(ArrivalSource);

enum ArrivalSource {
    Open { gaps: Stream, gap: Variate, now: Time },
    Varying(Times),
    Trace { arrivals: Arc<[Arrival]>, next: usize },
}

impl Arrivals {
    /// The arrivals of a replication; none of a closed or mixed load, in which answers decide when requests are sent.
    pub fn new(pattern: &Pattern, seed: u64, replication: u64) -> Option<Self> {
        Some(Self(match pattern {
            Pattern::Test { .. } | Pattern::Endless { .. } | Pattern::Staged { .. } | Pattern::Mixed { .. } => {
                return None;
            }
            &Pattern::Open { gap, arrivals, .. } => {
                ArrivalSource::Open { gaps: gaps(seed, replication), gap: gap_of(gap, arrivals), now: Time::ZERO }
            }
            Pattern::Varying { flow, arrivals, .. } => {
                ArrivalSource::Varying(Times::new(flow, *arrivals, seed, replication))
            }
            Pattern::Trace { arrivals, .. } => ArrivalSource::Trace { arrivals: Arc::clone(arrivals), next: 0 },
        }))
    }
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        match &mut self.0 {
            ArrivalSource::Open { gaps, gap, now } => {
                *now += gap.draw(gaps.next_bits());
                Some(Arrival { at: *now, class: None })
            }
            ArrivalSource::Varying(times) => times.next_time().map(|at| Arrival { at, class: None }),
            ArrivalSource::Trace { arrivals, next } => {
                let arrival = arrivals.get(*next).copied();
                *next += 1;
                arrival
            }
        }
    }
}

/// The stream of the gaps between arrivals.
pub(super) fn gaps(seed: u64, replication: u64) -> Stream {
    Stream::named(seed, replication, "arrivals", 0)
}

/// The gap between two arrivals of a steady load, by its mean in nanoseconds.
pub(super) fn gap_of(mean: f64, arrivals: model::Arrivals) -> Variate {
    match arrivals {
        model::Arrivals::Poisson => Variate::Exponential(mean),
        model::Arrivals::Constant => Variate::Constant(Time(mean.round() as u64)),
    }
}
