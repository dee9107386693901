//! Which assumptions decide: a table, sentences, a tornado chart, a document for programs.

use serde_json::{Value, json};

use super::chart::{Axis, Bar, BarFigure};
use super::figures::Drawing;
use super::metric::metric_name;
use super::number::short;
use super::paragraph::paragraph;
use super::table::{Column, table};
use crate::experiment::sensitivity::{Parameter, Sensitivity, Sway};
use crate::experiment::verdict::{self, Verdict, amount};
use crate::statistics::Interval;

/// What was looked at: below the title.
pub fn sensitivity_method(found: &Sensitivity) -> String {
    format!(
        "{} of {}{}; {} paths, {} rows, {} runs a point, seed {}",
        verdict::name(found.question.metric),
        verdict::place(&found.plan, found.question.point),
        found
            .nominal
            .map_or_else(String::new, |figure| format!(", {}", verdict::figure(figure, found.question.metric))),
        found.trajectories,
        found.samples,
        found.plan.replications,
        found.plan.seed
    )
}

/// The whole answer for people.
pub fn sensitivity(found: &Sensitivity, width: Option<usize>) -> Vec<String> {
    let sentences = sentences(found).into_iter().map(|sentence| paragraph("- ", &sentence, width));
    vec![overview(found), sentences.collect()]
}

/// The parameters, those with the largest effect first.
fn sorted(found: &Sensitivity) -> Vec<(usize, &Parameter)> {
    let size = |parameter: &Parameter| parameter.effect.map_or(-1.0, |effect| effect.size.estimate);
    let mut all: Vec<(usize, &Parameter)> = found.parameters.iter().enumerate().collect();
    all.sort_by(|a, b| size(b.1).total_cmp(&size(a.1)));
    all
}

fn overview(found: &Sensitivity) -> String {
    let metric = found.question.metric;
    let rows = sorted(found);
    let change = |change: Option<Interval>| {
        change.map_or_else(
            || "–".into(),
            |change| {
                let text = amount(change.estimate, metric);
                let is_zero = !text.contains(|letter| ('1'..='9').contains(&letter));
                let sign = if change.estimate > 0.0 && !is_zero { "+" } else { "" };
                format!("{sign}{}", if is_zero { text.trim_start_matches('-') } else { &text })
            },
        )
    };
    let percent = |share: Option<Interval>| {
        share.map_or_else(String::new, |share| {
            format!("{:.0} ({:.0} to {:.0})", share.estimate * 100.0, share.low * 100.0, share.high * 100.0)
        })
    };
    let column =
        |cell: &dyn Fn(&Parameter) -> String| rows.iter().map(|(_, parameter)| cell(parameter)).collect::<Vec<_>>();
    let mut columns = vec![
        Column::words("parameter", column(&|parameter| parameter.ranged.dial.path.clone())),
        Column::words("range", column(&range)),
        Column::figures("lowest", column(&|parameter| change(parameter.at_low))),
        Column::figures("highest", column(&|parameter| change(parameter.at_high))),
        Column::figures(
            "effect",
            column(&|parameter| {
                parameter.effect.map_or_else(|| "–".into(), |effect| amount(effect.size.estimate, metric))
            }),
        ),
        Column::figures("alone %", column(&|parameter| percent(parameter.share.map(|share| share.first)))),
        Column::figures("with others %", column(&|parameter| percent(parameter.share.map(|share| share.total)))),
    ];
    columns.retain(|column| !column.is_empty());
    table(columns, &[])
}

/// `4 to 6, now 5`.
fn range(parameter: &Parameter) -> String {
    let ranged = &parameter.ranged;
    let text = |value: f64| ranged.dial.text(value);
    format!("{} to {}, now {}", text(ranged.low), text(ranged.high), text(ranged.value))
}

/// What is said of the figure, and of each verdict.
fn sentences(found: &Sensitivity) -> Vec<String> {
    let name = |(_, parameter): &(usize, &Parameter)| short_name(found, parameter);
    let rows = sorted(found);
    let (matter, other): (Vec<_>, Vec<_>) = rows.iter().copied().partition(|(_, parameter)| parameter.matters);
    let list = |some: &[(usize, &Parameter)]| some.iter().map(name).collect::<Vec<_>>().join(", ");
    let mut sentences = Vec::new();
    if found.parameters.is_empty() {
        return vec!["no number of the model has a range: add `range = [low, high]` to its provenance".into()];
    }
    if !matter.is_empty() {
        let rest = if other.is_empty() { String::new() } else { format!("; {} may stay guesses", list(&other)) };
        sentences.push(format!("the {} hinges on {}{rest}", verdict::name(found.question.metric), list(&matter)));
    }
    sentences.extend(found.verdicts.iter().map(|sway| verdict_sentence(found, sway)));
    sentences
}

