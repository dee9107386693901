//! From words to an expression, with types checked.

use std::ops::Range;

use regex_lite::Regex;

use super::Fault;
use super::lexer::{Word, words};
use super::syntax::{
    Aggregation, Expression, Function, Grouping, Kind, Matcher, Matching, Operator, Selector, Test, Type,
};

/// Brackets, calls and signs inside of each other at most.
const DEEPEST: usize = 200;

/// Aggregations of PromQL that are not supported.
const OTHER_AGGREGATIONS: [&str; 9] =
    ["stddev", "stdvar", "topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio", "mad"];

/// Reads an expression.
///
/// # Errors
/// Where it is no PromQL, or outside of the subset.
pub fn parse(text: &str) -> Result<Expression, Fault> {
    let mut parser = Parser { words: words(text)?, at: 0, depth: 0 };
    let expression = parser.expression(1)?;
    match parser.peek() {
        Word::End => {}
        _ => return Err(parser.unexpected("the end of the expression")),
    }
    if expression.gives() == Type::Range {
        let title = "a rule needs an instant vector or a scalar, not a range vector";
        return Err(
            Fault::wrong(expression.span, title, "a range vector").help("a function such as rate(...) makes one of it")
        );
    }
    Ok(expression)
}

struct Parser {
    words: Vec<(Word, Range<usize>)>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Word {
        &self.words[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.words[self.at].1.clone()
    }

    fn take(&mut self) -> (Word, Range<usize>) {
        let word = self.words[self.at].clone();
        self.at = (self.at + 1).min(self.words.len() - 1);
        word
    }

    /// Where the words so far end.
    fn end(&self) -> usize {
        self.words[self.at.saturating_sub(1)].1.end
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Word::Sign(known) if *known == sign)
    }

    fn takes_sign(&mut self, sign: &str) -> bool {
        let is_it = self.is_sign(sign);
        if is_it {
            self.take();
        }
        is_it
    }

