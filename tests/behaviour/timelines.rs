//! Timelines of the parts, worked out by hand: when each request ends, to the nanosecond.

use sim::kernel::Time;
use sim::parts::{Ended, Ending, Limits, Outcome, Source, World};

use crate::models::{Bench, bench, resource};

/// Requests that are sent at given times, and what became of them.
struct Script<'b> {
    bench: &'b Bench,
    /// The process that each goes to; where there is none, the balancers choose.
    processes: &'b [u32],
    ends: Vec<(u32, Time, String)>,
}

impl Source for Script<'_> {
    fn event(&mut self, world: &mut World, client: u32) {
        match self.processes.get(client as usize) {
            Some(&process) => world.send_to(client, process),
            None => world.send(client),
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        let why = ended.failure.describe(&self.bench.system.reasons);
        self.ends.push((ended.client, world.now(), why));
    }
}

/// What became of the requests: in the order of their sending, when each ended and why; then the outcome, and whether
/// anything is still held when nothing can happen any more.
struct Story {
    ends: Vec<Option<(f64, String)>>,
    outcome: Outcome,
    at_rest: bool,
}

/// Sends a request at each of these milliseconds and waits until nothing can happen any more.
fn play(text: &str, sends: &[f64]) -> Story {
    play_at(text, sends, &[])
}

/// The same with requests for these processes of the target's service.
fn play_at(text: &str, sends: &[f64], processes: &[u32]) -> Story {
    let bench = bench(text);
    let mut world = World::new(&bench.system, &bench.load, 1, 0);
    world.open_window();
    for (client, &ms) in (0..).zip(sends) {
        world.schedule(Time::from_seconds(ms / 1e3), client);
    }
    let mut script = Script { bench: &bench, processes, ends: Vec::new() };
    let ending = world.run(&mut script, &Limits { max_events: Some(1_000_000), ..Limits::default() });
    assert_eq!(ending, Ending::Quiet);
    let at_rest = world.is_at_rest();
    let window = world.close_window();
    let outcome = world.outcome(ending, window, None);
    assert_eq!(outcome.violations, [""; 0]);
    let mut ends = vec![None; sends.len()];
    for (client, at, why) in script.ends {
        assert_eq!(ends[client as usize], None, "request {client} ended twice");
        ends[client as usize] = Some((at.0 as f64 / 1e6, why));
    }
    Story { ends, outcome, at_rest }
}

impl Story {
    /// When each request ended, in milliseconds; all succeeded and nothing is left.
    #[track_caller]
    fn successes(&self) -> Vec<f64> {
        assert!(self.at_rest, "{:?}", self.ends);
        let success = |end: &Option<(f64, String)>| match end {
            Some((at, why)) if why == "none" => *at,
            other => panic!("{other:?} among {:?}", self.ends),
        };
        self.ends.iter().map(success).collect()
    }

    /// As `"110"`, `"1000: client gave up"`, or `"never"`.
    fn told(&self) -> Vec<String> {
        let tell = |end: &Option<(f64, String)>| match end {
            None => "never".into(),
            Some((at, why)) if why == "none" => format!("{at}"),
            Some((at, why)) => format!("{at}: {why}"),
        };
        self.ends.iter().map(tell).collect()
    }
}

/// A model whose load is not used but for its target, and these keys of the load.
fn model(load: &str, rest: &str) -> String {
    format!(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "1/s"
        duration = "1s"
        {load}
        {rest}
        [services.shop.endpoints]
        "#
    )
}

/// One service with these keys and these steps, a database without queues beside it.
fn shop(load: &str, keys: &str, steps: &str) -> String {
    format!(
        "{}\nserve = {{ steps = [{steps}] }}\n",
        model(load, &format!("[services.db]\nruntime = \"delay\"\n[services.shop]\n{keys}"))
    )
}

mod event_loop {
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

