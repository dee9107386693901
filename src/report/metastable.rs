//! The metastability map: sentences, a table, a document for programs, a page, a chart.

mod figure;

use serde_json::{Value, json};

pub use figure::metastable_figure;

use super::page::{Found, of_search};
use super::paragraph::{count, list, paragraph};
use super::table::{self, Column};
use crate::experiment::analyse::throughput;
use crate::experiment::search::metastable::{Border, Fate, MetastableAnswer, VariantMap};

/// How it was looked for, in a sentence.
pub fn metastable_method(answer: &MetastableAnswer) -> String {
    let asked = &answer.asked;
    let grid = &asked.grid;
    format!(
        "{} from {} to {}, at {} of {}; {} of {}, seed {}",
        asked.trigger.name,
        asked.trigger.text(grid.value(0)),
        asked.trigger.text(grid.value(grid.cells())),
        count(asked.loads.len(), "value"),
        asked.load.name,
        count(answer.plan.points.len(), "point"),
        count(answer.replications as usize, "run"),
        answer.plan.seed
    )
}

/// The whole answer for people.
pub fn metastable(answer: &MetastableAnswer, width: Option<usize>) -> Vec<String> {
    let sentences = sentences(answer).into_iter().map(|sentence| paragraph("- ", &sentence, width));
    vec![sentences.collect(), table::short(columns(answer), &[], "--format json")]
}

/// The page of the answer; `again` is the command that gives it.
pub fn metastable_page(answer: &MetastableAnswer, again: &str) -> String {
    let page = Found {
        plan: &answer.plan,
        rates: throughput::unit_of(&answer.plan, std::iter::empty()),
        points: vec![0],
        sentences: sentences(answer),
        method: metastable_method(answer),
        chart: Some(metastable_figure(answer)),
        heading: "The border at each load",
        columns: columns(answer),
        further: Vec::new(),
        effects: Vec::new(),
        doubts: answer.doubts.clone(),
        trials: Some(answer.trials),
        file: "metastable.json",
    };
    of_search(&page, again)
}

fn name<'a>(answer: &'a MetastableAnswer, map: &VariantMap) -> &'a str {
    &answer.plan.variants[map.variant]
}

/// `load.rate = 300/min`.
fn at_load(answer: &MetastableAnswer, load: f64) -> String {
    format!("{} = {}", answer.asked.load.name, answer.asked.load.text(load))
}

fn trigger(answer: &MetastableAnswer, size: f64) -> String {
    format!("{} = {}", answer.asked.trigger.name, answer.asked.trigger.text(size))
}

/// What was found, what matters most first.
fn sentences(answer: &MetastableAnswer) -> Vec<String> {
    let mut sentences = Vec::new();
    let is_one = answer.variants.len() == 1;
    let safe: Vec<&str> =
        answer.variants.iter().filter(|map| map.smallest().is_none()).map(|map| name(answer, map)).collect();
    for map in &answer.variants {
        let subject = if is_one { "the system".to_owned() } else { format!("“{}”", name(answer, map)) };
        let Some((load, size)) = map.smallest() else { continue };
        let border = map.borders.iter().find(|border| border.load == load);
        let down = border.and_then(|border| border.tried.iter().find(|tried| tried.trigger == size));
        let runs = down.map_or(String::new(), |tried| format!(" (in {} of {} runs)", tried.down, tried.runs));
        let at_least = if size <= answer.asked.grid.value(0) {
            ", and the smallest that was tried: smaller ones may tip it too"
        } else {
            ""
        };
        sentences.push(format!(
            "{subject} stays down after {} at {}{runs}: the smallest trigger that tips it{at_least}",
            trigger(answer, size),
            at_load(answer, load)
        ));
        let returning: Vec<f64> =
            map.borders.iter().filter(|border| border.tips.is_none()).map(|border| border.load).collect();
        if let Some(highest) = returning.last() {
            sentences.push(format!(
                "{subject} returns by itself after every trigger that was tried at {} of {} loads, up to {}",
                returning.len(),
                map.borders.len(),
                at_load(answer, *highest)
            ));
        }
    }
    let range = trigger(answer, answer.asked.grid.value(answer.asked.grid.cells()));
    match safe.as_slice() {
        [] => {}
        _ if is_one => sentences.push(format!("the system returns by itself at every load, up to {range}")),
        all if all.len() == answer.variants.len() => {
            sentences.push(format!("every variant returns by itself at every load, up to {range}"));
        }
        some => {
            let by = if some.len() == 1 { "returns by itself" } else { "return by themselves" };
            sentences.push(format!("{} {by} after every trigger that was tried, up to {range}", list(some)));
        }
    }
    for map in answer.variants.iter().filter(|map| map.borders.iter().any(is_unsteady)) {
        sentences.push(format!(
            "“{}”: a larger trigger returns where a smaller one stays down, so the border is not sharp",
            name(answer, map)
        ));
    }
    sentences
}

/// Whether a larger trigger returns in every run although a smaller one tips it.
fn is_unsteady(border: &Border) -> bool {
    border
        .tips
        .is_some_and(|tips| border.tried.iter().any(|tried| tried.trigger > tips && tried.fate() == Fate::Returns))
}

/// The border at each load of each variant.
fn columns(answer: &MetastableAnswer) -> Vec<Column> {
    let rows = || answer.variants.iter().flat_map(|map| map.borders.iter().map(move |border| (map, border)));
    let size = |size: Option<f64>| size.map_or("-".to_owned(), |size| answer.asked.trigger.text(size));
    let of = |cell: &dyn Fn(&Border) -> String| rows().map(|(_, border)| cell(border)).collect::<Vec<_>>();
    let mut columns = Vec::new();
    if answer.variants.len() > 1 {
        columns.push(Column::words("variant", rows().map(|(map, _)| name(answer, map).to_owned()).collect()));
    }
    columns.push(Column::figures(&answer.asked.load.name, of(&|border| answer.asked.load.text(border.load))));
    columns.push(Column::figures("returns up to", of(&|border| size(border.returns))));
    columns.push(Column::figures("tips from", of(&|border| size(border.tips))));
    columns.push(Column::figures("stays down from", of(&|border| size(border.stays))));
    columns.push(Column::figures("tried", of(&|border| border.tried.len().to_string())).optional(1));
    columns
}

/// The answer for programs.
pub fn metastable_document(answer: &MetastableAnswer) -> Value {
    let fate = |fate: Fate| match fate {
        Fate::Returns => "returns",
        Fate::Depends => "depends",
        Fate::StaysDown => "stays-down",
    };
    let border = |border: &Border| {
        json!({
            "load": border.load,
            "returns_up_to": border.returns,
            "tips_from": border.tips,
            "stays_down_from": border.stays,
            "tried": border.tried.iter().map(|tried| json!({
                "trigger": tried.trigger, "runs": tried.runs, "down": tried.down, "fate": fate(tried.fate()),
            })).collect::<Vec<_>>(),
        })
    };
    let map = |map: &VariantMap| json!({ "variant": name(answer, map), "borders": map.borders.iter().map(border).collect::<Vec<_>>() });
    json!({
        "title": answer.plan.title,
        "seed": answer.plan.seed,
        "load": answer.asked.load.path,
        "trigger": answer.asked.trigger.path,
        "replications": answer.replications,
        "sentences": sentences(answer),
        "variants": answer.variants.iter().map(map).collect::<Vec<_>>(),
        "trials": answer.trials,
        "doubts": answer.doubts,
        "interrupted": answer.is_interrupted,
    })
}
