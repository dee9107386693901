//! Hand-worked timelines: http clients.

use super::*;

/// `shop` calls `back`, which sleeps for 100 ms, after these steps.
fn calling(load: &str, shop: &str, client: &str, before: &str) -> String {
    let rest = format!(
        "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = {{ steps = [{{ sleep = \"100ms\" }}] }}\n\
         [services.shop]\n{shop}\n[services.shop.clients.back]\nserver = \"back\"\n{client}"
    );
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    format!("{}\nserve = {{ steps = [{before} {call}] }}", model(load, &rest))
}

const SHARED: &str = "reuse = \"shared\"";

/// 43 ms of CPU on the event loop for each client that is constructed: A's until 43; B's and C's, in the next round,
/// until 129. Only then A and B, connected at 44 and 87, send their requests; C is connected at 130.
#[test]
fn a_client_for_each_request_is_constructed_on_the_event_loop() {
    let text = calling("", "", "setup_cpu = \"43ms\"\nconnect_time = \"1ms\"", "");
    assert_eq!(play(&text, &[0.0, 0.0, 0.0]).successes(), [229.0, 229.0, 230.0]);
    let text = calling("", "", &format!("{SHARED}\nsetup_cpu = \"43ms\"\nconnect_time = \"1ms\""), "");
    assert_eq!(play(&text, &[0.0, 0.0, 0.0]).successes(), [101.0, 101.0, 101.0]);
}

/// B and C queue at 0. At 100 both wake: B wins, C queues again with a fresh time-out of 150 ms, so it waits for 200.
#[test]
fn the_pool_time_out_starts_afresh_at_each_futile_wake_up() {
    let keys = format!("{SHARED}\nmax_connections = 1\npool_timeout = \"150ms\"");
    let story = play(&calling("", "runtime = \"delay\"", &keys, ""), &[0.0; 3]);
    assert_eq!(story.successes(), [100.0, 200.0, 300.0]);
    let keys = format!("{SHARED}\nmax_connections = 1\npool_timeout = \"80ms\"");
    let story = play(&calling("", "runtime = \"delay\"", &keys, ""), &[0.0; 3]);
    assert_eq!(story.told(), ["100", "80: acquire timed out", "80: acquire timed out"]);
    // Without one of its own, that of connect and answer counts.
    let keys = format!("{SHARED}\nmax_connections = 1\ntimeout = \"110ms\"");
    let story = play(&calling("", "runtime = \"delay\"", &keys, ""), &[0.0; 3]);
    assert_eq!(story.successes(), [100.0, 200.0, 300.0]);
}

/// The way to the server and back takes 60 ms, the answer there 100: a read time-out of 150 ms ends the wait at 150, one
/// of 40 ms ends it on the way, one of 170 ms does not. The request is on its way, so the time-out runs.
#[test]
fn the_read_time_out_covers_the_way_there_and_back() {
    let way = |timeout: &str| {
        let keys = format!("{SHARED}\nround_trip = \"60ms\"\ntimeout = \"{timeout}\"");
        play(&calling("", "runtime = \"delay\"", &keys, ""), &[0.0]).told()
    };
    assert_eq!(way("150ms"), ["150: read timed out"]);
    assert_eq!(way("40ms"), ["40: read timed out"]);
    assert_eq!(way("170ms"), ["160"]);
}

/// A has the connection until 100, B from then to 200, C to 300, woken for nothing at 100. D gives up at 80. The waits
/// are 0, 100, 200 and 80 ms, so over the 300 ms 1.27 calls wait: Little's law on the printed row.
#[test]
fn a_wait_for_a_connection_lasts_until_there_is_one() {
    let keys = format!("{SHARED}\nmax_connections = 1");
    for runtime in ["runtime = \"delay\"", ""] {
        let story = play(&calling("", runtime, &keys, ""), &[0.0; 3]);
        assert_eq!(story.successes(), [100.0, 200.0, 300.0]);
        let client = resource(&story.outcome, "shop client back");
        assert_eq!((client.visits, client.waited, client.longest_queue), (3, Some(2), 2), "{client:?}");
        assert!((client.wait_s - 0.1).abs() < 1e-12 && (client.queue - 1.0).abs() < 1e-12, "{client:?}");
    }
    let steps = "{ timeout = { after = \"80ms\", steps = [CALL] } }";
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    let text = calling("", "runtime = \"delay\"", &keys, "").replace(call, &steps.replace("CALL", call));
    let story = play(&text.replace("100ms", "70ms"), &[0.0; 3]);
    assert_eq!(story.told(), ["70", "80: timed out", "80: timed out"]);
    let client = resource(&story.outcome, "shop client back");
    // B waits until 70; C gives up.
    assert_eq!((client.visits, client.waited), (3, Some(2)), "{client:?}");
    assert!((client.wait_s - 0.150 / 3.0).abs() < 1e-12, "{client:?}");
}

