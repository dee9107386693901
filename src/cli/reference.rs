//! `sim reference`: the language on one page.

use super::exit::{Exit, Failure};
use super::page::Page;
use crate::spec;

/// Prints the reference of models and experiments in Markdown.
pub fn reference(page: &mut Page) -> Result<Exit, Failure> {
    page.print(spec::reference());
    Ok(Exit::Holds)
}
