//! Which arrival rate can a service take, if 95 % of requests are to be answered within a second?
//!
//! A search in code: bisection over the rate. A rate is accepted when the whole 95 % interval of the 95th percentile
//! is below the bound, and rejected when the whole interval is above it; between the two more replications would be
//! needed, and the search ends. `sim knee` does the same with a sequential test that decides how many replications each
//! rate needs.
//!
//! ```console
//! $ cargo run --release --example capacity
//! ```

use std::fmt::Write as _;
use std::path::Path;

use sim::statistics::{Interval, theory};
use sim::{Adjustments, Metric, Mistakes, Plan};

/// Two workers, each busy for 200 ms in the mean with a request.
const MODEL: &str = r#"
[load]
kind = "open"
target = "api.answer"
rate = "1/s"
warm_up = "100s"
duration = "3000s"

[stations.workers]
servers = 2

[services.api]
runtime = "delay"

[services.api.endpoints.answer]
steps = [{ visit = { station = "workers", time = "exp(200ms)" } }]
"#;

const BOUND_S: f64 = 1.0;

fn main() -> Result<(), Mistakes> {
    print!("{}", answer()?);
    Ok(())
}

/// What each rate shows, and the rates between which the limit lies.
pub fn answer() -> Result<String, Mistakes> {
    let mut told = String::new();
    let (mut meets, mut misses) = (1.0, 9.5);
    while misses - meets > 0.2 {
        let rate = (meets + misses) / 2.0;
        let p95 = p95(rate)?;
        let verdict = if p95.is_below(BOUND_S) {
            meets = rate;
            "meets the objective"
        } else if p95.is_above(BOUND_S) {
            misses = rate;
            "misses it"
        } else {
            "cannot be decided in 20 runs"
        };
        let _ = writeln!(told, "{rate:.2}/s: p95 {:.2} s ({:.2} to {:.2}), {verdict}", p95.estimate, p95.low, p95.high);
        if p95.contains(BOUND_S) {
            break;
        }
    }
    let _ = writeln!(told, "The limit is between {meets:.2}/s and {misses:.2}/s.");
    let _ = writeln!(told, "At {meets:.2}/s the workers are busy for {:.0} % of the time.", 100.0 * busy(meets));
    Ok(told)
}

/// The 95th percentile of the response time, in seconds.
fn p95(rate: f64) -> Result<Interval, Mistakes> {
    let adjustments = Adjustments::default().set("load.rate", format!("{rate}/s")).seed(1).replications(20);
    let plan = Plan::from_text(Path::new("capacity.toml"), MODEL, &adjustments)?;
    let report = sim::run(&plan);
    Ok(report.points().next().and_then(|point| point.metric(Metric::P95S)).expect("requests succeed"))
}

/// The share of the time in which a worker is busy, by theory.
fn busy(rate: f64) -> f64 {
    theory::mmc(rate, 0.2, 2).expect("a stable queue").utilisation
}
