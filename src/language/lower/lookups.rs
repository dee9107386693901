//! Look-ups of names, as meant: the caches of a service's clients, and the threads that libuv gives them.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Client, Dns, Duration, Resolver, Service};
use crate::model::{CachePlan, LimitPlan, LoopKind, Popularity, Runtime, Waiting};

/// The clients of a service that keep what they have found, in their order.
fn caching(service: &Service) -> impl Iterator<Item = (&String, Time)> {
    let ttl = |client: &Client| client.dns.as_ref().and_then(|dns| dns.ttl).map(|Duration(ns)| Time(ns));
    service.clients.iter().filter_map(move |(name, client)| Some((name, ttl(client)?)))
}

/// The cache of a client's look-ups: those of clients stand behind the service's own.
pub(in crate::language) fn cache(service: &Service, client: &str) -> Option<u32> {
    let position = caching(service).position(|(name, _)| name == client)?;
    Some((service.caches.len() + position) as u32)
}

/// The limit of look-ups at once, behind the service's own: libuv runs "slow" work, which is look-ups, on half of its threads,
/// rounded up (`src/threadpool.c`, `slow_work_thread_threshold`).
pub(in crate::language) fn limit(service: &Service) -> Option<u32> {
    let in_thread = |client: &Client| client.dns.as_ref().is_some_and(|dns| dns.on == Resolver::Thread);
    let is_libuv = service.runtime == Runtime::EventLoop && service.event_loop == Some(LoopKind::Libuv);
    (is_libuv && service.clients.values().any(in_thread)).then_some(service.limits.len() as u32)
}

impl Lowering<'_> {
    /// Adds the caches of look-ups to those of the service.
    pub(super) fn caches_of_names(&self, service: &Service, caches: &mut Vec<CachePlan>) {
        caches.extend(caching(service).map(|(name, ttl)| CachePlan {
            name: format!("names of {name}"),
            ttl: Some(ttl),
            size: None,
            shared: false,
            coalesce: false,
            keys: 1,
        }));
    }

    /// Adds the limit of look-ups at once to those of the service, which has so many threads.
    pub(super) fn limit_of_look_ups(&self, service: &Service, threads: u32, limits: &mut Vec<LimitPlan>) {
        if limit(service).is_some() {
            limits.push(LimitPlan {
                name: "name look-ups".into(),
                size: threads.div_ceil(2),
                growth: None,
                max_queue: u32::MAX,
                waiting: Waiting::default(),
            });
        }
    }

    /// What a look-up asks a cache for.
    pub(in crate::language) fn one_key(&mut self) -> u32 {
        let popularities = &mut self.system.popularities;
        let known = popularities.iter().position(|known| *known == Popularity::Uniform(1));
        known.unwrap_or_else(|| {
            popularities.push(Popularity::Uniform(1));
            popularities.len() - 1
        }) as u32
    }

    /// Refuses look-ups that cannot be.
    pub(super) fn check_dns(&mut self, at: At<'_>, service: &Service, dns: Option<&Dns>) {
        let Some(dns) = dns else { return };
        let at = at.key("dns");
        if dns.ttl == Some(Duration(0)) {
            let complaint = Complaint::at(at.key("ttl"), "`ttl` is 0", "nothing would ever be found");
            self.complain(complaint.help("leave the key out to look up for each connection"));
        }
        if dns.on == Resolver::Async && service.runtime != Runtime::EventLoop {
            let complaint = Complaint::at(at.key("on"), "there is no event loop", "would have no effect");
            self.complain(complaint.help("leave the key out: each request waits in its own thread"));
        }
    }
}
