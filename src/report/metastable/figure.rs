//! The chart of the map: over the load, the smallest trigger that tips each variant.

use super::{Border, MetastableAnswer, VariantMap, at_load, metastable_method, name, trigger};
use crate::report::chart::{ChartAxis, Line, LineFigure, Panel, Point};
use crate::report::figures::{Drawing, fitting};
use crate::report::knee::dial_label;
use crate::report::paragraph::{list, quoted};

/// The chart.
pub fn metastable_figure(answer: &MetastableAnswer) -> Drawing {
    let asked = &answer.asked;
    let end = asked.trigger.shown(asked.grid.value(asked.grid.cells()));
    let line = |map: &VariantMap| Line {
        label: name(answer, map).to_owned(),
        color: map.variant,
        points: map.borders.iter().map(|border| point(answer, border, end)).collect(),
        end: if map.smallest().is_none() { "recovers".into() } else { String::new() },
        ..Line::default()
    };
    let panel = Panel {
        y: ChartAxis::linear(format!("size of the trigger: {}", dial_label(&asked.trigger))),
        y_max: Some(end),
        lines: answer.variants.iter().map(line).collect(),
        ..Panel::default()
    };
    let figure = LineFigure {
        title: title(answer),
        subtitle: format!("Simulated: {}", metastable_method(answer)),
        x: ChartAxis::linear(dial_label(&asked.load)),
        panels: vec![panel],
        note: "Curves: the smallest trigger after which some run stays down. Bands: from the largest after which every run \
               returns to the smallest after which none does. Above its band a variant stays down; without a mark it returns \
               after every trigger that was tried at this load."
            .into(),
    };
    Drawing { name: "metastable".into(), figure: figure.into() }
}

fn point(answer: &MetastableAnswer, border: &Border, end: f64) -> Point {
    let asked = &answer.asked;
    let shown = |size: f64| asked.trigger.shown(size);
    let x = asked.load.shown(border.load);
    match border.tips {
        None => Point::new(x, f64::NAN),
        Some(tips) => {
            let low = border.returns.map_or(shown(tips), shown).min(shown(tips));
            Point::with_interval(x, shown(tips), low, border.stays.map_or(end, shown))
        }
    }
}

/// The smallest trigger that tips a variant, and the variants that recover from every trigger that was tried.
fn title(answer: &MetastableAnswer) -> String {
    let tipped: Vec<(&VariantMap, f64, f64)> =
        answer.variants.iter().filter_map(|map| map.smallest().map(|(load, size)| (map, load, size))).collect();
    let safe: Vec<&str> =
        answer.variants.iter().filter(|map| map.smallest().is_none()).map(|map| name(answer, map)).collect();
    let Some((_, load, size)) = tipped.iter().min_by(|a, b| a.2.total_cmp(&b.2)) else {
        let end = trigger(answer, answer.asked.grid.value(answer.asked.grid.cells()));
        return fitting([format!("The system returns by itself, up to {end}"), "The system returns by itself".into()]);
    };
    let alike = tipped.iter().filter(|other| (other.1, other.2) == (*load, *size));
    let first: Vec<&str> = alike.map(|other| name(answer, other.0)).collect();
    let how = format!("can stay down after {} at {}", trigger(answer, *size), at_load(answer, *load));
    let all = answer.variants.len();
    if all == 1 {
        return fitting([format!("the system {how}")]);
    }
    let tips = [format!("{} {how}", list(&first)), format!("{} of {all} variants {how}", first.len())];
    let recovers = match safe.as_slice() {
        [] => None,
        [one] => Some(format!("{} recovers", quoted(one))),
        some => Some(format!("{} of {all} variants recover", some.len())),
    };
    let both = recovers.iter().flat_map(|recovers| tips.each_ref().map(|tips| format!("{tips}; {recovers}")));
    fitting(both.chain(tips.iter().cloned()))
}
