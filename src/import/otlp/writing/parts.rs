//! Clients, pools, databases, queues, and servers that are not traced.

use std::collections::{BTreeMap, BTreeSet};

use super::super::pool::{Present, guess};
use super::super::shape::Callee;
use super::super::system::{Call, System, Target};
use super::super::timing::{duration, quantile, timing};
use super::Named;
use super::steps::{Steps, collect};
use crate::import::sketch::{Origin, Section, Step, quoted};

/// What the endpoints of a service call, without the calls that lead back to them.
fn callees(system: &System, service: usize, steps: &Steps) -> BTreeSet<Callee> {
    let mut callees = BTreeSet::new();
    let own = system.endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.service == service);
    for (number, endpoint) in own {
        let mut all = Vec::new();
        endpoint.variants.keys().for_each(|shape| collect(shape, &mut all));
        callees.extend(all.into_iter().filter(|&callee| !steps.leads_back(number, callee)));
    }
    callees
}

/// The clients of a service.
pub(super) fn clients(system: &System, service: usize, steps: &Steps, named: &mut Named) -> Vec<Section> {
    let of = &named.services[service];
    let path = format!("services.{of}.clients");
    let mut sections = BTreeMap::new();
    for callee in callees(system, service, steps) {
        match &system.targets[callee] {
            Target::Endpoint(endpoint) => {
                let to = system.endpoints[*endpoint].service;
                let server = named.services[to].clone();
                let section = || {
                    let calls = system.calls.iter().filter(|call| (call.from, call.to) == (service, to));
                    client(&path, &server, &calls.collect::<Vec<&Call>>())
                };
                sections.entry(server.clone()).or_insert_with(section);
            }
            Target::Elsewhere { server, .. } => {
                let server = named.other(server, "not traced");
                let section = || {
                    let mut section = Section::new(format!("{path}.{server}"));
                    section.plain("server", quoted(&server));
                    section.text("reuse", "shared", Origin::guess("connections are kept"));
                    section.gap(
                        "its `timeout` and `max_connections`; the wait for a connection is in the time of its calls",
                    );
                    section
                };
                sections.entry(server.clone()).or_insert_with(section);
            }
            Target::Database { .. } | Target::Queue(_) => {}
        }
    }
    sections.into_values().collect()
}

fn client(path: &str, server: &str, calls: &[&Call]) -> Section {
    let mut section = Section::new(format!("{path}.{server}"));
    section.plain("server", quoted(server));
    section.text("reuse", "shared", Origin::guess("connections are kept"));
    if calls.is_empty() {
        section.gap("its calls are not traced, only the requests that arrive: the network is left out");
        return section;
    }
    let guess = guess(calls);
    if let Some(waited) = guess.waited {
        let reason = format!(
            "at most {} calls of a process were at the server at once, and {waited} of {} calls began while they were: a pool, \
             or a limit before the server's first span",
            guess.most,
            calls.len()
        );
        let most = guess.most as u64;
        section.set("max_connections", most.to_string(), Origin::assumed_number(reason, most, most.saturating_mul(2)));
    } else {
        section.gap(format!(
            "`max_connections`: at most {} calls of a process were on their way at once, and no limit showed",
            guess.most
        ));
    }
    section.gap("its `timeout`");
    if let Some(trip) = timing(&guess.trips, "calls, client's span less server's") {
        section.set("round_trip", trip.toml, trip.origin);
    }
    section
}

/// The pools of a service.
pub(super) fn pools(system: &System, service: usize, steps: &Steps, named: &mut Named) -> Vec<Section> {
    let mut pools: BTreeMap<String, (String, Vec<Callee>)> = BTreeMap::new();
    for callee in callees(system, service, steps) {
        if let Target::Database { server, pool, .. } = &system.targets[callee] {
            let server = named.other(server, "database");
            let pool = named.pool(pool.as_deref(), &server);
            pools.entry(pool).or_insert((server, Vec::new())).1.push(callee);
        }
    }
    let name = &named.services[service];
    let section = |(pool, (server, callees)): (String, (String, Vec<Callee>))| {
        let mut section = Section::new(format!("services.{name}.pools.{pool}"));
        section.plain("server", quoted(&server));
        let most = at_once(system, service, &callees);
        let size = most.max(10);
        let reason =
            format!("statements of a process that ran at once: {most} at most, so the pool has that many or more");
        section.gap("the size of the pool, and how long a request waits for a connection (`acquire_timeout`)");
        section.set("min_size", "0", Origin::assumed_number("traces do not say how many are opened at start", 0, size));
        section.set("max_size", size.to_string(), Origin::assumed_number(reason, most.max(1), size.saturating_mul(4)));
        section.comment("a reset of the connection would be a statement of its own");
        section.plain("reset_on_release", "false");
        section.gap("each statement has a connection of its own here; one that is held over several is a `with` step");
        section
    };
    pools.into_iter().map(section).collect()
}

