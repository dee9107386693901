//! Accounts of tokens: what each does, since when, the log of what it did before, and what it held meanwhile.

use crate::kernel::{NONE, Time};

use super::collect::Collected;
use super::log::{Label, Log, Segments};
use super::place::Places;
use super::sample::Sample;

/// Segments behind the last hold beyond which a log is compacted, unless there are more labels.
pub(crate) const MOST_SEGMENTS: u32 = 128;

/// What a token does, since when, and what it did before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// Up to when the log reaches.
    pub(crate) mark: Time,
    /// So many nanoseconds from there are spent on `label`, what comes after that on `rest`.
    pub(crate) first: u64,
    pub(crate) log: Log,
    /// The last segment of the log when the innermost unit that the token holds was taken, and the segments up to it.
    pub(crate) floor: u32,
    pub(crate) floor_count: u32,
    pub(crate) label: Label,
    pub(crate) rest: Label,
    /// Where it failed.
    pub(crate) failed_at: Label,
    /// Counts how often the log was taken away: a floor of another epoch is none.
    pub(crate) epoch: u16,
    /// For how many requests it stands. Of one that stands for none only `mark`, `first`, the labels and `failed_at` are
    /// kept: what it does, and where it failed, but no log.
    pub(crate) weight: u16,
}

impl Account {
    pub(crate) fn new(now: Time, weight: u16) -> Self {
        Self {
            mark: now,
            first: u64::MAX,
            log: Log::default(),
            floor: NONE,
            floor_count: 0,
            label: UNEXPLAINED,
            rest: UNEXPLAINED,
            failed_at: Label::NONE,
            epoch: 0,
            weight,
        }
    }
}

pub(crate) const UNEXPLAINED: Label = Label::waiting(0);

/// When a holder got its unit, and the floor of its account before that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold {
    pub(crate) at: Time,
    pub(crate) epoch: u16,
    pub(crate) floor: u32,
    pub(crate) floor_count: u32,
    /// The last segment of the log then.
    pub(crate) tail: u32,
}

/// What a user of the ledger spent on earlier attempts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Earlier {
    pub(crate) log: Log,
    pub(crate) ended: Time,
    /// For how many users this one stands.
    pub(crate) weight: u16,
}

/// The accounts of a run.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(crate) places: Places,
    pub(crate) accounts: Vec<Account>,
    pub(crate) segments: Segments,
    pub(crate) most_segments: u32,
    /// By frame.
    pub(crate) holds: Vec<Hold>,
    /// By user of the ledger.
    pub(crate) earlier: Vec<Earlier>,
    /// What the CPU had lost and gained when the token's job began, by token.
    pub(crate) lost: Vec<[f64; 4]>,
    pub(crate) collected: Collected,
    pub(crate) sample: Sample,
    /// When the window opened.
    pub(crate) opened: Time,
}

impl Accounts {
    pub(crate) fn new(places: Places, sample: Sample) -> Self {
        let labels = 2 * places.all.len();
        Self {
            accounts: Vec::new(),
            segments: Segments::new(labels),
            most_segments: MOST_SEGMENTS.max(2 * labels as u32),
            holds: Vec::new(),
            earlier: Vec::new(),
            lost: Vec::new(),
            collected: Collected::new(places.all.len()),
            places,
            sample,
            opened: Time::ZERO,
        }
    }

    /// A token with this key begins.
    #[inline]
    pub(crate) fn begin(&mut self, now: Time, t: u32, key: u64) {
        let index = t as usize;
        if index >= self.accounts.len() {
            self.accounts.resize(index + 1, Account::new(now, 0));
        }
        let weight = self.sample.weight(key);
        let account = &mut self.accounts[index];
        if weight == 0 && account.weight == 0 {
            account.mark = now;
            account.first = u64::MAX;
            (account.label, account.rest, account.failed_at) = (UNEXPLAINED, UNEXPLAINED, Label::NONE);
            return;
        }
        self.begin_with(now, t, weight);
    }

    #[inline(never)]
    fn begin_with(&mut self, now: Time, t: u32, weight: u16) {
        let account = &mut self.accounts[t as usize];
        self.segments.free(account.log);
        *account = Account::new(now, weight);
    }

    /// Whether the token has an account.
    #[inline]
    pub(crate) fn has(&self, t: u32) -> bool {
        self.accounts[t as usize].weight > 0
    }

    #[inline]
    pub(crate) fn append(&mut self, t: u32, label: Label, ns: u64) {
        let account = &mut self.accounts[t as usize];
        self.segments.append(&mut account.log, label, ns, account.floor);
        if account.log.count - account.floor_count > self.most_segments {
            self.segments.compact(&mut account.log, account.floor, account.floor_count);
        }
    }

