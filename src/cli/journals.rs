//! Journals of commands: where trials are kept, and what an earlier run left there.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, ExitFailure};
use super::page::Page;
use crate::experiment::plan::Plan;
use crate::experiment::run::record::Record;
use crate::experiment::store::archive::Archive;
use crate::experiment::store::journal::Past;
use crate::experiment::store::shard::Shard;
use crate::report::folder::Folder;

/// Where files go, and whether what is there counts.
#[derive(Debug, Args)]
pub struct Keeping {
    /// Parent folder; results go into a subfolder named after the experiment
    #[arg(long, short, value_name = "DIR", default_value = "output")]
    pub(super) output: PathBuf,

    /// Run all trials again, even those that the journal has
    #[arg(long)]
    fresh: bool,
}

impl Keeping {
    /// The folder of a plan's files, of which some have these names. Whatever keeps them from being written is found
    /// here, before anything is computed.
    pub(super) fn folder(&self, plan: &Plan, names: &[String]) -> Result<Folder, ExitFailure> {
        Ok(Folder::prepare(&self.output.join(&plan.name), names)?)
    }

    /// Where the trials of a sweep are kept.
    pub(super) fn archive(
        &self,
        folder: &Folder,
        plan: &Plan,
        shard: Option<Shard>,
        quiet: bool,
        page: &Page,
    ) -> Result<Archive, ExitFailure> {
        let (archive, past) = Archive::journalled(folder.path(), plan, shard, self.fresh)?;
        tell(archive.len(), past, quiet, page);
        Ok(archive)
    }

    /// Where the trials of a search of this name are kept: in a journal in the experiment's folder, into which the answer
    /// goes too. `question` is all that the command line asks beside overrides.
    pub(super) fn record(
        &self,
        search: &str,
        plan: &Plan,
        question: &str,
        quiet: bool,
        page: &Page,
    ) -> Result<Record, ExitFailure> {
        let name = format!("{search}-journal.jsonl");
        let folder = self.folder(plan, &[name.clone(), format!("{search}.json")])?;
        let (record, past) = Record::journalled(folder.path(), &name, plan, question, self.fresh)?;
        tell(record.len(), past, quiet, page);
        Ok(record)
    }
}

/// Says whether all trials of a search are in its journal.
pub(super) fn kept(record: Record, page: &Page) -> Exit {
    let lost = record.lost();
    lost.iter().for_each(|unusable| page.complain(unusable));
    if lost.is_some() { Exit::Mistake } else { Exit::Holds }
}

/// Says how many trials an earlier run has left.
fn tell(trials: usize, past: Past, quiet: bool, page: &Page) {
    match past {
        Past::None => {}
        Past::PutAside { aside } if !quiet => {
            page.remark(&format!("rerunning all trials: the inputs or sim changed, or --fresh was given (the old journal is kept as {aside})"));
        }
        Past::PutAside { .. } => {}
        Past::Resumed { damaged } => {
            if trials > 0 && !quiet {
                let what = if trials == 1 { "trial is" } else { "trials are" };
                page.remark(&format!("{trials} {what} in the journal already (--fresh reruns all)"));
            }
            if damaged > 0 {
                let what = match damaged {
                    1 => {
                        "skipped 1 damaged line of the journal; its trial is rerun unless that was done already".into()
                    }
                    _ => format!(
                        "skipped {damaged} damaged lines of the journal; their trials are rerun unless that was done \
                         already"
                    ),
                };
                page.warn(what);
            }
        }
    }
}
