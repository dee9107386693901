//! What few runs, or short ones, can show.

use sim::experiment::analyse::condition::Condition;
use sim::experiment::plan::Adjustments;
use sim::experiment::run::runner::{self, Progress};
use sim::report;
use sim::statistics::rare::{can_hide, runs_to_exclude};

use super::{LOAD, condition, states};
use crate::models::{experiment, plan, reported, with_report};

/// `1 - 0.05^(1/n)`, by hand.
#[test]
fn few_runs_hide_much() {
    for (runs, share) in [(1, 0.95), (5, 0.4507), (20, 0.1391), (299, 0.009969)] {
        assert!((can_hide(runs) - share).abs() < 1e-4, "{runs}: {}", can_hide(runs));
    }
    assert_eq!(runs_to_exclude(0.01), 299);
    assert_eq!(runs_to_exclude(0.5), 5);
}

/// A limit ends the runs after a second or two: nothing is known to be healthy.
#[test]
fn a_run_that_a_limit_ends_is_not_called_healthy() {
    let model = format!("{LOAD}\n[services.app.endpoints.get]\nsteps = [{{ sleep = \"10ms\" }}]");
    assert_eq!(condition(&model), Condition::Healthy);
    let mut plan = plan(&model, &Adjustments::default());
    plan.max_events = Some(100);
    let report = reported(&plan);
    assert_eq!((report.summaries.len(), report.states.len()), (1, 0));
    assert_eq!(report.findings[0].sentence(), "no verdict: a limit ended replications early");
    let next = report::next_steps(&report, None);
    assert!(next.contains("raise `max_events`") && !next.contains("sim knee"), "{next}");
}

/// Nobody comes within the window: neither 0 % nor 100 % of the requests succeed.
#[test]
fn a_load_without_requests_has_no_condition() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.get"
        rate = "0.000001/s"
        warm_up = "0s"
        duration = "1s"
        [services.app.endpoints.get]
        steps = [{ sleep = "10ms" }]
    "#;
    assert_eq!(states(model), []);
}

/// One request in twelve fails by itself: 91.7 % of 400 requests are between 88 and 94 %, so that they may as well miss 90 %.
/// Twenty-five times as many requests are between 91.1 and 92.2 %.
#[test]
fn what_may_miss_its_objective_is_not_known_to_be_safe() {
    let model = r#"
        title = "test"
        [load]
        kind = "open"
        target = "app.get"
        rate = "20/s"
        arrivals = "constant"
        warm_up = "0s"
        duration = "10s"
        [services.app.endpoints.get]
        steps = [{ sleep = "10ms" }, { choose = [{ probability = 0.0833, steps = [{ fail = "boom" }] }] }]
    "#;
    let looked = |model: &str, replications: u32| {
        let plan = plan(model, &Adjustments::default().replications(replications));
        let report = reported(&plan);
        let condition = report.states.first().map(|state| state.condition);
        (condition, report::next_steps(&report, None))
    };
    let (condition, printed) = looked(model, 2);
    assert_eq!(condition, None);
    assert!(printed.contains("--replications") && printed.contains("success rate"), "{printed}");
    assert!(printed.contains("must be at least 90.0 %"), "{printed}");
    assert_eq!(looked(model, 50).0, Some(Condition::Healthy));
    // Where no request fails, few are enough.
    assert_eq!(looked(&model.replace("0.0833", "0.0"), 2).0, Some(Condition::Healthy));
    // Nor do two runs tell that 80 % of 400 requests are below 90 %; fifty do.
    assert_eq!(looked(&model.replace("0.0833", "0.2"), 2).0, None);
    assert_eq!(looked(&model.replace("0.0833", "0.2"), 50).0, Some(Condition::Failing));
}

/// One request in twelve fails by itself, as above: 400 requests at 20/s leave open whether 90 % succeed, 20,000 at 1000/s
/// do not. What is safe beyond a value of which that is not known is not safe "up to" there.
#[test]
fn safe_up_to_a_value_is_known_of_all_below_it() {
    let model = LOAD.replace("60s", "10s").replace("timeout", "arrivals = \"constant\"\ntimeout")
        + "[services.app]\nruntime = \"delay\"\n[services.app.endpoints.get]\nsteps = [{ sleep = \"10ms\" }, \
           { choose = [{ probability = 0.0833, steps = [{ fail = \"boom\" }] }] }]";
    let found = |rates: &str| {
        let text = format!("replications = 2\n[axes.rate]\npath = \"load.rate\"\nvalues = [{rates}]\n");
        let plan = experiment(&model, &text).unwrap_or_else(|it| panic!("{it}"));
        report::findings(&reported(&plan), None)
    };
    let after = found("\"20/s\", \"1000/s\", \"2000/s\"");
    assert!(after.starts_with("- safe at 1000/s to 2000/s (at 2000/s: "), "{after}");
    assert!(after.contains("), not known at 20/s") && !after.contains("up to"), "{after}");
    let known = found("\"1000/s\", \"2000/s\"");
    assert!(known.starts_with("- safe up to 2000/s ("), "{known}");
}

