//! Who sends when: the loads of a model, for real.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{JoinHandle, spawn_local};

use super::cause::Cause;
use super::clock::Clock;
use super::exchange::exchange;
use super::pool::Pool;
use super::record::{Flight, Recorder, Row};
use super::request::{Forms, Sender};
use crate::kernel::Time;
use crate::load::{Arrivals, Changes, Thoughts};
use crate::model::{Earlier, Load, MOST_SAVED, Pattern, UserDraws};

/// Sends the requests of one run.
pub(super) struct Driver {
    load: Arc<Load>,
    forms: Forms,
    pool: Pool,
    clock: Clock,
    recorder: Rc<Recorder>,
    draws: UserDraws,
    thoughts: RefCell<Thoughts>,
    seed: u64,
    replication: u64,
    /// Requests sent.
    sent: Cell<u64>,
    /// Requests that a finite test has left to send; none of other loads.
    left: Cell<Option<u32>>,
    /// Clients that a load in stages wants.
    wanted: Cell<u32>,
    /// Whether each client that was started is still at work.
    at_work: RefCell<Vec<bool>>,
    /// Retries that the budget still allows.
    saved: Cell<f64>,
}

/// What a driver needs.
pub(super) struct Means {
    pub forms: Forms,
    pub pool: Pool,
    pub clock: Clock,
    pub recorder: Rc<Recorder>,
}

impl Driver {
    /// The sender of a replication.
    pub fn new(load: &Arc<Load>, means: Means, seed: u64, replication: u64) -> Self {
        let think = match &load.pattern {
            Pattern::Test { think, .. } | Pattern::Endless { think, .. } | Pattern::Staged { think, .. } => {
                think.as_ref()
            }
            Pattern::Varying { .. } | Pattern::Trace { .. } | Pattern::Open { .. } | Pattern::Mixed { .. } => None,
        };
        let Means { forms, pool, clock, recorder } = means;
        Self {
            forms,
            pool,
            clock,
            recorder,
            draws: UserDraws::new(seed, replication),
            thoughts: RefCell::new(Thoughts::new(think, seed, replication)),
            load: Arc::clone(load),
            seed,
            replication,
            sent: Cell::new(0),
            left: Cell::new(None),
            wanted: Cell::new(u32::MAX),
            at_work: RefCell::default(),
            saved: Cell::new(MOST_SAVED),
        }
    }

    /// Connections opened so far.
    pub fn opened(&self) -> u32 {
        self.pool.opened()
    }

    /// Sends everything. Of a finite test it returns after the last end; of others when nothing more is to be sent.
    pub async fn drive(self: Rc<Self>) {
        let load = Arc::clone(&self.load);
        match &load.pattern {
            &Pattern::Test { concurrency, users, spacing, before, .. } => {
                if let Some(Earlier { concurrency, users, pause }) = before {
                    self.recorder.begin(false);
                    self.test(concurrency, users, spacing).await;
                    self.clock.until(Instant::now() + Duration::from_nanos(pause.0)).await;
                }
                self.recorder.begin(true);
                self.test(concurrency, users, spacing).await;
            }
            &Pattern::Endless { concurrency, spacing, .. } => {
                self.recorder.begin(true);
                for task in self.clients(concurrency, spacing) {
                    let _ = task.await;
                }
            }
            Pattern::Staged { start, stages, .. } => {
                self.recorder.begin(true);
                self.want(*start);
                for (at, count) in Changes::new(*start, stages) {
                    self.clock.until(self.at(at)).await;
                    self.want(count);
                }
            }
            // A mixed load is refused before it comes here; it has no arrivals that are known in advance.
            Pattern::Varying { .. } | Pattern::Trace { .. } | Pattern::Open { .. } | Pattern::Mixed { .. } => {
                self.recorder.begin(true);
                let end = load.pattern.window().map_or(Time::MAX, |(_, closes)| closes);
                let arrivals = Arrivals::new(&load.pattern, self.seed, self.replication);
                for arrival in arrivals.into_iter().flatten().take_while(|arrival| arrival.at < end) {
                    let due = self.at(arrival.at);
                    self.clock.until(due).await;
                    let driver = Rc::clone(&self);
                    spawn_local(async move { driver.request(0, arrival.class, due).await });
                }
            }
        }
    }

