//! What a model has to no effect: parts that no step uses, pools that together may open more connections than their
//! database takes, faults and deploys that change nothing, and autoscaling that cannot add a replica.

mod deploys;
mod faults;
mod scaling;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use scaling::blunt;

use super::constants;
use super::path::Path;
use super::tree::Tree;
use super::{Load, Model, Service, Step, WarmUp};
use crate::kernel::Time;
use crate::model::{MOST_INTERVALS, Order};

/// Attempts without a pause that a client may make before it is asked about.
const MOST_HURRIED: u32 = 10;

/// Something in a model that is allowed and probably not meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Doubt {
    /// Where.
    pub path: Path,
    /// What, in a sentence without a full stop.
    pub title: String,
    /// What to do.
    pub help: String,
    /// It is natural in a model that several experiments use: shown by `sim check`, but not before each run.
    pub minor: bool,
}

/// Parts that no step uses: limits, breakers, clients, pools, caches, queues, stations, views, machines, and endpoints
/// that are called by no step, load, probe or consumer. A step of an endpoint that is not called itself counts.
pub(crate) fn unused(model: &Model, load: Option<&Load>) -> BTreeSet<Doubt> {
    let mut used = Used::default();
    for (name, service) in &model.services {
        for endpoint in service.endpoints.values() {
            used.steps(name, service, &endpoint.steps);
        }
        let probes = [
            service.liveness.as_ref().map(|probe| &probe.endpoint),
            service.readiness.as_ref().map(|probe| &probe.endpoint),
        ];
        probes.into_iter().flatten().for_each(|endpoint| used.endpoint(name, endpoint));
        service.machine.iter().for_each(|machine| used.whole("machines", machine));
    }
    for consumer in model.queues.values().flat_map(|queue| queue.consumers.values()) {
        used.endpoint(&consumer.service, &consumer.endpoint);
    }
    if let Some(load) = load {
        let classes = load.classes.values().map(|class| &class.target);
        let polled = load.completion.as_ref().and_then(|completion| completion.endpoint.as_ref());
        for target in load.target.iter().chain(classes).chain(polled) {
            if let Some((service, endpoint)) = target.split_once('.') {
                used.endpoint(service, endpoint);
            }
        }
    }
    used.lacking(model, load)
}

/// The parts of services, each with the word for one.
const PARTS: [(&str, &str); 5] =
    [("pools", "pool"), ("clients", "client"), ("limits", "limit"), ("breakers", "breaker"), ("caches", "cache")];

