//! Sequential stopping keeps its promise: over 500 experiments that each run until their figures are known precisely
//! enough, the 95 % intervals cover the exact values in 93 to 97 of 100, of means, shares and quantiles.

use std::path::Path;

use rayon::prelude::*;
use sim::experiment::analyse::precision::{self, PrecisionStep};
use sim::experiment::analyse::summary::Summary;
use sim::experiment::analyse::trial::Trial;
use sim::experiment::plan::{Adjustments, Plan, Precision};
use sim::experiment::run::runner::{self, Progress};
use sim::experiment::store::archive::Archive;
use sim::experiment::store::shard::Shard;
use sim::language::Metric;
use sim::load;
use sim::parts::Limits;
use sim::statistics::theory;

use crate::models::one_point;

const EXPERIMENTS: u64 = 500;

/// Replications of an experiment at most.
const MOST: u32 = 400;

/// An experiment as the runner runs it, from its seed.
fn experiment(plan: &Plan, seed: u64) -> Summary {
    let point = &plan.points[0];
    let mut trials: Vec<Trial> = Vec::new();
    loop {
        match precision::step(plan, trials.len() as u32, &trials.iter().collect::<Vec<_>>()) {
            PrecisionStep::Until(count) => {
                for replication in trials.len() as u64..count.into() {
                    let outcome = load::trial(&point.system, &point.load, seed, replication, &Limits::default());
                    trials.push(Trial::of(0, replication, outcome, &point.load, plan.collapse_below, &plan.objectives));
                }
            }
            PrecisionStep::Enough => {
                return Summary::of(0, &trials.iter().collect::<Vec<_>>(), 0.9, &[]).expect("figures");
            }
            PrecisionStep::Maximum => panic!("{MOST} replications were too few"),
        }
    }
}

