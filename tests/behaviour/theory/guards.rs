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
