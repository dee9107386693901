//! Laws that hold whatever the model: random small systems under random loads.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use sim::kernel::Time;
use sim::load::trial;
use sim::model::Pattern;
use sim::parts::{ClassOutcome, Ended, Ending, Limits, Outcome, ResourceKind, ResourceUse, Slice, Source, World};

use crate::models::{Bench, bench};

/// Far more than any of these models needs.
const MOST_EVENTS: u64 = 500_000;

const LIMITS: Limits = Limits { max_events: Some(MOST_EVENTS), deadline: None, interrupted: None };

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(20_251_230),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// One of these texts.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(texts)
}

/// Nothing, or a line `key = value` with one of these values.
fn maybe(key: &'static str, values: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop::option::weighted(0.4, one_of(values))
        .prop_map(move |value| value.map_or_else(String::new, |value| format!("{key} = {value}\n")))
}

fn time() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&[
        "\"0s\"",
        "\"1ms\"",
        "\"3ms\"",
        "\"exp(5ms)\"",
        "\"exp(20ms)\"",
        "{ uniform = { min = \"1ms\", max = \"9ms\" } }",
        "{ lognormal = { mean = \"8ms\", cv = 1.5 } }",
    ])
}

/// What the steps of a service may use.
#[derive(Clone, Copy)]
struct Means {
    /// An executor.
    threads: bool,
    /// Calls to the service behind.
    calls: bool,
    /// The limits of the whole system.
    shared: bool,
    /// A queue that the service behind consumes, and a view that it feeds.
    queue: bool,
}

fn leaf(means: Means) -> BoxedStrategy<String> {
    let Means { threads, calls, queue, .. } = means;
    prop_oneof![
        3 => time().prop_map(|time| format!("{{ cpu = {time} }}")),
        2 => (time(), any::<bool>()).prop_map(move |(time, thread)| {
            let on = match (thread && threads, time.contains("20ms")) {
                (false, _) => "",
                (true, false) => ", on = \"thread\"",
                (true, true) => ", on = \"thread\", holds_gil = true",
            };
            format!("{{ hash = {{ cpu = {time}{on} }} }}")
        }),
        2 => time().prop_map(|time| format!("{{ sleep = {time} }}")),
        3 => (time(), any::<bool>()).prop_map(|(time, transaction)| {
            format!("{{ query = {{ pool = \"main\", time = {time}, transaction = {transaction} }} }}")
        }),
        2 => (one_of(&["counter", "share", "way"]), time()).prop_map(|(station, time)| {
            format!("{{ visit = {{ station = \"{station}\", time = {time} }} }}")
        }),
        3 => time().prop_map(move |time| {
            if calls {
                let background = time.contains("20ms");
                let probability = if background { ", probability = 0.6" } else { "" };
                let step = if background { "notify" } else { "call" };
                format!("{{ {step} = {{ client = \"back\", endpoint = \"work\"{probability} }} }}")
            } else {
                format!("{{ cpu = {time} }}")
            }
        }),
        2 => events(queue, calls),
        1 => Just("{ choose = [{ probability = 0.1, steps = [{ fail = \"bad luck\" }] }] }".to_owned()),
    ]
    .boxed()
}

/// Steps of who publishes, or of who consumes, if there is a queue.
fn events(queue: bool, publishes: bool) -> BoxedStrategy<String> {
    let steps: &'static [&'static str] = if !queue {
        &["{ sleep = \"2ms\" }"]
    } else if publishes {
        &[
            "{ publish = { queue = \"jobs\" } }",
            "{ publish = { queue = \"jobs\" } }",
            "{ respond = {} }",
            "{ read = { view = \"state\" } }",
        ]
    } else {
        &["{ project = { view = \"state\" } }"]
    };
    one_of(steps).prop_map(str::to_owned).boxed()
}

