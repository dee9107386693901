//! Random steps of a handler, nested a few deep.

use proptest::prelude::*;

use super::{one_of, time};

/// What the steps of a service may use.
#[derive(Clone, Copy)]
pub(super) struct Means {
    /// An executor.
    pub(super) threads: bool,
    /// Calls to the service behind.
    pub(super) calls: bool,
    /// The limits of the whole system.
    pub(super) shared: bool,
    /// A queue that the service behind consumes, and a view that it feeds.
    pub(super) queue: bool,
}

fn leaf(means: Means) -> BoxedStrategy<String> {
    let Means { threads, calls, queue, .. } = means;
    prop_oneof![
        3 => time().prop_map(|time| format!("{{ cpu = {time} }}")),
        2 => (time(), any::<bool>()).prop_map(move |(time, thread)| {
            let on = match (thread && threads, time.contains("20ms")) {
                (false, _) => "",
                (true, false) => ", on = \"thread\"",
                (true, true) => ", on = \"thread\", holds_gil = true",
            };
            format!("{{ hash = {{ cpu = {time}{on} }} }}")
        }),
        2 => time().prop_map(|time| format!("{{ sleep = {time} }}")),
        1 => time().prop_map(|time| format!("{{ sleep = {{ time = {time}, blocking = true }} }}")),
        3 => (time(), any::<bool>(), blocking()).prop_map(|(time, transaction, blocking)| {
            format!("{{ query = {{ pool = \"main\", time = {time}, transaction = {transaction}, writes = {transaction}{blocking} }} }}")
        }),
        2 => (one_of(&["counter", "share", "way"]), time()).prop_map(|(station, time)| {
            format!("{{ visit = {{ station = \"{station}\", time = {time} }} }}")
        }),
        3 => (time(), blocking()).prop_map(move |(time, blocking)| {
            if calls {
                let background = time.contains("20ms");
                let keys = if background { ", probability = 0.6" } else { blocking };
                let step = if background { "notify" } else { "call" };
                format!("{{ {step} = {{ client = \"back\", endpoint = \"work\"{keys} }} }}")
            } else {
                format!("{{ cpu = {time} }}")
            }
        }),
        2 => events(queue, calls),
        1 => Just("{ choose = [{ probability = 0.1, steps = [{ fail = \"bad luck\" }] }] }".to_owned()),
    ]
    .boxed()
}

/// Whether a wait blocks the event loop.
fn blocking() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&["", "", ", blocking = true"])
}

/// Steps of who publishes, or of who consumes, if there is a queue.
fn events(queue: bool, publishes: bool) -> BoxedStrategy<String> {
    let steps: &'static [&'static str] = if !queue {
        &["{ sleep = \"2ms\" }"]
    } else if publishes {
        &[
            "{ publish = { queue = \"jobs\" } }",
            "{ publish = { queue = \"jobs\" } }",
            "{ respond = {} }",
            "{ read = { view = \"state\" } }",
        ]
    } else {
        &["{ project = { view = \"state\" } }"]
    };
    one_of(steps).prop_map(str::to_owned).boxed()
}

pub(super) fn step(means: Means) -> impl Strategy<Value = String> {
    prop_oneof![6 => tree(means).boxed(), 1 => nest(means).boxed()].boxed()
}

/// Loops, retries and hedges three deep.
fn nest(means: Means) -> impl Strategy<Value = String> {
    (rounds(), rounds(), rounds(), leaf(means)).prop_map(|(outer, middle, inner, step)| {
        [inner, middle, outer].iter().fold(in_branch(&step), |steps, around| around.replace("STEPS", &steps))
    })
}

