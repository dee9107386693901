//! How do results get into another program? A table of chosen metrics as CSV, and the whole report as JSON.
//!
//! ```console
//! $ cargo run --release --example export
//! ```

use std::fmt::Write as _;
use std::path::Path;

use sim::{Adjustments, Metric, Plan};

const METRICS: [Metric; 4] = [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::MeanS, Metric::P95S];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print!("{}", answer()?);
    Ok(())
}

/// CSV of a sweep, one row a point, then what stands at the top of its JSON document.
pub fn answer() -> Result<String, Box<dyn std::error::Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/queueing.toml");
    let adjustments = Adjustments::default().set("load.rate", "0.5/s");
    let plan = Plan::read(&file, &adjustments)?;
    let report = sim::run(&plan);

    let mut csv = String::from("variant,rate");
    for metric in METRICS {
        let name = metric.name();
        let _ = write!(csv, ",{name},{name}_low,{name}_high");
    }
    csv.push('\n');
    for point in report.points() {
        let _ = write!(csv, "{},{}", point.variant(), point.number("rate").expect("an axis of rates"));
        for metric in METRICS {
            match point.metric(metric) {
                Some(it) => write!(csv, ",{:.4},{:.4},{:.4}", it.estimate, it.low, it.high)?,
                None => csv.push_str(",,,"),
            }
        }
        csv.push('\n');
    }

    let mut json = Vec::new();
    report.write_json(&mut json)?;
    let document: serde_json::Value = serde_json::from_slice(&json)?;
    let points = document["points"].as_array().map_or(0, Vec::len);
    let _ = writeln!(csv, "\nThe JSON document {} has {points} points.", document["title"]);
    Ok(csv)
}
