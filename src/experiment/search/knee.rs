//! The knee: for each variant, the last value of a dial at which the objectives are still met, by bisection with a
//! sequential test at each value. All variants advance together, so that all threads have work.

use super::bisection::{Bisection, RangeShape, Side};
use super::laboratory::{Demand, Laboratory};
use super::sequential::{Decision, Defect, FIRST_LOOK, Looks, Reading, Test, guess, verdict};
use crate::experiment::analyse::finding;
use crate::experiment::analyse::summary::{Doubt, Summary};
use crate::experiment::analyse::words;
use crate::experiment::plan::{KneeSearch, Plan, Study, is_load, success_bound};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::language::{Metric, Mistakes, Objective};
use crate::metric::MetricScope;
use crate::model::Load;

/// How far back the growth of the throughput is looked at, as a share of the value.
const BACK: f64 = 0.1;

/// What a search for the knee found.
#[derive(Debug)]
pub struct KneeAnswer {
    /// The plan of all points that were tried.
    pub plan: Plan,
    /// What was asked.
    pub knee: KneeSearch,
    /// By variant, in the order in which they were asked for.
    pub variants: Vec<VariantKnee>,
    /// Replications of the first look.
    pub replications: u32,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended the search.
    pub is_interrupted: bool,
}

/// How a variant's search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KneeOutcome {
    /// Between the last value that meets and the first that misses; one of them may lie outside of what can be told.
    Found,
    /// Every value of the range meets, as its far end shows.
    AllMeet,
    /// No value of the range meets, as its near end shows; or of a load that must reach a throughput, its far end, or two
    /// neighbours of which the one offers too little and the other asks too much.
    NoneMeets,
    /// The far end meets and the near end does not: the objectives are no such function of the value.
    Rises,
    /// An interrupt came first.
    Unfinished,
}

/// What was found of one variant.
#[derive(Clone, Debug)]
pub struct VariantKnee {
    /// Which variant.
    pub variant: usize,
    /// How the search ended.
    pub outcome: KneeOutcome,
    /// The last value that meets, with the stated confidence.
    pub meets: Option<f64>,
    /// The first value that misses, with the stated confidence.
    pub misses: Option<f64>,
    /// The knee: the last value whose estimates meet, among those tried from `meets` to before `misses`.
    pub estimate: Option<f64>,
    /// Whether those two are neighbours, so that nothing is left open between them.
    pub is_sharp: bool,
    /// The near end of the values that meet, where nearer ones miss: along a load with a target throughput.
    pub start: Option<Start>,
    /// What limits at the first value that misses.
    pub cause: Option<String>,
    /// Two values of which the farther is better, though the nearer does not meet, and the objective that shows it: the
    /// objectives are no steady function of the value, and what lies beyond the knee may meet again.
    pub unsteady: Option<(f64, f64, usize)>,
    /// All values that were tried, in ascending order.
    pub tried: Vec<Tried>,
    /// Trials that it took.
    pub trials: usize,
    /// Trials of a sweep over the same values, each with the replications of the experiment.
    pub grid_trials: u64,
}

/// The near end of the values that meet, inside the range: along a load, a throughput is reached only where that much is
/// offered, and the other objectives are met only where no more is offered than the system can do.
#[derive(Clone, Debug)]
pub struct Start {
    /// The last value that misses before those that meet, with the stated confidence.
    pub misses: f64,
    /// The first value that meets, with the stated confidence.
    pub meets: Option<f64>,
    /// Whether those two are neighbours, or, where none meets, the former and the first value that misses beyond.
    pub is_sharp: bool,
    /// What keeps the former from meeting.
    pub cause: Option<String>,
}

