//! What a resource did in the measuring window: a row of the reports.

use serde::{Deserialize, Serialize};

use crate::kernel::Time;
use crate::kernel::wire::Number;

use crate::parts::phase::PhaseUse;

/// A resource, over all its instances (one in each process or replica).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "UseRow", from = "UseRow")]
pub struct ResourceUse {
    /// As reports name it: `user-service pool auth`.
    pub name: String,
    /// What it is.
    pub kind: ResourceKind,
    /// Units of all instances together, mean over the window: less where a fault takes some away, none while a replica is
    /// down. None: unlimited.
    pub capacity: Option<f64>,
    /// Mean units in use; of a CPU, cores.
    pub in_use: f64,
    /// Units in use over capacity, 0 to 1; zero where there is no capacity. Units that are still held when a fault has taken
    /// them away count as all of it.
    pub utilisation: f64,
    /// The same of the instance with the highest.
    pub peak_utilisation: f64,
    /// Who came for it within the window, those who gave up and those who still wait at its end included: visits to a
    /// station, grants of a unit, connections taken, slices of an event loop, jobs of a CPU.
    pub visits: u64,
    /// Requests that it refused within the window: shed, stopped by a breaker, turned away by a full station or an
    /// ingress, without a descriptor, port or database connection, or with a dropped SYN.
    pub refused: u64,
    /// Of a circuit breaker, how often it opened within the window, over all instances.
    pub opened: Option<u64>,
    /// Mean number waiting, over all instances.
    pub queue: f64,
    /// Highest number waiting at one instance.
    pub longest_queue: u32,
    /// Mean wait of all visits, in seconds: the time that was waited within the window, over the visits. By Little's law
    /// the queue is this times the visits a second.
    pub wait_s: f64,
    /// Visits that waited for any time; none where no visit can be said to (a CPU that is shared, what has no queue).
    pub waited: Option<u64>,
    /// Of a cache, the share of lookups that found at once what they asked for.
    pub hit_ratio: Option<f64>,
}

impl ResourceUse {
    /// The same as sums over a window that has had this length so far.
    pub(crate) fn phase(&self, length: Time) -> PhaseUse {
        let over = |mean: f64| mean * length.0 as f64;
        PhaseUse { in_use: over(self.in_use), capacity: self.capacity.map(over) }
    }
}

/// A resource's use as a journal has it: a list in the order of the fields.
type UseRow = (
    String,
    ResourceKind,
    Option<Number>,
    [Number; 3],
    ([u64; 2], Option<u64>),
    Number,
    u32,
    Number,
    Option<u64>,
    Option<Number>,
);

impl From<ResourceUse> for UseRow {
    fn from(of: ResourceUse) -> Self {
        (
            of.name,
            of.kind,
            of.capacity.map(Number),
            [of.in_use, of.utilisation, of.peak_utilisation].map(Number),
            ([of.visits, of.refused], of.opened),
            Number(of.queue),
            of.longest_queue,
            Number(of.wait_s),
            of.waited,
            of.hit_ratio.map(Number),
        )
    }
}

impl From<UseRow> for ResourceUse {
    fn from((name, kind, capacity, shares, counts, queue, longest_queue, wait_s, waited, hit_ratio): UseRow) -> Self {
        let [in_use, utilisation, peak_utilisation] = shares.map(|number| number.0);
        let ([visits, refused], opened) = counts;
        let capacity = capacity.map(|number| number.0);
        let (queue, wait_s, hit_ratio) = (queue.0, wait_s.0, hit_ratio.map(|number| number.0));
        Self {
            name,
            kind,
            capacity,
            in_use,
            utilisation,
            peak_utilisation,
            visits,
            refused,
            opened,
            queue,
            longest_queue,
            wait_s,
            waited,
            hit_ratio,
        }
    }
}

/// What a resource is, in the order of the reports' rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// Cores of a service's replicas.
    Cpu,
    /// Event loops of a service's processes.
    EventLoops,
    /// Database connections.
    Connections,
    /// Replicas that get no new requests, because they are down or not ready.
    Unavailable,
    /// Replicas of an autoscaled service.
    Replicas,
    /// A station of the queueing network.
    Station,
    /// A semaphore.
    Limit,
    /// Threads for requests.
    Threads,
    /// Threads of the default executor.
    Executor,
    /// Replicas whose jobs stand for want of CPU quota.
    Throttling,
    /// The interpreter locks of a service's processes.
    Gil,
    /// Processes in which a garbage collection is under way, the number of collections, and requests that stand still for one.
    GarbageCollection,
    /// MiB in use by processes, of those that their replicas may use.
    Memory,
    /// Disks of a database that flush, and commits that wait for a flush to begin.
    Disk,
    /// Connections that wait to be accepted.
    Backlog,
    /// Ephemeral ports, in use or in TIME_WAIT.
    Ports,
    /// Connections that a database takes from all pools: in use are those that a request holds, not those kept open for the
    /// next one.
    Sessions,
    /// Connections of an HTTP client: in use are those that a call holds, not those kept open for the next one.
    HttpClient,
    /// A circuit breaker: in use while it is not closed.
    Breaker,
    /// A reverse proxy in front of a service: requests inside it, of as many as it lets in.
    Ingress,
    /// The rate limit of such a proxy, or of a client: requests a second that it admits, and those that wait for a token.
    RateLimit,
    /// Entries of a cache, and who waits for another's fetch.
    Cache,
    /// Descriptors.
    Descriptors,
    /// Messages that the processes of a consumer work on, and those that wait for one.
    Queue,
    /// Events that wait to be applied to a view; the wait is from publication to that.
    View,
}

impl ResourceKind {
    /// Whether its units work, or are held for work under way, so that one in use nearly all the time may have more to
    /// do than it can. Entries of a cache, ports in TIME_WAIT and replicas that are down are in use without any work, and what
    /// a database refuses depends on the connections that are open, idle or not.
    pub fn works(self) -> bool {
        match self {
            Self::Cpu | Self::Station | Self::EventLoops | Self::Executor | Self::Threads | Self::Gil => true,
            Self::Connections | Self::Limit | Self::Queue | Self::HttpClient => true,
            Self::Ingress | Self::RateLimit | Self::GarbageCollection | Self::Disk => true,
            Self::Cache | Self::View | Self::Descriptors | Self::Sessions | Self::Ports | Self::Memory => false,
            Self::Unavailable | Self::Replicas | Self::Backlog | Self::Throttling | Self::Breaker => false,
        }
    }
}
