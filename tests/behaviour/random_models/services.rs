//! Random services, with what they have: pools, limits, breakers, caches, clients; and stations and queues.

use proptest::prelude::*;

use super::{maybe, one_of};

/// The order in which a queue is served.
fn order() -> impl Strategy<Value = String> {
    maybe("order", &["\"lifo\"", "\"adaptive-lifo\"", "\"priority\""])
}

/// What is dropped from a queue.
fn shed() -> impl Strategy<Value = String> {
    maybe("shed", &["{ codel = { target = \"2ms\", interval = \"20ms\" } }", "{ late = { needs = \"4ms\" } }"])
}

pub(super) fn runtime() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&["event-loop", "event-loop", "threads", "delay"])
}

/// A service's own keys, with a pool and a limit.
pub(super) fn service(name: &'static str, runtime: &'static str) -> impl Strategy<Value = String> {
    let deployment = (
        1..=2u32,
        1..=3u32,
        one_of(&["round-robin", "random", "least-busy"]),
        one_of(&["round-robin", "random", "least-busy", "accept-race"]),
        maybe("cpu", &["\"500m\"", "\"1\"", "\"2\""]),
        maybe("slowdown", &["0.1"]),
        maybe(
            "threads",
            &[
                "1",
                "2",
                "3",
                "1\ngrow_threads = { to = 4, every = \"11ms\" }",
                "2\ngrow_threads = { to = 3, every = \"4ms\" }",
            ],
        ),
        maybe("open_files", &["12", "14", "20"]),
        maybe("emfile_cpu", &["\"500ms\""]),
        maybe("max_queue", &["0", "1", "3"]),
        (
            maybe("backlog", &["1", "3"]),
            maybe("coherence", &["0.05"]),
            maybe("cpu_period", &["\"5ms\"", "\"100ms\""]),
            order(),
            maybe("patience", &["\"15ms\"", "\"exp(60ms)\""]),
        ),
    )
        .prop_map(
            move |(replicas, workers, balance, accept, cpu, slowdown, threads, files, emfile, queue, host)| {
                let (backlog, coherence, period, order, patience) = host;
                let slowdown = slowdown + &coherence;
                let slowdown = if runtime == "event-loop" { slowdown + &backlog } else { slowdown };
                let cfs = !cpu.is_empty() && !period.is_empty() && runtime != "delay";
                let cpu = if cfs { format!("{cpu}cpu_throttling = \"cfs\"\n{period}") } else { cpu };
                let ports = if name == "front" && emfile.is_empty() {
                    "ephemeral_ports = 3\ntime_wait = \"20ms\"\n"
                } else {
                    ""
                };
                let slowdown = slowdown + ports;
                let shares = runtime == "threads" && accept == "accept-race" && workers > 1;
                let grows = runtime != "delay" && !shares;
                let threads =
                    if grows { threads } else { threads.lines().take(1).map(|line| format!("{line}\n")).collect() };
                // Not in front: clients that are refused there come again without time going on.
                let bounded = name == "back" && runtime == "threads" && !threads.is_empty();
                let queue = if bounded { queue } else { String::new() };
                let waits = runtime == "event-loop" || (runtime == "threads" && !threads.is_empty());
                let waiting = if waits { order + &patience } else { String::new() };
                let threads = threads + &queue + &waiting;
                format!(
                    "[services.{name}]\nruntime = \"{runtime}\"\nreplicas = {replicas}\nworkers = {workers}\n\
                 balance = \"{balance}\"\naccept = \"{accept}\"\n{cpu}{slowdown}{threads}{files}{emfile}"
                )
            },
        );
    let pool = (
        0..=2u32,
        2..=4u32,
        any::<bool>(),
        (prop_oneof![4 => maybe("acquire_timeout", &["\"10ms\"", "\"50ms\"", "\"exp(50ms)\""]), 1 => shed()], order())
            .prop_map(|(a, b)| a + &b),
        maybe("connect_time", &["\"4ms\"", "\"exp(4ms)\""]),
        maybe("round_trip", &["\"300us\"", "\"exp(1ms)\""]),
        maybe("trip_cpu", &["\"100us\""]),
        minding(),
    )
        .prop_map(move |(min, max, reset, patience, connect, trip, cpu, minding)| {
            let is_drawn = patience.contains("exp(") || patience.contains("shed");
            let has_patience = patience.contains("acquire_timeout");
            let is_refused = minding == BARGING && is_drawn || minding == BACKGROUND && !has_patience;
            let minding = if is_refused { String::new() } else { minding };
            let cpu = cpu + &minding;
            format!(
                "[services.{name}.pools.main]\nserver = \"db\"\nmin_size = {min}\nmax_size = {max}\n\
                 reset_on_release = {reset}\n{patience}{connect}{trip}{cpu}"
            )
        });
    let limit = (
        1..=3u32,
        (prop_oneof![4 => maybe("acquire_timeout", &["\"10ms\"", "\"100ms\"", "\"exp(30ms)\""]), 1 => shed()], order())
            .prop_map(|(a, b)| a + &b),
        maybe("max_queue", &["0", "2", "1\ngrow = { to = 5 }"]),
        prop_oneof![
            maybe("failure_threshold", &["1", "3"]),
            maybe(
                "window",
                &["{ calls = 3, slow_rate = 0.5, slow_after = \"5ms\" }", "{ time = \"2s\", min_calls = 2 }"]
            ),
        ],
        maybe("recovery_time", &["\"20ms\""]),
        maybe("half_open_calls", &["2"]),
    )
        .prop_map(move |(size, patience, waiting, threshold, recovery, trials)| {
            format!(
                "[services.{name}.limits.gate]\nsize = {size}\n{patience}{waiting}[services.{name}.breakers.fuse]\n\
                 {threshold}{recovery}{trials}"
            )
        });
    let cache = (
        maybe("ttl", &["\"5ms\"", "\"80ms\""]),
        maybe("size", &["1", "2"]),
        maybe("shared", &["true"]),
        maybe("coalesce", &["true"]),
    )
        .prop_map(move |(ttl, size, shared, coalesce)| {
            format!("[services.{name}.caches.memo]\n{ttl}{size}{shared}{coalesce}")
        });
    (deployment, pool, limit, cache, memory(name, runtime))
        .prop_map(|(deployment, pool, limit, cache, memory)| format!("{deployment}{pool}{limit}{cache}{memory}"))
}

