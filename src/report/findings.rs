//! The findings in words, a bullet for each variant.

use super::headroom::{Headroom, most_of_p95};
use super::paragraph::paragraph;
use super::whole::Report;
use crate::experiment::analyse::finding::Finding;
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
    // A single place may be what the finding names.
    let is_said = |finding: &Finding| finding.lines.iter().any(|line| line.contains("requests around p95 spend"));
    let is_new = places > 1 || places == 1 && !report.findings.iter().any(is_said);
    let time = is_new.then(|| format!("the time of requests around p95: {time}"));
    let headroom = Headroom::of(report, summary).map(|it| it.words(report, summary));
    time.into_iter().chain(headroom).collect()
}
