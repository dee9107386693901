//! What the words and marks of the column `condition` mean: a line for each that occurs.

use super::whole::Report;
use crate::experiment::analyse::condition::{Condition, PointState};
use crate::experiment::analyse::hidden::may_hide_collapse;
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

/// What the condition of a point that sheds load leaves open, if that [may hide a collapse](may_hide_collapse).
const HIDDEN: &str = "(or collapsed: a sweep over lower loads shows which)";

/// What a condition means for a required success rate `success`. The bound holds for the work behind the
/// answers as well where that `outlasts` them. `holds_clients`: whether clients
/// are held at the end of a window somewhere.
pub(super) fn meaning(condition: Condition, success: f64, outlasts: bool, holds_clients: bool) -> String {
    let below = match outlasts {
        true => format!("under {} end well", percent(success)),
        false => format!("success below {}", percent(success)),
    };
    match condition {
        Condition::Dead => "after the load ends, no worker of the target responds".into(),
        Condition::Damaged => "some workers, connections or threads are lost for good".into(),
        Condition::Unstable if holds_clients => "work piles up, or clients still wait at the end".into(),
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
        Doubt::NoRequests => "run longer than a request takes".into(),
        Doubt::Stopped(_) => "a limit stopped the runs first".into(),
        Doubt::LongWork => "no work behind the answers ended; run longer".into(),
        Doubt::StillRising => "more and more work is under way, and none waits".into(),
        Doubt::EndedEarly => "a limit ended runs before their window closed".into(),
        Doubt::MayBeOverloaded { .. } => {
            format!("a resource is ≥ {:.0} % in use; run longer", BRIM * 100.0)
        }
        Doubt::Filling => "a queue with a limit still fills; run longer".into(),
        Doubt::TooFewRuns { .. } => "an objective may be met or missed; run more".into(),
    }
}

/// What keeps some of these points from having a condition, once each.
fn doubts<'a>(report: &'a Report, points: &[usize]) -> Vec<&'a Doubt> {
    let mut found: Vec<&Doubt> = Vec::new();
    let without = points.iter().filter(|&&point| report.state(point).is_none());
    for doubt in without.filter_map(|&point| report.summary(point)?.doubt.as_ref()) {
        if !found.iter().any(|known| known.word() == doubt.word()) {
            found.push(doubt);
        }
    }
    found
}

/// The mark that stands in place of a condition: `?`, or `?2` where these points have several doubts.
pub(super) fn mark_of_doubt(report: &Report, points: &[usize], doubt: &Doubt) -> String {
    let all = doubts(report, points);
    match all.iter().position(|known| known.word() == doubt.word()) {
        Some(index) if all.len() > 1 => format!("?{}", index + 1),
        _ => "?".into(),
    }
}

/// A line for each condition of these points, and one for the number of runs that show it.
pub(super) fn legend(report: &Report, points: &[usize]) -> String {
    let success = success_objective(report.plan).bound();
    let outlasts = points.iter().any(|&point| report.summary(point).is_some_and(|summary| summary.outlasts));
    let is_held = |point: usize| report.summary(point).is_some_and(|summary| summary.growth.holds_clients(success));
    let holds_clients = points.iter().any(|&point| is_held(point));
    let states = || points.iter().filter_map(|&point| report.state(point)).filter(|state| !state.is_safe());
    let occurs = |condition: &Condition| states().any(|state| state.condition == *condition);
    let hides_collapse = |state: &PointState| {
        report.summary(state.point).is_some_and(|summary| may_hide_collapse(report.plan, summary, state))
    };
    let mut lines: Vec<(String, String)> = Vec::new();
    for condition in NAMED.into_iter().filter(occurs) {
        lines.push((condition.word().to_owned(), meaning(condition, success, outlasts, holds_clients)));
        if condition == Condition::Sheds && states().any(hides_collapse) {
            lines.push((String::new(), HIDDEN.to_owned()));
        }
    }
    lines.extend(doubts(report, points).into_iter().map(|doubt| {
        let mark = mark_of_doubt(report, points, doubt);
        (mark, format!("{}: {}", doubt.word(), meaning_of_doubt(doubt)))
    }));
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
    use crate::parts::Ending;

    /// The longest word is `overloaded`; beside a doubt it is the longest that there can be.
    #[test]
    fn each_meaning_fits_on_a_line() {
        for condition in NAMED {
            for [outlasts, holds_clients] in [[false, false], [false, true], [true, false]] {
                let line = meaning(condition, 0.999_9, outlasts, holds_clients);
                assert!("overloaded  ".len() + line.len() <= 80, "{line}");
            }
        }
        let busy = Doubt::MayBeOverloaded { resource: "a".into(), utilisation: 0.99, busiest: 0.99 };
        let stopped = Doubt::Stopped(Ending::TooManyEvents);
        let short = [Doubt::NoRequests, Doubt::LongWork, Doubt::StillRising, Doubt::EndedEarly, Doubt::Filling];
        for doubt in short.into_iter().chain([busy, stopped]) {
            let line = format!("{}: {}", doubt.word(), meaning_of_doubt(&doubt));
            assert!("overloaded  ".len() + line.len() <= 80, "{line}");
        }
    }
}
