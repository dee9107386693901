//! How much more load a point would bear: the search that answers it.

use super::Proposal;
use super::any_load::{deadlocked, decides, excludes};
use super::command::Command;
use crate::experiment::analyse::summary::{Doubt, Summary};
use crate::experiment::analyse::words;
use crate::experiment::plan::KneeWishes;
use crate::experiment::search::Decision;
use crate::experiment::search::lighter::LoadSearch;
use crate::language::{Metric, Objective};
use crate::model::{Pattern, RateUnit, Strength};
use crate::parts::Ending;
use crate::report::headroom::Headroom;
use crate::report::number::{exact, seconds};
use crate::report::paragraph::quoted;
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

/// The search for the highest load that a point would bear, before it is known whether it finds any. None where the present
/// load is the lowest of it and the point is known to bear that, or where something else comes first.
pub fn load_search(report: &Report) -> Option<LoadSearch> {
    let summary = searched(report)?;
    // A peak that a point bears for a while may be more than it bears all the time.
    let strength = &report.plan.points[summary.point].load.strength;
    let is_other = matches!(strength, Strength::Peak { .. } | Strength::Stages { .. });
    let is_open = report.state(summary.point).is_some_and(|state| !state.is_safe() || is_other);
    let is_stopped = matches!(summary.doubt, Some(Doubt::Stopped(_) | Doubt::EndedEarly));
    let comes_first =
        report.is_partial() || is_stopped || longer(report, summary).is_some() || excludes(report, summary).is_some();
    let find = || search(report, summary, report.is_safe(summary.point)).map(|(search, _)| search);
    (is_open && !comes_first).then(find).flatten()
}

/// A search for the highest load, or why it would find none; nothing where an axis was swept.
pub(super) fn heavier(report: &Report) -> Option<Proposal> {
    let plan = report.plan;
    let summary = searched(report)?;
    if let Some(longer) = longer(report, summary) {
        return Some(longer);
    }
    if let Some(Doubt::Stopped(ending)) = summary.doubt {
        return not_stopped(ending).map(|what| Proposal::remark(what.into()));
    }
    if summary.doubt == Some(Doubt::EndedEarly) {
        let what =
            "shorten `load.duration`, or raise `max_events` or `max_wall_time`: a limit ended replications early";
        return Some(Proposal::remark(what.into()));
    }
    if let Some(why) = excludes(report, summary).or_else(|| decides(report, summary)) {
        let of = match plan.variants.len() {
            1 => String::new(),
            _ => format!("{}: ", quoted(&plan.variants[plan.points[summary.point].variant])),
        };
        return Some(Proposal::remark(of + &why));
    }
    // Of a peak that is too much as a steady load, the highest load lies below.
    let misses = report.lighter.as_ref().is_some_and(|it| it.decision == Some(Decision::Misses));
    let (search, noun) = search(report, summary, report.is_safe(summary.point) && !misses)?;
    let wishes = &search.wishes;
    // A single client has no lower load.
    if wishes.from == wishes.to {
        return None;
    }
    let mut command = Command::without("knee", plan, |path| search.replaces(path));
    // The search is about the point that was looked at, and not about the other variants.
    if plan.variants.len() > 1 {
        command = command.with("--variant", &plan.variants[search.variant]);
    }
    command = search.set.iter().fold(command, |it, (path, value)| it.with("--set", &format!("{path}={value}")));
    for (option, value) in [("--axis", &wishes.axis), ("--from", &wishes.from), ("--to", &wishes.to)] {
        command = value.iter().fold(command, |it, value| it.with(option, value));
    }
    let superlative = if wishes.smallest { "smallest" } else { "highest" };
    let command = if wishes.smallest { command.flag("--smallest") } else { command };
    let (objectives, goal) = objectives(report, summary);
    let command = objectives.iter().fold(command, |it, objective| {
        let sign = if objective.is_at_least() { ">=" } else { "<=" };
        it.with("--objective", &format!("{}{sign}{}", objective.metric().name(), exact(objective.bound())))
    });
    Some(Proposal::new(command, format!("finds the {superlative} {noun} {goal}")))
}

/// The point that a search would be about.
fn searched<'a>(report: &'a Report) -> Option<&'a Summary> {
    report.summaries.first().filter(|_| report.plan.axes.is_empty())
}

/// The same for longer, where nothing has ended.
fn longer(report: &Report, summary: &Summary) -> Option<Proposal> {
    let (Doubt::NoRequests | Doubt::LongWork | Doubt::StillRising) = summary.doubt.as_ref()? else { return None };
    if let Some(why) = deadlocked(summary) {
        return Some(Proposal::remark(why));
    }
    // Capacity that is lost permanently does not return in a longer run.
    if report.state(summary.point).is_some_and(|state| state.condition.is_loss()) {
        return None;
    }
    let pattern = &report.plan.points[summary.point].load.pattern;
    if let Pattern::Test { cool_down, .. } = pattern {
        let longer = exact(significant(cool_down.seconds() * MOST));
        let command = Command::new("run", report.plan).with("--set", &format!("load.cool_down={longer}s"));
        let why =
            "leaves the system alone ten times as long after the test, so that the work behind the answers can end";
        return Some(Proposal::new(command, why)).filter(|_| summary.doubt == Some(Doubt::LongWork));
    }
    let (from, to) = pattern.window()?;
    let longer = exact(significant(to.since(from).seconds() * MOST));
    let command = Command::new("run", report.plan).with("--set", &format!("load.duration={longer}s"));
    Some(Proposal::new(command, "runs ten times as long, so that what was sent can end"))
}

