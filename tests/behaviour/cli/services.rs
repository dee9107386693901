//! Hypotheses about a service or a cause of failures, from the file to the verdict.

use super::place::Place;

/// Ten requests a second at equal distances, each of which calls three times in vain: 30 calls a second reach `back`, 10
/// reach `shop`, and 10 requests a second fail.
const MODEL: &str = r#"
[load]
kind = "open"
target = "shop.serve"
rate = "10/s"
arrivals = "constant"
warm_up = "10s"
duration = "60s"
call_rates = "1s"

[services.back]
runtime = "delay"
endpoints.work = { steps = [{ fail = "out of stock" }] }

[services.shop]
replicas = 3
runtime = "delay"
clients.back = { server = "back" }
endpoints.serve = { steps = [{ retry = { attempts = 3, backoff = "0s", jitter = "none", steps = [{ call = { client = "back", endpoint = "work" } }] } }] }
"#;

const EXPERIMENT: &str = r#"
title = "Who receives how much?"
model = "model.toml"
replications = 2
collapse_below = 0

[[variants]]
name = "retries"

[[variants]]
name = "none"
set = { "services.shop.endpoints.serve.steps.retry.attempts" = 1, "services.shop.replicas" = 1 }

[[hypotheses]]
claim = "Retries treble the calls"
service = "back"
expect = { higher-than = { variant = "none", metric = "calls_per_s", by = 1.99 } }

[[hypotheses]]
claim = "They do not change what the shop receives"
service = "shop"
expect = { same-as = { variant = "none", metric = "calls_per_s", within = 0.001 } }

[[hypotheses]]
claim = "No more than 30 calls in any second"
service = "back"
expect = { at-most = { metric = "peak_calls_per_s", value = "30/s" } }

[[hypotheses]]
claim = "All 600 requests fail for want of stock"
cause = "out of stock"
expect = { at-least = { metric = "failed_requests", value = 600 } }

[[hypotheses]]
claim = "None is given up"
cause = "client gave up"
expect = { at-most = { metric = "failed_requests", value = 0 } }

[[hypotheses]]
claim = "Four replicas for a minute"
expect = { at-most = { metric = "replica_hours", value = "4min" } }
"#;

#[test]
fn a_hypothesis_is_about_a_service_or_a_cause() {
    let place = Place::new();
    place.put("model.toml", MODEL);
    place.put("who.toml", EXPERIMENT);
    let ran = place.sim(&["sweep", "who.toml", "--no-charts"]).ends_with(0);
    for words in [
        "service back: calls received 30.0/s instead of 10.0/s",
        "service shop: calls received 10.0/s instead of 10.0/s",
        "service back: peak of calls received 30.0/s (30.0 to 30.0)",
        "cause `out of stock`: failed requests 600.0",
        "cause `client gave up`: failed requests 0.0",
        "replica-hours 0.0667 h",
    ] {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    let rows = place.text("output/who/results.csv");
    let rows: Vec<Vec<&str>> = rows.lines().map(|row| row.split(',').collect()).collect();
    let of = |name: &str, row: usize| {
        rows[row][rows[0].iter().position(|known| *known == name).expect("a column")].to_owned()
    };
    assert_eq!(["calls_per_s", "peak_calls_per_s", "failed_requests"].map(|name| of(name, 1)), ["40", "40", "600"]);
    assert_eq!(of("worker_imbalance", 1), "", "nothing here has workers");
    // Without the intervals nothing is counted.
    place.put("model.toml", &MODEL.replace("call_rates = \"1s\"\n", ""));
    let ran = place.sim(&["check", "who.toml"]).ends_with(2);
    assert!(ran.stderr.contains("there is no `calls_per_s` here"), "{}", ran.stderr);
    assert!(ran.stderr.contains("calls are counted only with `load.call_rates`, such as \"1s\""), "{}", ran.stderr);
}
