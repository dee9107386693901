//! The data of a line figure.

use super::ChartAxis;

/// Curves over a swept quantity, in panels that share the x axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineFigure {
    /// The finding, in one sentence; it may wrap to two lines.
    pub title: String,
    /// The method: what was run, how often, with which model.
    pub subtitle: String,
    /// The shared x axis.
    pub x: ChartAxis,
    /// The panels from the top down; the first of two is the taller. No more than four are drawn.
    pub panels: Vec<Panel>,
    /// A footnote, for example what the bands stand for. Empty means none.
    pub note: String,
}

/// One plot of a line figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panel {
    /// The y axis.
    pub y: ChartAxis,
    /// The top of the y axis. `None` takes a round number above the data.
    pub y_max: Option<f64>,
    /// The stretch of the y axis that is shown, where it is not all of the data and zero. Points beyond it have an
    /// arrow at the edge, and their numbers.
    pub window: Option<(f64, f64)>,
    /// The curves.
    pub lines: Vec<Line>,
    /// Measured points, laid over the curves.
    pub points: Vec<Measured>,
    /// Limits drawn across the panel.
    pub thresholds: Vec<Threshold>,
    /// Stretches of the x axis that are shaded for all curves, and instants: stretches without a length.
    pub stretches: Vec<Collapse>,
}

/// A curve.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// The name written at the end of the curve.
    pub label: String,
    /// The points in order of x. A point whose y is not finite breaks the curve.
    pub points: Vec<Point>,
    /// Which colour and marker the curve takes. Give one variant the same number in every figure.
    pub color: usize,
    /// How the curve is stroked.
    pub style: Style,
    /// What its points are.
    pub look: Look,
    /// Why it ends where it does, if it does before the axis: written at its last point, with an arrow up. Empty means
    /// nothing.
    pub end: String,
    /// Where the curve collapses.
    pub collapse: Option<Collapse>,
    /// The points of the plan that its points are, in the same order; empty where they are none. The colour is then the
    /// variant.
    pub of: Vec<usize>,
}

impl Line {
    /// The variant that it shows; none where it shows something else.
    pub(super) fn variant(&self) -> Option<usize> {
        (!self.of.is_empty()).then_some(self.color)
    }
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Where along the x axis.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// The lower end of the value's interval.
    pub low: f64,
    /// The upper end of the value's interval.
    pub high: f64,
    /// The ends of a wider interval, drawn paler behind the other one.
    pub wide: Option<(f64, f64)>,
    /// A second value at the same place, which the curve does not go through: a hollow mark.
    pub other: Option<f64>,
}

impl Point {
    /// A point without an interval.
    pub fn new(x: f64, y: f64) -> Self {
        Self::with_interval(x, y, y, y)
    }

    /// A point with a value that lies somewhere in `low..=high`.
    pub fn with_interval(x: f64, y: f64, low: f64, high: f64) -> Self {
        Self { x, y, low, high, wide: None, other: None }
    }
}

/// How a curve is stroked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// A full stroke.
    #[default]
    Solid,
    /// A dashed stroke.
    Dashed,
    /// A dotted stroke.
    Dotted,
}

/// What the points of a curve are, and so how they are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Look {
    /// Steps of a sweep: marked and joined, with a band for their intervals.
    #[default]
    Curve,
    /// Values that were tried here and there: each marked, with a whisker; a faint line leads the eye from one to the
    /// next.
    Tried,
    /// A course with a band for what lies between two bounds, without marks.
    Band,
    /// A course with more points than can be told apart: a stroke without marks.
    Course,
    /// A limit that the curves keep below: a thin dashed stroke without marks.
    Bound,
    /// The course of something that jumps: a thin, pale stroke without marks.
    Noise,
}

/// The stretch of the x axis over which a curve collapses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collapse {
    /// The last x at which all was well.
    pub from_x: f64,
    /// The first x at which it was not.
    pub to_x: f64,
    /// What is written above the stretch: `"collapses 150–175: auth pool"`. A label that is there
    /// already, in this panel or one above, is not written again; nor is one for which there is no
    /// room among those of many other curves.
    pub label: String,
    /// The colours of the other curves that this is said of: the words have no curve's colour then.
    pub others: Vec<usize>,
}

/// A limit drawn across a panel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threshold {
    /// Where the limit lies on the y axis.
    pub value: f64,
    /// What the limit is: `"client time-out 30 s"`.
    pub label: String,
}

/// A value measured on the real system.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Where along the x axis.
    pub x: f64,
    /// The measured value.
    pub y: f64,
    /// What is written beside the point. Empty means nothing.
    pub label: String,
}
