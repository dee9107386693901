//! What was measured, as it is given to commands: files that `sim import` reads.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::ExitFailure;
use super::import::{at, place};
use super::page::Page;
use crate::import::{Figure, Mapping, Place, Request, Text, import};
use crate::language::{Mistake, Mistakes};

/// What the command line says of the data.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The variant that was measured, where the data does not say it
    #[arg(long, value_name = "NAME")]
    pub(super) variant: Option<String>,

    /// The value of an axis or path at which it was measured, where the data does not say it (repeatable); without a value it
    /// is the number of clients that the file gives
    #[arg(long, value_name = "AXIS[=VALUE]", value_parser = place)]
    at: Vec<(String, Option<String>)>,

    /// What a column of the data holds (repeatable), as in `sim import`
    #[arg(long, value_name = "WHAT=COLUMN[:UNIT]")]
    map: Vec<Mapping>,
}

impl Data {
    /// The figures of all files, each with its place.
    pub(super) fn read(&self, files: &[PathBuf], page: &Page) -> Result<Vec<(Place, Figure)>, ExitFailure> {
        let request = Request { mappings: self.map.clone(), ..Request::default() };
        let (mut figures, mut mistakes) = (Vec::new(), Vec::new());
        for file in files {
            match self.one(file, &request, page) {
                Ok(more) => figures.extend(more),
                Err(more) => mistakes.push(more),
            }
        }
        if mistakes.is_empty() { Ok(figures) } else { Err(ExitFailure::Mistakes(Mistakes(mistakes))) }
    }

    fn one(&self, file: &Path, request: &Request, page: &Page) -> Result<Vec<(Place, Figure)>, Mistake> {
        let text = Text::read(file)?;
        let imported = import(&text, request)?;
        imported.remarks.iter().for_each(|remark| page.warn(format!("{}: {remark}", text.name())));
        let given = Place { variant: self.variant.clone(), at: at(&self.at, text.name(), &imported)? };
        Ok(imported.figures.into_iter().map(|figure| (figure.place.within(&given), figure)).collect())
    }
}
