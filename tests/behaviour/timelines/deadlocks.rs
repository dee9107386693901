//! Hand-worked timelines: deadlocks.

use super::*;

/// A holds the slot and calls `back`; B's call holds the only thread of `back` and waits there for the slot.
/// The circle closes when A's call begins to wait for the thread.
#[test]
fn a_circle_through_two_services_is_found() {
    let rest = "[limits.slot]\nsize = 1\n\
        [services.back]\nruntime = \"threads\"\nthreads = 1\n[services.back.endpoints]\n\
        plain = { steps = [] }\nheld = { steps = [{ sleep = \"5ms\" }, { with = { shared = \"slot\", steps = [] } }] }\n\
        [services.shop]\nruntime = \"delay\"\nreplicas = 2\n[services.shop.clients.back]\nserver = \"back\"\nbroken_workers = 0";
    let call = |endpoint: &str| format!("{{ call = {{ client = \"back\", endpoint = \"{endpoint}\" }} }}");
    // Every request calls `held`, sleeps, and calls `plain` holding the slot.
    let steps = format!(
        "{}, {{ with = {{ shared = \"slot\", steps = [{{ sleep = \"10ms\" }}, {}] }} }}",
        call("held"),
        call("plain")
    );
    let text = format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest));
    // A: calls `held` to 5, has the slot from 5 on, calls `plain` at 15. B arrives at 8: its call has the thread and
    // waits for the slot from 13 on. At 15 the circle closes.
    let story = play(&text, &[0.0, 8.0]);
    assert_eq!(story.told(), ["never"; 2]);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!(deadlock.at, Time(15_000_000));
}

/// A holds the slot and waits for the one connection of the client, which B holds while its call waits for the slot.
#[test]
fn a_circle_through_an_http_client_is_found() {
    let rest = "[limits.slot]\nsize = 1\n\
        [services.back]\nruntime = \"delay\"\n[services.back.endpoints]\n\
        plain = { steps = [] }\nheld = { steps = [{ sleep = \"5ms\" }, { with = { shared = \"slot\", steps = [] } }] }\n\
        [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"\n\
        max_connections = 1";
    let call = |endpoint: &str| format!("{{ call = {{ client = \"back\", endpoint = \"{endpoint}\" }} }}");
    let steps = format!(
        "{}, {{ with = {{ shared = \"slot\", steps = [{{ sleep = \"10ms\" }}, {}] }} }}",
        call("held"),
        call("plain")
    );
    let text = format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest));
    let story = play(&text, &[0.0, 8.0]);
    assert_eq!(story.told(), ["never"; 2]);
    assert_eq!(story.outcome.deadlock.expect("a deadlock").at, Time(15_000_000));
}

/// The slot is the system's only one, and the call that its holder waits for needs it too.
const ITSELF: &str = "[limits.slot]\nsize = 1\n[services.back]\nruntime = \"delay\"\n[services.back.limits.gate]\nsize = 1\n\
    [services.back.endpoints]\nplain = { steps = [{ with = { shared = \"slot\", steps = [] } }] }\n\
    gated = { steps = [{ with = { limit = \"gate\", steps = [{ with = { shared = \"slot\", steps = [] } }] } }] }\n\
    [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"";

fn waits_for_itself(endpoint: &str) -> Story {
    let call = format!("{{ call = {{ client = \"back\", endpoint = \"{endpoint}\" }} }}");
    let steps = format!("{{ with = {{ shared = \"slot\", steps = [{{ sleep = \"10ms\" }}, {call}] }} }}");
    play(&format!("{}\nserve = {{ steps = [{steps}] }}", model("", ITSELF)), &[0.0, 1.0, 2.0, 3.0, 4.0])
}

#[test]
fn a_request_that_waits_for_itself_through_a_call_is_found() {
    let story = waits_for_itself("plain");
    assert_eq!(story.told(), ["never"; 5]);
    assert_eq!(story.outcome.deadlock.expect("a deadlock").at, Time(10_000_000));
}

#[test]
fn a_circle_through_a_call_is_told() {
    let story = waits_for_itself("gated");
    assert_eq!(story.told(), ["never"; 5]);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!((deadlock.at, deadlock.resource.as_str()), (Time(10_000_000), "limit slot"));
    assert!(
        deadlock.circle[0].starts_with("the one request in the whole system holds a slot of limit slot"),
        "{deadlock:?}"
    );
}

/// Two locks taken in opposite orders.
#[test]
fn two_limits_in_opposite_orders_deadlock() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.a]\nsize = 1\n[services.shop.limits.b]\nsize = 1";
    let both = |first: &str, second: &str| {
        format!(
            "{{ with = {{ limit = \"{first}\", steps = [{{ sleep = \"10ms\" }}, {{ with = {{ limit = \"{second}\", \
             steps = [] }} }}] }} }}"
        )
    };
    // B is at its second pair when A is at its first: A takes b at 30, B takes a at 25 and waits for b at 35.
    let steps = format!("{}, {{ sleep = \"10ms\" }}, {}", both("a", "b"), both("b", "a"));
    let story = play(&shop("", keys, &steps), &[0.0, 15.0]);
    assert_eq!(story.told(), ["never"; 2]);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!(deadlock.circle.len(), 2, "{:?}", deadlock.circle);
}

/// A wait that has a time-out at any place of the circle ends it: no deadlock.
#[test]
fn a_circle_with_a_time_out_is_none() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.a]\nsize = 1\n[services.shop.limits.b]\nsize = 1\n\
        acquire_timeout = \"1s\"";
    let both = |first: &str, second: &str| {
        format!(
            "{{ with = {{ limit = \"{first}\", steps = [{{ sleep = \"10ms\" }}, {{ with = {{ limit = \"{second}\", \
             steps = [] }} }}] }} }}"
        )
    };
    let steps = format!("{}, {{ sleep = \"10ms\" }}, {}", both("a", "b"), both("b", "a"));
    let story = play(&shop("", keys, &steps), &[0.0, 15.0]);
    assert!(story.at_rest, "{:?}", story.told());
    assert_eq!(story.outcome.deadlock, None);
}
