//! Controls: the numbers and the choices of a model and its load, each with values that a reader may give it. They are
//! what `sim serve` makes its sliders of.

use super::axis::Ready;
use super::dial::Dial;
use super::stops::stops;
use super::workbench::Workbench;
use crate::language::constants;
use crate::language::form::Form;
use crate::language::lower::Columns;
use crate::language::path::{Path, Segment, Written};
use crate::language::setting::{Setting, Subject, target, value as value_at};
use crate::language::tree::{NodeKind, Tree};
use crate::language::{Mistake, Mistakes, Source};

/// Keys that decide which other keys there may be, or that change what is kept and not what happens.
const LEFT_ALONE: [&str; 6] = ["runtime", "kind", "title", "provenance", "blame", "timeline"];

/// Keys of the numbers and choices that a design is first discussed by.
const FIRST: [&str; 14] = [
    "replicas",
    "workers",
    "threads",
    "cpu",
    "max_size",
    "max_connections",
    "timeout",
    "pool_timeout",
    "on",
    "reuse",
    "servers",
    "concurrency",
    "rate",
    "max_attempts",
];

/// What a control changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The load or an axis: what all designs meet.
    Place,
    /// The design.
    Design,
}

/// A number or a choice, and the values that it is offered.
#[derive(Clone, Debug)]
pub struct Control {
    /// Its path, as `--set` takes it.
    pub path: String,
    /// The service, or the part of the model, that it belongs to.
    pub owner: String,
    /// What it is, in a clause; empty where the language has no word for it.
    pub about: String,
    /// The plausible range that the model gives, in words.
    pub plausible: Option<(String, String)>,
    /// What it changes.
    pub scope: Scope,
    /// Whether it is one of words, not of numbers.
    pub is_choice: bool,
    /// Whether it is one of the first to be discussed.
    pub is_first: bool,
    /// The values, numbers in increasing order.
    pub stops: Vec<Stop>,
    /// Which of them is the model's.
    pub own: usize,
}

/// A value of a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// As `--set` takes it.
    pub set: String,
    /// For people.
    pub text: String,
}

impl Control {
    /// The index of a value by what `--set` takes.
    pub fn index(&self, set: &str) -> Option<usize> {
        self.stops.iter().position(|stop| stop.set == set)
    }
}

/// A value that a control may have.
struct Leaf {
    path: String,
    owner: String,
    key: String,
    about: String,
    /// The words that it may be; none of a number.
    words: Option<Vec<String>>,
}

impl Workbench {
    /// The controls of a variant with each axis at its first value. What `set` gives a control that has no such value
    /// becomes one.
    ///
    /// # Errors
    /// Where `set` has a path that no control has, or a value that its control cannot have.
    pub fn controls(&self, variant: usize, set: &[(String, String)]) -> Result<Vec<Control>, Mistakes> {
        let subject = self.subject_of(variant)?;
        let mut leaves = Vec::new();
        if let Some(load) = &subject.load {
            walk(load, Form::of("Load"), &Spot::load(), &mut leaves);
        }
        walk(&subject.model, Form::of("Model"), &Spot::default(), &mut leaves);
        let mut columns = self.columns.clone();
        let control = |leaf: &Leaf| self.control(leaf, &subject, set, &mut columns).transpose();
        let controls: Vec<Control> = leaves.iter().filter_map(control).collect::<Result<_, _>>()?;
        for (path, _) in set {
            if !controls.iter().any(|control| control.path == *path) {
                return Err(Mistake::new(format!("`{path}` is no number or choice of this model")).into());
            }
        }
        Ok(controls)
    }

    /// The model and the load of a variant with each axis at its first value.
    fn subject_of(&self, variant: usize) -> Result<Subject, Mistakes> {
        let first = |choices: &Vec<usize>| choices.first().copied().unwrap_or(usize::MAX);
        let at: Vec<usize> = self.designs[variant].choices.iter().map(first).collect();
        self.subject_at(variant, &at)
    }

