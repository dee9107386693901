//! How much more load a point would bear: the search that answers it.

use super::Proposal;
use super::any_load::decides;
use super::command::Command;
use crate::experiment::analyse::summary::{Doubt, Summary};
use crate::experiment::analyse::words;
use crate::model::{RateUnit, Strength};
use crate::report::headroom::Headroom;
use crate::report::number::{exact, seconds};
use crate::report::whole::Report;

/// How far beyond the bound of the utilisation law a search looks.
const BEYOND: f64 = 1.2;

/// How many times the present load a search goes to at least and at most, and where nothing bounds it.
const LEAST: f64 = 1.5;
const MOST: f64 = 10.0;
const UNBOUNDED: f64 = 4.0;

/// Arrivals, and seconds, that a steady load in place of a profile lasts at least.
const ARRIVALS: f64 = 10_000.0;
const SECONDS: f64 = 60.0;

/// A search for the highest load, or why it would find none; nothing where an axis was swept.
pub(super) fn heavier(report: &Report) -> Option<Proposal> {
    let plan = report.plan;
    let summary = report.summaries.first().filter(|_| plan.axes.is_empty())?;
    let load = &plan.points[summary.point].load;
    let is_safe = report.is_safe(summary.point);
    if let Some(Doubt::NoRequests | Doubt::LongWork) = &summary.doubt {
        let (from, to) = load.pattern.window()?;
        let longer = exact(significant(to.since(from).seconds() * MOST));
        let command = Command::new("run", plan).with("--set", &format!("load.duration={longer}s"));
        return Some(Proposal::new(command, "runs ten times as long, so that what was sent can end"));
    }
    if let Some(why) = decides(report, summary) {
        return Some(Proposal::remark(why));
    }
    let headroom = Headroom::of(report, summary).filter(|headroom| headroom.cache.is_none());
    let ratio = headroom.as_ref().map_or(UNBOUNDED, |it| (BEYOND / it.utilisation).clamp(LEAST, MOST));
    let mut command = Command::new("knee", plan);
    // The search is about the point that was looked at, and not about the other variants.
    if plan.variants.len() > 1 {
        command = command.with("--variant", &plan.variants[plan.points[summary.point].variant]);
    }
    let (command, noun) = match &load.strength {
        Strength::Clients { path, count, users } => {
            let ends = ends(is_safe, f64::from(*count), UNBOUNDED).map(|end| end.ceil().max(1.0));
            let set = users.map(|users| (f64::from(users) / f64::from(*count) * ends[1]).ceil());
            let command = set.into_iter().fold(command, |it, users| it.with("--set", &format!("load.users={users}")));
            (range(command.with("--axis", path), ends.map(|end| end.to_string())), "number of clients")
        }
        Strength::Rate { path, per_second, unit } => {
            let most = headroom.as_ref().map_or(UNBOUNDED, |it| it.most_per_min / 60.0 * BEYOND / per_second);
            let ends = ends(is_safe, *per_second, most.clamp(LEAST, MOST));
            (range(command.with("--axis", path), ends.map(|end| rate(end, *unit))), "rate")
        }
        Strength::Stages { count } => {
            let ends = ends(is_safe, f64::from(*count), ratio).map(|end| end.ceil().max(1.0).to_string());
            let mut command =
                command.with("--set", &format!("load.stages=[{{ duration = \"0s\", target = {count} }}]"));
            if let Some((from, to)) = load.pattern.window() {
                command = command.with("--set", &format!("load.duration={}s", exact(to.since(from).seconds())));
            }
            (range(command.with("--axis", "load.stages[0].target"), ends), "steady number of clients")
        }
        Strength::Peak { per_second, unit } => {
            let bound = headroom.as_ref().map(|it| it.most_per_min / 60.0);
            // A short peak may be above the bound of the utilisation law. A steady rate may not, so the search is around that.
            let ends = match bound.filter(|bound| is_safe && bound <= per_second) {
                Some(bound) => [significant(bound / MOST), significant(bound * BEYOND)],
                None => {
                    let most = bound.map_or(UNBOUNDED, |bound| bound * BEYOND / per_second);
                    ends(is_safe, *per_second, most.clamp(LEAST, MOST))
                }
            };
            let profile = format!("load.profile=[{{ at = \"0s\", rate = \"{}\" }}]", rate(*per_second, *unit));
            let mut command = command.with("--set", &profile);
            // What is timed by the clock keeps its place.
            let is_free = load.disturbances.is_empty() && load.recovered_after.is_none();
            let window = load.pattern.window().map(|(from, to)| to.since(from).seconds());
            let enough = (ARRIVALS / per_second).max(SECONDS).ceil();
            if is_free && window.is_some_and(|window| window > enough) {
                command = command.with("--set", &format!("load.duration={enough}s"));
            }
            (range(command.with("--axis", "load.profile[0].rate"), ends.map(|end| rate(end, *unit))), "steady rate")
        }
        Strength::Factor { path, factor } => {
            let ends = ends(is_safe, *factor, ratio).map(exact);
            (range(command.with("--axis", path), ends), "factor of the rates")
        }
        Strength::Stretch { path, factor } => {
            let [low, high] = ends(is_safe, 1.0 / factor, ratio).map(|end| exact(significant(1.0 / end)));
            let command = range(command.with("--axis", path), [high, low]).flag("--smallest");
            (command, "factor of the times between arrivals")
        }
    };
    let superlative = if matches!(load.strength, Strength::Stretch { .. }) { "smallest" } else { "highest" };
    let (command, goal) = objectives(report, summary, is_safe, command);
    Some(Proposal::new(command, format!("finds the {superlative} {noun} {goal}")))
}

