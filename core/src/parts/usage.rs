//! The figures of a resource, summed over its instances.

use std::collections::BTreeMap;

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;

use crate::engine::population::QueueStatistics;
use crate::parts::resource::{ResourceKind, ResourceUse};

/// The part of a window that a resource's figures are of, from the opening on.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    length: Time,
    /// Whether the resources' names are wanted as well.
    is_named: bool,
}

impl Span {
    pub fn of(length: Time) -> Self {
        Self { length, is_named: true }
    }

    /// The same where names are not wanted: to make them costs more than to read the figures.
    pub fn unnamed(length: Time) -> Self {
        Self { length, is_named: false }
    }
}

/// A resource's figures, summed over its instances.
pub(crate) struct Sum {
    pub use_: ResourceUse,
    /// Of the window, in nanoseconds; at least one.
    length: f64,
    /// Of the window.
    window: Time,
    instances: u32,
    /// Nanoseconds that visits waited within the window, all together.
    waits: f64,
    lookups: u64,
    hits: u64,
}

/// What orders the rows: those of each service, those of machines, those of the whole system.
type RowOrder = (u8, u32, ResourceKind, u32);

/// The rows of the reports, in their order.
pub(crate) struct Rows {
    span: Span,
    /// By process: the share of the window in which its replica was up.
    up: Vec<f64>,
    rows: BTreeMap<RowOrder, Sum>,
}

impl Rows {
    /// None yet, for this part of a window. `down`: by process, since when and for how long its replica was down.
    pub fn new<'a>(span: Span, now: Time, down: impl Iterator<Item = &'a TimeWeighted>) -> Self {
        let up = down.map(|down| share_up(down, now, nanoseconds(span.length))).collect();
        Self { span, up, rows: BTreeMap::new() }
    }

    /// The share of the window in which a process's replica was up.
    pub fn up(&self, process: u32) -> f64 {
        self.up[process as usize]
    }

    /// The row of a service's resource of this kind, and of those the one with this number.
    pub fn of_service(
        &mut self,
        service: u32,
        kind: ResourceKind,
        number: u32,
        name: impl FnOnce() -> String,
    ) -> &mut Sum {
        self.row((0, service, kind, number), name)
    }

    /// The row of a machine.
    pub fn of_machine(&mut self, machine: u32, name: impl FnOnce() -> String) -> &mut Sum {
        self.row((1, machine, ResourceKind::Cpu, 0), name)
    }

    /// The row of the system's resource of this kind with this number.
    pub fn of_system(&mut self, kind: ResourceKind, number: u32, name: impl FnOnce() -> String) -> &mut Sum {
        self.row((2, 0, kind, number), name)
    }

    fn row(&mut self, place: RowOrder, name: impl FnOnce() -> String) -> &mut Sum {
        let span = self.span;
        self.rows.entry(place).or_insert_with(|| Sum::new(name, place.2, span))
    }

    /// All of them.
    pub fn finish(self) -> Vec<ResourceUse> {
        self.rows.into_values().map(Sum::finish).collect()
    }
}

impl Sum {
    fn new(name: impl FnOnce() -> String, kind: ResourceKind, span: Span) -> Self {
        let length = span.length;
        let use_ = ResourceUse {
            name: if span.is_named { name() } else { String::new() },
            kind,
            capacity: Some(0.0),
            in_use: 0.0,
            utilisation: 0.0,
            peak_utilisation: 0.0,
            visits: 0,
            refused: 0,
            opened: None,
            queue: 0.0,
            longest_queue: 0,
            wait_s: 0.0,
            waited: None,
            hit_ratio: None,
        };
        Self { use_, length: nanoseconds(length), window: length, instances: 0, waits: 0.0, lookups: 0, hits: 0 }
    }

    /// An instance of which so much was in use, of so much.
    pub fn add(&mut self, in_use: f64, capacity: Option<f64>) {
        self.instances += 1;
        self.use_.in_use += in_use;
        self.use_.capacity = self.use_.capacity.zip(capacity).map(|(sum, one)| sum + one);
        if let Some(capacity) = capacity.filter(|&capacity| capacity > 0.0) {
            self.use_.peak_utilisation = self.use_.peak_utilisation.max(share(in_use, capacity));
        }
    }

    /// The share of the window in which an instance's replica is up.
    pub fn up(&self, down: &TimeWeighted, now: Time) -> f64 {
        share_up(down, now, self.length)
    }

    pub fn gauge(&mut self, gauge: &TimeWeighted, now: Time, capacity: Option<f64>) {
        self.add(gauge.area(now) as f64 / self.length, capacity);
    }

    /// Nanoseconds as a mean over the window.
    pub fn mean(&self, nanoseconds: f64) -> f64 {
        nanoseconds / self.length
    }

    /// An instance before which so many waited in the mean, and at most.
    pub fn queued(&mut self, mean: f64, longest: u32) {
        self.queue(mean, longest);
        self.waits += mean * self.length;
    }

    /// An instance before which visits waited for so many nanoseconds all together, and so many at most.
    pub fn queued_for(&mut self, nanoseconds: f64, longest: u32) {
        self.queue(nanoseconds / self.length, longest);
        self.waits += nanoseconds;
    }

    fn queue(&mut self, mean: f64, longest: u32) {
        self.use_.queue += mean;
        self.use_.longest_queue = self.use_.longest_queue.max(longest);
    }

    /// So many lookups of a cache, and of those so many that found what they looked for.
    pub fn lookups(&mut self, lookups: u64, hits: u64) {
        self.lookups += lookups;
        self.hits += hits;
    }

    /// The mean of a level over the window, exact where it does not change.
    pub fn level(&self, gauge: &TimeWeighted, now: Time) -> f64 {
        let (area, level) = (gauge.area(now), gauge.level());
        let is_constant = area == u128::from(level) * u128::from(self.window.0);
        if is_constant { f64::from(level) } else { area as f64 / self.length }
    }

    /// Who waits for an instance. Those who wait now are visits, too.
    pub fn waiting(&mut self, population: &QueueStatistics, now: Time) {
        self.use_.visits += u64::from(population.gauge.level());
        self.use_.queue += population.gauge.area(now) as f64 / self.length;
        self.use_.longest_queue = self.use_.longest_queue.max(population.gauge.peak());
        self.waits += population.gauge.area(now) as f64;
        *self.use_.waited.get_or_insert(0) += population.delayed + u64::from(population.gauge.level());
    }

    fn finish(mut self) -> ResourceUse {
        match self.use_.capacity {
            Some(capacity) if capacity > 0.0 => self.use_.utilisation = share(self.use_.in_use, capacity),
            // All instances are down all the time.
            Some(_) if self.instances > 0 => {}
            _ => self.use_.capacity = None,
        }
        self.use_.hit_ratio = (self.lookups > 0).then(|| self.hits as f64 / self.lookups as f64);
        if self.use_.visits > 0 {
            self.use_.wait_s = self.waits / self.use_.visits as f64 / 1e9;
        }
        self.use_
    }
}

/// The share of the capacity that is in use: all of it where units are held that a fault has taken away.
fn share(in_use: f64, capacity: f64) -> f64 {
    (in_use / capacity).min(1.0)
}

fn share_up(down: &TimeWeighted, now: Time, length: f64) -> f64 {
    1.0 - down.area(now) as f64 / length
}

/// Of a window; at least one.
fn nanoseconds(length: Time) -> f64 {
    (length.0 as f64).max(1.0)
}
