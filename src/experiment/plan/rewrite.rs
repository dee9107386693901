//! A model's file with other numbers: only they and their provenance change, comments and layout stay.

use std::ops::Range;

use super::ranged::Ranged;
use super::workbench::Workbench;
use crate::language::setting::value as value_at;
use crate::language::tree::{NodeKind, Tree};
use crate::language::{Mistake, Mistakes, Source};

/// A number with its new value and range.
#[derive(Clone, Copy, Debug)]
pub struct Renewed<'a> {
    /// The number.
    pub ranged: &'a Ranged,
    /// Its value.
    pub value: f64,
    /// The ends of its range.
    pub range: [f64; 2],
}

impl Workbench {
    /// The text of the model's file with these numbers, calibrated for this reason, and the paths that it does not set: a load
    /// that the experiment replaces is none of the model's.
    ///
    /// # Errors
    /// If the file cannot be read again, and if its `[provenance]` is laid out so that it cannot be rewritten.
    pub fn rewritten(&self, numbers: &[Renewed], reason: &str) -> Result<(String, Vec<String>), Mistakes> {
        let own = usize::from(self.experiment.is_some());
        let path = self.plan.inputs().get(own).cloned().unwrap_or_default();
        let source = Source::read(&path)?;
        let tree = Tree::document(&source)?;
        let provenance = tree.get("provenance");
        let known = provenance.map(Tree::entries).unwrap_or_default();
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        let (mut missing, mut entries) = (Vec::new(), Vec::new());
        for number in numbers {
            let dial = &number.ranged.dial;
            let root = if dial.in_model { Some(&tree) } else { tree.get("load") };
            let Some(node) = root.and_then(|root| value_at(root, &dial.ways[0].target.0)) else {
                missing.push(dial.path.clone());
                continue;
            };
            let written = |value: f64| Tree { place: node.place.clone(), kind: dial.kind(value) }.written();
            changes.push((node.place.value.clone(), written(number.value)));
            let [low, high] = number.range.map(written);
            let range = format!("[{low}, {high}]");
            let reason = Tree { place: node.place.clone(), kind: NodeKind::Text(reason.into()) }.written();
            match known.iter().find(|(path, _)| *path == dial.path) {
                Some((_, entry)) => changes.extend(renewed_entry(entry, &reason, &range)),
                None => entries.push(format!("{:?} = {{ calibrated = {reason}, range = {range} }}", dial.path)),
            }
        }
        if !entries.is_empty() {
            let (at, entries) = added_entries(&source.text, provenance, &entries);
            changes.push((at..at, entries));
        }
        let text = applied(&source.text, changes);
        if Tree::document(&Source::text(&path, &text)).is_err() {
            let mistake = Mistake::new("the layout of `[provenance]` is not supported when the model is written again");
            let place = provenance.map_or(&tree.place, |tree| &tree.place);
            let help = "write each entry on a line of its own: \"path\" = { assumed = \"why\", range = [low, high] }";
            return Err(place.mark_key(mistake, "").help(help).into());
        }
        Ok((text, missing))
    }
}

/// The text after these changes.
fn applied(text: &str, mut changes: Vec<(Range<usize>, String)>) -> String {
    // From the end, so that places before stay right.
    changes.sort_by_key(|(range, _)| std::cmp::Reverse((range.start, range.end)));
    let mut text = text.to_owned();
    for (range, new) in changes {
        text.replace_range(range, &new);
    }
    text
}

/// Whether a table is written in braces, and not by a header.
fn is_inline(table: &Tree) -> bool {
    table.place.source.text[table.place.value.clone()].starts_with('{')
}

/// The changes that give a known number its new provenance.
fn renewed_entry(entry: &Tree, reason: &str, range: &str) -> Vec<(Range<usize>, String)> {
    if is_inline(entry) {
        let new = format!("{{ calibrated = {reason}, range = {range} }}");
        return vec![(entry.place.value.clone(), new)];
    }
    let mut changes = Vec::new();
    if let Some((_, basis)) = entry.entries().iter().find(|(key, _)| key != "range") {
        changes.extend(basis.place.key.clone().map(|key| (key, "calibrated".into())));
        changes.push((basis.place.value.clone(), reason.into()));
        if entry.get("range").is_none() {
            let end = basis.place.value.end;
            changes.push((end..end, format!("\nrange = {range}")));
        }
    }
    changes.extend(entry.get("range").map(|known| (known.place.value.clone(), range.into())));
    changes
}

