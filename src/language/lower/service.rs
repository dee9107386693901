//! Services as meant: their processes, and what these have.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::step::nested;
use crate::language::{Duration, Place, Service, Step};
use crate::model::{Balance, CachePlan, LimitPlan, LoopKind, LoopPlan, ProcessPlan, Runtime, ServicePlan};

/// Processes of one service at most.
const MOST_PROCESSES: u64 = 10_000;

/// Rounds of the event loop that one wait may take.
const MOST_ROUNDS: u8 = 60;

/// Threads of an event loop's default executor where the model gives none: CPython's `min(32, cores + 4)` on 2 cores.
const DEFAULT_THREADS: u32 = 6;

/// `UV_THREADPOOL_SIZE` of libuv where nothing is said.
const DEFAULT_LIBUV_THREADS: u32 = 4;

/// Linux' TCP_TIMEWAIT_LEN.
const DEFAULT_TIME_WAIT: Time = Time(60_000_000_000);

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
        let (mut replicas, mut workers) = (self.places(name, service), service.workers);
        let processes = u64::from(replicas) * u64::from(workers);
        if processes > MOST_PROCESSES {
            let title = format!("service `{name}` has {processes} processes, {replicas} replicas of {workers} workers");
            let autoscale = at.key("autoscale");
            let key = if service.autoscale.is_some() { autoscale.key("max") } else { at.key("replicas") };
            let complaint = Complaint::at(key, title, "too many")
                .also(at.key("workers"), "times these")
                .note(format!("a service has {MOST_PROCESSES} processes at most"));
            self.complain(complaint);
            (replicas, workers) = (1, 1);
        }
        if let Some(threads) = service.threads {
            self.at_least_one(at.key("threads"), "threads", threads);
        }
        self.max_queue(at, service);
        let growth = self.growth_of_threads(at, service);
        let waiting = self.waiting_for_thread(at, service);
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
        let rounds = service.rounds.unwrap_or_default();
        let clients = service
            .clients
            .iter()
            .map(|(name, client)| self.client(all.key(name), name, client, (replicas, workers), rounds))
            .collect();
        let all = at.key("limits");
        let limits = service.limits.iter().map(|(name, limit)| self.limit(all.key(name), name, limit));
        let mut limits: Vec<LimitPlan> = limits.collect();
        self.check_rounds(at, service);
        let machine = self.machine(at, service);
        let speed = self.own_speed(at, service);
        let breakers = self.breakers(at.key("breakers"), service);
        let ingress = service.ingress.as_ref().map(|ingress| self.ingress(at.key("ingress"), ingress));
        let all = at.key("caches");
        let caches = service.caches.iter().map(|(name, cache)| self.cache(all.key(name), name, cache));
        let mut caches: Vec<CachePlan> = caches.collect();
        self.caches_of_names(service, &mut caches);
        let all = at.key("clients");
        service.clients.iter().for_each(|(name, client)| self.check_dns(all.key(name), service, client.dns.as_ref()));
        let event_loop = self.event_loop(at, service);
        let default_threads = (service.runtime == Runtime::EventLoop).then_some(match event_loop.kind {
            LoopKind::Asyncio => DEFAULT_THREADS,
            LoopKind::Libuv => DEFAULT_LIBUV_THREADS,
        });
        let threads = service.threads.or(default_threads);
        self.limit_of_look_ups(service, threads.unwrap_or(1), &mut limits);
        let cores = service.cpu.map(|cores| cores.0).or_else(|| self.cores_of_machine(service));
        let disk = self.disk(at, service);
        let memory = self.memory(at, service, cores);
        ServicePlan {
            name: name.into(),
            first_process: self.system.processes.len() as u32,
            replicas,
            initial: service.initial().min(replicas),
            workers,
            runtime: service.runtime,
            machine,
            cores: service.cpu.map(|cores| cores.0),
            speed,
            slowdown,
            event_loop,
            threads,
            growth,
            max_queue: service.max_queue,
            waiting,
            coherence,
            cpu_period,
            node_cores,
            gil: service.endpoints.values().any(|endpoint| locks_in_threads(&endpoint.steps, false)),
            backlog: service.backlog,
            ephemeral_ports: service.ephemeral_ports,
            time_wait: service.time_wait.map_or(DEFAULT_TIME_WAIT, |Duration(ns)| Time(ns)),
            max_connections: service.max_connections,
            open_files: service.open_files,
            idle_files: service.idle_files,
            linger: rounds.hang_up.unwrap_or(0),
            emfile_cpu,
            balance: service.balance,
            accept: service.accept,
            pools,
            clients,
            limits,
            liveness: None,
            readiness: None,
            scaling: None,
            deploys: Vec::new(),
            breakers,
            ingress,
            caches,
            memory,
            disk,
        }
    }

    /// The greatest number of replicas at once: in a deploy there is a place for each old replica and for each new one.
    fn places(&self, name: &str, service: &Service) -> u32 {
        let places = service.places();
        let own = self.model.deploys.values().filter(|deploy| deploy.service == name);
        let new = own.map(|deploy| deploy.replicas.unwrap_or(places).min(places)).max();
        places.saturating_add(new.unwrap_or(0))
    }

    /// What the event loops of a service do in a round.
    fn event_loop(&mut self, at: At<'_>, service: &Service) -> LoopPlan {
        if service.runtime != Runtime::EventLoop {
            let given = [
                ("event_loop", service.event_loop.is_some()),
                ("accepts_per_round", service.accepts_per_round.is_some()),
            ];
            for (key, _) in given.into_iter().filter(|(_, given)| *given) {
                let complaint = Complaint::at(at.key(key), "there is no event loop", "would have no effect");
                self.complain(complaint.also(at.key("runtime"), "no event loop"));
            }
        }
        let kind = service.event_loop.unwrap_or_default();
        let all = match kind {
            LoopKind::Asyncio => u32::MAX,
            LoopKind::Libuv => 1,
        };
        if let Some(accepts) = service.accepts_per_round {
            self.at_least_one(at.key("accepts_per_round"), "accepts_per_round", accepts);
        }
        LoopPlan { kind, accepts: service.accepts_per_round.unwrap_or(all) }
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

    /// The cores of the machine that a service runs on.
    fn cores_of_machine(&self, service: &Service) -> Option<f64> {
        let machine = self.model.machines.get(service.machine.as_ref()?)?;
        Some(machine.cpu.0)
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

    /// The index of a service; 0 where there is none of this name.
    pub(super) fn service_named(&mut self, at: At<'_>, name: &str) -> u32 {
        let services = &self.model.services;
        self.find(at, "service", name, services.iter(), "").map_or(0, |(index, _)| index)
    }
}

/// Whether one of these steps keeps the interpreter lock in a thread. `inside`: they are in one.
fn locks_in_threads(steps: &[Step], inside: bool) -> bool {
    steps.iter().any(|step| {
        let mut locks = match step {
            Step::Hash(hash) => hash.holds_gil && (inside || hash.on == Place::Thread),
            Step::Thread(thread) => thread.holds_gil,
            _ => false,
        };
        let inside = inside || matches!(step, Step::Thread(_));
        nested::each(step, At::Root, &mut |_, steps| locks |= locks_in_threads(steps, inside));
        locks
    })
}
