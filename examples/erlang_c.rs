//! How long does a customer wait in a queue with several servers? Simulated, and by Erlang's C formula.
//!
//! A figure of a simulator is worth as much as its agreement with what is known. Here everything is known: Poisson
//! arrivals, exponential service, one queue, all systems 80 % in use.
//!
//! ```console
//! $ cargo run --release --example erlang_c
//! ```

use std::fmt::Write as _;
use std::path::Path;

use sim::statistics::theory;
use sim::{Adjustments, Metric, Mistakes, Plan};

/// The M/M/c that this example is about. Its service takes a second in the mean.
const MODEL: &str = r#"
[load]
kind = "open"
target = "shop.serve"
rate = "0.8/s"
warm_up = "500s"
duration = "5000s"

[stations.counter]
servers = 1

[services.shop]
runtime = "delay"

[services.shop.endpoints.serve]
steps = [{ visit = { station = "counter", time = "exp(1s)" } }]
"#;

fn main() -> Result<(), Mistakes> {
    print!("{}", answer()?);
    Ok(())
}

/// The table.
pub fn answer() -> Result<String, Mistakes> {
    let mut table = String::from("servers  exact mean  simulated mean, 95 % interval\n");
    for servers in [1, 2, 4, 8] {
        let rate = 0.8 * servers as f64;
        let adjustments = Adjustments::default()
            .set("load.rate", format!("{rate}/s"))
            .set("stations.counter.servers", servers.to_string())
            .seed(1)
            .replications(20);
        let plan = Plan::from_text(Path::new("mmc.toml"), MODEL, &adjustments)?;
        let report = sim::run(&plan);
        let mean = report.points().next().and_then(|point| point.metric(Metric::MeanS)).expect("requests succeed");
        let exact = theory::mmc(rate, 1.0, servers).expect("a stable queue").response;
        let agrees = if mean.contains(exact) { "agrees" } else { "does not contain it" };
        let _ = writeln!(
            table,
            "{servers:>7}  {exact:>9.3}s  {:.3} s ({:.3} to {:.3}): {agrees}",
            mean.estimate, mean.low, mean.high
        );
    }
    Ok(table)
}
