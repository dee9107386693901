//! The answer of a search for the knee as a document for programs.

use serde_json::{Value, json};

use super::rates;
use super::sentence::sentence;
use crate::experiment::analyse::summary::Doubt;
use crate::experiment::plan::KneeSearch;
use crate::experiment::search::{Decision, Defect, KneeAnswer, KneeOutcome, Reading, Tried, VariantKnee};
use crate::report::objective::in_words;

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
