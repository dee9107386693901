//! Which requests have an account. Accounts of all requests add a third to a half to a run's instructions (README),
//! so a run keeps those of one request in `2^n`; what they add up to is scaled to all requests by response time (see
//! [`collect`](super::collect)).
//!
//! The request's own key decides, not its place in the run: variants that meet the same requests keep the accounts of
//! the same ones, and no draw of the model is touched. What a request calls or branches into is sampled with it, and so
//! are all attempts of one user.

use std::collections::HashSet;

use crate::kernel::random::{GOLDEN, mix};
use crate::model::{AccountsKept as Wish, Load, Pattern};

/// In a run of many requests one in this many has an account.
const RARE: u64 = 16;

/// Requests with an account that a run has at least, where the load tells how many requests it sends.
const FEWEST: f64 = 32.0;

/// Where the load does not tell, every request has an account at first. After this many accounts it is every second
/// request, then every fourth, down to one in [`RARE`].
const FIRST: u32 = 8;

/// Accounts after which they become half as frequent again: a long run needs no more of them than a short one.
const MOST: u32 = 8192;

/// The rarest of all.
const RAREST: u64 = 1 << 12;

/// Decides which requests have an account.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// When the window opens, one request in this many has an account.
    first: u64,
    /// A key with none of these bits has one.
    mask: u64,
    /// Whether it may become rarer.
    thins: bool,
    /// Accounts until it does.
    left: u32,
    /// Numbers what has no key.
    unnamed: u64,
    /// If there are any: the requests with these keys have an account, and no others.
    chosen: Option<HashSet<u64>>,
}

impl Sample {
    /// For a run under this load; it begins with the warm-up.
    pub fn of(load: &Load) -> Self {
        let first = match (load.accounts, expected(&load.pattern)) {
            (Wish::All | Wish::Off, _) | (Wish::Sampled, None) => 1,
            (Wish::Sampled, Some(requests)) => {
                let most = (requests / FEWEST).max(1.0);
                (0..=RARE.trailing_zeros()).map(|bits| 1 << bits).rfind(|&every| every as f64 <= most).unwrap_or(1)
            }
        };
        let thins = load.accounts == Wish::Sampled;
        let warm_up = if thins && first == 1 { RARE / 2 } else { first };
        Self { first, mask: warm_up - 1, thins, left: MOST, unnamed: 0, chosen: None }
    }

    /// Only the requests with these keys have an account.
    pub fn chosen(keys: HashSet<u64>) -> Self {
        Self { first: 1, mask: 0, thins: false, left: MOST, unnamed: 0, chosen: Some(keys) }
    }

    /// The window opens.
    pub fn open_window(&mut self) {
        self.mask = self.first - 1;
        self.left = if self.first == 1 { FIRST } else { MOST };
    }

    /// Whether every request of the run has an account.
    pub fn is_whole(&self) -> bool {
        self.mask == 0 && !self.thins && self.chosen.is_none()
    }

    /// Whether the request with this key may have one: it has if its [`weight`](Self::weight) is not 0.
    #[inline]
    pub fn takes(&self, key: u64) -> bool {
        key & self.mask == 0
    }

    /// For how many requests the one with this key stands: 0 if it has no account.
    #[inline]
    pub fn weight(&self, key: u64) -> u16 {
        match &self.chosen {
            Some(keys) => u16::from(keys.contains(&key)),
            None if self.takes(key) => self.mask as u16 + 1,
            None => 0,
        }
    }

    /// A key for what has none.
    pub fn unnamed(&mut self) -> u64 {
        self.unnamed += 1;
        mix(self.unnamed.wrapping_mul(GOLDEN))
    }

    /// A request that has an account has ended.
    #[inline]
    pub fn ended(&mut self) {
        self.left -= 1;
        if self.left == 0 {
            self.thin_out();
        }
    }

    /// Accounts become rarer, where there are enough.
    #[cold]
    fn thin_out(&mut self) {
        if self.thins && self.mask + 1 < RAREST {
            self.mask = 2 * self.mask + 1;
        }
        self.left = if self.mask + 1 < RARE { FIRST } else { MOST };
    }
}

/// Requests that a load sends in its window; none where that depends on how fast they are answered.
fn expected(pattern: &Pattern) -> Option<f64> {
    match pattern {
        Pattern::Test { users, .. } => Some(f64::from(*users)),
        Pattern::Open { gap, duration, .. } => Some(duration.0 as f64 / gap),
        Pattern::Trace { arrivals, .. } => Some(arrivals.len() as f64),
        Pattern::Endless { .. } | Pattern::Staged { .. } | Pattern::Varying { .. } | Pattern::Mixed { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(every: u64) -> Sample {
        Sample { first: every, mask: every - 1, thins: true, left: MOST, unnamed: 0, chosen: None }
    }

    #[test]
    fn only_chosen_requests_have_an_account() {
        let mut chosen = Sample::chosen([7, 0x30].into());
        chosen.open_window();
        assert_eq!([7, 0x30, 8, 16].map(|key| chosen.weight(key)), [1, 1, 0, 0]);
        (0..2 * MOST).for_each(|_| chosen.ended());
        assert_eq!([7, 0x30, 8, 16].map(|key| chosen.weight(key)), [1, 1, 0, 0]);
        assert!(!chosen.is_whole());
    }

    #[test]
    fn weights_add_up_to_the_requests() {
        let sample = sample(8);
        let weights = (1..=80_000u64).map(|number| u64::from(sample.weight(mix(number.wrapping_mul(GOLDEN)))));
        let all: u64 = weights.sum();
        // 10,000 of 80,000 with a standard deviation of 94.
        assert!(all.abs_diff(80_000) < 8 * 4 * 94, "{all}");
    }

    #[test]
    fn what_is_rare_was_there_when_it_was_frequent() {
        let (often, rarely) = (sample(4), sample(16));
        let keys = || (1..10_000u64).map(mix);
        assert!(keys().all(|key| rarely.weight(key) == 0 || often.weight(key) > 0));
        assert!(keys().any(|key| rarely.weight(key) == 16));
    }

    #[test]
    fn a_long_run_needs_no_more_accounts() {
        let mut sample = sample(RARE);
        (0..MOST).for_each(|_| sample.ended());
        assert_eq!(sample.mask + 1, 2 * RARE);
        (0..20 * MOST).for_each(|_| sample.ended());
        assert_eq!(sample.mask + 1, RAREST);
    }

    #[test]
    fn the_first_requests_of_a_window_all_have_one() {
        let mut sample = sample(1);
        sample.mask = 7;
        sample.open_window();
        for every in [1, 2, 4, 8] {
            assert_eq!(sample.mask + 1, every);
            (0..FIRST).for_each(|_| sample.ended());
        }
        assert_eq!((sample.mask + 1, sample.left), (RARE, MOST));
    }
}
