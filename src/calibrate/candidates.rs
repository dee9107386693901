//! Load tests that could be run next, and runs of models under them.

use super::posterior::Posterior;
use crate::experiment::analyse::summary::by_trial;
use crate::experiment::analyse::trial::Trial;
use crate::experiment::analyse::words;
use crate::experiment::plan::{Plan, Point, Ranged, Workbench};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::experiment::search::batch::Batch;
use crate::kernel::random;
use crate::language::{Mistake, Mistakes};
use crate::metric::Metric;

/// Replications of each draw of parameters.
const OF_DRAWS: u32 = 3;

/// A model that may be the cause of what was measured.
#[derive(Debug)]
pub struct Rival {
    /// Its name: its file's, without extension.
    pub name: String,
    /// What it says, in a sentence.
    pub title: String,
    /// What its points are made from.
    pub bench: Workbench,
    /// Draws of its parameters, where they are not known.
    pub posterior: Option<Posterior>,
}

/// A load test that could be run: a variant at values of the axes.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The variant; empty where there is only one.
    pub variant: String,
    /// The values of the axes: `concurrency = 30`; empty without axes.
    pub at: String,
    /// Both, as a label.
    pub words: String,
    /// Both, in a sentence.
    pub quoted: String,
    /// The values of the axes, as options take them.
    pub values: Vec<(String, String)>,
    /// Whether the system is changed for it: another one than that of the first test.
    pub is_changed: bool,
    /// The index of its point in the plan of each rival.
    points: Vec<usize>,
}

#[cfg(test)]
impl Candidate {
    /// A test that no plan has.
    pub(super) fn alone(words: &str, is_changed: bool) -> Self {
        let [variant, words, quoted] = [words.to_owned(), words.to_owned(), words.to_owned()];
        Self { variant, at: String::new(), words, quoted, values: Vec::new(), is_changed, points: Vec::new() }
    }
}

/// The tests that all rivals have, in the order of the first one.
///
/// # Errors
/// If there is none.
pub fn candidates(rivals: &[Rival]) -> Result<Vec<Candidate>, Mistakes> {
    let Some(first) = rivals.first() else { return Ok(Vec::new()) };
    let plan = first.bench.plan();
    // A variant that is the only one has the name of its model.
    let key = |plan: &Plan, point: &Point| {
        let variant = Some(&plan.variants[point.variant]).filter(|_| plan.variants.len() > 1);
        (variant.cloned().unwrap_or_default(), plan.place(point))
    };
    let system = |point: &Point| format!("{:?}", point.system);
    let today: Vec<Option<String>> = rivals.iter().map(|rival| rival.bench.plan().points.first().map(system)).collect();
    let mut found = Vec::new();
    for (index, point) in plan.points.iter().enumerate() {
        let (variant, at) = key(plan, point);
        let same = |rival: &Rival| {
            let plan = rival.bench.plan();
            plan.points.iter().position(|other| key(plan, other) == (variant.clone(), at.clone()))
        };
        let Some(points) = rivals.iter().map(same).collect::<Option<Vec<usize>>>() else { continue };
        let values =
            plan.axes.iter().zip(&point.at).map(|(axis, &at)| (axis.name.clone(), axis.values[at].text.clone()));
        let is_new = |((rival, &point), today): ((&Rival, &usize), &Option<String>)| {
            rival.bench.plan().points.get(point).map(system) != *today
        };
        found.push(Candidate {
            words: words::place(plan, index),
            quoted: words::quoted_place(plan, index),
            values: values.collect(),
            is_changed: rivals.iter().zip(&points).zip(&today).any(is_new),
            variant,
            at,
            points,
        });
    }
    if found.is_empty() {
        return Err(Mistake::new("the hypotheses have no test in common: no variant at the same values of axes")
            .help("write an experiment with the tests as variants and axes, and name it with --tests")
            .into());
    }
    Ok(found)
}

