//! What instrumented services would have counted, read at regular times as a monitoring system scrapes it.
//!
//! A meter hears what the tokens do from the branches that record traces (see [`crate::parts::trace`]), so a run without
//! one does not test for it. It counts where instrumented code counts: a handler begins with its first slice, not when its
//! request arrives, and it ends when it answers, whether or not its client still waits. The processes of a replica are one
//! target, summed as Prometheus' client for Python sums them in its multi-process mode.

use crate::kernel::Time;

use crate::engine::token::Failure;
use crate::parts::blame::log::Label;

/// Scrapes of a run, one after the other.
#[derive(Clone, Debug)]
pub struct Scrapes {
    /// Time between two of them.
    pub interval: Time,
    /// Upper bounds of the buckets of all histograms but the last, which is infinite.
    pub bounds: Vec<Time>,
    /// What is scraped: each replica of each service, by its service and its number there.
    pub targets: Vec<(u32, u32)>,
    /// From time 0 on.
    pub taken: Vec<Scrape>,
    /// When the load ended.
    pub end: Time,
    /// Whether there would have been more than [`MOST_SCRAPES`].
    pub is_cut: bool,
}

/// Scrapes of a run at most.
pub const MOST_SCRAPES: usize = 20_000;

/// What is read at one time.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// When.
    pub at: Time,
    /// What clients have seen.
    pub clients: ClientCount,
    /// By target; none where the scrape fails.
    pub readings: Vec<Option<Reading>>,
}

/// What clients have seen up to now. Each try counts.
#[derive(Clone, Debug)]
pub struct ClientCount {
    /// Answered with success.
    pub succeeded: u64,
    /// Answered with a failure.
    pub failed: u64,
    /// Given up by the client.
    pub given_up: u64,
    /// Time from sending to the end, of all of these.
    pub times: Buckets,
}

/// What a replica exports. Counters begin at zero when it starts anew.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Of each endpoint of its service.
    pub endpoints: Vec<EndpointReading>,
    /// Of each HTTP client of its service.
    pub calls: Vec<CallCount>,
    /// Of each connection pool of its service.
    pub pools: Vec<PoolReading>,
    /// CPU time that it has used; none where it has no CPU, or shares that of a machine.
    pub cpu_s: Option<f64>,
    /// Descriptors that are open, and those that may be; none where that is not limited.
    pub files: Option<(u32, u32)>,
}

/// What an endpoint counts, and the requests that its handlers work on.
#[derive(Clone, Debug)]
pub struct EndpointReading {
    /// Answered.
    pub answered: EndpointCount,
    /// Begun and not answered.
    pub in_flight: u32,
}

/// What an endpoint counts.
#[derive(Clone, Debug)]
pub struct EndpointCount {
    /// Answers with success.
    pub succeeded: u64,
    /// Answers with a failure.
    pub failed: u64,
    /// Time from the handler's first slice to its answer.
    pub times: Buckets,
}

/// What a client counts.
#[derive(Clone, Debug)]
pub struct CallCount {
    /// Calls that were sent, or failed before that.
    pub requests: u64,
    /// Those that failed.
    pub errors: u64,
    /// Time from sending to the answer or the failure.
    pub times: Buckets,
}

/// A connection pool, summed over processes.
#[derive(Clone, Copy, Debug, Default)]
pub struct PoolReading {
    /// Connections in use.
    pub in_use: u32,
    /// Requests that wait for one.
    pub waiting: u32,
    /// Connections at most.
    pub size: u32,
}

/// A histogram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buckets {
    /// Observations in each bucket, the infinite one included; not cumulative.
    pub counts: Vec<u64>,
    /// All observations together, in nanoseconds.
    pub sum: u128,
}

impl Buckets {
    fn new(bounds: &[Time]) -> Self {
        Self { counts: vec![0; bounds.len() + 1], sum: 0 }
    }

    /// A bucket holds what is at most its upper bound.
    fn observe(&mut self, bounds: &[Time], took: Time) {
        self.counts[bounds.partition_point(|&bound| bound < took)] += 1;
        self.sum += u128::from(took.0);
    }
}

/// The handler that a token runs.
#[derive(Clone, Copy, Debug)]
struct Job {
    born: Time,
    /// Nanoseconds that it waited before its handler began.
    waited: u64,
    has_begun: bool,
    has_answered: bool,
    /// When its present call was sent.
    sent: Option<Time>,
}

