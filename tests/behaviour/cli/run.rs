//! `sim run`: one point, at length.

use serde_json::Value;

use super::place::Place;

#[test]
fn a_model_is_one_point() {
    let place = Place::new();
    let ran = place.sim(&["run", "counter.toml"]).ends_with(0);
    for words in
        ["A counter", "5 runs, seed 1", "throughput", "limited by", "station counter", "utilised", "visits", "wait"]
    {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    assert!(!place.path("output").exists());
}

#[test]
fn a_point_of_an_experiment_is_chosen() {
    let place = Place::new();
    let first = place.sim(&["run", "servers.toml"]).ends_with(0);
    assert!(first.stdout.contains("one server at rate = 0.2/s, the first of 6 points"), "{}", first.stdout);
    let ran = place.sim(&["run", "servers.toml", "--variant", "two servers", "--at", "rate=0.8"]).ends_with(0);
    assert!(ran.stdout.contains("two servers at rate = 0.8/s, one of 6 points"), "{}", ran.stdout);
}

#[test]
fn a_choice_that_does_not_exist_is_answered_with_those_that_do() {
    let place = Place::new();
    let ran = place.sim(&["run", "servers.toml", "--variant", "two server"]).ends_with(2);
    assert!(ran.stderr.contains("did you mean `two servers`?"), "{}", ran.stderr);
    let ran = place.sim(&["run", "servers.toml", "--at", "rte=1"]).ends_with(2);
    assert!(ran.stderr.contains("did you mean `rate`?"), "{}", ran.stderr);
    let ran = place.sim(&["run", "servers.toml", "--at", "rate=7"]).ends_with(2);
    assert!(ran.stderr.contains("`7` has no unit") && ran.stderr.contains("\"7/s\""), "{}", ran.stderr);
    let ran = place.sim(&["run", "servers.toml", "--at", "rate"]).ends_with(2);
    assert!(ran.stderr.contains("name=value"), "{}", ran.stderr);
}

/// M/M/1 at 0.6/s with a service of 1 s: a mean of 2.5 s; the axis has 0.5/s and 0.8/s.
#[test]
fn a_value_off_the_axis_is_run_too() {
    let place = Place::new();
    let at = |rate: &str| {
        let at = format!("rate={rate}");
        place.sim(&["run", "servers.toml", "--at", &at, "--format", "json", "--replications", "20"]).ends_with(0)
    };
    let document: Value = serde_json::from_str(&at("0.6/s").stdout).expect("JSON");
    let mean = document["point"]["mean_s"]["estimate"].as_f64().expect("a mean");
    assert!((2.4..2.6).contains(&mean), "{mean}");
    assert_eq!(document["point"]["at"]["rate"], "0.6/s");
    // The same in another unit, and what is on the axis in another unit.
    let document: Value = serde_json::from_str(&at("36/min").stdout).expect("JSON");
    assert!((document["point"]["mean_s"]["estimate"].as_f64().expect("a mean") - mean).abs() < 1e-9);
    let listed: Value = serde_json::from_str(&at("30/min").stdout).expect("JSON");
    assert_eq!(listed["point"]["at"]["rate"], "0.5/s");
}

#[test]
fn a_point_as_json() {
    let place = Place::new();
    let ran = place.sim(&["run", "servers.toml", "--format", "json", "--seed", "4"]).ends_with(0);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(document["seed"], 4);
    assert_eq!(document["point"]["variant"], "one server");
    assert!(document["point"]["resources"][0]["utilisation"].is_number());
}

/// A point of an experiment with an axis prints the deadlock that a model prints, and that JSON has.
#[test]
fn a_point_prints_its_deadlock() {
    let place = Place::new();
    place.put(
        "pool.toml",
        "title = \"One\"\n[load]\nkind = \"closed\"\ntarget = \"app.go\"\nconcurrency = 2\nusers = 2\n[services.app]\n\
         [services.app.pools.db]\nserver = \"pg\"\nmin_size = 2\nmax_size = 2\n[services.app.endpoints.go]\n\
         steps = [{ with = { pool = \"db\", steps = [{ sleep = \"10ms\" }, { query = { pool = \"db\", time = \"1ms\" } }] } }]\n\
         [services.pg]\nruntime = \"delay\"\n",
    );
    let axis = "[axes.clients]\npath = \"load.concurrency\"\nvalues = [2, 1]\n";
    place.put("axis.toml", &format!("title = \"Two\"\nmodel = \"pool.toml\"\nreplications = 2\n{axis}"));
    for file in ["pool.toml", "axis.toml"] {
        let ran = place.sim(&["run", file]).ends_with(0);
        let sentence =
            "each of 2 requests in worker 1 of app-1 holds a connection of pool db and waits for another one";
        let printed = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(printed.contains("deadlock") && printed.contains(sentence), "{file}:\n{}", ran.stdout);
    }
    let ran = place.sim(&["run", "axis.toml", "--at", "clients=1"]).ends_with(0);
    assert!(!ran.stdout.contains("deadlock"), "{}", ran.stdout);
}
