//! What a monitoring system would scrape: counted where instrumented code counts, and written as OpenMetrics.

use sim::experiment::monitor::families::{PointValue, families};
use sim::kernel::Time;
use sim::load::{metered, trial};
use sim::parts::{Limits, Outcome, Scrapes};

use crate::models::{Bench, bench};

/// A service that blocks its event loop for a second per request, and one that calls another with a time-out.
const SYSTEM: &str = r#"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 3
users = 3
timeout = "2500ms"
[metrics]
buckets = ["1s", "2s", "4s"]
[services.shop]
runtime = "event-loop"
cpu = "1"
[services.shop.endpoints]
serve = { steps = [{ cpu = "1s" }] }
"#;

fn scraped(bench: &Bench, every: f64) -> (Outcome, Scrapes) {
    metered(&bench.system, &bench.load, Time::from_seconds(every), 1, 0, &Limits::default()).expect("a small system")
}

/// The points of a metric: its family, and what its labels have among them.
fn points(bench: &Bench, scrapes: &Scrapes, name: &str, label: &str) -> Vec<(f64, PointValue)> {
    let all = families(&bench.system, scrapes);
    let family = all.iter().find(|family| family.name == name).unwrap_or_else(|| panic!("no family {name}"));
    let is_it = |labels: &[(String, String)]| label.is_empty() || labels.iter().any(|(_, value)| value == label);
    let metric = family.metrics.iter().find(|metric| is_it(&metric.labels)).expect("a metric with this label");
    metric.points.iter().map(|(at, value)| (at.seconds(), value.clone())).collect()
}

fn numbers(bench: &Bench, scrapes: &Scrapes, name: &str, label: &str) -> Vec<(f64, f64)> {
    let number = |(at, value)| match value {
        PointValue::Number(number) => (at, number),
        PointValue::Buckets { .. } => panic!("{name} is a histogram"),
    };
    points(bench, scrapes, name, label).into_iter().map(number).collect()
}

/// The loop runs the three handlers from 0 to 1, 1 to 2 and 2 to 3 s. The clients wait 1, 2 and, until it gives up, 2.5 s.
#[test]
fn handlers_are_counted_from_their_first_slice_and_clients_from_sending() {
    let bench = bench(SYSTEM);
    let (_, scrapes) = scraped(&bench, 1.5);
    let first = |name: &str, label: &str| numbers(&bench, &scrapes, name, label)[..4].to_vec();
    assert_eq!(first("shop_serve_in_flight", ""), [(0.0, 0.0), (1.5, 1.0), (3.0, 1.0), (4.5, 0.0)]);
    assert_eq!(first("shop_serve_requests", "success"), [(0.0, 0.0), (1.5, 1.0), (3.0, 2.0), (4.5, 3.0)]);
    let (_, scrapes) = scraped(&bench, 1.2);
    let (at, value) = points(&bench, &scrapes, "shop_serve_duration_seconds", "").swap_remove(2);
    assert_eq!((at, value), (2.4, PointValue::Buckets { counts: vec![2, 2, 2, 2], sum: 2.0 }));
    let (_, scrapes) = scraped(&bench, 2.5);
    let (at, value) = points(&bench, &scrapes, "client_request_duration_seconds", "").swap_remove(1);
    // The scrape at 2.5 s comes before what happens then.
    assert_eq!((at, value), (2.5, PointValue::Buckets { counts: vec![1, 2, 2, 2], sum: 3.0 }));
}

