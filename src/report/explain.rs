//! What to relieve next: the ladder as sentences and a table, what each capacity brings alone, the demands on each resource, a
//! document for programs, a chart for the page.

mod figure;

use serde_json::{Value, json};

pub use figure::explain_figure;

use super::number::{seconds, short};
use super::page::{Found, of_search};
use super::paragraph::{count, paragraph};
use super::table::{self, Column};
use crate::experiment::analyse::culprit::{agree, named};
use crate::experiment::analyse::demand::{Demand, demands, most, without_waiting};
use crate::experiment::analyse::summary::{Doubt, Summary};
use crate::experiment::analyse::throughput;
use crate::experiment::analyse::words::{self, amount, percent};
use crate::experiment::search::explain::{Explanation, LadderEnd, Resized, Step};
use crate::model::RateUnit;

/// What was looked at: below the title.
pub fn explain_method(found: &Explanation) -> String {
    let place = words::quoted_place(&found.plan, 0);
    let of = if place.starts_with("at ") && found.plan.variants.len() == 1 { "" } else { "of " };
    format!(
        "{} {of}{place}; capacities x {}, {} of {}, seed {}",
        found.metric.words(),
        short(found.question.factor),
        count(found.plan.points.len(), "setting"),
        count(found.plan.replications as usize, "run"),
        found.plan.seed
    )
}

/// The whole answer for people.
pub fn explain(found: &Explanation, width: Option<usize>) -> Vec<String> {
    let sentences = sentences(found).into_iter().map(|sentence| paragraph("- ", &sentence, width));
    let mut parts = vec![sentences.collect()];
    for (heading, columns) in tables(found) {
        let rows = columns.first().map_or(0, |column| column.cells().count());
        if rows > 0 {
            parts.push(format!("{heading}:\n{}", table::short(columns, &[], "--format json")));
        }
    }
    parts
}

/// The page of the answer; `again` is the command that gives it.
pub fn explain_page(found: &Explanation, again: &str) -> String {
    let mut tables = tables(found).into_iter();
    let (heading, columns) = tables.next().unwrap_or_default();
    let page = Found {
        plan: &found.plan,
        rates: rates(found),
        points: vec![0],
        sentences: sentences(found),
        method: explain_method(found),
        chart: explain_figure(found),
        heading,
        columns,
        further: tables.collect(),
        effects: Vec::new(),
        doubts: found.doubts.clone(),
        trials: Some(found.trials),
        file: "explain.json",
    };
    of_search(&page, again)
}

/// The unit of throughputs.
fn rates(found: &Explanation) -> RateUnit {
    let after = found.steps.iter().filter_map(|step| step.resized.summary.as_ref());
    let rate = |summary: &Summary| summary.throughput_per_min.map(|rate| rate.estimate);
    throughput::unit_of(&found.plan, found.base.iter().chain(after).filter_map(rate))
}

/// The tables, the ladder first.
fn tables(found: &Explanation) -> Vec<(&'static str, Vec<Column>)> {
    vec![
        ("The ladder", ladder(found)),
        ("Each capacity alone", alone(found)),
        ("What a completed request takes", demand_columns(found)),
    ]
}

/// A row for the point as it is, and one for each step.
fn ladder(found: &Explanation) -> Vec<Column> {
    let summaries: Vec<&Summary> =
        found.base.iter().chain(found.steps.iter().filter_map(|step| step.resized.summary.as_ref())).collect();
    let figure = |summary: &&Summary| {
        summary
            .metric(found.metric)
            .map_or_else(|| "–".into(), |figure| amount(figure.estimate, found.metric, rates(found)))
    };
    let changes = found.steps.iter().map(|step| relative(found, &step.resized));
    let changed = found.steps.iter().map(|step| settings(found, &step.resized));
    let column = |first: &str, rest: Vec<String>| [vec![first.to_owned()], rest].concat();
    vec![
        Column::words("changed", column("as it is", changed.collect())),
        Column::figures(found.metric.short(), summaries.iter().map(figure).collect()),
        Column::figures("change", column("", changes.collect())),
        Column::words("limited by", summaries.iter().map(|summary| limit(summary)).collect()).optional(1),
    ]
}

