//! The scoreboard: how good past predictions were, a line of JSON for each comparison.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::compare::{Comparison, Score};
use super::date::now;
use crate::experiment::plan::Plan;

/// The name of the file.
pub const FILE: &str = "scoreboard.jsonl";

/// A comparison of the past.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Entry {
    /// When, in UTC (RFC 3339).
    pub at: String,
    /// The experiment or model.
    pub experiment: String,
    /// What was measured.
    pub data: String,
    /// The version of `sim`.
    pub sim: String,
    /// The seed.
    pub seed: u64,
    /// What stands for the contents of the files of the model.
    pub inputs: String,
    /// `within`, `beyond` or `undecided`.
    pub agreement: String,
    /// By metric.
    pub scores: Vec<EntryScore>,
}

/// How good the predictions of a metric were.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct EntryScore {
    /// The metric.
    pub metric: String,
    /// Figures.
    pub figures: usize,
    /// The median of the sizes of the deviations: relative, of shares in points.
    pub median_error: f64,
    /// The mean of the deviations.
    pub bias: f64,
    /// Figures that lay in their bands.
    pub covered: usize,
    /// Figures that had one.
    pub bands: usize,
}

impl Entry {
    /// The entry of a comparison that ends now.
    pub fn of(comparison: &Comparison, plan: &Plan, experiment: &Path, data: &Path) -> Self {
        let score = |score: &Score| EntryScore {
            metric: score.metric.name().into(),
            figures: score.count,
            median_error: score.median_error,
            bias: score.bias,
            covered: score.covered.0,
            bands: score.covered.1,
        };
        Self {
            at: now(),
            experiment: experiment.display().to_string(),
            data: data.display().to_string(),
            sim: env!("CARGO_PKG_VERSION").into(),
            seed: plan.seed,
            inputs: plan.origin().fingerprint.clone(),
            agreement: comparison.agreement().name().into(),
            scores: comparison.scores.iter().map(score).collect(),
        }
    }
}

/// Appends an entry to the scoreboard of a folder.
///
/// # Errors
/// Where the file cannot be written.
pub fn append(folder: &Path, entry: &Entry) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut line = serde_json::to_string(entry)?;
    line.push('\n');
    // One write, so that two processes do not mix their lines.
    OpenOptions::new().create(true).append(true).open(folder.join(FILE))?.write_all(line.as_bytes())
}

/// The entries of a folder in their order, and the numbers of the lines that are none; none of both where there is no file.
///
/// # Errors
/// Where the file cannot be read.
pub fn read(folder: &Path) -> io::Result<(Vec<Entry>, Vec<usize>)> {
    let text = match fs::read_to_string(folder.join(FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
        other => other?,
    };
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(entry) => entries.push(entry),
            Err(_) => damaged.push(index + 1),
        }
    }
    Ok((entries, damaged))
}
