//! Sending: a request becomes a token on its way to the endpoint that the load calls.

use crate::kernel::deadline::Purpose;
use crate::kernel::random::{GOLDEN, mix};
use crate::kernel::{NONE, Time};
use crate::model::Runtime;

use crate::engine::task::Task;
use crate::engine::token::{Failure, ROOT, Request, State};
use crate::interpreter::world::World;
use crate::parts::ledger::{User, key_of_try};
use crate::parts::network::ROUND_TRIP;

/// A request to send.
#[derive(Clone, Copy)]
struct Call {
    client: u32,
    /// The endpoint.
    target: u32,
    /// Since when its user waits.
    born: Time,
    /// Its user in the ledger; [`NONE`] where there is none.
    user: u32,
    /// Its client waits for completion, if clients do.
    awaits: bool,
}

impl World<'_> {
    /// Sends a request to the target, through the balancers.
    #[inline]
    pub fn send(&mut self, client: u32) {
        if let Some(t) = self.send_straight(client) {
            self.engine.ready.push(&mut self.engine.tokens, t);
        }
    }

    /// The same from an event of the load that sends one request: nothing else is ready, so the request takes its first
    /// step at once.
    #[inline(always)]
    pub fn send_at_once(&mut self, client: u32) {
        debug_assert!(self.engine.ready.is_empty() && self.ended.is_empty());
        if let Some(t) = self.send_straight(client) {
            self.step(t);
        }
    }

    /// Sends a request to the target. The token that is ready, where nothing is in between: with its way looked up for
    /// each request an M/M/1 takes 80 instructions more.
    #[inline(always)]
    fn send_straight(&mut self, client: u32) -> Option<u32> {
        if self.straight == NONE {
            self.send_by_balancers(client);
            return None;
        }
        self.numbered += 1;
        let call = Call { client, target: self.target, born: self.engine.now, user: NONE, awaits: true };
        let t = self.request(call, self.key_of(self.numbered));
        self.enter_process(t, self.straight);
        Some(t)
    }

    #[inline(never)]
    fn send_by_balancers(&mut self, client: u32) {
        if self.ledger.is_some() {
            return self.send_entered(client, None);
        }
        self.numbered += 1;
        let call = Call { client, target: self.target, born: self.engine.now, user: NONE, awaits: true };
        let t = self.request(call, self.key_of(self.numbered));
        self.arrive(t, self.target, NONE);
    }

    /// The process that each request of the load to this endpoint begins in at once; none where something may be in
    /// between: an ingress, a balancer, a queue before an event loop or for a thread.
    pub(crate) fn straight_to(&self, endpoint: u32) -> Option<u32> {
        let plan = &self.system.services[self.system.endpoints[endpoint as usize].service as usize];
        let process = &self.processes[plan.first_process as usize];
        let begins = match process.runtime {
            Runtime::Delay => true,
            Runtime::Threads => process.threads == NONE,
            Runtime::EventLoop => false,
        };
        let is_straight = self.is_plain && self.ledger.is_none() && plan.replicas == 1 && plan.workers == 1 && begins;
        is_straight.then_some(plan.first_process)
    }

    /// Sends a request of this class.
    pub fn send_class(&mut self, client: u32, class: u32) {
        self.send_entered(client, Some(class));
    }

    /// Sends a user's first request and enters the user in the ledger.
    #[inline(never)]
    fn send_entered(&mut self, client: u32, class: Option<u32>) {
        self.numbered += 1;
        let (now, number) = (self.engine.now, self.numbered);
        let Some(ledger) = &mut self.ledger else { return };
        let user = ledger.begin(now, client, number, class);
        let record = ledger.users[user];
        self.attempt(user, record);
    }

    /// A user's back-off is over: it sends its request again.
    pub(crate) fn resend(&mut self, user: u32) {
        let Some(ledger) = &mut self.ledger else { return };
        let record = ledger.back(user);
        self.account_resend(user);
        self.attempt(user, record);
    }

    /// A user sends a request.
    fn attempt(&mut self, user: u32, record: User) {
        let now = self.engine.now;
        let Some((target, priority)) = self.ledger.as_mut().map(|ledger| ledger.sent(now, user)) else { return };
        let key = key_of_try(self.key_of(record.number), record.attempt);
        let t = self.request_apart(Call { client: record.client, target, born: record.first, user, awaits: true }, key);
        self.engine.priorities.set(t, priority);
        if record.attempt > 0 {
            self.account_attempt(t, user);
        }
        self.arrive(t, target, NONE);
    }

    /// Whether the user of a request that has ended sends it again.
    #[inline(never)]
    pub(crate) fn sends_again(&mut self, user: u32, failure: Failure, refused_at_once: bool) -> bool {
        let now = self.engine.now;
        let Some(backoff) = self.ledger.as_mut().and_then(|ledger| ledger.ended(now, user, failure)) else {
            self.forget_user(user);
            return false;
        };
        if refused_at_once {
            self.note_resend(backoff);
        }
        self.engine.later(backoff, Task::Resend { user });
        true
    }

    /// Notes that a client that was refused at once sends again after this pause.
    #[inline(never)]
    pub fn note_resend(&mut self, pause: Time) {
        if self.tally.on && pause < ROUND_TRIP {
            self.tally.instant_resends += 1;
        }
    }

    /// Sends probe number `number`: a request to an endpoint that the load calls, at one process of its service, past the
    /// balancers. It waits for its answer without a time-out.
    pub fn send_to(&mut self, client: u32, number: u32) {
        let Some((target, process)) = self.probed_at(number) else { return };
        self.numbered += 1;
        let call = Call { client, target, born: self.engine.now, user: NONE, awaits: false };
        let t = self.request_apart(call, self.key_of(self.numbered));
        let request = self.engine.tokens[t].request;
        self.engine.deadlines.cancel(std::mem::replace(&mut self.requests[request].timer, NONE));
        if self.is_down(self.processes[process as usize].replica) {
            return self.refuse(t, Failure::CONNECTION_REFUSED);
        }
        self.enter(t, process);
    }

    /// Withdraws the request of this client: it gives back what it holds.
    pub fn withdraw(&mut self, client: u32) {
        let request = self.requests.living().find(|&request| self.requests[request].client == client);
        let Some(request) = request else { return };
        let t = self.requests[request].token;
        let is_inside = self.engine.tokens[t].state != State::Knocking;
        self.give_up(request);
        if is_inside {
            self.interrupt(t, Failure::CANCELLED);
        }
    }

    /// The endpoint and the process that probe number `number` goes to.
    fn probed_at(&self, mut number: u32) -> Option<(u32, u32)> {
        for &target in &self.probed {
            let plan = &self.system.services[self.system.endpoints[target as usize].service as usize];
            let count = plan.replicas * plan.workers;
            if number < count {
                return Some((target, plan.first_process + number));
            }
            number -= count;
        }
        None
    }

    /// The process that probe number `number` goes to; none where there is no such probe.
    pub fn probed_process(&self, number: u32) -> Option<u32> {
        self.probed_at(number).map(|(_, process)| process)
    }

    /// Whether a process exists, running or restarting: its replica has been started and is not being removed.
    pub fn is_there(&self, process: u32) -> bool {
        self.is_staffed(self.processes[process as usize].replica)
    }

    /// Whether a process runs.
    pub fn is_up(&self, process: u32) -> bool {
        !self.is_down(self.processes[process as usize].replica)
    }

    /// Whether requests to the endpoint of a probe fail for another reason than what the load has left behind: nothing is
    /// lost, and none to it has succeeded, or a fault is still on.
    pub fn fails_anyway(&self, number: u32) -> bool {
        let has_succeeded = match (&self.ledger, self.probed_at(number)) {
            (Some(ledger), Some((target, _))) => ledger.has_succeeded(target),
            _ => self.tally.succeeded > 0,
        };
        (!has_succeeded || self.faults.contains(&true)) && self.losses().units.is_empty()
    }

    /// Whether the replica of a process is down, and either its liveness probe brings it up again or an autoscaler has not
    /// started it.
    pub fn is_restarting(&self, process: u32) -> bool {
        let process = &self.processes[process as usize];
        let restarts = self.system.services[process.service as usize].restarts();
        self.is_down(process.replica) && (restarts || !self.is_staffed(process.replica))
    }

    /// The key of a request with this number.
    #[inline]
    pub(crate) fn key_of(&self, number: u64) -> u64 {
        mix(self.key ^ number.wrapping_mul(GOLDEN))
    }

    /// A request that is not sent by the shortest way, so that the code of that stays together.
    #[inline(never)]
    fn request_apart(&mut self, call: Call, key: u64) -> u32 {
        let t = self.request(call, key);
        self.engine.priorities.set(t, 0);
        t
    }

    #[inline(always)]
    fn request(&mut self, call: Call, key: u64) -> u32 {
        let Call { client, target, born, user, awaits } = call;
        let t = self.begin_token(target, key, ROOT);
        let request = self.requests.insert(Request { born, client, token: t, timer: NONE, user });
        if let Some(lane) = self.patience {
            let timer =
                self.engine.deadlines.set(&mut self.engine.calendar, self.engine.now, lane, request, Purpose::Patience);
            self.requests[request].timer = timer;
        }
        self.engine.tokens[t].request = request;
        if self.tally.on {
            self.tally.sent += 1;
        }
        if self.jobs.kept {
            self.begin_job(t, client, born, awaits);
        }
        t
    }
}
