//! What may stand at a place of a file: the JSON Schema, made ready for questions such as "which keys are allowed
//! here?". One source of truth: the serde types, whose derived schema this is.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::names::Names;
use super::tree::Tree;
use super::{Experiment, Model, schema};

/// What may stand at a place.
#[derive(Clone, Debug)]
pub(crate) enum Form {
    /// A table with these keys.
    Record {
        /// What it is, such as "a pool".
        noun: String,
        /// Its keys.
        fields: Vec<Field>,
    },
    /// A table with keys of the author's choice.
    Map(Box<Form>),
    /// An array, perhaps of fixed length.
    List { of: Box<Form>, length: Option<u64> },
    /// One of some words, or a table with one of some keys.
    Choice { noun: String, words: Vec<String>, tables: Vec<Field> },
    /// A string with a syntax of its own, such as a duration (and for some a number).
    Quantity(Quantity),
    /// A distribution: a quantity, or a table that is one of these.
    Distribution(Box<Form>),
    /// A distribution, or a record that has one under `time`.
    Timed { time: Box<Form>, record: Box<Form> },
    /// A whole number.
    Integer { least: i64, most: i64 },
    /// Any number.
    Number,
    /// `true` or `false`.
    Truth,
    /// Any string.
    Text,
    /// Anything: its form is decided elsewhere.
    Any,
    /// That of this definition.
    Named(String),
}

/// A key of a record, or of a choice.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub name: String,
    pub form: Form,
    pub required: bool,
    /// What it is, in words: the first sentence of its documentation.
    pub about: String,
}

/// Quantities with a syntax of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    Duration,
    Cores,
    Bytes,
    Rate,
    RateOrZero,
    Share,
    Fraction,
    WarmUp,
    Servers,
    Pods,
}

/// Names of the language that a message lists in full; where there are more it shows those that are near, and says
/// where all are listed.
pub(crate) const FEW: usize = 6;

/// The forms of all types that have a name.
static FORMS: LazyLock<HashMap<String, Form>> = LazyLock::new(|| {
    let mut forms = HashMap::new();
    for (name, schema) in [("Model", schema::raw::<Model>()), ("Experiment", schema::raw::<Experiment>())] {
        let value = schema.to_value();
        if let Some(Value::Object(definitions)) = value.get("$defs") {
            for (name, definition) in definitions {
                forms.entry(name.clone()).or_insert_with(|| named(name, definition));
            }
        }
        forms.insert(name.into(), named(name, &value));
    }
    forms
});

