//! Doubts about a result, on stderr.

use super::page::Page;
use crate::report::{self, Report};

/// Warnings that are shown; the others are counted.
const MOST: usize = 12;

/// Says all doubts about a result.
pub(super) fn warn(report: &Report, page: &Page) {
    let warnings = report::warnings(report);
    for warning in warnings.iter().take(MOST) {
        page.warn(warning);
    }
    if warnings.len() > MOST {
        page.warn(format!("{} more warnings in summary.json", warnings.len() - MOST));
    }
}