/// A value that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The value.
    pub value: f64,
    /// The value as text.
    pub text: String,
    /// The point of the plan.
    pub point: usize,
    /// Replications.
    pub replications: u32,
    /// Replications that lost capacity for good.
    pub damaged: usize,
    /// Whether some replications break down and others do not, though none lost capacity.
    pub is_split: bool,
    /// What rules it out, whatever its figures.
    pub defect: Option<Defect>,
    /// Why its figures do not show how good it is: a longer run may show that it does not meet the objectives.
    pub doubt: Option<Doubt>,
    /// What was decided; none where an interrupt came first.
    pub decision: Option<Decision>,
    /// The figures.
    pub readings: Vec<Reading>,
}

/// A value in the course of being decided.
#[derive(Clone, Debug)]
struct Candidate {
    position: u32,
    value: f64,
    point: usize,
    /// A smaller value's point, and its share of this value.
    before: Option<(usize, f64)>,
    look: usize,
    readings: Vec<Reading>,
    defect: Option<Defect>,
    decision: Option<Decision>,
}

impl Candidate {
    /// Takes note of how much the figures vary here.
    fn widen(&self, spreads: &mut [f64]) {
        for reading in &self.readings {
            if let Some(spread) = spreads.get_mut(reading.objective) {
                *spread = spread.max(reading.spread);
            }
        }
    }
}

/// A variant's search.
struct Search {
    variant: usize,
    bisection: Bisection,
    candidates: Vec<Candidate>,
}

/// Searches every variant of a study whose one dial is the knee's.
pub fn search(
    study: Study,
    knee: &KneeSearch,
    variants: &[usize],
    record: &Record,
    progress: &Progress,
) -> Result<KneeAnswer, Mistakes> {
    let last = knee.grid.cells();
    let of_sweep = study.plan().replications;
    let replications = knee.replications.unwrap_or(of_sweep.max(FIRST_LOOK));
    let looks = Looks::new(replications, knee.max_replications.max(replications));
    let replications = looks.replications(0).unwrap_or(replications);
    let boundaries = if is_floored(knee) { 2 } else { 1 };
    let test = Test::new(&knee.objectives, knee.slope, knee.confidence, Bisection::most(last, boundaries), &looks);
    let mut laboratory = Laboratory::new(study, record, progress);
    let mut searches: Vec<Search> = variants
        .iter()
        .map(|&variant| Search { variant, bisection: Bisection::new(last), candidates: Vec::new() })
        .collect();
    while !laboratory.is_interrupted() {
        let mut demands = Vec::new();
        for search in &mut searches {
            search.demand(knee, &looks, &mut laboratory, &mut demands)?;
        }
        if demands.is_empty() {
            break;
        }
        laboratory.run(&demands);
        for search in &mut searches {
            search.look(knee, &test, &looks, &laboratory);
        }
    }
    let found = searches.iter().map(|search| search.found(knee, of_sweep, &laboratory)).collect();
    Ok(KneeAnswer {
        variants: found,
        knee: knee.clone(),
        replications,
        doubts: laboratory.doubts(),
        is_interrupted: laboratory.is_interrupted(),
        plan: laboratory.into_plan(),
    })
}

/// The value at a position: where the smallest is looked for, the largest comes first.
pub(super) fn value(knee: &KneeSearch, position: u32) -> f64 {
    let steps = if knee.smallest { knee.grid.cells() - position } else { position };
    knee.grid.value(steps)
}

/// Whether a figure rises with the load, so that an objective may be missed because the load is too low.
pub fn is_floor(objective: &Objective) -> bool {
    let rises =
        matches!(objective.metric(), Metric::ThroughputPerMin | Metric::CompletedPerMin | Metric::CacheHitRatio);
    rises && objective.is_at_least()
}

/// Whether the search is along a load, and one of the objectives may be missed because the load is too low.
pub fn is_floored(knee: &KneeSearch) -> bool {
    is_load(&knee.dial.path) && knee.objectives.iter().any(is_floor)
}

