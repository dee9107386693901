//! Accounts of tokens: what each does, since when, the log of what it did before, and what it held meanwhile.

use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};

use super::collect::Collected;
use super::log::{Label, Listener, Log, Segments, UNEXPLAINED};
use super::place::Places;
use super::sample::Sample;
use super::scout::RequestEnd;

/// Segments behind the last hold beyond which a log is compacted, unless there are more labels.
const MOST_SEGMENTS: u32 = 128;

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
    /// Counts how often the log was taken away: a floor of another epoch is none.
    pub(crate) epoch: u16,
    /// For how many requests it stands.
    pub(crate) weight: u16,
    /// The token that it is of.
    token: u32,
}

impl Account {
    pub(crate) fn new(now: Time, t: u32, weight: u16) -> Self {
        Self {
            mark: now,
            first: u64::MAX,
            log: Log::default(),
            floor: NONE,
            floor_count: 0,
            label: UNEXPLAINED,
            rest: UNEXPLAINED,
            epoch: 0,
            weight,
            token: t,
        }
    }

    /// Adds a stretch to the log, which has at most so many segments behind its floor.
    #[inline(always)]
    fn append(&mut self, segments: &mut Segments, most: u32, label: Label, ns: u64) {
        segments.append(&mut self.log, label, ns, self.floor);
        if self.log.count - self.floor_count > most {
            self.on_overflow(segments, Some((label, ns)));
        }
    }

    /// Called when the log has more segments behind its floor than allowed: compacts it. In a run with a listener, the limit
    /// is 0, so this is called for every addition and passes it to the listener. `added` is the new stretch; `None` if
    /// another token's log was appended.
    #[inline(never)]
    fn on_overflow(&mut self, segments: &mut Segments, added: Option<(Label, u64)>) {
        let limit = match (&mut segments.listener, added) {
            (None, _) => 0,
            (Some(Listener::Recorder(recorder)), Some((label, ns))) => return recorder.spent(self.token, label, ns),
            (Some(Listener::Recorder(recorder)), None) => return recorder.awaited(self.token, self.mark),
            (Some(Listener::Meter(meter)), added) => {
                match added {
                    Some((label, ns)) => meter.spent(self.token, label, ns),
                    None => meter.awaited(self.token),
                }
                meter.most_segments
            }
        };
        if self.log.count - self.floor_count > limit {
            segments.compact(&mut self.log, self.floor, self.floor_count);
        }
    }

    /// Brings the log up to now.
    #[inline(always)]
    fn close(&mut self, segments: &mut Segments, most: u32, now: Time) {
        let ns = (now - self.mark).0;
        if ns == 0 {
            return;
        }
        self.mark = now;
        if ns > self.first {
            return self.close_both(segments, most, ns);
        }
        self.first -= ns;
        self.append(segments, most, self.label, ns);
    }

    /// The same where the first part of the stretch is over.
    #[inline(never)]
    fn close_both(&mut self, segments: &mut Segments, most: u32, ns: u64) {
        let first = std::mem::take(&mut self.first);
        if first > 0 {
            self.append(segments, most, self.label, first);
        }
        self.append(segments, most, self.rest, ns - first);
    }
}

/// The last stretch of a token without an account: from `mark` on, `first` nanoseconds on `label`, then on `rest`.
#[derive(Clone, Copy, Debug)]
struct Note {
    mark: Time,
    first: u64,
    label: Label,
    rest: Label,
}

impl Note {
    const NONE: Self = Self { mark: Time(u64::MAX), first: u64::MAX, label: UNEXPLAINED, rest: UNEXPLAINED };
}

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

impl Hold {
    fn none(at: Time) -> Self {
        Self { at, epoch: 0, floor: NONE, floor_count: 0, tail: NONE }
    }
}

/// What a user of the ledger spent on earlier attempts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Earlier {
    pub(crate) log: Log,
    pub(crate) ended: Time,
    /// For how many users this one stands.
    pub(crate) weight: u16,
}

/// Lengthens a list, if need be, so that it has an item for this index; the new ones are like this. It takes room as if
/// they came one by one: at most for twice as many as there are.
#[inline]
pub(crate) fn make_room<T: Clone>(list: &mut Vec<T>, index: u32, new: T) {
    let length = index as usize + 1;
    if length > list.len() {
        list.reserve_exact(length.next_power_of_two() - list.len());
        list.resize(length, new);
    }
}

