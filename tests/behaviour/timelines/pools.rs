//! Hand-worked timelines: pools.

use super::*;

fn pool(keys: &str) -> String {
    format!("runtime = \"delay\"\n[services.shop.pools.auth]\nserver = \"db\"\nreset_on_release = false\n{keys}")
}

#[test]
fn a_pool_is_first_come_first_served() {
    let steps = "{ query = { pool = \"auth\", time = \"10ms\" } }";
    let ends = play(&shop("", &pool("min_size = 1\nmax_size = 1"), steps), &[0.0, 3.0, 2.0, 1.0]).successes();
    assert_eq!(ends, [10.0, 40.0, 30.0, 20.0]);
}

/// A has the connection that is open; B opens one in 9 ms; C waits for A's.
#[test]
fn a_pool_grows_when_all_open_connections_are_in_use() {
    let keys = pool("min_size = 1\nmax_size = 2\nconnect_time = \"9ms\"");
    let steps = "{ query = { pool = \"auth\", time = \"10ms\" } }";
    // At 30 and 31 two are open, and no more are opened.
    let ends = play(&shop("", &keys, steps), &[0.0, 0.0, 0.0, 30.0, 31.0]).successes();
    assert_eq!(ends, [10.0, 19.0, 20.0, 40.0, 41.0]);
}

/// A's connection is kept at 19, and B's is closed, as one is idle: of C and D one opens another. A connection for which a
/// request waits is handed over, whatever may be idle.
#[test]
fn one_more_than_may_be_idle_is_closed_when_it_is_given_back() {
    let steps = "{ query = { pool = \"auth\", time = \"10ms\" } }";
    let ends = |keys: &str, sends: &[f64]| {
        play(&shop("", &pool(&format!("min_size = 0\nconnect_time = \"9ms\"\n{keys}")), steps), sends).successes()
    };
    let sends = [0.0, 0.0, 30.0, 30.0];
    assert_eq!(ends("max_size = 3\nmax_idle_connections = 1", &sends), [19.0, 19.0, 40.0, 49.0]);
    assert_eq!(ends("max_size = 3\nmax_idle_connections = 2", &sends), [19.0, 19.0, 40.0, 40.0]);
    assert_eq!(ends("max_size = 1\nmax_idle_connections = 0", &[0.0, 1.0, 40.0]), [19.0, 29.0, 59.0]);
}

/// asyncpg resets a connection before it gives it to the next: one more round trip.
#[test]
fn a_connection_is_held_while_it_is_reset() {
    let keys = "runtime = \"delay\"\n[services.shop.pools.auth]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\n\
        round_trip = \"2ms\"";
    let steps = "{ query = { pool = \"auth\", time = \"10ms\" } }, { sleep = \"1ms\" }";
    assert_eq!(play(&shop("", keys, steps), &[0.0, 0.0]).successes(), [15.0, 29.0]);
}

#[test]
fn statements_share_the_cpu_of_their_database() {
    let text = model(
        "",
        "[services.db]\nruntime = \"threads\"\ncpu = \"1\"\n[services.shop]\nruntime = \"delay\"\n\
         [services.shop.pools.auth]\nserver = \"db\"\nround_trip = \"1ms\"\nreset_on_release = false",
    );
    let text = text + "serve = { steps = [{ query = { pool = \"auth\", time = \"10ms\" } }] }";
    assert_eq!(play(&text, &[0.0, 0.0]).successes(), [21.0, 21.0]);
    // A alone until 6, half as fast until 14 (its last 4 ms take... B the same), then B alone.
    assert_eq!(play(&text, &[0.0, 5.0]).successes(), [16.0, 21.0]);
}

const NESTED: &str = "{ with = { pool = \"auth\", steps = [\
    { sleep = \"10ms\" }, { query = { pool = \"auth\", time = \"1ms\" } }] } }";

/// Measured: pool 5, 4 clients: 794 a minute; 5 clients: none.
#[test]
fn as_many_nested_requests_as_connections_deadlock_for_good() {
    let text = shop("", &pool("min_size = 5\nmax_size = 5"), NESTED);
    let story = play(&text, &[0.0; 5]);
    assert_eq!(story.told(), ["never"; 5]);
    assert_eq!(story.outcome.unfinished, 5);
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!(deadlock.at, Time(10_000_000));
    assert_eq!((deadlock.resource.as_str(), deadlock.instances), ("shop pool auth", 1));
    assert_eq!(
        deadlock.circle,
        ["each of 5 requests in worker 1 of shop-1 holds a connection of pool auth and waits for another one"]
    );
}

/// At 10 ms A takes the fifth connection. At 11 A gives back both: B and C go on; at 12 D does.
#[test]
fn one_nested_request_less_than_connections_succeeds() {
    let story = play(&shop("", &pool("min_size = 5\nmax_size = 5"), NESTED), &[0.0; 4]);
    assert_eq!(story.successes(), [11.0, 12.0, 12.0, 13.0]);
    assert_eq!(story.outcome.deadlock, None);
}

/// All five would time out at 1010 ms; but A's failure gives its connection to B at that very moment, and C's to D.
#[test]
fn an_acquire_timeout_frees_a_pool_that_waits_for_itself() {
    let keys = pool("min_size = 5\nmax_size = 5\nacquire_timeout = \"1s\"");
    let story = play(&shop("", &keys, NESTED), &[0.0; 5]);
    let failed = "1010: acquire timed out";
    assert_eq!(story.told(), [failed, "1011", failed, "1011", failed]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.deadlock, None);
}

