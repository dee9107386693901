//! The findings as sentences, one a variant.

use super::Report;
use super::paragraph::paragraph;

/// Sentences that are shown; the others are counted.
const MOST: usize = 20;

/// What the sweep says of each variant. Where there are verdicts on points without a curve, the table says it all.
pub fn findings(report: &Report, width: Option<usize>) -> String {
    if !report.judgements.is_empty() && report.findings.iter().all(|finding| finding.points.len() < 2) {
        return String::new();
    }
    let sentences = report.findings.iter().take(MOST).map(|finding| paragraph("- ", &finding.sentence, width));
    let mut text: String = sentences.collect();
    if report.findings.len() > MOST {
        text.push_str(&format!("- and {} more in summary.json\n", report.findings.len() - MOST));
    }
    text
}
