//! Loads that change: what is still in the system when the window closes is no success, and what a sound system has in
//! flight is no backlog. Arrivals and service are evenly spaced, so that a fluid of the same rates gives the right values.

use rayon::prelude::*;
use sim::experiment::analyse::condition::Condition;
use sim::experiment::analyse::summary::Doubt;
use sim::experiment::analyse::verdict::Verdict;
use sim::experiment::plan::{Adjustments, Expectation, Hypothesis};
use sim::language::Metric;
use sim::metric::MetricScope;
use sim::report;

use crate::models::{plan, reported, with_report};

/// An open load on one server that serves 10/s.
fn model(load: &str, time: &str) -> String {
    format!(
        r#"
        title = "test"
        [load]
        kind = "open"
        target = "a.e"
        warm_up = "0s"
        {load}
        [stations.s]
        [services.a]
        runtime = "delay"
        [services.a.endpoints.e]
        steps = [{{ visit = {{ station = "s", time = "{time}" }} }}]
        "#
    )
}

/// The condition and the success rate.
fn judged(load: &str) -> (Condition, f64) {
    with_report(&model(load, "100ms"), |report| (report.states[0].condition, report.summaries[0].success_rate.estimate))
}

const RAMP: &str = r#"
    arrivals = "constant"
    profile = [{ at = "0s", rate = "0/s" }, { at = "600s", rate = "20/s" }]
    duration = "600s"
"#;

/// From 0 to 20/s in 600 s: 6000 are sent, 1500 of them before the rate reaches 10/s; of the others 3000 are answered.
#[test]
fn a_ramp_beyond_the_capacity_is_unstable_from_there_on() {
    with_report(&model(RAMP, "100ms"), |report| {
        let (state, summary) = (&report.states[0], &report.summaries[0]);
        assert_eq!(state.condition, Condition::Unstable);
        assert!((summary.success_rate.estimate - 0.75).abs() < 0.002, "{:?}", summary.success_rate);
        let overrun = summary.growth.overrun.expect("a load that changes");
        assert!((overrun.from.expect("it rises through it") - 10.0).abs() < 0.1, "{overrun:?}");
        // 18.75 - 10 a second over the last eighth, and 18.9 - 10 over its last seven parts.
        assert!((summary.growth.requests.expect("it grows").estimate - 8.9).abs() < 0.1, "{:?}", summary.growth);
        let words = report::headline(report, summary, None);
        assert!(
            words.contains("unstable from about 10/s on: 18.7/s arrive and 10/s end over the last eighth"),
            "{words}"
        );
    });
}

#[test]
fn no_ramp_beyond_the_capacity_is_survived() {
    let mut plan = plan(&model(RAMP, "100ms"), &Adjustments::default());
    let success = Expectation::AtLeast { metric: Metric::SuccessRate, value: 0.999 };
    plan.hypotheses = [Expectation::Survives, Expectation::Healthy, success]
        .map(|expect| Hypothesis {
            claim: "so".into(),
            variant: 0,
            points: vec![0],
            scope: MetricScope::Whole,
            expect,
            refuted: false,
            answers: None,
            line: None,
        })
        .into();
    let report = reported(&plan);
    let verdicts: Vec<Verdict> = report.judgements.iter().map(|judgement| judgement.verdict).collect();
    assert_eq!(verdicts, [Verdict::Fails; 3]);
}

/// The condition and the success rate of the first part of a day on which 8(1 + 0.8 sin(2 pi t / 2400)) requests a second
/// arrive, more than 10/s from 121 s on.
fn day(duration: &str) -> (Condition, f64) {
    judged(&format!(
        r#"
        arrivals = "constant"
        rate = "8/s"
        diurnal = {{ period = "2400s", amplitude = 0.8 }}
        duration = "{duration}"
        "#
    ))
}

/// Up to 800 s 10,067 are sent, and 1093 + 6786 answered.
#[test]
fn a_day_that_ends_at_its_peak_leaves_requests_unanswered() {
    let (condition, success) = day("800s");
    assert_eq!(condition, Condition::Unstable);
    assert!((success - 7_879.0 / 10_067.0).abs() < 0.003, "{success}");
}

/// Over a whole day all are answered: up to 2730 wait, and 7287 more than arrive could be served after the peak.
#[test]
#[ignore = "long: whole days"]
fn a_day_that_ends_behind_its_peak_answers_what_it_has_time_for() {
    // The backlog of 2600 shrinks at the end: it does not grow, and is not answered.
    let (condition, success) = day("1200s");
    assert_eq!(condition, Condition::Overloaded);
    assert!((0.7..0.9).contains(&success), "{success}");
    assert_eq!(day("2400s"), (Condition::Healthy, 1.0));
}

