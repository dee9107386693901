//! How a replica does: what keeps it down, and Kubernetes' delay before its next restart.

use crate::kernel::Time;

/// The first back-off that is not zero, and the longest.
const BACK_OFF: (Time, Time) = (Time(10_000_000_000), Time(300_000_000_000));
/// How long a container must have run for its back-off to begin anew.
const RESET_AFTER: Time = Time(600_000_000_000);

/// How a replica does.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Health {
    /// What keeps it down: a restart under way, faults.
    pub downs: u32,
    /// Whether its readiness probe succeeds.
    pub ready: bool,
    /// It is being removed, and the balancers know it.
    pub leaving: bool,
    /// It is being removed, and takes nothing new: it finishes what it has begun, or has ended.
    pub closed: bool,
    /// Stopped by a fault.
    pub frozen: bool,
    /// It is down, or about to be, because it needs more memory than it may have.
    pub out_of_memory: bool,
    /// How many times longer its work takes, by faults.
    pub slow: f64,
    /// Kubernetes' delay before the next restart.
    back_off: Time,
    /// When it last came up from a restart.
    pub raised: Time,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            downs: 0,
            ready: true,
            leaving: false,
            closed: false,
            frozen: false,
            out_of_memory: false,
            slow: 1.0,
            back_off: Time::ZERO,
            raised: Time::ZERO,
        }
    }
}

impl Health {
    /// A new replica takes the place: it has not restarted yet.
    pub fn forget_restarts(&mut self) {
        self.back_off = Time::ZERO;
        self.out_of_memory = false;
    }

    /// The delay before the restart that is due now.
    pub fn next_back_off(&mut self, now: Time) -> Time {
        if now - self.raised > RESET_AFTER {
            self.back_off = Time::ZERO;
        }
        let wait = self.back_off;
        self.back_off = if wait == Time::ZERO { BACK_OFF.0 } else { Time(wait.0 * 2).min(BACK_OFF.1) };
        wait
    }
}
