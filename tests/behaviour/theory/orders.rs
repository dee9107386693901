//! Queues that do not serve everybody in the order of arrival: priorities, last come first served, shortest first, and
//! customers who leave.

use super::*;

/// Two classes of requests, each with its rate, its priority and its service time, at one station.
fn classes(keys: &str, seconds: u32, of: [(f64, u8, &str); 2]) -> Bench {
    let warm_up = seconds / 10;
    let rate = of[0].0 + of[1].0;
    let mut text = format!(
        "[load]\nkind = \"open\"\nrate = \"{rate}/s\"\nwarm_up = \"{warm_up}s\"\nduration = \"{seconds}s\"\n\
         [stations.counter]\n{keys}\n[services.shop]\nruntime = \"delay\"\n"
    );
    for (name, (weight, priority, time)) in ["a", "b"].iter().zip(of) {
        text += &format!(
            "[load.classes.{name}]\ntarget = \"shop.{name}\"\nweight = {weight}\npriority = {priority}\n\
             [services.shop.endpoints.{name}]\nsteps = [{{ visit = {{ station = \"counter\", time = {time} }} }}]\n"
        );
    }
    bench(&text)
}

fn response_of(class: usize) -> impl Fn(&Outcome) -> f64 {
    move |outcome| outcome.classes[class].response_times.mean().expect("successes") / 1e9
}

fn level(arrival_rate: f64, service_mean: f64, service_cv2: f64) -> theory::PriorityLevel {
    theory::PriorityLevel { arrival_rate, service_mean, service_cv2 }
}

#[test]
fn priorities_without_preemption_follow_cobham() {
    let [high, low] = [(0.3, 9, "\"exp(1s)\""), (0.4, 1, "\"exp(1s)\"")];
    let runs = classes("order = \"priority\"", 50_000, [high, low]).replicate(31, REPLICATIONS);
    let waits = theory::priorities(&[level(0.3, 1.0, 1.0), level(0.4, 1.0, 1.0)]).unwrap();
    agrees("response of the high class", &runs, response_of(0), waits[0] + 1.0);
    agrees("response of the low class", &runs, response_of(1), waits[1] + 1.0);
    let fifo = theory::mm1(0.7, 1.0).unwrap().response;
    assert!(interval(&runs, response_of(0)).excludes(fifo) && interval(&runs, response_of(1)).excludes(fifo));
}

/// A call has the priority of the request that makes it, and a branch that of its parent.
#[test]
fn calls_and_branches_inherit_the_priority_of_their_request() {
    let mut text = String::from(
        "[load]\nkind = \"open\"\nrate = \"0.7/s\"\nwarm_up = \"5000s\"\nduration = \"50000s\"\n\
         [services.bank]\nruntime = \"delay\"\nlimits.one = { size = 1, order = \"priority\" }\n\
         [services.bank.endpoints.pay]\nsteps = [{ parallel = { branches = [[{ with = { limit = \"one\", \
         steps = [{ sleep = \"exp(1s)\" }] } }]] } }]\n\
         [services.shop]\nruntime = \"delay\"\nclients.bank = { server = \"bank\" }\n",
    );
    for (name, weight, priority) in [("a", 0.3, 9), ("b", 0.4, 1)] {
        text += &format!(
            "[load.classes.{name}]\ntarget = \"shop.{name}\"\nweight = {weight}\npriority = {priority}\n\
             [services.shop.endpoints.{name}]\n\
             steps = [{{ call = {{ client = \"bank\", endpoint = \"pay\" }} }}]\n"
        );
    }
    let runs = bench(&text).replicate(38, REPLICATIONS);
    let waits = theory::priorities(&[level(0.3, 1.0, 1.0), level(0.4, 1.0, 1.0)]).unwrap();
    agrees("response of the high class", &runs, response_of(0), waits[0] + 1.0);
    agrees("response of the low class", &runs, response_of(1), waits[1] + 1.0);
}

#[test]
fn the_shortest_first_is_a_priority_for_each_length() {
    let [short, long] = [(0.5, 0, "\"500ms\""), (0.25, 0, "\"2s\"")];
    let runs = classes("order = \"shortest\"", 50_000, [short, long]).replicate(32, REPLICATIONS);
    let waits = theory::priorities(&[level(0.5, 0.5, 0.0), level(0.25, 2.0, 0.0)]).unwrap();
    agrees("response of the short", &runs, response_of(0), waits[0] + 0.5);
    agrees("response of the long", &runs, response_of(1), waits[1] + 2.0);
}

/// The mean does not depend on the order, the tail does: the median is lower, the 99th percentile higher.
#[test]
fn last_come_first_served_has_the_mean_of_first_come_first_served() {
    let shop = stations(&[("counter", "order = \"lifo\"", "\"exp(1s)\"")]);
    let runs = open(0.7, 50_000, &shop).replicate(33, REPLICATIONS);
    let exact = theory::mm1(0.7, 1.0).unwrap();
    agrees("response", &runs, response, exact.response);
    agrees("number present", &runs, present("station counter"), exact.in_system);
    let fifo = |q| theory::mm1_response_quantile(0.7, 1.0, q).unwrap();
    assert!(interval(&runs, quantile(0.5)).estimate < 0.8 * fifo(0.5));
    assert!(interval(&runs, quantile(0.99)).estimate > 1.3 * fifo(0.99));
}

fn loss(run: &Outcome) -> f64 {
    1.0 - run.succeeded as f64 / run.ended() as f64
}

#[test]
fn exponential_patience_at_a_station_is_erlang_a() {
    let shop = stations(&[("counter", "servers = 3\npatience = \"exp(2s)\"", "\"exp(1s)\"")]);
    let runs = open(3.3, 4_000, &shop).replicate(34, REPLICATIONS);
    let exact = theory::erlang_a(3.3, 1.0, 3, 2.0).unwrap();
    agrees("loss", &runs, loss, exact.loss);
    agrees("throughput", &runs, throughput, exact.throughput);
    agrees("number present", &runs, present("station counter"), exact.in_system);
    assert!(runs.iter().all(|run| run.failures.iter().all(|(why, _)| why == "acquire timed out")));
}

/// The same at a limit, in a pool and for threads: a request that is served keeps it for the time of a service.
#[test]
fn exponential_patience_for_what_is_held_is_erlang_a() {
    let exact = theory::erlang_a(3.3, 1.0, 3, 2.0).unwrap();
    let held = |what: &str| format!("{{ with = {{ {what}, steps = [{{ sleep = \"exp(1s)\" }}] }} }}");
    let limit = "runtime = \"delay\"\n[services.shop.limits.l]\nsize = 3\nacquire_timeout = \"exp(2s)\"";
    let pool = "runtime = \"delay\"\n[services.db]\nruntime = \"delay\"\n[services.shop.pools.p]\nserver = \"db\"\n\
                min_size = 3\nmax_size = 3\nreset_on_release = false\nacquire_timeout = \"exp(2s)\"";
    let threads = "runtime = \"threads\"\nthreads = 3\npatience = \"exp(2s)\"";
    for (seed, keys, steps) in [
        (35, limit, held("limit = \"l\"")),
        (36, pool, held("pool = \"p\"")),
        (37, threads, "{ sleep = \"exp(1s)\" }".into()),
    ] {
        let runs = open(3.3, 4_000, &service(keys, &steps)).replicate(seed, REPLICATIONS);
        agrees(&format!("loss with {keys}"), &runs, loss, exact.loss);
        agrees(&format!("throughput with {keys}"), &runs, throughput, exact.throughput);
    }
}