/// 5/s, and 15/s for the last 100 s: 4000 are sent, 3500 answered.
#[test]
fn a_late_overload_counts() {
    let load = r#"
        arrivals = "constant"
        profile = [{ at = "0s", rate = "5/s" }, { at = "500s", rate = "15/s" }]
        interpolation = "steps"
        duration = "600s"
    "#;
    let (condition, success) = judged(load);
    assert_eq!(condition, Condition::Unstable);
    assert!((success - 0.875).abs() < 0.002, "{success}");
}

/// 5/s, and five times that from 300 to 390 s, of which a third is answered by 400 s: 1500 + 2250 + 50 are sent, 1500 +
/// 1000 answered. At the end the backlog shrinks.
#[test]
fn a_spike_that_is_not_worked_off_counts() {
    let load = |at: &str| {
        format!(
            r#"
            arrivals = "constant"
            rate = "5/s"
            duration = "400s"
            spikes = [{{ at = "{at}", length = "90s", factor = 5 }}]
            "#
        )
    };
    let (condition, success) = judged(&load("300s"));
    assert_eq!(condition, Condition::Overloaded);
    assert!((success - 2_500.0 / 3_800.0).abs() < 0.003, "{success}");
    // 1350 are behind at 100 s, and are worked off by 370 s.
    assert_eq!(judged(&load("10s")), (Condition::Healthy, 1.0));
}

/// At 9/s an M/M/1 of 10/s has 9 inside on average; after a ramp they are 9 young requests of 2700.
#[test]
fn a_sound_system_at_the_end_of_a_ramp_is_healthy() {
    for (duration, time) in [("600s", "exp(100ms)"), ("60s", "exp(100ms)"), ("600s", "exp(105ms)")] {
        let ramp = format!(
            r#"
            profile = [{{ at = "0s", rate = "0/s" }}, {{ at = "{duration}", rate = "9/s" }}]
            duration = "{duration}"
            "#
        );
        let wrong = (1..=40u64).into_par_iter().filter(|&seed| {
            let adjustments = Adjustments::default().seed(seed).replications(3);
            let plan = plan(&model(&ramp, time), &adjustments);
            let report = reported(&plan);
            let is_healthy = report.states.iter().all(|state| state.condition == Condition::Healthy);
            !is_healthy || report.summaries[0].success_rate.estimate < 1.0
        });
        assert_eq!(wrong.count(), 0, "{duration} {time}");
    }
}

