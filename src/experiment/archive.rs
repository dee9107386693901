//! The archive: finished trials, wherever they are kept. Those of a run that writes no files are in memory; those of a
//! sweep are in its journal, and of all that was merged in several journals. Results are made from the archive and from
//! nothing else, so that a sweep that was interrupted, or dealt to several machines, gives the same bytes as one run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::design::Plan;
use super::journal::{Contents, Entry, Header, Journal, Line, Past, Reader, Unusable, line_of};
use super::shard::Shard;
use super::trial::{FailedTrial, Trial};

/// The name of the journal of a sweep that runs all trials.
pub const WHOLE: &str = "journal.jsonl";

/// The name of a shard's journal.
pub fn name_of(shard: Option<Shard>) -> String {
    shard.map_or_else(|| WHOLE.into(), |Shard { index, of }| format!("shard-{index}-of-{of}.jsonl"))
}

/// A trial that ended: with figures, or without.
pub type Finished = Result<Trial, FailedTrial>;

#[derive(Debug)]
enum Kept {
    Here(Box<Finished>),
    /// Index of the journal, and where in it.
    There(u16, Entry),
}

/// Finished trials by point and replication.
#[derive(Debug, Default)]
pub struct Archive {
    kept: Mutex<BTreeMap<(u32, u32), Kept>>,
    journal: Option<Mutex<Journal>>,
    readers: Vec<Reader>,
}

impl Archive {
    /// One in memory.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// One whose trials are appended to the journal of a plan, or of a shard of it, in a folder that exists. It has what
    /// an earlier run left there, unless it is to be `fresh`.
    ///
    /// # Errors
    /// Where another process writes the journal, and where a file cannot be read or written.
    pub fn journalled(folder: &Path, plan: &Plan, shard: Option<Shard>, fresh: bool) -> Result<(Self, Past), Unusable> {
        let (journal, contents, past) = Journal::open(folder, &name_of(shard), &Header::of(plan, shard), fresh)?;
        let mut archive = Self { journal: Some(Mutex::new(journal)), ..Self::default() };
        archive.add(contents);
        Ok((archive, past))
    }

    /// Takes in what a journal holds.
    pub(super) fn add(&mut self, contents: Contents) {
        let index = self.readers.len() as u16;
        self.readers.push(contents.reader);
        let kept = self.kept.get_mut().unwrap_or_else(PoisonError::into_inner);
        for entry in contents.entries {
            kept.insert((entry.point, entry.replication), Kept::There(index, entry));
        }
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<(u32, u32), Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this trial is there.
    pub fn has(&self, point: u32, replication: u32) -> bool {
        self.kept().contains_key(&(point, replication))
    }

    /// Number of trials.
    pub fn len(&self) -> usize {
        self.kept().len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Keeps a trial: it is on its way to the disk when this returns, where there is a journal.
    ///
    /// # Errors
    /// Where the journal cannot be written; the trial is lost then, and nothing else.
    pub fn keep(&self, finished: Finished) -> Result<(), Unusable> {
        let (point, replication, is_failed) = match &finished {
            Ok(trial) => (trial.point as u32, trial.replication as u32, false),
            Err(failed) => (failed.point as u32, failed.replication as u32, true),
        };
        let Some(journal) = &self.journal else {
            self.kept().insert((point, replication), Kept::Here(Box::new(finished)));
            return Ok(());
        };
        let line = match &finished {
            Ok(trial) => line_of(&Line::Trial(trial)),
            Err(failed) => line_of(&Line::Failed { point, replication, what: failed.what.clone() }),
        };
        let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
        let offset = journal.append(&line)?;
        drop(journal);
        let length = line.len() as u32;
        let entry = Entry { point, replication, offset, length, is_failed };
        self.kept().insert((point, replication), Kept::There(0, entry));
        Ok(())
    }

    /// The first `wanted` replications of a point, as far as they are there.
    ///
    /// # Errors
    /// Where a journal cannot be read any more.
    pub fn of_point(&self, point: u32, wanted: u32) -> Result<OfPoint, Unusable> {
        let mut of_point = OfPoint::default();
        let mut entries = Vec::new();
        for ((_, replication), kept) in self.kept().range((point, 0)..(point, wanted)) {
            match kept {
                Kept::Here(finished) => of_point.push((**finished).clone()),
                Kept::There(reader, entry) => entries.push((*reader, *entry, *replication)),
            }
        }
        for (reader, entry, replication) in entries {
            let reader = &self.readers[usize::from(reader)];
            let bytes = reader.read(entry)?;
            let line = serde_json::from_slice::<Line<Trial>>(&bytes);
            match line {
                Ok(Line::Trial(trial)) => of_point.push(Ok(trial)),
                Ok(Line::Failed { what, .. }) => {
                    let (point, replication) = (point as usize, replication.into());
                    of_point.push(Err(FailedTrial { point, replication, what }));
                }
                Err(error) => {
                    return Err(Unusable::Io { what: "read", path: reader.path.clone(), reason: error.into() });
                }
            }
        }
        Ok(of_point)
    }
}

/// The trials of a point, in the order of replications.
#[derive(Clone, Debug, Default)]
pub struct OfPoint {
    /// Those with figures.
    pub trials: Vec<Trial>,
    /// Those without.
    pub failed: Vec<FailedTrial>,
}

impl OfPoint {
    fn push(&mut self, finished: Finished) {
        match finished {
            Ok(trial) => self.trials.push(trial),
            Err(failed) => self.failed.push(failed),
        }
    }
}
