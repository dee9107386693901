//! What is left of a system after an endless load. When the window has closed and its figures are taken, the load stops
//! sending. After the longest time-out that applies, each process of the target gets one more request, a probe. Only
//! then can one tell which processes are dead and which units are lost for good: under load a busy process and a dead
//! one look alike.

use crate::parts::{Ended, Ending, Limits, Outcome, Source, World};

use super::which;

/// The client number of the first probe; the others count down from it, so that they differ from the load's own.
const FIRST: u32 = u32::MAX;

/// One request to each process of the target, and how many of them were answered. A failure of the model's own and a
/// refusal on purpose are answers; a time-out, and a lost or refused connection, are none.
pub(super) struct Probes {
    sent: u32,
    answered: u32,
    left: u32,
    /// Whether the system was still at work when the probes were sent.
    was_at_work: bool,
}

impl Probes {
    /// Sends a request to each process.
    pub fn send(world: &mut World) -> Self {
        let processes = world.target_processes();
        let was_at_work = world.is_at_work();
        for process in 0..processes {
            world.send_to(FIRST - process, process);
        }
        Self { sent: processes, answered: 0, left: processes, was_at_work }
    }

    /// A request has ended. The last probe ends the run; what ends of the load before does not count.
    pub fn ended(&mut self, world: &mut World, ended: Ended) {
        if FIRST - ended.client >= self.sent {
            return;
        }
        self.answered += u32::from(!ended.failure.is_some() || ended.failure.is_reply());
        self.left -= 1;
        if self.left == 0 {
            world.stop();
        }
    }

    /// Probes that were answered, of all sent. Unknown where one failed while the system was still at work on what the
    /// load had left behind: that one may have waited in its queue.
    pub fn result(&self) -> Option<(u32, u32)> {
        (!self.was_at_work || self.answered == self.sent).then_some((self.answered, self.sent))
    }
}

/// The time after the load; its own events have no effect.
#[derive(Default)]
struct Drain {
    probes: Option<Probes>,
}

impl Source for Drain {
    fn event(&mut self, world: &mut World, event: u32) {
        if event == which::PROBE {
            self.probes = Some(Probes::send(world));
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        if let Some(probes) = &mut self.probes {
            probes.ended(world, ended);
        }
    }
}

/// Drains the system after a run that came to its end, and notes in its outcome what is left. A limit that ends the
/// drain leaves the outcome without probes; an interrupt ends the trial.
pub(super) fn after(world: &mut World, outcome: &mut Outcome, limits: &Limits) {
    if !matches!(outcome.ending, Ending::Complete | Ending::Quiet) || !world.may_lose_capacity() {
        return;
    }
    world.end_load();
    world.schedule(world.time_to_drain(), which::PROBE);
    let mut drain = Drain::default();
    match world.run(&mut drain, limits) {
        Ending::Complete | Ending::Quiet => {
            let probes = drain.probes.and_then(|probes| probes.result());
            world.drained(outcome, probes);
        }
        Ending::Interrupted => outcome.ending = Ending::Interrupted,
        _ => {}
    }
}
