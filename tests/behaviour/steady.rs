//! Steady loads: a queue that grows is said to grow and has no mean time, and one long run is worth as much as several.

use std::path::Path;

use rayon::prelude::*;
use sim::experiment::analyse::verdict::{self, Verdict};
use sim::experiment::plan::{Adjustments, Expectation, Hypothesis, Plan};
use sim::language::{Metric, MultipleHypotheses, Source};
use sim::metric::MetricScope;
use sim::report;
use sim::statistics::theory;

use crate::models::{one_point, reported};

/// A plan of one point: M/M/1 with this load.
fn mm1(load: f64, seconds: u32, replications: u32, seed: u64) -> Plan {
    let model = format!(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "{load}/s"
        warm_up = "200s"
        duration = "{seconds}s"
        [stations.counter]
        [services.shop]
        runtime = "delay"
        [services.shop.endpoints.serve]
        steps = [{{ visit = {{ station = "counter", time = "exp(1s)" }} }}]
        "#
    );
    one_point(&model).replications(replications).seed(seed).plan()
}

#[test]
fn an_overloaded_queue_is_not_stationary_and_has_no_mean_response_time() {
    for replications in [1, 5] {
        let mut plan = mm1(1.2, 5_000, replications, 3);
        plan.hypotheses = vec![at_most(Metric::MeanS, 1e6), at_most(Metric::ThroughputPerMin, 70.0)];
        let report = reported(&plan);
        let summary = &report.summaries[0];
        let growth = summary.growth.requests.expect("it grows");
        assert!(growth.contains(0.2), "{growth:?}");
        for metric in [Metric::MeanS, Metric::P50S, Metric::P999S, Metric::CompletionMeanS] {
            assert_eq!(summary.metric(metric), None, "{metric:?}");
        }
        assert!((summary.throughput_per_min.unwrap().estimate - 60.0).abs() < 4.0);
        assert_eq!(report.judgements[0].verdict, Verdict::Undecided);
        assert!(report.judgements[0].evidence.contains("the queue still grows"), "{}", report.judgements[0].evidence);
        let warnings: Vec<String> = report::warnings(&report).iter().map(ToString::to_string).collect();
        assert!(warnings.iter().any(|warning| warning.contains("queue still growing at 0.")), "{warnings:?}");
        assert!(report::overview(&report, sim::report::Detail::Full).contains("unstable"));
        assert!(report::headline(&report, summary, None).contains("so response times have no mean"));
    }
}

/// Little more than it can bear: what grows so slowly is not certain to grow, but nobody is left in the belief that all
/// is well.
#[test]
fn a_queue_at_the_brim_is_warned_of() {
    let told = (0..20u64).into_par_iter().filter(|&seed| {
        let plan = mm1(1.02, 5_000, 5, seed);
        let warnings: Vec<String> = report::warnings(&reported(&plan)).iter().map(ToString::to_string).collect();
        warnings.iter().any(|warning| warning.contains("not stationary") || warning.contains("it may be overloaded"))
    });
    assert!(told.count() >= 19);
}

#[test]
fn a_queue_that_only_wanders_is_stationary() {
    for load in [0.5, 0.9] {
        let growing = (0..60u64).into_par_iter().filter(|&seed| {
            let plan = mm1(load, 3_000, 3, seed);
            reported(&plan).summaries[0].growth.any().is_some()
        });
        assert_eq!(growing.count(), 0, "at {load}");
    }
}

#[test]
#[ignore = "statistical: 200 long runs"]
fn the_batches_of_one_long_run_cover_the_exact_mean() {
    let exact = theory::mm1(0.5, 1.0).expect("a stable queue");
    let runs: Vec<(bool, bool, usize, f64)> = (0..200u64)
        .into_par_iter()
        .map(|seed| {
            let plan = mm1(0.5, 16_000, 1, seed);
            let report = reported(&plan);
            let summary = &report.summaries[0];
            let mean = summary.mean_s.expect("successes");
            let batches = summary.batches.as_ref().expect("batches of the one run");
            let worth = summary.effective_response_times.expect("a variance") / summary.response_times as f64;
            (mean.contains(exact.response), summary.throughput_per_min.unwrap().contains(30.0), batches.count, worth)
        })
        .collect();
    let share = |count: usize| count as f64 / runs.len() as f64;
    let of_mean = share(runs.iter().filter(|run| run.0).count());
    let of_throughput = share(runs.iter().filter(|run| run.1).count());
    assert!((0.92..=0.985).contains(&of_mean), "{of_mean}");
    assert!((0.92..=0.985).contains(&of_throughput), "{of_throughput}");
    assert!(runs.iter().filter(|run| run.2 == 16).count() > 160);
    // Successive response times hang together: one in ten or so counts.
    let mean_worth = runs.iter().map(|run| run.3).sum::<f64>() / runs.len() as f64;
    let plan = mm1(0.5, 16_000, 40, 9);
    let report = reported(&plan);
    let summary = &report.summaries[0];
    let of_replications = summary.effective_response_times.expect("a variance") / summary.response_times as f64;
    assert!(summary.batches.is_none());
    assert!((0.5..2.0).contains(&(mean_worth / of_replications)), "{mean_worth} {of_replications}");
    assert!(mean_worth < 0.3);
}

