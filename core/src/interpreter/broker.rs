//! Messages are published, dealt to processes, handled and settled.

use crate::kernel::deadline::Purpose;
use crate::kernel::random::mix;
use crate::kernel::{NONE, Time};
use crate::model::{Runtime, Site};

use crate::engine::next::Next;
use crate::engine::progress::phases;
use crate::engine::task::Task;
use crate::engine::token::{Failure, Frame, FrameKind, State};
use crate::interpreter::world::World;
use crate::parts::blame::log::Label;
use crate::parts::messaging::job::{Behind, LostMessage};
use crate::parts::messaging::message::{Delivery, DeliveryEnd, Handling, Message, Settlement};

/// Parts of a publish's draws.
const CLIENT_CPU: u64 = 1;
const CONFIRM: u64 = 2;
/// The part of a message's draws that is its way to a consumer.
const DELIVERY: u64 = 0x0D;

phases! {
    /// Of publishing.
    enum Publishing {
        /// Spend the client's CPU.
        Work,
        /// The message is on its way, and the broker's confirm on its way back.
        Confirm,
        /// Put the message into the queues.
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
                    let named = site.child(key);
                    if self.is_recording() {
                        self.trace_publish(t, queue, named);
                    }
                    let is_taken = self.enqueue(queue, named, job);
                    return if is_taken { done } else { Next::Fail(Failure::QUEUE_FULL) };
                }
            };
            if next != Next::On {
                return next;
            }
        }
    }

    /// Gives each consumer of the queue a copy. Whether all had room.
    fn enqueue(&mut self, queue: u32, key: u64, job: u32) -> bool {
        let plan = &self.system.queues[queue as usize];
        if self.broker.is_exhausted() {
            self.give_up_counting();
            return false;
        }
        let mut all = true;
        for consumer in plan.first..plan.first + plan.count {
            if self.broker.is_full(plan, consumer) {
                if plan.rejects {
                    all = false;
                    self.count_loss(job, LostMessage::Refused);
                    continue;
                }
                if let Some(oldest) = self.broker.drop_oldest(self.engine.now, consumer) {
                    self.forget(oldest, Some(LostMessage::Dropped));
                }
            }
            let of_consumer = &self.system.consumers[consumer as usize];
            let event = self.expect_event(of_consumer.view);
            let message = Message::new(consumer, mix(key ^ of_consumer.salt), job, event);
            self.broker.publish(self.engine.now, message);
            self.add_part(job);
            self.deal(consumer);
        }
        all
    }

    /// Sends what waits to processes that have room and are up.
    fn deal(&mut self, consumer: u32) {
        loop {
            let Self { broker, replicas, processes, outages, .. } = self;
            let (now, gap) = (self.engine.now, self.system.consumers[consumer as usize].start_gap);
            let first = broker.consumer(consumer).first_process;
            let is_up = |process: u32| {
                let health = &replicas[processes[process as usize].replica as usize].health;
                health.downs == 0 && !health.closed
            };
            let has_begun = |process: u32| gap.0.saturating_mul(u64::from(process - first)) <= now.0;
            let consumes = |process: u32| has_begun(process) && (*outages == 0 || is_up(process));
            let Some(delivery) = broker.deal(now, consumer, consumes) else { return };
            self.send_message(delivery);
        }
    }

    /// Schedules the start of the processes of each consumer after its first, which consumes from the start of the run.
    pub(crate) fn begin_consuming(&mut self) {
        (0..self.broker.consumers()).for_each(|consumer| self.begin_next(consumer, 1));
    }

    /// Schedules the start of the process with this number, if processes begin one after another.
    fn begin_next(&mut self, consumer: u32, number: u32) {
        let gap = self.system.consumers[consumer as usize].start_gap;
        if gap > Time::ZERO && number < self.broker.consumer(consumer).processes() {
            self.engine.later(gap, Task::Consume { consumer, number });
        }
    }

    /// This process of the consumer begins: it gets what waits.
    pub(crate) fn consume(&mut self, consumer: u32, number: u32) {
        self.deal(consumer);
        self.begin_next(consumer, number + 1);
    }

    /// Some process has come up: it gets what waits.
    pub(crate) fn resume_consuming(&mut self) {
        (0..self.broker.consumers()).for_each(|consumer| self.deal(consumer));
    }

    fn send_message(&mut self, Delivery { message, process, key }: Delivery) {
        let &Message { job, consumer, key: named, .. } = self.broker.message(message);
        let plan = &self.system.consumers[consumer as usize];
        let t = self.spawn(plan.endpoint, key);
        if self.is_recording() {
            self.trace_message(t, named, consumer);
        }
        self.engine.priorities.set(t, 0);
        let frame = self.engine.push_frame(t, FrameKind::Message { message, process });
        self.expect_acknowledgement(message, frame);
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

    /// Gives the message to the handler of this frame, and sets the deadline of its acknowledgement.
    fn expect_acknowledgement(&mut self, message: u32, frame: u32) {
        let engine = &mut self.engine;
        let consumer = self.broker.message(message).consumer;
        let counts = &mut self.guards.reactions.redeliveries[consumer as usize];
        let timer = self.broker.consumer(consumer).patience.map_or(NONE, |lane| {
            counts[0] += 1;
            engine.deadlines.set(&mut engine.calendar, engine.now, lane, message, Purpose::Acknowledgement)
        });
        self.broker.hand_over(message, frame, timer);
    }

    /// A message was not acknowledged in time. Its handler works on; the message is delivered again.
    pub(crate) fn unacknowledged(&mut self, message: u32) {
        let &Message { consumer, job, .. } = self.broker.message(message);
        self.count_overdue(job);
        self.guards.reactions.redeliveries[consumer as usize][1] += 1;
        self.account_overdue(message);
        let plan = &self.system.consumers[consumer as usize];
        if self.broker.overdue(self.engine.now, message, plan) == Settlement::DeadLetter {
            self.forget(message, Some(LostMessage::DeadLetter));
        }
        self.deal(consumer);
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
            FrameKind::Message { message, .. } => {
                self.engine.frames.remove(self.engine.tokens[t].frame);
                self.engine.tokens.remove(t);
                self.broker.come_back(self.engine.now, message);
                self.deal(self.broker.message(message).consumer);
            }
            FrameKind::Poll { job } => self.bring_notice(t, job),
            kind => unreachable!("{kind:?} is not carried"),
        }
    }

    /// A handler has ended: its message is acknowledged, or goes back to the broker.
    pub(crate) fn settle(&mut self, t: u32, handling: Handling) {
        let Handling { message, frame, .. } = handling;
        self.account_settled(frame, message);
        let end = match self.engine.tokens[t].failure {
            _ if self.is_killed(t) => DeliveryEnd::Lost,
            failure if failure.is_some() => DeliveryEnd::Failed(failure),
            _ => DeliveryEnd::Acked,
        };
        let &Message { consumer, frame: latest, .. } = self.broker.message(message);
        if matches!(end, DeliveryEnd::Failed(_)) && frame == latest {
            self.account_failed_delivery(t, message);
        }
        let plan = &self.system.consumers[consumer as usize];
        let settlement = self.broker.settle(self.engine.now, handling, plan, end);
        if !matches!(settlement, Settlement::Hidden | Settlement::Late) {
            self.engine.deadlines.cancel(self.broker.take_timer(message));
        }
        match settlement {
            Settlement::Acked => self.forget(message, None),
            Settlement::DeadLetter => self.forget(message, Some(LostMessage::DeadLetter)),
            Settlement::Ready | Settlement::Hidden => {}
            Settlement::Late => self.broker.forget_unhandled(message),
            Settlement::Delayed(delay) => {
                let t = self.spawn(plan.endpoint, 0);
                self.engine.priorities.set(t, 0);
                self.engine.push_frame(t, FrameKind::Message { message, process: NONE });
                self.carry(t, delay);
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
            FrameKind::Message { message, .. } => self.broker.message(message).job != NONE,
            _ => false,
        }
    }

    /// The event of the message that the token handles, unless it was taken before; [`NONE`] if it handles none.
    pub(crate) fn take_event(&mut self, t: u32) -> u32 {
        self.message_of(t).map_or(NONE, |message| self.broker.take_event(message))
    }

    /// The message that the token handles.
    pub(crate) fn message_of(&self, t: u32) -> Option<u32> {
        let mut frame = self.engine.tokens[t].frame;
        while frame != NONE {
            let Frame { below, kind, .. } = self.engine.frames[frame];
            match kind {
                FrameKind::Message { message, .. } => return Some(message),
                _ => frame = below,
            }
        }
        None
    }

    /// Nothing more becomes of the message.
    fn forget(&mut self, message: u32, loss: Option<LostMessage>) {
        let Message { job, event, consumer, last, .. } = self.broker.end(message);
        self.end_event(event);
        if let Some(loss) = loss {
            self.count_loss(job, loss);
            let at = match loss {
                LostMessage::DeadLetter => self.delivery_failed_at(message),
                LostMessage::Dropped | LostMessage::Refused => Label::NONE,
            };
            self.count_lost(job, Behind::Consumer(consumer), last, at);
        }
        self.end_part(job, loss.is_some());
    }

    /// The consumer that handles a message.
    pub(crate) fn consumer_of(&self, message: u32) -> u32 {
        self.broker.message(message).consumer
    }
}