/// On which side of the values that meet a decision puts its candidate.
fn side(knee: &KneeSearch, candidate: &Candidate, decision: Decision, laboratory: &Laboratory) -> Side {
    match decision {
        Decision::Meets => Side::Meets,
        Decision::TooClose => Side::TooClose,
        // Where the smallest is looked for, the load falls from one position to the next.
        Decision::Misses if is_floored(knee) && is_too_low(knee, candidate, laboratory) != knee.smallest => {
            Side::Before
        }
        Decision::Misses => Side::After,
    }
}

/// Whether the load is too low: nothing is missed but what a higher load may meet.
fn is_too_low(knee: &KneeSearch, candidate: &Candidate, laboratory: &Laboratory) -> bool {
    let Some(summary) = laboratory.summary(candidate.point, 0.0, &knee.objectives) else { return false };
    let load = &laboratory.plan().points[candidate.point].load;
    let may_rise = |reading: &Reading| match knee.objectives.get(reading.objective) {
        Some(objective) if objective.metric() == Metric::CacheHitRatio => is_floor(objective),
        Some(&objective) => summary.is_short_of_load(load, objective) || is_floor(&objective) && has_room(&summary),
        None => false,
    };
    let mut readings = candidate.readings.iter();
    candidate.defect.is_none()
        && readings.all(|reading| guess(&[*reading], &knee.objectives, knee.slope) || may_rise(reading))
}

/// Why a throughput is missed that the load offers: `20 % of the requests fail (`bad luck`)`. None where that is not so.
fn failing_share(summary: &Summary, load: &Load, knee: &KneeSearch) -> Option<String> {
    let is_missed = |objective: &&Objective| {
        let figure = summary.metric(objective.metric());
        figure.is_some_and(|figure| objective.is_missed_by(figure.estimate))
    };
    let mut missed = knee.objectives.iter().filter(is_missed);
    if !missed.all(|objective| is_floor(objective) && !summary.is_short_of_load(load, *objective)) {
        return None;
    }
    let most = summary.failures.iter().max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, count)| *count > 0.0)?;
    Some(format!("{} of the requests fail (`{}`)", words::percent(1.0 - summary.success_rate.estimate), most.0))
}

/// Whether a higher load would complete more: nothing is full, lost or piles up. A share of the requests may fail.
fn has_room(summary: &Summary) -> bool {
    let is_whole = summary.capacity.dead + summary.capacity.damaged == 0;
    is_whole && summary.growth.any().is_none() && summary.culprit.as_ref().is_none_or(|culprit| !culprit.is_full)
}

impl Search {
    /// What to run for what is undecided.
    fn demand(
        &mut self,
        knee: &KneeSearch,
        looks: &Looks,
        laboratory: &mut Laboratory,
        demands: &mut Vec<Demand>,
    ) -> Result<(), Mistakes> {
        for position in self.bisection.next() {
            let known = self.candidates.iter().position(|candidate| candidate.position == position);
            let index = match known {
                Some(index) => index,
                None => {
                    self.candidates.push(candidate(self.variant, position, knee, laboratory)?);
                    self.candidates.len() - 1
                }
            };
            let candidate = &self.candidates[index];
            let Some(replications) = looks.replications(candidate.look) else { continue };
            demands.push(Demand { point: candidate.point, replications });
            demands.extend(candidate.before.map(|(point, _)| Demand { point, replications }));
        }
        Ok(())
    }

