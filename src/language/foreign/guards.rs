//! Words of nginx in front of a service, and of resilience4j: limits, breakers, retries, time-outs.

use super::{Foreign, word};

/// The words.
pub(super) const WORDS: &[Foreign] = &[
    word(&["limit_conn"], "nginx", "an ingress", "in_flight", "a plain number; nginx counts by key, this counts all"),
    word(
        &["limit_req"],
        "nginx",
        "an ingress",
        "rate_limit",
        "{ average = \"10/s\", max_queue = 20 } for `rate=10r/s burst=20`; { average = \"10/s\", burst = 21, max_queue = 0 } with \
         `nodelay`",
    ),
    word(
        &["limitForPeriod", "limitRefreshPeriod"],
        "resilience4j's RateLimiter",
        "an ingress",
        "rate_limit",
        "{ average = \"10/s\", burst = 10 }: the limit over its period",
    ),
    word(&["maxConcurrentCalls"], "resilience4j's Bulkhead", "a limit", "size", ""),
    word(
        &["maxWaitDuration"],
        "resilience4j's Bulkhead",
        "a limit",
        "acquire_timeout",
        "0 there lets no call wait: write `max_queue = 0`",
    ),
    word(&["queueCapacity"], "resilience4j's ThreadPoolBulkhead", "a limit", "max_queue", ""),
    word(&["maxThreadPoolSize"], "resilience4j's ThreadPoolBulkhead", "a limit", "size", ""),
    word(&["failureRateThreshold"], "resilience4j", "a breaker", "window", "`window = { failure_rate = 0.5 }` for 50"),
    word(
        &["slowCallRateThreshold", "slowCallDurationThreshold"],
        "resilience4j",
        "a breaker",
        "window",
        "`window = { slow_rate = 0.5, slow_after = \"2s\" }` for 50 and 2 seconds",
    ),
    word(&["minimumNumberOfCalls"], "resilience4j", "a breaker", "window", "`window = { min_calls = 20 }`"),
    word(
        &["slidingWindowSize", "slidingWindowType"],
        "resilience4j",
        "a breaker",
        "window",
        "`window = { calls = 100 }` for COUNT_BASED, `window = { time = \"10s\" }` for TIME_BASED",
    ),
    word(&["waitDurationInOpenState"], "resilience4j", "a breaker", "recovery_time", ""),
    word(&["permittedNumberOfCallsInHalfOpenState"], "resilience4j", "a breaker", "half_open_calls", ""),
    word(
        &["codel_target_delay", "codel_interval"],
        "folly",
        "a service",
        "shed",
        "`shed = { codel = { target = \"5ms\", interval = \"100ms\" } }`",
    ),
    word(
        &["maxAttempts", "max_attempts"],
        "resilience4j",
        "a `retry` step",
        "attempts",
        "the first one counts in both",
    ),
    word(
        &["waitDuration"],
        "resilience4j",
        "a `retry` step",
        "backoff",
        "with `factor = 1` and `jitter = \"none\"` for a fixed wait",
    ),
    word(&["exponentialMaxWaitDuration"], "resilience4j", "a `retry` step", "max_backoff", ""),
    word(&["exponentialBackoffMultiplier"], "resilience4j", "a `retry` step", "factor", ""),
    word(&["timeoutDuration"], "resilience4j's TimeLimiter", "a `timeout` step", "after", ""),
];
