//! Hand-worked timelines: time-outs of steps, and deadlines that propagate.

use super::*;

const ONE: &str = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1";

fn timeout(after: &str, steps: &str) -> String {
    format!("{{ timeout = {{ after = \"{after}\", steps = [{steps}] }} }}")
}

fn with(limit: &str, steps: &str) -> String {
    format!("{{ with = {{ limit = \"{limit}\", steps = [{steps}] }} }}")
}

const SLEEP: &str = "{ sleep = \"100ms\" }";

/// A has the slot from 0 to 60, then B.
#[test]
fn a_time_out_gives_back_what_encloses_it_when_nothing_catches() {
    let steps = with("one", &format!("{{ sleep = \"10ms\" }}, {}", timeout("50ms", SLEEP)));
    let story = play(&shop("", ONE, &steps), &[0.0, 0.0]);
    assert_eq!(story.told(), ["60: timed out", "120: timed out"]);
    assert!(story.at_rest);
}

/// The inner slot is given back at 50, the outer one kept until 56.
#[test]
fn a_time_out_that_is_caught_gives_back_only_what_is_inside() {
    let keys = format!("{ONE}\n[services.shop.limits.two]\nsize = 1");
    let inner = timeout("50ms", &with("two", SLEEP));
    let steps = format!(
        "{}, {{ sleep = \"1ms\" }}",
        format_args!("{{ fallback = {{ steps = [{inner}], otherwise = [{{ sleep = \"5ms\" }}] }} }}")
    );
    let story = play(&shop("", &keys, &with("one", &steps)), &[0.0, 0.0]);
    assert_eq!(story.successes(), [56.0, 112.0]);
    assert_eq!(story.used("shop limit two"), 100.0);
}

/// A has `b` until 40. B has `a` and waits for `b`, C waits for `a`; at 40 B gets `b` and C gets `a`. B's time-out at
/// 51 gives `b` to C, whose own comes at 52.
#[test]
fn a_time_out_in_nested_queues_gives_everything_back() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.a]\nsize = 2\n[services.shop.limits.b]\nsize = 1";
    let steps = timeout("50ms", &with("a", &with("b", "{ sleep = \"40ms\" }")));
    let story = play(&shop("", keys, &steps), &[0.0, 1.0, 2.0]);
    assert_eq!(story.told(), ["40", "51: timed out", "52: timed out"]);
    assert!(story.at_rest);
    assert_eq!(story.used("shop limit b"), 52.0);
}

/// What was scheduled first happens first. A's sleep began before B's time-out was set: B is granted the slot. The
/// second half of a sleep in two begins after: B times out.
#[test]
fn a_time_out_and_a_grant_at_the_same_instant_happen_in_the_order_of_scheduling() {
    let steps = |hold: &str| format!("{}, {}", timeout("100ms", &with("one", "")), with("one", hold));
    assert_eq!(play(&shop("", ONE, &steps(SLEEP)), &[0.0, 0.0]).told(), ["100", "200"]);
    let halves = steps("{ sleep = \"50ms\" }, { sleep = \"50ms\" }");
    assert_eq!(play(&shop("", ONE, &halves), &[0.0, 0.0]).told(), ["100", "100: timed out"]);
}

/// The time-out of the steps and their end at one instant: the time-out was set first.
#[test]
fn steps_that_take_exactly_their_time_out_are_too_late() {
    let story = play(&shop("", ONE, &timeout("100ms", SLEEP)), &[0.0]);
    assert_eq!(story.told(), ["100: timed out"]);
    assert!(story.at_rest);
}

#[test]
fn a_time_out_does_not_interrupt_a_slice() {
    let steps = timeout("10ms", "{ cpu = \"30ms\" }, { sleep = \"5ms\" }");
    let story = play(&shop("", "", &steps), &[0.0]);
    assert_eq!(story.told(), ["30: timed out"]);
}

/// The inner time-out is a failure that the retry catches, at 20 and 40; the outer one passes it, at 50.
#[test]
fn an_outer_time_out_passes_what_would_catch_the_inner_one() {
    let tries = format!("{{ retry = {{ attempts = 10, steps = [{}] }} }}", timeout("20ms", SLEEP));
    assert_eq!(play(&shop("", ONE, &timeout("50ms", &tries)), &[0.0]).told(), ["50: timed out"]);
    let caught =
        format!("{{ fallback = {{ steps = [{}], otherwise = [{{ sleep = \"1ms\" }}] }} }}", timeout("50ms", &tries));
    assert_eq!(play(&shop("", ONE, &caught), &[0.0]).told(), ["51"]);
}

