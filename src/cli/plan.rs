//! `sim plan`: the next round of a sweep in which the trials decide how many more are needed.

use std::path::PathBuf;

use clap::Args;

use super::adjust::Adjust;
use super::exit::{Exit, ExitFailure};
use super::page::Page;
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::run::round::{Round, RoundStep};
use crate::experiment::store::archive::Archive;
use crate::experiment::store::journal::Claim;
use crate::experiment::store::merge::{self, Shards, Unmerged};
use crate::experiment::store::shard::Deal;
use crate::report::folder::Folder;

/// Plan the next round of a distributed, sequentially stopped sweep.
///
/// For experiments with `run.precision`, `run.best_within` or `run.exclude_loss`, in which the results so far decide
/// how many more replications a point needs. Without rounds, each point (or each place where the best variant is
/// selected) belongs to one shard. With rounds, the shards share the replications of each point: this command reads all
/// shards and writes round.json into the experiment's folder, each `sim sweep --shard` runs its share of that round,
/// and the cycle repeats until nothing is left to run.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  while sim plan experiments/queueing.toml; [ $? -eq 3 ]; do
    for i in 1 2 3 4; do sim sweep experiments/queueing.toml --shard $i/4 & done; wait
  done
  sim merge output/queueing

Exit codes:
  0 nothing is left to run, 2 the input has a mistake or the previous round is not finished, 3 a round was planned")]
pub struct Planning {
    /// The experiment file
    experiment: PathBuf,

    /// Parent folder of the experiment's results
    #[arg(long, short, value_name = "DIR", default_value = "output")]
    output: PathBuf,

    #[command(flatten)]
    adjust: Adjust,
}

impl Planning {
    /// Reads what was run, plans what is missing.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let plan = Plan::read(&self.experiment, &Adjustments::from(&self.adjust))?;
        page.heading(&plan.title);
        if !plan.is_sequential() {
            let trials = plan.points.len() * plan.replications as usize;
            page.print(format!("{trials} trials, a fixed number: there are no rounds to plan\n"));
            return Ok(Exit::Holds);
        }
        let place = self.output.join(&plan.name);
        let folder = Folder::prepare(&place, &[])?;
        let _claim = Claim::of(folder.path())?;
        let last = Round::read(&place, &plan)?;
        let archive = match (&last, Shards::read(&place)) {
            (None, Err(Unmerged::None(_))) => Archive::in_memory(),
            (_, Err(unmerged)) => return Err(unmerged.into()),
            (last, Ok(shards)) => {
                let of = shards.of();
                let archive = shards.archive(&plan)?;
                if let Some(last) = last {
                    merge::complete(&archive, &plan, &last.wanted, &Deal::of(&plan, true), (&place, of))?;
                }
                archive
            }
        };
        match Round::next(last.as_ref(), &archive, &plan)? {
            RoundStep::Done => {
                page.print(format!("nothing is left to run: `sim merge {}`\n", place.display()));
                Ok(Exit::Holds)
            }
            RoundStep::Run { round, points, trials } => {
                round.write(&place)?;
                let of = if points == 1 { "1 point".into() } else { format!("{points} points") };
                let command = merge::command(&plan, &place, "I/N");
                let what = format!("round {}: {trials} trials at {of}", round.round);
                page.print(format!("{what}\nrun each shard with `{command}`, then plan again\n"));
                Ok(Exit::Undecided)
            }
        }
    }
}
