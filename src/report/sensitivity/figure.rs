//! The tornado: what each number alone does at both ends of its range.

use super::{difference, rates, sensitivity_method, short_name, weighing};
use crate::experiment::analyse::words::amount;
use crate::experiment::search::sensitivity::{Parameter, Sensitivity, Weight};
use crate::report::chart::{Swing, SwingEnd, TornadoFigure};
use crate::report::figures::{Drawing, fitting};
use crate::report::number::chart_unit;
use crate::report::paragraph::{count, first_three};
use crate::statistics::Interval;

/// A number that does less than this share of what the first one does has no row of its own.
const ROW: f64 = 0.05;
/// Rows where no number has one by that: the largest, so that it is seen how large the noise is.
const FEWEST: usize = 3;

/// The tornado, the widest first.
pub fn sensitivity_figure(found: &Sensitivity) -> Drawing {
    let metric = found.question.metric;
    let mut rows: Vec<&Parameter> = found.parameters.iter().collect();
    rows.sort_by(|a, b| reach(b).total_cmp(&reach(a)));
    let largest = rows.first().map_or(0.0, |first| reach(first));
    let is_row =
        |parameter: &&Parameter| reach(parameter) >= ROW * largest && !ends(parameter).into_iter().all(is_noise);
    let (mut drawn, mut others): (Vec<&Parameter>, Vec<&Parameter>) = rows.into_iter().partition(is_row);
    if drawn.is_empty() {
        drawn = others.drain(..others.len().min(FEWEST)).collect();
    }
    let swings: Vec<Swing> = drawn.iter().map(|parameter| swing(found, parameter)).collect();
    let is_pale = swings.iter().any(|swing| swing.low.is_pale || swing.high.is_pale);
    let of_interval =
        if found.plan.replications > 1 { " Whiskers: 95 % confidence intervals of the paired difference." } else { "" };
    let of_pale = if is_pale { " Pale: not significant." } else { "" };
    let figure = TornadoFigure {
        title: title(found),
        subtitle: format!("Simulated: {}", sensitivity_method(found)),
        x: format!("change of the {}{}", metric.words(), unit(&shown(found).1)),
        today: found
            .nominal
            .map_or_else(|| "now".into(), |nominal| format!("now {}", amount(nominal.estimate, metric, rates(found)))),
        rows: swings,
        others: summed_up(found, &others),
        note: format!("Each number alone at both ends of its range.{of_interval}{of_pale}"),
    };
    Drawing { name: "sensitivity".into(), figure: figure.into() }
}

/// `The throughput depends on a, b, c and 3 others`.
fn title(found: &Sensitivity) -> String {
    let names = weighing(found, Weight::Decides);
    let (metric, depends) = (found.question.metric.words(), found.question.metric.agree("depends", "depend"));
    if names.is_empty() {
        let open = weighing(found, Weight::Open);
        return match open.as_slice() {
            [] => fitting([format!("no number of the model changes the {metric} much"), found.plan.title.clone()]),
            [name] => fitting([
                format!("what “{name}” does to the {metric} is not known yet"),
                format!("the effect of one number on the {metric} is not known yet"),
            ]),
            names => fitting([
                format!("what {} do to the {metric} is not known yet", first_three(names)),
                format!("the effects of {} on the {metric} are not known yet", count(names.len(), "number")),
            ]),
        };
    }
    fitting([
        format!("the {metric} {depends} on {}", first_three(&names)),
        format!("the {metric} {depends} on {} and {}", names[0], count(names.len() - 1, "other number")),
        format!("the {metric} {depends} on {}", count(names.len(), "number")),
    ])
}

fn ends(parameter: &Parameter) -> [Option<Interval>; 2] {
    [parameter.at_low, parameter.at_high]
}

/// The larger of the changes at both ends.
fn reach(parameter: &Parameter) -> f64 {
    ends(parameter).into_iter().flatten().map(|change| change.estimate.abs()).fold(0.0, f64::max)
}

/// Whether a change is not significant: its interval includes zero, or there is none.
fn is_noise(change: Option<Interval>) -> bool {
    change.is_none_or(|change| change.low <= 0.0 && change.high >= 0.0)
}

fn swing(found: &Sensitivity, parameter: &Parameter) -> Swing {
    let (factor, _) = shown(found);
    let ranged = &parameter.ranged;
    let end = |change: Option<Interval>, value: f64| {
        let estimate = change.map_or(f64::NAN, |change| change.estimate * factor);
        let finite = change.filter(|change| change.low.is_finite() && change.high.is_finite());
        SwingEnd {
            text: ranged.dial.text(value),
            change: estimate,
            from: finite.map_or(estimate, |change| change.low * factor),
            to: finite.map_or(estimate, |change| change.high * factor),
            is_pale: finite.is_some() && is_noise(change),
        }
    };
    Swing {
        label: short_name(found, parameter),
        low: end(parameter.at_low, ranged.low),
        high: end(parameter.at_high, ranged.high),
    }
}

/// The numbers without a row of their own, and their largest effect.
fn summed_up(found: &Sensitivity, others: &[&Parameter]) -> Option<(String, String)> {
    let who = match others {
        [] => return None,
        [one] => short_name(found, one),
        several => format!("{} others", several.len()),
    };
    let changes = others.iter().flat_map(|parameter| ends(parameter)).flatten();
    let most = changes.map(|change| change.low.abs().max(change.high.abs())).fold(0.0, f64::max);
    let each = if others.len() == 1 { "" } else { "each " };
    let what = if most == 0.0 {
        "no change".into()
    } else if most.is_finite() {
        format!("{each}at most {} either way", difference(most, found.question.metric, rates(found)))
    } else {
        "no significant change".into()
    };
    Some((who, what))
}

/// What changes are multiplied with, and their unit.
fn shown(found: &Sensitivity) -> (f64, String) {
    let size = found.nominal.map_or(f64::INFINITY, |nominal| nominal.estimate);
    chart_unit(found.question.metric, rates(found), size)
}

fn unit(unit: &str) -> String {
    match unit {
        "" => String::new(),
        "%" => " (points)".into(),
        unit => format!(" ({unit})"),
    }
}
