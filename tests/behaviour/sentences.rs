//! Sentences that follow from their definitions: small systems of which one knows what is right to say.

use sim::experiment::analyse::condition::Condition;
use sim::experiment::analyse::culprit::CulpritKind;
use sim::experiment::analyse::verdict::Verdict;
use sim::experiment::plan::Adjustments;
use sim::language::{Metric, Objective};
use sim::metric::MetricScope;
use sim::parts::BlameGroup;
use sim::report::{self, Report};

use crate::models::{experiment, plan, reported, with_report};

/// An open load on `a.e`, and what the system is.
fn open(rate: &str, more: &str, system: &str) -> String {
    format!(
        "title = \"test\"\n[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"{rate}\"\nwarm_up = \"0s\"\n\
         duration = \"300s\"\n{more}\n{system}"
    )
}

fn condition(report: &Report) -> Option<Condition> {
    report.state(report.summaries[0].point).map(|state| state.condition)
}

/// Sixteen messages of 600 s are at work when the test ends, and the answers to their senders have long been there.
#[test]
fn a_run_in_which_no_message_is_handled_has_no_condition() {
    let text = r#"
        title = "test"
        [load]
        kind = "closed"
        target = "web.enqueue"
        concurrency = 16
        users = 16
        [services.web]
        [services.web.endpoints.enqueue]
        steps = [{ publish = { queue = "tasks" } }]
        [queues.tasks.consumers.worker]
        service = "worker"
        endpoint = "task"
        [services.worker]
        runtime = "threads"
        threads = 1
        replicas = 16
        [services.worker.endpoints.task]
        steps = [{ sleep = "600s" }]
    "#;
    with_report(text, |report| {
        let words = report::headline(report, &report.summaries[0], None);
        assert_eq!(condition(report), None, "{words}");
        assert!(words.contains("no work behind the answers ended"), "{words}");
    });
}

/// A class that holds nothing keeps its response times of 10 ms, though the other's handlers pile up.
#[test]
fn a_class_that_does_not_grow_keeps_its_times() {
    let text = r#"
        title = "test"
        [load]
        kind = "open"
        rate = "20/s"
        warm_up = "10s"
        duration = "300s"
        timeout = "1s"
        [load.classes]
        good = { target = "a.good", weight = 19 }
        bad = { target = "a.bad", weight = 1 }
        [services.a]
        [services.a.limits.l]
        size = 1
        [services.a.endpoints.good]
        steps = [{ sleep = "10ms" }]
        [services.a.endpoints.bad]
        steps = [{ with = { limit = "l", steps = [{ sleep = "3s" }] } }]
    "#;
    with_report(text, |report| {
        assert_eq!(condition(report), Some(Condition::Unstable));
        let mean = |name: &str| {
            report.summaries[0].metric_of(&MetricScope::Class(name.into()), Metric::MeanS).map(|it| it.estimate)
        };
        assert!(mean("good").is_some_and(|mean| (mean - 0.010).abs() < 1e-6), "{:?}", mean("good"));
        assert_eq!(mean("bad"), None);
    });
}

const DEAD_BEHIND_BREAKER: &str = r#"
    [services.a]
    [services.a.clients.c]
    server = "z"
    timeout = "500ms"
    [services.a.breakers.b]
    failure_threshold = 5
    recovery_time = "10s"
    [services.a.endpoints.e]
    steps = [{ breaker = { name = "b", steps = [{ call = { client = "c", endpoint = "g" } }] } }]
    [services.z]
    runtime = "threads"
    threads = 20
    [services.z.endpoints.g]
    steps = [{ sleep = "20ms" }]
    [faults.f]
    service = "z"
    from = "50s"
    to = "200s"
    effect = "dead"
"#;

/// Refusals of a breaker that a fault has opened are no load that is shed.
#[test]
fn a_breaker_that_a_fault_opens_sheds_no_load() {
    with_report(&open("20/s", "", DEAD_BEHIND_BREAKER), |report| {
        assert_eq!(condition(report), Some(Condition::Failing), "{:?}", report.summaries[0].culprit);
    });
}

