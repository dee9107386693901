//! The archive: finished trials, wherever they are kept. Those of a run that writes no files are in memory; those of a
//! sweep are in its journal, and of all that was merged in several journals. Results are made from the archive and from
//! nothing else (what pilot runs found included), so that a sweep that was interrupted, or dealt to several machines, gives the same bytes as one run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::experiment::analyse::trial::{FailedTrial, Trial};
use crate::experiment::plan::{Plan, WarmUp};
use crate::experiment::store::journal::{
    Contents, Entry, Header, Journal, Line, Past, Reader, Unusable, line_of, name_of,
};
use crate::experiment::store::shard::Shard;

/// A trial that ended: with figures, or without.
pub type Finished = Result<Trial, FailedTrial>;

/// Where a trial is kept.
#[derive(Clone, Copy, Debug)]
struct TrialPlace {
    /// In the journal, or among those in memory.
    offset: u64,
    /// Of its line; zero: there is no such trial yet.
    length: u32,
    /// Index of the journal.
    journal: u32,
}

impl TrialPlace {
    const NOWHERE: Self = Self { offset: 0, length: 0, journal: 0 };
    /// Stands for "in memory" where there is an index of a journal.
    const HERE: u32 = u32::MAX;
}

/// Finished trials by point and replication.
#[derive(Debug, Default)]
pub struct Archive {
    /// The places of each point's replications.
    places: Mutex<Vec<Vec<TrialPlace>>>,
    in_memory: Mutex<Vec<Finished>>,
    /// What pilot runs found, by point.
    pilots: Mutex<BTreeMap<u32, WarmUp>>,
    /// Trials at the lowest load of a search that would be proposed, by replication.
    lighter: Mutex<BTreeMap<u64, Trial>>,
    journal: Option<Mutex<Journal>>,
    readers: Vec<Reader>,
}

/// What a thread that panicked has left is whole: nothing here panics half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(places: &mut Vec<Vec<TrialPlace>>, point: u32, replication: u32, place: TrialPlace) {
    let (point, replication) = (point as usize, replication as usize);
    if places.len() <= point {
        places.resize_with(point + 1, Vec::new);
    }
    let of_point = &mut places[point];
    if of_point.len() <= replication {
        of_point.resize(replication + 1, TrialPlace::NOWHERE);
    }
    of_point[replication] = place;
}

impl Archive {
    /// One in memory.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// One whose trials are appended to the journal of a plan, or of a shard of it, in a folder that exists. It has
    /// what an earlier run left there, unless `fresh` is set.
    ///
    /// # Errors
    /// Where another process writes the journal, and where a file cannot be read or written.
    pub fn journalled(folder: &Path, plan: &Plan, shard: Option<Shard>, fresh: bool) -> Result<(Self, Past), Unusable> {
        Self::in_journal(folder, &name_of(shard), &Header::of(plan, shard), fresh)
    }

    /// One in the journal of this name that has, or is given, this header.
    pub(in crate::experiment) fn in_journal(
        folder: &Path,
        name: &str,
        header: &Header,
        fresh: bool,
    ) -> Result<(Self, Past), Unusable> {
        let (journal, contents, past) = Journal::open(folder, name, header, fresh)?;
        let mut archive = Self { journal: Some(Mutex::new(journal)), ..Self::default() };
        archive.add(contents);
        Ok((archive, past))
    }

    /// Takes in what a journal holds.
    pub(in crate::experiment) fn add(&mut self, contents: Contents) {
        let journal = self.readers.len() as u32;
        self.readers.push(contents.reader);
        let places = self.places.get_mut().unwrap_or_else(PoisonError::into_inner);
        for Entry { point, replication, offset, length } in contents.entries {
            put(places, point, replication, TrialPlace { offset, length, journal });
        }
        self.pilots.get_mut().unwrap_or_else(PoisonError::into_inner).extend(contents.pilots);
        let lighter = contents.lighter.into_iter().map(|trial| (trial.replication, trial));
        self.lighter.get_mut().unwrap_or_else(PoisonError::into_inner).extend(lighter);
    }

    /// Tells a plan what pilot runs have found, so that they are not made again.
    pub fn tell_pilots(&self, plan: &Plan) {
        for (&point, warm_up) in locked(&self.pilots).iter() {
            plan.points[point as usize].warm_up.get_or_init(|| warm_up.clone());
        }
    }

