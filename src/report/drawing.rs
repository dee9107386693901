//! The drawing of a system: services with what they have, who calls whom, and the load. It is made from the lowered model,
//! so it shows what a run builds.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::chart::{BoxKind, DiagramFigure, Link, Node, Row};
use super::figures;
use super::number::{seconds, short};
use super::paragraph::{count, quoted};
use crate::experiment::analyse::throughput;
use crate::experiment::plan::Plan;
use crate::language::visible;
use crate::model::{
    BreakerPlan, ClientPlan, DeployPlan, LimitPlan, Load, Op, Opening, PoolPlan, RateUnit, Runtime, ServicePlan,
    StationPlan, System, WindowSpan,
};

/// The drawing of the system at a point.
pub fn drawing(plan: &Plan, point: usize) -> DiagramFigure {
    of_points(plan, throughput::unit(plan, &[]), &[point])
}

/// The drawing of the system at the first of these points. Of their load it says what is the same at all of them.
pub(super) fn of_points(plan: &Plan, rates: RateUnit, points: &[usize]) -> DiagramFigure {
    let Some(point) = points.first().map(|&first| &plan.points[first]) else { return DiagramFigure::default() };
    let subtitle = match plan.variants.len() {
        1 => String::new(),
        _ => format!("variant {}", quoted(&plan.variants[point.variant])),
    };
    DiagramFigure { subtitle, ..figure(&point.system, &point.load, figures::load(plan, rates, points)) }
}

/// The drawing. `facts` is what is said of the load, a line each.
fn figure(system: &System, load: &Load, facts: Vec<String>) -> DiagramFigure {
    let mut sketch = Sketch::default();
    let first = 1;
    let services = system.services.len();
    let station = |index: u32| first + services + index as usize;
    let queue = |index: u32| first + services + system.stations.len() + index as usize;
    let service = |index: u32| first + index as usize;
    let (node, links) = of_load(system, load, facts, &service);
    sketch.add(node, links);
    for (index, plan) in (0..).zip(&system.services) {
        let (node, links) = of_service(system, index, plan, (&service, &station, &queue));
        sketch.add(node, links);
    }
    for plan in &system.stations {
        sketch.add(of_station(plan), Vec::new());
    }
    for plan in &system.queues {
        let mut node = Node { name: format!("queue {}", plan.name), kind: BoxKind::Queue, ..Node::default() };
        node.facts.extend(plan.max_length.map(|most| format!("at most {most} messages")));
        let mut links = Vec::new();
        for consumer in &system.consumers[plan.first as usize..(plan.first + plan.count) as usize] {
            let facts = consumer.prefetch.map_or_else(String::new, |many| format!("{many} at once per worker"));
            links.push((Some(node.rows.len()), service(system.endpoints[consumer.endpoint as usize].service)));
            node.rows.push(Row { name: format!("consumer {}", consumer.name), facts });
        }
        sketch.add(node, links);
    }
    let shared: Vec<String> =
        system.limits.iter().map(|limit| format!("shared limit {}: {}", limit.name, of_limit(limit))).collect();
    let faults: Vec<String> = system.faults.iter().map(|fault| format!("fault {}", fault.name)).collect();
    let deploys = system.services.iter().flat_map(|service| &service.deploys).map(DeployPlan::title);
    let note = shared.into_iter().chain(faults).chain(deploys).collect::<Vec<_>>().join(", ");
    DiagramFigure {
        title: system.title.clone(),
        note,
        nodes: sketch.nodes,
        links: sketch.links,
        ..DiagramFigure::default()
    }
}

/// Boxes and links as they are found.
#[derive(Default)]
struct Sketch {
    nodes: Vec<Node>,
    links: Vec<Link>,
}

/// What leads from a row of a box, or from the box as a whole, to another box.
type Ends = Vec<(Option<usize>, usize)>;

impl Sketch {
    fn add(&mut self, node: Node, ends: Ends) {
        let from = self.nodes.len();
        self.links.extend(ends.into_iter().map(|(row, to)| Link { from, row, to, is_marked: false }));
        self.nodes.push(node);
    }
}

