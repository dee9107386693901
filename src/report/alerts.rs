//! What alerting rules make of an experiment: a table for each rule, and JSON.

use serde_json::{Value, json};

use super::number::grouped;
use super::table::{Column, table};
use crate::experiment::analyse::words;
use crate::experiment::monitor::watch::{Fate, Replica, Verdict, Watched, verdict};
use crate::experiment::plan::Plan;
use crate::promql::rules::RuleKind;
use crate::statistics::Interval;

/// A rule: what it is, then a row for each point. What it means follows in a sentence.
pub fn alert(plan: &Plan, watched: &Watched<'_>) -> String {
    let rule = watched.rule;
    let hold = match rule.kind {
        RuleKind::Alert { hold, .. } if hold > 0 => format!(", for {}", length(hold as f64 / 1000.0)),
        _ => String::new(),
    };
    let expression: Vec<&str> = rule.text.split_whitespace().collect();
    let mut text = format!("{}: {}{hold}\n", rule.name, expression.join(" "));
    for name in &watched.lacking {
        text.push_str(&format!("No run has a metric `{name}`.\n"));
    }
    let verdicts: Vec<Verdict> = watched.points.iter().map(|replicas| verdict(replicas)).collect();
    let column = |cell: &dyn Fn(&Verdict) -> String| verdicts.iter().map(cell).collect::<Vec<String>>();
    let columns = vec![
        Column::words("point", (0..plan.points.len()).map(|point| words::place(plan, point)).collect()),
        Column::words("collapses", column(&|it| of_runs(it.collapsed, it.runs, it.collapse_s))),
        Column::words("fires", column(&fires)),
        Column::words("first at", column(&|it| it.first_s.map_or_else(String::new, |first| time(first, length)))),
        Column::words("against the collapse", column(&against)),
        Column::words("false alarms", column(&false_alarms)),
    ];
    text + &table(columns, &[])
}

/// What the columns mean.
pub fn alerts_legend() -> &'static str {
    "collapses: from then on to the end of the load, goodput in each minute is below half of the best minute before, and fewer \
     than 90 % of requests succeed. false alarms: it fires in a run in which at most 1 % of requests fail. Shares have exact \
     95 % intervals, times are means with 95 % intervals."
}

/// `5 of 5 at 12 min`.
fn of_runs(count: u64, runs: u64, at: Option<Interval>) -> String {
    match at {
        Some(at) => format!("{count} of {runs} at {}", time(at, length)),
        None => format!("{count} of {runs}"),
    }
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
            format!("{} before", time(before, length))
        }
        false => format!("{} after", time(after, length)),
    });
    if silent > 0 { format!("{when}; silent in {silent} of {}", verdict.collapsed) } else { when }
}

fn false_alarms(verdict: &Verdict) -> String {
    match verdict.healthy {
        0 => "no healthy run".into(),
        healthy => format!("{} of {healthy}{}", verdict.false_alarms, share(verdict.false_share)),
    }
}

/// A mean with its interval, which one value does not have and equal ones do not need.
fn time(interval: Interval, written: fn(f64) -> String) -> String {
    let Interval { estimate, low, high } = interval;
    if !low.is_finite() || high - low < 0.5 {
        return written(estimate);
    }
    format!("{} [{}, {}]", written(estimate), written(low), written(high))
}

/// Seconds as `12 min 30 s`.
fn length(seconds: f64) -> String {
    let sign = if seconds < -0.5 { "-" } else { "" };
    let whole = seconds.abs().round() as u64;
    match (whole / 60, whole % 60) {
        (0, rest) => format!("{sign}{rest} s"),
        (minutes, 0) => format!("{sign}{} min", grouped(&minutes.to_string())),
        (minutes, rest) => format!("{sign}{} min {rest} s", grouped(&minutes.to_string())),
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
    json!({ "title": plan.title, "seed": plan.seed, "rules": rules.collect::<Vec<Value>>() })
}

fn replication(replica: &Replica) -> Value {
    let firings = replica.course.firings.iter().map(|firing| {
        let seconds = |ms: i64| ms as f64 / 1000.0;
        let (active, from) = (seconds(firing.active), seconds(firing.from));
        json!({ "labels": firing.labels, "active_s": active, "from_s": from, "to_s": firing.to.map(seconds) })
    });
    let fate = match replica.fate {
        Fate::Healthy => "healthy",
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
