//! Hand-worked timelines: waits that block the event loop.

use super::*;

/// A pool of one connection, which is given back without a round trip.
const POOL: &str = "[services.shop.pools.main]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\nreset_on_release = false";

const SLEEP: &str = "{ sleep = { time = \"100ms\", blocking = true } }";

/// A holds the loop from 0 to 105, and B, which arrives at 20, is accepted then. Only the last 5 ms of each use the CPU.
#[test]
fn a_sleep_that_blocks_keeps_the_loop_and_leaves_the_cpu() {
    let steps = format!("{SLEEP}, {{ cpu = \"5ms\" }}");
    let story = play(&shop("", "", &steps), &[0.0, 20.0]);
    assert_eq!(story.successes(), [105.0, 210.0]);
    assert_eq!((story.used("shop event loops"), story.used("shop CPU")), (210.0, 10.0));
    // The table alone blocks nothing.
    let plain = "{ sleep = { time = \"100ms\" } }, { cpu = \"5ms\" }";
    assert_eq!(play(&shop("", "", plain), &[0.0, 20.0]).successes(), [105.0, 125.0]);
}

/// A's statement takes 10 ms, and its connection is there for B at once: what B waits for is the loop.
#[test]
fn a_query_that_blocks_has_the_loop_to_its_end() {
    let query = |keys: &str| format!("{{ query = {{ pool = \"main\", time = \"10ms\"{keys} }} }}");
    let reset = POOL.replace("reset_on_release = false", "round_trip = \"1ms\"\ntrip_cpu = \"1ms\"");
    let story = play(&shop("", POOL, &query(", blocking = true")), &[0.0, 5.0]);
    assert_eq!((story.successes(), story.used("shop event loops")), (vec![10.0, 20.0], 20.0));
    assert_eq!(play(&shop("", POOL, &query("")), &[0.0, 5.0]).used("shop event loops"), 0.0);
    // BEGIN, COMMIT and the reset take 2 ms each, the statement 12.
    let story = play(&shop("", &reset, &query(", transaction = true, blocking = true")), &[0.0, 5.0]);
    assert_eq!((story.successes(), story.used("shop event loops")), (vec![18.0, 36.0], 36.0));
    assert_eq!(story.used("shop CPU"), 8.0);
}

/// A has the connection and sleeps until 10, but from 1 on B blocks the loop for the connection: A goes on only when B's
/// wait has timed out.
#[test]
fn a_holder_that_needs_the_loop_does_not_let_go_of_the_connection() {
    let held = |keys: &str| format!("{{ with = {{ pool = \"main\"{keys}, steps = [{{ sleep = \"10ms\" }}] }} }}");
    let limited = format!("{POOL}\nacquire_timeout = \"100ms\"");
    let story = play(&shop("", &limited, &held(", blocking = true")), &[0.0, 1.0]);
    assert_eq!(story.told(), ["101", "101: acquire timed out"]);
    assert_eq!(story.used("shop event loops"), 100.0);
    assert_eq!(play(&shop("", &limited, &held("")), &[0.0, 1.0]).successes(), [10.0, 20.0]);
    let story = play(&shop("", POOL, &held(", blocking = true")), &[0.0, 1.0]);
    assert_eq!(story.told(), ["never"; 2]);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!((deadlock.at, deadlock.resource.as_str()), (Time(1_000_000), "shop pool main"));
    assert_eq!(
        deadlock.circle,
        [
            "the one request in worker 1 of shop-1 holds a connection of pool main and waits for the event loop",
            "the one request in worker 1 of shop-1 blocks the event loop and waits for a connection of pool main"
        ]
    );
}

/// A thread lets go of the connection at 10 without the loop.
#[test]
fn a_thread_lets_go_while_the_loop_is_blocked() {
    let keys = format!("threads = 1\n{POOL}");
    let job = "{ thread = { steps = [{ with = { pool = \"main\", steps = [{ sleep = \"10ms\" }] } }] } }";
    let query = "{ query = { pool = \"main\", time = \"1ms\", blocking = true } }";
    // A's thread has the connection to 10. B's job waits for the thread from 1 on and has the connection from 10 to 20.
    // A blocks the loop from 10 on for the connection, has it at 20 and ends at 21; B's turn comes then, to 22.
    let story = play(&shop("", &keys, &format!("{job}, {query}")), &[0.0, 1.0]);
    assert_eq!((story.successes(), story.used("shop event loops")), (vec![21.0, 22.0], 12.0));
}