/// What each capacity brings alone.
fn alone(found: &Explanation) -> Vec<Column> {
    let column = |cell: &dyn Fn(&Resized) -> String| found.alone.iter().map(cell).collect::<Vec<_>>();
    let mut columns = vec![
        Column::words("capacity", column(&|one| steps(found, one))),
        Column::figures("change", column(&|one| relative(found, one))),
        Column::words("then limited by", column(&|one| one.summary.as_ref().map_or_else(String::new, limit)))
            .optional(3),
        Column::figures("cost", column(&|one| cost(found, one).map_or_else(String::new, short))).optional(1),
        Column::figures("change for a cost of 1", column(&|one| worth(found, one).unwrap_or_default())).optional(2),
    ];
    columns.retain(|column| !column.is_empty());
    columns
}

/// The demands on the resources.
fn demand_columns(found: &Explanation) -> Vec<Column> {
    let all = found.base.as_ref().map(demands).unwrap_or_default();
    let column = |cell: &dyn Fn(&Demand) -> String| all.iter().map(cell).collect::<Vec<_>>();
    vec![
        Column::words("resource", column(&|one| one.resource.clone())),
        Column::figures("demand", column(&|one| seconds(one.seconds))),
        Column::figures("units", column(&|one| short(one.capacity))).optional(1),
        Column::figures("utilised", column(&|one| percent(one.utilisation))),
        Column::figures(
            "full at",
            column(&|one| one.most_per_min.map_or_else(|| "–".into(), |most| rates(found).words(most))),
        ),
    ]
}

/// `killbill CPU`; several with `and`.
fn resources(found: &Explanation, resized: &Resized) -> String {
    let names = resized.levers.iter().map(|&(lever, ..)| found.levers[lever].resource.as_str());
    names.collect::<Vec<_>>().join(" and ")
}

/// `services.killbill.cpu 4 → 8`.
fn settings(found: &Explanation, resized: &Resized) -> String {
    let one = |&(lever, from, to): &(usize, f64, f64)| {
        let dial = &found.levers[lever].dial;
        format!("{} {} → {}", dial.path, dial.text(from), dial.text(to))
    };
    resized.levers.iter().map(one).collect::<Vec<_>>().join(" and ")
}

/// What the change costs, where all of it is priced; less than nothing where a capacity is reduced.
fn cost(found: &Explanation, resized: &Resized) -> Option<f64> {
    resized.levers.iter().map(|&(lever, from, to)| Some(found.levers[lever].price? * (to - from))).sum()
}

/// The change for a cost of 1.
fn worth(found: &Explanation, resized: &Resized) -> Option<String> {
    let cost = cost(found, resized).filter(|&cost| cost > 0.0)?;
    let change = resized.change?.estimate / cost;
    let text = match found.metric.is_rate() {
        true => format!("{:.2} points", change.abs() * 100.0),
        false => amount(change.abs(), found.metric, rates(found)),
    };
    Some(format!("{}{text}", if change < 0.0 { "-" } else { "+" }))
}

/// Relative change from which it is given as a factor.
const MANY_TIMES: f64 = 9.0;

/// `+19 %`; of a share `+1.2 points`; `x 12` of what becomes many times as much; `not significant`.
fn relative(found: &Explanation, resized: &Resized) -> String {
    let Some(change) = resized.change else { return "–".into() };
    if change.low <= 0.0 && change.high >= 0.0 {
        return "not significant".into();
    }
    if found.metric.is_rate() {
        return format!("{:+.1} points", change.estimate * 100.0);
    }
    // Of the mean over replications, as the change is: a quantile of all of them together is another figure.
    let Some(relative) = resized.relative.filter(|relative| relative.estimate.is_finite()) else {
        let sign = if change.estimate > 0.0 { "+" } else { "-" };
        return format!("{sign}{}", amount(change.estimate.abs(), found.metric, rates(found)));
    };
    if relative.estimate >= MANY_TIMES {
        return format!("x {}", short(relative.estimate + 1.0));
    }
    let percent = relative.estimate * 100.0;
    let decimals = if percent.abs() < 9.95 { 1 } else { 0 };
    format!("{percent:+.decimals$} %")
}

