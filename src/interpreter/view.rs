//! Events are applied to views, and tokens read them.

use crate::kernel::NONE;
use crate::kernel::list::Links;
use crate::statistics::histogram::Histogram;

use crate::engine::next::Next;
use crate::interpreter::world::World;
use crate::parts::messaging::view::{Pending, Views};

impl World<'_> {
    /// An event is published for the view that a consumer feeds, if it feeds one.
    pub(crate) fn expect_event(&mut self, view: Option<u32>) -> u32 {
        let Some(view) = view else { return NONE };
        let (now, Views { views, events, .. }) = (self.engine.now, &mut self.views);
        let event = events.insert(Pending { links: Links::default(), published: now, view });
        let state = &mut views[view as usize];
        state.pending.push(events, event);
        state.population.enter(now);
        event
    }

    /// The event has been applied, or never will be; [`NONE`] is let pass.
    pub(crate) fn end_event(&mut self, event: u32) {
        if event == NONE {
            return;
        }
        let (now, Views { views, events, .. }) = (self.engine.now, &mut self.views);
        let Pending { published, view, .. } = events[event];
        let state = &mut views[view as usize];
        state.pending.remove(events, event);
        events.remove(event);
        state.population.leave(now, published);
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
            let Views { views, events, staleness } = &mut self.views;
            let oldest = views[view as usize].pending.first();
            staleness.record(oldest.map_or(0, |event| (self.engine.now - events[event].published).0));
        }
        Next::On
    }

    /// The staleness of all reads; none without views.
    pub(crate) fn staleness(&mut self) -> Option<Histogram> {
        (!self.system.views.is_empty()).then(|| std::mem::take(&mut self.views.staleness))
    }
}
