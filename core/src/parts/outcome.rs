//! What remains of a run.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::kernel::Time;
use crate::kernel::wire::{self, Number};
use crate::model::Prices;
use crate::statistics::histogram::Histogram;

use crate::engine::token::Failure;
use crate::parts::blame::{Blame, BlamePlace};
use crate::parts::course::Course;
use crate::parts::loss::Loss;
use crate::parts::overdue::Overdue;
use crate::parts::phase::Phase;
use crate::parts::reaction::Reaction;
use crate::parts::resource::ResourceUse;
use crate::parts::scaling::Scaled;
use crate::parts::timeline::Timeline;

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The load came to its end.
    Complete,
    /// Nothing more could happen before the load came to its end: everything waits, and nothing ends that.
    Quiet,
    /// It took more events than allowed.
    TooManyEvents,
    /// Requests end and start again, or steps are repeated, at one instant of simulated time.
    Standstill,
    /// The clock came to its end, 584 years after its start: a sleep, a wait or a demand is too long.
    EndOfClock,
    /// More requests are in flight than the calendar can tell apart (8.4 million).
    TooManyInFlight,
    /// It took more time on the wall than allowed.
    OutOfTime,
    /// It was interrupted from outside.
    Interrupted,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Quiet => "all requests wait forever",
            Self::TooManyEvents => "too many events",
            Self::Standstill => "requests end and start again at one instant of simulated time",
            Self::EndOfClock => "end of the clock, at 584 years",
            Self::TooManyInFlight => "more than 8.4 million requests in flight",
            Self::OutOfTime => "out of time",
            Self::Interrupted => "interrupted",
        })
    }
}

impl Ending {
    /// What lets such a run come to its own end; none for one that did.
    pub fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Complete | Self::Quiet => None,
            Self::TooManyEvents => Some("raise `max_events`, or shorten the run, to let them end"),
            Self::Standstill => Some("give a step, the think time or the wait before a retry a length above 0"),
            Self::EndOfClock => Some("shorten the sleeps, waits, demands or time-outs: the clock has 584 years"),
            Self::TooManyInFlight => Some(
                "requests arrive faster than they end, and no limit of the run can help: lower the rate, shorten the \
                 run, or let requests end (a `timeout` with `abandon = \"cancel\"`, a bounded queue)",
            ),
            Self::OutOfTime => Some("raise `max_wall_time`, or shorten the run, to let them end"),
            Self::Interrupted => Some("run it again"),
        }
    }
}

/// The result of one trial.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Why it ended.
    pub ending: Ending,
    /// Length of the measuring window: of a finite test, from its first request to its last end.
    pub window: Time,
    /// Requests sent within the window.
    pub sent: u64,
    /// Requests answered with success within the window.
    pub succeeded: u64,
    /// Requests that ended without success within the window, by cause.
    pub failures: Vec<(String, u64)>,
    /// Of these, requests that were refused within a millisecond, a round trip in a cluster, and that their client sent
    /// again less than a millisecond after that.
    pub instant_resends: u64,
    /// Requests under way at the end of the window.
    pub unfinished: u64,
    /// Handlers of which the client gave up within the window and that ended later, up to the end of the run, the time after
    /// the load included. One that is still at work then, can never end, or was cancelled or killed is not among them.
    pub wasted: u64,
    /// Replicas restarted by their liveness probes within the window.
    pub restarts: u64,
    /// Response times of the successful, in nanoseconds; where clients send again, from the first try on.
    pub response_times: Histogram,
    /// What became of all that outlasts its answer; none where nothing does.
    pub completion: Option<Completion>,
    /// How old what was read of views was, in nanoseconds: the age of the oldest event still to be applied at each read
    /// within the window; none without views.
    pub staleness: Option<Histogram>,
    /// The resources over the window.
    pub resources: Vec<ResourceUse>,
    /// The parts of the window, in order.
    pub phases: Vec<Phase>,
    /// Where the time of the window's requests went; none where that was not asked for.
    pub blame: Option<Blame>,
    /// The first deadlock.
    pub deadlock: Option<Deadlock>,
    /// Requests that wait for an answer that never comes (a broken client), at the end.
    pub hung: u64,
    /// Processes of the target that are not dead after the load has gone, of all; none where none were probed, or where no
    /// process is known to be dead and the system was still at work on what the load had left behind.
    pub probes: Option<(u32, u32)>,
    /// Units of resources that are lost for good, at the end of the run.
    pub losses: Vec<Loss>,
    /// Requests under way at the end of the window that can never be answered.
    pub stranded: u64,
    /// Clients of a closed load that still wait at its end, for far longer than usual; none of other loads, of finite tests
    /// and of a run that a limit ended.
    pub overdue: Option<Overdue>,
    /// Events that the run took.
    pub events: u64,
    /// Laws that the run violated, both numbers given; empty for a sound run.
    pub violations: Vec<String>,
    /// Users over the window; none where none sends anything again, so that each request is a user of its own.
    pub users: Option<Users>,
    /// The classes of requests over the window; empty where there is but one.
    pub classes: Vec<ClassOutcome>,
    /// What the services had to do over the window; empty where it never opened.
    pub services: Vec<ServiceOutcome>,
    /// Prices per hour, where the model has any.
    pub prices: Option<Prices>,
    /// Calls that reached all services together; none where they are not counted.
    pub calls: Option<CallCount>,
    /// What the system did by itself within the window: retries, hedges, fallbacks, deliveries and fetches for a second time.
    pub reactions: Vec<Reaction>,
    /// The replicas that autoscalers added, the first decisions of each up to the end of the window.
    pub scaled: Vec<Scaled>,
    /// The course of the window; none of a finite test.
    pub course: Option<Course>,
    /// What happened when, from time 0 to the end of the window; none where the load asks for none.
    pub timeline: Option<Timeline>,
    /// The timeline of the same run without its faults; none where it is not needed.
    pub calm: Option<Timeline>,
}

