//! Metric families in the sense of OpenMetrics, made of the scrapes of a run by the names that its model gives.

use std::collections::BTreeMap;

use crate::kernel::Time;
use crate::model::System;
use crate::parts::{Buckets, Scrape, Scrapes};

/// The label that names a target, beside `job`, its service.
pub const INSTANCE: &str = "instance";

/// The job of what clients see.
const CLIENTS: &str = "clients";

/// Metrics of one name and kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its name; of a counter without `_total`.
    pub name: String,
    /// What it counts or measures.
    pub kind: FamilyKind,
    /// In a sentence.
    pub help: String,
    /// Upper bounds of a histogram's buckets in seconds, but for the last one, which is infinite.
    pub bounds: Vec<f64>,
    /// Its metrics, by their labels.
    pub metrics: Vec<Metric>,
}

/// What a family counts or measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyKind {
    /// What only grows, until its target starts anew.
    Counter,
    /// What goes up and down.
    Gauge,
    /// A distribution.
    Histogram,
}

/// One metric of a family.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its labels, in order of their names.
    pub labels: Vec<(String, String)>,
    /// Its points, one at each scrape that succeeded.
    pub points: Vec<(Time, PointValue)>,
}

/// A point of a metric.
#[derive(Clone, Debug, PartialEq)]
pub enum PointValue {
    /// Of a counter or a gauge.
    Number(f64),
    /// Of a histogram.
    Buckets {
        /// Observations that are at most each bound; the last one counts them all.
        counts: Vec<u64>,
        /// Of all observations, in seconds.
        sum: f64,
    },
}

/// The families, in the order of their names.
pub fn families(system: &System, scrapes: &Scrapes) -> Vec<Family> {
    let mut all =
        Collection { bounds: scrapes.bounds.iter().map(|bound| bound.seconds()).collect(), by_name: BTreeMap::new() };
    for scrape in &scrapes.taken {
        all.clients(scrape);
        for (&(service, number), reading) in scrapes.targets.iter().zip(&scrape.readings) {
            let plan = &system.services[service as usize];
            let target = [("job", plan.name.clone()), (INSTANCE, format!("{}-{number}", plan.name))];
            let mut add = |name: &str, kind, help: &dyn Fn() -> String, extra: &[(&str, &str)], value| {
                all.add(name, kind, help, &target, extra, scrape.at, value);
            };
            let up = PointValue::Number(f64::from(u8::from(reading.is_some())));
            add("up", FamilyKind::Gauge, &|| "Whether the scrape of the target succeeded.".into(), &[], up);
            let Some(reading) = reading else { continue };
            let of_service = (0..).zip(&system.endpoints).filter(|(_, endpoint)| endpoint.service == service);
            // Handshakes stand behind the endpoints of the model, and are not exported.
            let of_service = of_service.filter(|(_, endpoint)| !endpoint.is_handshake);
            for ((index, endpoint), count) in of_service.zip(&reading.endpoints) {
                let index: usize = index;
                let names = &system.metrics.endpoints[index];
                let place = format!("{}.{}", plan.name, endpoint.name);
                let answered = || format!("Requests that {place} has answered.");
                for (status, number) in [("success", count.answered.succeeded), ("failure", count.answered.failed)] {
                    let value = PointValue::Number(number as f64);
                    add(&names.requests, FamilyKind::Counter, &answered, &[("status", status)], value);
                }
                let help = || format!("Seconds from the start of the handler of {place} to its answer.");
                let value = buckets(&count.answered.times);
                add(&names.duration, FamilyKind::Histogram, &help, &[], value);
                let help = || format!("Requests that handlers of {place} work on.");
                add(&names.in_flight, FamilyKind::Gauge, &help, &[], PointValue::Number(f64::from(count.in_flight)));
            }
            let clients = plan.clients.iter().zip(&system.metrics.clients[service as usize]);
            for ((client, names), count) in clients.zip(&reading.calls) {
                let place = format!("client {} of {}", client.name, plan.name);
                let help = || format!("Calls of {place}.");
                add(&names.requests, FamilyKind::Counter, &help, &[], PointValue::Number(count.requests as f64));
                let help = || format!("Calls of {place} that failed.");
                add(&names.errors, FamilyKind::Counter, &help, &[], PointValue::Number(count.errors as f64));
                let help = || format!("Seconds from sending a request of {place} to its answer or failure.");
                add(&names.latency, FamilyKind::Histogram, &help, &[], buckets(&count.times));
            }
            let pools = plan.pools.iter().zip(&system.metrics.pools[service as usize]);
            for ((pool, names), state) in pools.zip(&reading.pools) {
                let place = format!("pool {} of {}", pool.name, plan.name);
                let gauges = [
                    (&names.in_use, state.in_use, format!("Connections of {place} in use.")),
                    (&names.waiting, state.waiting, format!("Requests that wait for a connection of {place}.")),
                    (&names.size, state.size, format!("Connections of {place} at most.")),
                ];
                for (name, level, help) in gauges {
                    add(name, FamilyKind::Gauge, &|| help.clone(), &[], PointValue::Number(f64::from(level)));
                }
            }
            if let Some(cpu_s) = reading.cpu_s {
                let help = || "CPU seconds used by the processes of the target.".into();
                add("process_cpu_seconds_total", FamilyKind::Counter, &help, &[], PointValue::Number(cpu_s));
            }
            if let Some((open, most)) = reading.files {
                let help = || "Open file descriptors of the processes of the target.".into();
                add("process_open_fds", FamilyKind::Gauge, &help, &[], PointValue::Number(f64::from(open)));
                let help = || "File descriptors that the processes of the target may open.".into();
                add("process_max_fds", FamilyKind::Gauge, &help, &[], PointValue::Number(f64::from(most)));
            }
        }
    }
    all.by_name.into_values().map(Collected::finish).collect()
}