    /// Looks at what was run.
    fn look(&mut self, knee: &KneeSearch, test: &Test, looks: &Looks, laboratory: &Laboratory) {
        self.candidates.sort_by_key(|candidate| candidate.position);
        let mut spreads = vec![0f64; test.objectives.len()];
        for candidate in &mut self.candidates {
            if candidate.decision.is_some() {
                candidate.widen(&mut spreads);
                continue;
            }
            let trials = laboratory.trials(candidate.point);
            let before = candidate.before.map(|(point, part)| (laboratory.trials(point), part));
            candidate.readings = test.read(trials, before, &spreads);
            candidate.widen(&mut spreads);
            // What was found elsewhere may have made this one idle; and what an interrupt cut short is no look.
            let is_due = looks.replications(candidate.look) == Some(laboratory.replications(candidate.point));
            if !is_due || laboratory.is_interrupted() {
                continue;
            }
            candidate.defect = Defect::of(trials, success_bound(&knee.objectives, laboratory.plan().collapse_below));
            candidate.decision = verdict(&candidate.readings, candidate.defect);
            candidate.look += 1;
            if candidate.decision.is_none() && looks.replications(candidate.look).is_none() {
                candidate.decision = Some(Decision::TooClose);
            }
            if let Some(decision) = candidate.decision {
                self.bisection.tell(candidate.position, side(knee, candidate, decision, laboratory));
            }
        }
    }

    fn found(&self, knee: &KneeSearch, of_sweep: u32, laboratory: &Laboratory) -> VariantKnee {
        let bisection = &self.bisection;
        let (meets, misses) = (bisection.last_that_meets(), bisection.first_that_misses());
        let outcome = match bisection.shape() {
            _ if !bisection.next().is_empty() => KneeOutcome::Unfinished,
            RangeShape::Falls if meets.is_none() && start_is_sharp(bisection) => KneeOutcome::NoneMeets,
            RangeShape::Falls => KneeOutcome::Found,
            RangeShape::AllMeet => KneeOutcome::AllMeet,
            RangeShape::NoneMeets => KneeOutcome::NoneMeets,
            RangeShape::Rises => KneeOutcome::Rises,
        };
        let is_between = |candidate: &&Candidate| {
            meets.is_none_or(|meets| candidate.position >= meets)
                && misses.is_none_or(|misses| candidate.position < misses)
                && (Some(candidate.position) == meets
                    || candidate.defect.is_none() && guess(&candidate.readings, &knee.objectives, knee.slope))
        };
        let best = self.candidates.iter().filter(is_between).map(|candidate| candidate.position).max();
        let at = |position: u32| self.candidates.iter().find(|candidate| candidate.position == position);
        let of_success = |it: &&Objective| it.metric() == Metric::SuccessRate && it.is_at_least();
        let success = knee.objectives.iter().filter(of_success).map(|objective| objective.bound()).fold(0.0, f64::max);
        let summary = |candidate: &Candidate| laboratory.summary(candidate.point, success, &knee.objectives);
        let cause_at = |position: u32| at(position).and_then(summary).map(|summary| finding::cause(&summary));
        let cause_below = |position: u32| {
            let (candidate, summary) = at(position).and_then(|it| Some((it, summary(it)?)))?;
            let load = &laboratory.plan().points[candidate.point].load;
            Some(failing_share(&summary, load, knee).unwrap_or_else(|| finding::cause(&summary)))
        };
        let start = bisection.last_before().map(|before| Start {
            misses: value(knee, before),
            meets: bisection.first_that_meets().map(|position| value(knee, position)),
            is_sharp: start_is_sharp(bisection),
            cause: cause_below(before),
        });
        let cause = misses.and_then(cause_at);
        let mut tried: Vec<Tried> = self
            .candidates
            .iter()
            .map(|candidate| Tried {
                value: candidate.value,
                text: knee.dial.text(candidate.value),
                point: candidate.point,
                replications: laboratory.replications(candidate.point),
                damaged: laboratory.trials(candidate.point).iter().filter(|trial| trial.is_damaged()).count(),
                is_split: summary(candidate).is_some_and(|summary| breaks_down(&summary)),
                defect: candidate.defect,
                doubt: laboratory.doubt(candidate.point),
                decision: candidate.decision,
                readings: candidate.readings.clone(),
            })
            .collect();
        tried.sort_by(|a, b| a.value.total_cmp(&b.value));
        let points = laboratory.plan().points.iter().enumerate();
        let own = points.filter(|(_, point)| point.variant == self.variant);
        VariantKnee {
            variant: self.variant,
            outcome,
            meets: meets.map(|position| value(knee, position)),
            misses: misses.map(|position| value(knee, position)),
            is_sharp: meets.zip(misses).is_some_and(|(meets, misses)| misses == meets + 1),
            estimate: best.map(|position| value(knee, position)),
            start,
            cause,
            unsteady: self.unsteady(knee),
            tried,
            trials: own.map(|(point, _)| laboratory.trials(point).len()).sum(),
            grid_trials: (u64::from(knee.grid.cells()) + 1) * u64::from(of_sweep),
        }
    }
}

