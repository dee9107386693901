//! Work behind the answers: what completes of it decides as well.

use sim::experiment::analyse::condition::Condition;
use sim::language::Metric;

use super::{LOAD, condition, states};
use crate::models::with_report;

/// A web service that publishes each request to a consumer, whose handler is given.
fn publishing(queue: &str, consumer: &str, steps: &str) -> String {
    let load = LOAD.replace("app.get", "web.enqueue");
    format!(
        "{load}
        [services.web.endpoints.enqueue]
        steps = [{{ publish = {{ queue = \"tasks\" }} }}]
        [queues.tasks]
        {queue}
        [queues.tasks.consumers.worker]
        service = \"worker\"
        endpoint = \"task\"
        prefetch = 1
        {consumer}
        [services.worker]
        runtime = \"threads\"
        threads = 1
        [services.worker.endpoints.task]
        steps = [{steps}]"
    )
}

/// All requests are answered and none of their messages is handled: the promise of the answers is broken.
#[test]
fn a_point_that_loses_the_work_behind_its_answers_is_not_healthy() {
    let all = publishing("", "retries = 1", r#"{ sleep = "1ms" }, { fail = "bad" }"#);
    with_report(&all, |report| {
        assert_eq!(report.states[0].condition, Condition::Failing);
        let sentence = report.findings[0].sentence();
        let words = ["100 % success, but 0 % of the work behind the answers completes", "queue tasks / worker (`bad`)"];
        assert!(words.iter().all(|words| sentence.contains(words)), "{sentence}");
    });
    // With a retry two messages in a hundred are lost, as one delivery in seven fails.
    let rarely = |retries: u32| {
        let steps = "{ choose = [{ probability = 0.15, steps = [{ fail = \"bad\" }] }] }";
        condition(&publishing("", &format!("retries = {retries}"), steps))
    };
    assert_eq!((rarely(0), rarely(1)), (Condition::Failing, Condition::Healthy));
}

/// The worker handles 10 messages a second of 20. A queue of at most 5 drops the others on purpose; a delivery that is
/// tried again without an end completes nothing, though nothing is lost for good.
#[test]
fn a_queue_that_drops_sheds_and_one_that_delivers_again_does_not_complete() {
    let drops = publishing("max_length = 5", "", r#"{ sleep = "100ms" }"#);
    assert_eq!(condition(&drops), Condition::Sheds);
    let again = publishing("", "retries = 1000000\nretry_delay = \"10s\"", r#"{ fail = "bad" }"#);
    let again = again.replace("rate = \"20/s\"", "rate = \"0.2/s\"");
    assert!(condition(&again) <= Condition::Failing, "{:?}", states(&again));
}

/// Consumers hang for 105 of 300 s, up to 15 s before the end: 900 of 3000 messages still wait then. Those that have ended were
/// handled in 200 ms or after a wait; the others are not completed, though the backlog falls by now.
#[test]
fn messages_that_a_fault_leaves_are_not_completed() {
    let text = std::fs::read_to_string("tests/culprits/messages-left-by-a-fault.toml").expect("a model");
    with_report(&text, |report| {
        assert_eq!(report.states[0].condition, Condition::Overloaded);
        let completed = report.summaries[0].metric(Metric::CompletionRate).expect("a rate").estimate;
        assert!((completed - 0.7).abs() < 0.03, "{completed}");
        let words = sim::report::headline(report, &report.summaries[0], None);
        assert!(words.contains("30 % of the work behind them has not ended in the window"), "{words}");
        assert!(!words.contains(" to its completion"), "{words}");
    });
    // Up to a second before the end: the backlog grows, and no time to completion is known.
    with_report(&text.replace("to = \"305s\"", "to = \"319s\""), |report| {
        let words = sim::report::headline(report, &report.summaries[0], None);
        assert_eq!(report.states[0].condition, Condition::Unstable, "{words}");
        assert!(words.contains("the backlog grows by") && words.contains("has not ended in the window"), "{words}");
        assert!(!words.contains("all of the work behind them completes") && !words.contains("takes 0"), "{words}");
    });
}

/// Messages that a stop leaves are not completed, even if the backlog falls after it: over the second half of the window no more
/// come than go. Of 1500 messages at 5/s that are handled at 6.25/s, 500 wait after the stop of 100 s and 375 at the end.
#[test]
fn messages_that_an_early_fault_leaves_are_not_completed() {
    let load = LOAD.replace("20/s", "5/s").replace("60s", "300s");
    let model = |length: &str, ingress: &str, effect: &str| {
        format!(
            "{}
            [services.app]
            {ingress}
            [services.app.endpoints.get]
            steps = [{{ publish = {{ queue = \"q\" }} }}]
            [queues.q.consumers.c]
            service = \"work\"
            endpoint = \"do\"
            prefetch = 1
            [services.work]
            runtime = \"threads\"
            threads = 1
            [services.work.endpoints.do]
            steps = [{{ sleep = \"160ms\" }}]
            [faults.down]
            service = \"work\"
            from = \"100s\"
            to = \"200s\"
            effect = \"{effect}\"",
            load.replace("300s", length)
        )
    };
    for effect in ["dead", "stuck"] {
        with_report(&model("300s", "", effect), |report| {
            let completed = report.summaries[0].metric(Metric::CompletionRate).expect("a rate").estimate;
            assert!((completed - 0.75).abs() < 0.06, "{effect}: {completed}");
            assert_eq!(report.states[0].condition, Condition::Overloaded, "{effect}");
        });
    }
    // After 500 s the backlog is worked off.
    assert_eq!(condition(&model("700s", "", "dead")), Condition::Healthy);
    // Behind an ingress that refuses requests fewer messages are left, but these are not shed.
    let ingress = "ingress = { rate_limit = { average = \"12/s\", burst = 1 } }";
    with_report(&model("260s", ingress, "dead"), |report| {
        let state = &report.states[0];
        assert_eq!(state.condition, Condition::Overloaded, "{state:?}");
        assert_eq!(state.missed.map(|missed| missed.metric()), Some(Metric::CompletionRate), "{state:?}");
        let culprit = report.summaries[0].culprit.as_ref().expect("a culprit");
        assert_eq!(culprit.name, "queue q / c", "{culprit:?}");
    });
}

/// One connection handles 10 messages of 12 a second, whatever the prefetch, and two handle all. All answer everything.
#[test]
fn variants_are_compared_by_what_they_complete() {
    let experiment = r#"
        title = "test"
        model = "tests/culprits/consumer-pool.toml"
        replications = 3
        variants = [
            { name = "today" },
            { name = "prefetch", set = { "queues.q.consumers.k.prefetch" = 100 } },
            { name = "pool", set = { "services.w.pools.p.max_size" = 2 } },
        ]
    "#;
    with_report(experiment, |report| {
        assert_eq!((report.selections[0].metric, &report.selections[0].best), (Metric::CompletedPerMin, &vec![2]));
        let of = |point: usize| {
            let compared = report.comparisons.iter().find(|it| it.point == point).unwrap();
            let completed = compared.differences.iter().find(|it| it.metric == Metric::CompletedPerMin).unwrap();
            completed.relative.unwrap().estimate
        };
        assert!(of(1).abs() < 0.01 && (of(2) - 0.19).abs() < 0.06, "{} {}", of(1), of(2));
    });
}

/// M/M/2 with room for 7 and M/M/3 with room for 8, at 20 arrivals and 10 services a second: they lose 13.3 % and 2.0 %
/// (Erlang; Gross and Harris, *Fundamentals of Queueing Theory*). What is enough may drop some all the same.
#[test]
fn what_a_queue_drops_is_said_of_what_is_enough_as_well() {
    let experiment = r#"
        title = "test"
        model = "tests/culprits/drops.toml"
        replications = 5
        [axes]
        pods = { path = "services.worker.replicas", values = [2, 3] }
    "#;
    with_report(experiment, |report| {
        let lost = |index: usize| 1.0 - report.summaries[index].metric(Metric::CompletionRate).unwrap().estimate;
        assert!((lost(0) - 2.0 / 15.0).abs() < 0.01 && (lost(1) - 0.0203).abs() < 0.004, "{} {}", lost(0), lost(1));
        let conditions: Vec<Condition> = report.states.iter().map(|state| state.condition).collect();
        assert_eq!(conditions, [Condition::Sheds, Condition::Healthy]);
        let dropped =
            format!(", {:.1} % of the work behind the answers dropped by queue tasks / worker, ", lost(1) * 100.0);
        let lines = &report.findings[0].lines;
        assert!(lines[0].starts_with("3 pods are enough (") && lines[0].contains(&dropped), "{lines:?}");
        assert!(lines[1].starts_with("2 pods are not: sheds load"), "{lines:?}");
    });
}

/// Each answer leaves two messages, of which one in ten is lost: 19 of 100 answers have lost one. The consumers hang for the
/// last 20 s of 300 but one, so that the messages of 190 of 3,000 answers wait at the end. Neither share is in the other.
#[test]
fn what_is_lost_and_what_is_left_are_told_apart() {
    let text = std::fs::read_to_string("tests/culprits/messages-left-by-a-fault.toml").expect("a model");
    let twice = "steps = [{ publish = { queue = \"q\" } }, { publish = { queue = \"q\" } }]";
    let text = text.replace("steps = [{ publish = { queue = \"q\" } }]", twice);
    let fails = "steps = [{ choose = [{ probability = 0.1, steps = [{ fail = \"bad\" }] }] }, { sleep = \"100ms\" }]";
    let text =
        text.replace("steps = [{ sleep = \"200ms\" }]", fails).replace("prefetch = 4", "prefetch = 4\nretries = 0");
    let text = text.replace("\"200s\"", "\"300s\"").replace("\"305s\"", "\"319s\"");
    with_report(&text, |report| {
        let summary = &report.summaries[0];
        let (failed, left) = (summary.work_failed, summary.work_left);
        // Those that wait have lost nothing yet, and 40 a second are handled in the last second.
        assert!((left - 0.06).abs() < 0.006, "{left}");
        assert!((failed - 0.19 * (1.0 - left)).abs() < 0.01, "{failed}");
        let rate = summary.metric(Metric::CompletionRate).expect("a rate").estimate;
        assert!((rate + failed + left - 1.0).abs() < 1e-9, "{rate} {failed} {left}");
        let words = sim::report::headline(report, summary, None);
        let (before, _) =
            words.split_once(" % of the work behind them has not ended in the window").expect("what is left");
        let shown: f64 = before.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number");
        assert!((shown / 100.0 - left).abs() < 0.001, "{left}: {words}");
    });
}