fn step(means: Means) -> impl Strategy<Value = String> {
    leaf(means).prop_recursive(3, 12, 3, move |inner| {
        let steps = || prop::collection::vec(inner.clone(), 1..=3).prop_map(|steps| steps.join(", "));
        let held = (steps(), time(), any::<bool>()).prop_map(|(steps, time, query)| {
            let query = if query { format!(", {{ query = {{ held = \"main\", time = {time} }} }}") } else { String::new() };
            format!("{{ with = {{ pool = \"main\", steps = [{steps}{query}] }} }}")
        });
        let shared = means.shared;
        prop_oneof![
            2 => held,
            1 => steps().prop_map(|steps| format!("{{ with = {{ limit = \"gate\", steps = [{steps}] }} }}")),
            1 => steps().prop_map(move |steps| {
                let kind = if shared { "shared = \"all\"" } else { "limit = \"gate\"" };
                format!("{{ with = {{ {kind}, steps = [{steps}] }} }}")
            }),
            2 => (guard(), steps()).prop_map(|(guard, steps)| guard.replace("STEPS", &in_branch(&steps))),
            1 => (steps(), steps()).prop_map(|(a, b)| format!("{{ parallel = {{ branches = [[{}], [{}]] }} }}", in_branch(&a), in_branch(&b))),
            1 => (steps(), steps()).prop_map(|(a, b)| format!("{{ fallback = {{ steps = [{a}], otherwise = [{b}] }} }}")),
            1 => (steps(), steps(), one_of(&["{ zipf = { keys = 3, exponent = 1.0 } }", "{ uniform = { keys = 2 } }", "\"unique\""])).prop_map(
                |(hit, miss, key)| format!("{{ cache = {{ name = \"memo\", key = {key}, hit = [{hit}], miss = [{miss}] }} }}")
            ),
            1 => (1..4u32, steps()).prop_map(|(times, steps)| format!("{{ repeat = {{ times = {times}, steps = [{steps}] }} }}")),
            1 => (steps(), steps()).prop_map(|(a, b)| format!(
                "{{ choose = [{{ probability = 0.3, steps = [{a}] }}, {{ probability = 0.5, steps = [{b}] }}] }}"
            )),
        ]
    })
}

/// A branch does not answer for its request.
fn in_branch(steps: &str) -> String {
    steps.replace("{ respond = {} }", "{ cpu = \"0s\" }")
}

fn guard() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&[
        "{ retry = { attempts = 3, backoff = \"2ms\", jitter = \"full\", steps = [STEPS] } }",
        "{ retry = { attempts = 2, budget = { ratio = 0.2, max_tokens = 2 }, on = [\"shed\", \"timed out\"], steps = [STEPS] } }",
        "{ timeout = { after = \"10ms\", steps = [STEPS] } }",
        "{ timeout = { after = \"40ms\", propagate = true, steps = [STEPS] } }",
        "{ breaker = { name = \"fuse\", steps = [STEPS] } }",
        "{ hedge = { after = \"5ms\", steps = [STEPS] } }",
        "{ hedge = { after = \"10ms\", max = 3, steps = [STEPS] } }",
    ])
}

fn runtime() -> impl Strategy<Value = &'static str> + Clone {
    one_of(&["event-loop", "event-loop", "threads", "delay"])
}