/// Memory that runs out, and garbage collectors, one time in four.
fn memory(name: &'static str, runtime: &'static str) -> impl Strategy<Value = String> {
    let memory = (
        one_of(&["", "limit = \"34MiB\"\nrestart_time = \"20ms\"\n", "limit = \"200MiB\"\n"]),
        maybe("per_request", &["\"1MiB\"", "\"3MiB\""]),
    )
        .prop_map(move |(limit, per_request)| {
            format!("[services.{name}.memory]\nbase = \"10MiB\"\n{limit}{per_request}")
        });
    let room = one_of(&[
        "heap = \"20MiB\"\n",
        "heap = \"40MiB\"\nyoung = \"3MiB\"\n",
        "growth = \"50%\"\n",
        "kind = \"concurrent\"\ngrowth = \"20%\"\n",
        "kind = \"concurrent\"\nheap = \"24MiB\"\nstart_at = \"60%\"\n",
    ]);
    let time = one_of(&["time = \"exp(3ms)\"\n", "time = \"2ms\"\ntime_per_mib = \"100us\"\n"]);
    let gc = (room, time, maybe("threads", &["2", "3"])).prop_map(move |(room, time, threads)| match runtime {
        "delay" => String::new(),
        _ => format!("[services.{name}.gc]\nallocation = \"1MiB\"\n{room}{time}{threads}"),
    });
    let both = (memory, prop::option::of(gc)).prop_map(|(memory, gc)| memory + &gc.unwrap_or_default());
    prop::option::weighted(0.25, both).prop_map(Option::unwrap_or_default)
}

/// A pool that wakes those who wait. It takes no patience that is drawn.
const BARGING: &str = "waiters = \"barging\"\n";

/// A pool that opens its connections itself. It needs a patience.
const BACKGROUND: &str = "connects = \"background\"\n";

/// What makes a pool mind its connections one by one.
fn minding() -> impl Strategy<Value = String> {
    let keys = (
        maybe("connect_cpu", &["\"1ms\"", "\"exp(2ms)\""]),
        maybe("command_timeout", &["\"4ms\"", "\"30ms\""]),
        maybe("max_inactive_connection_lifetime", &["\"10ms\"", "\"200ms\""]),
        maybe("reuse", &["\"fifo\""]),
        maybe("max_queries", &["1", "3", "20"]),
        maybe("max_idle_connections", &["2", "3"]),
        tls(),
    )
        .prop_map(|(a, b, c, d, e, f, g)| format!("{a}{b}{c}{d}{e}{f}{g}"));
    let keys = prop_oneof![3 => keys, 1 => Just(BARGING.to_owned()), 1 => Just(BACKGROUND.to_owned())];
    prop_oneof![2 => Just(String::new()), 1 => keys]
}

/// A handshake for each new connection.
fn tls() -> impl Strategy<Value = String> {
    maybe(
        "tls",
        &[
            "{}",
            "{ cpu = \"1ms\", server_cpu = \"exp(2ms)\" }",
            "{ version = \"1.2\", cpu = \"1ms\", server_cpu = \"1ms\", resumption = 0.5 }",
        ],
    )
}

