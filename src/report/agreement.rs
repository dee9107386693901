//! A model beside what was measured, for people and programs: a table, sentences, rows of CSV, a document.

use serde_json::{Value, json};

use super::count;
use super::number::significant;
use super::table::{Column, short};
use crate::calibrate::MeasuredSite;
use crate::calibrate::compare::{Agreement, Compared, Comparison, Score, Split};
use crate::calibrate::laws::Contradiction;
use crate::experiment::analyse::words::amount_beside;
use crate::language::Metric;
use crate::model::RateUnit;

/// The unit of throughputs.
pub(super) const RATES: RateUnit = RateUnit::Minute;

/// The columns of `compare.csv`.
const COLUMNS: [&str; 17] = [
    "variant",
    "point",
    "metric",
    "measured",
    "error",
    "repetitions",
    "predicted",
    "predicted_low",
    "predicted_high",
    "band_low",
    "band_high",
    "deviation",
    "deviation_kind",
    "tolerance",
    "agreement",
    "deviation_workload",
    "deviation_timing",
];

/// The table: a row for each figure.
pub fn table(comparison: &Comparison) -> String {
    let rows = &comparison.rows;
    let cells = |cell: &dyn Fn(&Compared) -> String| rows.iter().map(cell).collect::<Vec<String>>();
    let amount = |row: &Compared, value: f64| beside(value, row.observation.value, row.observation.metric);
    let mut last = None;
    let place = |row: &Compared| comparison.data.sites[row.observation.site].words.clone();
    let places = rows.iter().map(|row| match last.replace(row.observation.site) == Some(row.observation.site) {
        true => String::new(),
        false => place(row),
    });
    let part = |row: &Compared, part: fn(&Split) -> f64| {
        row.split.as_ref().map_or("–".into(), |split| off(row.observation.metric, part(split)))
    };
    let mut columns = vec![
        Column::words("at", places.collect()),
        Column::words("figure", cells(&|row| row.observation.metric.short().into())),
        Column::figures("measured", cells(&|row| amount(row, row.observation.value))),
        Column::figures(
            "predicted",
            cells(&|row| row.predicted.map_or("–".into(), |predicted| amount(row, predicted.estimate))),
        ),
        Column::figures(
            "off",
            cells(&|row| row.deviation.map_or("–".into(), |size| off(row.observation.metric, size))),
        ),
        Column::words("in band", cells(&|row| row.is_covered().map_or("", |is| if is { "yes" } else { "no" }).into()))
            .optional(1),
        Column::words("within", cells(&within)),
    ];
    if rows.iter().any(|row| row.split.is_some()) {
        columns.insert(5, Column::figures("workload", cells(&|row| part(row, |it| it.workload))));
        columns.insert(6, Column::figures("timing", cells(&|row| part(row, |it| it.timing))));
    }
    short(columns, &[], "compare.csv")
}

/// A figure beside the one that was measured, to four digits.
pub(super) fn beside(value: f64, measured: f64, metric: Metric) -> String {
    amount_beside(value, significant(measured, 4), metric, RATES)
}

/// `yes (± 10 %)`.
fn within(row: &Compared) -> String {
    let word = match row.agreement() {
        Agreement::Within => "yes",
        Agreement::Beyond => "NO",
        Agreement::Undecided if row.deviation.is_none() => "no figure",
        Agreement::Undecided => "undecided",
    };
    let unit = unit_of(row.observation.metric);
    format!("{word} (± {} {unit})", percentage(row.tolerance))
}

/// A share in percent, with up to two decimals.
pub(super) fn percentage(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The unit of a metric's deviations.
pub(super) fn unit_of(metric: Metric) -> &'static str {
    if metric.is_rate() { "points" } else { "%" }
}

/// `+2.3 %`, of shares in points.
pub(super) fn off(metric: Metric, deviation: f64) -> String {
    signed(deviation, unit_of(metric))
}