/// What a replica has counted.
#[derive(Clone, Debug)]
struct Counts {
    endpoints: Vec<EndpointCount>,
    calls: Vec<CallCount>,
}

impl Counts {
    fn new(bounds: &[Time], endpoints: usize, clients: usize) -> Self {
        let endpoint = EndpointCount { succeeded: 0, failed: 0, times: Buckets::new(bounds) };
        let call = CallCount { requests: 0, errors: 0, times: Buckets::new(bounds) };
        Self { endpoints: vec![endpoint; endpoints], calls: vec![call; clients] }
    }
}

/// A replica, and how much it has to count.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub service: u32,
    /// Its number within its service.
    pub number: u32,
    pub endpoints: usize,
    pub clients: usize,
}

/// Counts for scrapes.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    bounds: Vec<Time>,
    interval: Time,
    /// By place: whether a handler has not begun yet that waits there first.
    is_entry: Vec<bool>,
    /// Segments behind the last hold beyond which a log is compacted.
    pub most_segments: u32,
    /// By token.
    jobs: Vec<Job>,
    targets: Vec<Target>,
    /// By replica.
    counts: Vec<Counts>,
    /// By replica: core-nanoseconds used up to the last reset of its CPU's counter, since it started.
    cpu: Vec<f64>,
    clients: ClientCount,
    taken: Vec<Scrape>,
}

impl Meter {
    /// Of a run that begins. `is_entry`: by place, whether a handler that waits there first has not begun.
    pub fn new(
        interval: Time,
        bounds: Vec<Time>,
        targets: Vec<Target>,
        is_entry: Vec<bool>,
        most_segments: u32,
    ) -> Self {
        let counts = targets.iter().map(|target| Counts::new(&bounds, target.endpoints, target.clients)).collect();
        let clients = ClientCount { succeeded: 0, failed: 0, given_up: 0, times: Buckets::new(&bounds) };
        let cpu = vec![0.0; targets.len()];
        Self {
            bounds,
            interval,
            is_entry,
            most_segments,
            jobs: Vec::new(),
            targets,
            counts,
            cpu,
            clients,
            taken: Vec::new(),
        }
    }

    /// When the next scrape is due.
    pub fn next(&self) -> Time {
        if self.taken.len() >= MOST_SCRAPES {
            return Time::MAX;
        }
        Time(self.interval.0.saturating_mul(self.taken.len() as u64))
    }

    /// Time between two scrapes.
    pub fn interval(&self) -> Time {
        self.interval
    }

    /// A token begins.
    pub fn begin(&mut self, t: u32, now: Time) {
        let job = Job { born: now, waited: 0, has_begun: false, has_answered: false, sent: None };
        let index = t as usize;
        if index >= self.jobs.len() {
            self.jobs.resize(index + 1, job);
        }
        self.jobs[index] = job;
    }

    /// The token has spent `ns` nanoseconds on this.
    pub fn spent(&mut self, t: u32, label: Label, ns: u64) {
        let Some(job) = self.jobs.get_mut(t as usize).filter(|job| !job.has_begun) else { return };
        if label.is_served() || !self.is_entry.get(usize::from(label.place())).copied().unwrap_or(false) {
            job.has_begun = true;
        } else {
            job.waited += ns;
        }
    }

    /// The token has waited for another one.
    pub fn awaited(&mut self, t: u32) {
        if let Some(job) = self.jobs.get_mut(t as usize) {
            job.has_begun = true;
        }
    }

    /// Whether the handler of a token has spent time on something.
    pub fn has_begun(&self, t: u32) -> bool {
        self.jobs.get(t as usize).is_some_and(|job| job.has_begun)
    }

    /// Whether the handler of a token has answered, and works on.
    pub fn has_answered(&self, t: u32) -> bool {
        self.jobs.get(t as usize).is_some_and(|job| job.has_answered)
    }

