//! Views: the read side of CQRS, fed by events.
//!
//! An event waits for its view from its publication until a handler of the view's consumer applies it (`project`). A
//! reader meets the view as old as the oldest event that is still to be applied: that age is the *staleness* of the
//! read, zero if there is none. With events that come at random and are applied one after the other by one process it
//! has the mean wait of that queue (the mean age of the customer in service, zero without one, is the mean work in
//! system by Little's law for ages, and with Poisson arrivals that is the wait).

use crate::kernel::list::{Linked, Links, List};
use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};
use crate::statistics::histogram::Histogram;

use super::interpreter::Next;
use super::observe::{Span, Sum};
use super::outcome::{ResourceKind, ResourceUse};
use super::population::Population;
use super::world::World;

/// An event that is still to be applied.
#[derive(Clone, Copy, Debug)]
struct Pending {
    links: Links,
    published: Time,
    view: u32,
}

impl Linked for Pending {
    fn links(&self) -> Links {
        self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// A view's state.
#[derive(Clone, Copy, Debug, Default)]
struct View {
    /// Events to be applied, in the order of their publication.
    pending: List,
    population: Population,
}

/// All views of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Views {
    views: Vec<View>,
    events: Slab<Pending>,
    /// Of all reads.
    staleness: Histogram,
}

impl Views {
    pub fn new(count: usize) -> Self {
        Self { views: vec![View::default(); count], ..Self::default() }
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        for view in &mut self.views {
            view.population.reset(now);
        }
        self.staleness = Histogram::new();
    }

    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl World<'_> {
    /// An event is published for the view that a consumer feeds, if it feeds one.
    pub(super) fn expect_event(&mut self, view: Option<u32>) -> u32 {
        let Some(view) = view else { return NONE };
        let (now, Views { views, events, .. }) = (self.now, &mut self.views);
        let event = events.insert(Pending { links: Links::default(), published: now, view });
        let state = &mut views[view as usize];
        state.pending.push(events, event);
        state.population.enter(now);
        event
    }

    /// The event has been applied, or never will be; [`NONE`] is let pass.
    pub(super) fn end_event(&mut self, event: u32) {
        if event == NONE {
            return;
        }
        let (now, Views { views, events, .. }) = (self.now, &mut self.views);
        let Pending { published, view, .. } = events[event];
        let state = &mut views[view as usize];
        state.pending.remove(events, event);
        events.remove(event);
        state.population.leave(now, published);
    }

    /// The message that the token handles is applied to its view.
    #[inline(never)]
    pub(super) fn project(&mut self, t: u32) -> Next {
        self.tokens[t].pc += 1;
        let event = self.take_event(t);
        self.end_event(event);
        Next::On
    }

    /// The token reads the view.
    #[inline(never)]
    pub(super) fn read_view(&mut self, t: u32, view: u32) -> Next {
        self.tokens[t].pc += 1;
        if self.tally.on {
            let Views { views, events, staleness } = &mut self.views;
            let oldest = views[view as usize].pending.first();
            staleness.record(oldest.map_or(0, |event| (self.now - events[event].published).0));
        }
        Next::On
    }

    /// The staleness of all reads; none without views.
    pub(super) fn staleness(&mut self) -> Option<Histogram> {
        (!self.system.views.is_empty()).then(|| std::mem::take(&mut self.views.staleness))
    }

    /// Events that waited to be applied, and how long until they were.
    pub(super) fn view_use(&self, view: usize, span: Span) -> ResourceUse {
        let state = &self.views.views[view];
        let mut sum = Sum::new(|| format!("view {}", self.system.views[view].name), ResourceKind::View, span);
        sum.waiting(&state.population, self.now);
        sum.use_.visits += state.population.left;
        sum.finish()
    }

    /// The laws that views have broken.
    pub(super) fn broken_by_views(&self, broken: &mut Vec<String>) {
        for (state, plan) in self.views.views.iter().zip(&self.system.views) {
            if let Some((area, stays)) = state.population.broken_law(self.now) {
                broken.push(format!("Little's law at view {}: {area} over time, {stays} over events", plan.name));
            }
        }
    }
}
