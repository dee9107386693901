//! The data of a heat map.

/// How busy resources are at each point of a sweep. The sheet grows with the rows, up to a height of
/// 8,000.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatFigure {
    /// The finding, in one sentence; it may wrap to two lines.
    pub title: String,
    /// The method: what was run, how often, with which model.
    pub subtitle: String,
    /// What the columns are, with its unit: `"concurrent users"`.
    pub x: String,
    /// The names of the columns: the points of the sweep.
    pub columns: Vec<String>,
    /// The rows, by variant.
    pub groups: Vec<HeatGroup>,
    /// What the cells are, with its unit, written above the colour bar: `"utilisation (%)"`.
    pub unit: String,
    /// A footnote. Empty means none.
    pub note: String,
}

/// The rows of one variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatGroup {
    /// The variant.
    pub label: String,
    /// The variant's colour in the line figures, shown beside its name.
    pub color: Option<usize>,
    /// The rows from the top down.
    pub rows: Vec<HeatRow>,
    /// The points of the plan that the columns are; none where there is no such point, empty where they are no points.
    pub of: Vec<Option<usize>>,
}

/// One row of a heat map.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatRow {
    /// The resource.
    pub label: String,
    /// One share of 0 to 1 for each column, printed as a percentage. A value that is missing or not
    /// finite leaves its cell blank.
    pub values: Vec<f64>,
    /// Whether the cell of each column is marked, because the resource limits the point or is saturated there; none in columns
    /// that are missing.
    pub marked: Vec<bool>,
}

impl HeatRow {
    /// A row of the map.
    pub fn new(label: impl Into<String>, values: Vec<f64>, marked: Vec<bool>) -> Self {
        Self { label: label.into(), values, marked }
    }
}
