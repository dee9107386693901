//! The simulator against queueing systems with a known answer: the 99 % interval over independent replications must
//! contain the exact value, and must be so narrow that a wrong value would fall outside.

mod caches;
mod closed;
mod guards;
mod mixed;
mod orders;
mod queues;
mod services;
mod stations;

use sim::parts::Outcome;
use sim::statistics::Interval;
use sim::statistics::theory;

use crate::models::{Bench, bench, resource};

const REPLICATIONS: u64 = 20;

/// Relative half-width that every interval must keep within.
const NARROW: f64 = 0.03;

fn interval<T>(runs: &[T], figure: impl Fn(&T) -> f64) -> Interval {
    let values: Vec<f64> = runs.iter().map(figure).collect();
    Interval::mean_of(&values, 0.99).expect("finite figures")
}

#[track_caller]
fn agrees<T>(what: &str, runs: &[T], figure: impl Fn(&T) -> f64, exact: f64) {
    let seen = interval(runs, figure);
    assert!(seen.contains(exact), "{what}: {exact} is not in {seen:?}");
    assert!(seen.relative_half_width() < NARROW, "{what}: {seen:?} is too wide to show anything");
}

fn response(outcome: &Outcome) -> f64 {
    outcome.response_times.mean().expect("successes") / 1e9
}

fn quantile(q: f64) -> impl Fn(&Outcome) -> f64 {
    move |outcome| outcome.response_times.quantile(q).expect("successes") as f64 / 1e9
}

fn throughput(outcome: &Outcome) -> f64 {
    outcome.throughput_per_min().unwrap() / 60.0
}

fn utilisation(name: &str) -> impl Fn(&Outcome) -> f64 {
    move |outcome| resource(outcome, name).utilisation
}

/// Mean number waiting or at work at a resource.
fn present(name: &str) -> impl Fn(&Outcome) -> f64 {
    move |outcome| {
        let resource = resource(outcome, name);
        resource.in_use + resource.queue
    }
}

/// Poisson arrivals at `shop.serve`, measured for so many seconds after a tenth of them.
fn open(rate: f64, seconds: u32, shop: &str) -> Bench {
    let warm_up = seconds / 10;
    bench(&format!(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "{rate}/s"
        warm_up = "{warm_up}s"
        duration = "{seconds}s"
        {shop}
        "#
    ))
}

/// A shop whose requests visit these stations (name, keys, time), one after the other.
fn stations(visits: &[(&str, &str, &str)]) -> String {
    let steps: String = visits
        .iter()
        .map(|(name, _, time)| format!("{{ visit = {{ station = \"{name}\", time = {time} }} }},"))
        .collect();
    let stations: String = visits.iter().map(|(name, keys, _)| format!("[stations.{name}]\n{keys}\n")).collect();
    format!("{stations}\n[services.shop]\nruntime = \"delay\"\n[services.shop.endpoints.serve]\nsteps = [{steps}]\n")
}

/// A shop that is a service with these keys and steps.
fn service(keys: &str, steps: &str) -> String {
    format!("[services.shop]\n{keys}\n[services.shop.endpoints.serve]\nsteps = [{steps}]\n")
}
