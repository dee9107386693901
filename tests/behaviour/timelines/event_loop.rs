//! Hand-worked timelines: event loop.

use super::*;

const POOL: &str = "[services.shop.pools.main]\nserver = \"db\"\nreset_on_release = false";

/// A's answer is there at 101 ms; but at 100 the loop began to hash for B, and at 200 for C, which arrived meanwhile
/// and goes first. B's answer, there at 201, waits for the round after.
#[test]
fn an_answer_waits_while_newly_arrived_requests_hash() {
    let steps = "{ hash = { cpu = \"100ms\" } }, { query = { pool = \"main\", time = \"1ms\" } }";
    assert_eq!(play(&shop("", POOL, steps), &[0.0]).successes(), [101.0]);
    assert_eq!(play(&shop("", POOL, steps), &[0.0, 50.0]).successes(), [200.0, 201.0]);
    assert_eq!(play(&shop("", POOL, steps), &[0.0, 50.0, 150.0]).successes(), [300.0, 300.0, 301.0]);
}

/// A transaction is three trips and the reset a fourth. Another request arrives every 100 ms, so each round has one
/// hash, and each trip is over in the round after the one that it was sent in, behind the hash of that: A sends at 100,
/// 300, 500 and 700, and ends at 900.
#[test]
fn a_transaction_takes_four_rounds_however_fast_the_database_is() {
    let keys = "[services.shop.pools.main]\nserver = \"db\"\nround_trip = \"100us\"";
    let steps = "{ hash = { cpu = \"100ms\" } }, { query = { pool = \"main\", time = \"1ms\", transaction = true } }";
    // Alone: 0.1 for BEGIN, COMMIT and reset each, and 0.1 + 1 for the statement.
    assert_eq!(play(&shop("", keys, steps), &[0.0]).successes(), [101.4]);
    let sends = [0.0, 50.0, 150.0, 250.0, 350.0, 450.0, 550.0, 650.0, 750.0];
    assert_eq!(play(&shop("", keys, steps), &sends).successes()[0], 900.0);
    // No request arrives after 350: the COMMIT that is sent at 500 and the reset take only their round trips.
    assert_eq!(play(&shop("", keys, steps), &sends[..5]).successes()[0], 500.2);
}

/// B finds the loop busy until 100 ms; there is one slice at a time.
#[test]
fn a_hash_on_the_loop_stops_everything() {
    let steps = "{ cpu = \"5ms\" }, { sleep = \"10ms\" }, { hash = { cpu = \"100ms\" } }";
    // A: 5, sleeps to 15, hashes to 115. B arrives at 20, begins at 115: 120, sleeps to 130, hashes to 230.
    assert_eq!(play(&shop("", "", steps), &[0.0, 20.0]).successes(), [115.0, 230.0]);
}

#[test]
fn an_executor_leaves_the_loop_to_others() {
    let steps = "{ hash = { cpu = \"100ms\", on = \"thread\" } }, { cpu = \"5ms\" }";
    assert_eq!(play(&shop("", "", steps), &[0.0, 20.0]).successes(), [105.0, 125.0]);
}

/// Measured: 177 ms against 88 ms.
#[test]
fn two_hashes_in_threads_on_one_core_take_twice_as_long() {
    let steps = "{ hash = { cpu = \"88ms\", on = \"thread\" } }";
    assert_eq!(play(&shop("", "cpu = \"1\"", steps), &[0.0, 0.0]).successes(), [176.0, 176.0]);
    assert_eq!(play(&shop("", "cpu = \"2\"", steps), &[0.0, 0.0]).successes(), [88.0, 88.0]);
    // Half of the core until 80, then B's hash alone.
    assert_eq!(play(&shop("", "cpu = \"500m\"", steps), &[0.0]).successes(), [176.0]);
}

