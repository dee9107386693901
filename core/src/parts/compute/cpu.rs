//! A CPU that its jobs share: processor sharing under a limit.
//!
//! All jobs progress at the same rate: with `n` jobs on `c` cores, `min(1, c / n)`, divided by `1 + slowdown * n` where
//! jobs get in each other's way (Gunther 1993: the contention that grows with the number at work). Progress is kept as
//! *virtual time*, the work that any one job has got since the CPU was last idle, so that an arrival or a departure
//! changes a rate and not `n` remaining times (as in the GPS systems of Parekh and Gallager 1993). A limit below one
//! core per job acts smoothly, or as a quota in each period.

mod losses;

use crate::kernel::calendar::{Calendar, Serial};
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::time::Time;

use crate::parts::compute::throttle::Throttle;
use crate::parts::usage::Sum;

/// A number that is not negative, rounded up. `f64::ceil` is a call of the C library, which with the conversion takes 26
/// instructions; through `i64` it is the conversion that processors have.
#[inline]
fn round_up(number: f64) -> u64 {
    if number < 9e18 {
        let whole = number as i64;
        (whole + i64::from((whole as f64) < number)) as u64
    } else {
        number as u64
    }
}

/// Jobs whose remaining work is below this many nanoseconds are done: the rounding of event times to whole nanoseconds.
const DONE: f64 = 1e-2;

#[derive(Clone, Copy, Debug)]
struct CpuJob {
    /// Virtual time at which it is done.
    finish: f64,
    /// Order of arrival: decides ties.
    order: u64,
    token: u32,
}

impl CpuJob {
    fn before(&self, other: &Self) -> bool {
        self.finish < other.finish || self.finish == other.finish && self.order < other.order
    }
}

/// Cores shared by jobs.
#[derive(Clone, Debug)]
pub struct Cpu {
    cores: f64,
    slowdown: f64,
    /// Share of its usual speed at which each job runs.
    speed: f64,
    /// Work that each job at work gets in a nanosecond, as planned.
    rate: f64,
    /// Growth of a demand with each pair of jobs at work.
    coherence: f64,
    throttle: Option<Box<Throttle>>,
    /// Calendar slot of this CPU's events.
    slot: u32,
    /// Heap, the next to finish first.
    jobs: Vec<CpuJob>,
    arrivals: u64,
    virtual_time: f64,
    updated: Time,
    /// Of the next completion, as scheduled.
    event: Serial,
    due: f64,
    /// Jobs at work.
    pub at_work: TimeWeighted,
    /// Core-nanoseconds used since the last reset.
    used: f64,
    /// Of those, what went by without work being done, because the machine was slow; below zero where it was fast.
    lost: f64,
    /// Work asked for since the last reset, in nanoseconds.
    asked: f64,
    finished: u64,
    /// Work that was asked for and taken back since the last reset, in nanoseconds.
    withdrawn: f64,
    /// Work that the jobs at work still had to do at the last reset.
    carried: f64,
    /// Nanoseconds that each job at work has lost so far: to others in its way, to slowness, to the want of quota.
    /// None where none can be lost, or no account asks.
    lost_by_job: Option<Box<[f64; 4]>>,
    /// Whether accounts are kept, which ask for what jobs lose.
    keeps_losses: bool,
}

impl Cpu {
    /// A CPU with this number of cores (infinite is allowed); its events use calendar slot `slot`.
    pub fn new(cores: f64, slowdown: f64, slot: u32) -> Self {
        Self {
            cores,
            slowdown,
            speed: 1.0,
            rate: 1.0,
            coherence: 0.0,
            throttle: None,
            slot,
            jobs: Vec::new(),
            arrivals: 0,
            virtual_time: 0.0,
            updated: Time::ZERO,
            event: 0,
            due: 0.0,
            at_work: TimeWeighted::default(),
            used: 0.0,
            lost: 0.0,
            asked: 0.0,
            finished: 0,
            withdrawn: 0.0,
            carried: 0.0,
            lost_by_job: None,
            keeps_losses: false,
        }
    }

    /// The same with this growth of a demand with each pair of jobs at work.
    pub fn with_coherence(mut self, coherence: f64) -> Self {
        self.coherence = coherence;
        self
    }

