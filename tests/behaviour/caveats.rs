//! What must not be said without its condition: a limit that sheds, a headroom, a point that is healthy.

use sim::experiment::plan::Adjustments;
use sim::language::{Metric, Objective};
use sim::report::{self, Detail};

use crate::models::{experiment, plan, reported, with_report};

const LOAD: &str =
    "title = \"test\"\n[load]\nkind = \"open\"\ntarget = \"a.e\"\nwarm_up = \"20s\"\nduration = \"300s\"\n";

/// Clients send again what a rate limit refuses. Whether more is answered at a lower load, this load alone does not show; where
/// no client sends again and clients wait for each answer, less load gives no more.
#[test]
fn what_sheds_may_have_collapsed_where_clients_send_again() {
    let model = |more: &str| {
        format!(
            "{LOAD}rate = \"40/s\"\n{more}\n[services.a]\nruntime = \"threads\"\nthreads = 100\n\
             [services.a.ingress]\nrate_limit = {{ average = \"20/s\", burst = 10 }}\n\
             [services.a.endpoints.e]\nsteps = [{{ sleep = \"50ms\" }}]\n"
        )
    };
    let words = |more: &str| with_report(&model(more), |report| report::headline(report, &report.summaries[0], None));
    let sends_again = "retry = { attempts = 3, backoff = \"1s\" }";
    let (again, once) = (words(sends_again), words(""));
    let caveat = "a sweep over lower loads would show whether goodput is higher there";
    assert!(again.contains("sheds load") && again.contains(caveat), "{again}");
    assert!(once.contains("sheds load") && !once.contains(caveat), "{once}");
    // Verdicts and the page of several experiments say it as well.
    let claims = "[[hypotheses]]\nclaim = \"It survives\"\nexpect = { survives = {} }\n\
                  [[hypotheses]]\nclaim = \"It sheds\"\nexpect = { sheds = {} }\n";
    for (more, is_open) in [(sends_again, true), ("", false)] {
        let plan = experiment(&model(more), claims).unwrap_or_else(|it| panic!("{it}"));
        let report = reported(&plan);
        for judgement in &report.judgements {
            assert_eq!(judgement.evidence.contains(caveat), is_open, "{}", judgement.evidence);
        }
        let page = report::digest(&["a.toml".into()], &[report], None);
        let remark = "sheds load or has collapsed: a sweep over lower loads shows which";
        assert_eq!(page.contains(remark), is_open, "{page}");
    }
}

/// A worker is stuck from the start to the end: no request ends, the fault is why, and a longer run would not help.
#[test]
fn a_target_that_never_runs_is_not_answered_with_a_longer_run() {
    for load in ["kind = \"closed\"\nconcurrency = 8", "kind = \"open\"\nrate = \"40/s\""] {
        let model = format!(
            "title = \"test\"\n[load]\n{load}\ntarget = \"a.e\"\nwarm_up = \"0s\"\nduration = \"60s\"\n[services.a]\n\
             [services.a.endpoints.e]\nsteps = [{{ cpu = \"5ms\" }}]\n\
             [faults.f]\nservice = \"a\"\nfrom = \"0s\"\neffect = \"stuck\"\n"
        );
        let words = with_report(&model, |report| report::findings(report, None) + &report::next_steps(report, None));
        assert!(words.contains("dead") && words.contains("limited by fault f"), "{words}");
        assert!(words.contains("no request has ended when the window closes; fault f is on then"), "{words}");
        assert!(words.contains("fault f does not end") && !words.contains("ten times as long"), "{words}");
    }
}

