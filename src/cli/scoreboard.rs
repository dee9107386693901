//! `sim scoreboard`: how good past predictions were.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, ExitFailure};
use super::format::Format;
use super::page::Page;
use crate::calibrate::scoreboard::{FILE, read};
use crate::language::Mistake;
use crate::report::scoreboard;

/// Show how good past predictions were: a section for each `sim compare`.
///
/// Reads scoreboard.jsonl, to which each `sim compare` adds a line: when, which experiment and data, the median error and the
/// bias of each metric, and how many figures lay in their bands.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim scoreboard
  sim scoreboard --output ci-output --format json

Exit codes:
  0 done, 2 there is no scoreboard, or it cannot be read")]
pub struct Scoreboard {
    /// The folder that has it
    #[arg(long, short, value_name = "DIR", default_value = "output")]
    output: PathBuf,

    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Scoreboard {
    /// Reads and prints.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let path = self.output.join(FILE);
        let (entries, damaged) =
            read(&self.output).map_err(|error| Mistake::new(format!("cannot read `{}`: {error}", path.display())))?;
        for line in damaged {
            page.warn(format!("{}:{line} is no line of a scoreboard", path.display()));
        }
        if entries.is_empty() {
            let mistake = Mistake::new(format!("`{}` has no comparisons", path.display()));
            return Err(mistake.help("`sim compare MEASURED EXPERIMENT` adds one").into());
        }
        match self.format {
            Format::Table => page.print(scoreboard(&entries)),
            Format::Json => page.data(format!("{:#}\n", serde_json::json!(entries))),
        }
        Ok(Exit::Holds)
    }
}
