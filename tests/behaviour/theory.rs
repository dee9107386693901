//! The simulator against queueing systems with a known answer: the 99 % interval over independent replications must
//! contain the exact value, and must be so narrow that a wrong value would fall outside.

use sim::experiment::design::{Adjustments, Plan};
use sim::experiment::runner;
use sim::experiment::trial::Trial;
use sim::parts::Outcome;
use sim::statistics::Interval;
use sim::statistics::theory::{self, mva};

use crate::models::{Bench, bench, resource};

const REPLICATIONS: u64 = 20;

/// Relative half-width that every interval must keep within.
const NARROW: f64 = 0.03;

fn interval<T>(runs: &[T], figure: impl Fn(&T) -> f64) -> Interval {
    let values: Vec<f64> = runs.iter().map(figure).collect();
    Interval::mean_of(&values, 0.99).expect("finite figures")
}

#[track_caller]
fn agrees<T>(what: &str, runs: &[T], figure: impl Fn(&T) -> f64, exact: f64) {
    let seen = interval(runs, figure);
    assert!(seen.contains(exact), "{what}: {exact} is not in {seen:?}");
    assert!(seen.relative_half_width() < NARROW, "{what}: {seen:?} is too wide to show anything");
}

fn response(outcome: &Outcome) -> f64 {
    outcome.response_times.mean().expect("successes") / 1e9
}

fn quantile(q: f64) -> impl Fn(&Outcome) -> f64 {
    move |outcome| outcome.response_times.quantile(q).expect("successes") as f64 / 1e9
}

fn throughput(outcome: &Outcome) -> f64 {
    outcome.throughput_per_min() / 60.0
}

fn utilisation(name: &str) -> impl Fn(&Outcome) -> f64 {
    move |outcome| resource(outcome, name).utilisation
}

/// Mean number waiting or at work at a resource.
fn present(name: &str) -> impl Fn(&Outcome) -> f64 {
    move |outcome| {
        let resource = resource(outcome, name);
        resource.in_use + resource.queue
    }
}

/// Poisson arrivals at `shop.serve`, measured for so many seconds after a tenth of them.
fn open(rate: f64, seconds: u32, shop: &str) -> Bench {
    let warm_up = seconds / 10;
    bench(&format!(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "{rate}/s"
        warm_up = "{warm_up}s"
        duration = "{seconds}s"
        {shop}
        "#
    ))
}

/// A shop whose requests visit these stations (name, keys, time), one after the other.
fn stations(visits: &[(&str, &str, &str)]) -> String {
    let steps: String = visits
        .iter()
        .map(|(name, _, time)| format!("{{ visit = {{ station = \"{name}\", time = {time} }} }},"))
        .collect();
    let stations: String = visits.iter().map(|(name, keys, _)| format!("[stations.{name}]\n{keys}\n")).collect();
    format!("{stations}\n[services.shop]\nruntime = \"delay\"\n[services.shop.endpoints.serve]\nsteps = [{steps}]\n")
}

/// A shop that is a service with these keys and steps.
fn service(keys: &str, steps: &str) -> String {
    format!("[services.shop]\n{keys}\n[services.shop.endpoints.serve]\nsteps = [{steps}]\n")
}

fn mm1() -> Vec<Outcome> {
    open(0.7, 100_000, &stations(&[("counter", "servers = 1", "\"exp(1s)\"")])).replicate(1, REPLICATIONS)
}

#[test]
fn one_exponential_server_is_mm1() {
    let runs = mm1();
    let exact = theory::mm1(0.7, 1.0).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("station counter"), exact.utilisation);
    agrees("number present", &runs, present("station counter"), exact.in_system);
    agrees("median", &runs, quantile(0.5), theory::mm1_response_quantile(0.7, 1.0, 0.5).unwrap());
    agrees("90th percentile", &runs, quantile(0.9), theory::mm1_response_quantile(0.7, 1.0, 0.9).unwrap());
}