/// Two attempts of 30 ms each, each within an attempt to hold the slot: everything is given back each time.
#[test]
fn retries_of_time_outs_of_holds_leave_nothing_behind() {
    let keys = format!("{ONE}\n[services.shop.limits.two]\nsize = 1\nacquire_timeout = \"20ms\"");
    let steps = format!(
        "{{ retry = {{ attempts = 2, backoff = \"1ms\", steps = [{}] }} }}",
        timeout("30ms", &with("one", &with("two", SLEEP)))
    );
    let story = play(&shop("", &keys, &steps), &[0.0, 5.0]);
    // A: 0 to 30 and, behind B's first attempt, from 35 to 61. B: waits to 30, is timed out at 35 and at 66.
    assert_eq!(story.told(), ["61: timed out", "66: timed out"]);
    assert!(story.at_rest);
}

const BACK: &str = "[services.back]\nruntime = \"delay\"\n[services.back.limits.gate]\nsize = 1\n[services.back.clients.deep]\n\
    server = \"deep\"\n[services.back.endpoints]\n\
    work = { steps = [{ with = { limit = \"gate\", steps = [{ sleep = \"100ms\" }] } }] }\n\
    pass = { steps = [{ call = { client = \"deep\", endpoint = \"work\" } }] }\n\
    [services.deep]\nruntime = \"delay\"\n[services.deep.limits.gate]\n[services.deep.endpoints]\n\
    work = { steps = [{ with = { limit = \"gate\", steps = [{ sleep = \"100ms\" }] } }] }\n\
    [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"";

fn call_within(propagate: bool, endpoint: &str, sends: &[f64]) -> Story {
    let steps = format!(
        "{{ timeout = {{ after = \"30ms\", propagate = {propagate}, steps = [{{ call = {{ client = \"back\", \
         endpoint = \"{endpoint}\" }} }}] }} }}"
    );
    play(&format!("{}\nserve = {{ steps = [{steps}] }}", model("", BACK)), sends)
}

/// The gate is held from 0 to 30 for A, to 40 for B, from 40 to 70 for C; or by three handlers for 100 ms each.
#[test]
fn a_deadline_that_propagates_stops_the_server() {
    for (propagate, held, wasted) in [(true, 70.0, 0), (false, 300.0, 3)] {
        let story = call_within(propagate, "work", &[0.0, 10.0, 40.0]);
        assert_eq!(story.told(), ["30: timed out", "40: timed out", "70: timed out"]);
        assert!(story.at_rest);
        assert_eq!(story.used("back limit gate"), held);
        assert_eq!(story.outcome.wasted, wasted);
    }
}

/// The server's server has it, too.
#[test]
fn a_deadline_goes_on_through_the_servers() {
    let used = |propagate| call_within(propagate, "pass", &[0.0]).used("deep limit gate");
    assert_eq!((used(true), used(false)), (30.0, 100.0));
}

/// The network takes 10 ms, so the server begins at 10, and its deadline is still at 30: it holds the gate for 20 ms.
#[test]
fn a_deadline_is_a_point_of_time_not_a_length() {
    let steps = "{ timeout = { after = \"30ms\", propagate = true, steps = [{ call = { client = \"back\", endpoint = \"work\" } \
        }] } }";
    let rest = format!("{BACK}\nround_trip = \"10ms\"");
    let story = play(&format!("{}\nserve = {{ steps = [{steps}] }}", model("", &rest)), &[0.0]);
    assert_eq!(story.told(), ["30: timed out"]);
    assert_eq!(story.used("back limit gate"), 20.0);
}

/// A branch's calls carry the deadline of what encloses it. Of two deadlines the earlier counts, here that of 20 ms;
/// the handler fails by it at the same instant as its caller, who set it first.
#[test]
fn the_earliest_deadline_goes_with_a_call() {
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    let within = |after: &str, steps: &str| {
        format!("{{ timeout = {{ after = \"{after}\", propagate = true, steps = [{steps}] }} }}")
    };
    let steps = within("20ms", &format!("{{ parallel = {{ branches = [[{}]] }} }}", within("90ms", call)));
    let story = play(&format!("{}\nserve = {{ steps = [{steps}] }}", model("", BACK)), &[0.0]);
    assert_eq!(story.told(), ["20: timed out"]);
    assert_eq!(story.used("back limit gate"), 20.0);
}

/// As many nested requests as connections deadlock; with a time-out around them they do not.
#[test]
fn a_time_out_around_a_circle_dissolves_it() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.two]\nsize = 2";
    let nested = with("two", &format!("{{ sleep = \"10ms\" }}, {}", with("two", "{ sleep = \"1ms\" }")));
    assert!(play(&shop("", keys, &nested), &[0.0, 0.0]).outcome.deadlock.is_some());
    let story = play(&shop("", keys, &timeout("50ms", &nested)), &[0.0, 0.0]);
    assert_eq!(story.outcome.deadlock, None);
    // A's time-out gives its slot to B, whose own comes in the same instant.
    assert_eq!(story.told(), ["50: timed out", "50: timed out"]);
    assert!(story.at_rest);
}