fn at_most(metric: Metric, value: f64) -> Hypothesis {
    let expect = Expectation::AtMost { metric, value };
    Hypothesis {
        claim: "so".into(),
        variant: 0,
        points: vec![0],
        scope: MetricScope::Whole,
        expect,
        refuted: false,
        answers: None,
        line: None,
    }
}

#[test]
fn what_holds_by_itself_need_not_hold_as_one_of_twenty() {
    let mut plan = mm1(0.5, 2_000, 6, 1);
    let mean = reported(&plan).summaries[0].mean_s.expect("successes");
    let close = mean.high + 0.05 * mean.half_width();
    plan.hypotheses = vec![at_most(Metric::MeanS, close)];
    assert_eq!(reported(&plan).judgements[0].verdict, Verdict::Holds);
    plan.hypotheses = vec![at_most(Metric::MeanS, close); 20];
    let judgements = reported(&plan).judgements;
    assert!(judgements.iter().all(|it| it.verdict == Verdict::Undecided && it.evidence.contains("Holm")));
    assert!(judgements[0].replications_needed.is_some());
    plan.multiple_hypotheses = MultipleHypotheses::Each;
    assert!(reported(&plan).judgements.iter().all(|it| it.verdict == Verdict::Holds));
    // Clear ones are decided first, and leave the risk to the close one.
    plan.multiple_hypotheses = MultipleHypotheses::Holm;
    plan.hypotheses = vec![at_most(Metric::MeanS, 10.0 * mean.high); 20];
    plan.hypotheses.push(at_most(Metric::MeanS, close));
    let report = reported(&plan);
    assert!(report.judgements.iter().all(|it| it.verdict == Verdict::Holds));
    assert_eq!(verdict::exit_code(&report.judgements), 0);
}

#[test]
fn variants_are_compared_in_pairs_and_the_best_is_selected() {
    let plan = Plan::read(Path::new("experiments/bcrypt.toml"), &Adjustments::default().set("load.users", "60"))
        .expect("a shipped experiment");
    assert!(plan.variants.len() > 2);
    let report = reported(&plan);
    assert!(!report.comparisons.is_empty() && !report.selections.is_empty());
    for comparison in &report.comparisons {
        let (ours, theirs) = (report.summary(comparison.point).unwrap(), report.summary(comparison.against).unwrap());
        let throughput = comparison.differences.iter().find(|it| it.metric == Metric::ThroughputPerMin).unwrap();
        let apart = ours.throughput_per_min.unwrap().estimate - theirs.throughput_per_min.unwrap().estimate;
        assert!((throughput.difference.estimate - apart).abs() < 1e-9);
    }
    let saved: Vec<f64> =
        report.comparisons.iter().flat_map(|it| &it.differences).filter_map(|difference| difference.saved).collect();
    assert!(saved.iter().any(|&saved| saved > 0.5), "{saved:?}");
    for selection in &report.selections {
        let best = |point: &&usize| report.summary(**point).unwrap().throughput_per_min.unwrap().estimate;
        let highest = selection.points.iter().max_by(|a, b| best(a).total_cmp(&best(b))).unwrap();
        assert!(selection.best.contains(highest), "{selection:?}");
    }
    assert!(report::selections(&report, None).starts_with("- best by throughput (95 % confidence at each place)"));
    let rows: Vec<_> = report::comparisons_rows(&report).collect();
    let columns = report::sheet::COMPARISONS.columns(&plan).len();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.len() == columns));
}

/// Sixty clients who start a second apart, and keep a server busy.
fn starting(warm_up: &str, seconds: u32) -> Plan {
    let model = format!(
        r#"
        [load]
        kind = "closed"
        target = "shop.serve"
        concurrency = 60
        spacing = "1s"
        warm_up = "{warm_up}"
        duration = "{seconds}s"
        [stations.counter]
        [services.shop]
        runtime = "delay"
        [services.shop.endpoints.serve]
        steps = [{{ visit = {{ station = "counter", time = "exp(100ms)" }} }}]
        "#
    );
    one_point(&model).plan()
}

