//! How a command writes its result.

use clap::ValueEnum;

/// The output format on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Text for people.
    #[default]
    Table,
    /// One JSON document for programs.
    Json,
}
