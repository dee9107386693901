//! What a run records of each interval of its timeline beside the counts of requests, where a load asks for it: response
//! times, failures by cause, how much of each resource was in use and how many waited for it, and what happened to
//! replicas and breakers, with its time.

use crate::kernel::Time;
use crate::statistics::histogram::{Histogram, Packed};

use crate::engine::token::Failure;
use crate::parts::mark::{Mark, Marks};
use crate::parts::resource::{ResourceKind, ResourceUse};

/// See the module. All lists but `marks` have a place for each interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// Response times of the successes that ended in the interval, in nanoseconds; from the first try on.
    pub times: Vec<Packed>,
    /// Failures by cause; clients that gave up are among them.
    pub failures: Vec<(String, Vec<u32>)>,
    /// The resources, in the order of the reports.
    pub levels: Vec<Level>,
    /// What happened to replicas and breakers.
    pub marks: Marks,
    /// The response times of the last interval in which any ended, and which that is.
    open: (usize, Histogram),
    by_cause: Vec<(Failure, Vec<u32>)>,
    /// What the resources had come to since their counters were reset, up to `sampled`.
    before: Vec<Areas>,
    sampled: Time,
    most: usize,
}

/// A resource over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// As reports name it.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Whether it has a capacity.
    pub is_limited: bool,
    /// In each interval.
    pub areas: Vec<Areas>,
}

/// What a resource comes to over a time, in units times nanoseconds, over all its instances.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Areas {
    /// Units in use.
    pub in_use: f64,
    /// Units that there are; zero where there is no limit.
    pub capacity: f64,
    /// Requests, jobs or messages that wait for it.
    pub queue: f64,
}

impl Areas {
    fn of(used: &ResourceUse, span: Time) -> Self {
        let over = |mean: f64| mean * span.0 as f64;
        Self { in_use: over(used.in_use), capacity: over(used.capacity.unwrap_or(0.0)), queue: over(used.queue) }
    }

    fn add(&mut self, other: Self) {
        self.in_use += other.in_use;
        self.capacity += other.capacity;
        self.queue += other.queue;
    }

    fn since(self, before: Self) -> Self {
        Self {
            in_use: self.in_use - before.in_use,
            capacity: self.capacity - before.capacity,
            queue: self.queue - before.queue,
        }
    }
}

impl Recording {
    /// An empty one, of at most this number of intervals.
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Intervals at most.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// A request has succeeded in this interval.
    pub(crate) fn succeeded(&mut self, interval: usize, response: Time) {
        if self.open.0 != interval {
            self.pack();
            self.open.0 = interval;
        }
        self.open.1.record(response.0);
    }

    /// A request has failed in this interval.
    pub(crate) fn failed(&mut self, interval: usize, failure: Failure) {
        let known = self.by_cause.iter().position(|(cause, _)| *cause == failure);
        let place = known.unwrap_or_else(|| {
            self.by_cause.push((failure, Vec::new()));
            self.by_cause.len() - 1
        });
        let counts = &mut self.by_cause[place].1;
        if counts.len() <= interval {
            counts.resize(interval + 1, 0);
        }
        counts[interval] += 1;
    }

    /// Up to when the resources have been looked at.
    pub(crate) fn sampled(&self) -> Time {
        self.sampled
    }

    /// The resources as means over this span, which goes from the last reset of their counters to this time; no interval of
    /// this length has ended since they were looked at last.
    pub(crate) fn sample(&mut self, now: Time, length: Time, uses: &[ResourceUse], span: Time) {
        let interval = (now.0.saturating_sub(1) / length.0) as usize;
        if self.levels.is_empty() {
            let level = |used: &ResourceUse| Level {
                name: String::new(),
                kind: used.kind,
                is_limited: used.capacity.is_some(),
                areas: Vec::new(),
            };
            self.levels = uses.iter().map(level).collect();
        }
        self.before.resize(uses.len(), Areas::default());
        for ((level, used), before) in self.levels.iter_mut().zip(uses).zip(&mut self.before) {
            let all = Areas::of(used, span);
            if level.areas.len() <= interval {
                level.areas.resize(interval + 1, Areas::default());
            }
            level.areas[interval].add(all.since(*before));
            level.is_limited |= used.capacity.is_some();
            *before = all;
        }
        self.sampled = now;
    }

    /// The counters of the resources are reset.
    pub(crate) fn reset_levels(&mut self) {
        self.before.clear();
    }

    /// Names the resources and the causes.
    pub(crate) fn name(&mut self, uses: Vec<ResourceUse>, reasons: &[String]) {
        for (level, used) in self.levels.iter_mut().zip(uses) {
            level.name = used.name;
        }
        self.by_cause.sort_by_key(|(cause, _)| cause.index());
        let named = |(cause, counts): (Failure, Vec<u32>)| (cause.describe(reasons), counts);
        self.failures = std::mem::take(&mut self.by_cause).into_iter().map(named).collect();
    }

    fn pack(&mut self) {
        let (interval, times) = (self.open.0, std::mem::take(&mut self.open.1));
        if times.count() == 0 {
            return;
        }
        if self.times.len() <= interval {
            self.times.resize(interval + 1, Packed::default());
        }
        let place = &mut self.times[interval];
        *place = merged(place, &times.pack());
    }

    /// Makes the intervals twice as long.
    pub(super) fn coarsen(&mut self) {
        self.pack();
        self.open.0 /= 2;
        self.times =
            self.times.chunks(2).map(|pair| merged(&pair[0], pair.get(1).unwrap_or(&Packed::default()))).collect();
        let counts = self.by_cause.iter_mut().map(|(_, counts)| counts);
        for counts in counts.chain(self.failures.iter_mut().map(|(_, counts)| counts)) {
            *counts = counts.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        for level in &mut self.levels {
            let sum = |pair: &[Areas]| {
                pair.iter().fold(Areas::default(), |mut sum, areas| {
                    sum.add(*areas);
                    sum
                })
            };
            level.areas = level.areas.chunks(2).map(sum).collect();
        }
    }

    /// The run has ended after `count` intervals. What happened at the very end belongs to the last.
    pub(super) fn close(&mut self, count: usize) {
        self.pack();
        while self.times.len() > count.max(1) {
            let Some(last) = self.times.pop() else { break };
            if let Some(before) = self.times.last_mut() {
                *before = merged(before, &last);
            }
        }
        self.times.resize(count, Packed::default());
        for (_, counts) in &mut self.failures {
            fit(counts, count);
        }
        for level in &mut self.levels {
            level.areas.resize(count, Areas::default());
        }
    }

    /// Something has happened to a replica or a breaker.
    pub(crate) fn mark(&mut self, mark: Mark) {
        self.marks.add(mark);
    }
}

fn fit(counts: &mut Vec<u32>, count: usize) {
    while counts.len() > count.max(1) {
        let last = counts.pop().unwrap_or(0);
        if let Some(before) = counts.last_mut() {
            *before += last;
        }
    }
    counts.resize(count, 0);
}

fn merged(one: &Packed, other: &Packed) -> Packed {
    match (one.count(), other.count()) {
        (0, _) => other.clone(),
        (_, 0) => one.clone(),
        _ => {
            let mut both = one.unpack();
            both.merge_packed(other);
            both.pack()
        }
    }
}
