//! What a fault holds when the window closes: it has no end in the window, and counts all the same.

use sim::experiment::analyse::condition::Condition;

use crate::models::with_report;

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

/// The same in stages, and where the clients try again what fails.
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