/// The share of experiments whose interval covers the exact value, of each figure.
fn covers(plan: &Plan, exact: &[(Metric, f64)]) {
    let summaries: Vec<Summary> = (0..EXPERIMENTS).into_par_iter().map(|seed| experiment(plan, seed)).collect();
    let replications: Vec<usize> = summaries.iter().map(|summary| summary.replications).collect();
    let (fewest, most) = (replications.iter().min().unwrap(), replications.iter().max().unwrap());
    assert!(*fewest < *most, "every experiment stopped after {fewest} replications: nothing was decided by the data");
    let mut wrong = Vec::new();
    for &(metric, exact) in exact {
        let covered = summaries.iter().filter(|summary| summary.metric(metric).unwrap().contains(exact)).count();
        let share = covered as f64 / EXPERIMENTS as f64;
        println!("{metric:?}: {share} after {fewest} to {most} replications");
        if !(0.93..=0.97).contains(&share) {
            wrong.push((metric, share));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// M/M/1 at half of its capacity. Clients have patience for all but one in fifty answers, and who gives up is served
/// none the less, so that the response time is exponential up to there.
#[test]
#[ignore = "statistical: 500 experiments"]
fn intervals_of_an_mm1_cover_after_sequential_stopping() {
    let (rate, leaving) = (0.5, 0.5);
    let success: f64 = 0.98;
    let patience = -(1.0 - success).ln() / leaving;
    let model = format!(
        r#"
            [load]
            kind = "open"
            target = "shop.serve"
            rate = "{rate}/s"
            timeout = "{}ns"
            warm_up = "150s"
            duration = "1500s"
            [stations.counter]
            [services.shop]
            runtime = "delay"
            [services.shop.endpoints.serve]
            steps = [{{ visit = {{ station = "counter", time = "exp(1s)" }} }}]
            "#,
        (patience * 1e9).round()
    );
    let of = [Metric::MeanS, Metric::ThroughputPerMin, Metric::SuccessRate];
    let plan = one_point(&model).precise(&of, 0.04, MOST).plan();
    let quantile = |q: f64| -(1.0 - q * success).ln() / leaving;
    let mean = 1.0 / leaving - patience * (1.0 - success) / success;
    covers(
        &plan,
        &[
            (Metric::MeanS, mean),
            (Metric::ThroughputPerMin, 60.0 * rate * success),
            (Metric::SuccessRate, success),
            (Metric::P50S, quantile(0.5)),
            (Metric::P95S, quantile(0.95)),
            (Metric::P99S, quantile(0.99)),
        ],
    );
}

/// Ten clients who think, and share one server; one answer in 250 is an error.
#[test]
#[ignore = "statistical: 500 experiments"]
fn intervals_of_a_closed_network_cover_after_sequential_stopping() {
    let (clients, think, service, error) = (10_u32, 4.0, 0.5, 0.004);
    let model = format!(
        r#"
            [load]
            kind = "closed"
            target = "shop.serve"
            concurrency = {clients}
            think_time = "exp({think}s)"
            warm_up = "60s"
            duration = "600s"
            [stations.counter]
            [services.shop]
            runtime = "delay"
            [services.shop.endpoints.serve]
            steps = [
              {{ visit = {{ station = "counter", time = "exp({service}s)" }} }},
              {{ choose = [{{ probability = {error}, steps = [{{ fail = "error" }}] }}] }},
            ]
            "#
    );
    let plan = one_point(&model).precise(&[Metric::MeanS, Metric::P95S], 0.025, MOST).plan();
    let exact = theory::repairman(clients as usize, think, service, 1).expect("a sound model");
    // Who arrives finds the network as it is without him (Sevcik and Mitrani 1981), so his response time is a mixture
    // of Erlang distributions.
    let ratio: f64 = service / think;
    let weight = |found: u32| (0..found).map(|k| f64::from(clients - 1 - k) * ratio).product::<f64>();
    let weights: Vec<f64> = (0..clients).map(weight).collect();
    let all: f64 = weights.iter().sum();
    let beyond = |time: f64| {
        let x = time / service;
        let mut term = (-x).exp();
        let mut erlang = term;
        let mut sum = 0.0;
        for (found, weight) in weights.iter().enumerate() {
            sum += weight / all * erlang;
            term *= x / (found + 1) as f64;
            erlang += term;
        }
        sum
    };
    let quantile = |q: f64| {
        let (mut low, mut high) = (0.0, 1000.0);
        for _ in 0..100 {
            let middle = 0.5 * (low + high);
            if beyond(middle) > 1.0 - q { low = middle } else { high = middle }
        }
        low
    };
    covers(
        &plan,
        &[
            (Metric::MeanS, exact.response),
            (Metric::ThroughputPerMin, 60.0 * exact.throughput * (1.0 - error)),
            (Metric::SuccessRate, 1.0 - error),
            (Metric::P50S, quantile(0.5)),
            (Metric::P95S, quantile(0.95)),
            (Metric::P99S, quantile(0.99)),
        ],
    );
}

/// How many replications a point gets is told by its own trials, whoever ran them, and where the run was interrupted.
/// `ranking` has the same for a small model.
#[test]
#[ignore = "long: a sweep of a shipped experiment, twice"]
fn shards_and_resumed_sweeps_run_as_many_replications_as_one_that_runs_through() {
    let adjustments = Adjustments::default().set("load.users", "40");
    let mut plan = Plan::read(Path::new("experiments/bcrypt.toml"), &adjustments).expect("a shipped experiment");
    let of = vec![Metric::MeanS, Metric::P95S];
    plan.precision = Some(Precision { half_width: 0.05, of, most: 40 });
    let whole = Archive::in_memory();
    let wanted = runner::run_into(&whole, &plan, None, &Progress::default()).expect("memory");
    assert!(wanted.contains(&10) && wanted.iter().any(|&count| count > 10), "{wanted:?}");
    assert_eq!(whole.len(), wanted.iter().sum::<u32>() as usize);
    let shared = Archive::in_memory();
    for index in 1..=3 {
        let shard = Shard { index, of: 3 };
        runner::run_into(&shared, &plan, Some(shard), &Progress::default()).expect("memory");
    }
    assert_eq!(runner::wanted(&shared, &plan).expect("memory"), wanted);
    assert_eq!(shared.len(), whole.len());
}
