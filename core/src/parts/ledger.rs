//! The ledger: what is kept of users beyond the tally of requests, where a load asks for it. Which class a request is
//! of, which attempt of its user it is, whether it is sent again, and when what happened.
//!
//! A load without classes, retries and timeline has none, and its requests pay nothing for it.

use crate::kernel::Time;
use crate::kernel::random::{GOLDEN, mix};
use crate::kernel::slab::Slab;
use crate::model::{Class, Load, MOST_SAVED, Retry, UserDraws};
use crate::statistics::histogram::Histogram;

use crate::engine::token::Failure;
use crate::parts::outcome::{ClassOutcome, Users};
use crate::parts::part::{Moment, Part};
use crate::parts::timeline::Timeline;
use crate::parts::usage::Rows;

/// A user between first try and last answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User {
    /// When it sent its first try.
    pub first: Time,
    /// When it sent the present one.
    pub last: Time,
    /// Its number; names its draws.
    pub number: u64,
    pub client: u32,
    class: u16,
    /// Attempts before the present one.
    pub attempt: u16,
}

/// What became of the requests of a class.
#[derive(Clone, Debug, Default)]
struct Count {
    sent: u64,
    first_tries: u64,
    succeeded: u64,
    succeeded_at_once: u64,
    failed: u64,
    lost: u64,
    response_times: Histogram,
}

/// See the module.
pub(crate) struct Ledger {
    pub users: Slab<User>,
    classes: Vec<Class>,
    counts: Vec<Count>,
    draws: UserDraws,
    retry: Option<Retry>,
    /// Retries that the budget allows for now.
    saved: f64,
    timeline: Option<Timeline>,
    /// The timeline of a window that is closed.
    closed: Option<Timeline>,
    on: bool,
    /// Users under way when counting began, and those in back-off when it ended.
    carried: u64,
    backing_off: u64,
    backing_off_at_end: u64,
    still_trying: u64,
}

/// The key of a try, from that of the first try and the number of earlier tries. Each try draws its own demands.
pub(crate) fn key_of_try(first: u64, earlier: u16) -> u64 {
    if earlier == 0 { first } else { mix(first.wrapping_add(u64::from(earlier).wrapping_mul(GOLDEN))) }
}

impl Ledger {
    /// The ledger that a load asks for, if it does.
    pub fn of(load: &Load, seed: u64, replication: u64) -> Option<Box<Self>> {
        if load.classes.is_empty() && load.retry.is_none() && load.timeline.is_none() {
            return None;
        }
        let all = || vec![Class { name: String::new(), target: load.target, cumulated: 1.0, priority: 0 }];
        let classes = if load.classes.is_empty() { all() } else { load.classes.clone() };
        Some(Box::new(Self {
            users: Slab::default(),
            counts: vec![Count::default(); classes.len()],
            classes,
            draws: UserDraws::new(seed, replication),
            retry: load.retry.clone(),
            saved: MOST_SAVED,
            timeline: load.interval().map(|length| Timeline::new(length, load.recorded)),
            closed: None,
            on: false,
            carried: 0,
            backing_off: 0,
            backing_off_at_end: 0,
            still_trying: 0,
        }))
    }

    /// A user sends its first try; the class is drawn by the user's number unless it is given.
    pub fn begin(&mut self, now: Time, client: u32, number: u64, class: Option<u32>) -> u32 {
        let drawn = || self.draws.class(&self.classes, number);
        let class = class.unwrap_or_else(drawn) as u16;
        if let Some(budget) = self.retry.as_ref().and_then(|retry| retry.budget) {
            self.saved = (self.saved + budget).min(MOST_SAVED);
        }
        if self.on {
            self.counts[usize::from(class)].first_tries += 1;
        }
        if let Some(timeline) = &mut self.timeline {
            timeline.at(now).first_tries += 1;
        }
        self.users.insert(User { first: now, last: now, number, client, class, attempt: 0 })
    }

    /// A user sends a request; the endpoint that it calls, and its priority.
    pub fn sent(&mut self, now: Time, user: u32) -> (u32, u8) {
        self.users[user].last = now;
        let class = usize::from(self.users[user].class);
        if self.on {
            self.counts[class].sent += 1;
        }
        if let Some(timeline) = &mut self.timeline {
            timeline.at(now).sent += 1;
        }
        (self.classes[class].target, self.classes[class].priority)
    }