    /// Keeps what the pilot runs of a point found, if they were made and it is not known yet.
    ///
    /// # Errors
    /// Where the journal cannot be written.
    pub fn keep_pilots(&self, plan: &Plan, point: u32) -> Result<(), Unusable> {
        let Some(warm_up) = plan.points[point as usize].warm_up.get() else { return Ok(()) };
        let mut pilots = locked(&self.pilots);
        if pilots.contains_key(&point) {
            return Ok(());
        }
        if let Some(journal) = &self.journal {
            locked(journal).append(&line_of(&Line::Pilot { point, warm_up: warm_up.clone() }))?;
        }
        pilots.insert(point, warm_up.clone());
        Ok(())
    }

    /// A trial at the lowest load of a search, if it was made.
    pub(in crate::experiment) fn lighter(&self, replication: u64) -> Option<Trial> {
        locked(&self.lighter).get(&replication).cloned()
    }

    /// Keeps a trial at the lowest load of a search.
    ///
    /// # Errors
    /// Where the journal cannot be written.
    pub(in crate::experiment) fn keep_lighter(&self, trial: &Trial) -> Result<(), Unusable> {
        if let Some(journal) = &self.journal {
            locked(journal).append(&line_of(&Line::Lighter(trial)))?;
        }
        locked(&self.lighter).insert(trial.replication, trial.clone());
        Ok(())
    }

    /// Whether this trial is there.
    pub fn has(&self, point: u32, replication: u32) -> bool {
        let places = locked(&self.places);
        let place = places.get(point as usize).and_then(|of_point| of_point.get(replication as usize));
        place.is_some_and(|place| place.length > 0)
    }

    /// Number of trials.
    pub fn len(&self) -> usize {
        locked(&self.places).iter().flatten().filter(|place| place.length > 0).count()
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
        let (point, replication) = match &finished {
            Ok(trial) => (trial.point as u32, trial.replication as u32),
            Err(failed) => (failed.point as u32, failed.replication as u32),
        };
        let place = match &self.journal {
            None => {
                let mut in_memory = locked(&self.in_memory);
                in_memory.push(finished);
                TrialPlace { offset: in_memory.len() as u64 - 1, length: 1, journal: TrialPlace::HERE }
            }
            Some(journal) => {
                let line = match &finished {
                    Ok(trial) => line_of(&Line::Trial(trial)),
                    Err(failed) => line_of(&Line::Failed { point, replication, what: failed.what.clone() }),
                };
                TrialPlace { offset: locked(journal).append(&line)?, length: line.len() as u32, journal: 0 }
            }
        };
        put(&mut locked(&self.places), point, replication, place);
        Ok(())
    }

    /// The first `wanted` replications of a point, as far as they are there.
    ///
    /// # Errors
    /// Where a journal can no longer be read.
    pub fn of_point(&self, point: u32, wanted: u32) -> Result<OfPoint, Unusable> {
        let places: Vec<TrialPlace> = {
            let places = locked(&self.places);
            let of_point = places.get(point as usize).map_or(&[][..], Vec::as_slice);
            of_point[..of_point.len().min(wanted as usize)].to_vec()
        };
        let mut of_point = OfPoint::default();
        for place in places {
            if let Some(finished) = self.at(place)? {
                of_point.push(finished);
            }
        }
        Ok(of_point)
    }

    /// A trial, if it is there.
    ///
    /// # Errors
    /// Where a journal can no longer be read.
    pub fn get(&self, point: u32, replication: u32) -> Result<Option<Finished>, Unusable> {
        let place = locked(&self.places).get(point as usize).and_then(|of| of.get(replication as usize)).copied();
        self.at(place.unwrap_or(TrialPlace::NOWHERE))
    }

    /// What is at a place.
    fn at(&self, place: TrialPlace) -> Result<Option<Finished>, Unusable> {
        if place.length == 0 {
            return Ok(None);
        }
        if place.journal == TrialPlace::HERE {
            return Ok(Some(locked(&self.in_memory)[place.offset as usize].clone()));
        }
        Ok(match self.readers[place.journal as usize].read(place.offset, place.length)? {
            Line::Trial(trial) => Some(Ok(trial)),
            Line::Failed { point, replication, what } => {
                Some(Err(FailedTrial { point: point as usize, replication: replication.into(), what }))
            }
            Line::Asked { .. } | Line::Pilot { .. } | Line::Lighter(_) => None,
        })
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
