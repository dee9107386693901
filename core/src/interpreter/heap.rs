//! Requests allocate memory of their process: garbage is collected when there is no room, and a replica that needs more
//! than its limit is killed.
//!
//! The limit is that of a container: the kernel kills all processes of its cgroup (`memory.max` and `memory.oom.group`
//! of cgroup v2, which the kubelet sets since Kubernetes 1.28), and the kubelet starts it again with the back-off that
//! restarts have. A heap without room for an allocation after a collection ends in the same way, as in V8, and in a JVM
//! with `-XX:+ExitOnOutOfMemoryError`.

use crate::kernel::random::name;
use crate::kernel::{NONE, Time};
use crate::model::{MIB, Runtime};

use crate::engine::next::Next;
use crate::engine::task::Task;
use crate::engine::token::{FrameKind, State};
use crate::interpreter::world::World;
use crate::parts::held::heap::{COLLECTOR, Room, Standing};
use crate::parts::mark::MarkKind;

impl World<'_> {
    /// The token allocates, or waits for a collection and asks again.
    #[inline(never)]
    pub(crate) fn allocate(&mut self, t: u32, plan: u32) -> Next {
        let allocation = self.system.allocations[plan as usize];
        let process = self.process_of(t);
        let (heap, replica) = (process.heap, process.replica);
        let now = self.engine.now;
        match self.heaps[heap as usize].room_for(allocation) {
            Room::Enough => {}
            Room::Scarce => self.begin_collection(heap),
            Room::Full => {
                self.stand(t, heap, None);
                if !self.heaps[heap as usize].is_collecting() {
                    self.begin_collection(heap);
                }
                return Next::Keep;
            }
            Room::Exhausted => return self.run_out(t, replica),
        }
        self.heaps[heap as usize].allocate(now, allocation);
        let next = self.enter_frame(t, FrameKind::Memory { plan });
        if self.is_over_limit(replica) { self.run_out(t, replica) } else { next }
    }

    /// The token ends, and gives back what it held.
    pub(crate) fn release_memory(&mut self, t: u32, plan: u32) {
        let heap = self.process_of(t).heap;
        self.heaps[heap as usize].release(self.engine.now, self.system.allocations[plan as usize]);
    }

    fn is_over_limit(&self, replica: u32) -> bool {
        let service = self.replicas[replica as usize].service as usize;
        let Some(limit) = self.system.services[service].memory.as_ref().and_then(|memory| memory.limit) else {
            return false;
        };
        let heaps = self.processes_of(replica).map(|process| self.processes[process as usize].heap);
        heaps.map(|heap| self.heaps[heap as usize].in_use()).sum::<u64>() > limit
    }

    /// There is no memory for the token: its replica is killed at this instant, and the token with it.
    fn run_out(&mut self, t: u32, replica: u32) -> Next {
        let health = &mut self.replicas[replica as usize].health;
        if !std::mem::replace(&mut health.out_of_memory, true) {
            self.engine.later(Time::ZERO, Task::OutOfMemory { replica });
        }
        self.elapse(t, Time(1))
    }

    /// The replica has run out of memory.
    pub(crate) fn kill_out_of_memory(&mut self, replica: u32) {
        if self.is_down(replica) {
            self.replicas[replica as usize].health.out_of_memory = false;
            return;
        }
        let service = self.replicas[replica as usize].service as usize;
        let plan = self.system.services[service].memory.as_ref();
        let restart_time = plan.map_or(Time::ZERO, |memory| memory.restart_time);
        self.begin_anew(replica, MarkKind::OutOfMemory, restart_time);
    }

    /// The token, which may have a job on the CPU with this work left, stands still until the collection has ended.
    fn stand(&mut self, t: u32, heap: u32, left: Option<f64>) {
        self.engine.tokens[t].state = State::Working;
        self.heaps[heap as usize].stand(self.engine.now, Standing { token: t, left });
        self.account_collected(t);
    }

    /// Whether the token stands still because of a collection.
    pub(crate) fn is_standing(&self, t: u32) -> bool {
        let process = self.engine.tokens[t].process;
        let heap = self.processes.get(process as usize).map_or(NONE, |process| process.heap);
        self.heaps.get(heap as usize).is_some_and(|heap| heap.has_standing(t))
    }

    /// A collection begins: a job on the CPU for each of its threads, and the process stops if it has to.
    fn begin_collection(&mut self, heap: u32) {
        let now = self.engine.now;
        let state = &mut self.heaps[heap as usize];
        let Some(plan) = state.collector else { return };
        let process = state.process;
        let fixed = plan.time.map_or(Time::ZERO, |time| {
            self.system.variates[time.0 as usize].draw(name(self.key, state.collections, "collection", process.into()))
        });
        let work = fixed + Time((plan.time_per_mib.0 as f64 * state.live() as f64 / MIB as f64).round() as u64);
        state.begin(now);
        state.working = plan.threads;
        if plan.stops && self.processes[process as usize].runtime == Runtime::Threads {
            self.stop_threads(process, heap);
        }
        let host = self.replicas[self.processes[process as usize].replica as usize].host;
        let shared = &mut self.replicas[host as usize];
        let work = shared.stretched(work);
        for _ in 0..plan.threads {
            shared.cpu.start(&mut self.engine.calendar, now, COLLECTOR | heap, work);
        }
        self.account_collection(process);
    }

    /// The threads of a process stop where they are.
    fn stop_threads(&mut self, process: u32, heap: u32) {
        let now = self.engine.now;
        self.processes[process as usize].collected = true;
        let host = self.replicas[self.processes[process as usize].replica as usize].host as usize;
        let is_at_work = |t: &u32| {
            let token = &self.engine.tokens[*t];
            token.process == process && token.state == State::Working && !self.heaps[heap as usize].has_standing(*t)
        };
        let at_work: Vec<u32> = self.engine.tokens.living().filter(is_at_work).collect();
        for t in at_work {
            let left = self.replicas[host].cpu.cancel(&mut self.engine.calendar, now, t);
            self.account_job_end(t, left);
            self.stand(t, heap, Some(left));
        }
    }

    /// A thread of the collector is done.
    pub(crate) fn collector_done(&mut self, heap: u32) {
        let state = &mut self.heaps[heap as usize];
        state.working -= 1;
        if state.working == 0 {
            self.end_collection(heap);
        }
    }

    /// The collection has ended: all that stood still continues.
    fn end_collection(&mut self, heap: u32) {
        let now = self.engine.now;
        let process = self.heaps[heap as usize].process;
        let standing = self.heaps[heap as usize].end(now);
        self.processes[process as usize].collected = false;
        let replica = self.processes[process as usize].replica;
        let host = self.replicas[replica as usize].host as usize;
        for Standing { token: t, left } in standing {
            match left {
                Some(left) => {
                    let work = Time(left.ceil() as u64);
                    self.replicas[host].cpu.start(&mut self.engine.calendar, now, t, work);
                    self.account_job(t, replica, work);
                }
                None => {
                    self.account_stood(t);
                    self.engine.tokens[t].state = State::Ready;
                    self.engine.ready.push(&mut self.engine.tokens, t);
                }
            }
        }
        self.account_collection(process);
        let state = &self.processes[process as usize];
        if state.runtime == Runtime::Threads && !state.frozen {
            self.release_threads(process);
        }
    }

    /// The process is killed: its collector stops.
    pub(crate) fn stop_collecting(&mut self, process: u32) {
        let now = self.engine.now;
        let heap = self.processes[process as usize].heap;
        let Some(state) = self.heaps.get(heap as usize) else { return };
        let host = self.replicas[self.processes[process as usize].replica as usize].host as usize;
        for _ in 0..state.working {
            self.replicas[host].cpu.cancel(&mut self.engine.calendar, now, COLLECTOR | heap);
        }
        self.processes[process as usize].collected = false;
    }
}
