//! The scoreboard as a table.

use super::agreement::{signed, unit_of};
use super::table::{Column, short};
use crate::calibrate::scoreboard::{Entry, EntryScore};
use crate::language::Metric;

/// The scoreboard: a row for each metric of each comparison.
pub fn scoreboard(entries: &[Entry]) -> String {
    let rows: Vec<(usize, &Entry, &EntryScore)> = entries
        .iter()
        .flat_map(|entry| entry.scores.iter().enumerate().map(move |(at, one)| (at, entry, one)))
        .collect();
    let metric = |one: &EntryScore| Metric::all().find(|metric| metric.name() == one.metric);
    let once = |at: usize, text: &str| if at == 0 { text.to_owned() } else { String::new() };
    let unit = |one: &EntryScore| metric(one).map_or("%", unit_of);
    let cells = |cell: &dyn Fn(&(usize, &Entry, &EntryScore)) -> String| rows.iter().map(cell).collect::<Vec<String>>();
    let columns = vec![
        Column::words("when", cells(&|(at, entry, _)| once(*at, entry.at.trim_end_matches('Z')).replace('T', " "))),
        Column::words("experiment", cells(&|(at, entry, _)| once(*at, &entry.experiment))),
        Column::words("data", cells(&|(at, entry, _)| once(*at, &entry.data))).optional(1),
        Column::words("is", cells(&|(at, entry, _)| once(*at, &entry.agreement))),
        Column::words(
            "figure",
            cells(&|(_, _, one)| metric(one).map_or(one.metric.clone(), |metric| metric.short().into())),
        ),
        Column::figures("figures", cells(&|(_, _, one)| one.figures.to_string())).optional(3),
        Column::figures("error", cells(&|(_, _, one)| format!("{:.1} {}", one.median_error * 100.0, unit(one)))),
        Column::figures("bias", cells(&|(_, _, one)| signed(one.bias, unit(one)))),
        Column::figures("in band", cells(&|(_, _, one)| format!("{} of {}", one.covered, one.bands))).optional(2),
    ];
    short(columns, &[], "--format json")
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
}