#[test]
fn a_warm_up_that_is_found_ends_where_the_load_has_come_to_its_level() {
    let plan = starting("auto", 600);
    let found = reported(&plan);
    let [(0, warm_up)] = found.warm_ups.as_slice() else { panic!("{:?}", found.warm_ups) };
    assert!(warm_up.is_settled && (50.0..=75.0).contains(&warm_up.length.seconds()), "{:?}", warm_up.length);
    assert_eq!(warm_up.in_flight.len(), 500);
    assert!((warm_up.in_flight[499] - 60.0).abs() < 1e-9);
    // The pilot runs have streams of their own: the trials are those of a warm-up that was written.
    let plan = starting(&format!("{}ns", warm_up.length.0), 600);
    let written = reported(&plan);
    assert!(written.warm_ups.is_empty());
    assert_eq!(found.summaries[0].mean_s, written.summaries[0].mean_s);
    assert_eq!(found.summaries[0].throughput_per_min, written.summaries[0].throughput_per_min);
    let (drawings, _) = report::figures::figures(&found);
    let drawing = drawings.iter().find(|drawing| drawing.name == "warm-up").expect("a chart");
    let report::chart::Figure::Line(figure) = &drawing.figure else { panic!("{drawing:?}") };
    assert!(figure.title.starts_with("The warm-up ends after"), "{}", figure.title);
    assert_eq!(figure.panels[0].stretches[0].to_x, warm_up.length.seconds());
}

#[test]
fn pilot_runs_that_do_not_settle_are_told() {
    let plan = starting("auto", 60);
    let report = reported(&plan);
    assert!(!report.warm_ups[0].1.is_settled);
    let warnings: Vec<String> = report::warnings(&report).iter().map(ToString::to_string).collect();
    assert!(warnings.iter().any(|warning| warning.contains("did not settle")), "{warnings:?}");
}

/// Of three variants one is overloaded, so that it has no mean: the best of the others is named all the same.
#[test]
fn who_has_no_mean_is_not_the_best_by_it() {
    let text = "title = \"?\"\nmodel = \"../models/mm1.toml\"\nreplications = 5\n[run]\nbest_by = \"mean_s\"\n[load]\n\
                duration = \"3000s\"\nwarm_up = \"500s\"\nkind = \"open\"\ntarget = \"shop.serve\"\nrate = \"0.5/s\"\n\
                [[variants]]\nname = \"overloaded\"\n\
                set = { \"services.shop.endpoints.serve.steps.visit.time\" = \"exp(2.6s)\" }\n\
                [[variants]]\nname = \"one\"\n\
                [[variants]]\nname = \"two\"\nset = { \"stations.counter.servers\" = 2 }\n";
    let plan = Plan::of(&Source::text(Path::new("experiments/x.toml"), text), &Adjustments::default())
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let report = reported(&plan);
    assert!(report.summaries[0].mean_s.is_none());
    let best: Vec<&[usize]> = report.selections.iter().map(|selection| selection.best.as_slice()).collect();
    assert_eq!(best, [[2]]);
}

/// Work of 250 s in a window of 300 s: by Little's law the number inside rises until 250 s to 5/s * 250 s, and stays there.
/// Nothing waits, so the point is not unstable, but nor is it known to be sound.
#[test]
fn work_that_takes_as_long_as_the_window_is_not_unstable() {
    let behind = "[services.a.endpoints.e]\nsteps = [{ publish = { queue = \"q\" } }]\n[queues.q.consumers.k]\nservice = \
                  \"w\"\nendpoint = \"h\"\n[services.w]\nruntime = \"delay\"\n[services.w.endpoints.h]\nsteps = [{ sleep = \"250s\" }]\n";
    let some = "[services.a.endpoints.e]\nsteps = [{ choose = [{ probability = 0.1, steps = [{ sleep = \"400s\" }] }, \
                { probability = 0.9, steps = [{ sleep = \"10ms\" }] }] }]\n";
    // One station that is full: the same numbers, and a queue.
    let full = "[stations.s]\n[services.a.endpoints.e]\nsteps = [{ visit = { station = \"s\", time = \"220ms\" } }]\n";
    for (steps, is_unstable) in [(behind, false), (some, false), (full, true)] {
        let model = format!(
            "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"5/s\"\nwarm_up = \"20s\"\nduration = \"300s\"\n\
             [services.a]\nruntime = \"delay\"\n{steps}"
        );
        let plan = one_point(&model).replications(5).seed(1).plan();
        let report = reported(&plan);
        let summary = &report.summaries[0];
        assert_eq!(summary.growth.any().is_some(), is_unstable, "{steps}");
        let reason = summary.doubt.as_ref().map(|doubt| doubt.reason());
        assert_eq!(reason.is_some_and(|reason| reason.contains("none of it waits")), !is_unstable, "{steps}");
        assert_eq!(report.states.len(), usize::from(is_unstable), "{:?}", report.states);
    }
}
