//! Open arrivals: they come at a rate, whatever the state of the system.

use crate::interpreter::{Ended, Source, World};
use crate::kernel::random::Stream;
use crate::kernel::{Time, Variate};
use crate::model::Pattern;
use crate::parts::course::Pace;
use crate::parts::{Limits, Outcome};

use super::arrivals::{gap_of, gaps};
use super::measuring::Measuring;
use super::which;

struct Open {
    gaps: Stream,
    gap: Variate,
    /// The gap after the next arrival, drawn ahead so that no event waits for a logarithm.
    next: Time,
    measuring: Measuring,
}

impl Source for Open {
    const AWAITS_ENDS: bool = false;

    #[inline]
    fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::ARRIVAL => {
                world.schedule(self.next, which::ARRIVAL);
                self.next = self.gap.draw_in_line(self.gaps.next_bits());
                world.send_at_once(0);
            }
            _ => self.measuring.event(world, event),
        }
    }

    #[inline]
    fn ended(&mut self, _: &mut World, _: Ended) {}
}

pub(super) fn run(world: &mut World, pattern: &Pattern, seed: u64, replication: u64, limits: &Limits) -> Outcome {
    let Pattern::Open { gap, arrivals, warm_up, duration } = *pattern else {
        unreachable!("called for open loads only");
    };
    let (gaps, gap) = (gaps(seed, replication), gap_of(gap, arrivals));
    let mut open =
        Open { gaps, gap, next: Time::ZERO, measuring: Measuring::after(world, Pace::Steady, warm_up, duration) };
    world.schedule(open.gap.draw(open.gaps.next_bits()), which::ARRIVAL);
    open.next = open.gap.draw(open.gaps.next_bits());
    let ending = world.run(&mut open, limits);
    open.measuring.finish(world, ending, limits)
}
