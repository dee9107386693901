//! The knee against queueing theory, and against what the pooling experiment is known to do.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use sim::experiment::plan::{Adjustments, KneeSearch, KneeWishes, Workbench};
use sim::experiment::run::record::Record;
use sim::experiment::run::runner::Progress;
use sim::experiment::search::{self, Decision, Defect, KneeAnswer, KneeOutcome, VariantKnee};
use sim::language::{Metric, Objective};
use sim::statistics::theory::{self, mva};

fn at_most(metric: Metric, value: f64) -> Vec<Objective> {
    vec![Objective::AtMost { metric, value }]
}

fn text(value: &str) -> Option<String> {
    Some(value.into())
}

/// Reads, searches all variants.
fn search(file: &str, set: &[(&str, &str)], seed: u64, wishes: &KneeWishes) -> (KneeSearch, KneeAnswer) {
    let adjustments = Adjustments::default().set_all(set.iter().copied()).seed(seed);
    let bench = Workbench::read(&PathBuf::from(file), &adjustments).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let knee = bench.knee(wishes).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let variants = bench.variants(&[]).expect("all variants");
    let study = bench.study(&variants, vec![knee.dial.clone()], &[]).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let answer =
        search::knee::search(study, &knee, &variants, &Record::none(), &Progress::default()).expect("sound points");
    assert!(answer.doubts.is_empty(), "{:?}", answer.doubts);
    (knee, answer)
}

/// The one variant's ends, of which the exact knee lies between.
#[track_caller]
fn brackets(found: &VariantKnee, exact: f64, widest: f64) {
    assert_eq!(found.outcome, KneeOutcome::Found);
    let (meets, misses) = (found.meets.expect("one that meets"), found.misses.expect("one that misses"));
    let (low, high) = (meets.min(misses), meets.max(misses));
    assert!(low <= exact && exact <= high, "{exact} is not between {low} and {high}");
    assert!(high - low <= widest, "{low} to {high} says nothing of {exact}");
    assert!((found.trials as u64) < found.grid_trials, "{} of {}", found.trials, found.grid_trials);
}

/// The mean response time of an M/M/1 is 1 / (1 - λ): at most 4 s up to λ = 0.75.
#[test]
fn the_largest_rate_of_an_mm1_is_the_exact_one() {
    is_the_exact_one(1..=1);
}

#[test]
#[ignore = "long: other seeds"]
fn the_largest_rate_of_an_mm1_is_the_exact_one_with_other_seeds() {
    is_the_exact_one(2..=3);
}

fn is_the_exact_one(seeds: RangeInclusive<u64>) {
    let short = [("load.duration", "20000s"), ("load.warm_up", "1000s")];
    let wishes = KneeWishes {
        axis: text("load.rate"),
        from: text("0.2/s"),
        to: text("0.95/s"),
        resolution: text("0.01/s"),
        objectives: at_most(Metric::MeanS, 4.0),
        max_replications: Some(40),
        ..KneeWishes::default()
    };
    for seed in seeds {
        let (_, answer) = search("models/mm1.toml", &short, seed, &wishes);
        brackets(&answer.variants[0], 0.75, 0.08);
    }
}

/// All requests of an M/M/1 that is overloaded succeed or are under way: their backlog rules it out, and those under
/// way are users without success.
#[test]
fn what_piles_up_does_not_meet_a_success_rate() {
    let short = [("load.duration", "20000s"), ("load.warm_up", "1000s")];
    let wishes = KneeWishes {
        axis: text("load.rate"),
        from: text("0.8/s"),
        to: text("2/s"),
        resolution: text("0.1/s"),
        objectives: vec![Objective::AtLeast { metric: Metric::SuccessRate, value: 0.8 }],
        max_replications: Some(10),
        ..KneeWishes::default()
    };
    let (_, answer) = search("models/mm1.toml", &short, 1, &wishes);
    let found = &answer.variants[0];
    assert_eq!(
        (found.outcome, found.meets, found.misses),
        (KneeOutcome::Found, Some(1.0), Some(1.1)),
        "{:?}",
        found.tried
    );
    for tried in &found.tried {
        assert_eq!(tried.defect, (tried.value > 1.05).then_some(Defect::Unstable), "{tried:?}");
        let success = tried.readings[0].figure.expect("a success rate");
        assert!((success.estimate - 1f64.min(1.0 / tried.value)).abs() < 0.02, "{tried:?}");
    }
}

