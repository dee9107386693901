//! `sim optimize`: the answer, its exit code, its file.

use serde_json::Value;

use super::place::Place;

fn table(bound: f64) -> String {
    format!(
        "[optimize]\nmonotone = true\nobjectives = [{{ at-most = {{ metric = \"mean_s\", value = {bound} }} }}]\n\
         [[optimize.parameters]]\npath = \"stations.counter.servers\"\nvalues = [1, 2, 3]\ncost = 2\n"
    )
}

#[test]
fn the_cheapest_is_named_with_what_was_excluded() {
    let place = Place::new();
    place.put_experiment("cheap.toml", &table(1.2));
    // At 0.5/s one server takes 2 s, two take 1.07 s.
    let ran = place.sim(&["optimize", "cheap.toml", "--at", "rate=0.5/s", "--no-charts"]).ends_with(0);
    assert!(ran.stdout.contains("1 cheaper setting: 1 misses"), "{}", ran.stdout);
    assert!(ran.stdout.contains("stations.counter.servers = 2 meets the objectives at a cost of 4"), "{}", ran.stdout);
    assert!(ran.stdout.contains("it is the cheapest"), "{}", ran.stdout);
    let document: Value = serde_json::from_str(&place.text("output/cheap/optimize.json")).expect("JSON");
    assert_eq!(document["chosen"]["setting"]["stations.counter.servers"], "2");
}

#[test]
fn none_that_meets_and_mistakes_have_their_exit_codes() {
    let place = Place::new();
    place.put_experiment("dear.toml", &table(0.5));
    let none = place.sim(&["optimize", "dear.toml"]).ends_with(1);
    assert!(none.stdout.contains("no setting meets"), "{}", none.stdout);
    let without = place.sim(&["optimize", "servers.toml"]).ends_with(2);
    assert!(without.stderr.contains("add an `[optimize]` table"), "{}", without.stderr);
    let set = place.sim(&["optimize", "dear.toml", "--variant", "two servers"]).ends_with(2);
    assert!(set.stderr.contains("would have no effect"), "{}", set.stderr);
}

/// A pool whose `max_size` is searched from below its `min_size` is refused before a trial is run.
#[test]
fn what_a_setting_would_get_wrong_is_said_before_anything_runs() {
    let place = Place::new();
    let model = place.text("counter.toml");
    let pool = "\n[services.shop.pools.main]\nserver = \"database\"\nmin_size = 10\n\n[services.database]\nruntime = \"threads\"\n";
    place.put("pooled.toml", &format!("{model}{pool}"));
    let search = "
title = \"How many connections?\"
model = \"pooled.toml\"

[optimize]
objectives = [{ at-most = { metric = \"mean_s\", value = \"3s\" } }]

[[optimize.parameters]]
path = \"services.shop.pools.main.max_size\"
from = 5
to = 40
step = 5
cost = 1
";
    place.put("early.toml", search);
    for command in ["optimize", "check"] {
        let ran = place.sim(&[command, "early.toml"]).ends_with(2);
        assert!(
            ran.stderr.contains("services.shop.pools.main.max_size = 5, a setting that the search"),
            "{}",
            ran.stderr
        );
        assert!(ran.stderr.contains("min_size"), "{}", ran.stderr);
    }
    assert!(!place.path("output/early/optimize-journal.jsonl").exists());
}
