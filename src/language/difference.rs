//! What two trees have differently, value by value.

use std::collections::HashMap;

use super::path::{Path, Segment};
use super::tree::{NodeKind, Tree};

/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// A value that two trees have differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Its path, as overrides name it.
    pub path: String,
    /// The value before, as TOML, shortened where it is long; none where it was not set.
    pub before: Option<String>,
    /// The value after; none where it is no longer set.
    pub after: Option<String>,
}

/// The differences of two trees. `above` is the path of both.
pub(crate) fn differences(before: &Tree, after: &Tree, above: &Path) -> Vec<Difference> {
    let mut all = Vec::new();
    walk(Some(before), Some(after), above, &mut all);
    all
}

fn walk(before: Option<&Tree>, after: Option<&Tree>, path: &Path, all: &mut Vec<Difference>) {
    match (before, after) {
        (None, None) => {}
        (Some(before), Some(after)) if same(before, after) => {}
        (Some(Tree { kind: NodeKind::Table(old), .. }), Some(Tree { kind: NodeKind::Table(new), .. }))
            if old.is_empty() || new.is_empty() || have_common(old, new) =>
        {
            let (before, after) = (by_key(old), by_key(new));
            let added = new.iter().filter(|(key, _)| !before.contains_key(key.as_str()));
            for (key, _) in old.iter().chain(added) {
                let key = key.as_str();
                walk(before.get(key).copied(), after.get(key).copied(), &path.key(key), all);
            }
        }
        (Some(Tree { kind: NodeKind::List(old), .. }), Some(Tree { kind: NodeKind::List(new), .. })) => {
            lists(old, new, path, all);
        }
        _ => all.push(Difference { path: path.to_string(), before: before.map(short), after: after.map(short) }),
    }
}

/// Elements that both lists have at the start and at the end are the same ones.
fn lists(old: &[Tree], new: &[Tree], path: &Path, all: &mut Vec<Difference>) {
    let start = old.iter().zip(new).take_while(|(old, new)| same(old, new)).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| same(old, new)).count();
    let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
    for index in 0..old.len().max(new.len()) {
        walk(old.get(index), new.get(index), &path.with(Segment::Index(start + index)), all);
    }
}

/// A key and its value.
type Entry = (String, Tree);

fn by_key(entries: &[Entry]) -> HashMap<&str, &Tree> {
    entries.iter().map(|(key, value)| (key.as_str(), value)).collect()
}

fn have_common(a: &[Entry], b: &[Entry]) -> bool {
    let known = by_key(a);
    b.iter().any(|(key, _)| known.contains_key(key.as_str()))
}

/// Whether two values are the same, whatever the order of keys.
fn same(a: &Tree, b: &Tree) -> bool {
    match (&a.kind, &b.kind) {
        (NodeKind::Table(a), NodeKind::Table(b)) => {
            // Mostly both have the same keys in the same order.
            let is_twin = |((key, value), (other, twin)): (&Entry, &Entry)| key == other && same(value, twin);
            if a.len() != b.len() || a.iter().zip(b).all(is_twin) {
                return a.len() == b.len();
            }
            let twins = by_key(b);
            a.iter().all(|(key, value)| twins.get(key.as_str()).is_some_and(|twin| same(value, twin)))
        }
        (NodeKind::List(a), NodeKind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => a.written() == b.written(),
    }
}

/// A value on one line, cut where it is long.
fn short(tree: &Tree) -> String {
    let written = tree.written();
    match written.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &written[..end]),
        None => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Source;

    fn between(before: &str, after: &str) -> Vec<String> {
        let tree = |text: &str| Tree::document(&Source::text("a.toml".as_ref(), text)).unwrap();
        let show = |value: Option<String>| value.unwrap_or("nothing".into());
        let all = differences(&tree(before), &tree(after), &Path::default());
        all.into_iter().map(|one| format!("{}: {} to {}", one.path, show(one.before), show(one.after))).collect()
    }

    #[test]
    fn values_that_differ_are_named_by_their_path() {
        assert_eq!(
            between("a.b = 1\nc = 2", "c = 2\na = { b = 3, d = \"x\" }"),
            ["a.b: 1 to 3", "a.d: nothing to \"x\""]
        );
        assert_eq!(between("a = 1", "a = 1"), [""; 0]);
        assert_eq!(between("a = 1", ""), ["a: 1 to nothing"]);
    }

    #[test]
    fn of_a_table_with_another_kind_the_whole_is_shown() {
        assert_eq!(between("a = { exp = \"1s\" }", "a = { erlang = 2 }"), ["a: { exp = \"1s\" } to { erlang = 2 }"]);
    }

    #[test]
    fn a_step_that_was_taken_out_is_named_alone() {
        assert_eq!(between("s = [1, 2, 3, 4]", "s = [1, 3, 4]"), ["s[1]: 2 to nothing"]);
        assert_eq!(between("s = [1, 2, 4]", "s = [1, 2, 3, 4]"), ["s[2]: nothing to 3"]);
        assert_eq!(between("s = [{ cpu = 1 }, 2]", "s = [{ cpu = 3 }, 2]"), ["s[0].cpu: 1 to 3"]);
    }
}