/// The caller gives up after a second; the handler that it called answers after two, and counts a success.
#[test]
fn a_call_that_times_out_is_an_error_of_the_caller_and_a_success_of_the_called() {
    let bench = bench(
        r#"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 1
duration = "5s"
warm_up = "0s"
think_time = "10s"
[metrics]
buckets = ["1s", "2s", "4s"]
[services.pay]
runtime = "delay"
[services.pay.endpoints]
charge = { steps = [{ sleep = "2s" }] }
[services.shop]
runtime = "event-loop"
[services.shop.clients.pay]
server = "pay"
timeout = "1s"
[services.shop.clients.pay.metrics]
errors = "payment_errors_total"
[services.shop.endpoints]
serve = { steps = [{ call = { client = "pay", endpoint = "charge" } }] }
"#,
    );
    let (_, scrapes) = scraped(&bench, 5.0);
    let last = |name: &str, label: &str| numbers(&bench, &scrapes, name, label).pop().expect("a scrape").1;
    assert_eq!((last("shop_pay_client_requests", ""), last("payment_errors", "")), (1.0, 1.0));
    assert_eq!((last("pay_charge_requests", "success"), last("pay_charge_requests", "failure")), (1.0, 0.0));
    assert_eq!((last("shop_serve_requests", "success"), last("shop_serve_requests", "failure")), (0.0, 1.0));
    let latency = points(&bench, &scrapes, "shop_pay_client_latency_seconds", "").pop().expect("a scrape").1;
    assert_eq!(latency, PointValue::Buckets { counts: vec![1, 1, 1, 1], sum: 1.0 });
}

/// The replica is dead from 10 to 20 s: a scrape fails, and counters begin anew.
#[test]
fn a_dead_replica_is_not_up_and_counts_from_zero_when_it_is_back() {
    let bench = bench(
        r#"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 1
duration = "30s"
warm_up = "0s"
[faults.crash]
service = "shop"
from = "10s"
to = "20s"
effect = "dead"
[services.shop]
runtime = "event-loop"
[services.shop.endpoints]
serve = { steps = [{ sleep = "1s" }] }
"#,
    );
    let (_, scrapes) = scraped(&bench, 5.5);
    let up: Vec<f64> = numbers(&bench, &scrapes, "up", "").into_iter().map(|(_, up)| up).collect();
    assert_eq!(up, [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    let counts = numbers(&bench, &scrapes, "shop_serve_requests", "success");
    let times: Vec<f64> = counts.iter().map(|(at, _)| *at).collect();
    assert_eq!(times, [0.0, 5.5, 22.0, 27.5]);
    assert!(counts[1].1 == 5.0 && counts[2].1 < counts[1].1 && counts[3].1 > counts[2].1, "{counts:?}");
}

/// Who looks changes nothing.
#[test]
fn a_metered_run_is_the_same_run() {
    let bench = bench(&std::fs::read_to_string("models/registration.toml").expect("a model that is shipped"));
    let plain = trial(&bench.system, &bench.load, 1, 0, &Limits::default());
    let (outcome, scrapes) = scraped(&bench, 15.0);
    assert_eq!((outcome.events, outcome.succeeded), (plain.events, plain.succeeded));
    // All that clients have seen is what the two replicas have counted.
    let last = |name: &str, label: &str| numbers(&bench, &scrapes, name, label).pop().expect("a scrape").1;
    let instance = |number| {
        let all = families(&bench.system, &scrapes);
        let family = all.iter().find(|family| family.name == "user_service_registration").expect("the report's name");
        let metric = family.metrics.iter().filter(|metric| metric.labels.iter().any(|(_, value)| value == "success"));
        let mut metrics = metric.filter(|metric| metric.labels.iter().any(|(_, value)| value == number));
        match metrics.next().and_then(|metric| metric.points.last()) {
            Some((_, PointValue::Number(count))) => *count,
            other => panic!("{other:?}"),
        }
    };
    let counted = instance("user-service-0") + instance("user-service-1");
    assert_eq!((last("client_requests", "success"), counted), (100.0, 100.0));
}

/// OpenMetrics 1.0: families are not interleaved, points of a metric ascend, and the text ends with `# EOF`.
#[test]
fn the_text_has_each_family_once_and_ends() {
    let bench = bench(SYSTEM);
    let (_, scrapes) = scraped(&bench, 1.0);
    let text = sim::report::openmetrics(&families(&bench.system, &scrapes));
    assert!(text.ends_with("\n# EOF\n"));
    let types: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let mut names: Vec<&str> = types.iter().filter_map(|line| line.split(' ').next()).collect();
    let count = names.len();
    names.dedup();
    assert!(names.is_sorted() && names.len() == count, "{names:?}");
    let mut family = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            family = rest.split(' ').next().unwrap_or_default();
        } else if !line.starts_with('#') {
            assert!(line.starts_with(family), "{line} is not of {family}");
        }
    }
}