    /// A moment of the run.
    fn at(&self, time: Time) -> Instant {
        self.recorder.began() + Duration::from_nanos(time.0)
    }

    async fn test(self: &Rc<Self>, concurrency: u32, users: u32, spacing: Time) {
        self.left.set(Some(users));
        for task in self.clients(concurrency.min(users), spacing) {
            let _ = task.await;
        }
    }

    /// Starts clients, one after the other.
    fn clients(self: &Rc<Self>, count: u32, spacing: Time) -> Vec<JoinHandle<()>> {
        let start = |client: u32| {
            let begins = self.at(Time(spacing.0.saturating_mul(u64::from(client))));
            spawn_local(Rc::clone(self).client(client, begins))
        };
        (0..count).map(start).collect()
    }

    /// From now on this number of clients is wanted.
    fn want(self: &Rc<Self>, count: u32) {
        self.wanted.set(count);
        let mut at_work = self.at_work.borrow_mut();
        if at_work.len() < count as usize {
            at_work.resize(count as usize, false);
        }
        for (client, is_at_work) in (0..count).zip(at_work.iter_mut()) {
            if !std::mem::replace(is_at_work, true) {
                spawn_local(Rc::clone(self).client(client, Instant::now()));
            }
        }
    }

    /// A client: sends, waits for the answer, thinks.
    async fn client(self: Rc<Self>, client: u32, begins: Instant) {
        let mut due = begins;
        loop {
            self.clock.until(due).await;
            if client >= self.wanted.get() {
                self.at_work.borrow_mut()[client as usize] = false;
                return;
            }
            match self.left.get() {
                Some(0) => return,
                Some(left) => self.left.set(Some(left - 1)),
                None => {}
            }
            self.request(client, None, due).await;
            let pause = self.thoughts.borrow_mut().pause().unwrap_or(Time::ZERO);
            due = Instant::now() + Duration::from_nanos(pause.0);
        }
    }

    /// A request, with its further attempts.
    async fn request(&self, client: u32, class: Option<u32>, due: Instant) {
        self.sent.set(self.sent.get() + 1);
        let number = self.sent.get();
        let class = class.unwrap_or_else(|| self.draws.class(&self.load.classes, number));
        if let Some(budget) = self.load.retry.as_ref().and_then(|retry| retry.budget) {
            self.saved.set((self.saved.get() + budget).min(MOST_SAVED));
        }
        let first = self.recorder.since(due);
        let (mut due, mut earlier) = (due, 0u16);
        loop {
            let Some(request) = self.forms.make(class, Sender { number, client }) else { return };
            let row = Row {
                number,
                earlier,
                class,
                client,
                first,
                due: self.recorder.since(due),
                start: self.recorder.since(Instant::now()),
                ..Row::default()
            };
            let mut flight = Flight::begin(&self.recorder, row);
            let whole = exchange(&self.pool, request, &mut flight);
            let outcome = match self.load.timeout {
                Some(patience) => {
                    let patience = Duration::from_nanos(patience.0);
                    tokio::time::timeout(patience, whole).await.unwrap_or(Err(Cause::GaveUp))
                }
                None => whole.await,
            };
            let wait = if Flight::fails(outcome) { self.again(number, earlier) } else { None };
            flight.end(outcome, wait.is_some());
            let Some(wait) = wait else { return };
            earlier += 1;
            due = Instant::now() + Duration::from_nanos(wait.0);
            self.clock.until(due).await;
        }
    }

    /// The wait before the next attempt; none where there is none.
    fn again(&self, number: u64, earlier: u16) -> Option<Time> {
        let retry = self.load.retry.as_ref()?;
        if u32::from(earlier) + 1 >= retry.attempts {
            return None;
        }
        if retry.budget.is_some() {
            if self.saved.get() < 1.0 {
                return None;
            }
            self.saved.set(self.saved.get() - 1.0);
        }
        Some(self.draws.wait(retry, number, earlier))
    }
}
