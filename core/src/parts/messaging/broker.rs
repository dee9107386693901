//! A message broker in the manner of RabbitMQ: queues behind a fan-out exchange, one for each consumer.
//!
//! A publisher pays its CPU and waits for the broker's confirm. Each consumer's queue keeps what waits (*ready*) in the
//! order of publishing; only that counts towards `max_length` (RabbitMQ, "Queue Length Limit": unacknowledged messages
//! do not). A full queue drops its oldest message, or refuses the new one: then the publisher's step fails, and the
//! message still goes to the consumers whose queues have room. Messages are dealt to the processes of the consumer's
//! service in turn, to none more than `prefetch` before it has settled one ("Consumer Prefetch", `basic.qos`). A
//! handler that ends acknowledges its message; one that fails has it delivered again, at once at the head of the queue,
//! or after a delay at its end (Celery's `default_retry_delay`, `retry_backoff`), and after the last retry it is
//! dead-lettered. A process that dies gives its messages back to the head of the queue, and that uses up no retry
//! (RabbitMQ: a lost channel requeues).
//!
//! Where processes begin to consume one after another, each gets as many messages as wait, up to its `prefetch`, before the
//! next one begins: RabbitMQ delivers to a new consumer until its prefetch is reached or the queue is empty.

use crate::kernel::deadline::{Deadlines, LaneId};
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::List;
use crate::kernel::random::{GOLDEN, mix};
use crate::kernel::slab::Slab;
use crate::kernel::{NONE, Time};
use crate::model::{ConsumerPlan, QueuePlan, Redelivery, System};

use crate::engine::population::QueueStatistics;
use crate::engine::token::Failure;
use crate::parts::messaging::message::{Delivery, DeliveryEnd, Handling, Message, Settlement};
use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// Messages that a broker can hold; more are too many in flight.
const MOST: usize = 1 << 23;

/// A consumer's queue and its processes.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    pub first_process: u32,
    /// Messages that each process has and has not settled.
    held: Vec<u32>,
    prefetch: u32,
    /// The time within which a message must be acknowledged; none: no limit.
    pub patience: Option<LaneId>,
    /// The process whose turn it is.
    turn: u32,
    ready: List,
    waiting: QueueStatistics,
    /// When a message was last dealt that had waited.
    pub waited_until: Time,
    /// Deliveries at processes or on their way there.
    unacked: TimeWeighted,
    /// Those of them that are overdue.
    late: u32,
    /// Messages that wait for their next delivery after a failure, or after the death of their process.
    delayed: TimeWeighted,
    carried: u64,
    published: u64,
    acked: u64,
    dropped: u64,
    dead: u64,
}

impl Consumer {
    fn new(plan: &ConsumerPlan, system: &System, deadlines: &mut Deadlines) -> Self {
        let service = &system.services[system.endpoints[plan.endpoint as usize].service as usize];
        let consumer = Self::of(service.first_process, service.replicas * service.workers, plan.prefetch);
        let patience = plan.redelivery.map(|Redelivery { after, .. }| deadlines.lane(after));
        Self { patience, ..consumer }
    }

    fn of(first_process: u32, processes: u32, prefetch: Option<u32>) -> Self {
        Self {
            first_process,
            held: vec![0; processes as usize],
            prefetch: prefetch.unwrap_or(u32::MAX),
            patience: None,
            turn: 0,
            ready: List::default(),
            waiting: QueueStatistics::default(),
            waited_until: Time::ZERO,
            unacked: TimeWeighted::default(),
            late: 0,
            delayed: TimeWeighted::default(),
            carried: 0,
            published: 0,
            acked: 0,
            dropped: 0,
            dead: 0,
        }
    }

    /// Messages that wait for a process.
    fn length(&self) -> u32 {
        self.waiting.gauge.level()
    }

    /// How many processes it has.
    pub fn processes(&self) -> u32 {
        self.held.len() as u32
    }

