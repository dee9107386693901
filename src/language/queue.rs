//! Queues of a message broker, who consumes them, and views that their events feed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Distribution, Duration};

/// A queue of a message broker (RabbitMQ). Each consumer gets a copy of every message, as from a fan-out exchange with
/// a queue for each.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Messages that may wait for one consumer (RabbitMQ `x-max-length`); those that its processes work on do not
    /// count, nor does the limit hold back a message that comes again after a failure. Without it: no limit.
    pub max_length: Option<u32>,
    /// What a full queue does (RabbitMQ `x-overflow`).
    #[serde(default)]
    pub overflow: Overflow,
    /// CPU of publishing a message, where the publisher runs. Without it: none.
    pub publish_cpu: Option<Distribution>,
    /// Time until the broker has confirmed a message (publisher confirms); the message is in the queue at its end.
    /// Without it: none.
    pub publish_time: Option<Distribution>,
    /// Time of a message on its way from the broker to a consumer's process. Without it: none.
    pub delivery_time: Option<Distribution>,
    /// The consumers, each of which gets a copy of each message, by name.
    #[serde(default)]
    pub consumers: BTreeMap<String, Consumer>,
}

/// The read side of CQRS: what queries read, fed by the events that a consumer handles (`project` steps in its
/// handler). Reports say how stale it was when it was read (`read` steps), and how long events took to be applied. An
/// event is never applied, and no longer waited for, if its handler ends without `project` or if it is dead-lettered or
/// dropped.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// The queue that carries its events.
    pub queue: String,
    /// The consumer of that queue that applies them.
    pub consumer: String,
}

/// What a full queue does with one message more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Overflow {
    /// The oldest message that waits is dropped, and what it belongs to is never completed; RabbitMQ's default.
    #[default]
    DropHead,
    /// The new message is refused: the publisher's step fails with "queue full". Other consumers with room in their
    /// queues still get their copies.
    RejectPublish,
}

/// What an acknowledgement means that comes too late, when the message has already returned to the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LateAck {
    /// Nothing: only the handler that has the message can acknowledge it (SQS, Kafka, RabbitMQ).
    #[default]
    Ignored,
    /// If another process has the message by then, it is acknowledged, and the handler there works in vain (Celery on Redis,
    /// where each delivery has the same tag). If the message still waits, it is delivered again.
    Counts,
}

/// The processes of a service that handle a queue's messages. They need not do anything else.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// The service that consumes; messages go to each of its processes in turn.
    pub service: String,
    /// The endpoint with the steps that handle a message; its end acknowledges the message, its failure does not.
    pub endpoint: String,
    /// Messages that one process works on at once (`basic.qos`; Celery's concurrency times
    /// `worker_prefetch_multiplier`), those on their way to it included. Without it: no limit.
    pub prefetch: Option<u32>,
    /// Time from the start of one process to that of the next, for workers that are started one by one; the first starts with
    /// the run. Each takes all messages that wait, up to `prefetch`, before the next one starts. Without it: all start at once.
    pub start_gap: Option<Duration>,
    /// How often a message is delivered again after its handler has failed; then it is dead-lettered, and what it
    /// belongs to is never completed. A process that dies gives its messages back, which uses up none of them.
    #[serde(default)]
    pub retries: u32,
    /// Time from its delivery after which a message without an acknowledgement returns to the head of the queue, while its
    /// handler continues (SQS `VisibilityTimeout`; `visibility_timeout` of Celery's `broker_transport_options`). The broker
    /// does not notice that a process has died: its message returns at the same time. Without it: never.
    pub visibility_timeout: Option<Duration>,
    /// The same for a broker that notices at once that a process has died, and gives its messages to others (RabbitMQ
    /// `consumer_timeout`; Kafka `max.poll.interval.ms`, if one record is fetched at a time).
    pub ack_timeout: Option<Duration>,
    /// What an acknowledgement after that time means.
    #[serde(default)]
    pub late_ack: LateAck,
    /// Greatest number of deliveries of a message, for any reason; then it is dead-lettered (SQS `maxReceiveCount`; one more
    /// than the `delivery-limit` of RabbitMQ's quorum queues). Without it: no limit.
    pub max_deliveries: Option<u32>,
    /// Time before a message is delivered again after a failure, at the end of the queue (Celery
    /// `default_retry_delay`). Without it: at once, at the head of the queue.
    pub retry_delay: Option<Duration>,
    /// Factor by which each further delay is longer than the one before, 1 to 1000 (2 is Celery's `retry_backoff`,
    /// without jitter). It has an effect only with `retry_delay`.
    #[serde(default = "one")]
    pub backoff: f64,
}

fn one() -> f64 {
    1.0
}
