//! Services as meant: their processes, pools, clients and limits.

use super::complaint::{At, Complaint};
use super::host::locks_in_threads;
use super::{Lowering, MOST};
use crate::kernel::Time;
use crate::model::{self, ClientPlan, PoolPlan, ProcessPlan, ServicePlan};
use crate::spec::{Balance, Client, Duration, Model, Pool, PoolOrder, Reuse, Runtime, SearchCost, Service};

/// Processes of one service at most.
const MOST_PROCESSES: u64 = 10_000;

/// Rounds of the event loop that one wait may take.
const MOST_ROUNDS: u8 = 60;

/// Threads of an event loop's default executor where the model gives none: CPython's `min(32, cores + 4)` on 2 cores.
const DEFAULT_THREADS: u32 = 6;

/// Linux' TCP_TIMEWAIT_LEN.
const DEFAULT_TIME_WAIT: Time = Time(60_000_000_000);

/// httpx' `keepalive_expiry` where the model gives none.
const DEFAULT_EXPIRY: Time = Time(5_000_000_000);

impl Lowering<'_> {
    pub(super) fn services(&mut self) {
        let model = self.model;
        let all = At::Root.key("services");
        if model.services.is_empty() {
            let complaint =
                Complaint::at_key(At::Root.key("services"), "the model has no service", "nothing to call here");
            self.complain(complaint.help("add a table such as `[services.shop]` with an endpoint"));
        }
        for (name, service) in &model.services {
            let at = all.key(name);
            let plan = self.service(at, name, service);
            for replica in 0..plan.replicas {
                for worker in 0..plan.workers {
                    let service = self.system.services.len() as u32;
                    self.system.processes.push(ProcessPlan { service, replica, worker });
                }
            }
            self.system.services.push(plan);
        }
        self.sessions();
    }

    /// Refuses pools that do not all fit into their database at start.
    fn sessions(&mut self) {
        for (server, (name, plan)) in (0..).zip(self.model.services.keys().zip(&self.system.services)) {
            let Some(most) = plan.max_connections else { continue };
            let mut opened = vec![0; plan.replicas as usize];
            for (number, process) in self.system.processes.iter().enumerate() {
                let pools = self.system.services[process.service as usize].pools.iter();
                let pooled = pools.filter(|pool| pool.server == server).map(|pool| u64::from(pool.min_size));
                opened[number % plan.replicas as usize] += pooled.sum::<u64>();
            }
            let opened = opened.into_iter().max().unwrap_or_default();
            if opened <= u64::from(most) {
                continue;
            }
            let title = format!("the pools open {opened} connections at start, but `{name}` takes {most}");
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

    /// Refuses a queue for threads where there is none.
    fn max_queue(&mut self, at: At<'_>, service: &Service) {
        if service.max_queue.is_none() {
            return;
        }
        let (title, label, help) = match (service.runtime, service.threads) {
            (Runtime::Threads, Some(_)) => return,
            (Runtime::Threads, None) => (
                "without `threads` no request waits for one",
                "a queue that is always empty",
                "say how many `threads` there are",
            ),
            _ => (
                "only requests of `runtime = \"threads\"` wait for a thread",
                "no such queue",
                "leave the key out: the default executor of an event loop queues any number of jobs",
            ),
        };
        self.complain(Complaint::at(at.key("max_queue"), title, label).help(help));
    }

    fn service(&mut self, at: At<'_>, name: &str, service: &Service) -> ServicePlan {
        self.at_least_one(at.key("replicas"), "replicas", service.replicas);
        self.at_least_one(at.key("workers"), "workers", service.workers);
        let (mut replicas, mut workers) = (service.replicas, service.workers);
        let processes = u64::from(replicas) * u64::from(workers);
        if processes > MOST_PROCESSES {
            let title = format!("service `{name}` has {processes} processes, {replicas} replicas of {workers} workers");
            let complaint = Complaint::at(at.key("replicas"), title, "too many")
                .also(at.key("workers"), "times these")
                .note(format!("a service has {MOST_PROCESSES} processes at most"));
            self.complain(complaint);
            (replicas, workers) = (1, 1);
        }
        if let Some(threads) = service.threads {
            self.at_least_one(at.key("threads"), "threads", threads);
        }
        self.max_queue(at, service);
        let coherence = self.coherence(at.key("coherence"), service.coherence);
        let (cpu_period, node_cores) = self.quota(at, service);
        self.sockets(at, service);
        if let Some(most) = service.max_connections {
            self.at_least_one(at.key("max_connections"), "max_connections", most);
        }
        if service.balance == Balance::AcceptRace {
            let complaint = Complaint::at(
                at.key("balance"),
                "replicas share no socket, so they cannot race for connections",
                "only for `accept`",
            );
            self.complain(complaint.help("use \"round-robin\", \"random\" or \"least-busy\" between replicas"));
        }
        let slowdown = self.slowdown(at.key("slowdown"), service.slowdown);
        self.open_files(at, service);
        let emfile_cpu = self.maybe_draw(at.key("emfile_cpu"), service.emfile_cpu.as_ref());
        let all = at.key("pools");
        let pools = service.pools.iter().map(|(name, pool)| self.pool(all.key(name), name, pool)).collect();
        let all = at.key("clients");
        let clients = service
            .clients
            .iter()
            .map(|(name, client)| {
                let plan = self.client(all.key(name), name, client, (replicas, workers));
                let rounds = service.rounds.clone().unwrap_or_default();
                let connect = rounds.connect.unwrap_or(1);
                let open = if plan.shared { 0 } else { rounds.open.unwrap_or(0).min(connect) };
                ClientPlan { open_rounds: open, connect_rounds: connect - open, ..plan }
            })
            .collect();
        let all = at.key("limits");
        let limits = service.limits.iter().map(|(name, limit)| self.limit(all.key(name), name, limit)).collect();
        self.check_rounds(at, service);
        let machine = self.machine(at, service);
        let breakers = self.breakers(at.key("breakers"), service);
        let ingress = service.ingress.as_ref().map(|ingress| self.ingress(at.key("ingress"), ingress));
        let all = at.key("caches");
        let caches = service.caches.iter().map(|(name, cache)| self.cache(all.key(name), name, cache)).collect();
        let default_threads = (service.runtime == Runtime::EventLoop).then_some(DEFAULT_THREADS);
        ServicePlan {
            name: name.into(),
            first_process: self.system.processes.len() as u32,
            replicas,
            workers,
            runtime: match service.runtime {
                Runtime::EventLoop => model::Runtime::EventLoop,
                Runtime::Threads => model::Runtime::Threads,
                Runtime::Delay => model::Runtime::Delay,
            },
            machine,
            cores: service.cpu.map(|cores| cores.0),
            slowdown,
            threads: service.threads.or(default_threads),
            max_queue: service.max_queue,
            coherence,
            cpu_period,
            node_cores,
            gil: service.endpoints.values().any(|endpoint| locks_in_threads(&endpoint.steps)),
            backlog: service.backlog,
            ephemeral_ports: service.ephemeral_ports,
            time_wait: service.time_wait.map_or(DEFAULT_TIME_WAIT, |Duration(ns)| Time(ns)),
            max_connections: service.max_connections,
            open_files: service.open_files,
            idle_files: service.idle_files,
            linger: service.rounds.as_ref().and_then(|rounds| rounds.hang_up).unwrap_or(0),
            emfile_cpu,
            balance: balance(service.balance),
            accept: balance(service.accept),
            pools,
            clients,
            limits,
            liveness: None,
            readiness: None,
            breakers,
            ingress,
            caches,
        }
    }

    /// Refuses rounds where there is no loop that goes round, and too many of them.
    fn check_rounds(&mut self, at: At<'_>, service: &Service) {
        let Some(rounds) = &service.rounds else { return };
        if service.runtime != Runtime::EventLoop {
            let complaint =
                Complaint::at_key(at.key("rounds"), "only an event loop goes round", "would have no effect");
            self.complain(complaint.also(at.key("runtime"), "no event loop"));
        }
        let at = at.key("rounds");
        let all = [
            ("accept", rounds.accept),
            ("thread", rounds.thread),
            ("timer", rounds.timer),
            ("statement", rounds.statement),
            ("release", rounds.release),
            ("open", rounds.open),
            ("connect", rounds.connect),
            ("send", rounds.send),
            ("answer", rounds.answer),
            ("close", rounds.close),
            ("hang_up", rounds.hang_up),
        ];
        for (key, value) in all {
            if let Some(value) = value.filter(|&value| value > MOST_ROUNDS) {
                let label = format!("must be at most {MOST_ROUNDS}");
                self.complain(Complaint::at(at.key(key), format!("`{key}` is {value} rounds"), label));
            }
        }
    }

    /// The machine that a service runs on, which then needs no cores of its own.
    fn machine(&mut self, at: At<'_>, service: &Service) -> Option<u32> {
        let name = service.machine.as_ref()?;
        if service.cpu.is_some() {
            let complaint =
                Complaint::at(at.key("cpu"), "a service on a machine has that machine's cores", "no effect")
                    .also(at.key("machine"), "its cores are shared")
                    .help("remove one of the two");
            self.complain(complaint);
        }
        for (key, given) in [("slowdown", service.slowdown.is_some()), ("coherence", service.coherence.is_some())] {
            if given {
                let title = format!("jobs on a shared machine have no `{key}`");
                let complaint = Complaint::at(at.key(key), title, "would have no effect");
                self.complain(complaint.also(at.key("machine"), "shared with others"));
            }
        }
        let machines = &self.model.machines;
        self.find(at.key("machine"), "machine", name, machines.iter(), "").map(|(index, _)| index)
    }

    /// Refuses a limit of descriptors that is used up before the first request.
    fn open_files(&mut self, at: At<'_>, service: &Service) {
        let Some(open_files) = service.open_files else { return };
        let pooled: u64 = service.pools.values().map(|pool| u64::from(pool.min_size)).sum();
        let held = u64::from(service.idle_files) + pooled;
        if u64::from(open_files) > held {
            return;
        }
        let title = format!("{open_files} open files leave none for a request");
        let complaint = Complaint::at(at.key("open_files"), title, format!("must be above {held}")).note(format!(
            "before its first request a process holds {} files (`idle_files`) and {pooled} pool connections (`min_size`)",
            service.idle_files
        ));
        self.complain(complaint);
    }

    fn pool(&mut self, at: At<'_>, name: &str, pool: &Pool) -> PoolPlan {
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
        if let Some(most) = pool.max_queries {
            self.at_least_one(at.key("max_queries"), "max_queries", most);
        }
        PoolPlan {
            name: name.into(),
            server,
            min_size: pool.min_size,
            max_size: pool.max_size,
            acquire_timeout: self.timeout(at.key("acquire_timeout"), pool.acquire_timeout),
            connect_time: self.maybe_draw(at.key("connect_time"), pool.connect_time.as_ref()),
            round_trip: self.maybe_draw(at.key("round_trip"), pool.round_trip.as_ref()),
            trip_cpu: self.maybe_draw(at.key("trip_cpu"), pool.trip_cpu.as_ref()),
            minded: minded(self.model, pool),
            connect_cpu: self.maybe_draw(at.key("connect_cpu"), pool.connect_cpu.as_ref()),
            command_timeout: self.timeout(at.key("command_timeout"), pool.command_timeout),
            idle_life: pool.max_inactive_connection_lifetime.filter(|life| life.0 > 0).map(|life| Time(life.0)),
            oldest_first: pool.order == PoolOrder::Fifo,
            max_queries: pool.max_queries,
        }
    }

    fn client(&mut self, at: At<'_>, name: &str, client: &Client, (replicas, workers): (u32, u32)) -> ClientPlan {
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
        let timeout = self.timeout(at.key("timeout"), client.timeout);
        self.timeout(at.key("write_timeout"), client.write_timeout);
        let round_trip = self.maybe_draw(at.key("round_trip"), client.round_trip.as_ref());
        ClientPlan {
            name: name.into(),
            server,
            shared: client.reuse == Reuse::Shared,
            setup_cpu: self.maybe_draw(at.key("setup_cpu"), client.setup_cpu.as_ref()),
            call_cpu: self.maybe_draw(at.key("call_cpu"), client.call_cpu.as_ref()),
            connect_time: self.maybe_draw(at.key("connect_time"), client.connect_time.as_ref()),
            open_rounds: 0,
            connect_rounds: 1,
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
            max_keepalive: client.max_keepalive_connections.unwrap_or(u32::MAX),
            keepalive_expiry: client.keepalive_expiry.map_or(DEFAULT_EXPIRY, |Duration(ns)| Time(ns)),
            search: search(client.search_cpu.as_ref()),
            wake_cpu: self.maybe_draw(at.key("wake_cpu"), client.wake_cpu.as_ref()),
            broken: broken(client.broken_workers, replicas, workers),
            repaired_by_restart: client.repaired_by_restart,
        }
    }

    fn service_named(&mut self, at: At<'_>, name: &str) -> u32 {
        let services = &self.model.services;
        self.find(at, "service", name, services.iter(), "").map_or(0, |(index, _)| index)
    }
}

/// Whether it matters which connections of a pool are open: else counting them is enough.
pub(super) fn minded(model: &Model, pool: &Pool) -> bool {
    let limited = model.services.get(&pool.server).is_some_and(|server| server.max_connections.is_some());
    limited
        || pool.connect_cpu.is_some()
        || pool.max_inactive_connection_lifetime.is_some_and(|life| life.0 > 0)
        || pool.max_queries.is_some()
        || (pool.acquire_timeout.is_some() && pool.connect_time.is_some())
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

fn balance(balance: Balance) -> model::Balance {
    match balance {
        Balance::RoundRobin => model::Balance::RoundRobin,
        Balance::Random => model::Balance::Random,
        Balance::LeastBusy => model::Balance::LeastBusy,
        Balance::AcceptRace => model::Balance::AcceptRace,
    }
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
