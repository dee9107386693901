//! `sim sensitivity`: the answer, its exit code, its files.

use serde_json::Value;

use super::place::Place;

const RANGE: &str = "\n[provenance]\n\"services.shop.endpoints.serve.steps.visit.time\" = { assumed = \"a guess\", range = [\"500ms\", \"1100ms\"] }\n";

fn place() -> Place {
    let place = Place::new();
    let model = place.text("counter.toml");
    place.put("counter.toml", &(model + RANGE));
    place
}

#[test]
fn the_number_that_decides_is_named_and_files_are_written() {
    let place = place();
    let arguments = ["sensitivity", "servers.toml", "--metric", "mean_s", "--trajectories", "3", "--samples", "6"];
    let ran = place.sim(&arguments).ends_with(0);
    assert!(ran.stdout.contains("the mean response time depends on shop time"), "{}", ran.stdout);
    let files = place.names("output/servers");
    let journal = [".sensitivity-journal.jsonl.lock", "sensitivity-journal.jsonl"];
    assert_eq!(files, [&journal[..], &["sensitivity.json", "sensitivity.png"]].concat());
    let document: Value = serde_json::from_str(&place.text("output/servers/sensitivity.json")).expect("JSON");
    let parameter = &document["parameters"][0];
    assert!(parameter["at_low"]["high"].as_f64().expect("a number") < 0.0, "{parameter}");
    assert_eq!((&parameter["range"][0], &parameter["value"]), (&"500ms".into(), &"1s".into()));
}

#[test]
fn a_model_without_ranges_is_told_so() {
    let place = Place::new();
    let ran = place.sim(&["sensitivity", "counter.toml"]).ends_with(3);
    assert!(ran.stdout.contains("no number of the model has a range"), "{}", ran.stdout);
    let wrong = place.sim(&["sensitivity", "servers.toml", "--at", "rat=1"]).ends_with(2);
    assert!(wrong.stderr.contains("there is no axis `rat`"), "{}", wrong.stderr);
}