    /// A transaction is three trips and the reset a fourth. Another request arrives every 100 ms, so each round has one hash,
    /// and each trip is over in the round after the one that it was sent in, behind the hash of that: A sends at 100, 300,
    /// 500 and 700, and ends at 900.
    #[test]
    fn a_transaction_takes_four_rounds_however_fast_the_database_is() {
        let keys = "[services.shop.pools.main]\nserver = \"db\"\nround_trip = \"100us\"";
        let steps =
            "{ hash = { cpu = \"100ms\" } }, { query = { pool = \"main\", time = \"1ms\", transaction = true } }";
        // Alone: 0.1 for BEGIN, COMMIT and reset each, and 0.1 + 1 for the statement.
        assert_eq!(play(&shop("", keys, steps), &[0.0]).successes(), [101.4]);
        let sends = [0.0, 50.0, 150.0, 250.0, 350.0, 450.0, 550.0, 650.0, 750.0];
        assert_eq!(play(&shop("", keys, steps), &sends).successes()[0], 900.0);
        // Nobody arrives after 350: the COMMIT that is sent at 500 and the reset take only their round trips.
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

    /// A's and B's workers are busy until 10 and 11 ms; whoever polls first takes all that waits, here both C and D.
    #[test]
    fn the_first_worker_to_poll_takes_what_waits() {
        let keys = "accept = \"accept-race\"\nworkers = 2\ncpu = \"2\"";
        let steps = "{ cpu = \"10ms\" }";
        assert_eq!(play(&shop("", keys, steps), &[0.0, 1.0, 5.0, 6.0]).successes(), [10.0, 11.0, 20.0, 30.0]);
    }
}

mod pools {
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
        // At 30 and 31 two are open: nothing is opened any more.
        let ends = play(&shop("", &keys, steps), &[0.0, 0.0, 0.0, 30.0, 31.0]).successes();
        assert_eq!(ends, [10.0, 19.0, 20.0, 40.0, 41.0]);
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

    /// Measured: pool 5, 4 clients: 794 a minute; 5 clients: none, for ever.
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
}

mod timeouts {
    use super::*;

    const LIMIT: &str = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1";
    const STEPS: &str = "{ with = { limit = \"one\", steps = [{ sleep = \"3s\" }] } }";

    /// A's handler works on until 3 s and B's until 6 s, both for nobody; so C, which would be in time, is not.
    #[test]
    fn a_client_that_gives_up_does_not_stop_the_handler() {
        let story = play(&shop("timeout = \"4s\"", LIMIT, STEPS), &[0.0, 500.0, 4000.0]);
        assert_eq!(story.told(), ["3000", "4500: client gave up", "8000: client gave up"]);
        assert!(story.at_rest);
        assert_eq!(story.outcome.wasted, 2);
    }

    /// Cancelled at 4.5 s, B gives the slot to C, which is in time.
    #[test]
    fn a_client_that_cancels_stops_the_handler() {
        let load = "timeout = \"4s\"\nabandon = \"cancel\"";
        let story = play(&shop(load, LIMIT, STEPS), &[0.0, 500.0, 4000.0]);
        assert_eq!(story.told(), ["3000", "4500: client gave up", "7500"]);
        assert!(story.at_rest);
        assert_eq!(story.outcome.wasted, 0, "nobody works on for B");
    }

    /// A CPU slice is not interrupted; what comes after it is not begun.
    #[test]
    fn a_cancelled_slice_runs_to_its_end() {
        let load = "timeout = \"50ms\"\nabandon = \"cancel\"";
        let steps = "{ cpu = \"40ms\" }, { sleep = \"1ms\" }, { cpu = \"40ms\" }, { sleep = \"1s\" }";
        let story = play(&shop(load, "", steps), &[0.0, 45.0]);
        // A is cancelled at 50 in its second slice, which began at 41 and ends at 81. B begins then: 121 is too late.
        assert_eq!(story.told(), ["50: client gave up", "95: client gave up"]);
        let busy = resource(&story.outcome, "shop event loops").in_use * story.outcome.window.seconds();
        assert!((busy - 0.120).abs() < 1e-9, "{busy}");
    }