    /// Whether any message waits for a process.
    pub fn is_waited_for(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The messages that may be unsettled, all processes together; none where there is no limit.
    pub fn room(&self) -> Option<u32> {
        (self.prefetch < u32::MAX).then(|| self.prefetch.saturating_mul(self.held.len() as u32))
    }

    /// Messages that wait, are at work, or wait for their next delivery.
    pub fn inside(&self) -> u64 {
        let all: u64 = [self.waiting.gauge, self.unacked, self.delayed].iter().map(|it| u64::from(it.level())).sum();
        all - u64::from(self.late)
    }

    /// Starts counting afresh.
    fn reset(&mut self, now: Time) {
        self.waiting.reset(now);
        self.unacked.reset(now);
        self.delayed.reset(now);
        self.carried = self.inside();
        self.published = 0;
        (self.acked, self.dropped, self.dead) = (0, 0, 0);
    }

    /// Both sides of the conservation of messages if they differ: those that came, and those that ended or are inside.
    fn broken_law(&self) -> Option<(u64, u64)> {
        let sides = (self.carried + self.published, self.acked + self.dead + self.dropped + self.inside());
        (sides.0 != sides.1).then_some(sides)
    }

    /// Whether as many messages are held as the processes have.
    fn is_counted_right(&self) -> bool {
        let held: u32 = self.held.iter().sum();
        held == self.unacked.level() && self.held.iter().all(|&held| held <= self.prefetch)
    }
}

/// All messages and who consumes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Broker {
    messages: Slab<Message>,
    consumers: Vec<Consumer>,
}

impl Broker {
    pub fn new(system: &System, deadlines: &mut Deadlines) -> Self {
        let consumers = system.consumers.iter().map(|plan| Consumer::new(plan, system, deadlines)).collect();
        Self { messages: Slab::default(), consumers }
    }

    /// A message.
    pub fn message(&self, message: u32) -> &Message {
        &self.messages[message]
    }

    /// A consumer's queue and its processes.
    pub fn consumer(&self, consumer: u32) -> &Consumer {
        &self.consumers[consumer as usize]
    }

    /// How many consumers there are.
    pub fn consumers(&self) -> u32 {
        self.consumers.len() as u32
    }

    /// Whether it holds as many messages as it can.
    pub fn is_exhausted(&self) -> bool {
        self.messages.len() >= MOST
    }

    /// Whether as many messages wait for this consumer of a queue as may.
    pub fn is_full(&self, plan: &QueuePlan, consumer: u32) -> bool {
        plan.max_length.is_some_and(|most| self.consumer(consumer).length() >= most)
    }

    /// The first consumer of a queue whose length has reached its limit.
    pub fn full_consumer(&self, plan: &QueuePlan) -> Option<u32> {
        (plan.first..plan.first + plan.count).find(|&consumer| self.is_full(plan, consumer))
    }

    /// Messages that wait in queues whose length has a limit.
    pub fn waiting_in_bounded(&self, system: &System) -> u64 {
        let bounded = system.queues.iter().filter(|plan| plan.max_length.is_some());
        let consumers = bounded.flat_map(|plan| plan.first..plan.first + plan.count);
        consumers.map(|consumer| u64::from(self.consumer(consumer).length())).sum()
    }

    /// A message has been published: it waits for a process of its consumer.
    pub fn publish(&mut self, now: Time, message: Message) {
        self.consumers[message.consumer as usize].published += 1;
        let message = self.messages.insert(message);
        self.make_ready(now, message, false);
    }

    /// The oldest message that waits for a consumer is dropped; it is still to be removed.
    pub fn drop_oldest(&mut self, now: Time, consumer: u32) -> Option<u32> {
        let state = &mut self.consumers[consumer as usize];
        let oldest = state.ready.pop(&mut self.messages)?;
        state.waiting.leave(now, self.messages[oldest].since);
        state.dropped += 1;
        self.messages[oldest].last = Failure::QUEUE_FULL;
        Some(oldest)
    }

