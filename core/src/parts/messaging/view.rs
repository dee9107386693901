//! Views: the read side of CQRS, fed by events.
//!
//! An event waits for its view from its publication until a handler of the view's consumer applies it (`project`). A
//! reader meets the view as old as the oldest event that is still to be applied: that age is the *staleness* of the
//! read, zero if there is none. With events that come at random and are applied one after the other by one process it
//! has the mean wait of that queue (the mean age of the customer in service, zero without one, is the mean work in
//! system by Little's law for ages, and with Poisson arrivals that is the wait).

use crate::kernel::Time;
use crate::kernel::list::{Linked, Links, List};
use crate::kernel::slab::Slab;
use crate::statistics::histogram::Histogram;

use crate::engine::population::QueueStatistics;
use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

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
    population: QueueStatistics,
}

/// All views of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views {
    views: Vec<View>,
    events: Slab<Pending>,
    /// Of all reads.
    pub staleness: Histogram,
}

impl Views {
    pub fn new(count: usize) -> Self {
        Self { views: vec![View::default(); count], ..Self::default() }
    }

    /// An event is published that a view is to apply.
    pub fn expect(&mut self, now: Time, view: u32) -> u32 {
        let event = self.events.insert(Pending { links: Links::default(), published: now, view });
        let state = &mut self.views[view as usize];
        state.pending.push(&mut self.events, event);
        state.population.enter(now);
        event
    }

    /// An event has been applied, or never will be.
    pub fn end(&mut self, now: Time, event: u32) {
        let Pending { published, view, .. } = self.events[event];
        let state = &mut self.views[view as usize];
        state.pending.remove(&mut self.events, event);
        self.events.remove(event);
        state.population.leave(now, published);
    }

    /// A view is read.
    pub fn read(&mut self, now: Time, view: u32) {
        let oldest = self.views[view as usize].pending.first();
        self.staleness.record(oldest.map_or(0, |event| (now - self.events[event].published).0));
    }
}

impl Part for Views {
    fn reset(&mut self, now: Time) {
        for view in &mut self.views {
            view.population.reset(now);
        }
        self.staleness = Histogram::new();
    }

    /// Events that waited to be applied, and how long until they were.
    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        for ((number, plan), view) in (0..).zip(&system.views).zip(&self.views) {
            let sum = rows.of_system(ResourceKind::View, number, || format!("view {}", plan.name));
            sum.waiting(&view.population, now);
            sum.use_.visits += view.population.left;
        }
    }

    fn laws(&mut self, Moment { system, now }: Moment, broken: &mut Vec<String>) {
        for (view, plan) in self.views.iter().zip(&system.views) {
            view.population.check(now, broken, || format!("view {}", plan.name));
        }
    }

    fn is_at_rest(&self) -> bool {
        self.events.is_empty()
    }
}