/// At 100 B and C wake, each with 10 ms of CPU: B goes on at 110, C looks at 120 and finds nothing. B is answered at
/// 210; C wakes, and has the connection at 220.
#[test]
fn a_wake_up_costs_cpu_futile_or_not() {
    let keys = format!("{SHARED}\nmax_connections = 1\nwake_cpu = \"10ms\"");
    assert_eq!(play(&calling("", "", &keys, ""), &[0.0; 3]).successes(), [100.0, 210.0, 320.0]);
}

/// Two connections are opened. A's becomes idle while two are open: closed. B's is kept, and C uses it; D opens one.
#[test]
fn beyond_max_keepalive_connections_none_is_kept() {
    let keys = format!("{SHARED}\nmax_keepalive_connections = 1\nconnect_time = \"10ms\"");
    let text = calling("", "runtime = \"delay\"", &keys, "");
    let story = play(&text, &[0.0, 0.0, 200.0, 200.0]);
    assert_eq!(story.successes(), [110.0, 110.0, 300.0, 310.0]);
}

/// A's connection is kept at 110 though B's is open, since none is idle, and C uses it. B's is kept at 160; when C gives
/// its own back at 220 one is idle, so that is closed. D uses B's, E opens one.
#[test]
fn one_more_than_may_be_idle_is_closed() {
    let idle = |most: u32| format!("{SHARED}\nmax_idle_connections = {most}\nconnect_time = \"10ms\"");
    let told = |keys: &str, sends: &[f64]| play(&calling("", "runtime = \"delay\"", keys, ""), sends).successes();
    let sends = [0.0, 50.0, 120.0, 240.0, 240.0];
    assert_eq!(told(&idle(1), &sends), [110.0, 160.0, 220.0, 340.0, 350.0]);
    assert_eq!(told(&idle(2), &sends), [110.0, 160.0, 220.0, 340.0, 340.0]);
    assert_eq!(told(&idle(0), &sends), [110.0, 160.0, 230.0, 350.0, 350.0]);
    // httpx counts those in use, too: two are open at 110, and at 160. One is at 230.
    let keepalive = idle(1).replace("idle", "keepalive");
    assert_eq!(told(&keepalive, &sends), [110.0, 160.0, 230.0, 340.0, 350.0]);
}

/// Ten calls a second, two at once: C waits for 100, D for 200. The answers take 100 ms.
#[test]
fn calls_wait_for_the_rate_limit_of_their_client() {
    let paced = |keys: &str| format!("{SHARED}\nrate_limit = {{ average = \"10/s\", burst = 2{keys} }}");
    let story = play(&calling("", "runtime = \"delay\"", &paced(""), ""), &[0.0, 1.0, 2.0, 3.0]);
    assert_eq!(story.successes(), [100.0, 101.0, 200.0, 300.0]);
    let limit = resource(&story.outcome, "shop client back rate limit");
    assert_eq!((limit.visits, limit.capacity, limit.utilisation), (4, Some(10.0), 1.0));
    let story = play(&calling("", "runtime = \"delay\"", &paced(", max_queue = 1"), ""), &[0.0, 1.0, 2.0, 3.0]);
    assert_eq!(story.told(), ["100", "101", "200", "3: rate limited (429)"]);
    assert_eq!(resource(&story.outcome, "shop client back rate limit").refused, 1);
}