    /// The handler of a token answers, in this replica, at endpoint number `endpoint` of its service.
    pub fn answered(&mut self, t: u32, now: Time, replica: u32, endpoint: usize, failure: Failure) {
        let Some(job) = self.jobs.get_mut(t as usize).filter(|job| !job.has_answered) else { return };
        job.has_answered = true;
        // What is refused before its handler begins, or dies with the process, no handler counts.
        if !job.has_begun && failure.is_some() && !failure.is_reply() || failure == Failure::THREADS_FULL {
            return;
        }
        let took = now.since(job.born + Time(job.waited));
        let Some(count) = self.counts[replica as usize].endpoints.get_mut(endpoint) else { return };
        *if failure.is_some() { &mut count.failed } else { &mut count.succeeded } += 1;
        count.times.observe(&self.bounds, took);
    }

    /// A token sends a request with client number `client` of its service.
    pub fn sent(&mut self, t: u32, now: Time, replica: u32, client: u32) {
        if let Some(job) = self.jobs.get_mut(t as usize) {
            job.sent = Some(now);
            self.counts[replica as usize].calls[client as usize].requests += 1;
        }
    }

    /// The call of a token has ended. One that fails before it was sent counts, too.
    pub fn call_ended(&mut self, t: u32, now: Time, replica: u32, client: u32, failure: Failure) {
        let Some(job) = self.jobs.get_mut(t as usize) else { return };
        let count = &mut self.counts[replica as usize].calls[client as usize];
        match job.sent.take() {
            Some(sent) => count.times.observe(&self.bounds, now.since(sent)),
            None if failure.is_some() => count.requests += 1,
            None => return,
        }
        count.errors += u64::from(failure.is_some());
    }

    /// A client sees the end of a try that it sent at this time.
    pub fn client_sees(&mut self, now: Time, sent: Time, failure: Failure) {
        let clients = &mut self.clients;
        let count = match failure {
            Failure::NONE => &mut clients.succeeded,
            Failure::GAVE_UP => &mut clients.given_up,
            _ => &mut clients.failed,
        };
        *count += 1;
        clients.times.observe(&self.bounds, now.since(sent));
    }

    /// The counter of a replica's CPU is about to be reset; its value is `used`.
    pub fn cpu_reset(&mut self, replica: u32, used: f64) {
        self.cpu[replica as usize] += used;
    }

    /// A replica was killed: it counts from zero when it starts anew. The value of its CPU's counter is `used`.
    pub fn killed(&mut self, replica: u32, used: f64) {
        let Target { endpoints, clients, .. } = self.targets[replica as usize];
        self.counts[replica as usize] = Counts::new(&self.bounds, endpoints, clients);
        self.cpu[replica as usize] = -used;
    }

    /// What a replica exports. `in_flight`: by endpoint of its service; `used`: the value of its CPU's counter, none where
    /// it has no CPU, or shares that of a machine.
    pub fn reading(
        &self,
        replica: u32,
        in_flight: &[u32],
        pools: Vec<PoolReading>,
        used: Option<f64>,
        files: Option<(u32, u32)>,
    ) -> Reading {
        let counts = &self.counts[replica as usize];
        let endpoints = counts.endpoints.iter().zip(in_flight);
        Reading {
            endpoints: endpoints
                .map(|(answered, &in_flight)| EndpointReading { answered: answered.clone(), in_flight })
                .collect(),
            calls: counts.calls.clone(),
            pools,
            cpu_s: used.map(|used| ((used + self.cpu[replica as usize]) / 1e9).max(0.0)),
            files,
        }
    }

    /// Scrapes, at the time that is due.
    pub fn scrape(&mut self, readings: Vec<Option<Reading>>) {
        let at = self.next();
        self.taken.push(Scrape { at, clients: self.clients.clone(), readings });
    }

    /// All scrapes, once the load has ended.
    pub fn finish(self, end: Time) -> Scrapes {
        let targets = self.targets.iter().map(|target| (target.service, target.number)).collect();
        let is_cut = self.taken.len() >= MOST_SCRAPES;
        Scrapes { is_cut, interval: self.interval, bounds: self.bounds, targets, taken: self.taken, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_its_upper_bound() {
        let bounds = [Time(10), Time(20)];
        let mut buckets = Buckets::new(&bounds);
        [0, 10, 11, 20, 21, 1000].into_iter().for_each(|took| buckets.observe(&bounds, Time(took)));
        assert_eq!(buckets, Buckets { counts: vec![2, 2, 2], sum: 1062 });
    }
}