/// A service's own keys, with a pool and a limit.
fn service(name: &'static str, runtime: &'static str) -> impl Strategy<Value = String> {
    let deployment = (
        1..=2u32,
        1..=3u32,
        one_of(&["round-robin", "random", "least-busy"]),
        one_of(&["round-robin", "random", "least-busy", "accept-race"]),
        maybe("cpu", &["\"500m\"", "\"1\"", "\"2\""]),
        maybe("slowdown", &["0.1"]),
        maybe("threads", &["1", "2", "3"]),
        maybe("open_files", &["12", "14", "20"]),
        maybe("emfile_cpu", &["\"500ms\""]),
        maybe("max_queue", &["0", "1", "3"]),
        (maybe("backlog", &["1", "3"]), maybe("coherence", &["0.05"]), maybe("cpu_period", &["\"5ms\"", "\"100ms\""])),
    )
        .prop_map(
            move |(replicas, workers, balance, accept, cpu, slowdown, threads, files, emfile, queue, host)| {
                let (backlog, coherence, period) = host;
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
                // Not in front: clients that are refused there come again without time going on.
                let bounded = name == "back" && runtime == "threads" && !threads.is_empty();
                let queue = if bounded { queue } else { String::new() };
                let threads = threads + &queue;
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
        maybe("acquire_timeout", &["\"10ms\"", "\"50ms\""]),
        maybe("connect_time", &["\"4ms\"", "\"exp(4ms)\""]),
        maybe("round_trip", &["\"300us\"", "\"exp(1ms)\""]),
        maybe("trip_cpu", &["\"100us\""]),
        minding(),
    )
        .prop_map(move |(min, max, reset, patience, connect, trip, cpu, minding)| {
            let cpu = cpu + &minding;
            format!(
                "[services.{name}.pools.main]\nserver = \"db\"\nmin_size = {min}\nmax_size = {max}\n\
                 reset_on_release = {reset}\n{patience}{connect}{trip}{cpu}"
            )
        });
    let limit = (
        1..=3u32,
        maybe("acquire_timeout", &["\"10ms\"", "\"100ms\""]),
        maybe("max_queue", &["0", "2"]),
        maybe("failure_threshold", &["1", "3"]),
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
    (deployment, pool, limit, cache)
        .prop_map(|(deployment, pool, limit, cache)| format!("{deployment}{pool}{limit}{cache}"))
}

/// What makes a pool mind its connections one by one.
fn minding() -> impl Strategy<Value = String> {
    let keys = (
        maybe("connect_cpu", &["\"1ms\"", "\"exp(2ms)\""]),
        maybe("command_timeout", &["\"4ms\"", "\"30ms\""]),
        maybe("max_inactive_connection_lifetime", &["\"10ms\"", "\"200ms\""]),
        maybe("order", &["\"fifo\""]),
        maybe("max_queries", &["1", "3", "20"]),
    )
        .prop_map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}"));
    prop_oneof![2 => Just(String::new()), 1 => keys]
}

fn client() -> impl Strategy<Value = String> {
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
    )
        .prop_map(|(a, b, c, d, e)| format!("{a}{b}{c}{d}{e}"));
    (
        one_of(&["per-request", "shared", "shared"]),
        cpu,
        times,
        maybe("max_connections", &["1", "2", "3"]),
        maybe("max_keepalive_connections", &["0", "1", "2"]),
        prop::option::weighted(0.15, Just(())),
    )
        .prop_map(|(reuse, cpu, times, most, keep, broken)| {
            let broken = u32::from(broken.is_some());
            format!(
                "[services.front.clients.back]\nserver = \"back\"\nreuse = \"{reuse}\"\nbroken_workers = {broken}\n{cpu}{times}{most}{keep}"
            )
        })
}

fn ingress() -> impl Strategy<Value = String> + Clone {
    let limits = one_of(&[
        "in_flight = 2",
        "rate_limit = { average = \"100/s\", burst = 3 }",
        "in_flight = 3\nrate_limit = { average = \"400/s\" }",
    ]);
    prop::option::weighted(0.3, limits)
        .prop_map(|limits| limits.map_or_else(String::new, |limits| format!("[services.back.ingress]\n{limits}\n")))
}