#[test]
fn a_wrong_formula_is_rejected() {
    let seen = interval(&mm1(), response);
    assert!(seen.excludes(theory::md1(0.7, 1.0).unwrap().response), "constant service: {seen:?}");
    assert!(seen.excludes(theory::mm1(0.72, 1.0).unwrap().response), "3 % more arrivals: {seen:?}");
    assert!(seen.excludes(theory::mm1(0.7, 0.97).unwrap().response), "3 % faster service: {seen:?}");
    assert!(seen.excludes(theory::mmc(0.7, 1.0, 2).unwrap().response), "two servers: {seen:?}");
}

#[test]
fn three_exponential_servers_are_mmc() {
    let runs = open(2.1, 30_000, &stations(&[("counter", "servers = 3", "\"exp(1s)\"")])).replicate(2, REPLICATIONS);
    let exact = theory::mmc(2.1, 1.0, 3).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("station counter"), exact.utilisation);
    agrees("number present", &runs, present("station counter"), exact.in_system);
}

#[test]
fn a_station_with_room_for_few_is_mmck() {
    let shop = stations(&[("counter", "servers = 2\ncapacity = 5", "\"exp(1s)\"")]);
    let runs = open(2.5, 20_000, &shop).replicate(3, REPLICATIONS);
    let exact = theory::mmck(2.5, 1.0, 2, 5).unwrap();
    agrees("loss", &runs, |run| 1.0 - run.succeeded as f64 / run.ended() as f64, exact.loss);
    agrees("throughput", &runs, throughput, exact.throughput);
    agrees("response", &runs, response, exact.response);
    assert!(runs.iter().all(|run| run.failures.iter().all(|(why, _)| why == "turned away")));
}

#[test]
fn lognormal_service_in_order_of_arrival_follows_pollaczek_and_khinchine() {
    let shop = stations(&[("counter", "", "{ lognormal = { mean = \"1s\", cv = 1.2 } }")]);
    let runs = open(0.5, 160_000, &shop).replicate(4, REPLICATIONS);
    let exact = theory::mg1(0.5, 1.0, 1.44).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("station counter"), exact.utilisation);
}

#[test]
fn constant_service_is_md1() {
    let runs = open(0.7, 80_000, &stations(&[("counter", "", "\"1s\"")])).replicate(5, REPLICATIONS);
    agrees("response", &runs, response, theory::md1(0.7, 1.0).unwrap().response);
}

#[test]
fn processor_sharing_is_insensitive_to_the_distribution_of_service() {
    let exact = theory::mg1_ps(0.6, 1.0).unwrap();
    for (seed, time) in [(6, "\"exp(1s)\""), (7, "{ lognormal = { mean = \"1s\", cv = 2.0 } }")] {
        let shop = stations(&[("counter", "discipline = \"ps\"", time)]);
        let runs = open(0.6, 100_000, &shop).replicate(seed, REPLICATIONS);
        agrees(&format!("response with {time}"), &runs, response, exact.response);
        agrees(&format!("number present with {time}"), &runs, present("station counter"), exact.in_system);
    }
}

#[test]
fn a_delay_station_is_mm_inf() {
    for (seed, time) in [(8, "\"exp(2s)\""), (9, "{ lognormal = { mean = \"2s\", cv = 0.7 } }")] {
        let runs =
            open(3.0, 6_000, &stations(&[("way", "servers = \"infinite\"", time)])).replicate(seed, REPLICATIONS);
        let exact = theory::mm_inf(3.0, 2.0).unwrap();
        agrees("response", &runs, response, exact.response);
        agrees("number present", &runs, present("station way"), exact.in_system);
    }
}

#[test]
fn stations_in_a_row_are_a_tandem() {
    let shop = stations(&[("first", "", "\"exp(250ms)\""), ("second", "servers = 3", "\"exp(1s)\"")]);
    let runs = open(2.0, 30_000, &shop).replicate(10, REPLICATIONS);
    let stage = |service_mean, servers| theory::Stage { service_mean, servers };
    let exact = theory::tandem(2.0, &[stage(0.25, 1), stage(1.0, 3)]).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("present at the first", &runs, present("station first"), exact.stages[0].in_system);
    agrees("present at the second", &runs, present("station second"), exact.stages[1].in_system);
}

