//! Dials: quantities that are set to any number, not only to those that an axis lists.

use super::axis::Ready;
use super::design::Axis;
use crate::language::constants;
use crate::language::form::{Form, Quantity};
use crate::language::lower::{self, Columns};
use crate::language::path::{Path, Written};
use crate::language::setting::{Setting, Subject, computed, target, value as value_at};
use crate::language::tree::{NodeKind, Place, Tree};
use crate::language::{Duration, Mistake, Mistakes, Scale};

/// Distance to the next nearest number that is still taken for the same, relative.
const DIGITS: usize = 11;

/// A quantity that can be set to any number.
#[derive(Clone, Debug)]
pub struct Dial {
    /// Its name in tables.
    pub name: String,
    /// Its label in charts, with its unit.
    pub label: String,
    /// The path that it sets.
    pub path: String,
    /// Spacing of values.
    pub scale: Scale,
    /// Whether only whole numbers can be set.
    pub whole: bool,
    /// The smallest and the largest value of the axis that this is.
    pub(super) ends: Option<(f64, f64)>,
    pub(super) in_model: bool,
    /// Whether the path exists only because some variants set it.
    pub(super) of_variants: bool,
    /// Where it was written.
    pub(super) place: Place,
    pub(super) form: &'static Form,
    notation: Notation,
    pub(super) ways: Vec<Way>,
}

/// A path that a dial sets.
#[derive(Clone, Debug)]
pub(super) struct Way {
    path: Written,
    pub(super) target: (Path, bool),
    /// What the number is multiplied by there.
    by: f64,
    whole: bool,
}

/// How a number is written.
#[derive(Clone, Debug)]
enum Notation {
    Whole,
    /// Any number; cores too.
    Number,
    /// In seconds.
    Duration,
    /// In MiB.
    Memory,
    /// Per second, in this unit with its length in seconds.
    Rate(&'static str, f64),
    /// A distribution with this mean in seconds, all of whose durations are multiplied.
    Scaled(Tree, f64),
}

impl Dial {
    /// The dial that an axis is; it must be one of numbers.
    pub(super) fn of_axis(ready: &Ready, subject: &Subject, columns: &mut Columns) -> Result<Self, Mistake> {
        let path = ready.tree.get("path").map_or(&ready.tree.place, |path| &path.place).clone();
        let mut dial = Self::of_path(&ready.axis.path, &path, subject, columns)?;
        dial.name.clone_from(&ready.axis.name);
        dial.label.clone_from(&ready.axis.label);
        dial.scale = ready.axis.scale;
        dial.ends = ends(&ready.axis);
        if let Notation::Rate(unit, seconds) = &mut dial.notation
            && let Some(first) = ready.axis.values.first()
        {
            (*unit, *seconds) = rate_unit(&first.text);
        }
        for (text, factor) in ready.tree.get("also").map(Tree::entries).unwrap_or_default() {
            let span = factor.place.key.clone().unwrap_or_else(|| factor.place.value.clone());
            let path = Written::parse(text, &factor.place.source, span)?;
            let (found, in_load) = target(&path, subject, false)?;
            let whole = matches!(found.form.resolve(), Form::Integer { .. });
            dial.in_model |= !in_load;
            let by = factor.number().unwrap_or(1.0);
            dial.ways.push(Way { path, target: (found.path, in_load), by, whole });
        }
        Ok(dial)
    }

    /// The dial of a path, which must lead to a number. `place` is where the path stands.
    pub(super) fn of_path(
        text: &str,
        place: &Place,
        subject: &Subject,
        columns: &mut Columns,
    ) -> Result<Self, Mistake> {
        let path = Written::parse(text, &place.source, place.value.clone())?;
        let (found, in_load) = target(&path, subject, false)?;
        let refuse = |title: String, label: &str| place.mark_value(Mistake::new(title), label);
        let root = if in_load { subject.load.as_ref() } else { Some(&subject.model) };
        let present = root.and_then(|root| value_at(root, &found.path));
        let present = present.and_then(|value| constants::expanded(value, &subject.model).ok());
        let present = present.as_deref();
        let notation = match found.form.as_written(present) {
            Form::Integer { .. } | Form::Quantity(Quantity::Servers | Quantity::Pods) => Notation::Whole,
            Form::Number | Form::Quantity(Quantity::Cores | Quantity::Fraction) => Notation::Number,
            Form::Quantity(Quantity::Duration) => Notation::Duration,
            Form::Quantity(Quantity::Bytes) => Notation::Memory,
            Form::Quantity(Quantity::Rate | Quantity::RateOrZero) => {
                let (unit, seconds) = rate_unit(&present.map(Tree::plain).unwrap_or_default());
                Notation::Rate(unit, seconds)
            }
            Form::Distribution(_) => match present {
                Some(base) => scaled_from(base, found.form, columns).ok_or_else(|| {
                    refuse(format!("`{text}` is {} and cannot be scaled", base.written()), "not a number")
                })?,
                None => Notation::Duration,
            },
            form => {
                let title = format!("`{text}` is not a number: it is {}", form.expected());
                return Err(refuse(title, "only a number can be searched"));
            }
        };
        let whole = matches!(notation, Notation::Whole);
        let name = text.to_owned();
        Ok(Self {
            label: name.clone(),
            path: name.clone(),
            name,
            scale: Scale::Linear,
            whole,
            ends: None,
            in_model: !in_load,
            of_variants: false,
            place: place.clone(),
            form: found.form,
            notation,
            ways: vec![Way { path, target: (found.path, in_load), by: 1.0, whole }],
        })
    }