    /// The message waits for a process, behind the others or before them.
    fn make_ready(&mut self, now: Time, message: u32, first: bool) {
        let Self { messages, consumers } = self;
        messages[message].since = now;
        let state = &mut consumers[messages[message].consumer as usize];
        state.waiting.enter(now);
        if first {
            state.ready.push_first(messages, message);
        } else {
            state.ready.push(messages, message);
        }
    }

    /// Sends the first message that waits for a consumer to a process, if one has room and `consumes`.
    pub fn deal(&mut self, now: Time, consumer: u32, consumes: impl Fn(u32) -> bool) -> Option<Delivery> {
        let Self { messages, consumers } = self;
        let state = &mut consumers[consumer as usize];
        let message = state.ready.first()?;
        let count = state.held.len() as u32;
        let has_room =
            |number: &u32| state.held[*number as usize] < state.prefetch && consumes(state.first_process + number);
        let chosen = (state.turn..count).chain(0..state.turn).find(has_room)?;
        state.ready.remove(messages, message);
        let entry = &mut messages[message];
        state.waiting.leave(now, entry.since);
        if entry.since < now {
            state.waited_until = now;
        }
        state.held[chosen as usize] += 1;
        state.unacked.up(now);
        state.turn = (chosen + 1) % count;
        let process = state.first_process + chosen;
        let key = mix(entry.key.wrapping_add(GOLDEN.wrapping_mul(u64::from(entry.deliveries))));
        entry.deliveries += 1;
        entry.handlers += 1;
        Some(Delivery { message, process, key })
    }

    /// The handler of this frame has the message and must acknowledge it before this deadline.
    pub fn hand_over(&mut self, message: u32, frame: u32, timer: u32) {
        let entry = &mut self.messages[message];
        (entry.frame, entry.timer) = (frame, timer);
    }

    /// A delivery has ended. `plan`: of the message's consumer. The caller cancels the deadline of its acknowledgement, unless
    /// the message is [`Settlement::Hidden`] until then.
    pub fn settle(&mut self, now: Time, handling: Handling, plan: &ConsumerPlan, end: DeliveryEnd) -> Settlement {
        let Handling { message, frame, process } = handling;
        let entry = &mut self.messages[message];
        let state = &mut self.consumers[entry.consumer as usize];
        state.held[(process - state.first_process) as usize] -= 1;
        state.unacked.down(now);
        entry.handlers -= 1;
        if entry.frame != frame {
            return self.settle_late(message, plan, end);
        }
        entry.frame = NONE;
        let delay = match end {
            DeliveryEnd::Acked => {
                state.acked += 1;
                entry.is_settled = true;
                return Settlement::Acked;
            }
            DeliveryEnd::Lost if plan.redelivery.is_some_and(|it| !it.notices_death) => {
                state.delayed.up(now);
                return Settlement::Hidden;
            }
            DeliveryEnd::Lost => Time::ZERO,
            DeliveryEnd::Failed(why) => {
                entry.failures += 1;
                entry.last = why;
                if entry.failures > plan.retries {
                    return self.bury(message);
                }
                plan.delay(entry.failures)
            }
        };
        if plan.max_deliveries.is_some_and(|most| entry.deliveries >= most) {
            return self.bury(message);
        }
        if delay == Time::ZERO {
            self.make_ready(now, message, true);
            return Settlement::Ready;
        }
        state.delayed.up(now);
        Settlement::Delayed(delay)
    }

    /// The message is dead-lettered.
    fn bury(&mut self, message: u32) -> Settlement {
        let entry = &mut self.messages[message];
        entry.is_settled = true;
        if !entry.last.is_some() {
            entry.last = Failure::CONNECTION_LOST;
        }
        self.consumers[entry.consumer as usize].dead += 1;
        Settlement::DeadLetter
    }