/// A and B have their tokens at once and give up while they wait for their answers. C, which waits for the token of 100, gives
/// up at 52: no other has taken one since, so D, which comes at 60, has that of 100 and not that of 200, before it gives up.
#[test]
fn a_call_that_gives_up_leaves_its_token_only_if_it_was_the_last() {
    let keys = format!("{SHARED}\nrate_limit = {{ average = \"10/s\", burst = 2 }}");
    let text = calling("timeout = \"50ms\"\nabandon = \"cancel\"", "runtime = \"delay\"", &keys, "");
    let with_token = |sends: &[f64]| {
        let story = play(&text, sends);
        assert!(story.at_rest);
        let limit = resource(&story.outcome, "shop client back rate limit");
        assert_eq!(limit.visits, sends.len() as u64);
        (limit.in_use * story.outcome.window.seconds()).round()
    };
    assert_eq!((with_token(&[0.0, 1.0, 2.0]), with_token(&[0.0, 1.0, 2.0, 60.0])), (2.0, 3.0));
    // E took the token of 200 before C gave up: D waits for that of 300, and gives up.
    assert_eq!(with_token(&[0.0, 1.0, 2.0, 3.0, 60.0]), 2.0);
}

/// Idle since 110 ms, a connection is kept for 5 s where nothing else is said.
#[test]
fn an_idle_connection_expires() {
    let text = calling("", "runtime = \"delay\"", &format!("{SHARED}\nconnect_time = \"10ms\""), "");
    assert_eq!(play(&text, &[0.0, 5110.0]).successes(), [110.0, 5210.0]);
    assert_eq!(play(&text, &[0.0, 5111.0]).successes(), [110.0, 5221.0]);
    let text = calling(
        "",
        "runtime = \"delay\"",
        &format!("{SHARED}\nconnect_time = \"10ms\"\nkeepalive_expiry = \"30s\""),
        "",
    );
    assert_eq!(play(&text, &[0.0, 30_110.0, 60_211.0]).successes(), [110.0, 30_210.0, 60_321.0]);
}

/// Beside two idle connections a search costs 2 x 3 + 4 x 1 ms; beside a busy one 2 ms.
#[test]
fn a_search_costs_more_beside_idle_connections() {
    let keys = format!(
        "{SHARED}\nsearch_cpu = {{ per_idle = \"3ms\", per_idle_squared = \"1ms\", per_busy = \"2ms\" }}\ncall_cpu = \"1ms\""
    );
    // A: 1, so B: 1 + 2 beside A's busy one, from 1 to 4. Both idle at 104. C: 1 + 6 + 4 to 211.
    assert_eq!(play(&calling("", "", &keys, ""), &[0.0, 0.0, 200.0]).successes(), [101.0, 104.0, 311.0]);
}

#[test]
fn a_broken_client_hangs_until_its_read_time_out() {
    let text = calling("", "runtime = \"delay\"", &format!("{SHARED}\nbroken_workers = 1\ntimeout = \"30s\""), "");
    let story = play(&text, &[0.0, 1000.0]);
    assert_eq!(story.told(), ["30000: read timed out", "31000: read timed out"]);
    assert!(story.at_rest);
    let text = calling("timeout = \"5s\"", "runtime = \"delay\"", &format!("{SHARED}\nbroken_workers = 1"), "");
    let story = play(&text, &[0.0, 1000.0]);
    assert_eq!(story.told(), ["5000: client gave up", "6000: client gave up"]);
    // Neither handler ever ends, so nothing was done in vain.
    assert_eq!((story.at_rest, story.outcome.hung, story.outcome.wasted), (false, 2, 0));
}

/// The caller goes on at its time-out; the callee works on.
#[test]
fn a_call_that_times_out_is_not_stopped_at_the_server() {
    let text = calling("", "runtime = \"delay\"", "timeout = \"60ms\"", "");
    assert_eq!(play(&text, &[0.0]).told(), ["60: read timed out"]);
    let text = calling("", "runtime = \"delay\"", "timeout = \"60ms\"\nconnect_time = \"70ms\"", "");
    assert_eq!(play(&text, &[0.0]).told(), ["60: connect timed out"]);
    // Each has a time-out of its own.
    let text = calling("", "runtime = \"delay\"", "timeout = \"110ms\"\nconnect_time = \"50ms\"", "");
    assert_eq!(play(&text, &[0.0]).successes(), [150.0]);
}