    /// The same on a node with this number of cores, under a quota of the CPU's own cores in each period.
    pub fn throttled(mut self, node: f64, period: Time) -> Self {
        self.throttle = Some(Box::new(Throttle::new(self.cores, period)));
        self.cores = node;
        self
    }

    /// Rate of each job with `n` at work.
    fn rate_of(&self, n: usize) -> f64 {
        let n = n as f64;
        self.speed * (self.cores / n).min(1.0) / (1.0 + n * (self.slowdown + self.coherence * (n - 1.0)))
    }

    #[inline]
    fn advance(&mut self, now: Time) {
        if self.lost_by_job.is_some() {
            return self.advance_with_losses(now);
        }
        self.run_until(now);
    }

    #[inline(always)]
    fn run_until(&mut self, now: Time) {
        let n = self.jobs.len();
        let since = std::mem::replace(&mut self.updated, now);
        // A stopped process uses no core; a slow one uses it for less.
        if n > 0 && self.speed > 0.0 {
            let elapsed = match &mut self.throttle {
                None => (now - since).0 as f64,
                Some(throttle) => throttle.run(now, self.cores.min(n as f64)),
            };
            self.virtual_time += elapsed * self.rate;
            let used = elapsed * self.cores.min(n as f64);
            self.used += used;
            if self.speed != 1.0 {
                self.lost += used * (1.0 - self.speed);
            }
        } else if let Some(throttle) = &mut self.throttle {
            throttle.run(now, 0.0);
        }
    }

    /// A job of `work` nanoseconds begins.
    pub fn start(&mut self, calendar: &mut Calendar, now: Time, token: u32, work: Time) {
        self.advance(now);
        if self.jobs.is_empty() {
            self.virtual_time = 0.0;
        }
        self.at_work.up(now);
        self.asked += work.0 as f64;
        self.arrivals += 1;
        let job = CpuJob { finish: self.virtual_time + work.0 as f64, order: self.arrivals, token };
        self.jobs.push(job);
        self.rise(self.jobs.len() - 1);
        self.plan(calendar, now);
    }

    /// The CPU's event came up: appends the tokens whose jobs are done, in the order of their completion.
    pub fn complete(&mut self, calendar: &mut Calendar, now: Time, serial: Serial, done: &mut Vec<u32>) {
        if serial != self.event {
            calendar.buried();
            return;
        }
        self.event = 0;
        self.advance(now);
        while self.jobs.first().is_some_and(|job| job.finish <= self.virtual_time + DONE) {
            done.push(self.remove_at(0).token);
            self.at_work.down(now);
            self.finished += 1;
        }
        self.plan(calendar, now);
    }

    /// Takes a token's job away before it is done; the work that was left.
    pub fn cancel(&mut self, calendar: &mut Calendar, now: Time, token: u32) -> f64 {
        self.advance(now);
        let Some(index) = self.jobs.iter().position(|job| job.token == token) else { return 0.0 };
        let job = self.remove_at(index);
        let left = job.finish - self.virtual_time;
        self.asked -= left;
        self.withdrawn += left;
        self.at_work.down(now);
        self.plan(calendar, now);
        left
    }

    /// From now on jobs run at this multiple of their usual speed: below 1 where the machine is slow, 0 where the
    /// processes are stopped.
    pub fn set_speed(&mut self, calendar: &mut Calendar, now: Time, speed: f64) {
        self.advance(now);
        if speed != 1.0 && self.keeps_losses {
            self.lost_by_job.get_or_insert_default();
        }
        self.speed = speed;
        self.plan(calendar, now);
    }

    /// A token's job becomes that of another token.
    pub fn hand_over(&mut self, from: u32, to: u32) {
        self.jobs.iter_mut().filter(|job| job.token == from).for_each(|job| job.token = to);
    }