fn stations() -> impl Strategy<Value = String> {
    (
        1..=2u32,
        maybe("capacity", &["2", "4"]),
        maybe("slowdown", &["0.2"]),
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
fn queue() -> impl Strategy<Value = String> {
    let consumer = |name: &'static str| {
        (
            maybe("prefetch", &["1", "2", "5"]),
            maybe("retries", &["1", "3"]),
            maybe("retry_delay", &["\"7ms\""]),
            maybe("backoff", &["2.0"]),
        )
            .prop_map(move |(prefetch, retries, delay, backoff)| {
                format!(
                    "[queues.jobs.consumers.{name}]\nservice = \"back\"\nendpoint = \"work\"\n{prefetch}{retries}{delay}{backoff}"
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

/// Probes and faults, one time in four.
fn troubles() -> impl Strategy<Value = String> {
    let probe = |table: &'static str, endpoint: &'static str| {
        (one_of(&["30ms", "80ms"]), one_of(&["10ms", "100ms"]), 1..=2u32, maybe("initial_delay", &["\"15ms\""]))
            .prop_map(move |(period, timeout, failures, delay)| {
                format!(
                    "[services.{table}]\nendpoint = \"{endpoint}\"\nperiod = \"{period}\"\ntimeout = \"{timeout}\"\n\
                     failure_threshold = {failures}\n{delay}"
                )
            })
    };
    let restart = one_of(&["restart_time = \"0s\"\n", "restart_time = \"20ms\"\n"]);
    let liveness = (probe("front.liveness", "serve"), restart).prop_map(|(probe, restart)| format!("{probe}{restart}"));
    let fault = (
        one_of(&["front", "back", "db"]),
        maybe("replica", &["0"]),
        0..150u32,
        1..100u32,
        one_of(&["\"dead\"", "\"dead\"", "\"dead\"", "{ slow = 3.0 }", "{ latency = \"8ms\" }"]),
    );
    let faults = prop::collection::vec(fault, 0..3).prop_map(|faults| {
        let tables = faults.iter().enumerate().map(|(number, (service, replica, from, lasts, effect))| {
            let to = from + lasts;
            format!(
                "[faults.f{number}]\nservice = \"{service}\"\n{replica}from = \"{from}ms\"\nto = \"{to}ms\"\neffect = {effect}\n"
            )
        });
        tables.collect::<String>()
    });
    let some = (prop::option::of(liveness), prop::option::of(probe("back.readiness", "work")), faults).prop_map(
        |(liveness, readiness, faults)| {
            format!("{}{}{faults}", liveness.unwrap_or_default(), readiness.unwrap_or_default())
        },
    );
    prop::option::weighted(0.25, some).prop_map(Option::unwrap_or_default)
}

/// Whether replicas may be killed, so that a deadlock may be dissolved and open connections lost.
fn is_troubled(text: &str) -> bool {
    ["liveness]", "readiness]", "[faults"].iter().any(|table| text.contains(table))
}

fn system(circles_through_calls: bool) -> impl Strategy<Value = String> {
    let database = one_of(&[
        "runtime = \"delay\"",
        "runtime = \"threads\"\ncpu = \"1\"",
        "runtime = \"threads\"\nreplicas = 2\ncpu = \"500m\"",
        "runtime = \"delay\"\nmax_connections = 25",
        "runtime = \"threads\"\nreplicas = 2\ncpu = \"1\"\nmax_connections = 14",
    ]);
    (runtime(), runtime(), prop::option::of(queue())).prop_flat_map(move |(front, back, queue)| {
        let means = Means { threads: front == "event-loop", calls: true, shared: true, queue: queue.is_some() };
        let queue = queue.unwrap_or_default();
        let behind = Means { threads: back == "event-loop", calls: false, shared: circles_through_calls, queue: !queue.is_empty() };
        (
            stations(),
            database.clone(),
            service("front", front),
            client(),
            (service("back", back), ingress()).prop_map(|(back, ingress)| back + &ingress),
            prop::collection::vec(step(means), 1..=4),
            prop::collection::vec(step(behind), 1..=2),
            troubles(),
        )
            .prop_map(move |(stations, database, front, client, back, steps, behind, troubles)| {
                format!(
                    "{troubles}{stations}{queue}[services.db]\n{database}\n{front}{client}[services.front.endpoints]\n\
                     serve = {{ steps = [{{ sleep = \"1ms\" }}, {}] }}\n{back}[services.back.endpoints]\nwork = {{ steps = [{}] }}\n",
                    steps.join(", "),
                    behind.join(", ")
                )
            })
    })
}

fn patience() -> impl Strategy<Value = String> {
    (
        maybe("timeout", &["\"5ms\"", "\"30ms\"", "\"300ms\""]),
        one_of(&["continue", "cancel"]),
        maybe("completion", &["{ webhook = \"3ms\" }"]),
        maybe(
            "retry",
            &[
                "{ attempts = 3, backoff = \"10ms\" }",
                "{ attempts = 2, backoff = \"0s\", jitter = \"none\" }",
                "{ attempts = 4, backoff = \"5ms\", factor = 3, max_backoff = \"20ms\", budget = 0.2 }",
            ],
        ),
        maybe("timeline", &["\"50ms\"", "\"7us\""]),
    )
        .prop_map(|(timeout, abandon, completion, retry, timeline)| {
            format!("{timeout}abandon = \"{abandon}\"\n{completion}{retry}{timeline}")
        })
}

/// A finite test.
fn finite() -> impl Strategy<Value = String> {
    (
        1..=12u32,
        1..=60u32,
        maybe("think_time", &["\"exp(10ms)\"", "\"2ms\""]),
        maybe("spacing", &["\"1ms\""]),
        maybe("before", &["{ concurrency = 8, users = 20, pause = \"10ms\" }", "{ concurrency = 2, users = 5 }"]),
    )
        .prop_map(|(concurrency, users, think, spacing, before)| {
            format!(
                "kind = \"closed\"\nconcurrency = {concurrency}\nusers = {users}\ncool_down = \"1s\"\n{think}{spacing}{before}"
            )
        })
}

fn load() -> impl Strategy<Value = String> {
    let endless = (1..=12u32, maybe("think_time", &["\"exp(10ms)\""]), maybe("warm_up", &["\"100ms\""])).prop_map(
        |(concurrency, think, warm_up)| {
            format!("kind = \"closed\"\nconcurrency = {concurrency}\nduration = \"1s\"\n{think}{warm_up}")
        },
    );
    let open = (
        one_of(&["20/s", "100/s", "400/s"]),
        maybe("arrivals", &["\"constant\""]),
        maybe("warm_up", &["\"100ms\"", "\"5ms\""]),
    )
        .prop_map(|(rate, arrivals, warm_up)| {
            format!("kind = \"open\"\nrate = \"{rate}\"\nduration = \"1s\"\n{arrivals}{warm_up}")
        });
    let varying = one_of(&[
        "kind = \"open\"\nrate = \"50/s\"\nspikes = [{ at = \"200ms\", length = \"100ms\", factor = 10 }]\nduration = \"1s\"\n",
        "kind = \"open\"\nprofile = [{ at = \"0s\", rate = \"0/s\" }, { at = \"700ms\", rate = \"200/s\" }]\nduration = \"1s\"\n",
        "kind = \"open\"\nrate = \"100/s\"\ndiurnal = { period = \"300ms\", amplitude = 1 }\nduration = \"1s\"\n",
        "kind = \"open\"\nbursts = { mean_on = \"50ms\", mean_off = \"90ms\", on_rate = \"300/s\", off_rate = \"0/s\" }\nduration = \"1s\"\n",
        "kind = \"closed\"\nstages = [{ duration = \"500ms\", target = 9 }, { duration = \"300ms\", target = 2 }, { duration = \"0s\", target = 5 }]\nduration = \"1s\"\n",
    ]);
    let target = one_of(&[
        "target = \"front.serve\"\n",
        "target = \"front.serve\"\n",
        "classes = { a = { target = \"front.serve\", weight = 2 }, b = { target = \"front.serve\" } }\n",
    ]);
    (target, prop_oneof![2 => finite(), 1 => endless, 1 => open, 1 => varying.prop_map(str::to_owned)], patience())
        .prop_map(|(target, kind, patience)| format!("[load]\n{target}{kind}{patience}"))
}

/// A closed test that is not stopped at its end, so that whatever can still happen does.
struct Drain {
    users: u32,
    sent: u32,
    ended: u32,
}

impl Drain {
    fn send(&mut self, world: &mut World, client: u32) {
        if self.sent < self.users {
            self.sent += 1;
            world.send(client);
        }
    }
}

impl Source for Drain {
    fn event(&mut self, world: &mut World, client: u32) {
        if client < self.users {
            self.send(world, client);
        }
    }

    fn ended(&mut self, world: &mut World, ended: Ended) {
        self.ended += 1;
        self.send(world, ended.client);
    }
}

fn deadlocked_or_hung(outcome: &Outcome) -> bool {
    outcome.deadlock.is_some() || outcome.hung > 0
}

/// A shared client closes expired connections only when it is used next; if those hold the last descriptors, no request is
/// accepted any more that would use it.
fn starved_by_idle_connections(outcome: &Outcome, text: &str) -> bool {
    let exhausted = |resource: &ResourceUse| resource.kind == ResourceKind::Descriptors && resource.visits > 0;
    text.contains("reuse = \"shared\"") && outcome.resources.iter().any(exhausted)
}

/// Runs a finite test to the very end. Nothing is held then, unless a deadlock or a broken client holds it.
fn drains(bench: &Bench, text: &str) -> Result<(), TestCaseError> {
    let Pattern::Test { concurrency, users, .. } = bench.load.pattern else { unreachable!("a finite test") };
    let mut world = World::new(&bench.system, &bench.load, 3, 0);
    world.open_window();
    for client in 0..concurrency {
        world.schedule(Time::ZERO, client);
    }
    let mut drain = Drain { users, sent: 0, ended: 0 };
    let ending = world.run(&mut drain, &LIMITS);
    let at_rest = world.is_at_rest();
    let window = world.close_window();
    let outcome = world.outcome(ending, window, None);
    prop_assert_eq!(ending, Ending::Quiet, "{}", text);
    prop_assert_eq!(&outcome.violations, &Vec::<String>::new(), "{}", text);
    // A client that waits for completion may be answered and never told.
    let is_told_late = text.contains("completion") && !at_rest;
    let settled = outcome.settled() - outcome.unfinished;
    prop_assert!(u64::from(drain.ended) == settled || is_told_late && u64::from(drain.ended) < settled);
    prop_assert_eq!(outcome.sent, outcome.ended() + outcome.unfinished);
    if !at_rest {
        let excused = deadlocked_or_hung(&outcome) || starved_by_idle_connections(&outcome, text);
        prop_assert!(excused, "something is held for no reason\n{}", text);
        return Ok(());
    }
    prop_assert!(outcome.deadlock.is_none() || is_troubled(text), "a deadlock that was none\n{}", text);
    prop_assert_eq!(drain.ended, users, "{}", text);
    rests(&mut world, text)
}

/// A second in which nothing happens: no resource is in use, but for kept connections and their descriptors.
fn rests(world: &mut World, text: &str) -> Result<(), TestCaseError> {
    world.open_window();
    world.schedule(Time(1_000_000_000), u16::MAX.into());
    let mut nobody = Drain { users: 0, sent: 0, ended: 0 };
    prop_assert_eq!(world.run(&mut nobody, &LIMITS), Ending::Quiet);
    let window = world.close_window();
    let outcome = world.outcome(Ending::Quiet, window, None);
    let kept = |service: &str| -> f64 {
        let of = |kind: ResourceKind| kind == ResourceKind::HttpClient;
        let clients =
            outcome.resources.iter().filter(|resource| of(resource.kind) && resource.name.starts_with(service));
        clients.map(|client| client.in_use).sum()
    };
    for resource in &outcome.resources {
        prop_assert_eq!(resource.queue, 0.0, "{} has a queue at rest\n{}", resource.name, text);
        match resource.kind {
            ResourceKind::Sessions | ResourceKind::Unavailable => {}
            ResourceKind::Ports if text.contains("reuse = \"shared\"") => {}
            // It stays open until somebody asks.
            ResourceKind::Breaker => {}
            ResourceKind::HttpClient if text.contains("reuse = \"shared\"") => {}
            ResourceKind::Cache => {}
            ResourceKind::Descriptors => {
                let service = resource.name.split(' ').next().unwrap_or_default();
                let processes = resource.capacity.unwrap_or(0.0) / open_files(text, service);
                let own = (resource.in_use - kept(service)) / processes;
                let pooled = |key| number(text, &format!("[services.{service}.pools.main]"), key);
                let floor = if text.contains("max_queries") || is_troubled(text) { 0.0 } else { pooled("min_size") };
                let (least, most) = (7.0 + floor, 7.0 + pooled("max_size"));
                prop_assert!(
                    own > least - 1e-6 && own < most + 1e-6,
                    "{own} descriptors at rest, not {least} to {most}\n{}",
                    text
                );
            }
            _ => prop_assert_eq!(resource.in_use, 0.0, "{} is in use at rest\n{}", resource.name, text),
        }
    }
    Ok(())
}

/// A number that the model gives after this header.
fn number(text: &str, header: &str, key: &str) -> f64 {
    let after = &text[text.find(header).expect("a table") + header.len()..];
    let value = &after[after.find(key).expect("a key") + key.len()..];
    value.trim_start_matches([' ', '=']).split('\n').next().and_then(|digits| digits.parse().ok()).expect("a number")
}

fn open_files(text: &str, service: &str) -> f64 {
    number(text, &format!("[services.{service}]"), "open_files")
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn every_run_obeys_littles_law_and_loses_no_request(system in system(false), load in load()) {
        let text = format!("{load}{system}");
        let bench = bench(&text);
        let outcome = trial(&bench.system, &bench.load, 5, 0, &LIMITS);
        prop_assert_eq!(&outcome.violations, &Vec::<String>::new(), "{}", text);
        prop_assert!(matches!(outcome.ending, Ending::Complete | Ending::Quiet), "{}\n{}", outcome.ending, text);
        let seen = outcome.ended() + outcome.unfinished;
        // Seen are also those from before the window, which an earlier test that never ends does not open.
        if text.contains("warm_up") || (text.contains("before") && outcome.sent == 0) {
            prop_assert!(outcome.sent <= seen, "{} sent, {seen} seen\n{}", outcome.sent, text);
        } else {
            prop_assert_eq!(outcome.sent, seen, "{}", text);
        }
        if let Pattern::Test { users, .. } = bench.load.pattern
            && outcome.ending == Ending::Complete
        {
            prop_assert_eq!(outcome.settled(), u64::from(users), "{}", text);
            prop_assert!(outcome.probes.is_some());
        }
        for resource in &outcome.resources {
            prop_assert!(resource.utilisation <= 1.0 + 1e-9, "{} is used by {}\n{}", resource.name, resource.utilisation, text);
        }
        if let Some((fastest, slowest)) = outcome.response_times.min().zip(outcome.response_times.max()) {
            prop_assert!(fastest >= 1_000_000, "faster than its first step\n{}", text);
            let patience = bench.load.timeout.filter(|_| bench.load.retry.is_none()).unwrap_or(Time::MAX);
            prop_assert!(Time(slowest) <= patience, "a success after {} for {patience}\n{}", Time(slowest), text);
        }
        if !outcome.classes.is_empty() {
            let sum = |figure: fn(&ClassOutcome) -> u64| outcome.classes.iter().map(figure).sum::<u64>();
            prop_assert_eq!(sum(|class| class.sent), outcome.sent, "{}", text);
            prop_assert_eq!(sum(|class| class.succeeded), outcome.succeeded, "{}", text);
            prop_assert_eq!(sum(|class| class.succeeded + class.failed), outcome.ended(), "{}", text);
        }
        if let Some(timeline) = outcome.timeline.as_ref().filter(|_| !text.contains("warm_up") && !text.contains("before")) {
            let sum = |figure: fn(&Slice) -> u32| timeline.slices.iter().map(|slice| u64::from(figure(slice))).sum::<u64>();
            prop_assert_eq!(sum(|slice| slice.sent), outcome.sent, "{}", text);
            prop_assert_eq!(sum(|slice| slice.succeeded), outcome.succeeded, "{}", text);
            prop_assert_eq!(sum(Slice::ended), outcome.ended(), "{}", text);
            let left = timeline.in_flight().last().copied().unwrap_or_default();
            prop_assert_eq!(u64::from(left), outcome.unfinished, "{}", text);
        }
        let again = trial(&bench.system, &bench.load, 5, 0, &LIMITS);
        prop_assert_eq!((again.events, &again.response_times), (outcome.events, &outcome.response_times));
    }

    #[test]
    fn nothing_is_held_when_a_finite_test_has_ended(system in system(false), load in finite(), patience in patience()) {
        let text = format!("[load]\ntarget = \"front.serve\"\n{load}{patience}{system}");
        drains(&bench(&text), &text)?;
    }

    #[test]

    fn nothing_is_held_without_a_deadlock(system in system(true), load in finite(), patience in patience()) {
        let text = format!("[load]\ntarget = \"front.serve\"\n{load}{patience}{system}");
        drains(&bench(&text), &text)?;
    }
}