/// The table has room for the inbound connection of A and one outbound. B is accepted after the pause of one second,
/// though A is done at 100 ms.
#[test]
fn without_a_descriptor_accept_pauses_for_a_second() {
    let text = calling("", "open_files = 9", "", "");
    let story = play(&text, &[0.0, 1.0, 1500.0]);
    assert_eq!(story.successes(), [100.0, 1101.0, 1600.0]);
    assert_eq!(resource(&story.outcome, "shop descriptors").refused, 1);
}

/// C arrives in the pause and waits for its end too. Then B and C are accepted, which fills the table: B's call fails,
/// C's finds B's descriptor.
#[test]
fn a_pause_of_accept_holds_up_later_connections() {
    let text = calling("", "open_files = 9", "", "");
    assert_eq!(play(&text, &[0.0, 1.0, 300.0]).told(), ["100", "1001: too many open files", "1101"]);
}

/// A occupies `back` until 110 ms. B, whose worker is full, reaches it at 60: it pauses until 1060. C's worker pauses
/// from 55 on. At 1055 it is still full and nothing but two pauses is under way; but `back` has room again, so B is
/// served until 1160, and at 2055 there is room for C.
#[test]
fn a_full_worker_tries_again_while_another_pause_may_end_well() {
    let rest = "[services.back]\nopen_files = 8\n[services.back.endpoints]\n\
        work = { steps = [{ sleep = \"100ms\" }] }\n[services.shop]\nworkers = 2\nopen_files = 9\n\
        [services.shop.clients.back]\nserver = \"back\"\nround_trip = \"10ms\"";
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    let text = format!("{}\nserve = {{ steps = [{call}] }}", model("", rest));
    let story = play_at(&text, &[0.0, 50.0, 55.0], &[0, 1, 1]);
    assert_eq!(story.told(), ["110", "1160", "2165"]);
}

/// A and B fill the table with their inbound connections. A's call fails at once, which frees one for B's.
#[test]
fn without_a_descriptor_an_outbound_call_fails_at_once() {
    let text = calling("", "open_files = 9", "", "{ sleep = \"10ms\" },");
    let story = play(&text, &[0.0, 0.0]);
    assert_eq!(story.told(), ["10: too many open files", "110"]);
    assert!(story.at_rest);
}

/// Kept connections keep their descriptors.
#[test]
fn an_idle_connection_holds_its_descriptor() {
    let text = calling("", "open_files = 9", SHARED, "");
    let story = play(&text, &[0.0, 200.0, 400.0]);
    assert_eq!(story.successes(), [100.0, 300.0, 500.0]);
    let used = resource(&story.outcome, "shop descriptors");
    // 7, and the kept one from 0 on, and three times an inbound one for 100 ms.
    let mean = 8.0 + 0.3 / story.outcome.window.seconds();
    assert!((used.in_use - mean).abs() < 1e-9, "{} for {mean}", used.in_use);
}

/// A worker whose table is full must not keep a connection from another that has room: the socket is shared.
#[test]
fn a_worker_without_descriptors_leaves_a_connection_to_the_others() {
    let text = calling(
        "",
        "open_files = 8\nworkers = 2\naccept = \"accept-race\"",
        "",
        "{ sleep = \"10s\" }, { fail = \"x\" },",
    );
    let story = play(&text, &[0.0, 1.0]);
    assert_eq!(story.told(), ["10000: x", "10001: x"]);
}

/// A pool's growth takes descriptors as the connections of its start do.
#[test]
fn a_pool_that_grows_takes_a_descriptor() {
    let keys = "open_files = 12\n[services.shop.pools.main]\nserver = \"back\"\nmin_size = 1\nmax_size = 10";
    let steps = "{ with = { pool = \"main\", steps = [{ sleep = \"10ms\" }] } }, { sleep = \"10ms\" },";
    let story = play(&calling("", keys, "", steps), &[0.0, 0.0]);
    // 7 and one connection; two inbound make 10, the second connection 11, A's call 12: none is left for B's.
    assert_eq!(story.told(), ["120", "20: too many open files"]);
}