/// What lets requests end before runs are stopped.
fn not_stopped(ending: Ending) -> Option<&'static str> {
    Some(match ending {
        Ending::TooManyEvents => "raise `max_events`: no request had ended after this number of events",
        Ending::OutOfTime => "raise `max_wall_time`: no request had ended by then",
        Ending::EndOfClock => {
            "shorten the sleeps, waits, demands or time-outs: no request ends before the simulated clock does, at 584 years"
        }
        Ending::TooManyInFlight => "lower the load: no request had ended when 8.4 million were in flight",
        Ending::Standstill | Ending::Interrupted | Ending::Complete | Ending::Quiet => return None,
    })
}

/// The search, upwards from the present load or below it, and what it looks for. None where no single number stands for the load.
fn search(report: &Report, summary: &Summary, is_upwards: bool) -> Option<(LoadSearch, &'static str)> {
    let point = &report.plan.points[summary.point];
    let load = &point.load;
    let headroom = Headroom::of(report, summary).filter(|headroom| headroom.cache.is_none());
    let ratio = headroom.as_ref().map_or(UNBOUNDED, |it| (BEYOND / it.utilisation).clamp(LEAST, MOST));
    let mut set: Vec<(String, String)> = Vec::new();
    let mut smallest = false;
    let (path, ends, noun) = match &load.strength {
        Strength::Clients { path, count, users } => {
            let ends = ends(is_upwards, f64::from(*count), UNBOUNDED).map(|end| end.ceil().max(1.0));
            let users = users.map(|users| (f64::from(users) / f64::from(*count) * ends[1]).ceil());
            set.extend(users.map(|users| ("load.users".into(), users.to_string())));
            (path.as_str(), ends.map(|end| end.to_string()), "number of clients")
        }
        Strength::Rate { path, per_second, unit } => {
            let most = headroom.as_ref().map_or(UNBOUNDED, |it| it.most_per_min / 60.0 * BEYOND / per_second);
            let ends = ends(is_upwards, *per_second, most.clamp(LEAST, MOST));
            (path.as_str(), ends.map(|end| rate(end, *unit)), "rate")
        }
        Strength::Stages { count } => {
            let ends = ends(is_upwards, f64::from(*count), ratio).map(|end| end.ceil().max(1.0).to_string());
            set.push(("load.stages".into(), format!("[{{ duration = \"0s\", target = {count} }}]")));
            if let Some((from, to)) = load.pattern.window() {
                set.push(("load.duration".into(), format!("{}s", exact(to.since(from).seconds()))));
            }
            ("load.stages[0].target", ends, "steady number of clients")
        }
        Strength::Peak { per_second, unit } => {
            let bound = headroom.as_ref().map(|it| it.most_per_min / 60.0);
            // A short peak may be above the bound of the utilisation law. A steady rate may not, so the search is around that.
            let ends = match bound.filter(|bound| is_upwards && bound <= per_second) {
                Some(bound) => [significant(bound / MOST), significant(bound * BEYOND)],
                None => {
                    let most = bound.map_or(UNBOUNDED, |bound| bound * BEYOND / per_second);
                    ends(is_upwards, *per_second, most.clamp(LEAST, MOST))
                }
            };
            let profile = format!("[{{ at = \"0s\", rate = \"{}\" }}]", rate(*per_second, *unit));
            set.push(("load.profile".into(), profile));
            // What is timed by the clock keeps its place.
            let is_free = load.disturbances.is_empty() && load.recovered_after.is_none();
            let window = load.pattern.window().map(|(from, to)| to.since(from).seconds());
            let enough = (ARRIVALS / per_second).max(SECONDS).ceil();
            if is_free && window.is_some_and(|window| window > enough) {
                set.push(("load.duration".into(), format!("{enough}s")));
            }
            ("load.profile[0].rate", ends.map(|end| rate(end, *unit)), "steady rate")
        }
        Strength::Factor { path, factor } => {
            (*path, ends(is_upwards, *factor, ratio).map(exact), "factor of the rates")
        }
        Strength::Classes => return None,
        Strength::Stretch { path, factor } => {
            smallest = true;
            let [low, high] = ends(is_upwards, 1.0 / factor, ratio).map(|end| exact(significant(1.0 / end)));
            (*path, [high, low], "factor of the times between arrivals")
        }
    };
    let [from, to] = ends.map(Some);
    let objectives = objectives(report, summary).0;
    let wishes = KneeWishes { axis: Some(path.into()), from, to, smallest, objectives, ..KneeWishes::default() };
    Some((LoadSearch { variant: point.variant, set, wishes }, noun))
}

/// What the search asks for: the experiment's own objectives, of which none needs to be named, or successes and response
/// times; and the same in words.
fn objectives(report: &Report, summary: &Summary) -> (Vec<Objective>, String) {
    let plan = report.plan;
    if !plan.objectives.is_empty() {
        return (Vec::new(), "that meets the objectives".into());
    }
    let share = plan.collapse_below;
    let succeed = format!("at which {} of the requests succeed", words::percent(share));
    match summary.p95_s.filter(|p95| report.is_safe(summary.point) && p95.estimate > 0.0) {
        None => (Vec::new(), succeed),
        Some(p95) => {
            let most = significant(2.0 * p95.estimate);
            let success = Objective::AtLeast { metric: Metric::SuccessRate, value: share };
            let times = Objective::AtMost { metric: Metric::P95S, value: most };
            let goal = format!("{succeed} and p95 is at most {}, twice what it is here", seconds(most));
            (vec![success, times], goal)
        }
    }
}

/// Between which values the highest load is: from the present one up, or if that is not safe, up to it.
fn ends(is_safe: bool, present: f64, most: f64) -> [f64; 2] {
    if is_safe { [present, significant(present * most)] } else { [significant(present / MOST), present] }
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
