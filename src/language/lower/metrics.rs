//! Metrics as meant: templates become names, and two metrics never share one.

use std::collections::HashMap;

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Duration, Metrics};
use crate::model::{ClientMetrics, EndpointMetrics, MetricsPlan, PoolMetrics};

/// Upper bounds in milliseconds. Those up to 10 s are `DefBuckets` of Prometheus' client for Go; load tests reach further.
const BUCKETS: [u64; 15] = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 15_000, 20_000, 30_000, 60_000];

/// Buckets of a histogram at most.
const MOST_BUCKETS: usize = 200;

/// What the program exports beside the metrics that a model names.
const OWN: [&str; 6] = [
    "up",
    "process_cpu_seconds",
    "process_open_fds",
    "process_max_fds",
    "client_requests",
    "client_request_duration_seconds",
];

/// What a metric is, which decides how its name ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric of a part: the key that names it, what it is, what the model writes for the part and for all such parts, and the
/// default.
type Wanted<'a> = (&'static str, Kind, &'a Option<String>, &'a Option<String>, &'static str);

/// Families that have a name, and how many were given a number because another one had theirs.
type Taken = HashMap<String, u32>;

/// The part that metrics are of.
#[derive(Clone, Copy)]
struct Part<'a> {
    /// Its table in the model.
    at: At<'a>,
    /// The word that stands for its name in templates.
    word: &'static str,
    /// The table of the templates for such parts.
    table: &'static str,
    service: &'a str,
    name: &'a str,
}

impl Lowering<'_> {
    /// The metrics, once there are services and endpoints.
    pub(super) fn metrics(&mut self) {
        let model = self.model;
        let metrics = &model.metrics;
        let mut taken: Taken = OWN.iter().map(|&name| (name.to_owned(), 1)).collect();
        let mut plan = MetricsPlan { buckets: self.buckets(metrics), ..MetricsPlan::default() };
        let services = At::Root.key("services");
        for (service, table) in &model.services {
            let at = services.key(service);
            let all = at.key("endpoints");
            for (name, endpoint) in &table.endpoints {
                let part = Part { at: all.key(name), word: "endpoint", table: "endpoints", service, name };
                let (own, of) = (&endpoint.metrics, &metrics.endpoints);
                let requests = "{service}_{endpoint}_requests_total";
                let duration = "{service}_{endpoint}_duration_seconds";
                let wanted = [
                    ("requests", Kind::Counter, &own.requests, &of.requests, requests),
                    ("duration", Kind::Histogram, &own.duration, &of.duration, duration),
                    ("in_flight", Kind::Gauge, &own.in_flight, &of.in_flight, "{service}_{endpoint}_in_flight"),
                ];
                let [requests, duration, in_flight] = wanted.map(|wanted| self.metric(part, wanted, &mut taken));
                plan.endpoints.push(EndpointMetrics { requests, duration, in_flight });
            }
            let all = at.key("clients");
            let clients = table.clients.iter().map(|(name, client)| {
                let part = Part { at: all.key(name), word: "client", table: "clients", service, name };
                let (own, of) = (&client.metrics, &metrics.clients);
                let requests = "{service}_{client}_client_requests_total";
                let latency = "{service}_{client}_client_latency_seconds";
                let wanted = [
                    ("requests", Kind::Counter, &own.requests, &of.requests, requests),
                    ("errors", Kind::Counter, &own.errors, &of.errors, "{service}_{client}_client_errors_total"),
                    ("latency", Kind::Histogram, &own.latency, &of.latency, latency),
                ];
                let [requests, errors, latency] = wanted.map(|wanted| self.metric(part, wanted, &mut taken));
                ClientMetrics { requests, errors, latency }
            });
            plan.clients.push(clients.collect());
            let all = at.key("pools");
            let pools = table.pools.iter().map(|(name, pool)| {
                let part = Part { at: all.key(name), word: "pool", table: "pools", service, name };
                let (own, of) = (&pool.metrics, &metrics.pools);
                let wanted = [
                    ("in_use", Kind::Gauge, &own.in_use, &of.in_use, "{service}_{pool}_pool_in_use"),
                    ("waiting", Kind::Gauge, &own.waiting, &of.waiting, "{service}_{pool}_pool_waiting"),
                    ("size", Kind::Gauge, &own.size, &of.size, "{service}_{pool}_pool_size"),
                ];
                let [in_use, waiting, size] = wanted.map(|wanted| self.metric(part, wanted, &mut taken));
                PoolMetrics { in_use, waiting, size }
            });
            plan.pools.push(pools.collect());
        }
        self.system.metrics = plan;
    }

    fn buckets(&mut self, metrics: &Metrics) -> Vec<Time> {
        let Some(buckets) = &metrics.buckets else {
            return BUCKETS.iter().map(|ms| Time(ms * 1_000_000)).collect();
        };
        let all = At::Root.key("metrics");
        let at = all.key("buckets");
        if buckets.is_empty() || buckets.len() > MOST_BUCKETS {
            let title = format!("a histogram has from 1 to {MOST_BUCKETS} buckets");
            self.complain(Complaint::at(at, title, format!("these are {}", buckets.len())));
        }
        let mut before = 0;
        for (index, &Duration(bound)) in buckets.iter().enumerate() {
            if bound <= before {
                let complaint =
                    Complaint::at(at.index(index), "the bounds of buckets ascend from above zero", "too low");
                self.complain(complaint.help("sort the bounds and remove equal ones"));
                break;
            }
            before = bound;
        }
        buckets.iter().map(|&Duration(bound)| Time(bound)).collect()
    }

    /// The name of a metric. One that a default makes ambiguous gets a number.
    fn metric(&mut self, part: Part<'_>, wanted: Wanted<'_>, taken: &mut Taken) -> String {
        let (key, kind, own_name, template, default) = wanted;
        let (own, all) = (part.at.key("metrics"), At::Root.key("metrics"));
        let of_all = all.key(part.table);
        let (text, at) = match (own_name, template) {
            (Some(name), _) => (name.as_str(), Some(own.key(key))),
            (None, Some(template)) => (template.as_str(), Some(of_all.key(key))),
            (None, None) => (default, None),
        };
        let mut name = text.replace("{service}", &cleaned(part.service));
        name = name.replace(&format!("{{{}}}", part.word), &cleaned(part.name));
        if at.is_none() && name.starts_with(|first: char| first.is_ascii_digit()) {
            name.insert(0, '_');
        }
        if let Some(at) = at {
            if let Some((label, help)) = wrong(&name, kind, part.word) {
                let complaint = Complaint::at(at, format!("`{name}` is no name for this metric"), label);
                self.complain(complaint.help(help));
                return name;
            }
            if taken.insert(family(&name).to_owned(), 1).is_some() {
                let title = format!("two metrics have the name `{name}`");
                let complaint = Complaint::at(at, title, "another metric has this name");
                let help = format!("use `{{service}}` and `{{{}}}` in a template, so that names differ", part.word);
                self.complain(complaint.help(help));
            }
            return name;
        }
        let (stem, suffix) = name.strip_suffix("_total").map_or((name.as_str(), ""), |stem| (stem, "_total"));
        let mut numbered = name.clone();
        while taken.contains_key(family(&numbered)) {
            let number = taken.entry(stem.to_owned()).or_insert(1);
            *number += 1;
            numbered = format!("{stem}_{number}{suffix}");
        }
        taken.insert(family(&numbered).to_owned(), 1);
        numbered
    }
}

