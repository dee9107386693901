//! The rate limit of a client: a token bucket in which calls wait, first come, first served, before they look for a
//! connection (client-go `rest/request.go`, `tryThrottle`, over `golang.org/x/time/rate`, `Limiter.Wait`).
//!
//! A call reserves the next token and waits until it is there. One that gives up leaves its token to the next call only if
//! it was the last to reserve one (`Reservation.CancelAt`): those behind it keep their times.

use crate::kernel::{NONE, Time};
use crate::model::RatePlan;

use crate::engine::Engine;
use crate::engine::population::QueueStatistics;
use crate::engine::token::FrameKind;
use crate::parts::network::bucket::Bucket;
use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// The rate limit of the client of one process.
#[derive(Clone, Debug)]
pub(crate) struct Pacer {
    /// Its number in the system.
    id: u32,
    service: u32,
    process: u32,
    /// Index of the client among the service's.
    client: u32,
    bucket: Bucket,
    /// Calls that wait for their token.
    waiting: QueueStatistics,
    passed: u64,
    /// Calls that gave up before their token was there.
    left_without: u64,
    refused: u64,
    /// The frame of the call that has reserved the last token, while it waits.
    last: u32,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// It has a token.
    Passes,
    /// It has one after this time.
    Waits(Time),
    /// Too many wait.
    Refused,
}

impl Pacer {
    pub fn new(id: u32, service: u32, process: u32, client: u32, plan: RatePlan) -> Self {
        let (bucket, waiting) = (Bucket::new(plan), QueueStatistics::default());
        Self { id, service, process, client, bucket, waiting, passed: 0, left_without: 0, refused: 0, last: NONE }
    }

    /// A call asks for a token. If it waits, the end of its frame ends that.
    pub fn arrive(&mut self, engine: &mut Engine, t: u32) -> Pace {
        match self.bucket.take(engine.now, self.waiting.gauge.level()) {
            None => {
                self.refused += 1;
                Pace::Refused
            }
            Some(Time::ZERO) => {
                self.passed += 1;
                Pace::Passes
            }
            Some(delay) => {
                let since = engine.now;
                self.waiting.enter(since);
                self.last = engine.push_frame(t, FrameKind::Paced { pacer: self.id, since });
                Pace::Waits(delay)
            }
        }
    }

    /// The call that has waited with this frame has its token, or gives up.
    pub fn leave(&mut self, now: Time, frame: u32, since: Time, has_token: bool) {
        self.waiting.leave(now, since);
        match has_token {
            true => self.passed += 1,
            false => self.left_without += 1,
        }
        if self.last == frame {
            self.last = NONE;
            if !has_token {
                self.bucket.give_back();
            }
        }
    }
}

impl Part for Pacer {
    fn reset(&mut self, now: Time) {
        self.waiting.reset(now);
        (self.passed, self.left_without, self.refused) = (0, 0, 0);
    }

    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let service = &system.services[self.service as usize];
        let name = || format!("{} client {} rate limit", service.name, service.clients[self.client as usize].name);
        // The number 0 is the ingress'.
        let sum = rows.of_service(self.service, ResourceKind::RateLimit, self.client + 1, name);
        let per_second = sum.mean(self.passed as f64 * 1e9);
        sum.add(per_second, Some(1.0 / self.bucket.plan.interval.seconds()));
        sum.waiting(&self.waiting, now);
        sum.use_.visits += self.passed + self.left_without;
        sum.use_.refused += self.refused;
    }

    fn laws(&mut self, Moment { now, .. }: Moment, broken: &mut Vec<String>) {
        self.waiting.check(now, broken, || "the rate limit of a client".into());
    }

    fn process_died(&mut self, process: u32, _: Moment) {
        if self.process == process {
            self.bucket.fill();
        }
    }
}
