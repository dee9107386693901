//! What a search for the knee found: a table, a sentence a variant, a document for programs, a chart of what was tried.

mod document;
mod figure;
mod sentence;

use super::number::short;
use super::objective::in_words;
use super::page::{Found, of_search};
use super::paragraph::paragraph;
use super::table::{self, Column};
use crate::experiment::analyse::throughput;
use crate::experiment::plan::KneeSearch;
use crate::experiment::search::{KneeAnswer, VariantKnee};
use crate::language::Metric;
use crate::model::RateUnit;

pub use document::knee_document;
pub use figure::knee_figure;
pub(super) use figure::{axis_label, dial_label, plotted, window};
use sentence::sentence;

/// The whole answer for people.
pub fn knee(answer: &KneeAnswer, width: Option<usize>) -> Vec<String> {
    let sentences = answer.variants.iter().map(|found| paragraph("- ", &sentence(answer, found), width));
    vec![table::short(columns(answer), &[], "--format json"), sentences.collect()]
}

/// The page of the answer; `again` is the command that gives it.
pub fn knee_page(answer: &KneeAnswer, again: &str) -> String {
    let first = answer.variants.first().map_or(0, |found| found.variant);
    let plan = &answer.plan;
    let found = Found {
        plan,
        rates: rates(answer),
        points: (0..plan.points.len()).filter(|&point| plan.points[point].variant == first).collect(),
        sentences: answer.variants.iter().map(|found| sentence(answer, found)).collect(),
        method: knee_method(answer),
        chart: Some(knee_figure(answer)),
        heading: "What was found",
        columns: columns(answer),
        further: Vec::new(),
        effects: Vec::new(),
        doubts: answer.doubts.clone(),
        trials: Some(answer.variants.iter().map(|found| found.trials).sum()),
        file: "knee.json",
    };
    of_search(&found, again)
}

/// How it was looked for: below the title.
pub fn knee_method(answer: &KneeAnswer) -> String {
    let knee = &answer.knee;
    let which = if knee.smallest { "least" } else { "highest" };
    let place = place(answer);
    format!(
        "the {which} {} from {} to {}{place} with {}; {} % confidence for each variant, {} to {} runs per value, seed {}",
        full_noun(knee),
        knee.dial.text(knee.grid.value(0)),
        knee.dial.text(knee.grid.value(knee.grid.cells())),
        wanted(answer),
        short(knee.confidence * 100.0),
        answer.replications,
        knee.max_replications.max(answer.replications),
        answer.plan.seed
    )
}

/// The values of the other axes, where all variants have the same.
fn place(answer: &KneeAnswer) -> String {
    let place = |found: &VariantKnee| {
        let point = found.tried.first().map(|tried| &answer.plan.points[tried.point])?;
        let others = answer.plan.axes.iter().zip(&point.at).skip(1);
        let texts: Vec<String> =
            others.map(|(axis, &value)| format!("{} = {}", axis.name, axis.values[value].text)).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let mut places: Vec<String> = answer.variants.iter().filter_map(place).collect();
    places.dedup();
    match places.as_slice() {
        [place] => format!(", at {place},"),
        _ => String::new(),
    }
}

/// The unit of throughputs.
fn rates(answer: &KneeAnswer) -> RateUnit {
    let readings = answer.variants.iter().flat_map(|found| &found.tried).flat_map(|tried| &tried.readings);
    let throughputs = readings.filter_map(|reading| {
        let objective = answer.knee.objectives.get(reading.objective)?;
        (objective.metric() == Metric::ThroughputPerMin).then_some(reading.figure?.estimate)
    });
    throughput::unit_of(&answer.plan, throughputs)
}

/// What is varied, as a noun: of a path its last part.
fn noun(knee: &KneeSearch) -> &str {
    if knee.dial.path == "load.concurrency" {
        "concurrency"
    } else {
        knee.dial.name.rsplit('.').next().unwrap_or(&knee.dial.name)
    }
}

/// What is varied, as something that can be high: of countable things their number.
fn quantity(knee: &KneeSearch) -> String {
    let noun = noun(knee);
    if knee.dial.whole && noun.ends_with('s') && !noun.contains('_') {
        format!("number of {noun}")
    } else {
        noun.into()
    }
}

/// What is varied, in full.
fn full_noun(knee: &KneeSearch) -> &str {
    if knee.dial.path == "load.concurrency" { "concurrency" } else { &knee.dial.name }
}

/// A value in a sentence: `150 concurrent`, `max_size = 20`.
fn at(knee: &KneeSearch, value: f64) -> String {
    let text = knee.dial.text(value);
    if knee.dial.path == "load.concurrency" { format!("{text} concurrent") } else { format!("{} = {text}", noun(knee)) }
}

/// All objectives in words.
fn wanted(answer: &KneeAnswer) -> String {
    let (knee, rates) = (&answer.knee, rates(answer));
    let mut words: Vec<String> = knee.objectives.iter().map(|&objective| in_words(objective, rates)).collect();
    words.extend(
        knee.slope
            .map(|slope| format!("throughput growth of at least {} % of proportional growth", short(slope * 100.0))),
    );
    words.join(", ")
}

fn columns(answer: &KneeAnswer) -> Vec<Column> {
    let knee = &answer.knee;
    let text = |value: Option<f64>| value.map_or_else(|| "–".into(), |value| knee.dial.text(value));
    let column = |cell: &dyn Fn(&VariantKnee) -> String| answer.variants.iter().map(cell).collect::<Vec<_>>();
    let variants = column(&|found| answer.plan.variants[found.variant].clone());
    let mut columns = vec![
        Column::words("variant", variants),
        Column::figures(
            format!("{} {}", if knee.smallest { "least" } else { "highest" }, quantity(knee)),
            column(&|found| text(found.estimate)),
        ),
        Column::figures("meets", column(&|found| text(found.meets))),
        Column::figures("misses", column(&|found| text(found.misses))),
        Column::words("doubt", column(&|found| doubt_word(found))),
        Column::figures("values", column(&|found| found.tried.len().to_string())).optional(4),
        Column::figures("trials", column(&|found| found.trials.to_string())).optional(2),
        Column::figures("in a sweep", column(&|found| found.grid_trials.to_string())).optional(3),
        Column::words("limiting resource", column(&|found| found.cause.clone().unwrap_or_default())).optional(1),
    ];
    columns.retain(|column| !column.is_empty());
    columns
}

/// What keeps the last value that meets from being sure, in a few words.
fn doubt_word(found: &VariantKnee) -> String {
    let last = found.tried.iter().find(|tried| Some(tried.value) == found.meets.or(found.estimate));
    let doubt = last.and_then(|tried| tried.doubt.as_ref());
    doubt.map_or_else(String::new, |doubt| doubt.word().into())
}
