//! A system as meant: checked, in indices and nanoseconds, immutable during a run and shared by all trials.
//!
//! A [`System`] is a small program (what requests do) and the plan of the parts that it runs on. Names are kept only
//! for reports.

mod backoff;
mod cache;
mod deploy;
mod load;
mod memory;
mod metrics;
mod pattern;
mod plan;
mod prices;
mod program;
mod queue;
mod rate;
mod resilience;
mod scaling;
mod trouble;
mod waiting;

pub use backoff::{Backoff, Jitter};
pub use cache::{CachePlan, Popularity};
pub use deploy::{AtSigterm, DeployPlan, DeployStrategy, Ending, Pods};
pub use load::{
    Abandon, AccountsKept, Class, FEWEST_USUAL, Load, MOST_INTERVALS, MOST_SAVED, Reference, Retry, Strength,
    UserDraws, round_interval,
};
pub use memory::{Allocation, CollectorPlan, MIB, MemoryPlan};
pub use metrics::{ClientMetrics, EndpointMetrics, MetricsPlan, PoolMetrics};
pub use pattern::{Arrival, Arrivals, Bursts, ClassSource, Earlier, Flow, Pattern, Piece, RateCourse, Stage, Wave};
pub use plan::{
    Balance, ClientPlan, DiskPlan, EndpointPlan, Growth, LimitPlan, LoopKind, LoopPlan, MachinePlan, PoolPlan,
    ProcessPlan, Runtime, SearchCost, ServicePlan, StationPlan, TlsPlan,
};
pub use prices::Prices;
pub use program::{Branch, Draw, Op, Round, Site};
pub use queue::{ConsumerPlan, Notice, QueuePlan, Redelivery, ViewPlan};
pub use rate::{RateUnit, decimals, grouped};
pub use resilience::{
    BreakerPlan, BudgetPlan, CAUSES, Causes, FallbackPlan, IngressPlan, Opening, ParallelPlan, RatePlan, RetryPlan,
    TimeoutPlan, WindowPlan, WindowSpan,
};
pub use scaling::{
    ActivationPlan, PolicySelect, ScalingAmount, ScalingMetric, ScalingPlan, ScalingPolicy, ScalingRules,
};
pub use trouble::{Capacity, FaultEffect, FaultPlan, ProbePlan};
pub use waiting::{Order, Patience, Shedding, Waiting};

use crate::kernel::Variate;

/// A system, ready to run.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// What it is, for reports.
    pub title: String,
    /// What requests do: all endpoints' programs, one after the other.
    pub program: Vec<Op>,
    /// The alternatives of the program's `Choose` operations.
    pub branches: Vec<Branch>,
    /// The distributions that the program and the parts draw from.
    pub variates: Vec<Variate>,
    /// Machines that services share.
    pub machines: Vec<MachinePlan>,
    /// The endpoints.
    pub endpoints: Vec<EndpointPlan>,
    /// The services.
    pub services: Vec<ServicePlan>,
    /// All processes of all services, those of a service together, replica by replica.
    pub processes: Vec<ProcessPlan>,
    /// The stations of the queueing network.
    pub stations: Vec<StationPlan>,
    /// The limits of the whole system.
    pub limits: Vec<LimitPlan>,
    /// The faults that are brought on.
    pub faults: Vec<FaultPlan>,
    /// What `Fail` operations answer.
    pub reasons: Vec<String>,
    /// The broker's queues.
    pub queues: Vec<QueuePlan>,
    /// All consumers of all queues, those of a queue together.
    pub consumers: Vec<ConsumerPlan>,
    /// How often the keys of caches are asked for.
    pub popularities: Vec<Popularity>,
    /// Read sides that are fed by events.
    pub views: Vec<ViewPlan>,
    /// Whether work may outlast its answer: something is published, or a handler responds and continues.
    pub outlasts: bool,
    /// The `retry` steps.
    pub retries: Vec<RetryPlan>,
    /// The `timeout` steps.
    pub timeouts: Vec<TimeoutPlan>,
    /// The `fallback` steps.
    pub fallbacks: Vec<FallbackPlan>,
    /// The `parallel` and `hedge` steps.
    pub parallels: Vec<ParallelPlan>,
    /// What requests allocate: the `Allocate` operations.
    pub allocations: Vec<Allocation>,
    /// What the services export.
    pub metrics: MetricsPlan,
    /// What the system costs; none where that is not said.
    pub prices: Option<Prices>,
}

impl System {
    /// The endpoint whose program an operation belongs to.
    pub fn endpoint_at(&self, pc: u32) -> u32 {
        let before = (0..).zip(&self.endpoints).filter(|(_, endpoint)| endpoint.entry <= pc);
        before.max_by_key(|(_, endpoint)| endpoint.entry).map_or(0, |(index, _)| index)
    }

    /// Whether a queue serves by priority.
    pub fn serves_by_priority(&self) -> bool {
        let of_services = self.services.iter().flat_map(|service| {
            let pools = service.pools.iter().map(|pool| pool.waiting);
            let limits = service.limits.iter().map(|limit| limit.waiting);
            let ingress = service.ingress.iter().map(|ingress| ingress.waiting);
            std::iter::once(service.waiting).chain(pools).chain(limits).chain(ingress)
        });
        let of_stations = self.stations.iter().map(|station| station.waiting);
        let of_limits = self.limits.iter().map(|limit| limit.waiting);
        of_services.chain(of_stations).chain(of_limits).any(|waiting| waiting.order == Order::Priority)
    }

    /// The service whose program an operation belongs to.
    pub fn service_at(&self, pc: u32) -> u32 {
        self.endpoints.get(self.endpoint_at(pc) as usize).map_or(0, |endpoint| endpoint.service)
    }
}
