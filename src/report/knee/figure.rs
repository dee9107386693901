//! The chart of a search for the knee: what was tried, around the required bounds.

use super::sentence::{is_beyond, last_that_meets, the_last_that_meets};
use super::{at, knee_method, rates};
use crate::experiment::analyse::comparison::TIE;
use crate::experiment::plan::{Dial, KneeSearch};
use crate::experiment::search::{KneeAnswer, KneeOutcome, VariantKnee};
use crate::language::{Metric, Scale};
use crate::report::chart::{ChartAxis, Collapse, Line, LineFigure, Look, Panel, Point, Threshold};
use crate::report::figures::{Drawing, fitting};
use crate::report::number::{chart_unit, short};
use crate::report::objective::bound;
use crate::report::paragraph::{list, quoted};
use crate::statistics::Interval;

/// How far beyond its bound a figure is shown, in bounds; farther values are arrows.
const BEYOND: f64 = 2.5;
/// How much of a rate is shown, in distances of its bound from 100 %.
const DISTANCES: f64 = 5.0;

/// The chart: the figure of each objective at the values that were tried.
pub fn knee_figure(answer: &KneeAnswer) -> Drawing {
    let knee = &answer.knee;
    let label = dial_label(&knee.dial);
    let x = match knee.dial.scale {
        Scale::Log if knee.grid.value(0) > 0.0 => ChartAxis::log(label),
        _ => ChartAxis::linear(label),
    };
    let mut panels: Vec<Panel> = (0..knee.objectives.len()).map(|index| panel(answer, index)).collect();
    if knee.slope.is_some() {
        panels.push(panel(answer, knee.objectives.len()));
    }
    let title = match answer.variants.as_slice() {
        [one] => title_of_one(knee, one),
        _ => title_of_all(answer),
    };
    let figure = LineFigure {
        title,
        subtitle: format!("Simulated: {}", knee_method(answer)),
        x,
        note: note(answer, &panels),
        panels,
    };
    Drawing { name: "knee".into(), figure: figure.into() }
}

fn note(answer: &KneeAnswer, panels: &[Panel]) -> String {
    let sure = short(answer.knee.confidence * 100.0);
    let mut note = format!(
        "Marks: values tried; dashed lines only guide the eye. Whiskers: intervals at the level of the test, which gives \
         {sure} % confidence in each variant's answer."
    );
    let is_beyond = |panel: &Panel| {
        let points = panel.lines.iter().flat_map(|line| &line.points);
        panel.window.is_some_and(|(low, high)| points.clone().any(|point| point.y < low || point.y > high))
    };
    if panels.iter().any(is_beyond) {
        note.push_str(" Arrows: values beyond the axis.");
    }
    let tried = answer.variants.iter().flat_map(|found| &found.tried).flat_map(|tried| &tried.readings);
    if tried.into_iter().any(|reading| reading.figure.is_none()) {
        note.push_str(" No mark: no request succeeded there.");
    }
    note
}

/// `0.746/s is the highest rate that meets the objectives; beyond it station counter is saturated`.
fn title_of_one(knee: &KneeSearch, found: &VariantKnee) -> String {
    let last = knee.grid.value(if knee.smallest { 0 } else { knee.grid.cells() });
    let first = knee.grid.value(if knee.smallest { knee.grid.cells() } else { 0 });
    let beyond = if knee.smallest { "below it" } else { "beyond it" };
    let short = match (found.outcome, found.estimate) {
        (KneeOutcome::AllMeet, _) => {
            let first = found.start.as_ref().and_then(|start| start.meets);
            let from = first.map_or_else(String::new, |first| format!("from {} ", knee.dial.text(first)));
            format!(
                "All values {from}meet the objectives, {} {}",
                if knee.smallest { "down to" } else { "up to" },
                at(knee, last)
            )
        }
        (KneeOutcome::NoneMeets, _) if !knee.dial.path.starts_with("load.") => {
            format!("{} misses the objectives", at(knee, first))
        }
        (KneeOutcome::NoneMeets, _) if found.start.is_some() => {
            let (low, high) = (knee.grid.value(0), knee.grid.value(knee.grid.cells()));
            format!("No value from {} to {} meets the objectives", knee.dial.text(low), at(knee, high))
        }
        (KneeOutcome::NoneMeets, _) => format!("No value meets the objectives, even at {}", at(knee, first)),
        (KneeOutcome::Rises, _) => format!("No knee: {} meets and {} does not", at(knee, last), at(knee, first)),
        (outcome, estimate) => {
            let so_far = if outcome == KneeOutcome::Unfinished { "so far, " } else { "" };
            let text = |value: f64| knee.dial.text(value);
            let what = the_last_that_meets(knee);
            match (found.meets, found.misses, estimate) {
                (Some(met), Some(missed), _) if is_beyond(knee, met, missed) => {
                    format!("no knee: {} misses and {}, farther on, meets", at(knee, missed), text(met))
                }
                (Some(met), Some(_), _) if found.is_sharp => {
                    let first = found.start.as_ref().and_then(|start| start.meets);
                    let first = first.filter(|&first| first != met).map(|first| {
                        let end = if knee.smallest { "highest" } else { "lowest" };
                        format!(", {} the {end}", text(first))
                    });
                    format!("{so_far}{}{}", last_that_meets(knee, met), first.unwrap_or_default())
                }
                (Some(met), Some(missed), _) => {
                    format!("{so_far}{what} is between {} and {}", text(met.min(missed)), text(met.max(missed)))
                }
                // One side is sure at most.
                (Some(met), None, _) => format!("{so_far}not decided: {} meets the objectives", at(knee, met)),
                (None, Some(missed), Some(value)) => format!(
                    "{so_far}not decided: {} misses the objectives, {} may meet them",
                    at(knee, missed),
                    text(value)
                ),
                (None, None, Some(value)) => {
                    format!("{so_far}not decided: by its estimate {what} is {}", text(value))
                }
                (_, Some(missed), None) => format!("{so_far}{} misses the objectives", at(knee, missed)),
                _ => format!("{so_far}not decided: all values that were tried are too close to the objectives"),
            }
        }
    };
    let of_none = found.start.as_ref().filter(|_| found.misses.is_none()).and_then(|start| start.cause.as_ref());
    let of_none = of_none.filter(|_| found.outcome == KneeOutcome::NoneMeets);
    let cause = found.cause.as_ref().or(of_none).map(|cause| match found.outcome {
        KneeOutcome::NoneMeets => format!("{short}: {cause}"),
        _ => format!("{short}; {beyond} {cause}"),
    });
    fitting(cause.into_iter().chain([short.clone()]))
}

