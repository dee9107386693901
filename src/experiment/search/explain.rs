//! What to relieve next: a ladder of capacities, each enlarged in runs of its own.
//!
//! The culprit of a point is a claim: enlarge this, and the figure improves. These runs test it. Each capacity of the model
//! that is in use is enlarged alone. More of the resource that is named as the limit is kept if it helps at least half as much
//! as the best, else the best; the same is repeated from there. Where none helps alone, pairs of those in use most are tried,
//! because an event loop that fills its core is relieved by neither more loops nor more cores alone; where no pair does, all
//! together, and then without each that is not needed. A capacity that makes
//! the figure worse, such as threads that contend for a core, is reduced as well. Every setting meets the same requests, so
//! that a change is a paired difference of replications.

use super::batch::Batch;
use crate::experiment::analyse::comparison::TIE;
use crate::experiment::analyse::summary::{LEVEL, Summary};
use crate::experiment::analyse::trial::Trial;
use crate::experiment::plan::{Lever, Plan, Point, Workbench, success_objective};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::language::{Metric, Mistakes};
use crate::metric::MetricScope;
use crate::statistics::Interval;

/// Utilisation from which a capacity is tried though nothing waits for it.
const IN_USE: f64 = 0.5;

/// Share of the largest improvement from which the resource that is named as the limit is preferred.
const MOSTLY: f64 = 0.5;

/// Capacities of which pairs are tried.
const PAIRED: usize = 4;

/// Success rate below which an open load is judged by its throughput, and not by its response time.
const SERVED: f64 = 0.98;

/// Runs of a setting at least: a paired difference takes two.
const FEWEST: u32 = 2;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The point of the plan to explain.
    pub point: usize,
    /// The figure that is to improve; none: the throughput, or the 95th percentile of the response time where an open load is
    /// served nearly completely; where work outlasts its answer, the same of what is completed.
    pub metric: Option<Metric>,
    /// What a capacity is multiplied with.
    pub factor: f64,
    /// Steps of the ladder at most.
    pub steps: u32,
}

/// What was found.
#[derive(Debug)]
pub struct Explanation {
    /// The plan. Its points are the settings that were run, the first as it is in the experiment.
    pub plan: Plan,
    /// What was asked.
    pub question: Question,
    /// The figure that is to improve.
    pub metric: Metric,
    /// The point as it is; none where no run gave figures.
    pub base: Option<Summary>,
    /// The capacities that the model has.
    pub levers: Vec<Lever>,
    /// What each capacity that is in use brings alone, the largest improvement first.
    pub alone: Vec<Resized>,
    /// The ladder.
    pub steps: Vec<Step>,
    /// Why it ends.
    pub end: LadderEnd,
    /// Trials that were run or found in the journal.
    pub trials: usize,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
}

/// Some capacities enlarged, or one reduced, and what it changes.
#[derive(Clone, Debug)]
pub struct Resized {
    /// The levers by their indices, each with its value before and after.
    pub levers: Vec<(usize, f64, f64)>,
    /// The paired difference of the figure from that before; none where one of the two has no figure.
    pub change: Option<Interval>,
    /// The same relative to that before; none of shares, and where that before is nothing.
    pub relative: Option<Interval>,
    /// All figures; none where no run gave any.
    pub summary: Option<Summary>,
}

/// A step of the ladder.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is enlarged, or reduced.
    pub resized: Resized,
    /// The resource that was named as the limit before.
    pub named: Option<String>,
    /// Whether it is that resource of which there is more.
    pub is_named: bool,
}

/// Why a ladder ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LadderEnd {
    /// No capacity improves the figure by more than what does not matter.
    NothingHelps,
    /// As many steps as were asked for.
    EnoughSteps,
    /// No capacity is in use, or the model limits none.
    NothingInUse,
    /// No run gave a figure.
    NoFigures,
    /// An interrupt.
    Interrupted,
}

