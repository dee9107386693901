//! Why a point does badly, and what is nearest to its limit: small systems in which one knows what is right.

use sim::experiment::plan::Adjustments;
use sim::language::{Metric, Objective};
use sim::report::{self, Report};

use crate::models::{plan, reported, with_report};

/// The sentence of the culprit, and what limits the point.
fn of(report: &Report) -> (String, Option<String>) {
    let culprit = report.summaries[0].culprit.as_ref().expect("a culprit");
    (culprit.sentence.clone(), culprit.limit().map(str::to_owned))
}

fn reason(text: &str) -> (String, Option<String>) {
    with_report(text, of)
}

const LOAD: &str = r#"
    title = "test"
    [load]
    kind = "open"
    target = "a.e"
    warm_up = "10s"
    duration = "600s"
    rate = "20/s"
"#;

/// Three requests in a hundred take a lock for a second at 60 % of its use, the others sleep 30 ms: that is the 95th
/// percentile, and the 99th is what one waits for the lock.
#[test]
fn the_reason_is_that_of_the_percentile_that_is_missed() {
    let reason = |metric: Metric| {
        let text = format!(
            r#"
            {LOAD}
            [services.a]
            [services.a.limits.lock]
            size = 1
            [services.a.endpoints.e]
            steps = [
                {{ sleep = "30ms" }},
                {{ choose = [{{ probability = 0.03, steps = [{{ with = {{ limit = "lock", steps = [{{ sleep = "exp(1s)" }}] }} }}] }}] }},
            ]
            "#
        );
        let mut plan = plan(&text, &Adjustments::default());
        plan.objectives = vec![Objective::AtMost { metric, value: 0.025 }];
        of(&reported(&plan))
    };
    let (of_p99, limit) = reason(Metric::P99S);
    assert!(
        of_p99.starts_with("requests around p99 spend ") && of_p99.contains(" waiting for a limit lock"),
        "{of_p99}"
    );
    assert_eq!(limit.as_deref(), Some("a limit lock"));
    for (objective, who) in [(Metric::P50S, "p50"), (Metric::P90S, "p90")] {
        let (sentence, limit) = reason(objective);
        assert_eq!(sentence, format!("requests around {who} spend 100 % of their time on the sleep of a"));
        assert_eq!(limit, None);
    }
    let (of_mean, _) = reason(Metric::MeanS);
    assert!(of_mean.starts_with("requests spend "), "{of_mean}");
}

/// Ten messages a second call a service that admits five.
#[test]
fn work_behind_the_answers_is_refused_by_what_refuses_it() {
    let (sentence, limit) = reason(&format!(
        r#"
        {LOAD}
        [queues.q.consumers.k]
        service = "w"
        endpoint = "h"
        prefetch = 8
        retries = 1
        [services.a.endpoints.e]
        steps = [{{ publish = {{ queue = "q" }} }}]
        [services.w]
        clients = {{ c = {{ server = "z", reuse = "shared" }} }}
        [services.w.endpoints.h]
        steps = [{{ call = {{ client = "c", endpoint = "g" }} }}]
        [services.z]
        runtime = "delay"
        ingress = {{ rate_limit = {{ average = "5/s", burst = 5 }} }}
        [services.z.endpoints.g]
        steps = [{{ sleep = "20ms" }}]
        "#
    ));
    assert!(sentence.contains("fails at queue q / k (`rate limited (429)`): "), "{sentence}");
    assert!(sentence.ends_with("are refused by z ingress rate limit (`rate limited (429)`)"), "{sentence}");
    assert_eq!(limit.as_deref(), Some("z ingress rate limit"));
}

/// A view shows what a consumer at 80 % of its use has applied: it is the consumer's queue that events wait for, 0.2 s at
/// M/D/1, and not the view, which has no limit.
#[test]
fn a_view_is_no_limit() {
    let (sentence, limit) = reason(&format!(
        r#"
        {}
        [queues.q.consumers.k]
        service = "w"
        endpoint = "h"
        prefetch = 1
        [views.v]
        queue = "q"
        consumer = "k"
        [services.a.endpoints.e]
        steps = [{{ publish = {{ queue = "q" }} }}, {{ read = {{ view = "v" }} }}]
        [services.w.endpoints.h]
        steps = [{{ sleep = "100ms" }}, {{ project = {{ view = "v" }} }}]
        "#,
        LOAD.replace("20/s", "8/s")
    ));
    assert!(sentence.contains("for queue q / k, out of 0."), "{sentence}");
    assert_eq!(limit.as_deref(), Some("queue q / k"));
}

