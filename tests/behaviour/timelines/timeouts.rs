//! Hand-worked timelines: timeouts.

use super::*;

const LIMIT: &str = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1";
const STEPS: &str = "{ with = { limit = \"one\", steps = [{ sleep = \"3s\" }] } }";

/// A's handler works on until 3 s and B's until 6 s, both wasted; so C, which would be in time, is not.
#[test]
fn a_client_that_gives_up_does_not_stop_the_handler() {
    let story = play(&shop("timeout = \"4s\"", LIMIT, STEPS), &[0.0, 500.0, 4000.0]);
    assert_eq!(story.told(), ["3000", "4500: client gave up", "8000: client gave up"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.wasted, 2);
}

/// Cancelled at 4.5 s, B gives the slot to C, which is in time.
#[test]
fn a_client_that_cancels_stops_the_handler() {
    let load = "timeout = \"4s\"\nabandon = \"cancel\"";
    let story = play(&shop(load, LIMIT, STEPS), &[0.0, 500.0, 4000.0]);
    assert_eq!(story.told(), ["3000", "4500: client gave up", "7500"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.wasted, 0, "nobody works on for B");
}

/// A CPU slice is not interrupted; what comes after it is not begun.
#[test]
fn a_cancelled_slice_runs_to_its_end() {
    let load = "timeout = \"50ms\"\nabandon = \"cancel\"";
    let steps = "{ cpu = \"40ms\" }, { sleep = \"1ms\" }, { cpu = \"40ms\" }, { sleep = \"1s\" }";
    let story = play(&shop(load, "", steps), &[0.0, 45.0]);
    // A is cancelled at 50 in its second slice, which began at 41 and ends at 81. B begins then: 121 is too late.
    assert_eq!(story.told(), ["50: client gave up", "95: client gave up"]);
    let busy = resource(&story.outcome, "shop event loops").in_use * story.outcome.window.seconds();
    assert!((busy - 0.120).abs() < 1e-9, "{busy}");
}

/// The dead sleep of A would end at 1000 ms; B, which lies where A lay, must not be woken by it.
#[test]
fn the_event_of_a_cancelled_request_never_wakes_another() {
    let load = "timeout = \"900ms\"\nabandon = \"cancel\"";
    for (keys, steps) in [
        ("", "{ sleep = \"1s\" }"),
        ("", "{ visit = { station = \"counter\", time = \"1s\" } }"),
        ("", "{ visit = { station = \"share\", time = \"1s\" } }"),
        (
            "\n[services.shop.pools.main]\nserver = \"db\"\nround_trip = \"1s\"",
            "{ query = { pool = \"main\", time = \"0s\" } }",
        ),
        ("\n[services.shop.pools.main]\nserver = \"busy\"", "{ query = { pool = \"main\", time = \"1s\" } }"),
    ] {
        let rest = format!(
            "[stations.counter]\n[stations.share]\ndiscipline = \"ps\"\n[services.busy]\nruntime = \"threads\"\n\
             [services.db]\nruntime = \"delay\"\n[services.shop]\nruntime = \"delay\"\n{keys}"
        );
        let text = format!("{}\nserve = {{ steps = [{steps}] }}", model(load, &rest));
        let story = play(&text, &[0.0, 950.0]);
        assert_eq!(story.told(), ["900: client gave up", "1850: client gave up"], "{steps}");
        assert!(story.at_rest);
    }
}

/// What was scheduled first happens first. A's sleep began before B's time-out was set: B is granted the slot.
/// With two sleeps the second begins after: B times out.
#[test]
fn a_timeout_and_a_grant_at_the_same_instant_happen_in_the_order_of_scheduling() {
    let keys = format!("{LIMIT}\nacquire_timeout = \"100ms\"");
    let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"100ms\" }] } }";
    assert_eq!(play(&shop("", &keys, steps), &[0.0, 0.0]).told(), ["100", "200"]);
    let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"50ms\" }, { sleep = \"50ms\" }] } }";
    assert_eq!(play(&shop("", &keys, steps), &[0.0, 0.0]).told(), ["100", "100: acquire timed out"]);
}

/// The client's patience was set before the answer was scheduled.
#[test]
fn an_answer_at_the_instant_of_the_time_out_is_too_late() {
    let story = play(&shop("timeout = \"100ms\"", "runtime = \"delay\"", "{ sleep = \"100ms\" }"), &[0.0]);
    assert_eq!(story.told(), ["100: client gave up"]);
    assert_eq!(story.outcome.wasted, 1);
}

#[test]
fn a_step_that_fails_gives_back_what_is_held() {
    let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"10ms\" }, { repeat = { times = 2, steps = [\
        { sleep = \"1ms\" }, { fail = \"out of stock\" }] } }] } }";
    let story = play(&shop("", LIMIT, steps), &[0.0, 0.0]);
    assert_eq!(story.told(), ["11: out of stock", "22: out of stock"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.failures, [("out of stock".to_owned(), 2)]);
}
