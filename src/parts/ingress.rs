//! The reverse proxy in front of a service, in the manner of Traefik 3: `RateLimit`, then `InFlightReq`.
//!
//! The rate limiter is a token bucket with reservations (Go's `x/time/rate`, which Traefik uses): a request that finds
//! none waits for its token if that takes no longer than half of the time between two tokens, else it is answered with
//! 429. It is kept as the time at which the bucket will be full again, in whole nanoseconds (the "theoretical arrival
//! time" of the generic cell rate algorithm, ITU-T I.371), so no rounding adds up.

use crate::kernel::gauge::Gauge;
use crate::kernel::{NONE, Time};
use crate::model::{IngressPlan, RatePlan};

use super::population::Population;
use super::task::Task;
use super::token::{ABANDONED, ADMITTED, Failure, State};
use super::world::World;

/// The ingress of one service.
#[derive(Clone, Debug)]
pub(super) struct Ingress {
    bucket: Option<Bucket>,
    pub most: u32,
    /// Requests between ingress and answer.
    pub inside: Gauge,
    /// Requests that wait for a token of the rate limiter.
    pub waiting: Population,
    pub admitted: u64,
    /// Requests that had waited for a token and did not go on all the same.
    pub left_without: u64,
    pub refused: u64,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    plan: RatePlan,
    full_at: Time,
}

impl Bucket {
    /// Takes a token: how long the request must wait for it, or none if that is too long.
    fn take(&mut self, now: Time) -> Option<Time> {
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
            inside: Gauge::default(),
            waiting: Population::default(),
            admitted: 0,
            left_without: 0,
            refused: 0,
        }
    }

    pub fn reset(&mut self, now: Time) {
        self.inside.reset(now);
        self.waiting.reset(now);
        (self.admitted, self.left_without, self.refused) = (0, 0, 0);
    }
}

impl World<'_> {
    /// A request comes to its service: whether it goes on at once. Else it was refused, or waits for a token.
    #[inline(never)]
    pub(super) fn admit(&mut self, t: u32, endpoint: u32, peer: u32) -> bool {
        let service = self.system.endpoints[endpoint as usize].service;
        let now = self.now;
        let Some(ingress) = &mut self.guards.ingresses[service as usize] else { return true };
        match ingress.bucket.as_mut().map_or(Some(Time::ZERO), |bucket| bucket.take(now)) {
            None => {
                self.turn_away(t, service, Failure::RATE_LIMITED);
                false
            }
            Some(Time::ZERO) => self.admit_in_flight(t, service),
            Some(delay) => {
                ingress.waiting.enter(now);
                self.tokens[t].since = now;
                self.tokens[t].state = State::Backlog;
                self.account_arrival(t, service, false);
                self.later(delay, Task::Admit { token: t, endpoint, peer });
                false
            }
        }
    }

    /// The token that the request waited for is there.
    pub(super) fn admit_late(&mut self, t: u32, endpoint: u32, peer: u32) {
        let service = self.system.endpoints[endpoint as usize].service;
        if let Some(ingress) = &mut self.guards.ingresses[service as usize] {
            ingress.waiting.leave(self.now, self.tokens[t].since);
        }
        let is_gone = self.tokens[t].failure.is_some() || self.tokens[t].has(ABANDONED);
        let goes_on = !is_gone && self.admit_in_flight(t, service);
        if let (false, Some(ingress)) = (goes_on, &mut self.guards.ingresses[service as usize]) {
            ingress.left_without += 1;
        }
        if is_gone {
            // Nothing is sent on.
            self.tokens[t].failure = Failure::CANCELLED;
            self.tokens[t].state = State::Ready;
            self.ready.push(&mut self.tokens, t);
        } else if goes_on {
            self.route(t, endpoint, peer);
        }
    }

    fn admit_in_flight(&mut self, t: u32, service: u32) -> bool {
        let now = self.now;
        let Some(ingress) = &mut self.guards.ingresses[service as usize] else { return true };
        if ingress.inside.level() >= ingress.most {
            self.turn_away(t, service, Failure::TOO_MANY_IN_FLIGHT);
            return false;
        }
        ingress.inside.up(now);
        ingress.admitted += 1;
        self.tokens[t].flags |= ADMITTED;
        true
    }

    /// The request is answered without having reached its service.
    fn turn_away(&mut self, t: u32, service: u32, why: Failure) {
        if let Some(ingress) = &mut self.guards.ingresses[service as usize] {
            ingress.refused += 1;
        }
        self.refuse(t, why);
    }

    /// The request is inside its ingress no more: it was answered, or its client has gone.
    pub(super) fn leave_ingress(&mut self, t: u32) {
        let token = &mut self.tokens[t];
        if !token.has(ADMITTED) {
            return;
        }
        token.flags &= !ADMITTED;
        let (process, pc, now) = (token.process, token.pc, self.now);
        let service = if process != NONE {
            self.processes[process as usize].service
        } else {
            // In a backlog that several processes share it stands before its first operation.
            self.system.endpoints.iter().find(|endpoint| endpoint.entry == pc).map_or(0, |endpoint| endpoint.service)
        };
        if let Some(ingress) = &mut self.guards.ingresses[service as usize] {
            ingress.inside.down(now);
        }
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
