//! Replicas that come and go. With autoscaling the number of a service's replicas follows its load, as with Kubernetes'
//! HorizontalPodAutoscaler and KEDA; deploys replace them by new ones (`rollout.rs`).
//!
//! The autoscaler learns of a replica by scrapes, one every `resolution`. CPU is the mean between two scrapes, as in
//! metrics-server (`pkg/storage/pod.go`: the last two points of a container; if it started between 10 s and a resolution ago,
//! the time since its start). In a cluster scrapes and decisions are not synchronised. Here each scrape falls in the middle
//! of a resolution, so that a decision finds values that are half a resolution old, which is the average in a cluster.

pub(crate) mod calculator;
pub(crate) mod rollout;
pub(crate) mod rules;

use crate::kernel::gauge::TimeWeighted;
use crate::kernel::{NONE, Time};
use crate::model::{AtSigterm, ScalingMetric, ScalingPlan};

use crate::parts::part::{Moment, Part};
use crate::parts::resource::ResourceKind;
use crate::parts::usage::Rows;
use calculator::Measured;
use rollout::Counts;
use rules::Memory;

/// How long a container must have run for metrics-server to take its start for a first point.
const FRESH: Time = Time(10_000_000_000);

/// The state of a place for a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// There is no replica.
    Absent,
    /// It was decided on; its processes do not run yet.
    Starting,
    /// Its processes run, or restart.
    Running,
    /// It is being removed: it gets nothing new, and finishes what it has begun within its grace period.
    Leaving,
}

/// CPU in use between two points in time.
#[derive(Clone, Copy, Debug)]
struct Sample {
    at: Time,
    window: Time,
    value: u64,
}

/// A place for a replica.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pod {
    pub stage: Stage,
    /// When it was decided on; none if it exists from the start of the run.
    since: Option<Time>,
    /// When its processes began to run; none if it exists from the start of the run.
    runs_since: Option<Time>,
    /// When it last began or stopped getting requests; none if that has not changed since the start of the run.
    pub turned: Option<Time>,
    /// The task that ends its start, or its grace period; [`NONE`] for none.
    pub task: u32,
    /// How many deploys of the service had begun when it was decided on.
    version: u32,
    /// The deploy that removes it, by its number in the service; [`NONE`] for none.
    pub removed_by: u32,
    /// What its processes do at SIGTERM.
    pub at_sigterm: AtSigterm,
    /// CPU that it had used when the counters were last reset, and when its processes began, in core-nanoseconds.
    carried: f64,
    base: f64,
    /// The last scrape, and what it had used by then.
    point: Option<(Time, f64)>,
    sample: Option<Sample>,
}

/// A decision of an autoscaler to add replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaled {
    /// The service.
    pub service: u32,
    /// When it was made.
    pub at: Time,
    /// Replicas before it.
    pub from: u32,
    /// Replicas that it wants.
    pub to: u32,
    /// When the new replicas began to get requests, those that have.
    pub ready: Vec<Time>,
}

/// Decisions of a scaler that are kept: the first ones.
const DECISIONS: usize = 64;

/// Starts and removes the replicas of a service.
#[derive(Clone, Debug)]
pub(crate) struct Scaler {
    pub service: u32,
    pub first_replica: u32,
    /// The number of replicas that it wants.
    pub desired: u32,
    pub memory: Memory,
    /// By replica of the service.
    pub pods: Vec<Pod>,
    /// Replicas that exist, those that start or are being removed included.
    pub existing: TimeWeighted,
    /// Changes of the desired number.
    pub changes: u64,
    /// Decisions to add replicas.
    pub scaled: Vec<Scaled>,
    /// When the queue was last longer than the threshold.
    pub active: Time,
    /// The deploy under way, by its number in the service; [`NONE`] for none.
    pub deploy: u32,
    /// When it began.
    pub began: Time,
    /// Replicas that it does not replace.
    kept: u32,
    /// How many deploys have begun.
    version: u32,
}

impl Pod {
    const ABSENT: Self = Self {
        stage: Stage::Absent,
        since: None,
        runs_since: None,
        turned: None,
        task: NONE,
        version: 0,
        removed_by: NONE,
        at_sigterm: AtSigterm::Drain,
        carried: 0.0,
        base: 0.0,
        point: None,
        sample: None,
    };

    /// A replica of this version begins here.
    pub fn begin(&mut self, now: Time, version: u32) {
        let carried = self.carried;
        *self = Self { stage: Stage::Starting, since: Some(now), version, carried, ..Self::ABSENT };
    }

    /// Its processes run; `used`: CPU that this place has used since the counters were reset.
    pub fn run(&mut self, now: Time, used: f64) {
        self.stage = Stage::Running;
        self.runs_since = Some(now);
        self.base = self.carried + used;
        self.task = NONE;
    }

