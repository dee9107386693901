//! The measuring window of a load without an end of its own.

use crate::interpreter::{Window, World};
use crate::kernel::Time;
use crate::parts::course::PARTS;
use crate::parts::{Course, Ending, Limits, Outcome};

use super::{drain, which};

/// A window that opens after the warm-up; the run ends when it closes.
pub(super) struct Measuring {
    duration: Time,
    /// Length of a phase.
    length: Time,
    /// Marks made.
    marks: usize,
    window: Option<Window>,
    /// Kept of a load that does not change.
    course: Option<Course>,
}

impl Measuring {
    /// Schedules the opening.
    pub fn after(world: &mut World, warm_up: Time, duration: Time) -> Self {
        world.schedule(warm_up, which::OPEN_WINDOW);
        let length = Time((duration.0 / PARTS as u64).max(1));
        Self { duration, length, marks: 0, window: None, course: None }
    }

    /// Schedules the opening of a window whose course is kept: that of a load that does not change.
    pub fn steady_after(world: &mut World, warm_up: Time, duration: Time) -> Self {
        let measuring = Self::after(world, warm_up, duration);
        let course = Course { length: measuring.length, marks: Vec::with_capacity(PARTS + 1) };
        Self { course: Some(course), ..measuring }
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
        if let Some(course) = &mut self.course {
            course.marks.push(world.mark());
        }
        self.marks += 1;
        if self.marks < PARTS {
            world.schedule(self.length, which::MARK);
        }
    }

    /// The outcome; a window that never closed, because a limit ended the run, closes here.
    pub fn finish(self, world: &mut World, ending: Ending, limits: &Limits) -> Outcome {
        let window = self.window.unwrap_or_else(|| world.close_window());
        let mut outcome = Outcome { course: self.course, ..world.outcome(ending, window) };
        drain::after(world, &mut outcome, limits);
        outcome
    }
}