/// Two threads of 200 ms, 6 times as much as they bear: the breaker opens after calls that are late because they wait for the
/// threads. Some of them are given up while a thread serves them.
#[test]
fn a_breaker_opens_after_failures_at_a_place() {
    let system =
        DEAD_BEHIND_BREAKER.split("[faults.f]").next().unwrap_or_default().replace("threads = 20", "threads = 2");
    let text = open("60/s", "", &system.replace("20ms", "200ms"));
    with_report(&text, |report| {
        let sentence = report.summaries[0].culprit.as_ref().map(|culprit| culprit.sentence.clone()).unwrap_or_default();
        assert!(
            sentence.contains("it opens after") && sentence.contains("% of their time waiting for z threads"),
            "{sentence}"
        );
    });
}

/// Five threads of 200 ms at 22/s (M/M/5): the mean is above 250 ms because of the wait, which a sixth thread shortens, and
/// not because of the sleep that takes most of it.
#[test]
fn a_bound_that_the_own_time_meets_is_missed_by_the_wait() {
    let text = open(
        "22/s",
        "",
        "[services.a]\nruntime = \"threads\"\nthreads = 5\n[services.a.endpoints.e]\nsteps = [{ sleep = \"exp(200ms)\" }]",
    );
    let mut plan = plan(&text, &Adjustments::default());
    plan.objectives = vec![Objective::AtMost { metric: Metric::MeanS, value: 0.25 }];
    let report = reported(&plan);
    assert_eq!(condition(&report), Some(Condition::Slow));
    let culprit = report.summaries[0].culprit.as_ref().expect("a culprit");
    assert_eq!(culprit.name, "a threads", "{}", culprit.sentence);
}

/// Half of the replicas dead without an end: what is left fails next to everything.
#[test]
fn a_loss_of_capacity_says_what_else_is_wrong() {
    let text = open(
        "15/s",
        "timeout = \"1s\"",
        "[services.a]\nreplicas = 2\nruntime = \"threads\"\nthreads = 1\n[services.a.endpoints.e]\nsteps = [{ sleep = \"100ms\" }]\n\
         [faults.f]\nservice = \"a\"\nreplica = 0\nfrom = \"10s\"\neffect = \"stuck\"",
    );
    with_report(&text, |report| {
        let words = report::headline(report, &report.summaries[0], None);
        assert!(words.contains("damaged") && words.contains("% success"), "{words}");
    });
}

/// One point of a sweep, with lower loads beside it: whether goodput has collapsed is not seen from here.
#[test]
fn one_point_does_not_show_a_collapse() {
    let text = open(
        "30/s",
        "",
        "[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.ingress]\nin_flight = 1\n[services.a.endpoints.e]\nsteps = [{ sleep = \"100ms\" }]",
    );
    let axis = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"5/s\", \"30/s\"]\n";
    let mut plan = experiment(&text, axis).unwrap_or_else(|it| panic!("{it}"));
    plan.points.remove(0);
    let report = reported(&plan);
    let words = report::headline(&report, &report.summaries[0], None);
    assert!(words.contains("shows whether it has collapsed"), "{words}");
}

/// The mean over all requests stands in both: in the first line, and where the time goes.
#[test]
fn there_is_one_mean() {
    let text = open(
        "20/s",
        "timeout = \"1s\"",
        "[services.a]\n[services.a.limits.x]\nsize = 2\n[services.a.endpoints.e]\nsteps = [{ with = { limit = \"x\", steps = [{ sleep = \
         \"exp(95ms)\" }] } }]",
    );
    with_report(&text, |report| {
        let summary = &report.summaries[0];
        let mean = summary.metric(Metric::MeanS).expect("a mean").estimate;
        let blame = summary.blame.as_ref().expect("an account");
        let times = blame.groups.iter().find(|times| times.group == BlameGroup::Mean).expect("successes");
        let all = times.spent.iter().map(|spent| spent.ns as f64 / 1e9).sum::<f64>() / times.requests;
        assert!((all - mean).abs() < 1e-6 * mean, "{all} {mean}");
    });
}

/// Half of the attempts fail, and users send them again: what is counted are failed attempts.
#[test]
fn what_fails_where_clients_send_again_are_attempts() {
    let text = open(
        "2/s",
        "retry = { attempts = 3, backoff = \"100ms\" }",
        "[services.a]\n[services.a.endpoints.e]\nsteps = [{ choose = [{ probability = 0.5, steps = [{ fail = \"boom\" }] }] }]",
    );
    with_report(&text, |report| {
        let table = report::failures(&report.summaries[0]);
        assert!(table.contains("failed attempts"), "{table}");
    });
}