    /// Reads a number in the notation of the path: seconds, cores, MiB, arrivals per second, or the number itself.
    pub(super) fn number(&self, tree: &Tree, columns: &mut Columns) -> Result<f64, Mistakes> {
        let wrong = crate::language::check::check(tree, self.form);
        wrong.into_result()?;
        lower::size(tree, self.form, columns).filter(|number| number.is_finite()).ok_or_else(|| {
            tree.place.mark_value(Mistake::new(format!("{} is not a number", tree.written())), "not a number").into()
        })
    }

    /// The number that is set now.
    pub(super) fn present(&self, subject: &Subject, columns: &mut Columns) -> Option<f64> {
        let (path, in_load) = &self.ways.first()?.target;
        let root = if *in_load { subject.load.as_ref()? } else { &subject.model };
        let value = constants::expanded(value_at(root, path)?, &subject.model).ok()?;
        lower::size(&value, self.form, columns).filter(|number| number.is_finite())
    }

    /// Whether this sets the value that a path leads to.
    pub(super) fn sets(&self, target: &(Path, bool)) -> bool {
        self.ways.iter().any(|way| way.target == *target)
    }

    /// Whether both set a value of the model or the load.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.ways.iter().any(|way| other.sets(&way.target))
    }

    /// What sets the dial to a number.
    pub(super) fn settings(&self, number: f64) -> Vec<Setting> {
        let setting = |way: &Way| {
            let kind = match way.by {
                1.0 => self.kind(number),
                by if way.whole => NodeKind::Integer((number * by).round() as i64),
                by => NodeKind::Float(number * by),
            };
            let value = computed(kind, &self.place.source, self.place.key.clone(), self.place.value.clone());
            Setting { path: way.path.clone(), value }
        };
        self.ways.iter().map(setting).collect()
    }

    /// A number as it is set, in a table's cell.
    pub fn text(&self, number: f64) -> String {
        match &self.notation {
            Notation::Scaled(..) => duration(number),
            _ => match self.kind(number) {
                NodeKind::Text(text) => text,
                NodeKind::Integer(value) => value.to_string(),
                NodeKind::Float(value) => value.to_string(),
                _ => String::new(),
            },
        }
    }

    /// A number as it is set, as TOML.
    pub(super) fn value(&self, number: f64) -> toml::Value {
        match self.kind(number) {
            NodeKind::Integer(value) => toml::Value::Integer(value),
            NodeKind::Float(value) => toml::Value::Float(value),
            _ => toml::Value::String(self.text(number)),
        }
    }

    /// A number as `--set` takes it.
    pub fn written(&self, number: f64) -> String {
        match &self.notation {
            Notation::Scaled(base, _) => Tree { place: base.place.clone(), kind: self.kind(number) }.plain(),
            _ => self.text(number),
        }
    }

    /// The smallest number that can be set.
    pub(super) fn least(&self) -> f64 {
        match self.form.resolve() {
            Form::Integer { least, .. } => (*least).max(0) as f64,
            Form::Quantity(Quantity::Servers) => 1.0,
            _ => 0.0,
        }
    }

    /// Whether it is a share of something.
    pub(super) fn is_share(&self) -> bool {
        matches!(self.form.resolve(), Form::Quantity(Quantity::Fraction))
    }

    /// A number in the unit in which it is written, and that unit: for charts.
    pub fn shown(&self, number: f64) -> f64 {
        match self.notation {
            Notation::Rate(_, seconds) => rounded(number * seconds),
            _ => number,
        }
    }

    /// The unit of the numbers of [`Dial::shown`], where they have one.
    pub fn unit(&self) -> Option<String> {
        match &self.notation {
            Notation::Rate(unit, _) => Some(format!("1/{unit}")),
            Notation::Duration | Notation::Scaled(..) => Some("s".into()),
            Notation::Memory => Some("MiB".into()),
            Notation::Whole | Notation::Number => None,
        }
    }