/// A deviation with its sign, `0 %` where no digit of it shows.
pub(super) fn signed(deviation: f64, unit: &str) -> String {
    let size = deviation * 100.0;
    if size.abs() < 0.05 { format!("0 {unit}") } else { format!("{size:+.1} {unit}") }
}

/// A sentence for each metric: median error, bias, coverage.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    comparison.scores.iter().map(|it| score(it, comparison.band)).collect()
}

fn score(score: &Score, band: f64) -> String {
    let metric = score.metric;
    let unit = unit_of(metric);
    let (inside, of) = score.covered;
    let covered = match of {
        0 => String::new(),
        _ => format!("; {inside} of {of} in the band that {:.0} % of tests fall into", band * 100.0),
    };
    let figures = count(score.count, "figure");
    format!(
        "{}, {figures}: median error {:.1} {unit}, bias {}, worst {:.1} {unit}{covered}",
        metric.words(),
        score.median_error * 100.0,
        off(metric, score.bias),
        score.worst * 100.0
    )
}

/// What contradicts, a sentence each.
pub fn contradictions(sites: &[MeasuredSite], found: &[Contradiction]) -> Vec<String> {
    let sentence = |one: &Contradiction| {
        let what = if one.is_partial { "caution" } else { "contradiction" };
        format!("{what} at {} ({}): {}", sites[one.site].words, one.law, one.words)
    };
    found.iter().map(sentence).collect()
}

/// The rows as CSV.
pub fn csv(comparison: &Comparison) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Neither can fail: the rows have one length, and go to memory.
    let _ = writer.write_record(COLUMNS);
    for row in &comparison.rows {
        let (site, it) = (&comparison.data.sites[row.observation.site], &row.observation);
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let _ = writer.write_record([
            site.variant.clone().unwrap_or_default(),
            site.at.clone(),
            it.metric.name().into(),
            it.value.to_string(),
            number(it.error),
            it.repetitions.to_string(),
            number(row.predicted.map(|it| it.estimate)),
            number(row.predicted.map(|it| it.low)),
            number(row.predicted.map(|it| it.high)),
            number(row.band.map(|it| it.low)),
            number(row.band.map(|it| it.high)),
            number(row.deviation),
            if it.metric.is_rate() { "absolute" } else { "relative" }.into(),
            row.tolerance.to_string(),
            row.agreement().name().into(),
            number(row.split.map(|it| it.workload)),
            number(row.split.map(|it| it.timing)),
        ]);
    }
    writer.into_inner().unwrap_or_default()
}

/// The answer for programs.
pub fn document(comparison: &Comparison) -> Value {
    let sites = &comparison.data.sites;
    let row = |row: &Compared| {
        let (site, it) = (&sites[row.observation.site], &row.observation);
        json!({
            "variant": site.variant,
            "point": site.at,
            "metric": it.metric.name(),
            "measured": it.value,
            "error": it.error,
            "repetitions": it.repetitions,
            "predicted": row.predicted.map(|it| [it.estimate, it.low, it.high]),
            "band": row.band.map(|it| [it.low, it.high]),
            "deviation": row.deviation,
            "tolerance": row.tolerance,
            "agreement": row.agreement().name(),
            "split": row.split.map(|it| json!({ "workload": it.workload, "timing": it.timing })),
        })
    };
    let score = |score: &Score| {
        json!({
            "metric": score.metric.name(),
            "figures": score.count,
            "median_error": score.median_error,
            "bias": score.bias,
            "worst": score.worst,
            "covered": score.covered.0,
            "bands": score.covered.1,
        })
    };
    json!({
        "agreement": comparison.agreement().name(),
        "scores": comparison.scores.iter().map(score).collect::<Vec<_>>(),
        "figures": comparison.rows.iter().map(row).collect::<Vec<_>>(),
        "contradictions": contradictions(sites, &comparison.contradictions),
        "left_out": comparison.data.left_out,
        "doubts": comparison.doubts,
    })
}