/// Whether nothing is left open between the values before those that meet and these, or, if none meets, those beyond.
fn start_is_sharp(bisection: &Bisection) -> bool {
    let next = bisection.first_that_meets().or(bisection.first_that_misses());
    bisection.last_before().zip(next).is_some_and(|(before, next)| next == before + 1)
}

/// Success rates of a replication that has broken down at most, relative to one that has not, and of one that has not at least.
const BROKEN: f64 = 0.5;

/// Whether some replications break down and others do not, by their success rates, though none lost capacity.
fn breaks_down(summary: &Summary) -> bool {
    let rates = || summary.by_trial(&MetricScope::Whole, Metric::SuccessRate).into_iter().map(|(_, rate)| rate);
    let (least, most) = (rates().fold(1.0, f64::min), rates().fold(0.0, f64::max));
    summary.capacity.damaged == 0 && most >= BROKEN && least <= BROKEN * most
}

impl Search {
    /// The first value that does not meet for certain, and one beyond it that is better for certain.
    fn unsteady(&self, knee: &KneeSearch) -> Option<(f64, f64, usize)> {
        let mut candidates: Vec<&Candidate> = self.candidates.iter().collect();
        candidates.sort_by_key(|candidate| candidate.position);
        let is_better = |far: &Reading, near: &Reading| {
            let (Some(far_figure), Some(near_figure)) = (far.figure, near.figure) else { return false };
            match knee.objectives.get(far.objective) {
                Some(objective) if !objective.is_at_least() => far_figure.high < near_figure.low,
                _ => far_figure.low > near_figure.high,
            }
        };
        candidates.iter().enumerate().find_map(|(index, near)| {
            // What misses before those that meet is worse than these, or harms less: that shows nothing either.
            let is_before = self.bisection.first_that_meets().is_some_and(|first| near.position < first)
                && self.bisection.last_before().is_some();
            let is_doubtful = !is_before && near.decision.is_some_and(|decision| decision != Decision::Meets);
            let mut beyond = candidates[index + 1..].iter().filter(|_| is_doubtful);
            beyond.find_map(|far| {
                // Along a load, more of it improves floors and less of it everything else: that shows no second range.
                let improves = |reading: &Reading| {
                    let is_floor = knee.objectives.get(reading.objective).is_some_and(is_floor);
                    is_load(&knee.dial.path) && is_floor != knee.smallest
                };
                let mut pairs = far.readings.iter().zip(&near.readings);
                let shown = pairs.find(|(far, near)| !improves(far) && is_better(far, near));
                shown.map(|(reading, _)| (near.value, far.value, reading.objective))
            })
        })
    }
}

fn candidate(
    variant: usize,
    position: u32,
    knee: &KneeSearch,
    laboratory: &mut Laboratory,
) -> Result<Candidate, Mistakes> {
    let value = value(knee, position);
    let point = laboratory.point(variant, &[value])?;
    let smaller =
        if knee.dial.whole { (value - 1.0).min((value * (1.0 - BACK)).round()) } else { value * (1.0 - BACK) };
    let before = match knee.slope {
        Some(_) if smaller > 0.0 => Some((laboratory.point(variant, &[smaller])?, smaller / value)),
        _ => None,
    };
    Ok(Candidate { position, value, point, before, look: 0, readings: Vec::new(), defect: None, decision: None })
}
