//! The cheapest setting: a table of what was tried, sentences, a document for programs, a chart for the page.

mod figure;

use serde_json::{Map, Value, json};

pub use figure::optimize_figure;

use super::number::short;
use super::objective::in_words;
use super::page::{Found, of_search};
use super::paragraph::{count, paragraph, quoted};
use super::table::{self, Column};
use crate::experiment::analyse::summary::Doubt;
use crate::experiment::analyse::throughput;
use crate::experiment::analyse::words::{amount, figure};
use crate::experiment::search::optimize::{Cheapest, TriedSetting};
use crate::experiment::search::{Decision, Defect};
use crate::language::Metric;
use crate::model::RateUnit;

/// Settings that the table shows; all are in the document.
const MOST: usize = 24;

/// How it was looked for: below the title.
pub fn optimize_method(found: &Cheapest) -> String {
    let asked = &found.asked;
    let wanted: Vec<String> = asked.objectives.iter().map(|&objective| in_words(objective, rates(found))).collect();
    let variant = if found.plan.variants.len() > 1 {
        format!(", {}", quoted(&found.plan.variants[found.variant]))
    } else {
        String::new()
    };
    format!(
        "the cheapest of {} with {}{variant}; {} % confidence for all decisions together, {} to {} runs per setting, seed {}",
        count(found.settings, "setting"),
        wanted.join(", "),
        short(asked.confidence * 100.0),
        found.replications,
        asked.max_replications.max(found.replications),
        found.plan.seed
    )
}

/// The whole answer for people.
pub fn optimize(found: &Cheapest, width: Option<usize>) -> Vec<String> {
    let sentences = sentences(found).into_iter().map(|sentence| paragraph("- ", &sentence, width));
    vec![overview(found), sentences.collect()]
}

/// The page of the answer; `again` is the command that gives it.
pub fn optimize_page(found: &Cheapest, again: &str) -> String {
    let shown: Vec<&TriedSetting> = found.tried.iter().collect();
    let page = Found {
        plan: &found.plan,
        rates: rates(found),
        points: (0..found.plan.points.len()).collect(),
        sentences: sentences(found),
        method: optimize_method(found),
        chart: optimize_figure(found),
        heading: "Settings that were tried",
        columns: columns(found, &shown),
        further: Vec::new(),
        effects: Vec::new(),
        doubts: found.doubts.clone(),
        trials: Some(found.trials),
        file: "optimize.json",
    };
    of_search(&page, again)
}

/// The unit of throughputs.
fn rates(found: &Cheapest) -> RateUnit {
    let readings = found.tried.iter().flat_map(|setting| &setting.readings);
    let throughputs = readings.filter_map(|reading| {
        let objective = found.asked.objectives.get(reading.objective)?;
        (objective.metric() == Metric::ThroughputPerMin).then_some(reading.figure?.estimate)
    });
    throughput::unit_of(&found.plan, throughputs)
}

/// `replicas = 2, workers = 4`.
fn place(found: &Cheapest, setting: &TriedSetting) -> String {
    let each = found.asked.parameters.iter().zip(&setting.at);
    let texts: Vec<String> = each
        .map(|(choice, &index)| format!("{} = {}", choice.dial.path, choice.dial.text(choice.values[index])))
        .collect();
    texts.join(", ")
}

fn overview(found: &Cheapest) -> String {
    let shown: Vec<&TriedSetting> = found.tried.iter().take(MOST).collect();
    let more = found.tried.len().saturating_sub(MOST);
    let rest = if more > 0 {
        let (settings, were) = (count(more, "more expensive setting"), if more == 1 { "was" } else { "were" });
        format!("{settings} {were} also tried (see optimize.json)\n")
    } else {
        String::new()
    };
    table::short(columns(found, &shown), &[], "--format json") + &rest
}

/// These settings, a row each.
fn columns(found: &Cheapest, shown: &[&TriedSetting]) -> Vec<Column> {
    let column = |cell: &dyn Fn(&TriedSetting) -> String| shown.iter().map(|setting| cell(setting)).collect::<Vec<_>>();
    let mut columns = vec![Column::figures("cost", column(&|setting| short(setting.cost)))];
    for (index, choice) in found.asked.parameters.iter().enumerate() {
        let name = choice.dial.path.rsplit('.').next().unwrap_or(&choice.dial.path);
        columns.push(Column::figures(name, column(&|setting| choice.dial.text(choice.values[setting.at[index]]))));
    }
    for (index, objective) in found.asked.objectives.iter().enumerate() {
        let metric = objective.metric();
        let cell = |setting: &TriedSetting| {
            let reading = setting.readings.iter().find(|reading| reading.objective == index);
            match reading.and_then(|reading| reading.figure) {
                Some(figure) if figure.estimate.is_finite() => amount(figure.estimate, metric, rates(found)),
                Some(_) if setting.defect == Some(Defect::Unstable) => "grows".into(),
                Some(_) => "no success".into(),
                None => "–".into(),
            }
        };
        columns.push(Column::figures(metric.name(), column(&cell)));
    }
    columns.push(Column::figures("runs", column(&|setting| setting.replications.to_string())).optional(1));
    columns.push(Column::words("", column(&|setting| fate(setting))));
    columns
}

