//! A model, or that of an experiment with what all of its variants share, under the load, the axes and the variants of another
//! experiment: the same tests of several causes.

use std::path::Path;
use std::sync::Arc;

use super::adjustments::Adjustments;
use super::reading;
use super::workbench::Workbench;
use crate::language::tree::{NodeKind, Tree};
use crate::language::{Mistake, Mistakes, Source};

/// Keys of the tests that are about figures of their own model.
const ABOUT: [&str; 7] = ["hypotheses", "effects", "ablations", "measurements", "knee", "optimize", "objectives"];

impl Workbench {
    /// Reads a model, or the model of an experiment with its `set`, under the tests of another experiment.
    ///
    /// # Errors
    /// Every mistake of both files and of the model, each with its place.
    pub fn read_under(path: &Path, tests: &Path, adjustments: &Adjustments) -> Result<Self, Mistakes> {
        let (own, tests) = (Source::read(path)?, Source::read(tests)?);
        let tree = combined(&own, &tests)?;
        reading::of_tree(&own, &tree, adjustments)
    }
}

/// The experiment that has the model, the title and the `set` of one file, and all else of the other.
fn combined(own: &Arc<Source>, tests: &Arc<Source>) -> Result<Tree, Mistakes> {
    let mut tree = Tree::document(tests)?;
    if !reading::is_experiment(&tree) {
        let mistake = Mistake::new(format!("`{}` is a model, not an experiment that lists tests", tests.name));
        let mistake = mistake.mark(tests, 0..0, "has no variants and no axes");
        return Err(mistake
            .help("name an experiment: each of its variants at each value of its axes is a test")
            .into());
    }
    ABOUT.iter().for_each(|key| drop(tree.take(key)));
    let mut document = Tree::document(own)?;
    if !reading::is_experiment(&document) {
        let name = own.path.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let mut model = tree.take("model").unwrap_or_else(|| Tree::nothing(&document));
        model.kind = NodeKind::Text(name.unwrap_or_default());
        put(&mut tree, "model", Some(model));
        if let Some(title) = document.take("title") {
            put(&mut tree, "title", Some(title));
        }
        return Ok(tree);
    }
    put(&mut tree, "model", document.take("model"));
    put(&mut tree, "title", document.take("title"));
    if tree.get("load").is_none() {
        put(&mut tree, "load", document.take("load"));
    }
    let (own_set, more) = (document.take("set"), tree.take("set"));
    let set = match (own_set, more) {
        (Some(mut set), Some(more)) => {
            if let (NodeKind::Table(all), NodeKind::Table(more)) = (&mut set.kind, more.kind) {
                // What the tests set holds for all causes.
                all.retain(|(key, _)| !more.iter().any(|(other, _)| other == key));
                all.extend(more);
            }
            Some(set)
        }
        (own_set, more) => own_set.or(more),
    };
    put(&mut tree, "set", set);
    Ok(tree)
}

/// Puts a value in the place of another one.
fn put(tree: &mut Tree, key: &str, value: Option<Tree>) {
    drop(tree.take(key));
    if let (NodeKind::Table(entries), Some(value)) = (&mut tree.kind, value) {
        entries.push((key.to_owned(), value));
    }
}
