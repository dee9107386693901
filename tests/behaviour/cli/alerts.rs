//! `sim alerts`: rules on the runs of an experiment.

use serde_json::Value;

use super::place::Place;

/// A shop that is dead from 10 min on.
const SHOP: &str = r#"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 1
think_time = "1s"
warm_up = "0s"
duration = "20min"
[services.shop]
runtime = "event-loop"
[services.shop.endpoints]
serve = { steps = [{ sleep = "1s" }] }
[faults.crash]
service = "shop"
from = "10min"
effect = "dead"
"#;

/// The same, and one that stays alive.
const DEATH: &str = r#"
title = "Does an alert tell of a dead shop?"
model = "shop.toml"
replications = 3
[[variants]]
name = "dead"
[[variants]]
name = "alive"
set = { "faults.crash.from" = "1h" }
"#;

const RULES: &str = "groups:
  - name: shop
    rules:
      - { alert: Down, expr: up == 0, for: 2m }
      - { alert: Busy, expr: 'rate(shop_serve_requests_total[2m]) > 0.1' }
      - { alert: Other, expr: 'topk(1, nothing_total) > 0' }
      - { alert: Missing, expr: nothing_total > 0 }
";

fn place() -> Place {
    let place = Place::new();
    place.put("shop.toml", SHOP);
    place.put("death.toml", DEATH);
    place.put("rules.yml", RULES);
    place
}

#[test]
fn each_rule_says_when_it_fires_and_whether_that_is_a_false_alarm() {
    let place = place();
    let ran = place.sim(&["alerts", "rules.yml", "death.toml", "--quiet", "--format", "json"]).ends_with(2);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let point = |rule: usize, point: usize| &document["rules"][rule]["points"][point];
    // The scrape at 10 min comes before what happens then, so the expression holds from the evaluation at 11 min on.
    let firing = &point(0, 0)["replications"][0]["firings"][0];
    assert_eq!((&firing["active_s"], &firing["from_s"], &firing["to_s"]), (&660.0.into(), &780.0.into(), &Value::Null));
    assert_eq!(
        (&point(0, 0)["fired"], &point(0, 0)["collapsed"], &point(0, 0)["fired_after_collapse"]),
        (&3.into(), &3.into(), &3.into())
    );
    assert_eq!(point(0, 0)["collapse_s"]["estimate"], 600.0);
    assert_eq!(
        (&point(0, 1)["fired"], &point(0, 1)["healthy"], &point(0, 1)["false_alarms"]),
        (&0.into(), &3.into(), &0.into())
    );
    assert_eq!((&point(1, 1)["fired"], &point(1, 1)["false_alarms"]), (&3.into(), &3.into()));
    assert_eq!(
        (&document["rules"][2]["alert"], &document["rules"][2]["lacking"][0]),
        (&"Missing".into(), &"nothing_total".into())
    );
    // A part outside of the subset is underlined.
    for words in
        ["rule `Other` is not evaluated: the aggregation `topk` is not supported", "--> rules.yml:6:32", "^^^^"]
    {
        assert!(ran.stderr.contains(words), "{words}:\n{}", ran.stderr);
    }
}

/// The time at which a run collapses depends on its clients, not on the monitoring system.
#[test]
fn the_collapse_does_not_depend_on_the_scrapes() {
    let place = place();
    for interval in ["7s", "15s", "45s", "8min"] {
        let command =
            ["alerts", "rules.yml", "death.toml", "--quiet", "--format", "json", "--scrape-interval", interval];
        let ran = place.sim(&command).ends_with(2);
        let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let of = |point: usize| &document["rules"][0]["points"][point];
        assert_eq!(of(0)["collapse_s"]["estimate"], 600.0, "{interval}");
        assert_eq!((&of(1)["collapsed"], &of(1)["healthy"]), (&0.into(), &3.into()), "{interval}");
    }
}

#[test]
fn a_table_says_it_in_words() {
    let place = place();
    let ran = place.sim(&["alerts", "rules.yml", "death.toml", "--quiet"]).ends_with(2);
    for words in [
        "3 of 6 runs collapse. “Busy” (3 of 3) fires before the collapse. “Missing” never fires in a run that collapses. \
         “Busy” (3 of 3) fires in healthy runs: false alarms.\n",
        "Down: up == 0, for 2 min\n",
        "3 of 3      10:00\n",
        "13:00",
        "3:00 after",
        "no collapse",
        "3 of 3 [29, 100 %]",
        "No run has a metric `nothing_total`.",
    ] {
        assert!(ran.stdout.contains(words), "{words}:\n{}", ran.stdout);
    }
    let one = place.sim(&["alerts", "rules.yml", "death.toml", "--quiet", "--variant", "alive"]).ends_with(2);
    assert!(!one.stdout.contains("3:00 after"), "{}", one.stdout);
}

#[test]
fn wrong_files_and_names_are_refused() {
    let place = place();
    place.put("wrong.yml", "groups:\n  - nam: x\n");
    let ran = place.sim(&["alerts", "wrong.yml", "death.toml"]).ends_with(2);
    assert!(ran.stderr.contains("a group has no key `nam`") && ran.stderr.contains("wrong.yml:2:5"), "{}", ran.stderr);
    let ran = place.sim(&["alerts", "none.yml", "death.toml"]).ends_with(2);
    assert!(ran.stderr.contains("cannot read `none.yml`: there is no such file"), "{}", ran.stderr);
    let ran = place.sim(&["alerts", "rules.yml", "death.toml", "--variant", "dying"]).ends_with(2);
    assert!(ran.stderr.contains("there is no variant `dying`"), "{}", ran.stderr);
}

/// The shop hangs for three minutes, and then answers all: no request fails, and the alarm is a true one. What fires before
/// is not.
#[test]
fn an_alarm_during_a_fault_is_no_false_one() {
    let place = place();
    place.put("shop.toml", &SHOP.replace("effect = \"dead\"", "to = \"13min\"\neffect = \"stuck\""));
    place.put("death.toml", &DEATH.replace("\"1h\"", "\"1h\", \"faults.crash.to\" = \"2h\""));
    let ran = place.sim(&["alerts", "rules.yml", "death.toml", "--quiet", "--format", "json"]).ends_with(2);
    let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let figures = |rule: usize, point: usize| {
        let point = &document["rules"][rule]["points"][point];
        ["disturbed", "healthy", "fired_in_fault", "false_alarms"].map(|name| point[name].as_u64().expect("a number"))
    };
    assert_eq!(figures(0, 0), [3, 0, 3, 0]);
    assert_eq!(figures(0, 1), [0, 3, 0, 0]);
    assert_eq!(figures(1, 0)[3], 3, "busy from the start");
    let answer = document["answer"].as_str().expect("an answer");
    assert!(answer.contains("“Down” (3 of 3)") && answer.contains("when a fault has come on"), "{answer}");
    assert!(answer.contains("“Busy” (6 of 6) fires in healthy runs or before the fault: false alarms."), "{answer}");
}