/// Erlang's C formula says how many servers keep the mean response time below a bound.
#[test]
fn the_smallest_number_of_servers_is_that_of_erlang() {
    is_that_of_erlang(&[1.2]);
}

#[test]
#[ignore = "long: three more bounds"]
fn the_smallest_number_of_servers_is_that_of_erlang_at_other_bounds() {
    is_that_of_erlang(&[1.05, 1.5, 2.5]);
}

fn is_that_of_erlang(bounds: &[f64]) {
    let short = [("load.duration", "10000s"), ("load.warm_up", "1000s"), ("load.rate", "5.4/s")];
    for &bound in bounds {
        let response = |servers| theory::mmc(5.4, 1.0, servers).unwrap().response;
        let exact = (6..30).find(|&servers| response(servers) <= bound).unwrap();
        let wishes = KneeWishes {
            axis: text("stations.counter.servers"),
            from: text("5"),
            to: text("40"),
            smallest: true,
            objectives: at_most(Metric::MeanS, bound),
            ..KneeWishes::default()
        };
        let (_, answer) = search("models/mmc.toml", &short, 7, &wishes);
        let found = &answer.variants[0];
        assert_eq!(found.estimate, Some(exact as f64), "for {bound} s: {:?} {:?}", found.meets, found.misses);
        assert_eq!((found.meets, found.misses), (Some(exact as f64), Some(exact as f64 - 1.0)));
    }
}

/// Mean value analysis says where the throughput of a closed network grows by less than half of what its customers do.
#[test]
fn the_slope_of_a_closed_network_falls_where_mean_value_analysis_says() {
    let throughput = |customers: f64| {
        mva::solve(&[0.2, 0.18, 0.12].map(mva::Centre::queue), 5.0, customers as usize).unwrap().throughput
    };
    let growth = |customers: f64| {
        let fewer = (customers - 1.0).min((customers * 0.9).round());
        (throughput(customers) / throughput(fewer) - 1.0) / (customers / fewer - 1.0)
    };
    let exact = (2..60).map(f64::from).take_while(|&customers| growth(customers) >= 0.5).last().unwrap();
    let wishes = KneeWishes {
        axis: text("load.concurrency"),
        from: text("2"),
        to: text("60"),
        slope: Some(0.5),
        max_replications: Some(40),
        ..KneeWishes::default()
    };
    let short = [("load.duration", "500s"), ("load.warm_up", "100s")];
    let (_, answer) = search("models/central-server.toml", &short, 3, &wishes);
    brackets(&answer.variants[0], exact + 0.5, 6.0);
}

/// The shipped experiment says between 125 and 200, and a sweep of it between 150 and 175.
#[test]
fn the_collapse_of_the_pooling_experiment_is_found_and_named() {
    let objectives = vec![Objective::AtLeast { metric: Metric::SuccessRate, value: 0.9 }];
    let wishes = KneeWishes { objectives, ..KneeWishes::default() };
    let (knee, answer) = search("experiments/pooling.toml", &[], 1, &wishes);
    assert_eq!((knee.grid.value(0), knee.grid.value(knee.grid.cells())), (10.0, 250.0));
    let found = &answer.variants[0];
    // A run that loses a worker misses, so the knee lies where the first of them do.
    brackets(found, 141.5, 20.0);
    assert_eq!(found.cause.as_deref(), Some("user-service pool auth deadlocks"));
    let shipped =
        answer.variants.iter().find(|found| answer.plan.variants[found.variant] == "shared as shipped").unwrap();
    assert_eq!((shipped.outcome, shipped.estimate), (KneeOutcome::NoneMeets, None));
    // With a shared client and the hash on the loop the first worker is lost earlier.
    let lifespan = answer.variants.iter().find(|found| answer.plan.variants[found.variant] == "lifespan pool").unwrap();
    brackets(lifespan, 115.5, 20.0);
}

