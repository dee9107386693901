//! Hand-worked timelines: clients that send a failed request again, and what is kept of it interval by interval.

use sim::load::trial;
use sim::parts::{Slice, Users};

use super::*;

fn run(text: &str) -> Outcome {
    let bench = bench(text);
    let outcome = trial(&bench.system, &bench.load, 1, 0, &Limits::default());
    assert_eq!(outcome.violations, [""; 0]);
    outcome
}

fn closed(load: &str, keys: &str, steps: &str) -> String {
    format!(
        "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\n{load}\n[services.shop]\n{keys}\n\
         [services.shop.endpoints]\nserve = {{ steps = [{steps}] }}"
    )
}

/// One thread, 400 ms each: A to 400, B to 800. C gives up at 1000, while its handler is at work to 1200; sent again at
/// 1500, it has its answer at 1900.
#[test]
fn a_request_that_is_given_up_is_sent_again_while_its_handler_works_on() {
    let load = "concurrency = 3\nusers = 3\ntimeout = \"1s\"\ntimeline = \"500ms\"\n\
                retry = { attempts = 2, backoff = \"500ms\", jitter = \"none\" }";
    let outcome = run(&closed(load, "runtime = \"threads\"\nthreads = 1", "{ sleep = \"400ms\" }"));
    assert_eq!((outcome.window, outcome.sent, outcome.succeeded), (Time(1_900_000_000), 4, 3));
    let users = Users { first_tries: 3, succeeded: 3, succeeded_at_once: 2, lost: 0, backing_off: 0, still_trying: 0 };
    assert_eq!(outcome.users, Some(users));
    assert_eq!((outcome.success_rate(), outcome.attempts_per_request()), (1.0, 4.0 / 3.0));
    assert_eq!(outcome.failures, [("client gave up".to_owned(), 1)]);
    assert_eq!(outcome.wasted, 1);
    // The user waited from its first try on.
    assert!(outcome.response_times.max().expect("successes").abs_diff(1_900_000_000) < 2_000_000);
    let timeline = outcome.timeline.expect("a timeline");
    let slice = |sent, first_tries, succeeded, given_up, response_s| Slice {
        sent,
        first_tries,
        succeeded,
        failed: 0,
        given_up,
        response_s,
    };
    assert_eq!(timeline.slices[..2], [slice(3, 3, 1, 0, 0.4), slice(0, 0, 1, 0, 0.8)]);
    assert_eq!(timeline.slices[2..], [slice(0, 0, 0, 1, 0.0), slice(1, 0, 1, 0, 1.9)]);
    assert_eq!((timeline.end, timeline.in_flight()), (outcome.window, vec![2, 1, 0, 0]));
}

/// Sent at 0, 100, 300 and 700 ms, refused at once each time; with a longest back-off, at 0, 100, 250 and 400.
#[test]
fn the_back_off_grows_up_to_its_longest() {
    let fails = |more: &str| {
        let load = format!(
            "concurrency = 1\nusers = 1\nretry = {{ attempts = 4, backoff = \"100ms\", jitter = \"none\"{more} }}"
        );
        run(&closed(&load, "runtime = \"delay\"", "{ fail = \"no luck\" }"))
    };
    let outcome = fails("");
    assert_eq!((outcome.window, outcome.sent, outcome.success_rate()), (Time(700_000_000), 4, 0.0));
    assert_eq!((outcome.users.expect("users").lost, outcome.settled()), (1, 1));
    assert_eq!(fails(", max_backoff = \"150ms\"").window, Time(400_000_000));
    assert_eq!(fails(", factor = 1.0").window, Time(300_000_000));
    // One attempt is no retry.
    let load = "concurrency = 1\nusers = 1\nretry = { attempts = 1, backoff = \"100ms\" }";
    let outcome = run(&closed(load, "runtime = \"delay\"", "{ fail = \"no luck\" }"));
    assert_eq!((outcome.window, outcome.sent), (Time::ZERO, 1));
}

#[test]
fn full_jitter_draws_between_nothing_and_the_whole_back_off() {
    let load = "concurrency = 1\nusers = 2000\nretry = { attempts = 2, backoff = \"100ms\" }";
    let outcome = run(&closed(load, "runtime = \"delay\"", "{ fail = \"no luck\" }"));
    // 2000 back-offs, each uniform: 100 s in all, with a standard deviation of 100 ms / sqrt(12) * sqrt(2000) = 1.29 s.
    assert!((outcome.window.seconds() - 100.0).abs() < 5.2, "{}", outcome.window);
    assert_eq!(outcome.sent, 4000);
}

/// Ten retries are saved up and half of one comes with each user: the first 19 users have theirs, then every second.
#[test]
fn a_budget_bounds_the_retries() {
    let load = "concurrency = 1\nusers = 30\nretry = { attempts = 2, backoff = \"1ms\", budget = 0.5 }";
    let outcome = run(&closed(load, "runtime = \"delay\"", "{ fail = \"no luck\" }"));
    assert_eq!(outcome.sent, 30 + 19 + 5);
}

/// An endless closed load's client goes on only after its last attempt.
#[test]
fn a_client_waits_for_its_own_retry() {
    let load = "concurrency = 1\nduration = \"1s\"\nretry = { attempts = 2, backoff = \"90ms\", jitter = \"none\" }";
    let outcome = run(&closed(load, "runtime = \"delay\"", "{ sleep = \"5ms\" }, { fail = \"no luck\" }"));
    // 5 ms, 90 ms, 5 ms: a user each 100 ms.
    assert_eq!((outcome.users.expect("users").first_tries, outcome.sent), (10, 20));
}

/// Ten arrivals a second, each for 250 ms, in intervals of 250 ms.
#[test]
fn a_timeline_counts_what_happens_in_each_interval() {
    let text = shop("", "runtime = \"delay\"", "{ sleep = \"250ms\" }")
        .replace(
            "rate = \"1/s\"",
            "rate = \"10/s\"\narrivals = \"constant\"\ntimeline = \"250ms\"\nwarm_up = \"500ms\"",
        )
        .replace("duration = \"1s\"", "duration = \"500ms\"");
    let outcome = run(&text);
    let timeline = outcome.timeline.as_ref().expect("a timeline");
    let column = |figure: fn(&Slice) -> u32| timeline.slices.iter().map(figure).collect::<Vec<u32>>();
    assert_eq!(column(|slice| slice.sent), [2, 2, 3, 2]);
    assert_eq!(column(|slice| slice.succeeded), [0, 2, 2, 3]);
    assert_eq!(timeline.in_flight(), [2, 2, 3, 2]);
    assert_eq!(timeline.slices[1].response_s, 0.5);
    // The window has but the second half; a request that is sent at its start is in it.
    assert_eq!((outcome.sent, outcome.succeeded), (5, 5));
}
