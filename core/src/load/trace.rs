//! Recorded arrivals, replayed.

use std::sync::Arc;

use crate::interpreter::{Ended, Source, World};
use crate::model::{Arrival, Pattern};
use crate::parts::course::Pace;
use crate::parts::{Limits, Outcome};

use super::measuring::Measuring;
use super::which;

struct Trace {
    arrivals: Arc<[Arrival]>,
    /// The next one.
    next: usize,
    measuring: Measuring,
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
    const AWAITS_ENDS: bool = false;

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
            _ => self.measuring.event(world, event),
        }
    }

    fn ended(&mut self, _: &mut World, _: Ended) {}
}

pub(super) fn run(world: &mut World, pattern: &Pattern, limits: &Limits) -> Outcome {
    let Pattern::Trace { arrivals, warm_up, duration } = pattern else {
        unreachable!("called for traces only");
    };
    let measuring = Measuring::after(world, Pace::Changing, *warm_up, *duration);
    let mut trace = Trace { arrivals: Arc::clone(arrivals), next: 0, measuring };
    trace.schedule(world);
    let ending = world.run(&mut trace, limits);
    trace.measuring.finish(world, ending, limits)
}