/// The accounts of a run.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(crate) places: Places,
    /// Of the tokens that have one: with an account of 48 bytes for every token, a million of them took 46 MB more.
    accounts: Slab<Account>,
    /// The number of each token's account, by token; [`NONE`] for one that has none.
    numbers: Vec<u32>,
    /// Of tokens without an account, by token, where their state does not tell what they do.
    notes: Vec<Note>,
    /// The work of each token's present job, by token, of those without an account.
    works: Vec<Time>,
    /// Where each token has failed, by token, as far as any has.
    failed_at: Vec<Label>,
    /// By token: where the failure was that its latest fallback has caught.
    answered: Vec<Label>,
    /// By message: where its latest delivery has failed, as far as any has.
    deliveries: Vec<Label>,
    pub(crate) segments: Segments,
    pub(crate) most_segments: u32,
    /// By frame.
    pub(crate) holds: Vec<Hold>,
    /// By process: of the token that blocks its event loop, or last did.
    blocks: Vec<Hold>,
    /// By user of the ledger.
    pub(crate) earlier: Vec<Earlier>,
    /// What the CPU had lost and gained when the token's job began, by token.
    pub(crate) lost: Vec<[f64; 4]>,
    pub(crate) collected: Collected,
    /// Faults that have halted requests and are over: what holders have lost to them is in `collected` already.
    pub(crate) halts_over: Vec<u16>,
    pub(crate) sample: Sample,
    /// When the window opened.
    pub(crate) opened: Time,
    /// The ends of requests, where they are noted one by one.
    pub(crate) scouted: Option<Vec<RequestEnd>>,
}

impl Accounts {
    pub(crate) fn new(places: Places, sample: Sample) -> Self {
        let labels = 2 * places.all.len();
        Self {
            accounts: Slab::default(),
            numbers: Vec::new(),
            notes: Vec::new(),
            works: Vec::new(),
            failed_at: Vec::new(),
            answered: Vec::new(),
            deliveries: Vec::new(),
            segments: Segments::new(labels),
            most_segments: MOST_SEGMENTS.max(2 * labels as u32),
            holds: Vec::new(),
            blocks: Vec::new(),
            earlier: Vec::new(),
            lost: Vec::new(),
            collected: Collected::new(places.all.len()),
            halts_over: Vec::new(),
            places,
            sample,
            opened: Time::ZERO,
            scouted: None,
        }
    }

    /// Whether a token has an account.
    pub(crate) fn has(&self, t: u32) -> bool {
        self.numbers.get(t as usize).is_some_and(|&number| number != NONE)
    }

    /// The account of a token that has one.
    #[inline(always)]
    pub(crate) fn of(&self, t: u32) -> &Account {
        &self.accounts[self.numbers[t as usize]]
    }

    /// The same, to be changed.
    #[inline(always)]
    pub(crate) fn of_mut(&mut self, t: u32) -> &mut Account {
        &mut self.accounts[self.numbers[t as usize]]
    }

    /// A token that stands for so many requests begins.
    #[inline(never)]
    pub(crate) fn begin(&mut self, now: Time, t: u32, weight: u16) {
        make_room(&mut self.numbers, t, NONE);
        let new = Account::new(now, t, weight);
        match self.numbers[t as usize] {
            NONE => self.numbers[t as usize] = self.accounts.insert(new),
            number => {
                let before = std::mem::replace(&mut self.accounts[number], new);
                self.segments.free(before.log);
            }
        }
    }

    /// A token ends, or has no account after all.
    #[inline(never)]
    pub(crate) fn end(&mut self, t: u32) {
        let Some(number) = self.numbers.get_mut(t as usize).filter(|number| **number != NONE) else { return };
        let number = std::mem::replace(number, NONE);
        self.segments.free(self.accounts[number].log);
        self.accounts.remove(number);
    }

    /// The same as [`turn_for`](Self::turn_for) for a token without an account, of which there is no log.
    #[inline]
    pub(crate) fn note(&mut self, mark: Time, t: u32, first: u64, label: Label, rest: Label) {
        make_room(&mut self.notes, t, Note::NONE);
        self.notes[t as usize] = Note { mark, first, label, rest };
    }

    /// Whether the last stretch noted of a token without an account began at this time.
    pub(crate) fn is_noted(&self, t: u32, since: Time) -> bool {
        self.notes.get(t as usize).is_some_and(|note| note.mark == since)
    }

    /// The token, which has no account, begins a job.
    #[inline]
    pub(crate) fn note_work(&mut self, t: u32, work: Time) {
        match self.works.get_mut(t as usize) {
            Some(of_token) => *of_token = work,
            None => {
                make_room(&mut self.works, t, Time::ZERO);
                self.works[t as usize] = work;
            }
        }
    }

