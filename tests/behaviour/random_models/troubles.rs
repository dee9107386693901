//! Random troubles: probes that restart, faults and deploys.

use proptest::prelude::*;

use super::{maybe, one_of};

/// A deploy of the service of the first fault, with times and choices that follow from those of the fault.
fn deploy(faults: &[(&str, String, u32, u32, &str)]) -> String {
    let Some(&(service, _, from, lasts, _)) = faults.first() else { return String::new() };
    if service == "db" {
        return String::new();
    }
    let signal = ["drain", "exit", "ignore"][(from % 3) as usize];
    let strategy = [
        "strategy = \"recreate\"",
        "max_surge = 1\nmax_unavailable = 0",
        "strategy = \"drain\"\nreplicas = 1",
        "max_unavailable = \"100%\"",
    ][(lasts % 4) as usize];
    let (delay, hook) = (from % 7, lasts % 5);
    format!(
        "[deploys.d]\nservice = \"{service}\"\nat = \"{lasts}ms\"\nstart = \"{delay}ms\"\n{strategy}\n\
         endpoint_delay = \"{delay}ms\"\npre_stop = \"{hook}ms\"\non_sigterm = \"{signal}\"\n"
    )
}

/// Probes, faults and deploys, one time in four.
pub(super) fn troubles() -> impl Strategy<Value = String> {
    let probe = |table: &'static str, endpoint: &'static str| {
        (one_of(&["30ms", "80ms"]), one_of(&["10ms", "100ms"]), 1..=2u32, maybe("initial_delay", &["\"15ms\""]))
            .prop_map(move |(period, timeout, failures, delay)| {
                format!(
                    "[services.{table}]\nendpoint = \"{endpoint}\"\nperiod = \"{period}\"\ntimeout = \"{timeout}\"\n\
                     failure_threshold = {failures}\n{delay}"
                )
            })
    };
    let restart = one_of(&["restart_time = \"0s\"\n", "restart_time = \"20ms\"\n"]);
    let liveness = (probe("front.liveness", "serve"), restart).prop_map(|(probe, restart)| format!("{probe}{restart}"));
    let fault = (
        one_of(&["front", "back", "db"]),
        maybe("replica", &["0"]),
        0..150u32,
        1..100u32,
        one_of(&["\"dead\"", "\"dead\"", "\"dead\"", "{ slow = 3.0 }", "{ latency = \"8ms\" }"]),
    );
    let faults = prop::collection::vec(fault, 0..3).prop_map(|faults| {
        let tables = faults.iter().enumerate().map(|(number, (service, replica, from, lasts, effect))| {
            let to = from + lasts;
            format!(
                "[faults.f{number}]\nservice = \"{service}\"\n{replica}from = \"{from}ms\"\nto = \"{to}ms\"\neffect = {effect}\n"
            )
        });
        tables.collect::<String>() + &deploy(&faults)
    });
    let readiness = prop::option::of(probe("back.readiness", "work"));
    let some = (prop::option::of(liveness), readiness, faults, prop::option::of(autoscale())).prop_map(
        |(liveness, readiness, faults, autoscale)| {
            let [liveness, readiness, autoscale] = [liveness, readiness, autoscale].map(Option::unwrap_or_default);
            format!("{liveness}{readiness}{faults}{autoscale}")
        },
    );
    prop::option::weighted(0.25, some).prop_map(Option::unwrap_or_default)
}

/// The number of replicas follows the requests inside, several times within a run, but not so often that a run in which a client
/// repeats its SYN for two minutes has too many events.
fn autoscale() -> impl Strategy<Value = String> {
    let period = one_of(&["50ms", "100ms"]);
    let target = one_of(&["1", "0.5", "3"]);
    let rule = one_of(&["", "down = { stabilization = \"0s\" }\n", "down = { stabilization = \"30ms\" }\n"]);
    (period, target, one_of(&["0s", "15ms"]), one_of(&["0s", "5ms", "1s"]), rule).prop_map(
        |(period, target, start, grace, rule)| {
            format!(
                "[services.back.autoscale]\nmetric = \"in-flight\"\ntarget = {target}\nmax = 2\nsync_period = \"{period}\"\n\
                 metric_resolution = \"50ms\"\nstart = \"{start}\"\ntermination_grace_period = \"{grace}\"\n{rule}"
            )
        },
    )
}