    /// Brings a token's log up to now, if it has one.
    #[inline]
    pub(crate) fn close(&mut self, now: Time, t: u32) {
        if self.has(t) {
            self.close_stretch(now, t);
        }
    }

    #[inline(never)]
    fn close_stretch(&mut self, now: Time, t: u32) {
        let account = &mut self.accounts[t as usize];
        let ns = (now - account.mark).0;
        if ns == 0 {
            return;
        }
        account.mark = now;
        let Account { first, label, rest, .. } = *account;
        account.first = first.saturating_sub(ns);
        if ns <= first {
            return self.append(t, label, ns);
        }
        if first > 0 {
            self.append(t, label, first);
        }
        self.append(t, rest, ns - first);
    }

    /// The token does something else from now on.
    #[inline]
    pub(crate) fn turn(&mut self, now: Time, t: u32, label: Label) {
        self.turn_for(now, t, u64::MAX, label, label);
    }

    /// For this many nanoseconds the token does this, then something else.
    #[inline]
    pub(crate) fn turn_for(&mut self, now: Time, t: u32, first: u64, label: Label, rest: Label) {
        let account = &mut self.accounts[t as usize];
        if account.weight > 0 {
            self.close_stretch(now, t);
        }
        let account = &mut self.accounts[t as usize];
        (account.mark, account.first, account.label, account.rest) = (now, first, label, rest);
    }

    /// The present stretch, which began now, is called otherwise.
    pub(crate) fn rename(&mut self, t: u32, label: Label) {
        let account = &mut self.accounts[t as usize];
        (account.first, account.label, account.rest) = (u64::MAX, label, label);
    }

    /// Takes a token's log away.
    pub(crate) fn take(&mut self, t: u32) -> Log {
        let account = &mut self.accounts[t as usize];
        account.epoch = account.epoch.wrapping_add(1);
        (account.floor, account.floor_count) = (NONE, 0);
        std::mem::take(&mut account.log)
    }

    /// What another did, since the time that the token's log reaches to, explains the token's wait.
    pub(crate) fn absorb(&mut self, now: Time, t: u32, mut log: Log, began: Time) {
        let Account { mark, weight, .. } = self.accounts[t as usize];
        if weight == 0 {
            self.accounts[t as usize].mark = now;
            return self.segments.free(log);
        }
        if began > mark {
            let hedge = Label::waiting(self.places.hedge);
            self.append(t, hedge, (began - mark).0);
        } else if began < mark {
            self.segments.skip(&mut log, (mark - began).0);
        }
        let account = &mut self.accounts[t as usize];
        account.mark = now;
        self.segments.concat(&mut account.log, log);
        if account.log.count - account.floor_count > self.most_segments {
            self.segments.compact(&mut account.log, account.floor, account.floor_count);
        }
    }

    pub(crate) fn length(&self, log: Log) -> u64 {
        self.segments.iter(log, NONE).map(|(_, ns)| ns).sum()
    }

    /// What the token does, or did last where it does nothing yet.
    pub(crate) fn present(&self, now: Time, t: u32) -> Label {
        let account = &self.accounts[t as usize];
        if (now - account.mark).0 > account.first { account.rest } else { account.label }
    }

    #[inline]
    pub(crate) fn take_unit(&mut self, now: Time, t: u32, frame: u32) {
        if self.has(t) {
            self.hold_unit(now, t, frame);
        }
    }

    #[inline(never)]
    fn hold_unit(&mut self, now: Time, t: u32, frame: u32) {
        self.close(now, t);
        let index = frame as usize;
        if index >= self.holds.len() {
            let none = Hold { at: now, epoch: 0, floor: NONE, floor_count: 0, tail: NONE };
            self.holds.resize(index + 1, none);
        }
        let account = &mut self.accounts[t as usize];
        let Account { log, floor, floor_count, epoch, .. } = *account;
        self.holds[index] = Hold { at: now, epoch, floor, floor_count, tail: log.tail };
        (account.floor, account.floor_count) = (log.tail, log.count);
    }

    pub(crate) fn free_unit(&mut self, now: Time, t: u32, frame: u32, place: u16, is_wanted: bool, waited_until: Time) {
        self.close(now, t);
        let hold = self.holds[frame as usize];
        let account = &mut self.accounts[t as usize];
        let weight = account.weight;
        let is_whole = hold.epoch == account.epoch;
        if is_whole {
            (account.floor, account.floor_count) = (hold.floor, hold.floor_count);
        }
        if is_wanted || waited_until > hold.at {
            let log = account.log;
            for (label, ns) in self.segments.iter(log, if is_whole { hold.tail } else { NONE }) {
                self.collected.held(place, label, ns, weight);
            }
        }
    }
}
