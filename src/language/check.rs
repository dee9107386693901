//! Checks a tree against the form that it should have, and finds every mistake, not only the first.

use super::foreign;
use super::form::{Field, Form, Quantity, names};
use super::mistake::{Mistake, Mistakes};
use super::read::Misfit;
use super::tree::{NodeKind, Tree};
use super::units::{Bytes, Cores, Duration, Fraction, Rate, RateOrZero, Share, WarmUp};
use super::{Distribution, Pods, Servers};

/// All mistakes of a tree that should have this form.
pub(crate) fn check(tree: &Tree, form: &Form) -> Mistakes {
    let mut mistakes = Mistakes::default();
    walk(tree, form, &mut Vec::new(), &mut mistakes);
    mistakes
}

/// The keys and indices that lead to a value, for messages.
type Trail<'a> = Vec<&'a str>;

fn walk<'a>(tree: &'a Tree, form: &Form, trail: &mut Trail<'a>, mistakes: &mut Mistakes) {
    if mistakes.is_full() {
        return;
    }
    match (form.as_written(Some(tree)), &tree.kind) {
        (Form::Any | Form::Named(_), _) => {}
        (Form::Record { noun, fields }, NodeKind::Table(entries)) => {
            record(tree, noun, fields, entries, trail, mistakes)
        }
        (Form::Map(of), NodeKind::Table(entries)) => {
            for (name, value) in entries {
                trail.push(name);
                walk(value, of, trail, mistakes);
                trail.pop();
            }
        }
        (Form::List { of, length }, NodeKind::List(elements)) => {
            if length.is_some_and(|length| length != elements.len() as u64) {
                let title = format!("{} values where {} belong", elements.len(), length.unwrap_or_default());
                mistakes.push(tree.place.mark_value(Mistake::new(title), form.expected()));
            }
            for element in elements {
                walk(element, of, trail, mistakes);
            }
        }
        (Form::Choice { words, tables, noun }, _) => choice(tree, noun, words, tables, trail, mistakes),
        (Form::Distribution(shape), NodeKind::Table(_)) => walk(tree, shape, trail, mistakes),
        (
            Form::Distribution(_) | Form::Quantity(Quantity::Duration | Quantity::WarmUp),
            NodeKind::Integer(_) | NodeKind::Float(_),
        ) => {
            let number = tree.written();
            let mistake =
                tree.place.mark_value(Mistake::new(format!("`{number}` has no unit")), "a duration needs one");
            mistakes.push(mistake.help(format!("write it as a string, such as \"{number}s\" or \"{number}ms\"")));
        }
        (Form::Quantity(Quantity::Rate | Quantity::RateOrZero), NodeKind::Integer(_) | NodeKind::Float(_)) => {
            let number = tree.written();
            let mistake = tree.place.mark_value(Mistake::new(format!("`{number}` has no unit")), "a rate needs one");
            mistakes.push(mistake.help(format!("write it as a string, such as \"{number}/s\" or \"{number}/min\"")));
        }
        (Form::Quantity(Quantity::Bytes), NodeKind::Integer(_) | NodeKind::Float(_)) => {
            let number = tree.written();
            let mistake = tree.place.mark_value(Mistake::new(format!("`{number}` has no unit")), "memory needs one");
            mistakes.push(mistake.help(format!("write it as a string, such as \"{number}MiB\" or \"{number}GiB\"")));
        }
        (Form::Distribution(_), NodeKind::Text(_)) => quantity(tree, form, tree.read::<Distribution>().err(), mistakes),
        (Form::Number | Form::Quantity(Quantity::Fraction), NodeKind::Float(value)) => {
            if !value.is_finite() {
                let mistake = Mistake::new(format!("`{}` is not a finite number", tree.written()));
                mistakes.push(tree.place.mark_value(mistake, "expected a finite number"));
            }
        }
        (Form::Quantity(kind), NodeKind::Text(_) | NodeKind::Integer(_) | NodeKind::Float(_)) => {
            let misfit = match kind {
                Quantity::Duration => tree.read::<Duration>().err(),
                Quantity::Cores => tree.read::<Cores>().err(),
                Quantity::Bytes => tree.read::<Bytes>().err(),
                Quantity::Rate => tree.read::<Rate>().err(),
                Quantity::RateOrZero => tree.read::<RateOrZero>().err(),
                Quantity::WarmUp => tree.read::<WarmUp>().err(),
                Quantity::Share => tree.read::<Share>().err(),
                Quantity::Fraction => tree.read::<Fraction>().err(),
                Quantity::Servers => tree.read::<Servers>().err(),
                Quantity::Pods => tree.read::<Pods>().err(),
            };
            quantity(tree, form, misfit, mistakes);
        }
        (Form::Integer { least, most }, NodeKind::Integer(value)) => {
            if value < least || value > most {
                let name = trail.last().unwrap_or(&"this");
                let (title, label) = if value < least && *least == 0 {
                    (format!("`{name}` cannot be negative"), "expected a whole number, 0 or more".into())
                } else {
                    (format!("`{name}` cannot be so large"), format!("expected a whole number, at most {most}"))
                };
                mistakes.push(tree.place.mark_value(Mistake::new(title), label));
            }
        }
        (Form::Number, NodeKind::Integer(_)) | (Form::Truth, NodeKind::Truth(_)) | (Form::Text, NodeKind::Text(_)) => {}
        (expected, _) => mistakes.push(misfit(tree, expected, trail)),
    }
}

