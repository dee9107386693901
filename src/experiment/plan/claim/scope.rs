//! What of its points a hypothesis is about: a class of requests, a service, a cause of failures.

use super::Claims;
use crate::experiment::plan::claimed::Expectation;
use crate::language::names::Names;
use crate::language::tree::Tree;
use crate::language::{self, Metric, Mistake};
use crate::metric::MetricScope;
use crate::parts::Failure;

impl Claims<'_> {
    /// What a hypothesis is about; none where that cannot be.
    pub(super) fn scope(
        &mut self,
        written: &language::Hypothesis,
        expect: &Expectation,
        points: &[usize],
        tree: &Tree,
    ) -> Option<MetricScope> {
        let mut named = [
            written.class.clone().map(|name| ("class", MetricScope::Class(name))),
            written.service.clone().map(|name| ("service", MetricScope::Service(name))),
            written.cause.clone().map(|words| ("cause", MetricScope::Cause(words))),
        ]
        .into_iter()
        .flatten();
        let Some((key, scope)) = named.next() else { return Some(MetricScope::Whole) };
        if let Some((other, _)) = named.next() {
            let title = format!("a hypothesis is about a `{key}` or about a `{other}`");
            let place = tree.get(other).map_or(&tree.place, |value| &value.place);
            self.mistakes.push(place.mark_key(Mistake::new(title), "only one of them can be given"));
            return None;
        }
        let (metric, other) = match *expect {
            Expectation::AtLeast { metric, .. } | Expectation::AtMost { metric, .. } => (Some(metric), None),
            Expectation::HigherThan { metric, variant, .. }
            | Expectation::LowerThan { metric, variant, .. }
            | Expectation::SameAs { metric, variant, .. } => (Some(metric), Some(variant)),
            _ => (None, None),
        };
        let (is_kept, which): (fn(Metric) -> bool, _) = match scope {
            MetricScope::Whole => return Some(scope),
            MetricScope::Class(_) => {
                (Metric::is_kept_of_classes, "throughput, success rate and response times are available per class")
            }
            MetricScope::Service(_) => (
                Metric::is_kept_of_services,
                "`calls_per_s`, `peak_calls_per_s`, `worker_imbalance`, `replica_hours` and `cost` are available per service",
            ),
            MetricScope::Cause(_) => (Metric::is_kept_of_causes, "`failed_requests` is available per cause"),
        };
        let Some(metric) = metric.filter(|&metric| is_kept(metric)) else {
            let title = format!("the expected metric is not available per {key}");
            let mistake = match tree.get(key) {
                Some(value) => value.place.mark_key(Mistake::new(title), "would have no effect"),
                None => Mistake::new(title),
            };
            self.mistakes.push(mistake.note(which));
            return None;
        };
        let twins = points.iter().filter_map(|&point| self.plan.beside(point, other?));
        let all: Vec<usize> = points.iter().copied().chain(twins).collect();
        let wrong = all.into_iter().find_map(|point| self.wrong_scope(&scope, metric, point, tree));
        if let Some(mistake) = wrong {
            self.mistakes.push(mistake);
            return None;
        }
        Some(scope)
    }

    /// What is wrong with what a hypothesis names, at a point; none if nothing is.
    fn wrong_scope(&self, scope: &MetricScope, metric: Metric, point: usize, tree: &Tree) -> Option<Mistake> {
        let point = &self.plan.points[point];
        let unknown = |key: &str, title: String, label: &str, names: Names, name: &str| {
            let mistake = Mistake::new(title);
            let mistake = match tree.get(key) {
                Some(value) => value.place.mark_value(mistake, label),
                None => mistake,
            };
            mistake.advise(names, key, name)
        };
        match scope {
            MetricScope::Whole => None,
            MetricScope::Class(name) => {
                let classes = &point.load.classes;
                let is_known = classes.len() > 1 && classes.iter().any(|known| known.name == *name);
                (!is_known).then(|| {
                    let several = classes.iter().filter(|_| classes.len() > 1);
                    let title = format!("the load has no class `{name}` among several classes");
                    unknown("class", title, "no such class", Names::new(several.map(|it| it.name.as_str())), name)
                })
            }
            MetricScope::Service(name) => {
                let services = &point.system.services;
                let Some(service) = services.iter().find(|known| known.name == *name) else {
                    let names = Names::new(services.iter().map(|service| service.name.as_str()));
                    let title = format!("the model has no service `{name}`");
                    return Some(unknown("service", title, "no such service", names, name));
                };
                (metric == Metric::WorkerImbalance && !service.has_workers()).then(|| {
                    let title = format!("service `{name}` has no workers that could be used unevenly");
                    let place = tree.get("service").map_or(&tree.place, |value| &value.place);
                    let label = "has neither event loops nor a limited number of `threads`";
                    place.mark_value(Mistake::new(title), label)
                })
            }
            MetricScope::Cause(words) => {
                let causes = Failure::causes(&point.system.reasons);
                (!causes.contains(&words.as_str())).then(|| {
                    let title = format!("no request fails by `{words}`");
                    unknown("cause", title, "no such cause", Names::new(causes), words)
                })
            }
        }
    }
}