    fn control(
        &self,
        leaf: &Leaf,
        subject: &Subject,
        set: &[(String, String)],
        columns: &mut Columns,
    ) -> Result<Option<Control>, Mistakes> {
        let source = Source::argument(&leaf.path);
        let written = Written::parse(&leaf.path, &source, 0..leaf.path.len())?;
        let (found, in_load) = target(&written, subject, false)?;
        let at = (found.path, in_load);
        let axis = self.axes.iter().find(|ready| ready.targets.contains(&at));
        if axis.is_some_and(|ready| ready.targets[0] != at) {
            // The axis sets it together with its own path.
            return Ok(None);
        }
        let root = if in_load { subject.load.as_ref() } else { Some(&subject.model) };
        let Some(present) = root.and_then(|root| value_at(root, &at.0)) else { return Ok(None) };
        let asked = set.iter().find(|(path, _)| *path == leaf.path).map(|(_, value)| value.as_str());
        let (stops, own, plausible) = match &leaf.words {
            Some(words) => {
                let stops: Vec<Stop> =
                    words.iter().map(|word| Stop { set: word.clone(), text: word.clone() }).collect();
                if let Some(asked) = asked.filter(|asked| !words.iter().any(|word| word == asked)) {
                    return Err(Mistake::new(format!("`{}` cannot be `{asked}`", leaf.path)).into());
                }
                let own = words.iter().position(|word| *word == present.plain());
                (stops, own, None)
            }
            None => {
                let place = crate::language::tree::Place { source, key: None, value: 0..leaf.path.len() };
                let Ok(dial) = Dial::of_path(&leaf.path, &place, subject, columns) else { return Ok(None) };
                let Some(now) = dial.present(subject, columns) else { return Ok(None) };
                let numbers = self.numbers(&dial, now, &at, axis);
                self.number_stops(&dial, (now, present), numbers, asked, columns)?
            }
        };
        let Some(own) = own else { return Ok(None) };
        Ok(Some(Control {
            path: leaf.path.clone(),
            owner: leaf.owner.clone(),
            about: leaf.about.clone(),
            plausible,
            scope: if in_load || axis.is_some() { Scope::Place } else { Scope::Design },
            is_choice: leaf.words.is_some(),
            is_first: axis.is_some() || FIRST.contains(&leaf.key.as_str()),
            stops,
            own,
        }))
    }

    /// The numbers that a dial is offered, and the plausible range.
    fn numbers(
        &self,
        dial: &Dial,
        now: f64,
        at: &(Path, bool),
        axis: Option<&Ready>,
    ) -> (Vec<f64>, Option<(f64, f64)>) {
        let listed: Vec<f64> =
            axis.map(|ready| ready.axis.values.iter().filter_map(|value| value.number).collect()).unwrap_or_default();
        let range = self.ranges.iter().find(|ranged| ranged.dial.sets(at)).map(|ranged| (ranged.low, ranged.high));
        let ends = range.map(|(low, high)| vec![low, high]).unwrap_or_default();
        (stops(now, dial.least(), dial.whole, dial.is_share(), &[listed, ends].concat()), range)
    }

    #[allow(clippy::type_complexity, reason = "the parts of a control")]
    fn number_stops(
        &self,
        dial: &Dial,
        (now, present): (f64, &Tree),
        (numbers, range): (Vec<f64>, Option<(f64, f64)>),
        asked: Option<&str>,
        columns: &mut Columns,
    ) -> Result<(Vec<Stop>, Option<usize>, Option<(String, String)>), Mistakes> {
        let own = Stop { set: present.plain(), text: dial.text(now) };
        let stop = |number: f64| match number == now {
            true => (number, own.clone()),
            false => (number, Stop { set: dial.written(number), text: dial.text(number) }),
        };
        let mut all: Vec<(f64, Stop)> = numbers.into_iter().map(stop).collect();
        if let Some(asked) = asked.filter(|asked| !all.iter().any(|(_, stop)| stop.set == **asked)) {
            let value = Setting::argument(&dial.path, asked)?.value;
            if reads_a_file(&value) {
                return Err(Mistake::new(format!("`{}` cannot be read from a file here", dial.path)).into());
            }
            let number = dial.number(&value, columns)?;
            let at = all.partition_point(|(known, _)| *known < number);
            all.insert(at, (number, Stop { set: asked.into(), text: dial.text(number) }));
        }
        let at = all.iter().position(|(_, stop)| *stop == own);
        let range = range.map(|(low, high)| (dial.text(low), dial.text(high)));
        Ok((all.into_iter().map(|(_, stop)| stop).collect(), at, range))
    }
}

/// Whether a value names a file, as an empirical distribution does.
fn reads_a_file(value: &Tree) -> bool {
    match &value.kind {
        NodeKind::Table(entries) => entries.iter().any(|(key, value)| key == "empirical" || reads_a_file(value)),
        NodeKind::List(elements) => elements.iter().any(reads_a_file),
        _ => false,
    }
}

