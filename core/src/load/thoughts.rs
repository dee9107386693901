//! What clients do between an answer and their next request.

use crate::interpreter::{Ended, World};
use crate::kernel::random::Stream;
use crate::kernel::{Time, Variate};

use super::which;

/// The pauses of all clients of a closed load.
pub struct Thoughts {
    pause: Option<Variate>,
    stream: Stream,
}

impl Thoughts {
    /// The pauses of a replication.
    pub fn new(pause: Option<&Variate>, seed: u64, replication: u64) -> Self {
        Self { pause: pause.cloned(), stream: Stream::named(seed, replication, "think", 0) }
    }

    /// The next pause; none where clients do not think.
    #[inline]
    pub fn pause(&mut self) -> Option<Time> {
        self.pause.as_ref().map(|pause| pause.draw(self.stream.next_bits()))
    }

    /// A client has its answer: it sends its next request, after a pause if clients think.
    #[inline]
    pub(super) fn follow(&mut self, world: &mut World, ended: Ended) {
        let pause = self.pause();
        if ended.refused_at_once {
            world.note_resend(pause.unwrap_or(Time::ZERO));
        }
        match pause {
            Some(time) => world.schedule(time, which::CLIENT + ended.client),
            None => world.send(ended.client),
        }
    }
}
