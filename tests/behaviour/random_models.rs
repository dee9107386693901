//! Random small models, as TOML text: a service in front of another one and of a database, with random steps,
//! resources, troubles and loads.

mod loads;
mod services;
mod steps;
mod troubles;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};

pub(crate) use loads::{finite, load, patience};
use services::{client, ingress, queue, runtime, service, stations};
use steps::{Means, step};
use troubles::troubles;

use crate::models::bench;

/// The n-th random model with its load: the same text for the same number, on every machine.
pub(crate) fn nth(number: u64) -> String {
    let mut runner = TestRunner::new(ProptestConfig { rng_seed: RngSeed::Fixed(number), ..ProptestConfig::default() });
    let texts = (load(), system(false)).prop_map(|(load, system)| format!("{load}{system}"));
    texts.new_tree(&mut runner).expect("strategies that reject nothing").current()
}

/// One of these texts.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(texts)
}

/// Nothing, or a line `key = value` with one of these values.
fn maybe(key: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop::option::weighted(0.4, one_of(values))
        .prop_map(move |value| value.map_or_else(String::new, |value| format!("{key} = {value}\n")))
}

fn time() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&[
        "\"0s\"",
        "\"1ms\"",
        "\"3ms\"",
        "\"exp(5ms)\"",
        "\"exp(20ms)\"",
        "{ uniform = { min = \"1ms\", max = \"9ms\" } }",
        "{ lognormal = { mean = \"8ms\", cv = 1.5 } }",
    ])
}

/// A system of two services, a database, stations and perhaps a queue. Circles through calls are those in which a
/// service behind waits for a limit of the whole system that the caller may hold.
pub(crate) fn system(circles_through_calls: bool) -> impl Strategy<Value = String> {
    let database = one_of(&[
        "runtime = \"delay\"",
        "runtime = \"threads\"\ncpu = \"1\"",
        "runtime = \"threads\"\nreplicas = 2\ncpu = \"500m\"",
        "runtime = \"delay\"\nmax_connections = 25",
        "runtime = \"delay\"\ndisk = { fsync = \"exp(4ms)\" }",
        "runtime = \"threads\"\nreplicas = 2\ndisk = { fsync = \"3ms\", group_commit = false }",
        "runtime = \"threads\"\ncpu = \"1\"\ndisk = { fsync = \"2ms\", commit_delay = \"1ms\", commit_siblings = 1 }",
        "runtime = \"threads\"\nreplicas = 2\ncpu = \"1\"\nmax_connections = 14",
    ]);
    (runtime(), runtime(), prop::option::of(queue())).prop_flat_map(move |(front, back, queue)| {
        let means = Means { threads: front == "event-loop", calls: true, shared: true, queue: queue.is_some() };
        let queue = queue.unwrap_or_default();
        let behind = Means { threads: back == "event-loop", calls: false, shared: circles_through_calls, queue: !queue.is_empty() };
        (
            // In boxes: their values in one frame overflow the stack of a test.
            stations().boxed(),
            database.clone(),
            service("front", front).boxed(),
            client().boxed(),
            (service("back", back).boxed(), ingress()).prop_map(|(back, ingress)| back + &ingress),
            prop::collection::vec(step(means).boxed(), 1..=4),
            prop::collection::vec(step(behind).boxed(), 1..=2),
            (troubles(), any::<bool>()).boxed(),
        )
            .prop_map(move |(stations, database, front, client, back, steps, behind, (troubles, own))| {
                let troubles = if own { with_own_threads(&troubles, &front, &back) } else { troubles };
                format!(
                    "{troubles}{stations}{queue}[services.db]\n{database}\n{front}{client}[services.front.endpoints]\n\
                     serve = {{ steps = [{{ sleep = \"1ms\" }}, {}] }}\n{back}[services.back.endpoints]\nwork = {{ steps = [{}] }}\n",
                    steps.join(", "),
                    behind.join(", ")
                )
            })
    })
}

/// Probes with threads of their own, of the services that have a limited number of threads.
fn with_own_threads(troubles: &str, front: &str, back: &str) -> String {
    // Other tables, such as that of a garbage collector, have `threads` too.
    let has_threads = |service: &str| {
        let own = service.split("\n[").next().unwrap_or_default();
        own.contains("runtime = \"threads\"") && own.contains("\nthreads = ")
    };
    let own = |table: &str, service: &str, troubles: String| match has_threads(service) {
        true => {
            troubles.replace(&format!("[services.{table}]\n"), &format!("[services.{table}]\nown_threads = true\n"))
        }
        false => troubles,
    };
    own("back.readiness", back, own("front.liveness", front, troubles.to_owned()))
}

#[test]
fn the_nth_model_is_always_the_same_and_is_sound() {
    let models: Vec<String> = (0..50).map(nth).collect();
    assert_eq!(models, (0..50).map(nth).collect::<Vec<_>>());
    for (number, text) in models.iter().enumerate() {
        assert!(!models[..number].contains(text), "{number} is one of those before it");
        bench(text);
    }
}
