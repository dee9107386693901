//! A service as its deployment describes it: replicas, workers, limits, pools, clients, endpoints.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::units::{Fraction, optional_fraction};
use super::{
    Autoscale, Breaker, Bytes, Cache, Client, Collector, Cores, Disk, Distribution, Duration, EndpointMetrics, Growth,
    Ingress, Limit, Liveness, Memory, Pool, Readiness, Shed, Step,
};
use crate::model::{Balance, LoopKind, Order, Runtime};

/// A deployed service: `replicas` pods, each with `workers` processes that share the pod's CPU.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Pods of this service (Kubernetes `replicas`); with `autoscale`, those at the start of a run.
    #[serde(default = "one")]
    pub replicas: u32,
    /// Processes in each replica (uvicorn `--workers`); each has its own event loop, thread pool, connection pools
    /// and HTTP clients.
    #[serde(default = "one")]
    pub workers: u32,
    /// How a process runs its requests.
    #[serde(default)]
    pub runtime: Runtime,
    /// The library of its event loops. Only with `runtime = "event-loop"`.
    pub event_loop: Option<LoopKind>,
    /// Greatest number of connections that an event loop accepts in a round. Only with `runtime = "event-loop"`. Requests over
    /// kept connections do not count: asyncio takes them like new connections, libuv in the order in which they come. Without
    /// it: 1 with `event_loop = "libuv"` (since libuv 1.45, so since Node 20; any number before), else all that wait.
    pub accepts_per_round: Option<u32>,
    /// CPU limit of one replica in cores, shared by its processes and their threads (Kubernetes `cpu = "500m"`).
    /// Without it the CPU never queues: each running process or thread has a core of its own.
    pub cpu: Option<Cores>,
    /// Speed of its cores relative to those on which the CPU times of the model were measured: at 0.5 all work on them
    /// takes twice as long. A service on a `machine` has the speed of the machine. Without it: 1.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub speed: Option<f64>,
    /// The machine (a key of `[machines]`) on which its replicas run; they share its cores with the other services
    /// there, instead of a `cpu` of their own.
    pub machine: Option<String>,
    /// Rounds of the event loop that each wait takes; only of an event loop.
    pub rounds: Option<Rounds>,
    /// How long the server keeps an idle connection (uvicorn `--timeout-keep-alive`, 5 s there). Without it: no limit.
    /// A request over a kept connection that crosses with the server's close of it (half of the mean of the client's
    /// `round_trip` before or after; none without a `round_trip`) gets no answer: "server disconnected".
    pub keep_alive: Option<Duration>,
    /// Growth of every CPU demand with the number of jobs running in a replica: with `n` jobs each takes
    /// `1 + slowdown * n` times as long (contention for locks, caches, buffers; the linear term of Gunther's Universal
    /// Scalability Law).
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub slowdown: Option<f64>,
    /// Growth with each pair of jobs at work: with `n` of them each takes `coherence * n * (n - 1)` times its demand
    /// more (data that each must fetch from all others; the quadratic term of the Universal Scalability Law). On a
    /// database, this limits what adding client replicas gains.
    #[serde(default, deserialize_with = "optional_fraction")]
    #[schemars(with = "Option<Fraction>")]
    pub coherence: Option<f64>,
    /// How the CPU limit acts.
    #[serde(default)]
    pub cpu_throttling: Throttling,
    /// Period of the quota (`cpu.cfs_period_us`), 1 ms to 1 s; only with `cpu_throttling = "cfs"`. Without it: 100 ms.
    pub cpu_period: Option<Duration>,
    /// Cores of the node, on which a replica may run at once; only with `cpu_throttling = "cfs"`. Without it: as many
    /// as it has jobs.
    pub node_cores: Option<Cores>,
    /// Connections of a replica that wait to be accepted (uvicorn `--backlog`, 2048 by default; the kernel
    /// cuts it to `net.core.somaxconn`, 4096: write the smaller one). Beyond one more than that a SYN is dropped and
    /// sent again after 1, 3, 7, 15, 31 and 63 s, and the connect fails after 127 s if its time-out has not come
    /// before. Only of an event loop. Without it: any number.
    pub backlog: Option<u32>,
    /// Local ports that each replica has for HTTP connections to each of its servers (28232 with Linux'
    /// `net.ipv4.ip_local_port_range`); with none left a connect fails at once. Database connections are not counted.
    /// Without it: any number.
    pub ephemeral_ports: Option<u32>,
    /// How long the port of a closed connection stays taken (TIME_WAIT); only with `ephemeral_ports`. Without it: 60 s.
    pub time_wait: Option<Duration>,
    /// Descriptors a process may have open (`ulimit -n`). Without it there is no limit.
    pub open_files: Option<u32>,
    /// Descriptors that a process holds before its first request: standard streams, epoll, the listening socket.
    #[serde(default = "seven")]
    pub idle_files: u32,
    /// CPU that one episode of "too many open files" burns on the event loop: asyncio (CPython 3.11) goes round its
    /// accept loop up to `backlog` times and logs a traceback each time.
    pub emfile_cpu: Option<Distribution>,
    /// Threads of a process: the size of the default executor of an event loop (`min(32, cores + 4)` in CPython), or
    /// the request threads of a `threads` runtime. Without it a `threads` runtime is unbounded and an event loop
    /// has 6, or 4 with `event_loop = "libuv"` (`UV_THREADPOOL_SIZE`).
    pub threads: Option<u32>,
    /// How the number of `threads` of a process grows under load: in .NET when the pool starves, in a Java executor when its
    /// queue is full. Tomcat starts threads before anything waits: there `threads` is the maximum. Without it: it is fixed.
    pub grow_threads: Option<Growth>,
    /// Requests that may wait for one of the `threads` of a `threads` runtime; one more is refused at once (the
    /// `queueCapacity` of a Java executor, Tomcat's `acceptCount`). Without it: any number.
    pub max_queue: Option<u32>,
    /// Which of the requests that wait for one of the `threads` gets the next one, or, of an event loop, which of the
    /// jobs that wait for its executor.
    #[serde(default)]
    pub order: Order,
    /// How long a request waits for a thread, or a job for the executor, before it fails. Without it: no limit.
    pub patience: Option<Distribution>,
    /// The disk of each replica, for which commits wait. Without it: they wait for none.
    pub disk: Option<Disk>,
    /// Which of the requests that wait for a thread, or of the jobs that wait for the executor, are dropped under overload.
    /// Without it: none.
    pub shed: Option<Shed>,
    /// Connections that one replica takes as a database, from all pools of all workers of all services together
    /// (PostgreSQL and MariaDB `max_connections`); opening one more fails at once. PostgreSQL keeps 3 of its 100 for
    /// superusers (`superuser_reserved_connections`): write what is left to applications. Without it: any number.
    pub max_connections: Option<u32>,
    /// How requests are spread over replicas.
    #[serde(default)]
    pub balance: Balance,
    /// How connections are spread over the workers of a replica. With `"accept-race"` workers of a `threads` runtime that
    /// have `threads` share one listening socket and accept only when one of their threads is idle, as gunicorn's sync
    /// workers, uWSGI, PHP-FPM, Unicorn and Apache's prefork do. With any other value, with `max_queue`, and where a
    /// queue is consumed a request is given to a worker at once and waits for a thread of that one; gunicorn's gthread
    /// workers accept up to `worker_connections` like that: write `"random"`.
    #[serde(default = "accept_race")]
    pub accept: Balance,
    /// Database connection pools, one of each in every process.
    #[serde(default)]
    pub pools: BTreeMap<String, Pool>,
    /// HTTP clients, one of each in every process.
    #[serde(default)]
    pub clients: BTreeMap<String, Client>,
    /// Semaphores and locks, one of each in every process.
    #[serde(default)]
    pub limits: BTreeMap<String, Limit>,
    /// The probe that restarts a replica when it fails.
    pub liveness: Option<Liveness>,
    /// The probe that takes a replica out of the balancing when it fails.
    pub readiness: Option<Readiness>,
    /// Autoscaling. Without it the number of replicas is fixed.
    pub autoscale: Option<Autoscale>,
    /// Circuit breakers, one of each in every process.
    #[serde(default)]
    pub breakers: BTreeMap<String, Breaker>,
    /// The reverse proxy in front of the service.
    pub ingress: Option<Ingress>,
    /// Caches, one of each in every process unless it is `shared`.
    #[serde(default)]
    pub caches: BTreeMap<String, Cache>,
    /// Memory of its processes. Without it: memory is not looked at.
    pub memory: Option<Memory>,
    /// The garbage collector of its processes (JVM, Go, .NET, V8). Without it: none. CPython and CRuby need it hardly ever: the
    /// former counts references.
    pub gc: Option<Collector>,
    /// The endpoints that the service answers.
    #[serde(default)]
    pub endpoints: BTreeMap<String, Endpoint>,
}

