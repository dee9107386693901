//! What does a report say of an experiment? Conditions, limiting resources, verdicts and doubts, from a shipped file.
//!
//! The experiment compares settings of a database pool. It is run here at one load, 200 concurrent users, with three
//! replications.
//!
//! ```console
//! $ cargo run --release --example read_report
//! ```

use std::fmt::Write as _;
use std::path::Path;

use sim::{Adjustments, Metric, Mistakes, Plan, Verdict};

fn main() -> Result<(), Mistakes> {
    print!("{}", answer()?);
    Ok(())
}

/// The report, in the order in which one reads it.
pub fn answer() -> Result<String, Mistakes> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/db-pool.toml");
    let adjustments = Adjustments::default().set("load.concurrency", "200").replications(3);
    let plan = Plan::read(&file, &adjustments)?;
    let report = sim::run(&plan);

    let mut told = format!("{}\n\n", plan.title);
    for point in report.points() {
        let condition = point.condition().map_or("not known", |condition| condition.word());
        let success = point.metric(Metric::SuccessRate).expect("requests end");
        let limited = point.limited_by().unwrap_or("nothing");
        let _ = writeln!(
            told,
            "{:<27} {condition:<10} success {:>3.0} % ({:.0} to {:.0}), limited by {limited}",
            point.variant(),
            100.0 * success.estimate,
            100.0 * success.low,
            100.0 * success.high
        );
    }
    told.push('\n');
    for judged in report.hypotheses() {
        let verdict = match (judged.verdict, judged.refuted) {
            (Verdict::Holds, false) => "holds",
            (Verdict::Holds, true) => "refuted, as expected",
            (Verdict::Fails, _) => "fails",
            (Verdict::Undecided, _) => "undecided",
        };
        // `judged.evidence` has the figures that decided it.
        let _ = writeln!(told, "{verdict}: {}", judged.claim);
    }
    for doubt in report.doubts() {
        let _ = writeln!(told, "doubt: {doubt}");
    }
    Ok(told)
}
