//! `sim run`: one point, at length.

use serde_json::Value;

use super::place::Place;

#[test]
fn a_model_is_one_point() {
    let place = Place::new();
    let ran = place.sim(&["run", "counter.toml"]).ends_with(0);
    for words in ["A counter", "5 runs, seed 1", "throughput", "limited by", "station counter", "busiest", "longest"] {
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
    assert!(ran.stderr.contains("0.2/s, 0.5/s, 0.8/s"), "{}", ran.stderr);
    let ran = place.sim(&["run", "servers.toml", "--at", "rate"]).ends_with(2);
    assert!(ran.stderr.contains("name=value"), "{}", ran.stderr);
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
