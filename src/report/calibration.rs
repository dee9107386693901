//! A calibration for people and programs: tables, sentences, a document, draws as CSV, a chart.

use serde_json::{Value, json};

use super::agreement::{beside, contradictions, off};
use super::chart::{ChartAxis, Line, LineFigure, Look, Panel, Point, Threshold};
use super::count;
use super::figures::{Drawing, fitting};
use super::number::significant;
use super::table::{Column, short};
use crate::calibrate::DISCREPANCY;
use crate::calibrate::calibration::{Calibration, Fit, Fitted, Traded};

/// Slices of a range in the chart of densities.
const SLICES: usize = 60;

/// Curves of a chart at most.
const MOST_CURVES: usize = 8;

/// The table of parameters: before and after.
pub fn parameters(found: &Calibration) -> String {
    let all = &found.parameters;
    let cells = |cell: &dyn Fn(&Fitted) -> String| all.iter().map(cell).collect::<Vec<String>>();
    let text = |it: &Fitted, value: f64| it.ranged.dial.text(significant(value, 3));
    let columns = vec![
        Column::words("parameter", cells(&|it| it.ranged.dial.path.clone())),
        Column::words("before", cells(&|it| format!("{} to {}", text(it, it.ranged.low), text(it, it.ranged.high))))
            .optional(2),
        Column::figures("was", cells(&|it| text(it, it.ranged.value))).optional(1),
        Column::figures("median", cells(&|it| text(it, it.median))),
        Column::words(
            "90 % interval",
            cells(&|it| format!("{} to {}", text(it, it.interval[0]), text(it, it.interval[1]))),
        ),
        Column::figures("width", cells(&|it| format!("{:.0} %", it.width * 100.0))).optional(3),
    ];
    short(columns, &[], "--format json")
}

/// The table of figures: measured, and what the calibrated model gives.
pub fn fits(found: &Calibration) -> String {
    let all = &found.fits;
    let cells = |cell: &dyn Fn(&Fit) -> String| all.iter().map(cell).collect::<Vec<String>>();
    let amount = |it: &Fit, value: f64| beside(value, it.observation.value, it.observation.metric);
    let mut last = None;
    let place = |it: &Fit| match last.replace(it.observation.site) == Some(it.observation.site) {
        true => String::new(),
        false => found.data.sites[it.observation.site].words.clone(),
    };
    let columns = vec![
        Column::words("at", all.iter().map(place).collect()),
        Column::words("figure", cells(&|it| it.observation.metric.short().into())),
        Column::figures("measured", cells(&|it| amount(it, it.observation.value))),
        Column::figures("calibrated", cells(&|it| it.predicted.map_or("–".into(), |[median, ..]| amount(it, median)))),
        Column::words(
            "90 % of draws",
            cells(&|it| {
                it.predicted
                    .map_or(String::new(), |[_, low, high]| format!("{} to {}", amount(it, low), amount(it, high)))
            }),
        )
        .optional(1),
        Column::figures("off", cells(&|it| it.deviation.map_or("–".into(), |size| off(it.observation.metric, size)))),
        Column::figures("noise", cells(&|it| it.distance.map_or(String::new(), |size| format!("{size:+.1} σ"))))
            .optional(2),
    ];
    short(columns, &[], "--format json")
}

/// What was found, in sentences.
pub fn sentences(found: &Calibration) -> Vec<String> {
    let mut sentences = Vec::new();
    if found.parameters.is_empty() {
        return sentences;
    }
    let [median, low, high] = found.discrepancy.map(|size| size * 100.0);
    let discrepancy = format!("{median:.1} % ({low:.1} to {high:.1} %)");
    sentences.push(if found.is_misfit {
        let worst = worst(found);
        format!(
            "NO values within the ranges fit: beyond all noise the model is off by about {discrepancy}{worst}. The model lacks \
             something, or a range is too narrow; the intervals are wide because of it"
        )
    } else if found.is_beyond_noise {
        format!("the model fits, but for differences of about {discrepancy} that are more than noise")
    } else {
        format!("the model fits within noise; what it may get wrong beside that is about {discrepancy}")
    });
    let name = |it: &Fitted| format!("“{}”", it.ranged.dial.path);
    let unknown: Vec<String> = found.parameters.iter().filter(|it| !it.is_known()).map(name).collect();
    if !unknown.is_empty() {
        sentences.push(format!(
            "the data says next to nothing of {}: the interval stays at three quarters of the range or more. Measure the part \
             alone, or a load at which it matters",
            unknown.join(", ")
        ));
    }
    sentences.extend(found.traded.iter().map(|traded| trade(found, traded)));
    for it in found.parameters.iter().filter(|it| it.is_at_an_end()) {
        sentences.push(format!("“{}” is at an end of its range: is the range too narrow?", it.ranged.dial.path));
    }
    sentences
}