/// A breaker refuses most calls, and a fallback answers in their place: what the others use says nothing of a higher load.
#[test]
fn refusals_that_a_fallback_answers_leave_no_headroom() {
    let model = |threads: u32| {
        format!(
            "{LOAD}rate = \"20/s\"\ntimeout = \"4s\"\n[services.a]\nruntime = \"threads\"\nthreads = 20\n\
             [services.a.breakers.b]\nfailure_threshold = 5\nrecovery_time = \"5s\"\n\
             [services.a.clients.c]\nserver = \"b\"\nreuse = \"shared\"\ntimeout = \"500ms\"\n\
             [services.a.endpoints.e]\nsteps = [{{ fallback = {{ steps = [{{ breaker = {{ name = \"b\", steps = \
             [{{ call = {{ client = \"c\", endpoint = \"f\" }} }}] }} }}], otherwise = [{{ sleep = \"1ms\" }}] }} }}]\n\
             [services.b]\nruntime = \"threads\"\nthreads = {threads}\n\
             [services.b.endpoints.f]\nsteps = [{{ sleep = \"exp(50ms)\" }}]\n"
        )
    };
    let words = |threads| with_report(&model(threads), |report| report::headline(report, &report.summaries[0], None));
    let (open, closed) = (words(1), words(20));
    assert!(open.contains("healthy") && !open.contains("nearest to"), "{open}");
    assert!(closed.contains("nearest to their limit"), "{closed}");
}

/// Ten requests a second are all answered at once; the objective is fifteen.
#[test]
fn a_throughput_that_is_not_offered_is_not_slowness() {
    let model =
        format!("{LOAD}rate = \"10/s\"\n[services.a]\n[services.a.endpoints.e]\nsteps = [{{ sleep = \"10ms\" }}]\n");
    let text = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"5/s\", \"10/s\"]\n";
    let mut plan = experiment(&model, text).unwrap_or_else(|it| panic!("{it}"));
    plan.objectives = vec![Objective::AtLeast { metric: Metric::ThroughputPerMin, value: 900.0 }];
    let report = reported(&plan);
    let answer = report::answer(&report, None);
    assert!(answer.contains("misses an objective") && !answer.contains("slow"), "{answer}");
}

/// Threads hang for 5 of 300 s, shortly before the end: nineteen of twenty requests are answered in time all the same, and
/// the backlog is not worked off yet.
#[test]
fn what_does_not_recover_is_not_called_healthy() {
    let model = format!(
        "{LOAD}rate = \"30/s\"\n[services.a]\nruntime = \"threads\"\nthreads = 4\n\
         [services.a.endpoints.e]\nsteps = [{{ sleep = \"exp(110ms)\" }}]\n\
         [faults.hang]\nservice = \"a\"\nfrom = \"295s\"\nto = \"305s\"\neffect = \"stuck\"\n"
    );
    let report_of = plan(&model, &Adjustments::default());
    let report = reported(&report_of);
    let words = report::headline(&report, &report.summaries[0], None);
    let is_seen = words.contains("does not recover before the run ends");
    assert!(is_seen && !words.contains("condition   healthy"), "{words}");
    assert!(words.contains("meets the objectives over the window; does not recover"), "{words}");
}

/// A breaker opens because what it protects fails: at a lower load that may do more.
#[test]
fn a_breaker_that_sheds_may_hide_a_collapse() {
    let model = format!(
        "{LOAD}rate = \"80/s\"\ntimeout = \"5s\"\n[services.app]\n\
         breakers.b = {{ failure_threshold = 5, recovery_time = \"3s\" }}\n\
         [services.app.pools.p]\nserver = \"db\"\nmax_size = 5\nmin_size = 5\nacquire_timeout = \"500ms\"\n\
         [services.app.endpoints.get]\nsteps = [{{ breaker = {{ name = \"b\", steps = [{{ with = {{ pool = \"p\", steps = \
         [{{ sleep = \"20ms\" }}, {{ query = {{ pool = \"p\", time = \"5ms\" }} }}] }} }}] }} }}]\n\
         [services.db]\nruntime = \"delay\"\n"
    )
    .replace("a.e", "app.get");
    let [words, table] = with_report(&model, |report| {
        [report::headline(report, &report.summaries[0], None), report::overview(report, Detail::Full)]
    });
    let caveat = "a sweep over lower loads would show whether goodput is higher there";
    assert!(words.contains("sheds load") && words.contains(caveat), "{words}");
    assert!(table.contains("(or collapsed: a sweep over lower loads shows which)"), "{table}");
}

