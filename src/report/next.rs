//! What to do next: the command that would settle what this sweep leaves open.

use super::Report;
use super::paragraph::paragraph;
use crate::experiment::condition::{RARE_LOSS, State, can_hide, runs_to_exclude};
use crate::experiment::design::Direction;
use crate::experiment::finding::{self, Turn};
use crate::experiment::summary::of_point;

/// A gap between two neighbouring values of an axis, relative to the larger, beyond which the grid is coarse.
const COARSE: f64 = 0.1;

/// The next steps, one a line; empty where nothing is open.
pub fn next_steps(report: &Report, width: Option<usize>) -> String {
    let file = report.plan.inputs().first().map_or_else(String::new, |path| path.display().to_string());
    let seen = rare_losses(report, &file);
    let unseen = if seen.is_none() { unseen_losses(report, &file) } else { None };
    let steps = [seen, coarse_grid(report, &file), assumptions(report, &file), unseen];
    let mut text = String::new();
    for (index, step) in steps.into_iter().flatten().enumerate() {
        text.push_str(&paragraph(if index == 0 { "next      " } else { "          " }, &step, width));
    }
    text
}

/// Where a variant loses capacity at some point, and too few runs stand behind a point that is called safe.
fn rare_losses(report: &Report, file: &str) -> Option<String> {
    let plan = report.plan;
    let axis = plan.axes.first()?;
    let (safe, state) = report.findings.iter().find_map(|finding| {
        let states = || finding.points.iter().filter_map(|&point| report.state(point));
        let loses = states().any(|state| state.condition.is_loss());
        let safe = states().take_while(|state| state.is_safe()).last()?;
        (loses && can_hide(safe.of) > RARE_LOSS).then_some((safe.point, safe))
    })?;
    let needed = runs_to_exclude(RARE_LOSS);
    Some(format!(
        "sim sweep {file} --replications {needed}: excludes a loss of capacity in more than 1 % of runs at {} ({} runs cannot)",
        finding::at(plan, axis, safe),
        state.of
    ))
}

/// Where no run lost capacity, but runs of this system can, and too few stand behind what is called safe.
fn unseen_losses(report: &Report, file: &str) -> Option<String> {
    let can_lose = |state: &State| {
        let summary = of_point(&report.summaries, state.point);
        state.is_safe() && can_hide(state.of) > RARE_LOSS && summary.is_some_and(|summary| summary.dead.is_some())
    };
    let fewest = report.states.iter().filter(|state| can_lose(state)).map(|state| state.of).min()?;
    let (needed, hidden) = (runs_to_exclude(RARE_LOSS), finding::share(can_hide(fewest)));
    Some(format!(
        "sim sweep {file} --replications {needed}: excludes a loss of capacity in more than 1 % of runs where it is safe \
         ({fewest} runs without one exclude more than {hidden}, 95 % confidence)"
    ))
}

/// Where a variant stops being safe between two values that are far apart.
fn coarse_grid(report: &Report, file: &str) -> Option<String> {
    let axis = report.plan.axes.first()?;
    let gap = |turn: &Turn| {
        let from = turn.from?;
        let (low, high) = (from.min(turn.to), from.max(turn.to));
        let is_wide = high - low > COARSE * high.abs().max(low.abs());
        let is_open = !axis.is_whole() || high - low > 1.0;
        (is_wide && is_open).then_some((low, high))
    };
    let turns = report.findings.iter().filter(|finding| !finding.is_harmed_by_more(axis));
    let (low, high) = turns.filter_map(|finding| finding.turn.as_ref()).find_map(gap)?;
    let (low, high) = (super::turn::value(axis, low), super::turn::value(axis, high));
    Some(match axis.direction() {
        Direction::Capacity => {
            format!("sim knee {file} --smallest: finds the least value that is enough between {low} and {high}")
        }
        _ => format!("sim knee {file}: finds the last safe value between {low} and {high}"),
    })
}

/// Where the model rests on assumptions that have a plausible range.
fn assumptions(report: &Report, file: &str) -> Option<String> {
    let ranged = report.plan.assumptions().iter().filter(|assumption| assumption.range.is_some());
    match ranged.count() {
        0 => None,
        1 => Some(format!("sim sensitivity {file}: whether the assumed value of the model changes the answer")),
        count => {
            Some(format!("sim sensitivity {file}: which of the {count} assumed values of the model change the answer"))
        }
    }
}
