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
        Self::of(pause, Stream::named(seed, replication, "think", 0))
    }

    /// Pauses that are drawn from this stream.
    pub(super) fn of(pause: Option<&Variate>, stream: Stream) -> Self {
        Self { pause: pause.cloned(), stream }
    }

    /// The next pause; none where clients do not think.
    #[inline]
    pub fn pause(&mut self) -> Option<Time> {
        self.pause.as_ref().map(|pause| pause.draw(self.stream.next_bits()))
    }

    /// A client has its answer: it sends its next request, after a pause if clients think.
    #[inline]
    pub(super) fn follow(&mut self, world: &mut World, ended: Ended) {
        match self.after(world, ended) {
            Some(time) => world.schedule(time, which::CLIENT + ended.client),
            None => world.send(ended.client),
        }
    }

    /// The pause of a client that has its answer; none where clients do not think.
    #[inline]
    pub(super) fn after(&mut self, world: &mut World, ended: Ended) -> Option<Time> {
        let pause = self.pause();
        if ended.refused_at_once {
            world.note_resend(pause.unwrap_or(Time::ZERO));
        }
        pause
    }
}