    /// The dead sleep of A would end at 1000 ms; B, which lies where A lay, must not be woken by it.
    #[test]
    fn the_event_of_a_cancelled_request_never_wakes_another() {
        let load = "timeout = \"900ms\"\nabandon = \"cancel\"";
        for (keys, steps) in [
            ("", "{ sleep = \"1s\" }"),
            ("", "{ visit = { station = \"counter\", time = \"1s\" } }"),
            ("", "{ visit = { station = \"share\", time = \"1s\" } }"),
            (
                "\n[services.shop.pools.main]\nserver = \"db\"\nround_trip = \"1s\"",
                "{ query = { pool = \"main\", time = \"0s\" } }",
            ),
            ("\n[services.shop.pools.main]\nserver = \"busy\"", "{ query = { pool = \"main\", time = \"1s\" } }"),
        ] {
            let rest = format!(
                "[stations.counter]\n[stations.share]\ndiscipline = \"ps\"\n[services.busy]\nruntime = \"threads\"\n\
                 [services.db]\nruntime = \"delay\"\n[services.shop]\nruntime = \"delay\"\n{keys}"
            );
            let text = format!("{}\nserve = {{ steps = [{steps}] }}", model(load, &rest));
            let story = play(&text, &[0.0, 950.0]);
            assert_eq!(story.told(), ["900: client gave up", "1850: client gave up"], "{steps}");
            assert!(story.at_rest);
        }
    }

    /// What was scheduled first happens first. A's sleep began before B's time-out was set: B is granted the slot.
    /// With two sleeps the second begins after: B times out.
    #[test]
    fn a_timeout_and_a_grant_at_the_same_instant_happen_in_the_order_of_scheduling() {
        let keys = format!("{LIMIT}\nacquire_timeout = \"100ms\"");
        let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"100ms\" }] } }";
        assert_eq!(play(&shop("", &keys, steps), &[0.0, 0.0]).told(), ["100", "200"]);
        let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"50ms\" }, { sleep = \"50ms\" }] } }";
        assert_eq!(play(&shop("", &keys, steps), &[0.0, 0.0]).told(), ["100", "100: acquire timed out"]);
    }

    /// The client's patience was set before the answer was scheduled.
    #[test]
    fn an_answer_at_the_instant_of_the_time_out_is_too_late() {
        let story = play(&shop("timeout = \"100ms\"", "runtime = \"delay\"", "{ sleep = \"100ms\" }"), &[0.0]);
        assert_eq!(story.told(), ["100: client gave up"]);
        assert_eq!(story.outcome.wasted, 1);
    }

    #[test]
    fn a_step_that_fails_gives_back_what_is_held() {
        let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"10ms\" }, { repeat = { times = 2, steps = [\
            { sleep = \"1ms\" }, { fail = \"out of stock\" }] } }] } }";
        let story = play(&shop("", LIMIT, steps), &[0.0, 0.0]);
        assert_eq!(story.told(), ["11: out of stock", "22: out of stock"]);
        assert!(story.at_rest);
        assert_eq!(story.outcome.failures, [("out of stock".to_owned(), 2)]);
    }
}

mod http_clients {
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

    /// 43 ms of CPU on the event loop for each client that is constructed: A's until 43; B's and C's, in the next round, until
    /// 129. Only then A and B, connected at 44 and 87, send their requests; C is connected at 130.
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

    /// At 100 B and C wake, each with 10 ms of CPU: B goes on at 110, C looks at 120 and finds nothing. B is answered at 210;
    /// C wakes, and has the connection at 220.
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
        assert_eq!(resource(&story.outcome, "shop client back").visits, 3);
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
        assert_eq!((story.at_rest, story.outcome.hung, story.outcome.wasted), (false, 2, 2));
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
        assert_eq!(resource(&story.outcome, "shop descriptors").visits, 1);
    }

    /// C arrives in the pause and waits for its end too. Then B and C are accepted, which fills the table: B's call fails, C's
    /// finds B's descriptor.
    #[test]
    fn a_pause_of_accept_holds_up_later_connections() {
        let text = calling("", "open_files = 9", "", "");
        assert_eq!(play(&text, &[0.0, 1.0, 300.0]).told(), ["100", "1001: too many open files", "1101"]);
    }

    /// A occupies `back` until 110 ms. B, whose worker is full, reaches it at 60: it pauses until 1060. C's worker pauses from 55
    /// on. At 1055 it is still full and nothing but two pauses is under way; but `back` has room again, so B is served
    /// until 1160, and at 2055 there is room for C.
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
}

mod stations {
    use super::*;

    fn station(keys: &str) -> String {
        let text = model("", &format!("[stations.counter]\n{keys}\n[services.shop]\nruntime = \"delay\""));
        text + "serve = { steps = [{ visit = { station = \"counter\", time = \"100ms\" } }] }"
    }

