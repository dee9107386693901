//! Processes and the replicas that they share.

use crate::kernel::Time;
use crate::kernel::gauge::Gauge;
use crate::model::{Draw, Runtime};

use crate::engine::population::Queue;
use crate::parts::compute::cpu::Cpu;
use crate::parts::compute::event_loop::EventLoop;
use crate::parts::held::database::Sessions;
use crate::parts::held::descriptors::Descriptors;
use crate::parts::network::backlog::AcceptQueue;
use crate::parts::trouble::health::Health;

/// One process.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub service: u32,
    /// Index among all replicas of the system.
    pub replica: u32,
    pub runtime: Runtime,
    /// Stopped by a fault, and has no event loop that would show it.
    pub frozen: bool,
    /// Requests that are its own to answer, waiting ones included.
    pub inside: u32,
    pub event_loop: EventLoop,
    pub descriptors: Descriptors,
    /// Slots of its first pool, its first limit, its executor, its request threads ([`NONE`]: unlimited).
    pub pools: u32,
    pub limits: u32,
    pub executor: u32,
    pub threads: u32,
    /// Its first HTTP client.
    pub clients: u32,
    /// Rounds after which an inbound connection is closed; counted only where descriptors are.
    pub linger: u8,
    /// Its interpreter lock, where threads contend for it; [`NONE`] elsewhere.
    pub gil: u32,
    /// Its first circuit breaker.
    pub breakers: u32,
    /// The number of its first cache.
    pub caches: u32,
    pub emfile_cpu: Option<Draw>,
}

/// One replica: what its processes share.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    /// The replica whose `cpu` it uses: its own, or the first on the same machine.
    pub host: u32,
    pub cpu: Cpu,
    pub first_process: u32,
    pub workers: u32,
    /// Connections that no worker has accepted yet.
    pub backlog: Queue,
    pub next_worker: u32,
    pub sessions: Sessions,
    pub service: u32,
    pub health: Health,
    /// 1 while it is down.
    pub down: Gauge,
    pub accept_queue: AcceptQueue,
}

/// A service's replicas, for balancing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub first_replica: u32,
    pub next_replica: u32,
    /// Replicas that get no new requests.
    pub out: Gauge,
    /// Restarts by liveness probes.
    pub restarts: u64,
}

impl Process {
    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.event_loop.reset(now);
        self.descriptors.reset(now);
    }
}

impl Group {
    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.out.reset(now);
        self.restarts = 0;
    }
}

impl Replica {
    /// Whether it gets new requests.
    pub fn is_available(&self) -> bool {
        self.health.downs == 0 && self.health.ready
    }

    /// Starts counting afresh.
    pub fn reset(&mut self, now: Time) {
        self.cpu.reset(now);
        self.backlog.population.reset(now);
        self.sessions.reset(now);
        self.accept_queue.reset(now);
        self.down.reset(now);
    }
}
