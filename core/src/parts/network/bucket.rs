//! A token bucket with reservations (Go's `x/time/rate`).
//!
//! It is kept as the time at which the bucket will be full again, in whole nanoseconds (the "theoretical arrival time" of
//! the generic cell rate algorithm, ITU-T I.371), so no rounding adds up.

use crate::kernel::Time;
use crate::model::RatePlan;

/// The bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    pub plan: RatePlan,
    full_at: Time,
}

impl Bucket {
    pub fn new(plan: RatePlan) -> Self {
        Self { plan, full_at: Time::ZERO }
    }

    /// Takes a token for a request while `waiting` others wait for theirs. Returns how long it must wait for it; none if that
    /// is too long, or if too many wait.
    pub fn take(&mut self, now: Time, waiting: u32) -> Option<Time> {
        let full_at = self.full_at.max(now) + self.plan.interval;
        let delay = full_at.since(now + self.plan.depth);
        let may_wait = delay <= self.plan.max_delay && waiting < self.plan.max_queue;
        (delay == Time::ZERO || may_wait).then(|| {
            self.full_at = full_at;
            delay
        })
    }

    /// The last token that was taken is not needed after all (`Reservation.CancelAt`).
    pub fn give_back(&mut self) {
        self.full_at = Time(self.full_at.0.saturating_sub(self.plan.interval.0));
    }

    /// It is full.
    pub fn fill(&mut self) {
        self.full_at = Time::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Time {
        Time(ms * 1_000_000)
    }

    /// Ten a second, a burst of 2, waits of 50 ms at most.
    #[test]
    fn a_bucket_lets_a_burst_pass_then_one_an_interval() {
        let plan = RatePlan { interval: ms(100), depth: ms(200), max_delay: ms(50), max_queue: u32::MAX };
        let mut bucket = Bucket::new(plan);
        let mut take = |at: u64| bucket.take(ms(at), 0);
        assert_eq!([take(0), take(0), take(0)], [Some(ms(0)), Some(ms(0)), None]);
        assert_eq!(take(49), None, "51 ms before the next token");
        assert_eq!(take(50), Some(ms(50)));
        assert_eq!(take(100), None, "that token is taken");
        assert_eq!([take(400), take(400), take(400)], [Some(ms(0)), Some(ms(0)), None]);
    }

    /// Two may wait, however long.
    #[test]
    fn a_bucket_lets_some_wait() {
        let plan = RatePlan { interval: ms(100), depth: ms(100), max_delay: Time::MAX, max_queue: 2 };
        let mut bucket = Bucket::new(plan);
        let mut take = |waiting: u32| bucket.take(ms(0), waiting);
        assert_eq!([take(0), take(0), take(1), take(2)], [Some(ms(0)), Some(ms(100)), Some(ms(200)), None]);
        bucket.give_back();
        assert_eq!(bucket.take(ms(0), 1), Some(ms(200)), "the last one's");
        bucket.fill();
        assert_eq!(bucket.take(ms(0), 2), Some(ms(0)), "no wait while there is a token");
    }
}