fn decision(decision: Option<Decision>) -> &'static str {
    match decision {
        Some(Decision::Meets) => "meets",
        Some(Decision::Misses) => "misses",
        Some(Decision::TooClose) => "too close to call",
        None => "interrupted",
    }
}

/// `misses: unstable`.
fn fate(setting: &TriedSetting) -> String {
    let decision = decision(setting.decision);
    setting.defect.map_or_else(|| decision.into(), |defect| format!("{decision}: {}", defect.name()))
}

/// What is chosen, and how sure it is.
fn sentences(found: &Cheapest) -> Vec<String> {
    let sure = short(found.asked.confidence * 100.0);
    let mut sentences = Vec::new();
    match &found.chosen {
        Some(chosen) => {
            let figures = chosen.readings.iter().filter_map(|reading| {
                let metric = found.asked.objectives.get(reading.objective)?.metric();
                Some(figure(reading.figure?, metric, rates(found)))
            });
            let doubt = chosen.doubt.as_ref().map_or_else(String::new, |doubt| format!("; {}", doubt.reason()));
            sentences.push(format!(
                "{} meets the objectives at a cost of {} ({sure} % confidence): {}{doubt}",
                place(found, chosen),
                short(chosen.cost),
                figures.collect::<Vec<_>>().join(", ")
            ));
        }
        None if found.is_interrupted || found.open > 0 => {
            sentences.push("no setting that was tried meets the objectives (at the stated confidence)".into())
        }
        None => sentences.push("no setting meets the objectives".into()),
    }
    let cheaper = found.missed + found.implied + found.undecided.len() + found.open;
    if cheaper == 0 && found.chosen.is_some() {
        sentences.push("no setting is cheaper".into());
        return sentences;
    }
    let which = if found.chosen.is_some() { "cheaper setting" } else { "setting" };
    // `1 misses`, `4 miss`.
    let of = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let mut parts = vec![of(found.missed, "misses", "miss")];
    if found.implied > 0 {
        let more = "no more of any parameter than one of these (assuming monotone: more never hurts)";
        parts.push(format!("{} {more}", of(found.implied, "has", "have")));
    }
    match found.undecided.as_slice() {
        [] => {}
        some => {
            let named: Vec<String> = some
                .iter()
                .take(3)
                .map(|setting| format!("{} at {}", place(found, setting), short(setting.cost)))
                .collect();
            let rest = if some.len() > 3 { " ..." } else { "" };
            let are = of(some.len(), "is", "are");
            parts.push(format!("{are} too close to call ({}{rest})", named.join("; ")));
        }
    }
    if found.open > 0 {
        parts.push(format!("{} not tried", of(found.open, "was", "were")));
    }
    let end = if found.undecided.is_empty() && found.open == 0 && found.chosen.is_some() {
        "; so it is the cheapest"
    } else {
        ""
    };
    sentences.push(format!("{}: {}{end}", count(cheaper, which), parts.join(", ")));
    let more = found.settings.saturating_sub(found.tried.len());
    let rest = match more as u64 * u64::from(found.replications) {
        0 => String::new(),
        least => format!("; the other {more} would need at least {least} more"),
    };
    sentences.push(format!(
        "{} tried with {}{rest}",
        of(found.tried.len(), "setting was", "settings were"),
        count(found.trials, "trial")
    ));
    sentences
}

/// The answer for programs.
pub fn optimize_document(found: &Cheapest) -> Value {
    let setting = |setting: &TriedSetting| {
        let each = found.asked.parameters.iter().zip(&setting.at);
        let values: Map<String, Value> = each
            .map(|(choice, &index)| (choice.dial.path.clone(), choice.dial.text(choice.values[index]).into()))
            .collect();
        let figures = setting.readings.iter().filter_map(|reading| {
            let metric = found.asked.objectives.get(reading.objective)?.metric();
            Some(json!({ "figure": metric.name(), "interval": reading.figure }))
        });
        json!({
            "setting": values,
            "cost": setting.cost,
            "decision": decision(setting.decision),
            "defect": setting.defect.map(Defect::name),
            "doubt": setting.doubt.as_ref().map(Doubt::reason),
            "replications": setting.replications,
            "figures": figures.collect::<Vec<_>>(),
        })
    };
    json!({
        "title": found.plan.title,
        "experiment": found.plan.name,
        "sim": env!("CARGO_PKG_VERSION"),
        "seed": found.plan.seed,
        "variant": found.plan.variants[found.variant],
        "objectives": found.asked.objectives.iter().map(|&objective| in_words(objective, rates(found))).collect::<Vec<_>>(),
        "confidence": found.asked.confidence,
        "monotone": found.asked.monotone,
        "settings": found.settings,
        "chosen": found.chosen.as_ref().map(setting),
        "cheaper": {
            "miss": found.missed,
            "implied": found.implied,
            "too_close": found.undecided.iter().map(setting).collect::<Vec<_>>(),
            "not_tried": found.open,
        },
        "trials": found.trials,
        "partial": found.is_interrupted,
        "tried": found.tried.iter().map(setting).collect::<Vec<_>>(),
        "sentences": sentences(found),
        "doubts": found.doubts,
    })
}