/// Where the walk is.
#[derive(Clone, Default)]
struct Spot {
    text: String,
    owner: String,
    key: String,
    about: String,
}

impl Spot {
    fn load() -> Self {
        Self { text: "load".into(), owner: "load".into(), ..Self::default() }
    }

    fn key(&self, key: &str, about: &str) -> Self {
        let quoted = Path(vec![Segment::Key(key.into())]).to_string();
        let mut owner = self.owner.clone();
        if self.text.is_empty() || self.text == "services" {
            owner = key.into();
        }
        Self { owner, key: key.into(), about: about.into(), text: joined(&self.text, &quoted) }
    }

    /// An element of a list: by its kind, as in `steps.hash` or `steps.query#2`, else by its number.
    fn element(&self, elements: &[Tree], index: usize) -> Self {
        let kind = |tree: &Tree| match tree.entries() {
            [(key, _)] => Some(key.clone()),
            _ => None,
        };
        let is_plain = |own: &String| own.chars().all(|letter| letter.is_ascii_alphabetic() || "-_".contains(letter));
        let Some(own) = kind(&elements[index]).filter(is_plain) else {
            return Self { text: format!("{}[{index}]", self.text), ..self.clone() };
        };
        let alike = |elements: &[Tree]| elements.iter().filter(|other| kind(other).as_ref() == Some(&own)).count();
        let text = match alike(elements) {
            1 => joined(&self.text, &own),
            _ => joined(&self.text, &format!("{own}#{}", alike(&elements[..=index]))),
        };
        Self { text, ..self.clone() }
    }
}

fn joined(above: &str, key: &str) -> String {
    if above.is_empty() { key.into() } else { format!("{above}.{key}") }
}

fn walk(tree: &Tree, form: &Form, spot: &Spot, leaves: &mut Vec<Leaf>) {
    if LEFT_ALONE.contains(&spot.key.as_str()) || is_constant(tree) {
        return;
    }
    let leaf = |words: Option<Vec<String>>| Leaf {
        path: spot.text.clone(),
        owner: spot.owner.clone(),
        key: spot.key.clone(),
        about: spot.about.clone(),
        words,
    };
    match (form.as_written(Some(tree)), &tree.kind) {
        (Form::Record { fields, .. } | Form::Choice { tables: fields, .. }, NodeKind::Table(entries)) => {
            for (key, value) in entries {
                if let Some(field) = fields.iter().find(|field| field.name == *key) {
                    walk(value, &field.form, &spot.key(key, &field.about), leaves);
                }
            }
        }
        (Form::Map(of), NodeKind::Table(entries)) => {
            entries.iter().for_each(|(key, value)| walk(value, of, &spot.key(key, &spot.about), leaves));
        }
        (Form::List { of, .. }, NodeKind::List(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                let below = spot.element(elements, index);
                match element.entries() {
                    // Named by its kind, the path leads to what stands under the kind.
                    [(kind, value)] if !below.text.ends_with(']') => {
                        let field = match of.resolve() {
                            Form::Record { fields, .. } | Form::Choice { tables: fields, .. } => {
                                fields.iter().find(|field| field.name == *kind)
                            }
                            _ => None,
                        };
                        if let Some(field) = field {
                            let below = Spot { key: kind.clone(), about: field.about.clone(), ..below };
                            walk(value, &field.form, &below, leaves);
                        }
                    }
                    _ => walk(element, of, &below, leaves),
                }
            }
        }
        (Form::Choice { words, .. }, NodeKind::Text(text)) if words.contains(text) => {
            leaves.push(leaf(Some(words.clone())));
        }
        (Form::Truth, NodeKind::Truth(_)) => leaves.push(leaf(Some(vec!["false".into(), "true".into()]))),
        (Form::Integer { .. } | Form::Number | Form::Quantity(_) | Form::Distribution(_), _) => leaves.push(leaf(None)),
        // What a constant is, the places say where it is used.
        (Form::Any, _) if spot.owner == constants::KEY => leaves.push(leaf(None)),
        _ => {}
    }
}

/// Whether a value is a constant's, which is changed where the constant stands.
fn is_constant(tree: &Tree) -> bool {
    matches!(&tree.kind, NodeKind::Text(text) if text.contains('$'))
}
