//! Hand-worked timelines: CPU quota, the interpreter lock, the accept queue, ports.

use super::*;

const HALF: &str = "runtime = \"threads\"\ncpu = \"500m\"\ncpu_throttling = \"cfs\"\n";

/// At half a core a thread runs for 50 ms of each 100. With periods of 10 ms: from 0 to 5 and so on to 115; from 202 to
/// 207, from 210 to 215 and so on to 315.
#[test]
fn one_thread_under_a_quota_runs_and_stands_by_turns() {
    let story = play(&shop("", HALF, "{ cpu = \"60ms\" }, { cpu = \"40ms\" }"), &[0.0, 300.0]);
    assert_eq!(story.successes(), [150.0, 450.0]);
    let throttling = resource(&story.outcome, "shop throttling");
    assert!((throttling.utilisation - 100.0 / 450.0).abs() < 1e-9, "{throttling:?}");
    let keys = format!("{HALF}cpu_period = \"10ms\"");
    assert_eq!(play(&shop("", &keys, "{ cpu = \"60ms\" }"), &[0.0, 202.0]).successes(), [115.0, 315.0]);
}

/// Ten threads use 50 ms up in 5, and need 1 ms more each; on two cores in 25.
#[test]
fn many_threads_use_a_quota_up_sooner() {
    let steps = "{ cpu = \"6ms\" }";
    assert_eq!(play(&shop("", HALF, steps), &[0.0; 10]).successes(), [101.0; 10]);
    let keys = format!("{HALF}node_cores = 2");
    assert_eq!(play(&shop("", &keys, steps), &[0.0; 10]).successes(), [105.0; 10]);
    // A limit that acts smoothly knows no burst.
    let keys = "runtime = \"threads\"\ncpu = \"500m\"";
    assert_eq!(play(&shop("", keys, steps), &[0.0; 10]).successes(), [120.0; 10]);
}

/// What is left of a quota lasts until the end of its period only: B has 40 ms of it, C a fresh one.
#[test]
fn a_quota_is_not_saved_up() {
    let story = play(&shop("", HALF, "{ cpu = \"10ms\" }, { sleep = \"15ms\" }, { cpu = \"45ms\" }"), &[0.0, 1080.0]);
    // A runs from 0 to 10 and from 25 to 65, and has 5 ms to go at 100. B runs at 1080 and from 1105 to 1150.
    assert_eq!(story.successes(), [105.0, 1150.0]);
}

/// The mean is that of the smooth limit.
#[test]
fn a_quota_gives_as_much_as_a_smooth_limit() {
    let closed = |throttling: &str| {
        let load = "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 3\nduration = \"60s\"\n";
        let keys = format!("runtime = \"threads\"\ncpu = \"500m\"\ncpu_throttling = \"{throttling}\"");
        bench(&format!(
            "{load}[services.shop]\n{keys}\n[services.shop.endpoints]\nserve = {{ steps = [{{ cpu = \"30ms\" }}] }}"
        ))
        .run(1, 0)
    };
    let (smooth, cfs) = (closed("smooth").succeeded, closed("cfs").succeeded);
    assert!(smooth.abs_diff(1000) <= 3 && cfs.abs_diff(1000) <= 3, "{smooth} and {cfs}");
}

const LOCKED: &str = "{ hash = { cpu = \"10ms\", on = \"thread\", holds_gil = true } }";

#[test]
fn threads_that_hold_the_interpreter_lock_take_turns() {
    assert_eq!(play(&shop("", "cpu = \"4\"", LOCKED), &[0.0, 0.0]).successes(), [20.0, 20.0]);
    let free = LOCKED.replace("true", "false");
    assert_eq!(play(&shop("", "cpu = \"4\"", &free), &[0.0, 0.0]).successes(), [10.0, 10.0]);
    // Each process has a lock of its own.
    let text = shop("", "cpu = \"4\"\nworkers = 2", LOCKED);
    assert_eq!(play_at(&text, &[0.0, 0.0], &[0, 1]).successes(), [10.0, 10.0]);
}