/// What is used: parts of the whole model by table and name, parts of services by service, table and name.
#[derive(Default)]
struct Used<'a> {
    whole: BTreeSet<(&'static str, &'a str)>,
    parts: BTreeSet<(&'a str, &'static str, &'a str)>,
    endpoints: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Used<'a> {
    fn whole(&mut self, table: &'static str, name: &'a str) {
        self.whole.insert((table, name));
    }

    fn endpoint(&mut self, service: &'a str, endpoint: &'a str) {
        self.endpoints.insert((service, endpoint));
    }

    fn steps(&mut self, name: &'a str, service: &'a Service, steps: &'a [Step]) {
        for step in steps {
            let mut part = |table: &'static str, used: &'a Option<String>| {
                self.parts.extend(used.iter().map(|used| (name, table, used.as_str())));
            };
            match step {
                Step::Query(step) => part("pools", &step.pool),
                Step::With(step) => {
                    part("pools", &step.pool);
                    part("limits", &step.limit);
                    step.shared.iter().for_each(|shared| self.whole("limits", shared));
                }
                Step::Call(step) => self.call(name, service, &step.client, &step.endpoint),
                Step::Notify(step) => self.call(name, service, &step.client, &step.endpoint),
                Step::Cache(step) => self.parts.extend([(name, "caches", step.name.as_str())]),
                Step::Breaker(step) => self.parts.extend([(name, "breakers", step.name.as_str())]),
                Step::Publish(step) => self.whole("queues", &step.queue),
                Step::Visit(step) => self.whole("stations", &step.station),
                Step::Read(step) => self.whole("views", &step.view),
                Step::Project(step) => self.whole("views", &step.view),
                _ => {}
            }
            below(step).into_iter().for_each(|steps| self.steps(name, service, steps));
        }
    }

    fn call(&mut self, name: &'a str, service: &'a Service, client: &'a str, endpoint: &'a str) {
        self.parts.insert((name, "clients", client));
        if let Some(client) = service.clients.get(client) {
            self.endpoint(&client.server, endpoint);
        }
    }

    /// What is in the model and not used. Without a load no endpoint can be said to be called by nothing.
    fn lacking(&self, model: &Model, load: Option<&Load>) -> BTreeSet<Doubt> {
        let mut doubts = BTreeSet::new();
        let mut add = |path: Path, title: String, help: String, minor: bool| {
            doubts.extend([Doubt { path, title, help, minor }]);
        };
        for (name, service) in &model.services {
            let at = Path::default().key("services").key(name);
            let names: [Vec<&String>; 5] = [
                service.pools.keys().collect(),
                service.clients.keys().collect(),
                service.limits.keys().collect(),
                service.breakers.keys().collect(),
                service.caches.keys().collect(),
            ];
            for ((table, noun), names) in PARTS.into_iter().zip(names) {
                for part in names.into_iter().filter(|part| !self.parts.contains(&(name, table, part))) {
                    let title = format!("no step of `{name}` uses its {noun} `{part}`, so it has no effect");
                    add(at.key(table).key(part), title, step_for(table, part), false);
                }
            }
            for endpoint in service.endpoints.keys().filter(|_| load.is_some()) {
                if !self.endpoints.contains(&(name.as_str(), endpoint.as_str())) {
                    let title = format!("nothing calls the endpoint `{name}.{endpoint}`");
                    let help = "a step, the load, a probe or a consumer can call it".to_owned();
                    add(at.key("endpoints").key(endpoint), title, help, true);
                }
            }
        }
        let of_model: [(&'static str, &str, Vec<&String>); 5] = [
            ("limits", "limit", model.limits.keys().collect()),
            ("queues", "queue", model.queues.keys().collect()),
            ("stations", "station", model.stations.keys().collect()),
            ("views", "view", model.views.keys().collect()),
            ("machines", "machine", model.machines.keys().collect()),
        ];
        for (table, noun, names) in of_model {
            for part in names.into_iter().filter(|part| !self.whole.contains(&(table, part))) {
                let (what, help) = match table {
                    "machines" => ("service runs on", format!("write `machine = \"{part}\"` in a service")),
                    _ => ("step uses", step_for(if table == "limits" { "shared" } else { table }, part)),
                };
                let title = format!("no {what} the {noun} `{part}`, so it has no effect");
                add(Path::default().key(table).key(part), title, help, false);
            }
        }
        doubts.extend(idle_threads(model));
        doubts.extend(faults::idle(model, load));
        doubts.extend(deploys::late(model, load));
        doubts
    }
}

/// Threads of services that take no requests: queries need none.
fn idle_threads(model: &Model) -> impl Iterator<Item = Doubt> {
    let idle = model.services.iter().filter(|(_, service)| service.threads.is_some() && service.endpoints.is_empty());
    idle.map(|(name, _)| Doubt {
        path: Path::default().key("services").key(name).key("threads"),
        title: format!("`{name}` has no endpoints, and queries need no thread, so its `threads` have no effect"),
        help:
            "`max_connections` limits the connections of a database, `cpu` its work; the `max_size` of a pool limits \
               the queries at a time"
                .into(),
        minor: false,
    })
}

/// The step that would use a part.
fn step_for(table: &str, part: &str) -> String {
    match table {
        "pools" => format!(
            "write {{ query = {{ pool = \"{part}\", time = ... }} }} in a step, or hold a connection: {{ with = {{ pool = \"{part}\", steps = [...] }} }}"
        ),
        "clients" => format!("write {{ call = {{ client = \"{part}\", endpoint = ... }} }} in a step"),
        "limits" => format!("put the steps that it limits into {{ with = {{ limit = \"{part}\", steps = [...] }} }}"),
        "shared" => format!("put the steps that it limits into {{ with = {{ shared = \"{part}\", steps = [...] }} }}"),
        "breakers" => {
            format!("put the steps that it guards into {{ breaker = {{ name = \"{part}\", steps = [...] }} }}")
        }
        "caches" => format!("write {{ cache = {{ name = \"{part}\", key = ..., miss = [...] }} }} in a step"),
        "queues" => format!("write {{ publish = {{ queue = \"{part}\" }} }} in a step"),
        "stations" => format!("write {{ visit = {{ station = \"{part}\", time = ... }} }} in a step"),
        _ => format!("write {{ read = {{ view = \"{part}\" }} }} in a step"),
    }
}

/// The lists of steps within a step.
fn below(step: &Step) -> Vec<&[Step]> {
    match step {
        Step::With(step) => vec![&step.steps],
        Step::Thread(step) => vec![&step.steps],
        Step::Repeat(step) => vec![&step.steps],
        Step::Choose(branches) => branches.iter().map(|branch| branch.steps.as_slice()).collect(),
        Step::Cache(step) => vec![&step.hit, &step.miss],
        Step::Retry(step) => vec![&step.steps],
        Step::Timeout(step) => vec![&step.steps],
        Step::Breaker(step) => vec![&step.steps],
        Step::Fallback(step) => vec![&step.steps, &step.otherwise],
        Step::Hedge(step) => vec![&step.steps],
        Step::Parallel(step) => step.branches.iter().map(Vec::as_slice).collect(),
        _ => Vec::new(),
    }
}

/// Constants that nothing uses, in a model and a load as written.
pub(crate) fn unused_constants(model: &Tree, load: Option<&Tree>) -> Vec<Doubt> {
    let mut used = constants::names(model);
    used.extend(load.map(constants::names).into_iter().flatten());
    let all = model.get(constants::KEY).map(Tree::entries).unwrap_or_default();
    let unused = all.iter().filter(|(name, _)| !used.contains(name));
    let doubt = |(name, _): &(String, Tree)| Doubt {
        path: Path::default().key(constants::KEY).key(name),
        title: format!("nothing uses the constant `{name}`"),
        help: format!("write \"${name}\" where its value is used"),
        minor: false,
    };
    unused.map(doubt).collect()
}

/// Queues that serve by priority, where all requests have the same; and classes of different priorities, where no queue
/// serves by it.
pub(crate) fn alike(model: &Model, load: &Load) -> BTreeSet<Doubt> {
    let queues = queues(model);
    if load.classes.values().any(|class| class.priority > 0) {
        return unheeded(&queues, load);
    }
    let by_priority = queues.into_iter().filter(|(_, order)| *order == Order::Priority);
    let doubt = |(at, _): (Path, Order)| Doubt {
        path: at.key("order"),
        title: "all requests of the load have the same priority, so this queue is first in, first out".into(),
        help: "give classes of the load a priority: classes.NAME.priority = 1".into(),
        minor: true,
    };
    by_priority.map(doubt).collect()
}

/// The first class with a priority, where no queue looks at it.
fn unheeded(queues: &[(Path, Order)], load: &Load) -> BTreeSet<Doubt> {
    let is_heeded = queues.iter().any(|(_, order)| *order == Order::Priority);
    let first = load.classes.iter().find(|(_, class)| class.priority > 0).filter(|_| !is_heeded);
    let doubt = |(name, _): (&String, _)| Doubt {
        path: Path::default().key("load").key("classes").key(name).key("priority"),
        title: "no queue has `order = \"priority\"`, so the priorities of the load's classes have no effect".into(),
        help: "write `order = \"priority\"` in a service, pool, limit, ingress or station".into(),
        minor: false,
    };
    first.map(doubt).into_iter().collect()
}

/// The queues that may serve by priority, and in which order they do.
fn queues(model: &Model) -> Vec<(Path, Order)> {
    let root = Path::default();
    let mut queues: Vec<(Path, Order)> = Vec::new();
    for (name, service) in &model.services {
        let at = root.key("services").key(name);
        queues.push((at.clone(), service.order));
        queues.extend(service.ingress.iter().map(|ingress| (at.key("ingress"), ingress.order)));
        queues.extend(service.pools.iter().map(|(name, pool)| (at.key("pools").key(name), pool.order)));
        queues.extend(service.limits.iter().map(|(name, limit)| (at.key("limits").key(name), limit.order)));
    }
    queues.extend(model.limits.iter().map(|(name, limit)| (root.key("limits").key(name), limit.order)));
    queues.extend(model.stations.iter().map(|(name, station)| (root.key("stations").key(name), station.order)));
    queues
}

/// Clients that send a request again very often without a pause: a hundred thousand refusals take no time then, but long to
/// simulate, and no real client connects as fast.
pub(crate) fn hurried(load: &Load) -> Option<Doubt> {
    let retry = load.retry.as_ref().filter(|retry| retry.backoff.0 == 0 && retry.attempts > MOST_HURRIED)?;
    Some(Doubt {
        path: Path::default().key("load").key("retry").key("backoff"),
        title: format!(
            "a client that is refused at once sends its request up to {} times without a pause",
            retry.attempts
        ),
        help:
            "a pause of at least one connect is real, such as backoff = \"1ms\"; fewer attempts are faster to simulate"
                .into(),
        minor: false,
    })
}

/// A timeline of which the intervals are shorter than it can keep.
pub(crate) fn too_fine(load: &Load) -> Option<Doubt> {
    let (written, duration) = (load.timeline?, load.duration?);
    let warm_up = match load.warm_up {
        Some(WarmUp::For(warm_up)) => warm_up.0,
        _ => 0,
    };
    let run = duration.0.saturating_add(warm_up);
    let is_too_long = |length: u64| run.div_ceil(length) > MOST_INTERVALS as u64;
    if written.0 == 0 || !is_too_long(written.0) {
        return None;
    }
    let mut length = written.0;
    while is_too_long(length) {
        length *= 2;
    }
    let (kept, run) = (Time(length), Time(run));
    Some(Doubt {
        path: Path::default().key("load").key("timeline"),
        title: format!("the intervals of the timeline become {kept} long, not {}", Time(written.0)),
        help: format!("a timeline has at most {MOST_INTERVALS} intervals, and the run lasts {run}"),
        minor: false,
    })
}

/// Databases that take fewer connections than all pools of all processes may open together.
pub(crate) fn crowded(model: &Model) -> BTreeSet<Doubt> {
    let mut pools: BTreeMap<&str, Vec<(u64, String)>> = BTreeMap::new();
    for (name, service) in &model.services {
        for (pool_name, pool) in &service.pools {
            let (replicas, workers) = (service.places(), service.workers);
            let processes = u64::from(replicas) * u64::from(workers);
            let most = processes.saturating_mul(pool.max_size.into());
            let words = format!("{name}.{pool_name} {} x {workers} x {replicas} = {most}", pool.max_size);
            pools.entry(&pool.server).or_default().push((most, words));
        }
    }
    let mut doubts = BTreeSet::new();
    for (server, pools) in pools {
        let Some(service) = model.services.get(server) else { continue };
        let Some(max_connections) = service.max_connections else { continue };
        let there = u64::from(max_connections) * u64::from(service.replicas);
        let most = pools.iter().fold(0u64, |sum, (most, _)| sum.saturating_add(*most));
        if most > there {
            let parts: Vec<&str> = pools.iter().map(|(_, words)| words.as_str()).collect();
            let title = format!(
                "the pools of `{server}` may open {most} connections, and it takes {there}: opening one more fails at once"
            );
            let help = format!("`max_size` x `workers` x `replicas`: {}", parts.join(", "));
            doubts.insert(Doubt {
                path: Path::default().key("services").key(server).key("max_connections"),
                title,
                help,
                minor: false,
            });
        }
    }
    doubts
}