fn of_load(system: &System, load: &Load, facts: Vec<String>, service: &impl Fn(u32) -> usize) -> (Node, Ends) {
    let mut node = Node { name: "load".into(), facts, kind: BoxKind::Load, ..Node::default() };
    let mut links = Vec::new();
    let classes = load.classes.iter().map(|class| (class.name.as_str(), class.target));
    let alone = load.classes.is_empty().then_some(("", load.target));
    for (name, endpoint) in classes.chain(alone) {
        let endpoint = &system.endpoints[endpoint as usize];
        let called = format!("{}.{}", system.services[endpoint.service as usize].name, endpoint.name);
        links.push((Some(node.rows.len()), service(endpoint.service)));
        node.rows.push(match name {
            "" => Row { name: called, facts: String::new() },
            name => Row { name: name.into(), facts: called },
        });
    }
    (node, links)
}

/// The boxes of a service, a station and a queue, by their numbers.
type Boxes<'a> = (&'a dyn Fn(u32) -> usize, &'a dyn Fn(u32) -> usize, &'a dyn Fn(u32) -> usize);

fn of_service(system: &System, index: u32, plan: &ServicePlan, boxes: Boxes) -> (Node, Ends) {
    let (service, station, queue) = boxes;
    let mut node = Node { name: plan.name.clone(), facts: facts(system, plan), ..Node::default() };
    let mut links = Vec::new();
    if let Some(ingress) = &plan.ingress {
        let rate = ingress.rate.map(|rate| format!("{}/s", short(1.0 / rate.interval.seconds())));
        let inside = (ingress.in_flight < u32::MAX).then(|| format!("{} in flight", ingress.in_flight));
        node.rows
            .push(Row { name: "ingress".into(), facts: rate.into_iter().chain(inside).collect::<Vec<_>>().join(", ") });
    }
    for (name, probe) in [("liveness probe", plan.liveness), ("readiness probe", plan.readiness)] {
        let row = |period: f64| Row { name: name.into(), facts: format!("every {}", seconds(period)) };
        node.rows.extend(probe.map(|probe| row(probe.period.seconds())));
    }
    for limit in &plan.limits {
        node.rows.push(Row { name: format!("limit {}", limit.name), facts: of_limit(limit) });
    }
    for breaker in &plan.breakers {
        let facts = of_breaker(breaker);
        node.rows.push(Row { name: format!("breaker {}", breaker.name), facts });
    }
    for cache in &plan.caches {
        let facts = cache.ttl.map_or_else(String::new, |ttl| format!("entries live {}", seconds(ttl.seconds())));
        node.rows.push(Row { name: format!("cache {}", cache.name), facts });
    }
    for pool in &plan.pools {
        links.push((Some(node.rows.len()), service(pool.server)));
        node.rows.push(Row { name: format!("pool {}", pool.name), facts: of_pool(pool) });
    }
    for client in &plan.clients {
        links.push((Some(node.rows.len()), service(client.server)));
        node.rows.push(Row { name: format!("client {}", client.name), facts: of_client(client) });
    }
    // What the programs of its endpoints visit and publish to.
    let (mut stations, mut queues) = (BTreeSet::new(), BTreeSet::new());
    for (pc, op) in (0..).zip(&system.program) {
        match op {
            Op::Visit { station, .. } if system.service_at(pc) == index => drop(stations.insert(*station)),
            Op::Publish { queue, .. } if system.service_at(pc) == index => drop(queues.insert(*queue)),
            _ => {}
        }
    }
    for visited in stations {
        links.push((None, station(visited)));
    }
    for published in queues {
        links.push((Some(node.rows.len()), queue(published)));
        let name = format!("publishes to {}", system.queues[published as usize].name);
        node.rows.push(Row { name, facts: String::new() });
    }
    (node, links)
}

/// `2 replicas × 5 workers`, `event loop, 6 threads`, `1 core each`.
fn facts(system: &System, plan: &ServicePlan) -> Vec<String> {
    let replicas = match &plan.scaling {
        Some(scaling) => format!("{} to {} replicas", scaling.min, scaling.max),
        None => count(plan.initial as usize, "replica"),
    };
    let size = match plan.workers {
        1 => replicas,
        workers => format!("{replicas} × {workers} workers"),
    };
    let threads = plan.threads.map(|threads| match plan.growth {
        Some(growth) => format!("{threads} to {} threads", growth.to),
        None => count(threads as usize, "thread"),
    });
    let runtime = match (plan.runtime, threads) {
        (Runtime::EventLoop, Some(threads)) => format!("event loop, {threads}"),
        (Runtime::EventLoop, None) => "event loop".into(),
        (Runtime::Threads, Some(threads)) => threads,
        (Runtime::Threads, None) => "threads without a limit".into(),
        (Runtime::Delay, _) => "only takes time".into(),
    };
    let cores = plan.cores.map(|cores| {
        let most = plan.scaling.as_ref().map_or(plan.initial, |scaling| scaling.max);
        let each = if most > 1 { " each" } else { "" };
        format!("{} core{}{each}", short(cores), if cores == 1.0 { "" } else { "s" })
    });
    let machine = plan.machine.map(|machine| format!("on {}", system.machines[machine as usize].name));
    let shape = (plan.runtime != Runtime::Delay).then_some(size);
    shape.into_iter().chain([runtime]).chain(cores).chain(machine).collect()
}

