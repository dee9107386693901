//! What a search for the knee found: a table, a sentence a variant, a document for programs, a chart of what was tried.

mod figure;
mod start;

use serde_json::{Value, json};

use super::number::short;
use super::objective::{bound, in_words};
use super::page::{Found, of_search};
use super::paragraph::{count, paragraph};
use super::table::{self, Column};
use crate::experiment::analyse::summary::Doubt;
use crate::experiment::analyse::words;
use crate::experiment::analyse::{finding, throughput};
use crate::experiment::plan::KneeSearch;
use crate::experiment::search::{
    Decision, Defect, KneeAnswer, KneeOutcome, Reading, Tried, VariantKnee, guess, is_floor, is_floored,
};
use crate::language::Metric;
use crate::model::RateUnit;
use crate::statistics::rare::can_hide;

pub use figure::knee_figure;
pub(super) use figure::{axis_label, dial_label, plotted, window};

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

/// What is said of a variant.
fn sentence(answer: &KneeAnswer, found: &VariantKnee) -> String {
    let knee = &answer.knee;
    let name = match answer.plan.variants.len() {
        1 => String::new(),
        _ => format!("{}: ", answer.plan.variants[found.variant]),
    };
    let (near, far) = if knee.smallest {
        (knee.grid.value(knee.grid.cells()), knee.grid.value(0))
    } else {
        (knee.grid.value(0), knee.grid.value(knee.grid.cells()))
    };
    let cause = found.cause.as_ref().map_or_else(String::new, |cause| format!("; {cause}"));
    let words = match (found.outcome, found.estimate) {
        (KneeOutcome::AllMeet, _) => {
            let way = if knee.smallest { "down" } else { "up" };
            let hidden = caveats(answer, found, far);
            let (from, start) = (start::from(answer, found), start::start(answer, found));
            format!(
                "all values {from}{way} to {} meet the objectives{hidden}: the knee lies beyond{start}",
                at(knee, far)
            )
        }
        (KneeOutcome::NoneMeets, _) if found.start.is_some() => {
            let beyond = found.misses.map_or_else(String::new, |value| misses(answer, found, value, &cause));
            start::none_meets(answer, found, &beyond).unwrap_or_default()
        }
        (KneeOutcome::NoneMeets, _) => {
            let missed = found
                .tried
                .iter()
                .find(|tried| tried.value == near)
                .and_then(|tried| missed(knee, tried, rates(answer)));
            let why = missed.map_or_else(String::new, |missed| format!(": {missed}"));
            match knee.dial.path.starts_with("load.") {
                true => format!("no value meets the objectives, even at {}{why}{cause}", at(knee, near)),
                // On an axis that is not a load, more may be worse.
                false => format!(
                    "{} misses the objectives{why}{cause}; no value between it and {} was tried (`sim sweep` shows whether one \
                     meets)",
                    at(knee, near),
                    knee.dial.text(far)
                ),
            }
        }
        (KneeOutcome::Rises, _) => format!(
            "{} meets the objectives{} and {} does not, so there is no knee; run `sim sweep` to see the values between{}",
            at(knee, far),
            doubt(found, far),
            at(knee, near),
            if knee.smallest { "; leave out --smallest?" } else { "; add --smallest?" }
        ),
        (KneeOutcome::Unfinished, None) => "interrupted before anything was decided".into(),
        _ => between(answer, found, near, &cause),
    };
    format!("{name}{words}")
}

/// `113 concurrent is the highest that meets the objectives`, `3 replicas are enough`.
pub(super) fn last_that_meets(knee: &KneeSearch, value: f64) -> String {
    let text = knee.dial.text(value);
    match (knee.smallest, knee.dial.path == "load.concurrency") {
        (true, false) if knee.dial.whole && text != "1" && noun(knee).ends_with('s') && !noun(knee).contains('_') => {
            format!("{text} {} are enough", noun(knee))
        }
        (true, _) => format!("{} is enough", at(knee, value)),
        (false, true) => format!("{text} concurrent is the highest that meets the objectives"),
        (false, false) => format!("{text} is the highest {} that meets the objectives", quantity(knee)),
    }
}