impl Form {
    /// The form of a type of this name.
    pub fn of(name: &str) -> &'static Self {
        FORMS.get(name).unwrap_or(&Self::Any)
    }

    /// This form, or the one that it names.
    pub fn resolve(&self) -> &Self {
        match self {
            Self::Named(name) => Self::of(name),
            form => form,
        }
    }

    /// This form, or the one that it names; of several, the one that a value is written in.
    pub fn as_written(&self, tree: Option<&Tree>) -> &Self {
        match self.resolve() {
            Self::Timed { time, record } => {
                let keys = tree.map(Tree::entries).unwrap_or_default().iter();
                let is_record = keys.into_iter().any(|(key, _)| record.field(key).is_some());
                if is_record { record.resolve() } else { time.resolve() }
            }
            form => form,
        }
    }

    /// The form of a value under this key.
    pub fn field(&self, key: &str) -> Option<&Self> {
        match self.resolve() {
            Self::Record { fields, .. } | Self::Choice { tables: fields, .. } => {
                fields.iter().find(|field| field.name == key).map(|field| &field.form)
            }
            Self::Map(form) => Some(form),
            Self::Distribution(shape) => shape.field(key),
            Self::Timed { time, record } => record.field(key).or_else(|| time.field(key)),
            Self::Any => Some(&Self::Any),
            _ => None,
        }
    }

    /// The form of the elements.
    pub fn element(&self) -> Option<&Self> {
        match self.resolve() {
            Self::List { of, .. } => Some(of),
            Self::Any => Some(&Self::Any),
            _ => None,
        }
    }

    /// The keys that may stand here, where they are not the author's choice.
    pub fn keys(&self) -> Names<'_> {
        match self.resolve() {
            Self::Record { fields, .. } | Self::Choice { tables: fields, .. } => names(fields),
            Self::Distribution(shape) => shape.keys(),
            Self::Timed { time, .. } => time.keys(),
            _ => Names::new([]),
        }
    }

    /// The section of the reference that lists the keys of what has this noun; none where it has no section.
    pub fn section(noun: &str) -> Option<&'static str> {
        FORMS.iter().find_map(|(name, form)| match form {
            Self::Record { noun: known, .. } | Self::Choice { noun: known, .. } if known == noun => Some(name.as_str()),
            _ => None,
        })
    }

    /// The keys of what has this noun.
    #[cfg(test)]
    pub fn keys_of_noun(noun: &str) -> Option<Vec<&'static str>> {
        match FORMS.get(Self::section(noun)?)? {
            Self::Record { fields, .. } | Self::Choice { tables: fields, .. } => {
                Some(fields.iter().map(|field| field.name.as_str()).collect())
            }
            _ => None,
        }
    }

    /// What has a key of this name, other than this: "a pool".
    pub fn owner(key: &str) -> Option<&'static str> {
        let mut nouns: Vec<&str> = FORMS
            .values()
            .filter_map(|form| match form {
                Self::Record { noun, fields } if fields.iter().any(|field| field.name == key) => Some(noun.as_str()),
                _ => None,
            })
            .collect();
        nouns.sort_unstable();
        match nouns.as_slice() {
            [noun] => Some(noun),
            _ => None,
        }
    }

    /// What is expected here, in words.
    pub fn expected(&self) -> String {
        match self.resolve() {
            Self::Record { noun, .. } => format!("{noun}, which is a table"),
            Self::Map(_) => "a table".into(),
            Self::List { of, length: None } => match of.resolve() {
                Self::Choice { noun, .. } | Self::Record { noun, .. } => format!("an array, each element {noun}"),
                Self::Any => "an array".into(),
                of => format!("an array, each element {}", of.expected()),
            },
            Self::List { length: Some(length), .. } => format!("an array of {length} values"),
            Self::Choice { words, tables, .. } if tables.is_empty() && words.len() <= FEW => {
                format!("one of {}", Names::new(words.iter().map(String::as_str)))
            }
            Self::Choice { noun, tables, .. } if tables.is_empty() => noun.clone(),
            Self::Choice { noun, .. } => format!("{noun}, a table with one key"),
            Self::Quantity(quantity) => quantity.noun().into(),
            Self::Distribution(_) => "a duration or a distribution".into(),
            Self::Timed { .. } => "a duration, a distribution, or a table with `time` and `blocking`".into(),
            Self::Integer { .. } => "a whole number".into(),
            Self::Number => "a number".into(),
            Self::Truth => "`true` or `false`".into(),
            Self::Text => "a string".into(),
            Self::Any | Self::Named(_) => "a value".into(),
        }
    }
}

impl Quantity {
    pub fn noun(self) -> &'static str {
        match self {
            Self::Duration => "a duration",
            Self::Cores => "a number of cores",
            Self::Bytes => "an amount of memory",
            Self::Rate | Self::RateOrZero => "a rate",
            Self::Share => "a share",
            Self::Fraction => "a number or a percentage",
            Self::WarmUp => "a duration or `auto`",
            Self::Servers => "a number of servers",
            Self::Pods => "a number of replicas or a percentage",
        }
    }
}

/// The names of fields.
pub(crate) fn names(fields: &[Field]) -> Names<'_> {
    Names::new(fields.iter().map(|field| field.name.as_str()))
}

fn named(name: &str, schema: &Value) -> Form {
    match name {
        "Duration" => Form::Quantity(Quantity::Duration),
        "Cores" => Form::Quantity(Quantity::Cores),
        "Bytes" => Form::Quantity(Quantity::Bytes),
        "Rate" => Form::Quantity(Quantity::Rate),
        "RateOrZero" => Form::Quantity(Quantity::RateOrZero),
        "WarmUp" => Form::Quantity(Quantity::WarmUp),
        "Share" => Form::Quantity(Quantity::Share),
        "Servers" => Form::Quantity(Quantity::Servers),
        "Pods" => Form::Quantity(Quantity::Pods),
        "Fraction" => Form::Quantity(Quantity::Fraction),
        "Bound" => Form::Number,
        "Values" => Form::Any,
        "Distribution" => Form::Distribution(Box::new(Form::Named("Shape".into()))),
        "SleepStep" => Form::Timed {
            time: Box::new(Form::Named("Distribution".into())),
            record: Box::new(Form::Named("BlockingSleep".into())),
        },
        _ => form(&noun(name), schema),
    }
}