fn of_pool(pool: &PoolPlan) -> String {
    match (pool.min_size, pool.max_size) {
        (least, most) if least == most => format!("{most} connections"),
        (least, most) => format!("{least} to {most} connections"),
    }
}

fn of_client(client: &ClientPlan) -> String {
    let reuse = match (client.shared, client.max_connections) {
        (false, _) => "one per request".to_owned(),
        (true, u32::MAX) => "shared".to_owned(),
        (true, most) => format!("shared, {most} connections"),
    };
    let broken = client.broken.iter().filter(|broken| **broken).count();
    let broken = (broken > 0).then(|| format!("broken in {broken} of {}", count(client.broken.len(), "worker")));
    let timeout = client.timeout.map(|timeout| format!("{} time-out", seconds(timeout.seconds())));
    std::iter::once(reuse).chain(timeout).chain(broken).collect::<Vec<_>>().join(", ")
}

fn of_breaker(breaker: &BreakerPlan) -> String {
    match &breaker.opens {
        Opening::InARow(failures) => format!("opens after {}", count(*failures as usize, "failure")),
        Opening::Rate(window) => {
            let span = match window.span {
                WindowSpan::Calls(calls) => count(calls as usize, "call"),
                WindowSpan::Seconds(seconds) => format!("{seconds} s"),
            };
            format!("opens at {} % failures in {span}", short(window.failure_rate * 100.0))
        }
    }
}

fn of_limit(limit: &LimitPlan) -> String {
    if limit.size == u32::MAX { "none".into() } else { limit.size.to_string() }
}

fn of_station(plan: &StationPlan) -> Node {
    let servers = plan.servers.map_or_else(|| "a server for each".into(), |servers| count(servers as usize, "server"));
    let shared = plan.sharing.then(|| "processor sharing".to_owned());
    let room = plan.capacity.map(|most| format!("room for {most}"));
    Node {
        name: format!("station {}", plan.name),
        facts: std::iter::once(servers).chain(shared).chain(room).collect(),
        kind: BoxKind::Station,
        ..Node::default()
    }
}

/// The drawing as a Mermaid flowchart, for a page of Markdown (mermaid.js.org, "Flowcharts - Basic Syntax").
pub fn mermaid(figure: &DiagramFigure) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (number, node) in figure.nodes.iter().enumerate() {
        let lines = std::iter::once(&node.name).chain(&node.facts).map(|line| plain(line)).collect::<Vec<_>>();
        let (open, close) = match node.kind {
            BoxKind::Load => ("([", "])"),
            BoxKind::Service | BoxKind::Full => ("[", "]"),
            BoxKind::Station => ("(", ")"),
            BoxKind::Queue => ("[(", ")]"),
        };
        let _ = writeln!(text, "  n{number}{open}\"{}\"{close}", lines.join("<br/>"));
    }
    for Link { from, row, to, .. } in &figure.links {
        let row = row.and_then(|row| figure.nodes[*from].rows.get(row));
        let _ = match row {
            None => writeln!(text, "  n{from} --> n{to}"),
            Some(row) if row.facts.is_empty() => writeln!(text, "  n{from} -->|\"{}\"| n{to}", plain(&row.name)),
            Some(row) => {
                writeln!(text, "  n{from} -->|\"{}<br/>{}\"| n{to}", plain(&row.name), plain(&row.facts))
            }
        };
    }
    text
}

/// A text in which nothing is syntax, by Mermaid's entity codes.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for sign in visible(text).chars() {
        match sign {
            '"' | '#' | '&' | '<' | '>' | '|' | ';' | '`' | '\\' | '[' | ']' | '(' | ')' | '{' | '}' => {
                let _ = write!(out, "#{};", u32::from(sign));
            }
            sign => out.push(sign),
        }
    }
    out
}
