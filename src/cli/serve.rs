//! `sim serve`: the live page.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::adjust::threads;
use super::exit::{Exit, ExitFailure};
use super::open::open;
use super::page::Page;
use crate::experiment::plan::{Adjustments, Plan};
use crate::serve::{Options, serve};

/// Serve a page with sliders for the numbers of a model: its answers change while a slider is moved.
///
/// The page offers the files of models/ and experiments/ in the working directory, and the one that is named. It compares
/// two designs, before and after, at the same load; the load, the axes and the numbers of the design are sliders, its
/// choices are lists. Each move runs a few trials at once and then more, so that an answer is there at once and its
/// intervals narrow. The URL holds all of it. The figures are those of `sim run` with the same --set, seed and number of
/// replications, and the page shows that command. "Save as experiment" gives an experiment file of the two designs,
/// "Report" its report.html. Nothing is written to disk.
///
/// It runs until Ctrl-C. Only this machine can open the page, unless --listen says otherwise; a request that calls the
/// server by a name other than an IP address, localhost or one of --name is refused.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim serve models/registration.toml --open
  sim serve experiments/pooling.toml --listen 127.0.0.1:0    # any free port; the first line says which
  sim serve --listen 0.0.0.0:7424 --name capacity.example    # for others in a network that you trust

Exit codes:
  2 the input has a mistake, or the address cannot be listened at; it ends otherwise with the signal that stops it")]
pub struct Serve {
    /// The model or experiment that is shown first [default: the first file of experiments/ and models/]
    #[arg(value_name = "MODEL|EXPERIMENT")]
    file: Option<PathBuf>,

    /// The address and the port to listen at; port 0 is any free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7424")]
    listen: SocketAddr,

    /// A name by which browsers may call the server, beside IP addresses and localhost (repeatable)
    #[arg(long, value_name = "HOST")]
    name: Vec<String>,

    /// Threads that run trials [default: one per core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    threads: Option<u16>,

    /// Open the page in the browser
    #[arg(long)]
    open: bool,
}

impl Serve {
    /// Checks the file, serves until the process ends.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        if let Some(file) = &self.file {
            Plan::read(file, &Adjustments::default())?;
        }
        let options = Options {
            file: self.file.clone(),
            listen: self.listen,
            names: self.name.clone(),
            threads: threads(self.threads),
        };
        serve(options, |address| {
            let url = format!("http://{address}/");
            page.print(format!("page     {url}\n"));
            if self.open {
                open(&url, page);
            }
        })?;
        Ok(Exit::Holds)
    }
}
