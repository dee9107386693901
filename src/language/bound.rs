//! Figures of metrics as written: `0.99` or `"99%"`, `2` or `"2s"`, `540` or `"9/s"`. They become plain numbers in the
//! metric's unit before the tree is read.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::mistake::{Mistake, Mistakes};
use super::tree::{NodeKind, Tree};
use super::units::Fraction;
use super::{Duration, Metric, Rate};
use crate::metric;

/// The bound of a metric. Only its schema: the value is read as a number.
pub(super) struct Bound;

impl JsonSchema for Bound {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bound".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A bound in the unit of its metric (seconds, a minute, 0 to 1), or with a unit: \"250ms\", \"9/s\", \"99.5%\".",
            "type": ["number", "string"]
        })
    }
}

/// Writes the bounds, measured figures and tolerances of an experiment as plain numbers.
pub(crate) fn settle(experiment: &mut Tree) -> Mistakes {
    let mut mistakes = Mistakes::default();
    each(experiment, &["hypotheses"], &mut |hypothesis| {
        let Some(NodeKind::Table(kinds)) = hypothesis.get_mut("expect").map(|expect| &mut expect.kind) else { return };
        kinds.iter_mut().for_each(|(_, expect)| bound(expect, &mut mistakes));
    });
    each(experiment, &["measurements"], &mut |measurement| {
        figures(measurement, "measured", &mut |metric, value| number(value, metric, &mut mistakes));
        figures(measurement, "tolerances", &mut |metric, tolerance| {
            if let Some(value) = tolerance.get_mut("absolute") {
                number(value, metric, &mut mistakes);
            }
        });
    });
    for path in [&["objectives"][..], &["knee", "objectives"], &["optimize", "objectives"]] {
        each(experiment, path, &mut |objective| {
            let NodeKind::Table(kinds) = &mut objective.kind else { return };
            kinds.iter_mut().for_each(|(_, table)| bound(table, &mut mistakes));
        });
    }
    mistakes
}

/// Visits the elements of a list below these keys.
fn each(tree: &mut Tree, keys: &[&str], visit: &mut dyn FnMut(&mut Tree)) {
    match keys.split_first() {
        Some((key, rest)) => {
            if let Some(tree) = tree.get_mut(key) {
                each(tree, rest, visit);
            }
        }
        None => {
            if let NodeKind::List(elements) = &mut tree.kind {
                elements.iter_mut().for_each(visit);
            }
        }
    }
}

/// Visits what stands in the table under a key for each metric there.
fn figures(tree: &mut Tree, key: &str, visit: &mut dyn FnMut(Metric, &mut Tree)) {
    let Some(NodeKind::Table(entries)) = tree.get_mut(key).map(|table| &mut table.kind) else { return };
    for (name, value) in entries {
        let metric: Result<Metric, _> = toml::Value::String(name.clone()).try_into();
        if let Ok(metric) = metric {
            visit(metric, value);
        }
    }
}

/// The `value` of a table with a `metric`, if it is a string: a number in the metric's unit.
fn bound(table: &mut Tree, mistakes: &mut Mistakes) {
    let metric: Option<Metric> = table.get("metric").and_then(|metric| metric.read().ok());
    let (Some(metric), Some(value)) = (metric, table.get_mut("value")) else { return };
    number(value, metric, mistakes);
}

/// A figure of a metric, if it is a string: a number in the metric's unit.
fn number(value: &mut Tree, metric: Metric, mistakes: &mut Mistakes) {
    let NodeKind::Text(text) = &value.kind else { return };
    match in_unit_of(metric, text) {
        Ok(number) => value.kind = NodeKind::Float(number),
        Err(reason) => {
            mistakes.push(value.place.mark_value(Mistake::new(reason), ""));
            value.kind = NodeKind::Float(0.0);
        }
    }
}

/// A bound with or without its unit, in the unit of the metric: seconds, successes a minute, a share from 0 to 1, or a
/// number.
pub(crate) fn in_unit_of(metric: Metric, text: &str) -> Result<f64, String> {
    let plain = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let (number, example) = match metric.kind() {
        metric::MetricKind::Share => (text.parse::<Fraction>().ok().map(|share| share.0), "a share: 0.99 or \"99%\""),
        metric::MetricKind::PerMinute => {
            (text.parse::<Rate>().ok().map(|rate| rate.0 * 60.0), "a number a minute, or a rate: 540 or \"9/s\"")
        }
        metric::MetricKind::PerSecond => {
            (text.parse::<Rate>().ok().map(|rate| rate.0), "a number a second, or a rate: 9 or \"540/min\"")
        }
        metric::MetricKind::Hours => (
            text.parse::<Duration>().ok().map(|time| time.0 as f64 / 3.6e12),
            "a number of hours, or a duration: 1.5 or \"90min\"",
        ),
        metric::MetricKind::Time | metric::MetricKind::Quantile(_) => (
            text.parse::<Duration>().ok().map(|time| time.0 as f64 / 1e9),
            "a number of seconds, or a duration: 2 or \"250ms\"",
        ),
        metric::MetricKind::Count(_) | metric::MetricKind::Ratio(_) | metric::MetricKind::Price => {
            (None, "a number without a unit")
        }
    };
    number.or(plain).ok_or_else(|| format!("`{text}` is not a value of `{}`; write {example}", metric.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Source;

    #[test]
    fn bounds_are_in_the_unit_of_their_metric() {
        assert_eq!(in_unit_of(Metric::P99S, "250ms"), Ok(0.25));
        assert_eq!(in_unit_of(Metric::P99S, "2"), Ok(2.0));
        assert_eq!(in_unit_of(Metric::SuccessRate, "99.5 %"), Ok(0.995));
        assert_eq!(in_unit_of(Metric::ThroughputPerMin, "9/s"), Ok(540.0));
        assert_eq!(in_unit_of(Metric::Restarts, "3"), Ok(3.0));
        assert_eq!(in_unit_of(Metric::PeakCallsPerS, "540/min"), Ok(9.0));
        assert_eq!(in_unit_of(Metric::CallsPerS, "9"), Ok(9.0));
        assert_eq!(in_unit_of(Metric::ReplicaHours, "90min"), Ok(1.5));
        assert!(in_unit_of(Metric::P99S, "99%").unwrap_err().contains("2 or \"250ms\""));
        assert!(in_unit_of(Metric::Restarts, "3s").is_err() && in_unit_of(Metric::MeanS, "inf").is_err());
    }

    #[test]
    fn an_experiment_is_settled_everywhere() {
        let text = "[knee]\nobjectives = [{ at-most = { metric = \"p95_s\", value = \"1min\" } }]\n[[measurements]]\n\
                    measured = { throughput_per_min = \"9/s\", mean_s = \"300ms\" }\ntolerances = { mean_s = { absolute = \
                    \"20ms\" }, throughput_per_min = { absolute = \"0.5/s\" }, success_rate = { absolute = \"2 %\" } }\n";
        let mut tree = Tree::document(&Source::text("e.toml".as_ref(), text)).unwrap();
        assert!(settle(&mut tree).is_empty());
        let written = tree.written();
        let absolute = ["absolute = 0.02", "absolute = 30.0", "value = 60.0"];
        for part in ["throughput_per_min = 540.0", "mean_s = 0.3"].into_iter().chain(absolute) {
            assert!(written.contains(part), "{written}");
        }
    }
}
