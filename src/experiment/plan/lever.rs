//! Levers: for each resource of a point the number of the model that is its capacity, and the point with some of them set to
//! other values.

use std::sync::Arc;

use super::design::Point;
use super::dial::Dial;
use super::point;
use super::workbench::Workbench;
use crate::language::path::{Path, Segment};
use crate::language::tree::Place;
use crate::language::{Mistakes, Source};
use crate::model::{Runtime, ServicePlan, System};

/// The capacity of a resource, as a number of the model.
#[derive(Clone, Debug)]
pub struct Lever {
    /// The resource, as the reports name it.
    pub resource: String,
    /// Which of its numbers this is, where it has several: the burst of a rate limit.
    pub part: Option<&'static str>,
    /// What sets the capacity.
    pub dial: Dial,
    /// The capacity now, in the unit of the dial.
    pub now: f64,
    /// What a unit of it costs, where the experiment's `[optimize]` table says so.
    pub price: Option<f64>,
}

impl Lever {
    /// The resource, with the part of it that this is: `shop ingress rate limit burst`.
    pub fn name(&self) -> String {
        self.part.map_or_else(|| self.resource.clone(), |part| format!("{} {part}", self.resource))
    }

    /// A capacity times a factor. A whole number is rounded and changes by 1 at least. None below the smallest value that can
    /// be set.
    pub fn times(&self, capacity: f64, factor: f64) -> Option<f64> {
        let whole = |value: f64| if factor > 1.0 { value.max(capacity + 1.0) } else { value.min(capacity - 1.0) };
        let value = if self.dial.whole { whole((capacity * factor).round()) } else { capacity * factor };
        (value >= self.dial.least().max(f64::MIN_POSITIVE)).then_some(value)
    }
}

impl Workbench {
    /// The levers of a point: one for each limited capacity of its system. Resources without a number of their own in the
    /// model, and those without a limit, have none.
    ///
    /// # Errors
    /// Where the settings of the point cannot be applied.
    pub fn levers(&self, point: usize) -> Result<Vec<Lever>, Mistakes> {
        let point = &self.plan.points[point];
        let subject = self.subject_at(point.variant, &point.at)?;
        let mut columns = self.columns.clone();
        let priced = self.optimize().map(|asked| asked.parameters).unwrap_or_default();
        let lever = |(resource, path, now): (String, Path, f64)| {
            let path = path.to_string();
            let dial = Dial::of_path(&path, &named(&path), &subject, &mut columns).ok()?;
            let price = priced.iter().find(|choice| choice.dial.path == path).map(|choice| choice.cost);
            let now = dial.present(&subject, &mut columns).unwrap_or(now);
            let part = path.ends_with(".burst").then_some("burst");
            (now > 0.0).then_some(Lever { resource, part, dial, now, price })
        };
        Ok(capacities(&point.system).into_iter().filter_map(lever).collect())
    }

    /// A point of the plan with levers at other values, whatever the variant and the axes set there.
    ///
    /// # Errors
    /// Where the model does not allow them together.
    pub fn point_with(&mut self, point: usize, set: &[(&Lever, f64)]) -> Result<Point, Mistakes> {
        let Point { variant, at, .. } = self.plan.points[point].clone();
        let mut subject = self.subject_at(variant, &at)?;
        for (lever, value) in set {
            for setting in lever.dial.settings(*value) {
                setting.apply(&mut subject)?;
            }
        }
        let system = point::system(&subject, &mut self.columns)?;
        let load = point::load(&subject, &system, &mut self.columns)?;
        Ok(Point { variant, at, system, load, warm_up: Arc::default() })
    }
}

/// The place of a path that stands in no file.
fn named(path: &str) -> Place {
    Place { source: Source::argument(path), key: None, value: 0..path.len() }
}

