//! What clients do between an answer and their next request.

use crate::kernel::random::Stream;
use crate::kernel::{Time, Variate};

/// The pauses of all clients of a closed load.
pub(super) struct Thoughts {
    pause: Option<Variate>,
    stream: Stream,
}

impl Thoughts {
    pub fn new(pause: Option<&Variate>, seed: u64, replication: u64) -> Self {
        Self { pause: pause.cloned(), stream: Stream::named(seed, replication, "think", 0) }
    }

    /// The next pause; none where clients do not think.
    #[inline]
    pub fn next(&mut self) -> Option<Time> {
        self.pause.as_ref().map(|pause| pause.draw(self.stream.next_bits()))
    }
}