    /// Keywords are read in any case.
    fn keyword(&self) -> Option<String> {
        match self.peek() {
            Word::Name(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        }
    }

    fn needs(&mut self, sign: &str) -> Result<(), Fault> {
        if self.takes_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let is_end = matches!(self.peek(), Word::End);
        let title = if is_end { "the expression ends too early" } else { "this does not belong here" };
        let span = self.span();
        // At the end there is nothing to underline: the last word is.
        let span = if is_end && self.at > 0 { self.words[self.at - 1].1.clone() } else { span };
        let label = if is_end { format!("{wanted} must follow") } else { format!("{wanted} was expected") };
        Fault::wrong(span, title, label)
    }

    fn expression(&mut self, least: u8) -> Result<Expression, Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::wrong(self.span(), "the expression is nested too deeply", "too deep"));
        }
        let mut left = self.unary()?;
        while let Some((operator, span)) = self.operator().filter(|(operator, _)| operator.precedence() >= least) {
            self.take();
            let matching = self.matching(operator)?;
            let next = if operator == Operator::Power { operator.precedence() } else { operator.precedence() + 1 };
            let right = self.expression(next)?;
            left = binary(operator, span, matching, left, right)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operator(&self) -> Option<(Operator, Range<usize>)> {
        let operator = match self.peek() {
            Word::Sign(sign) => Operator::of(sign),
            Word::Name(_) => self.keyword().and_then(|name| Operator::of(&name)),
            _ => None,
        };
        operator.map(|operator| (operator, self.span()))
    }

    /// `bool`, `on (...)`, `ignoring (...)`.
    fn matching(&mut self, operator: Operator) -> Result<Matching, Fault> {
        let mut matching = Matching { grouping: Grouping::Without(Vec::new()), gives_bool: false };
        if self.keyword().as_deref() == Some("bool") {
            if !operator.is_comparison() {
                let title = format!("`bool` may follow a comparison only, not `{}`", operator.name());
                return Err(Fault::wrong(self.span(), title, "not here"));
            }
            self.take();
            matching.gives_bool = true;
        }
        match self.keyword().as_deref() {
            Some("on") => {
                self.take();
                matching.grouping = Grouping::By(self.labels()?);
            }
            Some("ignoring") => {
                self.take();
                matching.grouping = Grouping::Without(self.labels()?);
            }
            _ => {}
        }
        match self.keyword().as_deref() {
            Some(name @ ("group_left" | "group_right")) => {
                let what = format!("many-to-one matching (`{name}`)");
                Err(Fault::unsupported(self.span(), what)
                    .help("aggregate the side with more labels: sum by (...) (...)"))
            }
            Some(name @ ("fill" | "fill_left" | "fill_right")) => {
                Err(Fault::unsupported(self.span(), format!("`{name}`")))
            }
            _ => Ok(matching),
        }
    }

    fn labels(&mut self) -> Result<Vec<String>, Fault> {
        self.needs("(")?;
        let mut labels = Vec::new();
        while !self.takes_sign(")") {
            let Word::Name(name) = self.peek().clone() else {
                return Err(self.unexpected("the name of a label"));
            };
            self.take();
            labels.push(name);
            if !self.takes_sign(",") && !self.is_sign(")") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        Ok(labels)
    }

    fn unary(&mut self) -> Result<Expression, Fault> {
        let start = self.span().start;
        if self.takes_sign("+") {
            return self.expression(Operator::Power.precedence());
        }
        if !self.takes_sign("-") {
            return self.postfix();
        }
        // It binds tighter than a product and less tightly than a power.
        let of = self.expression(Operator::Power.precedence())?;
        if of.gives() == Type::Range {
            return Err(Fault::wrong(of.span, "a range vector cannot have a sign", "a range vector"));
        }
        let span = start..of.span.end;
        Ok(Expression { kind: Kind::Negated(Box::new(of)), span })
    }

    /// An operand with what may follow it: a range, an offset.
    fn postfix(&mut self) -> Result<Expression, Fault> {
        let mut of = self.operand()?;
        if self.is_sign("[") {
            let bracket = self.span();
            self.take();
            let length = match self.take() {
                (Word::Duration(length), _) if length > 0 => length,
                (Word::Number(_), span) => {
                    return Err(Fault::wrong(span, "a range needs a unit", "no unit").help("write 5m, 30s, 1h30m"));
                }
                (_, span) => return Err(Fault::wrong(span, "a range is a duration above zero", "no such duration")),
            };
            if matches!(self.peek(), Word::Name(name) if name.starts_with(':')) {
                let help = "evaluate the inner expression by a recording rule";
                return Err(Fault::unsupported(self.span(), "a subquery").help(help));
            }
            if !self.is_sign("]") {
                return Err(self.unexpected("`]`"));
            }
            self.take();
            let span = of.span.start..self.end();
            match of.kind {
                Kind::Selector(selector) if selector.offset == 0 => {
                    of = Expression { kind: Kind::Range(selector, length), span };
                }
                _ => {
                    let title = "a range follows the selector of a metric";
                    return Err(Fault::wrong(bracket, title, "not behind this")
                        .help("write rate(metric[5m]), not metric(...)[5m]"));
                }
            }
        }
        if self.keyword().as_deref() == Some("offset") {
            let keyword = self.span();
            self.take();
            let is_negative = self.takes_sign("-");
            let (length, span) = match self.take() {
                (Word::Duration(length), span) => (length, span),
                (_, span) => return Err(Fault::wrong(span, "an offset is a duration", "no duration")),
            };
            if is_negative {
                return Err(Fault::unsupported(keyword.start..span.end, "an offset into the future"));
            }
            match &mut of.kind {
                Kind::Selector(selector) | Kind::Range(selector, _) => selector.offset = length,
                _ => {
                    return Err(Fault::wrong(keyword, "an offset follows the selector of a metric", "not behind this"));
                }
            }
            of.span.end = span.end;
        }
        Ok(of)
    }

    fn operand(&mut self) -> Result<Expression, Fault> {
        let span = self.span();
        match self.peek().clone() {
            Word::Number(number) => {
                self.take();
                Ok(Expression { kind: Kind::Number(number), span })
            }
            Word::Duration(_) => Err(Fault::unsupported(span, "a duration in place of a number").help("write seconds")),
            Word::Text(_) => Err(Fault::unsupported(span, "a text as an expression")),
            Word::Sign("(") => {
                self.take();
                let mut inner = self.expression(1)?;
                self.needs(")")?;
                inner.span = span.start..self.end();
                Ok(inner)
            }
            Word::Sign("{") => self.selector(None, span.start),
            Word::Name(name) => {
                let lower = name.to_ascii_lowercase();
                let follows =
                    |parser: &Self, sign| matches!(&parser.words[parser.at + 1].0, Word::Sign(known) if *known == sign);
                let is_grouped = matches!(&self.words[self.at + 1].0, Word::Name(next)
                    if matches!(next.to_ascii_lowercase().as_str(), "by" | "without"));
                if let Some(operator) = Aggregation::of(&lower).filter(|_| follows(self, "(") || is_grouped) {
                    return self.aggregate(operator);
                }
                if follows(self, "(") || is_grouped {
                    if OTHER_AGGREGATIONS.contains(&lower.as_str()) {
                        let help = format!("aggregations: {}", Aggregation::names().join(", "));
                        return Err(Fault::unsupported(span, format!("the aggregation `{lower}`")).help(help));
                    }
                    return self.call(&name);
                }
                self.take();
                self.selector(Some(name), span.start)
            }
            _ => Err(self.unexpected("a metric, a number or a function")),
        }
    }

    fn aggregate(&mut self, operator: Aggregation) -> Result<Expression, Fault> {
        let start = self.take().1.start;
        let before = self.grouping()?;
        self.needs("(")?;
        let of = self.expression(1)?;
        self.needs(")")?;
        let grouping = match before {
            Some(grouping) => Some(grouping),
            None => self.grouping()?,
        };
        if of.gives() != Type::Vector {
            let title = format!("`{}` aggregates an instant vector, not {}", operator.name(), of.gives().words());
            return Err(Fault::wrong(of.span.clone(), title, of.gives().words()));
        }
        let grouping = grouping.unwrap_or(Grouping::By(Vec::new()));
        let span = start..self.end();
        Ok(Expression { kind: Kind::Aggregate { operator, grouping, of: Box::new(of) }, span })
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, Fault> {
        match self.keyword().as_deref() {
            Some("by") => {
                self.take();
                self.labels().map(|labels| Some(Grouping::By(labels)))
            }
            Some("without") => {
                self.take();
                self.labels().map(|labels| Some(Grouping::Without(labels)))
            }
            _ => Ok(None),
        }
    }

    fn call(&mut self, name: &str) -> Result<Expression, Fault> {
        let (_, named) = self.take();
        let Some(function) = Function::of(name) else {
            let help = format!("functions: {}", Function::names().join(", "));
            return Err(Fault::unsupported(named, format!("the function `{name}`")).help(help));
        };
        self.needs("(")?;
        let mut arguments = Vec::new();
        while !self.takes_sign(")") {
            arguments.push(self.expression(1)?);
            if !self.takes_sign(",") && !self.is_sign(")") {
                return Err(self.unexpected("`,` or `)`"));
            }
        }
        let span = named.start..self.end();
        let (types, needed, _) = function.signature();
        if arguments.len() < needed || arguments.len() > types.len() {
            let title = format!("`{name}` takes {needed} arguments, not {}", arguments.len())
                .replace(" 1 arguments", " 1 argument");
            return Err(Fault::wrong(span, title, "wrong number of arguments"));
        }
        for (argument, &wanted) in arguments.iter().zip(types) {
            if argument.gives() != wanted {
                let title = format!("`{name}` takes {} here, not {}", wanted.words(), argument.gives().words());
                let fault = Fault::wrong(argument.span.clone(), title, argument.gives().words());
                return Err(match wanted {
                    Type::Range => fault.help("add a range to the metric: metric[5m]"),
                    _ => fault,
                });
            }
        }
        Ok(Expression { kind: Kind::Call(function, arguments), span })
    }

    /// The matchers of a selector, if there are any.
    fn selector(&mut self, name: Option<String>, start: usize) -> Result<Expression, Fault> {
        let mut matchers = Vec::new();
        let mut name = name;
        if self.takes_sign("{") {
            while !self.takes_sign("}") {
                let label = match self.peek().clone() {
                    Word::Name(label) => label,
                    Word::Text(_) => return Err(Fault::unsupported(self.span(), "a quoted name in a selector")),
                    _ => return Err(self.unexpected("the name of a label")),
                };
                self.take();
                let operator = self.take();
                let (value, span) = match self.take() {
                    (Word::Text(value), span) => (value, span),
                    (_, span) => {
                        return Err(Fault::wrong(
                            span,
                            "a label is compared with a text in quotes",
                            "no text in quotes",
                        ));
                    }
                };
                let test = match operator.0 {
                    Word::Sign("=") => Test::Equal(value),
                    Word::Sign("!=") => Test::NotEqual(value),
                    Word::Sign("=~") => Test::Matches(pattern(&value, &span)?),
                    Word::Sign("!~") => Test::MatchesNot(pattern(&value, &span)?),
                    _ => {
                        return Err(Fault::wrong(
                            operator.1,
                            "labels are compared by =, !=, =~ or !~",
                            "no such operator",
                        ));
                    }
                };
                match (&test, label.as_str(), &name) {
                    (Test::Equal(value), "__name__", None) => name = Some(value.clone()),
                    _ => matchers.push(Matcher { label, test }),
                }
                if !self.takes_sign(",") && !self.is_sign("}") {
                    return Err(self.unexpected("`,` or `}`"));
                }
            }
        }
        let span = start..self.end();
        if name.is_none() && matchers.iter().all(|matcher| matcher.test.passes("")) {
            let title = "a selector needs a name or a matcher that an empty label does not pass";
            return Err(Fault::wrong(span, title, "selects every series"));
        }
        Ok(Expression { kind: Kind::Selector(Selector { name, matchers, offset: 0 }), span })
    }
}

/// A regular expression that matches the whole value.
fn pattern(text: &str, span: &Range<usize>) -> Result<Regex, Fault> {
    Regex::new(&format!("^(?s:{text})$"))
        .map_err(|error| Fault::wrong(span.clone(), "the regular expression cannot be read", error.to_string()))
}

/// An operator between two expressions of types that it takes.
fn binary(
    operator: Operator,
    at: Range<usize>,
    matching: Matching,
    left: Expression,
    right: Expression,
) -> Result<Expression, Fault> {
    for side in [&left, &right] {
        if side.gives() == Type::Range {
            let title = format!("`{}` does not take a range vector", operator.name());
            return Err(
                Fault::wrong(side.span.clone(), title, "a range vector").help("rate(...) makes an instant vector")
            );
        }
        if operator.is_of_sets() && side.gives() == Type::Scalar {
            let title = format!("`{}` takes instant vectors, not scalars", operator.name());
            return Err(Fault::wrong(side.span.clone(), title, "a scalar"));
        }
    }
    let are_scalars = left.gives() == Type::Scalar && right.gives() == Type::Scalar;
    if operator.is_comparison() && are_scalars && !matching.gives_bool {
        return Err(Fault::wrong(at, "a comparison of scalars needs `bool`", "without `bool`")
            .help(format!("write {} bool", operator.name())));
    }
    let span = left.span.start..right.span.end;
    Ok(Expression { kind: Kind::Binary { operator, matching, left: Box::new(left), right: Box::new(right) }, span })
}