/// A's hash is alone until 10, then shares the lock with B's; from 30 B's last 10 ms share it with A's slice of the
/// loop.
#[test]
fn the_event_loop_shares_the_interpreter_lock_with_threads() {
    let steps = "{ hash = { cpu = \"20ms\", on = \"thread\", holds_gil = true } }, { cpu = \"5ms\" }";
    let story = play(&shop("", "cpu = \"4\"", steps), &[0.0, 10.0]);
    assert_eq!(story.successes(), [40.0, 50.0]);
    let lock = resource(&story.outcome, "shop GIL");
    assert_eq!((lock.utilisation, lock.visits), (1.0, 4));
    assert!((lock.queue - 30.0 / 50.0).abs() < 1e-9, "{lock:?}");
    // On half a core everything takes twice as long.
    assert_eq!(play(&shop("", "cpu = \"500m\"", steps), &[0.0, 20.0]).successes(), [80.0, 100.0]);
}

/// bcrypt on the loop lets go of the lock: A's hash and B's thread run side by side from 10 on.
#[test]
fn a_hash_on_the_loop_leaves_the_lock_to_threads() {
    let steps = |holds: bool| format!("{LOCKED}, {{ hash = {{ cpu = \"10ms\", holds_gil = {holds} }} }}");
    assert_eq!(play(&shop("", "cpu = \"2\"", &steps(false)), &[0.0, 10.0]).successes(), [20.0, 30.0]);
    assert_eq!(play(&shop("", "cpu = \"2\"", &steps(true)), &[0.0, 10.0]).successes(), [30.0, 40.0]);
}

/// To the operating system a process is one runnable thread, however many want its lock: two processes have half a core
/// each.
#[test]
fn a_process_competes_for_the_cpu_as_one_thread() {
    let text = shop("", "cpu = \"1\"\nworkers = 2", LOCKED);
    assert_eq!(play_at(&text, &[0.0, 0.0, 0.0], &[0, 0, 1]).successes(), [30.0, 30.0, 20.0]);
}

/// A is accepted, B and C wait (`backlog + 1`), and D's SYN is dropped: it comes again after one second.
#[test]
fn a_full_backlog_lets_connects_wait_for_a_second() {
    let story = play(&shop("", "backlog = 1", "{ cpu = \"100ms\" }"), &[0.0, 10.0, 20.0, 30.0]);
    assert_eq!(story.successes(), [100.0, 200.0, 300.0, 1130.0]);
    let backlog = resource(&story.outcome, "shop backlog");
    assert_eq!((backlog.visits, backlog.refused, backlog.capacity), (4, 1, Some(2.0)));
    // B waits for 90 ms, C for 80.
    assert!((backlog.in_use - 170.0 / 1130.0).abs() < 1e-9, "{backlog:?}");
}

/// At 1030 it is full as before, at 3030 it is empty. Two workers share it.
#[test]
fn each_retry_of_a_connect_waits_twice_as_long() {
    let text = shop("", "backlog = 1", "{ cpu = \"1500ms\" }");
    let story = play(&text, &[0.0, 10.0, 20.0, 30.0]);
    assert_eq!(story.successes(), [1500.0, 3000.0, 4500.0, 6000.0]);
    assert_eq!(resource(&story.outcome, "shop backlog").refused, 2);
    let text = shop("", "backlog = 1\nworkers = 2", "{ cpu = \"1500ms\" }");
    // C and D wait for whichever worker polls first, and that one takes both.
    let story = play(&text, &[0.0, 5.0, 10.0, 20.0, 30.0]);
    assert_eq!(story.successes(), [1500.0, 1505.0, 3000.0, 4500.0, 4530.0]);
}

/// For seven retries and 127 s no process accepts.
#[test]
fn a_connect_without_time_out_fails_in_the_end() {
    let story = play(&shop("", "backlog = 1", "{ cpu = \"200s\" }"), &[0.0, 1.0, 2.0, 3.0]);
    assert_eq!(story.told(), ["200000", "400000", "600000", "127003: connect timed out"]);
    assert!(story.at_rest);
}

