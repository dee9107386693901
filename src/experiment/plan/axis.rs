//! Axes: their values, written as a list or as a range.

use std::sync::Arc;

use super::design::{Axis, AxisValue, Plan, Point};
use super::point::unknown_value;
use super::quantity;
use crate::language::check::check;
use crate::language::form::Form;
use crate::language::names::Names;
use crate::language::path::{Path, Written};
use crate::language::setting::{Setting, Subject, computed, target};
use crate::language::tree::{NodeKind, Place, Tree};
use crate::language::{self, Mistake, Mistakes, Scale, Source};

impl Axis {
    /// The index of the value that the command line names: by its text, its number, or the same in another unit.
    pub fn index(&self, text: &str) -> Result<usize, Mistake> {
        chosen(self, text)
    }
}

impl Plan {
    /// Of values of axes those that their axes do not list, as overrides of the axes' paths; none where all are listed.
    pub(super) fn beyond(&self, at: &[(String, String)]) -> Option<Vec<(String, String)>> {
        let off = |(name, value): &(String, String)| {
            let axis = self.axes.iter().find(|axis| axis.name == *name)?;
            chosen(axis, value).is_err().then(|| (axis.path.clone(), value.clone()))
        };
        let set: Vec<_> = at.iter().filter_map(off).collect();
        (!set.is_empty()).then_some(set)
    }

    /// Where a point lies, in words: "concurrency = 50, cpu = 500m"; empty without axes.
    #[doc(hidden)]
    pub fn place(&self, point: &Point) -> String {
        place(&self.axes, &point.at)
    }
}

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
    axis: &language::Axis,
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
            Err(more) => {
                mistakes.extend(more);
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
        number: quantity::number(value, found.form),
        text: value.plain(),
    };
    let axis = Axis {
        name: name.into(),
        label: axis.label.clone().unwrap_or_else(|| name.into()),
        path: axis.path.clone(),
        scale: axis.scale,
        values: values.iter().map(as_axis_value).collect(),
        form: found.form,
    };
    mistakes.into_result()?;
    let in_model = targets.iter().any(|(_, in_load)| !in_load);
    Ok(Ready { axis, settings, in_model, targets, pinned: pin.is_some(), tree: tree.clone() })
}

