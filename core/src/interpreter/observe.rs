//! From state to outcome: the measuring window, and what the resources did in it.

mod laws;
mod names;

pub use names::limit_names;

use crate::kernel::Time;

use crate::interpreter::parts::parts;
use crate::interpreter::world::World;
use crate::parts::blame::Blame;
use crate::parts::outcome::{CallCount, Ending, Outcome, ServiceOutcome};
use crate::parts::overdue::Overdue;
use crate::parts::part::Part;
use crate::parts::phase::Phase;
use crate::parts::reaction::Reaction;
use crate::parts::resource::ResourceUse;
use crate::parts::scaling::Scaled;
use crate::parts::usage::{Rows, Span};

/// What the window has seen, taken when it closes; the run may continue after it.
#[derive(Clone, Debug, Default)]
pub struct Window {
    length: Time,
    resources: Vec<ResourceUse>,
    phases: Vec<Phase>,
    violations: Vec<String>,
    unfinished: u64,
    stranded: u64,
    restarts: u64,
    services: Vec<ServiceOutcome>,
    calls: Option<CallCount>,
    reactions: Vec<Reaction>,
    scaled: Vec<Scaled>,
    blame: Option<Blame>,
}

impl World<'_> {
    /// Opens the measuring window: everything is counted from now on.
    pub fn open_window(&mut self) {
        self.sample_before_reset();
        let now = self.engine.now;
        if self.is_recording() {
            self.meter_cpu_reset();
        }
        self.carry_replicas();
        self.window_start = now;
        self.tally.restart(self.requests.len() as u64);
        self.phases.reset();
        if let Some(calls) = &mut self.calls {
            calls.reset(now);
        }
        for part in parts!(self, mut) {
            part.reset(now);
        }
        self.reset_blame();
    }

    /// Closes the measuring window.
    pub fn close_window(&mut self) -> Window {
        self.end_phase();
        self.end_recording();
        if !std::mem::replace(&mut self.tally.on, false) {
            // It never opened: the run ended before.
            let now = self.engine.now;
            if let Some(ledger) = &mut self.ledger {
                ledger.close_window(now);
            }
            return Window { unfinished: self.requests.len() as u64, ..Window::default() };
        }
        let (now, length) = (self.engine.now, self.engine.now - self.window_start);
        let mut calls = self.calls.as_ref().map(|calls| calls.of_window(length)).unwrap_or_default();
        let all_calls = calls.pop().flatten();
        let services = self.system.services.iter().enumerate().map(|(index, plan)| ServiceOutcome {
            name: plan.name.clone(),
            replicas: plan.replicas,
            calls: calls.get(index).copied().flatten(),
        });
        let window = Window {
            length,
            services: services.collect(),
            calls: all_calls,
            resources: self.resources(Span::of(length)),
            phases: self.phases.take(),
            violations: self.violations(),
            unfinished: self.requests.len() as u64,
            stranded: self.losses().stranded,
            restarts: self.groups.iter().map(|group| group.restarts).sum(),
            reactions: self.guards.reactions.of_window(self.system, &self.caches),
            scaled: self.scalers.iter().flat_map(|scaler| scaler.scaled.clone()).collect(),
            blame: self.blame(),
        };
        if let Some(ledger) = &mut self.ledger {
            ledger.close_window(now);
        }
        window
    }

    /// What remains of the run.
    pub fn outcome(&mut self, ending: Ending, window: Window) -> Outcome {
        let losses = self.losses().units;
        let users = self.ledger.as_ref().and_then(|ledger| ledger.users());
        let classes = self.ledger.as_mut().map(|ledger| ledger.classes()).unwrap_or_default();
        let timeline = self.ledger.as_mut().and_then(|ledger| ledger.take_timeline());
        Outcome {
            ending,
            window: window.length,
            sent: self.tally.sent,
            succeeded: self.tally.succeeded,
            failures: self
                .tally
                .causes()
                .map(|(failure, count)| (failure.describe(&self.system.reasons), count))
                .collect(),
            instant_resends: self.tally.instant_resends,
            unfinished: window.unfinished,
            wasted: self.tally.wasted,
            restarts: window.restarts,
            services: window.services,
            prices: self.system.prices.clone(),
            calls: window.calls,
            reactions: window.reactions,
            scaled: window.scaled,
            response_times: std::mem::take(&mut self.tally.response_times),
            completion: self.completion(window.length),
            staleness: self.staleness(),
            resources: window.resources,
            phases: window.phases,
            blame: window.blame,
            deadlock: self.take_deadlock(),
            hung: self.hung(),
            probes: None,
            losses,
            stranded: window.stranded,
            overdue: None,
            events: self.events,
            violations: window.violations,
            users,
            classes,
            course: None,
            timeline,
            calm: None,
        }
    }

    /// The clients that wait for an overdue answer, out of `clients`: at this time, in the window or just after it has closed.
    pub fn overdue(&self, clients: u32) -> Overdue {
        self.overdue_of(clients, |_| true)
    }

    /// The same, of the requests of these clients.
    pub fn overdue_of(&self, clients: u32, are_theirs: impl Fn(u32) -> bool) -> Overdue {
        let now = self.engine.now;
        let requests = self.requests.living().filter(|&request| are_theirs(self.requests[request].client));
        let ages = requests.map(|request| now.since(self.requests[request].born));
        Overdue::of(clients, ages, &self.tally.response_times, now.since(self.window_start))
    }

    /// Leaves the system alone from now on: no failed request is sent again.
    pub fn end_load(&mut self) {
        if let Some(ledger) = &mut self.ledger {
            ledger.end_retries();
        }
        self.resume();
    }

    /// What the time after the load has shown: what is lost for good, and what was completed although its client had
    /// given up.
    pub fn drained(&mut self, outcome: &mut Outcome) {
        outcome.losses = self.losses().units;
        outcome.deadlock = outcome.deadlock.take().or_else(|| self.take_deadlock());
        outcome.hung = self.hung();
        outcome.wasted = self.tally.wasted;
    }

    pub(crate) fn resources(&self, span: Span) -> Vec<ResourceUse> {
        let down = self.processes.iter().map(|process| &self.replicas[process.replica as usize].down);
        let (moment, mut rows) = (self.moment(), Rows::new(span, self.engine.now, down));
        for part in parts!(self) {
            part.usage(moment, &mut rows);
        }
        self.sessions(&mut rows);
        rows.finish()
    }
}