/// A value of the wrong type.
fn misfit(tree: &Tree, form: &Form, trail: &Trail<'_>) -> Mistake {
    let name = trail.last().map_or("this".into(), |name| format!("`{name}`"));
    let written = tree.written();
    let found = if written.chars().count() <= 30 { format!("`{written}`") } else { tree.what().into() };
    let mistake = Mistake::new(format!("{name} must be {}, not {found}", form.expected()));
    let mut mistake = tree.place.mark_value(mistake, format!("this is {}", tree.what()));
    match (form, &tree.kind) {
        (Form::Integer { .. } | Form::Number, NodeKind::Text(text))
            if text.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            mistake = mistake.help(format!("leave out the quotes: {text}"));
        }
        (Form::Truth, NodeKind::Text(text)) if text == "true" || text == "false" => {
            mistake = mistake.help(format!("leave out the quotes: {text}"));
        }
        (Form::Integer { .. }, NodeKind::Float(value)) if value.fract() == 0.0 && value.abs() < 1e15 => {
            mistake = mistake.help(format!("write {value:.0}"));
        }
        _ if matches!(trail.as_slice(), [.., "limits", "cpu" | "memory"]) => {
            if let Some(advice) = foreign::advice(&trail[trail.len() - 2..].join("."), "a service") {
                mistake = mistake.help(advice);
            }
        }
        (Form::List { .. }, _) => mistake = mistake.help(format!("put it into brackets: [{}]", shortened(&written))),
        _ => {}
    }
    mistake
}

fn shortened(written: &str) -> String {
    if written.chars().count() <= 40 { written.into() } else { "...".into() }
}

fn record<'a>(
    tree: &Tree,
    noun: &str,
    fields: &[Field],
    entries: &'a [(String, Tree)],
    trail: &mut Trail<'a>,
    mistakes: &mut Mistakes,
) {
    let mut strangers = Vec::new();
    for (name, value) in entries {
        match fields.iter().find(|field| field.name == *name) {
            Some(field) => {
                trail.push(name);
                walk(value, &field.form, trail, mistakes);
                trail.pop();
            }
            None => strangers.push((name, value)),
        }
    }
    let mut missing: Vec<&Field> =
        fields.iter().filter(|field| field.required && !entries.iter().any(|(name, _)| *name == field.name)).collect();
    for (name, value) in strangers {
        if mistakes.is_full() {
            return;
        }
        let mistake = unknown_key(value, name, noun, fields);
        // What looks like a misspelt required key is one mistake, not two.
        let near = names(fields).nearest(name);
        missing.retain(|field| Some(field.name.as_str()) != near);
        mistakes.push(mistake);
    }
    for field in missing {
        let place = trail.last().map_or(noun.to_owned(), |name| format!("`{name}`"));
        let mistake = Mistake::new(format!("the key `{}` is missing in {place}", field.name));
        let label = match trail.last() {
            Some(_) => format!("this is {noun}, which needs `{}`", field.name),
            None => String::new(),
        };
        let mistake = if trail.is_empty() {
            mistake.mark(&tree.place.source, 0..0, label)
        } else {
            tree.place.mark_key(mistake, label)
        };
        let about = if field.about.is_empty() { String::new() } else { format!(": {}", field.about) };
        mistakes.push(mistake.help(format!("`{}` is {}{about}", field.name, field.form.expected())));
    }
}

fn unknown_key(value: &Tree, name: &str, noun: &str, fields: &[Field]) -> Mistake {
    let mistake = Mistake::new(format!("unknown key `{name}`"));
    let known = names(fields);
    let mistake = value.place.mark_key(mistake, format!("not a key of {noun}"));
    let advice = foreign::advice_below(name, value, noun);
    if !advice.is_empty() {
        let mistake = advice.into_iter().fold(mistake, Mistake::help);
        return mistake.known_keys(&known, "key", noun, name);
    }
    let near = known.nearest(name);
    let mistake = mistake.known_keys(&known, "key", noun, name);
    match (near, Form::owner(name)) {
        (Some(near), _) => mistake.help(format!("did you mean `{near}`?")),
        (None, Some(owner)) => mistake.help(format!("`{name}` is a key of {owner}")),
        (None, None) => mistake,
    }
}

