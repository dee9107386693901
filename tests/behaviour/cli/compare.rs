//! `sim sweep --compare`: what has changed since an earlier sweep.

use super::place::Place;

#[test]
fn the_same_inputs_have_changed_nothing() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts", "--compare", "output"]).ends_with(0);
    let words = "no significant change since output/servers/summary.json: 6 points as before";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
}

/// The earlier results are read before those of this sweep take their place.
#[test]
fn what_a_change_of_the_model_does_is_told() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    place.put("counter.toml", &place.text("counter.toml").replace("exp(1s)", "exp(1600ms)"));
    let more = place.text("servers.toml").replace("\"0.2/s\", ", "\"0.1/s\", ");
    place.put("servers.toml", &more);
    let ran = place.sim(&["sweep", "servers.toml", "--no-charts", "--compare", "output/servers"]).ends_with(0);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("significant changes since output/servers/summary.json"), "{text}");
    assert!(text.contains("- one server at rate = 0.8/s: healthy → unstable; throughput"), "{text}");
    assert!(text.contains("- one server at rate = 0.1/s: new"), "{text}");
    assert!(text.contains("- two servers at rate = 0.2/s: no longer run"), "{text}");
}

#[test]
fn a_folder_without_results_is_found_before_any_trial() {
    let place = Place::new();
    let ran = place.sim(&["sweep", "servers.toml", "--compare", "nowhere"]).ends_with(2);
    assert!(ran.stderr.contains("`nowhere` has no summary.json to compare with"), "{}", ran.stderr);
    assert!(place.names("output/servers").is_empty(), "{:?}", place.names("output/servers"));
    place.put("summary.json", "{\"points\": 3}");
    let ran = place.sim(&["sweep", "servers.toml", "--compare", "."]).ends_with(2);
    assert!(ran.stderr.contains("is no summary of a sweep"), "{}", ran.stderr);
}