/// So many customers think for an exponential time and interact with the shop.
fn closed(customers: u32, think: &str, seconds: u32, shop: &str) -> Bench {
    let warm_up = seconds / 10;
    bench(&format!(
        r#"
        [load]
        kind = "closed"
        target = "shop.serve"
        concurrency = {customers}
        think_time = "exp({think})"
        warm_up = "{warm_up}s"
        duration = "{seconds}s"
        {shop}
        "#
    ))
}

#[test]
fn the_machine_repairman() {
    let shop = stations(&[("repair", "servers = 2", "\"exp(500ms)\"")]);
    let runs = closed(10, "2s", 5_000, &shop).replicate(11, REPLICATIONS);
    let exact = theory::repairman(10, 2.0, 0.5, 2).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("throughput", &runs, throughput, exact.throughput);
    agrees("utilisation", &runs, utilisation("station repair"), exact.utilisation);
}

#[test]
fn a_closed_network_with_several_servers_follows_mean_value_analysis() {
    let visits = [
        ("a", "servers = 3", "\"exp(600ms)\""),
        ("b", "", "\"exp(150ms)\""),
        ("way", "servers = \"infinite\"", "{ lognormal = { mean = \"300ms\", cv = 0.5 } }"),
    ];
    let runs = closed(12, "1s", 3_000, &stations(&visits)).replicate(12, REPLICATIONS);
    let parts = [mva::Station::multi(0.6, 3), mva::Station::queue(0.15), mva::Station::delay(0.3)];
    let exact = mva::solve(&parts, 1.0, 12).unwrap();
    agrees("throughput", &runs, throughput, exact.throughput);
    agrees("response", &runs, response, exact.response);
    for (name, station) in ["station a", "station b", "station way"].into_iter().zip(&exact.stations) {
        agrees(name, &runs, present(name), station.queue_length);
    }
}

/// The shipped model, as it is run by `sim run`, for a shorter time.
#[test]
fn the_central_server_follows_mean_value_analysis() {
    let set = |path: &str, value: &str| (path.to_owned(), value.to_owned());
    let shorter = vec![set("load.duration", "1500s"), set("load.warm_up", "150s")];
    let adjustments = Adjustments { set: shorter, seed: Some(13), replications: Some(REPLICATIONS as u32) };
    let plan = Plan::read("models/central-server.toml".as_ref(), &adjustments).expect("a sound model");
    let runs = runner::run(&plan, &runner::Progress::default()).done;
    assert_eq!(runs.len(), REPLICATIONS as usize);
    let exact = mva::solve(&[0.2, 0.18, 0.12].map(mva::Station::queue), 5.0, 20).unwrap();
    agrees("throughput", &runs, |trial: &Trial| trial.throughput_per_min / 60.0, exact.throughput);
    agrees("response", &runs, |trial: &Trial| trial.mean_s.expect("successes"), exact.response);
    for (name, station) in ["station cpu", "station disk-a", "station disk-b"].into_iter().zip(&exact.stations) {
        let found = |trial: &Trial| trial.resources.iter().find(|resource| resource.name == name).unwrap().utilisation;
        agrees(name, &runs, found, station.utilisation);
    }
}

#[test]
fn threads_on_one_core_are_processor_sharing() {
    let exact = theory::mg1_ps(6.0, 0.1).unwrap();
    for (seed, demand) in [(14, "\"exp(100ms)\""), (15, "{ lognormal = { mean = \"100ms\", cv = 2.0 } }")] {
        let shop = service("runtime = \"threads\"\ncpu = \"1\"", &format!("{{ cpu = {demand} }}"));
        let runs = open(6.0, 10_000, &shop).replicate(seed, REPLICATIONS);
        agrees(&format!("response with {demand}"), &runs, response, exact.response);
        agrees("utilisation", &runs, utilisation("shop CPU"), exact.utilisation);
    }
}

