//! `sim reference`: the language on one page, or one part of it.

use clap::Args;

use super::exit::{Exit, ExitFailure};
use super::page::Page;
use crate::language;

/// Print the reference of the language, in Markdown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim reference > docs/language.md
  sim reference pool          # the keys of a pool
  sim reference services")]
pub struct Reference {
    /// Only this section, such as pool, client, hypothesis or hash (a step) [default: the whole page]
    #[arg(value_name = "SECTION")]
    section: Option<String>,
}

impl Reference {
    /// Prints the page, or the section.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        page.data(match &self.section {
            Some(name) => language::section(name)?,
            None => language::reference(),
        });
        Ok(Exit::Holds)
    }
}
