//! How many workers does a day need? A load that is computed in code, not written by hand.
//!
//! Anything that can be computed can be a load: a model is text, so a program writes the part that it knows. Here the
//! rate follows a curve with a peak at noon, a point an hour; an hour lasts a minute, since nothing in the model has a
//! memory of hours.
//!
//! ```console
//! $ cargo run --release --example daily_load
//! ```

use std::fmt::Write as _;
use std::path::Path;

use sim::{Adjustments, Metric, Mistakes, Plan};

const SERVICE: &str = r#"
[stations.workers]
servers = 1

[services.api]
runtime = "delay"

[services.api.endpoints.answer]
steps = [{ visit = { station = "workers", time = "exp(100ms)" } }]
"#;

fn main() -> Result<(), Mistakes> {
    print!("{}", answer()?);
    Ok(())
}

/// Requests a second at this hour: 5 at night, 45 at noon.
fn rate(hour: u32) -> f64 {
    let angle = std::f64::consts::TAU * f64::from(hour) / 24.0;
    25.0 - 20.0 * angle.cos()
}

/// The model with its load.
fn model() -> String {
    let mut points = String::new();
    for hour in 0..=24 {
        let _ = writeln!(points, "  {{ at = \"{}s\", rate = \"{:.3}/s\" }},", hour * 60, rate(hour));
    }
    format!(
        "[load]\nkind = \"open\"\ntarget = \"api.answer\"\nduration = \"1440s\"\ntimeout = \"2s\"\nrate = \"{:.3}/s\"\nprofile = [\n{points}]\n{SERVICE}",
        rate(0)
    )
}

/// Response times and success for several numbers of workers.
pub fn answer() -> Result<String, Mistakes> {
    let text = model();
    let mut told = String::from("workers  success   p95      p99\n");
    for workers in [3, 4, 5, 6, 8] {
        let adjustments =
            Adjustments::default().set("stations.workers.servers", workers.to_string()).seed(1).replications(5);
        let plan = Plan::from_text(Path::new("day.toml"), &text, &adjustments)?;
        let report = sim::run(&plan);
        let point = report.points().next().expect("figures");
        let of = |metric| point.metric(metric).map_or(f64::NAN, |interval| interval.estimate);
        let _ = writeln!(
            told,
            "{workers:>7}  {:>5.1} %  {:>5.2} s  {:>5.2} s",
            100.0 * of(Metric::SuccessRate),
            of(Metric::P95S),
            of(Metric::P99S)
        );
    }
    Ok(told)
}