/// Under a quota with short periods a shared half core is a server of half the speed.
#[test]
fn threads_under_a_quota_of_short_periods_are_processor_sharing() {
    let exact = theory::mg1_ps(3.0, 0.2).unwrap();
    let keys = "runtime = \"threads\"\ncpu = \"500m\"\ncpu_throttling = \"cfs\"\ncpu_period = \"1ms\"";
    let runs = open(3.0, 20_000, &service(keys, "{ cpu = \"exp(100ms)\" }")).replicate(31, REPLICATIONS);
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("shop CPU"), exact.utilisation);
}

/// Threads that hold the interpreter lock share one core, however many there are: M/M/1 with processor sharing.
#[test]
fn threads_under_the_interpreter_lock_are_processor_sharing() {
    let exact = theory::mg1_ps(6.0, 0.1).unwrap();
    let hash = "{ hash = { cpu = \"exp(100ms)\", on = \"thread\", holds_gil = true } }";
    let runs = open(6.0, 10_000, &service("cpu = \"8\"\nthreads = 10000", hash)).replicate(32, REPLICATIONS);
    agrees("response", &runs, response, exact.response);
    agrees("the lock", &runs, utilisation("shop GIL"), exact.utilisation);
}

/// Sharing evenly, with no more than one core for each job: the number present is that of M/M/2 whatever the demands.
#[test]
fn threads_on_two_cores_are_insensitive_too() {
    let demand = "{ cpu = { lognormal = { mean = \"100ms\", cv = 1.5 } } }";
    let runs = open(13.0, 6_000, &service("runtime = \"threads\"\ncpu = \"2\"", demand)).replicate(16, REPLICATIONS);
    agrees("response", &runs, response, theory::mmc(13.0, 0.1, 2).unwrap().response);
}

#[test]
fn request_threads_with_cores_for_all_are_mmc() {
    let runs = open(21.0, 3_000, &service("runtime = \"threads\"\nthreads = 3", "{ cpu = \"exp(100ms)\" }"))
        .replicate(17, REPLICATIONS);
    let exact = theory::mmc(21.0, 0.1, 3).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("threads in use", &runs, utilisation("shop threads"), exact.utilisation);
    agrees("number present", &runs, present("shop threads"), exact.in_system);
}

#[test]
fn an_event_loop_with_one_slice_for_each_request_is_mm1() {
    let runs =
        open(7.0, 10_000, &service("runtime = \"event-loop\"", "{ cpu = \"exp(100ms)\" }")).replicate(18, REPLICATIONS);
    let exact = theory::mm1(7.0, 0.1).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("utilisation", &runs, utilisation("shop event loops"), exact.utilisation);
    agrees("90th percentile", &runs, quantile(0.9), theory::mm1_response_quantile(7.0, 0.1, 0.9).unwrap());
}

/// Two slices with a wait between them would be a Jackson network if the loop served in order of arrival. It takes new
/// requests before those that come back, so those that are nearly done wait longer, and the mean is higher.
#[test]
fn an_event_loop_that_takes_new_requests_first_is_slower_than_a_queue_in_order_of_arrival() {
    let steps = "{ cpu = \"exp(50ms)\" }, { sleep = \"exp(200ms)\" }, { cpu = \"exp(50ms)\" }";
    let runs = open(6.5, 10_000, &service("runtime = \"event-loop\"", steps)).replicate(19, REPLICATIONS);
    let jackson = 2.0 * theory::mm1(13.0, 0.05).unwrap().response + 0.2;
    let seen = interval(&runs, response);
    assert!(seen.is_above(jackson) && seen.is_below(1.05 * jackson), "{seen:?} beside {jackson}");
    agrees("utilisation", &runs, utilisation("shop event loops"), 0.65);
    let visits = "{ visit = { station = \"loop\", time = \"exp(50ms)\" } }";
    let steps = format!("{visits}, {{ sleep = \"exp(200ms)\" }}, {visits}");
    let shop = format!("[stations.loop]\n{}", service("runtime = \"delay\"", &steps));
    agrees("in order of arrival", &open(6.5, 10_000, &shop).replicate(19, REPLICATIONS), response, jackson);
}

