//! What alerting rules make of an experiment: an answer, a table for each rule, and JSON.

use serde_json::{Value, json};

use super::number::grouped;
use super::paragraph::{count, hanging, joined, list, quoted};
use super::table::{Column, short};
use crate::experiment::analyse::words;
use crate::experiment::monitor::watch::{Fate, Replica, Verdict, Watched, verdict};
use crate::experiment::plan::Plan;
use crate::promql::rules::RuleKind;
use crate::statistics::Interval;

/// Whether rules warn of the collapse, in a few sentences; empty where there is no rule.
pub fn alerts_answer(all: &[Watched<'_>]) -> String {
    let verdicts: Vec<(&str, Verdict)> =
        all.iter().map(|watched| (watched.rule.name.as_str(), overall(watched))).collect();
    let Some((_, Verdict { runs, collapsed, healthy, disturbed, .. })) = verdicts.first() else { return String::new() };
    // Those that fire in some of these runs, with their number, and the verb.
    let firing = |count: fn(&Verdict) -> u64, of: u64| {
        let those = verdicts.iter().filter(|(_, it)| count(it) > 0);
        let names: Vec<String> = those.map(|(name, it)| format!("{} ({} of {of})", quoted(name), count(it))).collect();
        let verb = if names.len() == 1 { "fires" } else { "fire" };
        (!names.is_empty()).then(|| format!("{} {verb}", joined(&names, "and")))
    };
    let mut sentences = Vec::new();
    if *collapsed == 0 {
        sentences.push("No run collapses.".to_owned());
    } else {
        let verb = if *collapsed == 1 { "collapses" } else { "collapse" };
        sentences.push(format!("{collapsed} of {} {verb}.", count(*runs as usize, "run")));
        let before = firing(|it| it.before, *collapsed).unwrap_or_else(|| "No rule fires".into());
        sentences.push(format!("{before} before the collapse."));
        let silent: Vec<&str> =
            verdicts.iter().filter(|(_, it)| it.before + it.after == 0).map(|&(name, _)| name).collect();
        if !silent.is_empty() {
            let verb = if silent.len() == 1 { "fires" } else { "fire" };
            sentences.push(format!("{} never {verb} in a run that collapses.", list(&silent)));
        }
    }
    if *disturbed > 0 {
        sentences.push(match firing(|it| it.in_fault, *disturbed) {
            Some(those) => format!("{those} when a fault has come on."),
            None => format!("No rule fires in {} with a fault.", count(*disturbed as usize, "run")),
        });
    }
    sentences.push(match firing(|it| it.false_alarms, healthy + disturbed) {
        _ if healthy + disturbed == 0 => "No run is healthy, so false alarms cannot be seen.".into(),
        Some(those) if *disturbed == 0 => format!("{those} in healthy runs: false alarms."),
        Some(those) => format!("{those} in healthy runs or before the fault: false alarms."),
        None if *disturbed > 0 => "No rule fires in a healthy run or before the fault.".into(),
        None => format!("No rule fires in {}.", count(*healthy as usize, "healthy run")),
    });
    sentences.join(" ")
}

/// What a rule does in the runs of all points.
fn overall(watched: &Watched<'_>) -> Verdict {
    verdict(&watched.points.concat())
}

/// What became of the runs, which no rule changes: a row for each point.
pub fn alerts_runs(plan: &Plan, all: &[Watched<'_>]) -> String {
    let Some(watched) = all.first() else { return String::new() };
    let verdicts: Vec<Verdict> = watched.points.iter().map(|replicas| verdict(replicas)).collect();
    let column = |cell: &dyn Fn(&Verdict) -> String| verdicts.iter().map(cell).collect::<Vec<String>>();
    let mut columns = vec![
        Column::words("point", places(plan)),
        Column::words("healthy", column(&|it| format!("{} of {}", it.healthy, it.runs))),
        Column::words("collapsed", column(&|it| format!("{} of {}", it.collapsed, it.runs))),
        Column::words("collapse at, min:s", column(&|it| it.collapse_s.map_or_else(String::new, time))),
    ];
    if verdicts.iter().any(|it| it.disturbed > 0) {
        columns.insert(2, Column::words("with a fault", column(&|it| format!("{} of {}", it.disturbed, it.runs))));
    }
    short(columns, &[], ELSEWHERE)
}

/// A rule: its name and expression, then a row for each point.
pub fn alert(plan: &Plan, watched: &Watched<'_>, width: Option<usize>) -> String {
    let rule = watched.rule;
    let hold = match rule.kind {
        RuleKind::Alert { hold, .. } if hold > 0 => format!(", for {}", length(hold as f64 / 1000.0)),
        _ => String::new(),
    };
    let expression: Vec<&str> = rule.text.split_whitespace().collect();
    let mut text = hanging("", 2, &format!("{}: {}{hold}", rule.name, expression.join(" ")), width);
    for name in &watched.lacking {
        text.push_str(&format!("No run has a metric `{name}`.\n"));
    }
    let verdicts: Vec<Verdict> = watched.points.iter().map(|replicas| verdict(replicas)).collect();
    let column = |cell: &dyn Fn(&Verdict) -> String| verdicts.iter().map(cell).collect::<Vec<String>>();
    let columns = vec![
        Column::words("point", places(plan)),
        Column::words("fires", column(&fires)),
        Column::words("first at, min:s", column(&|it| it.first_s.map_or_else(String::new, time))).optional(1),
        Column::words("against the collapse", column(&against)),
    ];
    text + &short(columns, &[], ELSEWHERE)
}

/// What the columns mean.
pub fn alerts_legend(all: &[Watched<'_>]) -> String {
    let with_fault = match all.first().is_some_and(|watched| overall(watched).disturbed > 0) {
        true => {
            " with a fault: at most 1 % of requests fail, and a fault comes on; only a rule that fires before that gives a \
             false alarm."
        }
        false => "",
    };
    format!(
        "collapse: from then on to the end of the load, goodput in each minute is below half of the best minute before \
         (under an open load, also below half of what is sent), and fewer than 90 % of requests succeed. healthy: at most \
         1 % of requests fail, no minute has ten failures or more that are over 10 % of its requests, some requests end in \
         each minute in which any are under way, and no fault comes on; a rule that fires there gives a false \
         alarm.{with_fault} Shares have exact 95 % intervals, times are means with 95 % intervals."
    )
}

/// What shows columns that have no room.
const ELSEWHERE: &str = "--format json";

fn places(plan: &Plan) -> Vec<String> {
    (0..plan.points.len()).map(|point| words::place(plan, point)).collect()
}

fn fires(verdict: &Verdict) -> String {
    let count = format!("{} of {}{}", verdict.fired, verdict.runs, share(verdict.share));
    if verdict.failed > 0 { format!("{count}; evaluation fails in {}", verdict.failed) } else { count }
}

fn share(share: Option<Interval>) -> String {
    share.map_or_else(String::new, |share| format!(" [{:.0}, {:.0} %]", 100.0 * share.low, 100.0 * share.high))
}

fn against(verdict: &Verdict) -> String {
    if verdict.collapsed == 0 {
        return "no collapse".into();
    }
    let silent = verdict.collapsed - verdict.before - verdict.after;
    if silent == verdict.collapsed {
        return "never fires".into();
    }
    let when = verdict.after_collapse_s.map_or_else(String::new, |after| match after.estimate < 0.0 {
        true => {
            let before = Interval { estimate: -after.estimate, low: -after.high, high: -after.low };
            format!("{} before", time(before))
        }
        false => format!("{} after", time(after)),
    });
    if silent > 0 { format!("{when}; silent in {silent} of {}", verdict.collapsed) } else { when }
}

/// A mean with its interval, which one value does not have and equal ones do not need.
fn time(interval: Interval) -> String {
    let Interval { estimate, low, high } = interval;
    if !low.is_finite() || high - low < 0.5 {
        return clock(estimate);
    }
    format!("{} [{}, {}]", clock(estimate), clock(low), clock(high))
}

/// Seconds as minutes and seconds: `12:30`.
fn clock(seconds: f64) -> String {
    let sign = if seconds < -0.5 { "-" } else { "" };
    let whole = seconds.abs().round() as u64;
    format!("{sign}{}:{:02}", grouped(&(whole / 60).to_string()), whole % 60)
}

/// Seconds as `12 min 30 s`.
fn length(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match (whole / 60, whole % 60) {
        (0, rest) => format!("{rest} s"),
        (minutes, 0) => format!("{} min", grouped(&minutes.to_string())),
        (minutes, rest) => format!("{} min {rest} s", grouped(&minutes.to_string())),
    }
}

/// The same as JSON: each rule at each point, with each firing of each replication.
pub fn alerts_document(plan: &Plan, all: &[Watched<'_>]) -> Value {
    let rules = all.iter().map(|watched| {
        let rule = watched.rule;
        let points = (0..).zip(&watched.points).map(|(point, replicas)| {
            let it = verdict(replicas);
            json!({
                "point": words::place(plan, point),
                "runs": it.runs,
                "collapsed": it.collapsed,
                "healthy": it.healthy,
                "disturbed": it.disturbed,
                "fired_in_fault": it.in_fault,
                "fired": it.fired,
                "fired_share": it.share,
                "first_s": it.first_s,
                "collapse_s": it.collapse_s,
                "after_collapse_s": it.after_collapse_s,
                "fired_before_collapse": it.before,
                "fired_after_collapse": it.after,
                "false_alarms": it.false_alarms,
                "false_alarm_share": it.false_share,
                "replications": replicas.iter().map(replication).collect::<Vec<Value>>(),
            })
        });
        let (hold, keep) = match rule.kind {
            RuleKind::Alert { hold, keep } => (hold, keep),
            RuleKind::Recording => (0, 0),
        };
        json!({
            "alert": rule.name,
            "expr": rule.text,
            "for_s": hold as f64 / 1000.0,
            "keep_firing_for_s": keep as f64 / 1000.0,
            "labels": rule.labels,
            "lacking": watched.lacking,
            "points": points.collect::<Vec<Value>>(),
        })
    });
    json!({ "title": plan.title, "seed": plan.seed, "answer": alerts_answer(all), "rules": rules.collect::<Vec<Value>>() })
}

fn replication(replica: &Replica) -> Value {
    let firings = replica.course.firings.iter().map(|firing| {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        let (active, from) = (seconds(firing.active), seconds(firing.from));
        json!({ "labels": firing.labels, "active_s": active, "from_s": from, "to_s": firing.to.map(seconds) })
    });
    let fate = match replica.fate {
        Fate::Healthy => "healthy",
        Fate::Disturbed(_) => "disturbed",
        Fate::Impaired => "impaired",
        Fate::Collapsed(_) => "collapsed",
    };
    let failed = replica.course.failed.as_ref().map(
        |(at, fault, count)| json!({ "first_s": *at as f64 / 1000.0, "error": fault.title, "evaluations": count }),
    );
    json!({
        "fate": fate,
        "collapse_s": replica.collapse_s(),
        "end_s": replica.end.seconds(),
        "firings": firings.collect::<Vec<Value>>(),
        "failed": failed,
    })
}
