//! `sim watch`: a sweep that is run again each time one of its files is saved.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, SystemTime};

use clap::Args;

use super::adjust::{Adjust, Effort};
use super::exit::{Exit, ExitFailure};
use super::interrupt;
use super::journals::Keeping;
use super::outputs::Outputs;
use super::page::Page;
use super::sweep::Sweep;
use super::uncertainty::Uncertainty;
use crate::language::tidy;
use crate::report::Earlier;

/// Time between two looks at the files. The operating system's own notices do not come from all network file systems and
/// container mounts; a look at a few files takes microseconds.
const LOOK: Duration = Duration::from_millis(200);

/// Run an experiment, and again each time that its file, its model or a file of its data is saved.
///
/// Each run is that of `sim sweep`, with what has changed significantly since the last run: verdicts, conditions, figures
/// and limiting resources. A mistake in a file is shown, and the next save is waited for. A save during a run ends the run. Ctrl-C
/// ends it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim watch experiments/pooling.toml --no-charts --table none
  sim watch experiments/pooling.toml --set load.users=200 --replications 2    # quick answers while you edit

Exit codes:
  0    interrupted while no run was under way
  2    the results cannot be written
  130  interrupted during a run; finished trials have been written")]
pub struct Watch {
    /// The experiment file, or a model with its own load, which is run as one point
    experiment: PathBuf,

    #[command(flatten)]
    keeping: Keeping,

    #[command(flatten)]
    adjust: Adjust,

    #[command(flatten)]
    effort: Effort,

    #[command(flatten)]
    outputs: Outputs,
}

impl Watch {
    /// Runs the experiment until it is interrupted.
    pub fn run(self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let Self { experiment, keeping, adjust, effort, outputs } = self;
        let mut sweep =
            Sweep { experiment, uncertainty: Uncertainty::default(), keeping, adjust, effort, shard: None, outputs };
        // A missing file is a mistake only at the start: later it may be away for a moment, because editors remove it when they
        // save.
        if !sweep.experiment.exists() || sweep.experiment.is_dir() {
            sweep.plan()?;
        }
        let stop = interrupt::flag();
        let mut watched = Watched::new(vec![sweep.experiment.clone()]);
        let mut earlier = None;
        let mut is_first = true;
        while !stop.load(Ordering::Relaxed) {
            match sweep.plan() {
                Err(ExitFailure::Mistakes(mistakes)) => page.correct(&mistakes),
                Err(failure) => return Err(failure),
                Ok(plan) => {
                    watched.extend(plan.inputs());
                    if is_first {
                        earlier = sweep.outputs.prepare(&plan)?;
                    } else if let Some(last) = Earlier::of_last_run(&sweep.keeping.output.join(&plan.name), &plan.name)
                    {
                        earlier = Some(last);
                    }
                    match watched.while_unchanged(|flag| sweep.sweep(&plan, earlier.as_ref(), None, flag, page))? {
                        Some(Exit::Interrupted) => return Ok(Exit::Interrupted),
                        Some(_) if is_first => {
                            is_first = false;
                            sweep.outputs.opened();
                        }
                        _ => {}
                    }
                }
            }
            if !sweep.effort.quiet && !watched.has_changed() {
                page.remark(&format!("\nwaiting for a save of {}; Ctrl-C ends", watched.names()));
            }
            watched.wait(&stop);
            page.print("\n");
        }
        Ok(Exit::Holds)
    }
}

/// Files, and when they were saved last.
struct Watched {
    files: Vec<(PathBuf, Option<(SystemTime, u64)>)>,
}

impl Watched {
    fn new(files: Vec<PathBuf>) -> Self {
        Self { files: files.into_iter().map(|file| (file.clone(), stamp(&file))).collect() }
    }

    /// Watches these files as well.
    fn extend(&mut self, files: &[PathBuf]) {
        for file in files {
            if !self.files.iter().any(|(known, _)| known == file) {
                self.files.push((file.clone(), stamp(file)));
            }
        }
    }

    fn names(&self) -> String {
        let names: Vec<String> = self.files.iter().map(|(file, _)| tidy(file).display().to_string()).collect();
        names.join(", ")
    }

    fn has_changed(&self) -> bool {
        self.files.iter().any(|(file, seen)| stamp(file) != *seen)
    }

    /// Does something until it is done, a file has changed or the user interrupts it; the last two set the flag that it is
    /// given.
    fn while_unchanged<T>(&self, work: impl FnOnce(&Arc<AtomicBool>) -> T) -> T {
        let (flag, done) = (Arc::new(AtomicBool::new(false)), AtomicBool::new(false));
        let stop = interrupt::flag();
        scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    if stop.load(Ordering::Relaxed) || self.has_changed() {
                        flag.store(true, Ordering::Relaxed);
                        return;
                    }
                    sleep(LOOK / 10);
                }
            });
            let result = work(&flag);
            done.store(true, Ordering::Relaxed);
            result
        })
    }

    /// Waits until a file has changed and then stays as it is for a moment: editors write in several steps.
    fn wait(&mut self, stop: &AtomicBool) {
        while !self.has_changed() && !stop.load(Ordering::Relaxed) {
            sleep(LOOK);
        }
        loop {
            self.files.iter_mut().for_each(|(file, seen)| *seen = stamp(file));
            if stop.load(Ordering::Relaxed) {
                return;
            }
            sleep(LOOK / 2);
            if !self.has_changed() {
                return;
            }
        }
    }
}

/// When a file was saved, and its size; none where it is not there.
fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
    let about = fs::metadata(file).ok()?;
    Some((about.modified().ok()?, about.len()))
}