/// What a test gave under a model.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// By metric, by draw of the parameters: the values of the replications that have one.
    pub figures: Vec<Vec<Vec<f64>>>,
    /// Replications of each draw.
    pub replications: u32,
    /// How long a run of it takes, in seconds: the mean.
    pub seconds: f64,
}

/// Runs tests under models.
pub struct Laboratory<'a> {
    record: &'a Record,
    progress: &'a Progress,
    /// Points that were run: by their numbers they are found in the record.
    points: usize,
    /// Trials that failed, violated a law or were ended by a limit.
    pub doubts: Vec<String>,
    /// Whether an interrupt left trials out.
    pub is_interrupted: bool,
}

impl<'a> Laboratory<'a> {
    /// No trial is run yet.
    pub fn new(record: &'a Record, progress: &'a Progress) -> Self {
        Self { record, progress, points: 0, doubts: Vec::new(), is_interrupted: false }
    }

    /// Runs these tests of a rival, by its number, with random numbers that no other rival and no other `round` has.
    ///
    /// # Errors
    /// Where the model would be mistaken with a draw of its parameters.
    pub fn run(
        &mut self,
        (number, rival): (usize, &mut Rival),
        tests: &[&Candidate],
        metrics: &[Metric],
        (round, replications): (u64, u32),
    ) -> Result<Vec<Observed>, Mistakes> {
        let wanted: Vec<usize> = tests.iter().map(|test| test.points[number]).collect();
        let mut plan = rival.bench.plan().clone();
        let (draws, replications) = match &rival.posterior {
            Some(posterior) => (posterior.draws.len(), OF_DRAWS.min(replications)),
            None => (1, replications),
        };
        plan.replications = replications;
        plan.seed = random::name(plan.seed, round, "discriminate: rival", number as u64);
        let mut points = Vec::new();
        match &rival.posterior {
            Some(posterior) => {
                for draw in &posterior.draws {
                    let values: Vec<(&Ranged, f64)> = posterior.parameters.iter().zip(draw.iter().copied()).collect();
                    for &point in &wanted {
                        points.extend(rival.bench.points_under(&values, Some(point))?);
                    }
                }
            }
            None => points.extend(wanted.iter().map(|&point| plan.points[point].clone())),
        }
        Ok(self.observe(plan, points, (wanted.len(), draws), metrics))
    }

    /// Runs points of a plan: all tests with the first draw of the parameters, then all with the next one.
    pub fn observe(
        &mut self,
        mut plan: Plan,
        points: Vec<Point>,
        (tests, draws): (usize, usize),
        metrics: &[Metric],
    ) -> Vec<Observed> {
        plan.points = points;
        let mut found = vec![
            Observed {
                figures: vec![vec![Vec::new(); draws]; metrics.len()],
                replications: plan.replications,
                seconds: 0.0
            };
            tests
        ];
        if self.is_interrupted {
            return found;
        }
        let batch = Batch::run(&plan, 0..plan.points.len(), self.points, self.record, self.progress);
        self.points += plan.points.len();
        self.is_interrupted |= batch.is_interrupted;
        self.doubts.extend(batch.doubts);
        for (index, trials) in batch.trials.iter().enumerate() {
            let (draw, test) = (index / tests, index % tests);
            let all: Vec<&Trial> = trials.iter().collect();
            for (metric, figures) in metrics.iter().zip(&mut found[test].figures) {
                let values = by_trial(&all, *metric).into_iter().map(|(_, value)| value);
                figures[draw] = values.filter(|value| value.is_finite()).collect();
            }
            let window = trials.iter().map(|trial| trial.window_s).sum::<f64>() / trials.len().max(1) as f64;
            found[test].seconds += (warm_up(&plan.points[index]) + window) / draws as f64;
        }
        found
    }
}

/// The time before the window of a load opens, in seconds.
fn warm_up(point: &Point) -> f64 {
    point.load.pattern.window().map_or(0.0, |(opens, _)| opens.seconds())
}
