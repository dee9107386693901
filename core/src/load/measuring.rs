//! The measuring window of a load without an end of its own.

use crate::interpreter::{Window, World};
use crate::kernel::Time;
use crate::parts::course::{PARTS, Pace};
use crate::parts::{Course, Ending, Limits, Outcome};

use super::{drain, which};

/// A window that opens after the warm-up; the run ends when it closes.
pub(super) struct Measuring {
    duration: Time,
    window: Option<Window>,
    course: Course,
}

impl Measuring {
    /// Schedules the opening.
    pub fn after(world: &mut World, pace: Pace, warm_up: Time, duration: Time) -> Self {
        world.schedule(warm_up, which::OPEN_WINDOW);
        let length = Time((duration.0 / PARTS as u64).max(1));
        let course = Course { pace, length, marks: Vec::with_capacity(PARTS + 1) };
        Self { duration, window: None, course }
    }

    /// One of the events of the window.
    pub fn event(&mut self, world: &mut World, event: u32) {
        match event {
            which::OPEN_WINDOW => {
                world.open_window();
                world.schedule(self.duration, which::CLOSE_WINDOW);
                self.mark(world);
            }
            which::MARK => self.mark(world),
            _ => {
                self.mark(world);
                self.window = Some(world.close_window());
                world.stop();
            }
        }
    }

    /// Makes a mark, where a phase ends, and schedules the next; the last one is made where the window closes.
    fn mark(&mut self, world: &mut World) {
        world.end_phase();
        self.course.marks.push(world.mark());
        if self.course.marks.len() < PARTS {
            world.schedule(self.course.length, which::MARK);
        }
    }

    /// The outcome; a window that never closed, because a limit ended the run, closes here.
    pub fn finish(self, world: &mut World, ending: Ending, limits: &Limits) -> Outcome {
        let window = self.window.unwrap_or_else(|| world.close_window());
        let mut outcome = Outcome { course: Some(self.course), ..world.outcome(ending, window) };
        drain::after(world, &mut outcome, limits);
        outcome
    }
}
