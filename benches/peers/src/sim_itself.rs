//! `sim` itself: the models that it ships, read from their TOML, through everything that a sweep's trial goes through.
//!
//! A run of `sim` is given a simulated duration, not a number of customers: it is chosen so that about as many come
//! through, and what did is counted.

use std::path::Path;

use sim::experiment::plan::{Adjustments, Plan};
use sim::load::trial;
use sim::parts::Limits;

use crate::model::{Outcome, Pool};

/// M/M/1 from `models/mm1.toml`: 0.8 customers a second.
pub fn mm1(customers: u64) -> Outcome {
    run("mm1.toml", &[("load.duration", format!("{}s", customers * 10 / 8))])
}

/// The pool network from `models/pool-network.toml`: 50 or 80 cycles a second, by the servers of station C.
pub fn pool(pool: Pool) -> Outcome {
    let rate = (25 * pool.c_servers as u64).min(80);
    let seconds = format!("{}s", pool.cycles / rate);
    run("pool-network.toml", &[("load.duration", seconds), ("stations.c.servers", pool.c_servers.to_string())])
}

fn run(file: &str, set: &[(&str, String)]) -> Outcome {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(file);
    let plan = Plan::read(&path, &Adjustments::default().set_all(set.iter().cloned()))
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let point = &plan.points[0];
    let outcome = trial(&point.system, &point.load, plan.seed, 0, &Limits::default());
    assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
    Outcome {
        units: outcome.succeeded,
        total: outcome.response_times.sum() as f64 / 1e9,
        end: outcome.window.seconds(),
        timeouts: outcome.failures.iter().map(|(_, count)| count).sum(),
    }
}