    /// It is no longer there.
    pub fn end(&mut self) {
        let carried = self.carried;
        *self = Self { carried, ..Self::ABSENT };
    }

    /// The counters are about to be reset.
    pub fn carry(&mut self, used: f64) {
        self.carried += used;
    }

    /// It is scraped: what its CPU has used since the counters were reset; none while its processes do not run.
    pub fn scrape(&mut self, plan: &ScalingPlan, now: Time, used: Option<f64>) {
        let Some(used) = used else {
            (self.point, self.sample) = (None, None);
            return;
        };
        let used = self.carried + used;
        let fresh = self.runs_since.filter(|&start| {
            let age = now.since(start);
            age >= FRESH && age < plan.resolution
        });
        let before = fresh.map(|start| (start, self.base)).or(self.point);
        self.sample = before.map(|(from, then)| {
            let window = now.since(from);
            Sample { at: now, window, value: thousandths(used - then, window) }
        });
        self.point = Some((now, used));
    }

    /// A gauge of it is scraped.
    pub fn gauge(&mut self, now: Time, level: Option<u32>) {
        self.sample =
            level.map(|level| Sample { at: now, window: Time::ZERO, value: u64::from(level).saturating_mul(1000) });
    }

    /// What is known of it; none if it does not count. `is_ready`: it gets requests.
    pub fn measured(&self, plan: &ScalingPlan, now: Time, is_ready: bool) -> Option<Measured> {
        match self.stage {
            Stage::Absent | Stage::Leaving => return None,
            Stage::Starting => return Some(Measured::Ignored),
            Stage::Running => {}
        }
        let Some(sample) = self.sample else { return Some(Measured::Missing) };
        let counts = !matches!(plan.metric, ScalingMetric::Cpu { .. }) || self.counts(plan, now, is_ready, sample);
        Some(if counts { Measured::Value(sample.value) } else { Measured::Ignored })
    }

    /// Whether its CPU counts (`groupPods`). Within `cpu_initialization` of its start: if it is ready, and has been for a whole
    /// sample. Later: if it is ready, or stopped being ready more than `initial_readiness` after its start.
    fn counts(&self, plan: &ScalingPlan, now: Time, is_ready: bool, sample: Sample) -> bool {
        let Some(since) = self.since else { return true };
        if since + plan.cpu_initialization > now {
            is_ready && self.turned.is_none_or(|turned| sample.at >= turned + sample.window)
        } else {
            is_ready || self.turned.is_some_and(|turned| since + plan.initial_readiness <= turned)
        }
    }
}

/// The mean number of cores in use, in thousandths: metrics-server cuts to billionths, and the controller rounds those up
/// (`MilliValue`).
fn thousandths(used: f64, window: Time) -> u64 {
    let billionths = (used.max(0.0) * 1e9 / (window.0 as f64).max(1.0)) as u64;
    billionths.div_ceil(1_000_000)
}

impl Scaler {
    pub fn new(service: u32, first_replica: u32, initial: u32, places: u32) -> Self {
        let there = Pod { stage: Stage::Running, ..Pod::ABSENT };
        let pods = (0..places).map(|number| if number < initial { there } else { Pod::ABSENT });
        Self {
            service,
            first_replica,
            desired: initial,
            memory: Memory::default(),
            pods: pods.collect(),
            existing: TimeWeighted::of(initial),
            changes: 0,
            scaled: Vec::new(),
            active: Time::ZERO,
            deploy: NONE,
            began: Time::ZERO,
            kept: 0,
            version: 0,
        }
    }

    /// A deploy begins, by its number in the service: all replicas are old ones from now on. `replaced`: how many of them it
    /// replaces; none: all.
    pub fn begin_deploy(&mut self, deploy: u32, replaced: Option<u32>, now: Time) {
        (self.deploy, self.began) = (deploy, now);
        self.kept = replaced.map_or(0, |replaced| self.staying().saturating_sub(replaced));
        self.version += 1;
    }

    /// It wants another number of replicas from now on.
    pub fn want(&mut self, to: u32, now: Time) {
        let from = std::mem::replace(&mut self.desired, to);
        self.changes += 1;
        if to > from && self.scaled.len() < DECISIONS {
            self.scaled.push(Scaled { service: self.service, at: now, from, to, ready: Vec::new() });
        }
    }

    /// A replica gets requests from now on: one of those that the first decision without all of its replicas added.
    pub fn note_ready(&mut self, replica: u32, now: Time) {
        let Some(since) = self.pod(replica).since else { return };
        let adds = |one: &&mut Scaled| one.at <= since && one.ready.len() < (one.to - one.from) as usize;
        if let Some(decision) = self.scaled.iter_mut().find(adds) {
            decision.ready.push(now);
        }
    }