/// Requests of a minute without any queue: as many are in flight as arrive in a minute, whatever the load does.
#[test]
fn long_requests_that_wait_for_nothing_are_no_backlog() {
    for profile in [
        r#"[{ at = "0s", rate = "0/s" }, { at = "300s", rate = "20/s" }]"#,
        r#"[{ at = "0s", rate = "20/s" }, { at = "300s", rate = "0/s" }]"#,
        r#"[{ at = "0s", rate = "2/s" }, { at = "270s", rate = "2/s" }, { at = "300s", rate = "20/s" }]"#,
    ] {
        let text = model(&format!("profile = {profile}\nduration = \"300s\""), "100ms");
        let text = text.replace(r#"visit = { station = "s", time = "100ms" }"#, r#"sleep = "60s""#);
        with_report(&text, |report| {
            let summary = &report.summaries[0];
            assert_eq!(report.states[0].condition, Condition::Healthy, "{profile} {:?}", summary.growth);
            assert_eq!(summary.success_rate.estimate, 1.0, "{profile}");
        });
    }
}

/// 30 requests of 600 s are in flight after 300 s, and none can have ended.
#[test]
fn requests_that_outlast_the_window_are_no_backlog() {
    let text = model("rate = \"0.1/s\"\nduration = \"300s\"", "100ms");
    let text = text.replace(r#"visit = { station = "s", time = "100ms" }"#, r#"sleep = "600s""#);
    with_report(&text, |report| {
        assert!(report.states.is_empty(), "{:?}", report.states);
        assert_eq!(report.summaries[0].doubt, Some(Doubt::NoRequests));
        let words = report::headline(report, &report.summaries[0], None);
        assert!(words.contains("run longer than a request takes"), "{words}");
    });
}

/// Clients that wait for their answers: with 100 of them each waits for 10 s, and all are answered.
#[test]
fn more_clients_are_no_backlog() {
    let text = model("", "100ms");
    let text = text.replace(
        "kind = \"open\"",
        "kind = \"closed\"\nstages = [{ duration = \"300s\", target = 100 }]\nduration = \"300s\"",
    );
    with_report(&text, |report| {
        assert_eq!(report.states[0].condition, Condition::Healthy, "{:?}", report.summaries[0].growth);
        assert_eq!(report.summaries[0].success_rate.estimate, 1.0);
    });
}

/// A service of 20/3 a second behind answers, at 10 units of work a second: 10/3 a second are left, however the work gets
/// there.
#[test]
fn work_behind_the_answers_is_counted_once() {
    for (name, rate, steps) in [
        ("notify", 10, r#"{ notify = { client = "c", endpoint = "g" } }"#),
        (
            "notify twice",
            5,
            r#"{ notify = { client = "c", endpoint = "g" } }, { notify = { client = "c", endpoint = "g" } }"#,
        ),
        ("respond and call", 10, r#"{ respond = {} }, { call = { client = "c", endpoint = "g" } }"#),
        ("call", 10, r#"{ call = { client = "c", endpoint = "g" } }"#),
        ("publish", 10, r#"{ publish = { queue = "q" } }"#),
    ] {
        let text = format!(
            r#"
            title = "test"
            [load]
            kind = "open"
            target = "a.e"
            rate = "{rate}/s"
            arrivals = "constant"
            warm_up = "10s"
            duration = "300s"
            [services.a]
            [services.a.clients.c]
            server = "z"
            reuse = "shared"
            [services.a.endpoints.e]
            steps = [{{ sleep = "5ms" }}, {steps}]
            [services.z]
            runtime = "threads"
            threads = 1
            [services.z.endpoints.g]
            steps = [{{ sleep = "150ms" }}]
            [queues.q.consumers.k]
            service = "z"
            endpoint = "g"
            prefetch = 1
            "#
        );
        with_report(&text, |report| {
            let growth = report.summaries[0].growth;
            let rise = growth.any().unwrap_or_else(|| panic!("{name} does not grow"));
            assert!((rise.estimate - 10.0 / 3.0).abs() < 0.1, "{name}: {growth:?}");
        });
    }
}

/// 10.3/s on 10/s for 2000 s: 600 of 20,600 are left, and more with more time. A profile that does not change is a constant
/// load, and is judged as one.
#[test]
fn a_profile_of_one_rate_is_a_constant_load() {
    let load = |rate: &str| format!("arrivals = \"constant\"\n{rate}\nduration = \"2000s\"\n");
    let constant = judged(&load("rate = \"10.3/s\""));
    let profile = judged(&load("profile = [{ at = \"0s\", rate = \"10.3/s\" }]"));
    assert_eq!(constant, profile);
    assert_eq!(constant.0, Condition::Unstable);
    assert!((constant.1 - 10.0 / 10.3).abs() < 0.002, "{constant:?}");
}

/// From 20/s down to 5/s in 600 s: 7500 are sent, and the server, always busy, ends 6000 of them.
#[test]
fn a_load_that_falls_from_above_the_capacity_leaves_requests() {
    let falling = "arrivals = \"constant\"\nduration = \"600s\"\n\
                   profile = [{ at = \"0s\", rate = \"20/s\" }, { at = \"600s\", rate = \"5/s\" }]\n";
    let (condition, success) = judged(falling);
    assert_ne!(condition, Condition::Healthy);
    assert!((success - 0.8).abs() < 0.005, "{success}");
}

/// A ramp to 20/s of requests that only publish, to a consumer that handles 10/s: it is full for half of the window.
#[test]
fn what_piles_up_behind_a_ramp_has_a_name() {
    let text = format!(
        r#"
        title = "test"
        [load]
        kind = "open"
        target = "a.e"
        warm_up = "0s"
        {RAMP}
        [services.a]
        runtime = "delay"
        [services.a.endpoints.e]
        steps = [{{ publish = {{ queue = "q" }} }}]
        [queues.q.consumers.k]
        service = "w"
        endpoint = "h"
        prefetch = 1
        [services.w]
        runtime = "threads"
        threads = 1
        [services.w.endpoints.h]
        steps = [{{ sleep = "100ms" }}]
        "#
    );
    with_report(&text, |report| {
        let culprit = report.summaries[0].culprit.as_ref().expect("a culprit");
        assert_eq!((report.states[0].condition, culprit.name.as_str()), (Condition::Unstable, "queue q / k"));
        assert!(!culprit.sentence.contains("no time"), "{}", culprit.sentence);
    });
}
