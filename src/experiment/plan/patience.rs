//! Bounds on response times that are never missed: a request that takes longer than its client waits fails, and has no
//! response time.

use super::design::{Plan, Point};
use crate::language::tree::Tree;
use crate::language::{Expectation, Metric, Mistake, Objective};

/// Finds the objectives and hypotheses of an experiment that bound a response time at the clients' time-out or above it, at
/// every point that they are about.
pub(super) fn never_missed(tree: &Tree, plan: &Plan) -> Vec<Mistake> {
    let of = |parent: Option<&Tree>| -> Vec<Tree> {
        let list = parent.and_then(|parent| parent.get("objectives"));
        list.map(Tree::elements).unwrap_or_default().to_vec()
    };
    let lists = [of(Some(tree)), of(tree.get("knee")), of(tree.get("optimize"))];
    let all: Vec<&Point> = plan.points.iter().collect();
    let objectives = lists.iter().flatten().filter_map(|written| {
        let Objective::AtMost { metric, value } = written.read().ok()? else { return None };
        doubt("objective", written, metric, value, &all)
    });
    let hypotheses = tree.get("hypotheses").map(Tree::elements).unwrap_or_default();
    let hypotheses = hypotheses.iter().filter_map(|hypothesis| {
        // Of a service it is the calls that count, which have time-outs of their own.
        if hypothesis.get("service").is_some() {
            return None;
        }
        let expect = hypothesis.get("expect")?;
        let Expectation::AtMost { metric, value } = expect.read().ok()? else { return None };
        let name: Option<String> = hypothesis.get("variant").and_then(|name| name.read().ok());
        let is_meant = |point: &&Point| name.as_ref().is_none_or(|name| plan.variants[point.variant] == *name);
        let points: Vec<&Point> = plan.points.iter().filter(is_meant).collect();
        doubt("hypothesis", expect, metric, value, &points)
    });
    objectives.chain(hypotheses).collect()
}

/// The doubt about a bound in seconds, marked where it is written.
fn doubt(what: &str, written: &Tree, metric: Metric, bound: f64, points: &[&Point]) -> Option<Mistake> {
    let longest = longest(points).filter(|&longest| metric.is_response_time() && bound >= longest)?;
    let title =
        format!("the bound of this {what} on `{}` is never missed: clients give up after {longest} s", metric.name());
    let value = written.get("at-most").and_then(|written| written.get("value")).unwrap_or(written);
    let mistake = value.place.mark_value(Mistake::new(title), "not below the time-out of the load");
    Some(mistake.help(
        "a request that takes longer fails and has no response time: lower the bound, or bound the success rate as well",
    ))
}

/// How long the most patient clients wait, in seconds; none where some have no limit, or try again.
fn longest(points: &[&Point]) -> Option<f64> {
    let patience = |point: &&Point| point.load.timeout.filter(|_| point.load.retry.is_none());
    let all: Option<Vec<f64>> = points.iter().map(|point| patience(point).map(|time| time.seconds())).collect();
    all?.into_iter().reduce(f64::max)
}
