//! The words of other configurations, and the keys that they are here, for messages to somebody who pastes a real
//! setting. The words are those of the documentation of each product: Tomcat's HTTP connector and Spring's
//! `server.tomcat.*`, HikariCP, node-postgres (pg.Pool), SQLAlchemy's `create_engine`, Django's DATABASES, nginx,
//! gunicorn, Kubernetes, Node's http.Agent, Go's database/sql and net/http, Celery, and resilience4j.

/// A word of another configuration.
struct Foreign {
    /// The spellings, as the products write them.
    words: &'static [&'static str],
    /// Whose word it is.
    of: &'static str,
    /// What has the key here, as messages name it: "a pool".
    noun: &'static str,
    /// The key here; empty where there is none.
    key: &'static str,
    /// What to mind: the unit, a sum, another meaning. May be empty.
    mind: &'static str,
}

const fn word(
    words: &'static [&'static str],
    of: &'static str,
    noun: &'static str,
    key: &'static str,
    mind: &'static str,
) -> Foreign {
    Foreign { words, of, noun, key, mind }
}

const MS: &str = "a number there is milliseconds: 2000 is \"2s\"";
const SECONDS: &str = "a number there is seconds: 30 is \"30s\"";

/// All words that are known.
const WORDS: &[Foreign] = &[
    // Database pools.
    word(&["maximumPoolSize"], "HikariCP", "a pool", "max_size", ""),
    word(&["minimumIdle"], "HikariCP", "a pool", "min_size", ""),
    word(&["connectionTimeout"], "HikariCP", "a pool", "acquire_timeout", MS),
    word(&["idleTimeout"], "HikariCP", "a pool", "max_inactive_connection_lifetime", MS),
    word(&["maxLifetime"], "HikariCP", "a pool", "", "connections do not age here; leave it out"),
    word(&["connectionTimeoutMillis"], "node-postgres", "a pool", "acquire_timeout", MS),
    word(&["idleTimeoutMillis"], "node-postgres", "a pool", "max_inactive_connection_lifetime", MS),
    word(&["max"], "node-postgres", "a pool", "max_size", ""),
    word(&["min"], "node-postgres", "a pool", "min_size", ""),
    word(&["maxUses"], "node-postgres", "a pool", "max_queries", "it counts round trips here, not checkouts"),
    word(&["maxLifetimeSeconds"], "node-postgres", "a pool", "", "connections do not age here; leave it out"),
    word(&["statement_timeout", "query_timeout"], "node-postgres", "a pool", "command_timeout", MS),
    word(
        &["pool_size"],
        "SQLAlchemy",
        "a pool",
        "max_size",
        "it is `pool_size` + `max_overflow` (5 + 10 where nothing is said)",
    ),
    word(
        &["max_overflow"],
        "SQLAlchemy",
        "a pool",
        "max_size",
        "it is `pool_size` + `max_overflow` (5 + 10 where nothing is said)",
    ),
    word(&["pool_timeout"], "SQLAlchemy", "a pool", "acquire_timeout", SECONDS),
    word(&["pool_recycle"], "SQLAlchemy", "a pool", "", "connections do not age here; leave it out"),
    word(&["pool_use_lifo"], "SQLAlchemy", "a pool", "order", "`true` is \"lifo\", `false` is \"fifo\""),
    word(
        &["pool_pre_ping"],
        "SQLAlchemy",
        "a pool",
        "",
        "add the time of a ping to `round_trip`, or a step with a `query`",
    ),
    word(
        &["CONN_MAX_AGE"],
        "Django",
        "a pool",
        "max_inactive_connection_lifetime",
        "0 there closes the connection after each request: write `max_queries = 1`; `None` is to leave it out",
    ),
    word(&["MaxOpenConns", "SetMaxOpenConns"], "Go's database/sql", "a pool", "max_size", ""),
    word(
        &["MaxIdleConns", "SetMaxIdleConns"],
        "Go's database/sql",
        "a pool",
        "min_size",
        "beyond it an idle connection is closed at once there (2 where nothing is said): also write `max_inactive_connection_lifetime`",
    ),
    word(
        &["ConnMaxIdleTime", "SetConnMaxIdleTime"],
        "Go's database/sql",
        "a pool",
        "max_inactive_connection_lifetime",
        "",
    ),
    word(
        &["ConnMaxLifetime", "SetConnMaxLifetime"],
        "Go's database/sql",
        "a pool",
        "",
        "connections do not age here; leave it out",
    ),
    // HTTP clients.
    word(&["maxSockets"], "Node's http.Agent", "a client", "max_connections", ""),
    word(
        &["maxTotalSockets"],
        "Node's http.Agent",
        "a client",
        "max_connections",
        "it is one client's, over all its connections",
    ),
    word(&["maxFreeSockets"], "Node's http.Agent", "a client", "max_keepalive_connections", ""),
    word(&["keepAlive"], "Node's http.Agent", "a client", "reuse", "`true` is \"shared\", `false` is \"per-request\""),
    word(
        &["keepAliveMsecs"],
        "Node's http.Agent",
        "a client",
        "",
        "it is the delay of TCP keep-alive packets, which cost nothing here; leave it out",
    ),
    word(&["MaxConnsPerHost"], "Go's net/http", "a client", "max_connections", ""),
    word(
        &["MaxIdleConnsPerHost", "MaxIdleConns"],
        "Go's net/http",
        "a client",
        "max_keepalive_connections",
        "`MaxIdleConnsPerHost` is 2 where nothing is said",
    ),
    word(&["IdleConnTimeout"], "Go's net/http", "a client", "keepalive_expiry", ""),
    word(&["ResponseHeaderTimeout"], "Go's net/http", "a client", "read_timeout", ""),
    word(&["connectTimeout", "connectionTimeout"], "Java's HTTP clients", "a client", "connect_timeout", MS),
    word(&["readTimeout", "socketTimeout"], "Java's HTTP clients", "a client", "read_timeout", MS),
    word(&["proxy_read_timeout"], "nginx", "a client", "read_timeout", SECONDS),
    word(&["proxy_connect_timeout"], "nginx", "a client", "connect_timeout", SECONDS),
    word(&["keepalive"], "nginx", "a client", "max_keepalive_connections", "that of an `upstream`"),
    // Servers.
    word(&["maxThreads", "threads.max"], "Tomcat", "a service", "threads", "with `runtime = \"threads\"`"),
    word(
        &["minSpareThreads", "threads.min-spare"],
        "Tomcat",
        "a service",
        "",
        "threads are there from the start here; write the maximum as `threads`",
    ),
    word(
        &["acceptCount", "accept_count"],
        "Tomcat",
        "a service",
        "max_queue",
        "with `runtime = \"threads\"`: Tomcat lets `maxConnections` - `maxThreads` more requests wait than `acceptCount`; with an event loop it is `backlog`",
    ),
    word(
        &["maxConnections"],
        "Tomcat",
        "a service",
        "max_queue",
        "it is `maxConnections` - `maxThreads` + `acceptCount`; `max_connections` is that of a database here",
    ),
    word(
        &["keepAliveTimeout", "keepalive_timeout"],
        "Tomcat, nginx and Node",
        "a service",
        "keep_alive",
        "a number is milliseconds in Tomcat and Node, seconds in nginx",
    ),
    word(&["connectionTimeout"], "Tomcat", "a service", "", "requests arrive whole here; leave it out"),
    word(&["worker_processes"], "nginx", "a service", "workers", ""),
    word(
        &["worker_connections"],
        "nginx and gunicorn",
        "a service",
        "open_files",
        "in nginx a proxied request takes two of them, as it takes two descriptors here; in gunicorn it is `limits` around the steps of an endpoint",
    ),
    word(&["worker_rlimit_nofile"], "nginx", "a service", "open_files", ""),
    word(
        &["worker_class"],
        "gunicorn",
        "a service",
        "runtime",
        "\"sync\" and \"gthread\" are \"threads\" (`threads = 1` for \"sync\"), the uvicorn worker is \"event-loop\"",
    ),
    word(&["keepalive"], "gunicorn", "a service", "keep_alive", SECONDS),
    word(
        &["timeout"],
        "gunicorn",
        "a service",
        "liveness",
        "gunicorn kills a worker that is silent for so long: write a liveness probe; the time-out of a request is `load.timeout` or that of the client",
    ),
    word(
        &["graceful_timeout", "max_requests", "max_requests_jitter"],
        "gunicorn",
        "a service",
        "",
        "workers are not restarted here; leave it out",
    ),
    word(&["web_concurrency"], "gunicorn", "a service", "workers", ""),
    word(&["UV_THREADPOOL_SIZE"], "Node", "a service", "threads", "4 where nothing is said"),
    word(&["GOMAXPROCS"], "Go", "a service", "cpu", "with `runtime = \"threads\"`, without `threads`"),
    word(
        &["concurrency", "worker_concurrency"],
        "Celery",
        "a service",
        "threads",
        "with `runtime = \"threads\"` (or `workers` of one thread each, as the prefork pool has)",
    ),
    // Kubernetes.
    word(
        &["limits.cpu", "limits_cpu", "cpu_limit", "resources"],
        "Kubernetes",
        "a service",
        "cpu",
        "\"500m\" or \"2\", the limit and not the request",
    ),
    word(
        &["requests.cpu", "requests_cpu", "cpu_request"],
        "Kubernetes",
        "a service",
        "",
        "only the limit counts here: write it as `cpu`",
    ),
    word(
        &["limits.memory", "memory", "memory_limit"],
        "Kubernetes",
        "a service",
        "",
        "memory is not modelled; leave it out",
    ),
    word(&["livenessProbe"], "Kubernetes", "a service", "liveness", ""),
    word(&["readinessProbe"], "Kubernetes", "a service", "readiness", ""),
    word(
        &["startupProbe"],
        "Kubernetes",
        "a service",
        "liveness",
        "its `initial_delay` and `restart_time` are the time of a start",
    ),
    word(&["ulimit", "nofile"], "Linux", "a service", "open_files", ""),
    word(&["somaxconn"], "Linux", "a service", "backlog", "the smaller one of the two"),
    word(&["periodSeconds"], "Kubernetes", "a liveness", "period", SECONDS),
    word(&["timeoutSeconds"], "Kubernetes", "a liveness", "timeout", SECONDS),
    word(&["initialDelaySeconds"], "Kubernetes", "a liveness", "initial_delay", SECONDS),
    word(&["failureThreshold"], "Kubernetes", "a liveness", "failure_threshold", ""),
    word(
        &["successThreshold"],
        "Kubernetes",
        "a liveness",
        "",
        "it must be 1 for a liveness probe in Kubernetes; leave it out",
    ),
    word(
        &["terminationGracePeriodSeconds"],
        "Kubernetes",
        "a liveness",
        "",
        "the grace period is not modelled; leave it out",
    ),
    word(&["httpGet", "path"], "Kubernetes", "a liveness", "endpoint", "an endpoint of this service"),
    word(&["periodSeconds"], "Kubernetes", "a readiness", "period", SECONDS),
    word(&["timeoutSeconds"], "Kubernetes", "a readiness", "timeout", SECONDS),
    word(&["initialDelaySeconds"], "Kubernetes", "a readiness", "initial_delay", SECONDS),
    word(&["failureThreshold"], "Kubernetes", "a readiness", "failure_threshold", ""),
    word(&["successThreshold"], "Kubernetes", "a readiness", "success_threshold", ""),
    word(&["httpGet", "path"], "Kubernetes", "a readiness", "endpoint", "an endpoint of this service"),
    // Ingress.
    word(&["limit_conn"], "nginx", "an ingress", "in_flight", "a plain number; nginx counts by key, this counts all"),
    word(
        &["limit_req"],
        "nginx",
        "an ingress",
        "rate_limit",
        "{ average = \"10/s\", burst = 20 }: \"10r/s\" is \"10/s\"",
    ),
    // Guards.
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
    word(
        &["failureRateThreshold"],
        "resilience4j",
        "a breaker",
        "failure_threshold",
        "it is a number of failures in a row here, not a rate",
    ),
    word(
        &["minimumNumberOfCalls", "slidingWindowSize"],
        "resilience4j",
        "a breaker",
        "failure_threshold",
        "it is a number of failures in a row here; there is no window",
    ),
    word(&["waitDurationInOpenState"], "resilience4j", "a breaker", "recovery_time", ""),
    word(&["permittedNumberOfCallsInHalfOpenState"], "resilience4j", "a breaker", "half_open_calls", ""),
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
    word(&["exponentialBackoffMultiplier"], "resilience4j", "a `retry` step", "factor", ""),
    word(&["timeoutDuration"], "resilience4j's TimeLimiter", "a `timeout` step", "after", ""),
    // Queues.
    word(
        &["worker_prefetch_multiplier"],
        "Celery",
        "a consumer",
        "prefetch",
        "it is concurrency times multiplier (4 where nothing is said)",
    ),
    word(&["prefetch_count"], "RabbitMQ", "a consumer", "prefetch", ""),
    word(&["max_retries"], "Celery", "a consumer", "retries", ""),
    word(&["default_retry_delay"], "Celery", "a consumer", "retry_delay", SECONDS),
    word(&["x-max-length"], "RabbitMQ", "a queue", "max_length", ""),
    word(&["x-overflow"], "RabbitMQ", "a queue", "overflow", ""),
    word(&["maxmemory", "max_entries", "maximumSize"], "Redis and Caffeine", "a cache", "size", "in entries"),
    word(&["expireAfterWrite"], "Caffeine", "a cache", "ttl", ""),
];

