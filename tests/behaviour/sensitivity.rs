//! Sensitivity against a system whose answer is a sum: two stops, of which the longer decides.

use sim::experiment::analyse::verdict::Verdict;
use sim::experiment::plan::{Adjustments, Workbench};
use sim::experiment::run::record::Record;
use sim::experiment::run::runner::Progress;
use sim::experiment::search::sensitivity::{Question, Sensitivity, Weight, analyse};
use sim::language::Metric;

use crate::models::read;

const MODEL: &str = r#"
title = "Three stops"

[load]
kind = "closed"
target = "shop.serve"
concurrency = 1
users = 200

[services.shop]
runtime = "delay"

[services.shop.endpoints.serve]
steps = [{ sleep = "200ms" }, { sleep = { uniform = { min = "25ms", max = "75ms" } } }, { sleep = "10ms" }]

[provenance]
"services.shop.endpoints.serve.steps[0].sleep" = { assumed = "a guess", range = ["100ms", "300ms"] }
"services.shop.endpoints.serve.steps[1].sleep" = { assumed = "a guess", range = ["25ms", "75ms"] }
"services.shop.endpoints.serve.steps[2].sleep" = { measured = "well", range = ["9ms", "11ms"] }
"#;

const EXPERIMENT: &str = r#"
replications = 3

[[hypotheses]]
claim = "it takes a quarter of a second or less"
expect = { at-most = { metric = "mean_s", value = 0.26 } }

[[hypotheses]]
claim = "it takes a second"
expect = { at-least = { metric = "mean_s", value = 1.0 } }
refuted = true
"#;

fn found(samples: u32) -> Sensitivity {
    let bench = read(MODEL, EXPERIMENT, |file| Workbench::read(file, &Adjustments::default()));
    let mut bench = bench.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let question = Question { point: 0, metric: Metric::MeanS, trajectories: 12, samples, verdicts: true };
    analyse(&mut bench, question, &Record::none(), &Progress::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

#[test]
fn the_effects_and_shares_of_a_sum_are_exact() {
    let found = found(400);
    let [long, short, sure] = found.parameters.as_slice() else { panic!("{:?}", found.parameters) };
    // Alone at its ends: a constant moves the mean by itself; a distribution is scaled to its new mean.
    let estimate = |change: Option<sim::statistics::Interval>| change.expect("a figure").estimate;
    assert!((estimate(long.at_low) + 0.1).abs() < 1e-3 && (estimate(long.at_high) - 0.1).abs() < 1e-3, "{long:?}");
    assert!((estimate(short.at_high) - 0.025).abs() < 5e-3, "{short:?}");
    // The effect over the whole range is its width.
    for (parameter, width) in [(long, 0.2), (short, 0.05), (sure, 0.002)] {
        let effect = parameter.effect.expect("an effect");
        assert!((effect.size.estimate - width).abs() < 0.1 * width, "{effect:?} for {width}");
        assert!(effect.mean > 0.0, "{effect:?}");
    }
    assert!(
        long.weight == Weight::Decides
            && short.weight == Weight::Decides
            && sure.weight == Weight::Small
            && sure.share.is_none()
    );
    // The variance of a uniform number is the square of its width over twelve; nothing acts together.
    let all = 0.2f64.powi(2) + 0.05f64.powi(2);
    for (parameter, width) in [(long, 0.2f64), (short, 0.05)] {
        let (share, exact) = (parameter.share.expect("shares"), width.powi(2) / all);
        for seen in [share.first, share.total] {
            assert!((seen.estimate - exact).abs() < 0.08, "{seen:?} for {exact}");
            assert!(seen.low - 0.02 <= exact && exact <= seen.high + 0.02, "{seen:?} for {exact}");
        }
    }
}

#[test]
fn a_verdict_turns_on_what_decides_it() {
    let found = found(2);
    let [fast, slow] = found.verdicts.as_slice() else { panic!("{:?}", found.verdicts) };
    // 260 ms at most: 200 + 50 + 10 in the middle, and the first stop alone moves it by a hundred.
    assert!(fast.turns[0].0 > 0, "{fast:?}");
    assert_eq!(fast.turns[2].0, 0, "{fast:?}");
    assert!(fast.counts[0] > 0 && fast.counts[1] > 0, "{fast:?}");
    assert_eq!(slow.nominal, Verdict::Holds, "the belief is refuted");
    assert!(slow.turns.iter().all(|turns| turns.0 == 0) && slow.counts[1] == 0, "{slow:?}");
}
