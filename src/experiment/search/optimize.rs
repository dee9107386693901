//! The cheapest setting that meets its objectives.
//!
//! Settings form a lattice, and each has a known cost; what is not known is whether it meets the objectives. A setting
//! is decided by a sequential test (feasibility under stochastic constraints: Andradóttir & Kim,
//! Naval Research Logistics 57, 2010). What is tried next is what may exclude most: where it meets, all that cost as
//! much or more are out; where it misses, all that have no more of anything are out, if more never hurts. The smaller
//! of these two numbers is made as large as it can be: bisection, for several parameters at once (adaptive
//! partitioning, Hong & Nelson, Operations Research 54, 2006, has the same aim without a use of order).
//!
//! Where it may not be taken for granted that more never hurts, that is still the guess that leads to a setting that
//! meets; then every cheaper one is tried itself, the dearest first, until the trials run out, and what was not tried
//! is counted.

use super::laboratory::{Demand, Laboratory};
use super::sequential::{Decision, Defect, FIRST_LOOK, Looks, Reading, Test, verdict};
use crate::experiment::analyse::summary::Doubt;
use crate::experiment::plan::{Optimize, Plan, Study, success_bound};
use crate::experiment::run::record::Record;
use crate::experiment::run::runner::Progress;
use crate::language::Mistakes;

/// Settings among which the next one is chosen, spread evenly over those that are left.
const CANDIDATES: usize = 256;

/// What became of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was tried.
    Tried(Decision),
    /// It has no more of anything than one that surely misses.
    Implied,
    /// It costs no less than one that surely meets.
    Dearer,
    /// It was not tried.
    Open,
}

/// A setting that was tried.
#[derive(Clone, Debug)]
pub struct TriedSetting {
    /// For each parameter the index of its value.
    pub at: Vec<usize>,
    /// What it costs.
    pub cost: f64,
    /// What rules it out, whatever its figures.
    pub defect: Option<Defect>,
    /// Why its figures do not show how good it is.
    pub doubt: Option<Doubt>,
    /// What was decided; none where an interrupt came first.
    pub decision: Option<Decision>,
    /// Replications.
    pub replications: u32,
    /// The figures.
    pub readings: Vec<Reading>,
}

/// What was found.
#[derive(Debug)]
pub struct Cheapest {
    /// The plan of all points that were tried.
    pub plan: Plan,
    /// What was asked.
    pub asked: Optimize,
    /// The variant.
    pub variant: usize,
    /// The cheapest setting that surely meets; none where there is none.
    pub chosen: Option<TriedSetting>,
    /// All settings that were tried, the cheapest first.
    pub tried: Vec<TriedSetting>,
    /// Settings in all.
    pub settings: usize,
    /// Cheaper settings that surely miss by their own trials.
    pub missed: usize,
    /// Cheaper settings that were excluded without trials, since they have no more of anything than one that misses.
    pub implied: usize,
    /// Cheaper settings that are too close to tell, the cheapest first.
    pub undecided: Vec<TriedSetting>,
    /// Cheaper settings that were not tried.
    pub open: usize,
    /// Trials that it took.
    pub trials: usize,
    /// Replications of a first look.
    pub replications: u32,
    /// What casts doubt on the answer.
    pub doubts: Vec<String>,
    /// Whether an interrupt ended the search.
    pub is_interrupted: bool,
}

struct Search<'a> {
    asked: &'a Optimize,
    /// By setting, the cheapest first.
    lattice: Vec<Vec<usize>>,
    costs: Vec<f64>,
    fates: Vec<Fate>,
    /// The cheapest that meets.
    best: Option<usize>,
}