fn choice<'a>(
    tree: &'a Tree,
    noun: &str,
    words: &[String],
    tables: &[Field],
    trail: &mut Trail<'a>,
    mistakes: &mut Mistakes,
) {
    let word_names = super::names::Names::new(words.iter().map(String::as_str));
    match &tree.kind {
        NodeKind::Text(text) if words.iter().any(|word| word == text) => {}
        NodeKind::Text(text) if !words.is_empty() => {
            let title = match trail.last() {
                Some(name) => format!("`{text}` is not a value of `{name}`"),
                None => format!("`{text}` is not a value here"),
            };
            let mistake = tree.place.mark_value(Mistake::new(title), "unknown value");
            let mistake = mistake.advise_keys(word_names, "value", noun, text);
            mistakes.push(match names(tables).nearest(text) {
                _ if tables.is_empty() => mistake,
                Some(near) => mistake.help(format!("write {{ {near} = ... }}")),
                None => mistake.known_keys(&names(tables), "kind", noun, text),
            });
        }
        NodeKind::Text(text) if !tables.is_empty() => {
            let title = format!("{noun} must be a table with one key, not the string `{text}`");
            let mistake = tree.place.mark_value(Mistake::new(title), "this is a string");
            mistakes.push(match names(tables).nearest(text) {
                Some(near) => mistake.help(match tables.iter().find(|table| table.name == near).map(|t| &t.form) {
                    Some(Form::Record { fields, .. }) if fields.is_empty() => format!("write {{ {near} = {{}} }}"),
                    _ => format!("write {{ {near} = ... }}"),
                }),
                None => mistake.known_keys(&names(tables), "kind", noun, text),
            });
        }
        NodeKind::Table(entries) if !tables.is_empty() => match entries.as_slice() {
            [(name, value)] => match tables.iter().find(|field| field.name == *name) {
                Some(field) => {
                    trail.push(name);
                    walk(value, &field.form, trail, mistakes);
                    trail.pop();
                }
                None => {
                    let mistake = value.place.mark_key(Mistake::new(format!("unknown key `{name}`")), {
                        format!("not a kind of {}", noun.trim_start_matches("an ").trim_start_matches("a "))
                    });
                    mistakes.push(match foreign::advice(name, noun) {
                        Some(advice) => mistake.help(advice).known_keys(&names(tables), "kind", noun, name),
                        None => mistake.advise_keys(names(tables), "kind", noun, name),
                    });
                }
            },
            [] => {
                let mistake = Mistake::new(format!("{noun} must be a table with one key, but this one is empty"));
                mistakes.push(tree.place.mark_value(mistake, "").known_keys(&names(tables), "kind", noun, ""));
            }
            [(first, one), (second, two), ..] => {
                let title = format!("{noun} has exactly one key, and this one has {}", entries.len());
                let mistake = two.place.mark_key(Mistake::new(title), "a second key");
                let mistake = one.place.mark_key(mistake, "the first key");
                let other = if first == "on" { second } else { first };
                mistakes.push(if noun == "a step" && (first == "on" || second == "on") {
                    mistake.help(format!("to run it in a thread: {{ thread = {{ steps = [{{ {other} = ... }}] }} }}"))
                } else if noun == "a step" {
                    mistake.help(format!("make two steps of it: {{ {first} = ... }}, {{ {second} = ... }}"))
                } else {
                    mistake.help("remove one of them")
                });
            }
        },
        _ => {
            let form = Form::Choice { noun: noun.into(), words: words.to_vec(), tables: tables.to_vec() };
            mistakes.push(misfit(tree, &form, trail));
        }
    }
}

/// A quantity whose text says something else. Its message has the form "what is wrong; what would be right".
fn quantity(tree: &Tree, form: &Form, misfit: Option<Misfit>, mistakes: &mut Mistakes) {
    let Some(misfit) = misfit else { return };
    let (title, help) = match misfit.message.split_once("; ") {
        Some((title, help)) => (title, Some(help)),
        None => (misfit.message.as_str(), None),
    };
    let mistake = tree.place.mark_value(Mistake::new(title), format!("expected {}", form.expected()));
    mistakes.push(match help {
        Some(help) => mistake.help(help),
        None => mistake,
    });
}
