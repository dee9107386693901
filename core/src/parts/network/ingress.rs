//! The reverse proxy in front of a service, in the manner of Traefik 3: `RateLimit`, then `InFlightReq`.
//!
//! The rate limiter is a token bucket with reservations (Go's `x/time/rate`, which Traefik uses): a request that finds
//! none waits for its token if that takes no longer than half of the time between two tokens, else it is answered with
//! 429. With a `max_queue` as many may wait, however long, as in nginx' `limit_req` (`ngx_http_limit_req_module.c`,
//! `ngx_http_limit_req_lookup`: what is above the rate may be `burst` requests, and each is sent on when its time has
//! come; with `nodelay` at once).

use crate::kernel::gauge::TimeWeighted;
use crate::kernel::{NONE, Time};
use crate::model::{IngressPlan, System};

use crate::engine::Engine;
use crate::engine::queue::Queue;
use crate::engine::task::Task;
use crate::engine::token::{ABANDONED, ADMITTED, Failure, State};
use crate::parts::network::bucket::Bucket;
use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// What becomes of a request at an ingress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It is inside, and continues to its service.
    Passes,
    /// It waits for a token of the rate limiter.
    Waits,
    /// It is answered without having reached its service.
    TurnedAway(Failure),
}

/// A request that has waited for a token of the rate limiter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Released {
    pub token: u32,
    /// The process that its connection leads to; [`NONE`] for a new one.
    pub peer: u32,
    pub admission: Admission,
}

/// The ingress of one service.
#[derive(Clone, Debug)]
pub(crate) struct Ingress {
    service: u32,
    bucket: Option<Bucket>,
    most: u32,
    /// Requests between ingress and answer.
    inside: TimeWeighted,
    /// Requests that wait for a token of the rate limiter.
    waiting: Queue,
    admitted: u64,
    /// Requests that the rate limiter admitted, at once or after a wait.
    passed: u64,
    /// Requests that it refused.
    limited: u64,
    /// Requests refused because the ingress was full.
    refused: u64,
    /// When a request last found the ingress full.
    pub full_at: Time,
}

impl Ingress {
    pub fn new(plan: &IngressPlan, service: u32) -> Self {
        Self {
            service,
            bucket: plan.rate.map(Bucket::new),
            most: plan.in_flight,
            inside: TimeWeighted::default(),
            waiting: Queue::new(plan.waiting.order, false),
            admitted: 0,
            passed: 0,
            limited: 0,
            refused: 0,
            full_at: Time::ZERO,
        }
    }

    /// Whether the ingress is full.
    pub fn is_full(&self) -> bool {
        self.inside.level() >= self.most
    }

    /// Those that wait for a token of the rate limiter, in no particular order.
    pub fn waiting<'a>(&'a self, engine: &'a Engine) -> impl Iterator<Item = u32> + 'a {
        self.waiting.iter(&engine.tokens)
    }

    /// A request comes, over a connection to process `peer` if that is not [`NONE`].
    pub fn arrive(&mut self, engine: &mut Engine, t: u32, peer: u32) -> Admission {
        let waiting = self.waiting.population.gauge.level();
        match self.bucket.as_mut().map_or(Some(Time::ZERO), |bucket| bucket.take(engine.now, waiting)) {
            None => {
                self.limited += 1;
                Admission::TurnedAway(Failure::RATE_LIMITED)
            }
            Some(Time::ZERO) => {
                self.passed += 1;
                self.let_in(engine, t)
            }
            Some(delay) => {
                self.waiting.push(engine, t, Time::ZERO);
                let token = &mut engine.tokens[t];
                (token.state, token.wait) = (State::Backlog, peer);
                engine.later(delay, Task::Admit { service: self.service });
                Admission::Waits
            }
        }
    }

    /// A token of the rate limiter is there: the next request that waits for one takes it. One that has failed meanwhile,
    /// or that no client waits for, is not sent on.
    pub fn release(&mut self, engine: &mut Engine) -> Option<Released> {
        let t = self.waiting.pop(engine, 1)?;
        self.passed += 1;
        let token = &mut engine.tokens[t];
        let peer = std::mem::replace(&mut token.wait, NONE);
        if token.failure.is_some() || token.has(ABANDONED) {
            (token.failure, token.state) = (Failure::CANCELLED, State::Ready);
            engine.ready.push(&mut engine.tokens, t);
            return None;
        }
        Some(Released { token: t, peer, admission: self.let_in(engine, t) })
    }

    fn let_in(&mut self, engine: &mut Engine, t: u32) -> Admission {
        if self.is_full() {
            self.full_at = engine.now;
            self.refused += 1;
            return Admission::TurnedAway(Failure::TOO_MANY_IN_FLIGHT);
        }
        self.inside.up(engine.now);
        self.admitted += 1;
        engine.tokens[t].flags |= ADMITTED;
        Admission::Passes
    }

    /// A request that is inside leaves: it was answered, or its client has gone.
    pub fn let_out(&mut self, engine: &mut Engine, t: u32) {
        engine.tokens[t].flags &= !ADMITTED;
        self.inside.down(engine.now);
    }
}

impl Part for Ingress {
    fn reset(&mut self, now: Time) {
        self.inside.reset(now);
        self.waiting.population.reset(now);
        (self.admitted, self.passed, self.limited, self.refused) = (0, 0, 0, 0);
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let service = &system.services[self.service as usize].name;
        // Without a limit there is nothing that could be in use.
        if self.most < u32::MAX || self.bucket.is_none() {
            let sum = rows.of_service(self.service, ResourceKind::Ingress, 0, || format!("{service} ingress"));
            sum.gauge(&self.inside, now, (self.most < u32::MAX).then_some(f64::from(self.most)));
            sum.use_.visits += self.admitted;
            sum.use_.refused = self.refused;
        }
        if let Some(bucket) = &self.bucket {
            let name = || format!("{service} ingress rate limit");
            let sum = rows.of_service(self.service, ResourceKind::RateLimit, 0, name);
            let per_second = sum.mean(self.passed as f64 * 1e9);
            sum.add(per_second, Some(1.0 / bucket.plan.interval.seconds()));
            sum.waiting(&self.waiting.population, now);
            sum.use_.visits += self.passed;
            sum.use_.refused = self.limited;
        }
    }

    fn laws(&mut self, Moment { system, now }: Moment, broken: &mut Vec<String>) {
        let name = || format!("the ingress of {}", system.services[self.service as usize].name);
        self.waiting.population.check(now, broken, name);
    }

    fn is_at_rest(&self) -> bool {
        self.inside.level() == 0
    }
}

/// The ingress of each service; none at all where no service has one.
pub(crate) fn ingresses(system: &System) -> Vec<Option<Box<Ingress>>> {
    if system.services.iter().all(|plan| plan.ingress.is_none()) {
        return Vec::new();
    }
    let plans = system.services.iter().map(|plan| plan.ingress.as_ref());
    plans.zip(0..).map(|(plan, service)| Some(Box::new(Ingress::new(plan?, service)))).collect()
}
