//! The dossier of a collapse: when it tips, who holds what and waits for what then, and what happens around that moment; in
//! words, as a picture ([`figure`]) and as a document ([`document`]).

mod graph;
mod words;

pub use graph::figure;
pub use words::dossier;
pub(super) use words::{around, headline, request, sentences};

use serde_json::{Value, json};

use super::whole::Report;
use crate::experiment::analyse::condition::Condition;
use crate::experiment::plan::Plan;
use crate::experiment::run::dossier::Dossier;

/// Dossiers of a report, at most.
pub const MOST: usize = 3;

/// The points that dossiers are made of: of each curve the first that collapses, is dead, loses capacity or grows without an
/// end; of all of them those in the worst condition.
pub fn collapsed(report: &Report) -> Vec<usize> {
    let condition = |&point: &usize| report.state(point).map(|state| state.condition);
    let is_lost = |point: &usize| condition(point).is_some_and(|condition| condition <= Condition::Collapsed);
    let alone = (report.plan.points.len() == 1).then_some(0);
    let of_curve = report.findings.iter().filter_map(|finding| finding.points.iter().copied().find(is_lost));
    let mut points: Vec<usize> = of_curve.chain(alone.filter(is_lost)).collect();
    points.sort_by_key(|point| (condition(point), *point));
    points.dedup();
    points.truncate(MOST);
    points.sort_unstable();
    points
}

/// The document of some dossiers.
pub fn document(plan: &Plan, dossiers: &[Dossier]) -> Value {
    let of = |dossier: &Dossier| {
        let mut document = json!(dossier);
        let point = &plan.points[dossier.point];
        document["variant"] = json!(plan.variants[point.variant]);
        document["place"] = json!(plan.place(point));
        document["words"] = json!(sentences(plan, dossier));
        document
    };
    json!({ "title": plan.title, "seed": plan.seed, "dossiers": dossiers.iter().map(of).collect::<Vec<_>>() })
}
