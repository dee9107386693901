//! A subset of PromQL, evaluated as Prometheus does: selectors, `rate` and its like, aggregation, arithmetic, comparisons,
//! set operators; and the alerting rules that are made of them.
//!
//! The semantics are those of Prometheus' source (`promql/engine.go`, `promql/functions.go`, `promql/quantile.go`,
//! `rules/alerting.go`), of two releases that differ at the edges of ranges: see [`Release`]. No parser of crates.io is
//! used: promql-parser 0.11 builds grmtools and regex for its grammar, and its tree does not say where in the text an
//! expression stands, so that a part which is not supported could not be pointed at.

mod aggregate;
mod binary;
mod evaluate;
mod function;
mod lexer;
mod parser;
pub mod rules;
mod series;
pub mod state;
mod syntax;

pub use evaluate::{Evaluation, Value, evaluate};
pub use parser::parse;
pub use series::{Labels, STALE, Series, Storage, is_stale};
pub use syntax::Expression;

use std::ops::Range;

/// The release of Prometheus that evaluates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// 2.x, checked against 2.42: a range and the look-back include both of their ends, and the zero point of a counter is
    /// taken before the threshold of extrapolation.
    Two,
    /// 3.x, read from 3.9.1: a range and the look-back are open on the left.
    #[default]
    Three,
}

/// Why an expression cannot be evaluated, and which part of it is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{title}")]
pub struct Fault {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is wrong.
    pub title: String,
    /// What is said of the part.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
    /// It is right PromQL, which this program does not evaluate.
    pub is_unsupported: bool,
}

impl Fault {
    fn wrong(span: Range<usize>, title: impl Into<String>, label: impl Into<String>) -> Self {
        Self { span, title: title.into(), label: label.into(), help: None, is_unsupported: false }
    }

    fn unsupported(span: Range<usize>, what: impl std::fmt::Display) -> Self {
        let title = format!("{what} is not supported");
        let label = "outside of the subset of PromQL that sim evaluates".into();
        Self { span, title, label, help: None, is_unsupported: true }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
