//! The interpreter: a token runs its program until it waits, keeps working, or ends.

use crate::kernel::random::{mix, unit};
use crate::kernel::{NONE, Time, Variate};
use crate::model::{Draw, Op, Runtime, Site};

use crate::engine::next::Next;
use crate::engine::progress::{Progress, phases};
use crate::engine::token::{Failure, Frame, FrameKind, HOUSEKEEPING, IN_THREAD, INBOUND, SAMPLED, State, Token, WASTE};
use crate::interpreter::query::Trip;
use crate::interpreter::world::World;
use crate::parts::messaging::message::Handling;

phases! {
    /// Of a token without a request that burns CPU.
    pub(crate) enum Housekeeping {
        /// Its work is to begin.
        Work,
        /// Its work is done, or was done by another token.
        Done,
    }
}

impl World<'_> {
    /// Runs the token until it waits or ends.
    #[inline]
    pub(crate) fn step(&mut self, t: u32) {
        let token = &self.engine.tokens[t];
        if token.failure.is_some() || token.has(HOUSEKEEPING | IN_THREAD) {
            return self.step_otherwise(t);
        }
        self.go_on(t, token.process);
    }

    /// The same for a token that has failed, has no program, or runs beside the event loop of its process.
    #[inline(never)]
    fn step_otherwise(&mut self, t: u32) {
        if self.engine.tokens[t].failure.is_some() && !self.fail(t, self.engine.tokens[t].failure) {
            return;
        }
        if self.engine.tokens[t].has(HOUSEKEEPING) {
            return self.keep_house(t);
        }
        self.go_on(t, self.loop_of(t));
    }

    /// Runs its program until it waits or ends, and leaves the loop of this process then.
    #[inline(never)]
    fn go_on(&mut self, t: u32, mut process: u32) {
        loop {
            match self.execute(t) {
                Next::On => {}
                Next::Keep => return,
                Next::Park => return self.leave_loop(process),
                Next::Fail(why) => {
                    if !self.fail(t, why) {
                        return;
                    }
                    // It may be tried again.
                    if self.turn() {
                        return self.pause(t);
                    }
                    // One that blocked its event loop has its turn there again.
                    process = self.loop_of(t);
                }
                Next::Pause => return self.pause(t),
                Next::End => return self.finish(t),
            }
        }
    }

    /// One operation of a token that is not the one whose turn it is: the same, out of the way of the loop in `step`.
    #[inline(never)]
    pub(crate) fn execute_apart(&mut self, t: u32) -> Next {
        self.execute(t)
    }

    /// One operation, or what is left of it.
    #[inline(always)]
    fn execute(&mut self, t: u32) -> Next {
        let token = &mut self.engine.tokens[t];
        match self.system.program[token.pc as usize] {
            Op::Visit { station, time, site } => {
                let key = site.key(token.key, 0);
                self.visit(t, station, time, key)
            }
            Op::Answer => Next::End,
            Op::AcquireShared { limit } => self.acquire(t, self.shared + limit, 0),
            Op::AcquireLimit { limit } => {
                let id = self.process_of(t).limits + limit;
                self.acquire(t, id, 0)
            }
            Op::AcquireConnection { pool, site } => {
                let key = site.key(token.key, 0);
                let id = self.process_of(t).pools + pool;
                self.acquire(t, id, key)
            }
            Op::Release => {
                token.pc += 1;
                self.pop_frame(t);
                Next::On
            }
            Op::Cpu { demand, site } => {
                token.pc += 1;
                let key = site.key(token.key, 0);
                let work = self.draw(t, demand, key);
                self.work(t, work)
            }
            Op::Sleep { time, site } => {
                token.pc += 1;
                let key = site.key(token.key, 0);
                let time = self.draw(t, time, key);
                self.sleep(t, time)
            }
            // Back from the server: the usual end of a trip, without a call.
            Op::Trip { .. } if Trip::from(token.phase) == Trip::Back && self.severed == 0 => {
                token.pc += 1;
                token.phase = Progress::BEGIN;
                self.engine.drop_timer(t);
                Next::On
            }
            Op::Trip { pool, work, site } => self.trip(t, pool, work, site),
            Op::Prepare { client, site } => self.prepare(t, client, site),
            Op::Connect { client, site } => self.connect(t, client, site),
            Op::Send { client, endpoint, site } => self.send_call(t, client, endpoint, site),
            Op::HangUp => self.hang_up(t),
            Op::Repeat { times, round } => self.enter_frame(t, FrameKind::Repeat { left: times - 1, done: 0, round }),
            Op::Again { body } => {
                let frame = token.frame;
                match &mut self.engine.frames[frame].kind {
                    FrameKind::Repeat { left, done, round } if *left > 0 => {
                        *left -= 1;
                        *done += 1;
                        token.pc = body;
                        // Another round makes other draws.
                        token.key = round.next(token.key);
                        if self.turn() {
                            return Next::Pause;
                        }
                    }
                    kind => {
                        token.pc += 1;
                        if let FrameKind::Repeat { done, round, .. } = *kind {
                            token.key = round.first(token.key, done);
                        }
                        self.pop_frame(t);
                    }
                }
                Next::On
            }
            // Rarer operations. Each is a function out of line, so that the operations above stay together in the cache.
            Op::Choose { first, count, site } => self.choose(t, first, count, site),
            Op::Jump { to } => self.jump(t, to),
            Op::Last => self.end_rounds(t),
            Op::Fail { reason } => Next::Fail(Failure::reason(reason)),
            Op::Respond => self.respond(t),
            Op::Yield { rounds } => self.go_round(t, rounds),
            Op::Notify { to, site } => self.begin_notice(t, to, site),
            Op::Borrow { pool, site } => self.borrow_connection(t, pool, site),
            Op::Count { pool } => self.count_trip(t, pool),
            Op::Pace { client } => self.pace(t, client),
            Op::EnterThread => self.enter_thread(t),
            Op::Block => self.block(t),
            Op::Unblock => self.unblock(t),
            Op::Native { demand, site } => self.work_natively(t, demand, site),
            Op::LookUp { cache, .. } => self.look_up(t, cache),
            Op::Store => self.store(t),
            Op::Project => self.project(t),
            Op::Read { view } => self.read_view(t, view),
            Op::Publish { queue, site } => self.publish(t, queue, site),
            Op::Retry { plan } => self.begin_retry(t, plan),
            Op::Backoff { plan, site } => self.back_off(t, plan, site),
            Op::Timeout { plan } => self.begin_timeout(t, plan),
            Op::Breaker { breaker } => self.begin_guarded(t, breaker),
            Op::Fallback { plan } => self.begin_fallback(t, plan),
            Op::Leave => self.leave(t),
            Op::Parallel { plan } => self.begin_branches(t, plan),
            Op::Join => self.join(t),
            Op::Allocate { plan } => self.allocate(t, plan),
            Op::Fresh { otherwise } => self.skip_unless_fresh(t, otherwise),
            Op::Commit { pool, work, site } => self.commit(t, pool, work, site),
            Op::Resolve { time, site } => self.resolve(t, time, site),
            Op::Secure { demand, site, .. } => self.secure(t, demand, site),
        }
    }

    /// Goes on at one of some branches.
    #[inline(never)]
    fn choose(&mut self, t: u32, first: u32, count: u32, site: Site) -> Next {
        let u = self.chance(t, site);
        let branches = &self.system.branches[first as usize..(first + count) as usize];
        let branch = branches.iter().find(|branch| u < branch.cumulated).or(branches.last());
        let token = &mut self.engine.tokens[t];
        token.pc = branch.map_or(token.pc + 1, |branch| branch.to);
        Next::On
    }

    #[inline(never)]
    fn jump(&mut self, t: u32, to: u32) -> Next {
        self.engine.tokens[t].pc = to;
        Next::On
    }

    /// The round of the innermost loop is its last.
    #[inline(never)]
    fn end_rounds(&mut self, t: u32) -> Next {
        let token = &mut self.engine.tokens[t];
        token.pc += 1;
        if let FrameKind::Repeat { left, .. } = &mut self.engine.frames[token.frame].kind {
            *left = 0;
        }
        Next::On
    }

    /// Work on the CPU that holds the event loop or thread but not the interpreter lock.
    #[inline(never)]
    fn work_natively(&mut self, t: u32, demand: Draw, site: Site) -> Next {
        let token = &mut self.engine.tokens[t];
        token.pc += 1;
        let key = site.key(token.key, 0);
        let work = self.draw(t, demand, key);
        if work == Time::ZERO {
            return Next::On;
        }
        self.engine.tokens[t].state = State::Working;
        let replica = self.process_of(t).replica;
        self.start_job(t, replica, work);
        Next::Keep
    }

    /// Starts a token of the same process; no token waits for it.
    #[inline(never)]
    fn begin_notice(&mut self, t: u32, to: u32, site: Site) -> Next {
        self.engine.tokens[t].pc += 1;
        let Token { key, process, .. } = self.engine.tokens[t];
        let notice = self.insert_token(Token::new(site.child(key), to));
        self.engine.priorities.inherit(notice, t);
        #[cfg(debug_assertions)]
        self.note_token(notice);
        if self.engine.tokens[t].is_probe() {
            self.engine.tokens[notice].flags |= WASTE;
        }
        self.enter_process(notice, process);
        self.wake(notice);
        Next::On
    }

    #[inline(never)]
    fn begin_fallback(&mut self, t: u32, plan: u32) -> Next {
        self.guards.reactions.fallbacks[plan as usize][0] += 1;
        self.enter_frame(t, FrameKind::Fallback { plan })
    }

    /// The duration that a key names, for this token.
    #[inline]
    pub(crate) fn draw(&self, t: u32, draw: Draw, key: u64) -> Time {
        self.variate(t, draw, key).draw(key)
    }

    /// Like [`draw`](Self::draw), but inlined, for the hot path of stations. Use it only there: when it is inlined into a
    /// `match` of many operations, the compiler computes the logarithm ahead even where it is not needed.
    #[inline(always)]
    pub(crate) fn draw_in_line(&self, t: u32, draw: Draw, key: u64) -> Time {
        self.variate(t, draw, key).draw_in_line(key)
    }

    /// The distribution that a token is to draw from.
    #[inline(always)]
    fn variate(&self, t: u32, draw: Draw, key: u64) -> &Variate {
        #[cfg(debug_assertions)]
        self.note_draw(t, draw.0, key);
        #[cfg(not(debug_assertions))]
        let _ = (t, key);
        &self.system.variates[draw.0 as usize]
    }

    /// The uniform number that a step's key names, for this token.
    pub(crate) fn chance(&self, t: u32, site: Site) -> f64 {
        let key = site.key(self.engine.tokens[t].key, 0);
        #[cfg(debug_assertions)]
        self.note_draw(t, crate::engine::draws::CHANCE, key);
        unit(mix(key))
    }

    /// The work of a token's visit to a station, which stands at its program counter.
    #[inline(always)]
    pub(crate) fn work_of_visit(&self, t: u32) -> Time {
        let token = &self.engine.tokens[t];
        match self.system.program[token.pc as usize] {
            Op::Visit { time, site, .. } => self.draw_in_line(t, time, site.key(token.key, 0)),
            _ => unreachable!("only a visit waits at a station"),
        }
    }

    /// Work on the CPU of the token's replica, keeping its event loop or thread.
    pub(crate) fn work(&mut self, t: u32, work: Time) -> Next {
        let process = self.process_of(t);
        let (runtime, replica, gil) = (process.runtime, process.replica, process.gil);
        if work == Time::ZERO {
            return Next::On;
        }
        if runtime == Runtime::Delay {
            return self.delay(t, work, replica);
        }
        if gil != NONE {
            return self.work_under_lock(t, gil, work);
        }
        self.engine.tokens[t].state = State::Working;
        self.start_job(t, replica, work);
        Next::Keep
    }

    /// Time that passes by itself. In a service without queues it is the service's own, which a fault makes longer.
    fn sleep(&mut self, t: u32, time: Time) -> Next {
        if self.faults.is_empty() {
            return self.elapse(t, time);
        }
        let process = self.process_of(t);
        let (runtime, replica) = (process.runtime, process.replica);
        if runtime == Runtime::Delay { self.delay(t, time, replica) } else { self.elapse(t, time) }
    }

    /// Own time of a replica without queues, as long as the faults make it.
    fn delay(&mut self, t: u32, own: Time, replica: u32) -> Next {
        let taken = self.slowed(own, replica);
        let next = self.elapse(t, taken);
        self.account_slowed(t, replica, taken.since(own));
        next
    }

    /// Starts a CPU job for the token.
    #[inline(always)]
    pub(crate) fn start_job(&mut self, t: u32, replica: u32, work: Time) {
        let now = self.engine.now;
        let host = self.replicas[replica as usize].host;
        let shared = &mut self.replicas[host as usize];
        let work = shared.stretched(work);
        shared.cpu.start(&mut self.engine.calendar, now, t, work);
        self.account_job(t, replica, work);
    }

    /// A token's CPU job is done.
    pub(crate) fn job_done(&mut self, t: u32) {
        if self.engine.tokens[t].has(SAMPLED) {
            self.keep_job_end(t, 0.0);
        }
        match self.engine.tokens[t].state {
            State::AtServer => {
                self.engine.drop_timer(t);
                self.wake(t);
            }
            State::Served => {
                self.share_ended(t);
                self.wake(t);
            }
            // It has kept its event loop or thread.
            State::Working => {
                self.engine.tokens[t].state = State::Ready;
                self.engine.ready.push(&mut self.engine.tokens, t);
            }
            State::Ready
            | State::Backlog
            | State::Knocking
            | State::Elapsing
            | State::Outbound
            | State::Queued
            | State::ConnectionQueued
            | State::Awaiting
            | State::Carrying
            | State::Coalescing
            | State::AtDisk
            | State::Hung
            | State::AtStation
            | State::Joining => unreachable!("a token in this state has no CPU job"),
        }
    }

    /// A token without request: closes a connection after some rounds, or burns CPU; then it goes.
    fn keep_house(&mut self, t: u32) {
        let process = self.engine.tokens[t].process;
        if self.engine.tokens[t].has(INBOUND) {
            let rounds = self.engine.tokens[t].phase.count() + 1;
            self.engine.tokens[t].phase = Progress::counted(rounds);
            if rounds < self.processes[process as usize].linger {
                self.wake(t);
            } else {
                self.close_inbound(t);
                self.engine.tokens.remove(t);
            }
            return self.leave_loop(process);
        }
        match self.engine.tokens[t].phase.into() {
            Housekeeping::Work => {
                self.engine.tokens[t].phase = Housekeeping::Done.into();
                let work = Time(self.engine.tokens[t].key);
                if self.work(t, work) == Next::Keep {
                    return;
                }
            }
            Housekeeping::Done => {}
        }
        self.engine.tokens.remove(t);
        if process != NONE {
            self.end_episode(process);
            self.leave_loop(process);
        }
    }

    /// The operation is done.
    #[inline]
    pub(crate) fn next_op(&mut self, t: u32) -> Next {
        let token = &mut self.engine.tokens[t];
        token.phase = Progress::BEGIN;
        token.pc += 1;
        Next::On
    }

    /// Puts a frame on the token's stack, and on to the next operation.
    pub(crate) fn enter_frame(&mut self, t: u32, kind: FrameKind) -> Next {
        self.engine.push_frame(t, kind);
        self.engine.tokens[t].pc += 1;
        Next::On
    }

    /// Undoes the innermost frame.
    pub(crate) fn pop_frame(&mut self, t: u32) {
        let frame = self.engine.tokens[t].frame;
        if frame == NONE {
            return;
        }
        let Frame { below, kind, .. } = self.engine.frames[frame];
        self.engine.tokens[t].frame = below;
        match kind {
            FrameKind::Hold { slots } => self.give_back(t, frame, slots),
            FrameKind::Lent { slots, connection } => self.take_back(t, frame, slots, connection),
            FrameKind::Woken { slots, .. } => self.leave_woken(slots),
            FrameKind::Severed { slots } => self.drop_severed(t, frame, slots),
            FrameKind::Repeat { .. } => {}
            FrameKind::Connection { client, .. } => {
                self.free_connection(frame, client);
                self.close_connection(client);
            }
            FrameKind::Line { client, since } => self.leave_line(client, since),
            FrameKind::Paced { pacer, since } => {
                self.pacers[pacer as usize].leave(self.engine.now, frame, since, false);
            }
            FrameKind::Pends { cache, since } => self.caches[cache as usize].waiting.leave(self.engine.now, since),
            FrameKind::Message { message, process } => self.settle(t, Handling { message, frame, process }),
            FrameKind::Fetch { cache, key } => self.land(cache, key),
            FrameKind::Poll { job } => self.asked(job, self.engine.tokens[t].failure),
            FrameKind::Timeout { deadline, .. } => self.undo_timeout(deadline),
            FrameKind::Deadline { task } => self.undo_deadline(task),
            FrameKind::Breaker { breaker, era } => self.breaker_left(breaker, era),
            FrameKind::Memory { plan } => self.release_memory(t, plan),
            FrameKind::Judged { breaker, since } => self.leave_judged(t, frame, breaker, since),
            FrameKind::Join { join } => self.undo_join(join),
            FrameKind::Retry { .. } | FrameKind::Fallback { .. } | FrameKind::Branch { .. } => {}
        }
        self.engine.frames.remove(frame);
    }
}
