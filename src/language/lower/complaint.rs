//! What is wrong with a model, and at which path: it becomes a [`Mistake`] when the path's place is looked up.

use crate::language::mistake::Mistake;
use crate::language::path::{Path, Segment};
use crate::language::setting::place;
use crate::language::tree::Tree;

/// What is wrong, at a path.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// Where; the path of a missing key is that of the key.
    pub path: Path,
    /// What is wrong.
    pub title: String,
    /// What is said about the place.
    pub label: String,
    /// Other places that explain it.
    pub others: Vec<(Path, String)>,
    /// Notes about keys that have a default: shown where the key is left out.
    pub defaults: Vec<(Path, String)>,
    /// A note.
    pub notes: Vec<String>,
    /// What would be right.
    pub helps: Vec<String>,
    /// Whether to show the key, not its value.
    pub of_key: bool,
}

impl Complaint {
    pub(in crate::language) fn at(at: At<'_>, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            path: at.path(),
            title: title.into(),
            label: label.into(),
            others: Vec::new(),
            defaults: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            of_key: false,
        }
    }

    /// Shows the key, for what concerns a whole table.
    pub(in crate::language) fn at_key(at: At<'_>, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self { of_key: true, ..Self::at(at, title, label) }
    }

    pub(in crate::language) fn also(mut self, at: At<'_>, label: impl Into<String>) -> Self {
        self.others.push((at.path(), label.into()));
        self
    }

    /// Says what a key is where it is left out.
    pub(in crate::language) fn by_default(mut self, at: At<'_>, note: impl Into<String>) -> Self {
        self.defaults.push((at.path(), note.into()));
        self
    }

    pub(in crate::language) fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    pub(in crate::language) fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// The mistake at the place in the tree that the path leads to.
    pub(crate) fn locate(self, root: &Tree) -> Mistake {
        let (found, itself) = place(root, &self.path);
        let mut notes = self.notes;
        notes.extend(self.defaults.into_iter().filter(|(path, _)| !place(root, path).1).map(|(_, note)| note));
        let mistake = Mistake { notes, helps: self.helps, ..Mistake::new(self.title) };
        // A key that is not there has a default: its table is shown instead.
        let mistake = match (itself, self.of_key) {
            (true, false) => found.mark_value(mistake, self.label),
            (true, true) => found.mark_key(mistake, self.label),
            (false, _) => found.mark_key(mistake, self.label),
        };
        self.others.into_iter().fold(mistake, |mistake, (path, label)| match place(root, &path) {
            (place, true) => place.mark_value(mistake, label),
            (_, false) => mistake,
        })
    }
}

/// Where in the model we are. A list on the stack, because it is hardly ever needed.
#[derive(Clone, Copy, Debug)]
pub(in crate::language) enum At<'a> {
    Root,
    Key(&'a At<'a>, &'a str),
    Index(&'a At<'a>, usize),
}

impl<'a> At<'a> {
    pub fn key(&'a self, key: &'a str) -> At<'a> {
        At::Key(self, key)
    }

    pub fn index(&'a self, index: usize) -> At<'a> {
        At::Index(self, index)
    }

    pub fn path(&self) -> Path {
        let mut segments = Vec::new();
        let mut at = self;
        loop {
            match at {
                At::Root => break,
                At::Key(above, key) => {
                    segments.push(Segment::Key((*key).into()));
                    at = above;
                }
                At::Index(above, index) => {
                    segments.push(Segment::Index(*index));
                    at = above;
                }
            }
        }
        segments.reverse();
        Path(segments)
    }
}