/// A client that cancels its request dissolves the circle: it is no deadlock.
#[test]
fn requests_that_are_cancelled_dissolve_a_circle() {
    let load = "timeout = \"1s\"\nabandon = \"cancel\"";
    let story = play(&shop(load, &pool("min_size = 5\nmax_size = 5"), NESTED), &[0.0, 0.0, 0.0, 0.0, 0.0, 2000.0]);
    assert!(story.at_rest);
    assert_eq!(story.ends[5], Some((2011.0, "none".into())));
    assert_eq!(story.outcome.deadlock, None);
}

/// B holds a slot of `first` and waits for `second`, which A holds. B's time-out gives `first` to C.
#[test]
fn a_timeout_in_a_queue_gives_back_what_is_held() {
    let keys = "runtime = \"delay\"\n[services.shop.limits.first]\nsize = 2\n[services.shop.limits.second]\nsize = 1\n\
        acquire_timeout = \"100ms\"";
    let steps = "{ with = { limit = \"first\", steps = [{ sleep = \"1ms\" }, { with = { limit = \"second\", steps = [\
        { sleep = \"150ms\" }] } }] } }";
    let story = play(&shop("", keys, steps), &[0.0, 0.0, 20.0]);
    // A has both until 151. B waits from 1 to 101, C from 102 to 151, and has `second` until 301.
    assert_eq!(story.told(), ["151", "101: acquire timed out", "301"]);
    assert!(story.at_rest);
}

/// One loop and one connection, held for 10 ms. B waits from 1 on. At 10 A gives the connection back: a barging pool wakes B. A, which
/// comes first in that round, borrows it a second time, and B waits again, behind C, which came at 5. In a fair pool B has it at 10.
#[test]
fn a_woken_waiter_may_find_its_connection_taken() {
    let pool = "[services.shop.pools.one]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\nreset_on_release = false";
    let hold = "{ with = { pool = \"one\", steps = [{ sleep = \"10ms\" }] } }";
    let ends = |keys: &str, steps: &str, sends: &[f64]| {
        let story = play(&shop("", &format!("{pool}\n{keys}"), steps), sends);
        let waited = resource(&story.outcome, "shop pool one").waited;
        (story.told(), waited)
    };
    let barging = "waiters = \"barging\"";
    let twice = format!("{hold}, {hold}");
    let sends = [0.0, 1.0, 5.0];
    // A at 0, B at 10, C at 20, and then each a second time in the same order.
    assert_eq!(ends("", &twice, &sends).0, ["40", "50", "60"]);
    // A from 0 to 20; then C, which is before B by now, from 20 to 40, as B is behind it and it takes its own again; B until 60.
    let (told, waited) = ends(barging, &twice, &sends);
    assert_eq!(told, ["20", "60", "40"]);
    // Each of the two that waited counts once, however often it was woken.
    assert_eq!(waited, Some(2));
    // The time-out continues: B waits from 1 to 16 although it was woken at 10.
    let (told, _) = ends(&format!("{barging}\nacquire_timeout = \"15ms\""), &twice, &sends[..2]);
    assert_eq!(told, ["20", "16: acquire timed out"]);
    // Without one who takes it first nothing is different.
    assert_eq!(ends(barging, hold, &sends).0, ends("", hold, &sends).0);
}

/// A gives its connection back at 10 and computes until 15, so B, which was woken at 10, has not looked when its time is over at 13.
/// C is woken in its place.
#[test]
fn a_woken_waiter_that_gives_up_wakes_the_next() {
    let pool = "[services.shop.pools.one]\nserver = \"db\"\nmin_size = 1\nmax_size = 1\nreset_on_release = false\n\
         waiters = \"barging\"\nacquire_timeout = \"12ms\"";
    let steps = "{ with = { pool = \"one\", steps = [{ sleep = \"10ms\" }] } }, { cpu = \"5ms\" }";
    let story = play(&shop("", pool, steps), &[0.0, 1.0, 8.0]);
    assert_eq!(story.told(), ["15", "15: acquire timed out", "30"]);
    assert!(story.at_rest);
}

/// Nothing is open. The pool opens one by 9, for A, and pauses until 39: B and C have that one at 19 and 29, when it is given back. Of D
/// and E one takes it, and the other waits until 59 for a second one.
#[test]
fn a_pool_that_connects_in_the_background_opens_one_at_a_time() {
    let keys = "min_size = 0\nmax_size = 2\nconnect_time = \"9ms\"\nacquire_timeout = \"1s\"\n";
    let steps = "{ query = { pool = \"auth\", time = \"10ms\" } }";
    let sends = [0.0, 0.0, 0.0, 50.0, 50.0];
    let ends = |keys: &str| play(&shop("", &pool(keys), steps), &sends).successes();
    assert_eq!(ends(keys), [19.0, 19.0, 29.0, 60.0, 60.0], "each request opens its own");
    assert_eq!(ends(&format!("{keys}connects = \"background\"")), [19.0, 29.0, 39.0, 60.0, 69.0]);
}

/// The database is down until 35. The pool tries at 1, 11, 31 and 71, while A waits: a refused connect is no error of a request.
#[test]
fn a_refused_connect_in_the_background_is_tried_again() {
    let steps = "{ query = { pool = \"auth\", time = \"10ms\" } }";
    let told = |patience: &str, connects: &str| {
        let keys = format!(
            "min_size = 0\nmax_size = 2\nconnect_time = \"9ms\"\nacquire_timeout = \"{patience}\"\n{connects}\n\
             [faults.f]\nservice = \"db\"\nfrom = \"0s\"\nto = \"35ms\"\neffect = \"dead\""
        );
        let story = play(&shop("", &pool(&keys), steps), &[1.0]);
        assert!(story.at_rest);
        story.told()
    };
    let background = "connects = \"background\"";
    assert_eq!(told("1s", ""), ["1: connection refused"]);
    assert_eq!(told("1s", background), ["90"]);
    assert_eq!(told("50ms", background), ["51: acquire timed out"]);
}
