//! The scoreboard as a table.

use super::agreement::{signed, unit_of};
use super::table::{Column, table};
use crate::calibrate::scoreboard::{Entry, EntryScore};
use crate::language::Metric;

/// The scoreboard: a section for each comparison, with a row for each metric.
pub fn scoreboard(entries: &[Entry]) -> String {
    let mut sections: Vec<(usize, String)> = Vec::new();
    // A comparison in which the model has no figure has a row too, or it would be missing.
    let mut rows: Vec<Option<&EntryScore>> = Vec::new();
    for entry in entries {
        sections.push((rows.len(), heading(entry)));
        rows.extend(entry.scores.iter().map(Some));
        if entry.scores.is_empty() {
            rows.push(None);
        }
    }
    let metric = |one: &EntryScore| Metric::all().find(|metric| metric.name() == one.metric);
    let unit = |one: &EntryScore| metric(one).map_or("%", unit_of);
    let cells = |blank: &str, cell: &dyn Fn(&EntryScore) -> String| -> Vec<String> {
        rows.iter().map(|row| row.map_or(blank.to_owned(), cell)).collect()
    };
    let name = |one: &EntryScore| metric(one).map_or(one.metric.clone(), |metric| metric.short().into());
    let columns = vec![
        Column::words("figure", cells("none", &name)),
        Column::figures("figures", cells("", &|one| one.figures.to_string())),
        Column::figures("error", cells("", &|one| format!("{:.1} {}", one.median_error * 100.0, unit(one)))),
        Column::figures("bias", cells("", &|one| signed(one.bias, unit(one)))),
        Column::figures("in band", cells("", &|one| format!("{} of {}", one.covered, one.bands))),
    ];
    table(columns, &sections)
}

/// `2026-11-30 11:49:31, models/mm1.toml with tests.csv: within`.
fn heading(entry: &Entry) -> String {
    let at = entry.at.trim_end_matches('Z').replace('T', " ");
    format!("{at}, {} with {}: {}", entry.experiment, entry.data, entry.agreement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(scores: &[(&str, f64)]) -> Entry {
        let score = |&(metric, bias): &(&str, f64)| EntryScore {
            metric: metric.into(),
            figures: 3,
            median_error: 0.023,
            bias,
            covered: 1,
            bands: 2,
        };
        Entry {
            at: "2026-11-30T11:49:31Z".into(),
            experiment: "output/waits/calibrated.toml".into(),
            data: "tests/calibrate/waits.csv".into(),
            sim: "0".into(),
            seed: 1,
            inputs: String::new(),
            agreement: "within".into(),
            scores: scores.iter().map(score).collect(),
        }
    }

    /// A bias of -0.04 % is none, not `-0.0 %`.
    #[test]
    fn a_bias_that_shows_no_digit_has_no_sign() {
        let text = scoreboard(&[entry(&[("mean_s", -0.0004), ("success_rate", -0.0004), ("p95_s", -0.012)])]);
        assert!(!text.contains("-0.0") && text.contains("0 points") && text.contains("-1.2 %"), "{text}");
    }

    /// The path of a calibrated model took two lines of its column, and the data was left out.
    #[test]
    fn each_comparison_has_a_heading_on_one_line_and_a_row() {
        let text = scoreboard(&[entry(&[("mean_s", 0.01), ("p95_s", -0.012)]), entry(&[])]);
        let heading = "2026-11-30 11:49:31, output/waits/calibrated.toml with tests/calibrate/waits.csv: within";
        assert_eq!(text.matches(heading).count(), 2, "{text}");
        assert!(text.contains("1 of 2") && text.lines().last().is_some_and(|line| line.starts_with("none")), "{text}");
    }
}