    #[test]
    fn servers_serve_in_order_of_arrival() {
        assert_eq!(play(&station("servers = 2"), &[0.0, 10.0, 20.0, 30.0]).successes(), [100.0, 110.0, 200.0, 210.0]);
    }

    #[test]
    fn sharing_servers_share_evenly() {
        // Alone to 50; two share until 150, when A has its 100; then B has 50 left.
        assert_eq!(play(&station("discipline = \"ps\""), &[0.0, 50.0]).successes(), [150.0, 200.0]);
        // Two servers, three requests: two thirds of a server each.
        assert_eq!(play(&station("discipline = \"ps\"\nservers = 2"), &[0.0; 3]).successes(), [150.0; 3]);
    }

    #[test]
    fn one_more_than_the_capacity_is_turned_away_at_once() {
        let story = play(&station("servers = 1\ncapacity = 2"), &[0.0, 10.0, 20.0, 101.0]);
        assert_eq!(story.told(), ["100", "200", "20: turned away", "300"]);
    }

    /// With `n` inside when a service starts it takes `1 + slowdown n` times as long.
    #[test]
    fn a_station_slows_down_with_the_number_inside() {
        assert_eq!(play(&station("servers = 1\nslowdown = 0.5"), &[0.0]).successes(), [150.0]);
        // A starts with 1 inside, B at 150 with 2 (itself and C), C at 350 with 1.
        assert_eq!(play(&station("servers = 1\nslowdown = 0.5"), &[0.0, 0.0, 0.0]).successes(), [150.0, 350.0, 500.0]);
        // Sharing: at any moment. Two at half speed until both are done.
        assert_eq!(
            play(&station("discipline = \"ps\"\nservers = 2\nslowdown = 0.5"), &[0.0, 0.0]).successes(),
            [200.0; 2]
        );
    }
}

mod balancing {
    use super::*;

    /// Two replicas of one thread each, 10 ms a request.
    fn replicas(balance: &str) -> String {
        shop(
            "",
            &format!("runtime = \"threads\"\nthreads = 1\nreplicas = 2\nbalance = \"{balance}\""),
            "{ cpu = \"10ms\" }",
        )
    }

    /// The fourth request arrives at 12 ms: the first replica has one since 11, the second one since 5.
    const SENDS: [f64; 4] = [0.0, 5.0, 11.0, 12.0];

    #[test]
    fn round_robin_takes_each_replica_in_turn() {
        assert_eq!(play(&replicas("round-robin"), &SENDS).successes(), [10.0, 15.0, 21.0, 25.0]);
    }

    #[test]
    fn least_busy_counts_requests_and_takes_the_first_of_equals() {
        assert_eq!(play(&replicas("least-busy"), &SENDS).successes(), [10.0, 15.0, 21.0, 31.0]);
        assert_eq!(play(&replicas("least-busy"), &[0.0, 1.0, 2.0, 3.0]).successes(), [10.0, 11.0, 20.0, 21.0]);
        // When the second is free the first still works: it gets the next.
        assert_eq!(play(&replicas("least-busy"), &[0.0, 0.0, 0.0, 10.5]).successes(), [10.0, 10.0, 20.0, 20.5]);
    }

    /// One worker of two is broken: so many fail as were sent there.
    #[test]
    fn random_spreads_evenly_and_round_robin_exactly() {
        let sends: Vec<f64> = (0..1000).map(f64::from).collect();
        let failed = |keys: &str| {
            let rest = format!(
                "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = {{ steps = [] }}\n[services.shop]\n\
                 runtime = \"delay\"\n{keys}\n[services.shop.clients.back]\nserver = \"back\"\ntimeout = \"1s\"\nbroken_workers = 1"
            );
            let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
            let story = play(&format!("{}\nserve = {{ steps = [{call}] }}", model("", &rest)), &sends);
            story.outcome.failures.iter().map(|(_, count)| *count).sum::<u64>()
        };
        assert_eq!(failed("replicas = 2\nbalance = \"round-robin\""), 500);
        assert_eq!(failed("workers = 2\naccept = \"round-robin\""), 500);
        for keys in ["replicas = 2\nbalance = \"random\"", "workers = 2\naccept = \"random\""] {
            let share = failed(keys);
            // Five standard deviations of a fair coin.
            assert!((421..=579).contains(&share), "{share} with {keys}");
        }
    }
}

