//! Work that piles up for as long as the load lasts: unstable, or not known yet.

use sim::experiment::analyse::condition::Condition;
use sim::experiment::analyse::verdict::Verdict;
use sim::experiment::plan::Adjustments;

use super::{condition, states};
use crate::models::{experiment, plan, reported, with_report};

/// One thread that serves in 100 ms, under 10.3 requests a second: 103 % of its capacity. In two minutes the queue grows
/// by 36, which its random walk hides, so neither growth nor safety is certain. Two threads are enough beyond doubt.
#[test]
fn a_resource_that_is_always_in_use_is_not_known_to_be_safe() {
    let model = "title = \"m\"\n[services.app]\nruntime = \"threads\"\nthreads = 1\n[services.app.endpoints.get]\n\
                 steps = [{ sleep = \"100ms\" }]";
    let text = r#"
        [load]
        kind = "open"
        target = "app.get"
        rate = "10.3/s"
        warm_up = "20s"
        duration = "100s"
        [axes.threads]
        path = "services.app.threads"
        values = [1, 2]
        [[hypotheses]]
        claim = "one is safe"
        at = { threads = 1 }
        expect = { survives = {} }
        [[hypotheses]]
        claim = "two are safe"
        at = { threads = 2 }
        expect = { survives = {} }
    "#;
    let plan = experiment(model, text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let report = reported(&plan);
    let doubt = report.summaries[0].doubt.as_ref().map(|doubt| doubt.reason()).unwrap_or_default();
    assert!(doubt.starts_with("app threads are in use 9") && doubt.ends_with("run longer"), "{doubt}");
    let verdicts: Vec<Verdict> = report.judgements.iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, [Verdict::Undecided, Verdict::Holds], "{:?}", report.judgements);
    let lines = &report.findings[0].lines;
    assert!(lines[0].starts_with("2 threads are enough"), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("not known to be enough at 1 thread: app threads")), "{lines:?}");
}

/// One thread that serves in 100 ms with a queue for 200, under 11 requests a second for 300 s: the queue takes 200 s to
/// fill, and then a request in eleven is refused. While it fills the point is neither unstable nor known to be healthy.
/// Ten times as long a run is well beyond that.
#[test]
fn a_queue_with_a_limit_fills_and_is_not_unstable() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.get"
        rate = "11/s"
        arrivals = "constant"
        warm_up = "10s"
        duration = "300s"
        [services.app]
        runtime = "threads"
        threads = 1
        max_queue = 200
        [services.app.endpoints.get]
        steps = [{ sleep = "100ms" }]
    "#;
    with_report(model, |report| {
        let summary = &report.summaries[0];
        assert!(report.states.is_empty(), "{:?}", report.states);
        assert_eq!(summary.doubt.as_ref().map(|doubt| doubt.word()), Some("queue filling"));
        assert!(summary.growth.any().is_none() && summary.growth.filling.is_some());
    });
    with_report(&model.replace("300s", "3000s"), |report| {
        // 10 of 11 are answered: above the objective of 90 %.
        assert_eq!(report.states[0].condition, Condition::Healthy);
        assert!((report.summaries[0].success_rate.estimate - 10.0 / 11.0).abs() < 0.01);
    });
    // Without the limit it is unstable.
    assert_eq!(condition(&model.replace("max_queue = 200", "")), Condition::Unstable);
}

/// Arrivals at 1.2 times the rate of service.
#[test]
fn a_queue_that_grows_is_unstable() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "1.2/s"
        warm_up = "200s"
        duration = "5000s"
        [stations.counter]
        [services.shop]
        runtime = "delay"
        [services.shop.endpoints.serve]
        steps = [{ visit = { station = "counter", time = "exp(1s)" } }]
    "#;
    let state = &states(model)[0];
    assert_eq!((state.condition, state.runs, state.of), (Condition::Unstable, 5, 5));
}

/// Each request has 20 ms of work on one event loop, in two parts: 50 a second can be served, and 60 arrive. A loop serves all
/// that is ready in a round, so that the number inside rises in saw teeth that get longer and longer. At 45 a second it stays.
#[test]
fn a_loop_that_grows_in_saw_teeth_is_unstable() {
    assert_eq!(condition(&saw(60)), Condition::Unstable);
    assert_eq!(condition(&saw(45)), Condition::Healthy);
}

/// That loop under this rate.
fn saw(rate: u32) -> String {
    format!(
        r#"
        title = "test"
        [load]
        kind = "open"
        target = "a.e"
        rate = "{rate}/s"
        warm_up = "20s"
        duration = "300s"
        timeout = "5s"
        [services.a.clients.c]
        server = "z"
        reuse = "per-request"
        setup_cpu = "5ms"
        connect_cpu = "15ms"
        [services.a.endpoints.e]
        steps = [{{ call = {{ client = "c", endpoint = "e" }} }}]
        [services.z]
        runtime = "delay"
        [services.z.endpoints.e]
        steps = [{{ sleep = "20ms" }}]
        "#
    )
}

