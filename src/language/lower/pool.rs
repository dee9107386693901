//! Connection pools as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Model, Pool, PoolConnects, PoolReuse, PoolWaiters, Service};
use crate::model::{Patience, PoolPlan};

impl Lowering<'_> {
    pub(super) fn pool(&mut self, at: At<'_>, name: &str, pool: &Pool) -> PoolPlan {
        let server = self.service_named(at.key("server"), &pool.server);
        self.at_least_one(at.key("max_size"), "max_size", pool.max_size);
        if pool.min_size > pool.max_size && pool.max_size > 0 {
            let title =
                format!("pool `{name}` starts with {} connections but may have {}", pool.min_size, pool.max_size);
            self.complain(
                Complaint::at(at.key("max_size"), title, "smaller than `min_size`")
                    .also(at.key("min_size"), "larger than `max_size`")
                    .by_default(at.key("min_size"), "`min_size` is 10 where it is left out")
                    .by_default(at.key("max_size"), "`max_size` is 10 where it is left out"),
            );
        }
        if let Some(most) = pool.max_idle_connections.filter(|&most| most < pool.min_size) {
            let title = format!("pool `{name}` starts with {} connections but keeps {most} idle", pool.min_size);
            self.complain(
                Complaint::at(at.key("max_idle_connections"), title, "smaller than `min_size`")
                    .also(at.key("min_size"), "larger than `max_idle_connections`")
                    .by_default(at.key("min_size"), "`min_size` is 10 where it is left out")
                    .help("write `min_size = 0` for a pool that opens connections when they are needed"),
            );
        }
        if let Some(most) = pool.max_queries {
            self.at_least_one(at.key("max_queries"), "max_queries", most);
        }
        let waiting = self.waiting(at, pool.order, pool.acquire_timeout.as_ref(), pool.shed.as_ref());
        let ends_by_event = matches!(waiting.patience, Some(Patience::Drawn(_))) || waiting.shedding.is_some();
        if pool.waiters == PoolWaiters::Barging && ends_by_event {
            let title = "`waiters = \"barging\"` is not supported yet with a random `acquire_timeout` or with `shed`";
            let complaint = Complaint::at(at.key("waiters"), title, "would begin the wait anew");
            self.complain(complaint.help("give `acquire_timeout` one length, and leave out `shed`"));
        }
        if pool.connects == PoolConnects::Background {
            self.background(at, pool);
        }
        PoolPlan {
            name: name.into(),
            server,
            min_size: pool.min_size,
            max_size: pool.max_size,
            waiting,
            connect_time: self.maybe_draw(at.key("connect_time"), pool.connect_time.as_ref()),
            round_trip: self.maybe_draw(at.key("round_trip"), pool.round_trip.as_ref()),
            trip_cpu: self.maybe_draw(at.key("trip_cpu"), pool.trip_cpu.as_ref()),
            background: pool.connects == PoolConnects::Background,
            barging: pool.waiters == PoolWaiters::Barging,
            minded: minded(self.model, pool),
            tls: self.pool_tls(at, pool.tls.as_ref()),
            connect_cpu: self.maybe_draw(at.key("connect_cpu"), pool.connect_cpu.as_ref()),
            command_timeout: self.timeout(at.key("command_timeout"), pool.command_timeout),
            idle_life: pool.max_inactive_connection_lifetime.filter(|life| life.0 > 0).map(|life| Time(life.0)),
            max_idle: pool.max_idle_connections,
            oldest_first: pool.reuse == PoolReuse::Fifo,
            max_queries: pool.max_queries,
        }
    }

    /// A pool that opens its connections itself.
    fn background(&mut self, at: At<'_>, pool: &Pool) {
        let at_connects = at.key("connects");
        if pool.acquire_timeout.is_none() {
            let title = "a pool that connects in the background needs an `acquire_timeout`";
            let complaint =
                Complaint::at(at_connects, title, "a request would wait without end for a database that is down");
            self.complain(complaint.help("HikariCP's `connectionTimeout` is 30 s unless it is set"));
        }
        if pool.connect_cpu.is_some() {
            let title = "no request pays for a connection that is opened in the background";
            let complaint = Complaint::at(at.key("connect_cpu"), title, "would have no effect");
            self.complain(complaint.also(at_connects, "opened by the pool").help("leave `connect_cpu` out"));
        }
        if pool.waiters == PoolWaiters::Barging {
            let title = "`connects = \"background\"` is not supported yet with `waiters = \"barging\"`";
            self.complain(
                Complaint::at(at_connects, title, "is HikariCP's, which is fair").help("leave one of them out"),
            );
        }
    }

    /// Refuses pools that do not all fit into their database at start.
    pub(super) fn sessions(&mut self) {
        for (server, (name, plan)) in (0..).zip(self.model.services.keys().zip(&self.system.services)) {
            let Some(most) = plan.max_connections else { continue };
            // Missing ones are reported elsewhere.
            let replicas = plan.replicas.max(1) as usize;
            let mut opened = vec![0; replicas];
            for (number, process) in self.system.processes.iter().enumerate() {
                let service = self.model.services.values().nth(process.service as usize);
                if service.is_some_and(|service| process.replica >= service.places()) {
                    continue;
                }
                let pools = self.system.services[process.service as usize].pools.iter();
                let pooled = pools.filter(|pool| pool.server == server).map(|pool| u64::from(pool.min_size));
                opened[number % replicas] += pooled.sum::<u64>();
            }
            let opened = opened.into_iter().max().unwrap_or_default();
            if opened <= u64::from(most) {
                continue;
            }
            let is_scaled = |service: &Service| {
                service.autoscale.is_some() && service.pools.values().any(|pool| pool.server == *name)
            };
            let when = if self.model.services.values().any(is_scaled) { "with all replicas" } else { "at start" };
            let title = format!("the pools open {opened} connections {when}, but `{name}` takes {most}");
            let all = At::Root.key("services");
            let at = all.key(name);
            let mut complaint = Complaint::at(at.key("max_connections"), title, format!("must be at least {opened}"));
            for (user, service) in &self.model.services {
                let at = all.key(user);
                let at = at.key("pools");
                for (pool_name, _) in service.pools.iter().filter(|(_, pool)| pool.server == *name) {
                    let at = at.key(pool_name);
                    let label = "in each worker of each replica";
                    complaint = complaint
                        .also(at.key("min_size"), label)
                        .by_default(at.key("min_size"), "`min_size` is 10 where it is left out");
                }
            }
            self.complaints.push(complaint);
        }
    }
}

/// Whether it matters which connections of a pool are open: else counting them is enough.
pub(in crate::language) fn minded(model: &Model, pool: &Pool) -> bool {
    let limited = model.services.get(&pool.server).is_some_and(|server| server.max_connections.is_some());
    limited
        || pool.connect_cpu.is_some()
        || pool.tls.is_some()
        || pool.max_inactive_connection_lifetime.is_some_and(|life| life.0 > 0)
        || pool.max_queries.is_some()
        || pool.max_idle_connections.is_some()
        || pool.waiters == PoolWaiters::Barging
        || pool.connects == PoolConnects::Background
        || (pool.acquire_timeout.is_some() && pool.connect_time.is_some())
}
