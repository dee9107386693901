//! `sim schema`: what files may say, for editors, and what results say, for programs.

use clap::{Args, ValueEnum};

use super::exit::{Exit, ExitFailure};
use super::page::Page;
use crate::language::schema;

/// Print the JSON Schema of model or experiment files, or the columns of results.
///
/// Editors complete and check TOML with a JSON Schema; its descriptions are the language's reference. For results, each
/// column has its name, type, unit and meaning, as a Frictionless Table Schema.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim schema model > model.schema.json
  sim schema results | jq '.resources[] | .name'
  Then make `#:schema ./model.schema.json` the first line of a model, for editors that use taplo.")]
pub struct Schema {
    /// The kind of file
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Systems (models).
    Model,
    /// Questions about systems (experiments).
    Experiment,
    /// The result tables that a sweep writes.
    Results,
}

impl Schema {
    /// Prints it.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let schema = match self.of {
            Of::Model => schema::model(),
            Of::Experiment => schema::experiment(),
            Of::Results => crate::report::sheet::schema(),
        };
        page.data(format!("{schema:#}\n"));
        Ok(Exit::Holds)
    }
}
