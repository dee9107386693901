//! What each fuzz target does with its bytes, from the folder of the package. `cargo test corpus` plays every file of
//! the corpus through the same functions.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sim::experiment::plan::{Adjustments, Plan};
use sim::experiment::store::journal::{Header, name_of, seal};
use sim::experiment::store::merge::Shards;
use sim::experiment::store::shard::Shard;
use sim::language::Source;
use sim::load::trial;
use sim::parts::Limits;

/// Bytes as a model: it is refused with a message, or its first steps break no law.
pub fn model(bytes: &[u8]) {
    read_and_run(bytes, Path::new("models/fuzzed.toml"));
}

/// Bytes as an experiment on a shipped model: it is refused with a message, or the first steps of its first and last
/// point break no law.
pub fn experiment(bytes: &[u8]) {
    read_and_run(bytes, Path::new("experiments/fuzzed.toml"));
}

fn read_and_run(bytes: &[u8], path: &Path) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let plan = match Plan::of(&Source::text(path, text), &Adjustments::default()) {
        Ok(plan) => plan,
        Err(mistakes) => {
            assert!(!mistakes.0.is_empty(), "refused for no reason");
            assert!(mistakes.render(false).starts_with("error: "));
            return;
        }
    };
    let ends = [plan.points.first(), plan.points.last()];
    for point in ends.into_iter().flatten() {
        let deadline = Some(Instant::now() + Duration::from_secs(5));
        let limits = Limits { max_events: Some(2_000), deadline, interrupted: None };
        let outcome = trial(&point.system, &point.load, plan.seed, 0, &limits);
        assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
    }
}

/// Bytes as a journal, and as the lines after a right first one, with right checksums: it is refused with a message, or
/// every trial that it has can be read, and there are no more than lines.
pub fn journal(bytes: &[u8]) {
    let shard = Shard { index: 1, of: 1 };
    let plan = Plan::read(Path::new("models/mm1.toml"), &Adjustments::default()).expect("a shipped model");
    let mut whole = serde_json::to_vec(&Header::of(&plan, Some(shard))).expect("a header");
    whole.push(b'\n');
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"}\n") {
            Some(_) => whole.extend(seal(line.trim_ascii_end().to_vec())),
            None => whole.extend_from_slice(line),
        }
    }
    let folder = folder();
    fs::create_dir_all(&folder).expect("a temporary folder");
    let file = folder.join(name_of(Some(shard)));
    fs::write(&file, bytes).expect("a temporary file");
    if let Err(refused) = Shards::read(&folder) {
        assert!(!refused.to_string().is_empty());
    }
    fs::write(&file, &whole).expect("a temporary file");
    let shards = Shards::read(&folder).expect("a journal with a right first line");
    let archive = shards.archive(&plan).expect("a journal of this plan");
    let of_point = archive.of_point(0, u32::MAX).expect("every trial that is there can be read");
    let trials = of_point.trials.len() + of_point.failed.len();
    assert_eq!(trials, archive.len());
    assert!(trials <= bytes.iter().filter(|&&byte| byte == b'\n').count());
}

/// A temporary folder of this process and thread.
fn folder() -> PathBuf {
    let name = format!("sim-fuzz-{}-{:?}", std::process::id(), std::thread::current().id());
    std::env::temp_dir().join(name)
}
