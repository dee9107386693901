//! Recorded arrivals, replayed.

use std::sync::Arc;

use crate::kernel::Time;
use crate::model::{Arrival, Pattern};
use crate::parts::{Ended, Limits, Outcome, Source, Window, World};

use super::{open, which};

struct Trace {
    arrivals: Arc<[Arrival]>,
    /// The next one.
    next: usize,
    duration: Time,
    window: Option<Window>,
}

impl Trace {
    fn schedule(&self, world: &mut World) {
        if let Some(arrival) = self.arrivals.get(self.next) {
            let now = world.now();
            world.schedule(arrival.at.since(now), which::ARRIVAL);
        }
    }
}

impl Source for Trace {
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::ARRIVAL => {
                let class = self.arrivals[self.next].class;
                self.next += 1;
                self.schedule(world);
                match class {
                    Some(class) => world.send_class(0, class),
                    None => world.send(0),
                }
            }
            which::OPEN_WINDOW => {
                world.open_window();
                world.schedule(self.duration, which::CLOSE_WINDOW);
            }
            _ => {
                self.window = Some(world.close_window());
                world.stop();
            }
        }
    }

    fn ended(&mut self, _: &mut World, _: Ended) {}
}

pub(super) fn run(world: &mut World, pattern: &Pattern, limits: &Limits) -> Outcome {
    let Pattern::Trace { arrivals, warm_up, duration } = pattern else {
        unreachable!("called for traces only");
    };
    let mut trace = Trace { arrivals: Arc::clone(arrivals), next: 0, duration: *duration, window: None };
    world.schedule(*warm_up, which::OPEN_WINDOW);
    trace.schedule(world);
    let ending = world.run(&mut trace, limits);
    open::finish(world, ending, trace.window)
}
