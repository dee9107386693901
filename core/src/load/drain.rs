//! What is left of a system after its load. When the window has closed and its figures are taken, the load stops
//! sending. After the longest time-out that applies, and as soon as the system has worked off what the load left, each
//! process of the target gets fresh requests, the probes: one to each endpoint that the load calls. Only then can one tell
//! which processes are dead and which units are lost for good: under load a busy process and a dead one look alike. A
//! system that stays busy for as long as the run has taken, or an hour, is probed all the same.
//!
//! Probes are sent one after the other, to each endpoint of each process. After an answer there is a pause as long as the answer
//! took, for work that continues behind it; a probe that can never be answered is withdrawn before the next one is sent. So no
//! probe waits for what another one holds, and none closes a circle of waits that no request of the load has closed. In a
//! system that is still busy all processes are probed at the same time, because their probes wait for what the load has left.
//! A process is dead if no endpoint of it answers.
//!
//! A probe has no time-out of its own, so a slow answer is an answer. An endpoint is dead if a probe of it can never be
//! answered, because nothing is left that moves, because it waits for units that are lost, or because a fault that never
//! ends has stopped the process; or if [`ATTEMPTS`] probes in a row fail, but not by an error of the model's own or a
//! refusal on purpose. If no unit is lost, and either no request of the load has succeeded or a fault is still on,
//! requests fail for another reason: then any answer of a process that runs shows that it is alive. A replica that
//! restarts is not lost; whether it comes back is unknown. One that an autoscaler has removed is not dead.

use crate::interpreter::{Ended, Source, World};
use crate::kernel::Time;
use crate::parts::{Ending, Failure, Limits, Outcome};

use super::which;

/// The client number of the first probe; the others count down from it, so that they differ from the load's own.
const FIRST: u32 = u32::MAX;

/// Probes in a row that fail before a process is given up. One that fails once in twenty requests, say because its
/// downstream call is slow now and then, does so five times in a row with a probability of 3e-7.
const ATTEMPTS: u32 = 5;

/// Rounds that a probe gets in a system that is busy with what the load has left.
const ROUNDS: u64 = 2;

/// The longest time that a system gets to work off what the load has left, before it is probed.
const LONGEST_BACKLOG: Time = Time(3_600_000_000_000);

/// The longest time between two looks. A time-out may last years, and periodic events continue meanwhile.
const LONGEST_ROUND: Time = Time(120_000_000_000);

/// Looks at most at whether a system is still busy: each goes over all of its tokens.
const LOOKS: u64 = 20;

/// The shortest time between two of them.
const LOOK: Time = Time(5_000_000_000);

/// The time to the first look at a probe that is sent alone. Each further look comes after twice the time.
const FIRST_LOOK: Time = Time(1_000_000_000);

/// The shortest time between an answer and the next probe.
const LEAST_GAP: Time = Time(1_000_000);

/// What is known of an endpoint of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Its probe is sent when that of the endpoint before is over.
    Waiting,
    /// A probe is under way, the one with this number.
    Asked(u32),
    Answered,
    Dead,
    /// The system is still busy with what the load has left, for longer than is worth waiting, or the replica restarts.
    Unknown,
}

/// An endpoint of a process, which is probed.
#[derive(Clone, Copy)]
struct Probe {
    process: u32,
    standing: Standing,
}

/// Fresh requests to each process of the target.
pub(super) struct Probes {
    all: Vec<Probe>,
    /// The longest time between two looks at those that are not answered.
    round: Time,
    /// Time to the next look.
    pause: Time,
    /// When the last one was sent.
    sent: Time,
    /// When a busy system is given up.
    until: Time,
    /// Whether the system was busy with what the load has left when the probes were sent.
    was_busy: bool,
}

impl Probes {
    /// Sends a request to the first process, or, if the system is busy, to each.
    pub fn send(world: &mut World) -> Self {
        let round = world.time_to_drain().min(LONGEST_ROUND);
        let of = |number| Some(Probe { process: world.probed_process(number)?, standing: Standing::Waiting });
        let all = (0..).map_while(of).collect();
        let was_busy = world.is_at_work();
        let pause = if was_busy { round } else { FIRST_LOOK.min(round) };
        let mut probes = Self { all, round, pause, sent: world.now(), until: world.now(), was_busy };
        probes.send_next(world);
        world.schedule(pause, which::PROBE);
        probes
    }

    /// Sends the next probe if none is under way; in a busy system that of each process that has none under way.
    fn send_next(&mut self, world: &mut World) {
        let is_asked = |probe: &Probe| matches!(probe.standing, Standing::Asked(_));
        if !self.was_busy && self.all.iter().any(is_asked) {
            return;
        }
        for number in 0..self.all.len() {
            let Probe { process, standing } = self.all[number];
            let is_asked = |probe: &Probe| probe.process == process && is_asked(probe);
            if standing != Standing::Waiting || self.was_busy && self.all.iter().any(is_asked) {
                continue;
            }
            self.all[number].standing = if !world.is_there(process) {
                Standing::Answered
            } else if world.is_gone(process) {
                Standing::Dead
            } else {
                self.ask(world, number as u32, 1)
            };
            if !self.was_busy && is_asked(&self.all[number]) {
                return;
            }
        }
    }

