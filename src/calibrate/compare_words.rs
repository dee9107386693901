//! A comparison for people and programs: a table, sentences, rows of CSV, a document, parity plots.

use serde_json::{Value, json};

use super::compare::{Agreement, Compared, Comparison, Score};
use super::laws::Contradiction;
use super::observation::MeasuredSite;
use super::scoreboard::{Entry, EntryScore, word};
use crate::experiment::analyse::words::{amount_beside, percent, shown, unit};
use crate::language::Metric;
use crate::model::RateUnit;
use crate::report::chart::{ChartAxis, ChartScale, Line, LineFigure, Look, Panel, Point};
use crate::report::count;
use crate::report::figures::Drawing;
use crate::report::table::{Column, short};

const RATES: RateUnit = RateUnit::Minute;

/// The columns of `compare.csv`.
const COLUMNS: [&str; 15] = [
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
    let columns = vec![
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
    short(columns, &[], "compare.csv")
}

/// A figure beside the one that was measured, to four digits.
pub(super) fn beside(value: f64, measured: f64, metric: Metric) -> String {
    amount_beside(value, significant(measured, 4), metric, RATES)
}

/// A number rounded to this many significant digits.
pub fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.max(1) - 1).parse().unwrap_or(value)
}

/// `yes (± 10 %)`.
fn within(row: &Compared) -> String {
    let word = match row.agreement() {
        Agreement::Within => "yes",
        Agreement::Beyond => "NO",
        Agreement::Undecided if row.deviation.is_none() => "no figure",
        Agreement::Undecided => "undecided",
    };
    let unit = if row.observation.metric.is_rate() { "points" } else { "%" };
    format!("{word} (± {} {unit})", percentage(row.tolerance))
}

fn percentage(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `+2.3 %`, of shares in points.
pub(super) fn off(metric: Metric, deviation: f64) -> String {
    let unit = if metric.is_rate() { "points" } else { "%" };
    let size = deviation * 100.0;
    if size.abs() < 0.05 { format!("0 {unit}") } else { format!("{size:+.1} {unit}") }
}

/// A sentence for each metric: median error, bias, coverage.
pub fn sentences(comparison: &Comparison) -> Vec<String> {
    comparison.scores.iter().map(score).collect()
}

fn score(score: &Score) -> String {
    let metric = score.metric;
    let unit = if metric.is_rate() { "points" } else { "%" };
    let (inside, of) = score.covered;
    let covered = match of {
        0 => String::new(),
        _ => format!("; {inside} of {of} in the band that 95 % of tests fall into"),
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
            word(row.agreement()).into(),
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
            "agreement": word(row.agreement()),
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
        "agreement": word(comparison.agreement()),
        "scores": comparison.scores.iter().map(score).collect::<Vec<_>>(),
        "figures": comparison.rows.iter().map(row).collect::<Vec<_>>(),
        "contradictions": contradictions(sites, &comparison.contradictions),
        "left_out": comparison.data.left_out,
        "doubts": comparison.doubts,
    })
}

/// A parity plot for each metric of at least two figures: predicted over measured, beside the line on which both are equal.
pub fn parity(comparison: &Comparison) -> Vec<Drawing> {
    comparison.scores.iter().filter(|score| score.count > 1).map(|score| plot(comparison, score)).collect()
}

fn plot(comparison: &Comparison, score: &Score) -> Drawing {
    let metric = score.metric;
    let in_unit = |value: f64| shown(value, metric, RATES);
    let rows = comparison.rows.iter().filter(|row| row.observation.metric == metric);
    let mut points: Vec<Point> = rows
        .filter_map(|row| {
            let (predicted, measured) = (row.predicted?, in_unit(row.observation.value));
            let band = row.band.unwrap_or(predicted);
            Some(Point::with_interval(measured, in_unit(predicted.estimate), in_unit(band.low), in_unit(band.high)))
        })
        .collect();
    points.sort_by(|a, b| a.x.total_cmp(&b.x));
    let ends = || points.iter().flat_map(|point| [point.x, point.y]);
    let (low, high) = (ends().fold(f64::INFINITY, f64::min), ends().fold(0.0, f64::max));
    let is_log = low > 0.0 && high > 4.0 * low;
    let scale = if is_log { ChartScale::Log } else { ChartScale::Linear };
    // Both axes begin at zero, so that the line of equal values is a diagonal.
    let start = if is_log { low } else { 0.0 };
    let line = |label: &str, by: f64| Line {
        label: label.into(),
        points: [start, high].map(|x| Point::new(x, x * by)).into(),
        color: 1,
        look: Look::Bound,
        ..Line::default()
    };
    let tolerance =
        comparison.rows.iter().find(|row| row.observation.metric == metric).map_or(0.0, |row| row.tolerance);
    let mut lines = vec![line("equal", 1.0)];
    if !metric.is_rate() {
        let percent = percentage(tolerance);
        lines.push(line(&format!("+{percent} %"), 1.0 + tolerance));
        lines.push(line(&format!("-{percent} %"), 1.0 - tolerance));
    }
    lines.push(Line { label: "predicted".into(), points, look: Look::Tried, ..Line::default() });
    let axis =
        |what: &str| ChartAxis { label: format!("{what} {} ({})", metric.words(), unit(metric, RATES).trim()), scale };
    let share = if metric.is_rate() { "points".into() } else { format!("% (bias {})", off(metric, score.bias)) };
    let figure = LineFigure {
        title: format!("The median error of the {} is {:.1} {share}", metric.words(), score.median_error * 100.0),
        subtitle: format!(
            "{} measured figures beside the model; {} of {} in the band",
            score.count, score.covered.0, score.covered.1
        ),
        x: axis("measured"),
        panels: vec![Panel { y: axis("predicted"), lines, ..Panel::default() }],
        note: format!("Whiskers: {} of tests as long as this one fall into them, by the model.", percent(0.95)),
    };
    Drawing { name: format!("parity-{}", metric.name()), figure: figure.into() }
}

/// The scoreboard: a row for each metric of each comparison.
pub fn scoreboard_table(entries: &[Entry]) -> String {
    let rows: Vec<(usize, &Entry, &EntryScore)> = entries
        .iter()
        .flat_map(|entry| entry.scores.iter().enumerate().map(move |(at, one)| (at, entry, one)))
        .collect();
    let metric = |one: &EntryScore| Metric::all().find(|metric| metric.name() == one.metric);
    let once = |at: usize, text: &str| if at == 0 { text.to_owned() } else { String::new() };
    let unit = |one: &EntryScore| if metric(one).is_some_and(Metric::is_rate) { "points" } else { "%" };
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
        Column::figures("bias", cells(&|(_, _, one)| format!("{:+.1} {}", one.bias * 100.0, unit(one)))),
        Column::figures("in band", cells(&|(_, _, one)| format!("{} of {}", one.covered, one.bands))).optional(2),
    ];
    short(columns, &[], "--format json")
}