/// The objective that a value misses, with the figure: `p99 2.00 s, at most 1 s`.
fn missed(knee: &KneeSearch, tried: &Tried, rates: RateUnit) -> Option<String> {
    let misses = |reading: &&Reading| reading.decision == Some(Decision::Misses);
    let Some(first) = tried.readings.iter().find(misses) else {
        return tried.defect.map(|defect| defect.words().into());
    };
    // A least throughput is missed at too high a load as well, but not only that.
    let is_other = |reading: &&Reading| {
        let is_met = guess(std::slice::from_ref(*reading), &knee.objectives, knee.slope);
        !is_met && knee.objectives.get(reading.objective).is_some_and(|objective| !is_floor(objective))
    };
    let other = tried.readings.iter().find(is_other).filter(|_| is_floored(knee));
    let reading = other.unwrap_or(first);
    let objective = knee.objectives.get(reading.objective)?;
    let figure =
        reading.figure.map_or_else(|| "none".into(), |it| words::amount(it.estimate, objective.metric(), rates));
    Some(format!("{} {figure}, must be {}", objective.metric().words(), bound(*objective, rates)))
}

/// `misses: p99 2.00 s, must be at most 1 s; shop CPU is saturated`.
fn misses(answer: &KneeAnswer, found: &VariantKnee, value: f64, cause: &str) -> String {
    let tried = found.tried.iter().find(|tried| tried.value == value);
    let why = tried.and_then(|tried| missed(&answer.knee, tried, rates(answer)));
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    format!("misses{why}{cause}")
}

/// What is known of a knee inside the range: the two ends of an interval, or both sides of one value.
fn between(answer: &KneeAnswer, found: &VariantKnee, near: f64, cause: &str) -> String {
    let knee = &answer.knee;
    let text = |value: f64| knee.dial.text(value);
    let so_far = if found.outcome == KneeOutcome::Unfinished { "so far: " } else { "" };
    let confidence = format!("{} % confidence", short(knee.confidence * 100.0));
    let meets = |value: f64| format!("meets{}", caveats(answer, found, value));
    let misses = |value: f64| misses(answer, found, value, cause);
    let best = match found.estimate {
        Some(value) if Some(value) == found.meets => format!("; {} is the best estimate", text(value)),
        Some(value) => format!("; {} is the best estimate{}", text(value), doubt(found, value)),
        None => "; by its estimate no value that was tried meets".into(),
    };
    let what = the_last_that_meets(knee);
    let words = match (found.meets, found.misses) {
        (Some(met), Some(missed)) if is_beyond(knee, met, missed) => format!(
            "{} {} and {}, farther on, {} ({confidence}), so there is no knee; `sim sweep` shows the values between",
            at(knee, missed),
            misses(missed),
            text(met),
            meets(met)
        ),
        (Some(met), Some(missed)) if found.is_sharp => format!(
            "{} ({confidence}: {} {}, {} {})",
            last_that_meets(knee, met),
            text(met),
            meets(met),
            text(missed),
            misses(missed)
        ),
        (Some(met), Some(missed)) => {
            let (met, missed) = ((met, meets(met)), (missed, misses(missed)));
            let (low, high) = if met.0 < missed.0 { (met, missed) } else { (missed, met) };
            format!(
                "{what} is between {}, which {}, and {}, which {} ({confidence}){best}",
                text(low.0),
                low.1,
                text(high.0),
                high.1
            )
        }
        (None, Some(missed)) => {
            let side = if knee.smallest { "above" } else { "below" };
            format!("{what} is {side} {}, which {} ({confidence}){best}", text(missed), misses(missed))
        }
        (Some(met), None) => {
            let side = if knee.smallest { "at most" } else { "at least" };
            format!("{what} is {side} {}, which {} ({confidence}){best}", text(met), meets(met))
        }
        (None, None) if found.tried.iter().all(|tried| tried.decision.is_none()) => {
            "interrupted before anything was decided".into()
        }
        (None, None) => format!("{} and all others that were tried are too close to the bound{best}", at(knee, near)),
    };
    let start = start::start(answer, found);
    format!("{so_far}{words}{start}{}{}{}", undecided(found), scattered(found), unsteady(knee, found))
}