    /// The work of its present job.
    pub(crate) fn work(&self, t: u32) -> Time {
        self.works.get(t as usize).copied().unwrap_or(Time::ZERO)
    }

    /// Whether any token has failed so far, so that a new one in its place must be distinguished from it.
    #[inline]
    pub(crate) fn has_failed_at(&self) -> bool {
        !self.failed_at.is_empty()
    }

    /// Where the token failed, as far as that is known.
    pub(crate) fn failed_at(&self, t: u32) -> Label {
        self.failed_at.get(t as usize).copied().unwrap_or(Label::NONE)
    }

    /// The token failed there; [`Label::NONE`]: it did not, after all.
    pub(crate) fn note_failed_at(&mut self, t: u32, at: Label) {
        let index = t as usize;
        if index >= self.failed_at.len() {
            if at == Label::NONE {
                return;
            }
            make_room(&mut self.failed_at, t, Label::NONE);
        }
        self.failed_at[index] = at;
    }

    /// The token is a new one.
    pub(crate) fn forget_failure(&mut self, t: u32) {
        self.note_failed_at(t, Label::NONE);
        if let Some(answered) = self.answered.get_mut(t as usize) {
            *answered = Label::NONE;
        }
    }

    /// Where the failure was that the token's latest fallback has caught.
    pub(crate) fn answered(&self, t: u32) -> Label {
        self.answered.get(t as usize).copied().unwrap_or(Label::NONE)
    }

    /// A fallback of the token has caught a failure at this place.
    pub(crate) fn note_answered(&mut self, t: u32, at: Label) {
        make_room(&mut self.answered, t, Label::NONE);
        self.answered[t as usize] = at;
    }

    /// Where the latest delivery of the message has failed; known only of one that has.
    pub(crate) fn delivery_failed_at(&self, message: u32) -> Label {
        self.deliveries.get(message as usize).copied().unwrap_or(Label::NONE)
    }

    /// A delivery of the message has failed at this place.
    pub(crate) fn note_delivery_failed_at(&mut self, message: u32, at: Label) {
        make_room(&mut self.deliveries, message, Label::NONE);
        self.deliveries[message as usize] = at;
    }

    pub(crate) fn append(&mut self, t: u32, label: Label, ns: u64) {
        let account = &mut self.accounts[self.numbers[t as usize]];
        account.append(&mut self.segments, self.most_segments, label, ns);
    }

    /// Brings a token's log up to now.
    pub(crate) fn close(&mut self, now: Time, t: u32) {
        let account = &mut self.accounts[self.numbers[t as usize]];
        account.close(&mut self.segments, self.most_segments, now);
    }

    /// For this many nanoseconds the token does this, then something else.
    #[inline(never)]
    pub(crate) fn turn_for(&mut self, now: Time, t: u32, first: u64, label: Label, rest: Label) {
        let account = &mut self.accounts[self.numbers[t as usize]];
        account.close(&mut self.segments, self.most_segments, now);
        (account.mark, account.first, account.label, account.rest) = (now, first, label, rest);
    }

    /// The present stretch, which began now, is called otherwise.
    pub(crate) fn rename(&mut self, t: u32, label: Label) {
        let account = self.of_mut(t);
        (account.first, account.label, account.rest) = (u64::MAX, label, label);
    }

    /// Takes a token's log away.
    pub(crate) fn take(&mut self, t: u32) -> Log {
        let account = self.of_mut(t);
        account.epoch = account.epoch.wrapping_add(1);
        (account.floor, account.floor_count) = (NONE, 0);
        std::mem::take(&mut account.log)
    }

    /// What another did, since the time that the token's log reaches to, explains the token's wait.
    pub(crate) fn absorb(&mut self, now: Time, t: u32, mut log: Log, began: Time) {
        let mark = self.of(t).mark;
        if began > mark {
            let hedge = Label::waiting(self.places.hedge);
            self.append(t, hedge, (began - mark).0);
        } else if began < mark {
            self.segments.skip(&mut log, (mark - began).0);
        }
        let account = &mut self.accounts[self.numbers[t as usize]];
        account.mark = now;
        self.segments.concat(&mut account.log, log);
        if account.log.count - account.floor_count > self.most_segments {
            account.on_overflow(&mut self.segments, None);
        }
    }

    pub(crate) fn length(&self, log: Log) -> u64 {
        self.segments.iter(log, NONE).map(|(_, ns)| ns).sum()
    }

