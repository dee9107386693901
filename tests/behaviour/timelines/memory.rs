//! Hand-worked timelines: memory, garbage collections, and the end of memory.

use super::*;

const THREADS: &str = "runtime = \"threads\"\n";

fn collected(runtime: &str, memory: &str, gc: &str, steps: &str, sends: &[f64]) -> Story {
    play(&shop("", &format!("{runtime}memory = {{ {memory} }}\ngc = {{ {gc} }}"), steps), sends)
}

const CPU: &str = "{ cpu = \"50ms\" }";

/// 30 MiB of the heap are free: the fourth request, at 30, finds it full. All four stand still for 20 ms.
#[test]
fn a_full_heap_stops_all_threads() {
    let gc = "heap = \"130MiB\", allocation = \"10MiB\", time = \"20ms\", threads = 1";
    let story = collected(THREADS, "base = \"100MiB\"", gc, CPU, &[0.0, 10.0, 20.0, 30.0]);
    assert_eq!(story.successes(), [70.0, 80.0, 90.0, 100.0]);
    let row = resource(&story.outcome, "shop garbage collection");
    assert_eq!((story.used("shop garbage collection"), row.visits, row.longest_queue), (20.0, 1, 4));
    let stood = row.queue * story.outcome.window.0 as f64;
    assert!((stood / 1e6 - 80.0).abs() < 1e-6, "{row:?}");
    // Four jobs of 50 ms, and one of the collector.
    assert_eq!(story.used("shop CPU"), 220.0);
}

/// What comes meanwhile waits as well. Live data make a collection longer and the next one come sooner: 130 MiB at 30, 13 ms;
/// at 43 the fourth request and the garbage of it leave 10 MiB, so the fifth, of 40, finds 140 MiB live and waits to 57.
#[test]
fn live_data_make_collections_longer_and_more_frequent() {
    let gc = "heap = \"160MiB\", allocation = \"10MiB\", time_per_mib = \"100us\", threads = 1";
    let memory = "base = \"100MiB\", per_request = \"10MiB\"";
    let story = collected(THREADS, memory, gc, CPU, &[0.0, 10.0, 20.0, 30.0, 40.0]);
    assert_eq!(story.successes(), [77.0, 87.0, 97.0, 107.0, 107.0]);
    assert_eq!(story.used("shop garbage collection"), 27.0);
}

/// The collector has two threads on two cores: it takes its 20 ms, and 40 ms of CPU. On one core it takes 40 ms.
#[test]
fn collectors_share_the_cpu() {
    let gc = "heap = \"130MiB\", allocation = \"10MiB\", time = \"20ms\", threads = 2";
    let run = |cpu: &str, sends: &[f64]| {
        collected(&format!("{THREADS}cpu = \"{cpu}\"\n"), "base = \"110MiB\"", gc, "{ cpu = \"5ms\" }", sends)
    };
    let sends = [0.0, 10.0, 20.0];
    assert_eq!(run("2", &sends).successes(), [5.0, 15.0, 45.0]);
    assert_eq!(run("2", &sends).used("shop CPU"), 55.0);
    assert_eq!(run("1", &sends).successes(), [5.0, 15.0, 65.0]);
}

/// On an event loop a collection is part of the slice that has no room: the third request's, at 20. Jobs of the executor
/// continue.
#[test]
fn an_event_loop_stops_and_its_executor_does_not() {
    let gc = "young = \"20MiB\", allocation = \"10MiB\", time = \"5ms\"";
    let story = collected("", "base = \"1MiB\"", gc, "{ cpu = \"10ms\" }", &[0.0, 1.0, 2.0]);
    assert_eq!(story.successes(), [10.0, 20.0, 35.0]);
    let hash = "{ hash = { cpu = \"100ms\", on = \"thread\" } }";
    let story = collected("", "base = \"1MiB\"", gc, hash, &[0.0, 1.0, 2.0]);
    assert_eq!(story.successes(), [100.0, 101.0, 107.0]);
}

