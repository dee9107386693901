//! Clients of a closed load that still wait when the window closes, for far longer than answers usually take.
//!
//! Such a client sends nothing while it waits, so an outage of any length costs one request a client. That the requests are
//! few hides it ("coordinated omission", G. Tene, *How NOT to Measure Latency*, 2013); so the time is kept as well.

use serde::{Deserialize, Serialize};

use crate::kernel::{Time, wire};
use crate::statistics::histogram::Histogram;

/// An answer is overdue after this many times the 90th percentile of the response times.
const USUAL: u64 = 3;

/// Clients that wait for an answer that is overdue when the window closes, of all clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Overdue {
    /// Clients.
    pub clients: u64,
    /// Those whose answer is overdue.
    pub waiting: u64,
    /// Those of the waiting clients that are not yet counted as users without success for another reason.
    pub uncounted: u64,
    /// How long these have waited within the window, in seconds, all together.
    #[serde(with = "wire")]
    pub waited_s: f64,
    /// The time of all clients in the window, in seconds.
    #[serde(with = "wire")]
    pub clients_s: f64,
}

impl Overdue {
    /// The overdue answers among requests under way of these ages; `times` are the response times in a window of this length.
    /// None is overdue if there was no answer, because then no usual time is known, or if the response times explain the number
    /// of old requests: by Little's law the mean number of requests older than *x* is the rate of answers times the mean time
    /// by which they exceed *x*.
    pub fn of(clients: u32, ages: impl Iterator<Item = Time>, times: &Histogram, window: Time) -> Self {
        let clients_s = window.seconds() * f64::from(clients);
        let none = Self { clients: clients.into(), clients_s, ..Self::default() };
        let Some(usual) = times.quantile(0.9).map(|time| time.saturating_mul(USUAL)) else { return none };
        let old: Vec<f64> = ages.filter(|age| age.0 > usual).map(|age| age.min(window).seconds()).collect();
        let beyond: f64 =
            times.buckets().map(|one| one.midpoint().saturating_sub(usual) as f64 * one.count as f64).sum();
        let usual_number = beyond / window.0.max(1) as f64;
        let waiting = old.len() as u64;
        // Three standard deviations of a Poisson number with this mean.
        match waiting as f64 > usual_number + 3.0 * libm::sqrt(usual_number) {
            true => Self { waiting, uncounted: waiting, waited_s: old.iter().sum(), ..none },
            false => none,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            clients: self.clients + other.clients,
            waiting: self.waiting + other.waiting,
            uncounted: self.uncounted + other.uncounted,
            waited_s: self.waited_s + other.waited_s,
            clients_s: self.clients_s + other.clients_s,
        }
    }

    /// The share of the time of all clients that these waits take.
    pub fn share(&self) -> f64 {
        if self.clients_s > 0.0 { self.waited_s / self.clients_s } else { 0.0 }
    }

    /// How long such a client has waited, in seconds, mean.
    pub fn mean_s(&self) -> f64 {
        if self.waiting > 0 { self.waited_s / self.waiting as f64 } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn times(all: &[(u64, u64)]) -> Histogram {
        let mut times = Histogram::new();
        for &(seconds, count) in all {
            (0..count).for_each(|_| times.record(seconds * SECOND));
        }
        times
    }

    fn of(ages: &[u64], all: &[(u64, u64)]) -> Overdue {
        Overdue::of(20, ages.iter().map(|age| Time(age * SECOND)), &times(all), Time(200 * SECOND))
    }

    /// Answers take 1 s: 20 clients that wait for 100 s have lost half of a window of 200 s; two that wait for 3 s nothing.
    #[test]
    fn clients_that_are_held_are_overdue() {
        let held = of(&[100; 20], &[(1, 1800)]);
        assert_eq!((held.waiting, held.clients, held.mean_s()), (20, 20, 100.0));
        assert!((held.share() - 0.5).abs() < 1e-12, "{held:?}");
        let none = Overdue { clients: 20, clients_s: 4000.0, ..Overdue::default() };
        assert_eq!(of(&[3, 3, 1, 0], &[(1, 1800)]), none);
        assert_eq!(of(&[100; 20], &[]), none, "nothing tells what is usual");
    }

    /// One request in twenty takes 100 s: of 20 clients 15.5 are at such a one at any time.
    #[test]
    fn requests_that_usually_take_long_are_not() {
        let usual = [(1, 605), (100, 32)];
        assert_eq!(of(&[50; 16], &usual).waiting, 0);
        assert_eq!(of(&[50; 20], &[(1, 1800)]).waiting, 20);
    }
}
