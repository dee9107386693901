//! What jobs on a CPU lose to others in their way, to slowness and to the want of quota, for accounts.

use super::Cpu;
use crate::kernel::Time;

impl Cpu {
    /// Keeps what jobs lose from now on, for accounts.
    pub fn keep_losses(&mut self) {
        self.keeps_losses = true;
        if self.slowdown > 0.0 || self.coherence > 0.0 || self.throttle.is_some() || self.speed != 1.0 {
            self.lost_by_job.get_or_insert_default();
        }
    }

    /// Advances to `now` and keeps what jobs lose.
    #[inline(never)]
    pub(super) fn advance_with_losses(&mut self, now: Time) {
        if self.updated == now {
            return self.run_until(now);
        }
        let throttled = |cpu: &Self| cpu.throttle.as_ref().map_or(0.0, |throttle| throttle.stood);
        let (since, before) = (self.updated, throttled(self));
        self.run_until(now);
        if !self.jobs.is_empty() {
            self.lose((now - since).0 as f64, throttled(self) - before);
        }
    }

    /// Adds to what jobs have lost by a stretch of time, for a part of which they stood for want of quota.
    fn lose(&mut self, elapsed: f64, stood: f64) {
        let more = self.losses(elapsed, stood);
        if let Some(lost) = &mut self.lost_by_job {
            lost.iter_mut().zip(more).for_each(|(lost, more)| *lost += more);
        }
    }

    /// What a job loses by a stretch of time.
    fn losses(&self, elapsed: f64, stood: f64) -> [f64; 4] {
        let n = self.jobs.len() as f64;
        let share = (self.cores / n).min(1.0);
        let alone = 1.0 / (1.0 + n * (self.slowdown + self.coherence * (n - 1.0)));
        let ran = elapsed - stood;
        // At full speed the same would have been done in this part of the time; of a CPU that is stopped, in none.
        let slowed = self.speed.min(1.0);
        [ran * slowed * share * (1.0 - alone), ran * (1.0 - slowed), stood, ran * share * alone * (self.speed - slowed)]
    }

    /// The work that is left of a token's job, and what each job has lost since the start of the run (see
    /// [`lost`](Self::lost)). Nothing changes, so that the run is the same whether an account asks or not. None where nothing
    /// is lost, or the token has no job.
    pub fn so_far(&self, now: Time, token: u32) -> Option<(f64, [f64; 4])> {
        let lost = self.lost_by_job.as_deref()?;
        let job = self.jobs.iter().find(|job| job.token == token)?;
        let elapsed = (now - self.updated).0 as f64;
        let mut throttle = self.throttle.as_deref().copied();
        let ran =
            throttle.as_mut().map_or(elapsed, |throttle| throttle.run(now, self.cores.min(self.jobs.len() as f64)));
        let done = if self.speed > 0.0 { ran * self.rate } else { 0.0 };
        let left = (job.finish - self.virtual_time - done).max(0.0);
        let more = self.losses(elapsed, elapsed - ran);
        Some((left, std::array::from_fn(|index| lost[index] + more[index])))
    }

    /// Nanoseconds that each job has lost since the start of the run: to others in its way, to slowness, to the want of
    /// quota; and nanoseconds of work that it was given beyond the time that it had a core for, because the machine is
    /// fast. None where nothing is lost or gained.
    pub fn lost(&mut self, now: Time) -> Option<[f64; 4]> {
        self.lost_by_job.as_ref()?;
        if self.updated != now {
            self.advance_with_losses(now);
        }
        self.lost_by_job.as_deref().copied()
    }
}