/// The server closes a connection that was idle for 100 ms, and its word is on its way for 10 ms. B, 80 ms after A's
/// answer, reuses A's. C comes 95 ms after B's: its request reaches a closed connection. D opens one. E comes 111 ms
/// after D's answer, knows that it is closed, and opens another.
#[test]
fn a_request_on_a_connection_that_the_server_is_closing_is_lost() {
    let keys = format!("{SHARED}\nconnect_time = \"10ms\"\nround_trip = \"20ms\"");
    let text = calling("", "runtime = \"delay\"", &keys, "")
        .replace("[services.back]\n", "[services.back]\nkeep_alive = \"100ms\"\n");
    let story = play(&text, &[0.0, 210.0, 425.0, 500.0, 741.0]);
    assert_eq!(story.told(), ["130", "330", "445: server disconnected", "630", "871"]);
    let without_network = format!("{SHARED}\nconnect_time = \"10ms\"");
    let text = calling("", "runtime = \"delay\"", &without_network, "")
        .replace("[services.back]\n", "[services.back]\nkeep_alive = \"100ms\"\n");
    assert_eq!(play(&text, &[0.0, 209.0, 411.0]).told(), ["110", "309", "521"], "idle for 99 ms, then for 102");
}

/// Connect, answer and pool have a time-out each.
#[test]
fn the_time_outs_of_a_client_are_apart() {
    let text = |keys: &str| {
        calling("", "runtime = \"delay\"", &format!("connect_time = \"20ms\"\ntimeout = \"1s\"\n{keys}"), "")
    };
    assert_eq!(play(&text("write_timeout = \"1ms\""), &[0.0]).told(), ["120"]);
    assert_eq!(play(&text("connect_timeout = \"10ms\""), &[0.0]).told(), ["10: connect timed out"]);
    assert_eq!(play(&text("read_timeout = \"50ms\""), &[0.0]).told(), ["70: read timed out"]);
}

/// Requests at 0, 50, 400 and 900 of 100 ms each over two connections, until 1000: from 0 to 100 and from 50 to 150 two
/// calls, later one at a time. Connections are kept until the end, and in use only for the 400 ms of the four calls: 20 %
/// of two over the second.
#[test]
fn a_connection_that_is_kept_is_not_in_use() {
    let keys = format!("{SHARED}\nmax_connections = 2\nkeepalive_expiry = \"1h\"");
    let story = play(&calling("", "runtime = \"delay\"", &keys, ""), &[0.0, 50.0, 400.0, 900.0]);
    assert_eq!(story.successes(), [100.0, 150.0, 500.0, 1000.0]);
    assert_eq!(story.used("shop client back"), 400.0);
    let client = resource(&story.outcome, "shop client back");
    assert!((client.utilisation - 0.2).abs() < 1e-12, "{client:?}");
}

/// The first call that waits has the connection at once, so the time-out of the others counts from when they began to
/// wait: C, which would have it at 200, gives up at 150, and D, which came at 60, has it at 200 as the next one. A
/// connection that is not kept is opened anew by the first.
#[test]
fn calls_that_are_served_in_turn_wait_once() {
    let keys = format!("{SHARED}\nmax_connections = 1\nwaiters = \"fifo\"\npool_timeout = \"150ms\"");
    for more in ["", "max_keepalive_connections = 0"] {
        for shop in ["runtime = \"delay\"", "", "event_loop = \"libuv\""] {
            let story = play(&calling("", shop, &format!("{keys}\n{more}"), ""), &[0.0, 0.0, 0.0, 60.0]);
            assert_eq!(story.told(), ["100", "200", "150: acquire timed out", "300"], "{shop} {more}");
            let client = resource(&story.outcome, "shop client back");
            assert_eq!((client.visits, client.waited), (4, Some(3)), "{client:?}");
        }
    }
}