/// Of ranges without a knee it is said which they are.
#[test]
fn ends_are_looked_at_first() {
    let short = [("load.duration", "4000s")];
    let ask = |from: &str, to: &str, smallest: bool| {
        let wishes = KneeWishes {
            axis: text("load.rate"),
            from: text(from),
            to: text(to),
            smallest,
            objectives: at_most(Metric::MeanS, 3.0),
            ..KneeWishes::default()
        };
        search("models/mm1.toml", &short, 1, &wishes).1.variants.remove(0)
    };
    assert_eq!(ask("0.1/s", "0.4/s", false).outcome, KneeOutcome::AllMeet);
    assert_eq!(ask("0.85/s", "0.99/s", false).outcome, KneeOutcome::NoneMeets);
    let wrong_way = ask("0.1/s", "0.95/s", true);
    assert_eq!(wrong_way.outcome, KneeOutcome::Rises);
    assert_eq!(wrong_way.tried.len(), 2, "nothing but the ends is tried");
}

/// `smallest` in the table is about the axis of the table: along another one the largest value is looked for.
#[test]
fn the_smallest_of_the_table_is_that_of_its_axis() {
    let file = std::env::temp_dir().join(format!("sim-smallest-{}.toml", std::process::id()));
    let model = std::fs::read_to_string("models/mm1.toml").expect("a model");
    let table = file.with_extension("model.toml");
    std::fs::write(&table, model).expect("a file");
    let name = table.file_name().and_then(|name| name.to_str()).expect("a name");
    let words = format!(
        "title = \"t\"\nmodel = \"{name}\"\n[knee]\naxis = \"load.rate\"\nfrom = \"0.1/s\"\nto = \"0.9/s\"\nsmallest = true\n"
    );
    std::fs::write(&file, words).expect("a file");
    let bench = Workbench::read(&file, &Adjustments::default());
    for file in [&file, &table] {
        std::fs::remove_file(file).expect("the file was ours");
    }
    let bench = bench.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let asked = |wishes: KneeWishes| bench.knee(&wishes).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let named = |axis: &str, from: &str, to: &str| KneeWishes {
        axis: text(axis),
        from: text(from),
        to: text(to),
        ..KneeWishes::default()
    };
    assert!(asked(KneeWishes::default()).smallest);
    assert!(asked(named("load.rate", "0.2/s", "0.5/s")).smallest);
    assert!(!asked(named("load.duration", "1000s", "2000s")).smallest);
}

/// An M/M/1 answers 28.5 requests a minute from 0.475/s on, and with a mean of at most 4 s up to 0.75/s: neither end of the
/// range meets both, and both ends of what does are found, whichever of them is asked for.
#[test]
fn a_throughput_is_reached_only_where_it_is_offered() {
    let short = [("load.duration", "20000s"), ("load.warm_up", "1000s")];
    let ask = |per_minute: f64, smallest: bool| {
        let wishes = KneeWishes {
            axis: text("load.rate"),
            from: text("0.2/s"),
            to: text("0.95/s"),
            resolution: text("0.05/s"),
            smallest,
            objectives: [
                at_most(Metric::MeanS, 4.0),
                vec![Objective::AtLeast { metric: Metric::ThroughputPerMin, value: per_minute }],
            ]
            .concat(),
            max_replications: Some(20),
            ..KneeWishes::default()
        };
        search("models/mm1.toml", &short, 1, &wishes).1.variants.remove(0)
    };
    let near = |a: Option<f64>, b: f64| a.is_some_and(|a| (a - b).abs() < 1e-9);
    let highest = ask(28.5, false);
    assert_eq!(highest.outcome, KneeOutcome::Found);
    let (meets, misses) = (highest.meets.expect("one that meets"), highest.misses.expect("one that misses"));
    assert!(meets <= 0.75 && misses >= 0.75 && misses - meets < 0.11, "{meets} {misses}");
    let start = highest.start.as_ref().expect("a near end");
    assert!(start.is_sharp && near(Some(start.misses), 0.45) && near(start.meets, 0.5), "{start:?}");
    assert_eq!(highest.unsteady, None, "a throughput that rises with the load is no sign of a second range");
    let least = ask(28.5, true);
    assert_eq!(least.outcome, KneeOutcome::Found);
    assert_eq!(least.unsteady, None, "a mean that falls with the load is no sign of a second range");
    assert!(least.is_sharp && near(least.meets, 0.5) && near(least.misses, 0.45), "{least:?}");
    let start = least.start.as_ref().expect("a near end");
    assert!(start.misses > 0.75 && start.meets.is_some_and(|meets| meets < 0.75), "{start:?}");
    // 0.833/s cannot be had within 4 s.
    let none = ask(50.0, false);
    assert_eq!((none.outcome, none.meets, none.estimate), (KneeOutcome::NoneMeets, None, None));
}

