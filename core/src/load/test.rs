//! The finite closed test of load tools: `users` requests in all by `concurrency` clients, each on a fresh connection.
//!
//! The test lasts from its first request to the last end, by answer or by the client giving up, so requests that hang
//! are in its wall time. Then the system is left alone for the cool-down, and each process of the target is probed: a
//! system whose probes fail is stuck.

use crate::interpreter::{Ended, Source, Window, World};
use crate::kernel::Time;
use crate::model::{Earlier, Pattern};
use crate::parts::{Ending, Limits, OF_TEST, Outcome};

use super::drain::{self, Probes};
use super::thoughts::Thoughts;
use super::which;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The test before the one that is measured.
    Earlier,
    Measured,
}

struct Test {
    phase: Phase,
    /// Of the test that is measured: clients and requests.
    measured: (u32, u32),
    /// Of the test under way: requests in all, sent, ended.
    users: u32,
    sent: u32,
    ended: u32,
    /// At how many ends the present phase of the window is over.
    phase_ends: u32,
    thoughts: Thoughts,
    spacing: Time,
    cool_down: Time,
    before: Option<Earlier>,
    window: Option<Window>,
    probes: Option<Probes>,
}

impl Test {
    /// Starts the clients of a test of `users` requests; a client that finds none left sends nothing.
    fn start(&mut self, world: &mut World, concurrency: u32, users: u32) {
        (self.sent, self.ended, self.users) = (0, 0, users);
        self.phase_ends = users.div_ceil(OF_TEST);
        for client in 0..concurrency.min(users) {
            world.schedule(Time(self.spacing.0.saturating_mul(u64::from(client))), which::CLIENT + client);
        }
    }

    fn send(&mut self, world: &mut World, client: u32) {
        if self.sent < self.users {
            self.sent += 1;
            world.send(client);
            if self.sent == self.users {
                world.sent_last();
            }
        }
    }

    fn probe(&mut self, world: &mut World, event: u32) {
        match &mut self.probes {
            Some(probes) => probes.event(world, event),
            None => {
                // Probes are no requests of the load.
                world.end_metering();
                self.probes = Some(Probes::send(world));
            }
        }
    }
}

impl Source for Test {
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::NEXT_TEST => {
                self.phase = Phase::Measured;
                world.open_window();
                let (concurrency, users) = self.measured;
                self.start(world, concurrency, users);
            }
            which::PROBE | which::NEXT_PROBE => self.probe(world, event),
            client => self.send(world, client - which::CLIENT),
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        if let Some(probes) = &mut self.probes {
            return probes.ended(world, ended);
        }
        self.ended += 1;
        if self.ended == self.phase_ends {
            self.phase_ends += self.users.div_ceil(OF_TEST);
            world.end_phase();
        }
        if self.ended == self.users {
            match self.phase {
                Phase::Earlier => {
                    let pause = self.before.map_or(Time::ZERO, |before| before.pause);
                    world.schedule(pause, which::NEXT_TEST);
                }
                _ => {
                    self.window = Some(world.close_window());
                    world.schedule(self.cool_down, which::PROBE);
                }
            }
            return;
        }
        match self.thoughts.pause() {
            Some(time) => world.schedule(time, which::CLIENT + ended.client),
            None => self.send(world, ended.client),
        }
    }
}

pub(super) fn run(world: &mut World, pattern: &Pattern, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let Pattern::Test { concurrency, users, think, spacing, cool_down, before } = pattern else {
        unreachable!("called for finite tests only");
    };
    let mut test = Test {
        phase: Phase::Measured,
        measured: (*concurrency, *users),
        users: 0,
        sent: 0,
        ended: 0,
        phase_ends: 0,
        thoughts: Thoughts::new(think.as_ref(), seed, replication),
        spacing: *spacing,
        cool_down: *cool_down,
        before: *before,
        window: None,
        probes: None,
    };
    match before {
        Some(earlier) => {
            test.phase = Phase::Earlier;
            test.start(world, earlier.concurrency, earlier.users);
        }
        None => world.schedule(Time::ZERO, which::NEXT_TEST),
    }
    let ending = world.run(&mut test, limits);
    let ended_early = test.window.is_none();
    let window = test.window.unwrap_or_else(|| world.close_window());
    // A test that has ended is complete even if its probes wait forever, or a limit ends them.
    let is_done = !ended_early && ending != Ending::Interrupted;
    let ending = if is_done { Ending::Complete } else { ending };
    let mut outcome = world.outcome(ending, window);
    outcome.probes = test.probes.and_then(|probes| probes.result());
    if ended_early {
        drain::after(world, &mut outcome, limits);
    }
    outcome
}