/// Explains a point.
///
/// # Errors
/// Where the settings of the point cannot be applied.
pub fn explain(
    bench: &mut Workbench,
    question: Question,
    record: &Record,
    progress: &Progress,
) -> Result<Explanation, Mistakes> {
    let levers = bench.levers(question.point)?;
    let mut plan = bench.plan().clone();
    plan.replications = plan.replications.max(FEWEST);
    let first = plan.points[question.point].clone();
    plan.points.clear();
    let mut study =
        Study { bench, question, plan, record, progress, trials: 0, doubts: Vec::new(), is_interrupted: false };
    let base = study.run(vec![first]).pop().flatten();
    let is_closed = study.plan.points[0].load.pattern.is_closed();
    let is_late = base.as_ref().is_some_and(|base| !is_closed && is_served(base));
    let outlasts = base.as_ref().is_some_and(|base| base.outlasts);
    let rate = if outlasts { Metric::CompletedPerMin } else { Metric::ThroughputPerMin };
    let time = if outlasts { Metric::CompletionP95S } else { Metric::P95S };
    let metric = question.metric.unwrap_or(if is_late { time } else { rate });
    let mut alone = Vec::new();
    let mut steps: Vec<Step> = Vec::new();
    let mut here = base.clone();
    let end = loop {
        if study.is_interrupted {
            break LadderEnd::Interrupted;
        }
        let Some(now) = here.clone() else { break LadderEnd::NoFigures };
        if steps.len() as u32 == question.steps {
            break LadderEnd::EnoughSteps;
        }
        let candidates = in_use(&levers, &now);
        if candidates.is_empty() {
            break LadderEnd::NothingInUse;
        }
        let kept = steps.iter().flat_map(|step| &step.resized.levers).map(|&(lever, _, to)| (lever, to)).collect();
        let named = now.culprit.as_ref().and_then(|culprit| culprit.limit()).map(relieved);
        let rung = Rung { levers: &levers, kept, now: &now, named, metric };
        let singles = study.singles(&rung, &candidates);
        if steps.is_empty() {
            alone.clone_from(&singles);
        }
        let harmful = rung.harmful(&singles);
        let best = rung.choose(singles, &study.plan).or_else(|| {
            let pairs = study.pairs(&rung, candidates.clone());
            let rest = candidates.into_iter().filter(|lever| !harmful.contains(lever)).collect();
            rung.choose(pairs, &study.plan).or_else(|| study.together(&rung, rest))
        });
        if study.is_interrupted {
            break LadderEnd::Interrupted;
        }
        let Some(resized) = best else { break LadderEnd::NothingHelps };
        let is_named = named.is_some_and(|named| raises(&levers, &resized, named));
        here.clone_from(&resized.summary);
        steps.push(Step { is_named, named: named.map(str::to_owned), resized });
    };
    let gain = |one: &Resized| one.change.map_or(f64::NEG_INFINITY, |change| improvement(change, metric).estimate);
    alone.sort_by(|a, b| gain(b).total_cmp(&gain(a)));
    let Study { plan, trials, doubts, .. } = study;
    Ok(Explanation { plan, question, metric, base, levers, alone, steps, end, trials, doubts })
}

impl Explanation {
    /// A difference from a setting's figure that does not matter, in its unit: the experiment's `best_within`, or 2 % of the
    /// figure; of shares 2 points.
    pub fn indifference(&self, from: &Summary) -> f64 {
        indifference(&self.plan, from, self.metric)
    }

    /// Whether this raises the capacity of a resource that is named as the limit.
    pub fn raises(&self, resized: &Resized, limit: &str) -> bool {
        raises(&self.levers, resized, relieved(limit))
    }

    /// Whether the model has a number that enlarges a resource that is named as the limit.
    pub fn can_raise(&self, limit: &str) -> bool {
        self.levers.iter().any(|lever| lever.resource == relieved(limit))
    }

    /// A change as an improvement: above zero is better, whichever way the figure goes.
    pub fn improvement(&self, change: Interval) -> Interval {
        improvement(change, self.metric)
    }
}

fn improvement(change: Interval, metric: Metric) -> Interval {
    match metric.is_better_higher() {
        true => change,
        false => Interval { estimate: -change.estimate, low: -change.high, high: -change.low },
    }
}

fn indifference(plan: &Plan, summary: &Summary, metric: Metric) -> f64 {
    let share = plan.best_within.map_or(TIE, |zone| zone.share);
    let whole = summary.metric(metric).map_or(0.0, |figure| figure.estimate.abs());
    share * if metric.is_rate() { 1.0 } else { whole }
}

/// Whether nearly all that is sent is answered, so that a larger capacity shows in the response time alone.
fn is_served(base: &Summary) -> bool {
    let completed = base.metric(Metric::CompletionRate).filter(|_| base.outlasts);
    let is_complete = completed.is_none_or(|rate| rate.estimate >= SERVED);
    let time = if base.outlasts { base.metric(Metric::CompletionP95S) } else { base.p95_s };
    base.success_rate.estimate >= SERVED && is_complete && base.growth.any().is_none() && time.is_some()
}

