//! What to relieve next: the ladder as sentences and a table, what each capacity brings alone, the demands on each resource, a
//! document for programs, a chart for the page.

mod figure;

use serde_json::{Value, json};

pub use figure::explain_figure;

use super::number::{difference, seconds, short};
use super::page::{Found, of_search};
use super::paragraph::{count, joined, paragraph};
use super::table::{self, Column};
use crate::experiment::analyse::culprit::{agree, named};
use crate::experiment::analyse::demand::{Demand, demands, is_whole, most, without_waiting};
use crate::experiment::analyse::summary::{Doubt, Summary};
use crate::experiment::analyse::throughput;
use crate::experiment::analyse::words::{self, amount, percent};
use crate::experiment::plan::Lever;
use crate::experiment::search::explain::{Explanation, LadderEnd, Resized, Step};
use crate::model::RateUnit;
use crate::statistics::Interval;

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
        (demand_heading(found), demand_columns(found)),
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

/// What the demands are of: where many requests fail, those that complete did not take all of it.
fn demand_heading(found: &Explanation) -> &'static str {
    match found.base.as_ref().is_none_or(is_whole) {
        true => "What a completed request takes",
        false => "What all requests take, for each that completes",
    }
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

/// The levers of a setting in words, each with its value before and after.
fn each(found: &Explanation, resized: &Resized, words: &dyn Fn(&Lever, &str, &str) -> String) -> Vec<String> {
    let one = |&(lever, from, to): &(usize, f64, f64)| {
        let lever = &found.levers[lever];
        words(lever, &lever.dial.text(from), &lever.dial.text(to))
    };
    resized.levers.iter().map(one).collect()
}

/// `killbill CPU`; several with `and`.
fn resources(found: &Explanation, resized: &Resized) -> String {
    joined(&each(found, resized, &|lever, _, _| lever.name()), "and")
}

/// `services.killbill.cpu 4 → 8`; several with `and`.
fn settings(found: &Explanation, resized: &Resized) -> String {
    joined(&each(found, resized, &|lever, from, to| format!("{} {from} → {to}", lever.dial.path)), "and")
}

/// `killbill CPU 4 → 8`; several with a comma.
fn steps(found: &Explanation, resized: &Resized) -> String {
    each(found, resized, &|lever, from, to| format!("{} {from} → {to}", lever.name())).join(", ")
}

/// What the change costs, where all of it is priced; less than nothing where a capacity is reduced.
fn cost(found: &Explanation, resized: &Resized) -> Option<f64> {
    resized.levers.iter().map(|&(lever, from, to)| Some(found.levers[lever].price? * (to - from))).sum()
}

/// The change for a cost of 1.
fn worth(found: &Explanation, resized: &Resized) -> Option<String> {
    let cost = cost(found, resized).filter(|&cost| cost > 0.0)?;
    let change = resized.change?.estimate / cost;
    let sign = if change < 0.0 { "-" } else { "+" };
    Some(format!("{sign}{}", difference(change.abs(), found.metric, rates(found))))
}

/// A change that is significant.
struct Shift {
    /// Whether the figure becomes larger.
    is_up: bool,
    /// `19 % (15 to 23)`, of a share `1.2 points (0.4 to 2.0)`, of what becomes many times as much `12 times (10 to 14)`.
    size: String,
    /// `-19 % (-23 to -15)`.
    signed: String,
}

/// An improvement that is not significant is mentioned if it is at least this many times the smallest difference that matters:
/// 5 % of most figures. An assumption.
const LARGE: f64 = 2.5;

/// Relative change from which it is given as a factor.
const MANY_TIMES: f64 = 9.0;

impl Shift {
    /// The change; none where there is no figure, or where it is not significant.
    fn of(found: &Explanation, resized: &Resized) -> Option<Self> {
        let is_significant = |change: &Interval| change.low > 0.0 || change.high < 0.0;
        Some(Self::with(found, resized, resized.change.filter(is_significant)?))
    }

