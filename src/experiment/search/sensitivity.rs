//! Sensitivity: which of a model's uncertain numbers decide the answer, over the ranges that the model gives them.
//!
//! Three passes. Each number alone at both ends of its range (the tornado). A screening in which all move (Morris),
//! which also tells on which of them a verdict turns. For those that the screening finds to matter, the shares of the
//! variance that they make (Sobol). Every setting of the numbers meets the same requests.

use super::batch::Batch;
use crate::experiment::analyse::comparison::TIE;
use crate::experiment::analyse::summary::{Doubt, LEVEL, Summary};
use crate::experiment::analyse::trial::Trial;
use crate::experiment::analyse::verdict::{self, Verdict};
use crate::experiment::plan::success_objective;
use crate::experiment::plan::{Plan, Ranged, Workbench};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::kernel::random::{Stream, unit};
use crate::language::{Metric, Mistakes};
use crate::metric::MetricScope;
use crate::statistics::Interval;
use crate::statistics::sensitivity::{Design, InputEffect, Trajectory, morris, sobol, trajectory};

pub use crate::statistics::sensitivity::Share;

/// An effect below this share of the largest is small.
const SMALL: f64 = 0.1;

/// What becomes of the runs of some settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsure {
    /// Settings of the screening at which the point that is looked at may be overloaded, or its queues still fill.
    pub settings: usize,
    /// All of them.
    pub of: usize,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// The point of the plan that is looked at.
    pub point: usize,
    /// The figure that is looked at.
    pub metric: Metric,
    /// Paths of the screening.
    pub trajectories: u32,
    /// Rows of the design for the shares of variance.
    pub samples: u32,
    /// Whether the verdicts of the experiment are looked at too, which takes all of its points.
    pub verdicts: bool,
}

/// What was found.
#[derive(Debug)]
pub struct Sensitivity {
    /// The plan.
    pub plan: Plan,
    /// What was asked.
    pub question: Question,
    /// The uncertain numbers.
    pub parameters: Vec<Parameter>,
    /// The figure with all numbers as they are in the model.
    pub nominal: Option<Interval>,
    /// Paths that were finished.
    pub trajectories: usize,
    /// Rows that were finished.
    pub samples: usize,
    /// Settings of the numbers at which there was no figure.
    pub blanks: usize,
    /// A difference of the figure that does not matter, in the figure's unit: the experiment's `best_within`, or 2 % of
    /// the figure; of shares 2 points.
    pub indifference: f64,
    /// Why the point with all numbers as they are in the model does not show how good it is.
    pub doubt: Option<Doubt>,
    /// Settings at which the point is in doubt.
    pub unsure: Unsure,
    /// What became of each hypothesis.
    pub verdicts: Vec<Sway>,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended it early.
    pub is_interrupted: bool,
}

/// An uncertain number and what it does.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The number.
    pub ranged: Ranged,
    /// The figure where this alone is at the low end of its range: its paired difference from the nominal one.
    pub at_low: Option<Interval>,
    /// The same at the high end.
    pub at_high: Option<Interval>,
    /// Its effects in the screening.
    pub effect: Option<InputEffect>,
    /// Its shares of the variance, where it matters.
    pub share: Option<Share>,
    /// How its effect is beside the largest.
    pub weight: Weight,
}

/// How the effect of a number is beside the largest and beside a difference that does not matter, by the screening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// Not small, and above none for certain.
    Decides,
    /// Small for certain: even the upper end of its interval is small beside the largest effect, or does not matter. The
    /// assumed value does not change the result.
    Small,
    /// Small in the paths that there are, which are too few to be certain.
    Open,
}

impl Weight {
    /// That of an effect beside the largest, where less than `indifference` does not matter.
    fn of(effect: Option<Interval>, largest: f64, indifference: f64) -> Self {
        let least = indifference.max(SMALL * largest);
        match effect {
            // An effect that may be none decides nothing yet.
            Some(effect) if effect.low > 0.0 && effect.estimate >= least => Self::Decides,
            Some(effect) if effect.high <= least => Self::Small,
            _ => Self::Open,
        }
    }
}

