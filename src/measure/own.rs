//! What the measurement itself took, and whether that spoils its figures. The three limits below were chosen: no measurement
//! gives them.

use std::fs;
use std::time::Instant;

use super::cause::Cause;
use super::record::Row;

/// The share of time in use above which the thread that sends is called saturated.
const BUSY: f64 = 0.85;

/// The share of time that this thread may wait for a core.
const WAITED: f64 = 0.1;

/// The share of the mean response time that this program may add to it.
const ADDED: f64 = 0.05;

/// What a run took of this program.
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// CPU time of the whole program, in seconds; none where the system does not tell.
    pub cpu_s: Option<f64>,
    /// The share of the run in which the thread that sends used a core.
    pub busy: Option<f64>,
    /// The share of the run in which it was ready and had no core.
    pub waited: Option<f64>,
    /// How much later than due requests were sent, in seconds: mean, median, 99th percentile, most.
    pub late_mean_s: f64,
    /// See `late_mean_s`.
    pub late_p50_s: f64,
    /// See `late_mean_s`.
    pub late_p99_s: f64,
    /// See `late_mean_s`.
    pub late_max_s: f64,
    /// What spoils the figures.
    pub doubts: Vec<Doubt>,
}

/// A way in which this program, not the target, makes the figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// The thread that sends used a core for this share of the run.
    Busy(f64),
    /// It waited for a core for this share of the run.
    Waited(f64),
    /// Requests were sent this much late on average, in seconds, with this mean response time.
    Late(f64, f64),
    /// The number of requests that failed because this program had no descriptor left.
    Descriptors(u64),
    /// The number of requests that failed because this machine had no port left.
    Ports(u64),
}

/// CPU times at the start of a run.
pub(super) struct Meter {
    at: Instant,
    thread: Option<(f64, f64)>,
    program: Option<f64>,
}

impl Meter {
    /// Begins, on the thread that sends.
    pub fn start() -> Self {
        Self { at: Instant::now(), thread: of_thread(), program: of_program() }
    }

    /// What was taken so far. Threads that have ended are not counted.
    pub fn read(&self) -> Own {
        let length = self.at.elapsed().as_secs_f64().max(1e-9);
        let thread = self.thread.zip(of_thread());
        Own {
            cpu_s: self.program.zip(of_program()).map(|(before, now)| now - before),
            busy: thread.map(|(before, now)| (now.0 - before.0) / length),
            waited: thread.map(|(before, now)| (now.1 - before.1) / length),
            ..Own::default()
        }
    }
}

impl Own {
    /// The same with how late these requests were sent, and what spoils their figures.
    pub(super) fn with_rows(mut self, rows: &[Row]) -> Self {
        let mut late: Vec<f64> = rows.iter().map(Row::late).collect();
        late.sort_by(f64::total_cmp);
        let rank = |share: f64| {
            let place = (share * late.len() as f64).ceil() as usize;
            late.get(place.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        self.late_mean_s = mean(late.iter().copied());
        self.late_p50_s = rank(0.5);
        self.late_p99_s = rank(0.99);
        self.late_max_s = late.last().copied().unwrap_or(0.0);
        self.doubts = self.doubts(rows);
        self
    }

    fn doubts(&self, rows: &[Row]) -> Vec<Doubt> {
        let response = mean(rows.iter().filter(|row| row.failure().is_none()).map(Row::elapsed));
        let failed = |cause: Cause| rows.iter().filter(|row| row.cause == Some(cause)).count() as u64;
        let (descriptors, ports) = (failed(Cause::OwnDescriptors), failed(Cause::OwnPorts));
        [
            self.busy.filter(|busy| *busy > BUSY).map(Doubt::Busy),
            self.waited.filter(|waited| *waited > WAITED).map(Doubt::Waited),
            (self.late_mean_s > ADDED * response && response > 0.0).then_some(Doubt::Late(self.late_mean_s, response)),
            (descriptors > 0).then_some(Doubt::Descriptors(descriptors)),
            (ports > 0).then_some(Doubt::Ports(ports)),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0u64), |(sum, count), value| (sum + value, count + 1));
    if count > 0 { sum / count as f64 } else { 0.0 }
}

/// Time on a core and time ready without one of this thread, in seconds (Linux, Documentation/scheduler/sched-stats).
fn of_thread() -> Option<(f64, f64)> {
    times(&fs::read_to_string("/proc/thread-self/schedstat").ok()?)
}

/// Time on a core of all threads of this program, in seconds.
fn of_program() -> Option<f64> {
    let threads = fs::read_dir("/proc/self/task").ok()?;
    let texts = threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok());
    Some(texts.filter_map(|text| times(&text)).map(|(cpu, _)| cpu).sum())
}

fn times(text: &str) -> Option<(f64, f64)> {
    let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().map(|number| number / 1e9));
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Time;

    fn row(late_ms: u64, cause: Option<Cause>) -> Row {
        let end = Time(100_000_000);
        Row { start: Time(late_ms * 1_000_000), answer: Some((end, 200)), end, cause, ..Row::default() }
    }

    #[test]
    fn what_this_program_adds_is_said() {
        let of = |own: Own, rows: &[Row]| own.doubts(rows);
        let late = |mean| Own { late_mean_s: mean, ..Own::default() };
        assert_eq!(of(late(0.004), &[row(4, None)]), []);
        assert_eq!(of(late(0.006), &[row(6, None)]), [Doubt::Late(0.006, 0.1)]);
        let busy = Own { busy: Some(0.9), waited: Some(0.2), ..Own::default() };
        assert_eq!(of(busy, &[row(0, None)]), [Doubt::Busy(0.9), Doubt::Waited(0.2)]);
        let rows = [row(0, Some(Cause::OwnDescriptors)), row(0, Some(Cause::OwnPorts)), row(0, Some(Cause::OwnPorts))];
        assert_eq!(of(Own::default(), &rows), [Doubt::Descriptors(1), Doubt::Ports(2)]);
    }

    #[test]
    fn delays_have_percentiles() {
        let own = Own::default().with_rows(&(0..200).map(|late| row(late, None)).collect::<Vec<_>>());
        assert_eq!((own.late_p50_s, own.late_p99_s, own.late_max_s), (0.099, 0.197, 0.199));
    }
}