/// What to say of a key that is not one of `noun`, where it is a word of another configuration. `has` says whether
/// something of this name has this key.
pub(crate) fn advice(written: &str, noun: &str) -> Option<String> {
    let plain = plain(written);
    let all: Vec<&Foreign> =
        WORDS.iter().filter(|known| known.words.iter().any(|word| self::plain(word) == plain)).collect();
    let here = all.iter().find(|known| known.noun == noun);
    // A word that only another part has is explained where it can mean one thing only: no plain word such as "timeout".
    let is_telling =
        |known: &Foreign| known.words.iter().any(|word| word.chars().any(|c| c.is_uppercase() || c == '_'));
    let known = here.or(match all.as_slice() {
        [only] if is_telling(only) => Some(only),
        _ => None,
    })?;
    let place = if known.noun == noun { String::new() } else { format!(" of {}", known.noun) };
    let mind = known.mind;
    Some(match (known.key, mind) {
        ("", mind) => format!("`{written}` of {} has no key here{place}: {mind}", known.of),
        (key, "") => format!("`{written}` of {} is `{key}`{place} here", known.of),
        (key, mind) => format!("`{written}` of {} is `{key}`{place} here; {mind}", known.of),
    })
}

/// A word without case and joints, in which configurations differ: `connection-timeout` is `connectionTimeout`.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::form::Form;

    /// Each word leads to a key of the part that it is said to belong to, and is not itself a key of that part.
    #[test]
    fn every_word_leads_to_a_key_that_there_is() {
        for known in WORDS {
            let fields = Form::keys_of_noun(known.noun).unwrap_or_else(|| panic!("{}", known.noun));
            assert!(known.key.is_empty() || fields.contains(&known.key), "{:?}: {}", known.words, known.key);
            assert!(!known.key.is_empty() || !known.mind.is_empty(), "{:?}", known.words);
            for word in known.words {
                assert!(!fields.contains(word), "{word} is a key of {} itself", known.noun);
                let twins = WORDS.iter().filter(|other| other.noun == known.noun && other.words.contains(word));
                assert_eq!(twins.count(), 1, "{word} of {} is there twice", known.noun);
            }
        }
    }

    #[test]
    fn spellings_do_not_matter_but_the_place_does() {
        for spelling in ["maximumPoolSize", "maximum-pool-size", "maximum_pool_size", "MAXIMUMPOOLSIZE"] {
            let advice = advice(spelling, "a pool").unwrap();
            assert_eq!(advice, format!("`{spelling}` of HikariCP is `max_size` here"));
        }
        assert!(
            advice("connection-timeout", "a pool")
                .unwrap()
                .contains("`acquire_timeout` here; a number there is milliseconds")
        );
        assert!(advice("connectionTimeout", "a client").unwrap().contains("`connect_timeout` here"));
        assert!(advice("connectionTimeout", "a cache").is_none());
        assert!(advice("maximumPoolSize", "a service").unwrap().contains("`max_size` of a pool here"));
        assert!(advice("keepalive", "a pool").is_none() && advice("workerz", "a service").is_none());
    }
}
