//! Ends of requests, noted one by one in a run that looks for those of interest.

use crate::engine::token::Failure;
use crate::kernel::Time;

/// The end of a request, or of one try of a client that sends its request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestEnd {
    /// Names the request; all tries of one have the same.
    pub key: u64,
    /// Tries before this one.
    pub earlier: u16,
    /// When the first try was sent.
    pub born: Time,
    /// When this try ended.
    pub ended: Time,
    /// Why it failed, if it did.
    pub failure: Failure,
    /// Whether no other try follows.
    pub is_last: bool,
}

impl RequestEnd {
    /// How long its client has waited, since the first try.
    pub fn took(&self) -> Time {
        self.ended.since(self.born)
    }
}
