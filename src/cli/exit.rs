//! How a command ends.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use crate::experiment::analyse::verdict;
use crate::experiment::store::journal::Unusable;
use crate::experiment::store::merge::Unmerged;
use crate::language::{Mistake, Mistakes};
use crate::measure::Unmeasured;
use crate::report::folder::Unwritten;
use crate::report::{NoEarlier, Report};
use crate::serve::Unserved;

/// What the help of each command that runs something ends with.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    every hypothesis holds, or there is none
  1    a hypothesis fails
  2    the input has a mistake, or a file could not be written
  3    a hypothesis is undecided, or a trial failed
  130  interrupted; finished trials have been written";

/// The exit codes, which are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every hypothesis holds, or there is none.
    Holds,
    /// A hypothesis fails.
    Fails,
    /// The input has a mistake, or something could not be written.
    Mistake,
    /// A hypothesis is undecided, or a trial failed.
    Undecided,
    /// It was interrupted.
    Interrupted,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Fails => 1,
            Self::Mistake => 2,
            Self::Undecided => 3,
            Self::Interrupted => 130,
        }
    }

    /// The one of two that outweighs the other: an interrupt all, a failing hypothesis doubt.
    pub(super) fn graver(self, other: Self) -> Self {
        let weight = |exit: Self| match exit {
            Self::Holds => 0,
            Self::Undecided => 1,
            Self::Fails => 2,
            Self::Mistake => 3,
            Self::Interrupted => 4,
        };
        if weight(other) > weight(self) { other } else { self }
    }

    /// What a report calls for. A failing hypothesis outweighs doubt; an interrupt outweighs both.
    pub(super) fn of(report: &Report) -> Self {
        match verdict::exit_code(&report.judgements) {
            _ if report.is_partial() => Self::Interrupted,
            1 => Self::Fails,
            0 if !report.is_doubtful() => Self::Holds,
            _ => Self::Undecided,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ExitFailure {
    /// The input has mistakes.
    #[error("{0}")]
    Mistakes(#[from] Mistakes),
    /// Nothing could be run.
    #[error("cannot start the threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A journal cannot be used.
    #[error("{0}")]
    Journal(#[from] Unusable),
    /// Results cannot be written where they are to go.
    #[error("{0}; --output chooses another folder")]
    Unwritten(#[from] Unwritten),
    /// A file that the command line names cannot be written.
    #[error("{0}")]
    Named(Unwritten),
    /// Shards cannot be merged.
    #[error("{0}")]
    Unmerged(#[from] Unmerged),
    /// There are no earlier results to compare with.
    #[error("{0}")]
    NoEarlier(#[from] NoEarlier),
    /// Nothing can be measured.
    #[error("{0}")]
    Unmeasured(#[from] Unmeasured),
    /// Nothing can be served.
    #[error("{0}")]
    Unserved(#[from] Unserved),
}

impl From<Mistake> for ExitFailure {
    fn from(mistake: Mistake) -> Self {
        Self::Mistakes(mistake.into())
    }
}

/// Ends where the arguments ask for help or the version, or are wrong. What cannot be printed is a mistake, but for a
/// reader that went away.
pub fn stop(reason: &clap::Error) -> Exit {
    let printed = reason.print().and_then(|()| std::io::stdout().flush());
    match printed {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // There may be nowhere left to complain.
            let _ = writeln!(std::io::stderr(), "error: cannot write to stdout: {error}");
            Exit::Mistake
        }
        _ if reason.use_stderr() => Exit::Mistake,
        _ => Exit::Holds,
    }
}
