//! `summary.json`: all that a sweep found, for programs.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

use super::answer;
use super::comparisons;
use super::metric::metrics;
use super::theory::theory_document;
use super::uncertain;
use super::warning::warnings;
use super::whole::Report;
use crate::experiment::analyse::ablation::{Ablated, Part};
use crate::experiment::analyse::comparison::{self, Comparison, Difference, Selection};
use crate::experiment::analyse::effect::Observation;
use crate::experiment::analyse::hidden::may_hide_collapse;
use crate::experiment::analyse::precision;
use crate::experiment::analyse::summary::{
    ClassSummary, Growth, LEVEL, ResourceMean, ResourceSpread, Summary, UserMeans,
};
use crate::experiment::analyse::verdict::{self, Deviation, Judgement, Verdict};
use crate::experiment::analyse::words;
use crate::experiment::plan::{Axis, Measurement, Plan, Precision, Zone};
use crate::language::{Assumption, Scale};
use crate::statistics::Interval;

/// The whole document. Its points, which may be many, are made one by one as it is written.
pub struct Document<'a>(pub &'a Report<'a>);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let Value::Object(rest) = rest(self.0) else { return map.end() };
        for (key, value) in rest {
            map.serialize_entry(&key, &value)?;
            if key == "axes" {
                map.serialize_entry("points", &Points(self.0))?;
            }
        }
        map.end()
    }
}

/// The points of a report.
struct Points<'a>(&'a Report<'a>);

impl Serialize for Points<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.summaries.iter().map(|summary| point_document(self.0, summary)))
    }
}

