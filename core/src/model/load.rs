//! The load as meant.

use super::backoff::Backoff;
use super::pattern::Pattern;
use super::queue::Notice;
use super::rate::RateUnit;
use crate::kernel::Time;
use crate::kernel::random::{GOLDEN, mix, name, unit};

/// Who sends requests, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// Index of the endpoint that is called; with several classes, by the first.
    pub target: u32,
    /// Classes of requests, in the order of their names; empty where all are alike.
    pub classes: Vec<Class>,
    /// How long a client waits before it gives up; none: without limit.
    pub timeout: Option<Time>,
    /// What becomes of the handler then.
    pub abandon: Abandon,
    /// How often and when a client sends a failed request again; none: never.
    pub retry: Option<Retry>,
    /// Length of an interval of the timeline; none: no timeline is kept.
    pub timeline: Option<Time>,
    /// Whether all that a timeline can have is recorded, response times, failures by cause, resources and marks, and in how
    /// many intervals at most; none: the counts alone.
    pub recorded: Option<usize>,
    /// Length of the intervals of which the one with the most calls is looked for; none: calls are not counted.
    pub call_rates: Option<Time>,
    /// When the last disturbance is over, from which on the recovery is timed.
    pub recovered_after: Option<Time>,
    /// Stretches of time that are disturbed, with what disturbs, for charts.
    pub disturbances: Vec<(Time, Time, String)>,
    /// The faults that change something and are on when the window closes, each with those like it: `fault down`.
    pub faults_at_end: Vec<String>,
    /// Those of them that halt all of a service, or kill it, with its name.
    pub halted_at_end: Vec<(String, String)>,
    /// What is written as a disturbance changes nothing: a spike of the usual rate, work that takes once as long.
    pub is_calm: bool,
    /// What is known of a run without the disturbance.
    pub reference: Reference,
    /// Of which requests accounts are kept of where their time goes.
    pub accounts: AccountsKept,
    /// How requests follow each other.
    pub pattern: Pattern,
    /// The unit that its rates are written in; none where it has none.
    pub rate_unit: Option<RateUnit>,
    /// The warm-up is not that of the pattern, but to be found by pilot runs.
    pub auto_warm_up: bool,
    /// How clients learn of the completion of what outlasts its answer; none: they do not wait for it.
    pub completion: Option<Notice>,
    /// The number that makes it heavier, as it is written.
    pub strength: Strength,
}

/// The number of a load that makes it heavier, as it is written: what a search for the highest load varies.
#[derive(Clone, Debug, PartialEq)]
pub enum Strength {
    /// A number of clients.
    Clients {
        /// Its path: `load.concurrency`.
        path: String,
        /// As it is written.
        count: u32,
        /// Requests in all; none where the load is endless.
        users: Option<u32>,
    },
    /// The highest number of clients of several stages, in which no single number stands for the load.
    Stages {
        /// As it is written.
        count: u32,
    },
    /// A rate.
    Rate {
        /// Its path: `load.rate`.
        path: String,
        /// Requests a second.
        per_second: f64,
        /// The unit that it is written in.
        unit: RateUnit,
    },
    /// The numbers of clients and the rates of several classes, of which no single one stands for the load.
    Classes,
    /// The highest rate of a profile, in which no single number stands for the load.
    Peak {
        /// Requests a second.
        per_second: f64,
        /// The unit that it is written in.
        unit: RateUnit,
    },
    /// A number that all rates are multiplied with.
    Factor {
        /// Its path: `load.profile_from.factor`.
        path: &'static str,
        /// As it is written, or 1.
        factor: f64,
    },
    /// A number that all times between arrivals are multiplied with: the load grows as it falls.
    Stretch {
        /// Its path: `load.trace.scale`.
        path: &'static str,
        /// As it is written, or 1.
        factor: f64,
    },
}

/// Intervals of a timeline at most; beyond them two neighbours become one and the interval is twice as long.
pub const MOST_INTERVALS: usize = 4096;

/// Intervals that a timeline has about, where the load does not say how long they are.
const INTERVALS: u64 = 150;

/// The length of the intervals of a run of this length: 1, 2 or 5 times a power of ten nanoseconds.
pub fn round_interval(run: Time) -> Time {
    let least = run.0 / INTERVALS;
    let mut unit = 1u64;
    loop {
        for step in [1, 2, 5] {
            if unit * step >= least {
                return Time(unit * step);
            }
        }
        unit *= 10;
    }
}

/// Intervals that tell what is usual, at least.
pub const FEWEST_USUAL: u64 = 5;

impl Load {
    /// The stretch from the end of the warm-up to the first disturbance: what "before" means to a recovery. Empty where
    /// nothing is known to disturb.
    pub fn undisturbed(&self) -> (Time, Time) {
        let warm_up = self.pattern.window().map_or(Time::ZERO, |(opens, _)| opens);
        let first = self.disturbances.iter().map(|&(from, ..)| from).min();
        (warm_up, first.unwrap_or(warm_up))
    }

