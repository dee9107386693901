//! The plan of the parts: what a run builds its state from.

use schemars::JsonSchema;
use serde::Deserialize;

use super::cache::CachePlan;
use super::deploy::DeployPlan;
use super::memory::MemoryPlan;
use super::program::Draw;
use super::resilience::{BreakerPlan, IngressPlan, RatePlan};
use super::scaling::ScalingPlan;
use super::trouble::ProbePlan;
use super::waiting::Waiting;
use crate::kernel::Time;

/// A machine whose cores several services share.
#[derive(Clone, Debug)]
pub struct MachinePlan {
    /// Its name.
    pub name: String,
    /// Its cores.
    pub cores: f64,
    /// Speed of its cores, relative to those on which CPU times were measured.
    pub speed: f64,
}

/// A service.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    /// Its name.
    pub name: String,
    /// Index of its first process; they number `replicas * workers`.
    pub first_process: u32,
    /// Number of replicas; where it changes the greatest number at once, each with a place of its own.
    pub replicas: u32,
    /// Replicas that are up at the start of a run.
    pub initial: u32,
    /// Processes in a replica.
    pub workers: u32,
    /// How a process runs requests.
    pub runtime: Runtime,
    /// The machine that its replicas share with others, an index in [`super::System::machines`].
    pub machine: Option<u32>,
    /// Cores of a replica; none: unlimited.
    pub cores: Option<f64>,
    /// Speed of its own cores, relative to those on which CPU times were measured. A machine has its own.
    pub speed: f64,
    /// Growth of a CPU demand with each job at work in the replica.
    pub slowdown: f64,
    /// What its event loops do in a round.
    pub event_loop: LoopPlan,
    /// Threads: of the default executor of an event loop, or for requests; none: unlimited.
    pub threads: Option<u32>,
    /// How the number of threads of a process grows; none: it is fixed.
    pub growth: Option<Growth>,
    /// Requests that may wait for a thread; none: any number.
    pub max_queue: Option<u32>,
    /// How those who wait for a thread are served.
    pub waiting: Waiting,
    /// The disk of each replica, on which commits wait; none: they wait for none.
    pub disk: Option<DiskPlan>,
    /// Connections that a replica takes as a database; none: any number.
    pub max_connections: Option<u32>,
    /// Growth of a CPU demand with each pair of jobs at work in the replica.
    pub coherence: f64,
    /// Period of the CPU quota; none: the limit acts smoothly.
    pub cpu_period: Option<Time>,
    /// Cores of the node that a quota may be used on at once; none: as many as there are jobs.
    pub node_cores: Option<f64>,
    /// Threads contend for the interpreter lock.
    pub gil: bool,
    /// Connections of a replica that wait to be accepted; none: any number.
    pub backlog: Option<u32>,
    /// Ports of a replica towards each server; none: any number.
    pub ephemeral_ports: Option<u32>,
    /// How long a closed connection keeps its port.
    pub time_wait: Time,
    /// Descriptors a process may open.
    pub open_files: Option<u32>,
    /// Descriptors a process holds before its first request, database connections aside.
    pub idle_files: u32,
    /// Rounds of the event loop after which an inbound connection is closed.
    pub linger: u8,
    /// CPU of an episode of descriptor exhaustion in accept.
    pub emfile_cpu: Option<Draw>,
    /// Spread over replicas.
    pub balance: Balance,
    /// Spread over the workers of a replica.
    pub accept: Balance,
    /// Connection pools of each process.
    pub pools: Vec<PoolPlan>,
    /// HTTP clients of each process.
    pub clients: Vec<ClientPlan>,
    /// Limits of each process.
    pub limits: Vec<LimitPlan>,
    /// The probe that restarts replicas.
    pub liveness: Option<ProbePlan>,
    /// The probe that takes replicas out of the balancing.
    pub readiness: Option<ProbePlan>,
    /// How the number of replicas follows the load; none: it is fixed.
    pub scaling: Option<Box<ScalingPlan>>,
    /// The deploys that replace its replicas.
    pub deploys: Vec<DeployPlan>,
    /// Circuit breakers of each process.
    pub breakers: Vec<BreakerPlan>,
    /// What stands in front of the balancer.
    pub ingress: Option<IngressPlan>,
    /// Caches of each process, or of the service.
    pub caches: Vec<CachePlan>,
    /// The memory of each process; none: it is not looked at.
    pub memory: Option<Box<MemoryPlan>>,
}

