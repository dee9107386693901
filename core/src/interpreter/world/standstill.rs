//! Requests that end at one instant: a closed load of which the clients fail at once and send again at once would never
//! let time pass.

use crate::kernel::Time;
use crate::model::{ClassSource, Load, Pattern};

/// Requests that may end at one instant under a closed load without an end, and as many again for each client. A client
/// of which 99 in 100 requests take no time sends a hundred at an instant on average.
const MOST: u64 = 100_000;
const MOST_PER_CLIENT: u64 = 1_000;

/// How many requests have ended at the present instant, and how many may.
#[derive(Clone, Debug)]
pub(crate) struct Standstill {
    at: Time,
    ended: u64,
    most: u64,
}

impl Standstill {
    /// A finite test ends by itself, and arrivals have times of their own: there the number is not bounded.
    pub fn new(load: &Load) -> Self {
        let clients = match &load.pattern {
            Pattern::Endless { concurrency, .. } => Some(*concurrency),
            Pattern::Staged { start, stages, .. } => {
                Some(stages.iter().map(|stage| stage.target).max().unwrap_or(0).max(*start))
            }
            Pattern::Mixed { sources, .. } => {
                sources.iter().filter_map(ClassSource::clients).reduce(u32::saturating_add)
            }
            Pattern::Test { .. } | Pattern::Varying { .. } | Pattern::Trace { .. } | Pattern::Open { .. } => None,
        };
        let most = clients.map_or(u64::MAX, |clients| MOST + MOST_PER_CLIENT * u64::from(clients));
        Self { at: Time::ZERO, ended: 0, most }
    }

    #[inline]
    pub fn is_bounded(&self) -> bool {
        self.most < u64::MAX
    }

    /// A request ends now. Whether that is one too many.
    #[inline(never)]
    pub fn ended(&mut self, now: Time) -> bool {
        self.ended = if self.at == now { self.ended + 1 } else { 1 };
        self.at = now;
        self.is_reached()
    }

    /// Whether too many have ended at the present instant.
    pub fn is_reached(&self) -> bool {
        self.ended > self.most
    }
}
