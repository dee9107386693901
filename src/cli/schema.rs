//! `sim schema`: what files may say, for editors.

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::page::Page;
use crate::spec::schema;

/// Print the JSON Schema of model or experiment files.
///
/// Editors complete and check TOML with it. Its descriptions are the language's reference.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim schema model > model.schema.json
  Then make `#:schema ./model.schema.json` the first line of a model, for editors that use taplo.")]
pub struct Schema {
    /// Of which files
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Systems.
    Model,
    /// Questions about them.
    Experiment,
}

impl Schema {
    /// Prints it.
    pub fn run(&self, page: &mut Page) -> Result<Exit, Failure> {
        let schema = match self.of {
            Of::Model => schema::model(),
            Of::Experiment => schema::experiment(),
        };
        page.print(format!("{schema:#}\n"));
        Ok(Exit::Holds)
    }
}