/// What limits a point, in words.
fn limit(summary: &Summary) -> String {
    let words = summary.culprit.as_ref().and_then(|culprit| culprit.limit_words());
    words.unwrap_or_else(|| "nothing".into())
}

/// What is said, what matters most first.
fn sentences(found: &Explanation) -> Vec<String> {
    let Some(base) = &found.base else { return vec!["no run gave figures".into()] };
    let metric = found.metric;
    let now = base.metric(metric).map_or_else(|| "unknown".into(), |now| words::figure(now, metric, rates(found)));
    let first = match base.culprit.as_ref().and_then(|culprit| culprit.limit_words()) {
        Some(limit) => format!("the {} is {now}, limited by {limit}", metric.words()),
        None => format!("the {} is {now}; no resource limits it", metric.words()),
    };
    let mut sentences = vec![first];
    sentences.extend(found.steps.iter().enumerate().map(|(index, step)| step_sentence(found, step, index > 0)));
    let last = found.steps.iter().rev().find_map(|step| step.resized.summary.as_ref()).unwrap_or(base);
    sentences.push(ending(found, last));
    sentences.extend(bound(found, base));
    sentences.extend(base.doubt.as_ref().map(|doubt| format!("no verdict on the point itself: {}", doubt.reason())));
    sentences
}

/// `more capacity at killbill CPU (services.killbill.cpu 4 → 8) raises the throughput by 19 %; then user-service CPU limits it`.
fn step_sentence(found: &Explanation, step: &Step, is_later: bool) -> String {
    let resized = &step.resized;
    let what = amounts(found, resized);
    let also = if is_later { " as well" } else { "" };
    let (set, changes) = (settings(found, resized), changes(found, resized));
    let mut sentence = format!("{what}{also} ({set}) {changes}");
    if resized.levers.len() > 1 {
        sentence += "; one of the two alone does not help";
    }
    if let Some(named) = step.named.as_ref().filter(|_| !step.is_named) {
        sentence += &format!("; {named} was named as the limit, and more of it helps less or not at all");
    }
    let after = resized.summary.as_ref().and_then(|after| after.culprit.as_ref());
    match after.and_then(|culprit| culprit.limit()) {
        Some(limit) if resized.levers.iter().any(|&(lever, ..)| found.levers[lever].resource == limit) => {
            sentence + &format!("; {} still limits it", named(limit))
        }
        Some(limit) => sentence + &format!("; then {} limits it", named(limit)),
        None => sentence + "; then no resource is named as its limit",
    }
}

/// `more capacity at killbill CPU`.
fn amounts(found: &Explanation, resized: &Resized) -> String {
    let is_more = resized.levers.iter().all(|(_, from, to)| to > from);
    format!("{} capacity at {}", if is_more { "more" } else { "less" }, resources(found, resized))
}

