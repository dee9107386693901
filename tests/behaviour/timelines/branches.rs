//! Hand-worked timelines: branches that run side by side, and hedged attempts.

use super::*;

const ONE: &str = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1";

fn parallel(branches: &[&str]) -> String {
    let branches: Vec<String> = branches.iter().map(|steps| format!("[{steps}]")).collect();
    format!("{{ parallel = {{ branches = [{}] }} }}", branches.join(", "))
}

#[test]
fn branches_take_as_long_as_the_longest() {
    let steps = format!(
        "{}, {{ sleep = \"1ms\" }}",
        parallel(&["{ sleep = \"10ms\" }", "{ sleep = \"20ms\" }, { sleep = \"10ms\" }", ""])
    );
    assert_eq!(play(&shop("", ONE, &steps), &[0.0, 5.0]).successes(), [31.0, 36.0]);
}

/// One event loop runs one slice at a time; threads share the cores.
#[test]
fn branches_share_the_cpu() {
    let steps = parallel(&["{ cpu = \"10ms\" }", "{ cpu = \"10ms\" }"]);
    for (keys, end) in [
        ("", 20.0),
        ("runtime = \"threads\"\ncpu = \"1\"", 20.0),
        ("runtime = \"threads\"\nthreads = 1\ncpu = \"2\"", 10.0),
        ("runtime = \"delay\"", 10.0),
    ] {
        assert_eq!(play(&shop("", keys, &steps), &[0.0]).successes(), [end], "{keys}");
    }
}

/// The sleeps of both branches overlap, their slices take turns.
#[test]
fn branches_on_an_event_loop_take_turns() {
    let steps = parallel(&[
        "{ cpu = \"2ms\" }, { sleep = \"10ms\" }, { cpu = \"2ms\" }",
        "{ cpu = \"3ms\" }, { sleep = \"10ms\" }",
    ]);
    // First branch: 0 to 2, sleeps to 12, 12 to 14. Second: 2 to 5, sleeps to 15.
    assert_eq!(play(&shop("", "", &steps), &[0.0]).successes(), [15.0]);
}

/// A fails at 10; its other branch holds the slot until 30, and B's then until 60, both wasted.
#[test]
fn the_first_failure_fails_the_step_and_the_others_run_on() {
    let steps = parallel(&[
        "{ sleep = \"10ms\" }, { fail = \"no\" }",
        "{ with = { limit = \"one\", steps = [{ sleep = \"30ms\" }] } }",
    ]);
    let story = play(&shop("", ONE, &steps), &[0.0, 5.0]);
    assert_eq!(story.told(), ["10: no", "15: no"]);
    assert!(story.at_rest);
    assert_eq!(story.used("shop limit one"), 60.0);
}

/// A's time-out at 10 gives the slot to B, which has it until its own at 15.
#[test]
fn a_time_out_cancels_the_branches() {
    let steps = format!(
        "{{ timeout = {{ after = \"10ms\", steps = [{}] }} }}",
        parallel(&["{ with = { limit = \"one\", steps = [{ sleep = \"30ms\" }] } }", "{ sleep = \"50ms\" }"])
    );
    let story = play(&shop("", ONE, &steps), &[0.0, 5.0]);
    assert_eq!(story.told(), ["10: timed out", "15: timed out"]);
    assert!(story.at_rest);
    assert_eq!(story.used("shop limit one"), 15.0);
}

#[test]
fn a_client_that_cancels_cancels_the_branches() {
    let load = "timeout = \"10ms\"\nabandon = \"cancel\"";
    let inner = parallel(&["{ sleep = \"1s\" }", "{ with = { limit = \"one\", steps = [{ sleep = \"1s\" }] } }"]);
    let story = play(&shop(load, ONE, &parallel(&[&inner, "{ sleep = \"2s\" }"])), &[0.0]);
    assert_eq!(story.told(), ["10: client gave up"]);
    assert!(story.at_rest);
    assert_eq!(story.used("shop limit one"), 10.0);
}

/// The request holds the slot that its branch waits for.
#[test]
fn a_circle_through_a_branch_is_found() {
    let branch = parallel(&["{ with = { limit = \"one\", steps = [] } }"]);
    let steps = format!("{{ with = {{ limit = \"one\", steps = [{{ sleep = \"10ms\" }}, {branch}] }} }}");
    let story = play(&shop("", ONE, &steps), &[0.0]);
    assert_eq!(story.told(), ["never"]);
    assert_eq!(story.outcome.deadlock.expect("a deadlock").at, Time(10_000_000));
}

/// The other branch could still have failed, and so freed the slot, until it ends at 20.
#[test]
fn a_circle_is_found_when_the_last_other_branch_ends() {
    let branch = parallel(&["{ with = { limit = \"one\", steps = [] } }", "{ sleep = \"20ms\" }"]);
    let steps = format!("{{ with = {{ limit = \"one\", steps = [{branch}] }} }}");
    let story = play(&shop("", ONE, &steps), &[0.0]);
    assert_eq!(story.told(), ["never"]);
    assert_eq!(story.outcome.deadlock.expect("a deadlock").at, Time(20_000_000));
}

fn hedge(keys: &str, steps: &str) -> String {
    format!("{{ hedge = {{ {keys}, steps = [{steps}] }} }}")
}

const HOLD: &str = "{ with = { limit = \"one\", steps = [{ sleep = \"50ms\" }] } }";

/// The second attempt, at 20, waits for the slot that the first has. At 50 it is given the slot, and cancelled in the
/// same instant.
#[test]
fn the_first_answer_wins_and_the_other_attempt_is_cancelled() {
    let story = play(&shop("", ONE, &hedge("after = \"20ms\"", HOLD)), &[0.0]);
    assert_eq!(story.successes(), [50.0]);
    assert_eq!((story.used("shop limit one"), resource(&story.outcome, "shop limit one").visits), (50.0, 2));
}

/// B's first attempt fails at 15, which brings on its second at once, and that fails at 25. A's second attempt, from 20
/// to 30, does not matter.
#[test]
fn an_attempt_that_fails_brings_on_the_next_at_once() {
    let keys = format!("{ONE}\nacquire_timeout = \"10ms\"");
    let story = play(&shop("", &keys, &hedge("after = \"20ms\"", HOLD)), &[0.0, 5.0]);
    assert_eq!(story.told(), ["50", "25: acquire timed out"]);
    assert!(story.at_rest);
}

/// Attempts at 0, 20 and 40; two slots, so the third waits until 50, when all is over.
#[test]
fn attempts_follow_each_other_up_to_the_most() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 2";
    let story = play(&shop("", keys, &hedge("after = \"20ms\", max = 3", HOLD)), &[0.0]);
    assert_eq!(story.successes(), [50.0]);
    assert_eq!((story.used("shop limit one"), resource(&story.outcome, "shop limit one").visits), (80.0, 3));
}

/// The caller hangs up on the slower server, which works on.
#[test]
fn the_server_of_a_losing_attempt_works_on() {
    let rest = "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = { steps = [{ sleep = \"50ms\" }] }\n\
        [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"";
    let steps = hedge("after = \"20ms\"", "{ call = { client = \"back\", endpoint = \"work\" } }");
    let story = play(&format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest)), &[0.0]);
    assert_eq!(story.successes(), [50.0]);
    assert_eq!((story.outcome.wasted, story.outcome.window), (1, Time(70_000_000)));
}