/// The best of several variants, in a sentence, with those that do not differ from it significantly.
fn title_of_all(answer: &KneeAnswer) -> String {
    let knee = &answer.knee;
    // Along this way more is better.
    let way = |value: f64| if knee.smallest { -value } else { value };
    let known: Vec<(&VariantKnee, f64)> =
        answer.variants.iter().filter_map(|found| Some((found, found.estimate?))).collect();
    let Some(&(best, value)) = known.iter().max_by(|a, b| way(a.1).total_cmp(&way(b.1))) else {
        return fitting([
            match answer.variants.iter().any(|found| found.start.is_some()) {
                true => "No variant meets the objectives".to_owned(),
                false => format!("No variant meets the objectives, even at {}", at(knee, near(knee))),
            },
            answer.plan.title.clone(),
        ]);
    };
    let is_told =
        |found: &VariantKnee| found.misses.zip(best.meets).is_some_and(|(misses, meets)| way(misses) <= way(meets));
    let is_near = |at: f64| (at - value).abs() <= TIE * value.abs();
    let alike: Vec<(&VariantKnee, f64)> =
        known.iter().copied().filter(|(found, at)| is_near(*at) || !is_told(found)).collect();
    let name = |found: &VariantKnee| answer.plan.variants[found.variant].as_str();
    let names: Vec<&str> = alike.iter().map(|(found, _)| name(found)).collect();
    if alike.iter().all(|(found, _)| found.outcome == KneeOutcome::AllMeet) {
        let (verb, to) =
            (if names.len() == 1 { "meets" } else { "meet" }, if knee.smallest { "down to" } else { "up to" });
        // Along a load that must reach a throughput, not all values up to there do.
        let to = if alike.iter().any(|(found, _)| found.start.is_some()) { "at" } else { to };
        return fitting([
            format!("{} {verb} the objectives {to} {}", list(&names), at(knee, value)),
            format!("{} variants meet the objectives {to} {}", names.len(), at(knee, value)),
        ]);
    }
    if names.len() == 1 {
        let verb = if knee.smallest { "needs least" } else { "goes furthest" };
        return fitting([format!("{} {verb}: {}", quoted(name(best)), at(knee, value))]);
    }
    let verb = if knee.smallest { "need about the same" } else { "have about the same limit" };
    let (low, high) = alike.iter().fold((value, value), |(low, high), (_, other)| (low.min(*other), high.max(*other)));
    let to = if low < high { format!("{} to {}", knee.dial.text(low), at(knee, high)) } else { at(knee, value) };
    fitting([format!("{} {verb}: {to}", list(&names)), format!("{} variants {verb}: {to}", names.len())])
}

/// The value that the search starts from.
fn near(knee: &KneeSearch) -> f64 {
    knee.grid.value(if knee.smallest { knee.grid.cells() } else { 0 })
}

