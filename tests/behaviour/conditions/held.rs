//! Requests that a fault holds when the window closes: they do not end in the window, and count as not answered.

use sim::experiment::analyse::condition::Condition;
use sim::experiment::plan::Adjustments;
use sim::experiment::run::runner::{self, Progress};
use sim::experiment::search::Defect;

use crate::models::{plan, with_report};

/// Twenty clients that think for a second, of a service that calls another one, which takes 100 ms; a fault stops that one
/// from 120 s on, and the window is from 20 s to 220 s.
const CLIENTS: &str = r#"
    title = "test"
    [load]
    kind = "closed"
    target = "web.e"
    concurrency = 20
    think_time = "exp(1s)"
    warm_up = "20s"
    duration = "200s"
    [services.web]
    [services.web.clients.c]
    server = "b"
    reuse = "shared"
    [services.web.endpoints.e]
    steps = [{ call = { client = "c", endpoint = "h" } }]
    [services.b]
    runtime = "threads"
    threads = 4
    [services.b.endpoints.h]
    steps = [{ sleep = "100ms" }]
    [faults.down]
    service = "b"
    from = "120s"
    to = "230s"
    effect = "stuck"
"#;

/// All clients wait for nearly 100 s of the 200 s, and each has one request: 20 of about 1,800 are not answered. If the fault
/// ends in the window, all are answered.
#[test]
fn clients_that_a_fault_holds_at_the_end_are_not_healthy() {
    with_report(CLIENTS, |report| {
        let (summary, state) = (&report.summaries[0], &report.states[0]);
        let runs = state.of as u64;
        assert_eq!((state.condition, state.runs), (Condition::Unstable, state.of));
        let overdue = summary.growth.overdue.expect("they wait");
        assert_eq!((overdue.waiting, overdue.clients), (20 * runs, 20 * runs));
        assert!((0.48..0.5).contains(&overdue.share()), "{overdue:?}");
        let right = summary.succeeded / (summary.succeeded + 20.0);
        assert!((summary.success_rate.estimate - right).abs() < 1e-9, "{:?}", summary.success_rate);
        let sentence = &report.findings[0].lines[0];
        assert!(
            sentence.contains("20 of 20 clients still wait at the end of the window, for 99 s so far"),
            "{sentence}"
        );
        let culprit = summary.culprit.as_ref().expect("a culprit");
        assert!(culprit.sentence.contains("fault down"), "{culprit:?}");
    });
    with_report(&CLIENTS.replace("230s", "200s"), |report| {
        let summary = &report.summaries[0];
        assert_eq!(summary.growth.overdue, None);
        assert_eq!((report.states[0].condition, summary.success_rate.estimate), (Condition::Healthy, 1.0));
    });
}

/// Searches rule such a point out: clients lose half of their time, too much where 90 % of the requests are to succeed.
#[test]
fn searches_rule_out_points_that_hold_clients() {
    let plan = plan(CLIENTS, &Adjustments::default());
    let trials = runner::run(&plan, &Progress::default()).done;
    assert_eq!([0.9, 0.4].map(|success| Defect::of(&trials, success)), [Some(Defect::HoldsClients), None]);
}

/// Of twenty clients nearly all are at a job of 100 s by the end of a window of 30 s, though only one in two hundred is that
/// long: nothing holds them, and the window is too short.
#[test]
fn clients_with_long_work_are_not_held() {
    let text = |duration: &str| {
        format!(
            r#"
            title = "test"
            [load]
            kind = "closed"
            target = "a.e"
            concurrency = 20
            warm_up = "20s"
            duration = "{duration}"
            [services.a]
            runtime = "delay"
            [services.a.endpoints.e]
            steps = [{{ sleep = {{ mixture = [{{ weight = 0.995, of = "100ms" }}, {{ weight = 0.005, of = "100s" }}] }} }}]
            "#
        )
    };
    with_report(&text("30s"), |report| {
        assert!(report.states.is_empty(), "{:?}", report.states);
        let summary = &report.summaries[0];
        assert_eq!(summary.doubt.as_ref().map(|doubt| doubt.word()), Some("run too short"));
        assert_eq!((summary.growth.overdue, summary.success_rate.estimate), (None, 1.0));
    });
    with_report(&text("3000s"), |report| assert_eq!(report.states[0].condition, Condition::Healthy));
}