/// A concurrent collection begins at half of the heap and shares the core with the request of 100, which it delays to 120.
/// What was allocated since it began is left for the next one, at 200.
#[test]
fn a_concurrent_collection_takes_cpu() {
    let gc = "kind = \"concurrent\", heap = \"200MiB\", start_at = \"50%\", allocation = \"30MiB\", time = \"20ms\"";
    let one = format!("{THREADS}cpu = \"1\"\n");
    let story = collected(&one, "base = \"50MiB\"", gc, "{ cpu = \"10ms\" }", &[0.0, 100.0, 200.0]);
    assert_eq!(story.successes(), [10.0, 120.0, 220.0]);
    assert_eq!(resource(&story.outcome, "shop garbage collection").visits, 2);
}

/// The third request finds no room while a collection is under way and waits for its end, at 40: three jobs share the core
/// from 1 to 28, two to 30, and the collector has it alone for its last 10 ms. The next collection begins at once.
#[test]
fn an_allocation_without_room_waits_for_the_concurrent_collection() {
    let gc = "kind = \"concurrent\", heap = \"120MiB\", start_at = \"90%\", allocation = \"30MiB\", time = \"20ms\"";
    let one = format!("{THREADS}cpu = \"1\"\n");
    let story = collected(&one, "base = \"50MiB\"", gc, "{ cpu = \"10ms\" }", &[0.0, 1.0, 2.0]);
    assert_eq!(story.successes(), [28.0, 30.0, 60.0]);
}

/// Three requests need 130 MiB: at 20 the replica is killed with all of them. It is up at 1020, and the second kill, at 1120,
/// is followed by 10 s of back-off.
#[test]
fn a_replica_above_its_limit_is_killed() {
    let keys = "memory = { base = \"100MiB\", per_request = \"10MiB\", limit = \"125MiB\", restart_time = \"1s\" }";
    let sends = [0.0, 10.0, 20.0, 500.0, 1100.0, 1110.0, 1120.0, 12_100.0, 12_200.0];
    let story = play(&shop("", keys, "{ sleep = \"100ms\" }"), &sends);
    let [first, second] = ["20: connection lost", "1120: connection lost"];
    let refused = ["501: connection refused", "12101: connection refused"];
    assert_eq!(story.told(), [first, first, first, refused[0], second, second, second, refused[1], "12300"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.restarts, 2);
}

/// A heap that live data fill ends as a limit does; a request that ends in time leaves room for the next one.
#[test]
fn a_heap_without_room_after_a_collection_kills_the_process() {
    let gc = "heap = \"134MiB\", allocation = \"5MiB\", time = \"1ms\"";
    let memory = "base = \"100MiB\", per_request = \"10MiB\", restart_time = \"0s\"";
    let story = collected(THREADS, memory, gc, "{ sleep = \"100ms\" }", &[0.0, 10.0, 20.0, 150.0]);
    let lost = "21: connection lost";
    assert_eq!(story.told(), [lost, lost, lost, "250"]);
    let story = collected(THREADS, memory, gc, "{ sleep = \"9ms\" }", &[0.0, 10.0, 20.0]);
    assert_eq!(story.outcome.restarts, 0);
}

/// An endpoint may hold and allocate another amount.
#[test]
fn endpoints_allocate_what_they_say() {
    let keys = "memory = { per_request = \"10MiB\", limit = \"25MiB\" }";
    let mut text = shop("", keys, "{ sleep = \"10ms\" }");
    assert_eq!(play(&text, &[0.0, 1.0, 2.0]).outcome.restarts, 1);
    text = text.replace("serve = {", "serve = { memory = \"5MiB\",");
    assert_eq!(play(&text, &[0.0, 1.0, 2.0]).successes(), [10.0, 11.0, 12.0]);
}