/// `; the worst is throughput at concurrency = 50, +23 %`.
fn worst(found: &Calibration) -> String {
    let size = |fit: &&Fit| fit.deviation.map_or(0.0, f64::abs);
    let worst = found.fits.iter().filter(|fit| fit.deviation.is_some()).max_by(|a, b| size(a).total_cmp(&size(b)));
    worst.map_or_else(String::new, |fit| {
        format!(
            "; the worst is the {} at {}, {}",
            fit.observation.metric.words(),
            found.data.sites[fit.observation.site].words,
            off(fit.observation.metric, fit.deviation.unwrap_or(0.0))
        )
    })
}

/// Two parameters that make up for each other.
fn trade(found: &Calibration, traded: &Traded) -> String {
    let [a, b] = traded.pair.map(|index| &found.parameters[index]);
    // A step of a tenth of the first one's interval, in words of both.
    let step = 0.1 * (a.interval[1] - a.interval[0]);
    let text = |it: &Fitted, size: f64| it.ranged.dial.text(significant(size, 2));
    let more = if traded.slope < 0.0 { "less" } else { "more" };
    let is_plain = !a.ranged.dial.whole && !b.ranged.dial.whole;
    let rate = match is_plain {
        true => format!(
            ": {} more of the first goes with {} {more} of the second",
            text(a, step),
            text(b, (step * traded.slope).abs())
        ),
        false => String::new(),
    };
    format!(
        "“{}” and “{}” trade off (correlation {:+.2}){rate}. Only both together are known; measure one of them alone",
        a.ranged.dial.path, b.ranged.dial.path, traded.correlation
    )
}

/// How it was fitted, in a sentence.
pub fn method(found: &Calibration, replications: u32, seed: u64) -> String {
    format!(
        "{}, {} at {}; {} of {replications} replications at each place, seed {seed}",
        count(found.parameters.len(), "parameter"),
        count(found.data.all.len(), "measured figure"),
        count(found.data.sites.len(), "place"),
        count(found.settings, "setting")
    )
}

/// The draws of the posterior as CSV: durations in seconds, rates per second, cores, or the number itself.
pub fn posterior_csv(found: &Calibration) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = found.parameters.iter().map(|it| it.ranged.dial.path.as_str()).chain([DISCREPANCY]);
    // Neither can fail: the rows have one length, and go to memory.
    let _ = writer.write_record(names);
    for (draw, discrepancy) in found.discrepancies.iter().enumerate() {
        let values = found.parameters.iter().map(|it| it.draws[draw]).chain([*discrepancy]);
        let _ = writer.write_record(values.map(|value| significant(value, 9).to_string()));
    }
    writer.into_inner().unwrap_or_default()
}

