//! Which assumptions decide: a table, sentences, a tornado chart, a document for programs.

mod figure;

use serde_json::{Value, json};

use super::comparisons::within;
use super::number::{difference, short};
use super::page::{Found, of_search};
use super::paragraph::{count, paragraph};
use super::table::{self, Column};
use crate::experiment::analyse::comparison::TIE;
use crate::experiment::analyse::summary::Doubt;
use crate::experiment::analyse::throughput;
use crate::experiment::analyse::verdict::Verdict;
use crate::experiment::analyse::words;
use crate::experiment::search::sensitivity::{Parameter, Sensitivity, Share, Sway, Unsure, Weight};
use crate::language::Metric;
use crate::model::RateUnit;
use crate::statistics::Interval;

pub use figure::sensitivity_figure;

/// Half-width beyond which a share of the variance is not known.
const WIDE: f64 = 0.2;

/// By how much a number's share alone may exceed its share with others without a warning.
const NOISE: f64 = 0.05;

/// What was looked at: below the title.
pub fn sensitivity_method(found: &Sensitivity) -> String {
    let place = words::place(&found.plan, found.question.point);
    // Without variants a place is `at rate = 1/s`, of nothing else.
    let of = if place.starts_with("at ") && found.plan.variants.len() == 1 { "" } else { "of " };
    format!(
        "{} {of}{place}{}; {}, {}, {} a point, seed {}",
        found.question.metric.words(),
        found.nominal.map_or_else(String::new, |figure| format!(
            ", {}",
            words::figure(figure, found.question.metric, rates(found))
        )),
        count(found.trajectories, "path"),
        count(found.samples, "row"),
        count(found.plan.replications as usize, "run"),
        found.plan.seed
    )
}

/// The whole answer for people.
pub fn sensitivity(found: &Sensitivity, width: Option<usize>) -> Vec<String> {
    let sentences = sentences(found).into_iter().map(|sentence| paragraph("- ", &sentence, width));
    vec![table::short(columns(found), &[], "--format json"), sentences.collect()]
}

/// The page of the answer; `again` is the command that gives it.
pub fn sensitivity_page(found: &Sensitivity, again: &str) -> String {
    let (metric, rates) = (found.question.metric, rates(found));
    let effect = |(_, parameter): (usize, &Parameter)| {
        let size = parameter.effect.map_or_else(|| "–".into(), |effect| with_interval(effect.size, metric, rates));
        (parameter.ranged.dial.path.clone(), size)
    };
    let page = Found {
        plan: &found.plan,
        rates,
        points: vec![found.question.point],
        sentences: sentences(found),
        method: sensitivity_method(found),
        chart: (!found.parameters.is_empty()).then(|| sensitivity_figure(found)),
        heading: "What each number changes",
        columns: columns(found),
        further: Vec::new(),
        effects: sorted(found).into_iter().map(effect).collect(),
        doubts: found.doubts.clone(),
        trials: None,
        file: "sensitivity.json",
    };
    of_search(&page, again)
}

/// The unit of throughputs.
fn rates(found: &Sensitivity) -> RateUnit {
    let nominal = found.nominal.filter(|_| found.question.metric == Metric::ThroughputPerMin);
    throughput::unit_of(&found.plan, nominal.into_iter().map(|rate| rate.estimate))
}

/// The parameters, those with the largest effect first.
fn sorted(found: &Sensitivity) -> Vec<(usize, &Parameter)> {
    let size = |parameter: &Parameter| parameter.effect.map_or(-1.0, |effect| effect.size.estimate);
    let mut all: Vec<(usize, &Parameter)> = found.parameters.iter().enumerate().collect();
    all.sort_by(|a, b| size(b.1).total_cmp(&size(a.1)));
    all
}

