//! No two draws of a run share a key: what a step draws in one round of a loop, one attempt or one branch says nothing
//! of any other. Debug builds record the keys.

use std::ops::Range;
use std::path::PathBuf;

use rayon::prelude::*;
use sim::experiment::plan::{Adjustments, Plan};
use sim::load::trial;
use sim::model::{Load, System};
use sim::parts::Limits;
use sim::parts::draws::{Recorded, recorded};

use crate::models::bench;
use crate::random_models::nth;

/// Runs a trial, or its first events.
fn keys(system: &System, load: &Load, most_events: u64) -> Recorded {
    let limits = Limits { max_events: Some(most_events), ..Limits::default() };
    recorded(|| {
        trial(system, load, 5, 0, &limits);
    })
}

/// A shop whose requests run these steps, in front of a service behind, a database and a queue with two consumers.
fn shop(steps: &str) -> String {
    format!(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "20/s"
        duration = "10s"
        warm_up = "1s"
        timeout = "2s"
        retry = {{ attempts = 3, backoff = "10ms" }}
        [services.back]
        runtime = "delay"
        [services.back.endpoints]
        work = {{ steps = [{{ repeat = {{ times = 2, steps = [{{ sleep = "exp(1ms)" }}] }} }},
                           {{ choose = [{{ probability = 0.3, steps = [{{ fail = "no" }}] }}] }}] }}
        [queues.jobs]
        delivery_time = "exp(1ms)"
        consumers.one = {{ service = "back", endpoint = "work", retries = 3 }}
        consumers.two = {{ service = "back", endpoint = "work", retries = 2, retry_delay = "5ms" }}
        [services.shop]
        runtime = "delay"
        [services.shop.clients.back]
        server = "back"
        round_trip = "exp(1ms)"
        [services.shop.endpoints]
        serve = {{ steps = [{steps}] }}
        "#
    )
}

const SLEEP: &str = "{ sleep = \"exp(2ms)\" }, { cpu = \"exp(1ms)\" }";
const COIN: &str = "{ choose = [{ probability = 0.5, steps = [{ fail = \"no\" }] }] }";

/// What goes round, with `STEPS` inside.
const AROUND: [&str; 9] = [
    "{ repeat = { times = 3, steps = [STEPS] } }",
    "{ retry = { attempts = 3, backoff = \"1ms\", jitter = \"full\", steps = [STEPS] } }",
    "{ hedge = { after = \"1ms\", max = 3, steps = [STEPS] } }",
    "{ fallback = { steps = [STEPS], otherwise = [{ sleep = \"exp(1ms)\" }] } }",
    "{ timeout = { after = \"20ms\", steps = [STEPS] } }",
    "{ parallel = { branches = [[STEPS], [STEPS]] } }",
    "{ choose = [{ probability = 0.5, steps = [STEPS] }, { probability = 0.5, steps = [STEPS] }] }",
    "{ call = { client = \"back\", endpoint = \"work\" } }, STEPS",
    "{ publish = { queue = \"jobs\" } }, { notify = { client = \"back\", endpoint = \"work\" } }, STEPS",
];

/// One way in eight of putting three of these into each other, with a draw beside each.
#[test]
fn nests_three_deep_draw_independently() {
    draw_independently((0..AROUND.len().pow(3)).step_by(8), 125_000);
}

#[test]
#[ignore = "long: all 729 nests"]
fn all_nests_three_deep_draw_independently() {
    draw_independently((0..AROUND.len().pow(3)).step_by(1), 1_000_000);
}

fn draw_independently(numbers: impl Iterator<Item = usize>, fewest: usize) {
    let nests: Vec<String> = numbers
        .map(|number| {
            (0..3).fold(format!("{SLEEP}, {COIN}"), |steps, place| {
                let around = AROUND[number / AROUND.len().pow(place) % AROUND.len()];
                format!("{}, {SLEEP}", around.replace("STEPS", &steps))
            })
        })
        .collect();
    let seen: usize = nests
        .par_iter()
        .map(|steps| {
            let bench = bench(&shop(steps));
            let recorded = keys(&bench.system, &bench.load, 8_000);
            assert!(recorded.clashes.is_empty(), "{}\n{steps}", recorded.clashes[0]);
            recorded.keys
        })
        .sum();
    assert!(seen > fewest, "{seen} keys");
}

#[test]
fn random_models_draw_independently() {
    models_draw_independently(0..60);
}

#[test]
#[ignore = "long: 240 more random models"]
fn more_random_models_draw_independently() {
    models_draw_independently(60..300);
}

fn models_draw_independently(models: Range<u64>) {
    let seen: usize = models
        .into_par_iter()
        .map(|number| {
            let text = nth(number);
            let bench = bench(&text);
            let recorded = keys(&bench.system, &bench.load, 100_000);
            assert!(recorded.clashes.is_empty(), "{number}: {}\n{text}", recorded.clashes[0]);
            recorded.keys
        })
        .sum();
    assert!(seen > 100_000, "{seen} keys");
}

#[test]
fn shipped_experiments_draw_independently() {
    let files = |folder: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("what is shipped");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
    };
    let files: Vec<PathBuf> = files("experiments").into_iter().chain(files("models")).collect();
    assert!(files.len() > 20);
    files.par_iter().for_each(|file| {
        let Ok(plan) = Plan::read(file, &Adjustments::default()) else {
            return; // a model without a load of its own
        };
        // Each variant at its first and its last point.
        let ends = |variant: usize| {
            let points = plan.points.iter().filter(move |point| point.variant == variant);
            points.clone().next().into_iter().chain(points.clone().next_back())
        };
        for point in (0..plan.variants.len()).flat_map(ends) {
            let recorded = keys(&point.system, &point.load, 3_000);
            assert!(recorded.clashes.is_empty(), "{}: {}", file.display(), recorded.clashes[0]);
            assert!(recorded.keys > 30, "{}: {} keys", file.display(), recorded.keys);
        }
    });
}

/// The record tells draws with one key apart: a trial that is run twice makes all of its draws again.
#[test]
fn draws_that_share_a_key_are_found() {
    let bench = bench(&shop(SLEEP));
    let twice = recorded(|| {
        for _ in 0..2 {
            trial(&bench.system, &bench.load, 5, 0, &Limits { max_events: Some(1_000), ..Limits::default() });
        }
    });
    assert!(twice.keys > 100 && twice.clashes.len() >= twice.keys, "{} of {}", twice.clashes.len(), twice.keys);
}
