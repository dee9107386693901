//! Trials that measure nothing, because a limit ends them first, and tests that take no time.

use serde_json::Value;

use super::place::Place;

/// One arrival a second on average; the window opens after a hundred of them.
const MODEL: &str = r#"
[load]
kind = "open"
target = "shop.serve"
rate = "1/s"
warm_up = "100s"
duration = "100s"
[stations.s]
[services.shop]
runtime = "delay"
[services.shop.endpoints.serve]
steps = [{ visit = { station = "s", time = "exp(100ms)" } }]
"#;

const CLAIMS: &str = r#"
[[hypotheses]]
claim = "it survives"
expect = { survives = {} }
[[hypotheses]]
claim = "at least"
expect = { at-least = { metric = "success_rate", value = 0.9 } }
[[hypotheses]]
claim = "at most"
expect = { at-most = { metric = "success_rate", value = 0.1 } }
[[hypotheses]]
claim = "slow"
expect = { at-most = { metric = "throughput_per_min", value = 10 } }
"#;

#[test]
fn what_measured_nothing_decides_nothing() {
    let place = Place::new();
    place.put("m.toml", MODEL);
    place.put("e.toml", &format!("title = \"e\"\nmodel = \"m.toml\"\nmax_events = 50\nreplications = 3\n{CLAIMS}"));
    for _ in 0..2 {
        let ran = place.sim(&["sweep", "e.toml", "--no-charts"]).ends_with(3);
        assert!(ran.stdout.contains("0 hold, 0 fail, 4 undecided"), "{}", ran.stdout);
        assert!(ran.stderr.contains("3 of 3 trials were stopped early"), "{}", ran.stderr);
        assert!(ran.stderr.contains("before they began to measure, and are not counted"), "{}", ran.stderr);
    }
    assert_eq!(place.text("output/e/results.csv").lines().count(), 1);
    assert_eq!(place.text("output/e/trials.csv").matches("too many events").count(), 3);
    place.sim(&["run", "e.toml"]).ends_with(3);
}

/// Each arrival is two events or more: at 210 some have reached their window and some have not.
#[test]
fn zeros_of_trials_without_a_window_enter_no_mean() {
    let place = Place::new();
    place.put("m.toml", MODEL);
    place.put("e.toml", "title = \"e\"\nmodel = \"m.toml\"\nmax_events = 210\nreplications = 5\nseed = 3\n");
    // The second time all trials come from the journal.
    for _ in 0..2 {
        let ran = place.sim(&["sweep", "e.toml", "--no-charts"]).ends_with(3);
        assert!(ran.stderr.contains("the others had not begun to measure"), "{}", ran.stderr);
        let trials = place.text("output/e/trials.csv");
        let mut rows = trials.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let header = rows.next().expect("a header");
        let column = |name: &str| header.iter().position(|known| *known == name).expect("a column");
        let (window, throughput) = (column("window_s"), column("throughput_per_min"));
        let rows: Vec<(f64, f64)> = rows
            .filter(|row| row[window] != "0")
            .map(|row| (row[window].parse().unwrap(), row[throughput].parse().unwrap()))
            .collect();
        assert!((1..5).contains(&rows.len()), "{trials}");
        let mean = rows.iter().map(|row| row.1).sum::<f64>() / rows.len() as f64;
        let document: Value = serde_json::from_str(&place.text("output/e/summary.json")).expect("JSON");
        let seen = document["points"][0]["throughput_per_min"]["estimate"].as_f64().expect("a number");
        assert!((seen - mean).abs() < 1e-3 * mean, "{seen} for {mean}");
        assert_eq!(document["points"][0]["replications"], rows.len());
    }
}

/// A limit that no run reaches can help nobody: each ending has advice of its own.
#[test]
fn a_standstill_is_not_answered_with_a_higher_limit() {
    let place = Place::new();
    place.put(
        "m.toml",
        "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 2\nduration = \"10s\"\n\
         [services.a]\nruntime = \"delay\"\n[services.a.endpoints.e]\nsteps = []\n",
    );
    let ran = place.sim(&["run", "m.toml", "--replications", "1"]);
    assert!(ran.stderr.contains("give a step, the think time"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("max_events"), "{}", ran.stderr);
}

#[test]
fn a_test_that_takes_no_time_has_no_throughput() {
    let place = Place::new();
    place.put(
        "m.toml",
        "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 2\nusers = 10\n\
         [services.a.endpoints.e]\nsteps = []\n",
    );
    let claim = "title = \"e\"\nmodel = \"m.toml\"\n[[hypotheses]]\nclaim = \"fast\"\n\
                 expect = { at-least = { metric = \"throughput_per_min\", value = 1 } }\n";
    place.put("e.toml", claim);
    let ran = place.sim(&["sweep", "e.toml"]).ends_with(3);
    assert!(ran.stdout.contains("undecided  fast"), "{}", ran.stdout);
    assert!(ran.stdout.contains("no throughput, because the test takes no time"), "{}", ran.stdout);
    let results = place.text("output/e/results.csv");
    assert!(results.contains("\nm,5,,,,1,"), "{results}");
    let document: Value = serde_json::from_str(&place.text("output/e/summary.json")).expect("JSON");
    assert_eq!(document["points"][0]["throughput_per_min"], Value::Null);
    assert_eq!(document["points"][0]["success_rate"]["estimate"], 1.0);
}

/// The test before the measured one deadlocks in some runs, so that these measure no resource; the others do.
#[test]
fn a_deadlock_before_the_measured_test_is_counted() {
    let place = Place::new();
    place.put(
        "m.toml",
        "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 2\nusers = 4\n\
         before = { concurrency = 2, users = 2, pause = \"1s\" }\n\
         [services.a.limits]\nx = { size = 1 }\ny = { size = 1 }\n[services.a.endpoints.e]\n\
         steps = [{ sleep = \"exp(1s)\" }, { choose = [{ probability = 0.5, steps = [{ with = { limit = \"x\", \
         steps = [{ sleep = \"1s\" }, { with = { limit = \"y\", steps = [] } }] } }] }, { probability = 0.5, steps = \
         [{ with = { limit = \"y\", steps = [{ sleep = \"1s\" }, { with = { limit = \"x\", steps = [] } }] } }] }] }]\n",
    );
    let ran = place.sim(&["run", "m.toml", "--replications", "40", "--format", "json"]).ends_with(0);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["point"]["replications"], 40);
    assert!(document["point"]["resources"].as_array().is_some_and(|all| !all.is_empty()), "{}", ran.stdout);
}
