//! Is a second connection pool worth it, or one large one? Two designs under the same requests.
//!
//! Both designs have 16 connections. In one of them writes have four of their own, so that slow reports cannot keep them
//! waiting. Variants of an experiment meet the same requests in the same replication, so that their difference is that of
//! the designs, and not of the requests that each happened to meet.
//!
//! ```console
//! $ cargo run --release --example compare_designs
//! ```

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use sim::{Adjustments, Metric, Plan};

/// Nine in ten requests are short writes, one in ten is a long report.
const MODEL: &str = r#"
[load]
kind = "open"
rate = "40/s"
warm_up = "20s"
duration = "300s"

[load.classes.write]
target = "shop.write"
weight = 9

[load.classes.report]
target = "shop.report"
weight = 1

[limits.writes]
size = 16

[limits.reports]
size = 16

[services.shop]
runtime = "delay"

[services.shop.endpoints.write]
steps = [{ with = { shared = "reports", steps = [{ sleep = "exp(50ms)" }] } }]

[services.shop.endpoints.report]
steps = [{ with = { shared = "reports", steps = [{ sleep = "exp(2.5s)" }] } }]
"#;

const EXPERIMENT: &str = r#"
title = "One pool, or two?"
model = "pools.toml"
replications = 10
seed = 1

[[variants]]
name = "one pool of 16"

[[variants]]
name = "12 and 4"
set = { "limits.reports.size" = 12, "limits.writes.size" = 4, "services.shop.endpoints.write.steps.with.shared" = "writes" }
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", answer()?);
    Ok(())
}

/// The figures of both designs and their difference.
pub fn answer() -> Result<String, Box<dyn std::error::Error>> {
    let folder = Folder::new()?;
    fs::write(folder.0.join("pools.toml"), MODEL)?;
    fs::write(folder.0.join("experiment.toml"), EXPERIMENT)?;
    let plan = Plan::read(&folder.0.join("experiment.toml"), &Adjustments::default())?;
    let report = sim::run(&plan);
    let [one, two] = ["one pool of 16", "12 and 4"].map(|name| report.find(name, &[]).expect("figures"));

    let mut told = String::new();
    for (design, point) in [("one pool of 16", one), ("12 and 4", two)] {
        for class in ["write", "report"] {
            let mean = point.metric_of(class, Metric::MeanS).expect("requests succeed");
            let _ = writeln!(told, "{design:<14}  {class:<6}  {:.3} s ± {:.3}", mean.estimate, mean.half_width());
        }
    }
    for class in ["write", "report"] {
        let difference = two.minus_of(class, &one, Metric::MeanS).expect("pairs");
        let by = difference.difference;
        let _ = writeln!(
            told,
            "Two pools change the mean of a {class} by {:+.3} s ({:+.3} to {:+.3}).",
            by.estimate, by.low, by.high
        );
    }
    Ok(told)
}

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("sim-compare-designs-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
