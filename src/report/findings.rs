//! The findings in words, a bullet for each variant.

use super::headroom::{Headroom, most_of_p95};
use super::paragraph::paragraph;
use super::whole::Report;
use crate::experiment::analyse::summary::Summary;

/// Sentences that are shown; the others are counted.
const MOST: usize = 20;

/// What the sweep says of each variant.
pub fn findings(report: &Report, width: Option<usize>) -> String {
    let shown = report.findings.iter().take(MOST);
    let lines = shown.flat_map(|finding| finding.lines.iter().enumerate());
    let mut text: String =
        lines.map(|(index, line)| paragraph(if index == 0 { "- " } else { "  " }, line, width)).collect();
    if report.findings.len() > MOST {
        text.push_str(&format!("- and {} more in summary.json\n", report.findings.len() - MOST));
    }
    // Where nothing is compared, the point itself is the answer.
    if let ([_], [summary]) = (report.plan.points.as_slice(), report.summaries.as_slice()) {
        for line in alone(report, summary) {
            text.push_str(&paragraph("  ", &line, width));
        }
    }
    text
}

/// What is said of the only point beside its finding: where the time goes, and what is nearest to its limit.
pub(super) fn alone(report: &Report, summary: &Summary) -> Vec<String> {
    let (time, places) = most_of_p95(summary);
    let is_said =
        |words: &str| report.findings.iter().any(|finding| finding.lines.iter().any(|line| line.contains(words)));
    // A single place may be what the finding names, and what is full as well.
    let is_named =
        || is_said("requests around p95 spend") || summary.saturated.as_deref().is_some_and(|it| time.contains(it));
    let is_new = places > 1 || places == 1 && !is_named();
    let time = is_new.then(|| format!("the time of requests around p95: {time}"));
    let headroom = Headroom::of(report, summary).filter(|it| !it.is_full() || !is_said(&it.name));
    time.into_iter().chain(headroom.map(|it| it.words(report, summary))).collect()
}
