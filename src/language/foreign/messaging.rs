//! Words of brokers and their consumers (RabbitMQ, Celery), and of caches (Redis, Django, Caffeine).

use super::{Foreign, SECONDS, word};

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