/// Where to insert new entries, and their text: after those of the file that are written alike, else at its end.
fn added_entries(text: &str, provenance: Option<&Tree>, entries: &[String]) -> (usize, String) {
    let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
    let known = provenance.map(Tree::entries).unwrap_or_default();
    let last =
        known.iter().map(|(_, entry)| entry).filter(|entry| is_inline(entry)).map(|entry| entry.place.value.end).max();
    let after = match (provenance, last) {
        (Some(table), Some(end)) if is_inline(table) => return (end, format!(", {}", entries.join(", "))),
        (_, Some(end)) => end,
        (Some(table), None) if known.is_empty() => table.place.value.end,
        _ => return (text.len(), format!("\n[provenance]\n{lines}")),
    };
    match text[after..].find('\n') {
        Some(rest) => (after + rest + 1, lines),
        None => (text.len(), format!("\n{lines}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The text where `a` has a new provenance and `b` gets its first one.
    fn renewed(text: &str) -> String {
        let source = Source::text(Path::new("model.toml"), text);
        let tree = Tree::document(&source).unwrap();
        let provenance = tree.get("provenance");
        let known = provenance.and_then(|table| table.get("a"));
        let mut changes = known.map(|entry| renewed_entry(entry, "\"c\"", "[1, 2]")).unwrap_or_default();
        let (at, entries) = added_entries(text, provenance, &["\"b\" = { calibrated = \"c\", range = [3, 4] }".into()]);
        changes.push((at..at, entries));
        let text = applied(text, changes);
        let read = Tree::document(&Source::text(Path::new("model.toml"), &text)).unwrap_or_else(|_| panic!("{text}"));
        let of = |path: &str| read.get("provenance").and_then(|table| table.get(path)).map(Tree::plain);
        assert!(of("b").is_some() && of("a").is_some() == known.is_some(), "{text}");
        text
    }

    #[test]
    fn entries_on_lines_keep_their_comments() {
        let text = renewed("[provenance]\n\"a\" = { assumed = \"x\" } # why\n# after\n[other]\n");
        let expected = "[provenance]\n\"a\" = { calibrated = \"c\", range = [1, 2] } # why\n\
                        \"b\" = { calibrated = \"c\", range = [3, 4] }\n# after\n[other]\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn entries_with_headers_keep_them() {
        let text = renewed("[provenance.\"a\"]\nassumed = \"x\" # why\nrange = [0, 9]");
        let expected = "[provenance.\"a\"]\ncalibrated = \"c\" # why\nrange = [1, 2]\n\
                        [provenance]\n\"b\" = { calibrated = \"c\", range = [3, 4] }\n";
        assert_eq!(text, expected);
        let without = renewed("[provenance.\"a\"]\nassumed = \"x\"\n");
        assert!(without.starts_with("[provenance.\"a\"]\ncalibrated = \"c\"\nrange = [1, 2]\n"), "{without}");
    }

    #[test]
    fn entries_within_braces_stay_there() {
        let text = renewed("provenance = { \"a\" = { assumed = \"x\" } }\n[other]\n");
        let expected = "provenance = { \"a\" = { calibrated = \"c\", range = [1, 2] }, \
                        \"b\" = { calibrated = \"c\", range = [3, 4] } }\n[other]\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_first_entry_finds_its_table() {
        assert_eq!(renewed("[other]\n"), "[other]\n\n[provenance]\n\"b\" = { calibrated = \"c\", range = [3, 4] }\n");
        let empty = renewed("[provenance]\n# none yet\n[other]\n");
        assert!(empty.starts_with("[provenance]\n\"b\" = "), "{empty}");
    }
}
