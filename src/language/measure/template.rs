//! Texts with placeholders, in the requests of `sim measure`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use crate::language::names::Names;

/// A text with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<TemplatePiece>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePiece {
    /// Text as it is.
    Text(String),
    /// A value that differs from request to request.
    Placeholder(Placeholder),
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The number of the request.
    Number,
    /// The number of the client.
    Client,
    /// The number of the run.
    Run,
    /// When the run began.
    Start,
    /// A random number.
    Random,
}

/// The placeholders by name.
const PLACEHOLDERS: [(&str, Placeholder); 5] = [
    ("n", Placeholder::Number),
    ("client", Placeholder::Client),
    ("run", Placeholder::Run),
    ("start", Placeholder::Start),
    ("random", Placeholder::Random),
];

impl Template {
    /// Its pieces, in order.
    pub fn pieces(&self) -> &[TemplatePiece] {
        &self.0
    }

    /// The text with these values in place of the placeholders.
    pub fn fill(&self, value: impl Fn(Placeholder) -> String) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                TemplatePiece::Text(part) => text.push_str(part),
                TemplatePiece::Placeholder(placeholder) => text.push_str(&value(*placeholder)),
            }
        }
        text
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(begin) = rest.find("{{") {
            let after = &rest[begin + 2..];
            let Some(end) = after.find("}}") else {
                return Err("`{{` begins a placeholder, and there is no `}}` after it".into());
            };
            let name = after[..end].trim();
            let Some((_, placeholder)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
                let names = Names::new(PLACEHOLDERS.iter().map(|(name, _)| *name));
                let near = names.nearest(name).map(|near| format!("; did you mean `{{{{{near}}}}}`?"));
                let near = near.unwrap_or_else(|| format!("; there are {names}"));
                return Err(format!("there is no placeholder `{{{{{name}}}}}`{near}"));
            };
            if begin > 0 {
                pieces.push(TemplatePiece::Text(rest[..begin].into()));
            }
            pieces.push(TemplatePiece::Placeholder(*placeholder));
            rest = &after[end + 2..];
        }
        if !rest.is_empty() {
            pieces.push(TemplatePiece::Text(rest.into()));
        }
        Ok(Self(pieces))
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed(str::parse))
    }
}

/// Reads a string by a function; its error is shown at the string.
pub(super) struct Parsed<T>(pub fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled() {
        let template: Template = r#"{"user": "u{{n}}-{{ client }}"}"#.parse().unwrap();
        let filled = template.fill(|placeholder| if placeholder == Placeholder::Number { "7" } else { "3" }.into());
        assert_eq!(filled, r#"{"user": "u7-3"}"#);
        assert_eq!("".parse::<Template>(), Ok(Template::default()));
    }

    #[test]
    fn unknown_placeholders_are_refused() {
        let wrong = |text: &str| text.parse::<Template>().unwrap_err();
        assert!(wrong("/{{clients}}").contains("did you mean `{{client}}`?"));
        assert!(wrong("/{{zzzzzzz}}").contains("there are"), "{}", wrong("/{{zzzzzzz}}"));
        assert!(wrong("/{{n}").contains("no `}}`"));
    }
}