/// Searches a study whose dials are the parameters.
pub fn cheapest(
    study: Study,
    asked: &Optimize,
    variant: usize,
    first_look: Option<u32>,
    record: &Record,
    progress: &Progress,
) -> Result<Cheapest, Mistakes> {
    let replications = first_look.unwrap_or(study.plan().replications.max(FIRST_LOOK));
    let looks = Looks::new(replications, asked.max_replications.max(replications));
    let replications = looks.replications(0).unwrap_or(replications);
    let mut search = Search::new(asked);
    let test = Test::new(&asked.objectives, None, asked.confidence, search.lattice.len(), &looks);
    let success = success_bound(&asked.objectives, study.plan().collapse_below);
    let mut laboratory = Laboratory::new(study, record, progress);
    let mut tried: Vec<(usize, TriedSetting)> = Vec::new();
    while let Some(setting) = search.next() {
        if laboratory.count() as u64 >= asked.max_trials {
            break;
        }
        let at = search.lattice[setting].clone();
        let point = laboratory.point(variant, &asked.values(&at))?;
        let mut found = TriedSetting {
            cost: search.costs[setting],
            at,
            defect: None,
            doubt: None,
            decision: None,
            replications: 0,
            readings: Vec::new(),
        };
        for look in 0.. {
            let Some(replications) = looks.replications(look) else {
                found.decision = Some(Decision::TooClose);
                break;
            };
            laboratory.run(&[Demand { point, replications }]);
            found.readings = test.read(laboratory.trials(point), None, &[]);
            found.replications = laboratory.trials(point).len() as u32;
            if laboratory.is_interrupted() {
                break;
            }
            found.defect = Defect::of(laboratory.trials(point), success);
            found.decision = verdict(&found.readings, found.defect);
            if found.decision.is_some() {
                break;
            }
        }
        let decision = found.decision;
        found.doubt = laboratory.doubt(point);
        tried.push((setting, found));
        match decision {
            Some(decision) => search.tell(setting, decision),
            None => break,
        }
    }
    tried.sort_by_key(|(setting, _)| *setting);
    let of = |setting: usize| tried.iter().find(|(known, _)| *known == setting).map(|(_, found)| found.clone());
    let cheaper = search.best.unwrap_or(search.lattice.len());
    let is_cheaper = |setting: &usize| search.best.is_none_or(|best| search.costs[*setting] < search.costs[best]);
    let count = |fate: Fate| (0..cheaper).filter(is_cheaper).filter(|&setting| search.fates[setting] == fate).count();
    let undecided =
        (0..cheaper).filter(is_cheaper).filter(|&setting| search.fates[setting] == Fate::Tried(Decision::TooClose));
    Ok(Cheapest {
        chosen: search.best.and_then(of),
        settings: search.lattice.len(),
        missed: count(Fate::Tried(Decision::Misses)),
        implied: count(Fate::Implied),
        undecided: undecided.filter_map(of).collect(),
        open: count(Fate::Open),
        trials: laboratory.count(),
        tried: tried.iter().map(|(_, found)| found.clone()).collect(),
        asked: asked.clone(),
        variant,
        replications,
        doubts: laboratory.doubts(),
        is_interrupted: laboratory.is_interrupted(),
        plan: laboratory.into_plan(),
    })
}

impl<'a> Search<'a> {
    fn new(asked: &'a Optimize) -> Self {
        let mut lattice: Vec<Vec<usize>> = asked.parameters.iter().fold(vec![Vec::new()], |so_far, choice| {
            let longer = |start: &Vec<usize>| {
                let start = start.clone();
                (0..choice.values.len()).map(move |index| start.iter().copied().chain([index]).collect())
            };
            so_far.iter().flat_map(longer).collect()
        });
        lattice.sort_by(|a, b| asked.cost(a).total_cmp(&asked.cost(b)).then_with(|| a.cmp(b)));
        let costs = lattice.iter().map(|at| asked.cost(at)).collect();
        let fates = vec![Fate::Open; lattice.len()];
        Self { asked, lattice, costs, fates, best: None }
    }

    /// The setting to try next; none where all are decided.
    fn next(&self) -> Option<usize> {
        let end = self.best.unwrap_or(self.lattice.len());
        let left: Vec<usize> = (0..end).filter(|&setting| self.fates[setting] == Fate::Open).collect();
        if !self.asked.monotone && self.best.is_some() {
            // No setting tells of another: the most expensive first, which is the likeliest to meet the objectives.
            return left.last().copied();
        }
        let out = |setting: usize| matches!(self.fates[setting], Fate::Tried(Decision::Misses | Decision::TooClose));
        let out: Vec<usize> = (0..self.lattice.len()).filter(|&setting| out(setting)).collect();
        let is_out = |setting: usize| out.iter().any(|&other| self.is_below(setting, other));
        let guessed: Vec<usize> = left.iter().copied().filter(|&setting| !is_out(setting)).collect();
        // Where the guess leaves nothing, what it excluded is tried all the same.
        let left = if guessed.is_empty() { left } else { guessed };
        let stride = left.len().div_ceil(CANDIDATES).max(1);
        let gain = |index: usize| {
            let setting = left[index];
            let if_it_meets = left.len() - index;
            let if_it_misses = left.iter().filter(|&&other| self.is_below(other, setting)).count();
            (if_it_meets.min(if_it_misses), if_it_misses)
        };
        let candidates = (0..left.len()).step_by(stride).chain(left.len().checked_sub(1));
        candidates.max_by_key(|&index| gain(index)).map(|index| left[index])
    }

    /// Whether one setting has no more of anything than another.
    fn is_below(&self, setting: usize, other: usize) -> bool {
        self.lattice[setting].iter().zip(&self.lattice[other]).all(|(a, b)| a <= b)
    }

    /// Takes note of what was decided, and of what follows.
    fn tell(&mut self, setting: usize, decision: Decision) {
        self.fates[setting] = Fate::Tried(decision);
        match decision {
            Decision::Meets => {
                self.best = Some(self.best.map_or(setting, |best| best.min(setting)));
                let cost = self.costs[setting];
                for other in 0..self.lattice.len() {
                    if self.fates[other] == Fate::Open && self.costs[other] >= cost {
                        self.fates[other] = Fate::Dearer;
                    }
                }
            }
            Decision::Misses if self.asked.monotone => {
                for other in 0..self.lattice.len() {
                    if self.fates[other] == Fate::Open && self.is_below(other, setting) {
                        self.fates[other] = Fate::Implied;
                    }
                }
            }
            Decision::Misses | Decision::TooClose => {}
        }
    }
}