fn verdict_sentence(found: &Sensitivity, sway: &Sway) -> String {
    let mut turns: Vec<(usize, &(usize, usize))> =
        sway.turns.iter().enumerate().filter(|(_, turns)| turns.0 > 0).collect();
    turns.sort_by_key(|(_, turns)| std::cmp::Reverse(turns.0));
    let settings: usize = sway.counts.iter().sum();
    let [holds, fails, undecided] = sway.counts;
    if turns.is_empty() {
        let same = match sway.nominal {
            Verdict::Holds => holds,
            Verdict::Fails => fails,
            Verdict::Undecided => undecided,
        };
        let word = word(sway.nominal);
        return if same == settings {
            format!("{} {word} whatever the assumptions: all may stay guesses", sway.claim)
        } else {
            format!(
                "{} {word} in {same} of {settings} settings, {undecided} are undecided; no one number turned it round",
                sway.claim
            )
        };
    }
    let hinges: Vec<String> = turns
        .iter()
        .map(|(index, (turned, moved))| {
            format!("{} ({turned} of {moved} moves)", short_name(found, &found.parameters[*index]))
        })
        .collect();
    let others: Vec<String> = (0..sway.turns.len())
        .filter(|index| sway.turns[*index].0 == 0)
        .map(|index| short_name(found, &found.parameters[index]))
        .collect();
    let rest = if others.is_empty() { String::new() } else { format!("; {} may stay guesses", others.join(", ")) };
    format!(
        "the verdict on {} ({} now; holds in {holds}, fails in {fails} of {settings} settings) hinges on {}{rest}",
        sway.claim,
        word(sway.nominal),
        hinges.join(", ")
    )
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Holds => "holds",
        Verdict::Fails => "fails",
        Verdict::Undecided => "is undecided",
    }
}

/// The shortest end of a path that no other parameter has.
fn short_name(found: &Sensitivity, parameter: &Parameter) -> String {
    let path = &parameter.ranged.dial.path;
    let parts: Vec<&str> = path.split('.').collect();
    let names = parts.iter().enumerate().rev().map(|(index, part)| {
        // Where it belongs to says more than the way to it.
        match (index, parts.get(1)) {
            (2.., Some(owner)) if parts[0] == "services" => format!("{owner} {}", parts[index..].join(".")),
            _ => (*part).to_owned(),
        }
    });
    let is_unique = |name: &String| {
        let end = name.rsplit(' ').next().unwrap_or(name);
        let owner = name.split_once(' ').map(|(owner, _)| format!("services.{owner}.")).unwrap_or_default();
        let alike =
            |other: &&Parameter| other.ranged.dial.path.ends_with(end) && other.ranged.dial.path.starts_with(&owner);
        *path == format!("{owner}{end}") || found.parameters.iter().filter(alike).count() == 1
    };
    names.into_iter().find(is_unique).unwrap_or_else(|| path.clone())
}

/// The tornado: what each number alone does at both ends of its range, the widest first.
pub fn sensitivity_figure(found: &Sensitivity) -> Drawing {
    let metric = found.question.metric;
    let factor = if metric.is_rate() { 100.0 } else { 1.0 };
    let swing = |parameter: &Parameter| {
        let end = |change: Option<Interval>| change.map_or(0.0, |change| change.estimate);
        (end(parameter.at_low) - end(parameter.at_high))
            .abs()
            .max(end(parameter.at_low).abs())
            .max(end(parameter.at_high).abs())
    };
    let mut rows: Vec<&Parameter> = found.parameters.iter().collect();
    rows.sort_by(|a, b| swing(b).total_cmp(&swing(a)));
    let bars = rows.iter().flat_map(|parameter| {
        let ranged = &parameter.ranged;
        [(parameter.at_low, ranged.low, 0), (parameter.at_high, ranged.high, 1)].map(|(change, value, color)| {
            let finite = change.filter(|change| change.low.is_finite() && change.high.is_finite());
            let estimate = change.map_or(f64::NAN, |change| change.estimate * factor);
            Bar {
                label: format!("{} = {}", short_name(found, parameter), ranged.dial.text(value)),
                value: estimate,
                low: finite.map_or(estimate, |change| change.low * factor),
                high: finite.map_or(estimate, |change| change.high * factor),
                color,
            }
        })
    });
    let figure = BarFigure {
        title: sentences(found)
            .first()
            .and_then(|sentence| sentence.split(';').next())
            .map_or_else(|| found.plan.title.clone(), str::to_owned),
        subtitle: format!("Simulated: {}", sensitivity_method(found)),
        x: Axis::linear(format!("change of the {}{}", verdict::name(metric), unit(found))),
        bars: bars.collect(),
        note:
            "Each number alone at the ends of its range. Whiskers: 95 % confidence intervals of the paired difference."
                .into(),
    };
    Drawing { name: "sensitivity".into(), figure: figure.into() }
}

