//! Hand-worked timelines: faults.

use super::*;

fn fault(times: &str, effect: &str) -> String {
    format!("[faults.trouble]\nservice = \"shop\"\n{times}\neffect = {effect}")
}

/// 5 ms of work by 5, another 5 at a third of the speed by 20.
#[test]
fn a_slow_replica_takes_times_as_long() {
    let slow = fault("from = \"5ms\"\nto = \"20ms\"", "{ slow = 3.0 }");
    assert_eq!(play(&shop("", &slow, "{ cpu = \"10ms\" }"), &[0.0]).successes(), [20.0]);
    assert_eq!(play(&shop("", &format!("cpu = \"1\"\n{slow}"), "{ cpu = \"11ms\" }"), &[0.0]).successes(), [21.0]);
    // Elapsed work that begins at 6.
    let delay = format!("runtime = \"delay\"\n{slow}");
    assert_eq!(play(&shop("", &delay, "{ cpu = \"10ms\" }"), &[6.0]).successes(), [36.0]);
}

/// A service without queues is known by its response time only: a sleep that begins at 6 is slowed as well, one that
/// begins before the fault is not. With threads a sleep is a wait elsewhere.
#[test]
fn a_slow_service_without_queues_sleeps_longer() {
    let slow = fault("from = \"5ms\"\nto = \"20ms\"", "{ slow = 3.0 }");
    let delay = format!("runtime = \"delay\"\n{slow}");
    let sleep = "{ sleep = \"10ms\" }";
    assert_eq!(play(&shop("", &delay, sleep), &[0.0, 6.0, 20.0]).successes(), [10.0, 36.0, 30.0]);
    let threads = format!("runtime = \"threads\"\n{slow}");
    assert_eq!(play(&shop("", &threads, sleep), &[0.0, 6.0, 20.0]).successes(), [10.0, 16.0, 30.0]);
}

/// 5 ms of work by 5, the other 5 at twice the speed: the utilisation law knows that.
#[test]
fn a_replica_may_be_fast() {
    let fast = fault("from = \"5ms\"", "{ slow = 0.5 }");
    assert_eq!(play(&shop("", &fast, "{ cpu = \"10ms\" }"), &[0.0]).successes(), [7.5]);
    let keys = format!("workers = 2\ncpu = \"1\"\n{fast}");
    assert_eq!(play(&shop("", &keys, "{ cpu = \"10ms\" }"), &[10.0, 10.0]).successes(), [20.0, 20.0]);
}

/// Stopped from 5 to 25: A's work goes on then; B, C's wait that is over at 16, and D's connection wait for it.
#[test]
fn a_stopped_event_loop_goes_on_where_it_was() {
    let stuck = fault("from = \"5ms\"\nto = \"25ms\"", "\"stuck\"");
    assert_eq!(play(&shop("", &stuck, "{ cpu = \"10ms\" }"), &[0.0, 1.0]).successes(), [30.0, 40.0]);
    assert_eq!(play(&shop("", &stuck, "{ cpu = \"10ms\" }"), &[10.0]).successes(), [35.0]);
    assert_eq!(
        play(&shop("", &stuck, "{ sleep = \"16ms\" }, { cpu = \"1ms\" }"), &[0.0, 20.0]).successes(),
        [26.0, 42.0]
    );
}

#[test]
fn stopped_threads_go_on_where_they_were() {
    let stuck = format!("runtime = \"threads\"\nthreads = 2\n{}", fault("from = \"5ms\"\nto = \"25ms\"", "\"stuck\""));
    let steps = "{ sleep = \"10ms\" }, { cpu = \"10ms\" }";
    // B's sleep begins when its process goes on.
    assert_eq!(play(&shop("", &stuck, steps), &[0.0, 8.0]).successes(), [35.0, 45.0]);
    // It never ends.
    let stuck = fault("from = \"5ms\"", "\"stuck\"");
    assert_eq!(play(&shop("", &stuck, steps), &[0.0]).told(), ["never"]);
}

