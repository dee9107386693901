//! Hand-worked timelines: the event loop of libuv.

use super::*;

const POOL: &str = "[services.shop.pools.main]\nserver = \"db\"\nreset_on_release = false";

/// A is accepted at 0 and, in the round after that has accepted B, hashes to 100. The next round accepts C and runs B to
/// 200. A's answer, there at 101, is in the round of 200 before C, which ends at 300: then B's, there at 201, and C's at
/// 301. A loop that accepts all three at 0 runs all three hashes before any answer.
#[test]
fn one_connection_is_accepted_in_a_round() {
    let steps = "{ hash = { cpu = \"100ms\" } }, { query = { pool = \"main\", time = \"1ms\" } }";
    let ends = |keys: &str| play(&shop("", &format!("{keys}\n{POOL}"), steps), &[0.0; 3]).successes();
    assert_eq!(ends("event_loop = \"libuv\""), [200.0, 300.0, 301.0]);
    assert_eq!(ends("event_loop = \"libuv\"\naccepts_per_round = 3"), [300.0, 300.0, 301.0]);
    assert_eq!(ends(""), [300.0, 300.0, 301.0]);
}

/// asyncio with a limit still runs new requests first: C hashes from 200 to 300 before A's answer, D from 300 to 400
/// before B's. Without a limit all four hash first.
#[test]
fn a_limit_on_accept_leaves_the_order_of_asyncio() {
    let steps = "{ hash = { cpu = \"100ms\" } }, { query = { pool = \"main\", time = \"1ms\" } }";
    let ends = |keys: &str| play(&shop("", &format!("{keys}\n{POOL}"), steps), &[0.0; 4]).successes();
    assert_eq!(ends("accepts_per_round = 1"), [300.0, 400.0, 400.0, 401.0]);
    assert_eq!(ends(""), [400.0, 400.0, 400.0, 401.0]);
}

/// Over new connections at 0: A runs to 10, B, accepted meanwhile, to 20; then A, whose sleep ended at 11, to 30 before C
/// to 40, B to 50, C to 60. Over the same connections, kept, at 100: A runs to 110, then both others, which were ready
/// at 100, to 130, before A, to 140.
#[test]
fn a_kept_connection_is_read_when_it_is_ready() {
    let rest = "[services.back]\nevent_loop = \"libuv\"\n[services.back.endpoints]\n\
        work = { steps = [{ cpu = \"10ms\" }, { sleep = \"1ms\" }, { cpu = \"10ms\" }] }\n\
        [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"";
    let text = format!(
        "{}\nserve = {{ steps = [{{ call = {{ client = \"back\", endpoint = \"work\" }} }}] }}",
        model("", rest)
    );
    let ends = play(&text, &[0.0, 0.0, 0.0, 100.0, 100.0, 100.0]).successes();
    assert_eq!(ends, [30.0, 50.0, 60.0, 140.0, 150.0, 160.0]);
}

/// A's answer is in the round of 40, before C's first slice. A gives its connection back and works to 45; B, which waits
/// for the connection, sends its statement then and C works to 65. B's answer is in the round of 65: C has the
/// connection at 70.
#[test]
fn a_connection_that_is_given_back_is_used_in_the_same_round() {
    let steps = "{ cpu = \"20ms\" }, { query = { pool = \"main\", time = \"1ms\" } }, { cpu = \"5ms\" }";
    let keys = format!("event_loop = \"libuv\"\n{POOL}\nmax_size = 1\nmin_size = 1");
    assert_eq!(play(&shop("", &keys, steps), &[0.0, 0.0, 10.0]).successes(), [45.0, 70.0, 76.0]);
}

/// Two workers accept one connection each at 0.
#[test]
fn workers_of_a_cluster_accept_one_connection_each() {
    let steps = "{ cpu = \"10ms\" }, { sleep = \"1ms\" }, { cpu = \"10ms\" }";
    let keys = "event_loop = \"libuv\"\nworkers = 2";
    assert_eq!(play(&shop("", keys, steps), &[0.0, 0.0]).successes(), [21.0, 21.0]);
}

/// The thread pool has four threads.
#[test]
fn libuv_has_four_threads() {
    let steps = "{ hash = { cpu = \"10ms\", on = \"thread\" } }";
    let ends = |keys: &str| play(&shop("", keys, steps), &[0.0; 5]).successes();
    assert_eq!(ends("event_loop = \"libuv\""), [10.0, 10.0, 10.0, 10.0, 20.0]);
    assert_eq!(ends(""), [10.0; 5]);
}