#[test]
fn a_pool_of_connections_to_a_database_without_queues_is_mmc() {
    let keys = "runtime = \"delay\"\n[services.db]\nruntime = \"delay\"\n[services.shop.pools.main]\nserver = \"db\"\n\
        min_size = 3\nmax_size = 3\nreset_on_release = false";
    let query = "{ query = { pool = \"main\", time = \"exp(100ms)\" } }";
    let runs = open(21.0, 3_000, &service(keys, query)).replicate(20, REPLICATIONS);
    let exact = theory::mmc(21.0, 0.1, 3).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("connections in use", &runs, utilisation("shop pool main"), exact.utilisation);
}

/// `n` jobs at work advance `n / (1 + slowdown n)` times as fast as one alone: a birth-death process.
#[test]
fn jobs_that_get_in_each_others_way_follow_their_birth_death_process() {
    let (rate, mean, slowdown) = (4.0, 1.0, 0.15);
    let shop = service(&format!("runtime = \"threads\"\nslowdown = {slowdown}"), "{ cpu = \"exp(1s)\" }");
    let runs = open(rate, 6_000, &shop).replicate(21, REPLICATIONS);
    let (mut weight, mut total, mut sum) = (1.0, 1.0, 0.0);
    for n in 1..2_000 {
        let n = f64::from(n);
        weight *= rate * mean * (1.0 + slowdown * n) / n;
        total += weight;
        sum += n * weight;
    }
    agrees("response", &runs, response, sum / total / rate);
}

/// A step that succeeds with this probability, after 10 ms.
fn coin(probability: f64) -> String {
    let fails = 1.0 - probability;
    format!(
        "{{ sleep = \"10ms\" }}, {{ visit = {{ station = \"tries\", time = \"0s\" }} }}, \
        {{ choose = [{{ probability = {fails}, steps = [{{ fail = \"no\" }}] }}] }}"
    )
}

/// A shop without queues that counts its tries, under 20 requests a second.
fn tries(steps: &str) -> Bench {
    open(20.0, 4_000, &format!("[stations.tries]\nservers = \"infinite\"\n{}", service("runtime = \"delay\"", steps)))
}

fn tries_a_request(outcome: &Outcome) -> f64 {
    resource(outcome, "station tries").visits as f64 / outcome.sent as f64
}

/// Attempts until the first success, at most `n` of them: geometric, cut off.
#[test]
fn retries_are_geometric() {
    for (success, attempts) in [(0.3, 3u32), (0.5, 5), (0.8, 2)] {
        let steps = format!("{{ retry = {{ attempts = {attempts}, steps = [{}] }} }}", coin(success));
        let runs = tries(&steps).replicate(21, REPLICATIONS);
        let fails = 1.0 - success;
        let all_fail = f64::powi(fails, attempts as i32);
        agrees("success rate", &runs, Outcome::success_rate, 1.0 - all_fail);
        agrees("attempts", &runs, tries_a_request, (1.0 - all_fail) / success);
        // Of those that succeed: attempt k with probability p q^(k-1).
        let work: f64 = (1..=attempts).map(|k| f64::from(k) * 0.010 * success * fails.powi(k as i32 - 1)).sum();
        agrees("response", &runs, response, work / (1.0 - all_fail));
    }
}

/// A budget of 10 % lets one in ten first attempts be followed by a retry, however many fail.
#[test]
fn a_budget_bounds_the_load_of_retries() {
    let budget = "budget = { ratio = 0.1, max_tokens = 10 }";
    let steps = format!("{{ retry = {{ attempts = 4, {budget}, steps = [{}] }} }}", coin(0.1));
    let runs = tries(&steps).replicate(22, REPLICATIONS);
    agrees("attempts", &runs, tries_a_request, 1.1);
}