/// All but the points.
fn rest(report: &Report) -> Value {
    let plan = report.plan;
    let tally = &report.tally;
    let findings = report.findings.iter().map(|finding| {
        let turn = finding.turn.as_ref().map(|turn| {
            json!({
                "from": turn.from,
                "to": turn.to,
                "condition": turn.condition.word(),
                "resource": turn.resource,
                "cause": turn.cause,
            })
        });
        json!({
            "variant": plan.variants[finding.variant],
            "place": finding.place,
            "sentence": finding.sentence(),
            "turn": turn,
        })
    });
    let failed = tally.failed.iter().map(|failed| {
        json!({ "place": words::place(plan, failed.point), "replication": failed.replication, "what": failed.what })
    });
    let mut document = json!({
        "title": plan.title,
        "experiment": plan.name,
        "sim": env!("CARGO_PKG_VERSION"),
        "inputs": plan.inputs().iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "seed": plan.seed,
        "replications": report.replications(),
        "precision": plan.precision.as_ref().map(|precision| precision_document(report, precision)),
        "best_within": plan.best_within.map(|zone| zone_document(report, zone)),
        "collapse_below": plan.collapse_below,
        "partial": report.is_partial(),
        "trials": {
            "planned": tally.planned,
            "done": tally.done,
            "failed": failed.collect::<Vec<_>>(),
            "skipped": tally.skipped(),
            "events": tally.events,
        },
        "answer": answer::verdict(report),
        "in_short": answer::in_short(report),
        "variants": plan.variants,
        "axes": plan.axes.iter().map(axis).collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "comparisons": report.comparisons.iter().map(|it| comparison(plan, it)).collect::<Vec<_>>(),
        "selections": report.selections.iter().map(|it| selection(plan, it)).collect::<Vec<_>>(),
        "effects": report.effects.iter().map(effect).collect::<Vec<_>>(),
        "ablations": report.ablations.iter().map(ablation).collect::<Vec<_>>(),
        "hypotheses": report.judgements.iter().map(hypothesis).collect::<Vec<_>>(),
        "measurements": plan.measurements.iter().map(|it| measurement(report, it)).collect::<Vec<_>>(),
        "assumptions": assumptions_document(plan),
        "warnings": warnings(report).iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    if let Some(propagation) = &report.uncertain {
        document["posterior"] = uncertain::document(propagation);
    }
    document
}

/// What the model assumes.
pub fn assumptions_document(plan: &Plan) -> Value {
    plan.assumptions().iter().map(assumption).collect()
}

/// The precision asked of figures, and where it is not reached.
fn precision_document(report: &Report, precision: &Precision) -> Value {
    let short = precision::shortfalls(report.plan, &report.summaries);
    let not_reached = short.iter().map(|shortfall| {
        json!({
            "variant": report.plan.variants[report.plan.points[shortfall.point].variant],
            "at": at(report.plan, shortfall.point),
            "metric": shortfall.metric.name(),
            "half_width": shortfall.half_width,
            "replications": shortfall.replications,
            "replications_needed": shortfall.needed,
        })
    });
    json!({
        "half_width": precision.half_width,
        "of": precision.of.iter().map(|metric| metric.name()).collect::<Vec<_>>(),
        "max_replications": precision.most,
        "not_reached": not_reached.collect::<Vec<_>>(),
    })
}

/// The zone of indifference for selecting the best, and where none is selected.
fn zone_document(report: &Report, zone: Zone) -> Value {
    let plan = report.plan;
    let unselected = comparison::unselected(plan, &report.selections);
    let not_selected = unselected.iter().map(|it| {
        json!({
            "at": at(plan, it.left[0]),
            "left": comparisons::names(plan, &it.left),
            "replications": it.replications,
            "replications_needed": it.needed,
        })
    });
    json!({
        "share": zone.share,
        "by": plan.best_by.name(),
        "max_replications": zone.most,
        "not_selected": not_selected.collect::<Vec<_>>(),
    })
}

/// One point with all its figures.
pub fn point_document(report: &Report, summary: &Summary) -> Value {
    let plan = report.plan;
    let mut point = Map::new();
    point.insert("variant".into(), plan.variants[plan.points[summary.point].variant].clone().into());
    point.insert("at".into(), at(plan, summary.point));
    point.insert("replications".into(), summary.replications.into());
    for metric in metrics(std::slice::from_ref(summary)) {
        point.insert(metric.name().into(), json!(summary.metric(metric)));
    }
    point.insert("response_times".into(), summary.response_times.into());
    point.insert("effective_response_times".into(), json!(summary.effective_response_times));
    if let Some(found) = plan.points[summary.point].warm_up.get() {
        let length = found.length.seconds();
        point.insert("warm_up".into(), json!({ "length_s": length, "settled": found.is_settled }));
    }
    if let Some(batches) = &summary.batches {
        let p_value = batches.p_value;
        point.insert("batches".into(), json!({ "count": batches.count, "independence_p_value": p_value }));
    }
    if let Some(propagation) = &report.uncertain {
        point.insert("bands".into(), uncertain::bands(propagation, summary.point));
    }
    if let Some(check) = report.check(summary.point) {
        point.insert("theory".into(), theory_document(check));
    }
    if summary.growth.any().is_some() {
        let Growth { requests, work, .. } = summary.growth;
        let growth = json!({ "requests_growth_per_s": requests, "work_growth_per_s": work });
        point.insert("not_stationary".into(), growth);
    }
    if let Some(overdue) = summary.growth.overdue {
        let mean = |sum: u64| sum as f64 / summary.replications as f64;
        let (waiting, clients, share) = (mean(overdue.waiting), mean(overdue.clients), overdue.share());
        let mean_wait_s = overdue.mean_s();
        let held =
            json!({ "waiting": waiting, "clients": clients, "mean_wait_s": mean_wait_s, "share_of_time": share });
        point.insert("clients_held_at_end".into(), held);
    }
    let deadlock = summary.deadlock.as_ref().map(|(deadlock, trials)| {
        json!({
            "resource": deadlock.resource,
            "trials": trials,
            "at_s": deadlock.at.seconds(),
            "instances": deadlock.instances,
            "circle": deadlock.circle,
        })
    });
    let failures: Map<String, Value> = summary.failures.iter().map(|(cause, n)| (cause.clone(), json!(n))).collect();
    if let Some(interval) = summary.recovery_s {
        let never = summary.never_recovered;
        // JSON has no infinity: `null` is never.
        point.insert("recovery_s".into(), json!(interval));
        point.insert("never_recovered_trials".into(), never.into());
    }
    if !summary.classes.is_empty() {
        point.insert("classes".into(), summary.classes.iter().map(class).collect());
    }
    if let Some(users) = &summary.users {
        let UserMeans { first_tries, succeeded, succeeded_at_once, lost, backing_off, still_trying } = users;
        let users = json!({
            "first_tries": first_tries,
            "succeeded": succeeded,
            "succeeded_at_once": succeeded_at_once,
            "lost": lost,
            "backing_off_at_end": backing_off,
            "still_trying_at_end": still_trying,
        });
        point.insert("users".into(), users);
    }
    point.insert("sent".into(), json!(summary.sent));
    point.insert("saturated_resource".into(), json!(summary.saturated));
    if let Some(state) = report.state(summary.point) {
        let lost =
            |(resource, lost, of): &(String, f64, Option<u32>)| json!({ "resource": resource, "lost": lost, "of": of });
        let condition = json!({
            "name": state.condition.word(),
            "replications": state.runs,
            "share": state.share,
            "goodput_of_best": state.goodput.map(|goodput| goodput.all),
            "goodput_of_best_in_groups": state.goodput.and_then(|goodput| goodput.groups).map(|groups| {
                groups.map(|group| json!({ "replications": group.runs, "goodput_of_best": group.mean }))
            }),
            "may_have_collapsed": may_hide_collapse(report.plan, summary, state),
            "dead_replications": summary.capacity.dead,
            "damaged_replications": summary.capacity.damaged,
            "lost_processes": summary.capacity.processes.map(|(lost, of)| json!({ "lost": lost, "of": of })),
            "lost_units": summary.capacity.units.iter().map(lost).collect::<Vec<_>>(),
            "groups": summary.capacity.groups.map(|groups| groups.map(|group| {
                json!({ "replications": group.runs, "throughput_per_min": group.throughput_per_min })
            })),
        });
        point.insert("condition".into(), condition);
    }
    point.insert("stuck".into(), summary.is_stuck().into());
    point.insert("stuck_trials".into(), summary.stuck.into());
    point.insert("hung_requests".into(), json!(summary.hung));
    point.insert("deadlock".into(), json!(deadlock));
    point.insert("failures".into(), Value::Object(failures));
    if let Some(blame) = &summary.blame {
        point.insert("blame".into(), super::blame::document(blame));
    }
    point.insert("unsound".into(), json!(summary.unsound));
    point.insert("resources".into(), summary.resources.iter().map(resource).collect());
    Value::Object(point)
}

fn class(class: &ClassSummary) -> Value {
    json!({
        "name": class.name,
        "sent": class.sent,
        "succeeded": class.succeeded,
        "throughput_per_min": class.throughput_per_min,
        "success_rate": class.success_rate,
        "mean_s": class.mean_s,
        "p50_s": class.p50_s,
        "p90_s": class.p90_s,
        "p95_s": class.p95_s,
        "p99_s": class.p99_s,
        "p999_s": class.p999_s,
    })
}

/// The values of a point's axes, by name.
fn at(plan: &Plan, point: usize) -> Value {
    let values = plan.axes.iter().zip(&plan.points[point].at);
    Value::Object(values.map(|(axis, &value)| (axis.name.clone(), json!(axis.values[value].value))).collect())
}

fn axis(axis: &Axis) -> Value {
    json!({
        "name": axis.name,
        "label": axis.label,
        "path": axis.path,
        "scale": match axis.scale { Scale::Linear => "linear", Scale::Log => "log" },
        "values": axis.values.iter().map(|value| &value.value).collect::<Vec<_>>(),
    })
}

fn resource(resource: &ResourceMean) -> Value {
    let mut document = json!({
        "name": resource.name,
        "kind": kind(resource),
        "capacity": resource.capacity,
        "in_use": resource.in_use,
        "utilisation": resource.utilisation,
        "busiest_utilisation": resource.peak_utilisation,
        "visits": resource.visits,
        "refused": resource.refused,
        "queue": resource.queue,
        "longest_queue": resource.longest_queue,
        "wait_s": resource.wait_s,
        "waited_share": resource.waited,
    });
    if let Some(opened) = resource.opened {
        document["opened"] = json!(opened);
    }
    if let Some(ratio) = resource.hit_ratio {
        document["hit_ratio"] = json!(ratio);
    }
    if let Some(ResourceSpread { utilisation, queue, wait_s }) = resource.spread {
        let bounds = |it: Interval| json!({ "low": it.low, "high": it.high });
        document["intervals"] = json!({
            "utilisation": bounds(utilisation), "queue": bounds(queue), "wait_s": wait_s.map(bounds),
        });
    }
    document
}

/// `EventLoops` as `event-loops`.
fn kind(resource: &ResourceMean) -> String {
    let mut name = String::new();
    for letter in format!("{:?}", resource.kind).chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

fn comparison(plan: &Plan, comparison: &Comparison) -> Value {
    let differences = comparison.differences.iter().map(|it| {
        json!({
            "metric": it.metric.name(),
            "pairs": it.pairs,
            "difference": it.difference,
            "relative": it.relative,
            "variance_saved_by_pairing": it.saved,
            "groups": groups(it),
        })
    });
    json!({
        "variant": plan.variants[plan.points[comparison.point].variant],
        "against": comparisons::against(plan, comparison),
        "at": at(plan, comparison.point),
        "differences": differences.collect::<Vec<_>>(),
    })
}

/// The difference within each group of pairs, where the runs fall into groups: relative where `relative` is there.
fn groups(of: &Difference) -> Option<Vec<Value>> {
    let all = of.groups.told()?;
    Some(all.map(|group| json!({ "runs": group.runs, "difference": group.mean })).collect())
}

fn selection(plan: &Plan, selection: &Selection) -> Value {
    json!({
        "at": at(plan, selection.points[0]),
        "by": selection.metric.name(),
        "probability": LEVEL,
        "within": selection.outcome.as_ref().and(plan.best_within).map(|zone| zone.share),
        "best": comparisons::names(plan, &selection.best),
        "of": selection.points.len(),
    })
}

fn effect(effect: &Observation) -> Value {
    let name = effect.metric.name();
    json!({
        "change": effect.change,
        "variant": effect.variants.0,
        "against": effect.variants.1,
        "place": effect.place,
        "metric": name,
        "worth": effect.worth.word(),
        "pairs": effect.figures.map(|figures| figures.pairs),
        "with": effect.figures.map(|figures| figures.ours),
        "without": effect.figures.map(|figures| figures.theirs),
        "difference": effect.figures.map(|figures| figures.difference),
        "relative": effect.figures.and_then(|figures| figures.relative),
        "variance_saved_by_pairing": effect.figures.and_then(|figures| figures.saved),
        "groups": effect.figures.and_then(|figures| groups(&figures)),
    })
}

fn ablation(ablated: &Ablated) -> Value {
    let part = |part: &Part| json!({ "change": part.name, "alone": effect(&part.alone), "added": effect(&part.last) });
    json!({
        "variant": ablated.variant,
        "against": ablated.against,
        "place": ablated.place,
        "metric": ablated.metric.name(),
        "whole": effect(&ablated.whole),
        "changes": ablated.changes.iter().map(part).collect::<Vec<_>>(),
        "finding": ablated.sentence(),
    })
}

fn hypothesis(judgement: &Judgement) -> Value {
    json!({
        "claim": judgement.claim,
        "refutation_expected": judgement.refuted,
        "verdict": match judgement.verdict {
            Verdict::Holds => "holds",
            Verdict::Fails => "fails",
            Verdict::Undecided => "undecided",
        },
        "evidence": judgement.evidence,
        "replications_needed": judgement.replications_needed,
    })
}

fn measurement(report: &Report, measurement: &Measurement) -> Value {
    let plan = report.plan;
    let measured = &measurement.measured;
    let summary = report.summary(measurement.point);
    let deviations = summary.map(|summary| verdict::deviations(measurement, summary, report.rates));
    let predicted = summary.map(|summary| {
        json!({
            "throughput_per_min": summary.throughput_per_min,
            "success_rate": summary.success_rate,
            "mean_s": summary.mean_s,
            "p95_s": summary.p95_s,
        })
    });
    json!({
        "name": measurement.name,
        "variant": plan.variants[measurement.variant],
        "at": at(plan, measurement.point),
        "measured": {
            "throughput_per_min": measured.throughput_per_min,
            "success_rate": measured.success_rate,
            "mean_s": measured.mean_s,
            "p95_s": measured.p95_s,
        },
        "predicted": predicted,
        "deviations": deviations.as_ref().map(|all| all.iter().map(deviation).collect::<Vec<_>>()),
        "within": deviations.filter(|_| measurement.has_tolerance())
            .map(|all| all.iter().all(|it| it.is_within() != Some(false))),
    })
}

/// How far a predicted figure is from the measured one.
fn deviation(it: &Deviation) -> Value {
    json!({
        "metric": it.metric.name(),
        "measured": it.measured,
        "predicted": it.predicted,
        "kind": if it.is_relative { "relative" } else { "absolute" },
        "deviation": it.size,
        "groups": it.groups.map(|groups| groups.map(|group| json!({ "runs": group.runs, "predicted": group.mean }))),
        "tolerance": it.tolerance,
        "within": it.is_within(),
    })
}

/// A value that is neither measured nor documented.
fn assumption(assumption: &Assumption) -> Value {
    json!({
        "path": assumption.path,
        "value": assumption.value,
        "reason": assumption.reason,
        "range": assumption.range.as_ref().map(|(from, to)| [from, to]),
    })
}
