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
    assert_eq!(files, [&journal[..], &["sensitivity.html", "sensitivity.json", "sensitivity.png"]].concat());
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

/// A counter that takes exactly a second is busy 99 % of the time at 0.99/s: whether it can bear that is not sure.
#[test]
fn a_point_that_may_be_overloaded_is_said_to_be() {
    let place = place();
    let model = place.text("counter.toml").replace("exp(1s)", "1s").replace("0.5/s", "0.99/s");
    place.put("full.toml", &model.replace("kind = \"open\"", "kind = \"open\"\narrivals = \"constant\""));
    let effort = ["--trajectories", "2", "--samples", "2", "--no-charts"];
    let ran = place.sim(&[&["sensitivity", "full.toml"][..], &effort].concat()).ends_with(0);
    let words = "no verdict on this point itself: station counter is in use 99.0 % of the time and may be overloaded";
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
}

/// The throughput of an open load is its rate as long as a counter bears it, however long a customer takes.
#[test]
fn an_effect_that_does_not_matter_decides_nothing() {
    let place = place();
    let model = place.text("counter.toml").replace("\"1100ms\"", "\"1001ms\"");
    place.put("counter.toml", &model.replace("\"500ms\"", "\"999ms\""));
    let ran = place.sim(&["sensitivity", "counter.toml", "--trajectories", "4", "--samples", "2", "--no-charts"]);
    let ran = ran.ends_with(0);
    assert!(ran.stdout.contains("shop time changes the throughput by less than 2 %"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("depends on"), "{}", ran.stdout);
}

/// Two paths do not tell what two threads instead of four do to a throughput that one of them would halve.
#[test]
fn an_effect_that_is_not_known_yet_is_not_called_none() {
    let place = Place::new();
    place.put(
        "few.toml",
        "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"20/s\"\nwarm_up = \"10s\"\nduration = \"60s\"\ntimeout = \"2s\"\n\
         [services.a]\nruntime = \"threads\"\nthreads = 2\n[services.a.endpoints.e]\nsteps = [{ sleep = { exp = \"60ms\" } }]\n\
         [provenance]\n\"services.a.endpoints.e.steps[0].sleep.exp\" = { assumed = \"a guess\", range = [\"30ms\", \"90ms\"] }\n\
         \"services.a.threads\" = { assumed = \"a guess\", range = [1, 4] }\n",
    );
    let ran = place.sim(&["sensitivity", "few.toml", "--trajectories", "3", "--samples", "8"]).ends_with(0);
    assert!(ran.stdout.contains("the effects of “"), "{}", ran.stdout);
    assert!(ran.stdout.contains("” are not known yet: use more paths"), "{}", ran.stdout);
    let page = place.text("output/few/sensitivity.html");
    assert!(
        page.contains("to the throughput is not known yet") && !page.contains("No number of the model"),
        "no title"
    );
}
