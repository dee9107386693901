//! Axes: their values, written as a list or as a range.

use super::{Axis, AxisValue};
use crate::spec::form::{Form, Quantity};
use crate::spec::path::{Path, Written};
use crate::spec::setting::{Setting, Subject, computed, target};
use crate::spec::tree::{Kind, Tree};
use crate::spec::{self, Cores, Duration, Mistake, Mistakes, Rate, RateOrZero, Scale};

/// Values of an axis at most.
const MOST: f64 = 10_000.0;

/// An axis, ready to be applied.
#[derive(Debug)]
pub(super) struct Ready {
    pub axis: Axis,
    /// For each value, what is set.
    pub settings: Vec<Vec<Setting>>,
    /// Whether any of its paths leads into the model, not only into the load.
    pub in_model: bool,
    /// The paths that it sets, and whether each is in the load.
    pub targets: Vec<(Path, bool)>,
    /// The value comes from the command line.
    pub pinned: bool,
    /// The axis' table.
    pub tree: Tree,
}

/// Makes an axis ready: finds its paths, expands its values. `pin` are the overrides of the command line with their
/// targets; one that names the axis' path is its only value.
pub(super) fn ready(
    name: &str,
    tree: &Tree,
    axis: &spec::Axis,
    subject: &Subject,
    pins: &[(Setting, (Path, bool))],
) -> Result<Ready, Mistakes> {
    let mut mistakes = Mistakes::default();
    let path = tree.get("path").map(|path| Written::parse(&axis.path, &path.place.source, path.place.value.clone()));
    let path = path.unwrap_or_else(|| Err(Mistake::new("an axis needs a `path`")))?;
    let is_table = tree.get("values").is_some_and(|values| values.elements().iter().any(|v| !v.entries().is_empty()));
    let (found, in_load) = target(&path, subject, is_table)?;
    let mut targets = vec![(found.path, in_load)];
    let pin = pins.iter().find(|(_, target)| *target == targets[0]);
    let values = match pin {
        Some((setting, _)) => vec![setting.value.clone()],
        None => match expand(name, tree, axis, found.form) {
            Ok(values) => values,
            Err(mistake) => {
                mistakes.push(mistake);
                Vec::new()
            }
        },
    };
    let mut settings: Vec<Vec<Setting>> =
        values.iter().map(|value| vec![Setting { path: path.clone(), value: value.clone() }]).collect();
    for (text, factor) in tree.get("also").map(Tree::entries).unwrap_or_default() {
        match also(text, factor, &values, subject) {
            Ok((target, more)) => {
                targets.push(target);
                settings.iter_mut().zip(more).for_each(|(settings, setting)| settings.push(setting));
            }
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let as_axis_value = |value: &Tree| AxisValue {
        value: value.read().unwrap_or(toml::Value::Boolean(false)),
        number: number(value, found.form),
        text: value.plain(),
    };
    let axis = Axis {
        name: name.into(),
        label: axis.label.clone().unwrap_or_else(|| name.into()),
        path: axis.path.clone(),
        scale: axis.scale,
        values: values.iter().map(as_axis_value).collect(),
    };
    mistakes.into_result()?;
    let in_model = targets.iter().any(|(_, in_load)| !in_load);
    Ok(Ready { axis, settings, in_model, targets, pinned: pin.is_some(), tree: tree.clone() })
}

/// A further path, and for each value of the axis what is set there.
fn also(
    text: &str,
    factor: &Tree,
    values: &[Tree],
    subject: &Subject,
) -> Result<((Path, bool), Vec<Setting>), Mistake> {
    let place = &factor.place;
    let path = Written::parse(text, &place.source, place.key.clone().unwrap_or_else(|| place.value.clone()))?;
    let (found, in_load) = target(&path, subject, false)?;
    let by = factor.number().unwrap_or(1.0);
    let whole = matches!(found.form.resolve(), Form::Integer { .. });
    let settings = values.iter().map(|value| {
        let kind = match (value.number(), by) {
            (_, 1.0) => value.kind.clone(),
            (Some(number), _) if whole && (number * by).abs() < 1e15 => Kind::Integer((number * by).round() as i64),
            (Some(number), _) => Kind::Float(number * by),
            (None, _) => {
                let title = format!("{} cannot be multiplied by {by}", value.written());
                let mistake = place.mark_value(Mistake::new(title), "a factor");
                return Err(value
                    .place
                    .mark_value(mistake, "no plain number")
                    .help("use the factor 1, or an axis of numbers"));
            }
        };
        let value = computed(kind, &place.source, place.key.clone(), place.value.clone());
        Ok(Setting { path: path.clone(), value })
    });
    Ok(((found.path, in_load), settings.collect::<Result<_, _>>()?))
}

fn expand(name: &str, tree: &Tree, axis: &spec::Axis, form: &Form) -> Result<Vec<Tree>, Mistake> {
    let is_range = ["from", "to", "step", "points"].iter().find_map(|key| tree.get(key));
    match (tree.get("values"), is_range) {
        (Some(values), None) => listed(name, values),
        (Some(values), Some(range)) => {
            let title = format!("axis `{name}` has a list of values and a range");
            let mistake = range.place.mark_key(Mistake::new(title), "part of a range");
            Err(values.place.mark_key(mistake, "a list").help("remove one of them"))
        }
        (None, Some(_)) => range(name, tree, axis, form),
        (None, None) => {
            let mistake = tree.place.mark_key(Mistake::new(format!("axis `{name}` has no values")), "needs values");
            Err(mistake.help("add `values = [...]`, or `from`, `to` and `step`, or `from`, `to` and `points`"))
        }
    }
}

fn listed(name: &str, values: &Tree) -> Result<Vec<Tree>, Mistake> {
    let elements = values.elements();
    if elements.is_empty() {
        let mistake = Mistake::new(format!("axis `{name}` has no values"));
        return Err(values.place.mark_value(mistake, "this list is empty"));
    }
    if elements.len() as f64 > MOST {
        return Err(too_many(name, values, elements.len() as f64));
    }
    let mut seen = std::collections::HashMap::new();
    for value in elements {
        if let Some(first) = seen.insert(value.written(), value) {
            let mistake = Mistake::new(format!("axis `{name}` has the value {} twice", value.written()));
            let mistake = value.place.mark_value(mistake, "the second time");
            return Err(first.place.mark_value(mistake, "the first time"));
        }
    }
    Ok(elements.to_vec())
}

fn too_many(name: &str, tree: &Tree, count: f64) -> Mistake {
    let mistake = Mistake::new(format!("axis `{name}` has {count:.0} values"));
    tree.place.mark_key(mistake, format!("at most {MOST}"))
}

fn range(name: &str, tree: &Tree, axis: &spec::Axis, form: &Form) -> Result<Vec<Tree>, Mistake> {
    let wrong = |key: &str, title: String, label: &str| {
        let mistake = Mistake::new(title);
        match tree.get(key) {
            Some(value) => value.place.mark_value(mistake, label),
            None => tree.place.mark_key(mistake, label),
        }
    };
    let (Some(from), Some(to)) = (axis.from, axis.to) else {
        let key = if axis.from.is_none() { "from" } else { "to" };
        return Err(wrong("", format!("axis `{name}` lacks `{key}`"), "a range goes from `from` to `to`"));
    };
    let whole = matches!(form.resolve(), Form::Integer { .. });
    let written_whole = ["from", "to", "step"]
        .iter()
        .filter_map(|key| tree.get(key))
        .all(|value| matches!(value.kind, Kind::Integer(_)));
    let numbers: Vec<f64> = match (axis.step, axis.points, axis.scale) {
        (Some(_), Some(_), _) => {
            return Err(wrong("points", format!("axis `{name}` has both `step` and `points`"), "remove one of them"));
        }
        (None, None, _) => {
            return Err(wrong("", format!("axis `{name}` lacks `step`"), "a range needs `step`, or `points`"));
        }
        (Some(_), None, Scale::Log) => {
            return Err(wrong("step", format!("the logarithmic axis `{name}` has a `step`"), "write `points` instead"));
        }
        (Some(step), None, Scale::Linear) => {
            if step == 0.0 {
                return Err(wrong("step", format!("the `step` of axis `{name}` is 0"), "never gets to `to`"));
            }
            let steps = (to - from) / step;
            if steps < 0.0 {
                let title = format!("axis `{name}` goes from {from} to {to} in steps of {step}");
                return Err(wrong("step", title, "leads away from `to`"));
            }
            if steps >= MOST {
                return Err(too_many(name, tree, steps + 1.0));
            }
            (0..=(steps + 1e-9) as u32).map(|i| from + f64::from(i) * step).collect()
        }
        (None, Some(points), scale) => {
            if points < 2 {
                return Err(wrong("points", format!("axis `{name}` has {points} points"), "a range has at least 2"));
            }
            if f64::from(points) > MOST {
                return Err(too_many(name, tree, points.into()));
            }
            if scale == Scale::Log && (from <= 0.0 || to <= 0.0) {
                let key = if from <= 0.0 { "from" } else { "to" };
                let title = format!("the logarithmic axis `{name}` has an end at or below 0");
                return Err(wrong(key, title, "must be above 0"));
            }
            let share = |i: u32| f64::from(i) / f64::from(points - 1);
            let value = |i: u32| match scale {
                Scale::Linear => from + (to - from) * share(i),
                Scale::Log => from * libm::pow(to / from, share(i)),
            };
            (0..points).map(value).collect()
        }
    };
    let by_points = axis.points.is_some();
    if whole && !by_points && numbers.iter().any(|number| rounded(*number).fract() != 0.0) {
        let key = if axis.from.is_some_and(|from| from.fract() != 0.0) { "from" } else { "step" };
        return Err(wrong(key, format!("axis `{name}` has fractions"), "leads to fractions")
            .note(format!("`{}` is a whole number", axis.path)));
    }
    let place = tree.get("from").map_or(&tree.place, |from| &from.place);
    let mut values: Vec<Tree> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let number = rounded(number);
        let kind = if whole || written_whole && number.fract() == 0.0 {
            Kind::Integer(number.round() as i64)
        } else {
            Kind::Float(number)
        };
        let value = computed(kind, &place.source, place.key.clone(), place.value.clone());
        // Points that fall on the same whole number are one.
        if values.last().is_none_or(|last| last.number() != value.number()) {
            values.push(value);
        }
    }
    Ok(values)
}

/// Without the last digits, in which sums such as 0.1 + 0.2 go wrong.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    format!("{value:.11e}").parse().unwrap_or(value)
}

