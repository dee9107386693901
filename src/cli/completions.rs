//! `sim completions`: what the shell completes.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::exit::{Exit, ExitFailure};
use super::page::Page;

/// Print a shell's completion script.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sim completions bash > ~/.local/share/bash-completion/completions/sim")]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Prints it.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Arguments::command(), "sim", &mut script);
        page.data(String::from_utf8_lossy(&script));
        Ok(Exit::Holds)
    }
}
