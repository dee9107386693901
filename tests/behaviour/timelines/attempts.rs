//! Hand-worked timelines: retries.

use super::*;

const LIMIT: &str = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1";

fn retry(keys: &str, steps: &str) -> String {
    format!("{{ retry = {{ {keys}, steps = [{steps}] }} }}")
}

/// A holds the slot until 100. B asks from 0 to 10, from 30 to 40, from 80 to 90, and at 170.
#[test]
fn the_wait_before_a_retry_doubles() {
    let keys = format!("{LIMIT}\nacquire_timeout = \"10ms\"");
    let hold = "{ with = { limit = \"one\", steps = [{ sleep = \"100ms\" }] } }";
    let told = |retry_keys: &str| play(&shop("", &keys, &retry(retry_keys, hold)), &[0.0, 0.0]).told();
    assert_eq!(told("attempts = 4, backoff = \"20ms\""), ["100", "270"]);
    assert_eq!(told("attempts = 3, backoff = \"20ms\""), ["100", "90: acquire timed out"]);
    // From 0 to 10, 30 to 40, 70 to 80, at 110.
    assert_eq!(told("attempts = 4, backoff = \"20ms\", max_backoff = \"30ms\""), ["100", "210"]);
    // From 0 to 10, 30 to 40, 100.
    assert_eq!(told("attempts = 4, backoff = \"20ms\", factor = 3"), ["100", "200"]);
    // Without backoff attempts follow each other: from 0 to 10, to 20, to 30.
    assert_eq!(told("attempts = 3"), ["100", "30: acquire timed out"]);
}

/// A has the slot to 10, B to 20, then A's second attempt to 30, and B's to 40.
#[test]
fn an_attempt_gives_back_what_it_held_before_the_next() {
    let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"10ms\" }, { fail = \"out of stock\" }] } }";
    let story = play(&shop("", LIMIT, &retry("attempts = 2, backoff = \"5ms\"", steps)), &[0.0, 0.0]);
    assert_eq!(story.told(), ["30: out of stock", "40: out of stock"]);
    assert!(story.at_rest);
}

#[test]
fn only_the_causes_that_are_named_are_tried_again() {
    let steps = "{ sleep = \"1ms\" }, { fail = \"out of stock\" }";
    let told = |on: &str| {
        let steps = retry(&format!("attempts = 3, on = [{on}]"), steps);
        play(&shop("", LIMIT, &steps), &[0.0]).told()
    };
    assert_eq!(told("\"out of stock\""), ["3: out of stock"]);
    assert_eq!(told("\"read timed out\", \"acquire timed out\""), ["1: out of stock"]);
}

/// The bucket holds one token: A's retry takes it, B brings half of one, C the other half.
#[test]
fn a_budget_bounds_the_retries_to_a_share_of_the_first_attempts() {
    let steps = retry(
        "attempts = 2, budget = { ratio = 0.5, max_tokens = 1 }",
        "{ sleep = \"1ms\" }, { fail = \"out of stock\" }",
    );
    let story = play(&shop("", LIMIT, &steps), &[0.0, 10.0, 20.0, 30.0]);
    let ends: Vec<f64> = story.ends.iter().flatten().map(|(at, _)| *at).collect();
    assert_eq!(ends, [2.0, 11.0, 22.0, 31.0]);
}

/// A has the server's gate until 100. B's call would be answered at 200, but its client gives up at 130 and calls
/// again: the second call waits behind the first, and the work of the first is wasted.
#[test]
fn a_retry_meets_its_own_first_attempt() {
    let rest = "[services.back]\nruntime = \"delay\"\n[services.back.limits.gate]\nsize = 1\n[services.back.endpoints]\n\
        work = { steps = [{ with = { limit = \"gate\", steps = [{ sleep = \"100ms\" }] } }] }\n\
        [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"\ntimeout = \"120ms\"";
    let steps = retry("attempts = 2", "{ call = { client = \"back\", endpoint = \"work\" } }");
    let text = format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest));
    let story = play(&text, &[0.0, 10.0]);
    assert_eq!(story.told(), ["100", "250: read timed out"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.wasted, 2);
    assert_eq!(story.used("back limit gate"), 300.0);
}

/// What is done instead is done without what the failed steps held, and with what encloses them.
#[test]
fn a_fallback_goes_on_where_the_steps_failed() {
    let steps = "{ with = { limit = \"one\", steps = [{ fallback = { steps = [{ sleep = \"10ms\" }, { fail = \"no\" }], \
        otherwise = [{ sleep = \"2ms\" }] } }, { sleep = \"1ms\" }] } }";
    let story = play(&shop("", LIMIT, steps), &[0.0, 0.0]);
    assert_eq!(story.successes(), [13.0, 26.0]);
}

#[test]
fn a_fallback_leaves_other_causes_and_its_own_failures() {
    let told = |keys: &str, otherwise: &str| {
        let steps = format!(
            "{{ fallback = {{ {keys} steps = [{{ sleep = \"10ms\" }}, {{ fail = \"no\" }}], otherwise = [{otherwise}] }} }}"
        );
        play(&shop("", LIMIT, &steps), &[0.0]).told()
    };
    assert_eq!(told("on = [\"shed\"],", ""), ["10: no"]);
    assert_eq!(told("on = [\"no\"],", ""), ["10"]);
    assert_eq!(told("", "{ fail = \"not either\" }"), ["10: not either"]);
}

/// Cancellation passes every retry and fallback.
#[test]
fn nothing_catches_a_cancellation() {
    let load = "timeout = \"25ms\"\nabandon = \"cancel\"";
    let hold = "{ with = { limit = \"one\", steps = [{ sleep = \"1s\" }] } }";
    let steps = retry("attempts = 9", &format!("{{ fallback = {{ steps = [{hold}], otherwise = [{hold}] }} }}"));
    let story = play(&shop(load, LIMIT, &steps), &[0.0]);
    assert_eq!(story.told(), ["25: client gave up"]);
    assert!(story.at_rest);
    assert_eq!(story.used("shop limit one"), 25.0);
}