/// A hypothesis, and the numbers on which its verdict turns.
#[derive(Clone, Debug)]
pub struct Sway {
    /// The claim, in quotation marks.
    pub claim: String,
    /// Whether the claim is a belief that is expected to be refuted: the verdict is on the refutation.
    pub refuted: bool,
    /// The verdict with all numbers as they are in the model.
    pub nominal: Verdict,
    /// Settings of the screening, and of each number alone, with each verdict: holds, fails, undecided.
    pub counts: [usize; 3],
    /// By parameter: how often moving it alone turned the verdict from one to the other, and how often it was moved
    /// between two settings with verdicts.
    pub turns: Vec<(usize, usize)>,
}

/// What one setting of the numbers gave.
#[derive(Clone, Debug, Default)]
struct Output {
    summary: Option<Summary>,
    verdicts: Vec<Verdict>,
}

struct Study<'a> {
    bench: &'a mut Workbench,
    parameters: Vec<Ranged>,
    question: Question,
    record: &'a Record,
    progress: &'a Progress,
    /// Points that were run: one after the other they are told by their number.
    points: usize,
    doubts: Vec<String>,
    is_interrupted: bool,
}

/// Looks at every number of the model that has a range.
pub fn analyse(
    bench: &mut Workbench,
    question: Question,
    record: &Record,
    progress: &Progress,
) -> Result<Sensitivity, Mistakes> {
    let ranges = bench.ranges();
    let count = ranges.len();
    let plan = bench.plan().clone();
    let mut stream = Stream::named(plan.seed, 0, "sensitivity", 0);
    let mut uniform = move || unit(stream.next_bits());
    let mut study = Study {
        bench,
        parameters: ranges.clone(),
        question,
        record,
        progress,
        points: 0,
        doubts: Vec::new(),
        is_interrupted: false,
    };
    let mut found = Sensitivity {
        parameters: ranges.into_iter().map(Parameter::new).collect(),
        nominal: None,
        trajectories: 0,
        samples: 0,
        blanks: 0,
        indifference: 0.0,
        doubt: None,
        unsure: Unsure::default(),
        verdicts: Vec::new(),
        doubts: Vec::new(),
        is_interrupted: false,
        question,
        plan,
    };
    // Each number alone.
    let values: Vec<f64> = study.parameters.iter().map(|ranged| ranged.value).collect();
    let mut alone = vec![values.clone()];
    for (index, ranged) in study.parameters.iter().enumerate() {
        for end in [ranged.low, ranged.high] {
            let mut values = values.clone();
            values[index] = end;
            alone.push(values);
        }
    }
    let outputs = study.run(&alone, question.verdicts)?;
    found.tell_alone(&outputs);
    // All of them.
    let paths: Vec<Trajectory> = (0..question.trajectories).map(|_| trajectory(count, &mut uniform)).collect();
    let mut screened: Vec<(&Trajectory, Vec<Output>)> = Vec::new();
    for path in paths.iter().filter(|_| count > 0) {
        let settings: Vec<Vec<f64>> = path.points.iter().map(|point| study.values(point)).collect();
        let outputs = study.run(&settings, question.verdicts)?;
        if study.is_interrupted {
            break;
        }
        screened.push((path, outputs));
    }
    found.tell_screened(&screened);
    // Those that matter.
    let chosen: Vec<usize> = (0..count).filter(|&index| found.parameters[index].weight == Weight::Decides).collect();
    let design = Design::new(question.samples as usize, chosen.len(), &mut uniform);
    let mut rows = Vec::new();
    for row in (0..question.samples as usize).filter(|_| !chosen.is_empty()) {
        let setting = |point: &Vec<f64>| {
            let mut values = values.clone();
            chosen.iter().zip(point).for_each(|(&index, &share)| values[index] = study.parameters[index].at(share));
            values
        };
        let settings: Vec<Vec<f64>> = design.row(row).iter().map(setting).collect();
        let outputs = study.run(&settings, false)?;
        if study.is_interrupted {
            break;
        }
        let figures: Vec<Option<f64>> = outputs.iter().map(|output| output.figure(question.metric)).collect();
        found.blanks += figures.iter().filter(|figure| figure.is_none()).count();
        rows.extend(figures.into_iter().collect::<Option<Vec<f64>>>());
    }
    found.samples = rows.len();
    for (&index, share) in chosen.iter().zip(sobol(&rows, LEVEL, &mut uniform).into_iter().flatten()) {
        found.parameters[index].share = Some(share);
    }
    found.doubts = study.doubts;
    found.is_interrupted = study.is_interrupted;
    Ok(found)
}

