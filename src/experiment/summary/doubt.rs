//! What keeps the figures of a point from showing how good it is.

use crate::experiment::trial::Trial;

/// Why the figures of a point do not show how good it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// No request has ended, and none is known never to end.
    NoRequests,
    /// A limit ended replications before their window closed.
    EndedEarly,
}

impl Doubt {
    /// Of the trials that are used.
    pub(super) fn of(used: &[&Trial]) -> Option<Self> {
        if used.iter().all(|trial| trial.ended == 0) {
            return Some(Self::NoRequests);
        }
        used.iter().any(|trial| !trial.is_whole()).then_some(Self::EndedEarly)
    }

    /// As tables name it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoRequests => "no request ended",
            Self::EndedEarly => "ended early",
        }
    }

    /// The same in a sentence.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoRequests => "no request ended",
            Self::EndedEarly => "a limit ended replications early",
        }
    }
}
