//! What services had to do, counted by hand: calls that reach them, the peak, how even their workers are, replica-hours,
//! and failures by cause.

use sim::experiment::analyse::trial::Trial;
use sim::load::trial;
use sim::metric::{Metric, MetricScope};

use super::*;

/// Calls are counted, in intervals of 100 ms.
const COUNTED: &str = "call_rates = \"100ms\"";

/// A shop that calls a service behind it, which does `work`.
fn calling(keys: &str, steps: &str, work: &str) -> String {
    let rest = format!(
        "[services.back]\nruntime = \"delay\"\n[services.back.endpoints]\nwork = {{ steps = [{work}] }}\n\
         [services.shop]\nruntime = \"delay\"\n{keys}\n[services.shop.clients.back]\nserver = \"back\""
    );
    format!("{}\nserve = {{ steps = [{steps}] }}", model(COUNTED, &rest))
}

const CALL: &str = "{ call = { client = \"back\", endpoint = \"work\" } }";

/// How many calls each service received, and all together.
fn calls(text: &str, sends: &[f64]) -> (Vec<(String, u64)>, u64) {
    let outcome = play(text, sends).outcome;
    let of_services = outcome.services.iter().map(|it| (it.name.clone(), it.calls.expect("calls are counted").calls));
    (of_services.collect(), outcome.calls.expect("calls are counted").calls)
}

fn counts(back: u64, shop: u64) -> (Vec<(String, u64)>, u64) {
    (vec![("back".into(), back), ("shop".into(), shop)], back + shop)
}

/// Two requests, each of which calls three times in vain.
#[test]
fn each_retry_is_a_call() {
    let retry = format!("{{ retry = {{ attempts = 3, backoff = \"20ms\", steps = [{CALL}] }} }}");
    assert_eq!(calls(&calling("", &retry, "{ fail = \"no luck\" }"), &[0.0, 5.0]), counts(6, 2));
}

/// The answer comes at 50, the second attempt was sent at 20; where the first answer comes at 10, there is no other.
#[test]
fn each_hedge_is_a_call() {
    let hedge = format!("{{ hedge = {{ after = \"20ms\", steps = [{CALL}] }} }}");
    assert_eq!(calls(&calling("", &hedge, "{ sleep = \"50ms\" }"), &[0.0]), counts(2, 1));
    assert_eq!(calls(&calling("", &hedge, "{ sleep = \"10ms\" }"), &[0.0]), counts(1, 1));
}

/// The ingress refuses the second of two, which has reached the service. A breaker that is open keeps the third call
/// from the service behind.
#[test]
fn a_call_that_the_service_refuses_counts_and_one_that_is_never_sent_does_not() {
    let keys = "[services.shop.ingress]\nin_flight = 1";
    assert_eq!(calls(&calling(keys, CALL, "{ sleep = \"50ms\" }"), &[0.0, 5.0]), counts(1, 2));
    let keys = "[services.shop.breakers.b]\nfailure_threshold = 2\nrecovery_time = \"10s\"";
    let guarded = format!("{{ breaker = {{ name = \"b\", steps = [{CALL}] }} }}");
    assert_eq!(calls(&calling(keys, &guarded, "{ fail = \"no luck\" }"), &[0.0, 5.0, 10.0]), counts(2, 3));
}

/// Clients send again: requests at 0 and 500 ms, both refused.
#[test]
fn what_clients_send_again_is_a_call() {
    let text = "[load]\nkind = \"closed\"\ntarget = \"shop.serve\"\nconcurrency = 1\nusers = 1\ncall_rates = \"1s\"\n\
                retry = { attempts = 2, backoff = \"500ms\", jitter = \"none\" }\n[services.shop]\nruntime = \"delay\"\n\
                [services.shop.endpoints]\nserve = { steps = [{ sleep = \"10ms\" }, { fail = \"no luck\" }] }";
    let trial = of_trial(text);
    // 0 to 10, back-off to 510, 510 to 520.
    assert_eq!(trial.window_s, 0.52);
    assert_eq!(trial.metric(Metric::CallsPerS), Some(2.0 / 0.52));
    assert_eq!(trial.metric(Metric::FailedRequests), Some(2.0));
}

/// The intervals are [0, 100), [100, 200) and [200, 300) ms; the run ends at 301, and the last begins at 300.
#[test]
fn the_peak_is_the_fullest_interval() {
    let outcome =
        play(&shop(COUNTED, "runtime = \"delay\"", "{ sleep = \"1ms\" }"), &[0.0, 99.0, 100.0, 110.0, 199.0, 300.0]);
    let outcome = outcome.outcome;
    let shop = outcome.services.iter().find(|service| service.name == "shop").and_then(|service| service.calls);
    assert_eq!(shop.map(|count| (count.calls, count.peak_per_s)), Some((6, 30.0)));
    assert_eq!(outcome.window, Time(301_000_000));
}

fn of_trial(text: &str) -> Trial {
    let bench = bench(text);
    let outcome = trial(&bench.system, &bench.load, 1, 0, &Limits::default());
    assert_eq!(outcome.violations, [""; 0]);
    Trial::of(0, 0, outcome, &bench.load, 0.9, &[])
}

fn service(name: &str) -> MetricScope {
    MetricScope::Service(name.into())
}

