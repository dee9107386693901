//! The chart of a ladder: the figure as it is, after each step, and with each capacity enlarged alone.

use super::{amounts, changes, explain_method, rates, steps, then};
use crate::experiment::analyse::summary::Summary;
use crate::experiment::search::explain::{Explanation, LadderEnd};
use crate::report::chart::{Bar, BarFigure, ChartAxis};
use crate::report::figures::{Drawing, fitting};
use crate::report::knee::axis_label;
use crate::report::number::chart_unit;

/// The colours of the ladder, and of the capacities alone.
const LADDER: usize = 0;
const ALONE: usize = 1;

/// The bars; none where no run gave figures.
pub fn explain_figure(found: &Explanation) -> Option<Drawing> {
    let base = found.base.as_ref()?;
    let size = base.metric(found.metric)?.estimate;
    let (factor, unit) = chart_unit(found.metric, rates(found), size);
    let bar = |label: String, summary: &Summary, color: usize| {
        let figure = summary.metric(found.metric)?;
        let is_bounded = figure.low.is_finite() && figure.high.is_finite();
        let [low, high] = if is_bounded { [figure.low, figure.high] } else { [figure.estimate; 2] };
        let [value, low, high] = [figure.estimate, low, high].map(|value| value * factor);
        Some(Bar { label, value, low, high, color, ..Bar::default() })
    };
    let mut bars: Vec<Bar> = bar("as it is".into(), base, LADDER).into_iter().collect();
    for (index, step) in found.steps.iter().enumerate() {
        let also = if index == 0 { "" } else { "and " };
        let label = format!("{also}{}", steps(found, &step.resized));
        bars.extend(step.resized.summary.as_ref().and_then(|after| bar(label, after, LADDER)));
    }
    let ladder = bars.len();
    let first = found.steps.first().map(|step| &step.resized.levers);
    for one in found.alone.iter().filter(|one| Some(&one.levers) != first) {
        let label = format!("only {}", steps(found, one));
        bars.extend(one.summary.as_ref().and_then(|after| bar(label, after, ALONE)));
    }
    let of_alone = if bars.len() > ladder { " Orange: one capacity alone." } else { "" };
    let figure = BarFigure {
        title: title(found),
        subtitle: format!("Simulated: {}", explain_method(found)),
        x: ChartAxis::linear(axis_label(found.metric, &unit)),
        bars,
        note: format!(
            "Blue: each step keeps what those above it change.{of_alone} Whiskers: 95 % confidence intervals."
        ),
    };
    Some(Drawing { name: "explain".into(), figure: figure.into() })
}

/// `More killbill CPU raises the throughput by 19 %; then user-service CPU limits it`.
fn title(found: &Explanation) -> String {
    let words = found.metric.words();
    let Some(first) = found.steps.first() else {
        let why = match found.end {
            LadderEnd::NothingHelps => format!("no capacity that was tried improves the {words}"),
            LadderEnd::NothingInUse => "no capacity is in use enough to be tried".into(),
            LadderEnd::Interrupted => "interrupted before the first step".into(),
            LadderEnd::NoFigures | LadderEnd::EnoughSteps => found.plan.title.clone(),
        };
        return fitting([why, found.plan.title.clone()]);
    };
    let (more, changes) = (amounts(found, &first.resized), changes(found, &first.resized));
    // The interval stands in the table.
    let changes = changes.split(" (").next().unwrap_or_default();
    fitting([
        then(found, &first.resized)
            .map_or_else(|| format!("{more} {changes}"), |then| format!("{more} {changes}; {then}")),
        format!("{more} {changes}"),
        format!("{more} helps most"),
    ])
}
