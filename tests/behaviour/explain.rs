//! `sim explain` against systems of which it is known what relieves them.

use std::path::Path;

use sim::experiment::plan::{Adjustments, Workbench};
use sim::experiment::run::record::Record;
use sim::experiment::run::runner::Progress;
use sim::experiment::search::explain::{Explanation, LadderEnd, Question, Resized, explain};
use sim::language::Metric;
use sim::report;

fn explained(model: &str) -> Explanation {
    let file = std::env::temp_dir().join(format!("sim-explain-{}-{:x}.toml", std::process::id(), hash(model)));
    std::fs::write(&file, model).expect("a file");
    let bench = Workbench::read(Path::new(&file), &Adjustments::default().replications(4));
    std::fs::remove_file(&file).expect("the file was ours");
    let mut bench = bench.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let question = Question { point: 0, metric: None, factor: 2.0, steps: 3 };
    let found = explain(&mut bench, question, &Record::none(), &Progress::default());
    found.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The resources of a step, each with its capacity after it.
fn levers(found: &Explanation, resized: &Resized) -> Vec<(String, f64)> {
    resized.levers.iter().map(|&(lever, _, to)| (found.levers[lever].resource.clone(), to)).collect()
}

const CLIENTS: usize = 10;

/// Two stations in a circle, of which the first one takes 100 ms and the second one 80 ms.
const TANDEM: &str = r#"
title = "test"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 10
warm_up = "100s"
duration = "2000s"
[stations.a]
[stations.b]
[services.shop]
runtime = "delay"
endpoints.serve.steps = [{ visit = { station = "a", time = "exp(100ms)" } }, { visit = { station = "b", time = "exp(80ms)" } }]
"#;

/// The throughput of the two stations a minute, with so many servers each: a chain of births and deaths in the number at the
/// first one.
fn throughput(a: usize, b: usize) -> f64 {
    let from_a = |at: usize| at.min(a) as f64 / 0.1;
    let from_b = |at: usize| (CLIENTS - at).min(b) as f64 / 0.08;
    let mut weights = vec![1.0];
    for at in 1..=CLIENTS {
        weights.push(weights[at - 1] * from_b(at - 1) / from_a(at));
    }
    let flow: f64 = weights.iter().enumerate().map(|(at, weight)| weight * from_a(at)).sum();
    60.0 * flow / weights.iter().sum::<f64>()
}

#[test]
fn the_ladder_of_two_stations_is_that_of_theory() {
    let found = explained(TANDEM);
    assert_eq!((found.metric, found.end), (Metric::ThroughputPerMin, LadderEnd::EnoughSteps));
    let base = found.base.as_ref().and_then(|base| base.throughput_per_min).expect("a throughput");
    let ladder = [
        ("station a", 2.0, throughput(2, 1)),
        ("station b", 2.0, throughput(2, 2)),
        ("station a", 4.0, throughput(4, 2)),
    ];
    assert!((base.estimate / throughput(1, 1) - 1.0).abs() < 0.01, "{base:?} {}", throughput(1, 1));
    assert_eq!(found.steps.len(), ladder.len());
    for (step, (resource, servers, exact)) in found.steps.iter().zip(ladder) {
        assert_eq!(levers(&found, &step.resized), [(resource.to_owned(), servers)]);
        assert!(step.is_named, "{:?} was named, not {resource}", step.named);
        let seen = step.resized.summary.as_ref().and_then(|after| after.throughput_per_min).expect("a throughput");
        assert!((seen.estimate / exact - 1.0).abs() < 0.01, "{resource} {servers}: {seen:?}, exact {exact}");
    }
    // More of the faster one alone gives what theory says as well.
    let b = found.alone.iter().find(|one| levers(&found, one)[0].0 == "station b").expect("station b");
    let change = b.change.expect("a change");
    let exact = throughput(1, 2) - throughput(1, 1);
    assert!(change.low - 3.0 < exact && exact < change.high + 3.0, "{change:?}, exact {exact}");
}

/// An event loop that fills its core is relieved by more loops on more cores only.
#[test]
fn what_helps_only_together_is_found() {
    let found = explained(
        r#"
title = "test"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 20
warm_up = "10s"
duration = "100s"
[services.shop]
workers = 1
cpu = "1"
[services.shop.endpoints.serve]
steps = [{ cpu = "exp(10ms)" }]
"#,
    );
    let little = found.indifference(found.base.as_ref().expect("figures"));
    for one in &found.alone {
        let change = found.improvement(one.change.expect("a change"));
        assert!(change.estimate < little, "{:?}: {change:?}", levers(&found, one));
    }
    let step = &found.steps[0].resized;
    let mut both = levers(&found, step);
    both.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(both, [("shop CPU".to_owned(), 2.0), ("shop event loops".to_owned(), 2.0)]);
    let before = found.base.as_ref().and_then(|base| base.throughput_per_min).expect("a throughput").estimate;
    let gain = step.change.expect("a change").estimate / before;
    assert!((0.9..1.1).contains(&gain), "{gain}");
}

/// Threads that contend for cores do more if there are fewer of them.
#[test]
fn a_capacity_that_is_too_large_is_reduced() {
    let found = explained(
        r#"
title = "test"
[load]
kind = "closed"
target = "shop.serve"
concurrency = 100
warm_up = "20s"
duration = "200s"
[services.shop]
runtime = "threads"
threads = 40
cpu = "2"
slowdown = 0.1
[services.shop.endpoints.serve]
steps = [{ cpu = "exp(10ms)" }]
"#,
    );
    let fewer = found.alone.iter().find(|one| levers(&found, one) == [("shop threads".to_owned(), 20.0)]);
    let change = found.improvement(fewer.and_then(|one| one.change).expect("a change"));
    assert!(change.low > 0.0, "{change:?}");
}

/// An open load that is served is judged by its response time, and what nothing waits for is left alone.
#[test]
fn a_load_that_is_served_is_judged_by_its_response_time() {
    let open = TANDEM.replace("kind = \"closed\"", "kind = \"open\"").replace("concurrency = 10", "rate = \"8/s\"");
    let found = explained(&open);
    assert_eq!(found.metric, Metric::P95S);
    assert_eq!(levers(&found, &found.steps[0].resized), [("station a".to_owned(), 2.0)]);
    let idle = explained(
        &TANDEM
            .replace("[stations.a]", "[stations.a]\nservers = 40")
            .replace("[stations.b]", "[stations.b]\nservers = 40"),
    );
    assert_eq!((idle.end, idle.steps.len()), (LadderEnd::NothingInUse, 0));
}

/// A message is answered when it is queued: what can be improved is the time until it is handled.
#[test]
fn work_that_outlasts_its_answer_is_judged_by_its_completion() {
    let queued = "title = \"test\"\n[load]\nkind = \"open\"\ntarget = \"web.put\"\nrate = \"5/s\"\nwarm_up = \"0s\"\nduration = \"400s\"\n\
         [services.web]\nendpoints.put.steps = [{ publish = { queue = \"q\" } }]\n\
         [services.work]\nruntime = \"threads\"\nthreads = 1\nendpoints.do.steps = [{ sleep = \"exp(160ms)\" }]\n\
         [queues.q.consumers.c]\nservice = \"work\"\nendpoint = \"do\"\n";
    let found = explained(queued);
    assert_eq!(found.metric, Metric::CompletionP95S);
    assert!(found.base.as_ref().and_then(|base| base.metric(found.metric)).is_some_and(|it| it.estimate > 0.3));
}

/// What failed requests take is not what a completed one takes.
#[test]
fn what_fails_is_not_counted_as_taken_by_what_completes() {
    let served = explained(TANDEM);
    let words = report::explain(&served, None).join("\n");
    assert!(words.contains("What a completed request takes:"), "{words}");
    let failing = TANDEM.replace(
        "time = \"exp(80ms)\" } }]",
        "time = \"exp(80ms)\" } }, { choose = [{ probability = 0.9, steps = [{ fail = \"bad\" }] }] }]",
    );
    let words = report::explain(&explained(&failing), None).join("\n");
    assert!(words.contains("What all requests take, for each that completes:"), "{words}");
}

/// What is held while its holder waits for something else has no throughput at which it is full, nor has a system that fails.
#[test]
fn bounds_are_those_of_servers() {
    use sim::report;
    let found = explained(
        r#"
title = "test"
[load]
kind = "closed"
target = "a.e"
concurrency = 20
warm_up = "20s"
duration = "400s"
timeout = "10s"
[stations.s]
[services.a]
runtime = "threads"
threads = 8
[services.a.endpoints.e]
steps = [{ visit = { station = "s", time = "exp(50ms)" } }]
"#,
    );
    let words = report::explain(&found, None).concat();
    assert!(words.contains("if each request takes as much as here, station s is full at 12"), "{words}");
    let row =
        |name: &str| words.lines().rev().find(|line| line.starts_with(name)).map(str::trim_end).map(str::to_owned);
    assert!(row("a threads").is_some_and(|row| row.ends_with('–')), "{words}");
    let failing = explained(&TANDEM.replace("concurrency = 10", "concurrency = 10\ntimeout = \"500ms\""));
    assert!(!report::explain(&failing, None).concat().contains("if each request takes as much as here"));
}

/// Three limits that are held together, of two units each: neither one of them nor two do more than all three.
#[test]
fn three_that_help_only_together_are_found() {
    let found = explained(
        r#"
title = "test"
[load]
kind = "closed"
target = "a.e"
concurrency = 20
warm_up = "10s"
duration = "100s"
[services.a]
runtime = "threads"
threads = 64
limits = { x = { size = 2 }, y = { size = 2 }, z = { size = 2 } }
[services.a.endpoints.e]
steps = [{ with = { limit = "x", steps = [{ with = { limit = "y", steps = [{ with = { limit = "z", steps = [{ sleep = "100ms" }] } }] } }] } }]
"#,
    );
    let step = &found.steps[0].resized;
    let mut all = levers(&found, step);
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(all, ["a limit x", "a limit y", "a limit z"].map(|name| (name.to_owned(), 4.0)));
    let change = step.change.expect("a change").estimate;
    assert!((change - 1200.0).abs() < 20.0, "from 20/s to 40/s: {change}");
    let words = sim::report::explain(&found, None).concat();
    assert!(words.contains("none of them helps alone"), "{words}");
}

/// A bucket of one token refuses what comes close together: more tokens at the same rate let it pass.
#[test]
fn the_burst_of_a_rate_limit_is_a_capacity() {
    let found = explained(
        r#"
title = "test"
[load]
kind = "open"
target = "a.e"
rate = "8/s"
warm_up = "10s"
duration = "300s"
[services.a.ingress]
rate_limit = { average = "10/s" }
[services.a.endpoints.e]
steps = [{ sleep = "10ms" }]
"#,
    );
    let burst = |one: &&Resized| one.levers.iter().any(|&(lever, ..)| found.levers[lever].part == Some("burst"));
    let burst = found.alone.iter().find(burst).expect("the burst alone");
    assert!(burst.change.is_some_and(|change| change.low > 0.0), "{burst:?}");
    let words = sim::report::explain(&found, None).concat();
    assert!(words.contains("a ingress rate limit burst 1 → 2"), "{words}");
}