mod deadlocks {
    use super::*;

    /// A holds the slot and calls `back`; B's call holds the only thread of `back` and waits there for the slot.
    /// The circle closes when A's call begins to wait for the thread.
    #[test]
    fn a_circle_through_two_services_is_found() {
        let rest = "[limits.slot]\nsize = 1\n\
            [services.back]\nruntime = \"threads\"\nthreads = 1\n[services.back.endpoints]\n\
            plain = { steps = [] }\nheld = { steps = [{ sleep = \"5ms\" }, { with = { shared = \"slot\", steps = [] } }] }\n\
            [services.shop]\nruntime = \"delay\"\nreplicas = 2\n[services.shop.clients.back]\nserver = \"back\"\nbroken_workers = 0";
        let call = |endpoint: &str| format!("{{ call = {{ client = \"back\", endpoint = \"{endpoint}\" }} }}");
        // Every request calls `held`, sleeps, and calls `plain` holding the slot.
        let steps = format!(
            "{}, {{ with = {{ shared = \"slot\", steps = [{{ sleep = \"10ms\" }}, {}] }} }}",
            call("held"),
            call("plain")
        );
        let text = format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest));
        // A: calls `held` to 5, has the slot from 5 on, calls `plain` at 15. B arrives at 8: its call has the thread and
        // waits for the slot from 13 on. At 15 the circle closes.
        let story = play(&text, &[0.0, 8.0]);
        assert_eq!(story.told(), ["never"; 2]);
        let deadlock = story.outcome.deadlock.expect("a deadlock");
        assert_eq!(deadlock.at, Time(15_000_000));
    }

    /// A holds the slot and waits for the one connection of the client, which B holds while its call waits for the slot.
    #[test]
    fn a_circle_through_an_http_client_is_found() {
        let rest = "[limits.slot]\nsize = 1\n\
            [services.back]\nruntime = \"delay\"\n[services.back.endpoints]\n\
            plain = { steps = [] }\nheld = { steps = [{ sleep = \"5ms\" }, { with = { shared = \"slot\", steps = [] } }] }\n\
            [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"\n\
            max_connections = 1";
        let call = |endpoint: &str| format!("{{ call = {{ client = \"back\", endpoint = \"{endpoint}\" }} }}");
        let steps = format!(
            "{}, {{ with = {{ shared = \"slot\", steps = [{{ sleep = \"10ms\" }}, {}] }} }}",
            call("held"),
            call("plain")
        );
        let text = format!("{}\nserve = {{ steps = [{steps}] }}", model("", rest));
        let story = play(&text, &[0.0, 8.0]);
        assert_eq!(story.told(), ["never"; 2]);
        assert_eq!(story.outcome.deadlock.expect("a deadlock").at, Time(15_000_000));
    }

    /// The slot is the system's only one, and the call that its holder waits for needs it too.
    const ITSELF: &str = "[limits.slot]\nsize = 1\n[services.back]\nruntime = \"delay\"\n[services.back.limits.gate]\nsize = 1\n\
        [services.back.endpoints]\nplain = { steps = [{ with = { shared = \"slot\", steps = [] } }] }\n\
        gated = { steps = [{ with = { limit = \"gate\", steps = [{ with = { shared = \"slot\", steps = [] } }] } }] }\n\
        [services.shop]\nruntime = \"delay\"\n[services.shop.clients.back]\nserver = \"back\"";

    fn waits_for_itself(endpoint: &str) -> Story {
        let call = format!("{{ call = {{ client = \"back\", endpoint = \"{endpoint}\" }} }}");
        let steps = format!("{{ with = {{ shared = \"slot\", steps = [{{ sleep = \"10ms\" }}, {call}] }} }}");
        play(&format!("{}\nserve = {{ steps = [{steps}] }}", model("", ITSELF)), &[0.0, 1.0, 2.0, 3.0, 4.0])
    }

    #[test]
    fn a_request_that_waits_for_itself_through_a_call_is_found() {
        let story = waits_for_itself("plain");
        assert_eq!(story.told(), ["never"; 5]);
        assert_eq!(story.outcome.deadlock.expect("a deadlock").at, Time(10_000_000));
    }

    #[test]
    fn a_circle_through_a_call_is_told() {
        let story = waits_for_itself("gated");
        assert_eq!(story.told(), ["never"; 5]);
        let deadlock = story.outcome.deadlock.expect("a deadlock");
        assert_eq!((deadlock.at, deadlock.resource.as_str()), (Time(10_000_000), "limit slot"));
        assert!(
            deadlock.circle[0].starts_with("the one request in the whole system holds a slot of limit slot"),
            "{deadlock:?}"
        );
    }

    /// Two locks taken in opposite orders.
    #[test]
    fn two_limits_in_opposite_orders_deadlock() {
        let keys = "runtime = \"delay\"\n[services.shop.limits.a]\nsize = 1\n[services.shop.limits.b]\nsize = 1";
        let both = |first: &str, second: &str| {
            format!(
                "{{ with = {{ limit = \"{first}\", steps = [{{ sleep = \"10ms\" }}, {{ with = {{ limit = \"{second}\", \
                 steps = [] }} }}] }} }}"
            )
        };
        // B is at its second pair when A is at its first: A takes b at 30, B takes a at 25 and waits for b at 35.
        let steps = format!("{}, {{ sleep = \"10ms\" }}, {}", both("a", "b"), both("b", "a"));
        let story = play(&shop("", keys, &steps), &[0.0, 15.0]);
        assert_eq!(story.told(), ["never"; 2]);
        let deadlock = story.outcome.deadlock.expect("a deadlock");
        assert_eq!(deadlock.circle.len(), 2, "{:?}", deadlock.circle);
    }

    /// A wait that has a time-out at any place of the circle ends it: no deadlock.
    #[test]
    fn a_circle_with_a_time_out_is_none() {
        let keys = "runtime = \"delay\"\n[services.shop.limits.a]\nsize = 1\n[services.shop.limits.b]\nsize = 1\n\
            acquire_timeout = \"1s\"";
        let both = |first: &str, second: &str| {
            format!(
                "{{ with = {{ limit = \"{first}\", steps = [{{ sleep = \"10ms\" }}, {{ with = {{ limit = \"{second}\", \
                 steps = [] }} }}] }} }}"
            )
        };
        let steps = format!("{}, {{ sleep = \"10ms\" }}, {}", both("a", "b"), both("b", "a"));
        let story = play(&shop("", keys, &steps), &[0.0, 15.0]);
        assert!(story.at_rest, "{:?}", story.told());
        assert_eq!(story.outcome.deadlock, None);
    }
}

