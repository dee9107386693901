//! What the words of the column `condition` mean: a line for each that occurs.

use super::whole::Report;
use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::summary::{BRIM, Doubt};
use crate::experiment::analyse::words::percent;
use crate::experiment::plan::success_objective;

/// The conditions that a table names, the worst first.
const NAMED: [Condition; 8] = [
    Condition::Dead,
    Condition::Damaged,
    Condition::Unstable,
    Condition::Collapsed,
    Condition::Sheds,
    Condition::Overloaded,
    Condition::Failing,
    Condition::Slow,
];

/// What a condition means, where the success rate is to be at least `success`.
pub(super) fn meaning(condition: Condition, success: f64) -> String {
    let below = format!("success below {}", percent(success));
    match condition {
        Condition::Dead => "after the load ends, no worker of the target responds".into(),
        Condition::Damaged => "some workers, connections or threads are lost for good".into(),
        Condition::Unstable => "requests, retries or messages pile up without end".into(),
        Condition::Collapsed => format!("{below}, less throughput than at a lower load"),
        Condition::Sheds => format!("{below}, as requests are refused on purpose"),
        Condition::Overloaded => format!("{below} for want of a resource"),
        Condition::Failing => format!("{below}, but not for want of a resource"),
        Condition::Slow => "an objective other than the success rate is missed".into(),
        Condition::Healthy => "all objectives are met".into(),
    }
}

/// What it means that a point has no condition.
fn meaning_of_doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::NoRequests => "no request ended in the measuring window".into(),
        Doubt::LongWork => "no work behind the answers ended in the window; run longer".into(),
        Doubt::StillRising => "more and more work is under way, but none waits; run longer".into(),
        Doubt::EndedEarly => "a limit ended runs before their window closed".into(),
        Doubt::MayBeOverloaded { .. } => {
            format!("a resource is in use {:.0} % of the time or more; run longer", BRIM * 100.0)
        }
        Doubt::Filling => "a queue with a limit is still filling; run longer".into(),
        Doubt::TooFewRuns { .. } => "an objective may be met or missed; run more replications".into(),
    }
}

/// A line for each condition of these points, and one for the number of runs that show it.
pub(super) fn legend(report: &Report, points: &[usize]) -> String {
    let success = success_objective(report.plan).bound();
    let states = || points.iter().filter_map(|&point| report.state(point)).filter(|state| !state.is_safe());
    let occurs = |condition: &Condition| states().any(|state| state.condition == *condition);
    let mut lines: Vec<(String, String)> = NAMED
        .into_iter()
        .filter(occurs)
        .map(|condition| (condition.word().to_owned(), meaning(condition, success)))
        .collect();
    let without = points.iter().filter(|&&point| report.state(point).is_none());
    for doubt in without.filter_map(|&point| report.summary(point)?.doubt.as_ref()) {
        let line = (doubt.word().to_owned(), meaning_of_doubt(doubt));
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if let Some(state) = states().find(|state| !state.fraction().is_empty()) {
        lines.push((state.fraction(), format!("in {} of {} runs", state.runs, state.of)));
    }
    let wide = lines.iter().map(|(word, _)| word.chars().count()).max().unwrap_or(0);
    lines.into_iter().map(|(word, meaning)| format!("{word:<wide$}  {meaning}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::{NAMED, meaning, meaning_of_doubt};
    use crate::experiment::analyse::summary::Doubt;

    /// The longest word is `may be overloaded`.
    #[test]
    fn each_meaning_fits_on_a_line() {
        for condition in NAMED {
            let line = meaning(condition, 0.999_9);
            assert!("may be overloaded  ".len() + line.len() <= 80, "{line}");
        }
        let busy = Doubt::MayBeOverloaded { resource: "a".into(), utilisation: 0.99, busiest: 0.99 };
        for doubt in [Doubt::NoRequests, Doubt::LongWork, Doubt::StillRising, Doubt::EndedEarly, busy, Doubt::Filling] {
            assert!(doubt.word().len() <= "may be overloaded".len());
            let line = meaning_of_doubt(&doubt);
            assert!("may be overloaded  ".len() + line.len() <= 80, "{line}");
        }
    }
}
