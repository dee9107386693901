//! Waiting until a moment, to within a tenth of a millisecond: timers of tokio fire up to a millisecond late, which is as
//! much as a fast service takes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::oneshot;
use tokio::task::coop::consume_budget;

/// Who waits, the earliest first.
#[derive(Default)]
struct Alarms {
    heap: BinaryHeap<Reverse<Alarm>>,
    serial: u64,
    closed: bool,
}

struct Alarm {
    at: Instant,
    serial: u64,
    bell: oneshot::Sender<()>,
}

impl Alarm {
    fn key(&self) -> (Instant, u64) {
        (self.at, self.serial)
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[derive(Default)]
struct Shared {
    alarms: Mutex<Alarms>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Alarms> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that wakes tasks at their moments.
pub(super) struct Clock {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Clock {
    /// Starts the thread.
    pub fn start() -> std::io::Result<Self> {
        let shared = Arc::<Shared>::default();
        let seen = Arc::clone(&shared);
        let thread = thread::Builder::new().name("clock".into()).spawn(move || ring(&seen))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Waits until this moment; not at all where it is past. A task that is always late lets others run now and then, as
    /// tokio does in all that may wait.
    pub async fn until(&self, at: Instant) {
        if at <= Instant::now() {
            return consume_budget().await;
        }
        let (bell, rings) = oneshot::channel();
        {
            let mut alarms = self.shared.lock();
            alarms.serial += 1;
            let alarm = Alarm { at, serial: alarms.serial, bell };
            let is_first = alarms.heap.peek().is_none_or(|Reverse(first)| at < first.at);
            alarms.heap.push(Reverse(alarm));
            if is_first {
                self.shared.changed.notify_one();
            }
        }
        // A clock that has stopped waits for no one.
        let _ = rings.await;
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn ring(shared: &Shared) {
    let mut alarms = shared.lock();
    while !alarms.closed {
        let now = Instant::now();
        while alarms.heap.peek().is_some_and(|Reverse(first)| first.at <= now) {
            if let Some(Reverse(alarm)) = alarms.heap.pop() {
                // A task that no longer waits does not hear it.
                let _ = alarm.bell.send(());
            }
        }
        let next = alarms.heap.peek().map(|Reverse(first)| first.at.saturating_duration_since(now));
        alarms = match next {
            None => shared.changed.wait(alarms).unwrap_or_else(PoisonError::into_inner),
            Some(rest) => shared.changed.wait_timeout(alarms, rest).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::rc::Rc;

    use tokio::runtime::Builder;
    use tokio::task::{LocalSet, spawn_local, yield_now};

    #[test]
    fn a_task_that_is_always_late_lets_others_run() {
        const MOST: u32 = 1_000_000;
        let runtime = Builder::new_current_thread().build().unwrap();
        let (clock, turns, is_over) = (Clock::start().unwrap(), Rc::new(Cell::new(0)), Rc::new(Cell::new(false)));
        let (count, ends) = (Rc::clone(&turns), Rc::clone(&is_over));
        LocalSet::new().block_on(&runtime, async move {
            let late = spawn_local(async move {
                let past = Instant::now();
                while !ends.get() && count.get() < MOST {
                    clock.until(past).await;
                    count.set(count.get() + 1);
                }
            });
            yield_now().await;
            is_over.set(true);
            late.await.unwrap();
        });
        assert!(turns.get() < MOST);
    }
}