/// M/M/1, half in use, under what is written as a spike and has the usual rate: whatever chance does, nothing disturbs it.
#[test]
fn a_spike_of_the_usual_rate_disturbs_nothing() {
    let text = |factor: u32| {
        let spiked = LOAD.replace("60s", "300s").replace("rate = \"20/s\"", "rate = \"5/s\"\nspikes = [SPIKE]");
        let spiked = spiked.replace("SPIKE", &format!("{{ at = \"100s\", length = \"30s\", factor = {factor} }}"));
        format!(
            "{spiked}[services.app]\nruntime = \"threads\"\nthreads = 1\n[services.app.endpoints.get]\n\
             steps = [{{ sleep = \"exp(100ms)\" }}]"
        )
    };
    let seen = |factor: u32| {
        with_report(&text(factor), |report| {
            let summary = &report.summaries[0];
            (summary.is_undisturbed, report::headline(report, summary, None))
        })
    };
    let (is_undisturbed, words) = seen(1);
    assert!(is_undisturbed && words.contains("none needed: nothing disturbs this point"), "{words}");
    assert!(!seen(4).0, "20/s on 10/s");
}

/// A fault from the start on leaves no time that tells what response times are usual: 400 requests wait when it ends.
#[test]
fn recovery_from_the_start_of_a_run_is_judged_by_success() {
    let text = |from: &str, to: &str| {
        format!(
            "{}[services.app]\nruntime = \"threads\"\nthreads = 1\n[services.app.endpoints.get]\n\
             steps = [{{ sleep = \"100ms\" }}]\n[faults.f]\nservice = \"app\"\nfrom = \"{from}\"\nto = \"{to}\"\n\
             effect = \"stuck\"",
            LOAD.replace("timeout = \"5s\"", "timeline = \"5s\"").replace("60s", "300s").replace("20/s", "8/s")
        )
    };
    let words = |from, to| with_report(&text(from, to), |report| report::headline(report, &report.summaries[0], None));
    let at_start = words("0s", "50s");
    assert!(at_start.contains("by success alone, since no time before the disturbance"), "{at_start}");
    let later = words("60s", "80s");
    assert!(later.contains("from the end of the disturbance") && !later.contains("by success alone"), "{later}");
}

/// One request in ten fails, give or take chance: 6000 requests do not tell on which side of 90 % that is. 13 % are missed
/// for certain, and 7 % are not.
#[test]
fn an_objective_that_chance_may_miss_is_neither_met_nor_missed() {
    let seen = |probability: &str| {
        let steps = format!("[{{ choose = [{{ probability = {probability}, steps = [{{ fail = \"no\" }}] }}] }}]");
        let text = format!("{LOAD}[services.app]\n[services.app.endpoints.get]\nsteps = {steps}");
        with_report(&text, |report| {
            let (summary, state) = (&report.summaries[0], report.states.first());
            let is_missed = summary.success_rate.estimate < 0.9;
            let words = report::headline(report, summary, None);
            (is_missed, state.map(|state| state.condition), words)
        })
    };
    let (is_missed, condition, words) = seen("0.102");
    assert!(is_missed && condition.is_none(), "{words}");
    assert!(words.contains("not known: success rate 89.") && words.contains("must be at least 90.0 %"), "{words}");
    assert_eq!(seen("0.13").1, Some(Condition::Failing));
    assert_eq!(seen("0.07").1, Some(Condition::Healthy));
}

/// A spike of three times the load for 20 s leaves 28 s of work to a counter that is busy 80 % of the time: a hundred times a
/// usual response time, whatever else chance has done in the minute before.
#[test]
fn an_effect_is_seen_in_a_busy_system() {
    let text = "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"8/s\"\nwarm_up = \"20s\"\nduration = \"460s\"\n\
        timeout = \"60s\"\nspikes = [{ at = \"60s\", length = \"20s\", factor = 3 }]\n[services.a]\nruntime = \"threads\"\n\
        threads = 1\n[services.a.endpoints.e]\nsteps = [{ sleep = \"exp(100ms)\" }]\n";
    let plan = plan(text, &Adjustments::default().replications(20));
    let trials = runner::run(&plan, &Progress::default());
    let seen = trials.done.iter().filter(|trial| trial.is_disturbed == Some(true)).count();
    assert!(seen >= 15, "{seen} of 20");
}