    fn ask(&mut self, world: &mut World, number: u32, times: u32) -> Standing {
        self.sent = world.now();
        self.until = Time(world.now().0.saturating_add(self.round.0.saturating_mul(ROUNDS)));
        world.send_to(FIRST - number, number);
        Standing::Asked(times)
    }

    /// An event of the probes.
    pub fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::NEXT_PROBE => {
                self.send_next(world);
                if self.is_over() {
                    world.stop();
                }
            }
            which::PROBE => self.look(world),
            _ => {}
        }
    }

    /// Judges those that are not answered.
    fn look(&mut self, world: &mut World) {
        let is_at_work = world.is_at_work();
        let mut over = Vec::new();
        for (probe, client) in self.all.iter_mut().zip((0..=FIRST).rev()) {
            probe.standing = match probe.standing {
                Standing::Asked(_) if !is_at_work || world.is_stranded(client) => Standing::Dead,
                Standing::Asked(_) if world.now() >= self.until => Standing::Unknown,
                _ => continue,
            };
            over.push((probe.process, probe.standing, client));
        }
        // A process that is too busy for one endpoint is not asked at another.
        for probe in self.all.iter_mut().filter(|probe| probe.standing == Standing::Waiting) {
            if over.iter().any(|&(process, standing, _)| process == probe.process && standing == Standing::Unknown) {
                probe.standing = Standing::Unknown;
            }
        }
        if self.all.iter().any(|probe| probe.standing == Standing::Waiting) {
            let is_over = !over.is_empty();
            over.into_iter().for_each(|(.., client)| world.withdraw(client));
            self.send_next(world);
            if is_over && !self.was_busy {
                self.pause = FIRST_LOOK;
            }
        }
        self.pause = Time(self.pause.0.saturating_mul(2)).min(self.round);
        match self.is_over() {
            true => world.stop(),
            false => world.schedule(self.pause, which::PROBE),
        }
    }

    /// A request has ended; what ends of the load before, or has been withdrawn, does not count.
    pub fn ended(&mut self, world: &mut World, ended: Ended) {
        let number = FIRST - ended.client;
        let Some(&Probe { process, standing: Standing::Asked(times) }) = self.all.get(number as usize) else { return };
        let is_error = |world: &World| world.is_up(process) && world.fails_anyway(number);
        let standing = if ended.failure == Failure::NONE || ended.failure.is_reply() || is_error(world) {
            Standing::Answered
        } else if times < ATTEMPTS && world.is_up(process) {
            self.ask(world, number, times + 1)
        } else if world.is_restarting(process) || self.was_busy {
            Standing::Unknown
        } else {
            Standing::Dead
        };
        self.all[number as usize].standing = standing;
        match standing {
            Standing::Asked(_) => {}
            _ if self.was_busy => self.send_next(world),
            _ => world.schedule((world.now() - self.sent).max(LEAST_GAP), which::NEXT_PROBE),
        }
        if self.is_over() {
            world.stop();
        }
    }

    fn is_over(&self) -> bool {
        !self.all.iter().any(|probe| matches!(probe.standing, Standing::Waiting | Standing::Asked(_)))
    }

    /// Processes that are not dead, of all. None where some are neither known to be alive nor to be dead, and no other
    /// is dead.
    pub fn result(&self) -> Option<(u32, u32)> {
        let mut processes: Vec<u32> = self.all.iter().map(|probe| probe.process).collect();
        processes.sort_unstable();
        processes.dedup();
        let some = |process: u32, wanted: Standing| {
            self.all.iter().any(|probe| probe.process == process && probe.standing == wanted)
        };
        let count = |is_counted: &dyn Fn(u32) -> bool| processes.iter().filter(|&&it| is_counted(it)).count() as u32;
        let alive = count(&|process| some(process, Standing::Answered));
        let unknown = count(&|process| !some(process, Standing::Answered) && some(process, Standing::Unknown));
        let all = processes.len() as u32;
        (unknown == 0 || alive + unknown < all).then_some((alive + unknown, all))
    }
}

/// The time after the load; its own events have no effect.
struct Drain {
    probes: Option<Probes>,
    /// Until when a busy system is left to itself.
    until: Time,
    /// The time between two looks at whether it still is.
    look: Time,
}

impl Source for Drain {
    fn event(&mut self, world: &mut World, event: u32) {
        match &mut self.probes {
            Some(probes) => probes.event(world, event),
            None if event != which::PROBE => {}
            None if world.now() < self.until && world.is_at_work() => world.schedule(self.look, which::PROBE),
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
    world.end_metering();
    if !matches!(outcome.ending, Ending::Complete | Ending::Quiet) || !world.may_lose_capacity() {
        return;
    }
    world.end_load();
    world.schedule(world.time_to_drain(), which::PROBE);
    let longest = world.now().min(LONGEST_BACKLOG);
    let until = Time(world.now().0.saturating_add(longest.0));
    let mut drain = Drain { probes: None, until, look: LOOK.max(Time(longest.0 / LOOKS)) };
    match world.run(&mut drain, limits) {
        Ending::Complete | Ending::Quiet => {
            world.drained(outcome);
            outcome.probes = drain.probes.and_then(|probes| probes.result());
        }
        Ending::Interrupted => outcome.ending = Ending::Interrupted,
        _ => {}
    }
}