mod loads {
    use std::sync::mpsc;
    use std::time::Duration;

    use sim::load::trial;

    use super::*;

    fn run(text: &str) -> Outcome {
        let bench = bench(text);
        let limits = Limits { max_events: Some(20_000_000), ..Limits::default() };
        let outcome = trial(&bench.system, &bench.load, 1, 0, &limits);
        assert_eq!(outcome.violations, [""; 0]);
        outcome
    }

    fn closed(load: &str, keys: &str, steps: &str) -> String {
        format!(
            "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\n{load}\n[services.shop]\n{keys}\n\
             [services.shop.endpoints]\nserve = {{ steps = [{steps}] }}"
        )
    }

    const STUCK: &str = "{ with = { limit = \"one\", steps = [{ with = { limit = \"one\", steps = [] } }] } }";
    const LIMIT: &str = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1";

    /// Two clients, three requests of 100 ms, 10 ms of thought, the second client 30 ms after the first: A to 100, B from 30
    /// to 130, and C, of the first client, from 110 to 210. The second client finds none left.
    #[test]
    fn a_finite_test_lasts_from_its_first_request_to_its_last_end() {
        let load = "concurrency = 2\nusers = 3\nthink_time = \"10ms\"\nspacing = \"30ms\"";
        let outcome = run(&closed(load, "runtime = \"delay\"", "{ sleep = \"100ms\" }"));
        assert_eq!((outcome.ending, outcome.window), (Ending::Complete, Time(210_000_000)));
        assert_eq!((outcome.succeeded, outcome.probes), (3, Some((1, 1))));
    }

