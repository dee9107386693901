//! Metrics by their rows: each is read as the figure that theory gives.

use sim::experiment::analyse::trial::Trial;
use sim::load;
use sim::metric::{Metric, MetricKind};
use sim::parts::Limits;
use sim::statistics::{Interval, theory};

use crate::models::bench;

/// The time from a message to its end is that of a customer in M/M/1: exponential.
#[test]
fn percentiles_of_the_time_to_completion_are_those_of_mm1() {
    let bench = bench(
        r#"
        [load]
        kind = "open"
        target = "shop.serve"
        rate = "0.6/s"
        warm_up = "200s"
        duration = "60000s"
        [queues.jobs.consumers.worker]
        service = "worker"
        endpoint = "handle"
        prefetch = 1
        [services.worker]
        runtime = "delay"
        [services.worker.endpoints.handle]
        steps = [{ sleep = "exp(1s)" }]
        [services.shop]
        runtime = "delay"
        [services.shop.endpoints.serve]
        steps = [{ publish = { queue = "jobs" } }]
        "#,
    );
    let run = |replication| {
        let outcome = load::trial(&bench.system, &bench.load, 31, replication, &Limits::default());
        Trial::of(0, replication, outcome, &bench.load, 0.9, &[])
    };
    let trials: Vec<Trial> = (0..16).map(run).collect();
    let mean = theory::mm1(0.6, 1.0).expect("a stable queue").response;
    for metric in Metric::ALL.into_iter().filter(|metric| metric.is_of_completion()) {
        let exact = match metric.kind() {
            MetricKind::Time => mean,
            MetricKind::Quantile(q) => -(1.0 - q).ln() * mean,
            MetricKind::PerMinute => 36.0,
            MetricKind::Share => 1.0,
            MetricKind::Count(_)
            | MetricKind::Ratio(_)
            | MetricKind::PerSecond
            | MetricKind::Hours
            | MetricKind::Price => 0.0,
        };
        let values: Vec<f64> = trials.iter().map(|trial| trial.metric(metric).expect("a value")).collect();
        let seen = Interval::mean_of(&values, 0.99).expect("finite values");
        assert!(seen.contains(exact), "{}: {exact} is not in {seen:?}", metric.name());
        assert!(seen.half_width() <= 0.1 * exact, "{}: {seen:?} is too wide to show anything", metric.name());
    }
}

/// Two replicas of four threads: one that is dead for the whole window has no capacity, and one that is stuck holds what it
/// has.
#[test]
fn workers_of_a_dead_replica_are_no_part_of_the_imbalance() {
    let imbalance = |effect: &str| {
        let bench = bench(&format!(
            "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"10/s\"\nwarm_up = \"5s\"\nduration = \"100s\"\n\
             [services.a]\nreplicas = 2\nruntime = \"threads\"\nthreads = 4\n\
             [services.a.endpoints.e]\nsteps = [{{ sleep = \"exp(100ms)\" }}]\n\
             [faults.f]\nservice = \"a\"\nreplica = 0\nfrom = \"0s\"\neffect = \"{effect}\"\n"
        ));
        let outcome = load::trial(&bench.system, &bench.load, 1, 0, &Limits::default());
        let trial = Trial::of(0, 0, outcome, &bench.load, 0.9, &[]);
        trial.metric(Metric::WorkerImbalance).expect("a value")
    };
    assert!((imbalance("dead") - 1.0).abs() < 1e-9);
    // All four are held, and the other four are used by half of 10/s of 0.1 s: 1 over (4 + 0.5) / 8.
    assert!((imbalance("stuck") - 1.78).abs() < 0.05);
}
