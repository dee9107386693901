//! Tasks: what parts do later on their own account, apart from any request: end a CPU period, restart a process, probe
//! it, bring on a fault.

use crate::kernel::Time;
use crate::kernel::calendar::Serial;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// A prober's period is over.
    Probe { prober: u32 },
    /// A probe has not been answered in time.
    ProbeTimeout { prober: u32 },
    /// Too many probes have failed.
    Restart { replica: u32 },
    /// A replica needs more memory than it may have.
    OutOfMemory { replica: u32 },
    /// A replica accepts connections again, if nothing else keeps it down.
    Raise { replica: u32 },
    /// Faults come on, or go.
    Faults,
    /// A user sends its request again.
    Resend { user: u32 },
    /// The deadline of this frame, which came with a call, is over.
    Deadline { frame: u32 },
    /// A decision on the number of replicas is due.
    Scale { scaler: u32 },
    /// Scrape the replicas for such decisions.
    ScrapeReplicas { scaler: u32 },
    /// Look at the queue of a service that scales to zero.
    Activate { scaler: u32 },
    /// The processes of a new replica begin to run.
    Start { replica: u32 },
    /// The balancers learn that a replica is being removed.
    Unlist { replica: u32 },
    /// A replica that is being removed gets SIGTERM.
    Stop { replica: u32 },
    /// The grace period of a replica that is being removed is over.
    Terminate { replica: u32 },
    /// A replica that is being removed may have nothing left to do.
    Drained { replica: u32 },
    /// A deploy of the service of a scaler, by its number there, begins.
    Deploy { scaler: u32, deploy: u32 },
    /// A deploy under way may continue.
    Roll { scaler: u32 },
    /// The process with this number of a consumer begins to consume.
    Consume { consumer: u32, number: u32 },
    /// A pool that opens connections itself has opened one, or tries again.
    AddConnection { slots: u32 },
    /// Raise the number of slots if they starve.
    Grow { slots: u32 },
    /// A flush of a disk begins.
    Flush { disk: u32 },
    /// A flush of a disk has ended.
    Flushed { disk: u32 },
    /// A token is there for a request that waits at the ingress of a service.
    Admit { service: u32 },
}

/// A task that has been put off, and the event that brings it up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Later {
    pub task: Task,
    pub at: Time,
    pub event: Serial,
}
