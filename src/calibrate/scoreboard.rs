//! The scoreboard: how good past predictions were, a line of JSON for each comparison.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::compare::{Agreement, Comparison};
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
        let score = |score: &super::compare::Score| EntryScore {
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
            agreement: word(comparison.agreement()).into(),
            scores: comparison.scores.iter().map(score).collect(),
        }
    }
}

/// An agreement in a word.
pub fn word(agreement: Agreement) -> &'static str {
    match agreement {
        Agreement::Within => "within",
        Agreement::Beyond => "beyond",
        Agreement::Undecided => "undecided",
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

/// The present day in UTC.
pub fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The present time in UTC.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day after 1 January 1970 (Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`).
pub(super) fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_are_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_782), (2024, 2, 29));
        assert_eq!(civil(20_787), (2026, 11, 30));
        assert_eq!(civil(11_016), (2000, 2, 29));
    }
}