/// The client gives up at 100 and the handler works on; dead at 200, it completes nothing and is not wasted. Dead at 2000,
/// after its end at 1000, it has done its work for a client that had gone.
#[test]
fn a_handler_that_is_killed_is_not_wasted() {
    for (from, wasted) in [(200, 0), (2000, 1)] {
        let dead = fault(&format!("from = \"{from}ms\"\nto = \"3s\""), "\"dead\"");
        let story = play(&shop("timeout = \"100ms\"", &dead, "{ sleep = \"1s\" }"), &[0.0]);
        assert_eq!(story.told(), ["100: client gave up"]);
        assert_eq!((story.outcome.wasted, story.at_rest), (wasted, true), "dead from {from} ms on");
    }
}

/// A restart ends it: the probe of 1000 is not answered until 2000, the pod is up at 7000.
#[test]
fn a_restart_frees_a_stopped_replica() {
    let keys = format!(
        "[services.shop.liveness]\nendpoint = \"serve\"\nperiod = \"1s\"\nfailure_threshold = 1\n{}",
        fault("from = \"500ms\"\nto = \"1h\"", "\"stuck\"")
    );
    let story = play(&shop("", &keys, "{ cpu = \"10ms\" }"), &[600.0, 8000.5]);
    assert_eq!(story.told(), ["2000: connection lost", "8020"]);
    assert!(story.at_rest);
}

/// The call's way takes 5 + 200 ms from 10 on, and so does the connect.
#[test]
fn a_network_spike_is_added_to_each_round_trip() {
    let rest = "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = { steps = [] }\n\
        [services.db]\nruntime = \"delay\"\n\
        [services.shop.pools.main]\nserver = \"db\"\nround_trip = \"1ms\"\nreset_on_release = false\n\
        [services.shop.clients.back]\nserver = \"back\"\nround_trip = \"5ms\"\nreuse = \"shared\"\n\
        [faults.spike]\nservice = \"back\"\nfrom = \"10ms\"\nto = \"1s\"\neffect = { latency = \"200ms\" }\n\
        [faults.other]\nservice = \"db\"\nfrom = \"10ms\"\nto = \"1s\"\neffect = { latency = \"20ms\" }";
    let steps =
        "{ call = { client = \"back\", endpoint = \"work\" } }, { query = { pool = \"main\", time = \"2ms\" } }";
    let text = format!("{}\nserve = {{ steps = [{steps}] }}\n", model("", rest));
    // 5 + 3; then 200 + 205 (on the idle connection only 205) + 23; then as at first.
    assert_eq!(play(&text, &[0.0]).successes(), [8.0]);
    assert_eq!(play(&text, &[20.0]).successes(), [20.0 + 405.0 + 23.0]);
    assert_eq!(play(&text, &[0.0, 20.0, 1000.0]).successes(), [8.0, 20.0 + 205.0 + 23.0, 1008.0]);
}

/// Lowered to one from 5 to 50: A and B keep their slots until 20, C gets one then and D at 40, and E at 50.
#[test]
fn capacity_lowered_while_in_use() {
    let keys = format!(
        "[services.shop.limits.gate]\nsize = 2\n{}",
        fault("from = \"5ms\"\nto = \"50ms\"", "{ capacity = { limit = \"gate\", size = 1 } }")
    );
    let steps = "{ with = { limit = \"gate\", steps = [{ sleep = \"20ms\" }] } }";
    let story = play(&shop("", &keys, steps), &[0.0, 0.0, 1.0, 2.0, 3.0]);
    assert_eq!(story.successes(), [20.0, 20.0, 40.0, 60.0, 70.0]);
    // Of two slots for 25 of the 70 ms, and one for 45, all are in use: 100 ms, as B's is until it is given back.
    let gate = resource(&story.outcome, "shop limit gate");
    assert!((gate.capacity.unwrap() - 95.0 / 70.0).abs() < 1e-12, "{gate:?}");
    assert_eq!((gate.utilisation, story.used("shop limit gate")), (1.0, 100.0));
    // None at all is no deadlock.
    let none = keys.replace("size = 1 }", "size = 0 }");
    let story = play(&shop("", &none, &format!("{steps}, {steps}")), &[0.0, 10.0]);
    assert_eq!(story.successes(), [70.0, 90.0]);
    assert_eq!(story.outcome.deadlock, None);
}