    /// Whether anything disturbs it for a while: a spike, a fault, or arrivals that change.
    pub fn is_disturbed(&self) -> bool {
        let changes = matches!(self.pattern, Pattern::Staged { .. } | Pattern::Varying { .. } | Pattern::Trace { .. });
        changes || !self.disturbances.is_empty()
    }

    /// Whether intervals without the disturbance tell what success rate and response times are usual.
    pub fn knows_usual(&self) -> bool {
        let (from, to) = self.undisturbed();
        let before = to.since(from).0;
        match self.reference {
            Reference::Unknown => false,
            Reference::WithoutFaults => true,
            Reference::Before => self.interval().is_some_and(|length| before / length.0.max(1) >= FEWEST_USUAL),
        }
    }

    /// Records all that a timeline can have. Where the load has no timeline yet, it gets intervals of a round length, or
    /// for a finite test some that double until there are few enough.
    pub fn record(&mut self) {
        const SHORTEST: Time = Time(1_000_000);
        const FEW: usize = 300;
        let length = self.timeline.or_else(|| self.pattern.window().map(|(_, end)| round_interval(end)));
        self.recorded = Some(if length.is_some() { MOST_INTERVALS } else { FEW });
        self.timeline = Some(length.unwrap_or(SHORTEST));
    }

    /// Length of the intervals that a run counts in: that of the timeline. Where a recovery is timed, half of it, a quarter
    /// and so on, until there are eight intervals before the disturbance and eight after it; they are merged into those
    /// of the timeline when the recovery is known.
    pub fn interval(&self) -> Option<Time> {
        const FEWEST: u64 = 8;
        let length = self.timeline?;
        let Some(after) = self.recovered_after else { return Some(length) };
        let (from, to) = self.undisturbed();
        let end = self.pattern.window().map_or(Time::ZERO, |(_, closes)| closes);
        let stretches = [to.since(from), end.since(after)];
        let shortest = stretches.into_iter().filter(|&stretch| stretch > Time::ZERO).min();
        let most = shortest.map_or(length, |stretch| Time(stretch.0 / FEWEST));
        let mut fine = length;
        while fine > most && fine.0 >= 2 && fine.0.is_multiple_of(2) && fine.0 / 2 >= FINEST.0 {
            fine = Time(fine.0 / 2);
        }
        Some(fine)
    }
}

/// What is known of a run without its disturbance, with which response times after it are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The load does not change but for the disturbance: it is as before.
    Before,
    /// The load changes, and faults alone disturb: the same run without faults.
    WithoutFaults,
    /// The load changes, and some of its changes are the disturbance: nothing. Successes alone tell of a recovery.
    Unknown,
}

/// The shortest interval that is counted in to find a recovery.
const FINEST: Time = Time(1_000_000);

/// Of which requests a run keeps accounts of where their time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountsKept {
    /// Of none.
    Off,
    /// Of a sample that stands for all: every request of a small run, one in sixteen of a large one, fewer of a very
    /// large one.
    Sampled,
    /// Of every request.
    All,
}

/// A class of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// Index of the endpoint that it calls.
    pub target: u32,
    /// Probability of this or an earlier class; the last is 1.
    pub cumulated: f64,
    /// How important it is; queues that serve by priority serve the highest first.
    pub priority: u8,
}

/// What is drawn of each user of a load, by the user's number, so that designs meet the same users in the same order.
#[derive(Clone, Copy, Debug)]
pub struct UserDraws {
    class: u64,
    backoff: u64,
}

impl UserDraws {
    /// The draws of a replication.
    pub fn new(seed: u64, replication: u64) -> Self {
        Self { class: name(seed, replication, "class", 0), backoff: name(seed, replication, "backoff", 0) }
    }

    /// The index of the class of user `number`, counted from 1; 0 where there is one class or none.
    pub fn class(self, classes: &[Class], number: u64) -> u32 {
        let u = unit(mix(self.class ^ number.wrapping_mul(GOLDEN)));
        classes.iter().position(|class| u < class.cumulated).unwrap_or(classes.len().saturating_sub(1)) as u32
    }

    /// How long user `number` waits after a failed attempt, of which `earlier` came before.
    pub fn wait(self, retry: &Retry, number: u64, earlier: u16) -> Time {
        let key = mix(self.backoff ^ number.wrapping_mul(GOLDEN)).wrapping_add(u64::from(earlier));
        retry.backoff.wait(u32::from(earlier) + 1, unit(mix(key)))
    }
}

/// Retries that a budget saves up at most, and has at the start.
pub const MOST_SAVED: f64 = 10.0;

/// How a client sends a failed request again.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all.
    pub attempts: u32,
    /// Waits between them.
    pub backoff: Backoff,
    /// Retries that each first try allows for, on average; none: any number.
    pub budget: Option<f64>,
}

/// What becomes of a handler whose client gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandon {
    /// It works on although no client waits.
    Continue,
    /// It is cancelled.
    Cancel,
}
