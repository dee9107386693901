//! The corpus of the fuzz targets (`fuzz/`): every file of it goes through its target, without a fuzzer, and so does
//! what is shipped. `UPDATE_GOLDEN=1 cargo test corpus` writes the seeds that are made, and the dictionary, anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;
use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::runner::{Progress, run_into};
use sim::experiment::store::archive::Archive;
use sim::language::{Source, schema};

use crate::random_models::nth;

#[path = "../../fuzz/src/lib.rs"]
mod targets;

/// A target: its bytes may be anything.
type Target = fn(&[u8]);

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

#[test]
fn every_file_goes_through_its_target() {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        seed();
    }
    let folders: [(&str, Target, usize); 5] = [
        ("fuzz/corpus/model", targets::model, 12),
        ("models", targets::model, 5),
        ("fuzz/corpus/experiment", targets::experiment, 1),
        ("experiments", targets::experiment, 15),
        ("fuzz/corpus/journal", targets::journal, 4),
    ];
    for (folder, target, least) in folders {
        let files = files(folder);
        assert!(files.len() >= least, "{folder} has {} files", files.len());
        files.par_iter().for_each(|file| target(&fs::read(file).unwrap()));
    }
}

/// A seed that is refused would teach the fuzzer nothing but that.
#[test]
fn seeds_are_accepted() {
    let seeds =
        [("fuzz/corpus/model", "random-", "models/x.toml"), ("fuzz/corpus/experiment", "small", "experiments/x.toml")];
    for (folder, prefix, at) in seeds {
        let is_seed = |file: &PathBuf| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix));
        for file in files(folder).into_iter().filter(is_seed) {
            let text = fs::read_to_string(&file).unwrap();
            if let Err(mistakes) = Plan::of(&Source::text(Path::new(at), &text), &Adjustments::default()) {
                panic!("{}: {mistakes}", file.display());
            }
        }
    }
}

/// Writes random models, and what their runs leave in a journal.
fn seed() {
    for number in 0..12 {
        fs::write(format!("fuzz/corpus/model/random-{number}.toml"), nth(number)).unwrap();
    }
    for number in 0..4 {
        let adjustments = Adjustments::default().replications(2);
        let plan = Plan::of(&Source::text(Path::new("models/x.toml"), &nth(number)), &adjustments).unwrap();
        let folder = std::env::temp_dir().join(format!("sim-corpus-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (archive, _) = Archive::journalled(&folder, &plan, None, true).unwrap();
        run_into(&archive, &plan, None, &Progress::default()).unwrap();
        drop(archive);
        let journal = fs::read_to_string(folder.join("journal.jsonl")).unwrap();
        // The target seals the lines itself.
        let bare = |line: &str| line.rsplit_once(",\"crc32\"").map(|(object, _)| format!("{object}}}\n"));
        let trials: String = journal.lines().skip(1).filter_map(bare).collect();
        fs::write(format!("fuzz/corpus/journal/random-{number}.jsonl"), trials).unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}

/// Keys, and words that stand for themselves.
fn words(schema: &Value, into: &mut BTreeSet<String>) {
    match schema {
        Value::Object(entries) => {
            if let Some(Value::Object(properties)) = entries.get("properties") {
                into.extend(properties.keys().cloned());
            }
            let choices = entries.get("enum").and_then(Value::as_array).into_iter().flatten();
            into.extend(choices.chain(entries.get("const")).filter_map(Value::as_str).map(str::to_owned));
            entries.values().for_each(|value| words(value, into));
        }
        Value::Array(values) => values.iter().for_each(|value| words(value, into)),
        _ => {}
    }
}

#[test]
fn the_dictionary_has_every_word_of_the_language() {
    let mut known = BTreeSet::new();
    words(&schema::model(), &mut known);
    words(&schema::experiment(), &mut known);
    let mut text = "# Every key and word of the language. `UPDATE_GOLDEN=1 cargo test corpus` writes it.\n".to_owned();
    known.iter().for_each(|word| text += &format!("\"{word}\"\n"));
    let path = "fuzz/language.dict";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(path, &text).unwrap();
    }
    assert!(known.len() > 300, "{}", known.len());
    assert!(fs::read_to_string(path).unwrap() == text, "{path} is old: UPDATE_GOLDEN=1 cargo test corpus");
}
