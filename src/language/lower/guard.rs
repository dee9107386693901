//! Circuit breakers and ingresses as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Breaker, CallWindow, Duration, Ingress, Service};
use crate::model::{BreakerPlan, IngressPlan, Opening, RatePlan, WindowPlan, WindowSpan};

const SECOND: u64 = 1_000_000_000;

/// The longest wait for a token below one a second, as Traefik has it.
const LONGEST_DELAY: u64 = 500_000_000;

impl Lowering<'_> {
    pub(super) fn breakers(&mut self, all: At<'_>, service: &Service) -> Vec<BreakerPlan> {
        let mut plans = Vec::new();
        for (name, breaker) in &service.breakers {
            let at = all.key(name);
            plans.push(self.breaker(at, name, breaker));
        }
        plans
    }

    fn breaker(&mut self, at: At<'_>, name: &str, breaker: &Breaker) -> BreakerPlan {
        let (recovery, trials) = if breaker.window.is_some() { (60 * SECOND, 10) } else { (30 * SECOND, 1) };
        let half_open_calls = breaker.half_open_calls.unwrap_or(trials);
        self.at_least_one(at.key("half_open_calls"), "half_open_calls", half_open_calls);
        let opens = match (&breaker.window, breaker.failure_threshold) {
            (Some(window), threshold) => {
                if threshold.is_some() {
                    let title = "a breaker with a `window` opens by rates";
                    let complaint = Complaint::at(at.key("failure_threshold"), title, "would have no effect");
                    self.complain(complaint.help("leave out `failure_threshold`, or the `window`"));
                }
                Opening::Rate(self.call_window(at.key("window"), window))
            }
            (None, threshold) => {
                let threshold = threshold.unwrap_or(5);
                self.at_least_one(at.key("failure_threshold"), "failure_threshold", threshold);
                Opening::InARow(threshold)
            }
        };
        BreakerPlan {
            name: name.to_owned(),
            opens,
            recovery_time: Time(breaker.recovery_time.map_or(recovery, |time| time.0)),
            half_open_calls,
        }
    }

    fn call_window(&mut self, at: At<'_>, window: &CallWindow) -> WindowPlan {
        let min_calls = window.min_calls.unwrap_or(100);
        self.at_least_one(at.key("min_calls"), "min_calls", min_calls);
        if let Some(calls) = window.calls {
            self.at_least_one(at.key("calls"), "calls", calls);
            if window.time.is_some() {
                let title = "a window has either `calls` or `time`";
                let complaint = Complaint::at(at.key("calls"), title, "the number of requests");
                let complaint = complaint.also(at.key("time"), "the length in time");
                self.complain(complaint.help("leave one of them out"));
            }
        }
        let span = match (window.time, window.calls) {
            (Some(time), _) => WindowSpan::Seconds(self.seconds_of_window(at, time)),
            (None, calls) => WindowSpan::Calls(calls.unwrap_or(100)),
        };
        WindowPlan {
            span,
            min_calls,
            failure_rate: self.rate_of_window(at, "failure_rate", window.failure_rate.unwrap_or(0.5)),
            slow_rate: self.rate_of_window(at, "slow_rate", window.slow_rate.unwrap_or(1.0)),
            slow_after: Time(window.slow_after.map_or(60 * SECOND, |time| time.0)),
        }
    }

    fn seconds_of_window(&mut self, at: At<'_>, time: Duration) -> u32 {
        let seconds = u32::try_from(time.0 / SECOND).unwrap_or(u32::MAX);
        if time.0 == 0 || !time.0.is_multiple_of(SECOND) {
            let title = "the `time` of a window must be whole seconds, as in Resilience4j";
            self.complain(Complaint::at(at.key("time"), title, "must be \"1s\", \"2s\" and so on"));
        }
        seconds
    }

    fn rate_of_window(&mut self, at: At<'_>, key: &str, rate: f64) -> f64 {
        if !(rate > 0.0 && rate <= 1.0) {
            let title = format!("`{key}` is {rate}");
            self.complain(Complaint::at(at.key(key), title, "must be above 0 and at most 1"));
        }
        rate
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