    /// A user's request has ended. The time after which it is sent again, if it is; else the user goes.
    pub fn ended(&mut self, now: Time, user: u32, failure: Failure) -> Option<Time> {
        let record = self.users[user];
        let response = now - record.first;
        if let Some(timeline) = &mut self.timeline {
            timeline.ended(now, response, failure);
        }
        let again = if failure.is_some() { self.again(&record) } else { None };
        if self.on {
            let count = &mut self.counts[usize::from(record.class)];
            if failure.is_some() {
                count.failed += 1;
                count.lost += u64::from(again.is_none());
            } else {
                count.succeeded += 1;
                count.succeeded_at_once += u64::from(record.attempt == 0);
                count.response_times.record(response.0);
            }
        }
        if again.is_some() {
            self.users[user].attempt += 1;
            self.backing_off += 1;
        } else {
            self.users.remove(user);
        }
        again
    }

    /// The back-off before the next attempt, where there is one and the budget has it.
    fn again(&mut self, user: &User) -> Option<Time> {
        let retry = self.retry.as_ref()?;
        if u32::from(user.attempt) + 1 >= retry.attempts {
            return None;
        }
        if retry.budget.is_some() {
            if self.saved < 1.0 {
                return None;
            }
            self.saved -= 1.0;
        }
        Some(self.draws.wait(retry, user.number, user.attempt))
    }

    /// A user's back-off is over.
    pub fn back(&mut self, user: u32) -> User {
        self.backing_off -= 1;
        self.users[user]
    }

    /// Counts no more.
    pub fn close_window(&mut self, now: Time) {
        self.on = false;
        self.backing_off_at_end = self.backing_off;
        self.still_trying = self.users.living().filter(|&user| self.users[user].attempt > 0).count() as u64;
        self.closed = self.timeline.take().map(|mut timeline| {
            timeline.close(now);
            timeline
        });
    }

    /// First tries since counting began.
    pub fn first_tries(&self) -> u64 {
        self.counts.iter().map(|count| count.first_tries).sum()
    }

    /// Users who wait for their next attempt.
    pub fn backing_off(&self) -> u64 {
        self.backing_off
    }

    /// From now on no failed request is sent again.
    pub fn end_retries(&mut self) {
        if let Some(retry) = &mut self.retry {
            retry.attempts = 0;
        }
    }

    /// What became of users; none where none sends anything again.
    pub fn users(&self) -> Option<Users> {
        self.retry.as_ref()?;
        let sum = |figure: fn(&Count) -> u64| self.counts.iter().map(figure).sum();
        Some(Users {
            first_tries: sum(|count| count.first_tries),
            succeeded: sum(|count| count.succeeded),
            succeeded_at_once: sum(|count| count.succeeded_at_once),
            lost: sum(|count| count.lost),
            backing_off: self.backing_off_at_end,
            still_trying: self.still_trying,
        })
    }

    /// What became of each class; empty where there is but one.
    pub fn classes(&mut self) -> Vec<ClassOutcome> {
        if self.classes.len() < 2 {
            return Vec::new();
        }
        let of = |(class, count): (&Class, &mut Count)| ClassOutcome {
            name: class.name.clone(),
            sent: count.sent,
            first_tries: count.first_tries,
            succeeded: count.succeeded,
            failed: count.failed,
            lost: count.lost,
            response_times: std::mem::take(&mut count.response_times),
        };
        self.classes.iter().zip(&mut self.counts).map(of).collect()
    }

    /// Whether a request to this endpoint was answered with success within the window.
    pub fn has_succeeded(&self, target: u32) -> bool {
        self.classes.iter().zip(&self.counts).any(|(class, count)| class.target == target && count.succeeded > 0)
    }

    /// The timeline that is kept, where the load asks for all of it.
    pub fn recorded(&mut self) -> Option<(&mut Timeline, Time)> {
        let timeline = self.timeline.as_mut()?;
        let sampled = timeline.recording.as_ref()?.sampled();
        Some((timeline, sampled))
    }

    /// Whether there is one.
    pub fn is_recorded(&self) -> bool {
        self.timeline.as_ref().is_some_and(|timeline| timeline.recording.is_some())
    }

    /// The timeline up to the end of the window.
    pub fn take_timeline(&mut self) -> Option<Timeline> {
        self.closed.take()
    }
}

impl Part for Ledger {
    fn reset(&mut self, _: Time) {
        self.on = true;
        self.carried = self.users.len() as u64;
        self.counts.iter_mut().for_each(|count| *count = Count::default());
    }

    fn usage(&self, _: Moment, _: &mut Rows) {}

    fn laws(&mut self, _: Moment, broken: &mut Vec<String>) {
        let came = self.carried + self.counts.iter().map(|count| count.first_tries).sum::<u64>();
        let seen = self.counts.iter().map(|count| count.succeeded + count.lost).sum::<u64>() + self.users.len() as u64;
        if came != seen {
            broken.push(format!("conservation of users: {came} came, {seen} went or are inside"));
        }
    }

    fn is_at_rest(&self) -> bool {
        self.users.is_empty()
    }
}
