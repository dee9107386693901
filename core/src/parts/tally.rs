//! What clients have seen so far.

use crate::kernel::Time;
use crate::statistics::histogram::Histogram;

use crate::engine::token::Failure;

/// Counts of requests by their end, and the response times of the successful.
#[derive(Clone, Debug)]
pub(crate) struct RequestTally {
    /// Nothing is counted while this is off (warm-up, cool-down, probes), but for who is inside.
    pub on: bool,
    pub sent: u64,
    pub succeeded: u64,
    failures: Box<[u64; 256]>,
    pub response_times: Histogram,
    /// Handlers that ended after their client had gone, of those that were counted when it went.
    pub wasted: u64,
    /// Handlers at work whose client has gone.
    pub abandoned_inside: u64,
    /// Requests under way when counting began.
    pub carried: u64,
    /// Requests that were refused within a round trip, and that their client sent again sooner than it could connect.
    pub instant_resends: u64,
}

impl Default for RequestTally {
    fn default() -> Self {
        Self {
            on: false,
            sent: 0,
            succeeded: 0,
            failures: Box::new([0; 256]),
            response_times: Histogram::new(),
            wasted: 0,
            abandoned_inside: 0,
            carried: 0,
            instant_resends: 0,
        }
    }
}

impl RequestTally {
    #[inline]
    pub fn ended(&mut self, now: Time, born: Time, failure: Failure) {
        if !self.on {
            return;
        }
        if failure.is_some() {
            self.failures[failure.index()] += 1;
        } else {
            self.succeeded += 1;
            self.response_times.record((now - born).0);
        }
    }

    /// Starts counting from zero, with this number of requests under way.
    pub fn restart(&mut self, carried: u64) {
        *self = Self { on: true, carried, ..Self::default() };
    }

    /// Requests that ended without success.
    pub fn failed(&self) -> u64 {
        self.failures.iter().sum()
    }

    /// Failures by cause.
    pub fn causes(&self) -> impl Iterator<Item = (Failure, u64)> {
        self.failures.iter().enumerate().filter(|(_, n)| **n > 0).map(|(index, &n)| (Failure::from_index(index), n))
    }
}