/// What became of users who send a failed request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    /// Users who sent their first try within the window.
    pub first_tries: u64,
    /// Users who had an answer within the window.
    pub succeeded: u64,
    /// Those of them whose first try was answered.
    pub succeeded_at_once: u64,
    /// Users who gave up for good within the window.
    pub lost: u64,
    /// Users who wait for their next attempt at its end.
    pub backing_off: u64,
    /// Users who have failed at least once and are still trying at its end, those in back-off among them.
    pub still_trying: u64,
}

/// A class of requests over the window.
#[derive(Clone, Debug)]
pub struct ClassOutcome {
    /// Its name.
    pub name: String,
    /// Requests sent, those that are sent again included.
    pub sent: u64,
    /// Users: requests sent for the first time.
    pub first_tries: u64,
    /// Requests answered with success.
    pub succeeded: u64,
    /// Requests that ended without success, those that are sent again included.
    pub failed: u64,
    /// Users who gave up for good.
    pub lost: u64,
    /// Response times of the successful, in nanoseconds; from the first try on.
    pub response_times: Histogram,
}

/// A service over the window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "(String, u32, Option<(u64, Number)>)", from = "(String, u32, Option<(u64, Number)>)")]
pub struct ServiceOutcome {
    /// Its name.
    pub name: String,
    /// Its replicas, those that are stuck, dead or restarting included.
    pub replicas: u32,
    /// Calls that reached it; none where they are not counted.
    pub calls: Option<CallCount>,
}

impl From<ServiceOutcome> for (String, u32, Option<(u64, Number)>) {
    fn from(of: ServiceOutcome) -> Self {
        (of.name, of.replicas, of.calls.map(|count| (count.calls, Number(count.peak_per_s))))
    }
}

impl From<(String, u32, Option<(u64, Number)>)> for ServiceOutcome {
    fn from((name, replicas, calls): (String, u32, Option<(u64, Number)>)) -> Self {
        Self { name, replicas, calls: calls.map(|(calls, peak)| CallCount { calls, peak_per_s: peak.0 }) }
    }
}

/// Calls that reached a service within the window, whatever became of them: those of the load, of other services and of
/// clients that poll, retries and hedges included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallCount {
    /// How many.
    pub calls: u64,
    /// In the fullest interval, over its length; intervals follow each other from the opening of the window on.
    #[serde(with = "wire")]
    pub peak_per_s: f64,
}

impl LostWork {
    /// Adds what failed in the same way.
    pub fn add(&mut self, other: &Self) {
        self.count += other.count;
        for (place, count) in &other.at {
            match self.at.iter_mut().find(|(known, _)| known == place) {
                Some((_, sum)) => *sum += count,
                None => self.at.push((place.clone(), *count)),
            }
        }
    }

    /// Whether a full queue dropped it, on purpose.
    pub fn is_dropped(&self) -> bool {
        self.cause == Failure::QUEUE_FULL.describe(&[])
    }
}

impl Outcome {
    /// Requests that ended within the window.
    pub fn ended(&self) -> u64 {
        self.succeeded + self.failures.iter().map(|(_, n)| n).sum::<u64>()
    }

    /// Successes a minute; none where the window takes no time.
    pub fn throughput_per_min(&self) -> Option<f64> {
        self.per_min(self.succeeded)
    }