/// "a `hash` step" for HashStep, "an endpoint" for Endpoint, "a search cost" for SearchCost.
fn noun(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    if let Some(kind) = words.strip_suffix(" step") {
        return format!("a `{kind}` step");
    }
    match words.as_str() {
        "before" => "an earlier test".into(),
        "shape" => "a distribution".into(),
        "weighted" => "a part of a mixture".into(),
        "measured" => "a table of measured figures".into(),
        "provenance" => "a provenance".into(),
        "model" => "the model".into(),
        "experiment" => "the experiment".into(),
        "load" => "the load".into(),
        "memory" => "the memory of a service".into(),
        "tls" => "TLS".into(),
        "dns" => "DNS".into(),
        "tls version" => "a version of TLS".into(),
        "collector" => "a garbage collector".into(),
        "measure" => "the `measure` table".into(),
        "http version" => "a version of HTTP".into(),
        "connections" => "a kind of connections".into(),
        "range" => "a range".into(),
        "run" => "the `run` table".into(),
        "on sigterm" => "`on_sigterm`".into(),
        _ if words.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {words}"),
        _ => format!("a {words}"),
    }
}

fn form(noun: &str, schema: &Value) -> Form {
    let Some(schema) = schema.as_object() else { return Form::Any };
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return Form::Named(target.rsplit('/').next().unwrap_or(target).into());
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let mut real = choices.iter().filter(|choice| choice.get("type").is_none_or(|name| name != "null"));
        return real.next().map_or(Form::Any, |choice| form(noun, choice));
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        return choice(noun, choices);
    }
    if let Some(words) = schema.get("enum").and_then(Value::as_array) {
        let words = words.iter().filter_map(Value::as_str).map(Into::into).collect();
        return Form::Choice { noun: noun.into(), words, tables: Vec::new() };
    }
    let name = match schema.get("type") {
        Some(Value::String(name)) => name.as_str(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or(""),
        _ => "",
    };
    match name {
        "object" => match schema.get("additionalProperties") {
            Some(Value::Bool(true)) => Form::Map(Box::new(Form::Any)),
            Some(of @ Value::Object(_)) => Form::Map(Box::new(form(noun, of))),
            _ => Form::Record { noun: noun.into(), fields: fields(schema) },
        },
        "array" => Form::List {
            of: Box::new(schema.get("items").map_or(Form::Any, |of| form(noun, of))),
            length: schema.get("minItems").and_then(Value::as_u64),
        },
        "integer" => {
            let format = schema.get("format").and_then(Value::as_str);
            let most = if format == Some("uint32") { i64::from(u32::MAX) } else { i64::MAX };
            let least = schema.get("minimum").and_then(Value::as_i64).unwrap_or(i64::MIN);
            Form::Integer { least, most }
        }
        "number" => Form::Number,
        "boolean" => Form::Truth,
        "string" => Form::Text,
        _ => Form::Any,
    }
}

fn choice(noun: &str, choices: &[Value]) -> Form {
    let mut words = Vec::new();
    let mut tables = Vec::new();
    for choice in choices {
        if let Some(word) = choice.get("const").and_then(Value::as_str) {
            words.push(word.to_owned());
        } else if let Some(some) = choice.get("enum").and_then(Value::as_array) {
            words.extend(some.iter().filter_map(Value::as_str).map(str::to_owned));
        } else if let Some(schema) = choice.as_object() {
            tables.extend(fields(schema));
        }
    }
    Form::Choice { noun: noun.into(), words, tables }
}

/// The first sentence of a description, to continue after a colon.
fn about(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
    let sentence = text.split_once(". ").map_or(text.trim_end_matches('.'), |(first, _)| first);
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) if !sentence.starts_with("CPU") => first.to_lowercase().chain(letters).collect(),
        _ => sentence.into(),
    }
}

fn fields(schema: &Map<String, Value>) -> Vec<Field> {
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, schema)| Field {
            name: name.clone(),
            form: form(&format!("`{name}`"), schema),
            required: required.contains(&name.as_str()),
            about: about(schema),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_follow_the_types() {
        let service = Form::of("Model").field("services").and_then(|form| form.field("any")).map(Form::resolve);
        let Some(Form::Record { noun, fields }) = service else { panic!("{service:?}") };
        assert_eq!(noun, "a service");
        assert!(fields.iter().any(|field| field.name == "replicas" && !field.required));
        let Form::Choice { tables, .. } = Form::of("Step") else { panic!() };
        assert_eq!(names(tables).nearest("hsah"), Some("hash"));
        let Form::Record { fields, .. } = Form::of("QueryStep") else { panic!() };
        assert_eq!(fields.iter().filter(|field| field.required).map(|field| &field.name).collect::<Vec<_>>(), ["time"]);
        assert!(matches!(Form::of("Distribution").field("exp").map(Form::resolve), Some(Form::Quantity(_))));
        for name in FORMS.keys() {
            assert!(!matches!(Form::of(name), Form::Any) || name == "Values", "{name}");
        }
    }
}
