//! Hand-worked timelines: limits as bulkheads, and at their extremes.

use super::*;

fn limit(keys: &str) -> String {
    format!("runtime = \"delay\"\n[services.shop.limits.one]\n{keys}")
}

const HOLD: &str = "{ with = { limit = \"one\", steps = [{ sleep = \"10ms\" }] } }";

/// One works, one waits, one is shed; at 10 there is room for one more.
#[test]
fn one_more_than_may_wait_is_shed_at_once() {
    let story = play(&shop("", &limit("size = 1\nmax_queue = 1"), HOLD), &[0.0, 1.0, 2.0, 10.0, 11.0]);
    assert_eq!(story.told(), ["10", "20", "2: shed", "10: shed", "30"]);
    assert!(story.at_rest);
    let limit = resource(&story.outcome, "shop limit one");
    assert_eq!((limit.visits, limit.refused, limit.longest_queue), (3, 2, 1));
}

/// No request may wait: a bulkhead that fails at once.
#[test]
fn a_queue_without_room_lets_nobody_wait() {
    let story = play(&shop("", &limit("size = 2\nmax_queue = 0"), HOLD), &[0.0, 0.0, 0.0, 11.0]);
    assert_eq!(story.told(), ["10", "10", "0: shed", "21"]);
    assert!(story.at_rest);
}

/// No request waits for a limit without size; how many are inside is observed all the same.
#[test]
fn a_limit_without_size_only_observes() {
    let story = play(&shop("", &limit(""), HOLD), &[0.0; 500]);
    assert_eq!(story.successes(), [10.0; 500]);
    let limit = resource(&story.outcome, "shop limit one");
    assert_eq!((limit.capacity, limit.utilisation, limit.longest_queue), (None, 0.0, 0));
    assert!((limit.in_use - 500.0).abs() < 1e-9, "{limit:?}");
}

/// A gives the slot back and asks for it again in the same instant: it stands behind B.
#[test]
fn a_slot_freed_and_asked_for_in_one_instant_goes_to_who_waited() {
    let steps = format!("{{ repeat = {{ times = 3, steps = [{HOLD}] }} }}");
    let story = play(&shop("", &limit("size = 1"), &steps), &[0.0, 0.0]);
    assert_eq!(story.successes(), [50.0, 60.0]);
}