/// `killbill CPU 4 → 8`.
fn steps(found: &Explanation, resized: &Resized) -> String {
    let one = |&(lever, from, to): &(usize, f64, f64)| {
        let lever = &found.levers[lever];
        format!("{} {} → {}", lever.resource, lever.dial.text(from), lever.dial.text(to))
    };
    resized.levers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `raises the throughput by 19 %`, `lowers the 95th percentile of the response time by 31 %`.
fn changes(found: &Explanation, resized: &Resized) -> String {
    let words = found.metric.words();
    let change = relative(found, resized);
    match (change.strip_prefix('+'), change.strip_prefix('-')) {
        _ if change.starts_with("x ") => format!("multiplies the {words} by {}", &change[2..]),
        (Some(by), _) => format!("raises the {words} by {by}"),
        (_, Some(by)) => format!("lowers the {words} by {by}"),
        _ => format!("changes the {words}: {change}"),
    }
}

/// Why the ladder ends.
fn ending(found: &Explanation, last: &Summary) -> String {
    let factor = short(found.question.factor);
    let little = match found.metric.is_rate() {
        true => format!("{:.1} points", found.indifference(last) * 100.0),
        false => amount(found.indifference(last), found.metric, rates(found)),
    };
    let more = if found.steps.is_empty() { "no" } else { "no further" };
    let rest = last.culprit.as_ref().map_or_else(String::new, |culprit| format!(": {}", culprit.cause()));
    match found.end {
        LadderEnd::NothingHelps => format!(
            "{more} capacity that is in use improves the {} by {little} if it is multiplied by {factor}, alone or in pairs{rest}",
            found.metric.words()
        ),
        LadderEnd::EnoughSteps => {
            format!("the ladder ends after {} (--steps)", count(found.steps.len(), "step"))
        }
        LadderEnd::NothingInUse => format!("no limited capacity of the model is half in use or waited for{rest}"),
        LadderEnd::NoFigures => "no run of the last setting gave figures".into(),
        LadderEnd::Interrupted => "interrupted: the ladder may go on".into(),
    }
}

/// The asymptotic bounds.
fn bound(found: &Explanation, base: &Summary) -> Option<String> {
    let (resource, most) = most(base)?;
    let most = rates(found).words(most);
    let mut sentence = format!(
        "if each request takes as much as here, at most {most} complete, whatever the load: then {}",
        agree(&resource, "is full", "are full")
    );
    if let Some(alone) = without_waiting(base, &found.plan.points[0].load) {
        let clients = rates(found).words(alone);
        sentence += &format!("; without any wait these clients would complete {clients}");
    }
    Some(sentence)
}

/// What limits the answer.
pub fn explain_warnings(found: &Explanation) -> Vec<String> {
    let interrupted =
        (found.end == LadderEnd::Interrupted).then(|| format!("interrupted after {}", count(found.trials, "run")));
    interrupted.into_iter().chain(found.doubts.iter().cloned()).collect()
}

/// The answer for programs.
pub fn explain_document(found: &Explanation) -> Value {
    let resized = |one: &Resized| {
        let levers = one.levers.iter().map(|&(lever, from, to)| {
            let lever = &found.levers[lever];
            json!({
                "resource": lever.resource,
                "path": lever.dial.path,
                "from": lever.dial.text(from),
                "to": lever.dial.text(to),
            })
        });
        json!({
            "levers": levers.collect::<Vec<_>>(),
            "change": one.change,
            "cost": cost(found, one),
            "value": one.summary.as_ref().and_then(|summary| summary.metric(found.metric)),
            "limited_by": one.summary.as_ref().and_then(|summary| summary.saturated.clone()),
        })
    };
    let step = |step: &Step| {
        let mut value = resized(&step.resized);
        value["named_before"] = json!(step.named);
        value["is_named"] = json!(step.is_named);
        value
    };
    let demand = |one: Demand| {
        json!({
            "resource": one.resource,
            "capacity": one.capacity,
            "in_use": one.in_use,
            "utilisation": one.utilisation,
            "demand_s": one.seconds,
            "full_at_per_min": one.most_per_min,
        })
    };
    let base = found.base.as_ref();
    json!({
        "title": found.plan.title,
        "experiment": found.plan.name,
        "sim": env!("CARGO_PKG_VERSION"),
        "seed": found.plan.seed,
        "replications": found.plan.replications,
        "point": words::place(&found.plan, 0),
        "metric": found.metric.name(),
        "factor": found.question.factor,
        "value": base.and_then(|base| base.metric(found.metric)),
        "limited_by": base.and_then(|base| base.saturated.clone()),
        "doubt": base.and_then(|base| base.doubt.as_ref()).map(Doubt::reason),
        "indifference": base.map(|base| found.indifference(base)),
        "demands": base.map(demands).unwrap_or_default().into_iter().map(demand).collect::<Vec<_>>(),
        "without_waiting_per_min": base.and_then(|base| without_waiting(base, &found.plan.points[0].load)),
        "alone": found.alone.iter().map(resized).collect::<Vec<_>>(),
        "ladder": found.steps.iter().map(step).collect::<Vec<_>>(),
        "end": match found.end {
            LadderEnd::NothingHelps => "nothing helps",
            LadderEnd::EnoughSteps => "enough steps",
            LadderEnd::NothingInUse => "nothing in use",
            LadderEnd::NoFigures => "no figures",
            LadderEnd::Interrupted => "interrupted",
        },
        "trials": found.trials,
        "sentences": sentences(found),
        "doubts": found.doubts,
    })
}