    /// So many of something, a minute. In a window of no length there is no such figure, unless everything waits
    /// without an end: then time passes and nothing more comes through.
    pub fn per_min(&self, count: u64) -> Option<f64> {
        match self.window {
            Time::ZERO => (self.ending == Ending::Quiet).then_some(0.0),
            window => Some(count as f64 / window.seconds() * 60.0),
        }
    }

    /// Users that the success rate is a share of: those who have got their answer, those who have given up for good,
    /// those who have failed and are still trying when the window closes, and those who can never be answered. Without
    /// retries each request is a user.
    pub fn settled(&self) -> u64 {
        self.users.map_or_else(|| self.ended(), |users| self.succeeded + users.lost) + self.without_end()
    }

    /// The settled users who have neither got their answer nor given up.
    pub fn without_end(&self) -> u64 {
        let (trying, backing_off) = self.users.map_or((0, 0), |users| (users.still_trying, users.backing_off));
        // A user who is still trying may be one of those who can never be answered.
        // Where the run ended because too many are under way, more and more of them are never answered.
        let never_answers = matches!(self.ending, Ending::Quiet | Ending::TooManyInFlight);
        if never_answers { self.unfinished + backing_off } else { self.stranded.max(trying) }
    }

    /// Requests sent for each user; without retries 1.
    pub fn attempts_per_request(&self) -> f64 {
        match self.users {
            Some(users) if users.first_tries > 0 => self.sent as f64 / users.first_tries as f64,
            _ => 1.0,
        }
    }

    /// The share of all lookups in caches that found at once what they asked for; none without any.
    pub fn cache_hit_ratio(&self) -> Option<f64> {
        let caches = self.resources.iter().filter_map(|use_| use_.hit_ratio.map(|ratio| (ratio, use_.visits as f64)));
        let (hits, lookups) = caches.fold((0.0, 0.0), |(h, l), (ratio, visits)| (h + ratio * visits, l + visits));
        (lookups > 0.0).then(|| hits / lookups)
    }

    /// Successes out of the users who have ended; what never ends counts as failed when the run can go no further.
    pub fn success_rate(&self) -> f64 {
        let all = self.settled();
        if all == 0 { 0.0 } else { self.succeeded as f64 / all as f64 }
    }

    /// Whether the target no longer answers after the load has gone: more than half of its processes are dead, or nothing
    /// can still happen.
    pub fn stuck(&self) -> bool {
        match self.probes {
            Some((alive, all)) => alive * 2 < all,
            None => self.ending == Ending::Quiet && self.unfinished > 0,
        }
    }
}

/// What became of the jobs: each is all that descends from one request, and complete when the last handler and the last
/// message of it have ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// Jobs that were completed: within the window, and of the window's requests also after it, up to the end of the
    /// run.
    pub completed: u64,
    /// Jobs of which a part failed: a request, a handler that had responded, or a message that was dropped or
    /// dead-lettered.
    pub failed: u64,
    /// From sending to completion, in nanoseconds; to the notice of it where clients wait for one.
    pub times: Histogram,
    /// Jobs completed a minute, over the window or up to the last completion after it; none where that takes no time.
    pub completed_per_min: Option<f64>,
    /// Copies of messages whose last retry failed, within the window.
    pub dead_letters: u64,
    /// Copies of messages that a full queue dropped, within the window.
    pub dropped: u64,
    /// Copies of messages that a full queue refused, within the window.
    pub refused: u64,
    /// How often a message was delivered again or dead-lettered because its handler had not acknowledged it in time.
    pub overdue: u64,
    /// The failed jobs that were answered with success.
    pub broken: u64,
    /// Jobs under way at the end with a message that has failed and waits for another delivery.
    pub failing: u64,
    /// What failed behind the answers: lost messages, messages that wait for another delivery, and handlers that had
    /// responded.
    pub lost: Vec<LostWork>,
}

/// Work behind answers that failed, at one place for one cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LostWork {
    /// Where: a consumer of messages (`queue registrations / billing`), or the service of a handler that had responded.
    pub name: String,
    /// Why, in the reports' words.
    pub cause: String,
    /// How often.
    pub count: u64,
    /// Where its handlers failed, or what refused them, with how often; empty where no accounts are kept.
    pub at: Vec<(BlamePlace, u64)>,
}

/// A deadlock: tokens that hold what others of them wait for, none with a time-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadlock {
    /// When the circle closed.
    pub at: Time,
    /// The resource that is waited for.
    pub resource: String,
    /// Who holds what and waits for what, in sentences.
    pub circle: Vec<String>,
    /// How many instances of the resource are caught in a circle when the run's figures are taken: none where restarts
    /// have freed all.
    pub instances: u32,
}
