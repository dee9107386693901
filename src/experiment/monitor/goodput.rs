//! When a run collapses, as its clients see it.

use crate::kernel::Time;
use crate::parts::Scrapes;

/// The time over which goodput is taken.
const OVER: Time = Time(60_000_000_000);

/// A run has collapsed while its goodput is below this share of the best so far.
const BELOW: f64 = 0.5;

/// ... and fewer requests than this share of those that end succeed.
const SUCCEEDS: f64 = 0.9;

/// A run is healthy if at most this share of all requests fails.
const FAILS: f64 = 0.01;

/// What became of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// At most 1 % of its requests have failed, and it has not collapsed.
    Healthy,
    /// More have failed, but goodput held, or came back.
    Impaired,
    /// From then on until its load ended, goodput in each minute was below half of the best minute before, and fewer than
    /// 90 % of the requests that ended succeeded. To the scrape.
    Collapsed(Time),
}

/// What became of a run.
pub(super) fn fate(scrapes: &Scrapes) -> Fate {
    let window = (OVER.0.div_ceil(scrapes.interval.0.max(1)) as usize).max(1);
    let seen: Vec<(u64, u64)> = scrapes
        .taken
        .iter()
        .map(|scrape| {
            let clients = &scrape.clients;
            (clients.succeeded, clients.succeeded + clients.failed + clients.given_up)
        })
        .collect();
    let mut best = 0;
    // The last window that was as it should be.
    let mut last_good = None;
    for (index, now) in seen.iter().enumerate().skip(window) {
        let before = seen[index - window];
        let (succeeded, ended) = (now.0 - before.0, now.1 - before.1);
        best = best.max(succeeded);
        let is_low = (succeeded as f64) < BELOW * best as f64;
        let fails = ended == 0 || (succeeded as f64) < SUCCEEDS * ended as f64;
        if !(is_low && fails) {
            last_good = Some(index);
        }
    }
    let (succeeded, ended) = seen.last().copied().unwrap_or_default();
    let is_healthy = ended > 0 && (ended - succeeded) as f64 <= FAILS * ended as f64;
    // The last scrape around the end of that window up to which goodput was as it should be.
    let last = |good: usize| {
        let holds = |&at: &usize| (seen[at].0 - seen[at - 1].0) as f64 * window as f64 >= BELOW * best as f64;
        (good + 1 - window..=good + window).rev().find(holds).unwrap_or(good)
    };
    match last_good {
        Some(index) if index + window < seen.len() && best > 0 => Fate::Collapsed(scrapes.taken[last(index)].at),
        _ if is_healthy => Fate::Healthy,
        _ => Fate::Impaired,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::{Buckets, ClientCount, Scrape};

    /// A run of so many scrapes, 15 s apart, in which clients have seen so many successes and failures in all.
    fn run(seen: impl Iterator<Item = (u64, u64)>) -> Scrapes {
        let interval = Time(15_000_000_000);
        let times = || Buckets { counts: vec![0], sum: 0 };
        let taken = (0..).zip(seen).map(|(number, (succeeded, failed))| Scrape {
            at: Time(interval.0 * number),
            clients: ClientCount { succeeded, failed, given_up: 0, times: times() },
            readings: Vec::new(),
        });
        let taken: Vec<Scrape> = taken.collect();
        Scrapes { interval, bounds: Vec::new(), targets: Vec::new(), end: Time::ZERO, is_cut: false, taken }
    }

    #[test]
    fn goodput_that_stops_tells_when() {
        // 10 a scrape for 40 scrapes, then failures alone.
        let stops = |n: u64| (10 * n.min(40), 10 * n.saturating_sub(40));
        assert_eq!(fate(&run((0..100).map(stops))), Fate::Collapsed(Time(600_000_000_000)));
    }

    #[test]
    fn less_load_or_a_disturbance_is_no_collapse() {
        let calmer = |n: u64| (10 * n.min(40) + n.saturating_sub(40), 0);
        assert_eq!(fate(&run((0..100).map(calmer))), Fate::Healthy);
        let disturbed = |n: u64| (10 * n.min(40) + 10 * n.saturating_sub(60), 10 * n.saturating_sub(40).min(20));
        assert_eq!(fate(&run((0..100).map(disturbed))), Fate::Impaired);
        // Too short to tell.
        assert_eq!(fate(&run((0..3).map(|n| (n, 0)))), Fate::Healthy);
    }
}
