//! What is left of a system after its load. When the window has closed and its figures are taken, the load stops
//! sending. After the longest time-out that applies, each process of the target gets fresh requests, the probes. Only
//! then can one tell which processes are dead and which units are lost for good: under load a busy process and a dead
//! one look alike.
//!
//! A probe has no time-out of its own, so a slow answer is an answer. A process is dead if a probe of it can never be
//! answered, because nothing is left that moves or because it waits for units that are lost; or if [`ATTEMPTS`] probes
//! in a row fail, but not by an error of the model's own or a refusal on purpose. If no unit is lost, and either no request
//! of the load has succeeded or a fault is still on, requests fail for another reason: then any answer of a process that
//! runs shows that it is alive. A replica that restarts is not lost; whether it comes back is unknown.

use crate::kernel::Time;
use crate::parts::{Ended, Ending, Failure, Limits, Outcome, Source, World};

use super::which;

/// The client number of the first probe; the others count down from it, so that they differ from the load's own.
const FIRST: u32 = u32::MAX;

/// Probes in a row that fail before a process is given up. One that fails once in twenty requests, say because its
/// downstream call is slow now and then, does so five times in a row with a probability of 3e-7.
const ATTEMPTS: u32 = 5;

/// Rounds that a system gets that is busy with what the load has left.
const ROUNDS: u64 = 2;

/// The longest time between two looks. A time-out may last years, and periodic events continue meanwhile.
const LONGEST_ROUND: Time = Time(120_000_000_000);

/// What is known of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// A probe is under way, the one with this number.
    Asked(u32),
    Answered,
    Dead,
    /// The system is still busy with what the load has left, for longer than is worth waiting, or the replica restarts.
    Unknown,
}

/// Fresh requests to each process of the target.
pub(super) struct Probes {
    processes: Vec<Standing>,
    /// Time between two looks at those that are not answered.
    round: Time,
    /// When a busy system is given up.
    until: Time,
    /// Whether the system was busy with what the load has left when the probes were sent.
    was_busy: bool,
}

impl Probes {
    /// Sends a request to each process.
    pub fn send(world: &mut World) -> Self {
        let count = world.target_processes();
        let round = world.time_to_drain().min(LONGEST_ROUND);
        let until = Time(world.now().0.saturating_add(round.0.saturating_mul(ROUNDS)));
        let was_busy = world.is_at_work();
        for process in 0..count {
            world.send_to(FIRST - process, process);
        }
        world.schedule(round, which::PROBE);
        Self { processes: vec![Standing::Asked(1); count as usize], round, until, was_busy }
    }

    /// A round is over: judges those that are not answered.
    pub fn look(&mut self, world: &mut World) {
        let is_at_work = world.is_at_work();
        for (standing, client) in self.processes.iter_mut().zip((0..=FIRST).rev()) {
            *standing = match *standing {
                Standing::Asked(_) if !is_at_work || world.is_stranded(client) => Standing::Dead,
                Standing::Asked(_) if world.now() >= self.until => Standing::Unknown,
                other => other,
            };
        }
        match self.is_over() {
            true => world.stop(),
            false => world.schedule(self.round, which::PROBE),
        }
    }

    /// A request has ended; what ends of the load before does not count.
    pub fn ended(&mut self, world: &mut World, ended: Ended) {
        let process = FIRST - ended.client;
        let Some(standing) = self.processes.get_mut(process as usize) else { return };
        let Standing::Asked(times) = *standing else { return };
        let is_error = |world: &World| world.is_up(process) && world.fails_anyway();
        *standing = if ended.failure == Failure::NONE || ended.failure.is_reply() || is_error(world) {
            Standing::Answered
        } else if times < ATTEMPTS && world.is_up(process) {
            self.until = Time(world.now().0.saturating_add(self.round.0.saturating_mul(ROUNDS)));
            world.send_to(ended.client, process);
            Standing::Asked(times + 1)
        } else if world.is_restarting(process) || self.was_busy {
            Standing::Unknown
        } else {
            Standing::Dead
        };
        if self.is_over() {
            world.stop();
        }
    }

    fn is_over(&self) -> bool {
        self.processes.iter().all(|standing| !matches!(standing, Standing::Asked(_)))
    }

    /// Processes that answer, of all; unknown where one is not known to be alive or dead.
    pub fn result(&self) -> Option<(u32, u32)> {
        let count = |wanted: Standing| self.processes.iter().filter(|standing| **standing == wanted).count() as u32;
        let (answered, all) = (count(Standing::Answered), self.processes.len() as u32);
        (answered + count(Standing::Dead) == all).then_some((answered, all))
    }
}

/// The time after the load; its own events have no effect.
#[derive(Default)]
struct Drain {
    probes: Option<Probes>,
}

impl Source for Drain {
    fn event(&mut self, world: &mut World, event: u32) {
        if event != which::PROBE {
            return;
        }
        match &mut self.probes {
            Some(probes) => probes.look(world),
            None => self.probes = Some(Probes::send(world)),
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
