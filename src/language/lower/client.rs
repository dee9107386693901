//! HTTP clients as meant.

use super::complaint::{At, Complaint};
use super::{Lowering, MOST};
use crate::kernel::Time;
use crate::language::{CallRate, Client, Duration, Reuse, Rounds, SearchCost, Waiters};
use crate::model::{self, ClientPlan, RatePlan};

/// httpx' `keepalive_expiry` where the model gives none.
const DEFAULT_EXPIRY: Time = Time(5_000_000_000);

impl Lowering<'_> {
    /// The client of each of a service's processes, on whose event loops waits take these rounds.
    pub(super) fn client(
        &mut self,
        at: At<'_>,
        name: &str,
        client: &Client,
        (replicas, workers): (u32, u32),
        rounds: Rounds,
    ) -> ClientPlan {
        let server = self.service_named(at.key("server"), &client.server);
        if client.max_connections == Some(0) {
            let complaint =
                Complaint::at(at.key("max_connections"), "`max_connections` is 0", "no call could ever be sent");
            self.complain(complaint.help("leave the key out for no limit"));
        }
        let processes = replicas.saturating_mul(workers);
        if client.broken_workers > processes {
            let title = format!("client `{name}` is broken in more workers than there are");
            let complaint = Complaint::at(at.key("broken_workers"), title, format!("must be at most {processes}"));
            self.complain(complaint.note(format!("the service has replicas x workers = {replicas} x {workers}")));
        }
        if client.waiters == Waiters::Fifo && client.wake_cpu.is_some() {
            let title = "calls that are served in turn never wake in vain";
            let complaint = Complaint::at(at.key("wake_cpu"), title, "would have no effect");
            self.complain(complaint.also(at.key("waiters"), "served in turn"));
        }
        self.check_tls(at, client.tls.as_ref());
        let rate = client.rate_limit.as_ref().map(|rate| self.call_rate(at, client.reuse, rate));
        let timeout = self.timeout(at.key("timeout"), client.timeout);
        self.timeout(at.key("write_timeout"), client.write_timeout);
        let round_trip = self.maybe_draw(at.key("round_trip"), client.round_trip.as_ref());
        let connect_rounds = rounds.connect.unwrap_or(1);
        let open_rounds = match client.reuse {
            Reuse::PerRequest => rounds.open.unwrap_or(0).min(connect_rounds),
            Reuse::Shared => 0,
        };
        ClientPlan {
            name: name.into(),
            server,
            shared: client.reuse == Reuse::Shared,
            setup_cpu: self.maybe_draw(at.key("setup_cpu"), client.setup_cpu.as_ref()),
            call_cpu: self.maybe_draw(at.key("call_cpu"), client.call_cpu.as_ref()),
            connect_time: self.maybe_draw(at.key("connect_time"), client.connect_time.as_ref()),
            open_rounds,
            connect_rounds: connect_rounds - open_rounds,
            connect_cpu: self.maybe_draw(at.key("connect_cpu"), client.connect_cpu.as_ref()),
            round_trip,
            timeout: self.timeout(at.key("read_timeout"), client.read_timeout).or(timeout),
            connect_timeout: self.timeout(at.key("connect_timeout"), client.connect_timeout).or(timeout),
            server_keep_alive: self
                .model
                .services
                .get(&client.server)
                .and_then(|server| server.keep_alive)
                .map(|kept| Time(kept.0)),
            latency: round_trip
                .map_or(Time::ZERO, |draw| Time((self.system.variates[draw.0 as usize].mean() / 2.0) as u64)),
            pool_timeout: self.timeout(at.key("pool_timeout"), client.pool_timeout).or(timeout),
            max_connections: client.max_connections.unwrap_or(u32::MAX),
            fifo: client.waiters == Waiters::Fifo,
            max_keepalive: client.max_keepalive_connections.unwrap_or(u32::MAX),
            max_idle: client.max_idle_connections.unwrap_or(u32::MAX),
            rate,
            keepalive_expiry: client.keepalive_expiry.map_or(DEFAULT_EXPIRY, |Duration(ns)| Time(ns)),
            search: search(client.search_cpu.as_ref()),
            wake_cpu: self.maybe_draw(at.key("wake_cpu"), client.wake_cpu.as_ref()),
            broken: broken(client.broken_workers, replicas, workers),
            repaired_by_restart: client.repaired_by_restart,
        }
    }
}

impl Lowering<'_> {
    /// The rate limit of a client.
    fn call_rate(&mut self, at: At<'_>, reuse: Reuse, rate: &CallRate) -> RatePlan {
        let at_rate = at.key("rate_limit");
        self.at_least_one(at_rate.key("burst"), "burst", rate.burst);
        if reuse == Reuse::PerRequest {
            let title = "a client that is made for each request has its own bucket each time";
            let complaint = Complaint::at_key(at_rate, title, "limits nothing");
            self.complain(complaint.help("write `reuse = \"shared\"`"));
        }
        let interval = (1e9 / rate.average.0).round().max(1.0) as u64;
        RatePlan {
            interval: Time(interval),
            depth: Time(interval.saturating_mul(u64::from(rate.burst))),
            max_delay: Time::MAX,
            max_queue: rate.max_queue.unwrap_or(u32::MAX),
        }
    }
}

fn search(cost: Option<&SearchCost>) -> model::SearchCost {
    cost.map_or_else(model::SearchCost::default, |cost| model::SearchCost {
        per_idle: Time(cost.per_idle.0),
        per_idle_squared: Time(cost.per_idle_squared.0),
        per_busy: Time(cost.per_busy.0),
    })
}

/// Which processes are broken: worker 0 of each replica first, then worker 1 of each, so that replicas are as equal as
/// can be.
fn broken(count: u32, replicas: u32, workers: u32) -> Vec<bool> {
    let mut broken = vec![false; replicas.min(MOST) as usize * workers.min(MOST) as usize];
    for nth in 0..count.min(replicas.saturating_mul(workers)) {
        let (worker, replica) = (nth / replicas, nth % replicas);
        broken[(replica * workers + worker) as usize] = true;
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_workers_are_spread_over_replicas() {
        assert_eq!(broken(0, 2, 2), [false; 4]);
        assert_eq!(broken(1, 2, 2), [true, false, false, false]);
        assert_eq!(broken(2, 2, 2), [true, false, true, false]);
        assert_eq!(broken(3, 2, 2), [true, true, true, false]);
        assert_eq!(broken(4, 2, 2), [true; 4]);
    }
}
