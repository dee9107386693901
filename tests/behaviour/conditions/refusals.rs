//! Requests that fail or are refused: sheds load, overloaded, collapsed, failing; and loads that refusals use up.

use sim::experiment::analyse::condition::Condition;
use sim::experiment::analyse::verdict::Verdict;
use sim::experiment::plan::{Adjustments, Plan};
use sim::language::{Metric, Objective};

use super::{LOAD, condition};
use crate::models::{experiment, plan, reported, with_report};

/// 30 % of the requests meet an error of the model's own at a service that is 10 % in use: nothing is overloaded. Nor is it
/// by time-outs that are shorter than the work. Requests that wait for the only thread and are given up are another matter.
#[test]
fn what_fails_without_a_shortage_is_not_overloaded() {
    let model = |steps: &str| {
        format!(
            "{LOAD}
            [services.app]
            runtime = \"threads\"
            threads = 100
            [services.app.endpoints.get]
            steps = [{steps}]"
        )
    };
    let errors = model(r#"{ cpu = "5ms" }, { choose = [{ probability = 0.3, steps = [{ fail = "declined" }] }] }"#);
    assert_eq!(condition(&errors), Condition::Failing);
    let late = model(r#"{ sleep = { exp = "5s" } }"#).replace("threads = 100", "threads = 1000");
    assert_eq!(condition(&late), Condition::Failing);
    // Waits of 200 ms on average at a thread that is 90 % in use (M/D/1).
    let full = model(r#"{ sleep = "45ms" }"#).replace("threads = 100", "threads = 1");
    assert_eq!(condition(&full.replace("timeout = \"5s\"", "timeout = \"100ms\"")), Condition::Overloaded);
}

/// Two threads of 80 ms serve 25 a second; some of 20 requests a second wait for more than 300 ms, and five of those in
/// succession open a breaker. What it then refuses is refused because of the load. Where a fault opens it, it sheds nothing on
/// purpose.
#[test]
fn a_breaker_that_the_load_opens_sheds_it() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "a.e"
        rate = "20/s"
        warm_up = "20s"
        duration = "300s"
        timeout = "1s"
        [services.a]
        runtime = "threads"
        threads = 50
        breakers = { b = { failure_threshold = 5, recovery_time = "5s" } }
        clients = { c = { server = "z", reuse = "shared", timeout = "300ms" } }
        [services.a.endpoints.e]
        steps = [{ breaker = { name = "b", steps = [{ call = { client = "c", endpoint = "g" } }] } }]
        [services.z]
        runtime = "threads"
        threads = 2
        [services.z.endpoints.g]
        steps = [{ sleep = "exp(80ms)" }]
    "#;
    assert_eq!(condition(model), Condition::Sheds);
    let down = "[faults.f]\nservice = \"z\"\nfrom = \"100s\"\nto = \"200s\"\neffect = \"dead\"";
    let calm = model.replace("20/s", "5/s");
    assert_eq!(condition(&format!("{calm}\n{down}")), Condition::Failing);
    assert_eq!(condition(&calm), Condition::Healthy);
}

/// Threads that are full of requests to a provider that hangs refuse the others because of that fault, and not on purpose.
#[test]
fn a_queue_that_a_fault_fills_sheds_nothing_on_purpose() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "a.e"
        rate = "40/s"
        warm_up = "20s"
        duration = "300s"
        [services.a]
        runtime = "threads"
        threads = 20
        max_queue = 20
        clients = { c = { server = "z", reuse = "shared" } }
        [services.a.endpoints.e]
        steps = [{ call = { client = "c", endpoint = "g" } }]
        [services.z]
        runtime = "delay"
        [services.z.endpoints.g]
        steps = [{ sleep = "100ms" }]
        [faults.f]
        service = "z"
        from = "100s"
        to = "200s"
        effect = { latency = "10s" }
    "#;
    assert_eq!(condition(model), Condition::Overloaded);
    let busy = model[..model.find("[faults.f]").unwrap()].replace("40/s", "400/s");
    assert_eq!(condition(&busy), Condition::Sheds);
}

/// A server that serves 10 a second and refuses the rest keeps its goodput at any rate.
#[test]
fn a_limit_that_refuses_the_rest_sheds_and_does_not_collapse() {
    let plan = rates("rate_limit = { average = \"10/s\", burst = 20 }");
    let report = reported(&plan);
    let conditions: Vec<Condition> = report.states.iter().map(|state| state.condition).collect();
    assert_eq!(conditions, [Condition::Healthy, Condition::Sheds, Condition::Sheds]);
    let turn = report.findings[0].turn.as_ref().expect("it is not safe");
    assert_eq!((turn.from, turn.to, turn.condition), (Some(5.0), 20.0, Condition::Sheds));
    let verdicts: Vec<Verdict> = report.judgements.iter().map(|it| it.verdict).collect();
    assert_eq!(verdicts, [Verdict::Holds, Verdict::Holds, Verdict::Fails, Verdict::Fails]);
}

/// An experiment over rates of 5, 20 and 40 a second on a service whose ingress has this key.
fn rates(ingress: &str) -> Plan {
    let model = format!(
        "title = \"m\"\n[services.app.endpoints.get]\nsteps = [{{ sleep = \"10ms\" }}]\n[services.app.ingress]\n{ingress}"
    );
    let text = r#"
        replications = 3
        [load]
        kind = "open"
        target = "app.get"
        rate = "5/s"
        warm_up = "0s"
        duration = "100s"
        [axes.rate]
        path = "load.rate"
        values = ["5/s", "20/s", "40/s"]
        [[hypotheses]]
        claim = "it survives"
        expect = { survives = {} }
        [[hypotheses]]
        claim = "it sheds from 20/s on"
        at = { rate = { from = "20/s" } }
        expect = { sheds = {} }
        [[hypotheses]]
        claim = "it collapses"
        expect = { collapses = { from = "5/s", to = "20/s" } }
        [[hypotheses]]
        claim = "it is healthy everywhere"
        expect = { healthy = {} }
    "#;
    experiment(&model, text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Clients give up after a second; work for clients that have gone makes it worse with every further client.
#[test]
fn more_load_that_gives_less_is_a_collapse() {
    let model = "title = \"m\"\n[services.app]\n[services.app.endpoints.get]\nsteps = [{ cpu = \"exp(100ms)\" }]";
    let text = r#"
        replications = 3
        [load]
        kind = "open"
        target = "app.get"
        rate = "5/s"
        timeout = "1s"
        warm_up = "50s"
        duration = "200s"
        [axes.rate]
        path = "load.rate"
        values = ["3/s", "20/s"]
    "#;
    let plan = experiment(model, text).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let conditions: Vec<Condition> = reported(&plan).states.iter().map(|state| state.condition).collect();
    // Handlers of clients that have gone pile up without an end, which is worse than the collapse.
    assert_eq!(conditions[0], Condition::Healthy);
    assert!([Condition::Unstable, Condition::Collapsed].contains(&conditions[1]), "{conditions:?}");
}

#[test]
fn too_slow_is_a_condition_of_its_own() {
    let model = format!("{LOAD}\n[services.app.endpoints.get]\nsteps = [{{ sleep = \"2s\" }}]");
    let mut plan = plan(&model, &Adjustments::default());
    assert!(plan.objectives.is_empty());
    plan.objectives = vec![Objective::AtMost { metric: Metric::P95S, value: 1.0 }];
    assert_eq!(reported(&plan).states[0].condition, Condition::Slow);
    plan.objectives = vec![Objective::AtMost { metric: Metric::P95S, value: 3.0 }];
    assert_eq!(reported(&plan).states[0].condition, Condition::Healthy);
}

fn warnings(text: &str) -> Vec<String> {
    with_report(text, |report| sim::report::warnings(report).iter().map(ToString::to_string).collect())
}

/// Of 40 users who come ten at a time an ingress of one lets few through; the others do not try again.
#[test]
fn refusals_that_use_up_the_users_of_a_finite_test_are_warned_of() {
    let test = r#"
        title = "test"
        [load]
        kind = "closed"
        target = "app.get"
        concurrency = 10
        users = 40
        [services.app.endpoints.get]
        steps = [{ sleep = "10ms" }]
        [services.app.ingress]
        in_flight = 1
    "#;
    let is_told = |text: &str| warnings(text).iter().any(|warning| warning.contains("set `load.retry`"));
    assert!(is_told(test), "{:?}", warnings(test));
    assert!(!is_told(&test.replace("concurrency = 10", "concurrency = 1")));
}

/// One of two clients is inside for a second, the other is refused after a millisecond and sends again at once: 5000 times
/// in 5 s. Where each attempt takes 100 ms before it is refused, or a client waits a millisecond, nothing is to be warned
/// of: a real client can do that.
#[test]
fn only_clients_faster_than_a_connect_are_warned_of() {
    let model = |think: &str, before: &str| {
        format!(
            r#"
            title = "test"
            [load]
            kind = "closed"
            target = "app.get"
            concurrency = 2
            warm_up = "0s"
            duration = "5s"
            {think}
            [services.app.limits.one]
            size = 1
            max_queue = 0
            [services.app.endpoints.get]
            steps = [{{ sleep = "{before}" }}, {{ with = {{ limit = "one", steps = [{{ sleep = "1s" }}] }} }}]
            "#
        )
    };
    let instant_resends = |text: &str| with_report(text, |report| report.summaries[0].instant_resends);
    let is_told = |text: &str| warnings(text).iter().any(|warning| warning.contains("less than 1 ms later"));
    let at_once = model("", "1ms");
    assert!((4990.0..=5000.0).contains(&instant_resends(&at_once)), "{}", instant_resends(&at_once));
    assert!(is_told(&at_once), "{:?}", warnings(&at_once));
    // The same of a user who sends its request again without a pause: 999 times each.
    let again = at_once.replace("\"closed\"", "\"open\"").replace("concurrency = 2", "rate = \"2/s\"");
    let again = again.replace("duration = \"5s\"", "duration = \"5s\"\nretry = { attempts = 1000, backoff = \"0s\" }");
    assert!(instant_resends(&again) > 1000.0, "{}", instant_resends(&again));
    assert!(
        warnings(&again).iter().any(|warning| warning.contains("set `load.retry.backoff`")),
        "{:?}",
        warnings(&again)
    );
    for patient in [model("", "100ms"), model("think_time = \"1ms\"", "1ms")] {
        assert_eq!(instant_resends(&patient), 0.0);
        assert!(!is_told(&patient));
    }
}

/// Clients without think time who are refused at once try again thousands of times a second.
#[test]
fn clients_who_hammer_a_dead_service_are_warned_of() {
    let test = r#"
        title = "test"
        [load]
        kind = "closed"
        target = "app.get"
        concurrency = 2
        warm_up = "0s"
        duration = "5s"
        [services.app]
        [services.app.ingress]
        rate_limit = { average = "1/s", burst = 1 }
        [services.app.endpoints.get]
        steps = [{ sleep = "10ms" }]
    "#;
    let is_told = |text: &str| warnings(text).iter().any(|warning| warning.contains("set `load.think_time`"));
    assert!(is_told(test), "{:?}", warnings(test));
    assert!(!is_told(&test.replace("duration = \"5s\"", "duration = \"5s\"\nthink_time = \"2s\"")));
}