/// Nothing reaches a coroutine that blocks its loop, until it waits for the next time.
#[test]
fn a_time_out_around_it_waits_for_the_end_of_the_block() {
    let around = format!("{{ timeout = {{ after = \"10ms\", steps = [{SLEEP}, {{ cpu = \"5ms\" }}] }} }}");
    let story = play(&shop("", "", &around), &[0.0, 20.0]);
    assert_eq!(story.told(), ["100: timed out", "200: timed out"]);
    let story = play(&shop("timeout = \"10ms\"\nabandon = \"cancel\"", "", SLEEP), &[0.0]);
    assert_eq!((story.told(), story.used("shop event loops")), (vec!["10: client gave up".to_owned()], 100.0));
    assert!(story.at_rest);
    // The second attempt has no turn before the first has won.
    let hedge = format!("{{ hedge = {{ after = \"30ms\", steps = [{SLEEP}] }} }}");
    let story = play(&shop("", "", &hedge), &[0.0]);
    assert_eq!((story.successes(), story.used("shop event loops")), (vec![100.0], 100.0));
}

const BACK: &str = "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\n\
    slow = { steps = [{ sleep = \"50ms\" }] }\n[services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"";

/// The time-out of the client itself ends its wait, and the loop is free.
#[test]
fn a_call_that_blocks_ends_with_its_answer_or_its_own_time_out() {
    let call = "{ call = { client = \"back\", endpoint = \"slow\", blocking = true } }";
    assert_eq!(play(&shop("", BACK, call), &[0.0, 10.0]).successes(), [50.0, 100.0]);
    let limited = format!("{BACK}\ntimeout = \"30ms\"");
    let told = |steps: &str| play(&shop("", &limited, steps), &[0.0, 10.0]).told();
    assert_eq!(told(call), ["30: read timed out", "60: read timed out"]);
    let retry = |keys: &str| format!("{{ retry = {{ attempts = 2{keys}, steps = [{call}] }} }}");
    assert_eq!(told(&retry("")), ["60: read timed out", "120: read timed out"]);
    // While A pauses from 30 to 40 B has the loop, to 60. A's second attempt ends at 90, B's then at 120.
    assert_eq!(told(&retry(", backoff = \"10ms\"")), ["90: read timed out", "120: read timed out"]);
    let caught = format!("{{ fallback = {{ steps = [{call}], otherwise = [{{ sleep = \"10ms\" }}] }} }}");
    assert_eq!(told(&caught), ["60", "70"]);
}

/// A thread waits in a thread, and a JVM has nothing else.
#[test]
fn where_no_loop_is_blocked_the_key_changes_nothing() {
    let job = format!("{{ thread = {{ steps = [{SLEEP}] }} }}");
    assert_eq!(play(&shop("", "threads = 2", &job), &[0.0, 20.0]).successes(), [100.0, 120.0]);
    assert_eq!(play(&shop("", "runtime = \"threads\"\nthreads = 1", SLEEP), &[0.0, 20.0]).successes(), [100.0, 200.0]);
    assert_eq!(play(&shop("", "runtime = \"delay\"", SLEEP), &[0.0, 20.0]).successes(), [100.0, 120.0]);
}

/// Its sleep is over at 100, and the process goes on at 150. A process that is killed leaves a loop that is free.
#[test]
fn faults_stop_and_kill_a_blocked_loop() {
    let fault = |effect: &str| {
        let fault = format!("[faults.f]\nservice = \"shop\"\nfrom = \"50ms\"\nto = \"150ms\"\neffect = \"{effect}\"");
        shop("", &format!("\n{fault}"), SLEEP)
    };
    assert_eq!(play(&fault("stuck"), &[0.0, 20.0]).successes(), [150.0, 250.0]);
    let story = play(&fault("dead"), &[0.0, 160.0]);
    assert_eq!(story.told(), ["50: connection lost", "260"]);
    assert_eq!(story.used("shop event loops"), 150.0);
}

fn deadlock(story: &Story) -> (f64, &str, Vec<&str>) {
    let found = story.outcome.deadlock.as_ref().expect("a deadlock");
    (found.at.0 as f64 / 1e6, &found.resource, found.circle.iter().map(String::as_str).collect())
}