/// The name of the metric family: that of a counter lacks the suffix.
fn family(name: &str) -> &str {
    name.strip_suffix("_total").unwrap_or(name)
}

/// A name of the model in the characters that names of metrics have.
fn cleaned(name: &str) -> String {
    name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect()
}

/// What is wrong with a name, and what would be right.
fn wrong(name: &str, kind: Kind, word: &str) -> Option<(String, String)> {
    if name.contains('{') {
        let known = format!("`{{service}}` and `{{{word}}}` are the names that can stand here");
        return Some(("an unknown name in braces".into(), known));
    }
    let is_letter = |it: char| it.is_ascii_alphabetic() || it == '_' || it == ':';
    let is_name = name.starts_with(is_letter) && name.chars().all(|it| is_letter(it) || it.is_ascii_digit());
    if !is_name {
        let help = "letters, digits and `_`, and no digit first (Prometheus: [a-zA-Z_:][a-zA-Z0-9_:]*)";
        return Some(("a character that names of metrics cannot have".into(), help.into()));
    }
    let ends_in = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
    match kind {
        Kind::Counter if !name.ends_with("_total") || name == "_total" => {
            Some(("the name of a counter ends in `_total`".into(), format!("write `{name}_total`")))
        }
        Kind::Gauge | Kind::Histogram if ends_in(&["_total", "_bucket", "_count", "_sum", "_created", "_info"]) => {
            let label = "this suffix belongs to counters and histograms";
            Some((label.into(), "leave the suffix out (OpenMetrics 1.0, Suffixes)".into()))
        }
        _ => None,
    }
}