/// To count changes nothing else: the same ends at the same times, also where each request has an event of its own.
#[test]
fn counting_calls_changes_nothing_else() {
    let mm1 = "[load]\nkind = \"open\"\ntarget = \"shop.serve\"\nrate = \"8/s\"\nduration = \"100s\"\nwarm_up = \"10s\"\n\
               [services.shop]\nruntime = \"delay\"\n[stations.s]\n[services.shop.endpoints]\n\
               serve = { steps = [{ visit = { station = \"s\", time = \"exp(100ms)\" } }] }";
    let loops = "[load]\nkind = \"open\"\ntarget = \"shop.serve\"\nrate = \"8/s\"\nduration = \"100s\"\ntimeout = \"1s\"\n\
                 [services.back]\nruntime = \"threads\"\nthreads = 2\n[services.back.endpoints]\n\
                 work = { steps = [{ cpu = \"exp(150ms)\" }] }\n[services.shop]\nworkers = 2\nreplicas = 2\n\
                 [services.shop.clients.back]\nserver = \"back\"\n[services.shop.endpoints]\n\
                 serve = { steps = [{ cpu = \"20ms\" }, { call = { client = \"back\", endpoint = \"work\" } }] }";
    for text in [mm1, loops] {
        let plain = of_trial(text);
        let counted = of_trial(&text.replace("duration = \"100s\"", "duration = \"100s\"\ncall_rates = \"1s\""));
        assert!(plain.succeeded > 700 && plain.metric(Metric::CallsPerS).is_none());
        assert_eq!(counted.metric_of(&service("shop"), Metric::CallsPerS), Some(plain.sent as f64 / 100.0));
        let same = Trial { services: plain.services.clone(), calls: None, ..counted };
        assert_eq!(same, plain);
    }
}

/// One worker is busy for 30 ms, the other for 10: the mean is 20. A service that only waits has no workers.
#[test]
fn imbalance_is_the_busiest_worker_over_the_mean() {
    let text =
        shop("", "runtime = \"threads\"\nworkers = 2\nthreads = 1\naccept = \"round-robin\"", "{ sleep = \"10ms\" }");
    let story = play_at(&text, &[0.0, 10.0, 20.0, 0.0], &[0, 0, 0, 1]);
    let trial = Trial::of(0, 0, story.outcome, &bench(&text).load, 0.9, &[]);
    assert!((trial.metric(Metric::WorkerImbalance).expect("a value") - 1.5).abs() < 1e-12);
    assert_eq!(trial.metric_of(&service("shop"), Metric::WorkerImbalance), trial.metric(Metric::WorkerImbalance));
    assert_eq!(trial.metric_of(&service("db"), Metric::WorkerImbalance), None);
    // Event loops: 20 ms and no work at all, of four workers.
    let text = shop("", "workers = 4\ncpu = \"4\"", "{ cpu = \"20ms\" }");
    let story = play_at(&text, &[0.0], &[2]);
    let trial = Trial::of(0, 0, story.outcome, &bench(&text).load, 0.9, &[]);
    assert_eq!(trial.metric_of(&service("shop"), Metric::WorkerImbalance), Some(4.0));
}

/// Three replicas and one, for half an hour; one is dead for a part of it and is paid for all the same.
#[test]
fn a_dead_replica_costs_its_hours() {
    let dead = "[faults.f]\nservice = \"shop\"\nreplica = 1\nfrom = \"5min\"\nto = \"20min\"\neffect = \"dead\"";
    let text = shop("", &format!("replicas = 3\nruntime = \"delay\"\n{dead}"), "{ sleep = \"1ms\" }")
        .replace("duration = \"1s\"", "duration = \"30min\"");
    let trial = of_trial(&text);
    assert_eq!(trial.metric(Metric::ReplicaHours), Some(2.0));
    assert_eq!(trial.metric_of(&service("shop"), Metric::ReplicaHours), Some(1.5));
    assert_eq!(trial.metric_of(&service("db"), Metric::ReplicaHours), Some(0.5));
    assert_eq!(trial.metric(Metric::Cost), None);
}

/// Half an hour of three replicas at 0.2 and 2 cores at 0.1 each, of a database at 3, and of a machine of 4 cores.
#[test]
fn hours_of_replicas_and_cores_have_their_prices() {
    let keys = "replicas = 3\nruntime = \"threads\"\ncpu = \"2\"\n[machines.m]\ncpu = \"4\"\n[prices]\nreplica_hour = 0.2\n\
                core_hour = 0.1\nreplicas.db = 3.0";
    let text = shop("", keys, "{ sleep = \"1ms\" }").replace("duration = \"1s\"", "duration = \"30min\"");
    let trial = of_trial(&text);
    assert_eq!(trial.metric_of(&service("db"), Metric::Cost), Some(1.5));
    assert!((trial.metric_of(&service("shop"), Metric::Cost).expect("a price") - 0.6).abs() < 1e-12);
    assert!((trial.metric(Metric::Cost).expect("a price") - 2.3).abs() < 1e-12);
}

/// A has the slot to 300; B waits for it no longer than to 50; C's client gives up at 110 + 100, A's at 100.
#[test]
fn failures_are_counted_by_cause() {
    let text = shop(
        "timeout = \"100ms\"",
        "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1\nacquire_timeout = \"40ms\"",
        "{ with = { limit = \"one\", steps = [{ sleep = \"300ms\" }] } }",
    );
    let story = play(&text, &[0.0, 10.0, 110.0, 300.0]);
    assert_eq!(
        story.told(),
        ["100: client gave up", "50: acquire timed out", "150: acquire timed out", "400: client gave up"]
    );
    let trial = Trial::of(0, 0, story.outcome, &bench(&text).load, 0.9, &[]);
    let of = |words: &str| trial.metric_of(&MetricScope::Cause(words.into()), Metric::FailedRequests);
    assert_eq!((of("client gave up"), of("acquire timed out"), of("shed")), (Some(2.0), Some(2.0), Some(0.0)));
    assert_eq!(trial.metric(Metric::FailedRequests), Some(4.0));
    assert_eq!(trial.metric_of(&MetricScope::Cause("shed".into()), Metric::MeanS), None);
}