    /// An overdue handler has ended. It can only acknowledge the delivery to another handler, with `late_ack_counts`.
    fn settle_late(&mut self, message: u32, plan: &ConsumerPlan, end: DeliveryEnd) -> Settlement {
        let entry = &mut self.messages[message];
        let state = &mut self.consumers[entry.consumer as usize];
        state.late -= 1;
        let counts = plan.redelivery.is_some_and(|it| it.late_ack_counts) && end == DeliveryEnd::Acked;
        if !counts || entry.frame == NONE {
            return Settlement::Late;
        }
        entry.frame = NONE;
        entry.is_settled = true;
        state.late += 1;
        state.acked += 1;
        Settlement::Acked
    }

    /// A message was not acknowledged in time: it returns to its queue, or is dead-lettered if it was delivered too often. Its
    /// handler, if it is alive, continues.
    pub fn overdue(&mut self, now: Time, message: u32, plan: &ConsumerPlan) -> Settlement {
        let entry = &mut self.messages[message];
        let state = &mut self.consumers[entry.consumer as usize];
        entry.timer = NONE;
        if entry.frame == NONE {
            state.delayed.down(now);
        } else {
            entry.frame = NONE;
            state.late += 1;
        }
        entry.last = Failure::UNACKNOWLEDGED;
        if plan.max_deliveries.is_some_and(|most| entry.deliveries >= most) {
            return self.bury(message);
        }
        self.make_ready(now, message, true);
        Settlement::Ready
    }

    /// A message's delay is over: it is in its queue again.
    pub fn come_back(&mut self, now: Time, message: u32) {
        self.consumers[self.messages[message].consumer as usize].delayed.down(now);
        self.make_ready(now, message, false);
    }

    /// Takes the deadline of a message's acknowledgement, for the caller to cancel; [`NONE`] without one.
    pub fn take_timer(&mut self, message: u32) -> u32 {
        std::mem::replace(&mut self.messages[message].timer, NONE)
    }

    /// The event of a message, unless it was taken before; else [`NONE`].
    pub fn take_event(&mut self, message: u32) -> u32 {
        std::mem::replace(&mut self.messages[message].event, NONE)
    }

    /// Ends a message, and returns it. It is kept while handlers work on it.
    pub fn end(&mut self, message: u32) -> Message {
        let entry = &mut self.messages[message];
        let ended = *entry;
        entry.is_settled = true;
        (entry.job, entry.event) = (NONE, NONE);
        self.forget_unhandled(message);
        ended
    }

    /// Removes a message that has ended and that no handler works on.
    pub fn forget_unhandled(&mut self, message: u32) {
        if self.messages[message].is_settled && self.messages[message].handlers == 0 {
            self.messages.remove(message);
        }
    }

    /// Each message that waits for another delivery because it failed or was not acknowledged in time, with its number.
    pub fn failing(&self) -> impl Iterator<Item = (u32, &Message)> + '_ {
        let messages = self.messages.living().map(|message| (message, &self.messages[message]));
        messages.filter(|(_, it)| it.last.is_some() && !it.is_settled)
    }

    /// Copies of messages that no process has: those that wait in their queue or for their next delivery.
    pub fn ready(&self) -> u64 {
        let of = |consumer: &Consumer| u64::from(consumer.length()) + u64::from(consumer.delayed.level());
        self.consumers.iter().map(of).sum()
    }
}

/// The reports' name of a consumer's queue: `queue registrations / billing`.
pub(crate) fn consumer_name(system: &System, consumer: usize) -> String {
    let plan = &system.consumers[consumer];
    format!("queue {} / {}", system.queues[plan.queue as usize].name, plan.name)
}

impl Part for Broker {
    fn reset(&mut self, now: Time) {
        self.consumers.iter_mut().for_each(|consumer| consumer.reset(now));
    }

