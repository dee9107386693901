//! Which test narrows the answer of a calibrated model: sentences, a table, a document, rows of CSV, a chart.

use serde_json::{Value, json};

use super::agreement::RATES;
use super::chart::{Bar, BarFigure, ChartAxis};
use super::discriminate::length;
use super::figures::{Drawing, fitting};
use super::paragraph::count;
use super::table::{Column, short};
use crate::calibrate::narrowing::{Narrowing, Narrowings};
use crate::experiment::analyse::words::{amount, percent};

/// Tests that the table and the chart show; all are in the files.
const ROWS: usize = 10;

/// A narrowing that is less than this is not distinguished from none.
const LEAST: f64 = 0.02;

/// The share of the band from which it is said how much of it is what the model gets wrong.
const NOTED: f64 = 0.2;

/// The columns of `discriminate.csv`.
const COLUMNS: [&str; 7] = ["test", "variant", "point", "metric", "narrower", "narrower_per_hour", "cost_s"];

/// How the test was looked for: below the title.
pub fn method(found: &Narrowings, seed: u64) -> String {
    let [run, all] = found.draws;
    format!(
        "{} of the posterior, {run} of them in {} of {} each, seed {seed}; {} between runs, {} to change the system",
        count(all, "draw"),
        count(found.tests.len() + 1, "test"),
        count(found.replications as usize, "run"),
        length(found.aim.pause),
        length(found.aim.change)
    )
}

/// Where the answer is wanted, in words.
fn place(found: &Narrowings) -> String {
    let at: Vec<String> = found.aim.at.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    if at.is_empty() {
        format!("“{}”", found.aim.variant)
    } else {
        format!("“{}” at {}", found.aim.variant, at.join(", "))
    }
}

/// The test that narrows the band most for its time.
fn best(found: &Narrowings) -> Option<&Narrowing> {
    found.tests.first().filter(|test| test.narrower >= LEAST)
}

/// The answer, in a sentence, without a full stop.
pub fn answer(found: &Narrowings) -> String {
    if found.is_interrupted {
        return "no test was simulated to its end".into();
    }
    let Some(best) = best(found) else {
        return "no test narrows the band: what is left of it is what the model gets wrong".into();
    };
    let measured =
        best.metric.map_or_else(String::new, |metric| format!(" (by its {})", found.aim.metrics[metric].words()));
    format!(
        "run {}: {}. It is expected to make the band {} narrower{measured}",
        best.candidate.quoted,
        length(best.cost),
        percent(best.narrower)
    )
}

/// What is known now, and what else could be run, in sentences.
pub fn sentences(found: &Narrowings) -> Vec<String> {
    if found.is_interrupted {
        return Vec::new();
    }
    let metric = found.aim.metric;
    let [median, low, high] = found.now.map(|value| amount(value, metric, RATES));
    let mut sentences = vec![format!(
        "now the {} of {} {} {median}, with 90 % between {low} and {high}",
        metric.words(),
        place(found),
        metric.agree("is", "are")
    )];
    let half = (found.now[2] - found.now[1]) / 2.0;
    if found.left > NOTED * half {
        sentences.push(format!(
            "if the parameters were known, it would be known to ± {}: the rest is what the model gets wrong",
            amount(found.left, metric, RATES)
        ));
    }
    let most = found.tests.iter().max_by(|a, b| a.narrower.total_cmp(&b.narrower));
    if let (Some(best), Some(most)) = (best(found), most)
        && most.narrower > best.narrower + LEAST
    {
        sentences.push(format!(
            "{} makes it {} narrower, but takes {}",
            most.candidate.quoted,
            percent(most.narrower),
            length(most.cost)
        ));
    }
    sentences
}

/// The table of tests, the best first.
pub fn table(found: &Narrowings) -> String {
    let all = &found.tests[..found.tests.len().min(ROWS)];
    let cells = |cell: &dyn Fn(&Narrowing) -> String| all.iter().map(cell).collect::<Vec<String>>();
    let by = |test: &Narrowing| test.metric.map_or(String::new(), |metric| found.aim.metrics[metric].short().into());
    let columns = vec![
        Column::words("test", cells(&|test| test.candidate.words.clone())),
        Column::words("by", cells(&by)).optional(1),
        Column::figures("narrower", cells(&|test| percent(test.narrower))),
        Column::figures("time", cells(&|test| length(test.cost))),
        Column::figures("an hour", cells(&|test| format!("{:.1} bands", test.per_hour()))).optional(2),
    ];
    let rest = found.tests.len() - all.len();
    let more = if rest > 0 { format!("{} more in discriminate.csv\n", count(rest, "test")) } else { String::new() };
    short(columns, &[], "discriminate.csv") + &more
}

/// All tests as CSV.
pub fn csv(found: &Narrowings) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Neither can fail: the rows have one length, and go to memory.
    let _ = writer.write_record(COLUMNS);
    for (number, test) in found.tests.iter().enumerate() {
        let _ = writer.write_record([
            (number + 1).to_string(),
            test.candidate.variant.clone(),
            test.candidate.at.clone(),
            test.metric.map_or(String::new(), |metric| found.aim.metrics[metric].name().into()),
            test.narrower.to_string(),
            test.per_hour().to_string(),
            test.cost.to_string(),
        ]);
    }
    writer.into_inner().unwrap_or_default()
}

/// The answer for programs.
pub fn document(found: &Narrowings) -> Value {
    let test = |test: &Narrowing| {
        json!({
            "variant": test.candidate.variant,
            "point": test.candidate.at,
            "changes_the_system": test.candidate.is_changed,
            "metric": test.metric.map(|metric| found.aim.metrics[metric].name()),
            "narrower": test.narrower,
            "narrower_per_hour": test.per_hour(),
            "cost_s": test.cost,
        })
    };
    json!({
        "answer": answer(found),
        "metric": found.aim.metric.name(),
        "variant": found.aim.variant,
        "at": found.aim.at.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>(),
        "now": found.now[0],
        "band_90": [found.now[1], found.now[2]],
        "half_width_left": found.left,
        "tests": found.tests.iter().map(test).collect::<Vec<_>>(),
        "doubts": found.doubts,
    })
}

/// The chart: how much narrower each test makes the band.
pub fn chart(found: &Narrowings, method: &str) -> Option<Drawing> {
    let best = best(found)?;
    let shown = &found.tests[..found.tests.len().min(ROWS)];
    let bar = |test: &Narrowing| {
        let value = test.narrower * 100.0;
        let label = format!("{} ({})", test.candidate.words, length(test.cost));
        Bar { label, value, low: value, high: value, ..Bar::default() }
    };
    let figure = BarFigure {
        title: fitting([
            format!("{} narrows the answer most for its time", best.candidate.quoted),
            format!("One test narrows the band by {}", percent(best.narrower)),
        ]),
        subtitle: format!("Simulated: {method}"),
        x: ChartAxis::linear("expected narrowing of the band (%)"),
        bars: shown.iter().map(bar).collect(),
        note: format!(
            "The band: 90 % of the draws of the {}. In parentheses: the time of the test.",
            found.aim.metric.words()
        ),
    };
    Some(Drawing { name: "discriminate".into(), figure: figure.into() })
}
