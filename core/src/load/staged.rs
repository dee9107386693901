//! A closed load with a changing number of clients, in stages as k6 has them (the `ramping-vus` executor): over the
//! duration of a stage the number goes evenly to its target, one client at a time. A client that is no longer wanted
//! ends its present request first (its retries included); one that is wanted again before that continues.

use crate::interpreter::{Ended, Source, World};
use crate::kernel::Time;
use crate::model::{Pattern, Stage};
use crate::parts::course::Pace;
use crate::parts::{Ending, Limits, Outcome};

use super::measuring::Measuring;
use super::thoughts::Thoughts;
use super::which;

/// The changes of the number of clients, one after the other.
#[derive(Clone, Debug)]
pub struct Changes {
    stages: Vec<Stage>,
    /// The stage under way, when it began, with how many clients, and how many changes of it are behind.
    index: usize,
    began: Time,
    from: u32,
    done: u32,
}

impl Changes {
    /// All changes from `start` clients on.
    pub fn new(start: u32, stages: &[Stage]) -> Self {
        Self { stages: stages.to_vec(), index: 0, began: Time::ZERO, from: start, done: 0 }
    }
}

impl Iterator for Changes {
    /// When, and the number of clients from then on.
    type Item = (Time, u32);

    fn next(&mut self) -> Option<(Time, u32)> {
        loop {
            let stage = *self.stages.get(self.index)?;
            let distance = self.from.abs_diff(stage.target);
            if self.done < distance {
                self.done += 1;
                let share = u128::from(stage.duration.0) * u128::from(self.done) / u128::from(distance);
                let count = if stage.target > self.from { self.from + self.done } else { self.from - self.done };
                return Some((self.began + Time(share as u64), count));
            }
            self.began += stage.duration;
            (self.from, self.done) = (stage.target, 0);
            self.index += 1;
        }
    }
}

struct Staged {
    changes: Changes,
    /// The change that is scheduled.
    next: Option<(Time, u32)>,
    /// Clients that are wanted.
    wanted: u32,
    /// Whether each client has a request under way or thinks.
    busy: Vec<bool>,
    thoughts: Thoughts,
    measuring: Measuring,
}

impl Staged {
    fn begin(&mut self, world: &mut World, client: u32) {
        if client as usize >= self.busy.len() {
            self.busy.resize(client as usize + 1, false);
        }
        if !self.busy[client as usize] {
            self.busy[client as usize] = true;
            world.send(client);
        }
    }

    /// Makes the change that is due and schedules the next.
    fn change(&mut self, world: &mut World) {
        while let Some((at, count)) = self.next {
            if at > world.now() {
                let now = world.now();
                return world.schedule(at - now, which::NEXT_STAGE);
            }
            let before = self.wanted;
            self.wanted = count;
            for client in before..count {
                self.begin(world, client);
            }
            self.next = self.changes.next();
        }
    }
}

impl Source for Staged {
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::OPEN_WINDOW | which::CLOSE_WINDOW | which::MARK => self.measuring.event(world, event),
            which::NEXT_STAGE => self.change(world),
            client => {
                let client = client - which::CLIENT;
                if client < self.wanted {
                    world.send(client);
                } else {
                    self.busy[client as usize] = false;
                }
            }
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        if ended.client >= self.wanted {
            self.busy[ended.client as usize] = false;
            return;
        }
        self.thoughts.follow(world, ended);
    }
}

pub(super) fn run(world: &mut World, pattern: &Pattern, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let Pattern::Staged { start, stages, think, warm_up, duration } = pattern else {
        unreachable!("called for closed loads in stages only");
    };
    let mut changes = Changes::new(*start, stages);
    let next = changes.next();
    let mut staged = Staged {
        changes,
        next,
        wanted: *start,
        busy: vec![true; *start as usize],
        thoughts: Thoughts::new(think.as_ref(), seed, replication),
        measuring: Measuring::after(world, Pace::Clients, *warm_up, *duration),
    };
    for client in 0..*start {
        world.schedule(Time::ZERO, which::CLIENT + client);
    }
    if let Some((at, _)) = next {
        world.schedule(at, which::NEXT_STAGE);
    }
    let ending = world.run(&mut staged, limits);
    let overdue = (ending == Ending::Complete).then(|| world.overdue(staged.wanted));
    Outcome { overdue, ..staged.measuring.finish(world, ending, limits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_come_and_go_evenly() {
        let stage = |duration, target| Stage { duration: Time(duration), target };
        let stages = [stage(10, 2), stage(30, 2), stage(0, 4), stage(9, 1)];
        let changes: Vec<(u64, u32)> = Changes::new(0, &stages).map(|(at, count)| (at.0, count)).collect();
        assert_eq!(changes, [(5, 1), (10, 2), (40, 3), (40, 4), (43, 3), (46, 2), (49, 1)]);
    }
}
