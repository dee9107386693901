//! Sentences that follow from their definitions: small systems of which one knows what is right to say.

use std::fs;
use std::path::Path;

use sim::experiment::analyse::condition::Condition;
use sim::experiment::analyse::culprit::CulpritKind;
use sim::experiment::analyse::verdict::Verdict;
use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::runner::{self, Progress};
use sim::language::{Metric, Mistakes, Objective, Source};
use sim::metric::MetricScope;
use sim::parts::BlameGroup;
use sim::report::{self, Report};

fn plan(text: &str) -> Plan {
    let source = Source::text(Path::new("test.toml"), text);
    Plan::of(&source, &Adjustments::default()).unwrap_or_else(|it| panic!("{}", it.render(false)))
}

fn looked<T>(text: &str, look: impl FnOnce(&Report) -> T) -> T {
    let plan = plan(text);
    look(&Report::of(&plan, runner::run(&plan, &Progress::default())))
}

/// An experiment with this model beside it, in a folder of its own.
fn experiment(name: &str, model: &str, text: &str) -> Result<Plan, Mistakes> {
    let folder = std::env::temp_dir().join(format!("sim-sentences-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    fs::write(folder.join("model.toml"), model).expect("a model");
    let file = folder.join("experiment.toml");
    fs::write(&file, format!("title = \"test\"\nmodel = \"model.toml\"\nreplications = 5\n{text}"))
        .expect("an experiment");
    let plan = Plan::read(&file, &Adjustments::default());
    fs::remove_dir_all(&folder).expect("the folder was ours");
    plan
}

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
    looked(text, |report| {
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
    looked(text, |report| {
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
    looked(&open("20/s", "", DEAD_BEHIND_BREAKER), |report| {
        assert_eq!(condition(report), Some(Condition::Failing), "{:?}", report.summaries[0].culprit);
    });
}

/// Two threads of 100 ms, 10 times as much as they bear: the breaker opens after calls that wait for the threads.
#[test]
fn a_breaker_opens_after_failures_at_a_place() {
    let system =
        DEAD_BEHIND_BREAKER.split("[faults.f]").next().unwrap_or_default().replace("threads = 20", "threads = 2");
    let text = open("60/s", "", &system.replace("20ms", "200ms"));
    looked(&text, |report| {
        let sentence = report.summaries[0].culprit.as_ref().map(|culprit| culprit.sentence.clone()).unwrap_or_default();
        assert!(sentence.contains("it opens after") && sentence.contains("while waiting for z threads"), "{sentence}");
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
    let mut plan = plan(&text);
    plan.objectives = vec![Objective::AtMost { metric: Metric::MeanS, value: 0.25 }];
    let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
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
    looked(&text, |report| {
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
    let mut plan = experiment("point", &text, axis).unwrap_or_else(|it| panic!("{it}"));
    plan.points.remove(0);
    let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
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
    looked(&text, |report| {
        let summary = &report.summaries[0];
        let mean = summary.metric(Metric::MeanS).expect("a mean").estimate;
        let blame = summary.blame.as_ref().expect("an account");
        let times = blame.groups.iter().find(|times| times.group == BlameGroup::Mean).expect("successes");
        let all = times.spent.iter().map(|spent| spent.ns as f64 / 1e9).sum::<f64>() / times.requests;
        assert!((all - mean).abs() < 1e-6 * mean, "{all} {mean}");
    });
}

/// Nine of ten attempts fail, and users send them again: what fails so often are attempts.
#[test]
fn what_fails_where_clients_send_again_are_attempts() {
    let text = open(
        "2/s",
        "retry = { attempts = 3, backoff = \"100ms\" }",
        "[services.a]\n[services.a.endpoints.e]\nsteps = [{ choose = [{ probability = 0.5, steps = [{ fail = \"boom\" }] }] }]",
    );
    looked(&text, |report| {
        let table = report::failures(&report.summaries[0]);
        assert!(table.contains("failed attempts"), "{table}");
    });
}

/// A minute has 60 seconds.
#[test]
fn one_rate_in_two_units_is_one_value() {
    let system = "[services.a]\n[services.a.endpoints.e]\nsteps = [{ sleep = \"1ms\" }]";
    let axis = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"60/s\", \"3600/min\"]\n";
    let mistakes = experiment("units", &open("1/s", "", system), axis).expect_err("a value that is there twice");
    assert!(mistakes.render(false).contains("twice"), "{}", mistakes.render(false));
}

/// Where no variant is safe, the best is named with its condition.
#[test]
fn the_best_of_those_that_fail_is_said_to_fail() {
    let system =
        "[services.a]\nruntime = \"threads\"\nthreads = 1\n[services.a.endpoints.e]\nsteps = [{ sleep = \"100ms\" }]";
    let variants = "[[variants]]\nname = \"one\"\n[[variants]]\nname = \"two\"\nset = { \"services.a.threads\" = 2 }\n\
                    [[variants]]\nname = \"slow\"\nset = { \"load.timeout\" = \"100500us\" }\n";
    let plan =
        experiment("best", &open("30/s", "timeout = \"1s\"", system), variants).unwrap_or_else(|it| panic!("{it}"));
    let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
    let words = report::selections(&report, None);
    assert!(words.contains("“two” (unstable)"), "{words}");
}

/// 300 a minute are sent, and 600 are to be answered. The thread is half in use, and what requests wait for is that thread.
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
        let mut plan = plan(text);
        plan.objectives = vec![Objective::AtLeast { metric: Metric::ThroughputPerMin, value: 900.0 }];
        plan.objectives.extend(others);
        let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
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
        let source = Source::text(Path::new("test.toml"), &text);
        let mut plan = Plan::of(&source, &Adjustments::default().seed(seed)).expect("a model");
        plan.objectives = vec![Objective::AtLeast { metric: Metric::SuccessRate, value: 0.99 }];
        let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
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
        let mut plan = experiment("evidence", &text, claims).unwrap_or_else(|it| panic!("{it}"));
        plan.seed = seed;
        let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
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
    looked(&open("7.5/s", more, &fault("240s")), |report| {
        assert_eq!(condition(report), Some(Condition::Overloaded));
        let words = report::headline(report, &report.summaries[0], None);
        assert!(words.contains("does not recover before the run ends") && !words.contains("stationary"), "{words}");
    });
    // Where the fault lasts to the end, more and more wait.
    looked(&open("7.5/s", more, &fault("300s")), |report| assert_eq!(condition(report), Some(Condition::Unstable)));
}

/// A breaker that a fault opens protects from no load, also where the fault fills the threads that its calls wait for.
#[test]
fn a_breaker_that_a_fault_opens_through_threads_sheds_no_load() {
    let text = std::fs::read_to_string("tests/culprits/breaker-by-full-threads.toml").expect("a model");
    looked(&text, |report| {
        assert_eq!(condition(report), Some(Condition::Failing));
        let words = report::headline(report, &report.summaries[0], None);
        assert!(words.contains("a breaker b (fault hang)"), "{words}");
    });
}

/// A message every 50 min that is never handled: 1.2 an hour, and not 0.00 requests a second.
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
    looked(text, |report| {
        let words = report::headline(report, &report.summaries[0], None);
        assert_eq!(condition(report), Some(Condition::Unstable), "{words}");
        assert!(words.contains(" messages/h"), "{words}");
    });
}

/// A cache that no step looks up eases nothing.
#[test]
fn headroom_rests_on_no_cache_that_is_not_used() {
    let server = |step: &str| {
        format!(
            "[services.a]\nruntime = \"threads\"\nthreads = 8\n[services.a.caches.c]\nttl = \"60s\"\n\
             [services.a.endpoints.e]\nsteps = [{step}]"
        )
    };
    let words = |step: &str| {
        looked(&open("10/s", "", &server(step)), |report| report::headline(report, &report.summaries[0], None))
    };
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
    let plan = experiment("events", model, "max_events = 1000").unwrap_or_else(|it| panic!("{}", it.render(false)));
    let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
    let words = report::headline(&report, &report.summaries[0], None) + &report::next_steps(&report, None);
    assert!(
        words.contains("no request had ended when runs were stopped") && words.contains("raise `max_events`"),
        "{words}"
    );
    assert!(!words.contains("run longer") && !words.contains("ten times as long"), "{words}");
}

/// A consumer is stuck for half of the run, to its end: half of the messages have not been handled then.
#[test]
fn work_that_has_not_ended_is_not_said_to_complete() {
    let text = open(
        "10/s",
        "",
        "[services.a]\nruntime = \"threads\"\n[services.a.endpoints.e]\nsteps = [{ publish = { queue = \"q\" } }]\n\
         [services.w]\nruntime = \"threads\"\nthreads = 2\n[services.w.endpoints.h]\nsteps = [{ sleep = \"100ms\" }]\n\
         [queues.q]\nconsumers.k = { service = \"w\", endpoint = \"h\", prefetch = 2 }\n\
         [faults.f]\nservice = \"w\"\nfrom = \"150s\"\nto = \"299s\"\neffect = \"stuck\"\n",
    );
    looked(&text, |report| {
        let words = report::headline(report, &report.summaries[0], None);
        assert!(!words.contains("all of the work behind them completes"), "{words}");
    });
}