/// The greatest number of these statements of a process that ran at once.
fn at_once(system: &System, service: usize, callees: &[Callee]) -> u64 {
    let mut processes: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for (from, process, callee, start, end) in &system.statements {
        if *from == service && callees.contains(callee) {
            processes.entry(process).or_default().push((*start, *end));
        }
    }
    let most = processes.into_values().map(|stretches| Present::of(stretches.into_iter()).most());
    most.max().unwrap_or(0) as u64
}

/// The databases.
pub(super) fn databases(system: &System, named: &mut Named) -> Vec<Section> {
    let mut servers = BTreeMap::new();
    for target in &system.targets {
        if let Target::Database { server, system, .. } = target {
            servers.insert(named.other(server, "database"), system);
        }
    }
    let section = |(name, system): (String, &String)| {
        let mut section = Section::new(format!("services.{name}"));
        section.comment(system.as_str());
        section.text("runtime", "threads", Origin::guess("a thread for each connection"));
        section.gap("`cpu`: without it statements do not slow each other down; and `max_connections`");
        section
    };
    servers.into_iter().map(section).collect()
}

/// The servers that are not traced.
pub(super) fn elsewhere(system: &System, named: &mut Named) -> Vec<Section> {
    let mut servers: BTreeMap<String, BTreeMap<String, Section>> = BTreeMap::new();
    for (target, seconds) in system.targets.iter().zip(&system.durations) {
        let Target::Elsewhere { server, request } = target else { continue };
        let server = named.other(server, "not traced");
        let endpoint = named.request(&server, request);
        let mut section = Section::new(format!("services.{server}.endpoints.{endpoint}"));
        section.comment(format!("{request}: the time of its clients' spans"));
        section.steps(timing(seconds, "spans of clients").map(Step::Cpu).into_iter().collect());
        servers.entry(server).or_default().insert(endpoint, section);
    }
    let mut sections = Vec::new();
    for (server, endpoints) in servers {
        let mut section = Section::new(format!("services.{server}"));
        section.gap("it is not traced: here it takes its time, however many call it");
        section.text("runtime", "delay", Origin::guess("only its clients are traced"));
        sections.push(section);
        sections.extend(endpoints.into_values());
    }
    sections
}

/// The queues and who consumes them.
pub(super) fn queues(system: &System, named: &mut Named) -> Vec<Section> {
    let sent = system.targets.iter().zip(&system.durations).filter_map(|(target, seconds)| match target {
        Target::Queue(queue) => Some((queue.as_str(), seconds.as_slice())),
        Target::Endpoint(_) | Target::Database { .. } | Target::Elsewhere { .. } => None,
    });
    let mut all: BTreeMap<&str, &[f64]> = sent.collect();
    for queue in system.endpoints.iter().filter_map(|endpoint| endpoint.queue.as_deref()) {
        all.entry(queue).or_default();
    }
    let mut sections = Vec::new();
    for (queue, seconds) in all {
        let name = named.queues.name(queue);
        let mut section = Section::new(format!("queues.{name}"));
        section.comment(queue);
        if let Some(time) = timing(seconds, "spans of senders") {
            section.set("publish_time", time.toml, time.origin);
        }
        let delays = system.deliveries.get(queue).map(Vec::as_slice).unwrap_or_default();
        let (low, middle) = (quantile(delays, 0.05), quantile(delays, 0.5));
        if low >= 1e-6 {
            section.gap(
                "the time from the sender to the handler includes the wait in the queue: the 5th percentile is taken",
            );
            let reason = format!("{} messages, 5th percentile and median", delays.len());
            section.text(
                "delivery_time",
                &duration(low),
                Origin::Assumed(reason, Some([quoted("0us"), quoted(&duration(middle))])),
            );
        }
        sections.push(section);
        let mut is_consumed = false;
        for (number, endpoint) in system.endpoints.iter().enumerate() {
            if endpoint.queue.as_deref() == Some(queue) {
                is_consumed = true;
                let (service, endpoint) = (&named.services[endpoint.service], &named.endpoints[number]);
                let mut consumer = consumer(&name, service, endpoint);
                consumer.gap(
                    "`prefetch`, `retries`: without them a process takes all messages at once, and none comes again",
                );
                sections.push(consumer);
            }
        }
        if !is_consumed {
            let service = named.other(&format!("{queue} consumer"), "not traced");
            sections.push(consumer(&name, &service, "process"));
            let mut section = Section::new(format!("services.{service}"));
            section.gap("no traced service takes these messages: this one stands for it, and takes no time");
            section.text("runtime", "delay", Origin::guess("only the sender is traced"));
            let mut endpoint = Section::new(format!("services.{service}.endpoints.process"));
            endpoint.steps(Vec::new());
            sections.extend([section, endpoint]);
        }
    }
    sections
}

fn consumer(queue: &str, service: &str, endpoint: &str) -> Section {
    let mut consumer = Section::new(format!("queues.{queue}.consumers.{service}"));
    consumer.plain("service", quoted(service));
    consumer.plain("endpoint", quoted(endpoint));
    consumer
}
