//! What is lost for good, found in the wait-for graph.

use crate::kernel::{NONE, Time};
use crate::model::{ProbePlan, Runtime};

use crate::engine::token::{HOUSEKEEPING, State};
use crate::interpreter::deadlock::Held;
use crate::interpreter::world::{World, is_plain};
use crate::parts::loss::Loss;
use crate::parts::messaging::broker::consumer_name;
use crate::parts::network::process::Process;

/// The shortest time that a system is left alone after its load.
const LEAST_DRAIN: Time = Time(30_000_000_000);

/// What can never continue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// By resource, in the order of the system's parts.
    pub units: Vec<Loss>,
    /// Requests that will never be answered.
    pub stranded: u64,
}

/// Tokens that hold something and can never continue.
struct Stuck {
    tokens: Vec<u32>,
    /// By slot.
    is_stuck: Vec<bool>,
}

impl Stuck {
    fn contains(&self, t: u32) -> bool {
        self.is_stuck[t as usize]
    }
}

impl World<'_> {
    /// Whether a run of this system can lose capacity at all: a queueing network without units that are held cannot.
    pub fn may_lose_capacity(&self) -> bool {
        !(self.slots.is_empty() && self.clients.is_empty() && is_plain(self.system))
    }

    /// The time between the end of the load and the probes: the longest time-out that applies, and the time that a fault, a
    /// restart or the first step of a deploy may still take. Replicas that start or end in later steps do not count as dead.
    pub fn time_to_drain(&self) -> Time {
        let deploys = self.system.services.iter().flat_map(|service| &service.deploys);
        let last_deploy = deploys.map(|deploy| deploy.at + deploy.start + deploy.min_ready + deploy.ending.kill).max();
        let last_fault = self.system.faults.iter().filter_map(|fault| fault.to).max().max(last_deploy);
        let restart = |plan: &ProbePlan| {
            plan.restart_time + plan.initial_delay + Time(plan.period.0.saturating_mul(plan.failure_threshold.into()))
        };
        let restart = self.system.services.iter().filter_map(|service| service.liveness.as_ref()).map(restart).max();
        let memories = self.system.services.iter().filter_map(|service| service.memory.as_ref());
        let restart = restart.max(memories.map(|memory| memory.restart_time).max());
        let rest = last_fault.map_or(Time::ZERO, |end| Time(end.0.saturating_sub(self.engine.now.0)));
        self.engine.deadlines.longest().max(restart.unwrap_or(Time::ZERO)).max(LEAST_DRAIN) + rest
    }

    /// What is lost permanently in the present state.
    pub(crate) fn losses(&self) -> Losses {
        let stuck = self.stuck_holders();
        if stuck.tokens.is_empty() {
            return Losses::default();
        }
        let mut units: Vec<Loss> = Vec::new();
        for held in self.all_held() {
            let lost = self.holders(held).filter(|&holder| stuck.contains(holder)).count() as u32;
            let resource = self.name_of(held);
            let of = self.size_of(held);
            match units.iter_mut().find(|loss| loss.resource == resource) {
                Some(loss) => {
                    loss.lost += lost;
                    loss.of = loss.of.zip(of).map(|(a, b)| a + b);
                }
                None => units.push(Loss { resource, lost, of }),
            }
        }
        units.extend((0..self.broker.consumers()).filter_map(|consumer| self.lost_by_consumer(consumer, &stuck)));
        units.retain(|loss| loss.lost > 0);
        let is_stranded = |&request: &u32| {
            let t = self.requests[request].token;
            t != NONE && !self.can_go_on(t) && self.waits_only_for(t, &stuck)
        };
        Losses { units, stranded: self.requests.living().filter(is_stranded).count() as u64 }
    }

    /// Messages that a bounded consumer may have unsettled, of which these tokens have some and never settle them.
    fn lost_by_consumer(&self, consumer: u32, stuck: &Stuck) -> Option<Loss> {
        let of = self.broker.consumer(consumer).room()?;
        let handles = |&&t: &&u32| self.message_of(t).is_some_and(|message| self.consumer_of(message) == consumer);
        let lost = stuck.tokens.iter().filter(handles).count() as u32;
        Some(Loss { resource: consumer_name(self.system, consumer as usize), lost, of: Some(of) })
    }

    fn stuck_holders(&self) -> Stuck {
        let mut stuck = Stuck { tokens: Vec::new(), is_stuck: vec![false; self.engine.tokens.capacity()] };
        for holder in self.all_held().flat_map(|held| self.holders(held)) {
            if !stuck.contains(holder) && !self.can_go_on(holder) {
                stuck.tokens.push(holder);
                stuck.is_stuck[holder as usize] = true;
            }
        }
        loop {
            let (kept, freed): (Vec<u32>, Vec<u32>) =
                stuck.tokens.iter().partition(|&&t| self.waits_only_for(t, &stuck));
            if freed.is_empty() {
                return stuck;
            }
            freed.into_iter().for_each(|t| stuck.is_stuck[t as usize] = false);
            stuck.tokens = kept;
        }
    }

    /// Whether all that the token waits for is held by these tokens, or never comes.
    fn waits_only_for(&self, t: u32, stuck: &Stuck) -> bool {
        let mut only = true;
        self.each_end(t, &mut |end| {
            only = only
                && match self.waited_for(end) {
                    Some(held) => {
                        !self.is_lowered(held)
                            && self.holders(held).next().is_some()
                            && self.holders(held).all(|holder| stuck.contains(holder))
                    }
                    None => matches!(self.engine.tokens[end].state, State::Hung | State::Coalescing),
                };
        });
        only
    }

    pub(crate) fn all_held(&self) -> impl Iterator<Item = Held> + use<'_> {
        let slots = (0..self.slots.len() as u32).map(Held::Slots);
        let clients = (0..self.clients.len() as u32).map(Held::Client);
        let has_loop = |&process: &u32| self.processes[process as usize].runtime == Runtime::EventLoop;
        let loops = (0..self.processes.len() as u32).filter(has_loop).map(Held::Loop);
        slots.chain(clients).chain(loops)
    }

    pub(crate) fn size_of(&self, held: Held) -> Option<u32> {
        match held {
            Held::Slots(id) => Some(self.slots[id as usize].units()),
            Held::Client(id) => {
                let client = &self.clients[id as usize];
                let service = self.processes[client.process as usize].service as usize;
                let plan = &self.system.services[service].clients[client.index as usize];
                (plan.shared && plan.max_connections < u32::MAX).then_some(plan.max_connections)
            }
            Held::Loop(_) => Some(1),
            Held::Loops(replica) => Some(self.replicas[replica as usize].workers),
        }
    }

    /// Whether anything still makes progress: work in service or on its way to be served, time that passes, a time-out,
    /// a restart.
    pub fn is_at_work(&self) -> bool {
        let burns = |t: u32| self.engine.tokens[t].has(HOUSEKEEPING) && self.engine.tokens[t].state == State::Working;
        // After EMFILE accept continues where the table has room again.
        let accepts_again = |process: &Process| process.event_loop.is_paused() && !process.descriptors.is_full();
        self.engine.tokens.living().any(|t| self.is_under_way(t) || burns(t))
            || self.processes.iter().any(accepts_again)
            || self.engine.calendar.any(|event| self.changes_something(event))
    }

    /// Whether the request of this client waits for what is lost for good.
    pub fn is_stranded(&self, client: u32) -> bool {
        let Some(request) = self.requests.living().find(|&request| self.requests[request].client == client) else {
            return false;
        };
        let t = self.requests[request].token;
        t != NONE && !self.can_go_on(t) && self.waits_only_for(t, &self.stuck_holders())
    }
}
