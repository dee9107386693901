//! The record of a search: the trials that it has run, in a journal like that of a sweep, so that a search that was
//! ended goes on where it was. A search is a function of its question and of its trials: asked the same again, it wants
//! the same trials in the same order, and its points can be told by their numbers.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::experiment::plan::Plan;
use crate::experiment::run::runner::{Progress, run_one};
use crate::experiment::store::archive::{Archive, Finished};
use crate::experiment::store::journal::{Header, Past, Unusable};

/// The trials of a search, as far as they are kept anywhere but in the search.
#[derive(Debug, Default)]
pub struct Record {
    archive: Option<Archive>,
    /// The first error of the journal. The search goes on without.
    lost: Mutex<Option<Unusable>>,
}

impl Record {
    /// A record that keeps nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// A record in a journal of this name in a folder that exists. `question` is all that decides which trials are run,
    /// beside the files and overrides behind the plan. What an earlier search of the same question left there counts,
    /// unless `fresh` is set.
    ///
    /// # Errors
    /// Where another process writes the journal, and where a file cannot be read or written.
    pub fn journalled(
        folder: &Path,
        name: &str,
        plan: &Plan,
        question: &str,
        fresh: bool,
    ) -> Result<(Self, Past), Unusable> {
        let (archive, past) = Archive::in_journal(folder, name, &Header::of_search(plan, question), fresh)?;
        Ok((Self { archive: Some(archive), ..Self::default() }, past))
    }

    /// Number of trials.
    pub fn len(&self) -> usize {
        self.archive.as_ref().map_or(0, Archive::len)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first trial that could not be kept.
    pub fn lost(self) -> Option<Unusable> {
        self.lost.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// A trial of a point of a plan, which is the search's point of this number: from the record, or else run and
    /// recorded; none if an interrupt ended it.
    pub(in crate::experiment) fn trial(
        &self,
        plan: &Plan,
        point: usize,
        number: usize,
        replication: u32,
        progress: &Progress,
    ) -> Option<Finished> {
        let Some((archive, known)) = self.archive.as_ref().zip(u32::try_from(number).ok()) else {
            return run_one(plan, point, replication.into(), progress);
        };
        // What can no longer be read is run again.
        if let Ok(Some(finished)) = archive.get(known, replication) {
            return Some(at(point, finished));
        }
        let finished = run_one(plan, point, replication.into(), progress)?;
        if let Err(unusable) = archive.keep(at(number, finished.clone())) {
            self.lost.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(unusable);
        }
        Some(finished)
    }
}

/// A trial as one of this point.
fn at(point: usize, mut finished: Finished) -> Finished {
    match &mut finished {
        Ok(trial) => trial.point = point,
        Err(failed) => failed.point = point,
    }
    finished
}
