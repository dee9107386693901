//! Deadlocks, each shown as its circle: who holds what and waits for what.

use super::Report;
use super::paragraph::paragraph;
use crate::experiment::verdict;

/// Sentences of a circle that are shown.
const MOST: usize = 4;

/// The first deadlock of each curve that its finding does not tell in full; empty where there is none.
pub fn deadlocks(report: &Report, width: Option<usize>) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        let first = finding.points.iter().find_map(|&point| {
            let summary = report.summary(point)?;
            summary.deadlock.as_ref().map(|(deadlock, trials)| (summary, deadlock, trials))
        });
        let Some((summary, deadlock, trials)) = first else { continue };
        if finding.turn.is_some() && deadlock.circle.len() < 2 {
            continue;
        }
        let instances = match deadlock.instances {
            0 | 1 => String::new(),
            instances => format!(", {instances} instances of it in the end"),
        };
        let head = format!(
            "{}: {}, first after {}{instances}, in {trials} of {} runs",
            verdict::place(report.plan, summary.point),
            deadlock.resource,
            deadlock.at,
            summary.replications,
        );
        text.push_str(&paragraph("deadlock  ", &head, width));
        for sentence in deadlock.circle.iter().take(MOST) {
            text.push_str(&paragraph("          ", sentence, width));
        }
        if deadlock.circle.len() > MOST {
            text.push_str(&format!("          and {} more in the circle\n", deadlock.circle.len() - MOST));
        }
    }
    text
}