    /// Schedules the next completion, unless the one that is scheduled is still right.
    fn plan(&mut self, calendar: &mut Calendar, now: Time) {
        let Some(next) = self.jobs.first() else {
            self.disown(calendar);
            return;
        };
        let remaining = (next.finish - self.virtual_time).max(0.0);
        self.rate = self.rate_of(self.jobs.len());
        if self.speed == 0.0 {
            self.disown(calendar);
            return;
        }
        let delay = self.delay(remaining);
        let due = now.0 as f64 + delay;
        if self.event != 0 && (due - self.due).abs() < 0.25 {
            return;
        }
        self.disown(calendar);
        self.due = due;
        let delay = round_up(delay).max(u64::from(remaining > DONE));
        self.event = calendar.schedule(now + Time(delay), self.slot);
    }

    /// How long the first job takes for this work, as things are.
    #[inline]
    fn delay(&self, work: f64) -> f64 {
        let delay = work / self.rate;
        match &self.throttle {
            None => delay,
            Some(throttle) => throttle.delay(delay, self.cores.min(self.jobs.len() as f64)),
        }
    }

    /// The work that any one job has got since the CPU was last idle.
    pub fn progress(&mut self, now: Time) -> f64 {
        self.advance(now);
        self.virtual_time
    }

    /// Core-nanoseconds used since the last reset, and nanoseconds for which jobs have stood for want of quota, if there
    /// is one. It changes nothing, so that the number of looks at a CPU does not show in the rounding of its work.
    pub fn used_and_stood(&self, now: Time) -> (f64, Option<f64>) {
        let n = self.jobs.len() as f64;
        let mut throttle = self.throttle.as_deref().copied();
        let mut used = self.used;
        if n > 0.0 && self.speed > 0.0 {
            let since = (now - self.updated).0 as f64;
            let cores = self.cores.min(n);
            used += cores * throttle.as_mut().map_or(since, |throttle| throttle.run(now, cores));
        }
        (used, throttle.map(|throttle| throttle.stood))
    }

    fn disown(&mut self, calendar: &mut Calendar) {
        if self.event != 0 {
            self.event = 0;
            calendar.cancelled();
        }
    }

    /// Whether this event is the one that the CPU waits for.
    pub fn awaits(&self, serial: Serial) -> bool {
        self.event == serial
    }

    /// Core-nanoseconds used since the last reset.
    pub fn used(&mut self, now: Time) -> f64 {
        self.advance(now);
        self.used
    }

    /// Jobs finished since the last reset.
    pub fn finished(&self) -> u64 {
        self.finished
    }

    /// Starts counting afresh (the end of a warm-up).
    pub fn reset(&mut self, now: Time) {
        self.advance(now);
        self.at_work.reset(now);
        if let Some(throttle) = &mut self.throttle {
            throttle.stood = 0.0;
        }
        (self.used, self.lost, self.asked, self.finished, self.carried) = (0.0, 0.0, 0.0, 0, self.remaining());
        self.withdrawn = 0.0;
    }

    /// Work that the jobs at work still have to do.
    fn remaining(&self) -> f64 {
        self.jobs.iter().map(|job| (job.finish - self.virtual_time).max(0.0)).sum()
    }

    /// Both sides of the utilisation law if they differ: the core-nanoseconds used, and the work that was done for
    /// them. Where jobs slow each other down a core-nanosecond does less than that, and nothing is compared.
    pub fn broken_law(&mut self, now: Time) -> Option<(f64, f64)> {
        let used = self.used(now) - self.lost;
        let done = self.asked + self.carried - self.remaining();
        // Each job's end is rounded up to a whole nanosecond, and sums of work are as exact as the largest of them: a job
        // of years that is killed leaves the rounding of years behind.
        let largest = used.max(self.asked + self.carried);
        let rounding = 4.0 * f64::EPSILON * self.withdrawn;
        let tolerance = 1e-9 * largest + rounding + 1.0 + 2.0 * self.cores.min(64.0) * (self.finished + 1) as f64;
        (self.slowdown == 0.0 && self.coherence == 0.0 && (used - done).abs() > tolerance).then_some((used, done))
    }