    /// What each consumer's processes worked on, and what waited for them.
    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        for (number, state) in self.consumers.iter().enumerate() {
            let up: f64 = (state.first_process..).take(state.held.len()).map(|process| rows.up(process)).sum();
            let sum = rows.of_system(ResourceKind::Queue, number as u32, || consumer_name(system, number));
            let prefetch = system.consumers[number].prefetch;
            sum.gauge(&state.unacked, now, prefetch.map(|each| f64::from(each) * up));
            sum.waiting(&state.waiting, now);
            sum.use_.visits += state.waiting.left;
        }
    }

    fn laws(&mut self, Moment { system, now }: Moment, broken: &mut Vec<String>) {
        for (number, state) in self.consumers.iter().enumerate() {
            let name = || consumer_name(system, number);
            state.waiting.check(now, broken, name);
            if let Some((came, seen)) = state.broken_law() {
                let name = name();
                broken.push(format!("flow conservation at {name}: {came} messages came, {seen} ended or are inside"));
            }
            if !state.is_counted_right() {
                broken.push(format!("{}: the processes hold other messages than are in use", name()));
            }
        }
    }

    fn is_at_rest(&self) -> bool {
        self.messages.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(5);

    /// A broker with one consumer: processes 4 and 5, one message each.
    fn broker(messages: u32) -> Broker {
        let mut broker = Broker { messages: Slab::default(), consumers: vec![Consumer::of(4, 2, Some(1))] };
        (0..messages).for_each(|key| broker.publish(NOW, Message::new(0, u64::from(key), NONE, NONE)));
        broker
    }

    fn plan(retries: u32, retry_delay: Time) -> ConsumerPlan {
        let name = String::new();
        ConsumerPlan {
            name,
            salt: 0,
            queue: 0,
            endpoint: 0,
            prefetch: Some(1),
            retries,
            retry_delay,
            backoff: 1.0,
            redelivery: None,
            max_deliveries: None,
            start_gap: Time::ZERO,
            view: None,
        }
    }

    /// The end of the delivery of a message to a process.
    fn settle(broker: &mut Broker, message: u32, process: u32, plan: &ConsumerPlan, end: DeliveryEnd) -> Settlement {
        broker.settle(NOW, Handling { message, frame: NONE, process }, plan, end)
    }

    fn deal(broker: &mut Broker) -> Option<(u32, u32)> {
        broker.deal(NOW, 0, |_| true).map(|delivery| (delivery.message, delivery.process))
    }

    #[test]
    fn messages_are_dealt_in_turn_as_far_as_there_is_room() {
        let mut broker = broker(3);
        assert_eq!(broker.deal(NOW, 0, |_| false), None, "no process consumes");
        assert_eq!([deal(&mut broker), deal(&mut broker), deal(&mut broker)], [Some((0, 4)), Some((1, 5)), None]);
        assert_eq!(settle(&mut broker, 1, 5, &plan(0, Time::ZERO), DeliveryEnd::Acked), Settlement::Acked);
        assert_eq!(deal(&mut broker), Some((2, 5)));
        assert!(broker.consumers[0].is_counted_right());
    }

    #[test]
    fn what_failed_comes_first_and_what_is_delayed_last() {
        let mut broker = broker(3);
        let failed = DeliveryEnd::Failed(Failure::READ_TIMEOUT);
        deal(&mut broker);
        assert_eq!(settle(&mut broker, 0, 4, &plan(2, Time::ZERO), failed), Settlement::Ready);
        assert_eq!(deal(&mut broker), Some((0, 5)), "before those that came after it");
        assert_eq!(settle(&mut broker, 0, 5, &plan(2, Time(9)), failed), Settlement::Delayed(Time(9)));
        broker.come_back(NOW, 0);
        assert_eq!([deal(&mut broker), deal(&mut broker)], [Some((1, 4)), Some((2, 5))]);
        assert_eq!(settle(&mut broker, 1, 4, &plan(2, Time::ZERO), DeliveryEnd::Lost), Settlement::Ready);
        assert_eq!(deal(&mut broker), Some((1, 4)), "a death uses up no retry");
        assert_eq!(settle(&mut broker, 2, 5, &plan(0, Time::ZERO), failed), Settlement::DeadLetter);
        assert_eq!(deal(&mut broker), Some((0, 5)));
        assert_eq!(
            settle(&mut broker, 0, 5, &plan(2, Time::ZERO), failed),
            Settlement::DeadLetter,
            "the third failure"
        );
    }
}
