//! `sim sweep`: an experiment, end to end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;

use super::adjust::{Adjust, Effort};
use super::exit::EXIT_CODES;
use super::exit::{Exit, ExitFailure};
use super::interrupt;
use super::journals::Keeping;
use super::outputs::{Outputs, Target};
use super::page::Page;
use super::simulate::watched_until;
use super::uncertainty::{Drawn, Uncertainty};
use super::warn::caution;
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::run::round::Round;
use crate::experiment::run::runner::{self, Progress};
use crate::experiment::store::archive::Archive;
use crate::experiment::store::journal::{Unusable, name_of};
use crate::experiment::store::shard::{Deal, Shard};
use crate::report::Earlier;

/// Run an experiment: all variants at all points, with tables, verdicts, files and charts.
///
/// Prints a table with 95 % intervals, a sentence for each variant (up to where it is safe, where it collapses, which
/// resource limits it) and a verdict for each hypothesis. Writes results.csv (one row per point), trials.csv (one row
/// per replication), comparisons.csv (one row per metric of each variant against the first one), summary.json, charts,
/// report.html (all of it on one page that needs no network) and, where the load has them, classes.csv and timeline.csv, into
/// a folder named after the experiment. With --posterior, the parameters are the medians of its draws; each draw is run too, and table,
/// charts, results.csv and verdicts have bands and shares of what is not known of the parameters. The same seed gives the same results with any number of threads.
///
/// Every finished trial is written to the folder's journal.jsonl at once. After Ctrl-C, a crash or a full disk, the
/// same command resumes from there, and so does one that asks for more replications.
#[derive(Debug, Args)]
#[command(after_help = examples())]
pub struct Sweep {
    /// The experiment file, or a model with its own load, which is run as one point
    pub(super) experiment: PathBuf,

    #[command(flatten)]
    pub(super) uncertainty: Uncertainty,

    #[command(flatten)]
    pub(super) keeping: Keeping,

    #[command(flatten)]
    pub(super) adjust: Adjust,

    #[command(flatten)]
    pub(super) effort: Effort,

    /// Run only one share of the trials, for `sim merge`: 3/16 is the third of sixteen; auto/16 takes the number from
    /// SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX (counted from 0) or HQ_TASK_ID
    #[arg(long, value_name = "I/N|auto/N", value_parser = shard, conflicts_with_all = ["compare", "posterior"])]
    pub(super) shard: Option<Shard>,

    #[command(flatten)]
    pub(super) outputs: Outputs,
}

fn shard(text: &str) -> Result<Shard, String> {
    Shard::read(text, |name| std::env::var(name).ok())
}

fn examples() -> String {
    format!(
        "\
Examples:
  sim sweep experiments/pooling.toml
  sim sweep experiments/pooling.toml --set load.concurrency=150 --replications 20
  sim sweep experiments/pooling.toml --format json | jq '.hypotheses[] | .verdict'
  sim sweep experiments/pooling.toml --quiet --junit verdicts.xml    # each hypothesis is a test in CI
  sim sweep experiments/pooling.toml --output output/new --compare output/old
  sim sweep experiments/pooling.toml --posterior output/pooling/posterior.csv    # with what is not known of its parameters
  sim sweep experiments/pooling.toml --shard 3/16    # on each of 16 machines, then sim merge

{EXIT_CODES}"
    )
}

impl Sweep {
    /// Reads, runs, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let drawn = self.uncertainty.drawn(&self.experiment, &Adjustments::from(&self.adjust), &[])?;
        let plan = match &drawn {
            Some(drawn) => drawn.plan.clone(),
            None => self.plan()?,
        };
        let earlier = self.outputs.prepare(&plan)?;
        let ended = self.sweep(&plan, earlier.as_ref(), drawn, &interrupt::flag(), page)?;
        Ok(ended.unwrap_or(Exit::Interrupted))
    }

    /// Reads what to run.
    pub(super) fn plan(&self) -> Result<Plan, ExitFailure> {
        Ok(Plan::read(&self.experiment, &Adjustments::from(&self.adjust))?)
    }

    /// Runs, answers, writes, until this flag is set: what is finished then is in the journal, and summarised if the user has
    /// interrupted it. None where something else has.
    pub(super) fn sweep(
        &self,
        plan: &Plan,
        earlier: Option<&Earlier>,
        drawn: Option<Drawn>,
        interrupted: &Arc<AtomicBool>,
        page: &mut Page,
    ) -> Result<Option<Exit>, ExitFailure> {
        caution(plan, page);
        let place = self.keeping.output.join(&plan.name);
        let mut names = vec![name_of(self.shard)];
        if self.shard.is_none() {
            names.extend(self.outputs.names());
        }
        let folder = self.keeping.folder(plan, &names)?;
        let archive = self.keeping.archive(&folder, plan, self.shard, self.effort.quiet, page)?;
        let round = match self.shard {
            Some(_) => Round::read(&place, plan)?,
            None => None,
        };
        let (wanted, kept) =
            watched_until(interrupted, &self.effort, |progress| self.trials(&archive, plan, round.as_ref(), progress))?;
        if interrupted.load(Ordering::Relaxed) && !interrupt::flag().load(Ordering::Relaxed) {
            return Ok(None);
        }
        if let Err(unusable) = &kept {
            page.complain(unusable);
        }
        let (uncertain, journal) = match drawn {
            Some(drawn) => drawn.propagate(None, Some(&self.keeping), &self.effort, page)?,
            None => (None, Exit::Holds),
        };
        let exit = match self.shard {
            Some(shard) => self.tell_share(shard, plan, round.as_ref(), &archive, &wanted, page),
            None => {
                let target = Target { folder: &folder, earlier, uncertain };
                self.outputs.of(plan, &archive, &wanted, target, &self.effort, page)?
            }
        };
        Ok(Some(if kept.is_err() { Exit::Mistake } else { exit.graver(journal) }))
    }

    /// Runs what is missing. What the archive could not keep is lost, the rest is not.
    fn trials(
        &self,
        archive: &Archive,
        plan: &Plan,
        round: Option<&Round>,
        progress: &Progress,
    ) -> (Vec<u32>, Result<(), Unusable>) {
        if let (Some(shard), Some(round)) = (self.shard, round) {
            return (round.wanted.clone(), runner::run_round(archive, plan, &round.wanted, shard, progress));
        }
        match runner::run_into(archive, plan, self.shard, progress) {
            Ok(wanted) => (wanted, Ok(())),
            Err(unusable) => {
                let wanted = runner::wanted(archive, plan);
                (wanted.unwrap_or_else(|_| vec![plan.replications; plan.points.len()]), Err(unusable))
            }
        }
    }

    /// Says how far a share is.
    fn tell_share(
        &self,
        shard: Shard,
        plan: &Plan,
        round: Option<&Round>,
        archive: &Archive,
        wanted: &[u32],
        page: &mut Page,
    ) -> Exit {
        let deal = Deal::of(plan, round.is_some());
        let (mut done, mut all) = (0, 0);
        for (point, &wanted) in wanted.iter().enumerate() {
            for replication in (0..wanted).filter(|&replication| shard.owns(&deal, point as u32, replication)) {
                all += 1;
                done += usize::from(archive.has(point as u32, replication));
            }
        }
        page.heading(&plan.title);
        let journal = self.keeping.output.join(&plan.name).join(name_of(Some(shard)));
        let round = round.map_or_else(String::new, |round| format!(", round {}", round.round));
        page.print(format!("shard {shard}{round}: {done} of {all} trials are in {}\n", journal.display()));
        if done < all { Exit::Interrupted } else { Exit::Holds }
    }
}