impl Parameter {
    fn new(ranged: Ranged) -> Self {
        Self { ranged, at_low: None, at_high: None, effect: None, share: None, weight: Weight::Open }
    }
}

impl Output {
    /// The figure; none where there was nothing to measure, or it never ended.
    fn figure(&self, metric: Metric) -> Option<f64> {
        self.summary.as_ref()?.metric(metric).map(|interval| interval.estimate).filter(|figure| figure.is_finite())
    }
}

impl Study<'_> {
    /// The numbers at a point of the unit cube.
    fn values(&self, point: &[f64]) -> Vec<f64> {
        self.parameters.iter().zip(point).map(|(ranged, &share)| ranged.at(share)).collect()
    }

    /// Runs some settings of the numbers, together on all threads: the point that is looked at, or all points.
    fn run(&mut self, settings: &[Vec<f64>], all: bool) -> Result<Vec<Output>, Mistakes> {
        if self.is_interrupted {
            return Ok(settings.iter().map(|_| Output::default()).collect());
        }
        let only = (!all).then_some(self.question.point);
        let mut plan = self.bench.plan().clone();
        plan.points.clear();
        for setting in settings {
            let values: Vec<(&Ranged, f64)> = self.parameters.iter().zip(setting.iter().copied()).collect();
            plan.points.extend(self.bench.points_under(&values, only)?);
        }
        let each = plan.points.len() / settings.len().max(1);
        let batch = Batch::run(&plan, 0..plan.points.len(), self.points, self.record, self.progress);
        self.points += plan.points.len();
        self.is_interrupted |= batch.is_interrupted;
        self.doubts.extend(batch.doubts);
        let trials = batch.trials;
        let whole = self.bench.plan();
        let success = success_objective(whole).bound();
        let output = |of_setting: &[Vec<Trial>]| {
            // Of a load only its kind counts here, which no number of it changes.
            let summary = |(index, trials): (usize, &Vec<Trial>)| {
                let point = only.unwrap_or(index);
                Summary::of_plan(whole, point, trials, success, &whole.objectives)
            };
            let summaries: Vec<Summary> = of_setting.iter().enumerate().filter_map(summary).collect();
            let verdicts = if all { verdict::judge(whole, &summaries) } else { Vec::new() };
            Output {
                verdicts: verdicts.into_iter().map(|judgement| judgement.verdict).collect(),
                summary: summaries.into_iter().find(|summary| summary.point == self.question.point),
            }
        };
        Ok(trials.chunks(each.max(1)).map(output).collect())
    }
}

impl Sensitivity {
    /// The tornado: the nominal setting, then both ends of each number.
    fn tell_alone(&mut self, outputs: &[Output]) {
        let metric = self.question.metric;
        let nominal = outputs.first().and_then(|output| output.summary.as_ref());
        self.nominal = nominal.and_then(|summary| summary.metric(metric));
        self.doubt = nominal.and_then(|summary| summary.doubt.clone());
        let share = self.plan.best_within.map_or(TIE, |zone| zone.share);
        let whole = if metric.is_rate() { 1.0 } else { self.nominal.map_or(0.0, |figure| figure.estimate.abs()) };
        self.indifference = share * whole;
        let difference = |output: Option<&Output>| {
            let (ours, theirs) = output?.summary.as_ref()?.paired(nominal?, &MetricScope::Whole, metric);
            Interval::paired_difference(&ours, &theirs, LEVEL)
        };
        for (index, parameter) in self.parameters.iter_mut().enumerate() {
            parameter.at_low = difference(outputs.get(1 + 2 * index));
            parameter.at_high = difference(outputs.get(2 + 2 * index));
        }
        let count = self.parameters.len();
        let verdicts = outputs.first().map(|output| output.verdicts.clone()).unwrap_or_default();
        self.verdicts = verdicts
            .into_iter()
            .zip(&self.plan.hypotheses)
            .map(|(nominal, hypothesis)| {
                let claim = format!("“{}”", hypothesis.claim);
                let refuted = hypothesis.refuted;
                Sway { claim, refuted, nominal, counts: [0; 3], turns: vec![(0, 0); count] }
            })
            .collect();
        for (index, sway) in self.verdicts.iter_mut().enumerate() {
            for (number, output) in outputs.iter().enumerate() {
                let Some(&seen) = output.verdicts.get(index) else { continue };
                sway.count(seen);
                if number > 0 {
                    sway.turn((number - 1) / 2, sway.nominal, seen);
                }
            }
        }
    }