    /// A replica begins at this place, given by its number among all.
    pub fn begin(&mut self, replica: u32, now: Time) {
        let version = self.version;
        self.existing.up(now);
        self.pod_mut(replica).begin(now, version);
    }

    /// The replicas in the course of a deploy. `is_ready`: a replica, given by its number among all, gets requests; a new one
    /// is available when it has got them for `min_ready`.
    pub fn counts(&self, now: Time, min_ready: Time, is_ready: impl Fn(u32) -> bool) -> Counts {
        let mut counts = Counts { kept: self.kept, ..Counts::default() };
        for (replica, pod) in (self.first_replica..).zip(&self.pods) {
            let is_new = pod.version == self.version;
            match pod.stage {
                Stage::Absent => {}
                Stage::Leaving => counts.ending += u32::from(!is_new),
                Stage::Starting | Stage::Running => {
                    let is_ready = pod.stage == Stage::Running && is_ready(replica);
                    if is_new {
                        let since = pod.turned.unwrap_or_default();
                        counts.new += 1;
                        counts.new_available += u32::from(is_ready && since + min_ready <= now);
                    } else {
                        counts.old += 1;
                        counts.old_available += u32::from(is_ready);
                    }
                }
            }
        }
        counts
    }

    /// The place of a replica, which is given by its number among all.
    pub fn pod(&self, replica: u32) -> &Pod {
        &self.pods[(replica - self.first_replica) as usize]
    }

    pub fn pod_mut(&mut self, replica: u32) -> &mut Pod {
        &mut self.pods[(replica - self.first_replica) as usize]
    }

    /// The replicas, given by their numbers among all, that are in this stage.
    pub fn in_stage(&self, stage: Stage) -> impl Iterator<Item = u32> {
        (self.first_replica..).zip(&self.pods).filter(move |(_, pod)| pod.stage == stage).map(|(replica, _)| replica)
    }

    /// Replicas that are not being removed.
    pub fn staying(&self) -> u32 {
        let stays = |pod: &&Pod| matches!(pod.stage, Stage::Starting | Stage::Running);
        self.pods.iter().filter(stays).count() as u32
    }

    /// The replica to remove next among all: the latest of those that start; else one that gets no requests; else the one that
    /// has got them for the shortest time (Kubernetes, `ActivePodsWithRanks`, which also prefers replicas that share a node).
    pub fn next_to_leave(&self, is_ready: impl Fn(u32) -> bool) -> Option<u32> {
        self.next_of(is_ready, |_| true)
    }

    /// The same among the new replicas of a deploy, or among the old ones.
    pub fn next_of_version(&self, is_new: bool, is_ready: impl Fn(u32) -> bool) -> Option<u32> {
        self.next_of(is_ready, |pod| (pod.version == self.version) == is_new)
    }

    fn next_of(&self, is_ready: impl Fn(u32) -> bool, is_one: impl Fn(&Pod) -> bool) -> Option<u32> {
        let all = (self.first_replica..).zip(&self.pods).filter(|(_, pod)| is_one(pod));
        let stays = all.filter_map(|(replica, pod)| match pod.stage {
            Stage::Starting => Some((2, pod.since, replica)),
            Stage::Running => Some((u8::from(!is_ready(replica)), pod.turned.max(pod.since), replica)),
            Stage::Absent | Stage::Leaving => None,
        });
        stays.max().map(|(_, _, replica)| replica)
    }
}

impl Part for Scaler {
    fn reset(&mut self, now: Time) {
        self.existing.reset(now);
        self.changes = 0;
    }

    /// Replicas that exist, and how often their number was changed.
    fn usage(&self, Moment { system, now }: Moment, rows: &mut Rows) {
        let plan = &system.services[self.service as usize];
        let row = rows.of_service(self.service, ResourceKind::Replicas, 0, || format!("{} replicas", plan.name));
        row.gauge(&self.existing, now, Some(f64::from(plan.replicas)));
        row.use_.visits = self.changes;
    }

