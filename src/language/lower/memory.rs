//! Memory and garbage collectors as meant.

use super::Lowering;
use super::complaint::{At, Complaint};
use crate::kernel::Time;
use crate::language::{Bytes, Collector, CollectorKind, Endpoint, Service};
use crate::model::{Allocation, CollectorPlan, MemoryPlan, Op, Runtime};

/// How long a restart takes where the model says nothing, as after a liveness probe.
const DEFAULT_RESTART_TIME: Time = Time(5_000_000_000);

/// G1's `InitiatingHeapOccupancyPercent`.
const DEFAULT_START: f64 = 0.45;

/// Threads of a collector at most.
const MOST_THREADS: u32 = 1_000;

/// Most garbage between two collections as a multiple of the live data.
const MOST_GROWTH: f64 = 1e6;

impl Lowering<'_> {
    /// The memory of a service's processes; none where the model does not look at it.
    pub(super) fn memory(&mut self, at: At<'_>, service: &Service, cores: Option<f64>) -> Option<Box<MemoryPlan>> {
        if service.memory.is_none() && service.gc.is_none() {
            self.no_memory(at, service);
            return None;
        }
        let memory = service.memory.as_ref();
        let bytes = |value: Option<Bytes>| value.map_or(0, |bytes| bytes.0);
        let base = bytes(memory.and_then(|memory| memory.base));
        let limit = memory.and_then(|memory| memory.limit).map(|limit| limit.0);
        let all = base.saturating_mul(service.workers.into());
        if let Some(limit) = limit.filter(|&limit| limit <= all) {
            let title = format!("a replica needs {} before its first request", mib(all));
            let label = format!("{} is not more than that", mib(limit));
            let complaint = Complaint::at(at.key("memory").key("limit"), title, label);
            self.complain(
                complaint.also(at.key("memory").key("base"), "of each process").also(at.key("workers"), "processes"),
            );
        }
        let restart_time = memory.and_then(|memory| memory.restart_time);
        if restart_time.is_some() && limit.is_none() && service.gc.as_ref().is_none_or(|gc| gc.heap.is_none()) {
            let title = "nothing kills a replica for want of memory";
            let complaint = Complaint::at(at.key("memory").key("restart_time"), title, "would have no effect");
            self.complain(complaint.help("write `limit`, the memory that a replica may use"));
        }
        let collector = service.gc.as_ref().and_then(|gc| self.collector(at, service, gc, (base, cores)));
        Some(Box::new(MemoryPlan {
            base,
            limit,
            restart_time: restart_time.map_or(DEFAULT_RESTART_TIME, |time| Time(time.0)),
            collector,
        }))
    }

    /// Refuses what endpoints say of memory where the service has none.
    fn no_memory(&mut self, at: At<'_>, service: &Service) {
        let all = at.key("endpoints");
        for (name, endpoint) in &service.endpoints {
            let at = all.key(name);
            if endpoint.memory.is_some() {
                let title = "nothing looks at the memory of this service";
                let complaint = Complaint::at(at.key("memory"), title, "would have no effect");
                self.complain(complaint.help("add `memory = { limit = \"512MiB\" }` to the service"));
            }
            self.no_collector(at, endpoint);
        }
    }

    fn no_collector(&mut self, at: At<'_>, endpoint: &Endpoint) {
        if endpoint.allocation.is_some() {
            let complaint =
                Complaint::at(at.key("allocation"), "this service has no garbage collector", "would have no effect");
            self.complain(complaint.help("add `gc`, or write `memory`, which is free when the request ends"));
        }
    }

    fn collector(
        &mut self,
        at: At<'_>,
        service: &Service,
        gc: &Collector,
        (base, cores): (u64, Option<f64>),
    ) -> Option<CollectorPlan> {
        let at_service = at;
        let at = at.key("gc");
        let stops = gc.kind == CollectorKind::StopTheWorld;
        if service.runtime == Runtime::Delay {
            let title = "a service with `runtime = \"delay\"` has no CPU that a collector could use";
            let complaint = Complaint::at_key(at, title, "would have no effect");
            self.complain(complaint.also(at_service.key("runtime"), "work is only elapsed time"));
            return None;
        }
        if gc.heap.is_none() && gc.young.is_none() && gc.growth.is_none() {
            let complaint =
                Complaint::at_key(at, "nothing says when garbage is collected", "no collection would begin");
            self.complain(
                complaint.help("write `heap = \"400MiB\"`, `young = \"64MiB\"` or `growth = \"100%\"` (Go's GOGC)"),
            );
        }
        let heap = gc.heap.map(|heap| heap.0);
        if let Some(heap) = heap.filter(|&heap| heap <= base) {
            let title = format!("a heap of {} has no room for a request", mib(heap));
            let complaint = Complaint::at(at.key("heap"), title, "must be more than `base`");
            self.complain(complaint.also(at_service.key("memory").key("base"), "in use without requests"));
        }
        for (key, value) in [("young", gc.young), ("allocation", Some(gc.allocation))] {
            if value == Some(Bytes(0)) {
                self.complain(Complaint::at(at.key(key), format!("`{key}` is 0"), "must be above 0"));
            }
        }
        if let Some(growth) = gc.growth.filter(|growth| !(0.0..=MOST_GROWTH).contains(growth) || *growth == 0.0) {
            let title = format!("`growth` is {growth}");
            let complaint = Complaint::at(at.key("growth"), title, "must be above 0 and at most a million");
            self.complain(complaint.note("GOGC = 100 is `growth = \"100%\"`"));
        }
        let start_at = gc.start_at.unwrap_or(DEFAULT_START);
        if gc.start_at.is_some() && (stops || heap.is_none()) {
            let title = match stops {
                true => "a collector that stops the process begins when the heap is full",
                false => "without `heap` it has no share",
            };
            self.complain(Complaint::at(at.key("start_at"), title, "would have no effect"));
        } else if !(start_at > 0.0 && start_at <= 1.0) {
            let title = format!("`start_at` is {start_at}");
            self.complain(Complaint::at(at.key("start_at"), title, "must be above 0 and at most 1"));
        }
        if gc.time.is_none() && gc.time_per_mib.is_none() {
            let complaint = Complaint::at_key(at, "its collections take no time", "would have no effect");
            self.complain(complaint.help("write `time = \"20ms\"`, `time_per_mib = \"500us\"`, or both"));
        }
        if let Some(threads) = gc.threads.filter(|threads| !(1..=MOST_THREADS).contains(threads)) {
            let title = format!("`threads` is {threads}");
            self.complain(Complaint::at(at.key("threads"), title, "must be between 1 and 1000"));
        }
        let cores = cores.map_or(1.0, f64::floor).max(1.0) as u32;
        let threads = match service.runtime {
            Runtime::EventLoop => 1,
            _ if stops => cores,
            _ => (cores / 4).max(1),
        };
        let start = heap.filter(|_| !stops).map(|heap| (start_at * heap as f64) as u64);
        Some(CollectorPlan {
            stops,
            heap,
            young: gc.young.map(|young| young.0),
            growth: gc.growth,
            start,
            time: self.maybe_draw(at.key("time"), gc.time.as_ref()),
            time_per_mib: gc.time_per_mib.map_or(Time::ZERO, |time| Time(time.0)),
            threads: gc.threads.unwrap_or(threads).clamp(1, MOST_THREADS),
        })
    }

    /// What each request to an endpoint allocates, at its first step.
    pub(super) fn allocation(&mut self, at: At<'_>, name: &str, service: &Service, endpoint: &Endpoint) {
        if service.memory.is_none() && service.gc.is_none() {
            return;
        }
        if service.gc.is_none() {
            self.no_collector(at, endpoint);
        }
        let per_request = service.memory.as_ref().and_then(|memory| memory.per_request);
        let held = endpoint.memory.or(per_request).map_or(0, |bytes| bytes.0);
        let dropped = service.gc.as_ref().map(|gc| endpoint.allocation.unwrap_or(gc.allocation));
        let allocation = Allocation { held, dropped: dropped.map_or(0, |bytes| bytes.0) };
        let base = service.memory.as_ref().and_then(|memory| memory.base).map_or(0, |base| base.0);
        let heap = service.gc.as_ref().and_then(|gc| gc.heap).map(|heap| heap.0);
        if heap.is_some_and(|heap| heap > base && base + held + allocation.dropped > heap) {
            let title = format!("a request needs {}, more than the heap has", mib(held + allocation.dropped));
            let label = format!("must be at least {}", mib(base + held + allocation.dropped));
            let all = At::Root.key("services");
            let service = all.key(name);
            let gc = service.key("gc");
            self.complain(
                Complaint::at(gc.key("heap"), title, label).note("the process would be killed at each request"),
            );
        }
        let known = self.system.allocations.iter().position(|&known| known == allocation);
        let plan = known.unwrap_or_else(|| {
            self.system.allocations.push(allocation);
            self.system.allocations.len() - 1
        });
        self.emit(Op::Allocate { plan: plan as u32 });
    }
}

/// An amount of memory in words.
fn mib(bytes: u64) -> String {
    let mib = bytes as f64 / crate::language::units::MIB;
    if mib >= 1.0 { format!("{} MiB", (mib * 10.0).round() / 10.0) } else { format!("{bytes} bytes") }
}