/// A minute has 60 seconds.
#[test]
fn one_rate_in_two_units_is_one_value() {
    let system = "[services.a]\n[services.a.endpoints.e]\nsteps = [{ sleep = \"1ms\" }]";
    let axis = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"60/s\", \"3600/min\"]\n";
    let mistakes = experiment(&open("1/s", "", system), axis).expect_err("a value that is there twice");
    assert!(mistakes.render(false).contains("twice"), "{}", mistakes.render(false));
}

/// Where no variant is safe, the best is named with its condition.
#[test]
fn the_best_of_those_that_fail_is_said_to_fail() {
    let system =
        "[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.endpoints.e]\nsteps = [{ sleep = \"100ms\" }]";
    let variants = "[[variants]]\nname = \"one\"\n[[variants]]\nname = \"two\"\nset = { \"services.a.threads\" = 2 }\n\
                    [[variants]]\nname = \"slow\"\nset = { \"load.timeout\" = \"100500us\" }\n";
    let plan = experiment(&open("30/s", "timeout = \"1s\"", system), variants).unwrap_or_else(|it| panic!("{it}"));
    let report = reported(&plan);
    let words = report::selections(&report, None);
    assert!(words.contains("“two” (unstable)"), "{words}");
}

/// 300 a minute are sent, and 900 are to be answered. The thread is half in use, and what requests wait for is that thread.
#[test]
fn a_throughput_that_the_load_does_not_offer_is_missed_for_want_of_load() {
    let system = "[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.endpoints.e]\nsteps = [{ sleep = \"exp(100ms)\" }]";
    let closed = |clients: u32, think: &str| {
        format!(
            "title = \"test\"\n[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = {clients}\n\
             think_time = \"{think}\"\nduration = \"300s\"\n{system}"
        )
    };
    let culprit = |text: &str, others: &[Objective]| {
        let mut plan = plan(text, &Adjustments::default());
        plan.objectives = vec![Objective::AtLeast { metric: Metric::ThroughputPerMin, value: 900.0 }];
        plan.objectives.extend(others);
        let report = reported(&plan);
        assert_eq!(condition(&report), Some(Condition::Slow), "{text}");
        let culprit = report.summaries[0].culprit.clone().expect("a culprit");
        let missed = report.states[0].missed.map(|objective| objective.metric());
        (culprit.kind, culprit.limit().map(str::to_owned), missed)
    };
    let throughput = Some(Metric::ThroughputPerMin);
    let want_of_load = (CulpritKind::TooLittleLoad, None, throughput);
    assert_eq!(culprit(&open("5/s", "", system), &[]), want_of_load);
    assert_eq!(culprit(&closed(4, "1s"), &[]), want_of_load);
    // Twenty clients that do not think keep the thread in use all the time: it answers 600 a minute.
    assert_eq!(culprit(&closed(20, "0s"), &[]), (CulpritKind::Limits, Some("a threads".into()), throughput));
    // Where another objective is missed as well, that is the reason.
    let p95 = Objective::AtMost { metric: Metric::P95S, value: 0.1 };
    let of_p95 = (CulpritKind::Limits, Some("a threads".into()), Some(Metric::P95S));
    assert_eq!(culprit(&open("5/s", "", system), &[p95]), of_p95);
}

/// One request in a hundred is answered with an error, as many as the objective allows. No resource is behind that, though
/// threads that are in use for nine tenths of the time keep the slowest requests waiting.
#[test]
fn own_errors_at_the_bound_are_no_want_of_a_resource() {
    let text = open(
        "90/s",
        "",
        "[services.a]\nruntime = \"threads\"\nthreads = 10\n[services.a.endpoints.e]\nsteps = [{ sleep = \"exp(100ms)\" }, \
         { choose = [{ probability = 0.01, steps = [{ fail = \"boom\" }] }] }]",
    );
    for seed in 1..=4 {
        let mut plan = plan(&text, &Adjustments::default().seed(seed));
        plan.objectives = vec![Objective::AtLeast { metric: Metric::SuccessRate, value: 0.99 }];
        let report = reported(&plan);
        assert_eq!(condition(&report), None, "seed {seed}: {}", report.summaries[0].success_rate.estimate);
        let culprit = report.summaries[0].culprit.as_ref().expect("a culprit");
        assert_eq!((culprit.name.as_str(), culprit.limit()), ("a.e", None), "seed {seed}: {}", culprit.sentence);
    }
}

