//! The ready what-ifs: each file of `experiments/` that has a golden verdict in `tests/whatifs` is run as it is
//! shipped, must be sound, and must say what it said before. `UPDATE_GOLDEN=1 cargo test whatifs` writes the verdicts
//! anew; read them before you commit them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sim::experiment::analyse::verdict;
use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::run::runner::{self, Progress};
use sim::report::{self, Report};

/// Nine tenths of the experiments' time; the other lane runs them.
const LONG: [&str; 14] = [
    "autoscaling",
    "bcrypt",
    "circuit-breaker",
    "cqrs",
    "db-pool",
    "event-driven",
    "ingress-limit",
    "killbill-replicas",
    "lifespan-pool",
    "liveness-restart",
    "queueing",
    "retry-storm",
    "spike-recovery",
    "workers-and-cpu",
];

/// Experiments that other tests judge: they answer to measurements, not to a recommendation.
const JUDGED_ELSEWHERE: [&str; 5] = ["hypotheses", "node-testbed", "pooling", "seed", "testbed"];

fn whatifs() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir("experiments")
        .expect("the shipped experiments")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| !JUDGED_ELSEWHERE.contains(&path.file_stem().unwrap_or_default().to_string_lossy().as_ref()))
        .collect();
    files.sort();
    files
}

/// What is kept: what was found, the verdicts, and the exit code.
pub(super) fn answer(file: &Path) -> String {
    let plan =
        Plan::read(file, &Adjustments::default()).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let report = Report::of(&plan, runner::run(&plan, &Progress::default()));
    assert!(report.tally.failed.is_empty(), "{}: {:?}", file.display(), report.tally.failed);
    let unsound: Vec<&String> = report.summaries.iter().flat_map(|summary| &summary.unsound).collect();
    assert!(unsound.is_empty(), "{}: {unsound:?}", file.display());
    let verdicts = anstream::adapter::strip_str(&report::verdicts(&report, None)).to_string();
    format!("{}\n\n{verdicts}\nexit code {}\n", plan.title, verdict::exit_code(&report.judgements))
}

fn is_long(file: &Path) -> bool {
    file.file_stem().is_some_and(|name| LONG.iter().any(|long| name == *long))
}

#[test]
fn short_what_ifs_give_their_verdicts() {
    give_their_verdicts(&whatifs().into_iter().filter(|file| !is_long(file)).collect::<Vec<_>>());
}

#[test]
#[ignore = "long: fourteen what-ifs of many requests"]
fn long_what_ifs_give_their_verdicts() {
    give_their_verdicts(&whatifs().into_iter().filter(|file| is_long(file)).collect::<Vec<_>>());
}

fn give_their_verdicts(files: &[PathBuf]) {
    let answers: Vec<String> = files.par_iter().map(|file| answer(file)).collect();
    let mut differences = String::new();
    for (file, answer) in files.iter().zip(&answers) {
        let golden = Path::new("tests/whatifs").join(file.file_name().expect("a name")).with_extension("txt");
        assert!(answer.ends_with("exit code 0\n"), "{}: what the author expects is not so:\n{answer}", file.display());
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, answer).expect("a golden file");
        } else if &fs::read_to_string(&golden).unwrap_or_default() != answer {
            writeln!(differences, "--- {} is now:\n{answer}", golden.display()).expect("a string");
        }
    }
    assert!(differences.is_empty(), "{differences}UPDATE_GOLDEN=1 writes them anew");
}

/// A what-if compares designs, and asks at least once what the analysis believed.
#[test]
fn every_what_if_has_variants_and_a_belief() {
    for file in whatifs() {
        let plan = Plan::read(&file, &Adjustments::default()).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        assert!(plan.variants.len() >= 2, "{}", file.display());
        assert!(!plan.hypotheses.is_empty(), "{}", file.display());
    }
}