/// Full jitter waits half as long on average as none, equal jitter three quarters.
#[test]
fn jitter_shortens_the_mean_wait() {
    for (jitter, share) in [("none", 1.0), ("full", 0.5), ("equal", 0.75)] {
        let steps = format!(
            "{{ fallback = {{ steps = [{{ retry = {{ attempts = 3, backoff = \"100ms\", jitter = \"{jitter}\", \
             steps = [{}] }} }}], otherwise = [] }} }}",
            "{ sleep = \"1ms\" }, { fail = \"no\" }"
        );
        let runs = tries(&steps).replicate(23, REPLICATIONS);
        agrees(jitter, &runs, response, 0.003 + 0.300 * share);
    }
}

/// The shorter of an exponential time and, after `d`, another: mean (1 - e^(-d/m) / 2) m. The longest of `n`: m times the
/// n-th harmonic number.
#[test]
fn hedges_take_the_shortest_and_branches_the_longest_of_exponential_times() {
    let mean = |steps: &str| tries(steps).replicate(24, REPLICATIONS);
    let hedge = "{ hedge = { after = \"50ms\", steps = [{ sleep = \"exp(100ms)\" }] } }";
    agrees("hedge", &mean(hedge), response, 0.1 * (1.0 - f64::exp(-0.5) / 2.0));
    let branches = ["[{ sleep = \"exp(100ms)\" }]"; 3].join(", ");
    let longest = format!("{{ parallel = {{ branches = [{branches}] }} }}");
    agrees("parallel", &mean(&longest), response, 0.1 * (1.0 + 1.0 / 2.0 + 1.0 / 3.0));
}

/// An M/M/1/K queue in two ways: a station with room for 4, and a limit of 1 beside which 3 may wait.
#[test]
fn a_limit_that_sheds_is_mm1k() {
    let steps = "{ with = { limit = \"one\", steps = [{ sleep = \"exp(100ms)\" }] } }";
    let keys = "runtime = \"delay\"\n[services.shop.limits.one]\nsize = 1\nmax_queue = 3";
    let runs = open(12.0, 10_000, &service(keys, steps)).replicate(25, REPLICATIONS);
    // Probability of a full system: (1 - r) r^K / (1 - r^(K + 1)).
    let r: f64 = 1.2;
    let full = (1.0 - r) * r.powi(4) / (1.0 - r.powi(5));
    agrees("success rate", &runs, Outcome::success_rate, 1.0 - full);
    agrees("shed", &runs, |run| resource(run, "shop limit one").refused as f64 / run.sent as f64, full);
}

/// A token bucket under four times its rate is never full for long: it lets its rate pass.
#[test]
fn a_rate_limit_lets_its_rate_pass() {
    let keys = "runtime = \"delay\"\n[services.shop.ingress]\nrate_limit = { average = \"10/s\", burst = 5 }";
    for run in open(40.0, 1_000, &service(keys, "{ sleep = \"1ms\" }")).replicate(26, REPLICATIONS) {
        assert!((throughput(&run) - 10.0).abs() < 0.01, "{}", throughput(&run));
    }
}

/// A shop that publishes to a queue, and this many processes that consume one message after the other.
fn consumed(replicas: u32, serve: &str, handler: &str) -> String {
    format!(
        "[queues.jobs.consumers.worker]\nservice = \"worker\"\nendpoint = \"handle\"\nprefetch = 1\n\
         [services.worker]\nruntime = \"delay\"\nreplicas = {replicas}\n\
         [services.worker.endpoints.handle]\nsteps = [{handler}]\n{}",
        service("runtime = \"delay\"", serve)
    )
}

fn completion(outcome: &Outcome) -> f64 {
    outcome.completion.as_ref().and_then(|jobs| jobs.times.mean()).expect("completions") / 1e9
}

