//! Deadlocks, each shown as its circle: who holds what and waits for what.

use super::paragraph::paragraph;
use super::whole::Report;
use crate::experiment::analyse::finding::Finding;
use crate::experiment::analyse::summary::Summary;
use crate::experiment::analyse::words;

/// Sentences of a circle that are shown.
const MOST: usize = 4;

/// The first deadlock of each curve that its finding does not tell in full; empty where there is none.
pub fn deadlocks(report: &Report, width: Option<usize>) -> String {
    let of = |finding: &Finding| {
        let mut summaries = finding.points.iter().filter_map(|&point| report.summary(point));
        let summary = summaries.find(|summary| summary.deadlock.is_some())?;
        let is_told =
            finding.turn.is_some() && summary.deadlock.as_ref().is_some_and(|(deadlock, _)| deadlock.circle.len() < 2);
        (!is_told).then(|| deadlock(report, summary, width))
    };
    report.findings.iter().filter_map(of).collect()
}

/// The deadlock of a point, if there is one.
pub fn deadlock(report: &Report, summary: &Summary, width: Option<usize>) -> String {
    let Some((head, circle)) = told(report, summary) else { return String::new() };
    let mut text = paragraph("deadlock  ", &head, width);
    for sentence in circle.iter().take(MOST) {
        text.push_str(&paragraph("          ", sentence, width));
    }
    if circle.len() > MOST {
        text.push_str(&format!("          and {} more in the circle\n", circle.len() - MOST));
    }
    text
}

/// The deadlock of a point in a sentence, and its circle: who holds what and waits for what.
pub(super) fn told<'a>(report: &Report, summary: &'a Summary) -> Option<(String, &'a [String])> {
    let (deadlock, trials) = summary.deadlock.as_ref()?;
    let instances = match deadlock.instances {
        0 => ", none at the end of the run (a restart freed it)".into(),
        1 => String::new(),
        instances => format!(", {instances} instances at the end of the run"),
    };
    let head = format!(
        "{}: {}, first after {}{instances}, in {trials} of {} runs",
        words::place(report.plan, summary.point),
        deadlock.resource,
        deadlock.at,
        summary.replications,
    );
    Some((head, &deadlock.circle))
}