    fn laws(&mut self, Moment { system, .. }: Moment, broken: &mut Vec<String>) {
        let there = self.pods.iter().filter(|pod| pod.stage != Stage::Absent).count() as u32;
        let counted = self.existing.level();
        if there != counted {
            let name = &system.services[self.service as usize].name;
            broken.push(format!("{name} replicas: {there} exist, {counted} are counted"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ending, PolicySelect, ScalingRules};

    fn at(seconds: f64) -> Time {
        Time((seconds * 1e9) as u64)
    }

    fn plan() -> ScalingPlan {
        let rules = ScalingRules { stabilization: Time::ZERO, policies: Vec::new(), select: PolicySelect::Most };
        ScalingPlan {
            min: 1,
            max: 4,
            metric: ScalingMetric::Cpu { request: 1000, percent: 50.0 },
            tolerance: 0.1,
            sync_period: at(15.0),
            resolution: at(15.0),
            start: at(20.0),
            ending: Ending::within(at(30.0)),
            cpu_initialization: at(300.0),
            initial_readiness: at(30.0),
            up: rules.clone(),
            down: rules,
            to_zero: None,
        }
    }

    /// A replica that is decided for at 30 s, runs from `runs` on and is ready at `ready`.
    fn begun(runs: f64, ready: f64) -> Pod {
        let mut pod = Pod::ABSENT;
        pod.begin(at(30.0), 0);
        pod.run(at(runs), 0.0);
        pod.turned = Some(at(ready));
        pod
    }

    #[test]
    fn cpu_is_in_thousandths_of_a_core() {
        assert_eq!(thousandths(7.5e9, Time(15_000_000_000)), 500);
        assert_eq!(thousandths(7.500_000_1e9, Time(15_000_000_000)), 501);
        assert_eq!(thousandths(-1.0, Time(15_000_000_000)), 0);
    }

    /// One that has run for less than 10 s needs two scrapes, one that has run longer only one: its start is the other.
    #[test]
    fn a_fresh_replica_needs_ten_seconds_or_two_scrapes() {
        let mut late = begun(50.0, 50.0);
        late.scrape(&plan(), at(52.5), Some(2.5e9));
        assert_eq!(late.measured(&plan(), at(60.0), true), Some(Measured::Missing));
        late.scrape(&plan(), at(67.5), Some(10e9));
        assert_eq!(late.measured(&plan(), at(75.0), true), Some(Measured::Value(500)));
        let mut early = begun(42.0, 42.0);
        early.scrape(&plan(), at(52.5), Some(10.5e9));
        assert_eq!(early.measured(&plan(), at(60.0), true), Some(Measured::Value(1000)));
    }

    /// The sample must begin when the replica was ready already; it is not ready at all at first.
    #[test]
    fn cpu_counts_from_a_whole_sample_after_readiness() {
        let mut pod = begun(50.0, 55.0);
        pod.scrape(&plan(), at(52.5), Some(0.0));
        pod.scrape(&plan(), at(67.5), Some(15e9));
        assert_eq!(pod.measured(&plan(), at(75.0), false), Some(Measured::Ignored));
        assert_eq!(pod.measured(&plan(), at(75.0), true), Some(Measured::Ignored), "55 and 15 are 70");
        pod.scrape(&plan(), at(82.5), Some(30e9));
        assert_eq!(pod.measured(&plan(), at(90.0), true), Some(Measured::Value(1000)));
        // Five minutes after 30 s it counts, ready or not, if it has ever been ready for longer than 30 s.
        assert_eq!(pod.measured(&plan(), at(330.0), false), Some(Measured::Ignored), "it turned at 55 s");
        pod.turned = Some(at(200.0));
        assert_eq!(pod.measured(&plan(), at(330.0), false), Some(Measured::Value(1000)));
    }

    /// A restart loses what was scraped, and what the window's opening resets is kept.
    #[test]
    fn usage_survives_a_reset_and_not_a_restart() {
        let mut pod = Pod { stage: Stage::Running, ..Pod::ABSENT };
        pod.scrape(&plan(), at(7.5), Some(5e9));
        pod.carry(8e9);
        pod.scrape(&plan(), at(22.5), Some(4.5e9));
        assert_eq!(pod.measured(&plan(), at(30.0), true), Some(Measured::Value(500)), "8 + 4.5 - 5 in 15 s");
        pod.scrape(&plan(), at(37.5), None);
        assert_eq!(pod.measured(&plan(), at(45.0), true), Some(Measured::Missing));
    }

    /// Those that start go first, the latest of them; then one that is not ready; then the youngest.
    #[test]
    fn the_youngest_leaves_first() {
        let mut scaler = Scaler::new(0, 10, 3, 4);
        let ready = |replica: u32| replica != 10;
        assert_eq!(scaler.next_to_leave(|_| true), Some(12), "all are as old: the last one");
        assert_eq!(scaler.next_to_leave(ready), Some(10));
        scaler.pod_mut(11).turned = Some(at(5.0));
        assert_eq!(scaler.next_to_leave(|_| true), Some(11));
        scaler.begin(13, at(6.0));
        assert_eq!(scaler.next_to_leave(ready), Some(13));
    }
}