fn unit(found: &Sensitivity) -> String {
    let unit = verdict::unit(found.question.metric).trim();
    match unit {
        "" => String::new(),
        "%" => " (points)".into(),
        unit => format!(" ({unit})"),
    }
}

/// The answer for programs.
pub fn sensitivity_document(found: &Sensitivity) -> Value {
    let parameter = |parameter: &Parameter| {
        let ranged = &parameter.ranged;
        json!({
            "path": ranged.dial.path,
            "value": ranged.dial.text(ranged.value),
            "range": [ranged.dial.text(ranged.low), ranged.dial.text(ranged.high)],
            "assumed": ranged.is_assumed,
            "at_low": parameter.at_low,
            "at_high": parameter.at_high,
            "mu_star": parameter.effect.map(|effect| effect.size),
            "mu": parameter.effect.map(|effect| effect.mean),
            "sigma": parameter.effect.map(|effect| effect.spread),
            "first_order": parameter.share.map(|share| share.first),
            "total": parameter.share.map(|share| share.total),
            "matters": parameter.matters,
        })
    };
    let sway = |sway: &Sway| {
        let turns = sway.turns.iter().zip(&found.parameters).map(|((turned, moved), parameter)| {
            json!({ "path": parameter.ranged.dial.path, "turned": turned, "moved": moved })
        });
        let [holds, fails, undecided] = sway.counts;
        json!({
            "claim": sway.claim,
            "verdict": word(sway.nominal).trim_start_matches("is "),
            "settings": { "holds": holds, "fails": fails, "undecided": undecided },
            "turns": turns.collect::<Vec<_>>(),
        })
    };
    json!({
        "title": found.plan.title,
        "experiment": found.plan.name,
        "sim": env!("CARGO_PKG_VERSION"),
        "seed": found.plan.seed,
        "replications": found.plan.replications,
        "point": verdict::place(&found.plan, found.question.point),
        "metric": metric_name(found.question.metric),
        "nominal": found.nominal,
        "trajectories": found.trajectories,
        "samples": found.samples,
        "settings_without_figure": found.blanks,
        "partial": found.is_interrupted,
        "parameters": sorted(found).into_iter().map(|(_, of)| parameter(of)).collect::<Vec<_>>(),
        "hypotheses": found.verdicts.iter().map(sway).collect::<Vec<_>>(),
        "sentences": sentences(found),
        "doubts": found.doubts,
    })
}

/// What limits the answer.
pub fn sensitivity_warnings(found: &Sensitivity) -> Vec<String> {
    let mut warnings = Vec::new();
    if found.is_interrupted {
        warnings.push(format!("interrupted: {} paths and {} rows were finished", found.trajectories, found.samples));
    }
    if found.blanks > 0 {
        let metric = verdict::name(found.question.metric);
        warnings.push(format!("at {} settings there was no {metric}; they are left out of the effects", found.blanks));
    }
    let unsure: Vec<f64> =
        found.parameters.iter().filter_map(|parameter| parameter.share.map(|share| share.total.half_width())).collect();
    if unsure.iter().any(|half| *half > 0.2) {
        warnings.push(format!(
            "shares of the variance are known to ± {} points only; --samples narrows them",
            short(unsure.iter().copied().fold(0.0, f64::max) * 100.0)
        ));
    }
    warnings.extend(found.doubts.iter().cloned());
    warnings
}
