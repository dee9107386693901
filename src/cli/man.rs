//! `sim man`: the manual page, made from the help texts.

use clap::CommandFactory;

use super::exit::{Exit, ExitFailure};
use super::page::Page;

/// Prints the manual pages of `sim` and of all its commands, one after the other.
pub fn man(page: &mut Page) -> Result<Exit, ExitFailure> {
    let mut whole = super::Arguments::command();
    whole.build();
    let mut pages = Vec::new();
    // Writing to memory cannot fail.
    let _ = clap_mangen::Man::new(whole.clone()).render(&mut pages);
    for command in whole.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("sim-{}", command.get_name());
        let _ = clap_mangen::Man::new(command.clone()).title(name).render(&mut pages);
    }
    page.data(String::from_utf8_lossy(&pages));
    Ok(Exit::Holds)
}
