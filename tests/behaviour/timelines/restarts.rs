//! Hand-worked timelines: probes, restarts, and what becomes of requests meanwhile.

use super::*;

/// The shop with a health endpoint beside `serve`.
fn probed(keys: &str, liveness: &str, steps: &str) -> String {
    let keys = format!("{keys}\n[services.shop.liveness]\n{liveness}");
    format!("{}health = {{ steps = [{{ cpu = \"1ms\" }}] }}\n", shop("", &keys, steps))
}

/// A healthy pod that is busy. A hashes from 900 to 1300 ms, B and C and then the probe of 1000 wait for it; the
/// probe's time is over at 1500, in the middle of B's hash. D comes while the pod restarts, E after that.
#[test]
fn a_probe_behind_blocking_hashes_restarts_a_healthy_pod() {
    let liveness =
        "endpoint = \"health\"\nperiod = \"1s\"\ntimeout = \"500ms\"\nfailure_threshold = 1\nrestart_time = \"2s\"";
    let steps = "{ hash = { cpu = \"400ms\" } }";
    let sends = [900.0, 901.0, 902.0, 3000.0, 3600.0];
    let story = play(&probed("", liveness, steps), &sends);
    let lost = "1500: connection lost";
    assert_eq!(story.told(), ["1300", lost, lost, "3001: connection refused", "4000"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.restarts, 1);
    let down = resource(&story.outcome, "shop unavailable");
    assert_eq!(down.visits, 1);
    assert!((down.in_use * story.outcome.window.seconds() - 2.0).abs() < 1e-9, "{down:?}");
    // In an executor the hashes leave the loop to the probe; E's, over at 4000, waits for that of 4000.
    let steps = "{ hash = { cpu = \"400ms\", on = \"thread\" } }";
    let story = play(&probed("", liveness, steps), &sends);
    assert_eq!(story.successes(), [1300.0, 1301.0, 1302.0, 3400.0, 4001.0]);
    assert_eq!(story.outcome.restarts, 0);
}

/// The one thread is held from 900 to 4900. The probe of 1000 waits for it, so the pod is restarted at 1500, and A is lost; one that a
/// server with threads of its own answers takes 1 ms each time. Readiness alike: at 3000 B finds no replica, or waits for A's thread.
#[test]
fn a_probe_on_threads_of_its_own_waits_for_none() {
    let keys = "runtime = \"threads\"\nthreads = 1";
    let probe = "endpoint = \"health\"\nperiod = \"1s\"\ntimeout = \"500ms\"\nfailure_threshold = 1";
    let sleep = "{ sleep = \"4s\" }";
    let own = format!("{probe}\nown_threads = true");
    assert_eq!(play(&probed(keys, probe, sleep), &[900.0]).told(), ["1500: connection lost"]);
    let story = play(&probed(keys, &own, sleep), &[900.0, 3000.0]);
    assert_eq!((story.successes(), story.outcome.restarts), (vec![4900.0, 8900.0], 0));
    let told = |probe: &str| {
        let text = probed(keys, probe, sleep).replace("[services.shop.liveness]", "[services.shop.readiness]");
        play(&text, &[900.0, 3000.0]).told()
    };
    assert_eq!(told(probe), ["4900", "3001: connection refused"]);
    assert_eq!(told(&own), ["4900", "8900"]);
}

/// The probes of 1000 and 2000 fail, that of 3000 is answered, so those of 4000 and 5000 begin anew: no restart.
#[test]
fn only_failures_in_a_row_count() {
    let liveness = "endpoint = \"health\"\nperiod = \"1s\"\ntimeout = \"100ms\"\nfailure_threshold = 3";
    let steps = "{ hash = { cpu = \"1900ms\" } }";
    let story = play(&probed("", liveness, steps), &[900.0, 3900.0]);
    assert_eq!(story.successes(), [2800.0, 5800.0]);
    assert_eq!(story.outcome.restarts, 0);
    // A third one in a row, at 3000.
    let steps = "{ hash = { cpu = \"2900ms\" } }";
    let story = play(&probed("", liveness, steps), &[900.0]);
    assert_eq!(story.told(), ["3100: connection lost"]);
}

/// A hundred pods that are probed every ten years, evenly spread over them.
#[test]
fn the_longest_period_is_spread_as_well() {
    let liveness = "endpoint = \"health\"\nperiod = \"87000h\"\ntimeout = \"1s\"";
    let story = play(&probed("replicas = 100", liveness, "{ cpu = \"5ms\" }"), &[100.0]);
    assert_eq!(story.told(), ["105"]);
}

const NESTED: &str =
    "{ with = { pool = \"main\", steps = [{ sleep = \"10ms\" }, { query = { pool = \"main\", time = \"1ms\" } }] } }";
const POOL_OF_TWO: &str =
    "[services.shop.pools.main]\nserver = \"db\"\nmin_size = 2\nmax_size = 2\nreset_on_release = false";

/// A and B deadlock at 110 ms. Only a probe on the same way sees it: those of 10, 20 and 30 s are not answered.
#[test]
fn a_probe_of_the_registration_path_heals_a_deadlock_and_a_health_probe_does_not() {
    let sends = [100.0, 100.0, 40_000.0];
    let story = play(&probed(POOL_OF_TWO, "endpoint = \"health\"", NESTED), &sends);
    assert_eq!(story.told(), ["never"; 3]);
    assert_eq!((story.outcome.restarts, story.outcome.deadlock.map(|it| it.instances)), (0, Some(1)));
    let story = play(&probed(POOL_OF_TWO, "endpoint = \"serve\"", NESTED), &sends);
    assert_eq!(story.told(), ["31000: connection lost", "31000: connection lost", "40011"]);
    assert!(story.at_rest);
    assert_eq!(story.outcome.restarts, 1);
    // The restart has freed it.
    let deadlock = story.outcome.deadlock.expect("a deadlock");
    assert_eq!((deadlock.at, deadlock.instances), (Time(110_000_000), 0));
}

/// The probe never succeeds, and each time the pod runs for 2 s. It comes up at 3 s (no back-off before the first
/// restart), then after 10, 20, 40, 80, 160, 300 and 300 s and the restart's own second.
#[test]
fn restarts_back_off() {
    let keys = "[services.shop.liveness]\nendpoint = \"sick\"\nfailure_threshold = 1\ninitial_delay = \"2s\"\nrestart_time = \"1s\"";
    let text = format!("{}sick = {{ steps = [{{ fail = \"sick\" }}] }}\n", shop("", keys, "{ cpu = \"1ms\" }"));
    let ups = [3, 16, 39, 82, 165, 328, 631, 934];
    let sends: Vec<f64> =
        ups.iter().flat_map(|up| [f64::from(*up) * 1e3 - 10.0, f64::from(*up) * 1e3 + 10.0]).collect();
    let story = play(&text, &sends);
    for (told, sent) in story.told().chunks(2).zip(sends.chunks(2)) {
        assert_eq!(told, [format!("{}: connection refused", sent[0] + 1.0), format!("{}", sent[1] + 1.0)]);
    }
}

/// Killed at 2, up at 3 s; killed at 700 s, after more than ten minutes: no back-off; killed again at 706 s: 10 s.
#[test]
fn the_back_off_begins_anew_after_ten_minutes() {
    let liveness = "endpoint = \"health\"\nperiod = \"1s\"\nfailure_threshold = 1\nrestart_time = \"1s\"";
    let text = probed("", liveness, "{ hash = { cpu = \"5s\" } }");
    let text = format!("{text}quick = {{ steps = [] }}\n");
    let sends = [500.0, 698_500.0, 704_500.0, 716_900.0, 717_100.0];
    let story = play(&text, &sends);
    let told = story.told();
    assert_eq!(told[..3], ["2000: connection lost", "700000: connection lost", "706000: connection lost"]);
    assert_eq!(told[3], "716901: connection refused");
    // It is up at 717 s, and this one is killed in turn.
    assert_eq!(told[4], "719000: connection lost");
}

/// B is answered by the other replica while the first is down, whose turn it was; a kept connection to it is not used.
#[test]
fn requests_go_to_the_other_replica() {
    let keys = "replicas = 2\n[faults.death]\nservice = \"shop\"\nreplica = 0\nfrom = \"5ms\"\nto = \"100ms\"\neffect = \"dead\"";
    let story = play(&shop("", keys, "{ sleep = \"10ms\" }"), &[0.0, 1.0, 6.0, 7.0, 100.0, 101.0]);
    assert_eq!(story.told(), ["5: connection lost", "11", "16", "17", "110", "111"]);
    assert!(story.at_rest);
}

fn front_and_back(faults: &str) -> String {
    let rest = format!(
        "[services.back]\nruntime = \"threads\"\n[services.back.endpoints]\nwork = {{ steps = [{{ cpu = \"100ms\" }}] }}\n\
         [services.shop.clients.back]\nserver = \"back\"\nreuse = \"shared\"\n{faults}"
    );
    let steps = "{ sleep = \"10ms\" }, { call = { client = \"back\", endpoint = \"work\" } }, { sleep = \"10ms\" }";
    format!("{}\nserve = {{ steps = [{steps}] }}\n", model("", &rest))
}

/// The called service dies: its caller learns it at once. The next call is refused; the one after that opens a new connection.
#[test]
fn a_caller_loses_its_connection() {
    let fault = "[faults.death]\nservice = \"back\"\nfrom = \"50ms\"\nto = \"200ms\"\neffect = \"dead\"";
    let story = play(&front_and_back(fault), &[0.0, 100.0, 200.0, 400.0]);
    assert_eq!(story.told(), ["50: connection lost", "111: connection refused", "320", "520"]);
    assert!(story.at_rest);
    // Each call has a connection, the refused one, too.
    assert_eq!(resource(&story.outcome, "shop client back").visits, 4);
}

/// The caller dies: the work of its call continues, wasted.
#[test]
fn a_call_outlives_its_caller() {
    let fault = "[faults.death]\nservice = \"shop\"\nfrom = \"50ms\"\nto = \"60ms\"\neffect = \"dead\"";
    let story = play(&front_and_back(fault), &[0.0, 70.0]);
    assert_eq!(story.told(), ["50: connection lost", "190"]);
    assert!(story.at_rest);
    assert_eq!(resource(&story.outcome, "back CPU").visits, 2);
}

/// A statement under way goes on when its client dies, and fails with its database.
#[test]
fn statements_outlive_their_client_but_not_their_database() {
    let fault = |service: &str| {
        format!(
            "[services.data]\nruntime = \"threads\"\ncpu = \"1\"\n\
             [faults.death]\nservice = \"{service}\"\nfrom = \"50ms\"\nto = \"60ms\"\neffect = \"dead\"\n\
             [services.shop.pools.main]\nserver = \"data\"\nmin_size = 1\nmax_size = 2\nconnect_time = \"9ms\"\nreset_on_release = false"
        )
    };
    let steps = "{ query = { pool = \"main\", time = \"100ms\" } }";
    // A's statement has 70 of its 100 ms when B's joins it at 70: both half as fast until A's is done at 130; B's has
    // 30 then and goes on alone.
    let story = play(&shop("", &fault("shop"), steps), &[0.0, 70.0]);
    assert_eq!(story.told(), ["50: connection lost", "200"]);
    assert!(story.at_rest);
    assert_eq!(resource(&story.outcome, "data CPU").visits, 2);
    // The pool is left without an open connection, so C pays for a connect; B finds no database to connect to.
    let story = play(&shop("", &fault("data"), steps), &[0.0, 55.0, 70.0]);
    assert_eq!(story.told()[0], "50: connection lost");
    assert_eq!(story.told()[1..], ["55: connection refused", "179"]);
    assert!(story.at_rest);
}

/// Worker 0 never gets an answer, until a restart gives it a new client.
#[test]
fn a_restart_repairs_a_broken_client() {
    let rest = |repaired: &str| {
        format!(
            "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = {{ steps = [] }}\n\
             [services.shop.liveness]\nendpoint = \"serve\"\n[services.shop.clients.back]\nserver = \"back\"\nbroken_workers = 1\n{repaired}"
        )
    };
    let steps = "{ call = { client = \"back\", endpoint = \"work\" } }";
    let text = |repaired| format!("{}\nserve = {{ steps = [{steps}] }}\n", model("", &rest(repaired)));
    // The probes of 0, 10 and 20 s are not answered.
    let story = play(&text(""), &[100.0, 30_000.0]);
    assert_eq!(story.told(), ["21000: connection lost", "30000"]);
    let story = play(&text("repaired_by_restart = false"), &[100.0, 30_000.0]);
    // Restarted at 21 s, up at 26 s, and again at 47 s.
    assert_eq!(story.told(), ["21000: connection lost", "47000: connection lost"]);
}

/// A replica that is not ready gets no new connections and keeps its requests.
#[test]
fn readiness_takes_out_of_the_balancing() {
    let keys = "replicas = 2\n[services.shop.readiness]\nendpoint = \"health\"\nperiod = \"1s\"\ntimeout = \"100ms\"\nfailure_threshold = 1";
    let text = format!(
        "{}health = {{ steps = [] }}\n",
        shop("", keys, "{ hash = { cpu = { mixture = [{ weight = 1, of = \"2500ms\" }] } } }")
    );
    // A blocks replica 0 from 900 to 3400; its probe of 1000 fails at 1100. Replica 1 is probed at 1500: B, sent at
    // 1200 to replica 1 in its turn, blocks it, so that it is taken out at 1600. C, at 1700, finds none. Replica 0
    // answers the probe of 3000 only after its time, but that of 4000.
    let story = play(&text, &[900.0, 1200.0, 1700.0, 3900.0, 4100.0]);
    assert_eq!(story.told(), ["3400", "3700", "1701: connection refused", "3901: connection refused", "6600"]);
    assert_eq!(story.outcome.restarts, 0);
}

/// A's hash blocks the loop from 1 to 1,001 ms. The probes of 100 and 200 take the two places of the accept queue;
/// those of 300 to 1,000 find them taken and are over before their SYN is sent again. Every other one of the 111 that
/// are sent (from 1,100 on 100 with nothing else under way) is answered: with the hash, 104 jobs.
#[test]
fn a_probe_that_is_over_no_longer_knocks() {
    let keys = "backlog = 1\ncpu = \"1\"\n[services.shop.readiness]\nendpoint = \"health\"\nperiod = \"100ms\"\n\
        timeout = \"50ms\"\nfailure_threshold = 1000";
    let text = shop("", keys, "{ hash = { cpu = \"1s\" } }") + "health = { steps = [{ cpu = \"1ms\" }] }\n";
    let story = play(&text, &[0.0]);
    assert_eq!(story.successes(), [1001.0]);
    assert_eq!(resource(&story.outcome, "shop CPU").visits, 104);
}
