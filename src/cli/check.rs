//! `sim check`: finds mistakes without running anything.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::adjust::Adjust;
use super::exit::{Exit, ExitFailure};
use super::format::Format;
use super::page::Page;
use crate::experiment::analyse::precision;
use crate::experiment::plan::{Adjustments, Checked, Plan};
use crate::language::{Difference, Mistake, Mistakes};
use crate::report::{AnnotationLevel, hanging, mistake_annotation};

/// Changes of a variant that are shown; the others are counted, and all are in the JSON document.
const SHOWN: usize = 12;

/// Check experiments and models without running them.
///
/// Prints one line for each valid file with the size of its sweep, then what each variant changes in the model (before
/// → after, by path), and warnings about parts that have no effect. For the other files it prints every mistake: the
/// place, the text and what is allowed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim check models/*.toml experiments/*.toml
  sim check experiments/pooling.toml --set services.user-service.workers=8
  sim check experiments/*.toml --format json | jq '.files[] | select(.ok | not)'

Exit codes:
  0 all files are valid, 2 a file has a mistake")]
pub struct Check {
    /// The experiment and model files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    adjust: Adjust,

    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Check {
    /// Checks each file, whatever is wrong with those before it.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let adjustments = Adjustments::from(&self.adjust);
        let mut exit = Exit::Holds;
        let mut documents = Vec::new();
        for file in &self.files {
            let found = Plan::check(file, &adjustments);
            if found.is_err() {
                exit = Exit::Mistake;
            }
            match (self.format, found) {
                (Format::Json, found) => documents.push(document(&file.display().to_string(), &found)),
                (Format::Table, Ok(checked)) => {
                    let size = format!("{}: {}", file.display(), describe(&checked));
                    let width = page.width();
                    page.print(hanging("ok  ", 8, &size, width) + &changes(&checked, width));
                    for warning in &checked.warnings {
                        page.say(format!("{}\n", warning.render_warning(true)));
                        page.annotate(|| mistake_annotation(warning, AnnotationLevel::Warning));
                    }
                }
                (Format::Table, Err(mistakes)) => {
                    page.correct(&mistakes);
                    page.say("");
                }
            }
        }
        if self.format == Format::Json {
            page.data(format!("{:#}\n", json!({ "files": documents })));
        }
        Ok(exit)
    }
}

/// What a file would run.
fn describe(checked: &Checked) -> String {
    let Some(plan) = &checked.plan else { return "a model without a load".into() };
    let (points, replications) = (plan.points.len(), precision::first(plan) as usize);
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
    text
}

/// What each variant changes, a line each; empty where nothing is changed.
fn changes(checked: &Checked, width: Option<usize>) -> String {
    let mut text = String::new();
    let mut part = |name: &str, changes: &[Difference]| {
        if changes.is_empty() {
            text += &format!("    {name}: changes nothing\n");
            return;
        }
        text += &format!("    {name}:\n");
        for change in changes.iter().take(SHOWN) {
            let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".into());
            let line = format!("{}: {} → {}", change.path, side(&change.before), side(&change.after));
            text += &match width {
                Some(_) => hanging("      ", 10, &line, width),
                None => format!("      {line}\n"),
            };
        }
        if changes.len() > SHOWN {
            text += &format!("      and {} more (--format json has all)\n", changes.len() - SHOWN);
        }
    };
    if !checked.shared.is_empty() {
        part("every variant", &checked.shared);
    }
    for (name, changes) in &checked.variants {
        part(&format!("variant \"{name}\""), changes);
    }
    text
}

/// A file's part of the JSON document.
fn document(file: &str, found: &Result<Checked, Mistakes>) -> Value {
    let checked = match found {
        Ok(checked) => checked,
        Err(mistakes) => {
            return json!({ "file": file, "ok": false, "mistakes": mistakes.0.iter().map(told).collect::<Vec<_>>() });
        }
    };
    let change = |change: &Difference| json!({ "path": change.path, "before": change.before, "after": change.after });
    let changes = |all: &[Difference]| all.iter().map(change).collect::<Vec<_>>();
    let variants: Vec<_> = checked
        .variants
        .iter()
        .map(|(name, differences)| json!({ "name": name, "changes": changes(differences) }))
        .collect();
    let plan = checked.plan.as_ref().map(|plan| {
        json!({
            "title": plan.title,
            "variants": plan.variants,
            "points": plan.points.len(),
            "replications": precision::first(plan),
            "max_replications": plan.most(),
            "hypotheses": plan.hypotheses.len(),
            "measurements": plan.measurements.len(),
        })
    });
    json!({
        "file": file,
        "ok": true,
        "plan": plan,
        "changes": { "every_variant": changes(&checked.shared), "variants": variants },
        "warnings": checked.warnings.iter().map(told).collect::<Vec<_>>(),
    })
}

/// A mistake or a warning, with its places.
fn told(mistake: &Mistake) -> Value {
    let places: Vec<_> = mistake
        .marks
        .iter()
        .map(|mark| {
            let (file, line, column) = mark.location();
            json!({ "file": file, "line": line, "column": column, "label": mark.label })
        })
        .collect();
    json!({ "title": mistake.title, "places": places, "notes": mistake.notes, "helps": mistake.helps })
}
