//! Constants: values with a name, used in as many places as one likes. `"$bcrypt"` stands for the constant `bcrypt` of
//! the model's `[constants]`, wherever a value may stand, and `"exp($bcrypt)"` for a distribution with it; `"$$"` at the
//! start of a string is a dollar sign. Names are letters, digits, `_` and `-`.
//!
//! They are put in when everything that is set has been set, so that `constants.bcrypt` can be set and varied as any
//! other path, in all places at once.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::form::Form;
use super::mistake::{Mistake, Mistakes};
use super::names::Names;
use super::path::{Path, Segment};
use super::tree::{NodeKind, Place, Tree};

/// The key of the constants in a model.
pub(crate) const KEY: &str = "constants";

/// Tables of a model in which strings describe values.
const WORDS: [&str; 3] = [KEY, "provenance", "title"];

/// A tree with the constants of a model in their places.
pub(crate) fn expanded<'a>(tree: &'a Tree, model: &Tree) -> Result<Cow<'a, Tree>, Mistakes> {
    if !has_any(tree) {
        return Ok(Cow::Borrowed(tree));
    }
    let mut mistakes = Mistakes::default();
    let known = model.get(KEY).map(Tree::entries).unwrap_or_default();
    let mut tree = tree.clone();
    expand(&mut tree, known, true, &mut mistakes);
    mistakes.into_result().map(|()| Cow::Owned(tree))
}

/// A model with nothing but its constants.
pub(crate) fn only(model: &Tree) -> Tree {
    let constants = model.get(KEY).map(|constants| (KEY.to_owned(), constants.clone()));
    Tree { place: model.place.clone(), kind: NodeKind::Table(constants.into_iter().collect()) }
}

/// Whether a path of the model leads to a constant.
pub(crate) fn is_one(path: &Path) -> bool {
    matches!(path.0.first(), Some(Segment::Key(key)) if key == KEY)
}

/// Whether any string of a tree is or has the name of a constant.
fn has_any(tree: &Tree) -> bool {
    match &tree.kind {
        NodeKind::Text(text) => text.contains('$'),
        NodeKind::List(elements) => elements.iter().any(has_any),
        NodeKind::Table(entries) => entries.iter().any(|(_, value)| has_any(value)),
        _ => false,
    }
}

fn expand(tree: &mut Tree, known: &[(String, Tree)], is_root: bool, mistakes: &mut Mistakes) {
    let Tree { place, kind } = tree;
    match kind {
        NodeKind::Text(text) => {
            if let Some(rest) = text.strip_prefix("$$") {
                *kind = NodeKind::Text(format!("${rest}"));
                return;
            }
            let Some(used) = used(text) else { return };
            let Some((_, constant)) = known.iter().find(|(name, _)| *name == used.name) else {
                mistakes.push(unknown(place, used.name, known));
                return;
            };
            if used.before.is_empty() && used.after.is_empty() {
                *kind = constant.kind.clone();
            } else {
                *kind = NodeKind::Text(format!("{}{}{}", used.before, constant.plain(), used.after));
            }
        }
        NodeKind::List(elements) => elements.iter_mut().for_each(|element| expand(element, known, false, mistakes)),
        NodeKind::Table(entries) => {
            for (_, value) in entries.iter_mut().filter(|(key, _)| !is_root || !WORDS.contains(&key.as_str())) {
                expand(value, known, false, mistakes);
            }
        }
        _ => {}
    }
}

fn unknown(place: &Place, name: &str, known: &[(String, Tree)]) -> Mistake {
    let names = Names::new(known.iter().map(|(name, _)| name.as_str()));
    let mistake = Mistake::new(format!("there is no constant `{name}`"));
    let mistake = place.mark_value(mistake, "no such constant");
    if known.is_empty() {
        return mistake.help(format!("add `{name} = ...` to `[constants]` of the model; \"$$...\" is a dollar sign"));
    }
    mistake.advise(names, "constant", name)
}

/// The mistakes, with a better help for those at a string that is the name of a constant without its dollar sign.
pub(crate) fn hinted(mut mistakes: Mistakes, model: &Tree) -> Mistakes {
    let known = model.get(KEY).map(Tree::entries).unwrap_or_default();
    for mistake in &mut mistakes.0 {
        let Some(mark) = mistake.marks.first() else { continue };
        let text = mark.source.text[mark.source.clamp(&mark.span)].trim_matches(['"', '\'']);
        if known.iter().any(|(name, _)| name == text) {
            mistake.helps = vec![format!("the constant `{text}` is written \"${text}\"")];
        }
    }
    mistakes
}