/// Replica 1 is down from 2 to 50 ms, so that A and B, sent at 5, have the one thread of the other, one after the other.
/// Of the 100 ms that two threads have in 50, 48 are lost, and 20 of the other 52 are used.
#[test]
fn a_replica_that_is_down_has_no_capacity() {
    let keys = "replicas = 2\nruntime = \"threads\"\nthreads = 1\n[faults.f]\nservice = \"shop\"\nreplica = 1\n\
                from = \"2ms\"\nto = \"50ms\"\neffect = \"dead\"";
    let story = play(&shop("", keys, "{ sleep = \"10ms\" }"), &[5.0, 5.0]);
    assert_eq!((story.successes(), story.outcome.window), (vec![15.0, 25.0], Time(50_000_000)));
    let threads = resource(&story.outcome, "shop threads");
    assert!((threads.capacity.unwrap() - 52.0 / 50.0).abs() < 1e-12, "{threads:?}");
    assert!((threads.utilisation - 20.0 / 52.0).abs() < 1e-12, "{threads:?}");
}

/// A pool that is lowered and restored opens what it needs then: D at 30 pays for its connect.
#[test]
fn a_restored_pool_opens_connections() {
    let keys = format!(
        "[services.shop.pools.main]\nserver = \"db\"\nmin_size = 1\nmax_size = 2\nconnect_time = \"9ms\"\nreset_on_release = false\n{}",
        fault("from = \"5ms\"\nto = \"30ms\"", "{ capacity = { pool = \"main\", size = 1 } }")
    );
    let steps = "{ query = { pool = \"main\", time = \"40ms\" } }";
    assert_eq!(play(&shop("", &keys, steps), &[0.0, 10.0]).successes(), [40.0, 79.0]);
}

fn faults(all: &[(&str, &str)]) -> String {
    let faults = all.iter().zip(0..);
    faults
        .map(|((times, effect), number)| {
            format!("[faults.f{number}]\nservice = \"shop\"\n{times}\neffect = {effect}\n")
        })
        .collect()
}

/// One fault ends as the next begins, or they overlap: the limit stays at 1 and lets one through every 4 ms. (At 5 the
/// limit used to have its full size for an instant.)
#[test]
fn adjacent_faults_of_a_capacity_leave_no_gap() {
    let one = "{ capacity = { limit = \"gate\", size = 1 } }";
    let two = "{ capacity = { limit = \"gate\", size = 2 } }";
    let steps = "{ with = { limit = \"gate\", steps = [{ sleep = \"4ms\" }] } }";
    let ends = |all: &[(&str, &str)]| {
        let keys = format!("{}[services.shop.limits.gate]\nsize = 4", faults(all));
        play(&shop("", &keys, steps), &[0.0; 5]).successes()
    };
    for (first, second) in [("to = \"5ms\"", "5ms"), ("to = \"7ms\"", "5ms"), ("to = \"8ms\"", "8ms")] {
        let first = format!("from = \"0s\"\n{first}");
        let second = format!("from = \"{second}\"");
        let in_order = ends(&[(&first, one), (&second, one)]);
        assert_eq!(in_order, [4.0, 8.0, 12.0, 16.0, 20.0], "{first}, {second}");
        assert_eq!(in_order, ends(&[(&second, one), (&first, one)]));
    }
    // The least of those that are on: 1 up to 10, then 2, and from 15 on all 4.
    let overlapping = [("from = \"0s\"\nto = \"10ms\"", one), ("from = \"5ms\"\nto = \"15ms\"", two)];
    assert_eq!(ends(&overlapping), [4.0, 8.0, 12.0, 14.0, 16.0]);
    // An end at the very instant at which a unit is given back.
    let at_once = [("from = \"0s\"\nto = \"4ms\"", one), ("from = \"4ms\"", two)];
    assert_eq!(ends(&at_once), [4.0, 8.0, 8.0, 12.0, 12.0]);
}

