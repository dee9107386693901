//! Random troubles: probes that restart, and faults.

use proptest::prelude::*;

use super::{maybe, one_of};

/// Probes and faults, one time in four.
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
        tables.collect::<String>()
    });
    let some = (prop::option::of(liveness), prop::option::of(probe("back.readiness", "work")), faults).prop_map(
        |(liveness, readiness, faults)| {
            format!("{}{}{faults}", liveness.unwrap_or_default(), readiness.unwrap_or_default())
        },
    );
    prop::option::weighted(0.25, some).prop_map(Option::unwrap_or_default)
}