/// A constant in a string: its name, and what stands around it.
struct Used<'a> {
    before: &'a str,
    name: &'a str,
    after: &'a str,
}

/// The constant that a string is (`$name`), or has in parentheses (`exp($name)`).
fn used(text: &str) -> Option<Used<'_>> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if let Some(name) = text.strip_prefix('$') {
        return is_name(name).then_some(Used { before: "", name, after: "" });
    }
    let open = text.find("($")?;
    let name = text[open + 2..].strip_suffix(')')?;
    is_name(name).then_some(Used { before: &text[..=open], name, after: ")" })
}

/// The names of the constants that a tree uses.
pub(crate) fn names(tree: &Tree) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    visit(tree, Form::of("Model"), true, &mut |text, _| names.extend(used(text).map(|used| used.name.to_owned())));
    names
}

/// What stands where a constant is used first: a duration, a whole number. Any where it is not used.
pub(crate) fn form(name: &str, model: &Tree, load: Option<&Tree>) -> &'static Form {
    let mut found = None;
    let mut look = |text: &str, form: &'static Form| {
        if used(text).is_some_and(|used| used.name == name) {
            found.get_or_insert(form);
        }
    };
    visit(model, Form::of("Model"), true, &mut look);
    if let Some(load) = load {
        visit(load, Form::of("Load"), false, &mut look);
    }
    found.unwrap_or(&Form::Any)
}

/// Visits every string of a tree with the form of what stands there.
fn visit(tree: &Tree, form: &'static Form, is_root: bool, look: &mut dyn FnMut(&str, &'static Form)) {
    match &tree.kind {
        NodeKind::Text(text) => look(text, form),
        NodeKind::List(elements) => {
            elements.iter().for_each(|element| visit(element, form.element().unwrap_or(&Form::Any), false, look));
        }
        NodeKind::Table(entries) => {
            for (key, value) in entries.iter().filter(|(key, _)| !is_root || !WORDS.contains(&key.as_str())) {
                visit(value, form.field(key).unwrap_or(&Form::Any), false, look);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Source;

    fn tree(text: &str) -> Tree {
        Tree::document(&Source::text("m.toml".as_ref(), text)).unwrap()
    }

    fn written(text: &str) -> Result<String, String> {
        let tree = tree(text);
        expanded(&tree, &tree).map(|tree| tree.written()).map_err(|mistakes| mistakes.0[0].title.clone())
    }

    #[test]
    fn constants_stand_where_they_are_used() {
        let constants = "constants = { hash = '100ms', n = 4 }\n";
        let found = written(&format!("{constants}services = {{ a = {{ cpu = '$hash', workers = '$n' }} }}")).unwrap();
        assert!(found.ends_with("a = { cpu = \"100ms\", workers = 4 } } }"), "{found}");
        let found = written(&format!("{constants}x = ['exp($hash)', '$$n', 'costs $5', '($n']")).unwrap();
        assert!(found.ends_with("x = [\"exp(100ms)\", \"$n\", \"costs $5\", \"($n\"] }"), "{found}");
    }

    #[test]
    fn unknown_constants_are_mistakes_and_words_are_left_alone() {
        assert_eq!(written("x = '$hsah'").unwrap_err(), "there is no constant `hsah`");
        assert!(written("title = '$cheap'\nprovenance = { a = { assumed = '$x' } }").is_ok());
    }

    #[test]
    fn a_constant_is_what_its_first_place_wants() {
        let model = tree(
            "services = { a = { replicas = '$n', cpu = '$c', endpoints = { e = { steps = [{ cpu = 'exp($d)' }] } } } }",
        );
        assert!(matches!(form("n", &model, None).resolve(), Form::Integer { .. }));
        assert_eq!(form("c", &model, None).expected(), "a number of cores");
        assert!(matches!(form("d", &model, None).resolve(), Form::Distribution(_)));
        assert!(matches!(form("x", &model, None), Form::Any));
        assert_eq!(names(&model).into_iter().collect::<Vec<_>>(), ["c", "d", "n"]);
    }
}
