//! From summaries to what people read: tables, files, charts.
pub mod chart;
