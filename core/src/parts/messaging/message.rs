//! Copies of messages, one for each consumer, and what becomes of their deliveries.
//!
//! A message that is not acknowledged in time ([`crate::model::Redelivery`]) returns to the head of its queue. Nothing stops its
//! handler, which is then *overdue*: it continues, and keeps its place among the `prefetch` of its process. SQS ignores its
//! acknowledgement (the receipt handle of an earlier receive, "DeleteMessage"), and so does Kafka (`CommitFailedError` of a
//! consumer that was removed from its group). Where Redis is the broker, kombu gives a message the same delivery tag each
//! time (`virtual.Channel._inplace_augment_message`, `redis.QoS.ack`), so a late acknowledgement also acknowledges the
//! delivery that another process has by then. SQS and Redis do not notice that a process has died: its message returns at
//! the same deadline (`redis.QoS.restore_visible`).

use crate::kernel::list::{Linked, Links};
use crate::kernel::{NONE, Time};

use crate::engine::token::Failure;

/// How a delivery has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeliveryEnd {
    /// The handler has succeeded.
    Acked,
    /// The handler has failed.
    Failed(Failure),
    /// The process has died.
    Lost,
}

/// What becomes of a message of which a delivery has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// It is done with.
    Acked,
    /// It has failed too often, and is not delivered again.
    DeadLetter,
    /// It is in its queue again.
    Ready,
    /// It comes back to its queue after this time.
    Delayed(Time),
    /// It comes back to its queue when it is overdue: nothing tells the broker that its process has died.
    Hidden,
    /// Nothing: the handler was overdue, and the message was no longer its own.
    Late,
}

/// A message on its way to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub message: u32,
    pub process: u32,
    /// Names the draws of this delivery: another one makes other draws.
    pub key: u64,
}

/// A delivery: the message, the frame of its handler, and the process that it counts against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handling {
    pub message: u32,
    pub frame: u32,
    pub process: u32,
}

/// A copy of a message, for one consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message {
    links: Links,
    /// Names it.
    pub key: u64,
    /// When it last became ready.
    pub since: Time,
    pub job: u32,
    pub consumer: u32,
    /// The frame of the handler that has it; [`NONE`] without one. Any other handler that works on it is overdue.
    pub frame: u32,
    /// The deadline of that handler's acknowledgement.
    pub timer: u32,
    /// Handlers that work on it, those that are overdue included.
    pub handlers: u32,
    /// It has ended, and is kept for handlers that are overdue.
    pub is_settled: bool,
    /// How often its handler has failed.
    pub failures: u32,
    /// Why it failed last.
    pub last: Failure,
    /// How often it has been sent to a process.
    pub deliveries: u32,
    /// The event that a view waits for.
    pub event: u32,
}

impl Message {
    /// A message of a job; [`NONE`] for none. `event`: what a view waits for; [`NONE`] for nothing.
    pub fn new(consumer: u32, key: u64, job: u32, event: u32) -> Self {
        Self {
            links: Links::default(),
            key,
            since: Time::ZERO,
            job,
            consumer,
            frame: NONE,
            timer: NONE,
            handlers: 0,
            is_settled: false,
            failures: 0,
            last: Failure::NONE,
            deliveries: 0,
            event,
        }
    }
}

impl Linked for Message {
    fn links(&self) -> Links {
        self.links
    }
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}
