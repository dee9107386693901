//! Words of brokers and their consumers (RabbitMQ, Celery), and of caches (Redis, Django, Caffeine).

use super::{Foreign, MS, SECONDS, word};

/// The words.
pub(super) const WORDS: &[Foreign] = &[
    word(
        &["worker_prefetch_multiplier"],
        "Celery",
        "a consumer",
        "prefetch",
        "it is concurrency times multiplier (4 where nothing is said)",
    ),
    word(&["prefetch_count"], "RabbitMQ", "a consumer", "prefetch", ""),
    word(&["x-delivery-limit", "delivery-limit"], "RabbitMQ", "a consumer", "retries", "of quorum queues"),
    word(&["retry_backoff"], "Celery", "a consumer", "backoff", "`True` is 2, with `retry_delay = \"1s\"`"),
    word(
        &["VisibilityTimeout"],
        "SQS",
        "a consumer",
        "visibility_timeout",
        "30 s by default; a number there is seconds: 30 is \"30s\"",
    ),
    word(&["maxReceiveCount"], "SQS", "a consumer", "max_deliveries", ""),
    word(&["consumer_timeout", "x-consumer-timeout"], "RabbitMQ", "a consumer", "ack_timeout", MS),
    word(
        &["max.poll.interval.ms", "max_poll_interval_ms", "max_poll_interval"],
        "Kafka",
        "a consumer",
        "ack_timeout",
        "the time for all records of a poll, here for each; a number there is milliseconds, by default 300000, which is \
         \"5m\"",
    ),
    word(
        &["max.poll.records", "max_poll_records"],
        "Kafka",
        "a consumer",
        "",
        "each record is handled and acknowledged by itself here; `prefetch` is how many a process has at once",
    ),
    word(
        &["task_acks_late", "acks_late", "CELERY_ACKS_LATE"],
        "Celery",
        "a consumer",
        "",
        "a message is acknowledged at the end of its handler here, as with `True`; `False`, by which a message is lost with \
         its process, is not supported yet",
    ),
    word(
        &["x-message-ttl", "message-ttl"],
        "RabbitMQ",
        "a queue",
        "",
        "messages do not expire here; `max_length` bounds the queue",
    ),
    word(&["max_retries"], "Celery", "a consumer", "retries", ""),
    word(&["default_retry_delay"], "Celery", "a consumer", "retry_delay", SECONDS),
    word(&["x-max-length"], "RabbitMQ", "a queue", "max_length", ""),
    word(&["x-overflow"], "RabbitMQ", "a queue", "overflow", ""),
    word(
        &["maxmemory", "max_entries", "maximumSize"],
        "Redis, Django and Caffeine",
        "a cache",
        "size",
        "in entries, where Redis has bytes",
    ),
    word(
        &["expireAfterAccess"],
        "Caffeine",
        "a cache",
        "",
        "reading an entry does not prolong its life here: `ttl` is `expireAfterWrite`",
    ),
    word(&["expireAfterWrite"], "Caffeine", "a cache", "ttl", ""),
];
