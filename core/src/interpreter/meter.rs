//! Metering: the world tells a [meter](crate::parts::meter) what handlers, calls and clients do, and lets it read the parts
//! at each scrape.

use crate::kernel::{NONE, Time};
use crate::model::{FaultEffect, Op, Runtime};

use crate::engine::token::{Failure, Frame, FrameKind, HOUSEKEEPING, Request, State};
use crate::interpreter::world::World;
use crate::parts::PlaceKind;
use crate::parts::blame::log::Listener;
use crate::parts::held::slots::SlotsKind;
use crate::parts::meter::{Meter, PoolReading, Reading, Scrapes, Target};

/// How long a scrape waits for its answer (Prometheus' default `scrape_timeout`), if the interval is not shorter.
const SCRAPE_TIMEOUT: Time = Time(10_000_000_000);

impl World<'_> {
    /// Scrapes at this interval from now on. Whether that can be done: a system with very many services and endpoints
    /// keeps no accounts.
    pub fn meter(&mut self, interval: Time) -> bool {
        let service = |replica: u32| self.replicas[replica as usize].service;
        let targets = (0..self.replicas.len() as u32).map(|replica| Target {
            service: service(replica),
            number: replica - self.groups[service(replica) as usize].first_replica,
            endpoints: self.endpoints_of(service(replica)).count(),
            clients: self.system.services[service(replica) as usize].clients.len(),
        });
        let targets = targets.collect();
        let Some(accounts) = &mut self.accounts else { return false };
        let places = &accounts.places;
        let stops = |place: u16| {
            let mut of_place = self.system.faults.iter().zip(&places.faults).filter(|(_, at)| **at == place);
            of_place.any(|(fault, _)| matches!(fault.effect, FaultEffect::Stuck))
        };
        let is_entry = (0..places.all.len() as u16).map(|place| match places.kind(place) {
            Some(PlaceKind::EventLoops | PlaceKind::Descriptors | PlaceKind::Threads | PlaceKind::Backlog) => true,
            Some(PlaceKind::Ingress | PlaceKind::RateLimit) => true,
            Some(PlaceKind::Fault) => stops(place),
            _ => false,
        });
        let (buckets, is_entry) = (self.system.metrics.buckets.clone(), is_entry.collect());
        let most = std::mem::replace(&mut accounts.most_segments, 0);
        let meter = Meter::new(interval, buckets, targets, is_entry, most);
        accounts.segments.listener = Some(Listener::Meter(Box::new(meter)));
        accounts.scouted = Some(Vec::new());
        true
    }

    /// The load has ended: no more scrapes.
    pub fn end_metering(&mut self) {
        if !self.is_metering() {
            return;
        }
        self.scrape_until(self.engine.now);
        let Some(accounts) = &mut self.accounts else { return };
        accounts.scouted = None;
        if let Some(Listener::Meter(meter)) = accounts.segments.listener.take() {
            accounts.most_segments = meter.most_segments;
            self.scrapes = Some(Box::new(meter.finish(self.engine.now)));
        }
    }

    /// The scrapes of a run that has ended.
    pub fn take_scrapes(&mut self) -> Option<Scrapes> {
        self.end_metering();
        self.scrapes.take().map(|scrapes| *scrapes)
    }

    /// Whether what happens is counted for scrapes.
    pub(crate) fn is_metering(&self) -> bool {
        matches!(
            self.accounts.as_ref().and_then(|accounts| accounts.segments.listener.as_ref()),
            Some(Listener::Meter(_))
        )
    }

    fn meter_mut(&mut self) -> Option<&mut Meter> {
        match self.accounts.as_mut()?.segments.listener.as_mut()? {
            Listener::Meter(meter) => Some(meter),
            Listener::Recorder(_) => None,
        }
    }

    /// The token, which has an account, begins.
    pub(crate) fn meter_begin(&mut self, t: u32) {
        let now = self.engine.now;
        if let Some(meter) = self.meter_mut() {
            meter.begin(t, now);
        }
    }

    /// The token sends a request, which is another token, if it is at a call.
    pub(crate) fn meter_call(&mut self, t: u32) {
        let (now, token) = (self.engine.now, self.engine.tokens[t]);
        if let Op::Send { client, endpoint, .. } = self.system.program[token.pc as usize]
            && !self.system.endpoints[endpoint as usize].is_handshake
            && token.state != State::Joining
            && let Some(replica) = self.replica_of(t)
            && let Some(meter) = self.meter_mut()
        {
            meter.sent(t, now, replica, client);
        }
    }

    /// The token fails at its present operation, which may be part of a call.
    pub(crate) fn meter_failure(&mut self, t: u32, why: Failure) {
        match self.system.program[self.engine.tokens[t].pc as usize] {
            Op::Prepare { client, .. } | Op::Connect { client, .. } | Op::Send { client, .. } => {
                self.meter_call_end(t, client, why);
            }
            _ => {}
        }
    }

    fn meter_call_end(&mut self, t: u32, client: u32, why: Failure) {
        let now = self.engine.now;
        if let Some(replica) = self.replica_of(t)
            && let Some(meter) = self.meter_mut()
        {
            meter.call_ended(t, now, replica, client, why);
        }
    }

    /// The token answers, or is about to go.
    pub(crate) fn meter_answer(&mut self, t: u32, failure: Failure) {
        let (now, token) = (self.engine.now, self.engine.tokens[t]);
        if let Some(accounts) = self.accounts.as_mut().filter(|accounts| accounts.has(t)) {
            accounts.close(now, t);
        }
        if token.parent != NONE {
            // The caller is past its call, or about to be.
            let pc = self.engine.tokens[token.parent].pc;
            let calls = [pc, pc.wrapping_sub(1)].map(|pc| self.system.program.get(pc as usize));
            let client = calls.into_iter().flatten().find_map(|op| match op {
                Op::Send { client, endpoint, .. } => {
                    (!self.system.endpoints[*endpoint as usize].is_handshake).then_some(*client)
                }
                _ => None,
            });
            if let Some(client) = client {
                self.meter_call_end(token.parent, client, failure);
            }
        }
        let Some(replica) = self.replica_of(t).filter(|_| !token.has(HOUSEKEEPING)) else { return };
        let endpoint = self.endpoint_in_service(token.pc);
        if let Some(meter) = self.meter_mut() {
            meter.answered(t, now, replica, endpoint, failure);
        }
    }

    /// A client sees the end of a request, or of a try of one.
    pub(crate) fn meter_client(&mut self, record: &Request, failure: Failure) {
        let (now, sent) = (self.engine.now, self.sent_at(record));
        if let Some(meter) = self.meter_mut() {
            meter.client_sees(now, sent, failure);
        }
    }

    /// The counters of all CPUs are about to be reset.
    pub(crate) fn meter_cpu_reset(&mut self) {
        for replica in 0..self.replicas.len() as u32 {
            let used = self.replicas[replica as usize].cpu.used_and_stood(self.engine.now).0;
            if let Some(meter) = self.meter_mut() {
                meter.cpu_reset(replica, used);
            }
        }
    }

    /// A replica was killed.
    pub(crate) fn meter_kill(&mut self, replica: u32) {
        let used = self.replicas[replica as usize].cpu.used_and_stood(self.engine.now).0;
        if let Some(meter) = self.meter_mut() {
            meter.killed(replica, used);
        }
    }

    /// Before an event at this time is handled: makes the scrapes that are due up to then. Nothing has changed since the
    /// event before.
    pub(crate) fn scrape_until(&mut self, now: Time) {
        while let Some(at) = self.meter_mut().map(|meter| meter.next()).filter(|&at| at <= now) {
            let mut in_flight: Vec<Vec<u32>> =
                self.replicas.iter().map(|replica| vec![0; self.endpoints_of(replica.service).count()]).collect();
            for t in self.engine.tokens.living() {
                if let Some(replica) = self.replica_of(t).filter(|_| self.is_in_handler(t)) {
                    let endpoint = self.endpoint_in_service(self.engine.tokens[t].pc);
                    if let Some(count) = in_flight[replica as usize].get_mut(endpoint) {
                        *count += 1;
                    }
                }
            }
            let replicas = (0..).zip(&in_flight);
            let readings = replicas.map(|(replica, in_flight)| self.reading(replica, in_flight, at)).collect();
            if let Some(meter) = self.meter_mut() {
                meter.scrape(readings);
            }
        }
    }

    /// What a scrape of a replica reads; none if it fails.
    fn reading(&self, replica: u32, in_flight: &[u32], at: Time) -> Option<Reading> {
        let meter = match self.accounts.as_ref()?.segments.listener.as_ref()? {
            Listener::Meter(meter) => meter,
            Listener::Recorder(_) => return None,
        };
        if !self.answers_scrape(replica, at, SCRAPE_TIMEOUT.min(meter.interval())) {
            return None;
        }
        let state = &self.replicas[replica as usize];
        let plan = &self.system.services[state.service as usize];
        let processes = || self.processes_of(replica).map(|process| &self.processes[process as usize]);
        let pools = (0..plan.pools.len()).map(|pool| {
            let slots = processes().map(|process| &self.slots[process.pools as usize + pool]);
            slots.fold(PoolReading::default(), |sum, slots| PoolReading {
                in_use: sum.in_use + slots.used.level(),
                waiting: sum.waiting + slots.queue.population.gauge.level(),
                size: sum.size.saturating_add(slots.size),
            })
        });
        let has_cores = plan.machine.is_none() && plan.runtime != Runtime::Delay;
        let used = has_cores.then(|| state.cpu.used_and_stood(at).0);
        let files = plan.open_files.map(|most| {
            let open = processes().map(|process| process.descriptors.used.level()).sum();
            (open, most.saturating_mul(state.workers))
        });
        Some(meter.reading(replica, in_flight, pools.collect(), used, files))
    }

    /// Whether a replica answers a scrape in time. What it would do with one is seen from those who came before: a
    /// connection that some worker has not accepted, or a request that has not got a thread, for as long as a scrape waits.
    fn answers_scrape(&self, replica: u32, at: Time, timeout: Time) -> bool {
        let state = &self.replicas[replica as usize];
        if state.health.downs > 0 || state.health.frozen {
            return false;
        }
        let tokens = &self.engine.tokens;
        let is_late = |t: Option<u32>| t.is_some_and(|t| at.since(tokens[t].since) >= timeout);
        if is_late(state.backlog.iter(tokens).next()) {
            return false;
        }
        self.processes_of(replica).any(|process| {
            let process = &self.processes[process as usize];
            let waits = match process.runtime {
                Runtime::EventLoop => process.event_loop.accepting.first(),
                Runtime::Threads if process.threads != NONE => {
                    self.slots[process.threads as usize].queue.iter(tokens).next()
                }
                Runtime::Threads | Runtime::Delay => None,
            };
            !process.frozen && !is_late(waits)
        })
    }

    /// Whether a token is a handler that has begun and not answered.
    fn is_in_handler(&self, t: u32) -> bool {
        let token = &self.engine.tokens[t];
        let Some(Listener::Meter(meter)) = self.accounts.as_ref().and_then(|it| it.segments.listener.as_ref()) else {
            return false;
        };
        if token.has(HOUSEKEEPING) || meter.has_answered(t) || self.is_branch(t) {
            return false;
        }
        match token.state {
            State::Backlog | State::Knocking | State::Carrying => false,
            State::Queued => self.slots[token.wait as usize].kind != SlotsKind::RequestThreads,
            State::Ready => meter.has_begun(t),
            _ => true,
        }
    }

    /// Whether a token is a branch of another one.
    fn is_branch(&self, t: u32) -> bool {
        let mut frame = self.engine.tokens[t].frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            if matches!(kind, FrameKind::Branch { .. }) {
                return true;
            }
            frame = below;
        }
        false
    }

    /// The replica that a token is in; none of one on its way to a process.
    fn replica_of(&self, t: u32) -> Option<u32> {
        self.processes.get(self.engine.tokens[t].process as usize).map(|process| process.replica)
    }

    /// The endpoints of a service.
    fn endpoints_of(&self, service: u32) -> impl Iterator<Item = usize> + '_ {
        let of_service = self.system.endpoints.iter().enumerate().filter(move |(_, plan)| plan.service == service);
        of_service.map(|(index, _)| index)
    }

    /// The endpoint that an operation belongs to, by its number within its service.
    fn endpoint_in_service(&self, pc: u32) -> usize {
        let of_operation = self.accounts.as_ref().and_then(|it| it.places.endpoint_of.get(pc as usize).copied());
        let Some(endpoint) = of_operation.map(usize::from) else { return usize::MAX };
        let service = self.system.endpoints[endpoint].service;
        self.system.endpoints[..endpoint].iter().filter(|plan| plan.service == service).count()
    }
}