    /// What the token does, or did last where it does nothing yet, and since when: as it was noted where it has no
    /// account.
    pub(crate) fn present(&self, now: Time, t: u32, has_account: bool) -> (Label, Time) {
        let note = if has_account {
            let &Account { mark, first, label, rest, .. } = self.of(t);
            Note { mark, first, label, rest }
        } else {
            self.notes.get(t as usize).copied().unwrap_or(Note { mark: now, ..Note::NONE })
        };
        (if now.since(note.mark).0 > note.first { note.rest } else { note.label }, note.mark)
    }

    pub(crate) fn take_unit(&mut self, now: Time, t: u32, frame: u32) {
        let hold = self.begin_hold(now, t);
        let index = frame as usize;
        if index >= self.holds.len() {
            self.holds.resize(index + 1, Hold::none(now));
        }
        self.holds[index] = hold;
    }

    fn begin_hold(&mut self, now: Time, t: u32) -> Hold {
        self.close(now, t);
        let account = &mut self.accounts[self.numbers[t as usize]];
        let Account { log, floor, floor_count, epoch, .. } = *account;
        (account.floor, account.floor_count) = (log.tail, log.count);
        Hold { at: now, epoch, floor, floor_count, tail: log.tail }
    }

    /// The token blocks the event loop of a process from now on.
    pub(crate) fn block(&mut self, now: Time, t: u32, process: u32) {
        let hold = self.begin_hold(now, t);
        make_room(&mut self.blocks, process, Hold::none(now));
        self.blocks[process as usize] = hold;
    }

    /// It no longer does: what it has done meanwhile kept others from the loop, a place. `inner`: the frame of a unit that
    /// it may have taken while it did, and still holds.
    pub(crate) fn unblock(&mut self, now: Time, t: u32, process: u32, place: u16, inner: u32) {
        self.close(now, t);
        let Some(&hold) = self.blocks.get(process as usize) else { return };
        let account = &mut self.accounts[self.numbers[t as usize]];
        let weight = account.weight;
        let is_whole = hold.epoch == account.epoch;
        let outlasts = |held: &&mut Hold| held.epoch == hold.epoch && held.floor == hold.tail;
        match self.holds.get_mut(inner as usize).filter(outlasts) {
            Some(held) if is_whole => (held.floor, held.floor_count) = (hold.floor, hold.floor_count),
            None if is_whole => (account.floor, account.floor_count) = (hold.floor, hold.floor_count),
            _ => {}
        }
        let log = account.log;
        self.held([hold.at, now], log, if is_whole { hold.tail } else { NONE }, place, weight);
    }

    pub(crate) fn free_unit(&mut self, now: Time, t: u32, frame: u32, place: u16, is_wanted: bool, waited_until: Time) {
        self.close(now, t);
        let hold = self.holds[frame as usize];
        let account = &mut self.accounts[self.numbers[t as usize]];
        let weight = account.weight;
        let is_whole = hold.epoch == account.epoch;
        if is_whole {
            (account.floor, account.floor_count) = (hold.floor, hold.floor_count);
        }
        if is_wanted || waited_until > hold.at {
            let log = account.log;
            self.held([hold.at, now], log, if is_whole { hold.tail } else { NONE }, place, weight);
        }
    }

    /// What the token's log says it did while it held a unit of a place all along, if another one found none free
    /// meanwhile, at that time.
    pub(crate) fn leave(&mut self, now: Time, t: u32, place: u16, refused_at: Time) {
        self.close(now, t);
        let &Account { log, weight, .. } = self.of(t);
        let since = Time(now.0 - self.length(log).min(now.0));
        if since >= refused_at {
            return;
        }
        let is_known = |label: Label| {
            ![UNEXPLAINED.place(), place].contains(&label.place()) && !self.halts_over.contains(&label.place())
        };
        for (label, ns) in self.segments.iter(log, NONE).filter(|&(label, _)| is_known(label)) {
            self.collected.held_between([since, now], place, label, ns, weight);
        }
    }

    /// Adds what a holder of a place has done between these times, from a segment of its log on, without what is in
    /// `collected` already.
    #[inline]
    fn held(&mut self, times: [Time; 2], log: Log, from: u32, place: u16, weight: u16) {
        let is_new = |&(label, _): &(Label, u64)| !self.halts_over.contains(&label.place());
        for (label, ns) in self.segments.iter(log, from).filter(is_new) {
            self.collected.held_between(times, place, label, ns, weight);
        }
    }
}