#[test]
fn consumers_of_a_queue_are_mmc() {
    let shop = consumed(3, "{ publish = { queue = \"jobs\" } }", "{ sleep = \"exp(1s)\" }");
    let runs = open(2.1, 30_000, &shop).replicate(22, REPLICATIONS);
    let exact = theory::mmc(2.1, 1.0, 3).unwrap();
    agrees("completion", &runs, completion, exact.response);
    agrees("prefetch in use", &runs, utilisation("queue jobs / worker"), exact.utilisation);
    agrees("messages", &runs, present("queue jobs / worker"), exact.in_system);
    assert!(interval(&runs, completion).excludes(theory::mmc(2.1, 1.0, 4).unwrap().response));
    assert!(runs.iter().all(|run| run.response_times.max() == Some(0)), "the answer waits for nothing");
}

/// An event's lag is its time in an M/M/1; a read at random finds the view as stale as such a customer waits.
#[test]
fn a_view_lags_as_long_as_its_queue_takes_and_is_as_stale_as_it_waits() {
    let serve = "{ read = { view = \"accounts\" } }, { publish = { queue = \"jobs\" } }";
    let handler = "{ sleep = \"exp(1s)\" }, { project = { view = \"accounts\" } }";
    let view = "[views.accounts]\nqueue = \"jobs\"\nconsumer = \"worker\"\n";
    let runs = open(0.7, 100_000, &format!("{view}{}", consumed(1, serve, handler))).replicate(23, REPLICATIONS);
    let exact = theory::mm1(0.7, 1.0).unwrap();
    agrees("lag", &runs, |run| resource(run, "view accounts").wait_s, exact.response);
    let staleness = |run: &Outcome| run.staleness.as_ref().and_then(|ages| ages.mean()).expect("reads") / 1e9;
    agrees("staleness", &runs, staleness, exact.waiting);
    assert!(interval(&runs, staleness).excludes(exact.response));
}

/// A cache with these keys, looked up with this popularity.
fn cached(keys: &str, popularity: &str) -> String {
    service(
        &format!("runtime = \"delay\"\n[services.shop.caches.memo]\n{keys}"),
        &format!("{{ cache = {{ name = \"memo\", key = {popularity} }} }}"),
    )
}

fn hit_ratio(outcome: &Outcome) -> f64 {
    outcome.cache_hit_ratio().expect("lookups")
}

#[test]
fn entries_with_a_time_to_live_are_hit_as_often_as_they_should() {
    let runs = open(1.0, 30_000, &cached("ttl = \"2s\"", "{ uniform = { keys = 1 } }")).replicate(24, REPLICATIONS);
    agrees("one key", &runs, hit_ratio, theory::ttl_hit_ratio(&[1.0], 2.0).unwrap());
    let zipf = "{ zipf = { keys = 3, exponent = 1.0 } }";
    let runs = open(11.0, 5_000, &cached("ttl = \"300ms\"", zipf)).replicate(25, REPLICATIONS);
    let exact = theory::ttl_hit_ratio(&[6.0, 3.0, 2.0], 0.3).unwrap();
    agrees("three keys", &runs, hit_ratio, exact);
    assert!(interval(&runs, hit_ratio).excludes(theory::ttl_hit_ratio(&[5.5, 3.3, 2.2], 0.3).unwrap()));
}

#[test]
fn the_most_recently_used_keys_are_hit_as_often_as_they_should() {
    let zipf = "{ zipf = { keys = 4, exponent = 1.0 } }";
    let runs = open(100.0, 500, &cached("size = 2", zipf)).replicate(26, REPLICATIONS);
    let exact = theory::lru_hit_ratio_of_two(&[12.0, 6.0, 4.0, 3.0]).unwrap();
    agrees("two of four keys", &runs, hit_ratio, exact);
    assert!(interval(&runs, hit_ratio).excludes(0.72), "the two most popular keys, always");
    let zipf = "{ zipf = { keys = 1000, exponent = 0.8 } }";
    let runs = open(100.0, 500, &cached("size = 100", zipf)).replicate(27, REPLICATIONS);
    let weights: Vec<f64> = (1..=1000).map(|rank| f64::from(rank).powf(-0.8)).collect();
    let near = theory::lru_hit_ratio(&weights, 100).unwrap();
    let seen = interval(&runs, hit_ratio);
    assert!((seen.estimate / near - 1.0).abs() < 0.01, "{seen:?} for {near}");
}
