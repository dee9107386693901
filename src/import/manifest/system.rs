//! The skeleton of a system of workloads.

use super::links::{Link, links, without_circles};
use super::product::{Database, Product, Server, product};
use super::settings::{Found, MOST, Meaning, settings};
use super::{Said, Workload, cores};
use crate::import::sketch::{Origin, Section, Sketch, Step, Timing, quoted};

/// The endpoint that stands for all requests of a service.
const REQUEST: &str = "request";

/// The database of which manifests say only that there is one: a name that no workload has.
fn elsewhere(known: &[Known]) -> String {
    let is_free = |name: &String| known.iter().all(|one| one.name() != name);
    let numbered = (2_u64..).map(|number| format!("database-{number}"));
    std::iter::once("database".to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

/// A workload and what it was found to be.
struct Known {
    workload: Workload,
    product: Option<Product>,
    found: Vec<Found>,
}

impl Known {
    fn name(&self) -> &str {
        &self.workload.name
    }

    fn is_server(&self) -> bool {
        matches!(self.product, None | Some(Product::Server(_)))
    }

    fn found(&self, meaning: Meaning) -> Option<&Found> {
        self.found.iter().find(|found| found.meaning == meaning)
    }
}

/// The skeleton; none where no workload serves requests.
pub(super) fn sketch(workloads: Vec<Workload>, mut sketch: Sketch) -> Option<Sketch> {
    let mut links = links(&workloads);
    let removed = without_circles(&mut links);
    let known: Vec<Known> = workloads.into_iter().map(known).collect();
    for (index, one) in known.iter().enumerate() {
        if let Some(Product::Broker(broker)) = one.product {
            sketch.remarks.push(format!(
                "`{}` is a message broker ({broker}): it is left out; a broker's queues are `[queues]` of a model",
                one.name()
            ));
        }
        for (_, link) in removed.iter().filter(|(from, _)| *from == index) {
            sketch.remarks.push(format!(
                "the call from `{}` to `{}` is left out, because calls lead back from there ({})",
                one.name(),
                known[link.to].name(),
                link.reason
            ));
        }
    }
    sketch.sections.push(load(&known, &links)?);
    sketch.sections.extend(classes(&known, &links));
    let is_elsewhere = known.iter().zip(&links).any(|(one, links)| uses_elsewhere(one, links, &known));
    for (index, one) in known.iter().enumerate() {
        match one.product {
            Some(Product::Broker(_)) => {}
            Some(Product::Database(of)) => sketch.sections.extend(database(one, of)),
            Some(Product::Server(server)) => sketch.sections.extend(service(index, &known, &links, Some(server))),
            None => sketch.sections.extend(service(index, &known, &links, None)),
        }
    }
    if is_elsewhere {
        let mut section = Section::new(format!("services.{}", elsewhere(&known)));
        section.gap("the files name a pool of connections, but no database; this one stands for it");
        section.plain("runtime", "\"threads\"");
        section.text("cpu", "2", Origin::assumed("it is not in the files", "1", "16"));
        sketch.sections.push(section);
    }
    Some(sketch)
}

fn known(workload: Workload) -> Known {
    let product = product(&workload);
    let title = match product {
        Some(Product::Server(server)) => server.title,
        Some(Product::Database(database)) => database.title,
        Some(Product::Broker(_)) | None => "",
    };
    let found = settings(&workload, title);
    Known { workload, product, found }
}

/// The services to which requests come: those that are exposed, or else those that nobody calls.
fn entries<'a>(known: &'a [Known], links: &[Vec<Link>]) -> Vec<(&'a Known, String)> {
    let servers = || known.iter().enumerate().filter(|(_, one)| one.is_server());
    let exposed: Vec<_> = servers().filter_map(|(_, one)| Some((one, one.workload.exposed.clone()?))).collect();
    if !exposed.is_empty() {
        return exposed;
    }
    let is_called = |index: usize| links.iter().flatten().any(|link| link.to == index);
    let roots: Vec<_> = servers()
        .filter(|(index, _)| !is_called(*index))
        .map(|(_, one)| (one, "nothing in the files calls it".to_owned()))
        .collect();
    if !roots.is_empty() {
        return roots;
    }
    servers().take(1).map(|(_, one)| (one, "it is the first one".to_owned())).collect()
}

fn load(known: &[Known], links: &[Vec<Link>]) -> Option<Section> {
    let entries = entries(known, links);
    let (first, reason) = entries.first()?;
    let mut load = Section::new("load");
    load.gap("the load is not in the files: write the rate of your peak hour, or `kind = \"closed\"` with the `concurrency` of a test");
    load.plain("kind", "\"open\"");
    if entries.len() == 1 {
        load.text("target", &format!("{}.{REQUEST}", first.name()), Origin::guess(reason.as_str()));
    }
    load.text("rate", "10/s", Origin::assumed("a load to begin with", "1/s", "100/s"));
    load.plain("timeout", "\"30s\"");
    load.plain("warm_up", "\"10s\"");
    load.plain("duration", "\"60s\"");
    Some(load)
}

fn classes(known: &[Known], links: &[Vec<Link>]) -> Vec<Section> {
    let entries = entries(known, links);
    if entries.len() < 2 {
        return Vec::new();
    }
    let class = |(one, reason): &(&Known, String)| {
        let mut class = Section::new(format!("load.classes.{}", one.name()));
        class.text("target", &format!("{}.{REQUEST}", one.name()), Origin::guess(reason.as_str()));
        class.set("weight", "1", Origin::assumed_number("its share of the requests is not in the files", 1, 10));
        class
    };
    entries.iter().map(class).collect()
}

fn database(one: &Known, database: &'static Database) -> Vec<Section> {
    let mut section = one.workload.service.clone();
    let of = one.workload.image.as_ref().map(|image| format!("{}: {}", image.place, image.text)).unwrap_or_default();
    section.plain("runtime", "\"threads\"");
    if database.is_single {
        section.comment(format!("{} runs commands in one thread: more than one core has no effect", database.title));
    }
    // No database takes 0 connections: that is a mistake in the file.
    let found = one.found(Meaning::Connections).filter(|found| found.value > 0);
    match (found, database.connections) {
        (Some(found), _) => section.set("max_connections", found.value.to_string(), found.origin.clone()),
        (None, Some((most, why))) => {
            section.set("max_connections", most.to_string(), Origin::documented(format!("{why} ({of})")));
        }
        (None, None) => {}
    }
    vec![section]
}

fn service(index: usize, known: &[Known], links: &[Vec<Link>], server: Option<&'static Server>) -> Vec<Section> {
    let one = &known[index];
    let mut section = one.workload.service.clone();
    runtime(&mut section, one, server);
    processor(&mut section, one);
    let mut sections = vec![section];
    sections.extend(one.workload.parts.iter().cloned());
    let mut steps = vec![Step::Cpu(Timing {
        toml: quoted("10ms"),
        origin: Origin::assumed("the CPU time of a request is not in the files", "1ms", "100ms"),
    })];
    let mut has_sql = false;
    for link in &links[index] {
        let target = &known[link.to];
        match target.product {
            Some(Product::Broker(_)) => {}
            Some(Product::Database(database)) => {
                // Settings of pools are about the first database that limits its connections.
                let is_main = !has_sql && database.connections.is_some();
                has_sql |= is_main;
                sections.push(pool(one, target.name(), &link.reason, is_main));
                steps.push(query(target.name(), &link.reason));
            }
            Some(Product::Server(_)) | None => {
                sections.push(client(one, target.name(), &link.reason));
                steps.push(Step::Call { client: target.name().into(), endpoint: REQUEST.into() });
            }
        }
    }
    if uses_elsewhere(one, &links[index], known) {
        let reason = "the files set the size of a pool";
        let elsewhere = elsewhere(known);
        sections.push(pool(one, &elsewhere, reason, true));
        steps.push(query(&elsewhere, reason));
    }
    let mut endpoint = Section::new(format!("services.{}.endpoints.{REQUEST}", one.name()));
    endpoint.gap(
        "what a request does is not in the files: which calls and queries it makes, in which order, and how long each takes; \
         traces say it (`sim import otlp`)",
    );
    endpoint.steps(steps);
    sections.push(endpoint);
    sections.extend(one.workload.probed.iter().map(|probed| probe(one, probed)));
    sections
}

/// The endpoint that a probe calls.
fn probe(one: &Known, Said { text, place }: &Said) -> Section {
    let mut endpoint = Section::new(format!("services.{}.endpoints.{text}", one.name()));
    endpoint.comment(format!("probed: {place}"));
    let origin = Origin::assumed("what the probe's handler does is not in the files", "0.1ms", "20ms");
    endpoint.steps(vec![Step::Cpu(Timing { toml: quoted("1ms"), origin })]);
    endpoint
}

fn runtime(section: &mut Section, one: &Known, server: Option<&'static Server>) {
    let is_loop = server.is_some_and(|server| server.keys.iter().any(|(_, value)| value.contains("event-loop")));
    let is_libuv = server.is_some_and(|server| server.keys.iter().any(|(key, _)| *key == "event_loop"));
    match server {
        Some(server) => {
            for (key, toml) in server.keys {
                section.set(key, *toml, Origin::guess(format!("it looks like {}", server.title)));
            }
        }
        None => {
            section.gap("what serves requests is not seen: write `runtime`, and `threads` or `workers`");
            section.text("runtime", "threads", Origin::guess("one thread for each request"));
        }
    }
    if let Some(found) = one.found(Meaning::Workers) {
        section.set("workers", found.value.max(1).to_string(), found.origin.clone());
    }
    match (one.found(Meaning::Threads), server.and_then(|server| server.threads)) {
        // An event loop of Python has no setting for its executor.
        (Some(found), _) if !is_loop || is_libuv => {
            section.set("threads", found.value.max(1).to_string(), found.origin.clone());
        }
        (None, Some((threads, why))) => {
            let most = u64::from(threads).saturating_mul(4);
            section.set("threads", threads.to_string(), Origin::assumed_number(why, 1, most));
        }
        (Some(_) | None, _) => {}
    }
    if let Some(found) = one.found(Meaning::Queue).filter(|_| !is_loop && section.has("threads")) {
        section.set("max_queue", found.value.to_string(), found.origin.clone());
    }
    if let Some(found) = one.found(Meaning::Backlog).filter(|found| is_loop && found.value > 0) {
        section.set("backlog", found.value.to_string(), found.origin.clone());
    }
    if let Some(found) = one.found(Meaning::KeepAlive).filter(|found| found.value > 0) {
        section.text("keep_alive", &format!("{}s", found.value), found.origin.clone());
    }
}

/// `GOMAXPROCS` bounds what runs at once: below the limit it is the limit, above it the quota of the limit stops all
/// threads in each period.
fn processor(section: &mut Section, one: &Known) {
    let Some(found) = one.found(Meaning::Parallelism).filter(|found| found.value > 0) else { return };
    let parallel = f64::from(found.value);
    match one.workload.cpu {
        None if !section.has("cpu") => section.text("cpu", &cores(parallel), found.origin.clone()),
        Some(limit) if parallel > limit => {
            section.text("cpu_throttling", "cfs", Origin::documented("Linux enforces a CPU limit by a quota"));
            section.text("node_cores", &cores(parallel), found.origin.clone());
        }
        Some(_) | None => {
            section.comment(format!(
                "{} processors run Go at once (GOMAXPROCS): where that is less than `cpu`, it is the limit",
                found.value
            ));
        }
    }
}

/// Whether a workload has a pool, but no database that it could belong to.
fn uses_elsewhere(one: &Known, links: &[Link], known: &[Known]) -> bool {
    let has_database = links.iter().any(
        |link| matches!(known[link.to].product, Some(Product::Database(database)) if database.connections.is_some()),
    );
    one.is_server() && !has_database && one.found(Meaning::PoolMost).is_some()
}

/// The pool for a database; `is_main` says that the settings of pools are about it.
fn pool(one: &Known, server: &str, reason: &str, is_main: bool) -> Section {
    let mut pool = Section::new(format!("services.{}.pools.{server}", one.name()));
    pool.comment(reason);
    pool.plain("server", quoted(server));
    let found = |meaning| one.found(meaning).filter(|_| is_main);
    let most = found(Meaning::PoolMost).filter(|found| found.value > 0);
    let over = found(Meaning::PoolOverflow);
    let size = most.map_or(10, |found| found.value);
    if most.is_none() {
        pool.gap("the size of the pool is not in the files");
    }
    let least = found(Meaning::PoolLeast);
    match least {
        Some(found) => pool.set("min_size", found.value.min(size).to_string(), found.origin.clone()),
        None => {
            pool.set("min_size", "0", Origin::assumed_number("not in the files: opened when needed", 0, size.into()))
        }
    }
    let origin = most.map_or(Origin::assumed_number("not in the files", 2, 50), |found| found.origin.clone());
    pool.set("max_size", size.saturating_add(over.map_or(0, |over| over.value)).min(MOST).to_string(), origin);
    if let Some(over) = over {
        pool.set("max_idle_connections", size.to_string(), over.origin.clone());
    }
    pool.gap("how long a request waits for a connection (`acquire_timeout`); without it: no limit");
    pool
}

fn query(pool: &str, reason: &str) -> Step {
    let why = format!("{reason}; how often a request uses it and how long a statement takes is not in the files");
    Step::Query {
        pool: pool.into(),
        time: Timing { toml: quoted("5ms"), origin: Origin::assumed(why, "0.5ms", "50ms") },
    }
}

fn client(one: &Known, server: &str, reason: &str) -> Section {
    let mut client = Section::new(format!("services.{}.clients.{server}", one.name()));
    client.comment(reason);
    client.gap("its `timeout` and `max_connections` are in the code; without them there is no limit");
    client.plain("server", quoted(server));
    client.text("reuse", "shared", Origin::guess("a client for the process, not one for each request"));
    client
}