    /// The same of a change that need not be significant.
    fn with(found: &Explanation, resized: &Resized, change: Interval) -> Self {
        let is_up = change.estimate > 0.0;
        // Of the means over replications, as the change is: a quantile of all of them together is another figure.
        let relative = resized.relative.filter(|relative| relative.estimate.is_finite());
        let size = |is_signed: bool| match relative {
            None if found.metric.is_rate() => scaled(change, 100.0, 0.0, 1, "points", is_signed),
            None => {
                let sign = ["", if is_up { "+" } else { "-" }][usize::from(is_signed)];
                format!("{sign}{}", difference(change.estimate.abs(), found.metric, rates(found)))
            }
            Some(relative) if relative.estimate >= MANY_TIMES => scaled(relative, 1.0, 1.0, 0, "times", is_signed),
            Some(relative) => {
                let decimals = usize::from(relative.estimate.abs() * 100.0 < 9.95);
                scaled(relative, 100.0, 0.0, decimals, "%", is_signed)
            }
        };
        Self { is_up, size: size(false), signed: size(true) }
    }
}

/// A change times a scale and more by an offset, with the ends of its interval; without signs its size, with that of the
/// smaller end first.
fn scaled(change: Interval, scale: f64, offset: f64, decimals: usize, unit: &str, is_signed: bool) -> String {
    let shown = |value: f64| match value * scale + offset {
        value if is_signed => format!("{value:+.decimals$}"),
        value => format!("{:.decimals$}", value.abs()),
    };
    let is_turned = change.estimate < 0.0 && !is_signed;
    let (first, last) = if is_turned { (change.high, change.low) } else { (change.low, change.high) };
    match change.low.is_finite() && change.high.is_finite() {
        true => format!("{} {unit} ({} to {})", shown(change.estimate), shown(first), shown(last)),
        false => format!("{} {unit}", shown(change.estimate)),
    }
}

/// `+19 % (+15 to +23)`, `not significant`; a dash where there is no figure.
fn relative(found: &Explanation, resized: &Resized) -> String {
    match Shift::of(found, resized) {
        Some(shift) => shift.signed,
        None if resized.change.is_some() => "not significant".into(),
        None => "–".into(),
    }
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
    let (words, is) = (metric.words(), metric.agree("is", "are"));
    let first = match base.culprit.as_ref().and_then(|culprit| culprit.limit_words()) {
        Some(limit) => format!("the {words} {is} {now}, limited by {limit}"),
        None => format!("the {words} {is} {now}; no resource is named as the limit"),
    };
    let mut sentences = vec![first];
    sentences.extend(found.steps.iter().enumerate().map(|(index, step)| step_sentence(found, step, index > 0)));
    let last = found.steps.iter().rev().find_map(|step| step.resized.summary.as_ref()).unwrap_or(base);
    sentences.push(ending(found, last));
    sentences.extend(found.base.as_ref().filter(|_| found.steps.is_empty()).and_then(|base| uncertain(found, base)));
    sentences.extend(bound(found, base));
    sentences.extend(base.doubt.as_ref().map(|doubt| format!("no verdict on the point itself: {}", doubt.reason())));
    sentences
}

/// `more capacity at killbill CPU (services.killbill.cpu 4 → 8) raises the throughput by 19 % (15 to 23);
/// then user-service CPU limits it`.
fn step_sentence(found: &Explanation, step: &Step, is_later: bool) -> String {
    let resized = &step.resized;
    let what = amounts(found, resized);
    let also = if is_later { " as well" } else { "" };
    let (set, changes) = (settings(found, resized), changes(found, resized));
    let mut sentence = format!("{what}{also} ({set}) {changes}");
    sentence += match resized.levers.len() {
        0 | 1 => "",
        2 => "; neither alone helps",
        _ => "; none of them helps alone",
    };
    if let Some(limit) = step.named.as_ref().filter(|_| !step.is_named) {
        let named = agree(&named(limit), "was named as the limit", "were named as the limit");
        let why = match found.can_raise(limit) {
            true => "more of it helps less or not at all",
            false => "the model has no number that enlarges it",
        };
        sentence += &format!("; {named}, and {why}");
    }
    match then(found, resized) {
        Some(then) => sentence + "; " + &then,
        None => sentence + "; then no resource is named as the limit",
    }
}

