//! The findings in words, a bullet for each variant.

use super::Report;
use super::paragraph::paragraph;

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
    text
}
