//! Messages are published, dealt to processes, handled and settled.

use crate::kernel::list::Links;
use crate::kernel::random::{GOLDEN, mix};
use crate::kernel::{NONE, Time};
use crate::model::{Runtime, Site};

use crate::engine::next::Next;
use crate::engine::progress::phases;
use crate::engine::token::{Failure, Frame, FrameKind, State};
use crate::interpreter::world::World;
use crate::parts::messaging::broker::{Broker, Message, consumer_name};
use crate::parts::messaging::job::{Behind, LostMessage};

/// Parts of a publish's draws.
const CLIENT_CPU: u64 = 1;
const CONFIRM: u64 = 2;
/// The part of a message's draws that is its way to a consumer.
const DELIVERY: u64 = 0x0D;

/// Messages that a broker can hold; more are too many in flight.
const MOST: usize = 1 << 23;

/// How a delivery ended.
enum Settled {
    Acked,
    Failed,
    /// The process died.
    Lost,
}

phases! {
    /// Of publishing.
    enum Publishing {
        /// The client's CPU is to be spent.
        Work,
        /// The message is on its way, and the broker's confirm on its way back.
        Confirm,
        /// The message is to be put into the queues.
        Enqueue,
    }
}

impl World<'_> {
    /// Hands a message to the broker, in phases: the client's CPU, the wait for the confirm, the queues.
    #[inline(never)]
    pub(crate) fn publish(&mut self, t: u32, queue: u32, site: Site) -> Next {
        let plan = &self.system.queues[queue as usize];
        let key = self.engine.tokens[t].key;
        loop {
            let next = match self.engine.tokens[t].phase.into() {
                Publishing::Work => {
                    self.engine.tokens[t].phase = Publishing::Confirm.into();
                    plan.publish_cpu.map_or(Next::On, |draw| {
                        let work = self.draw(t, draw, site.key(key, CLIENT_CPU));
                        self.work(t, work)
                    })
                }
                Publishing::Confirm => {
                    self.engine.tokens[t].phase = Publishing::Enqueue.into();
                    plan.publish_time.map_or(Next::On, |draw| {
                        let time = self.draw(t, draw, site.key(key, CONFIRM));
                        self.elapse(t, time)
                    })
                }
                Publishing::Enqueue => {
                    let done = self.next_op(t);
                    let job = self.jobs.of(t);
                    let is_taken = self.enqueue(queue, site.child(key), job);
                    return if is_taken { done } else { Next::Fail(Failure::QUEUE_FULL) };
                }
            };
            if next != Next::On {
                return next;
            }
        }
    }

    /// Messages that wait in queues whose length has a limit.
    pub(crate) fn messages_in_bounded_queues(&self) -> u64 {
        let bounded = self.system.queues.iter().filter(|plan| plan.max_length.is_some());
        let consumers = bounded.flat_map(|plan| plan.first..plan.first + plan.count);
        consumers.map(|consumer| u64::from(self.broker.consumers[consumer as usize].waiting.gauge.level())).sum()
    }

    /// The first consumer of a queue whose length has reached its limit.
    pub(crate) fn full_consumer(&self, queue: u32) -> Option<u32> {
        let plan = &self.system.queues[queue as usize];
        let waiting = |consumer: &u32| self.broker.consumers[*consumer as usize].waiting.gauge.level();
        let most = plan.max_length?;
        (plan.first..plan.first + plan.count).find(|consumer| waiting(consumer) >= most)
    }

    /// Gives each consumer of the queue a copy. Whether all had room.
    fn enqueue(&mut self, queue: u32, key: u64, job: u32) -> bool {
        let plan = &self.system.queues[queue as usize];
        if self.broker.messages.len() >= MOST {
            self.give_up_counting();
            return false;
        }
        let mut all = true;
        for consumer in plan.first..plan.first + plan.count {
            let state = &mut self.broker.consumers[consumer as usize];
            if plan.max_length.is_some_and(|most| state.waiting.gauge.level() >= most) {
                if plan.rejects {
                    all = false;
                    self.count_loss(job, LostMessage::Refused);
                    continue;
                }
                self.drop_head(consumer);
            }
            let message = Message {
                links: Links::default(),
                key: mix(key ^ self.system.consumers[consumer as usize].salt),
                since: self.engine.now,
                job,
                consumer,
                process: NONE,
                failures: 0,
                last: Failure::NONE,
                deliveries: 0,
                event: self.expect_event(self.system.consumers[consumer as usize].view),
            };
            let message = self.broker.messages.insert(message);
            self.broker.consumers[consumer as usize].published += 1;
            self.add_part(job);
            self.make_ready(message, false);
        }
        all
    }

    /// The oldest message that waits is dropped.
    fn drop_head(&mut self, consumer: u32) {
        let now = self.engine.now;
        let Self { broker: Broker { messages, consumers }, .. } = self;
        let state = &mut consumers[consumer as usize];
        let Some(oldest) = state.ready.pop(messages) else { return };
        state.waiting.leave(now, messages[oldest].since);
        state.dropped += 1;
        self.broker.messages[oldest].last = Failure::QUEUE_FULL;
        self.forget(oldest, Some(LostMessage::Dropped));
    }

    /// The message waits for a process, behind the others or before them.
    fn make_ready(&mut self, message: u32, first: bool) {
        let now = self.engine.now;
        let Broker { messages, consumers } = &mut self.broker;
        messages[message].since = now;
        let consumer = messages[message].consumer;
        let state = &mut consumers[consumer as usize];
        state.waiting.enter(now);
        if first {
            state.ready.push_first(messages, message);
        } else {
            state.ready.push(messages, message);
        }
        self.deal(consumer);
    }

    /// Sends what waits to processes that have room.
    pub(crate) fn deal(&mut self, consumer: u32) {
        let now = self.engine.now;
        loop {
            let state = &self.broker.consumers[consumer as usize];
            let count = state.held.len() as u32;
            let Some(message) = state.ready.first() else { return };
            let has_room = |process: &u32| {
                let held = state.held[*process as usize];
                held < state.prefetch && self.consumes(state.first_process + process)
            };
            let turns = (state.turn..count).chain(0..state.turn);
            let Some(chosen) = turns.into_iter().find(has_room) else { return };
            let Self { broker: Broker { messages, consumers }, .. } = self;
            let state = &mut consumers[consumer as usize];
            state.ready.remove(messages, message);
            let since = messages[message].since;
            state.waiting.leave(now, since);
            if since < now {
                state.waited_until = now;
            }
            state.held[chosen as usize] += 1;
            state.unacked.up(now);
            state.turn = (chosen + 1) % count;
            let process = state.first_process + chosen;
            messages[message].process = process;
            self.send_message(message, process);
        }
    }

    /// Whether a process takes messages.
    fn consumes(&self, process: u32) -> bool {
        self.outages == 0 || !self.is_down(self.processes[process as usize].replica)
    }

    /// Some process has come up: it gets what waits.
    pub(crate) fn resume_consuming(&mut self) {
        (0..self.broker.consumers.len() as u32).for_each(|consumer| self.deal(consumer));
    }

    fn send_message(&mut self, message: u32, process: u32) {
        let Message { key, job, consumer, deliveries, .. } = self.broker.messages[message];
        self.broker.messages[message].deliveries += 1;
        let plan = &self.system.consumers[consumer as usize];
        // Another delivery makes other draws.
        let key = mix(key.wrapping_add(GOLDEN.wrapping_mul(u64::from(deliveries))));
        let t = self.spawn(plan.endpoint, key);
        self.engine.priorities.set(t, 0);
        let frame = self.engine.push_frame(t, FrameKind::Message { message });
        self.account_take(t, frame);
        self.join_job(t, job);
        self.enter_process(t, process);
        let queue = &self.system.queues[plan.queue as usize];
        let time = queue.delivery_time.map_or(Time::ZERO, |draw| self.draw(t, draw, mix(key ^ DELIVERY)));
        if time == Time::ZERO {
            self.deliver(t);
        } else {
            self.carry(t, time);
        }
    }

    /// The message is there: on an event loop it is ready for the next round, elsewhere it wants a thread. It comes
    /// over the connection to the broker, so it is not accepted and takes no descriptor.
    fn deliver(&mut self, t: u32) {
        let process = self.engine.tokens[t].process;
        match self.processes[process as usize].runtime {
            Runtime::EventLoop => self.wake(t),
            _ => self.begin(t, process),
        }
    }

    /// What a token carried is where it was to go.
    pub(crate) fn carried(&mut self, t: u32) {
        self.engine.tokens[t].state = State::Ready;
        match self.engine.frames[self.engine.tokens[t].frame].kind {
            FrameKind::Message { .. } if self.engine.tokens[t].process != NONE => self.deliver(t),
            FrameKind::Message { message } => {
                self.engine.frames.remove(self.engine.tokens[t].frame);
                self.engine.tokens.remove(t);
                let consumer = self.broker.messages[message].consumer;
                self.broker.consumers[consumer as usize].delayed.down(self.engine.now);
                self.make_ready(message, false);
            }
            FrameKind::Poll { job } => self.bring_notice(t, job),
            kind => unreachable!("{kind:?} is not carried"),
        }
    }

    /// A handler has ended: its message is acknowledged, or goes back to the broker.
    pub(crate) fn settle(&mut self, t: u32, frame: u32, message: u32) {
        self.account_settled(frame, message);
        let token = &self.engine.tokens[t];
        let how = match token.failure {
            _ if self.is_killed(t) => Settled::Lost,
            failure if failure.is_some() => Settled::Failed,
            _ => Settled::Acked,
        };
        let now = self.engine.now;
        let Message { consumer, process, .. } = self.broker.messages[message];
        let plan = &self.system.consumers[consumer as usize];
        let state = &mut self.broker.consumers[consumer as usize];
        state.held[(process - state.first_process) as usize] -= 1;
        state.unacked.down(now);
        match how {
            Settled::Acked => {
                state.acked += 1;
                self.forget(message, None);
            }
            Settled::Lost => self.make_ready(message, true),
            Settled::Failed => {
                let entry = &mut self.broker.messages[message];
                entry.failures += 1;
                entry.last = token.failure;
                let failures = entry.failures;
                if failures > plan.retries {
                    state.dead += 1;
                    self.forget(message, Some(LostMessage::DeadLetter));
                } else {
                    self.retry(message, plan.delay(failures));
                }
            }
        }
        self.deal(consumer);
    }

    /// Whether the token is the wait of a job's message before its next delivery.
    pub(crate) fn waits_to_retry(&self, t: u32) -> bool {
        let token = &self.engine.tokens[t];
        if token.state != State::Carrying || token.process != NONE {
            return false;
        }
        match self.engine.frames[token.frame].kind {
            FrameKind::Message { message } => self.broker.messages[message].job != NONE,
            _ => false,
        }
    }

    /// The message is delivered again after this time.
    fn retry(&mut self, message: u32, delay: Time) {
        if delay == Time::ZERO {
            return self.make_ready(message, true);
        }
        let consumer = self.broker.messages[message].consumer;
        self.broker.consumers[consumer as usize].delayed.up(self.engine.now);
        let t = self.spawn(self.system.consumers[consumer as usize].endpoint, 0);
        self.engine.priorities.set(t, 0);
        self.engine.push_frame(t, FrameKind::Message { message });
        self.carry(t, delay);
    }

    /// The event of the message that the token handles, unless it was taken before; [`NONE`] if it handles none.
    pub(crate) fn take_event(&mut self, t: u32) -> u32 {
        match self.message_of(t) {
            Some(message) => std::mem::replace(&mut self.broker.messages[message].event, NONE),
            None => NONE,
        }
    }

    /// The message that the token handles.
    pub(crate) fn message_of(&self, t: u32) -> Option<u32> {
        let mut frame = self.engine.tokens[t].frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            match kind {
                FrameKind::Message { message } => return Some(message),
                _ => frame = below,
            }
        }
        None
    }

    /// Nothing more becomes of the message.
    fn forget(&mut self, message: u32, loss: Option<LostMessage>) {
        let Message { job, event, consumer, last, .. } = self.broker.messages[message];
        self.end_event(event);
        self.broker.messages.remove(message);
        if let Some(loss) = loss {
            self.count_loss(job, loss);
            self.count_lost(job, Behind::Consumer(consumer), last);
        }
        self.end_part(job, loss.is_some());
    }

    /// The messages that a bounded consumer may have unsettled, all its processes together.
    pub(crate) fn room_of_consumer(&self, consumer: usize) -> Option<u32> {
        let each = self.system.consumers[consumer].prefetch?;
        Some(each.saturating_mul(self.broker.consumers[consumer].held.len() as u32))
    }

    /// The consumer that handles a message.
    pub(crate) fn consumer_of(&self, message: u32) -> usize {
        self.broker.messages[message].consumer as usize
    }

    /// The reports' name of a consumer's queue: `queue registrations / billing`.
    pub(crate) fn consumer_name(&self, consumer: usize) -> String {
        consumer_name(self.system, consumer)
    }
}
