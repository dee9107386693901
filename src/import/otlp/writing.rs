//! The skeleton of a system that was traced.

mod parts;
mod steps;

use std::collections::{BTreeMap, HashMap};

use super::system::{Endpoint, Service, System};
use super::timing::significant;
use crate::import::sketch::{Names, Origin, Section, Sketch, plain, quoted};
use steps::Steps;

/// Names in the model of what has other names in traces.
struct Named {
    services: Vec<String>,
    endpoints: Vec<String>,
    /// Of those and of all others: databases, servers that are not traced, who consumes a queue.
    all: Names,
    /// The names of others by what they are called and what they are.
    others: HashMap<(String, &'static str), String>,
    /// What the owner of each name is.
    kinds: HashMap<String, &'static str>,
    /// What is asked of each of those.
    requests: BTreeMap<String, Names>,
    queues: Names,
}

impl Named {
    fn of(system: &System) -> Self {
        let mut all = Names::default();
        let services: Vec<String> = system.services.iter().map(|service| all.name(&service.name)).collect();
        let kinds = services.iter().map(|name| (name.clone(), "service")).collect();
        let mut names = vec![Names::default(); services.len()];
        let endpoints = system.endpoints.iter().map(|endpoint| names[endpoint.service].name(&endpoint.name)).collect();
        Self {
            services,
            endpoints,
            all,
            others: HashMap::new(),
            kinds,
            requests: BTreeMap::new(),
            queues: Names::default(),
        }
    }

    /// What is no traced service. Where something else has its name, `what` it is follows its name.
    fn other(&mut self, name: &str, what: &'static str) -> String {
        let key = (name.to_owned(), what);
        if let Some(known) = self.others.get(&key) {
            return known.clone();
        }
        let is_free = *self.kinds.entry(plain(name)).or_insert(what) == what;
        let named = if is_free { self.all.another(name) } else { self.all.another(&format!("{name} {what}")) };
        self.others.insert(key, named.clone());
        named
    }

    /// An endpoint of a server that is not traced.
    fn request(&mut self, server: &str, request: &str) -> String {
        self.requests.entry(server.to_owned()).or_default().name(request)
    }

