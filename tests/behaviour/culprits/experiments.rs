//! Culprits against the experiment: of all capacities of a system, which one lifts the throughput if it is doubled?

use sim::experiment::account::Account;
use sim::experiment::plan::Adjustments;
use sim::experiment::run::runner;

use crate::models::plan;

/// Eighty clients, each of which sends its next request at once: the throughput is the capacity.
const LOAD: &str = r#"
    title = "test"
    [load]
    kind = "closed"
    target = "a.e"
    concurrency = 80
    warm_up = "20s"
    duration = "200s"
"#;

/// A connection of a pool is held for a query and a call.
const HELD_CALL: &str = r#"
    [services.a]
    runtime = "threads"
    threads = $a_threads
    pools = { p = { server = "db", min_size = $a_pool_p, max_size = $a_pool_p } }
    clients = { c = { server = "z", reuse = "shared" } }
    [services.a.endpoints.e]
    steps = [{ with = { pool = "p", steps = [
      { query = { held = "p", time = "exp(20ms)" } },
      { call = { client = "c", endpoint = "e" } },
    ] } }]
    [services.db]
    runtime = "delay"
    [services.z]
    runtime = "threads"
    threads = $z_threads
    [services.z.endpoints.e]
    steps = [{ sleep = "exp(150ms)" }]
"#;

/// A semaphore around a call over few connections to threads on few cores.
const SEMAPHORE: &str = r#"
    [services.a]
    runtime = "threads"
    threads = $a_threads
    limits = { l = { size = $a_limit_l } }
    clients = { c = { server = "z", reuse = "shared", max_connections = $a_client_c } }
    [services.a.endpoints.e]
    steps = [{ sleep = "exp(30ms)" }, { with = { limit = "l", steps = [
      { sleep = "exp(50ms)" },
      { call = { client = "c", endpoint = "e" } },
    ] } }]
    [services.z]
    runtime = "threads"
    threads = $z_threads
    cpu = "$z_CPU"
    [services.z.endpoints.e]
    steps = [{ cpu = "exp(40ms)" }, { sleep = "exp(40ms)" }]
"#;

/// Three services one behind the other, and a semaphore in the last one.
const THREE_DEEP: &str = r#"
    [services.a]
    runtime = "threads"
    threads = $a_threads
    clients = { c = { server = "b", reuse = "shared" } }
    [services.a.endpoints.e]
    steps = [{ sleep = "exp(10ms)" }, { call = { client = "c", endpoint = "e" } }]
    [services.b]
    runtime = "threads"
    threads = $b_threads
    clients = { c = { server = "z", reuse = "shared" } }
    [services.b.endpoints.e]
    steps = [{ sleep = "exp(40ms)" }, { call = { client = "c", endpoint = "e" } }]
    [services.z]
    runtime = "threads"
    threads = $z_threads
    limits = { l = { size = $z_limit_l } }
    [services.z.endpoints.e]
    steps = [{ sleep = "exp(60ms)" }, { with = { limit = "l", steps = [{ sleep = "exp(60ms)" }] } }]
"#;

/// A system, its resources, and some capacities of these, one of which is short.
type Systems = (&'static str, &'static [&'static str], &'static [&'static [u32]]);

const SYSTEMS: &[Systems] = &[
    (
        HELD_CALL,
        &["a threads", "a pool p", "z threads"],
        &[&[60, 5, 3], &[60, 5, 4], &[60, 5, 8], &[60, 12, 3], &[4, 10, 10], &[6, 5, 4], &[8, 20, 6]],
    ),
    (
        SEMAPHORE,
        &["a threads", "a limit l", "a client c", "z threads", "z CPU"],
        &[
            &[60, 8, 20, 20, 4],
            &[60, 8, 20, 3, 4],
            &[60, 8, 20, 20, 1],
            &[60, 8, 2, 20, 4],
            &[5, 20, 20, 20, 4],
            &[60, 12, 8, 6, 3],
            &[60, 20, 12, 10, 5],
        ],
    ),
    (
        THREE_DEEP,
        &["a threads", "b threads", "z threads", "z limit l"],
        &[&[30, 20, 10, 4], &[30, 20, 6, 8], &[30, 5, 10, 8], &[5, 10, 10, 10], &[30, 8, 7, 6], &[30, 10, 8, 3]],
    ),
];

/// The throughput, and what is said to limit it.
fn measure(system: &str, names: &[&str], capacities: &[u32]) -> (f64, String) {
    let mut text = format!("{LOAD}{system}");
    for (name, capacity) in names.iter().zip(capacities) {
        text = text.replace(&format!("${}", name.replace(' ', "_")), &capacity.to_string());
    }
    let plan = plan(&text, &Adjustments::default().replications(2));
    let account = Account::of_trials(&plan, runner::run(&plan, &runner::Progress::default()));
    let summary = &account.summaries[0];
    (summary.throughput_per_min.unwrap().estimate, summary.saturated.clone().unwrap_or_default())
}

/// What is named is what brings most if it is doubled, or at least half of that.
#[test]
fn the_culprit_is_what_lifts_the_throughput_if_it_is_doubled() {
    lifts_if_doubled(0..1);
}

#[test]
#[ignore = "long: five or six more capacities of each system"]
fn the_culprit_of_any_capacities_is_what_lifts_the_throughput_if_it_is_doubled() {
    lifts_if_doubled(1..7);
}

/// The same of some of the capacities of each system.
fn lifts_if_doubled(some: std::ops::Range<usize>) {
    let mut wrong = String::new();
    for &(system, names, all) in SYSTEMS {
        for &capacities in &all[some.start..some.end.min(all.len())] {
            let (throughput, named) = measure(system, names, capacities);
            let gain = |index: usize| {
                let mut doubled = capacities.to_vec();
                doubled[index] *= 2;
                measure(system, names, &doubled).0 / throughput - 1.0
            };
            let gains: Vec<f64> = (0..names.len()).map(gain).collect();
            let best = gains.iter().copied().fold(0.0, f64::max);
            assert!(best > 0.08, "nothing helps: {names:?} {capacities:?} {gains:.2?}");
            let of_named = names.iter().position(|&name| name == named).map_or(0.0, |index| gains[index]);
            if of_named < 0.5 * best {
                wrong += &format!("{names:?} {capacities:?}: {named} is named, but doubling brings {gains:.2?}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