/// Whether the last value that meets lies beyond the first that misses.
fn is_beyond(knee: &KneeSearch, met: f64, missed: f64) -> bool {
    if knee.smallest { met < missed } else { met > missed }
}

/// `the highest concurrency that meets the objectives`, `the least max_size that is enough`.
fn the_last_that_meets(knee: &KneeSearch) -> String {
    let last = if knee.smallest { "least" } else { "highest" };
    let meets = if knee.smallest { "is enough" } else { "meets the objectives" };
    format!("the {last} {} that {meets}", quantity(knee))
}

/// What a value that meets leaves open.
fn caveats(answer: &KneeAnswer, found: &VariantKnee, value: f64) -> String {
    hidden(answer, found, value) + &doubt(found, value)
}

/// Why the runs at a value do not show how good it is: ` (shop CPU is in use 99.1 % of the time and may be overloaded; run
/// longer)`.
fn doubt(found: &VariantKnee, value: f64) -> String {
    let tried = found.tried.iter().find(|tried| tried.value == value);
    let doubt = tried.and_then(|tried| tried.doubt.as_ref());
    doubt.map_or_else(String::new, |doubt| format!(" ({})", doubt.reason()))
}

/// What the runs at a value cannot exclude, where the system loses capacity at another value or in another variant, or breaks
/// down in a part of the runs at another value.
fn hidden(answer: &KneeAnswer, found: &VariantKnee, value: f64) -> String {
    let loses = answer.variants.iter().flat_map(|found| &found.tried).any(|tried| tried.damaged > 0);
    let tried = found.tried.iter().find(|tried| tried.value == value && tried.damaged == 0 && !tried.is_split);
    let split = found.tried.iter().find(|tried| tried.is_split && tried.decision == Some(Decision::Misses));
    let Some(tried) = tried else { return String::new() };
    let (runs, share) = (tried.replications, finding::share(can_hide(tried.replications as usize)));
    match (loses, split) {
        (true, _) => format!(" (0 of {runs} runs lost capacity; up to {share} of runs can)"),
        (false, Some(other)) => {
            format!(" (0 of {runs} runs broke down as some at {} did; up to {share} of runs can)", other.text)
        }
        (false, None) => String::new(),
    }
}

/// How long the values between the two ends were tried, where they could not be decided.
fn undecided(found: &VariantKnee) -> String {
    let close: Vec<&Tried> = found.tried.iter().filter(|tried| tried.decision == Some(Decision::TooClose)).collect();
    match close.as_slice() {
        [] => String::new(),
        [one] => format!("; {} could not be decided in {}", one.text, count(one.replications as usize, "run")),
        [first, .., last] => format!(
            "; {} values from {} to {} could not be decided in {} runs each",
            close.len(),
            first.text,
            last.text,
            last.replications
        ),
    }
}

/// Where values on either side of those that are sure are too close to tell: there the objective rises and falls again.
fn scattered(found: &VariantKnee) -> &'static str {
    let close =
        || found.tried.iter().filter(|tried| tried.decision == Some(Decision::TooClose)).map(|tried| tried.value);
    let (Some(meets), Some(misses)) = (found.meets, found.misses) else { return "" };
    let (least, most) = (meets.min(misses), meets.max(misses));
    // Those at the near end of the values that meet are not beyond them.
    let is_scattered = found.start.is_none() && close().any(|value| value < least) && close().any(|value| value > most);
    if is_scattered { " on both sides: the objectives are not monotone there (`sim sweep` shows them)" } else { "" }
}