/// A further path, and for each value of the axis what is set there.
pub(super) fn also(
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
            (Some(number), _) if whole && (number * by).abs() < 1e15 => NodeKind::Integer((number * by).round() as i64),
            (Some(number), _) => NodeKind::Float(number * by),
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

fn expand(name: &str, tree: &Tree, axis: &language::Axis, form: &Form) -> Result<Vec<Tree>, Mistakes> {
    let is_range = ["from", "to", "step", "points"].iter().find_map(|key| tree.get(key));
    match (tree.get("values"), is_range) {
        (Some(values), None) => Ok(listed(name, values, form)?),
        (Some(values), Some(range)) => {
            let title = format!("axis `{name}` has a list of values and a range");
            let mistake = range.place.mark_key(Mistake::new(title), "part of a range");
            Err(values.place.mark_key(mistake, "a list").help("remove one of them").into())
        }
        (None, Some(_)) => range(name, tree, axis, form),
        (None, None) => {
            let mistake = tree.place.mark_key(Mistake::new(format!("axis `{name}` has no values")), "needs values");
            Err(mistake.help("add `values = [...]`, or `from`, `to` and `step`, or `from`, `to` and `points`").into())
        }
    }
}

fn listed(name: &str, values: &Tree, form: &Form) -> Result<Vec<Tree>, Mistake> {
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
        // 60/s and 3600/min are one value.
        let same = quantity::number(value, form).map_or_else(|| value.written(), |number| format!("{number:.9e}"));
        if let Some(first) = seen.insert(same, value) {
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

fn range(name: &str, tree: &Tree, axis: &language::Axis, form: &Form) -> Result<Vec<Tree>, Mistakes> {
    let wrong = |key: &str, title: String, label: &str| {
        let mistake = Mistake::new(title);
        match tree.get(key) {
            Some(value) => value.place.mark_value(mistake, label),
            None => tree.place.mark_key(mistake, label),
        }
    };
    let (Some(first), Some(last)) = (tree.get("from"), tree.get("to")) else {
        let key = if axis.from.is_none() { "from" } else { "to" };
        return Err(wrong("", format!("axis `{name}` lacks `{key}`"), "a range goes from `from` to `to`").into());
    };
    let mut mistakes = Mistakes::default();
    let mut number = |value: &Tree, form: &Form| quantity::read(value, form).map_err(|more| mistakes.extend(more)).ok();
    // The ends of whole numbers may be told by a range of real ones, whose values are rounded or refused.
    let loose = if matches!(form.resolve(), Form::Integer { .. }) { &Form::Number } else { form };
    let (from, to) = (number(first, loose), number(last, loose));
    let step = tree.get("step").map(|step| number(step, loose));
    mistakes.into_result()?;
    let (Some((from, notation)), Some((to, _))) = (from, to) else { return Ok(Vec::new()) };
    let step = step.flatten().map(|(step, _)| step);
    let whole = matches!(form.resolve(), Form::Integer { .. });
    let written_whole = ["from", "to", "step"]
        .iter()
        .filter_map(|key| tree.get(key))
        .all(|value| matches!(value.kind, NodeKind::Integer(_)));
    let numbers: Vec<f64> = match (step, axis.points, axis.scale) {
        (Some(_), Some(_), _) => {
            return Err(
                wrong("points", format!("axis `{name}` has both `step` and `points`"), "remove one of them").into()
            );
        }
        (None, None, _) => {
            return Err(wrong("", format!("axis `{name}` lacks `step`"), "a range needs `step`, or `points`").into());
        }
        (Some(_), None, Scale::Log) => {
            return Err(
                wrong("step", format!("the logarithmic axis `{name}` has a `step`"), "write `points` instead").into()
            );
        }
        (Some(step), None, Scale::Linear) => {
            if step == 0.0 {
                return Err(wrong("step", format!("the `step` of axis `{name}` is 0"), "never reaches `to`").into());
            }
            let steps = (to - from) / step;
            if steps < 0.0 {
                let title = format!("axis `{name}` goes from {from} to {to} in steps of {step}");
                return Err(wrong("step", title, "leads away from `to`").into());
            }
            if steps >= MOST {
                return Err(too_many(name, tree, steps + 1.0).into());
            }
            (0..=(steps + 1e-9) as u32).map(|i| from + f64::from(i) * step).collect()
        }
        (None, Some(points), scale) => {
            if points < 2 {
                return Err(
                    wrong("points", format!("axis `{name}` has {points} points"), "a range has at least 2").into()
                );
            }
            if f64::from(points) > MOST {
                return Err(too_many(name, tree, points.into()).into());
            }
            if scale == Scale::Log && (from <= 0.0 || to <= 0.0) {
                let key = if from <= 0.0 { "from" } else { "to" };
                let title = format!("the logarithmic axis `{name}` has an end at or below 0");
                return Err(wrong(key, title, "must be above 0").into());
            }
            let share = |i: u32| f64::from(i) / f64::from(points - 1);
            let value = |i: u32| match scale {
                Scale::Linear => from + (to - from) * share(i),
                Scale::Log => from * libm::pow(to / from, share(i)),
            };
            let all: Vec<f64> = (0..points).map(value).collect();
            between_ends(all, notation.worth())
        }
    };
    let by_points = axis.points.is_some();
    if whole && !by_points && numbers.iter().any(|number| quantity::rounded(*number).fract() != 0.0) {
        let key = if from.fract() != 0.0 { "from" } else { "step" };
        return Err(wrong(key, format!("axis `{name}` has fractions"), "leads to fractions")
            .note(format!("`{}` is a whole number", axis.path))
            .into());
    }
    let place = tree.get("from").map_or(&tree.place, |from| &from.place);
    let mut values: Vec<Tree> = Vec::with_capacity(numbers.len());
    for number in numbers {
        let number = quantity::rounded(number);
        let kind = if whole || written_whole && number.fract() == 0.0 {
            NodeKind::Integer(number.round() as i64)
        } else {
            notation.write(number)
        };
        let value = computed(kind, &place.source, place.key.clone(), place.value.clone());
        // Points that fall on the same whole number are one.
        if values.last().is_none_or(|last| last.written() != value.written()) {
            values.push(value);
        }
    }
    Ok(values)
}

/// Values of which all but the ends are rounded to a hundredth of the power of ten below the least distance between two
/// of them, in units of this worth: 15.81/s of 15.8113883008.
fn between_ends(values: Vec<f64>, worth: f64) -> Vec<f64> {
    let least = values.windows(2).map(|pair| (pair[1] - pair[0]).abs() / worth).fold(f64::INFINITY, f64::min);
    if !(least > 0.0 && least.is_finite()) {
        return values;
    }
    // A power of ten with a negative exponent is not exact; its inverse is.
    let digits = 2 - libm::log10(least).floor() as i32;
    let factor = libm::pow(10.0, f64::from(digits.abs()));
    let rounded = |value: f64| match digits >= 0 {
        true => (value / worth * factor).round() / factor * worth,
        false => (value / worth / factor).round() * factor * worth,
    };
    let last = values.len() - 1;
    let ends = |index: usize| index == 0 || index == last;
    values.iter().enumerate().map(|(index, &value)| if ends(index) { value } else { rounded(value) }).collect()
}

/// The index of the value of an axis that equals this one, in whatever unit.
pub(super) fn index_of(axis: &Axis, value: &Tree) -> Option<usize> {
    let number = quantity::number(value, axis.form);
    let is_it = |known: &AxisValue| match (number, known.number) {
        (Some(number), Some(known)) => is_close(number, known),
        _ => value.plain() == known.text,
    };
    axis.values.iter().position(is_it)
}

/// Whether two numbers are the same but for the last digits, which units change.
fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// The indices of the values of an axis that a value, a list of values or a range names.
pub(super) fn select(axis: &Axis, named: &Tree) -> Result<Vec<usize>, Mistakes> {
    let one = |value: &Tree| index_of(axis, value).ok_or_else(|| unknown_value(axis, value));
    match &named.kind {
        NodeKind::List(values) => {
            let mut indices = values.iter().map(one).collect::<Result<Vec<_>, _>>()?;
            indices.sort_unstable();
            indices.dedup();
            Ok(indices)
        }
        NodeKind::Table(_) if axis.values.iter().all(|value| matches!(value.value, toml::Value::Table(_))) => {
            Ok(vec![one(named)?])
        }
        NodeKind::Table(_) => within(axis, named),
        _ => Ok(vec![one(named)?]),
    }
}

/// The indices of the values within a range.
fn within(axis: &Axis, range: &Tree) -> Result<Vec<usize>, Mistakes> {
    check(range, Form::of("Range")).into_result()?;
    if axis.values.iter().any(|value| value.number.is_none()) {
        let mistake = Mistake::new(format!("axis `{}` has values that are no numbers", axis.name));
        return Err(range
            .place
            .mark_key(mistake, "no range of it can be given")
            .help("name values: [..., ...]")
            .into());
    }
    let end = |key: &str| range.get(key).map(|end| number(axis, end)).transpose();
    let (from, to) = (end("from")?, end("to")?);
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        let text = |key: &str| range.get(key).map(Tree::plain).unwrap_or_default();
        let mistake = Mistake::new(format!("a range from {} down to {}", text("from"), text("to")));
        return Err(range.place.mark_value(mistake, "is empty").help("write the smaller value first").into());
    }
    let lies_within = |number: f64| {
        from.is_none_or(|from| from <= number || is_close(from, number))
            && to.is_none_or(|to| number <= to || is_close(to, number))
    };
    let indices = axis.values.iter().enumerate().filter(|(_, value)| value.number.is_some_and(lies_within));
    Ok(indices.map(|(index, _)| index).collect())
}

/// A number in the notation of an axis.
pub(super) fn number(axis: &Axis, value: &Tree) -> Result<f64, Mistakes> {
    quantity::read(value, axis.form)
        .or_else(|mistakes| match value.number() {
            // A range of whole numbers may have ends between them.
            Some(number) if matches!(axis.form.resolve(), Form::Integer { .. }) => {
                Ok((number, quantity::Notation::PLAIN))
            }
            _ => Err(mistakes),
        })
        .map(|(number, _)| number)
}

/// The index of a value of an axis that the command line names: by its text, its number or the same in another unit.
pub(super) fn chosen(axis: &Axis, text: &str) -> Result<usize, Mistake> {
    let number: Option<f64> = text.parse().ok();
    let exact = |value: &AxisValue| value.text == text || (number.is_some() && value.number == number);
    let found = axis.values.iter().position(exact).or_else(|| index_of(axis, &argument("--at", text)));
    found.ok_or_else(|| {
        let names = Names::new(axis.values.iter().map(|value| value.text.as_str()));
        Mistake::new(format!("axis `{}` has no value {text}", axis.name)).advise(names, "value", text)
    })
}

/// A value as it stands on the command line: TOML, or else a string.
pub(super) fn argument(option: &str, text: &str) -> Tree {
    let source = Arc::new(Source { name: option.into(), path: None, text: text.into() });
    Tree::value(&source, 0).unwrap_or_else(|_| Tree {
        place: Place { source: Arc::clone(&source), key: None, value: 0..source.text.len() },
        kind: NodeKind::Text(text.trim().into()),
    })
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
