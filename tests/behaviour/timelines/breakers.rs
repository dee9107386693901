//! Hand-worked timelines: circuit breakers.

use super::*;

fn keys(threshold: u32, recovery: &str, trials: u32) -> String {
    format!(
        "runtime = \"delay\"\n[services.shop.breakers.b]\nfailure_threshold = {threshold}\nrecovery_time = \"{recovery}\"\n\
         half_open_calls = {trials}\n[services.shop.limits.one]\nsize = 1\nacquire_timeout = \"10ms\""
    )
}

fn guarded(steps: &str) -> String {
    format!("{{ breaker = {{ name = \"b\", steps = [{steps}] }} }}")
}

fn hold(time: &str) -> String {
    guarded(&format!("{{ with = {{ limit = \"one\", steps = [{{ sleep = \"{time}\" }}] }} }}"))
}

/// A holds the slot until 250, so B and C fail, and at 30 the breaker opens. From 130 on one trial at a time may pass:
/// F fails at 140; H, at 240, succeeds at 500 and closes it. A's success at 250 belongs to the time before and closes
/// nothing.
#[test]
fn a_breaker_opens_half_opens_and_closes() {
    let sends = [0.0, 10.0, 20.0, 40.0, 129.0, 130.0, 135.0, 240.0, 260.0, 501.0];
    let story = play(&shop("", &keys(2, "100ms", 1), &hold("250ms")), &sends);
    assert_eq!(
        story.told(),
        [
            "250",
            "20: acquire timed out",
            "30: acquire timed out",
            "40: breaker open",
            "129: breaker open",
            "140: acquire timed out",
            "135: breaker open",
            "500",
            "260: breaker open",
            "751",
        ]
    );
    assert!(story.at_rest);
    let breaker = resource(&story.outcome, "shop breaker b");
    assert_eq!((breaker.visits, breaker.refused, breaker.opened), (6, 4, Some(2)));
    assert_eq!(story.used("shop breaker b"), 470.0);
}

/// Two trials at once: C gets the slot at 100, D fails at 106 and opens the breaker again; E is one too many. C's
/// success at 200 comes too late to close it.
#[test]
fn a_half_open_breaker_lets_so_many_trials_pass_at_once() {
    let sends = [0.0, 5.0, 95.0, 96.0, 97.0, 150.0, 160.0, 201.0];
    let story = play(&shop("", &keys(1, "50ms", 2), &hold("100ms")), &sends);
    assert_eq!(
        story.told(),
        [
            "100",
            "15: acquire timed out",
            "200",
            "106: acquire timed out",
            "97: breaker open",
            "150: breaker open",
            "170: acquire timed out",
            "201: breaker open",
        ]
    );
    assert!(story.at_rest);
}

/// A time-out around the breaker cancels what it guards, which is no failure of it; one inside is.
#[test]
fn a_cancelled_call_is_no_failure() {
    let timeout = |steps: &str| format!("{{ timeout = {{ after = \"10ms\", steps = [{steps}] }} }}");
    let told = |steps: &str| play(&shop("", &keys(1, "1s", 1), steps), &[0.0, 20.0]).told();
    let sleep = "{ sleep = \"1s\" }";
    assert_eq!(told(&timeout(&guarded(sleep))), ["10: timed out", "30: timed out"]);
    assert_eq!(told(&guarded(&timeout(sleep))), ["10: timed out", "20: breaker open"]);
}

/// A success between two failures begins the count anew. A and C hold the slot; B and D fail beside them.
#[test]
fn failures_with_a_success_between_do_not_open_it() {
    let sends = [0.0, 5.0, 50.0, 55.0, 95.0];
    let story = play(&shop("", &keys(2, "1s", 1), &hold("40ms")), &sends);
    let failed = |at: u32| format!("{at}: acquire timed out");
    assert_eq!(story.told(), ["40".to_owned(), failed(15), "90".to_owned(), failed(65), "135".to_owned()]);
}
