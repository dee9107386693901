//! What is printed for a terminal of 80 columns: no line is longer, but for paths, which are not broken.

use std::fs;
use std::path::PathBuf;

use super::place::{Place, Ran};

/// Columns.
const WIDTH: usize = 80;

/// The shipped files of a folder with this extension, by absolute path.
fn shipped(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).expect("the shipped files").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|it| it == extension)).collect();
    files.sort();
    files
}

/// Whether a line is longer because of a word that cannot be broken: a path or a name.
fn is_one_word(line: &str) -> bool {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("chart    ").or_else(|| rest.strip_prefix("results  ")).unwrap_or(rest);
    !rest.trim_end_matches(':').contains(' ')
}

#[track_caller]
fn fits(arguments: &[&str], ran: &Ran) {
    assert!(matches!(ran.code, Some(0 | 1 | 3)), "{arguments:?}:\n{}{}", ran.stdout, ran.stderr);
    for text in [&ran.stdout, &ran.stderr] {
        let wide: Vec<&str> = text.lines().filter(|line| line.chars().count() > WIDTH && !is_one_word(line)).collect();
        assert!(wide.is_empty(), "{arguments:?}: {wide:#?}");
    }
}

/// Runs a command on a shipped file, by a short path: a long one would be all that is seen.
fn run(place: &Place, arguments: &[&str]) {
    let mut command = place.command(arguments);
    command.env("COLUMNS", WIDTH.to_string());
    fits(arguments, &command.output().expect("the program runs").into());
}

/// A folder with the shipped experiments and models where they are looked for.
fn place() -> (Place, Vec<String>, Vec<String>) {
    let place = Place::new();
    let copied = |folder: &str| {
        fs::create_dir_all(place.path(folder)).expect("a folder");
        let copy = |path: PathBuf| {
            let name = format!("{folder}/{}", path.file_name().expect("a name").to_string_lossy());
            fs::copy(&path, place.path(&name)).expect("a copy");
            name
        };
        shipped(folder, "toml").into_iter().map(copy).collect::<Vec<String>>()
    };
    let (experiments, models) = (copied("experiments"), copied("models"));
    // What variants read beside their model.
    fs::create_dir_all(place.path("models/node-testbed")).expect("a folder");
    for file in shipped("models/node-testbed", "csv") {
        let name = format!("models/node-testbed/{}", file.file_name().expect("a name").to_string_lossy());
        place.put(&name, &fs::read_to_string(file).expect("a trace"));
    }
    (place, experiments, models)
}

#[test]
fn a_point_of_shipped_files_fits() {
    points_fit(5);
}

#[test]
#[ignore = "long: a run of every shipped file"]
fn a_point_of_every_shipped_file_fits() {
    points_fit(1);
}

/// Checks all shipped files, and runs every `of`th one.
fn points_fit(of: usize) {
    let (place, experiments, models) = place();
    for (index, file) in experiments.iter().chain(&models).enumerate() {
        run(&place, &["check", file]);
        if index.is_multiple_of(of) {
            run(&place, &["run", file, "--quiet", "--replications", "2"]);
        }
    }
}

/// An experiment with objectives, hypotheses, effects, a search for the cheapest
/// setting and long sentences.
const LONG: &str = r#"
[optimize]
monotone = true
objectives = [{ at-most = { metric = "mean_s", value = 1.2 } }]

[[optimize.parameters]]
path = "stations.counter.servers"
values = [1, 2, 3]
cost = 2

[[effects]]
change = "a second server, which is open for as many hours a day as the first one is"
variant = "two servers"
metric = "mean_s"
at = { rate = "0.8/s" }

[[hypotheses]]
claim = "A second server makes no difference to the customers of the counter, at whatever rate they arrive there"
variant = "two servers"
expect = { same-as = { variant = "one server", metric = "mean_s", within = 0.1 } }
refuted = true
"#;

/// An assumption for the model.
const RANGE: &str = r#"
[provenance]
"services.shop.endpoints.serve.steps.visit.time" = { assumed = "no one has measured it", range = ["500ms", "1100ms"] }
"#;

#[test]
fn every_command_with_an_answer_fits() {
    let place = Place::new();
    place.put("counter.toml", &(place.text("counter.toml") + RANGE));
    place.put_experiment("long.toml", LONG);
    for arguments in [
        &["sweep", "long.toml", "--quiet", "--no-charts"][..],
        &["sweep", "counter.toml", "--quiet", "--no-charts"],
        &["knee", "long.toml", "--resolution", "0.05/s", "--objective", "mean_s<=2.5", "--no-charts", "--quiet"],
        &["knee", "long.toml", "--smallest", "--objective", "mean_s<=2.5", "--no-charts", "--quiet"],
        &["optimize", "long.toml", "--at", "rate=0.5/s", "--quiet"],
        &["sensitivity", "long.toml", "--trajectories", "2", "--samples", "2", "--no-charts", "--quiet"],
        &["explain", "long.toml", "--no-charts", "--quiet"],
        &["digest", "long.toml", "servers.toml", "--quiet"],
    ] {
        run(&place, arguments);
    }
}
