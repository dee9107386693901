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

use crate::kernel::Time;
use crate::kernel::gauge::TimeWeighted;
use crate::kernel::list::{Linked, Links, List};
use crate::kernel::slab::Slab;
use crate::model::{ConsumerPlan, System};

use crate::engine::population::QueueStatistics;
use crate::engine::token::Failure;
use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;

/// A copy of a message, for one consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    pub links: Links,
    pub key: u64,
    /// When it last became ready.
    pub since: Time,
    pub job: u32,
    pub consumer: u32,
    /// The process that has it.
    pub process: u32,
    /// How often its handler has failed.
    pub failures: u32,
    /// Why it failed last.
    pub last: Failure,
    /// How often it has been sent to a process.
    pub deliveries: u32,
    /// The event that a view waits for.
    pub event: u32,
}

impl Linked for Message {
    fn links(&self) -> Links {
        self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// A consumer's queue and its processes.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    pub first_process: u32,
    /// Messages that each process has and has not settled.
    pub held: Vec<u32>,
    pub prefetch: u32,
    /// The process whose turn it is.
    pub turn: u32,
    pub ready: List,
    pub waiting: QueueStatistics,
    /// When a message was last dealt that had waited.
    pub waited_until: Time,
    /// Messages at processes or on their way there.
    pub unacked: TimeWeighted,
    /// Messages that wait for their next delivery after a failure.
    pub delayed: TimeWeighted,
    carried: u64,
    pub published: u64,
    pub acked: u64,
    pub dropped: u64,
    pub dead: u64,
}

impl Consumer {
    pub fn new(plan: &ConsumerPlan, system: &System) -> Self {
        let service = &system.services[system.endpoints[plan.endpoint as usize].service as usize];
        Self {
            first_process: service.first_process,
            held: vec![0; (service.replicas * service.workers) as usize],
            prefetch: plan.prefetch.unwrap_or(u32::MAX),
            turn: 0,
            ready: List::default(),
            waiting: QueueStatistics::default(),
            waited_until: Time::ZERO,
            unacked: TimeWeighted::default(),
            delayed: TimeWeighted::default(),
            carried: 0,
            published: 0,
            acked: 0,
            dropped: 0,
            dead: 0,
        }
    }

    fn inside(&self) -> u64 {
        [self.waiting.gauge, self.unacked, self.delayed].iter().map(|gauge| u64::from(gauge.level())).sum()
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
    pub messages: Slab<Message>,
    pub consumers: Vec<Consumer>,
}

impl Broker {
    pub fn new(system: &System) -> Self {
        let consumers = system.consumers.iter().map(|plan| Consumer::new(plan, system)).collect();
        Self { messages: Slab::default(), consumers }
    }

    /// The job and the consumer of each message that is to be delivered again because it failed, and why it failed.
    pub fn failing(&self) -> impl Iterator<Item = (u32, u32, Failure)> + '_ {
        let messages = self.messages.living().map(|message| &self.messages[message]);
        messages.filter(|it| it.failures > 0).map(|it| (it.job, it.consumer, it.last))
    }

    /// Copies of messages that no process has: those that wait in their queue or for their next delivery.
    pub fn ready(&self) -> u64 {
        let of = |consumer: &Consumer| u64::from(consumer.waiting.gauge.level()) + u64::from(consumer.delayed.level());
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
