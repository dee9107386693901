//! `cargo bench`: events and requests per second of three models, beside hand-written loops without a simulator.
//!
//! Machines differ and other work disturbs them, so the rows are run in turn, several rounds over, and the last column is
//! the median of the ratios to the floor within a round. Other simulators run the same models in `benches/peers`.

mod floor;

use std::path::Path;
use std::time::Instant;

use sim::experiment::design::{Adjustments, Plan};
use sim::load;
use sim::parts::Limits;

const ROUNDS: usize = 7;

/// One run: how many requests and events, and a figure that shows that the model did what it should.
struct Done {
    requests: u64,
    events: u64,
    check: f64,
}

struct Row {
    name: &'static str,
    unit: &'static str,
    run: Box<dyn Fn() -> Done>,
    /// Row that this one is compared with.
    floor: Option<usize>,
    seconds: Vec<f64>,
}

fn main() {
    let mut rows = vec![
        row("M/M/1, two clocks by hand", "customers", None, || floor::mm1(2_000_000)),
        row("M/M/1, models/mm1.toml", "customers", Some(0), model("models/mm1.toml", &[("load.duration", "2500000s")])),
        row("pool network, bare heap by hand", "cycles", None, || floor::pool_network(400_000)),
        row(
            "pool network, models/pool-network.toml",
            "cycles",
            Some(2),
            model("models/pool-network.toml", &[("load.duration", "8000s")]),
        ),
        row(
            "registration, experiments/pooling.toml",
            "requests",
            None,
            model("models/registration.toml", &[("load.concurrency", "100"), ("load.users", "20000")]),
        ),
    ];
    let mut done: Vec<Option<Done>> = rows.iter().map(|_| None).collect();
    for _ in 0..ROUNDS {
        for (index, row) in rows.iter_mut().enumerate() {
            let start = Instant::now();
            let result = (row.run)();
            row.seconds.push(start.elapsed().as_secs_f64());
            done[index] = Some(result);
        }
    }
    println!("{:<40} {:>14} {:>14} {:>10} {:>10}", "model", "requests/s", "events/s", "of floor", "check");
    for (row, done) in rows.iter().zip(&done) {
        let Some(done) = done else { continue };
        let best = row.seconds.iter().copied().fold(f64::MAX, f64::min);
        let ratio = row.floor.map_or_else(String::new, |floor| {
            let per_request = |seconds: f64, requests: u64| seconds / requests as f64;
            let floor_requests = done_requests(&rows[floor]);
            let ratios = row.seconds.iter().zip(&rows[floor].seconds);
            let mut ratios: Vec<f64> = ratios
                .map(|(&ours, &theirs)| per_request(theirs, floor_requests) / per_request(ours, done.requests))
                .collect();
            ratios.sort_by(f64::total_cmp);
            format!("{:.2}", ratios[ratios.len() / 2])
        });
        println!(
            "{:<40} {:>14.0} {:>14.0} {:>10} {:>10.3}  {}",
            row.name,
            done.requests as f64 / best,
            done.events as f64 / best,
            ratio,
            done.check,
            row.unit
        );
    }
}

/// The number of requests of a row's run, which is the same in every round.
fn done_requests(row: &Row) -> u64 {
    (row.run)().requests
}

fn row(name: &'static str, unit: &'static str, floor: Option<usize>, run: impl Fn() -> Done + 'static) -> Row {
    Row { name, unit, run: Box::new(run), floor, seconds: Vec::new() }
}

/// A run of a shipped model, through everything that a sweep's trial goes through.
fn model(file: &'static str, set: &[(&str, &str)]) -> impl Fn() -> Done + 'static {
    let set = set.iter().map(|&(path, value)| (path.to_owned(), value.to_owned())).collect();
    let plan = Plan::read(Path::new(file), &Adjustments { set, ..Adjustments::default() })
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    move || {
        let point = &plan.points[0];
        let outcome = load::trial(&point.system, &point.load, plan.seed, 0, &Limits::default());
        assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
        Done {
            requests: outcome.succeeded,
            events: outcome.events,
            check: outcome.response_times.mean().unwrap_or(0.0) / 1e9,
        }
    }
}