impl ServicePlan {
    /// Whether replicas start and end in a run, beside restarts.
    pub fn varies(&self) -> bool {
        self.scaling.is_some() || !self.deploys.is_empty()
    }

    /// Whether something restarts its replicas: a liveness probe, or the end of their memory.
    pub fn restarts(&self) -> bool {
        self.liveness.is_some() || self.memory.as_ref().is_some_and(|memory| memory.can_run_out())
    }

    /// Whether it has workers that can be told apart by how much they do: event loops, or a limited number of threads.
    pub fn has_workers(&self) -> bool {
        match self.runtime {
            Runtime::EventLoop => true,
            Runtime::Threads => self.threads.is_some(),
            Runtime::Delay => false,
        }
    }
}

/// The disk of a database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiskPlan {
    /// Time of a flush.
    pub fsync: Draw,
    /// Whether one flush serves all who wait for one.
    pub groups: bool,
    /// How long a flush waits for more of them.
    pub delay: Time,
    /// Other connections in use from which it does.
    pub siblings: u32,
}

/// How a process runs its requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// One slice at a time, never pre-empted; each round polls, then runs all that became ready, new requests first
    /// (asyncio, uvicorn).
    #[default]
    EventLoop,
    /// One thread a request, held until the answer (a JVM, a database).
    Threads,
    /// No queueing at all: a `cpu` step is only elapsed time.
    Delay,
}

/// The library of an event loop, which decides what a round runs, and in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LoopKind {
    /// asyncio: each round accepts what waits in the backlog and runs new requests first, those of kept connections
    /// among them; what a slice hands to a waiter of the same process, such as a connection of a pool, is taken in the
    /// round after.
    #[default]
    Asyncio,
    /// libuv (Node.js): a round runs what became ready, in that order, and accepts one connection, which is read at the end of
    /// the next round at the earliest; a request of a kept connection is ready when it arrives. What a slice hands to a
    /// waiter of the same process is taken as soon as the slice ends.
    Libuv,
}

/// What event loops do in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopPlan {
    /// Their library.
    pub kind: LoopKind,
    /// Connections that a round accepts at most.
    pub accepts: u32,
}

/// How connections are spread over the choices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// Each choice in turn.
    #[default]
    RoundRobin,
    /// Uniformly at random.
    Random,
    /// The choice with the fewest requests inside; ties go to the first.
    LeastBusy,
    /// Only between workers of a replica: they share the listening socket, and whichever polls first takes what waits
    /// in its backlog.
    AcceptRace,
}

/// A process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessPlan {
    /// Its service.
    pub service: u32,
    /// Its replica, counted within the service.
    pub replica: u32,
    /// Its number within the replica.
    pub worker: u32,
}

/// A connection pool of each process of a service.
#[derive(Clone, Debug)]
pub struct PoolPlan {
    /// Its name.
    pub name: String,
    /// The service behind it.
    pub server: u32,
    /// Connections open from the start.
    pub min_size: u32,
    /// Connections at most.
    pub max_size: u32,
    /// How those who wait for one are served.
    pub waiting: Waiting,
    /// Time of opening one.
    pub connect_time: Option<Draw>,
    /// Elapsed time of a round trip.
    pub round_trip: Option<Draw>,
    /// CPU of a round trip on the client's side.
    pub trip_cpu: Option<Draw>,
    /// Whether one who comes may take a connection before the waiter that was woken for it does.
    pub barging: bool,
    /// Whether the pool opens connections itself while those who need them wait.
    pub background: bool,
    /// Whether its connections are minded one by one ([`super::Op::Borrow`]).
    pub minded: bool,
    /// CPU of opening a connection on the client's side.
    pub connect_cpu: Option<Draw>,
    /// The TLS handshake of opening one; none: without TLS.
    pub tls: Option<TlsPlan>,
    /// How long a round trip may take; none: without limit.
    pub command_timeout: Option<Time>,
    /// How long a connection beyond `min_size` may be idle; none: without limit.
    pub idle_life: Option<Time>,
    /// Connections that are kept idle at most; none: any number.
    pub max_idle: Option<u32>,
    /// The connection that has been idle longest is lent next, not the one that was given back last.
    pub oldest_first: bool,
    /// Round trips after which a connection is closed; none: never.
    pub max_queries: Option<u32>,
}