/// The use of a lever's resource.
fn utilisation(lever: &Lever, summary: &Summary) -> f64 {
    summary.resources.iter().find(|one| one.name == lever.resource).map_or(0.0, |one| one.utilisation)
}

/// The levers of the resources that are named as the limit, waited for, refuse or are in use; one of several that set the
/// same number.
fn in_use(levers: &[Lever], summary: &Summary) -> Vec<usize> {
    let culprit = summary.culprit.as_ref();
    let is_used = |lever: &Lever| {
        let limit = culprit.and_then(|culprit| culprit.limit()).map(relieved);
        let named = limit.is_some_and(|limit| limit == lever.resource);
        let used = summary.resources.iter().find(|one| one.name == lever.resource);
        named || used.is_some_and(|one| one.utilisation >= IN_USE || one.refused > 0.0 || one.queue >= IN_USE)
    };
    let mut all: Vec<usize> = Vec::new();
    for (index, lever) in levers.iter().enumerate().filter(|(_, lever)| is_used(lever)) {
        if !all.iter().any(|&other| levers[other].dial.path == lever.dial.path) {
            all.push(index);
        }
    }
    all
}

/// The resource of which more relieves this limit: jobs that contend for a CPU want more of it.
fn relieved(limit: &str) -> &str {
    limit.strip_suffix(" contention").unwrap_or(limit)
}

/// Whether this raises the number that is the capacity of a resource; two resources may share one number.
fn raises(levers: &[Lever], resized: &Resized, resource: &str) -> bool {
    let is_its =
        |lever: usize| levers.iter().any(|one| one.resource == resource && one.dial.path == levers[lever].dial.path);
    resized.levers.iter().any(|&(lever, from, to)| to > from && is_its(lever))
}

/// The state before a step.
struct Rung<'a> {
    levers: &'a [Lever],
    /// What earlier steps have set; the last value of a lever counts.
    kept: Vec<(usize, f64)>,
    now: &'a Summary,
    /// The resource that is named as the limit.
    named: Option<&'a str>,
    metric: Metric,
}

impl Rung<'_> {
    /// The levers that make the figure worse when they are enlarged alone.
    fn harmful(&self, singles: &[Resized]) -> Vec<usize> {
        let enlarged = singles.iter().filter(|one| one.levers.iter().all(|(_, from, to)| to > from));
        let is_worse = |one: &&Resized| one.change.is_some_and(|change| improvement(change, self.metric).high < 0.0);
        enlarged.filter(is_worse).flat_map(|one| one.levers.iter().map(|&(lever, ..)| lever)).collect()
    }

    /// By how much a setting improves the figure, where that is significant and matters.
    fn gain(&self, one: &Resized, plan: &Plan) -> Option<f64> {
        let gain = improvement(one.change?, self.metric);
        let least = indifference(plan, self.now, self.metric);
        (gain.low > 0.0 && gain.estimate >= least).then_some(gain.estimate)
    }

    /// A capacity as it stands.
    fn value(&self, lever: usize) -> f64 {
        let kept = self.kept.iter().rev().find(|(known, _)| *known == lever);
        kept.map_or(self.levers[lever].now, |&(_, value)| value)
    }

    /// The setting to keep: that with more of the resource that is named, if it helps at least half as much as the best;
    /// else the best; none where no improvement is significant and matters.
    fn choose(&self, mut tried: Vec<Resized>, plan: &Plan) -> Option<Resized> {
        let helpful: Vec<(usize, f64)> =
            tried.iter().enumerate().filter_map(|(index, one)| Some((index, self.gain(one, plan)?))).collect();
        let best = helpful.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let of_named = helpful.iter().copied().filter(|&(index, gain)| {
            self.named.is_some_and(|named| raises(self.levers, &tried[index], named)) && gain >= MOSTLY * best.1
        });
        let (chosen, _) = of_named.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or(best);
        Some(tried.swap_remove(chosen))
    }
}

struct Study<'a> {
    bench: &'a mut Workbench,
    question: Question,
    plan: Plan,
    record: &'a Record,
    progress: &'a Progress,
    trials: usize,
    doubts: Vec<String>,
    is_interrupted: bool,
}