/// A job has the connection from 0 to 10 in its thread. A coroutine waits for it from 1 on, and from 2 on another one, which
/// blocks the loop. At 10 it goes to the first, which cannot continue.
#[test]
fn a_connection_that_goes_to_a_coroutine_behind_a_blocked_loop_closes_a_circle() {
    let job = "{ thread = { steps = [{ with = { pool = \"main\", steps = [{ sleep = \"10ms\" }] } }] } }";
    let first = "{ sleep = \"1ms\" }, { with = { pool = \"main\", steps = [] } }";
    let second = "{ sleep = \"2ms\" }, { query = { pool = \"main\", time = \"1ms\", blocking = true } }";
    let steps = format!("{{ parallel = {{ branches = [[{job}], [{first}], [{second}]] }} }}");
    for pool in [POOL.to_owned(), format!("{POOL}\nmax_queries = 100")] {
        let story = play(&shop("", &format!("threads = 1\n{pool}"), &steps), &[0.0]);
        assert_eq!(story.told(), ["never"]);
        let circle = vec![
            "the one request in worker 1 of shop-1 blocks the event loop and waits for a connection of pool main",
            "the one request in worker 1 of shop-1 holds a connection of pool main and waits for the event loop",
        ];
        assert_eq!(deadlock(&story), (10.0, "shop event loops", circle));
        // A time-out of the wait that blocks ends it.
        let limited = format!("threads = 1\n{pool}\nacquire_timeout = \"1s\"");
        assert_eq!(play(&shop("", &limited, &steps), &[0.0]).outcome.deadlock, None);
    }
}

/// A service that calls itself: nothing accepts the call while the caller blocks the loop.
#[test]
fn a_call_to_the_own_loop_that_blocks_it_never_ends() {
    let me = |keys: &str| format!("{keys}\n[services.shop.clients.me]\nserver = \"shop\"\nround_trip = \"2ms\"");
    let call = "{ call = { client = \"me\", endpoint = \"inner\", blocking = true } }";
    let with = |keys: &str| format!("{}inner = {{ steps = [{{ cpu = \"1ms\" }}] }}\n", shop("", &me(keys), call));
    let story = play(&with(""), &[5.0, 6.0]);
    assert_eq!(story.told(), ["never"; 2]);
    let circle = vec!["the one request in worker 1 of shop-1 blocks the event loop and waits for a call that needs it"];
    assert_eq!(deadlock(&story), (7.0, "shop event loops", circle));
    assert_eq!(story.outcome.deadlock.map(|deadlock| deadlock.instances), Some(1));
    // Any of two workers would do: A's call is answered by the second one, unless B blocks that. At 7 B's own call is on its
    // way; at 8 it arrives.
    let two = "workers = 2\naccept = \"accept-race\"";
    assert_eq!(play(&with(two), &[5.0]).successes(), [8.0]);
    let story = play(&with(two), &[5.0, 6.0]);
    assert_eq!(story.told(), ["never"; 2]);
    let circle = vec!["each of 2 requests in shop-1 blocks an event loop and waits for a call that needs one"];
    assert_eq!(deadlock(&story), (8.0, "shop event loops", circle));
    assert_eq!(story.outcome.deadlock.map(|deadlock| deadlock.instances), Some(2));
    // The time-out of the client ends it.
    let limited = "[services.shop.clients.me]\ntimeout = \"30ms\"";
    let text = with("").replace("[services.shop.clients.me]", limited);
    assert_eq!(play(&text, &[5.0]).told(), ["35: read timed out"]);
}

/// Two services that call each other: the call back needs the loop that its first caller blocks.
#[test]
fn a_circle_of_calls_that_block_two_loops_is_found() {
    let back = "[services.back]\nruntime = \"event-loop\"\n[services.back.clients.shop]\nserver = \"shop\"\n\
        [services.back.endpoints]\n\
        ask = { steps = [{ cpu = \"1ms\" }, { call = { client = \"shop\", endpoint = \"inner\" } }] }\n\
        [services.shop.clients.back]\nserver = \"back\"";
    let with = |keys: &str| {
        let call = format!("{{ call = {{ client = \"back\", endpoint = \"ask\"{keys} }} }}");
        format!("{}inner = {{ steps = [] }}\n", shop("", back, &call))
    };
    assert_eq!(play(&with(""), &[0.0, 0.0]).successes(), [2.0; 2]);
    let story = play(&with(", blocking = true"), &[0.0, 0.0]);
    assert_eq!(story.told(), ["never"; 2]);
    let circle = vec!["the one request in worker 1 of shop-1 blocks the event loop and waits for a call that needs it"];
    assert_eq!(deadlock(&story), (1.0, "shop event loops", circle));
    let both = with(", blocking = true").replace("endpoint = \"inner\"", "endpoint = \"inner\", blocking = true");
    assert_eq!(deadlock(&play(&both, &[0.0, 0.0])).0, 1.0);
}