    pub(super) fn kind(&self, number: f64) -> NodeKind {
        match &self.notation {
            Notation::Whole => NodeKind::Integer(number.round() as i64),
            Notation::Number => NodeKind::Float(rounded(number)),
            Notation::Duration => NodeKind::Text(duration(number)),
            Notation::Memory => NodeKind::Text(format!("{}MiB", decimal(rounded(number)))),
            Notation::Rate(unit, seconds) => NodeKind::Text(format!("{}/{unit}", rounded(number * seconds))),
            Notation::Scaled(base, mean) => scaled(base, number / mean),
        }
    }
}

/// The smallest and the largest value of an axis of numbers.
fn ends(axis: &Axis) -> Option<(f64, f64)> {
    let numbers: Option<Vec<f64>> = axis.values.iter().map(|value| value.number).collect();
    let numbers = numbers?;
    let low = numbers.iter().copied().reduce(f64::min)?;
    Some((low, numbers.iter().copied().reduce(f64::max)?))
}

/// The unit of a rate as it is written, and its length in seconds.
fn rate_unit(text: &str) -> (&'static str, f64) {
    match text.split_once('/').map(|(_, unit)| unit.trim()) {
        Some("m" | "min") => ("min", 60.0),
        Some("h") => ("h", 3600.0),
        _ => ("s", 1.0),
    }
}

/// A duration in seconds as text, in seconds or milliseconds.
fn duration(seconds: f64) -> String {
    if seconds >= 1.0 { format!("{}s", rounded(seconds)) } else { format!("{}ms", decimal(rounded(seconds * 1e3))) }
}

/// A number without an exponent.
fn decimal(value: f64) -> String {
    let text = format!("{value:.9}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// Without the last digits, in which sums such as 0.1 + 0.2 go wrong.
fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS).parse().unwrap_or(value)
}

/// A distribution that can be scaled: none of its parts is read from a file, and its mean is above 0.
fn scaled_from(base: &Tree, form: &Form, columns: &mut Columns) -> Option<Notation> {
    if has_key(base, "empirical") {
        return None;
    }
    let mean = lower::size(base, form, columns).filter(|mean| mean.is_finite() && *mean > 0.0)?;
    Some(Notation::Scaled(base.clone(), mean))
}

fn has_key(tree: &Tree, key: &str) -> bool {
    match &tree.kind {
        NodeKind::Table(entries) => entries.iter().any(|(name, value)| name == key || has_key(value, key)),
        NodeKind::List(elements) => elements.iter().any(|element| has_key(element, key)),
        _ => false,
    }
}

/// A distribution with every duration multiplied: the mean grows by the factor, the shape stays.
fn scaled(tree: &Tree, factor: f64) -> NodeKind {
    let again = |tree: &Tree| Tree { place: tree.place.clone(), kind: scaled(tree, factor) };
    match &tree.kind {
        NodeKind::Text(text) => NodeKind::Text(scaled_text(text, factor)),
        NodeKind::List(elements) => NodeKind::List(elements.iter().map(again).collect()),
        NodeKind::Table(entries) => {
            NodeKind::Table(entries.iter().map(|(key, value)| (key.clone(), again(value))).collect())
        }
        other => other.clone(),
    }
}

/// `20ms` or `exp(20ms)`, multiplied.
fn scaled_text(text: &str, factor: f64) -> String {
    let scale = |text: &str| {
        let known: Result<Duration, _> = text.parse();
        known.map(|known| duration(known.0 as f64 / 1e9 * factor))
    };
    match text.trim().strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, inner)) => scale(inner).map_or_else(|_| text.into(), |inner| format!("{name}({inner})")),
        None => scale(text).unwrap_or_else(|_| text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_so_that_they_can_be_read() {
        for (seconds, text) in
            [(1.5, "1.5s"), (0.085, "85ms"), (0.1 + 0.2, "300ms"), (2.5e-7, "0.00025ms"), (90.0, "90s")]
        {
            assert_eq!(duration(seconds), text);
            let read: Duration = text.parse().unwrap();
            assert!((read.0 as f64 / 1e9 - seconds).abs() < 1e-9, "{text}");
        }
    }

    #[test]
    fn texts_of_distributions_are_scaled_and_others_left_alone() {
        assert_eq!(scaled_text("exp(20ms)", 1.5), "exp(30ms)");
        assert_eq!(scaled_text("2s", 0.25), "500ms");
        assert_eq!(scaled_text("column", 2.0), "column");
    }
}