/// Requests that hold a connection and need a second one, without a time-out: in the first 100 ms none ends, and none ever does.
#[test]
fn a_deadlock_is_not_answered_with_a_longer_run() {
    let model = |duration: &str| {
        format!(
            "title = \"test\"\n[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 8\nwarm_up = \"0s\"\n\
             duration = \"{duration}\"\n[services.a]\nruntime = \"threads\"\nthreads = 40\n\
             [services.a.pools.p]\nserver = \"db\"\nmin_size = 4\nmax_size = 4\n[services.a.endpoints.e]\n\
             steps = [{{ with = {{ pool = \"p\", steps = [{{ sleep = \"50ms\" }}, {{ query = {{ pool = \"p\", \
             time = \"5ms\" }} }}] }} }}]\n[services.db]\nruntime = \"delay\"\n"
        )
    };
    let next = |model: &str| with_report(model, |report| report::next_steps(report, None));
    let open = next(&model("60s").replace("closed", "open").replace("concurrency = 8", "rate = \"40/s\""));
    let remedy =
        "a time-out on the wait ends each deadlock, and requests that hold only one unit at a time cannot cause one";
    assert!(open.contains("rarer, but does not exclude it") && open.contains(remedy), "{open}");
    for closed in [next(&model("60s")), next(&model("60ms"))] {
        assert!(!closed.contains("ten times as long"), "{closed}");
    }
}

/// Three variants, none of which responds at the end: none is called the best.
#[test]
fn no_dead_variant_is_the_best() {
    let model = format!(
        "{LOAD}rate = \"40/s\"\ntimeout = \"5s\"\n[services.a]\nruntime = \"threads\"\nthreads = 40\n\
         [services.a.pools.p]\nserver = \"db\"\nmin_size = 2\nmax_size = 4\n[services.a.endpoints.e]\n\
         steps = [{{ with = {{ pool = \"p\", steps = [{{ sleep = \"100ms\" }}, {{ query = {{ pool = \"p\", \
         time = \"5ms\" }} }}] }} }}]\n[services.db]\nruntime = \"delay\"\n"
    );
    let variant =
        |size: u32| format!("[[variants]]\nname = \"{size}\"\nset = {{ \"services.a.pools.p.max_size\" = {size} }}\n");
    let plan = experiment(&model, &[2, 3, 4].map(variant).concat()).unwrap_or_else(|it| panic!("{it}"));
    let report = reported(&plan);
    assert!(report.selections.len() == 1, "three rivals");
    assert_eq!(report::selections(&report, None), "");
}

/// A change that helps a metric at two places is said to help it once.
#[test]
fn what_a_change_is_worth_is_said_once() {
    let model = format!(
        "{LOAD}rate = \"10/s\"\ntimeout = \"1s\"\n[services.a]\nruntime = \"threads\"\nthreads = 1\n\
         [services.a.endpoints.e]\nsteps = [{{ sleep = \"exp(50ms)\" }}]\n"
    );
    let effect = |metric: &str, rate: &str| {
        format!(
            "[[effects]]\nchange = \"more threads\"\nvariant = \"ten\"\nagainst = \"one\"\nmetric = \"{metric}\"\n\
             at = {{ rate = \"{rate}\" }}\n"
        )
    };
    let text = "[axes.rate]\npath = \"load.rate\"\nvalues = [\"30/s\", \"40/s\"]\n[[variants]]\nname = \"one\"\n\
                [[variants]]\nname = \"ten\"\nset = { \"services.a.threads\" = 10 }\n"
        .to_owned();
    let effects = [("success_rate", "30/s"), ("wasted_requests", "30/s"), ("success_rate", "40/s")];
    let text = text + &effects.map(|(metric, rate)| effect(metric, rate)).concat();
    let plan = experiment(&model, &text).unwrap_or_else(|it| panic!("{it}"));
    let answer = report::answer(&reported(&plan), None);
    assert!(answer.contains("more threads: helps (success rate, wasted requests)"), "{answer}");
}