/// One request in ten is answered with an error, as many as the objective allows: whether it is missed is not known, so it is
/// not known either why.
#[test]
fn what_is_not_known_is_no_evidence() {
    let text = open(
        "20/s",
        "",
        "[services.a]\n[services.a.endpoints.e]\nsteps = [{ choose = [{ probability = 0.1, steps = [{ fail = \"boom\" }] }] }]",
    );
    let claims = "[[hypotheses]]\nclaim = \"It sheds\"\nexpect = { sheds = {} }\n\
                  [[hypotheses]]\nclaim = \"It is healthy\"\nexpect = { healthy = {} }\n";
    let mut unknown = 0;
    for seed in 1..=6 {
        let mut plan = experiment(&text, claims).unwrap_or_else(|it| panic!("{it}"));
        plan.seed = seed;
        let report = reported(&plan);
        if condition(&report).is_none() {
            unknown += 1;
            for judgement in &report.judgements {
                assert_eq!(judgement.verdict, Verdict::Undecided, "seed {seed}: {}", judgement.evidence);
                assert!(!judgement.evidence.contains("failing"), "seed {seed}: {}", judgement.evidence);
            }
        }
    }
    assert!(unknown > 3, "{unknown}");
}

/// A server at 75 % that a fault stops for a minute works the backlog off: when the run ends, a minute later, it has not
/// recovered, but no backlog grows.
#[test]
fn a_backlog_that_is_worked_off_after_a_fault_is_not_unstable() {
    let server = "[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.endpoints.e]\n\
                  steps = [{ sleep = \"exp(100ms)\" }]";
    let fault = |to: &str| {
        format!("{server}\n[faults.f]\nservice = \"a\"\nfrom = \"180s\"\nto = \"{to}\"\neffect = \"stuck\"\n")
    };
    let more = "timeout = \"10min\"";
    with_report(&open("7.5/s", more, &fault("240s")), |report| {
        assert_eq!(condition(report), Some(Condition::Overloaded));
        let words = report::headline(report, &report.summaries[0], None);
        assert!(words.contains("does not recover before the run ends") && !words.contains("stationary"), "{words}");
    });
    // Where the fault lasts to the end, more and more wait.
    with_report(&open("7.5/s", more, &fault("300s")), |report| {
        assert_eq!(condition(report), Some(Condition::Unstable))
    });
}

/// A breaker that a fault opens protects from no load, also where the fault fills the threads that its calls wait for.
#[test]
fn a_breaker_that_a_fault_opens_through_threads_sheds_no_load() {
    let text = std::fs::read_to_string("tests/culprits/breaker-by-full-threads.toml").expect("a model");
    with_report(&text, |report| {
        assert_eq!(condition(report), Some(Condition::Failing));
        let words = report::headline(report, &report.summaries[0], None);
        assert!(words.contains("a breaker b (fault hang)"), "{words}");
    });
}

/// 1.2 messages an hour arrive and 0.5 are handled: the backlog grows by 0.7 an hour, and not by 0.00 a second.
#[test]
fn a_slow_backlog_is_given_in_a_unit_that_fits() {
    let text = r#"
        title = "test"
        [load]
        kind = "open"
        target = "a.e"
        rate = "1.2/h"
        duration = "2000h"
        [services.a]
        runtime = "delay"
        [services.a.endpoints.e]
        steps = [{ publish = { queue = "q" } }]
        [queues.q.consumers.k]
        service = "w"
        endpoint = "e"
        [services.w]
        runtime = "threads"
        threads = 1
        [services.w.endpoints.e]
        steps = [{ sleep = "2h" }]
    "#;
    with_report(text, |report| {
        let words = report::headline(report, &report.summaries[0], None);
        assert_eq!(condition(report), Some(Condition::Unstable), "{words}");
        assert!(words.contains("the backlog grows by 0.7") && words.contains(" messages/h"), "{words}");
    });
}

