//! Everything that a sweep found, which the writers beside this file put into words.

use super::number;
use crate::calibrate::propagation::Propagation;
use crate::experiment::account::{Account, TrialTally};
use crate::experiment::analyse::ablation::{self, Ablated};
use crate::experiment::analyse::comparison::{self, Comparison, Selection};
use crate::experiment::analyse::condition::{self, PointState};
use crate::experiment::analyse::effect::{self, Observation};
use crate::experiment::analyse::exact::{self, Check};
use crate::experiment::analyse::finding::{self, Finding};
use crate::experiment::analyse::summary::{self, Summary};
use crate::experiment::analyse::throughput;
use crate::experiment::analyse::verdict::{self, Judgement};
use crate::experiment::plan::WarmUp;
use crate::experiment::plan::{Exclusion, Plan};
use crate::experiment::run::dossier::Dossier;
use crate::experiment::run::runner::Trials;
use crate::experiment::search::lighter::Lighter;
use crate::model::RateUnit;

/// What the trials of a plan have shown: figures with 95 % intervals, conditions, comparisons and verdicts.
///
/// [`points`](Self::points) and [`find`](Self::find) give the figures, [`sentences`](Self::sentences) the
/// findings on each variant in words, [`hypotheses`](Self::hypotheses) the verdicts, and [`doubts`](Self::doubts) what speaks against
/// them.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report<'a> {
    /// What was asked.
    pub plan: &'a Plan,
    /// The unit of throughputs.
    #[doc(hidden)]
    pub rates: RateUnit,
    /// What was run.
    #[doc(hidden)]
    pub tally: TrialTally,
    /// Each point's figures, in the order of the plan.
    #[doc(hidden)]
    pub summaries: Vec<Summary>,
    /// The condition of each point that has figures.
    #[doc(hidden)]
    pub states: Vec<PointState>,
    /// What is said of each variant without being asked.
    #[doc(hidden)]
    pub findings: Vec<Finding>,
    /// The warm-ups that were found, with the points.
    #[doc(hidden)]
    pub warm_ups: Vec<(usize, &'a WarmUp)>,
    /// Every variant against the first one.
    #[doc(hidden)]
    pub comparisons: Vec<Comparison>,
    /// The best of more than two variants at each place.
    #[doc(hidden)]
    pub selections: Vec<Selection>,
    /// The figures that theory knows something about.
    #[doc(hidden)]
    pub checks: Vec<Check>,
    /// The effects of the changes in `[[effects]]`.
    #[doc(hidden)]
    pub effects: Vec<Observation>,
    /// Which of several changes brings what.
    #[doc(hidden)]
    pub ablations: Vec<Ablated>,
    /// What became of the hypotheses.
    #[doc(hidden)]
    pub judgements: Vec<Judgement>,
    /// The pilot at the lowest load of the search that would be proposed; none where none was run.
    #[doc(hidden)]
    pub lighter: Option<Lighter>,
    /// What draws of a posterior do to the points; none where none were asked for.
    #[doc(hidden)]
    pub uncertain: Option<Propagation>,
    /// The dossiers of some points that collapse; none where none were asked for.
    #[doc(hidden)]
    pub dossiers: Vec<Dossier>,
}

impl<'a> Report<'a> {
    /// Summarises and judges the trials of a plan.
    #[doc(hidden)]
    pub fn of(plan: &'a Plan, trials: Trials) -> Self {
        Self::on(plan, Account::of_trials(plan, trials))
    }

