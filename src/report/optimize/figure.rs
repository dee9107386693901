//! The chart of a search for the cheapest setting: each setting that was tried at its cost, round the bounds to be met.

use super::{decision, optimize_method, place, rates};
use crate::experiment::search::Decision;
use crate::experiment::search::optimize::{Cheapest, TriedSetting};
use crate::language::Objective;
use crate::report::chart::{ChartAxis, Line, LineFigure, Look, Panel, Point, Threshold};
use crate::report::figures::{Drawing, fitting};
use crate::report::knee::{axis_label, plotted, window};
use crate::report::number::{chart_unit, short};
use crate::report::objective::bound;

/// The decisions, each a curve of its own.
const DECISIONS: [Option<Decision>; 4] =
    [Some(Decision::Misses), Some(Decision::Meets), Some(Decision::TooClose), None];

/// The chart: a panel for each objective; none where nothing was tried.
pub fn optimize_figure(found: &Cheapest) -> Option<Drawing> {
    if found.tried.is_empty() {
        return None;
    }
    let panels = found.asked.objectives.iter().enumerate().map(|(index, &objective)| panel(found, index, objective));
    let title = match &found.chosen {
        Some(chosen) => {
            let cost = short(chosen.cost);
            [
                format!("{} meets the objectives at a cost of {cost}", place(found, chosen)),
                format!("A cost of {cost} is enough"),
            ]
        }
        None => ["no setting that was tried meets the objectives".into(), found.plan.title.clone()],
    };
    let figure = LineFigure {
        title: fitting(title),
        subtitle: format!("Simulated: {}", optimize_method(found)),
        x: ChartAxis::linear("cost"),
        panels: panels.collect(),
        note: "Marks: settings tried; dashed lines only guide the eye. Whiskers: intervals at the level of the test."
            .into(),
    };
    Some(Drawing { name: "optimize".into(), figure: figure.into() })
}

fn panel(found: &Cheapest, index: usize, objective: Objective) -> Panel {
    let (metric, rates) = (objective.metric(), rates(found));
    let (factor, unit) = chart_unit(metric, rates, objective.bound());
    let point = |setting: &TriedSetting| -> Option<Point> {
        let reading = setting.readings.iter().find(|reading| reading.objective == index)?;
        Some(plotted(setting.cost, reading.figure?, factor))
    };
    let line = |(color, of): (usize, Option<Decision>)| Line {
        label: decision(of).into(),
        points: found.tried.iter().filter(|setting| setting.decision == of).filter_map(point).collect(),
        color,
        look: Look::Tried,
        ..Line::default()
    };
    let lines = DECISIONS.into_iter().enumerate().map(line).filter(|line| !line.points.is_empty());
    let lines: Vec<Line> = lines.collect();
    let values: Vec<f64> = lines.iter().flat_map(|line| &line.points).map(|point| point.y).collect();
    let limit = Threshold { value: objective.bound() * factor, label: bound(objective, rates) };
    Panel {
        y: ChartAxis::linear(axis_label(metric, &unit)),
        window: window(limit.value, metric.is_rate(), &values),
        thresholds: vec![limit],
        lines,
        y_max: metric.is_rate().then_some(100.0),
        ..Panel::default()
    }
}