fn columns(found: &Sensitivity) -> Vec<Column> {
    let (metric, rates) = (found.question.metric, rates(found));
    let rows = sorted(found);
    let change = |change: Option<Interval>| {
        change.map_or_else(
            || "–".into(),
            |change| {
                let text = difference(change.estimate, metric, rates);
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
        Column::words("range", column(&range)).optional(2),
        Column::figures("lowest", column(&|parameter| change(parameter.at_low))).optional(1),
        Column::figures("highest", column(&|parameter| change(parameter.at_high))).optional(1),
        Column::figures(
            "effect",
            column(&|parameter| {
                parameter.effect.map_or_else(|| "–".into(), |effect| with_interval(effect.size, metric, rates))
            }),
        ),
        Column::figures("alone %", column(&|parameter| percent(parameter.share.map(|share| share.first)))).optional(3),
        Column::figures("with others %", column(&|parameter| percent(parameter.share.map(|share| share.total))))
            .optional(3),
    ];
    columns.retain(|column| !column.is_empty());
    columns
}

/// A size of differences with its interval.
fn with_interval(size: Interval, metric: Metric, rates: RateUnit) -> String {
    if !metric.is_rate() {
        return words::figure(size, metric, rates);
    }
    let [estimate, low, high] = [size.estimate, size.low, size.high].map(|value| value * 100.0);
    format!("{estimate:.1} points ({low:.1} to {high:.1})")
}

/// `4 to 6, now 5`.
fn range(parameter: &Parameter) -> String {
    let ranged = &parameter.ranged;
    let text = |value: f64| ranged.dial.text(value);
    format!("{} to {}, now {}", text(ranged.low), text(ranged.high), text(ranged.value))
}

/// What is said of the figure, and of each verdict.
fn sentences(found: &Sensitivity) -> Vec<String> {
    let list = |weight: Weight| weighing(found, weight).join(", ");
    let mut sentences = Vec::new();
    if found.parameters.is_empty() {
        return vec!["no number of the model has a range: add `range = [low, high]` to its provenance".into()];
    }
    let [deciding, small, open] = [Weight::Decides, Weight::Small, Weight::Open].map(list);
    let metric = found.question.metric;
    let mut parts = Vec::new();
    if !deciding.is_empty() {
        parts.push(format!("the {} {} on {deciding}", metric.words(), metric.agree("depends", "depend")));
    }
    if deciding.is_empty() && open.is_empty() {
        let little = within(found.plan.best_within.map_or(TIE, |zone| zone.share), metric);
        let name = metric.words();
        parts.push(match found.parameters.as_slice() {
            [_] => format!("{small} changes the {name} by less than {little}"),
            all => format!("none of the {} assumed values changes the {name} by {little} or more", all.len()),
        });
    } else if !small.is_empty() {
        let verb = if weighing(found, Weight::Small).len() == 1 { "does" } else { "do" };
        parts.push(format!("{small} {verb} not change the result"));
    }
    if !open.is_empty() {
        let more = (found.question.trajectories * 2).max(10);
        let quoted: Vec<String> = weighing(found, Weight::Open).iter().map(|name| format!("“{name}”")).collect();
        let effects = match quoted.as_slice() {
            [only] => format!("the effect of {only} is not known yet"),
            _ => format!("the effects of {} are not known yet", quoted.join(", ")),
        };
        parts.push(format!("{effects}: use more paths (--trajectories {more})"));
    }
    sentences.push(parts.join("; "));
    sentences.extend(found.doubt.as_ref().map(|doubt| format!("no verdict on this point itself: {}", doubt.reason())));
    let Unsure { settings, of } = found.unsure;
    if settings > 0 {
        sentences.push(format!(
            "in {settings} of {of} settings of the paths the point may be overloaded, or a queue is still filling: a \
             longer run may show larger effects"
        ));
    }
    sentences.extend(found.verdicts.iter().map(|sway| verdict_sentence(found, sway)));
    sentences
}

/// The names of the numbers of some weight, those with the largest effect first.
fn weighing(found: &Sensitivity, weight: Weight) -> Vec<String> {
    let rows = sorted(found).into_iter().filter(|(_, parameter)| parameter.weight == weight);
    rows.map(|(_, parameter)| short_name(found, parameter)).collect()
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
        let claim = &sway.claim;
        return match (same == settings, sway.refuted, sway.nominal) {
            (true, true, Verdict::Fails) => {
                format!("{claim} is not refuted in any of the {settings} settings of the assumptions that were tried")
            }
            (true, _, _) => {
                format!("{claim} {} in all {settings} settings of the assumptions that were tried", outcome(sway))
            }
            (false, _, _) if sway.nominal == Verdict::Undecided => {
                let (held, failed) = words_of(sway);
                format!(
                    "{claim} is undecided in {same} of {settings} settings, {held} in {holds} and {failed} in {fails}; no \
                     single number reversed it"
                )
            }
            (false, _, _) => format!(
                "{claim} {} in {same} of {settings} settings, {undecided} are undecided; no single number reversed it",
                outcome(sway)
            ),
        };
    }
    let deciding: Vec<String> = turns
        .iter()
        .map(|(index, (turned, moved))| {
            format!("{} (reversed it in {turned} of {moved} moves)", short_name(found, &found.parameters[*index]))
        })
        .collect();
    let others = sway.turns.iter().filter(|(turned, _)| *turned == 0);
    let rest = match (others.clone().count(), others.map(|(_, moved)| *moved).min()) {
        (1, Some(least)) => format!("; the other did not reverse it in {}", count(least, "move")),
        (_, Some(least)) => format!("; the others did not reverse it in at least {} each", count(least, "move")),
        (_, None) => String::new(),
    };
    let (held, failed) = words_of(sway);
    format!(
        "the verdict on {} ({} now; {held} in {holds}, {failed} in {fails} of {settings} settings) depends on {}{rest}",
        sway.claim,
        outcome(sway),
        deciding.join(", ")
    )
}

/// How a claim holds and fails in words.
fn words_of(sway: &Sway) -> (&'static str, &'static str) {
    if sway.refuted { ("refuted", "not refuted") } else { ("holds", "fails") }
}

/// The verdict with all numbers as they are in the model; of a belief, whether it is refuted.
fn outcome(sway: &Sway) -> &'static str {
    match (sway.refuted, sway.nominal) {
        (true, Verdict::Holds) => "is refuted",
        (true, Verdict::Fails) => "is not refuted",
        (_, verdict) => word(verdict),
    }
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
            "matters": parameter.weight == Weight::Decides,
            "weight": match parameter.weight {
                Weight::Decides => "decides",
                Weight::Small => "small",
                Weight::Open => "open",
            },
        })
    };
    let sway = |sway: &Sway| {
        let turns = sway.turns.iter().zip(&found.parameters).map(|((turned, moved), parameter)| {
            json!({ "path": parameter.ranged.dial.path, "turned": turned, "moved": moved })
        });
        let [holds, fails, undecided] = sway.counts;
        json!({
            "claim": sway.claim,
            "refuted": sway.refuted,
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
        "point": words::place(&found.plan, found.question.point),
        "metric": found.question.metric.name(),
        "nominal": found.nominal,
        "trajectories": found.trajectories,
        "samples": found.samples,
        "settings_without_figure": found.blanks,
        "indifference": found.indifference,
        "doubt": found.doubt.as_ref().map(Doubt::reason),
        "doubtful_settings": found.unsure.settings,
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
        let (paths, rows) = (count(found.trajectories, "path"), count(found.samples, "row"));
        warnings.push(format!("interrupted after {paths} and {rows}"));
    }
    if found.blanks > 0 {
        let metric = found.question.metric.words();
        let settings = count(found.blanks, "setting");
        warnings.push(format!("{settings} without any {metric}: excluded from the effects"));
    }
    let shares: Vec<(String, Share)> =
        sorted(found).into_iter().filter_map(|(_, of)| Some((short_name(found, of), of.share?))).collect();
    warnings.extend(unsure(&shares, found.question.samples));
    warnings.extend(found.doubts.iter().cloned());
    warnings
}

/// What is wrong with shares of the variance that come from too few rows.
fn unsure(shares: &[(String, Share)], rows: u32) -> Option<String> {
    let widest = shares.iter().flat_map(|(_, share)| [share.first, share.total].map(|of| of.half_width()));
    let widest = widest.fold(0.0, f64::max);
    let noisy = shares.iter().find(|(_, share)| share.first.estimate > share.total.estimate + NOISE);
    let mut what = Vec::new();
    if widest > 0.5 {
        what.push("shares of the variance are not known: an interval is wider than 100 points".into());
    } else if widest > WIDE {
        what.push(format!("shares of the variance are known only to ±{} points", short(widest * 100.0)));
    }
    if let Some((name, share)) = noisy {
        let percent = |of: Interval| short((of.estimate * 100.0).round());
        what.push(format!(
            "the share of {name} alone ({} %) exceeds its share with others ({} %), which is noise",
            percent(share.first),
            percent(share.total)
        ));
    }
    let rows = count(rows as usize, "row");
    (!what.is_empty()).then(|| format!("{}: {rows} are too few, raise --samples", what.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(first: [f64; 3], total: [f64; 3]) -> Vec<(String, Share)> {
        let interval = |[low, estimate, high]: [f64; 3]| Interval { estimate, low, high };
        vec![("cpu".into(), Share { first: interval(first), total: interval(total) })]
    }

    #[test]
    fn shares_from_too_few_rows_are_warned_of() {
        assert_eq!(unsure(&share([0.5, 0.6, 0.7], [0.5, 0.6, 0.7]), 64), None);
        let wide = unsure(&share([0.2, 0.6, 0.9], [0.5, 0.6, 0.7]), 16).expect("a warning");
        assert!(wide.starts_with("shares of the variance are known only to ±35 points: 16 rows are too few"), "{wide}");
        let noisy = unsure(&share([0.5, 0.6, 0.7], [0.4, 0.5, 0.6]), 16).expect("a warning");
        assert!(noisy.starts_with("the share of cpu alone (60 %) exceeds its share with others (50 %)"), "{noisy}");
    }

    #[test]
    fn differences_of_rates_are_points() {
        assert_eq!(difference(-0.889, Metric::SuccessRate, RateUnit::Minute), "-88.9 points");
        assert_eq!(difference(-20.0, Metric::ThroughputPerMin, RateUnit::Minute), "-20/min");
        assert_eq!(difference(-90.0, Metric::ThroughputPerMin, RateUnit::Second), "-1.5/s");
        let size = Interval { estimate: 0.1, low: 0.0, high: 0.25 };
        assert_eq!(with_interval(size, Metric::SuccessRate, RateUnit::Minute), "10.0 points (0.0 to 25.0)");
    }
}
