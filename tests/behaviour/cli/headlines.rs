//! Sentences that begin or end a report, on systems of which one knows what is right to say.

use super::place::Place;

/// Two threads serve 20 requests a second; a request waits 300 ms for one, then it fails.
const THREADS: &str = r#"
title = "Two threads"
[load]
kind = "open"
target = "app.get"
rate = "10/s"
warm_up = "5s"
duration = "300s"
[services.app]
runtime = "threads"
threads = 2
patience = "300ms"
[services.app.endpoints.get]
steps = [{ sleep = "100ms" }]
"#;

#[test]
fn what_begins_between_two_values_does_not_end_there() {
    let place = Place::new();
    place.put("threads.toml", THREADS);
    let sweep = |name: &str, more: &str| {
        let head = "title = \"x\"\nmodel = \"threads.toml\"\nreplications = 3\n";
        let axis = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"5/s\", \"40/s\"]\n";
        place.put(name, &format!("{head}{more}\n{axis}"));
        place.sim(&["sweep", name]).ends_with(0).stdout
    };
    let ran = sweep("late.toml", "");
    assert!(ran.contains("in short  Becomes overloaded between 5/s and 40/s: app threads are saturated\n"), "{ran}");
    let ran = sweep("sheds.toml", "set = { \"services.app.max_queue\" = 1 }");
    let short = "in short  Begins to shed load between 5/s and 40/s: app threads refuse requests\n";
    assert!(ran.contains(short), "{ran}");
    let slow = "objectives = [{ at-most = { metric = \"p95_s\", value = \"300ms\" } }]\ncollapse_below = 0.1";
    let ran = sweep("slow.toml", slow);
    assert!(ran.contains("in short  Becomes too slow between 5/s and 40/s: app threads are saturated\n"), "{ran}");
}
