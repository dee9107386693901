//! Objectives of searches that cannot be: a bound that no figure has, a figure that the model never has.

use super::{Plan, Point};
use crate::spec::tree::Tree;
use crate::spec::{Metric, Mistake, Mistakes, Objective};

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
        let name = name(objective.metric());
        if let Some(label) = impossible(*objective) {
            mistakes.push(mark(format!("the bound of `{name}` is {}", objective.bound()), &label));
        } else if let Some(lack) = lacking(objective.metric(), plan) {
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

/// What every point of a plan lacks for it to have a figure.
fn lacking(metric: Metric, plan: &Plan) -> Option<&'static str> {
    let any = |has: fn(&Point) -> bool| plan.points.iter().any(has);
    match metric {
        Metric::StalenessMeanS | Metric::StalenessP95S => {
            (!any(|point| !point.system.views.is_empty())).then_some("the model has no views that could be stale")
        }
        Metric::CacheHitRatio => {
            let has_cache = any(|point| point.system.services.iter().any(|service| !service.caches.is_empty()));
            (!has_cache).then_some("the model has no caches")
        }
        Metric::RecoveryS => (!any(|point| point.load.recovered_after.is_some()))
            .then_some("the load has no `recovered_after`, from which on it is counted"),
        _ => None,
    }
}

/// The name that files give a metric.
pub(super) fn name(metric: Metric) -> String {
    toml::Value::try_from(metric).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
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

    #[test]
    fn names_are_those_of_files() {
        assert_eq!(name(Metric::P95S), "p95_s");
    }
}
