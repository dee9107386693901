//! The data of a figure of stacked bars.

/// Amounts that are made of parts, as horizontal bars in groups. The sheet grows with the bars, up to a height of 8,000.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackFigure {
    /// The finding, in one sentence; it may wrap to two lines.
    pub title: String,
    /// The method: what was run, how often, with which model.
    pub subtitle: String,
    /// What is stacked, with its unit.
    pub x: String,
    /// The names of the parts, in the order of the stack; their numbers are those of the colours.
    pub parts: Vec<String>,
    /// The part that is all the others together, which is grey.
    pub rest: Option<usize>,
    /// The bars, by variant.
    pub groups: Vec<StackGroup>,
    /// What the names of the bars are: `"concurrent requests"`. Empty where they speak for themselves.
    pub rows: String,
    /// A footnote. Empty means none.
    pub note: String,
}

/// The bars of one variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StackGroup {
    /// The variant; empty where there is but one.
    pub label: String,
    /// The bars from the top down.
    pub bars: Vec<Stack>,
    /// The variant's number.
    pub variant: Option<usize>,
}

/// One bar.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stack {
    /// The point of the sweep.
    pub label: String,
    /// The amount of each part; empty for a bar without data.
    pub amounts: Vec<f64>,
    /// What is written behind the bar, or said where there are no figures.
    pub remark: String,
    /// The point of the plan that it is.
    pub of: Option<usize>,
}
