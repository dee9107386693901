//! What to do next: the command that would settle what these figures leave open.

mod any_load;
mod command;
mod heavier;

use command::Command;
pub use command::{as_given, measure_command};
pub use heavier::load_search;

use super::paragraph::{list, paragraph};
use super::whole::Report;
use crate::experiment::analyse::condition::{PointState, RARE_LOSS};
use crate::experiment::analyse::finding::{self, Finding, Turn};
use crate::experiment::analyse::summary::{Doubt, of_point};
use crate::experiment::analyse::words;
use crate::experiment::plan::standstill::can_lose_capacity;
use crate::experiment::plan::{Direction, Plan};
use crate::statistics::rare::{can_hide, runs_to_exclude};

/// A gap between two neighbouring values of an axis, relative to the larger, beyond which the grid is coarse.
const COARSE: f64 = 0.1;

/// Replications at most that are proposed to narrow an interval: as many as exclude a loss of capacity in 1 % of runs.
const MOST_RUNS: u64 = 299;

/// Times as many runs as there are from which a proposal says how many times as many it needs.
const MANY: u64 = 4;

/// What more replications cost beside those that were run: ` (15 times as many runs as here)`.
fn cost(runs: u64, run: u64) -> String {
    let times = runs / run.max(1);
    if times < MANY { String::new() } else { format!(" ({times} times as many runs as here)") }
}

/// What stands before the first command.
const LEAD: &str = "next      ";

/// A command, and what it is good for; or a remark where no command would help.
struct Proposal {
    command: Option<Command>,
    why: String,
}

impl Proposal {
    fn new(command: Command, why: impl Into<String>) -> Self {
        Self { command: Some(command), why: why.into() }
    }

    fn remark(what: String) -> Self {
        Self { command: None, why: what }
    }
}

/// The next steps after a sweep, each a command with its reason below it; empty where nothing is open.
pub fn next_steps(report: &Report, width: Option<usize>) -> String {
    lines(steps(report), width)
}

/// The next steps after a sweep, each a command, or none where none would help, and its reason.
pub(super) fn told(report: &Report) -> Vec<(Option<String>, String)> {
    on_one_line(steps(report))
}

/// The next steps after a single point of a `whole` plan, in the same form.
pub(super) fn told_of_point(report: &Report, whole: &Plan) -> Vec<(Option<String>, String)> {
    on_one_line(steps_of_point(report, whole).into_iter())
}

fn on_one_line(steps: impl Iterator<Item = Proposal>) -> Vec<(Option<String>, String)> {
    let line = |command: Command| command.lines("", None).trim_end().to_owned();
    steps.map(|step| (step.command.map(line), step.why)).collect()
}

/// The command that gives this report again.
pub(super) fn again(plan: &Plan) -> String {
    let command = Command::new("sweep", plan).with("--seed", &plan.seed.to_string());
    let command = match plan.is_sequential() {
        true => command,
        false => command.with("--replications", &plan.replications.to_string()),
    };
    command.lines("", None).trim_end().to_owned()
}

fn steps(report: &Report) -> impl Iterator<Item = Proposal> {
    let seen = rare_losses(report);
    let unseen = if seen.is_none() { unseen_losses(report) } else { None };
    let steps = [
        too_few_runs(report, "sweep"),
        seen,
        coarse_grid(report),
        heavier::heavier(report),
        assumptions(report),
        unseen,
    ];
    steps.into_iter().flatten()
}

/// The next steps after a single point, out of all those of `whole`.
pub fn next_steps_of_point(report: &Report, whole: &Plan, width: Option<usize>) -> String {
    lines(steps_of_point(report, whole).into_iter(), width)
}

fn steps_of_point(report: &Report, whole: &Plan) -> Vec<Proposal> {
    let points = whole.points.len();
    let sweep = || Proposal::new(Command::new("sweep", whole), format!("runs all {points} points and judges them"));
    let all = (points > 1).then(sweep);
    let more = too_few_runs(report, if points > 1 { "sweep" } else { "run" });
    let steps = [all, more, heavier::heavier(report).filter(|_| points == 1), assumptions(report)];
    steps.into_iter().flatten().collect()
}

fn lines(steps: impl Iterator<Item = Proposal>, width: Option<usize>) -> String {
    let mut text = String::new();
    for (index, step) in steps.enumerate() {
        let indent = " ".repeat(LEAD.len());
        let lead = if index == 0 { LEAD } else { &indent };
        match step.command {
            Some(command) => {
                text.push_str(&command.lines(lead, width));
                text.push_str(&paragraph(&format!("{indent}  "), &step.why, width));
            }
            None => text.push_str(&paragraph(lead, &step.why, width)),
        }
    }
    text
}

/// Where the interval of a figure contains the bound of an objective that it meets: replications that decide whether it does.
fn too_few_runs(report: &Report, command: &str) -> Option<Proposal> {
    let mut open = report.summaries.iter().filter(|summary| report.state(summary.point).is_none());
    let (summary, figure, needed) = open.find_map(|summary| match &summary.doubt {
        Some(Doubt::TooFewRuns { figure, needed }) => Some((summary, figure, *needed)),
        _ => None,
    })?;
    let run = summary.replications as u64;
    let place = match report.plan.points.len() {
        1 => String::new(),
        _ => format!(" ({})", words::quoted_place(report.plan, summary.point)),
    };
    let most = (2 * run).max(MOST_RUNS);
    // So close to its bound a figure is at its limit, whatever side it is on.
    if let Some(needed) = needed.filter(|&needed| needed > most) {
        let cost = cost(needed, run);
        return Some(Proposal::remark(format!(
            "too close to tell{place}: {figure}; about {needed} replications{cost} would show it: take this as \
             the limit, or look at a value on either side of it"
        )));
    }
    let runs = needed.unwrap_or(0).clamp(2 * run, most);
    let cost = cost(runs, run);
    let why = match needed.is_some() {
        true => format!("shows whether the objective is met{place}{cost}: {figure}"),
        false => format!("narrows an interval{place}{cost}: {figure}"),
    };
    Some(Proposal::new(Command::new(command, report.plan).with("--replications", &runs.to_string()), why))
}

