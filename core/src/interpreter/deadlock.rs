//! Deadlocks, found in the wait-for graph when a circle closes.
//!
//! A circle can close only when a token that holds something begins to wait without a time-out. From there the graph is
//! followed: a token waits for slots or for another token's answer; slots wait for any one of their holders. If no
//! token that can be reached is able to continue, none of them ever will (Holt 1972: with single-unit requests a knot is
//! necessary and sufficient).

use crate::kernel::NONE;
use crate::kernel::list::List;

use crate::engine::token::{Frame, FrameKind, State};
use crate::interpreter::world::World;
use crate::parts::guards::parallel::Join;
use crate::parts::held::slots::SlotsKind;
use crate::parts::outcome::Deadlock;

/// Tokens beyond which a chain is taken to have closed.
const LONGEST_CHAIN: u32 = 10_000;

/// What a token can wait for that others hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A unit of these slots.
    Slots(u32),
    /// A connection of this HTTP client.
    Client(u32),
    /// The event loop of this process, which one token blocks.
    Loop(u32),
    /// Any event loop of this replica, each of which one token blocks.
    Loops(u32),
}

impl World<'_> {
    /// The token has begun to wait. A circle can close only if it waits without a time-out, and it, or a request that
    /// waits for it, holds something: a unit, or the event loop that it blocks.
    pub(crate) fn look_for_deadlock(&mut self, t: u32) {
        let token = &self.engine.tokens[t];
        let holds_nothing = token.frame == NONE && token.parent == NONE && !self.blocks(t);
        if !token.is_limited() && !holds_nothing {
            self.search_for_deadlock(t);
        }
    }

    /// The token needs its event loop, and another may wait for it from now on: it was given a unit, or it is the callee.
    /// A circle can close only if the loop is blocked; then no time-out reaches it.
    #[inline]
    pub(crate) fn look_behind_blocked_loop(&mut self, t: u32) {
        if self.blocks_loops && self.is_shut_out(t) {
            let token = &self.engine.tokens[t];
            if token.frame != NONE || token.parent != NONE {
                self.search_for_deadlock(t);
            }
        }
    }

    fn search_for_deadlock(&mut self, t: u32) {
        let (mut origin, mut fetch) = (None, None);
        self.each_end(t, &mut |end| {
            origin = origin.or(self.waited_for(end));
            fetch = fetch.or((self.engine.tokens[end].state == State::Coalescing).then_some(end));
        });
        if let Some(fetch) = fetch {
            return self.look_for_circle_of_fetches(t, fetch);
        }
        let Some(origin) = origin else { return };
        let Some(knot) = self.knot(origin) else { return };
        if self.deadlock.is_none() && self.watcher.is_some() {
            self.look_at_deadlock(t, &knot);
        }
        let news: u32 = knot.iter().map(|&held| self.mark_deadlocked(held)).sum();
        match &mut self.deadlock {
            Some(deadlock) => deadlock.instances += news,
            None => {
                self.deadlock = Some(Deadlock {
                    at: self.engine.now,
                    resource: self.name_of(origin),
                    circle: knot.iter().map(|&held| self.describe(held)).collect(),
                    instances: news,
                });
            }
        }
    }

    /// What the token waits for may end in somebody else's `fetch` that waits, perhaps by way of others, for itself.
    fn look_for_circle_of_fetches(&mut self, t: u32, fetch: u32) {
        if self.can_go_on(t) {
            return;
        }
        let (at, resource) = (self.engine.now, self.caches[self.engine.tokens[fetch].wait as usize].name(self.system));
        match &mut self.deadlock {
            Some(deadlock) => deadlock.instances += 1,
            None => {
                let circle = vec![format!("requests that fetch for {resource} wait for each other's fetches")];
                self.deadlock = Some(Deadlock { at, resource, circle, instances: 1 });
            }
        }
    }

    /// The first deadlock, with the number of instances of its resource that are caught in a circle now: a restart may
    /// have freed some. Circles of fetches are counted as they close.
    pub(crate) fn take_deadlock(&mut self) -> Option<Deadlock> {
        let mut deadlock = self.deadlock.take()?;
        let all = self.all_held().filter(|&held| self.name_of(held) == deadlock.resource);
        let (is_caught, mut known) = (|held| self.is_deadlocked(held), all.peekable());
        if known.peek().is_some() {
            deadlock.instances = known.filter(|&held| is_caught(held)).count() as u32;
        }
        Some(deadlock)
    }

    /// These slots are no longer in a circle of waits. If they were the last ones of a reported deadlock, it is withdrawn.
    pub(crate) fn withdraw_deadlock(&mut self, slots: u32) {
        self.slots[slots as usize].deadlocked = false;
        let Some(deadlock) = &self.deadlock else { return };
        let is_of = |held: Held| self.name_of(held) == deadlock.resource;
        if is_of(Held::Slots(slots)) && !self.all_held().any(|held| is_of(held) && self.is_deadlocked(held)) {
            self.deadlock = None;
        }
    }

    fn is_deadlocked(&self, held: Held) -> bool {
        match held {
            Held::Slots(id) => self.slots[id as usize].deadlocked,
            Held::Client(id) => self.clients[id as usize].deadlocked,
            Held::Loop(process) => self.processes[process as usize].event_loop.deadlocked,
            Held::Loops(replica) => self.processes_of(replica).all(|process| self.is_deadlocked(Held::Loop(process))),
        }
    }

    /// What others hold that the token waits for. One that is shut out of its event loop needs that, whatever else it waits
    /// for.
    pub(crate) fn waited_for(&self, t: u32) -> Option<Held> {
        let token = &self.engine.tokens[t];
        if let Some(held) = self.blocked_loop(t) {
            return Some(held);
        }
        match token.state {
            State::Queued => Some(Held::Slots(token.wait)),
            State::ConnectionQueued => Some(Held::Client(token.wait)),
            _ => None,
        }
    }

    /// Marks it as part of a circle. Returns how many of its instances were part of none before.
    fn mark_deadlocked(&mut self, held: Held) -> u32 {
        let mark = match held {
            Held::Slots(id) => &mut self.slots[id as usize].deadlocked,
            Held::Client(id) => &mut self.clients[id as usize].deadlocked,
            Held::Loop(process) => &mut self.processes[process as usize].event_loop.deadlocked,
            Held::Loops(replica) => {
                let workers = self.processes_of(replica);
                return workers.map(|process| self.mark_deadlocked(Held::Loop(process))).sum();
            }
        };
        u32::from(!std::mem::replace(mark, true))
    }

    /// Whether a fault has lowered its size, so that waiting tokens may be served when the fault is over, or it may grow.
    pub(crate) fn is_lowered(&self, held: Held) -> bool {
        match held {
            Held::Slots(id) => self.slots[id as usize].is_lowered(),
            Held::Client(_) | Held::Loop(_) | Held::Loops(_) => false,
        }
    }

    /// The tokens that hold units, or block the event loops.
    pub(crate) fn holders(&self, held: Held) -> impl Iterator<Item = u32> {
        let (list, loops) = match held {
            Held::Slots(id) => (self.slots[id as usize].holders, 0..0),
            Held::Client(id) => (self.clients[id as usize].holders, 0..0),
            Held::Loop(process) => (List::default(), process..process + 1),
            Held::Loops(replica) => (List::default(), self.processes_of(replica)),
        };
        let blockers = loops.filter_map(|process| self.blocker_of(process));
        list.iter(&self.engine.frames).map(|frame| self.engine.frames[frame].token).chain(blockers)
    }

    /// What can be reached from `origin`, if no token that can be reached is able to continue.
    fn knot(&self, origin: Held) -> Option<Vec<Held>> {
        if self.is_lowered(origin) || self.holders(origin).any(|holder| self.can_go_on(holder)) {
            return None;
        }
        let mut reached = vec![origin];
        let mut next = 0;
        while next < reached.len() {
            for holder in self.holders(reached[next]) {
                if self.can_go_on(holder) {
                    return None;
                }
                let mut is_lowered = false;
                self.each_end(holder, &mut |end| match self.waited_for(end) {
                    Some(held) if self.is_lowered(held) => is_lowered = true,
                    Some(held) if !reached.contains(&held) => reached.push(held),
                    _ => {}
                });
                if is_lowered {
                    return None;
                }
            }
            next += 1;
        }
        Some(reached)
    }

    /// Whether a holder's wait is sure to end: it waits for nothing that others hold, or not for ever.
    pub(crate) fn can_go_on(&self, holder: u32) -> bool {
        if self.is_cancelled(holder) {
            return true;
        }
        let mut goes_on = false;
        self.each_end(holder, &mut |end| {
            let last = &self.engine.tokens[end];
            let waits = matches!(last.state, State::Queued | State::ConnectionQueued | State::Coalescing | State::Hung);
            if self.is_shut_out(end) {
                return;
            }
            goes_on |= !waits || last.is_limited() || self.is_freed(end) || self.is_cancelled(end);
        });
        goes_on
    }

    /// Whether the token's client will give up, and it will let go.
    fn is_cancelled(&self, t: u32) -> bool {
        self.cancels
            && !self.is_out_of_reach(t)
            && self.has_patience()
            && self.engine.tokens[self.root(t)].request != NONE
    }

    /// The token that a branch, or a branch of a branch, belongs to; any other is its own.
    pub(crate) fn root(&self, mut t: u32) -> u32 {
        loop {
            let mut frame = self.engine.tokens[t].frame;
            while frame != NONE && self.engine.frames[frame].below != NONE {
                frame = self.engine.frames[frame].below;
            }
            match frame {
                NONE => return t,
                _ => match self.engine.frames[frame].kind {
                    FrameKind::Branch { join } if join != NONE => t = self.guards.joins[join].parent,
                    _ => return t,
                },
            }
        }
    }

    /// From a token along the answers that are waited for without a time-out, and to all branches that are, to those
    /// that wait for something else. A chain of fetches may close upon itself; the branches of one who fetches are not
    /// followed.
    pub(crate) fn each_end(&self, mut t: u32, visit: &mut dyn FnMut(u32)) {
        let mut is_fetch = false;
        for _ in 0..LONGEST_CHAIN {
            let token = &self.engine.tokens[t];
            if self.is_shut_out(t) {
                return visit(t);
            }
            if token.is_limited() || self.is_freed(t) {
                break;
            }
            match token.state {
                State::Awaiting => t = token.wait,
                State::Coalescing => match self.leader_of(t) {
                    Some(leader) => (t, is_fetch) = (leader, true),
                    None => break,
                },
                _ => break,
            }
            if is_fetch && self.is_cancelled(t) {
                break;
            }
        }
        if is_fetch
            || self.engine.tokens[t].state != State::Joining
            || self.engine.tokens[t].is_limited()
            || self.is_freed(t)
        {
            return visit(t);
        }
        let branches = self.guards.joins[self.engine.tokens[t].wait].branches;
        for frame in branches.iter(&self.engine.frames) {
            self.each_end(self.engine.frames[frame].token, visit);
        }
    }

    /// Whether something other than what it waits for ends the token's wait: a time-out around it, or another attempt
    /// of the hedge that it is an attempt of.
    pub(crate) fn is_freed(&self, t: u32) -> bool {
        self.is_freed_beside(t, &mut Vec::new())
    }

    /// [`Self::is_freed`], by something else than the fetches of `fetchers`.
    fn is_freed_beside(&self, t: u32, fetchers: &mut Vec<u32>) -> bool {
        if self.is_out_of_reach(t) {
            return false;
        }
        let mut frame = if self.guards.can_free { self.engine.tokens[t].frame } else { NONE };
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            match kind {
                FrameKind::Timeout { .. } | FrameKind::Deadline { .. } => return true,
                FrameKind::Branch { join } if join != NONE => {
                    let Join { parent, branches, .. } = self.guards.joins[join];
                    let mut others = branches.iter(&self.engine.frames).filter(|&other| other != frame);
                    if self.engine.tokens[parent].is_limited()
                        || self.is_hedge(join)
                            && others.any(|other| self.moves(self.engine.frames[other].token, fetchers))
                    {
                        return true;
                    }
                    frame = self.engine.tokens[parent].frame;
                }
                _ => frame = below,
            }
        }
        false
    }

    /// Whether a token, or one that it waits for, does not wait for what others hold. The fetches of `fetchers` have been
    /// followed already: a chain that comes back to one of them is a circle.
    fn moves(&self, t: u32, fetchers: &mut Vec<u32>) -> bool {
        let token = &self.engine.tokens[t];
        if token.is_limited() {
            return true;
        }
        let mut frame = token.frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            if matches!(kind, FrameKind::Timeout { .. } | FrameKind::Deadline { .. }) {
                return true;
            }
            frame = below;
        }
        match token.state {
            State::Queued | State::ConnectionQueued | State::Hung => false,
            State::Awaiting => self.moves(token.wait, fetchers),
            State::Joining => {
                let branches = self.guards.joins[token.wait].branches;
                branches.iter(&self.engine.frames).any(|frame| self.moves(self.engine.frames[frame].token, fetchers))
            }
            State::Coalescing => match self.leader_of(t) {
                Some(leader) if fetchers.contains(&leader) => false,
                Some(leader) => {
                    fetchers.push(leader);
                    self.moves(leader, fetchers) || self.is_freed_beside(leader, fetchers)
                }
                None => true,
            },
            _ => true,
        }
    }

    /// A branch has ended; perhaps only those are left that wait for each other.
    pub(crate) fn look_for_deadlock_among(&mut self, branches: List) {
        let mut next = branches.first();
        while let Some(frame) = next {
            self.look_for_deadlock(self.engine.frames[frame].token);
            next = branches.after(&self.engine.frames, frame);
        }
    }

    /// `each of 20 requests in worker 3 of user-service-1 holds a connection of pool auth and waits for another one`.
    fn describe(&self, held: Held) -> String {
        let holders: Vec<u32> = self.holders(held).collect();
        let process = self.process_with(held);
        let who = match holders.len() {
            1 => "the one request".into(),
            count => format!("each of {count} requests"),
        };
        let mut targets: Vec<Option<Held>> = Vec::new();
        holders.iter().for_each(|&holder| self.each_end(holder, &mut |end| targets.push(self.waited_for(end))));
        targets.dedup();
        let target = match targets[..] {
            // The holder runs on the loop already, so it waits for a call that has to run there as well.
            [Some(Held::Loop(own))] if held == Held::Loop(own) => "for a call that needs it".into(),
            [Some(Held::Loops(own))] if held == Held::Loops(own) => "for a call that needs one".into(),
            [Some(other)] if other == held => "for another one".into(),
            [Some(Held::Loop(other))] if other != process => {
                format!("for the event loop of {}", self.place_name(other))
            }
            [Some(other)] => format!("for {}", self.unit_of(other)),
            [None] => "for an answer that never comes".into(),
            _ => "for what others of them hold".to_owned(),
        };
        let place = self.place_of(held);
        let holds = match held {
            Held::Slots(_) | Held::Client(_) => format!("holds {}", self.unit_of(held)),
            Held::Loop(_) => "blocks the event loop".into(),
            Held::Loops(_) => "blocks an event loop".into(),
        };
        format!("{who} in {place} {holds} and waits {target}")
    }

    /// `a connection of pool auth`.
    fn unit_of(&self, held: Held) -> String {
        let id = match held {
            Held::Slots(id) => id,
            Held::Client(id) => {
                let client = &self.clients[id as usize];
                let service = self.processes[client.process as usize].service as usize;
                let name = &self.system.services[service].clients[client.index as usize].name;
                return format!("a connection of client {name}");
            }
            Held::Loop(_) => return "the event loop".into(),
            Held::Loops(replica) => {
                return format!(
                    "an event loop of {}",
                    self.replica_name(self.replicas[replica as usize].first_process)
                );
            }
        };
        match self.slots[id as usize].kind {
            SlotsKind::Connections { .. } => format!("a connection of {}", self.slots[id as usize].name(self.system)),
            SlotsKind::Limit { .. } | SlotsKind::Shared { .. } => {
                format!("a slot of {}", self.slots[id as usize].name(self.system))
            }
            SlotsKind::RequestThreads => "a thread".into(),
            SlotsKind::Executor => "a thread of the default executor".into(),
        }
    }

    pub(crate) fn name_of(&self, held: Held) -> String {
        match held {
            Held::Slots(id) => self.slots[id as usize].resource_name(self.system),
            Held::Client(id) => {
                let client = &self.clients[id as usize];
                let service = &self.system.services[self.processes[client.process as usize].service as usize];
                format!("{} client {}", service.name, service.clients[client.index as usize].name)
            }
            Held::Loop(_) | Held::Loops(_) => {
                let service = self.processes[self.process_with(held) as usize].service;
                format!("{} event loops", self.system.services[service as usize].name)
            }
        }
    }

    /// `worker 3 of user-service-1`, or `user-service-1` of what its workers share.
    pub(crate) fn place_of(&self, held: Held) -> String {
        let process = self.process_with(held);
        let is_shared = match held {
            Held::Slots(id) => self.slots[id as usize].sharers > 1,
            Held::Loops(_) => true,
            Held::Client(_) | Held::Loop(_) => false,
        };
        if is_shared { self.replica_name(process) } else { self.place_name(process) }
    }

    /// The process that it belongs to, or the first one; [`NONE`] if it belongs to the whole system.
    fn process_with(&self, held: Held) -> u32 {
        match held {
            Held::Slots(id) => self.slots[id as usize].process,
            Held::Client(id) => self.clients[id as usize].process,
            Held::Loop(process) => process,
            Held::Loops(replica) => self.replicas[replica as usize].first_process,
        }
    }

    /// `worker 3 of user-service-1`.
    fn place_name(&self, process: u32) -> String {
        if process == NONE {
            return "the whole system".into();
        }
        let plan = self.system.processes[process as usize];
        format!("worker {} of {}", plan.worker + 1, self.replica_name(process))
    }

    /// `user-service-1`.
    fn replica_name(&self, process: u32) -> String {
        let plan = self.system.processes[process as usize];
        format!("{}-{}", self.system.services[plan.service as usize].name, plan.replica + 1)
    }

    /// Requests that wait for an answer that never comes.
    pub(crate) fn hung(&self) -> u64 {
        let mut hung = 0;
        for index in 0..self.engine.frames.capacity() as u32 {
            let frame = &self.engine.frames[index];
            let holds = matches!(frame.kind, FrameKind::Connection { .. });
            let token = frame.token;
            if holds && self.engine.tokens[token].frame == index && self.engine.tokens[token].state == State::Hung {
                hung += 1;
            }
        }
        hung
    }
}
