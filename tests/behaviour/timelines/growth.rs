//! Hand-worked timelines: threads and limits that grow.

use super::*;

const HOLD: &str = "{ with = { limit = \"one\", steps = [{ sleep = \"100ms\" }] } }";

fn limit(keys: &str) -> String {
    format!("runtime = \"delay\"\n[services.shop.limits.one]\n{keys}")
}

fn threads(keys: &str) -> String {
    format!("runtime = \"threads\"\n{keys}")
}

/// A has the only thread until 100, B waits from 10 on and is looked at every 30. At 40 nothing was granted since 10: B has
/// a second thread. C waits from 50 on: at 80 it has a third, the last one. D waits from 60 on until A ends at 100.
#[test]
fn a_pool_that_starves_gets_one_more_at_each_look() {
    let keys = "size = 1\ngrow = { to = 3, every = \"30ms\" }";
    let story = play(&shop("", &limit(keys), HOLD), &[0.0, 10.0, 50.0, 60.0]);
    assert_eq!(story.successes(), [100.0, 140.0, 180.0, 200.0]);
    let seen = resource(&story.outcome, "shop limit one");
    // One until 40, two until 80, three until 200.
    let sizes: f64 = 40.0 + 2.0 * 40.0 + 3.0 * 120.0;
    assert!((seen.capacity.expect("a limit") - sizes / 200.0).abs() < 1e-9, "{seen:?}");
}

/// The same with threads. Looks are at 40, 70 and so on while something waits: B is served at 40, C at 70, D at 100 by A's
/// thread.
#[test]
fn looks_go_on_while_something_waits() {
    let keys = "threads = 1\ngrow_threads = { to = 3, every = \"30ms\" }";
    let story = play(&shop("", &threads(keys), "{ sleep = \"100ms\" }"), &[0.0, 10.0, 10.0, 20.0]);
    assert_eq!(story.successes(), [100.0, 140.0, 170.0, 200.0]);
}

/// Nothing starves while threads become free: each request takes 20 ms, so between two looks a waiting one always gets the
/// thread.
#[test]
fn a_pool_that_is_busy_does_not_grow() {
    let keys = "threads = 1\ngrow_threads = { to = 3, every = \"30ms\" }";
    let story = play(&shop("", &threads(keys), "{ sleep = \"20ms\" }"), &[0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(story.successes(), [20.0, 40.0, 60.0, 80.0, 100.0]);
    assert_eq!(resource(&story.outcome, "shop threads").capacity, Some(1.0));
}

/// A Java executor, core 1, queue 1, maximum 2: A has the core thread, B waits, C finds the queue full and has a thread of its
/// own, before B; D is refused. At 100 B has A's thread. The second thread stays, so that E and F need not wait at 210.
#[test]
fn a_full_queue_makes_a_thread_for_the_newcomer() {
    let keys = "threads = 1\nmax_queue = 1\ngrow_threads = { to = 2 }";
    let story = play(&shop("", &threads(keys), "{ sleep = \"100ms\" }"), &[0.0, 1.0, 2.0, 3.0, 210.0, 210.0]);
    assert_eq!(story.told(), ["100", "200", "102", "3: thread queue full", "310", "310"]);
    let limit = limit("size = 1\nmax_queue = 1\ngrow = { to = 2 }");
    let story = play(&shop("", &limit, HOLD), &[0.0, 1.0, 2.0, 3.0, 210.0, 210.0]);
    assert_eq!(story.told(), ["100", "200", "102", "3: shed", "310", "310"]);
}

/// Two requests hold both slots and wait for another one. That is no deadlock: at 60 there is a third slot, with which A
/// ends, and B gets one of A's.
#[test]
fn a_pool_that_may_grow_does_not_deadlock() {
    let nested = "{ with = { limit = \"one\", steps = [{ sleep = \"10ms\" }, { with = { limit = \"one\", steps = [{ sleep = \"5ms\" }] } }] } }";
    let story = play(&shop("", &limit("size = 2\ngrow = { to = 3, every = \"50ms\" }"), nested), &[0.0, 0.0]);
    assert_eq!((story.successes(), story.outcome.deadlock), (vec![65.0, 70.0], None));
    // Three requests fill all that there can be.
    let story = play(&shop("", &limit("size = 2\ngrow = { to = 3, every = \"50ms\" }"), nested), &[0.0, 0.0, 0.0]);
    assert_eq!(story.told(), ["never", "never", "never"]);
    let deadlock = story.outcome.deadlock.expect("a circle");
    assert_eq!((deadlock.resource.as_str(), deadlock.at), ("shop limit one", Time(60_000_000)));
}

/// An executor that grows only when its queue is full does nothing for two that wait for each other: no request comes.
#[test]
fn a_pool_that_only_newcomers_make_larger_deadlocks() {
    let nested =
        "{ with = { limit = \"one\", steps = [{ sleep = \"10ms\" }, { with = { limit = \"one\", steps = [] } }] } }";
    let keys = limit("size = 2\nmax_queue = 5\ngrow = { to = 3 }");
    let story = play(&shop("", &keys, nested), &[0.0, 0.0]);
    assert_eq!(story.told(), ["never", "never"]);
    assert_eq!(story.outcome.deadlock.expect("a circle").at, Time(10_000_000));
}

/// A process that was killed starts with its first threads: C and D come at 300, and D waits until a look adds one at 330.
#[test]
fn a_process_that_begins_anew_has_its_first_threads() {
    let keys = "threads = 1\ngrow_threads = { to = 3, every = \"30ms\" }\n[faults.f]\nservice = \"shop\"\nfrom = \"200ms\"\n\
                to = \"250ms\"\neffect = \"dead\"";
    let story = play(&shop("", &threads(keys), "{ sleep = \"100ms\" }"), &[0.0, 0.0, 300.0, 300.0]);
    assert_eq!(story.successes(), [100.0, 130.0, 400.0, 430.0]);
}
