//! What hosts ration: CPU quota, accept queue, ports.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Service, Throttling};
use crate::model::Runtime;

/// `cpu.cfs_period_us` where nothing is said.
const DEFAULT_PERIOD: Time = Time(100_000_000);
/// The shortest and the longest period that Linux takes.
const PERIODS: std::ops::RangeInclusive<u64> = 1_000_000..=1_000_000_000;

impl Lowering<'_> {
    /// The period of a CPU quota, and the cores that it may be used on at once.
    pub(super) fn quota(&mut self, at: At<'_>, service: &Service) -> (Option<Time>, Option<f64>) {
        if service.cpu_throttling == Throttling::Smooth {
            let alone = [("cpu_period", service.cpu_period.is_some()), ("node_cores", service.node_cores.is_some())];
            for (key, _) in alone.into_iter().filter(|(_, given)| *given) {
                let title = format!("`{key}` without a quota does nothing");
                let complaint = Complaint::at(at.key(key), title, "only with `cpu_throttling = \"cfs\"`");
                self.complain(
                    complaint
                        .by_default(at.key("cpu_throttling"), "`cpu_throttling` is \"smooth\" where it is left out"),
                );
            }
            return (None, None);
        }
        let Some(cpu) = service.cpu else {
            let title = "there is no CPU limit to throttle at";
            let complaint = Complaint::at(at.key("cpu_throttling"), title, "needs `cpu`");
            self.complain(complaint.help("say how many cores a replica may use, such as `cpu = \"500m\"`"));
            return (None, None);
        };
        if service.runtime == Runtime::Delay {
            let title = "a service without queueing has no CPU that could be throttled";
            let complaint = Complaint::at(at.key("cpu_throttling"), title, "not with `runtime = \"delay\"`");
            self.complain(complaint.also(at.key("runtime"), "no queueing"));
        }
        let period = service.cpu_period.map_or(DEFAULT_PERIOD, |period| Time(period.0));
        if !PERIODS.contains(&period.0) {
            let title = format!("`cpu_period` is {period}");
            self.complain(Complaint::at(at.key("cpu_period"), title, "must be between 1 ms and 1 s"));
        }
        if let Some(node) = service.node_cores
            && node.0 < cpu.0
        {
            let title = "the node has fewer cores than the limit, which then limits nothing";
            let complaint = Complaint::at(at.key("node_cores"), title, "fewer than `cpu`");
            self.complain(complaint.also(at.key("cpu"), "more than the node has"));
        }
        (Some(period), service.node_cores.map(|cores| cores.0))
    }

    /// Refuses sockets without room.
    pub(super) fn sockets(&mut self, at: At<'_>, service: &Service) {
        if let Some(backlog) = service.backlog {
            self.at_least_one(at.key("backlog"), "backlog", backlog);
            if service.runtime != Runtime::EventLoop {
                let title = "only an event loop leaves connections in the backlog";
                let complaint = Complaint::at(at.key("backlog"), title, "nothing waits here");
                let help = match service.runtime {
                    Runtime::Threads => "`max_queue` bounds the queue for the `threads`",
                    _ => "leave the key out: with `runtime = \"delay\"` nothing waits",
                };
                self.complain(complaint.also(at.key("runtime"), "no event loop").help(help));
            }
        }
        if let Some(ports) = service.ephemeral_ports {
            self.at_least_one(at.key("ephemeral_ports"), "ephemeral_ports", ports);
            if ports > u32::from(u16::MAX) {
                let title = format!("`ephemeral_ports` is {ports}");
                self.complain(Complaint::at(at.key("ephemeral_ports"), title, "there are 65535 ports"));
            }
        }
        if service.time_wait.is_some() && service.ephemeral_ports.is_none() {
            let title = "`time_wait` without a number of ports does nothing";
            let complaint = Complaint::at(at.key("time_wait"), title, "only with `ephemeral_ports`");
            self.complain(complaint.help("write `ephemeral_ports = 28232` for Linux' default range"));
        }
    }

    /// The speed of cores; 1 where nothing is said.
    pub(super) fn speed(&mut self, at: At<'_>, value: Option<f64>) -> f64 {
        let speed = value.unwrap_or(1.0);
        if !(1e-3..=1e3).contains(&speed) {
            let complaint =
                Complaint::at(at, format!("`speed` is {speed}"), "must be between a thousandth and a thousand");
            self.complain(complaint.note("work takes `1 / speed` times as long"));
            return 1.0;
        }
        speed
    }

    /// The speed of a service's own cores.
    pub(super) fn own_speed(&mut self, at: At<'_>, service: &Service) -> f64 {
        if service.speed.is_some() {
            let key = at.key("speed");
            if service.machine.is_some() {
                let title = "a service on a machine has the speed of that machine";
                let complaint =
                    Complaint::at(key, title, "would have no effect").also(at.key("machine"), "its cores are shared");
                self.complain(complaint.help("write `speed` at the machine"));
            } else if service.runtime == Runtime::Delay {
                let title = "a service with `runtime = \"delay\"` has no cores";
                let complaint = Complaint::at(key, title, "would have no effect");
                self.complain(complaint.also(at.key("runtime"), "work is only elapsed time"));
            }
        }
        self.speed(at.key("speed"), service.speed)
    }

    /// A quadratic growth of demand: not negative; none is none.
    pub(super) fn coherence(&mut self, at: At<'_>, value: Option<f64>) -> f64 {
        let value = value.unwrap_or_default();
        if !(0.0..=1e6).contains(&value) {
            let complaint = Complaint::at(at, format!("`coherence` is {value}"), "must be between 0 and a million");
            self.complain(
                complaint.note("with `n` jobs at work, each takes `coherence * n * (n - 1)` times its demand more"),
            );
        }
        value
    }
}
