//! Bounds of metrics and shares as written: `0.99` or `"99%"`, `2` or `"2s"`, `540` or `"9/s"`. They become plain
//! numbers in the metric's unit before the tree is read.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::mistake::{Mistake, Mistakes};
use super::tree::{Kind, Tree};
use super::{Duration, Metric, Rate};

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

/// A share. Only its schema: the value is read as a number.
pub(super) struct Fraction;

impl JsonSchema for Fraction {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Fraction".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "A share: 0.05 or \"5%\".", "type": ["number", "string"] })
    }
}

/// Writes the bounds and shares of an experiment as plain numbers.
pub(crate) fn settle(experiment: &mut Tree) -> Mistakes {
    let mut mistakes = Mistakes::default();
    fraction(experiment, "collapse_below", &mut mistakes);
    each(experiment, &["hypotheses"], &mut |hypothesis| {
        let Some(Kind::Table(kinds)) = hypothesis.get_mut("expect").map(|expect| &mut expect.kind) else { return };
        for (_, expect) in kinds {
            bound(expect, &mut mistakes);
            fraction(expect, "by", &mut mistakes);
            fraction(expect, "within", &mut mistakes);
        }
    });
    each(experiment, &["measurements"], &mut |measurement| {
        let Some(Kind::Table(figures)) = measurement.get_mut("measured").map(|measured| &mut measured.kind) else {
            return;
        };
        for (key, value) in figures {
            let metric: Result<Metric, _> = toml::Value::String(key.clone()).try_into();
            if let Ok(metric) = metric {
                number(value, metric, &mut mistakes);
            }
        }
    });
    each(experiment, &["effects"], &mut |effect| fraction(effect, "matters", &mut mistakes));
    each(experiment, &["ablations"], &mut |ablation| fraction(ablation, "matters", &mut mistakes));
    for path in [&["objectives"][..], &["knee", "objectives"], &["optimize", "objectives"]] {
        each(experiment, path, &mut |objective| {
            let Kind::Table(kinds) = &mut objective.kind else { return };
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
            if let Kind::List(elements) = &mut tree.kind {
                elements.iter_mut().for_each(visit);
            }
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
    let Kind::Text(text) = &value.kind else { return };
    match in_unit_of(metric, text) {
        Ok(number) => value.kind = Kind::Float(number),
        Err(reason) => {
            mistakes.push(value.place.mark_value(Mistake::new(reason), ""));
            value.kind = Kind::Float(0.0);
        }
    }
}

/// A share under a key, if it is a string.
fn fraction(table: &mut Tree, key: &str, mistakes: &mut Mistakes) {
    let Some(value) = table.get_mut(key) else { return };
    let Kind::Text(text) = &value.kind else { return };
    match percent(text) {
        Some(number) => value.kind = Kind::Float(number),
        None => {
            let mistake = Mistake::new(format!("`{text}` is not a share")).help("write 0.05 or \"5%\"");
            mistakes.push(value.place.mark_value(mistake, ""));
            value.kind = Kind::Float(0.0);
        }
    }
}

fn percent(text: &str) -> Option<f64> {
    let number = text.trim().strip_suffix('%')?.trim().parse::<f64>().ok()?;
    number.is_finite().then_some(number / 100.0)
}

/// A bound with or without its unit, in the unit of the metric: seconds, successes a minute, a share from 0 to 1, or a
/// number.
pub(crate) fn in_unit_of(metric: Metric, text: &str) -> Result<f64, String> {
    let plain = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    let name = toml::Value::try_from(metric).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
    let (number, example) = if metric.is_rate() {
        (percent(text), "a share: 0.99 or \"99%\"")
    } else if name.ends_with("_per_min") {
        (text.parse::<Rate>().ok().map(|rate| rate.0 * 60.0), "a number a minute, or a rate: 540 or \"9/s\"")
    } else if name.ends_with("_s") {
        (
            text.parse::<Duration>().ok().map(|time| time.0 as f64 / 1e9),
            "a number of seconds, or a duration: 2 or \"250ms\"",
        )
    } else {
        (None, "a number without a unit")
    };
    number.or(plain).ok_or_else(|| format!("`{text}` is not a bound for `{name}`; write {example}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Source;

    #[test]
    fn bounds_are_in_the_unit_of_their_metric() {
        assert_eq!(in_unit_of(Metric::P99S, "250ms"), Ok(0.25));
        assert_eq!(in_unit_of(Metric::P99S, "2"), Ok(2.0));
        assert_eq!(in_unit_of(Metric::SuccessRate, "99.5 %"), Ok(0.995));
        assert_eq!(in_unit_of(Metric::ThroughputPerMin, "9/s"), Ok(540.0));
        assert_eq!(in_unit_of(Metric::Restarts, "3"), Ok(3.0));
        assert!(in_unit_of(Metric::P99S, "99%").unwrap_err().contains("2 or \"250ms\""));
        assert!(in_unit_of(Metric::Restarts, "3s").is_err() && in_unit_of(Metric::MeanS, "inf").is_err());
    }

    #[test]
    fn an_experiment_is_settled_everywhere() {
        let text = "collapse_below = \"90%\"\n[knee]\nobjectives = [{ at-most = { metric = \"p95_s\", value = \"1min\" } }]\n\
                    [[hypotheses]]\nexpect = { same-as = { metric = \"mean_s\", within = \"5%\" } }\n";
        let mut tree = Tree::document(&Source::text("e.toml".as_ref(), text)).unwrap();
        assert!(settle(&mut tree).is_empty());
        let written = tree.written();
        for part in ["collapse_below = 0.9", "value = 60.0", "within = 0.05"] {
            assert!(written.contains(part), "{written}");
        }
    }
}
