//! The starter models of `sim new`: each is written by the program into an empty folder and run there as it is. Its
//! verdicts are those of `tests/templates`; `UPDATE_GOLDEN=1 cargo test -- --include-ignored templates` writes them
//! anew.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sim::experiment::plan::{Adjustments, Plan};
use sim::load::trial;
use sim::parts::Limits;

use super::cli::place::Place;
use super::whatifs::answer;

/// The templates, and what `sim check` warns of in their experiments: that is the point of the one that has a warning.
const TEMPLATES: [(&str, &str); 8] = [
    ("fastapi", ""),
    ("django-gunicorn", ""),
    ("spring-boot", ""),
    ("node", ""),
    ("go-proxy", ""),
    ("rails-puma", ""),
    ("queue-workers", ""),
    ("three-tier", "the pools of `postgres` may open 160 connections, and it takes 97"),
];

/// The experiments that a template has written into a folder.
fn experiments(folder: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let is_experiment =
        |path: &PathBuf| path.extension().is_some_and(|it| it == "toml") && !path.ends_with("model.toml");
    let mut files: Vec<PathBuf> = names.filter(is_experiment).collect();
    files.sort();
    files
}

#[test]
fn the_help_and_a_wrong_name_list_all_templates() {
    let place = Place::new();
    let help = place.sim(&["new", "--help"]).ends_with(0).stdout;
    let wrong = place.sim(&["new", "--template", "spring-bot"]).ends_with(2).stderr;
    for (name, _) in TEMPLATES {
        assert!(help.contains(&format!("- {name}:")), "{help}");
        assert!(wrong.contains(name), "{wrong}");
    }
    assert!(wrong.contains("a similar value exists: 'spring-boot'"), "{wrong}");
    assert!(place.sim(&["new"]).ends_with(2).stderr.contains("--template <NAME>"));
}

#[test]
fn each_template_is_sound_and_without_warnings() {
    let place = Place::new();
    for (name, warning) in TEMPLATES {
        let said = place.sim(&["new", "--template", name]).ends_with(0).stdout;
        assert!(said.contains(&format!("next   sim sweep {name}/experiment.toml")), "{said}");
        let checked = place.sim(&["check", &format!("{name}/model.toml")]).ends_with(0);
        assert_eq!(checked.stderr, "", "{name}");
        for file in experiments(&place.path(name)) {
            let checked = place.sim(&["check", &file.to_string_lossy()]).ends_with(0).stderr;
            assert_eq!(checked.matches("warning:").count(), usize::from(!warning.is_empty()), "{checked}");
            assert!(checked.contains(warning), "{checked}");
        }
    }
}

#[test]
fn nothing_is_overwritten() {
    let place = Place::new();
    fs::create_dir(place.path("here")).expect("a folder");
    place.put("here/experiment.toml", "mine");
    let refused = place.sim(&["new", "--template", "node", "here"]).ends_with(2).stderr;
    assert!(refused.contains("here/experiment.toml: it exists already; name another folder"), "{refused}");
    assert_eq!(place.text("here/experiment.toml"), "mine");
    assert!(!place.path("here/model.toml").exists());
    place.put("file", "");
    let refused = place.sim(&["new", "--template", "node", "file"]).ends_with(2).stderr;
    assert!(refused.contains("it is a file, not a folder"), "{refused}");
}

/// Each number of a model outside its steps and its load has its source.
#[test]
fn each_setting_has_its_source() {
    let place = Place::new();
    for (name, _) in TEMPLATES {
        place.sim(&["new", "--template", name]).ends_with(0);
        let model: toml::Table = place.text(&format!("{name}/model.toml")).parse().expect("TOML");
        let sources = model["provenance"].as_table().expect("a table");
        for (part, value) in ["services", "queues"].iter().filter_map(|part| Some((part, model.get(*part)?))) {
            let mut settings = Vec::new();
            numbers(part, value, &mut settings);
            for path in settings {
                let is_given = |source: &String| path == *source || path.starts_with(&format!("{source}."));
                assert!(sources.keys().any(is_given), "{name}: {path} has no source");
            }
        }
    }
}

/// The paths of all numbers, durations and rates below a value, but for those in arrays.
fn numbers(path: &str, value: &toml::Value, paths: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                numbers(&format!("{path}.{key}"), value, paths);
            }
        }
        toml::Value::Integer(_) | toml::Value::Float(_) => paths.push(path.into()),
        toml::Value::String(text) if text.starts_with(|first: char| first.is_ascii_digit()) => paths.push(path.into()),
        _ => {}
    }
}

/// The experiments of all templates, written into folders of their own.
fn written(place: &Place) -> Vec<PathBuf> {
    for (name, _) in TEMPLATES {
        place.sim(&["new", "--template", name]).ends_with(0);
    }
    TEMPLATES.iter().flat_map(|(name, _)| experiments(&place.path(name))).collect()
}

/// The first and the last point of each variant run, and obey the laws.
#[test]
fn each_template_runs() {
    let place = Place::new();
    written(&place).par_iter().for_each(|file| {
        let plan = Plan::read(file, &Adjustments::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        for variant in 0..plan.variants.len() {
            let points: Vec<_> = plan.points.iter().filter(|point| point.variant == variant).collect();
            for point in [points[0], points[points.len() - 1]] {
                let limits = Limits { max_events: Some(20_000), ..Limits::default() };
                let outcome = trial(&point.system, &point.load, 1, 0, &limits);
                assert_eq!(outcome.violations, [""; 0], "{}", file.display());
                assert!(outcome.events > 100, "{}: {} events", file.display(), outcome.events);
            }
        }
    });
}

#[test]
#[ignore = "long: nine experiments of many requests"]
fn each_template_gives_its_verdicts() {
    let place = Place::new();
    let files = written(&place);
    let answers: Vec<String> = files.par_iter().map(|file| answer(file)).collect();
    let mut differences = String::new();
    for (file, answer) in files.iter().zip(&answers) {
        let folder = file.parent().and_then(Path::file_name).expect("the template's folder").to_string_lossy();
        let stem = file.file_stem().expect("a name").to_string_lossy();
        let golden = Path::new("tests/templates").join(format!("{folder}-{stem}.txt"));
        assert!(answer.ends_with("exit code 0\n"), "{}: what the author expects is not so:\n{answer}", file.display());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, answer).expect("a golden file");
        } else if &fs::read_to_string(&golden).unwrap_or_default() != answer {
            writeln!(differences, "--- {} is now:\n{answer}", golden.display()).expect("a string");
        }
    }
    assert!(differences.is_empty(), "{differences}UPDATE_GOLDEN=1 writes them anew");
}