fn panel(answer: &KneeAnswer, index: usize) -> Panel {
    let (knee, rates) = (&answer.knee, rates(answer));
    let objective = knee.objectives.get(index);
    let (factor, label, limit) = match objective {
        Some(objective) => {
            let metric = objective.metric();
            let (factor, unit) = chart_unit(metric, rates, objective.bound());
            let limit = Threshold { value: objective.bound() * factor, label: bound(*objective, rates) };
            (factor, axis_label(metric, &unit), limit)
        }
        None => {
            let value = knee.slope.unwrap_or(0.0) * 100.0;
            let label = "growth of throughput (% of proportional growth)".into();
            (100.0, label, Threshold { value, label: format!("at least {} %", short(value)) })
        }
    };
    let line = |found: &VariantKnee| {
        let points = found.tried.iter().filter_map(|tried| {
            let reading = tried.readings.iter().find(|reading| reading.objective == index)?;
            Some(plotted(knee.dial.shown(tried.value), reading.figure?, factor))
        });
        Line {
            label: answer.plan.variants[found.variant].clone(),
            points: points.collect(),
            color: found.variant,
            look: Look::Tried,
            collapse: found.meets.zip(found.misses).map(|ends| span(knee, ends)),
            ..Line::default()
        }
    };
    let lines: Vec<Line> = answer.variants.iter().map(line).collect();
    let is_rate = objective.is_some_and(|objective| objective.metric().is_rate());
    let values: Vec<f64> = lines.iter().flat_map(|line| &line.points).map(|point| point.y).collect();
    Panel {
        y: ChartAxis::linear(label),
        window: window(limit.value, is_rate, &values),
        thresholds: vec![limit],
        lines,
        y_max: is_rate.then_some(100.0),
        ..Panel::default()
    }
}

/// The stretch of the y axis that shows the bound and what is near it; none where all of the data does.
pub(in crate::report) fn window(bound: f64, is_rate: bool, values: &[f64]) -> Option<(f64, f64)> {
    if is_rate {
        let low = 100.0 - DISTANCES * (100.0 - bound);
        return (low > 0.0 && low < 100.0).then_some((low, 100.0));
    }
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let (least, most) = finite.fold((0.0, 0.0), |(least, most): (f64, f64), value| (least.min(value), most.max(value)));
    let (low, high) = (least.max(-bound), most.min(bound * BEYOND));
    (bound > 0.0 && (low > least || high < most)).then_some((low, high))
}

/// The range between the last value that meets and the first that misses.
fn span(knee: &KneeSearch, (meets, misses): (f64, f64)) -> Collapse {
    let (low, high) = if meets < misses { (meets, misses) } else { (misses, meets) };
    let (from, to) = (knee.dial.text(low), knee.dial.text(high));
    let unit: &str = &to[to.rfind(|sign: char| sign.is_ascii_digit()).map_or(0, |last| last + 1)..];
    let label = format!("knee {}–{to}", from.strip_suffix(unit).unwrap_or(&from));
    Collapse { from_x: knee.dial.shown(low), to_x: knee.dial.shown(high), label, others: Vec::new() }
}

/// What the axis of a dial is called: the label that the experiment gives it, or else words for its path, with the unit.
pub(in crate::report) fn dial_label(dial: &Dial) -> String {
    let name = match dial.label.as_str() {
        "load.concurrency" => "concurrent requests",
        "load.rate" => "requests offered",
        label => label,
    };
    match dial.unit() {
        Some(unit) if dial.label == dial.name => format!("{name} ({unit})"),
        _ => name.to_owned(),
    }
}

pub(in crate::report) fn axis_label(metric: Metric, unit: &str) -> String {
    if unit.is_empty() { metric.words().into() } else { format!("{} ({unit})", metric.words()) }
}

pub(in crate::report) fn plotted(x: f64, figure: Interval, factor: f64) -> Point {
    let Interval { estimate, low, high } = figure;
    match low.is_finite() && high.is_finite() {
        true => Point::with_interval(x, estimate * factor, low * factor, high * factor),
        false if estimate.is_finite() => Point::new(x, estimate * factor),
        false => Point::new(x, f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn an_axis_shows_what_is_near_the_bound() {
        assert_eq!(window(10.0, false, &[1.0, 9.0, 250.0]), Some((0.0, 25.0)));
        assert_eq!(window(10.0, false, &[1.0, 9.0, 24.0, f64::NAN]), None);
        assert_eq!(window(50.0, false, &[110.0, -400.0]), Some((-50.0, 110.0)));
        assert_eq!(window(0.0, false, &[250.0]), None);
    }

    #[test]
    fn a_bound_near_a_hundred_percent_is_told_from_it() {
        assert_eq!(window(99.0, true, &[100.0, 0.0]), Some((95.0, 100.0)));
        assert_eq!(window(60.0, true, &[100.0, 0.0]), None);
        assert_eq!(window(100.0, true, &[100.0, 0.0]), None);
    }
}
