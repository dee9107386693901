//! What is said of a variant after a search for the knee: a sentence.

mod start;

use super::{at, noun, quantity, rates};
use crate::experiment::analyse::finding;
use crate::experiment::analyse::words;
use crate::experiment::plan::KneeSearch;
use crate::experiment::search::{
    Decision, KneeAnswer, KneeOutcome, Reading, Tried, VariantKnee, guess, is_floor, is_floored,
};
use crate::model::RateUnit;
use crate::report::number::short;
use crate::report::objective::bound;
use crate::report::paragraph::count;
use crate::statistics::rare::can_hide;

/// What is said of a variant.
pub(super) fn sentence(answer: &KneeAnswer, found: &VariantKnee) -> String {
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
pub(super) fn is_beyond(knee: &KneeSearch, met: f64, missed: f64) -> bool {
    if knee.smallest { met < missed } else { met > missed }
}

/// `the highest concurrency that meets the objectives`, `the least max_size that is enough`.
pub(super) fn the_last_that_meets(knee: &KneeSearch) -> String {
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