    fn tell_screened(&mut self, screened: &[(&Trajectory, Vec<Output>)]) {
        self.trajectories = screened.len();
        let metric = self.question.metric;
        let figures: Vec<Vec<Option<f64>>> =
            screened.iter().map(|(_, outputs)| outputs.iter().map(|output| output.figure(metric)).collect()).collect();
        self.blanks += figures.iter().flatten().filter(|figure| figure.is_none()).count();
        let settings = || screened.iter().flat_map(|(_, outputs)| outputs);
        let is_unsure = |output: &&Output| output.summary.as_ref().is_some_and(Summary::needs_longer_run);
        self.unsure = Unsure { settings: settings().filter(is_unsure).count(), of: settings().count() };
        let paths: Vec<(&Trajectory, &[Option<f64>])> =
            screened.iter().zip(&figures).map(|((path, _), figures)| (*path, figures.as_slice())).collect();
        for (parameter, effect) in self.parameters.iter_mut().zip(morris(&paths, LEVEL)) {
            parameter.effect = effect;
        }
        let size = |parameter: &Parameter| parameter.effect.map_or(0.0, |effect| effect.size.estimate);
        let largest = self.parameters.iter().map(size).fold(0.0, f64::max);
        for parameter in &mut self.parameters {
            parameter.weight = Weight::of(parameter.effect.map(|effect| effect.size), largest, self.indifference);
        }
        for (index, sway) in self.verdicts.iter_mut().enumerate() {
            for (path, outputs) in screened {
                outputs.iter().filter_map(|output| output.verdicts.get(index)).for_each(|&seen| sway.count(seen));
                for (step, &moved) in path.moved.iter().enumerate() {
                    let verdict =
                        |step: usize| outputs.get(step).and_then(|output| output.verdicts.get(index)).copied();
                    if let (Some(before), Some(after)) = (verdict(step), verdict(step + 1)) {
                        sway.turn(moved, before, after);
                    }
                }
            }
        }
    }
}

impl Sway {
    fn count(&mut self, seen: Verdict) {
        self.counts[match seen {
            Verdict::Holds => 0,
            Verdict::Fails => 1,
            Verdict::Undecided => 2,
        }] += 1;
    }

    /// A number moved: did the verdict turn round?
    fn turn(&mut self, parameter: usize, before: Verdict, after: Verdict) {
        if before != Verdict::Undecided && after != Verdict::Undecided {
            self.turns[parameter].0 += usize::from(before != after);
            self.turns[parameter].1 += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_small_only_if_the_upper_end_of_its_effect_is() {
        let between =
            |low: f64, estimate: f64, high: f64| Weight::of(Some(Interval { estimate, low, high }), 100.0, 1.0);
        let weight = |estimate: f64, high: f64| between(0.0, estimate, high);
        assert_eq!(between(1.0, 10.0, 90.0), Weight::Decides);
        assert_eq!(weight(10.0, 90.0), Weight::Open, "it may be none");
        assert_eq!(weight(2.0, 9.0), Weight::Small);
        assert_eq!(weight(2.0, 11.0), Weight::Open);
        assert_eq!(weight(2.0, f64::INFINITY), Weight::Open);
        assert_eq!(Weight::of(None, 100.0, 1.0), Weight::Open);
        assert_eq!(Weight::of(Some(Interval::exact(0.0)), 0.0, 1.0), Weight::Small);
    }

    /// Of a throughput of 500/min, 2 % are 10/min: the largest of the effects, 0.15/min, is 0.03 % and decides nothing.
    #[test]
    fn the_largest_effect_decides_nothing_where_it_does_not_matter() {
        let weight = |estimate: f64, high: f64| Weight::of(Some(Interval { estimate, low: 0.0, high }), 0.15, 10.0);
        assert_eq!(weight(0.15, 0.3), Weight::Small);
        assert_eq!(weight(0.15, 12.0), Weight::Open);
        assert_eq!(Weight::of(Some(Interval::exact(10.0)), 10.0, 10.0), Weight::Decides);
    }
}
