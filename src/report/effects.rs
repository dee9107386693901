//! Effects in words: whether each change helps, does nothing or harms, and by how much.

use anstyle::{AnsiColor, Style};

use super::comparisons::common;
use super::paragraph::{paragraph, quoted};
use super::recovery;
use super::whole::Report;
use crate::experiment::analyse::condition::Condition;
use crate::experiment::analyse::effect::{Observation, Worth};

/// All effects that the experiment asks for; empty without any. Colours are written as ANSI sequences, for the printer
/// to remove where they are not wanted.
pub fn effects(report: &Report, width: Option<usize>) -> String {
    let mut text = String::new();
    for effect in &report.effects {
        let word = effect.worth.word();
        let style = style(effect.worth);
        let line = paragraph(&format!("{word:<12}  "), &sentence(report, effect), width);
        let rest = line.strip_prefix(word).unwrap_or(&line);
        text.push_str(&format!("{style}{word}{style:#}{rest}"));
    }
    let is_new = !report.judgements.iter().any(|it| recovery::is_about(&it.evidence));
    if is_new && recovery::is_about(&text) {
        text.push_str(&paragraph("", &recovery::definition(report), width));
    }
    text
}

/// `a limit of 150: success rate 98.2 % at concurrency = 200 instead of 0.0 % with “no limit”, +98.2 points (+97.0 to
/// +99.4)`.
pub(super) fn sentence(report: &Report, effect: &Observation) -> String {
    let defect = defect(report, effect).map_or_else(String::new, |defect| format!("; {defect} with the change"));
    let place = if effect.place.is_empty() { String::new() } else { format!(" at {}", effect.place) };
    match effect.figures {
        None => format!("{}: {}{place}{defect}", effect.change, effect.with()),
        Some(figures) => {
            let (with, without, against) = (effect.with(), effect.without(), quoted(&effect.variants.1));
            let (pairs, difference) = (common(&figures), effect.difference());
            format!("{}: {with}{place} instead of {without} with {against}{pairs}, {difference}{defect}", effect.change)
        }
    }
}

/// `damaged in 1 of 5 runs`: the condition of the point with the change, if it loses capacity for good or its backlog grows.
pub(super) fn defect(report: &Report, effect: &Observation) -> Option<String> {
    let is_defect = |condition: Condition| condition.is_loss() || condition == Condition::Unstable;
    let state = report.state(effect.point).filter(|state| is_defect(state.condition))?;
    let word = state.condition.word();
    Some(match state.fraction().is_empty() {
        true => word.to_owned(),
        false => format!("{word} in {} of {} runs", state.runs, state.of),
    })
}

fn style(worth: Worth) -> Style {
    let color = match worth {
        Worth::Helps => AnsiColor::Green,
        Worth::Harms => AnsiColor::Red,
        Worth::Undecided => AnsiColor::Yellow,
        Worth::Nothing => return Style::new().bold(),
    };
    Style::new().bold().fg_color(Some(color.into()))
}
