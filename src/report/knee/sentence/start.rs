//! The near end of the values that meet, where a load must reach a throughput: below it too little is offered.

use super::missed;
use crate::experiment::search::{KneeAnswer, Start, VariantKnee};
use crate::report::knee::{at, rates};

/// `; 51/s is the lowest, and 50/s misses: throughput 49.9/s, must be at least 50/s; the load offers less ...`; empty where
/// the values that meet have no such end, or none meets.
pub(super) fn start(answer: &KneeAnswer, found: &VariantKnee) -> String {
    let Some(start) = &found.start else { return String::new() };
    let text = |value: f64| answer.knee.dial.text(value);
    let (end, beyond) = if answer.knee.smallest { ("highest", "below") } else { ("lowest", "above") };
    let (last, why) = (text(start.misses), misses(answer, found, start));
    match start.meets {
        Some(meets) if start.is_sharp => format!("; {} is the {end}: {last} {why}", text(meets)),
        Some(meets) => {
            format!("; {} meets too, and the {end} that does lies {beyond} {last}, which {why}", text(meets))
        }
        None => format!("; one that meets would lie {beyond} {last}, which {why}"),
    }
}

/// `no value meets the objectives: rate = 49/s misses: throughput ..., 50/s misses: p95 ...`: of a search that found two
/// neighbours of which the one offers too little, or that offers too little everywhere. None of any other.
pub(super) fn none_meets(answer: &KneeAnswer, found: &VariantKnee, beyond: &str) -> Option<String> {
    let start = found.start.as_ref()?;
    let why = misses(answer, found, start);
    Some(match found.misses {
        Some(next) => format!(
            "no value meets the objectives: {} {why}, and {} {beyond}",
            at(&answer.knee, start.misses),
            answer.knee.dial.text(next)
        ),
        None => format!("no value meets the objectives, even at {}, which {why}", at(&answer.knee, start.misses)),
    })
}

/// `from 51/s up to`, of values that all meet.
pub(super) fn from(answer: &KneeAnswer, found: &VariantKnee) -> String {
    let first = found.start.as_ref().and_then(|start| start.meets);
    first.map_or_else(String::new, |first| format!("from {} ", answer.knee.dial.text(first)))
}

fn misses(answer: &KneeAnswer, found: &VariantKnee, start: &Start) -> String {
    let tried = found.tried.iter().find(|tried| tried.value == start.misses);
    let why = tried.and_then(|tried| missed(&answer.knee, tried, rates(answer)));
    let why = why.map_or_else(String::new, |why| format!(": {why}"));
    let cause = start.cause.as_ref().map_or_else(String::new, |cause| format!("; {cause}"));
    format!("misses{why}{cause}")
}