/// The limited capacities of a system: the resource, the path of the number, and the number.
fn capacities(system: &System) -> Vec<(String, Path, f64)> {
    let mut all = Vec::new();
    let of_system = |list: &str, name: &str, key: &str| path(&[list, name, key]);
    for machine in &system.machines {
        all.push((format!("machine {} CPU", machine.name), of_system("machines", &machine.name, "cpu"), machine.cores));
    }
    for service in &system.services {
        of_service(service, &mut all);
    }
    for station in &system.stations {
        if let Some(servers) = station.servers {
            let at = of_system("stations", &station.name, "servers");
            all.push((format!("station {}", station.name), at, servers.into()));
        }
    }
    for limit in system.limits.iter().filter(|limit| limit.size < u32::MAX) {
        all.push((format!("limit {}", limit.name), of_system("limits", &limit.name, "size"), limit.size.into()));
    }
    for consumer in &system.consumers {
        let queue = &system.queues[consumer.queue as usize].name;
        let at = path(&["queues", queue, "consumers", &consumer.name, "prefetch"]);
        all.extend(consumer.prefetch.map(|most| (format!("queue {queue} / {}", consumer.name), at, most.into())));
    }
    all
}

fn of_service(service: &ServicePlan, all: &mut Vec<(String, Path, f64)>) {
    let name = &service.name;
    let mut own = |resource: &str, keys: &[&str], now: f64| {
        let at = path(&[["services", name.as_str()].as_slice(), keys].concat());
        all.push((format!("{name} {resource}"), at, now));
    };
    if let Some(cores) = service.cores.filter(|_| service.machine.is_none()) {
        own("CPU", &["cpu"], cores);
        if service.cpu_period.is_some() {
            own("throttling", &["cpu"], cores);
        }
    }
    if service.runtime == Runtime::EventLoop {
        own("event loops", &["workers"], service.workers.into());
    }
    if service.gil {
        own("GIL", &["workers"], service.workers.into());
    }
    if let Some(threads) = service.threads {
        let resource = if service.runtime == Runtime::EventLoop { "executor" } else { "threads" };
        own(resource, &["threads"], threads.into());
    }
    let counts = [
        ("connections", "max_connections", service.max_connections),
        ("ports", "ephemeral_ports", service.ephemeral_ports),
        ("descriptors", "open_files", service.open_files),
        ("backlog", "backlog", service.backlog),
    ];
    for (resource, key, count) in counts {
        if let Some(count) = count {
            own(resource, &[key], count.into());
        }
    }
    for pool in &service.pools {
        own(&format!("pool {}", pool.name), &["pools", &pool.name, "max_size"], pool.max_size.into());
    }
    for limit in service.limits.iter().filter(|limit| limit.size < u32::MAX) {
        own(&format!("limit {}", limit.name), &["limits", &limit.name, "size"], limit.size.into());
    }
    for client in service.clients.iter().filter(|client| client.shared && client.max_connections < u32::MAX) {
        let most = client.max_connections;
        own(&format!("client {}", client.name), &["clients", &client.name, "max_connections"], most.into());
    }
    for client in &service.clients {
        if let Some(rate) = &client.rate {
            let keys = ["clients", &client.name, "rate_limit", "average"];
            own(&format!("client {} rate limit", client.name), &keys, 1.0 / rate.interval.seconds());
        }
    }
    if let Some(ingress) = &service.ingress {
        if let Some(rate) = &ingress.rate {
            own("ingress rate limit", &["ingress", "rate_limit", "average"], 1.0 / rate.interval.seconds());
            own(
                "ingress rate limit",
                &["ingress", "rate_limit", "burst"],
                rate.depth.seconds() / rate.interval.seconds(),
            );
        }
        if ingress.in_flight < u32::MAX {
            own("ingress", &["ingress", "in_flight"], ingress.in_flight.into());
        }
    }
}

fn path(keys: &[&str]) -> Path {
    Path(keys.iter().map(|key| Segment::Key((*key).into())).collect())
}