/// Clients are held in stages as well, and where the clients try again what fails.
#[test]
fn so_are_those_of_stages_and_those_who_try_again() {
    let stages = CLIENTS.replace(
        "concurrency = 20",
        "stages = [{ duration = \"10s\", target = 20 }, { duration = \"210s\", target = 20 }]",
    );
    let stages = stages.replace("duration = \"200s\"\n", "");
    let again = CLIENTS.replace("[services.web]", "retry = { attempts = 3, backoff = \"1s\" }\n[services.web]");
    for text in [stages, again] {
        with_report(&text, |report| {
            assert_eq!(report.states[0].condition, Condition::Unstable, "{text}");
            let overdue = report.summaries[0].growth.overdue.expect("they wait");
            assert_eq!(overdue.waiting, overdue.clients, "{text}");
        });
    }
}

/// Ten requests a second to the same services, of which the fault holds those of the last 10 s: 100 of 3,000.
fn requests() -> String {
    let open = CLIENTS
        .replace("concurrency = 20\n    think_time = \"exp(1s)\"", "rate = \"10/s\"\n    arrivals = \"constant\"");
    let open = open.replace("closed", "open").replace("200s", "300s").replace("120s", "310s");
    open.replace("230s", "330s")
}

/// What is held at the end is a fact of the run, whether accounts are kept or not. They are not known of a request that has
/// not ended.
#[test]
fn success_does_not_depend_on_accounts() {
    let falls = r#"
        title = "from 20/s down to 5/s, on 10/s"
        [load]
        kind = "open"
        target = "b.h"
        profile = [{ at = "0s", rate = "20/s" }, { at = "300s", rate = "5/s" }]
        duration = "300s"
        [services.b]
        runtime = "threads"
        threads = 1
        [services.b.endpoints.h]
        steps = [{ sleep = "100ms" }]
    "#;
    let long = r#"
        title = "work that takes longer than the window"
        [load]
        kind = "open"
        target = "b.h"
        rate = "10/s"
        duration = "100s"
        [services.b]
        runtime = "delay"
        [services.b.endpoints.h]
        steps = [{ choose = [{ probability = 0.5, steps = [{ sleep = "300s" }] }] }]
    "#;
    for text in [&requests(), CLIENTS, falls, long] {
        let rates = ["", "blame = true\n", "blame = false\n"].map(|blame| {
            let text = text.replace("kind = ", &format!("{blame}kind = "));
            with_report(&text, |report| {
                let condition = report.states.first().map(|state| state.condition);
                (report.summaries[0].success_rate.estimate, condition)
            })
        });
        assert_eq!(rates[0], rates[1], "{text}");
        assert_eq!(rates[0], rates[2], "{text}");
    }
    let held = with_report(&requests(), |report| report.summaries[0].success_rate.estimate);
    // The fault begins at 310 s, when one is under way, and 100 more arrive up to 320 s.
    assert!((held - 2900.0 / 3000.0).abs() < 1.0 / 3000.0, "{held}");
}

/// Where no queue shows what holds the clients and no account has it, the fault that is on is named.
#[test]
fn the_fault_that_is_on_at_the_end_is_named() {
    let wide = CLIENTS.replace("threads = 4", "threads = 40");
    for text in [
        wide.clone(),
        wide.replace("kind = ", "blame = false\nkind = "),
        CLIENTS.replace("kind = ", "blame = false\nkind = "),
    ] {
        let sentence = with_report(&text, |report| report.summaries[0].culprit.as_ref().map(|it| it.sentence.clone()));
        assert!(sentence.as_ref().is_some_and(|it| it.contains("fault down is on")), "{sentence:?}\n{text}");
    }
}
