//! What holders do while requests fail: those who hold a unit when a request fails, or who have given it back while that
//! request was under way. So a fault of a minute that causes every failure is as large a part of it in a run of an hour as
//! in one of five minutes.

use std::collections::VecDeque;

use super::sums::{Sums, add};
use crate::kernel::Time;

/// Recent holds are kept in at most about this many stretches of time, which together cover the longest failed request so
/// far.
const STRETCHES: u64 = 8;

/// After this many looks at all holders, only every second failure leads to a look; after as many again, every fourth.
const LOOKS: u32 = 32;

/// The sums under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failing {
    /// When the last request failed; none before the first.
    last: Option<Time>,
    /// The longest time that a request was under way which then failed.
    longest: u64,
    /// By the number of waiting at the held place.
    holders: Vec<Sums>,
    /// What those did who have given a unit back since the last failure, the newest last.
    recent: VecDeque<Stretch>,
    looks: Looks,
}

/// Holders that gave a unit back between two times.
#[derive(Clone, Debug, Default)]
struct Stretch {
    since: Time,
    until: Time,
    holders: Vec<Sums>,
}

/// At which failures all holders are looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    /// Failures since the last look.
    since: u32,
    /// One look in so many failures.
    every: u32,
    /// Looks since these became rarer.
    count: u32,
    /// When the last one was.
    last: Time,
}

impl Failing {
    /// Notes that a request sent at `sent` has failed. If it is time to look at all present holders, returns the time of
    /// the previous look.
    pub fn failed(&mut self, now: Time, sent: Time) -> Option<Time> {
        self.last = Some(now);
        self.longest = self.longest.max(now.since(sent).0);
        while self.recent.back().is_some_and(|stretch| stretch.until >= sent) {
            let stretch = self.recent.pop_back().unwrap_or_default();
            merge(&mut self.holders, stretch.holders);
        }
        self.looks.next(now)
    }

    /// Adds what a holder has spent on the label of this number: one that took its unit at `since` and gives it back, or is
    /// looked at, now.
    pub fn held(&mut self, [since, now]: [Time; 2], held: usize, number: usize, ns: u64, weight: u16) {
        if self.last.is_some_and(|last| last >= since) {
            return add(&mut self.holders, held, number, ns, weight);
        }
        if self.longest == 0 {
            return;
        }
        let is_over = |stretch: &Stretch| now.since(stretch.since).0 > self.longest / STRETCHES;
        if self.recent.back().is_none_or(is_over) {
            while self.recent.front().is_some_and(|stretch| now.since(stretch.until).0 > self.longest) {
                self.recent.pop_front();
            }
            self.recent.push_back(Stretch { since: now, until: now, holders: Vec::new() });
        }
        if let Some(stretch) = self.recent.back_mut() {
            stretch.until = now;
            add(&mut stretch.holders, held, number, ns, weight);
        }
    }

    /// Adds what a holder is doing as a request fails; `ns` is the time that this observation represents.
    pub fn seen(&mut self, held: usize, number: usize, ns: u64) {
        add(&mut self.holders, held, number, ns, 1);
    }

    /// By the number of waiting at the held place.
    pub fn holders(&self) -> &[Sums] {
        &self.holders
    }
}

impl Looks {
    fn next(&mut self, now: Time) -> Option<Time> {
        self.since += 1;
        if self.since < self.every {
            return None;
        }
        self.since = 0;
        self.count += 1;
        if self.count == LOOKS {
            (self.count, self.every) = (0, self.every.max(1).saturating_mul(2));
        }
        Some(std::mem::replace(&mut self.last, now))
    }
}

fn merge(whole: &mut Vec<Sums>, part: Vec<Sums>) {
    if part.len() > whole.len() {
        whole.resize(part.len(), Sums::default());
    }
    for (whole, part) in whole.iter_mut().zip(part) {
        whole.merge(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(s: u64) -> Time {
        Time(s * 1_000_000_000)
    }

    fn times(failing: &Failing) -> [u128; 2] {
        [0, 1].map(|number| failing.holders().first().map_or(0, |sums| sums.get(number) / 1_000_000_000))
    }

    /// Holders of a second each, of one kind for an hour and of another one for a minute, in which a request fails every ten
    /// seconds that was sent five seconds before: the five seconds before each failure count, whatever the hour was like.
    #[test]
    fn only_the_holders_count_during_which_a_request_failed() {
        let mut failing = Failing::default();
        for s in 1..=3600 {
            let is_fault = s > 1800 && s <= 1860;
            failing.held([seconds(s - 1), seconds(s)], 0, usize::from(is_fault), 1_000_000_000, 1);
            if is_fault && s % 10 == 0 {
                failing.failed(seconds(s), seconds(s - 5));
            }
        }
        // Of the first failure only what is held as it happens: how long a request may be under way is not known before. Of
        // the others six, and the holder that follows, which has its unit as they happen.
        let [healthy, fault] = times(&failing);
        assert_eq!(healthy, 1, "the one after the last failure");
        assert!((5 * 6..=5 * 7 + 1).contains(&fault), "{fault}");
    }

    /// Ten thousand failures are looked at a few hundred times.
    #[test]
    fn looks_become_rarer() {
        let mut failing = Failing::default();
        let looks = (1..=10_000).filter(|&s| failing.failed(seconds(s), seconds(s)).is_some()).count();
        assert!((200..=400).contains(&looks), "{looks}");
    }
}
