//! Expressions as a tree, in which each knows where in the text it stands.

use std::ops::Range;

use regex_lite::Regex;

/// An expression.
#[derive(Clone, Debug)]
pub struct Expression {
    pub(super) kind: Kind,
    /// Bytes of the text.
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Number(f64),
    Selector(Selector),
    /// A selector and the length of its range in milliseconds.
    Range(Selector, i64),
    Call(Function, Vec<Expression>),
    Aggregate {
        operator: Aggregation,
        grouping: Grouping,
        of: Box<Expression>,
    },
    Binary {
        operator: Operator,
        matching: Matching,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    Negated(Box<Expression>),
}

/// What an expression gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Scalar,
    Vector,
    Range,
}

impl Type {
    pub fn words(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Vector => "an instant vector",
            Self::Range => "a range vector",
        }
    }
}

impl Expression {
    pub(super) fn gives(&self) -> Type {
        match &self.kind {
            Kind::Number(_) => Type::Scalar,
            Kind::Selector(_) | Kind::Aggregate { .. } => Type::Vector,
            Kind::Range(..) => Type::Range,
            Kind::Call(function, _) => function.signature().2,
            Kind::Binary { left, right, .. } => match (left.gives(), right.gives()) {
                (Type::Scalar, Type::Scalar) => Type::Scalar,
                _ => Type::Vector,
            },
            Kind::Negated(of) => of.gives(),
        }
    }

    /// The names of the metrics that it selects, each with its place.
    pub fn metrics(&self) -> Vec<(&str, Range<usize>)> {
        match &self.kind {
            Kind::Number(_) => Vec::new(),
            Kind::Selector(selector) | Kind::Range(selector, _) => {
                selector.name.iter().map(|name| (name.as_str(), self.span.clone())).collect()
            }
            Kind::Call(_, arguments) => arguments.iter().flat_map(Self::metrics).collect(),
            Kind::Aggregate { of, .. } | Kind::Negated(of) => of.metrics(),
            Kind::Binary { left, right, .. } => [left, right].into_iter().flat_map(|side| side.metrics()).collect(),
        }
    }
}

/// Which series are meant, and how long ago.
#[derive(Clone, Debug)]
pub(super) struct Selector {
    pub name: Option<String>,
    pub matchers: Vec<Matcher>,
    /// Milliseconds back.
    pub offset: i64,
}

/// What a label must be; one that is missing is empty.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    pub label: String,
    pub test: Test,
}

#[derive(Clone, Debug)]
pub(super) enum Test {
    Equal(String),
    NotEqual(String),
    Matches(Regex),
    MatchesNot(Regex),
}

impl Test {
    pub fn passes(&self, value: &str) -> bool {
        match self {
            Self::Equal(wanted) => value == wanted,
            Self::NotEqual(unwanted) => value != unwanted,
            Self::Matches(pattern) => pattern.is_match(value),
            Self::MatchesNot(pattern) => !pattern.is_match(value),
        }
    }
}

/// By which labels series are put together.
#[derive(Clone, Debug)]
pub(super) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

/// How the sides of an operator find each other.
#[derive(Clone, Debug)]
pub(super) struct Matching {
    /// By these labels alone, or by all but these.
    pub grouping: Grouping,
    /// Whether a comparison gives 0 or 1 and drops nothing.
    pub gives_bool: bool,
}

/// A table of names: what each variant is called.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $type { $($variant),* }

        impl $type {
            const ALL: &[Self] = &[$(Self::$variant),*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            pub fn of(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.name() == name)
            }
        }
    };
}

named! {
    /// Operators between two expressions.
    Operator {
        Add = "+", Subtract = "-", Multiply = "*", Divide = "/", Modulo = "%", Power = "^",
        Equal = "==", NotEqual = "!=", Greater = ">", Less = "<", AtLeast = ">=", AtMost = "<=",
        And = "and", Or = "or", Unless = "unless",
    }
}

impl Operator {
    pub fn is_comparison(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual | Self::Greater | Self::Less | Self::AtLeast | Self::AtMost)
    }

    pub fn is_of_sets(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// How tightly it binds.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Modulo => 5,
            Self::Power => 6,
            _ => 3,
        }
    }
}

named! {
    /// Aggregations over series.
    Aggregation { Sum = "sum", Average = "avg", Minimum = "min", Maximum = "max", Count = "count", Group = "group" }
}

named! {
    /// Functions.
    Function {
        Rate = "rate", Increase = "increase", Delta = "delta", InstantRate = "irate",
        AverageOverTime = "avg_over_time", MinimumOverTime = "min_over_time", MaximumOverTime = "max_over_time",
        SumOverTime = "sum_over_time", CountOverTime = "count_over_time", LastOverTime = "last_over_time",
        Changes = "changes", Resets = "resets", AbsentOverTime = "absent_over_time",
        Absent = "absent", HistogramQuantile = "histogram_quantile",
        Absolute = "abs", ClampMinimum = "clamp_min", ClampMaximum = "clamp_max",
        Vector = "vector", Scalar = "scalar", Time = "time",
    }
}

impl Function {
    /// The types of its arguments, how many are needed, and what it gives.
    pub fn signature(self) -> (&'static [Type], usize, Type) {
        match self {
            Self::Absent | Self::Absolute => (&[Type::Vector], 1, Type::Vector),
            Self::HistogramQuantile => (&[Type::Scalar, Type::Vector], 2, Type::Vector),
            Self::ClampMinimum | Self::ClampMaximum => (&[Type::Vector, Type::Scalar], 2, Type::Vector),
            Self::Vector => (&[Type::Scalar], 1, Type::Vector),
            Self::Scalar => (&[Type::Vector], 1, Type::Scalar),
            Self::Time => (&[], 0, Type::Scalar),
            Self::Rate
            | Self::Increase
            | Self::Delta
            | Self::InstantRate
            | Self::AverageOverTime
            | Self::MinimumOverTime
            | Self::MaximumOverTime
            | Self::SumOverTime
            | Self::CountOverTime
            | Self::LastOverTime
            | Self::Changes
            | Self::Resets
            | Self::AbsentOverTime => (&[Type::Range], 1, Type::Vector),
        }
    }

    /// The names of all.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|function| function.name()).collect()
    }
}

impl Aggregation {
    /// The names of all.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.iter().map(|operator| operator.name()).collect()
    }
}