/// The same at 106 % of what the loop can do, in a single run: neighbouring means tell nothing, longer ones do. At 90 % none is
/// said to grow.
#[test]
fn a_loop_that_grows_in_saw_teeth_is_unstable_in_a_single_run() {
    let condition = |rate: u32, seed: u64| {
        let plan = plan(&saw(rate), &Adjustments::default().replications(1).seed(seed));
        reported(&plan).states.first().map(|state| state.condition)
    };
    for seed in 1..=4 {
        assert_eq!(condition(53, seed), Some(Condition::Unstable), "seed {seed}");
        assert_eq!(condition(45, seed), Some(Condition::Healthy), "seed {seed}");
    }
}

/// One attempt in a hundred succeeds; a client tries again after 5 s on average, up to a thousand times.
#[test]
fn clients_who_are_still_trying_count() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.go"
        rate = "60/min"
        timeout = "5s"
        retry = { attempts = 1000, backoff = "10s", max_backoff = "10s" }
        warm_up = "0s"
        duration = "600s"
        [services.app.endpoints.go]
        steps = [{ choose = [{ probability = 0.99, steps = [{ fail = "boom" }] }] }]
    "#;
    with_report(model, |report| {
        let summary = &report.summaries[0];
        assert_eq!(report.states[0].condition, Condition::Unstable);
        let users = summary.users.expect("clients try again");
        let share = users.succeeded / users.first_tries;
        // Full jitter: on average an attempt each 5 s, so that of those who came t seconds before the end
        // 1 - 0.99^(1 + t / 5) were answered; over 600 s that is 45 %.
        assert!((share - 0.45).abs() < 0.05, "{share}");
        assert!((summary.success_rate.estimate - share).abs() < 0.01, "{}", summary.success_rate.estimate);
    });
}

/// 10/s are served and 5/s come. A stop of 20 s shortly before the end leaves 100 requests, which are worked off 20 s after it.
#[test]
fn a_fault_near_the_end_of_the_window_is_no_growth() {
    let text = "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"5/s\"\nwarm_up = \"20s\"\nduration = \"300s\"\n\
        timeout = \"60s\"\n[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.endpoints.e]\n\
        steps = [{ sleep = \"exp(100ms)\" }]\n[faults.f]\nservice = \"a\"\nfrom = \"270s\"\nto = \"290s\"\neffect = \"stuck\"\n";
    assert_eq!(condition(text), Condition::Healthy);
}

/// A stop in the middle of the window, after which 1.25/s more are served than come: of 1500 requests 500 wait when it ends, and
/// 375 when the window closes. These are not answered, and a rate limit that refuses a few others does not make it shedding.
#[test]
fn requests_that_a_fault_leaves_are_not_answered() {
    let model = |ingress: &str| {
        format!(
            "[load]\nkind = \"open\"\ntarget = \"app.get\"\nrate = \"5/s\"\nwarm_up = \"0s\"\nduration = \"300s\"\n\
             [services.app]\n{ingress}[services.app.clients.c]\nserver = \"work\"\nreuse = \"shared\"\n\
             [services.app.endpoints.get]\nsteps = [{{ call = {{ client = \"c\", endpoint = \"do\" }} }}]\n\
             [services.work]\nruntime = \"threads\"\nthreads = 1\n[services.work.endpoints.do]\n\
             steps = [{{ sleep = \"160ms\" }}]\n\
             [faults.down]\nservice = \"work\"\nfrom = \"100s\"\nto = \"200s\"\neffect = \"stuck\"\n"
        )
    };
    with_report(&model(""), |report| {
        let success = report.summaries[0].success_rate.estimate;
        assert!((success - 0.75).abs() < 0.05, "{success}");
        assert_eq!(report.states[0].condition, Condition::Overloaded);
    });
    with_report(&model("ingress = { rate_limit = { average = \"20/s\", burst = 1 } }\n"), |report| {
        assert_eq!(report.states[0].condition, Condition::Overloaded);
        let culprit = report.summaries[0].culprit.as_ref().expect("a culprit");
        assert_eq!(culprit.limit(), Some("work threads"), "{culprit:?}");
    });
}

/// A fault that lasts to the end of the window, or beyond it, leaves 150 of 3000 requests, however long it lasts after that.
#[test]
fn requests_that_a_lasting_fault_leaves_are_not_answered() {
    for to in ["to = \"321s\"\n", "to = \"400s\"\n", ""] {
        let text = format!(
            "[load]\nkind = \"open\"\ntarget = \"web.e\"\nrate = \"10/s\"\nwarm_up = \"20s\"\nduration = \"300s\"\n\
             [services.web]\n[services.web.clients.c]\nserver = \"b\"\nreuse = \"shared\"\n\
             [services.web.endpoints.e]\nsteps = [{{ call = {{ client = \"c\", endpoint = \"h\" }} }}]\n\
             [services.b]\nruntime = \"threads\"\nthreads = 4\n[services.b.endpoints.h]\nsteps = [{{ sleep = \"100ms\" }}]\n\
             [faults.down]\nservice = \"b\"\nfrom = \"305s\"\n{to}effect = \"stuck\"\n"
        );
        with_report(&text, |report| {
            let success = report.summaries[0].success_rate.estimate;
            assert!((success - 0.95).abs() < 0.02, "{to}: {success}");
        });
    }
}
