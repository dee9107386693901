//! `sim run --openmetrics`: the file that a monitoring system could have scraped.

use super::place::Place;

#[test]
fn the_metrics_of_a_run_are_written_and_named() {
    let place = Place::new();
    let plain = place.sim(&["run", "counter.toml"]).ends_with(0);
    let ran =
        place.sim(&["run", "counter.toml", "--openmetrics", "counter.om", "--scrape-interval", "1m"]).ends_with(0);
    let line = ran.stdout.lines().find(|line| line.starts_with("metrics")).expect("a line that names the file");
    assert!(line.ends_with("counter.om"), "{line}");
    // The figures are those of the run without metrics.
    assert_eq!(ran.stdout.replace(&format!("\n{line}\n"), ""), plain.stdout);
    let text = place.text("counter.om");
    assert!(
        text.contains("\nshop_serve_requests_total{instance=\"shop-0\",job=\"shop\",status=\"success\"} 0 0\n"),
        "{text}"
    );
    assert!(text.ends_with("\n# EOF\n"));
}

#[test]
fn an_interval_without_a_file_or_a_length_is_refused() {
    let place = Place::new();
    let ran = place.sim(&["run", "counter.toml", "--scrape-interval", "5s"]).ends_with(2);
    assert!(ran.stderr.contains("--openmetrics <FILE>"), "{}", ran.stderr);
    for wrong in ["0s", "1.5ms", "5"] {
        let ran = place.sim(&["run", "counter.toml", "--openmetrics", "x.om", "--scrape-interval", wrong]).ends_with(2);
        assert!(ran.stderr.contains("--scrape-interval"), "{}", ran.stderr);
    }
    let ran = place.sim(&["run", "counter.toml", "--openmetrics", "x.om", "--scrape-interval", "1ms"]).ends_with(3);
    assert!(ran.stderr.contains("more than 20000 scrapes"), "{}", ran.stderr);
    let ran = place.sim(&["run", "counter.toml", "--openmetrics", "counter.toml"]).ends_with(2);
    assert!(ran.stderr.contains("it is an input of this command"), "{}", ran.stderr);
}

#[test]
fn one_file_does_not_hold_both_however_it_is_written() {
    let place = Place::new();
    for other in ["out/both", "./out/both", "out/../out/both"] {
        let ran = place.sim(&["run", "counter.toml", "--openmetrics", "out/both", "--grafana", other]).ends_with(2);
        assert!(ran.stderr.contains("--openmetrics and --grafana name the same file"), "{other}: {}", ran.stderr);
    }
}

/// A dashboard without metrics of a run is one for production.
#[test]
fn a_dashboard_shows_the_time_of_the_run() {
    let place = Place::new();
    let range = |options: &[&str]| {
        place.sim(&[&["run", "counter.toml", "--grafana", "counter.json"], options].concat()).ends_with(0);
        let dashboard: serde_json::Value = serde_json::from_str(&place.text("counter.json")).expect("JSON");
        dashboard["time"].clone()
    };
    assert_eq!(range(&[]), serde_json::json!({ "from": "now-1h", "to": "now" }));
    let run = range(&["--openmetrics", "counter.om", "--scrape-interval", "1m"]);
    assert_eq!(run["from"], "1970-01-01T00:00:00Z");
    let last =
        place.text("counter.om").lines().filter(|line| !line.starts_with('#')).fold(0.0, |last: f64, line| {
            last.max(line.rsplit(' ').next().and_then(|at| at.parse().ok()).expect("a time"))
        });
    let to = run["to"].as_str().expect("a time");
    let part = |from: usize| to[from..from + 2].parse::<f64>().expect("a number");
    let end = (part(8) - 1.0) * 86_400.0 + part(11) * 3600.0 + part(14) * 60.0 + part(17);
    assert!(last > 0.0 && last <= end && end < last + 60.0, "{last} s, {to}");
}

/// Each panel asks for metrics that the run exports, and stands in its own place.
#[test]
fn a_dashboard_asks_for_metrics_that_there_are() {
    let place = Place::new();
    let files = ["--openmetrics", "counter.om", "--grafana", "counter.json", "--scrape-interval", "1m"];
    let ran = place.sim(&[&["run", "counter.toml"], &files[..]].concat()).ends_with(0);
    assert!(ran.stdout.contains("\ngrafana  "), "{}", ran.stdout);
    let dashboard: serde_json::Value = serde_json::from_str(&place.text("counter.json")).expect("JSON");
    let (metrics, panels) = (place.text("counter.om"), dashboard["panels"].as_array().expect("panels"));
    let mut places = Vec::new();
    for panel in panels {
        places.push(panel["gridPos"].to_string());
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().expect("a query").replace("$__rate_interval", "5m");
            let expression = sim::promql::parse(&query).unwrap_or_else(|fault| panic!("{query}: {fault}"));
            for (name, _) in expression.metrics() {
                assert!(metrics.contains(&format!("\n{name}{{")), "{name}");
            }
        }
    }
    places.sort();
    let count = places.len();
    places.dedup();
    assert!(places.len() == count && count > 6, "{places:?}");
}
