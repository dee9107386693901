//! `sim draw`: the system of a model as a picture.

use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::adjust::{Adjust, assignment};
use super::choice::choose;
use super::exit::{Exit, ExitFailure};
use super::page::Page;
use crate::experiment::plan::{Adjustments, Plan};
use crate::report::chart::{self, Figure, Theme};
use crate::report::{self, folder::Unwritten};

/// Draw a model: services, pools, clients, limits, stations, queues, and who calls whom.
///
/// Prints a Mermaid flowchart, which GitHub and other readers of Markdown draw, or writes an SVG, a PNG or a Mermaid file.
/// The drawing is made from the model as it is run: of an experiment, of one variant at one point.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sim draw models/registration.toml --output registration.svg
  sim draw experiments/pooling.toml --variant 'lifespan pool' --output pool.png
  sim draw models/central-server.toml >> notes.md

Exit codes:
  0 done, 2 the input has a mistake, or the file could not be written")]
pub struct Draw {
    /// The model or experiment file
    #[arg(value_name = "MODEL|EXPERIMENT")]
    file: PathBuf,

    /// The variant to draw [default: the first]
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,

    /// The value of an axis (repeatable) [default: its first]
    #[arg(long, value_name = "AXIS=VALUE", value_parser = assignment)]
    at: Vec<(String, String)>,

    #[command(flatten)]
    adjust: Adjust,

    /// The file to write: its extension says which format [default: Mermaid on stdout]
    #[arg(long, short, value_name = "FILE.svg|.png|.mmd", value_parser = target)]
    output: Option<Target>,

    /// Draw in dark colours
    #[arg(long)]
    dark: bool,
}

/// A file to write, and its format.
#[derive(Clone, Debug)]
struct Target {
    path: PathBuf,
    format: Drawn,
}

/// The formats, by extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Drawn {
    Svg,
    Png,
    Mmd,
}

fn target(text: &str) -> Result<Target, String> {
    let path = PathBuf::from(text);
    let extension = path.extension().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default();
    match Drawn::from_str(&extension, true) {
        Ok(format) => Ok(Target { path, format }),
        Err(_) => Err("the name must end with .svg, .png or .mmd".into()),
    }
}

impl Draw {
    /// Reads, chooses, draws.
    pub fn run(&self, page: &mut Page) -> Result<Exit, ExitFailure> {
        let plan = Plan::read_at(&self.file, &Adjustments::from(&self.adjust), &self.at)?;
        let point = choose(&plan, self.variant.as_deref(), &self.at)?;
        let figure = report::drawing(&plan, point);
        let Some(Target { path, format }) = &self.output else {
            page.data(report::mermaid(&figure));
            return Ok(Exit::Holds);
        };
        let theme = if self.dark { Theme::Dark } else { Theme::Light };
        let drawn = match format {
            Drawn::Mmd => Ok(report::mermaid(&figure).into_bytes()),
            Drawn::Svg => chart::svg(&Figure::from(figure), theme).map(String::into_bytes),
            Drawn::Png => chart::png(&Figure::from(figure), theme),
        };
        let bytes = match drawn {
            Ok(bytes) => bytes,
            Err(error) => {
                page.complain(error);
                return Ok(Exit::Mistake);
            }
        };
        if let Err(reason) = fs::write(path, bytes) {
            page.complain(Unwritten { path: path.clone(), reason });
            return Ok(Exit::Mistake);
        }
        page.print(format!("drawing  {}\n", path.display()));
        Ok(Exit::Holds)
    }
}