impl Study<'_> {
    /// Each of these capacities enlarged alone, and those that make the figure worse reduced as well.
    fn singles(&mut self, rung: &Rung, candidates: &[usize]) -> Vec<Resized> {
        let alone = |lever: &usize| vec![*lever];
        let mut tried = self.resize(rung, &candidates.iter().map(alone).collect::<Vec<_>>(), self.question.factor);
        let is_worse = |one: &&Resized| one.change.is_some_and(|change| improvement(change, rung.metric).high < 0.0);
        let worse: Vec<Vec<usize>> =
            tried.iter().filter(is_worse).map(|one| one.levers.iter().map(|&(lever, ..)| lever).collect()).collect();
        let reduced = self.resize(rung, &worse, 1.0 / self.question.factor);
        tried.extend(reduced);
        tried
    }

    /// Each pair of those that are used most enlarged together.
    fn pairs(&mut self, rung: &Rung, mut fullest: Vec<usize>) -> Vec<Resized> {
        let used = |lever: usize| utilisation(&rung.levers[lever], rung.now);
        fullest.sort_by(|&a, &b| used(b).total_cmp(&used(a)));
        fullest.truncate(PAIRED);
        let pairs =
            fullest.iter().enumerate().flat_map(|(index, &a)| fullest[index + 1..].iter().map(move |&b| vec![a, b]));
        self.resize(rung, &pairs.collect::<Vec<_>>(), self.question.factor)
    }

    /// All of these capacities enlarged, and if that helps, as few of them as it takes: one after the other is left out where
    /// the others help at least half as much as all. None where they do not help together, or are a pair that was tried.
    fn together(&mut self, rung: &Rung, mut group: Vec<usize>) -> Option<Resized> {
        if group.len() < 3 {
            return None;
        }
        let mut found = self.resize(rung, std::slice::from_ref(&group), self.question.factor).pop()?;
        let whole = rung.gain(&found, &self.plan)?;
        for lever in group.clone() {
            let others: Vec<usize> = group.iter().copied().filter(|&other| other != lever).collect();
            let rest = self.resize(rung, std::slice::from_ref(&others), self.question.factor).pop();
            let is_enough = |rest: &Resized| rung.gain(rest, &self.plan).is_some_and(|gain| gain >= MOSTLY * whole);
            if let Some(rest) = rest.filter(is_enough) {
                (found, group) = (rest, others);
            }
        }
        Some(found)
    }

    /// Runs the settings with each of these groups of levers multiplied, on top of those that are kept. What the model does
    /// not allow is left out.
    fn resize(&mut self, rung: &Rung, groups: &[Vec<usize>], factor: f64) -> Vec<Resized> {
        let mut settings = Vec::new();
        for group in groups {
            let resized = |&lever: &usize| {
                let from = rung.value(lever);
                Some((lever, from, rung.levers[lever].times(from, factor)?))
            };
            let Some(resized) = group.iter().map(resized).collect::<Option<Vec<_>>>() else { continue };
            let before = rung.kept.iter().copied().filter(|(lever, _)| !group.contains(lever));
            let after = resized.iter().map(|&(lever, _, to)| (lever, to));
            let set: Vec<(&Lever, f64)> = before.chain(after).map(|(lever, to)| (&rung.levers[lever], to)).collect();
            if let Ok(point) = self.bench.point_with(self.question.point, &set) {
                settings.push((resized, point));
            }
        }
        let (settled, points): (Vec<_>, Vec<Point>) = settings.into_iter().unzip();
        let summaries = self.run(points);
        let resized = |(levers, summary): (_, Option<Summary>)| {
            let pair = summary.as_ref().map(|summary| summary.paired(rung.now, &MetricScope::Whole, rung.metric));
            let change = pair.as_ref().and_then(|(after, before)| Interval::paired_difference(after, before, LEVEL));
            let is_of_rates = rung.metric.is_rate();
            let pair = pair.filter(|(_, before)| !is_of_rates && before.iter().sum::<f64>() > 0.0);
            let relative = pair.and_then(|(after, before)| Interval::relative_difference(&after, &before, LEVEL));
            Resized { levers, change, relative, summary }
        };
        settled.into_iter().zip(summaries).map(resized).collect()
    }

    /// Runs points, and adds them to the plan.
    fn run(&mut self, points: Vec<Point>) -> Vec<Option<Summary>> {
        let from = self.plan.points.len();
        self.plan.points.extend(points);
        let batch = Batch::run(&self.plan, from..self.plan.points.len(), from, self.record, self.progress);
        self.trials += batch.trials.iter().map(Vec::len).sum::<usize>();
        self.doubts.extend(batch.doubts);
        self.is_interrupted |= batch.is_interrupted;
        let (success, objectives) = (success_objective(&self.plan).bound(), &self.plan.objectives);
        let summary = |(index, trials): (usize, &Vec<Trial>)| {
            Summary::of_plan(&self.plan, from + index, trials, success, objectives)
        };
        batch.trials.iter().enumerate().map(summary).collect()
    }
}
