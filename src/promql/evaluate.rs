//! The value of an expression at a time.

use super::aggregate::aggregate;
use super::binary::{of_scalars, of_vectors, with_scalar};
use super::function::call;
use super::series::{Labels, NAME, Series, Storage, is_stale};
use super::syntax::{Expression, Kind, Selector};
use super::{Fault, Release};

/// How far back an instant vector looks for the last sample of a series (`query.lookback-delta`), in milliseconds.
const LOOK_BACK: i64 = 300_000;

/// The value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Scalar(f64),
    /// A number for each set of labels.
    Vector(Vec<(Labels, f64)>),
}

/// What an evaluation is of: the samples, the time in milliseconds, and who evaluates.
#[derive(Clone, Copy, Debug)]
pub struct Evaluation<'a> {
    /// All samples; those after the time are not seen.
    pub storage: &'a Storage,
    /// In milliseconds.
    pub at: i64,
    /// Which release's rules apply.
    pub release: Release,
}

/// The samples of a series in a range, and the range.
pub(super) struct InRange<'a> {
    pub labels: &'a Labels,
    pub samples: Vec<(i64, f64)>,
}

/// Evaluates an expression.
///
/// # Errors
/// Where series do not match as an operator needs it.
pub fn evaluate(expression: &Expression, evaluation: Evaluation<'_>) -> Result<Value, Fault> {
    match &expression.kind {
        Kind::Number(number) => Ok(Value::Scalar(*number)),
        Kind::Selector(selector) => Ok(Value::Vector(evaluation.instant(selector))),
        // The parser lets a range stand only where a function takes it.
        Kind::Range(..) => Ok(Value::Vector(Vec::new())),
        Kind::Call(function, arguments) => call(*function, arguments, evaluation),
        Kind::Aggregate { operator, grouping, of } => {
            Ok(Value::Vector(aggregate(*operator, grouping, evaluate(of, evaluation)?.vector())))
        }
        Kind::Negated(of) => Ok(match evaluate(of, evaluation)? {
            Value::Scalar(number) => Value::Scalar(-number),
            Value::Vector(vector) => {
                Value::Vector(vector.into_iter().map(|(labels, it)| (unnamed(labels), -it)).collect())
            }
        }),
        Kind::Binary { operator, matching, left, right } => {
            let (left, right) = (evaluate(left, evaluation)?, evaluate(right, evaluation)?);
            match (left, right) {
                (Value::Scalar(left), Value::Scalar(right)) => Ok(Value::Scalar(of_scalars(*operator, left, right))),
                (Value::Vector(left), Value::Scalar(right)) => {
                    Ok(Value::Vector(with_scalar(*operator, matching.gives_bool, left, right, false)))
                }
                (Value::Scalar(left), Value::Vector(right)) => {
                    Ok(Value::Vector(with_scalar(*operator, matching.gives_bool, right, left, true)))
                }
                (Value::Vector(left), Value::Vector(right)) => {
                    let result = of_vectors(*operator, matching, left, right);
                    result
                        .map(Value::Vector)
                        .map_err(|(title, label)| Fault::wrong(expression.span.clone(), title, label))
                }
            }
        }
    }
}

impl Value {
    /// As an instant vector: a scalar has no labels, as in the result of a rule.
    pub fn vector(self) -> Vec<(Labels, f64)> {
        match self {
            Self::Scalar(number) => vec![(Labels::new(), number)],
            Self::Vector(vector) => vector,
        }
    }
}

/// Labels without the name of the metric.
pub(super) fn unnamed(mut labels: Labels) -> Labels {
    labels.remove(NAME);
    labels
}

impl<'a> Evaluation<'a> {
    fn selected(self, selector: &'a Selector) -> impl Iterator<Item = &'a Series> {
        let passes = move |series: &&Series| {
            selector.matchers.iter().all(|matcher| {
                let value = series.labels.get(&matcher.label).map(String::as_str).unwrap_or_default();
                matcher.test.passes(value)
            })
        };
        self.storage.named(selector.name.as_deref()).filter(passes)
    }

    /// The last sample of each series that is not too old (`engine.vectorSelectorSingle`).
    fn instant(self, selector: &'a Selector) -> Vec<(Labels, f64)> {
        let at = self.at - selector.offset;
        let last = |series: &Series| {
            let until = series.samples.partition_point(|&(time, _)| time <= at);
            let &(time, value) = series.samples[..until].last()?;
            let is_old = match self.release {
                Release::Two => time < at - LOOK_BACK,
                Release::Three => time <= at - LOOK_BACK,
            };
            (!is_old && !is_stale(value)).then_some(value)
        };
        self.selected(selector).filter_map(|series| Some((series.labels.clone(), last(series)?))).collect()
    }

    /// The samples of each series in a range that ends at the time, without series that have none there
    /// (`engine.matrixIterSlice`).
    pub(super) fn range(self, selector: &'a Selector, length: i64) -> Vec<InRange<'a>> {
        let to = self.at - selector.offset;
        let from = to - length;
        let is_before = |time: i64| match self.release {
            Release::Two => time < from,
            Release::Three => time <= from,
        };
        let of_series = |series: &'a Series| {
            let begin = series.samples.partition_point(|&(time, _)| is_before(time));
            let end = series.samples.partition_point(|&(time, _)| time <= to).max(begin);
            let samples = series.samples[begin..end].iter().copied().filter(|&(_, value)| !is_stale(value));
            InRange { labels: &series.labels, samples: samples.collect() }
        };
        self.selected(selector).map(of_series).filter(|of| !of.samples.is_empty()).collect()
    }
}