    /// Adds what it did in the window to a row. `cores`: what it has at most, where that is bounded.
    pub fn add_to(&self, sum: &mut Sum, now: Time, cores: Option<f64>) {
        // A quota that is used up at the start of its period may exceed its share of a window that ends within the
        // period.
        let (used, stood) = self.used_and_stood(now);
        let most = if stood.is_some() { cores } else { None };
        let used = sum.mean(used);
        sum.add(most.map_or(used, |most| used.min(most)), cores);
        let jobs = sum.mean(self.at_work.area(now) as f64);
        sum.queued((jobs - used).max(0.0), self.at_work.peak());
        sum.use_.visits += self.finished() + u64::from(self.at_work.level());
    }

    fn rise(&mut self, mut index: usize) {
        while index > 0 {
            let parent = (index - 1) / 2;
            if !self.jobs[index].before(&self.jobs[parent]) {
                break;
            }
            self.jobs.swap(index, parent);
            index = parent;
        }
    }

    fn remove_at(&mut self, index: usize) -> CpuJob {
        let job = self.jobs.swap_remove(index);
        if index < self.jobs.len() {
            if index > 0 {
                self.rise(index);
            }
            self.sink(index);
        }
        job
    }

    fn sink(&mut self, mut index: usize) {
        let jobs = &mut self.jobs[..];
        while let Some(left) = jobs.get(2 * index + 1) {
            let mut least = 2 * index + 1;
            if jobs.get(least + 1).is_some_and(|right| right.before(left)) {
                least += 1;
            }
            if !jobs[least].before(&jobs[index]) {
                break;
            }
            jobs.swap(index, least);
            index = least;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs jobs `(start, work)` in milliseconds and tells when each is done.
    fn run(cores: f64, slowdown: f64, jobs: &[(u64, u64)]) -> Vec<(u32, u64)> {
        let (mut cpu, mut calendar) = (Cpu::new(cores, slowdown, 0), Calendar::default());
        for (token, &(start, _)) in jobs.iter().enumerate() {
            calendar.schedule(Time(start * 1_000_000), token as u32 + 1);
        }
        let (mut ends, mut done) = (Vec::new(), Vec::new());
        while let Some(event) = calendar.pop() {
            match event.slot() {
                0 => cpu.complete(&mut calendar, event.time(), event.serial(), &mut done),
                token => {
                    let work = Time(jobs[token as usize - 1].1 * 1_000_000);
                    cpu.start(&mut calendar, event.time(), token, work);
                }
            }
            ends.extend(done.drain(..).map(|token| (token - 1, (event.time().0 + 500_000) / 1_000_000)));
        }
        ends
    }

    /// Measured on a real core (see the README): two bcrypt threads on one core take 177 ms where one takes 88 ms.
    #[test]
    fn two_jobs_on_one_core_take_twice_as_long() {
        assert_eq!(run(1.0, 0.0, &[(0, 88), (0, 88)]), [(0, 176), (1, 176)]);
        assert_eq!(run(2.0, 0.0, &[(0, 88), (0, 88)]), [(0, 88), (1, 88)]);
    }

    /// By hand: a alone to 10, a and b at half speed until b has its 5 at 20, then a's last 5 alone.
    #[test]
    fn a_short_job_overtakes_a_long_one() {
        assert_eq!(run(1.0, 0.0, &[(0, 20), (10, 5)]), [(1, 20), (0, 25)]);
    }

    #[test]
    fn half_a_core_is_half_speed_and_slowdown_stretches() {
        assert_eq!(run(0.5, 0.0, &[(0, 10)]), [(0, 20)]);
        assert_eq!(run(f64::INFINITY, 0.5, &[(0, 10), (0, 10)]), [(0, 20), (1, 20)]);
    }

    #[test]
    fn a_cancelled_job_gives_its_share_back() {
        let (mut cpu, mut calendar, mut done) = (Cpu::new(1.0, 0.0, 0), Calendar::default(), Vec::new());
        cpu.start(&mut calendar, Time(0), 1, Time(100));
        cpu.start(&mut calendar, Time(0), 2, Time(100));
        cpu.cancel(&mut calendar, Time(50), 1);
        let mut end = Time::ZERO;
        while let Some(event) = calendar.pop() {
            let before = done.len();
            cpu.complete(&mut calendar, event.time(), event.serial(), &mut done);
            if done.len() > before {
                end = event.time();
            }
        }
        assert_eq!((done, end), (vec![2], Time(125)));
    }
}