/// A client that gives up meanwhile never reaches the server.
#[test]
fn a_client_that_gives_up_while_it_connects_wastes_nothing() {
    let story = play(&shop("timeout = \"500ms\"", "backlog = 1", "{ cpu = \"100ms\" }"), &[0.0, 10.0, 20.0, 30.0]);
    assert_eq!(story.told(), ["100", "200", "300", "530: client gave up"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.wasted, 0);
}

fn calling(shop: &str, back: &str, client: &str, work: &str) -> String {
    let rest = format!(
        "[services.back]\n{back}\n[services.back.endpoints]\nwork = {{ steps = [{work}] }}\n\
         [services.shop]\nruntime = \"delay\"\n{shop}\n[services.shop.clients.back]\nserver = \"back\"\n{client}"
    );
    let call = "{ call = { client = \"back\", endpoint = \"work\" } }";
    format!("{}\nserve = {{ steps = [{call}] }}", model("", &rest))
}

/// D's connect fails when its time-out is shorter than the second; where it is longer, the wait for the answer has a
/// time-out of its own.
#[test]
fn a_full_backlog_ends_in_a_connect_time_out() {
    let back = |timeout: &str| calling("", "backlog = 1", &format!("timeout = \"{timeout}\""), "{ cpu = \"100ms\" }");
    let story = play(&back("700ms"), &[0.0, 10.0, 20.0, 30.0]);
    assert_eq!(story.told(), ["100", "200", "300", "730: connect timed out"]);
    assert!(story.at_rest);
    let story = play(&back("100s\"\nconnect_timeout = \"700ms"), &[0.0, 10.0, 20.0, 30.0]);
    assert_eq!(story.told(), ["100", "200", "300", "730: connect timed out"]);
    assert_eq!(play(&back("1050ms"), &[0.0, 10.0, 20.0, 30.0]).successes(), [100.0, 200.0, 300.0, 1130.0]);
}

/// Two ports, in TIME_WAIT from 100 ms to 1100.
#[test]
fn a_connect_without_a_free_port_fails_at_once() {
    let sleep = "{ sleep = \"100ms\" }";
    let text = calling("ephemeral_ports = 2\ntime_wait = \"1s\"", "runtime = \"delay\"", "", sleep);
    let story = play(&text, &[0.0, 0.0, 1.0, 1099.0, 1101.0]);
    assert_eq!(story.told(), ["100", "100", "1: no free port", "1099: no free port", "1201"]);
    assert!(story.at_rest);
    let ports = resource(&story.outcome, "shop ports");
    // Two for 1100 ms, and one from 1101 to the end at 2201.
    assert!((ports.in_use - 3300.0 / 2201.0).abs() < 1e-9, "{ports:?}");
    assert_eq!((ports.visits, ports.refused), (3, 2));
    let text = calling("ephemeral_ports = 1", "runtime = \"delay\"", "", sleep);
    let story = play(&text, &[0.0, 60_099.0, 60_101.0]);
    assert_eq!(story.told(), ["100", "60099: no free port", "60201"]);
    // A kept connection needs its one port only.
    let text = calling("ephemeral_ports = 1", "runtime = \"delay\"", "reuse = \"shared\"", sleep);
    assert_eq!(play(&text, &[0.0, 200.0, 400.0]).successes(), [100.0, 300.0, 500.0]);
}

/// The workers of a replica share its ports, replicas do not.
#[test]
fn ports_belong_to_a_replica() {
    let keys = "ephemeral_ports = 1\nreplicas = 2\nworkers = 2";
    let text = calling(keys, "runtime = \"delay\"", "", "{ sleep = \"100ms\" }");
    let story = play_at(&text, &[0.0; 4], &[0, 1, 2, 3]);
    assert_eq!(story.told(), ["100", "0: no free port", "100", "0: no free port"]);
}

/// The lock is known wherever the step stands: two branches that hold it share one thread's worth of CPU.
#[test]
fn the_interpreter_lock_is_shared_by_branches() {
    let hash = "{ hash = { cpu = \"10ms\", on = \"thread\", holds_gil = true } }";
    let steps = format!("{{ parallel = {{ branches = [[{hash}], [{hash}]] }} }}");
    assert_eq!(play(&shop("", "", &steps), &[0.0]).successes(), [20.0]);
}
