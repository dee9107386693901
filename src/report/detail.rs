//! How much of its tables a report prints.

/// How much of its tables a report prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Detail {
    /// Every column.
    Full,
    /// The columns that fit into 80 characters, the most important first.
    #[default]
    Short,
    /// No table.
    None,
}
