//! Variants put together from others, and which of several changes brings what.

use serde_json::Value;

use super::place::Place;

/// M/M/1 with a service of 1 s at 0.5/s: a mean of 2 s. A faster counter of 0.5 s: 1/(2 - 0.5) = 0.667 s. Two counters
/// instead of one: 1/(1 - 0.25^2) = 1.067 s. Both: 0.5/(1 - 0.125^2) = 0.508 s. The third change does nothing.
const CHANGES: &str = r#"
title = "Which change brings what?"
model = "counter.toml"
replications = 20

[[variants]]
name = "today"

[[variants]]
name = "second counter"
set = { "stations.counter" = { servers = 2 } }

[[variants]]
name = "faster"
set = { "services.shop.endpoints.serve.steps.visit.time" = "exp(500ms)" }

[[variants]]
name = "more replicas"
set = { "services.shop.replicas" = 3 }

[[variants]]
name = "all"
extends = ["second counter", "faster", "more replicas"]

[[ablations]]
variant = "all"
metric = "mean_s"
matters = "2%"
"#;

#[test]
fn each_change_is_looked_at_alone_and_added_to_the_others() {
    let place = Place::new();
    place.put("changes.toml", CHANGES);
    let ran = place.sim(&["sweep", "changes.toml", "--no-charts"]).ends_with(0);
    let document: Value = serde_json::from_str(&place.text("output/changes/summary.json")).expect("JSON");
    let variants: Vec<&str> = document["variants"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(variants[5..], ["all without second counter", "all without faster", "all without more replicas"]);
    let ablation = &document["ablations"][0];
    let mean = |effect: &Value| (effect["with"].as_f64().unwrap(), effect["without"].as_f64().unwrap());
    let is_near = |found: f64, right: f64| assert!((found / right - 1.0).abs() < 0.05, "{found} for {right}");
    let (with, without) = mean(&ablation["whole"]);
    is_near(with, 0.508);
    is_near(without, 2.0);
    for (index, alone, left_out, worth) in
        [(0, 1.067, 0.667, "helps"), (1, 0.667, 1.067, "helps"), (2, 2.0, 0.508, "does nothing")]
    {
        let change = &ablation["changes"][index];
        is_near(mean(&change["alone"]).0, alone);
        is_near(mean(&change["added"]).1, left_out);
        assert_eq!((&change["alone"]["worth"], &change["added"]["worth"]), (&worth.into(), &worth.into()));
    }
    let finding = ablation["finding"].as_str().unwrap();
    assert!(finding.starts_with("“faster” contributes most: -5"), "{finding}");
    assert!(finding.ends_with("“more replicas” makes no difference, alone or added to the others"), "{finding}");
    assert!(ran.stdout.contains("added to the others"), "{}", ran.stdout);
}

#[test]
fn a_variant_takes_the_changes_of_others_in_order() {
    let place = Place::new();
    let more = "
[[variants]]
name = \"three\"
extends = [\"two servers\"]
set = { \"load.warm_up\" = \"20s\" }

[[variants]]
name = \"four\"
extends = [\"three\", \"two servers\"]
set = { \"stations.counter.servers\" = 4 }
";
    place.put_experiment("extends.toml", more);
    let ran = place.sim(&["check", "extends.toml"]).ends_with(0);
    let three = "\"three\":\n      stations.counter.servers: 1 → 2\n      load.warm_up: \"10s\" → \"20s\"\n";
    let four = "\"four\":\n      stations.counter.servers: 1 → 4\n      load.warm_up: \"10s\" → \"20s\"\n";
    assert!(ran.stdout.contains(three) && ran.stdout.contains(four), "{}", ran.stdout);
}

/// A change that is compared with itself would make no difference.
#[test]
fn an_ablation_needs_a_variant_without_any_change() {
    let place = Place::new();
    place.put("itself.toml", &CHANGES.replace("[[variants]]\nname = \"today\"\n", ""));
    let ran = place.sim(&["sweep", "itself.toml", "--no-charts"]).ends_with(2);
    assert!(ran.stderr.contains("compares with `second counter`, the first one"), "{}", ran.stderr);
    place.put("named.toml", &CHANGES.replace("matters =", "against = \"faster\"\nmatters ="));
    let ran = place.sim(&["sweep", "named.toml", "--no-charts"]).ends_with(2);
    assert!(ran.stderr.contains("compares with `faster`, which has one of its changes"), "{}", ran.stderr);
    place.put("twice.toml", &CHANGES.replace("\"faster\", \"more", "\"faster\", \"faster\", \"more"));
    let ran = place.sim(&["sweep", "twice.toml", "--no-charts"]).ends_with(2);
    assert!(ran.stderr.contains("variant `all` extends `faster` twice"), "{}", ran.stderr);
}
