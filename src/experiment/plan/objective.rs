//! Objectives of searches that cannot be: a bound that no figure has, a figure that the model never has.

use super::design::{Plan, Point};
use crate::language::tree::Tree;
use crate::language::{Metric, Mistake, Mistakes, Objective};

/// Finds the mistakes of objectives. `list` is where the file has them; none where the command line does.
pub(super) fn check(objectives: &[Objective], list: Option<&Tree>, plan: &Plan) -> Mistakes {
    let places = list.map(Tree::elements).unwrap_or_default();
    let mut mistakes = Mistakes::default();
    for (index, objective) in objectives.iter().enumerate() {
        let mark = |title: String, label: &str| {
            let mistake = Mistake::new(title);
            match places.get(index) {
                Some(tree) => tree.place.mark_value(mistake, label),
                None => mistake.note(label.to_owned()),
            }
        };
        let name = objective.metric().name();
        if let Some(label) = impossible(*objective) {
            mistakes.push(mark(format!("the bound of `{name}` is {}", objective.bound()), &label));
        } else if let Some(lack) = lack(objective.metric(), &plan.points) {
            mistakes.push(mark(format!("there is no `{name}` here"), lack));
        }
    }
    mistakes
}

/// Why no figure has this bound.
fn impossible(objective: Objective) -> Option<String> {
    let bound = objective.bound();
    match objective.metric() {
        _ if !bound.is_finite() => Some("must be a number".into()),
        metric if metric.is_rate() && bound > 1.0 && bound <= 100.0 => {
            Some(format!("a share from 0 to 1; {bound} % is {}", bound / 100.0))
        }
        metric if metric.is_rate() && !(0.0..=1.0).contains(&bound) => Some("a share from 0 to 1".into()),
        _ if bound < 0.0 => Some("it is never below 0".into()),
        _ => None,
    }
}

/// Finds the metrics, named elsewhere than in objectives and hypotheses, that no point has.
pub(super) fn unknown(tree: &Tree, plan: &Plan) -> Mistakes {
    let run = |key: &str| tree.get("run").and_then(|run| run.get(key));
    let lists = ["effects", "ablations"].into_iter().filter_map(|list| tree.get(list)).flat_map(Tree::elements);
    let of_lists = lists.filter_map(|element| element.get("metric"));
    let precision_of = run("precision_of").map(Tree::elements).unwrap_or_default();
    let mut mistakes = Mistakes::default();
    for named in of_lists.chain(run("best_by")).chain(precision_of) {
        let metric: Option<Metric> = named.read().ok();
        if let Some((metric, lack)) = metric.and_then(|metric| Some((metric, lack(metric, &plan.points)?))) {
            mistakes.push(named.place.mark_value(there_is_none(metric), lack));
        }
    }
    mistakes
}

/// That the points have no such figure.
pub(super) fn there_is_none(metric: Metric) -> Mistake {
    Mistake::new(format!("there is no `{}` here", metric.name()))
}

/// What all of these points lack for a metric to have a value; none where some have one.
pub(super) fn lack<'a>(metric: Metric, points: impl IntoIterator<Item = &'a Point>) -> Option<&'static str> {
    let lacks: Option<Vec<_>> = points.into_iter().map(|point| metric.lack(&point.system, &point.load)).collect();
    lacks?.first().copied()
}

/// The success rate that the experiment asks for: the strictest objective, and `collapse_below` at least.
pub fn success_objective(plan: &Plan) -> Objective {
    Objective::AtLeast { metric: Metric::SuccessRate, value: success_bound(&plan.objectives, plan.collapse_below) }
}

/// The same as a number.
pub fn success_bound(objectives: &[Objective], collapse_below: f64) -> f64 {
    let of_success = |objective: &&Objective| objective.metric() == Metric::SuccessRate && objective.is_at_least();
    objectives.iter().filter(of_success).map(|objective| objective.bound()).fold(collapse_below, f64::max)
}

/// The percentile of the response time that the first of these objectives is about; p95 where none is about one.
pub fn percentile(objectives: &[Objective]) -> Metric {
    objectives
        .iter()
        .map(|objective| objective.metric())
        .find(|metric| metric.quantile().is_some())
        .unwrap_or(Metric::P95S)
}

/// Adds to objectives of a search what that on the success rate promises of the work behind the answers: the condition of a
/// point holds it to the same bound.
pub(super) fn promise(objectives: &mut Vec<Objective>, plan: &Plan) {
    let of = |metric: Metric| move |objective: &&Objective| objective.metric() == metric && objective.is_at_least();
    let outlasts = plan.points.iter().any(|point| point.system.outlasts);
    let success = objectives.iter().filter(of(Metric::SuccessRate)).map(|it| it.bound()).reduce(f64::max);
    let is_named = objectives.iter().any(|objective| of(Metric::CompletionRate)(&objective));
    if let Some(value) = success.filter(|_| outlasts && !is_named) {
        objectives.push(Objective::AtLeast { metric: Metric::CompletionRate, value });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_that_no_figure_has_are_told() {
        let bound = |metric: Metric, value: f64| impossible(Objective::AtLeast { metric, value });
        let percent = bound(Metric::SuccessRate, 99.0);
        assert_eq!(percent.as_deref(), Some("a share from 0 to 1; 99 % is 0.99"));
        assert_eq!(bound(Metric::CacheHitRatio, -0.5).as_deref(), Some("a share from 0 to 1"));
        assert_eq!(bound(Metric::MeanS, -1.0).as_deref(), Some("it is never below 0"));
        assert_eq!(bound(Metric::MeanS, f64::NAN).as_deref(), Some("must be a number"));
        assert_eq!([bound(Metric::SuccessRate, 1.0), bound(Metric::MeanS, 250.0)], [None, None]);
    }
}
