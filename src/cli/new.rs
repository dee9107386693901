//! `sim new`: a first model of a stack that people run.

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::{Exit, ExitFailure};
use super::page::Page;
use super::template::Template;
use crate::report::folder::{Folder, Unwritten};

/// Write a starter model of a known stack, with an experiment that answers one question about it.
///
/// Settings have the defaults of their products, with their sources; demands are assumed, with ranges for `sim sensitivity`.
/// Nothing is overwritten.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim new --template spring-boot          write the folder spring-boot
  sim sweep spring-boot/experiment.toml   answer its question
  sim new --template fastapi .            write into this folder

Exit codes:
  0 done, 2 unknown template, a file exists already, or cannot be written")]
pub struct New {
    /// The stack
    #[arg(long, value_name = "NAME")]
    template: Template,

    /// The folder to write into; it is made if it does not exist [default: the template's name]
    #[arg(value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl New {
    /// Writes the files, unless one of them exists.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let path = self.folder.clone().unwrap_or_else(|| self.template.name().into());
        let files = self.template.files();
        let taken = files.iter().map(|file| path.join(file.name)).find(|path| path.symlink_metadata().is_ok());
        if let Some(path) = taken {
            let reason = io::Error::new(io::ErrorKind::AlreadyExists, "it exists already; name another folder");
            return Err(ExitFailure::Named(Unwritten { path, reason }));
        }
        let folder = Folder::open(&path).map_err(ExitFailure::Named)?;
        for file in files {
            let written = folder.write(file.name, file.text.as_bytes()).map_err(ExitFailure::Named)?;
            page.print(format!("wrote  {}\n", written.display()));
        }
        page.print(format!("\nnext   sim sweep {}\n", path.join(super::template::EXPERIMENT).display()));
        Ok(Exit::Holds)
    }
}

impl Template {
    /// Its name on the command line.
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}
