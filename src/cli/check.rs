//! `sim check`: finds mistakes without running anything.

use std::path::{Path, PathBuf};

use clap::Args;

use super::adjust::Adjust;
use super::exit::{Exit, Failure};
use super::page::Page;
use crate::experiment::design::{Adjustments, Plan};
use crate::experiment::precision;
use crate::spec::Mistakes;

/// Check experiments and models without running them.
///
/// Prints a line for each file that is right, with what a sweep of it would run, and every mistake of the others: the
/// place, the text, what is allowed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim check models/*.toml experiments/*.toml
  sim check experiments/pooling.toml --set services.user-service.workers=8

Exit codes:
  0 all files are right, 2 one has a mistake")]
pub struct Check {
    /// The files of experiments and models
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    adjust: Adjust,
}

impl Check {
    /// Checks each file, whatever is wrong with those before it.
    pub fn run(&self, page: &mut Page) -> Result<Exit, Failure> {
        let adjustments = Adjustments::from(&self.adjust);
        let mut exit = Exit::Holds;
        for file in &self.files {
            match describe(file, &adjustments) {
                Ok(text) => page.print(format!("ok  {}: {text}\n", file.display())),
                Err(mistakes) => {
                    page.say(mistakes.render(true).trim_end());
                    page.say("");
                    exit = Exit::Mistake;
                }
            }
        }
        Ok(exit)
    }
}

/// What a file would run.
fn describe(file: &Path, adjustments: &Adjustments) -> Result<String, Mistakes> {
    Plan::check(file, adjustments)?;
    // What is right but cannot be read as a plan is a model without a load.
    let Ok(plan) = Plan::read(file, adjustments) else { return Ok("a model without a load of its own".into()) };
    let (points, replications) = (plan.points.len(), precision::first(&plan) as usize);
    let count = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let mut text = String::new();
    if plan.variants.len() > 1 {
        text += &format!("{}, ", count(plan.variants.len(), "variant"));
    }
    text += &format!("{} x {}", count(points, "point"), count(replications, "replication"));
    text += &format!(" = {}", count(points * replications, "trial"));
    if let Some(most) = plan.most() {
        text += &format!(" at least, {most} replications at most");
    }
    if !plan.measurements.is_empty() {
        text += &format!(", {}", count(plan.measurements.len(), "measurement"));
    }
    match plan.hypotheses.len() {
        0 => {}
        1 => text += ", 1 hypothesis",
        hypotheses => text += &format!(", {hypotheses} hypotheses"),
    }
    Ok(text)
}