/// What was seen of an objective that is no steady function of the value.
fn unsteady(knee: &KneeSearch, found: &VariantKnee) -> String {
    let text = |value: f64| knee.dial.text(value);
    // A value at which another objective is missed does not meet, however good this one is there: the few requests that
    // succeed under overload may be fast.
    let misses_another = |far: f64, objective: usize| {
        let is_missed =
            |reading: &Reading| reading.objective != objective && reading.decision == Some(Decision::Misses);
        let there = found.tried.iter().find(|tried| tried.value == far);
        there.is_some_and(|tried| tried.defect.is_some() || tried.readings.iter().any(is_missed))
    };
    let open = found.unsteady.filter(|(_, far, objective)| !misses_another(*far, *objective));
    open.map_or_else(String::new, |(near, far, objective)| {
        let (near, far) = (text(near), text(far));
        let metric = knee.objectives.get(objective).map(|objective| objective.metric());
        let (metric, is) = metric.map_or(("slope", "is"), |metric| (metric.words(), metric.agree("is", "are")));
        format!("; not monotone: the {metric} {is} better at {far} than at {near}, so values beyond may meet again (`sim sweep` shows them)")
    })
}

/// The answer for programs.
pub fn knee_document(answer: &KneeAnswer) -> Value {
    let knee = &answer.knee;
    let value = |value: Option<f64>| value.map(|value| json!({ "value": knee.dial.text(value), "number": value }));
    let variant = |found: &VariantKnee| {
        let tried = found.tried.iter().map(|tried| tried_document(knee, tried));
        json!({
            "variant": answer.plan.variants[found.variant],
            "outcome": outcome(found.outcome),
            "knee": value(found.estimate),
            "meets": value(found.meets),
            "misses": value(found.misses),
            "start": found.start.as_ref().map(|start| json!({
                "misses": value(Some(start.misses)),
                "meets": value(start.meets),
                "cause": start.cause,
            })),
            "cause": found.cause,
            "not_monotone": found.unsteady.map(|(near, far, _)| json!({ "worse": near, "better": far })),
            "sentence": sentence(answer, found),
            "trials": found.trials,
            "grid_trials": found.grid_trials,
            "tried": tried.collect::<Vec<_>>(),
        })
    };
    json!({
        "title": answer.plan.title,
        "experiment": answer.plan.name,
        "sim": env!("CARGO_PKG_VERSION"),
        "seed": answer.plan.seed,
        "axis": { "name": knee.dial.name, "path": knee.dial.path },
        "from": value(Some(knee.grid.value(0))),
        "to": value(Some(knee.grid.value(knee.grid.cells()))),
        "smallest": knee.smallest,
        "objectives": knee.objectives.iter().map(|&objective| in_words(objective, rates(answer))).collect::<Vec<_>>(),
        "slope": knee.slope,
        "confidence": knee.confidence,
        "replications": answer.replications,
        "max_replications": knee.max_replications,
        "partial": answer.is_interrupted,
        "variants": answer.variants.iter().map(variant).collect::<Vec<_>>(),
        "doubts": answer.doubts,
    })
}

fn outcome(outcome: KneeOutcome) -> &'static str {
    match outcome {
        KneeOutcome::Found => "found",
        KneeOutcome::AllMeet => "all-meet",
        KneeOutcome::NoneMeets => "none-meets",
        KneeOutcome::Rises => "wrong-way-round",
        KneeOutcome::Unfinished => "unfinished",
    }
}

fn tried_document(knee: &KneeSearch, tried: &Tried) -> Value {
    let figure = |reading: &Reading| {
        let name = match knee.objectives.get(reading.objective) {
            Some(objective) => objective.metric().name(),
            None => "slope",
        };
        json!({ "figure": name, "interval": reading.figure, "decision": reading.decision.map(decision) })
    };
    json!({
        "value": tried.text,
        "number": tried.value,
        "replications": tried.replications,
        "decision": tried.decision.map(decision),
        "defect": tried.defect.map(Defect::name),
        "doubt": tried.doubt.as_ref().map(Doubt::reason),
        "figures": tried.readings.iter().map(figure).collect::<Vec<_>>(),
    })
}

fn decision(decision: Decision) -> &'static str {
    match decision {
        Decision::Meets => "meets",
        Decision::Misses => "misses",
        Decision::TooClose => "too-close",
    }
}
