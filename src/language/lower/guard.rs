//! Circuit breakers and ingresses as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Ingress, Service};
use crate::model::{BreakerPlan, IngressPlan, RatePlan};

/// The longest wait for a token below one a second, as Traefik has it.
const LONGEST_DELAY: u64 = 500_000_000;

impl Lowering<'_> {
    pub(super) fn breakers(&mut self, all: At<'_>, service: &Service) -> Vec<BreakerPlan> {
        let mut plans = Vec::new();
        for (name, breaker) in &service.breakers {
            let at = all.key(name);
            self.at_least_one(at.key("failure_threshold"), "failure_threshold", breaker.failure_threshold);
            self.at_least_one(at.key("half_open_calls"), "half_open_calls", breaker.half_open_calls);
            plans.push(BreakerPlan {
                name: name.clone(),
                failure_threshold: breaker.failure_threshold,
                recovery_time: Time(breaker.recovery_time.0),
                half_open_calls: breaker.half_open_calls,
            });
        }
        plans
    }

    pub(super) fn ingress(&mut self, at: At<'_>, ingress: &Ingress) -> IngressPlan {
        if ingress.rate_limit.is_none() && ingress.in_flight.is_none() {
            let complaint =
                Complaint::at_key(at, "an ingress without a limit", "has neither `rate_limit` nor `in_flight`");
            self.complain(complaint.help("write `in_flight = 100`, or leave the ingress out"));
        }
        if let Some(in_flight) = ingress.in_flight {
            self.at_least_one(at.key("in_flight"), "in_flight", in_flight);
        }
        let rate = ingress.rate_limit.as_ref().map(|rate| {
            let at = at.key("rate_limit");
            self.at_least_one(at.key("burst"), "burst", rate.burst);
            let interval = (1e9 / rate.average.0).round().max(1.0) as u64;
            let traefik = if rate.average.0 < 1.0 { LONGEST_DELAY } else { interval / 2 };
            RatePlan {
                interval: Time(interval),
                depth: Time(interval.saturating_mul(u64::from(rate.burst))),
                max_delay: rate.max_queue.map_or(Time(traefik), |_| Time::MAX),
                max_queue: rate.max_queue.unwrap_or(u32::MAX),
            }
        });
        let waiting = self.waiting_at_ingress(at, ingress.order, rate.is_some());
        IngressPlan { rate, waiting, in_flight: ingress.in_flight.unwrap_or(u32::MAX) }
    }
}
