//! `cargo bench`: events and requests per second of three models, beside hand-written loops without a simulator.
//!
//! Machines differ and other work disturbs them, so the rows are run in turn, several rounds over, and the last column is
//! the median of the ratios to the floor within a round. Other simulators run the same models in `benches/peers`.

mod floor;

use std::path::Path;
use std::time::Instant;

use sim::experiment::plan::{Adjustments, Plan};
use sim::load;
use sim::parts::Limits;

const ROUNDS: usize = 7;

/// One run: how many requests and events, and a figure that shows that the model did what it should.
#[derive(Default)]
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
    done: Done,
}

fn main() {
    let mut rows = [
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
            "registration, 100 concurrent",
            "requests",
            None,
            model("models/registration.toml", &[("load.concurrency", "100"), ("load.users", "20000")]),
        ),
    ];
    for _ in 0..ROUNDS {
        for row in &mut rows {
            let start = Instant::now();
            row.done = (row.run)();
            row.seconds.push(start.elapsed().as_secs_f64());
        }
    }
    println!("{:<40} {:>14} {:>14} {:>10} {:>10}", "model", "requests/s", "events/s", "of floor", "check");
    for row in &rows {
        let best = row.seconds.iter().copied().fold(f64::MAX, f64::min);
        let ratio = row.floor.map_or_else(String::new, |floor| format!("{:.2}", row.share_of(&rows[floor])));
        println!(
            "{:<40} {:>14.0} {:>14.0} {:>10} {:>10.3}  {}",
            row.name,
            row.done.requests as f64 / best,
            row.done.events as f64 / best,
            ratio,
            row.done.check,
            row.unit
        );
    }
}

impl Row {
    /// Speed relative to another row: the median of the ratios within a round.
    fn share_of(&self, other: &Self) -> f64 {
        let speed = |row: &Self, seconds: f64| row.done.requests as f64 / seconds;
        let rounds = self.seconds.iter().zip(&other.seconds);
        let mut ratios: Vec<f64> = rounds.map(|(&a, &b)| speed(self, a) / speed(other, b)).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    }
}

fn row(name: &'static str, unit: &'static str, floor: Option<usize>, run: impl Fn() -> Done + 'static) -> Row {
    Row { name, unit, run: Box::new(run), floor, seconds: Vec::new(), done: Done::default() }
}

/// A run of a shipped model, through everything that a sweep's trial goes through.
fn model(file: &'static str, set: &[(&str, &str)]) -> impl Fn() -> Done + 'static {
    let plan = Plan::read(Path::new(file), &Adjustments::default().set_all(set.iter().copied()))
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
