//! An endless closed load: so many clients, each thinks, sends, and waits for its answer, measured in a window.

use crate::kernel::random::Stream;
use crate::kernel::{Time, Variate};
use crate::model::Pattern;
use crate::parts::{Ended, Limits, Outcome, Source, Window, World};

use super::{open, which};

struct Closed {
    think: Option<Variate>,
    thoughts: Stream,
    duration: Time,
    window: Option<Window>,
}

impl Source for Closed {
    #[inline]
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::OPEN_WINDOW => {
                world.open_window();
                world.schedule(self.duration, which::CLOSE_WINDOW);
            }
            which::CLOSE_WINDOW => {
                self.window = Some(world.close_window());
                world.stop();
            }
            client => world.send(client - which::CLIENT),
        }
    }

    #[inline]
    fn ended(&mut self, world: &mut World, ended: Ended) {
        match &self.think {
            Some(think) => {
                let time = think.draw(self.thoughts.next_bits());
                world.schedule(time, which::CLIENT + ended.client);
            }
            None => world.send(ended.client),
        }
    }
}

pub(super) fn run(world: &mut World, pattern: &Pattern, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let Pattern::Endless { concurrency, think, spacing, warm_up, duration } = pattern else {
        unreachable!("called for endless closed loads only");
    };
    let thoughts = Stream::named(seed, replication, "think", 0);
    let mut closed = Closed { think: think.clone(), thoughts, duration: *duration, window: None };
    world.schedule(*warm_up, which::OPEN_WINDOW);
    for client in 0..*concurrency {
        world.schedule(Time(spacing.0 * u64::from(client)), which::CLIENT + client);
    }
    let ending = world.run(&mut closed, limits);
    open::finish(world, ending, closed.window)
}
