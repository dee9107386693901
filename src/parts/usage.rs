//! The figures of a resource, summed over its instances.

use crate::kernel::Time;
use crate::kernel::gauge::Gauge;

use crate::engine::population::Population;
use crate::parts::compute::cpu::Cpu;
use crate::parts::compute::gil::Gil;
use crate::parts::held::slots::Slots;
use crate::parts::outcome::{ResourceKind, ResourceUse};

/// The part of a window that a resource's figures are of, from the opening on.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub length: Time,
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
    pub length: f64,
    /// Of the window.
    pub window: Time,
    instances: u32,
    /// Nanoseconds that visits waited within the window, all together.
    waits: f64,
}

impl Sum {
    pub fn new(name: impl FnOnce() -> String, kind: ResourceKind, span: Span) -> Self {
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
            queue: 0.0,
            longest_queue: 0,
            wait_s: 0.0,
            waited: None,
            hit_ratio: None,
        };
        Self { use_, length: (length.0 as f64).max(1.0), window: length, instances: 0, waits: 0.0 }
    }

    fn add(&mut self, in_use: f64, capacity: Option<f64>) {
        self.instances += 1;
        self.use_.in_use += in_use;
        self.use_.capacity = self.use_.capacity.zip(capacity).map(|(sum, one)| sum + one);
        if let Some(capacity) = capacity.filter(|&capacity| capacity > 0.0) {
            self.use_.peak_utilisation = self.use_.peak_utilisation.max(share(in_use, capacity));
        }
    }

    /// The share of the window in which an instance's replica is up.
    pub fn up(&self, down: &Gauge, now: Time) -> f64 {
        1.0 - down.area(now) as f64 / self.length
    }

    pub fn gauge(&mut self, gauge: &Gauge, now: Time, capacity: Option<f64>) {
        self.add(gauge.area(now) as f64 / self.length, capacity);
    }

    pub(crate) fn cpu(&mut self, cpu: &Cpu, now: Time, cores: Option<f64>) {
        // A quota that is used up at the start of its period may exceed its share of a window that ends within the
        // period.
        let (used, stood) = cpu.used_and_stood(now);
        let most = if stood.is_some() { cores } else { None };
        let used = used / self.length;
        self.add(most.map_or(used, |most| used.min(most)), cores);
        let jobs = cpu.at_work.area(now) as f64 / self.length;
        let queue = (jobs - used).max(0.0);
        self.use_.queue += queue;
        self.use_.longest_queue = self.use_.longest_queue.max(cpu.at_work.peak());
        self.use_.visits += cpu.finished() + u64::from(cpu.at_work.level());
        self.waits += queue * self.length;
    }

    /// Of an interpreter lock, what it was held and waited for.
    pub(crate) fn lock(&mut self, lock: &Gil, now: Time, up: f64) {
        self.gauge(&lock.held, now, Some(up));
        let waits = lock.wanted.area(now).saturating_sub(lock.held.area(now)) as f64;
        self.use_.queue += waits / self.length;
        self.use_.longest_queue = self.use_.longest_queue.max(lock.wanted.peak().saturating_sub(1));
        self.use_.visits += lock.finished + u64::from(lock.wanted.level());
        self.waits += waits;
    }

    /// An instance that was in use for so many nanoseconds.
    pub(crate) fn time(&mut self, nanoseconds: f64) {
        self.add(nanoseconds / self.length, Some(1.0));
    }

    pub(crate) fn slots(&mut self, slots: &Slots, now: Time) {
        self.gauge(&slots.used, now, (slots.full_size < u32::MAX).then(|| self.mean(&slots.sizes, now)));
        self.waiting(&slots.queue.population, now);
        self.use_.visits += slots.grants + slots.left_without;
        self.use_.refused += slots.shed;
    }

    /// The mean of a level over the window, exact where it does not change.
    fn mean(&self, gauge: &Gauge, now: Time) -> f64 {
        let (area, level) = (gauge.area(now), gauge.level());
        let is_constant = area == u128::from(level) * u128::from(self.window.0);
        if is_constant { f64::from(level) } else { area as f64 / self.length }
    }

    /// Who waits for an instance. Those who wait now are visits, too.
    pub fn waiting(&mut self, population: &Population, now: Time) {
        self.use_.visits += u64::from(population.gauge.level());
        self.use_.queue += population.gauge.area(now) as f64 / self.length;
        self.use_.longest_queue = self.use_.longest_queue.max(population.gauge.peak());
        self.waits += population.gauge.area(now) as f64;
        *self.use_.waited.get_or_insert(0) += population.delayed + u64::from(population.gauge.level());
    }

    pub fn finish(mut self) -> ResourceUse {
        match self.use_.capacity {
            Some(capacity) if capacity > 0.0 => self.use_.utilisation = share(self.use_.in_use, capacity),
            // All instances are down all the time.
            Some(_) if self.instances > 0 => {}
            _ => self.use_.capacity = None,
        }
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