    /// The pool of connections to a database, which is named after that unless its name is known.
    fn pool(&self, pool: Option<&str>, server: &str) -> String {
        pool.map_or_else(|| server.to_owned(), plain)
    }
}

/// The skeleton.
pub(super) fn sketch(system: &System, files: &[&str]) -> Sketch {
    let mut named = Named::of(system);
    let mut sketch = Sketch {
        title: format!("{} traced services", system.services.len()),
        head: vec![
            format!(
                "A skeleton that `sim import otlp` made from {}: {} traces, {} spans.",
                files.join(", "),
                system.traces,
                system.spans
            ),
            "Each value has its source in [provenance]; what traces do not say is marked with `gap:`. The times between the \
             spans of calls are elapsed time, taken as CPU: they include what a request waits for there. Take traces at low \
             load."
                .into(),
        ],
        sections: Vec::new(),
        remarks: Vec::new(),
    };
    if system.services.len() == 1 {
        sketch.title = "One traced service".into();
    }
    sketch.sections.extend(load(system, &named));
    let steps = Steps::of(system);
    for (index, service) in system.services.iter().enumerate() {
        sketch.sections.push(self::service(service, &named.services[index]));
        sketch.sections.extend(parts::clients(system, index, &steps, &mut named));
        sketch.sections.extend(parts::pools(system, index, &steps, &mut named));
        let own = system.endpoints.iter().enumerate().filter(|(_, endpoint)| endpoint.service == index);
        for (number, endpoint) in own {
            sketch.sections.push(self::endpoint(system, number, endpoint, &mut named, &steps));
        }
    }
    sketch.sections.extend(parts::databases(system, &mut named));
    sketch.sections.extend(parts::elsewhere(system, &mut named));
    sketch.sections.extend(parts::queues(system, &mut named));
    sketch
}

/// The load: what came from outside, at the rate at which it was traced.
fn load(system: &System, named: &Named) -> Vec<Section> {
    let name =
        |index: usize, endpoint: &Endpoint| format!("{}.{}", named.services[endpoint.service], named.endpoints[index]);
    let all = system.endpoints.iter().enumerate();
    let mut entries: Vec<(String, usize)> = all
        .clone()
        .filter(|(_, endpoint)| endpoint.entries > 0)
        .map(|(index, endpoint)| (name(index, endpoint), endpoint.entries))
        .collect();
    let mut load = Section::new("load");
    if entries.is_empty() {
        load.gap("no request came from outside; the first endpoint stands for those that do");
        entries.extend(all.take(1).map(|(index, endpoint)| (name(index, endpoint), 1)));
    }
    let count: usize = entries.iter().map(|(_, count)| count).sum();
    load.plain("kind", "\"open\"");
    if let [(target, _)] = entries.as_slice() {
        load.plain("target", quoted(target));
    }
    if count >= 20 && system.length > 0.0 {
        load.gap("traces may be sampled: the rate is that of the traces");
        let rate = significant((count - 1) as f64 / system.length);
        let reason = format!("{count} requests from outside in {} s", significant(system.length));
        load.text("rate", &format!("{rate}/s"), Origin::measured(reason));
    } else {
        load.gap("too few requests for a rate");
        load.text("rate", "1/s", Origin::assumed(format!("{count} requests from outside"), "0.1/s", "100/s"));
    }
    load.plain("warm_up", "\"10s\"");
    load.plain("duration", "\"60s\"");
    let mut sections = vec![load];
    if entries.len() > 1 {
        let mut names = Names::default();
        for (target, count) in &entries {
            let mut class = Section::new(format!("load.classes.{}", names.name(target)));
            class.plain("target", quoted(target));
            class.set("weight", count.to_string(), Origin::measured(format!("{count} requests from outside")));
            sections.push(class);
        }
    }
    sections
}

fn service(service: &Service, name: &str) -> Section {
    let mut section = Section::new(format!("services.{name}"));
    let replicas = service.instances.len().max(1);
    let is_known = service.instances.iter().any(|instance| !instance.is_empty());
    if is_known {
        let reason = format!("pods, containers or hosts that its spans name: {replicas}");
        section.set("replicas", replicas.to_string(), Origin::measured(reason));
    } else {
        section.gap("the spans do not say how many replicas there are");
        section.set("replicas", "1", Origin::assumed_number("no instance is named in its spans", 1, 10));
    }
    let processes = service.processes.len().div_ceil(replicas);
    if is_known && processes > 1 {
        let reason = format!("processes that its spans name: {}, in {replicas} instances", service.processes.len());
        section.set("workers", processes.to_string(), Origin::measured(reason));
    }
    let has_loop = ["asgi", "fastapi", "starlette", "aiohttp", "tornado"];
    let is_async = service.scopes.iter().any(|scope| has_loop.iter().any(|word| scope.contains(word)));
    match (service.language.as_str(), is_async) {
        ("nodejs", _) => {
            section.text("runtime", "event-loop", Origin::guess("its spans are from Node.js"));
            section.text("event_loop", "libuv", Origin::guess("its spans are from Node.js"));
        }
        ("python", true) => {
            section.text(
                "runtime",
                "event-loop",
                Origin::guess("its spans are from an asynchronous framework of Python"),
            );
        }
        (language, _) => {
            let from = if language.is_empty() {
                "its spans do not say".into()
            } else {
                format!("its spans are from {language}")
            };
            section.gap("the number of `threads`");
            section.text("runtime", "threads", Origin::guess(from));
        }
    }
    if section.is("runtime", "event-loop") {
        section.gap("its own times block the event loop here; where the code awaits what is not traced, write `sleep`");
    }
    section.gap("`cpu`, the CPU limit: without it nothing waits for a core (`sim import k8s` reads it from manifests)");
    section
}

fn endpoint(system: &System, number: usize, endpoint: &Endpoint, named: &mut Named, steps: &Steps) -> Section {
    let (service, name) = (&named.services[endpoint.service], &named.endpoints[number]);
    let mut section = Section::new(format!("services.{service}.endpoints.{name}"));
    let count: usize = endpoint.variants.values().map(|variant| variant.count).sum();
    section.comment(format!("{}: {count} requests that succeeded", endpoint.name));
    if endpoint.failures > 0 {
        let failures = endpoint.failures;
        section.gap(format!("{failures} requests failed; they are left out, and nothing fails here"));
    }
    let (steps, gaps) = steps.of_endpoint(system, number, endpoint, named);
    gaps.iter().for_each(|gap| section.gap(gap));
    section.steps(steps);
    section
}