/// A cache that no step looks up eases nothing; with one that answers requests it is not known where the threads are full.
#[test]
fn headroom_rests_on_no_cache_that_is_not_used() {
    let server = |step: &str| {
        format!(
            "[services.a]\nruntime = \"threads\"\nthreads = 8\n[services.a.caches.c]\nttl = \"60s\"\n\
             [services.a.endpoints.e]\nsteps = [{step}]"
        )
    };
    let words = |step: &str| {
        with_report(&open("10/s", "", &server(step)), |report| report::headline(report, &report.summaries[0], None))
    };
    let used = words(
        "{ cache = { name = \"c\", key = { zipf = { keys = 200, exponent = 0.9 } }, miss = [{ sleep = \"10ms\" }] } }",
    );
    assert!(used.contains("where they are full is not known, because with a cache c"), "{used}");
    let unused = words("{ sleep = \"10ms\" }");
    assert!(
        unused.contains("a threads are nearest to their limit, 1 % utilised; they are full at")
            && !unused.contains("cache"),
        "{unused}"
    );
}

/// A limit on events ends runs before any request has: a longer run would be stopped as well.
#[test]
fn runs_that_a_limit_stops_are_not_to_be_longer() {
    let model = "title = \"test\"\n[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"1000/s\"\nduration = \"60s\"\n\
                 warm_up = \"0s\"\n[services.a]\nruntime = \"delay\"\n[services.a.endpoints.e]\nsteps = [{ sleep = \"30s\" }]";
    let plan = experiment(model, "max_events = 1000").unwrap_or_else(|it| panic!("{}", it.render(false)));
    let report = reported(&plan);
    let words = report::headline(&report, &report.summaries[0], None) + &report::next_steps(&report, None);
    assert!(
        words.contains("no request had ended when runs were stopped") && words.contains("raise `max_events`"),
        "{words}"
    );
    assert!(!words.contains("run longer") && !words.contains("ten times as long"), "{words}");
}

/// A circle that the time-out of 30 s ends keeps success at 97 % with eleven threads, at a 200th of the goodput of nine.
#[test]
fn a_safe_point_with_less_goodput_says_so() {
    let experiment = r#"
        title = "test"
        model = "tests/culprits/nested-identifier.toml"
        replications = 2
        [axes]
        threads = { path = "load.concurrency", values = [9, 11, 20] }
    "#;
    with_report(experiment, |report| {
        assert_eq!(
            report.states.iter().map(|state| state.condition).collect::<Vec<_>>(),
            [Condition::Healthy, Condition::Healthy, Condition::Collapsed]
        );
        let sentence = report.findings[0].sentence();
        assert!(sentence.starts_with("throughput falls from 9 concurrent on ("), "{sentence}");
        let words =
            "throughput at 11 concurrent is 0.5 % of the best at a lower load: requests that hold app pool hikari";
        assert!(sentence.contains(words), "{sentence}");
    });
}

/// SYNs that a full accept queue drops make one request in some hundred last a second longer.
#[test]
fn a_sweep_names_the_cause_of_a_far_tail() {
    let experiment = r#"
        title = "test"
        model = "tests/culprits/dropped-syns.toml"
        replications = 2
        [[variants]]
        name = "128"
        [[variants]]
        name = "4096"
        set = { "services.edge.backlog" = 4096 }
    "#;
    with_report(experiment, |report| {
        let [short, long] = [0, 1].map(|variant: usize| report.findings[variant].sentence());
        assert!(short.contains("p99.9 is 1.") && short.contains("edge backlog dropped"), "{short}");
        assert!(!long.contains("p99.9"), "{long}");
    });
}

/// What the condition says is not said again by the figures behind it.
#[test]
fn a_finding_says_each_figure_once() {
    let text = open(
        "30/s",
        "",
        "[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.ingress]\nin_flight = 1\n[services.a.endpoints.e]\nsteps = [{ sleep = \"100ms\" }]",
    );
    with_report(&text, |report| {
        let finding = report::findings(report, None);
        let first = finding.lines().next().expect("a finding");
        assert_eq!(first.matches("success").count(), 1, "{first}");
        assert!(first.contains("/s, p95 "), "{first}");
    });
}