/// What the search asks for: the experiment's own objectives, or successes and response times.
fn objectives(report: &Report, summary: &Summary, is_safe: bool, command: Command) -> (Command, String) {
    let plan = report.plan;
    if !plan.objectives.is_empty() {
        return (command, "that meets the objectives".into());
    }
    let share = plan.collapse_below;
    let succeed = format!("at which {} of the requests succeed", words::percent(share));
    match summary.p95_s.filter(|p95| is_safe && p95.estimate > 0.0) {
        None => (command, succeed),
        Some(p95) => {
            let most = significant(2.0 * p95.estimate);
            let command = command
                .with("--objective", &format!("success_rate>={}", exact(share)))
                .with("--objective", &format!("p95_s<={}", exact(most)));
            (command, format!("{succeed} and p95 is at most {}, twice what it is here", seconds(most)))
        }
    }
}

/// Between which values the highest load is: from the present one up, or if that is not safe, up to it.
fn ends(is_safe: bool, present: f64, most: f64) -> [f64; 2] {
    if is_safe { [present, significant(present * most)] } else { [significant(present / MOST), present] }
}

fn range(command: Command, [from, to]: [String; 2]) -> Command {
    command.with("--from", &from).with("--to", &to)
}

/// A rate as it is written: `9/s`.
fn rate(per_second: f64, unit: RateUnit) -> String {
    format!("{}/{}", exact(per_second * unit.seconds()), unit.name())
}

/// The next number with two significant digits.
fn significant(value: f64) -> f64 {
    let step = libm::pow(10.0, libm::floor(libm::log10(value)) - 1.0);
    // 26.400000000000002 is 26.4, not 27 in steps of 0.1.
    let steps = (value / step - 1e-9).ceil();
    if step < 1.0 { steps / (1.0 / step).round() } else { steps * step }
}

#[cfg(test)]
mod tests {
    use super::{ends, significant};

    #[test]
    fn ends_have_two_digits() {
        assert_eq!([29.2, 0.0264, 9600.0, 1.0].map(significant), [30.0, 0.027, 9600.0, 1.0]);
        assert_eq!(ends(true, 0.8, 1.5), [0.8, 1.2]);
        assert_eq!(ends(false, 50.0, 4.0), [5.0, 50.0]);
    }
}