/// A value as a number, by what stands at the path.
fn number(value: &Tree, form: &Form) -> Option<f64> {
    match form.resolve() {
        Form::Quantity(Quantity::Cores) => value.read::<Cores>().ok().map(|cores| cores.0),
        Form::Quantity(Quantity::Rate) => value.read::<Rate>().ok().map(|rate| rate.0),
        Form::Quantity(Quantity::RateOrZero) => value.read::<RateOrZero>().ok().map(|rate| rate.0),
        Form::Quantity(Quantity::Duration | Quantity::WarmUp) | Form::Distribution(_) => {
            value.read::<Duration>().ok().map(|duration| duration.0 as f64 / 1e9)
        }
        _ => value.number(),
    }
}

/// The index of the value of an axis that equals this one.
pub(super) fn index_of(axis: &Axis, value: &Tree) -> Option<usize> {
    let is_it = |known: &AxisValue| match (value.number(), &known.value) {
        (Some(number), toml::Value::Integer(_) | toml::Value::Float(_)) => known.number == Some(number),
        _ => value.plain() == known.text,
    };
    axis.values.iter().position(is_it)
}

/// The values of an axis, for messages.
pub(super) fn all_values(axis: &Axis) -> String {
    let texts: Vec<&str> = axis.values.iter().map(|value| value.text.as_str()).collect();
    match texts.as_slice() {
        [first @ .., a, b] if first.len() > 12 => format!("{}, ..., {a}, {b}", first[..8].join(", ")),
        _ => texts.join(", "),
    }
}

/// "concurrency = 50, cpu = 500m"
pub(super) fn place(axes: &[Axis], at: &[usize]) -> String {
    let value =
        |(axis, &index): (&Axis, &usize)| axis.values.get(index).map(|value| format!("{} = {}", axis.name, value.text));
    axes.iter().zip(at).filter_map(value).collect::<Vec<_>>().join(", ")
}

/// A point's systems are shared where only the load differs: the part of its place that matters to the model.
pub(super) fn model_place(axes: &[Ready], at: &[usize]) -> Vec<usize> {
    axes.iter().zip(at).filter(|(ready, _)| ready.in_model).map(|(_, &index)| index).collect()
}

/// Every combination of these choices; the last varies fastest.
pub(super) fn combinations(choices: &[Vec<usize>]) -> Vec<Vec<usize>> {
    choices.iter().fold(vec![Vec::new()], |so_far, choices| {
        let longer = |start: &Vec<usize>| {
            let start = start.clone();
            choices.iter().map(move |&choice| start.iter().copied().chain([choice]).collect())
        };
        so_far.iter().flat_map(longer).collect()
    })
}

#[cfg(test)]
mod tests;