/// A TLS handshake on the way to a database.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TlsPlan {
    /// Round trips, the request for encryption included.
    pub trips: u32,
    /// The same of one that resumes a session.
    pub resumed_trips: u32,
    /// Share of the handshakes that resume a session.
    pub resumption: f64,
    /// CPU at the client of one that does not.
    pub client: Option<Draw>,
    /// CPU at the database of one that does not.
    pub server: Option<Draw>,
}

/// An HTTP client of each process of a service.
#[derive(Clone, Debug)]
pub struct ClientPlan {
    /// Its name.
    pub name: String,
    /// The service that it calls.
    pub server: u32,
    /// One for the process, not one a request.
    pub shared: bool,
    /// CPU of constructing it; paid at each call unless shared.
    pub setup_cpu: Option<Draw>,
    /// CPU of a call.
    pub call_cpu: Option<Draw>,
    /// Time of a connect.
    pub connect_time: Option<Draw>,
    /// CPU of a connect.
    pub connect_cpu: Option<Draw>,
    /// Rounds of the event loop before a connect takes its descriptor.
    pub open_rounds: u8,
    /// Rounds of the event loop that a connect takes from there.
    pub connect_rounds: u8,
    /// Network time of a call.
    pub round_trip: Option<Draw>,
    /// Time-out of the wait for the answer.
    pub timeout: Option<Time>,
    /// Time-out of a connect.
    pub connect_timeout: Option<Time>,
    /// How long the server keeps an idle connection; none: without limit.
    pub server_keep_alive: Option<Time>,
    /// How long a word from the server is on its way.
    pub latency: Time,
    /// Time-out of the wait for a connection.
    pub pool_timeout: Option<Time>,
    /// Connections at most, if shared.
    pub max_connections: u32,
    /// Whether a free connection goes to the first call that waits; otherwise all wake, and one wins.
    pub fifo: bool,
    /// Connections open beyond which none is kept idle.
    pub max_keepalive: u32,
    /// Connections that are kept idle at most.
    pub max_idle: u32,
    /// The rate at which calls are sent at most.
    pub rate: Option<RatePlan>,
    /// How long one is kept idle.
    pub keepalive_expiry: Time,
    /// CPU of a search of the shared client's pool.
    pub search: SearchCost,
    /// CPU of a futile wake-up.
    pub wake_cpu: Option<Draw>,
    /// Whether the client of each process (in the order of the service's processes) is broken.
    pub broken: Vec<bool>,
    /// Whether a restart of the process repairs it.
    pub repaired_by_restart: bool,
}

/// CPU of a search. See `search` in `docs/language.md`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchCost {
    /// For each idle connection.
    pub per_idle: Time,
    /// For each idle connection squared.
    pub per_idle_squared: Time,
    /// For each busy connection.
    pub per_busy: Time,
}

/// A semaphore.
#[derive(Clone, Debug)]
pub struct LimitPlan {
    /// Its name.
    pub name: String,
    /// Slots; `u32::MAX` for no limit.
    pub size: u32,
    /// How the number of slots grows; none: it is fixed.
    pub growth: Option<Growth>,
    /// Requests that may wait; `u32::MAX` for no limit.
    pub max_queue: u32,
    /// How those who wait for one are served.
    pub waiting: Waiting,
}

/// How a number of threads or slots grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The greatest number.
    pub to: u32,
    /// Time between two looks, each of which adds one if something waits and nothing was granted since the last look; none:
    /// a request that finds the queue full adds one.
    pub every: Option<Time>,
}

/// A station of the queueing network.
#[derive(Clone, Debug)]
pub struct StationPlan {
    /// Its name.
    pub name: String,
    /// Servers; none: infinitely many.
    pub servers: Option<u32>,
    /// Processor sharing instead of first come, first served.
    pub sharing: bool,
    /// Requests inside at most.
    pub capacity: Option<u32>,
    /// How those who wait for a server are served.
    pub waiting: Waiting,
    /// Growth of a demand with each request inside.
    pub slowdown: f64,
}

/// An endpoint.
#[derive(Clone, Debug)]
pub struct EndpointPlan {
    /// Its name within the service.
    pub name: String,
    /// Its service.
    pub service: u32,
    /// Its first operation.
    pub entry: u32,
    /// Part of the opening of a connection, not of the model: a TLS handshake.
    pub is_handshake: bool,
}
