//! The reverse proxy in front of a service, in the manner of Traefik 3: `RateLimit`, then `InFlightReq`.
//!
//! The rate limiter is a token bucket with reservations (Go's `x/time/rate`, which Traefik uses): a request that finds
//! none waits for its token if that takes no longer than half of the time between two tokens, else it is answered with
//! 429. It is kept as the time at which the bucket will be full again, in whole nanoseconds (the "theoretical arrival
//! time" of the generic cell rate algorithm, ITU-T I.371), so no rounding adds up.

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;
use crate::model::{IngressPlan, RatePlan};

use crate::engine::queue::Queue;
use crate::parts::usage::Sum;

/// The ingress of one service.
#[derive(Clone, Debug)]
pub(crate) struct Ingress {
    pub bucket: Option<Bucket>,
    pub most: u32,
    /// Requests between ingress and answer.
    pub inside: TimeWeighted,
    /// Requests that wait for a token of the rate limiter.
    pub waiting: Queue,
    pub admitted: u64,
    /// Requests that had waited for a token and did not go on all the same.
    pub left_without: u64,
    pub refused: u64,
    /// When a request last found as many inside as may be.
    pub full_at: Time,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    plan: RatePlan,
    full_at: Time,
}

impl Bucket {
    /// Takes a token: how long the request must wait for it, or none if that is too long.
    pub fn take(&mut self, now: Time) -> Option<Time> {
        let full_at = self.full_at.max(now) + self.plan.interval;
        let delay = full_at.since(now + self.plan.depth);
        (delay <= self.plan.max_delay).then(|| {
            self.full_at = full_at;
            delay
        })
    }
}

impl Ingress {
    pub fn new(plan: &IngressPlan) -> Self {
        Self {
            bucket: plan.rate.map(|plan| Bucket { plan, full_at: Time::ZERO }),
            most: plan.in_flight,
            inside: TimeWeighted::default(),
            waiting: Queue::new(plan.waiting.order, false),
            admitted: 0,
            left_without: 0,
            refused: 0,
            full_at: Time::ZERO,
        }
    }

    /// Adds what it did in the window to a row.
    pub fn add_to(&self, sum: &mut Sum, now: Time) {
        sum.gauge(&self.inside, now, (self.most < u32::MAX).then_some(f64::from(self.most)));
        sum.waiting(&self.waiting.population, now);
        sum.use_.visits += self.admitted + self.left_without;
        sum.use_.refused = self.refused;
    }

    pub fn reset(&mut self, now: Time) {
        self.inside.reset(now);
        self.waiting.population.reset(now);
        (self.admitted, self.left_without, self.refused) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten a second, a burst of 2, waits of 50 ms at most.
    #[test]
    fn a_bucket_lets_a_burst_pass_then_one_an_interval() {
        let ms = |ms: u64| Time(ms * 1_000_000);
        let plan = RatePlan { interval: ms(100), depth: ms(200), max_delay: ms(50) };
        let mut bucket = Bucket { plan, full_at: Time::ZERO };
        let mut take = |at: u64| bucket.take(ms(at));
        assert_eq!([take(0), take(0), take(0)], [Some(ms(0)), Some(ms(0)), None]);
        assert_eq!(take(49), None, "51 ms before the next token");
        assert_eq!(take(50), Some(ms(50)));
        assert_eq!(take(100), None, "that token is taken");
        assert_eq!([take(400), take(400), take(400)], [Some(ms(0)), Some(ms(0)), None]);
    }
}