/// Where a variant loses capacity at some point, and too few runs stand behind a point that is called safe.
fn rare_losses(report: &Report) -> Option<Proposal> {
    let plan = report.plan;
    let axis = plan.axes.first()?;
    let (safe, state) = report.findings.iter().find_map(|finding| {
        let states = || finding.points.iter().filter_map(|&point| report.state(point));
        let loses = states().any(|state| state.condition.is_loss());
        let safe = states().take_while(|state| state.is_safe()).last()?;
        (loses && can_hide(safe.of) > RARE_LOSS).then_some((safe.point, safe))
    })?;
    let needed = runs_to_exclude(RARE_LOSS);
    Some(Proposal::new(
        Command::new("sweep", plan).with("--replications", &needed.to_string()),
        format!(
            "excludes a loss of capacity in more than 1 % of runs at {} ({} runs cannot){}",
            finding::at(plan, axis, safe),
            state.of,
            cost(needed.into(), state.of as u64)
        ),
    ))
}

/// Where no run lost capacity although runs of this system can, because requests wait for units while they hold others, and
/// too few runs stand behind what is called safe.
fn unseen_losses(report: &Report) -> Option<Proposal> {
    let can_lose = |state: &PointState| {
        let summary = of_point(&report.summaries, state.point);
        let is_probed = summary.is_some_and(|summary| summary.dead.is_some());
        let is_open = state.is_safe() && can_hide(state.of) > RARE_LOSS && is_probed;
        is_open && can_lose_capacity(&report.plan.points[state.point].system)
    };
    let fewest = report.states.iter().filter(|state| can_lose(state)).map(|state| state.of).min()?;
    let (needed, hidden) = (runs_to_exclude(RARE_LOSS), finding::share(can_hide(fewest)));
    Some(Proposal::new(
        Command::new("sweep", report.plan).with("--replications", &needed.to_string()),
        format!(
            "excludes a loss of capacity in more than 1 % of runs where it is safe ({fewest} runs without one exclude \
             only more than {hidden}, 95 % confidence){}",
            cost(needed.into(), fewest as u64)
        ),
    ))
}

/// Where a variant stops being safe between two values that are far apart: a search of the first such variant, and of all
/// others that do so between the same two.
fn coarse_grid(report: &Report) -> Option<Proposal> {
    let plan = report.plan;
    let axis = plan.axes.first()?;
    let gap = |turn: &Turn| {
        let from = turn.from?;
        let (low, high) = (from.min(turn.to), from.max(turn.to));
        let is_wide = high - low > COARSE * high.abs().max(low.abs());
        let is_open = !axis.is_whole() || high - low > 1.0;
        (is_wide && is_open).then_some((low, high))
    };
    let turns = report.findings.iter().filter(|finding| finding.safe_values(axis).is_none());
    let gaps: Vec<(&Finding, (f64, f64))> =
        turns.filter_map(|finding| Some((finding, gap(finding.turn.as_ref()?)?))).collect();
    let &(first, (low, high)) = gaps.first()?;
    let alike = gaps.iter().filter(|(finding, ends)| finding.place == first.place && *ends == (low, high));
    let variants: Vec<usize> = alike.map(|(finding, _)| finding.variant).collect();
    let mut command = Command::new("knee", plan);
    // The options are left out where they are what the command does by itself.
    if variants.len() < plan.variants.len() {
        command = variants.iter().fold(command, |it, &variant| it.with("--variant", &plan.variants[variant]));
    }
    let at = first.points.first().map_or(&[][..], |&point| &plan.points[point].at);
    for (axis, &value) in plan.axes.iter().zip(at).skip(1).filter(|(_, value)| **value > 0) {
        command = command.with("--at", &format!("{}={}", axis.name, axis.values[value].text));
    }
    let names: Vec<&str> = variants.iter().map(|&variant| plan.variants[variant].as_str()).collect();
    let of = match names.len() {
        _ if plan.variants.len() == 1 => String::new(),
        many if many == plan.variants.len() && many > 2 => " of each variant".into(),
        _ => format!(" of {}", list(&names)),
    };
    let (low, high) = (super::turn::value(axis, low), super::turn::value(axis, high));
    Some(match axis.direction() {
        Direction::Capacity => Proposal::new(
            command.flag("--smallest"),
            format!("finds the least value{of} that is enough between {low} and {high}"),
        ),
        _ => Proposal::new(command, format!("finds the last safe value{of} between {low} and {high}")),
    })
}

/// Where the model rests on assumptions that have a plausible range.
fn assumptions(report: &Report) -> Option<Proposal> {
    let ranged = report.plan.assumptions().iter().filter(|assumption| assumption.range.is_some());
    let why = match ranged.count() {
        0 => return None,
        1 => "shows whether the assumed value of the model changes the answer".into(),
        count => format!("shows which of the {count} assumed values of the model change the answer"),
    };
    Some(Proposal::new(Command::new("sensitivity", report.plan), why))
}