/// `then user-service CPU limits it`, `killbill CPU still limits it`; none where no resource is named as the limit.
fn then(found: &Explanation, resized: &Resized) -> Option<String> {
    let limit = resized.summary.as_ref()?.culprit.as_ref()?.limit()?;
    Some(match found.raises(resized, limit) {
        true => agree(&named(limit), "still limits it", "still limit it"),
        false => format!("then {}", agree(&named(limit), "limits it", "limit it")),
    })
}

/// `more capacity at killbill CPU`.
fn amounts(found: &Explanation, resized: &Resized) -> String {
    let is_more = resized.levers.iter().all(|(_, from, to)| to > from);
    format!("{} capacity at {}", if is_more { "more" } else { "less" }, resources(found, resized))
}

/// `raises the throughput by 19 % (15 to 23)`, `lowers the 95th percentile of the response time by 31 % (29 to 33)`.
fn changes(found: &Explanation, resized: &Resized) -> String {
    let words = found.metric.words();
    match Shift::of(found, resized) {
        Some(Shift { is_up: true, size, .. }) if size.contains(" times") => format!("makes the {words} {size} as much"),
        Some(Shift { is_up: true, size, .. }) => format!("raises the {words} by {size}"),
        Some(Shift { is_up: false, size, .. }) => format!("lowers the {words} by {size}"),
        None => format!("changes the {words}: {}", relative(found, resized)),
    }
}

/// Why the ladder ends.
fn ending(found: &Explanation, last: &Summary) -> String {
    let more = if found.steps.is_empty() { "no" } else { "no further" };
    let rest = last.culprit.as_ref().map_or_else(String::new, |culprit| format!("; {}", culprit.clause()));
    match found.end {
        LadderEnd::NothingHelps => format!(
            "{more} capacity that was tried improves the {} significantly and by at least {} (multiplied by {}; each that is in \
             use alone, then pairs of the four most utilised, then all together){rest}",
            found.metric.words(),
            difference(found.indifference(last), found.metric, rates(found)),
            short(found.question.factor)
        ),
        LadderEnd::EnoughSteps => format!("the ladder ends after {} (--steps)", count(found.steps.len(), "step")),
        LadderEnd::NothingInUse => format!(
            "no capacity that the model sets is half in use, has half a request waiting (mean) or refuses requests{rest}"
        ),
        LadderEnd::NoFigures => "no run of the last setting gave figures".into(),
        LadderEnd::Interrupted => "interrupted: further steps may help".into(),
    }
}

/// The largest improvement that the runs do not show beyond doubt, where no capacity improves the figure significantly:
/// `more capacity at search threads (services.search.threads 1 → 2) may help: +18 % (-2 to +40) is not significant in 5
/// runs; run more (--replications)`.
fn uncertain(found: &Explanation, base: &Summary) -> Option<String> {
    let gain = |one: &Resized| Some(found.improvement(one.change?).estimate).filter(|gain| gain.is_finite());
    let unsure = found.alone.iter().filter(|one| Shift::of(found, one).is_none());
    let large =
        unsure.filter_map(|one| Some((one, gain(one)?))).filter(|(_, gain)| *gain >= LARGE * found.indifference(base));
    let (best, _) = large.max_by(|a, b| a.1.total_cmp(&b.1))?;
    let signed = Shift::with(found, best, best.change?).signed;
    Some(format!(
        "{} ({}) may help: {signed} is not significant in {}; run more (--replications)",
        amounts(found, best),
        settings(found, best),
        count(found.plan.replications as usize, "run"),
    ))
}

/// The asymptotic bounds.
fn bound(found: &Explanation, base: &Summary) -> Option<String> {
    let (resource, most) = most(base)?;
    let mut sentence = format!(
        "if each request takes as much as here, {} at {}, and no more can complete",
        agree(&resource, "is full", "are full"),
        rates(found).words(most)
    );
    if let Some(alone) = without_waiting(base, &found.plan.points[0].load) {
        sentence += &format!("; if no request had to wait, these clients would complete {}", rates(found).words(alone));
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
            "relative": one.relative,
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