fn tree(means: Means) -> impl Strategy<Value = String> {
    leaf(means).prop_recursive(3, 12, 3, move |inner| {
        let steps = || prop::collection::vec(inner.clone(), 1..=3).prop_map(|steps| steps.join(", "));
        let held = (steps(), time(), any::<bool>(), blocking()).prop_map(|(steps, time, query, blocking)| {
            let query = match query {
                true => format!(", {{ query = {{ held = \"main\", time = {time}, writes = true{blocking} }} }}"),
                false => String::new(),
            };
            format!("{{ with = {{ pool = \"main\"{blocking}, steps = [{steps}{query}] }} }}")
        });
        let shared = means.shared;
        let job = (prop::collection::vec(leaf(means), 1..=2), any::<bool>(), any::<bool>()).prop_map(
            move |(steps, holds_gil, held)| {
                let steps = in_thread(&steps.join(", "));
                match (means.threads, held) {
                    (false, _) => format!("{{ repeat = {{ times = 1, steps = [{steps}] }} }}"),
                    (true, false) => format!("{{ thread = {{ holds_gil = {holds_gil}, steps = [{steps}] }} }}"),
                    (true, true) => format!(
                        "{{ with = {{ pool = \"main\", steps = [{{ thread = {{ steps = [{{ query = {{ held = \"main\", \
                         time = \"1ms\" }} }}, {steps}] }} }}] }} }}"
                    ),
                }
            },
        );
        prop_oneof![
            2 => held,
            2 => job,
            1 => (steps(), blocking()).prop_map(|(steps, blocking)| format!("{{ with = {{ limit = \"gate\"{blocking}, steps = [{steps}] }} }}")),
            1 => steps().prop_map(move |steps| {
                let kind = if shared { "shared = \"all\"" } else { "limit = \"gate\"" };
                format!("{{ with = {{ {kind}, steps = [{steps}] }} }}")
            }),
            2 => (guard(), steps()).prop_map(|(guard, steps)| guard.replace("STEPS", &in_branch(&steps))),
            1 => (steps(), steps()).prop_map(|(a, b)| format!("{{ parallel = {{ branches = [[{}], [{}]] }} }}", in_branch(&a), in_branch(&b))),
            1 => (steps(), steps()).prop_map(|(a, b)| format!("{{ fallback = {{ steps = [{a}], otherwise = [{b}] }} }}")),
            1 => (steps(), steps(), one_of(&["{ zipf = { keys = 3, exponent = 1.0 } }", "{ uniform = { keys = 2 } }", "\"unique\""])).prop_map(
                |(hit, miss, key)| format!("{{ cache = {{ name = \"memo\", key = {key}, hit = [{hit}], miss = [{miss}] }} }}")
            ),
            1 => (1..4u32, steps()).prop_map(|(times, steps)| format!("{{ repeat = {{ times = {times}, steps = [{steps}] }} }}")),
            1 => (steps(), steps()).prop_map(|(a, b)| format!(
                "{{ choose = [{{ probability = 0.3, steps = [{a}] }}, {{ probability = 0.5, steps = [{b}] }}] }}"
            )),
        ]
    })
}

/// A job in a thread has its thread already, and does not answer for its request.
fn in_thread(steps: &str) -> String {
    in_branch(steps).replace(", on = \"thread\"", "")
}

/// A branch does not answer for its request.
fn in_branch(steps: &str) -> String {
    steps.replace("{ respond = {} }", "{ cpu = \"0s\" }")
}

/// What does its steps several times, or tries them several times. A `cpu` step behind the steps makes the rounds of
/// what is around them differ.
fn rounds() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&[
        "{ repeat = { times = 2, steps = [STEPS, { cpu = \"exp(1ms)\" }] } }",
        "{ repeat = { times = 3, steps = [STEPS] } }",
        "{ repeat = { again = 0.4, times = 5, steps = [STEPS] } }",
        "{ retry = { attempts = 2, steps = [STEPS, { choose = [{ probability = 0.3, steps = [{ fail = \"bad luck\" }] }] }] } }",
        "{ retry = { attempts = 3, backoff = \"1ms\", jitter = \"full\", steps = [STEPS] } }",
        "{ hedge = { after = \"1ms\", steps = [STEPS] } }",
        "{ hedge = { after = \"2ms\", max = 3, steps = [STEPS, { sleep = \"exp(2ms)\" }] } }",
    ])
}

fn guard() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&[
        "{ retry = { attempts = 3, backoff = \"2ms\", jitter = \"full\", steps = [STEPS] } }",
        "{ retry = { attempts = 2, budget = { ratio = 0.2, max_tokens = 2 }, on = [\"shed\", \"timed out\"], steps = [STEPS] } }",
        "{ timeout = { after = \"10ms\", steps = [STEPS] } }",
        "{ timeout = { after = \"40ms\", propagate = true, steps = [STEPS] } }",
        "{ breaker = { name = \"fuse\", steps = [STEPS] } }",
        "{ hedge = { after = \"5ms\", steps = [STEPS] } }",
        "{ hedge = { after = \"10ms\", max = 3, steps = [STEPS] } }",
    ])
}
