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

fn windowed(window: &str, breaker: &str) -> String {
    let limit = "[services.shop.limits.one]\nsize = 1\nacquire_timeout = \"10ms\"";
    format!("runtime = \"delay\"\n[services.shop.breakers.b]\nwindow = {{ {window} }}\n{breaker}\n{limit}")
}

/// A and C hold the slot for 40; B and D fail beside them. That is never two failures in a row, but at 90 two of the last four.
/// Open until after 190, then two requests may pass in all: G fails at 202, F succeeds at 231, and half of two opens it again. I
/// and J both succeed, so it closes at 413.
#[test]
fn half_of_the_last_four_open_it() {
    let keys =
        windowed("calls = 4, min_calls = 4, failure_rate = 0.5", "recovery_time = \"100ms\"\nhalf_open_calls = 2");
    let sends = [0.0, 5.0, 50.0, 55.0, 95.0, 190.0, 191.0, 192.0, 193.0, 332.0, 373.0, 414.0];
    let story = play(&shop("", &keys, &hold("40ms")), &sends);
    assert_eq!(
        story.told(),
        [
            "40",
            "15: acquire timed out",
            "90",
            "65: acquire timed out",
            "95: breaker open",
            "190: breaker open",
            "231",
            "202: acquire timed out",
            "193: breaker open",
            "372",
            "413",
            "454",
        ]
    );
    assert!(story.at_rest);
    let breaker = resource(&story.outcome, "shop breaker b");
    assert_eq!((breaker.visits, breaker.refused, breaker.opened), (9, 3, Some(2)));
    assert_eq!(story.used("shop breaker b"), 323.0);
}

/// Longer than the threshold is slow, as long as it is not.
#[test]
fn slow_successes_open_it() {
    let keys = windowed("calls = 2, slow_after = \"30ms\"", "");
    let told = |sleep: &str| {
        let steps = guarded(&format!("{{ sleep = \"{sleep}\" }}"));
        play(&shop("", &keys, &steps), &[0.0, 50.0, 100.0]).told()
    };
    assert_eq!(told("30ms"), ["30", "80", "130"]);
    assert_eq!(told("31ms"), ["31", "81", "100: breaker open"]);
}

/// A window of 2 s has the present second and the one before it: the failure at 900 ms is not in that of 2100 ms, the one at
/// 1000 ms is in that of 2900 ms.
#[test]
fn a_window_of_time_consists_of_whole_seconds() {
    let keys = windowed("time = \"2s\", min_calls = 2", "");
    let told = |sends: &[f64]| play(&shop("", &keys, &guarded("{ fail = \"no\" }")), sends).told();
    assert_eq!(told(&[900.0, 2100.0, 2200.0, 2300.0]), ["900: no", "2100: no", "2200: no", "2300: breaker open"]);
    assert_eq!(told(&[1000.0, 2900.0, 2950.0]), ["1000: no", "2900: no", "2950: breaker open"]);
}

/// A, B and C hold the three slots until 100, 105 and 150. D and E are shed and open the breaker at 61. From 102 on F is on trial.
/// B, which began before, ends at 105: it is the one end by which the half-open state is judged, so the breaker closes, and G
/// passes beside F.
#[test]
fn an_end_counts_in_the_state_that_it_finds() {
    let keys = windowed("calls = 2", "recovery_time = \"40ms\"\nhalf_open_calls = 1");
    let keys = keys.replace("size = 1\nacquire_timeout = \"10ms\"", "size = 3\nmax_queue = 0");
    let story = play(&shop("", &keys, &hold("100ms")), &[0.0, 5.0, 50.0, 60.0, 61.0, 102.0, 106.0]);
    assert_eq!(story.told(), ["100", "105", "150", "60: shed", "61: shed", "202", "206"]);
}

/// A trial that is cancelled gives its permit back.
#[test]
fn a_cancelled_trial_makes_room_for_another() {
    let keys = windowed("calls = 1", "recovery_time = \"10ms\"\nhalf_open_calls = 1");
    let steps = format!("{{ timeout = {{ after = \"20ms\", steps = [{}] }} }}", hold("100ms"));
    // A is cancelled at 20 and counts for nothing. B fails at 11 and opens the breaker. C, a trial, holds the slot and is
    // cancelled at 45; D finds no permit meanwhile, E finds C's.
    let story = play(&shop("", &keys, &steps), &[0.0, 1.0, 25.0, 30.0, 46.0]);
    let late = |at: u32| format!("{at}: timed out");
    assert_eq!(
        story.told(),
        [late(20), "11: acquire timed out".to_owned(), late(45), "30: breaker open".to_owned(), late(66)]
    );
    assert!(story.at_rest);
}