/// 200 keys that are good for 10 s take at most 20 fetches a second of 80 ms: 1.6 of 2 connections, at any rate.
#[test]
fn a_cache_leaves_no_bound_for_the_load() {
    let text = |cache: &str| {
        format!(
            r#"
            {LOAD}
            [services.a.caches.c]
            {cache}
            [services.a.pools.p]
            server = "db"
            max_size = 2
            min_size = 1
            [services.a.endpoints.e]
            steps = [{{ cache = {{ name = "c", key = {{ zipf = {{ keys = 200, exponent = 1 }} }}, miss = [{{ query = {{ pool = "p", time = "80ms" }} }}] }} }}]
            [services.db]
            runtime = "delay"
            "#
        )
    };
    let words = |cache: &str| with_report(&text(cache), |report| report::headline(report, &report.summaries[0], None));
    let falls = words("ttl = \"10s\"");
    assert!(falls.contains("a pool p is nearest to its limit"), "{falls}");
    assert!(falls.contains("where it is full is not known, because with a cache c"), "{falls}");
    assert!(!falls.contains("an upper bound"), "{falls}");
    // One that has room for all keys fetches each once, however many requests follow.
    let fills = words("");
    assert!(fills.contains("where it is full is not known, because with a cache c"), "{fills}");
    // A cache that is cut by its size alone answers the same share at any rate.
    let stays = words("size = 195");
    assert!(stays.contains("an upper bound"), "{stays}");
}

/// Replicas of one thread that are drawn at random are each in use 87 % of the time in the long run. Work of 306 ms with a heavy
/// tail keeps the busiest of 53 in use for nearly all of five minutes by chance, with a queue. Where a fault is on at one of
/// them, they are not alike.
#[test]
fn one_of_many_that_are_drawn_at_random_is_the_busiest_by_chance() {
    let text = |fault: &str| {
        format!(
            r#"
            {}
            [services.a]
            runtime = "threads"
            threads = 1
            replicas = 53
            balance = "random"
            [services.a.endpoints.e]
            steps = [{{ sleep = {{ lognormal = {{ mean = "306ms", cv = 2.5 }} }} }}]
            {fault}
            "#,
            LOAD.replace("20/s", "150/s").replace("600s", "300s")
        )
    };
    let busiest = |report: &Report| {
        let busiest = report.summaries[0].resources.iter().find(|it| it.name == "a threads").expect("threads");
        assert!(busiest.peak_utilisation > 0.98 && busiest.utilisation < 0.9, "{busiest:?}");
        report.summaries[0].doubt.as_ref().map(|doubt| doubt.word())
    };
    with_report(&text(""), |report| assert_eq!(busiest(report), None));
    let slow = "[faults.f]\nservice = \"a\"\nreplica = 1\nfrom = \"1s\"\neffect = { slow = 1.2 }";
    with_report(&text(slow), |report| assert_eq!(busiest(report), Some("may be overloaded")));
}

/// 46 of 60 threads are busy: the first of those that are idle is chosen, so that it is in use nearly all the time while
/// no request waits. With half as many threads the system is overloaded for certain.
#[test]
fn the_first_of_many_replicas_may_be_busy() {
    let text = |replicas: u32| {
        format!(
            r#"
            {}
            [services.a]
            runtime = "threads"
            threads = 1
            replicas = {replicas}
            balance = "least-busy"
            [services.a.endpoints.e]
            steps = [{{ sleep = "exp(306ms)" }}]
            "#,
            LOAD.replace("20/s", "150/s").replace("600s", "120s")
        )
    };
    with_report(&text(60), |report| {
        let busiest = report.summaries[0].resources.iter().find(|it| it.name == "a threads").expect("threads");
        assert!(busiest.peak_utilisation > 0.98 && busiest.utilisation < 0.8, "{busiest:?}");
        assert_eq!(report.summaries[0].doubt, None);
        assert_eq!(report.states[0].condition.word(), "healthy");
    });
    with_report(&text(40), |report| assert_eq!(report.states[0].condition.word(), "unstable"));
}
