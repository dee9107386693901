//! What an axis shows.

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChartScale {
    /// Equal steps are equally long.
    #[default]
    Linear,
    /// Equal factors are equally long; values that are not positive are left out.
    Log,
}

/// An axis of a figure.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartAxis {
    /// What is measured, with its unit: `"response time (ms)"`.
    pub label: String,
    /// How values are spread along the axis.
    pub scale: ChartScale,
}

impl ChartAxis {
    /// A linear axis.
    pub fn linear(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: ChartScale::Linear }
    }

    /// A logarithmic axis.
    pub fn log(label: impl Into<String>) -> Self {
        Self { label: label.into(), scale: ChartScale::Log }
    }
}
