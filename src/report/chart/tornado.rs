//! The data of a tornado figure.

/// What each of several numbers does at both ends of its range: one row a number, from a line that is the value of
/// today. The sheet grows with the rows, up to a height of 8,000.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TornadoFigure {
    /// The finding, in one sentence; it may wrap to two lines.
    pub title: String,
    /// The method: what was run, how often, with which model.
    pub subtitle: String,
    /// What is changed, with its unit, below the axis.
    pub x: String,
    /// The value of today, with its unit, above the line that all rows start from.
    pub today: String,
    /// The rows from the top down.
    pub rows: Vec<Swing>,
    /// What is said of numbers without a row of their own: who, and how little they do.
    pub others: Option<(String, String)>,
    /// A footnote. Empty means none.
    pub note: String,
}

/// One row: a number, and what it does at both ends of its range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swing {
    /// The number's name.
    pub label: String,
    /// The low end of its range.
    pub low: SwingEnd,
    /// The high end.
    pub high: SwingEnd,
}

/// One end of a number's range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SwingEnd {
    /// The number there.
    pub text: String,
    /// The change from today. If it is not finite, there is no bar.
    pub change: f64,
    /// The lower end of the change's interval.
    pub from: f64,
    /// The upper end.
    pub to: f64,
    /// Whether the change is not told from none: its bar is pale.
    pub is_pale: bool,
}