impl Service {
    /// Replicas at the start of a run.
    pub(super) fn initial(&self) -> u32 {
        let least = self.autoscale.as_ref().map_or(0, |autoscale| autoscale.min.unwrap_or(1));
        self.replicas.max(least)
    }

    /// The greatest number of replicas at once, deploys aside.
    pub(super) fn places(&self) -> u32 {
        self.autoscale.as_ref().map_or(self.replicas, |autoscale| autoscale.max)
    }
}

/// Rounds of the event loop that each wait takes, 60 at most: on a busy loop each costs a whole round, in which every
/// new request runs its first slice. They follow from the libraries' code and can be counted on an idle loop (asyncio
/// of CPython 3.11, uvicorn 0.54 with h11, httpx 0.28 over anyio 4.16, asyncpg 0.32: accept 5, thread 2, timer 2,
/// statement 2, release 3, open 2, connect 7, send 3, answer 3, close 1, hang_up 2). What is left out is the least that
/// can be.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rounds {
    /// From the round that accepts a connection to the handler's first slice. Without it: 0.
    pub accept: Option<u8>,
    /// From the end of a job in the executor to the task's next slice. Without it: 1.
    pub thread: Option<u8>,
    /// From the end of a sleep to the task's next slice. Without it: 1.
    pub timer: Option<u8>,
    /// From the database's reply to the task's next slice. Without it: 1.
    pub statement: Option<u8>,
    /// Of releasing a pool's connection, beside its reset: one before, the others after. Without it: 0.
    pub release: Option<u8>,
    /// From a call of a client made for one request to its socket, which takes a descriptor; part of `connect`.
    /// Without it: 0.
    pub open: Option<u8>,
    /// From the start of a connect to the established connection. Without it: 1.
    pub connect: Option<u8>,
    /// Of writing an HTTP request. Without it: 0.
    pub send: Option<u8>,
    /// From the HTTP answer's arrival to the task's next slice. Without it: 1.
    pub answer: Option<u8>,
    /// Of closing a client made for one request. Without it: 0.
    pub close: Option<u8>,
    /// From the answer to the closing of the inbound connection, which uses a descriptor until then. Without it: 0.
    pub hang_up: Option<u8>,
}

/// How a CPU limit acts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Throttling {
    /// As if there were as many cores as the limit says: no job stops.
    #[default]
    Smooth,
    /// As Linux' CFS bandwidth control: in each period all jobs run at full speed until `cpu` times the period is used
    /// up, and stop until the next.
    Cfs,
}

/// What a request to this endpoint does, from its arrival to its answer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The steps, one after the other.
    pub steps: Vec<Step>,
    /// Memory that a request to it holds from its first step to its end. Without it: `per_request` of the service's `memory`.
    pub memory: Option<Bytes>,
    /// Memory that a request to it allocates and drops. Without it: `allocation` of the service's `gc`.
    pub allocation: Option<Bytes>,
    /// Names of its metrics, instead of those that `[metrics.endpoints]` gives.
    #[serde(default)]
    pub metrics: EndpointMetrics,
}

fn one() -> u32 {
    1
}

fn seven() -> u32 {
    7
}

fn accept_race() -> Balance {
    Balance::AcceptRace
}