#[test]
fn the_executor_serves_in_order_of_arrival() {
    let steps = "{ hash = { cpu = \"10ms\", on = \"thread\" } }";
    let ends = play(&shop("", "threads = 2\ncpu = \"2\"", steps), &[0.0, 1.0, 2.0, 3.0, 4.0]).successes();
    assert_eq!(ends, [10.0, 11.0, 20.0, 21.0, 30.0]);
}

/// The loop's own slices share the core with the executor: 5 ms of work take 10 beside one busy thread.
#[test]
fn a_slice_takes_longer_beside_a_busy_thread() {
    let steps = "{ hash = { cpu = \"20ms\", on = \"thread\" } }, { cpu = \"5ms\" }";
    // A's hash alone to 10; with B's to 30, both half as fast: A has its 20 at 30. Then A's slice and B's hash share:
    // A's 5 until 40; B has 10 + 5 = 15 of 20 by then, the rest alone until 45; B's slice until 50.
    assert_eq!(play(&shop("", "cpu = \"1\"", steps), &[0.0, 10.0]).successes(), [40.0, 50.0]);
}

/// Replicas that share nothing, workers that share the cores of their replica.
#[test]
fn workers_of_a_replica_share_its_cores() {
    let steps = "{ cpu = \"10ms\" }";
    let keys = |replicas, workers| {
        format!("cpu = \"1\"\naccept = \"round-robin\"\nreplicas = {replicas}\nworkers = {workers}")
    };
    assert_eq!(play(&shop("", &keys(1, 2), steps), &[0.0, 0.0]).successes(), [20.0, 20.0]);
    assert_eq!(play(&shop("", &keys(2, 1), steps), &[0.0, 0.0]).successes(), [10.0, 10.0]);
    assert_eq!(play(&shop("", &keys(1, 1), steps), &[0.0, 0.0]).successes(), [10.0, 20.0]);
}

/// A's and B's workers are busy until 10 and 11 ms; the one that polls first takes all that waits, here both C and D.
#[test]
fn the_first_worker_to_poll_takes_what_waits() {
    let keys = "accept = \"accept-race\"\nworkers = 2\ncpu = \"2\"";
    let steps = "{ cpu = \"10ms\" }";
    assert_eq!(play(&shop("", keys, steps), &[0.0, 1.0, 5.0, 6.0]).successes(), [10.0, 11.0, 20.0, 30.0]);
}

/// As above, but the reply's callback takes a round of its own, and the task goes on in the one after: D's hash, which
/// began at 300, comes before it.
#[test]
fn a_wait_can_take_two_rounds() {
    let steps = "{ hash = { cpu = \"100ms\" } }, { query = { pool = \"main\", time = \"1ms\" } }";
    let sends = [0.0, 50.0, 150.0, 250.0];
    assert_eq!(play(&shop("", POOL, steps), &sends).successes()[0], 300.0);
    assert_eq!(play(&shop("", &format!("rounds = {{ statement = 2 }}\n{POOL}"), steps), &sends).successes()[0], 400.0);
    assert_eq!(
        play(&shop("", &format!("rounds = {{ accept = 5, statement = 2 }}\n{POOL}"), steps), &[0.0]).successes(),
        [101.0]
    );
}

/// Somebody new hashes in every round, so the rounds of a wait can be read off the clock: the reply to A's statement
/// would be taken up at 200, with `n` rounds of a release behind it at 200 + 100 n.
#[test]
fn a_release_takes_its_rounds() {
    let steps = "{ hash = { cpu = \"100ms\" } }, { query = { pool = \"main\", time = \"1ms\" } }";
    let sends: Vec<f64> = std::iter::once(0.0).chain((0..12).map(|n| 50.0 + 100.0 * f64::from(n))).collect();
    let end = |rounds: &str| play(&shop("", &format!("{rounds}\n{POOL}"), steps), &sends).successes()[0];
    let plain = end("");
    for n in 1..4 {
        assert_eq!(end(&format!("rounds = {{ release = {n} }}")), plain + 100.0 * f64::from(n), "{n}");
    }
}
