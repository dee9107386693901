//! What a run takes from the heap: nothing for each request once it is under way, and little for each in flight.
//!
//! A binary of its own, because the counting allocator is that of the whole process; it counts by thread.

use allocation_counter::{AllocationInfo, measure};
use sim::experiment::plan::{Adjustments, Plan};
use sim::load::trial;
use sim::parts::{Ending, Limits, Outcome};

/// Allocations that twice the time may add: a histogram's first value in an octave, the last doubling of a vector.
const FEW: u64 = 40;

/// Allocations that twice the time may add where requests fail: the looks at all holders that twice as many failures make.
const LOOKS: u64 = 32;

fn plan(path: &str, set: &[(&str, &str)]) -> Plan {
    let adjustments = Adjustments::default().set_all(set.iter().copied()).replications(1);
    Plan::read(path.as_ref(), &adjustments).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// What one run of the model takes from the heap.
fn run(path: &str, set: &[(&str, &str)]) -> (AllocationInfo, Outcome) {
    let plan = plan(path, set);
    let point = &plan.points[0];
    let mut outcome = None;
    let taken = measure(|| outcome = Some(trial(&point.system, &point.load, 1, 0, &Limits::default())));
    let outcome = outcome.expect("a run");
    assert_eq!((outcome.ending, &outcome.violations), (Ending::Complete, &Vec::new()));
    (taken, outcome)
}

/// Twice the time has as many requests more again, and takes no more, but for these looks.
fn allocates_nothing_for_each_request(path: &str, set: &[(&str, &str)], seconds: u32, requests: u64, looks: u64) {
    let last = |seconds: u32| {
        let duration = format!("{seconds}s");
        let set: Vec<_> = set.iter().copied().chain([("load.duration", duration.as_str())]).collect();
        run(path, &set)
    };
    let ((once, first), (twice, second)) = (last(seconds), last(2 * seconds));
    let more = second.ended() - first.ended();
    assert!(more > requests, "{path}: only {more} requests more");
    assert!(
        twice.count_total <= once.count_total + FEW + looks,
        "{path}: {} allocations for {} requests, {} for {}",
        once.count_total,
        first.ended(),
        twice.count_total,
        second.ended()
    );
}

#[test]
fn mm1_allocates_nothing_for_each_request() {
    allocates_nothing_for_each_request("models/mm1.toml", &[], 50_000, 35_000, 0);
}

#[test]
fn the_pool_network_allocates_nothing_for_each_cycle() {
    allocates_nothing_for_each_request("models/pool-network.toml", &[("load.warm_up", "20s")], 500, 20_000, 0);
}

/// As an endless load at 50, with everything that a registration meets: hashes, pools, clients, a deadlock never.
#[test]
fn the_registration_model_allocates_nothing_for_each_request() {
    let text = std::fs::read_to_string("models/registration.toml").expect("the shipped model");
    let endless = text.replace("users = 100\n", "warm_up = \"60s\"\nduration = \"60s\"\n");
    assert_ne!(text, endless);
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("registration-endless.toml");
    std::fs::write(&path, endless).expect("a temporary file");
    allocates_nothing_for_each_request(path.to_str().expect("a path"), &[], 300, 2_000, 0);
}

/// Time-outs that expire and handlers that work on leave nothing behind either.
#[test]
fn clients_that_give_up_allocate_nothing() {
    let set = [("load.timeout", "500ms"), ("load.warm_up", "20s")];
    allocates_nothing_for_each_request("models/pool-network.toml", &set, 500, 100_000, LOOKS);
}

/// Messages that are dropped, refused, retried and dead-lettered, jobs that are polled for, a view that they feed, and
/// a cache whose entries come and go.
#[test]
fn messages_and_caches_allocate_nothing() {
    let model = r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "200/s"
        warm_up = "20s"
        duration = "100s"
        completion = { poll = "50ms", endpoint = "shop.status" }
        [queues.jobs]
        max_length = 5
        delivery_time = "1ms"
        publish_time = "1ms"
        [queues.jobs.consumers.worker]
        service = "worker"
        endpoint = "handle"
        prefetch = 2
        retries = 2
        retry_delay = "10ms"
        [views.state]
        queue = "jobs"
        consumer = "worker"
        [services.worker]
        [services.worker.endpoints]
        handle = { steps = [{ cpu = "exp(4ms)" }, { choose = [{ probability = 0.3, steps = [{ fail = "no" }] }] },
            { project = { view = "state" } }] }
        [services.shop]
        [services.shop.caches.memo]
        size = 50
        ttl = "1s"
        coalesce = true
        [services.shop.endpoints]
        status = { steps = [{ cpu = "100us" }] }
        serve = { steps = [
            { cache = { name = "memo", key = { zipf = { keys = 200, exponent = 0.9 } }, miss = [{ sleep = "20ms" }] } },
            { read = { view = "state" } }, { respond = {} }, { publish = { queue = "jobs" } },
        ] }
    "#;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("messages.toml");
    std::fs::write(&path, model).expect("a temporary file");
    allocates_nothing_for_each_request(path.to_str().expect("a path"), &[], 100, 15_000, 0);
}

/// A thousand arrivals a second, each of which sleeps for a thousand seconds and could give up after two thousand.
fn a_million_requests_in_flight_take_less_than_200_megabytes(name: &str, set: &[(&str, &str)]) {
    let model = r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "1000/s"
        arrivals = "constant"
        duration = "1000s"
        timeout = "2000s"
        [services.shop]
        runtime = "delay"
        [services.shop.endpoints]
        serve = { steps = [{ sleep = "1000s" }] }
    "#;
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, model).expect("a temporary file");
    let (taken, outcome) = run(path.to_str().expect("a path"), set);
    assert!(outcome.unfinished >= 999_999, "only {} requests are in flight", outcome.unfinished);
    let megabytes = taken.bytes_max as f64 / 1e6;
    assert!(megabytes < 200.0, "{megabytes:.0} MB at most, {} bytes a request", taken.bytes_max / outcome.unfinished);
    println!("{megabytes:.0} MB at most, {} bytes a request", taken.bytes_max / outcome.unfinished);
    assert_eq!(taken.bytes_current - bytes_of(&outcome), 0, "a run leaves nothing behind but its outcome");
}

#[test]
fn a_million_requests_in_flight_fit_where_some_have_accounts() {
    a_million_requests_in_flight_take_less_than_200_megabytes("million.toml", &[]);
}

#[test]
fn a_million_requests_in_flight_fit_where_none_has_an_account() {
    a_million_requests_in_flight_take_less_than_200_megabytes("million-without.toml", &[("load.blame", "false")]);
}

/// What the outcome itself holds on the heap.
fn bytes_of(outcome: &Outcome) -> i64 {
    let copied = measure(|| std::mem::forget(outcome.clone()));
    copied.bytes_current
}
