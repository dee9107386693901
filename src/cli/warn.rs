//! Doubts about a result, on stderr.

use std::fmt::Display;

use super::page::Page;
use crate::experiment::plan::Plan;
use crate::report::{self, Report};

/// Warnings that are shown; the others are counted.
const MOST: usize = 12;

/// Says what in the input has no effect or cannot be meant, before anything is run.
pub(super) fn caution(plan: &Plan, page: &Page) {
    plan.cautions().iter().take(MOST).for_each(|caution| page.warn(caution));
    if plan.cautions().len() > MOST {
        page.warn(format!("{} more; `sim check` shows all", plan.cautions().len() - MOST));
    }
}

/// Says all doubts about a result.
pub(super) fn warn(report: &Report, page: &Page) {
    doubts(&report::warnings(report), "summary.json", page);
}

/// Says the first of these doubts, and where the others are.
pub(super) fn doubts<T: Display>(doubts: &[T], file: &str, page: &Page) {
    doubts.iter().take(MOST).for_each(|doubt| page.warn(doubt));
    if doubts.len() > MOST {
        page.warn(format!("{} more warnings in {file}", doubts.len() - MOST));
    }
}
