//! The calls that reach each service: how many, and how many in the fullest interval.

use crate::kernel::Time;

use crate::parts::outcome::CallCount;

/// Counts of calls, by service and of all services together; kept only where the load asks for it.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    /// Of an interval.
    length: Time,
    /// When the window opened: the first interval begins there.
    opened: Time,
    /// By service; the last is that of all together.
    counts: Vec<Count>,
}

/// The calls of a service.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    all: u64,
    /// In the fullest interval so far.
    peak: u64,
    /// The present interval, and the calls in it.
    interval: u64,
    inside: u64,
}

impl Count {
    #[inline]
    fn add(&mut self, interval: u64) {
        if interval != self.interval {
            (self.interval, self.inside) = (interval, 0);
        }
        self.all += 1;
        self.inside += 1;
        self.peak = self.peak.max(self.inside);
    }

    /// The same a second, in a window of this length.
    fn rates(self, length: Time, window: Time) -> CallCount {
        CallCount { calls: self.all, peak_per_s: self.peak as f64 / length.min(window).seconds() }
    }
}

impl Calls {
    /// None yet, of so many services, in intervals of this length.
    pub fn new(services: usize, length: Time) -> Self {
        Self { length, opened: Time::ZERO, counts: vec![Count::default(); services + 1] }
    }

    /// A call reaches a service.
    pub fn received(&mut self, now: Time, service: u32) {
        let interval = (now - self.opened).0 / self.length.0;
        for index in [service as usize, self.counts.len() - 1] {
            self.counts[index].add(interval);
        }
    }

    /// The measuring window opens.
    pub fn reset(&mut self, now: Time) {
        self.opened = now;
        self.counts.fill(Count::default());
    }

    /// What a window of this length has seen, by service, the last of all together; none where it takes no time.
    pub fn of_window(&self, window: Time) -> Vec<Option<CallCount>> {
        let has_length = window > Time::ZERO;
        self.counts.iter().map(|count| has_length.then(|| count.rates(self.length, window))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Intervals of a second from 500 ms on: two calls, none, three; a call at the very end of an interval is in the next.
    #[test]
    fn the_peak_is_that_of_the_fullest_interval() {
        let mut calls = Calls::new(2, Time::from_seconds(1.0));
        calls.received(Time::ZERO, 0);
        calls.reset(Time::from_seconds(0.5));
        for (at, service) in [(0.6, 0), (1.4, 0), (2.5, 0), (2.6, 1), (3.4, 0), (3.5, 0)] {
            calls.received(Time::from_seconds(at), service);
        }
        let count = |calls, peak_per_s| Some(CallCount { calls, peak_per_s });
        assert_eq!(calls.of_window(Time::from_seconds(4.0)), [count(5, 2.0), count(1, 1.0), count(6, 3.0)]);
        assert_eq!(calls.of_window(Time::ZERO), [None; 3]);
        let mut short = Calls::new(1, Time::from_seconds(1.0));
        (0..3).for_each(|_| short.received(Time::ZERO, 0));
        assert_eq!(short.of_window(Time::from_seconds(0.25))[0], count(3, 12.0), "the window is the interval");
    }
}