    /// The request that hangs is in the wall time: two successes in a second.
    #[test]
    fn a_request_that_is_given_up_is_in_the_wall_time() {
        let keys = "runtime = \"threads\"\nthreads = 1";
        let load = "concurrency = 3\nusers = 3\ntimeout = \"1s\"";
        let outcome = run(&closed(load, keys, "{ sleep = \"400ms\" }"));
        assert_eq!((outcome.window, outcome.succeeded), (Time(1_000_000_000), 2));
        assert_eq!(outcome.throughput_per_min(), 120.0);
        assert_eq!(outcome.probes, Some((1, 1)));
    }

    /// Ten arrivals a second for a second, each for 250 ms; those of 800, 900 and 1000 ms are under way at the end.
    #[test]
    fn an_open_window_ends_with_requests_under_way() {
        let text = shop("", "runtime = \"delay\"", "{ sleep = \"250ms\" }")
            .replace("rate = \"1/s\"", "rate = \"10/s\"\narrivals = \"constant\"");
        let outcome = run(&text);
        assert_eq!((outcome.sent, outcome.succeeded, outcome.unfinished), (9, 7, 2));
    }

    #[test]
    fn a_system_that_deadlocks_is_stuck_when_it_is_probed() {
        let outcome = run(&closed("concurrency = 1\nusers = 1\ntimeout = \"1s\"", LIMIT, STUCK));
        assert_eq!((outcome.probes, outcome.stuck()), (Some((0, 1)), true));
        // Without a time-out nothing happens any more.
        let outcome = run(&closed("concurrency = 1\nusers = 1", LIMIT, STUCK));
        assert_eq!((outcome.ending, outcome.stuck(), outcome.success_rate()), (Ending::Quiet, true, 0.0));
    }

    #[test]
    fn probes_waste_nothing() {
        let outcome = run(&closed("concurrency = 1\nusers = 1\ntimeout = \"1s\"", LIMIT, STUCK));
        assert_eq!(outcome.wasted, 1);
    }

    #[test]
    fn a_test_counts_its_own_waste_only() {
        let load = "concurrency = 1\nusers = 1\ntimeout = \"1s\"\nbefore = { concurrency = 5, users = 5 }";
        let outcome = run(&closed(load, LIMIT, STUCK));
        assert_eq!((outcome.sent, outcome.succeeded), (1, 0));
        assert!(outcome.wasted <= outcome.sent, "{} of {} were wasted", outcome.wasted, outcome.sent);
    }

    #[test]
    fn an_earlier_test_that_never_ends_leaves_no_time_for_the_next() {
        let load = "concurrency = 1\nusers = 1\nbefore = { concurrency = 5, users = 5 }";
        let outcome = run(&closed(load, LIMIT, STUCK));
        assert_eq!((outcome.ending, outcome.sent, outcome.stuck()), (Ending::Quiet, 0, true));
    }

    #[test]
    fn a_run_ends_when_only_accept_is_tried_again() {
        let keys = "open_files = 9\n[services.shop.limits.one]\nsize = 1";
        let outcome = run(&closed("concurrency = 3\nusers = 3", keys, STUCK));
        assert_eq!((outcome.ending, outcome.stuck()), (Ending::Quiet, true));
    }

    /// Two are in the station and the third is turned away, sends again at once, is turned away, ...
    #[test]
    fn a_client_that_is_turned_away_at_once_for_ever_does_not_hang_the_run() {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let text = closed(
                "concurrency = 3\nduration = \"10s\"",
                "runtime = \"delay\"",
                "{ visit = { station = \"s\", time = \"1s\" } }",
            );
            let bench = bench(&(text + "\n[stations.s]\ncapacity = 2"));
            let limits = Limits { max_events: Some(10_000), ..Limits::default() };
            sender.send(trial(&bench.system, &bench.load, 1, 0, &limits).ending)
        });
        assert_eq!(receiver.recv_timeout(Duration::from_secs(10)), Ok(Ending::Standstill));
    }

    /// As many clients as a run can tell apart.
    #[test]
    fn every_one_of_four_million_clients_sends() {
        let load = "concurrency = 4000000\nusers = 4000000";
        let outcome = run(&closed(load, "runtime = \"delay\"", "{ sleep = \"1s\" }"));
        assert_eq!(outcome.succeeded, 4_000_000);
    }
}
