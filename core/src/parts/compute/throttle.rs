//! The quota of Linux' CFS bandwidth control, by which Kubernetes enforces a CPU limit (kernel documentation,
//! `scheduler/sched-bwc.rst`; Chiluk 2019, "Unthrottled: Fixing CPU Limits in the Cloud").
//!
//! In each period (100 ms) the replica may use `cpu * period` of CPU time, on as many cores as it has jobs; when that
//! is used up all its jobs stop until the next period. One busy thread at 0.5 cores runs for 50 ms and stands for 50;
//! ten of them use the same quota up in 5 ms and stand for 95. The mean is that of a smooth limit, the delays are not.
//!
//! The pattern repeats as long as the jobs stay the same, so it is worked out in one go and no period needs an event.
//! All replicas' periods begin at zero. That each core takes its share in slices of 5 ms is left out.

use crate::kernel::time::Time;

/// Nanoseconds that are lost in rounding.
const ROUNDING: f64 = 1e-3;

/// A replica's quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttle {
    /// Core-nanoseconds in a period.
    quota: f64,
    /// Nanoseconds.
    period: u64,
    /// Core-nanoseconds left in this period.
    left: f64,
    /// For which time that is right.
    at: Time,
    /// Nanoseconds for which jobs have stood since the last reset.
    pub stood: f64,
}

impl Throttle {
    pub fn new(cores: f64, period: Time) -> Self {
        let quota = cores * period.0 as f64;
        Self { quota, period: period.0, left: quota, at: Time::ZERO, stood: 0.0 }
    }

    /// Time from the present to the end of the period.
    fn until_the_next(&self) -> u64 {
        self.period - self.at.0 % self.period
    }

    /// Advances to `now`. Returns for how many nanoseconds jobs on this number of cores ran; zero cores if there were none.
    pub fn run(&mut self, now: Time, cores: f64) -> f64 {
        let elapsed = (now - self.at).0;
        let first = self.until_the_next();
        self.at = now;
        if cores == 0.0 {
            self.left = if elapsed < first { self.left } else { self.quota };
            return 0.0;
        }
        // For how long the quota of a whole period, and what is left of this one, lasts.
        let (whole, lasts) = (self.quota / cores, self.left / cores);
        let ran = if elapsed < first {
            let ran = lasts.min(elapsed as f64);
            self.left -= ran * cores;
            ran
        } else {
            let (periods, rest) = ((elapsed - first) / self.period, (elapsed - first) % self.period);
            let last = whole.min(rest as f64);
            self.left = self.quota - last * cores;
            lasts.min(first as f64) + periods as f64 * whole.min(self.period as f64) + last
        };
        self.left = if self.left < ROUNDING { 0.0 } else { self.left };
        self.stood += elapsed as f64 - ran;
        ran
    }

    /// The time until jobs on this number of cores have run for `work` nanoseconds.
    pub fn delay(&self, mut work: f64, cores: f64) -> f64 {
        let first = self.until_the_next() as f64;
        let ran = first.min(self.left / cores);
        if work <= ran + ROUNDING {
            return work;
        }
        work -= ran;
        let each = (self.quota / cores).min(self.period as f64);
        let periods = ((work - ROUNDING) / each).floor().max(0.0);
        first + periods * self.period as f64 + (work - periods * each)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: f64 = 1e6;

    fn half() -> Throttle {
        Throttle::new(0.5, Time(100_000_000))
    }

    #[test]
    fn the_delay_is_the_time_in_which_the_work_runs() {
        for cores in [0.3, 1.0, 2.0, 10.0] {
            for work in [0.1, 5.0, 49.9, 50.0, 50.1, 100.0, 123.4] {
                for start in [0u64, 10, 45, 70, 99] {
                    let mut throttle = half();
                    throttle.run(Time(3_000_000), 4.0);
                    throttle.run(Time(start.max(3) * 1_000_000), 0.0);
                    let delay = throttle.delay(work * MS, cores);
                    let at = throttle.at + Time(delay.ceil() as u64);
                    let ran = throttle.run(at, cores);
                    assert!((ran - work * MS).abs() < 1.5, "{cores} {work} {start}: {ran}");
                }
            }
        }
    }

    #[test]
    fn one_thread_at_half_a_core_runs_and_stands_by_turns() {
        let throttle = half();
        assert_eq!(throttle.delay(50.0 * MS, 1.0), 50.0 * MS);
        assert_eq!(throttle.delay(60.0 * MS, 1.0), 110.0 * MS);
        assert_eq!(throttle.delay(100.0 * MS, 1.0), 150.0 * MS);
        assert_eq!(throttle.delay(6.0 * MS, 10.0), 101.0 * MS);
        let mut throttle = half();
        assert_eq!(throttle.run(Time(1_000_000_000), 1.0), 500.0 * MS);
        assert_eq!(throttle.stood, 500.0 * MS);
    }

    /// As many steps as one likes make what one step makes.
    #[test]
    fn running_in_pieces_is_running_at_once() {
        let (mut once, mut pieces) = (half(), half());
        let sum: f64 = (1..=1_234).map(|n| pieces.run(Time(n * 777_777), 3.0)).sum();
        assert!((once.run(Time(1_234 * 777_777), 3.0) - sum).abs() < 1.0);
        assert!((once.left - pieces.left).abs() < 1.0 && (once.stood - pieces.stood).abs() < 1.0);
    }
}
