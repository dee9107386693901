//! How much a sweep runs: replications, precision, selection of the best, limits.

use super::adjustments::Adjustments;
use super::design::{Exclusion, Plan, Precision, Zone};
use crate::language::tree::Tree;
use crate::language::{self, Experiment, Metric, Mistake, Mistakes, Run};
use crate::statistics::rare::{can_hide, runs_to_exclude};

/// Fewest replications of a point before the first look, where the trials so far decide how many more are needed.
pub(in crate::experiment) const FEWEST: u32 = 10;

/// Replications at most.
pub(in crate::experiment) const MOST_REPLICATIONS: u32 = 100_000;

/// Trials of a sweep at most.
const MOST_TRIALS: u64 = 10_000_000;

/// Most replications of a point where the trials decide how many are needed and the experiment gives no limit.
const DEFAULT_MOST: u32 = 1_000;

/// The figures that a precision is about, where the experiment does not say.
const DEFAULT_OF: [Metric; 3] = [Metric::ThroughputPerMin, Metric::SuccessRate, Metric::MeanS];

/// The precision that is asked for, if one is.
pub(super) fn precision(run: &Run) -> Option<Precision> {
    Some(Precision {
        half_width: run.precision?.0,
        of: run.precision_of.clone().unwrap_or_else(|| DEFAULT_OF.to_vec()),
        most: run.max_replications.unwrap_or(DEFAULT_MOST),
    })
}

/// The zone within which the best is selected, if it is to be.
pub(super) fn zone(run: &Run) -> Option<Zone> {
    Some(Zone { share: run.best_within?.0, most: run.max_replications.unwrap_or(DEFAULT_MOST) })
}

/// The losses of capacity to exclude, if any.
pub(super) fn exclusion(run: &Run) -> Option<Exclusion> {
    let share = run.exclude_loss?.0;
    let needed = runs_to_exclude(share);
    Some(Exclusion { share, most: run.max_replications.map_or(needed, |most| most.min(needed)) })
}

/// Where fewer replications are allowed than the exclusion needs: what they can exclude.
pub(super) fn too_few_to_exclude(tree: &Tree, plan: &Plan) -> Option<Mistake> {
    let Exclusion { share, most } = plan.exclude_loss?;
    let needed = runs_to_exclude(share);
    let written = tree.get("run")?.get("max_replications")?;
    let percent = |share: f64| format!("{} %", (share * 1e4).round() / 100.0);
    (most < needed).then(|| {
        let title = format!(
            "{most} replications exclude a loss of capacity in more than {} of runs, not in more than {}",
            percent(can_hide(most as usize)),
            percent(share)
        );
        let help = format!("that takes {needed} replications: raise `max_replications`, or remove it");
        written.place.mark_value(Mistake::new(title), "too few for `exclude_loss`").help(help)
    })
}

/// Checks that there is something to select the best of.
pub(super) fn rivals(tree: &Tree, plan: &Plan) -> Mistakes {
    let mut mistakes = Mistakes::default();
    let asked = tree.get("run").and_then(|run| run.get("best_within"));
    if let Some(asked) = asked
        && plan.places().iter().all(|points| points.len() < 2)
    {
        let title = match plan.variants.len() {
            1 => "`best_within` needs at least two variants",
            _ => "no place of the axes has two variants to choose the best from",
        };
        let mistake = asked.place.mark_value(Mistake::new(title), "would have no effect");
        mistakes.push(mistake.help("add another entry to `[[variants]]` that is run at the same places, or remove it"));
    }
    mistakes
}

