//! An endless closed load: a fixed number of clients; each thinks, sends, and waits for its answer. Measured in a window.

use crate::interpreter::{Ended, Source, World};
use crate::kernel::Time;
use crate::model::Pattern;
use crate::parts::course::Pace;
use crate::parts::{Ending, Limits, Outcome};

use super::measuring::Measuring;
use super::thoughts::Thoughts;
use super::which;

struct Closed {
    thoughts: Thoughts,
    measuring: Measuring,
}

impl Source for Closed {
    #[inline]
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::OPEN_WINDOW | which::CLOSE_WINDOW | which::MARK => self.measuring.event(world, event),
            client => world.send_at_once(client - which::CLIENT),
        }
    }

    #[inline]
    fn ended(&mut self, world: &mut World, ended: Ended) {
        self.thoughts.follow(world, ended);
    }
}

pub(super) fn run(world: &mut World, pattern: &Pattern, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let Pattern::Endless { concurrency, think, spacing, warm_up, duration } = pattern else {
        unreachable!("called for endless closed loads only");
    };
    let thoughts = Thoughts::new(think.as_ref(), seed, replication);
    let mut closed = Closed { thoughts, measuring: Measuring::after(world, Pace::Steady, *warm_up, *duration) };
    for client in 0..*concurrency {
        world.schedule(Time(spacing.0.saturating_mul(u64::from(client))), which::CLIENT + client);
    }
    let ending = world.run(&mut closed, limits);
    let overdue = (ending == Ending::Complete).then(|| world.overdue(*concurrency));
    Outcome { overdue, ..closed.measuring.finish(world, ending, limits) }
}
