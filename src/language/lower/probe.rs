//! Probes as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Duration, Liveness, Readiness, Service};
use crate::model::{ProbePlan, Runtime};

/// What Kubernetes does where the model says nothing.
const DEFAULT_PERIOD: Time = Time(10_000_000_000);
const DEFAULT_TIMEOUT: Time = Time(1_000_000_000);
const DEFAULT_FAILURES: u32 = 3;
/// How long a restart takes where the model says nothing.
const DEFAULT_RESTART_TIME: Time = Time(5_000_000_000);

impl Lowering<'_> {
    /// The probes of all services, whose endpoints are known by now.
    pub(super) fn probes(&mut self) {
        let model = self.model;
        let all = At::Root.key("services");
        for (index, (name, service)) in model.services.iter().enumerate() {
            let at = all.key(name);
            if let Some(liveness) = &service.liveness {
                self.system.services[index].liveness =
                    self.liveness(at.key("liveness"), (index, name, service), liveness);
            }
            if let Some(readiness) = &service.readiness {
                self.system.services[index].readiness =
                    self.readiness(at.key("readiness"), (index, name, service), readiness);
            }
        }
    }

    fn liveness(&mut self, at: At<'_>, of: (usize, &str, &Service), probe: &Liveness) -> Option<ProbePlan> {
        let endpoint = self.probed(at, of, &probe.endpoint)?;
        Some(ProbePlan {
            endpoint,
            own_threads: self.own_threads(at, of.2, probe.own_threads),
            period: self.positive(at, "period", probe.period, DEFAULT_PERIOD),
            timeout: self.positive(at, "timeout", probe.timeout, DEFAULT_TIMEOUT),
            initial_delay: probe.initial_delay.map_or(Time::ZERO, |Duration(ns)| Time(ns)),
            failure_threshold: self.threshold(at, "failure_threshold", probe.failure_threshold, DEFAULT_FAILURES),
            success_threshold: 1,
            restart_time: probe.restart_time.map_or(DEFAULT_RESTART_TIME, |Duration(ns)| Time(ns)),
        })
    }

    fn readiness(&mut self, at: At<'_>, of: (usize, &str, &Service), probe: &Readiness) -> Option<ProbePlan> {
        let endpoint = self.probed(at, of, &probe.endpoint)?;
        Some(ProbePlan {
            endpoint,
            own_threads: self.own_threads(at, of.2, probe.own_threads),
            period: self.positive(at, "period", probe.period, DEFAULT_PERIOD),
            timeout: self.positive(at, "timeout", probe.timeout, DEFAULT_TIMEOUT),
            initial_delay: probe.initial_delay.map_or(Time::ZERO, |Duration(ns)| Time(ns)),
            failure_threshold: self.threshold(at, "failure_threshold", probe.failure_threshold, DEFAULT_FAILURES),
            success_threshold: self.threshold(at, "success_threshold", probe.success_threshold, 1),
            restart_time: Time::ZERO,
        })
    }

    fn probed(&mut self, at: At<'_>, (index, name, service): (usize, &str, &Service), endpoint: &str) -> Option<u32> {
        let of_service = format!(" in service `{name}`");
        self.find(at.key("endpoint"), "endpoint", endpoint, service.endpoints.iter(), &of_service)?;
        self.endpoint_index(index as u32, endpoint)
    }

    fn own_threads(&mut self, at: At<'_>, service: &Service, wanted: bool) -> bool {
        let is_limited = service.runtime == Runtime::Threads && service.threads.is_some();
        if wanted && !is_limited {
            let title = match service.runtime {
                Runtime::EventLoop => "threads of a probe's own are not supported beside an event loop",
                Runtime::Threads | Runtime::Delay => "no request of this service waits for a thread",
            };
            let complaint = Complaint::at(at.key("own_threads"), title, "would have no effect");
            self.complain(complaint.help("leave the key out"));
        }
        wanted && is_limited
    }

    pub(super) fn positive(&mut self, at: At<'_>, key: &str, value: Option<Duration>, default: Time) -> Time {
        if value == Some(Duration(0)) {
            self.complain(Complaint::at(at.key(key), format!("`{key}` is 0"), "must be above 0"));
        }
        value.map_or(default, |Duration(ns)| Time(ns))
    }

    fn threshold(&mut self, at: At<'_>, key: &str, value: Option<u32>, default: u32) -> u32 {
        let value = value.unwrap_or(default);
        self.at_least_one(at.key(key), key, value);
        value
    }
}
