//! The measuring window of a load without an end of its own.

use crate::kernel::Time;
use crate::parts::{Ending, Outcome, Window, World};

use super::which;

/// A window that opens after the warm-up; the run ends when it closes.
pub(super) struct Measuring {
    duration: Time,
    window: Option<Window>,
}

impl Measuring {
    /// Schedules the opening.
    pub fn after(world: &mut World, warm_up: Time, duration: Time) -> Self {
        world.schedule(warm_up, which::OPEN_WINDOW);
        Self { duration, window: None }
    }

    /// One of the two events of the window.
    pub fn event(&mut self, world: &mut World, event: u32) {
        if event == which::OPEN_WINDOW {
            world.open_window();
            world.schedule(self.duration, which::CLOSE_WINDOW);
        } else {
            self.window = Some(world.close_window());
            world.stop();
        }
    }

    /// The outcome; a window that never closed, because a limit ended the run, closes here.
    pub fn finish(self, world: &mut World, ending: Ending) -> Outcome {
        let window = self.window.unwrap_or_else(|| world.close_window());
        world.outcome(ending, window, None)
    }
}
