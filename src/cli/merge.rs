//! `sim merge`: many machines' trials become one sweep.

use std::path::{Path, PathBuf};

use clap::Args;

use super::adjust::Effort;
use super::exit::EXIT_CODES;
use super::exit::{Exit, ExitFailure};
use super::outputs::{Outputs, Target};
use super::page::Page;
use crate::experiment::plan::{Adjustments, Plan};
use crate::experiment::run::round::{Round, RoundStep};
use crate::experiment::run::runner;
use crate::experiment::store::journal::{Claim, Header};
use crate::experiment::store::merge::{self, Shards, Unmerged};
use crate::experiment::store::shard::Deal;
use crate::report::folder::Folder;

/// Merge shards; the output is identical to an unsharded run.
///
/// Reads the journals that `sim sweep --shard` left in a folder (shard-1-of-16.jsonl and so on), in any order and from
/// any machines, and writes the sweep's files beside them, byte for byte those of an unsharded run. Missing parts, and
/// shards with other inputs or from another build of sim, are named and refused. The experiment is read again from the
/// path that the shards recorded.
#[derive(Debug, Args)]
#[command(after_help = examples())]
pub struct Merge {
    /// The folder that contains the shards
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,

    /// The experiment file [default: the path that the shards recorded]
    #[arg(long, value_name = "FILE")]
    experiment: Option<PathBuf>,

    /// Print only warnings and errors to stderr
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    outputs: Outputs,
}

fn examples() -> String {
    format!(
        "\
Examples:
  for i in 1 2 3 4; do sim sweep experiments/pooling.toml --shard $i/4 & done; wait
  sim merge output/pooling

{EXIT_CODES}"
    )
}

impl Merge {
    /// Reads the journals, checks, answers, writes.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let shards = Shards::read(&self.folder)?;
        let plan = plan_of(&shards.header(), self.experiment.as_deref())?;
        let of = shards.of();
        let archive = shards.archive(&plan)?;
        let wanted = match Round::read(&self.folder, &plan)? {
            None => {
                let wanted = runner::wanted(&archive, &plan)?;
                merge::complete(&archive, &plan, &wanted, &Deal::of(&plan, false), (&self.folder, of))?;
                wanted
            }
            Some(round) => {
                merge::complete(&archive, &plan, &round.wanted, &Deal::of(&plan, true), (&self.folder, of))?;
                if let RoundStep::Run { points, trials, .. } = Round::next(Some(&round), &archive, &plan)? {
                    let file = plan.origin().file.clone();
                    return Err(Unmerged::Unfinished { trials, points, file }.into());
                }
                round.wanted
            }
        };
        let earlier = self.outputs.prepare(&plan)?;
        let folder = Folder::prepare(&self.folder, &self.outputs.names())?;
        let _claim = Claim::of(&self.folder)?;
        let target = Target { folder: &folder, earlier: earlier.as_ref(), uncertain: None };
        self.outputs.of(&plan, &archive, &wanted, target, &Effort::of_all_cores(self.quiet), page)
    }
}

/// The plan that a journal's trials are of.
pub(super) fn plan_of(header: &Header, file: Option<&Path>) -> Result<Plan, ExitFailure> {
    let file = file.unwrap_or(Path::new(&header.file));
    let adjustments =
        Adjustments { set: header.set.clone(), seed: Some(header.seed), replications: Some(header.replications) };
    Ok(Plan::read(file, &adjustments)?)
}