/// A histogram's point.
fn buckets(times: &Buckets) -> PointValue {
    let mut sum = 0;
    let counts = times.counts.iter().map(|count| {
        sum += count;
        sum
    });
    PointValue::Buckets { counts: counts.collect(), sum: times.sum as f64 / 1e9 }
}

/// A family in the making: its metrics by their labels.
struct Collected {
    family: Family,
    metrics: BTreeMap<MetricLabels, Vec<(Time, PointValue)>>,
}

/// Names and values.
type MetricLabels = Vec<(String, String)>;

impl Collected {
    fn finish(mut self) -> Family {
        self.family.metrics = self.metrics.into_iter().map(|(labels, points)| Metric { labels, points }).collect();
        self.family
    }
}

/// The families in the making.
struct Collection {
    bounds: Vec<f64>,
    by_name: BTreeMap<String, Collected>,
}

impl Collection {
    /// What clients see.
    fn clients(&mut self, scrape: &Scrape) {
        let count = &scrape.clients;
        let target = [("job", CLIENTS.to_owned()), (INSTANCE, CLIENTS.to_owned())];
        let by_status = [("success", count.succeeded), ("failure", count.failed), ("timeout", count.given_up)];
        for (status, number) in by_status {
            let help = || "Requests that clients have seen end; timeout: those that they gave up.".into();
            let value = PointValue::Number(number as f64);
            let extra = [("status", status)];
            self.add("client_requests_total", FamilyKind::Counter, &help, &target, &extra, scrape.at, value);
        }
        let help = || "Seconds from sending a request to its answer, or to when its client gave up.".into();
        let value = buckets(&count.times);
        self.add("client_request_duration_seconds", FamilyKind::Histogram, &help, &target, &[], scrape.at, value);
    }

    #[expect(clippy::too_many_arguments, reason = "they are the parts of a point")]
    fn add(
        &mut self,
        name: &str,
        kind: FamilyKind,
        help: &dyn Fn() -> String,
        target: &[(&str, String); 2],
        extra: &[(&str, &str)],
        at: Time,
        value: PointValue,
    ) {
        let name = match kind {
            FamilyKind::Counter => name.strip_suffix("_total").unwrap_or(name),
            FamilyKind::Gauge | FamilyKind::Histogram => name,
        };
        let bounds = if kind == FamilyKind::Histogram { self.bounds.clone() } else { Vec::new() };
        let collected = self.by_name.entry(name.to_owned()).or_insert_with(|| Collected {
            family: Family { name: name.to_owned(), kind, help: help(), bounds, metrics: Vec::new() },
            metrics: BTreeMap::new(),
        });
        let target = target.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
        let extra = extra.iter().map(|&(key, value)| (key.to_owned(), value.to_owned()));
        let mut labels: Vec<(String, String)> = target.chain(extra).collect();
        labels.sort_unstable();
        collected.metrics.entry(labels).or_default().push((at, value));
    }
}