/// The answer for programs.
pub fn document(found: &Calibration) -> Value {
    let sites = &found.data.sites;
    let parameter = |it: &Fitted| {
        json!({
            "path": it.ranged.dial.path,
            "range": [it.ranged.low, it.ranged.high],
            "was": it.ranged.value,
            "median": it.median,
            "interval_90": it.interval,
            "width": it.width,
            "is_known": it.is_known(),
            "is_at_an_end": it.is_at_an_end(),
        })
    };
    let fit = |it: &Fit| {
        json!({
            "variant": sites[it.observation.site].variant,
            "point": sites[it.observation.site].at,
            "metric": it.observation.metric.name(),
            "measured": it.observation.value,
            "error": it.observation.error,
            "calibrated": it.predicted,
            "deviation": it.deviation,
            "distance": it.distance,
            "is_informative": it.is_informative,
        })
    };
    let path = |index: usize| found.parameters[index].ranged.dial.path.as_str();
    let traded = |it: &Traded| json!({ "pair": it.pair.map(path), "correlation": it.correlation, "slope": it.slope });
    json!({
        "fits": !found.is_misfit && !found.parameters.is_empty(),
        "is_beyond_noise": found.is_beyond_noise,
        "discrepancy": found.discrepancy,
        "parameters": found.parameters.iter().map(parameter).collect::<Vec<_>>(),
        "correlations": found.correlations,
        "trade_offs": found.traded.iter().map(traded).collect::<Vec<_>>(),
        "figures": found.fits.iter().map(fit).collect::<Vec<_>>(),
        "settings": found.settings,
        "emulation": found.emulation,
        "contradictions": contradictions(sites, &found.contradictions),
        "left_out": found.data.left_out,
        "doubts": found.doubts,
    })
}

/// The posterior beside the prior: the density of each parameter over its range, those that are known best first.
pub fn chart(found: &Calibration, method: &str) -> Drawing {
    let mut order: Vec<usize> = (0..found.parameters.len()).collect();
    order.sort_by(|&a, &b| found.parameters[a].width.total_cmp(&found.parameters[b].width));
    let label = |it: &Fitted| {
        let path = &it.ranged.dial.path;
        let start = path.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
        format!("{} {}", &path[start..], it.ranged.dial.text(significant(it.median, 3)))
    };
    let line = |(color, &index): (usize, &usize)| Line {
        label: label(&found.parameters[index]),
        points: density(&found.parameters[index]),
        color,
        look: Look::Course,
        ..Line::default()
    };
    let lines: Vec<Line> = order.iter().take(MOST_CURVES).enumerate().map(line).collect();
    let known = found.parameters.iter().filter(|it| it.is_known()).count();
    let all = found.parameters.len();
    let title = match (found.is_misfit, known) {
        (true, _) => "No values within the ranges fit what was measured".to_owned(),
        (_, 0) => "The data says next to nothing of any parameter".into(),
        (_, known) if known == all && all == 1 => "The data narrows the parameter".into(),
        (_, known) if known == all && all == 2 => "The data narrows both parameters".into(),
        (_, known) if known == all => format!("The data narrows all {all} parameters"),
        (_, known) => format!("The data narrows {known} of {all} parameters"),
    };
    let further = if all > MOST_CURVES { format!(" {} more are not drawn.", all - MOST_CURVES) } else { String::new() };
    let figure = LineFigure {
        title: fitting([title]),
        subtitle: method.to_owned(),
        x: ChartAxis::linear("place in the range of the prior (0 the low end, 1 the high end)"),
        panels: vec![Panel {
            y: ChartAxis::linear("posterior density over that of the prior"),
            lines,
            thresholds: vec![Threshold { value: 1.0, label: "prior".into() }],
            ..Panel::default()
        }],
        note: format!("Each curve is a parameter, with its median.{further}"),
    };
    Drawing { name: "posterior".into(), figure: figure.into() }
}

/// The density over the range: a histogram that is smoothed with neighbouring slices.
fn density(it: &Fitted) -> Vec<Point> {
    let mut counts = [0.0; SLICES];
    let (low, width) = (it.ranged.low, it.ranged.high - it.ranged.low);
    for draw in &it.draws {
        let slice = ((draw - low) / width * SLICES as f64).floor().clamp(0.0, SLICES as f64 - 1.0);
        counts[slice as usize] += 1.0;
    }
    let at = |index: usize| counts[index.min(SLICES - 1)];
    let smoothed = |index: usize| {
        let (before, after) = (index.checked_sub(1).map_or(at(0), at), at(index + 1));
        0.25 * before + 0.5 * at(index) + 0.25 * after
    };
    let point = |index: usize| {
        let place = (index as f64 + 0.5) / SLICES as f64;
        Point::new(place, smoothed(index) * SLICES as f64 / it.draws.len().max(1) as f64)
    };
    (0..SLICES).map(point).collect()
}
