//! Rounds: under a precision, or in a selection of the best, the trials so far decide how many more
//! are needed. One machine looks after each of its points, or places; several machines that share the replications of a
//! point run in rounds, and between two rounds `sim plan` plans the next one from all that was run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::experiment::plan::Plan;
use crate::experiment::run::runner;
use crate::experiment::store::archive::Archive;
use crate::experiment::store::journal::{Header, Unusable};
use crate::language::bounded;

/// The name of the file in the experiment's folder.
pub const FILE: &str = "round.json";

/// How many replications of each point the shards are to run by its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Which round, from 1.
    pub round: u32,
    /// The program that planned it.
    sim: String,
    /// A hash of the inputs that it is planned for.
    inputs: String,
    /// Replications of each point.
    pub wanted: Vec<u32>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoundStep {
    /// What was asked for is reached at every point, or there are as many replications as are allowed.
    Done,
    /// More trials: their number, and that of the points.
    Run {
        /// The round.
        round: Round,
        /// Points that need more.
        points: usize,
        /// Trials that are missing.
        trials: u64,
    },
}

impl Round {
    /// The round that a folder's shards run, if one was planned for these inputs by this program.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn read(folder: &Path, plan: &Plan) -> Result<Option<Self>, Unusable> {
        let path = folder.join(FILE);
        let bytes = match bounded::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(reason) => return Err(Unusable::Io { what: "read", path, reason }),
        };
        let Ok(round) = serde_json::from_slice::<Self>(&bytes) else { return Err(Unusable::Foreign { path }) };
        let header = Header::of(plan, None);
        let is_alike = round.sim == header.sim && round.inputs == header.inputs && round.wanted.len() == header.points;
        Ok(Some(round).filter(|_| is_alike && plan.is_sequential()))
    }

    /// Plans what comes after this round, or the first one, from an archive that has all of it.
    ///
    /// # Errors
    /// Where a journal cannot be read.
    pub fn next(last: Option<&Self>, archive: &Archive, plan: &Plan) -> Result<RoundStep, Unusable> {
        let wanted = runner::wanted(archive, plan)?;
        let lacks = |(point, &wanted): (usize, &u32)| {
            (0..wanted).filter(|&replication| !archive.has(point as u32, replication)).count() as u64
        };
        let missing: Vec<u64> = wanted.iter().enumerate().map(lacks).collect();
        let trials = missing.iter().sum();
        if trials == 0 {
            return Ok(RoundStep::Done);
        }
        let Header { sim, inputs, .. } = Header::of(plan, None);
        let round = Self { round: last.map_or(1, |last| last.round + 1), sim, inputs, wanted };
        Ok(RoundStep::Run { round, points: missing.iter().filter(|&&missing| missing > 0).count(), trials })
    }

    /// Writes the round where its shards find it, under another name first.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, Unusable> {
        let path = folder.join(FILE);
        let temporary = folder.join(format!(".{FILE}.{}.part", std::process::id()));
        let written = serde_json::to_vec(self)
            .map_err(io::Error::other)
            .and_then(|bytes| fs::write(&temporary, bytes))
            .and_then(|()| fs::rename(&temporary, &path));
        match written {
            Ok(()) => Ok(path),
            Err(reason) => {
                // It may never have come to be.
                let _ = fs::remove_file(&temporary);
                Err(Unusable::Io { what: "write", path, reason })
            }
        }
    }
}
