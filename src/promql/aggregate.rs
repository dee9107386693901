//! Aggregation over series.

use std::collections::BTreeMap;

use super::evaluate::unnamed;
use super::series::Labels;
use super::syntax::{Aggregation, Grouping};

/// The labels of the group that a series belongs to.
pub(super) fn group(grouping: &Grouping, labels: &Labels) -> Labels {
    match grouping {
        Grouping::By(names) => {
            let kept = labels.iter().filter(|(name, _)| names.contains(name));
            kept.map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        Grouping::Without(names) => {
            let mut kept = unnamed(labels.clone());
            kept.retain(|name, _| !names.contains(name));
            kept
        }
    }
}

/// One number for each group.
pub(super) fn aggregate(operator: Aggregation, grouping: &Grouping, vector: Vec<(Labels, f64)>) -> Vec<(Labels, f64)> {
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for (labels, value) in vector {
        groups.entry(group(grouping, &labels)).or_default().push(value);
    }
    let reduced = groups.into_iter().map(|(labels, values)| (labels, reduce(operator, &values)));
    reduced.collect()
}

fn reduce(operator: Aggregation, values: &[f64]) -> f64 {
    match operator {
        Aggregation::Sum => sum(values),
        Aggregation::Average => sum(values) / values.len() as f64,
        Aggregation::Minimum => lowest(values),
        Aggregation::Maximum => highest(values),
        Aggregation::Count => values.len() as f64,
        Aggregation::Group => 1.0,
    }
}

/// The sum with compensation (Kahan and Babuška as improved by Neumaier, as Prometheus 3 adds).
pub(super) fn sum(values: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0f64);
    for &value in values {
        let next = sum + value;
        if next.is_infinite() {
            lost = 0.0;
        } else if sum.abs() >= value.abs() {
            lost += (sum - next) + value;
        } else {
            lost += (value - next) + sum;
        }
        sum = next;
    }
    sum + lost
}

/// The lowest that is a number, if any is.
pub(super) fn lowest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, |least, value| if value < least || least.is_nan() { value } else { least })
}

/// The highest that is a number, if any is.
pub(super) fn highest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NAN, |most, value| if value > most || most.is_nan() { value } else { most })
}