/// Two stops, two slow spells and two network spikes in a row are one of twice the length.
#[test]
fn adjacent_faults_are_one_long_fault() {
    let back = "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = { steps = [] }\n\
        [services.shop.clients.back]\nserver = \"back\"\n";
    let steps = "{ cpu = \"3ms\" }, { sleep = \"9ms\" }, { cpu = \"4ms\" }";
    let sends = [0.0, 4.0, 6.0, 15.0, 16.0, 20.0];
    for effect in ["\"stuck\"", "{ slow = 4.0 }", "\"dead\"", "{ latency = \"6ms\" }"] {
        for keys in ["", "runtime = \"threads\"\nthreads = 2\n", "replicas = 2\nworkers = 2\n"] {
            let told =
                |all: &[(&str, &str)]| play(&shop("", &format!("{keys}{}{back}", faults(all)), steps), &sends).told();
            let one = told(&[("from = \"5ms\"\nto = \"25ms\"", effect)]);
            let (first, second) = ("from = \"5ms\"\nto = \"15ms\"", "from = \"15ms\"\nto = \"25ms\"");
            assert_eq!(one, told(&[(first, effect), (second, effect)]), "{effect} {keys}");
            assert_eq!(one, told(&[(second, effect), (first, effect)]), "{effect} {keys}");
        }
    }
}

/// A consumer that is down from 0 to 5 and from 5 to 10 gets its message at 10, and only then.
#[test]
fn a_consumer_is_not_up_between_two_deaths() {
    let back = "[faults.a]\nservice = \"back\"\nfrom = \"0s\"\nto = \"5ms\"\neffect = \"dead\"\n\
        [faults.b]\nservice = \"back\"\nfrom = \"5ms\"\nto = \"10ms\"\neffect = \"dead\"\n\
        [services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = { steps = [{ sleep = \"7ms\" }] }\n\
        [queues.jobs.consumers.worker]\nservice = \"back\"\nendpoint = \"work\"\n";
    let story = play(&shop("completion = { webhook = \"0s\" }", back, "{ publish = { queue = \"jobs\" } }"), &[1.0]);
    assert_eq!(story.told(), ["17"]);
    assert_eq!(resource(&story.outcome, "queue jobs / worker").visits, 1);
}

/// A service and the one that it calls die at the same instant, with requests at work, waiting and calling.
#[test]
fn services_die_together() {
    let back = "[faults.a]\nservice = \"back\"\nfrom = \"5ms\"\nto = \"10ms\"\neffect = \"dead\"\n\
        [services.back]\nworkers = 2\n[services.back.endpoints]\n\
        work = { steps = [{ sleep = \"2ms\" }, { cpu = \"3ms\" }] }\n\
        [services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"\nmax_connections = 2\n";
    let keys = format!("replicas = 3\nworkers = 2\n{}{back}", faults(&[("from = \"5ms\"\nto = \"10ms\"", "\"dead\"")]));
    let steps = "{ cpu = \"100us\" }, { call = { client = \"back\", endpoint = \"work\" } }";
    let sends: Vec<f64> = (0..40).map(|number| f64::from(number) * 0.3).collect();
    let story = play(&shop("", &keys, steps), &sends);
    assert!(story.at_rest && story.told()[39].parse::<f64>().is_ok(), "{:?}", story.told());
}