pub(super) fn client() -> impl Strategy<Value = String> {
    let cpu = (
        maybe("setup_cpu", &["\"3ms\""]),
        maybe("call_cpu", &["\"1ms\""]),
        maybe("connect_cpu", &["\"1ms\""]),
        maybe("wake_cpu", &["\"500us\""]),
        maybe("search_cpu", &["{ per_idle = \"100us\", per_idle_squared = \"50us\", per_busy = \"10us\" }"]),
    )
        .prop_map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}"));
    let times = (
        maybe("connect_time", &["\"500us\"", "\"exp(5ms)\""]),
        maybe("round_trip", &["\"1ms\"", "\"exp(2ms)\""]),
        maybe("timeout", &["\"5ms\"", "\"40ms\"", "\"400ms\""]),
        maybe("pool_timeout", &["\"5ms\"", "\"60ms\""]),
        maybe("keepalive_expiry", &["\"0s\"", "\"20ms\""]),
        (tls(), maybe("dns", &["{ time = \"2ms\" }", "{ time = \"exp(4ms)\", ttl = \"20ms\" }"]))
            .prop_map(|(a, b)| a + &b),
    )
        .prop_map(|(a, b, c, d, e, f)| format!("{a}{b}{c}{d}{e}{f}"));
    (
        one_of(&["per-request", "shared", "shared"]),
        cpu,
        times,
        maybe("max_connections", &["1", "2", "3"]),
        (maybe("max_keepalive_connections", &["0", "1", "2"]), maybe("max_idle_connections", &["0", "1", "2"]))
            .prop_map(|(a, b)| a + &b),
        prop::option::weighted(0.15, Just(())),
        maybe("rate_limit", &["{ average = \"200/s\" }", "{ average = \"100/s\", burst = 3, max_queue = 1 }"]),
    )
        .prop_map(|(reuse, cpu, times, most, keep, broken, rate)| {
            let keep = if reuse == "shared" { keep + &rate } else { keep };
            let broken = u32::from(broken.is_some());
            format!(
                "[services.front.clients.back]\nserver = \"back\"\nreuse = \"{reuse}\"\nbroken_workers = {broken}\n{cpu}{times}{most}{keep}"
            )
        })
}

pub(super) fn ingress() -> impl Strategy<Value = String> + Clone {
    let limits = one_of(&[
        "in_flight = 2",
        "rate_limit = { average = \"100/s\", burst = 3 }",
        "in_flight = 3\nrate_limit = { average = \"400/s\" }",
        "rate_limit = { average = \"200/s\", burst = 2, max_queue = 2 }",
        "order = \"lifo\"\nrate_limit = { average = \"200/s\", burst = 2 }",
    ]);
    prop::option::weighted(0.3, limits)
        .prop_map(|limits| limits.map_or_else(String::new, |limits| format!("[services.back.ingress]\n{limits}\n")))
}

pub(super) fn stations() -> impl Strategy<Value = String> {
    (
        1..=2u32,
        maybe("capacity", &["2", "4"]),
        (
            maybe("slowdown", &["0.2"]),
            maybe("order", &["\"lifo\"", "\"shortest\"", "\"priority\""]),
            maybe("patience", &["\"20ms\"", "\"exp(50ms)\""]),
        )
            .prop_map(|(a, b, c)| a + &b + &c),
        1..=2u32,
        maybe("slowdown", &["0.1"]),
        1..=4u32,
        maybe("acquire_timeout", &["\"10ms\"", "\"200ms\""]),
    )
        .prop_map(|(servers, capacity, slowdown, shared, shared_slowdown, size, patience)| {
            format!(
                "[stations.counter]\nservers = {servers}\n{capacity}{slowdown}\
                 [stations.share]\ndiscipline = \"ps\"\nservers = {shared}\n{shared_slowdown}\
                 [stations.way]\nservers = \"infinite\"\n[limits.all]\nsize = {size}\n{patience}"
            )
        })
}

/// A queue, and one or two consumers of it.
pub(super) fn queue() -> impl Strategy<Value = String> {
    let consumer = |name: &'static str| {
        (
            maybe("prefetch", &["1", "2", "5"]),
            maybe("retries", &["1", "3"]),
            maybe("retry_delay", &["\"7ms\""]),
            maybe("backoff", &["2.0"]),
            maybe(
                "max_deliveries",
                &["3\nack_timeout = \"9ms\"", "3\nvisibility_timeout = \"7ms\"", "2\nack_timeout = \"5ms\"\nlate_ack = \"counts\""],
            ),
        )
            .prop_map(move |(prefetch, retries, delay, backoff, redelivery)| {
                format!(
                    "[queues.jobs.consumers.{name}]\nservice = \"back\"\nendpoint = \"work\"\n{prefetch}{retries}{delay}{backoff}{redelivery}"
                )
            })
    };
    (
        maybe("publish_cpu", &["\"1ms\""]),
        maybe("publish_time", &["\"exp(2ms)\""]),
        maybe("delivery_time", &["\"exp(3ms)\""]),
        maybe("max_length", &["1", "3\noverflow = \"reject-publish\"", "10"]),
        consumer("one"),
        prop::option::of(consumer("two")),
    )
        .prop_map(|(cpu, time, delivery, length, one, two)| {
            format!("[views.state]\nqueue = \"jobs\"\nconsumer = \"one\"\n[queues.jobs]\n{cpu}{time}{delivery}{length}{one}{}", two.unwrap_or_default())
        })
}
