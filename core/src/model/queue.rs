//! The plan of the broker: queues, their consumers, and the views that these feed.

use super::program::Draw;
use crate::kernel::{Time, Variate};

/// A queue of a message broker: to each of its consumers goes a copy of every message, as from a fan-out exchange.
#[derive(Clone, Debug)]
pub struct QueuePlan {
    /// Its name.
    pub name: String,
    /// Messages at most that wait for each consumer; none: no limit.
    pub max_length: Option<u32>,
    /// A full queue refuses the new message; else it drops the oldest.
    pub rejects: bool,
    /// CPU of publishing, at the publisher.
    pub publish_cpu: Option<Draw>,
    /// Time until the broker has confirmed.
    pub publish_time: Option<Draw>,
    /// Time of a message on its way to a consumer.
    pub delivery_time: Option<Draw>,
    /// Index of its first consumer in [`super::System::consumers`].
    pub first: u32,
    /// How many it has.
    pub count: u32,
}

/// A consumer of a queue: processes of a service that handle its messages.
#[derive(Clone, Debug)]
pub struct ConsumerPlan {
    /// Its name.
    pub name: String,
    /// Mixed into a message's key to name its copy for this consumer.
    pub salt: u64,
    /// Index of its queue.
    pub queue: u32,
    /// Index of the endpoint that handles a message.
    pub endpoint: u32,
    /// Messages that a process works on at once; none: no limit.
    pub prefetch: Option<u32>,
    /// How often a message is delivered again after a failure.
    pub retries: u32,
    /// Time before the first of these.
    pub retry_delay: Time,
    /// By how much each further delay is longer.
    pub backoff: f64,
    /// What happens to a message that is not acknowledged in time; none: its handler has any time.
    pub redelivery: Option<Redelivery>,
    /// How long after one process of the consumer the next one begins to consume.
    pub start_gap: Time,
    /// The greatest number of deliveries of a message; none: no limit.
    pub max_deliveries: Option<u32>,
    /// The view that it feeds, in [`super::System::views`].
    pub view: Option<u32>,
}

/// When a message that its handler has not acknowledged is delivered again, while that handler works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redelivery {
    /// How long after its delivery.
    pub after: Time,
    /// Whether the broker notices the death of a process, so that its messages come back at once.
    pub notices_death: bool,
    /// Whether the acknowledgement of an overdue delivery counts if another process has the message by then.
    pub late_ack_counts: bool,
}

impl ConsumerPlan {
    /// The time before a message is delivered again whose handler has failed so many times: `retry_delay` times
    /// `backoff` for each failure before.
    pub fn delay(&self, failures: u32) -> Time {
        let factor = libm::pow(self.backoff, f64::from(failures.saturating_sub(1)));
        Time((self.retry_delay.0 as f64 * factor).min(LONGEST_DELAY) as u64)
    }
}

/// Five hundred years, in nanoseconds: what a run's time can hold.
const LONGEST_DELAY: f64 = 1.6e19;

/// A read side that is fed by events.
#[derive(Clone, Debug)]
pub struct ViewPlan {
    /// Its name.
    pub name: String,
}

/// How a client learns that what it asked for is complete.
#[derive(Clone, Debug)]
pub enum Notice {
    /// It asks again and again.
    Poll {
        /// Time between an answer and the next question.
        every: Time,
        /// Index of the endpoint that it asks.
        endpoint: u32,
    },
    /// It is called back, after this time.
    Webhook(Variate),
}
