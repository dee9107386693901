//! Retries, hedges, parallel branches, limits that shed.

use super::*;

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
    open(20.0, 300, &format!("[stations.tries]\nservers = \"infinite\"\n{}", service("runtime = \"delay\"", steps)))
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

/// The shorter of an exponential time and, after `d`, another: mean (1 - e^(-d/m) / 2) m. The longest of `n`: m times
/// the n-th harmonic number.
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
    let runs = open(12.0, 3_000, &service(keys, steps)).replicate(25, REPLICATIONS);
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

/// A request of exponential sleeps of 10 ms in nested loops is an Erlang variable of as many phases as there are
/// sleeps: all of its quantiles are those of independent sleeps, whatever the nesting.
#[test]
fn rounds_of_nested_loops_are_independent() {
    let p99 = erlang_quantile(100, 0.010, 0.99);
    assert!((p99 - 1.247).abs() < 0.001, "{p99}");
    let sleep = "{ sleep = \"exp(10ms)\" }".to_owned();
    for times in [vec![10, 10], vec![5, 5, 4], vec![2, 25, 2]] {
        let steps = times
            .iter()
            .fold(sleep.clone(), |steps, times| format!("{{ repeat = {{ times = {times}, steps = [{steps}] }} }}"));
        let runs = open(2.0, 150, &service("runtime = \"delay\"", &steps)).replicate(27, REPLICATIONS);
        agrees("mean", &runs, response, 1.0);
        agrees("p99", &runs, quantile(0.99), p99);
    }
}

/// The quantile of a sum of `phases` exponential times of this mean: the Poisson process has seen fewer than so many
/// points by then with probability `1 - q`.
fn erlang_quantile(phases: u32, mean: f64, q: f64) -> f64 {
    let at_most = |time: f64| {
        let rate = time / mean;
        let (mut term, mut fewer) = ((-rate).exp(), 0.0);
        for points in 0..phases {
            fewer += term;
            term *= rate / f64::from(points + 1);
        }
        1.0 - fewer
    };
    let (mut low, mut high) = (0.0, 4.0 * mean * f64::from(phases));
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_most(middle) < q { low = middle } else { high = middle }
    }
    low
}

/// Attempts of nested retries, of retries in loops and of retries in hedges fail independently.
#[test]
fn attempts_in_other_rounds_are_independent() {
    let fails = |probability: f64| {
        format!(
            "{{ sleep = \"1ms\" }}, {{ choose = [{{ probability = {probability}, steps = [{{ fail = \"no\" }}] }}] }}"
        )
    };
    let repeat = |times: u32, steps: &str| format!("{{ repeat = {{ times = {times}, steps = [{steps}] }} }}");
    let retry = |attempts: u32, steps: &str| format!("{{ retry = {{ attempts = {attempts}, steps = [{steps}] }} }}");
    let hedge = |steps: &str| format!("{{ hedge = {{ after = \"10ms\", steps = [{steps}] }} }}");
    let half = fails(0.5);
    let cases = [
        (repeat(10, &retry(2, &half)), 0.75f64.powi(10)),
        (retry(2, &retry(2, &half)), 1.0 - 0.5f64.powi(4)),
        (hedge(&retry(2, &half)), 1.0 - 0.5f64.powi(4)),
        (retry(2, &hedge(&half)), 1.0 - 0.5f64.powi(4)),
        (hedge(&hedge(&half)), 1.0 - 0.5f64.powi(4)),
        (repeat(3, &retry(3, &fails(0.3))), (1.0 - 0.3f64.powi(3)).powi(3)),
        (repeat(2, &retry(2, &hedge(&half))), (1.0 - 0.5f64.powi(4)).powi(2)),
        (retry(2, &repeat(2, &retry(2, &half))), 1.0 - (1.0 - 0.75f64.powi(2)).powi(2)),
    ];
    for (steps, success) in cases {
        // Rare successes need a longer run for an interval that is narrow enough.
        let seconds = if success < 0.5 { 120 } else { 30 };
        let runs = open(100.0, seconds, &service("runtime = \"delay\"", &steps)).replicate(28, REPLICATIONS);
        agrees(&steps, &runs, Outcome::success_rate, success);
    }
}

/// Five hedged calls in a row: each takes the exponential time itself up to 10 ms, and then the shorter of two.
#[test]
fn hedges_in_a_loop_are_independent() {
    const STEP: f64 = 0.05;
    // Longer than the quantile that is compared, which longer times do not change.
    const LONGEST: usize = 1_800;
    // In milliseconds.
    let survives = |time: f64| if time < 10.0 { (-time / 10.0).exp() } else { (1.0 - 2.0 * time / 10.0).exp() };
    let one: Vec<f64> = (0..LONGEST).map(|k| survives(k as f64 * STEP) - survives((k + 1) as f64 * STEP)).collect();
    let mut sum = one.clone();
    for _ in 1..5 {
        sum = (0..LONGEST).map(|k| (0..=k).map(|i| sum[i] * one[k - i]).sum()).collect();
    }
    let mut below = 0.0;
    let index = sum.iter().position(|mass| {
        below += mass;
        below >= 0.99
    });
    // Each of the five was counted at the lower end of its step.
    let p99 = (index.expect("the quantile is within reach") as f64 + 3.0) * STEP;
    assert!((p99 - 79.5).abs() < 0.2, "{p99} ms");
    let back = "[services.back]\nruntime = \"delay\"\n[services.back.endpoints.work]\nsteps = [{ sleep = \"exp(10ms)\" }]\n\
                [services.shop.clients.back]\nserver = \"back\"\n";
    let steps = "{ repeat = { times = 5, steps = [{ hedge = { after = \"10ms\", steps = [\
                 { call = { client = \"back\", endpoint = \"work\" } }] } }] } }";
    let shop = service("runtime = \"delay\"", steps);
    let runs = open(20.0, 500, &format!("{shop}{back}")).replicate(29, REPLICATIONS);
    agrees("p99", &runs, quantile(0.99), p99 / 1e3);
}

/// The breaker of a window of three that opens when all of them fail: a run of three failures, which takes (1 - q^3) / ((1 - q)
/// q^3) requests on average where each fails with probability q. Then single trials, until one succeeds; each that fails is
/// another opening. Three failures in a row are the same.
#[test]
fn a_breaker_opens_after_runs_of_failures() {
    let rules =
        ["window = { calls = 3, min_calls = 3, failure_rate = 1 }\nhalf_open_calls = 1", "failure_threshold = 3"];
    for rule in rules {
        for q in [0.5, 0.7] {
            let breaker = format!("runtime = \"delay\"\n[services.shop.breakers.b]\n{rule}\nrecovery_time = \"1us\"");
            let coin = format!("{{ choose = [{{ probability = {q}, steps = [{{ fail = \"no\" }}] }}] }}");
            let steps = format!("{{ breaker = {{ name = \"b\", steps = [{coin}] }} }}");
            let runs = open(20.0, 300, &service(&breaker, &steps)).replicate(24, REPLICATIONS);
            let requests = (1.0 - f64::powi(q, 3)) / ((1.0 - q) * f64::powi(q, 3));
            let passed_an_opening = |outcome: &Outcome| {
                let breaker = resource(outcome, "shop breaker b");
                breaker.visits as f64 / breaker.opened.expect("openings") as f64
            };
            agrees(rule, &runs, passed_an_opening, requests * (1.0 - q) + 1.0);
        }
    }
}
