//! Operators between two values.

use std::collections::{BTreeMap, BTreeSet};

use super::aggregate::group;
use super::evaluate::unnamed;
use super::series::{Labels, NAME};
use super::syntax::{Grouping, Matching, Operator};

type Vector = Vec<(Labels, f64)>;

/// What an operator gives of two numbers: of a comparison the left one, and whether it holds.
fn of_numbers(operator: Operator, left: f64, right: f64) -> (f64, bool) {
    match operator {
        Operator::Add => (left + right, true),
        Operator::Subtract => (left - right, true),
        Operator::Multiply => (left * right, true),
        Operator::Divide => (left / right, true),
        Operator::Modulo => (left % right, true),
        Operator::Power => (left.powf(right), true),
        Operator::Equal => (left, left == right),
        Operator::NotEqual => (left, left != right),
        Operator::Greater => (left, left > right),
        Operator::Less => (left, left < right),
        Operator::AtLeast => (left, left >= right),
        Operator::AtMost => (left, left <= right),
        Operator::And | Operator::Or | Operator::Unless => (left, true),
    }
}

pub(super) fn of_scalars(operator: Operator, left: f64, right: f64) -> f64 {
    match of_numbers(operator, left, right) {
        (_, holds) if operator.is_comparison() => f64::from(u8::from(holds)),
        (value, _) => value,
    }
}

/// An operator between each element of a vector and a scalar, which may be on the left. A comparison keeps elements as
/// they are, whichever side they are on.
pub(super) fn with_scalar(operator: Operator, gives_bool: bool, vector: Vector, scalar: f64, is_left: bool) -> Vector {
    let element = |(labels, value): (Labels, f64)| {
        let (left, right) = if is_left { (scalar, value) } else { (value, scalar) };
        let (result, holds) = of_numbers(operator, left, right);
        match (operator.is_comparison(), gives_bool) {
            (true, true) => Some((unnamed(labels), f64::from(u8::from(holds)))),
            (true, false) => holds.then_some((labels, value)),
            (false, _) => Some((unnamed(labels), result)),
        }
    };
    vector.into_iter().filter_map(element).collect()
}

/// An operator between elements that have the same labels, as far as these are looked at
/// (`engine.VectorBinop`, `engine.VectorAnd`, `engine.VectorOr`, `engine.VectorUnless`).
///
/// # Errors
/// What is wrong, and what is said of it, where one element matches several.
pub(super) fn of_vectors(
    operator: Operator,
    matching: &Matching,
    left: Vector,
    right: Vector,
) -> Result<Vector, (String, String)> {
    let key = |labels: &Labels| group(&matching.grouping, labels);
    if operator.is_of_sets() {
        let others: BTreeSet<Labels> = right.iter().map(|(labels, _)| key(labels)).collect();
        return Ok(match operator {
            Operator::And => left.into_iter().filter(|(labels, _)| others.contains(&key(labels))).collect(),
            Operator::Unless => left.into_iter().filter(|(labels, _)| !others.contains(&key(labels))).collect(),
            _ => {
                let known: BTreeSet<Labels> = left.iter().map(|(labels, _)| key(labels)).collect();
                let added = right.into_iter().filter(|(labels, _)| !known.contains(&key(labels)));
                left.into_iter().chain(added).collect()
            }
        });
    }
    // Nothing matches, so nothing can match twice.
    if left.is_empty() || right.is_empty() {
        return Ok(Vector::new());
    }
    let mut others: BTreeMap<Labels, f64> = BTreeMap::new();
    for (labels, value) in right {
        let key = key(&labels);
        if others.insert(key.clone(), value).is_some() {
            return Err(twice("right", &key));
        }
    }
    let mut matched = BTreeSet::new();
    let mut result = Vector::new();
    for (labels, value) in left {
        let key = key(&labels);
        let Some(&other) = others.get(&key) else { continue };
        let (number, holds) = of_numbers(operator, value, other);
        let number = if matching.gives_bool { f64::from(u8::from(holds)) } else { number };
        if !holds && !matching.gives_bool {
            continue;
        }
        if !matched.insert(key.clone()) {
            return Err(twice("left", &key));
        }
        let keeps_name = operator.is_comparison() && !matching.gives_bool;
        let mut kept = key;
        if let (Some(name), Grouping::Without(_), true) = (labels.get(NAME), &matching.grouping, keeps_name) {
            kept.insert(NAME.into(), name.clone());
        }
        result.push((kept, number));
    }
    Ok(result)
}

fn twice(side: &str, key: &Labels) -> (String, String) {
    let labels: Vec<String> = key.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let title = format!("several series on the {side} side match {{{}}}", labels.join(", "));
    (title, format!("aggregate the {side} side, or name the labels that must match by `on (...)`"))
}