/// A fifth of the requests fails at once, so that an M/M/1 completes 28.5 a minute from 0.594/s on, and those with a mean of
/// at most 4 s up to 0.9375/s. The lower rates send more than 28.5 a minute and complete less: they are too low, not too high.
#[test]
fn a_throughput_is_reached_at_a_higher_rate_where_requests_fail() {
    let steps = "[{ choose = [{ probability = 0.2, steps = [{ fail = \"no input\" }] }] }, \
                 { visit = { station = \"counter\", time = \"exp(1s)\" } }]";
    let set = [("load.duration", "20000s"), ("load.warm_up", "1000s"), ("services.shop.endpoints.serve.steps", steps)];
    let wishes = KneeWishes {
        axis: text("load.rate"),
        from: text("0.2/s"),
        to: text("0.95/s"),
        resolution: text("0.05/s"),
        objectives: [
            at_most(Metric::MeanS, 4.0),
            vec![Objective::AtLeast { metric: Metric::ThroughputPerMin, value: 28.5 }],
        ]
        .concat(),
        max_replications: Some(20),
        ..KneeWishes::default()
    };
    let found = search("models/mm1.toml", &set, 1, &wishes).1.variants.remove(0);
    assert_eq!(found.outcome, KneeOutcome::Found, "{found:?}");
    assert!(found.meets.is_some_and(|meets| (0.8..=0.9375).contains(&meets)), "{found:?}");
    let start = found.start.as_ref().expect("a near end");
    assert!(start.misses < 0.594 && start.meets.is_some_and(|meets| (0.594..0.7).contains(&meets)), "{start:?}");
    let cause = start.cause.as_deref().expect("a reason");
    assert!(cause.ends_with(" % of the requests fail (`no input`)"), "{cause}");
}

/// The bound is the exact value of one of the grid's points: this one cannot be told, and is not claimed to be.
#[test]
fn a_value_on_the_bound_is_too_close_to_tell() {
    let wishes = KneeWishes {
        axis: text("load.rate"),
        from: text("0.25/s"),
        to: text("0.75/s"),
        resolution: text("0.25/s"),
        objectives: at_most(Metric::MeanS, 2.0),
        max_replications: Some(20),
        ..KneeWishes::default()
    };
    let (_, answer) = search("models/mm1.toml", &[("load.duration", "4000s")], 5, &wishes);
    let found = &answer.variants[0];
    assert_eq!((found.meets, found.misses), (Some(0.25), Some(0.75)));
    assert_eq!(found.tried[1].decision, Some(Decision::TooClose));
    assert_eq!(found.tried[1].replications, 20);
}

#[test]
#[ignore = "long: two searches of five variants"]
fn the_number_of_threads_does_not_show() {
    let find = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let wishes = KneeWishes { max_replications: Some(10), ..KneeWishes::default() };
        let answer = pool.install(|| search("experiments/pooling.toml", &[], 9, &wishes).1);
        format!("{:?}", answer.variants)
    };
    assert_eq!(find(1), find(4));
}
