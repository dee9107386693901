//! Hand-worked timelines: loads.

use std::sync::mpsc;
use std::time::Duration;

use sim::load::trial;

use super::*;

fn run(text: &str) -> Outcome {
    let bench = bench(text);
    let limits = Limits { max_events: Some(20_000_000), ..Limits::default() };
    let outcome = trial(&bench.system, &bench.load, 1, 0, &limits);
    assert_eq!(outcome.violations, [""; 0]);
    outcome
}

fn closed(load: &str, keys: &str, steps: &str) -> String {
    format!(
        "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\n{load}\n[services.shop]\n{keys}\n\
         [services.shop.endpoints]\nserve = {{ steps = [{steps}] }}"
    )
}

const STUCK: &str = "{ with = { limit = \"one\", steps = [{ with = { limit = \"one\", steps = [] } }] } }";
const LIMIT: &str = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1";

/// Two clients, three requests of 100 ms, 10 ms of thought, the second client 30 ms after the first: A to 100, B from
/// 30 to 130, and C, of the first client, from 110 to 210. The second client finds none left.
#[test]
fn a_finite_test_lasts_from_its_first_request_to_its_last_end() {
    let load = "concurrency = 2\nusers = 3\nthink_time = \"10ms\"\nspacing = \"30ms\"";
    let outcome = run(&closed(load, "runtime = \"delay\"", "{ sleep = \"100ms\" }"));
    assert_eq!((outcome.ending, outcome.window), (Ending::Complete, Time(210_000_000)));
    assert_eq!((outcome.succeeded, outcome.probes), (3, Some((1, 1))));
}

/// The request that hangs is in the wall time: two successes in a second.
#[test]
fn a_request_that_is_given_up_is_in_the_wall_time() {
    let keys = "runtime = \"threads\"\nthreads = 1";
    let load = "concurrency = 3\nusers = 3\ntimeout = \"1s\"";
    let outcome = run(&closed(load, keys, "{ sleep = \"400ms\" }"));
    assert_eq!((outcome.window, outcome.succeeded), (Time(1_000_000_000), 2));
    assert_eq!(outcome.throughput_per_min(), Some(120.0));
    assert_eq!(outcome.probes, Some((1, 1)));
}

/// Ten arrivals a second for a second, each for 250 ms; those of 800, 900 and 1000 ms are under way at the end.
#[test]
fn an_open_window_ends_with_requests_under_way() {
    let text = shop("", "runtime = \"delay\"", "{ sleep = \"250ms\" }")
        .replace("rate = \"1/s\"", "rate = \"10/s\"\narrivals = \"constant\"");
    let outcome = run(&text);
    assert_eq!((outcome.sent, outcome.succeeded, outcome.unfinished), (9, 7, 2));
}

#[test]
fn a_system_that_deadlocks_is_stuck_when_it_is_probed() {
    let outcome = run(&closed("concurrency = 1\nusers = 1\ntimeout = \"1s\"", LIMIT, STUCK));
    assert_eq!((outcome.probes, outcome.stuck()), (Some((0, 1)), true));
    // Without a time-out nothing more happens.
    let outcome = run(&closed("concurrency = 1\nusers = 1", LIMIT, STUCK));
    assert_eq!((outcome.ending, outcome.stuck(), outcome.success_rate()), (Ending::Quiet, true, 0.0));
}

/// A handler that goes on for half a second after its client gave up is wasted, one that never ends is not, and neither
/// are the probes after the load.
#[test]
fn probes_waste_nothing() {
    let wasted = |steps: &str| run(&closed("concurrency = 1\nusers = 1\ntimeout = \"1s\"", LIMIT, steps)).wasted;
    assert_eq!(wasted("{ sleep = \"1500ms\" }"), 1);
    assert_eq!(wasted(STUCK), 0);
}

#[test]
fn a_test_counts_its_own_waste_only() {
    let load = "concurrency = 1\nusers = 1\ntimeout = \"1s\"\nbefore = { concurrency = 5, users = 5 }";
    let outcome = run(&closed(load, LIMIT, STUCK));
    assert_eq!((outcome.sent, outcome.succeeded), (1, 0));
    assert!(outcome.wasted <= outcome.sent, "{} of {} were wasted", outcome.wasted, outcome.sent);
}

#[test]
fn an_earlier_test_that_never_ends_leaves_no_time_for_the_next() {
    let load = "concurrency = 1\nusers = 1\nbefore = { concurrency = 5, users = 5 }";
    let outcome = run(&closed(load, LIMIT, STUCK));
    assert_eq!((outcome.ending, outcome.sent, outcome.stuck()), (Ending::Quiet, 0, true));
}

#[test]
fn a_run_ends_when_only_accept_is_tried_again() {
    let keys = "open_files = 9\n[services.shop.limits.one]\nsize = 1";
    let outcome = run(&closed("concurrency = 3\nusers = 3", keys, STUCK));
    assert_eq!((outcome.ending, outcome.stuck()), (Ending::Quiet, true));
}

/// Two are in the station and the third is turned away, sends again at once, is turned away, ...
#[test]
fn a_client_that_is_turned_away_at_once_for_ever_does_not_hang_the_run() {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let text = closed(
            "concurrency = 3\nduration = \"10s\"",
            "runtime = \"delay\"",
            "{ visit = { station = \"s\", time = \"1s\" } }",
        );
        let bench = bench(&(text + "\n[stations.s]\ncapacity = 2"));
        let limits = Limits { max_events: Some(10_000), ..Limits::default() };
        sender.send(trial(&bench.system, &bench.load, 1, 0, &limits).ending)
    });
    assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(Ending::Standstill));
}

/// As many clients as a run can tell apart.
#[test]
#[ignore = "long: four million clients"]
fn every_one_of_four_million_clients_sends() {
    let load = "concurrency = 4000000\nusers = 4000000";
    let outcome = run(&closed(load, "runtime = \"delay\"", "{ sleep = \"1s\" }"));
    assert_eq!(outcome.succeeded, 4_000_000);
}