    /// Judges what the trials of a plan have come to.
    #[doc(hidden)]
    pub fn on(plan: &'a Plan, account: Account) -> Self {
        let Account { summaries, tally } = account;
        let states = condition::conditions(plan, &summaries);
        let findings = finding::findings(plan, &summaries, &states);
        let found = |summary: &Summary| Some((summary.point, plan.points[summary.point].warm_up.get()?));
        let warm_ups = summaries.iter().filter_map(found).collect();
        let comparisons = comparison::compare(plan, &summaries);
        let selections = comparison::select(plan, &summaries);
        let checks = exact::check(plan, &summaries);
        let effects = effect::observe(plan, &summaries);
        let ablations = ablation::observe(plan, &summaries);
        let judgements = verdict::judge(plan, &summaries);
        Self {
            plan,
            rates: throughput::unit(plan, &summaries),
            tally,
            summaries,
            states,
            findings,
            warm_ups,
            comparisons,
            selections,
            checks,
            effects,
            ablations,
            judgements,
            lighter: None,
            uncertain: None,
            dossiers: Vec::new(),
        }
    }

    /// Adds what draws of a posterior do: bands, and to each verdict the share of the draws in which the hypothesis holds.
    #[doc(hidden)]
    pub fn draw(&mut self, propagation: Propagation) {
        if propagation.is_interrupted {
            return;
        }
        for (judgement, share) in self.judgements.iter_mut().zip(&propagation.hypotheses) {
            judgement.evidence = format!("{}; {share}", judgement.evidence);
        }
        self.uncertain = Some(propagation);
    }

    /// The figures of a point; none where no trial of it gave any.
    #[doc(hidden)]
    pub fn summary(&self, point: usize) -> Option<&Summary> {
        summary::of_point(&self.summaries, point)
    }

    /// The condition of a point; none where no trial of it gave any figures.
    #[doc(hidden)]
    pub fn state(&self, point: usize) -> Option<&PointState> {
        condition::of(&self.states, point)
    }

    /// Whether a point is healthy.
    #[doc(hidden)]
    pub fn is_safe(&self, point: usize) -> bool {
        self.state(point).is_some_and(PointState::is_safe)
    }

    /// Whether an interrupt left trials out.
    pub fn is_partial(&self) -> bool {
        self.tally.skipped() > 0
    }

    /// How often each point was run: "5 runs a point", "10 to 80 runs a point until ±2 %", "... until the best is
    /// selected".
    pub fn effort(&self) -> String {
        let runs = |count: usize| if count == 1 { "1 run a point".into() } else { format!("{count} runs a point") };
        let precision = self.plan.precision.as_ref();
        let aims = precision.map(|precision| format!("±{} %", number::short(precision.half_width * 100.0)));
        let excluded = self.plan.exclude_loss.map(|Exclusion { share, .. }| {
            format!("a loss of capacity in more than {} % of runs is excluded", number::short(share * 100.0))
        });
        let aims: Vec<String> = aims
            .into_iter()
            .chain(self.plan.best_within.map(|_| "the best is selected".into()))
            .chain(excluded)
            .collect();
        if aims.is_empty() {
            return runs(self.plan.replications as usize);
        }
        let counts = || self.summaries.iter().map(|summary| summary.replications);
        let (fewest, most) = (counts().min().unwrap_or(0), counts().max().unwrap_or(0));
        let runs = if fewest == most { runs(fewest) } else { format!("{fewest} to {most} runs a point") };
        format!("{runs} until {}", aims.join(" and "))
    }

    /// Replications of a point: as many as the plan asks for, or where the results decide, the most that a point has.
    pub fn replications(&self) -> u32 {
        let most = self.summaries.iter().map(|summary| summary.run).max().filter(|_| self.plan.is_sequential());
        most.unwrap_or(self.plan.replications)
    }

    /// What theory says of a point; none where it knows nothing.
    #[doc(hidden)]
    pub fn check(&self, point: usize) -> Option<&Check> {
        self.checks.binary_search_by_key(&point, |check| check.point).ok().map(|index| &self.checks[index])
    }

    /// Whether a trial failed or violated a law, or a figure contradicts theory, so that no answer can be trusted.
    pub fn is_doubtful(&self) -> bool {
        self.tally.lacks_figures() || self.tally.violations > 0 || !self.checks.iter().all(Check::holds)
    }
}
