//! Events are applied to views, and tokens read them.

use crate::kernel::NONE;
use crate::statistics::histogram::Histogram;

use crate::engine::next::Next;
use crate::interpreter::world::World;

impl World<'_> {
    /// An event is published for the view that a consumer feeds, if it feeds one.
    pub(crate) fn expect_event(&mut self, view: Option<u32>) -> u32 {
        view.map_or(NONE, |view| self.views.expect(self.engine.now, view))
    }

    /// The event has been applied, or never will be; [`NONE`] is let pass.
    pub(crate) fn end_event(&mut self, event: u32) {
        if event != NONE {
            self.views.end(self.engine.now, event);
        }
    }

    /// The message that the token handles is applied to its view.
    #[inline(never)]
    pub(crate) fn project(&mut self, t: u32) -> Next {
        self.engine.tokens[t].pc += 1;
        let event = self.take_event(t);
        self.end_event(event);
        Next::On
    }

    /// The token reads the view.
    #[inline(never)]
    pub(crate) fn read_view(&mut self, t: u32, view: u32) -> Next {
        self.engine.tokens[t].pc += 1;
        if self.tally.on {
            self.views.read(self.engine.now, view);
        }
        Next::On
    }

    /// The staleness of all reads; none without views.
    pub(crate) fn staleness(&mut self) -> Option<Histogram> {
        (!self.system.views.is_empty()).then(|| std::mem::take(&mut self.views.staleness))
    }
}