/// Checks the experiment's own numbers.
pub(super) fn numbers(tree: &Tree, experiment: &Experiment, adjustments: &Adjustments, mistakes: &mut Mistakes) {
    let mut wrong = |key: &str, title: String, label: &str| {
        if let Some(value) = tree.get(key) {
            mistakes.push(value.place.mark_value(Mistake::new(title), label));
        }
    };
    let replications = experiment.replications;
    if adjustments.replications.is_none() && (replications == 0 || replications > MOST_REPLICATIONS) {
        wrong("replications", format!("`replications` is {replications}"), "must be between 1 and 100000");
    }
    let collapse_below = experiment.collapse_below;
    if !(0.0..=1.0).contains(&collapse_below) {
        wrong("collapse_below", format!("`collapse_below` is {collapse_below}"), "a success rate is between 0 and 1");
    }
    let run = tree.get("run");
    let mut wrong_run = |key: &str, title: String, label: &str, help: &str| {
        if let Some(value) = run.and_then(|run| run.get(key)) {
            mistakes.push(value.place.mark_value(Mistake::new(title), label).help(help));
        }
    };
    let (label, help) = ("would have no effect", "add `precision`, such as \"2%\", or remove it");
    if experiment.run.precision.is_none() {
        wrong_run("precision_of", "`precision_of` needs a `precision`".into(), label, help);
    }
    let bounds = &experiment.run;
    if bounds.precision.is_none() && bounds.best_within.is_none() && bounds.exclude_loss.is_none() {
        let title = "`max_replications` belongs to a `precision`, a `best_within` or an `exclude_loss`";
        wrong_run(
            "max_replications",
            title.into(),
            label,
            "add one of them, such as `precision = \"2%\"`, or remove it",
        );
    }
    if let Some(most) = experiment.run.max_replications
        && !(FEWEST..=MOST_REPLICATIONS).contains(&most)
    {
        let title = format!("`max_replications` is {most}");
        wrong_run(
            "max_replications",
            title,
            "must be between 10 and 100000",
            "the first look is after ten replications",
        );
    }
    if let Some(share) = experiment.run.exclude_loss
        && !(0.000_1..=0.5).contains(&share.0)
    {
        let title = format!("`exclude_loss` is {} %", share.0 * 100.0);
        wrong_run("exclude_loss", title, "must be between 0.01 % and 50 %", "1 % takes 299 replications of each point");
    }
    if experiment.run.precision_of.as_ref().is_some_and(Vec::is_empty) {
        let help = "name a figure, such as \"mean_s\", or leave it out";
        wrong_run("precision_of", "`precision_of` is empty".into(), "this list is empty", help);
    }
    let mut wrong = |key: &str, title: String, label: &str| {
        if let Some(value) = tree.get(key) {
            mistakes.push(value.place.mark_value(Mistake::new(title), label));
        }
    };
    if experiment.max_events == Some(0) {
        wrong("max_events", "`max_events` is 0".into(), "must be at least 1");
    }
    if experiment.max_wall_time == Some(language::Duration(0)) {
        wrong("max_wall_time", "`max_wall_time` is 0".into(), "must be above 0");
    }
}

/// Checks the number of trials.
pub(super) fn repetitions(replications: u32, most: u32, points: usize, place: Option<&Tree>) -> Mistakes {
    let mut mistakes = Mistakes::default();
    let mark = |mistake: Mistake, label: &str| match place {
        Some(tree) => tree.place.mark_key(mistake, label),
        None => mistake,
    };
    if replications == 0 || replications > MOST_REPLICATIONS {
        let title = format!("{replications} replications were requested");
        mistakes.push(Mistake::new(title).note("there must be between 1 and 100000"));
    }
    let trials = points as u64 * u64::from(most);
    if trials > MOST_TRIALS {
        let title = format!("the sweep has {trials} trials: {points} points, each repeated {replications} times");
        mistakes.push(mark(Mistake::new(title), "too many").note("a sweep has 10 million trials at most"));
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 299 replications exclude what 0.99^299 = 4.95 % of experiments would not show.
    #[test]
    fn a_bound_of_replications_is_one_of_the_search_for_losses() {
        let most = |text: &str| exclusion(&toml::from_str(text).unwrap()).map(|exclusion| exclusion.most);
        assert_eq!(most("exclude_loss = \"1%\""), Some(299));
        assert_eq!(most("exclude_loss = \"1%\"\nmax_replications = 50"), Some(50));
        assert_eq!(most("exclude_loss = \"1%\"\nmax_replications = 5000"), Some(299));
        assert_eq!(most("max_replications = 50"), None);
    }
}
