//! Ablations: which of several changes brings what. Each change is looked at alone (with it and nothing else, against
//! nothing) and last (with all changes, against all but it), by paired differences of points that met the same requests.
//! Where changes work on one another the two differ: what is needless alone may be what all others wait for.

use crate::experiment::analyse::effect::{Observation, Worth, observe_one};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::plan::Plan;
use crate::language::Metric;

/// What came of an ablation.
#[derive(Clone, Debug)]
pub struct Ablated {
    /// The variant with all changes.
    pub variant: String,
    /// The variant without any.
    pub against: String,
    /// Where: the values of the axes in words; empty without axes.
    pub place: String,
    /// Which metric.
    pub metric: Metric,
    /// All changes against none.
    pub whole: Observation,
    /// Each change, in the order of the file.
    pub changes: Vec<Part>,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Part {
    /// The variant that is this change.
    pub name: String,
    /// It alone against nothing.
    pub alone: Observation,
    /// All changes against all but it.
    pub last: Observation,
}

/// Observes the ablations that a plan asks for.
pub fn observe(plan: &Plan, summaries: &[Summary]) -> Vec<Ablated> {
    let one = |ablation: &crate::experiment::plan::Ablation| {
        let whole = observe_one(plan, &ablation.whole, summaries);
        let part = |change: &crate::experiment::plan::Ablated| Part {
            name: change.name.clone(),
            alone: observe_one(plan, &change.alone, summaries),
            last: observe_one(plan, &change.last, summaries),
        };
        Ablated {
            variant: whole.variants.0.clone(),
            against: whole.variants.1.clone(),
            place: whole.place.clone(),
            metric: whole.metric,
            changes: ablation.changes.iter().map(part).collect(),
            whole,
        }
    };
    plan.ablations.iter().map(one).collect()
}

impl Ablated {
    /// The finding in a sentence or three: which change brings most on top of the others, which bring nothing in either
    /// place, which only do beside others.
    pub fn sentence(&self) -> String {
        let gain = |part: &&Part| {
            let sign = if self.metric.is_better_higher() { 1.0 } else { -1.0 };
            part.last.figures.map(|found| sign * found.relative.unwrap_or(found.difference).estimate)
        };
        let mut helping: Vec<&Part> = self.changes.iter().filter(|part| part.last.worth == Worth::Helps).collect();
        helping.sort_by(|a, b| gain(b).unwrap_or(0.0).total_cmp(&gain(a).unwrap_or(0.0)));
        let names = |parts: Vec<&Part>| parts.iter().map(|part| format!("“{}”", part.name)).collect::<Vec<_>>();
        let with = |alone: Worth, last: Worth| {
            names(self.changes.iter().filter(|part| part.alone.worth == alone && part.last.worth == last).collect())
        };
        let mut sentences = Vec::new();
        sentences.push(match helping.first() {
            Some(first) => {
                format!("“{}” contributes most: {} when added to the others", first.name, first.last.difference())
            }
            None => "no change helps when it is added to the others".into(),
        });
        let nothing = with(Worth::Nothing, Worth::Nothing);
        if !nothing.is_empty() {
            sentences.push(format!("{} no difference, alone or added to the others", verb(&nothing, "makes", "make")));
        }
        let late = with(Worth::Nothing, Worth::Helps);
        if !late.is_empty() {
            sentences.push(format!("{} nothing alone but helps together with the others", verb(&late, "does", "do")));
        }
        let early = with(Worth::Helps, Worth::Nothing);
        if !early.is_empty() {
            sentences.push(format!("{} alone but adds nothing to the others", verb(&early, "helps", "help")));
        }
        let harmful = names(self.changes.iter().filter(|part| part.last.worth == Worth::Harms).collect());
        if !harmful.is_empty() {
            sentences.push(format!("{} when it is added to the others: leave it out", verb(&harmful, "harms", "harm")));
        }
        let open: Vec<&Part> = self.changes.iter().filter(|part| part.last.worth == Worth::Undecided).collect();
        if !open.is_empty() {
            let names = names(open);
            sentences.push(format!("{} undecided: replicate more", verb(&names, "is", "are")));
        }
        sentences.join("; ")
    }
}

/// `"a" and "b" make`, `"a" makes`.
fn verb(names: &[String], one: &str, several: &str) -> String {
    match names {
        [name] => format!("{name} {one}"),
        [start @ .., last] => format!("{} and {last} {several}", start.join(", ")),
        [] => String::new(),
    }
}
